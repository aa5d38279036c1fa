/** Street, number and town as people write them in some twenty languages. */
import { BEYOND, BLANK, type Signs, signsOf } from '../value-signs.ts';

/** Words that stand alone, before or after the name. */
const WORDS =
  'street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|court|ct|boulevard|blvd|bd|bvd|way|place|pl|square|sq|terrace|ter|parkway|pkwy|' +
  'highway|hwy|crescent|cres|close|circle|cir|trail|trl|alley|plaza|row|mews|grove|gardens|gdns|mount|bypass|freeway|turnpike|expressway|loop|' +
  'ridge|hollow|pike|heights|hill|crossing|junction|ramp|rest|run|shoal|spring|springs|spur|station|stream|summit|track|trace|tunnel|' +
  'union|unions|valley|via|viaduct|view|village|ville|vista|walk|wall|well|wells|squares|points?|port|prairie|pine|pines|plain|plains|' +
  'orchard|oval|overpass|park|parks|passage|path|pass|mission|motorway|mountain|neck|meadow|meadows|manor|manors|lodge|locks?|light|lake|' +
  'lakes|landing|knoll|knolls|key|keys|isle|islands?|inlet|harbors?|haven|green|greens|glen|glens|gateway|garden|forge|fork|forks|fort|' +
  'forest|ford|flat|flats|fields?|ferry|falls|extension|estate|estates|dam|dale|divide|curve|creek|cove|coves|course|corners?|common|' +
  'commons|cliffs?|club|centers?|causeway|cape|canyon|camp|burg|brooks?|bridge|branch|bottom|bluffs?|beach|bend|bayou|arcade|annex|' +
  'strasse|straße|str|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|' +
  'rue|chemin|allée|allees|impasse|quai|cours|faubourg|route|esplanade|' +
  'calle|avenida|avda|av\\.|paseo|carrer|camino|carretera|plaça|ronda|travesía|calz|calzada|cra|carrera|' +
  'viale|piazza|corso|vicolo|largo|piazzale|strada|lungomare|contrada|' +
  'rua|travessa|praça|praca|alameda|rodovia|estrada|beco|' +
  'ul|ulica|aleja|aleje|al|plac|os|osiedle|ulice|náměstí|namesti|třída|utca|út|tér|körút|' +
  'sokak|sok|sk|cadde|caddesi|cad|cd|mahallesi|mah|bulvarı|' +
  'улица|ул|проспект|пр-т|пр|переулок|пер|шоссе|площадь|пл|набережная|наб|бульвар|вулиця|вул|' +
  'marg|nagar|jalan|jl|jln|lorong|soi|thanon';
/** The number or the flat comes first. */
const ENGLISH =
  'street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|boulevard|blvd|parkway|pkwy|highway|hwy|crescent|terrace|close|place|square|way';
/** The number may come last. */
const TRUSTED =
  'strasse|straße|str|weg|platz|allee|gasse|damm|ufer|chaussee|rue|avenue|boulevard|chemin|impasse|quai|calle|avenida|avda|paseo|carrer|' +
  'camino|carretera|av|avda|λεωφόρος|λεωφ|οδός|viale|piazza|corso|vicolo|via|rua|travessa|praça|alameda|rodovia|estrada|ul|ulica|aleja|plac|osiedle|ulice|náměstí|' +
  'utca|sokak|caddesi|cad|mahallesi|mah|улица|ул|проспект|пр-т|пер|шоссе|вулиця|вул|jalan|jl|nagar|marg';
/** Written together with the name. */
const ENDINGS =
  'straße|strasse|str\\.|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|gracht|kade|dijk|singel|steeg|gatan|vägen|vagen|gränd|torget|' +
  'vej|gade|gata|veien|veg|allé|katu|tie|kuja|polku|utca';

const L = '\\p{L}';
const ENGLISH_WORD = new RegExp(`(?:^|[^${L}\\d])(?:${ENGLISH})(?:[^${L}\\d]|$)`, 'iu');
const TRUSTED_WORD = new RegExp(`(?:^|[^${L}\\d])(?:${TRUSTED})(?:[^${L}\\d]|$)`, 'iu');
const ANY_WORD = new RegExp(
  `^\\d{1,6}[a-z]?(?:[-/]\\d{1,4})?,? (?:[\\p{Lu}\\d][${L}\\d.'’-]*,? ){1,5}(?:${WORDS})(?:[^${L}\\d]|$)`,
  'iu',
);
const JOINED = new RegExp(`${L}${L}(?:${ENDINGS})\\s+\\d{1,4}`, 'iu');
const BOX =
  /\b(?:p\.? ?o\.? ?box|postfach|apartado|casilla|boîte postale|bp|caixa postal|postbus|postboks|psc \d+, box)\b.*\d/i;
const EAST_ASIAN =
  /[\p{Script=Han}\p{Script=Hangul}].*(?:\d+.*(?:丁目|番地?|号|號|弄|巷|栋|路|街|동|로|길|구|시)|(?:路|街|区|區|市|町|로|길)\s*\d+|(?:都|道|府|県|区|市|町|村)\p{Script=Han}*\d+[-−]\d+)/u;
const NUMBER_FIRST = /^\s*(?:[#№]\s?)?\d{1,6}\s?[a-z]?(?:[-/]\d{1,4})?[,.]?\s/i;
const PART_OF_HOUSE = /^(?:flat|unit|apt|apartment|suite|floor|room|house|no|building|lot|block|plot)\b/i;
const NUMBER_AFTER =
  /[\p{L}.]\.?,?\s+(?:n[°ºr.o]*\s*|no[.:]?\s*|д\.?\s*)?\d{1,5}\s?[a-z]?(?:[-/ ]\d{0,4}\w?)?(?:\s*[,\n;]|\s*$|\s+\d{4,5})/iu;
const POSTCODE_UK = /^(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$/;
/** Letters that the Dutch post does not use are left out. */
const POSTCODE_NL = /^[1-9]\d{3} ?(?!SA|SD|SS)[A-EGHJ-NPR-TV-XZ]{2}$/;
/** `Husova 12/4, 110 00 Praha`: what stands before a number, a postcode and a town is a street in any language. */
const WITH_TOWN =
  /^\p{Lu}[\p{L} .'’-]+ \d{1,4}\s?[a-z]?(?:\/\d{1,4})?,? (?:[A-Z]{1,2}-)?\d{2,3}[ -]?\d{2,3} \p{Lu}\p{L}+/u;
/** `C/ Mayor, 12, 3º B` */
const SPANISH = /^(?:[Cc]\/|Cl\.|Ctra\.?|Pza\.?|Avda?\.?|Pº) ?\p{Lu}\p{L}[^/]*\d/u;
const TOWNS: ReadonlySet<string> = new Set(
  'berlin,hamburg,münchen,köln,frankfurt,stuttgart,düsseldorf,leipzig,dortmund,essen,bremen,dresden,hannover,nürnberg,duisburg,bochum,wuppertal,bielefeld,bonn,münster,mannheim,karlsruhe,augsburg,wiesbaden,kiel,aachen,freiburg,mainz,erfurt,rostock,kassel,potsdam,wien,graz,linz,salzburg,innsbruck,zürich,genf,basel,bern,lausanne,paris,marseille,lyon,toulouse,nice,nantes,strasbourg,montpellier,bordeaux,lille,rennes,reims,grenoble,dijon,angers,nîmes,brest,tours,metz,roma,milano,napoli,torino,palermo,genova,bologna,firenze,bari,venezia,verona,padova,madrid,barcelona,valencia,sevilla,zaragoza,málaga,murcia,palma,bilbao,alicante,granada,vigo,amsterdam,rotterdam,utrecht,eindhoven,bruxelles,antwerpen,gent,liège,københavn,aarhus,odense,stockholm,göteborg,malmö,oslo,bergen,helsinki,espoo,tampere,lisboa,porto,budapest,debrecen,praha,brno'.split(
    ',',
  ),
);
/** `10115 Berlin`: towns that everybody knows stand for the others. */
const isTownWithPostcode = (value: string): boolean => {
  const town = /^(?:[A-Z]{1,2}-)?\d{4,5} ([^\d\s,]+)/.exec(value)?.[1];
  return town !== undefined && TOWNS.has(town.toLowerCase());
};
/** Eircodes: a routing key and four signs that no other code leaves so many letters out of. */
const POSTCODE_IE = /^(?:[AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}$/;
/** Parts of towns that are written behind the street. */
const QUARTER =
  /(?:^|[\s,])(?:quận|phường|huyện|tp\.? ?hcm|kelurahan|kecamatan|col\.|colonia|fracc\.|barrio|bairro|urb\.|brgy\.?|barangay)[\s.]|(?:شارع|طريق|ميدان|حي) /iu;
/** `Ερμού 12, Αθήνα 105 63` */
const WITH_TOWN_FIRST = /^\p{Lu}[\p{L} .'’-]+ \d{1,4}\s?\p{L}?, \p{Lu}[\p{L} .'’-]+ \d{3} ?\d{2}$/u;
/** `Atatürk Cad. No:12 D:5 Kadıköy` */
const TURKISH = /(?:^|\s)(?:cad|cd|sok|sk|mah|blv|bulvarı|caddesi|sokak|sokağı|mahallesi)\.? .*\bno ?[:.] ?\d/iu;
const POSTCODE_CA = /^[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d$/;

/** A street with a number, a post box, or such inside a longer address. */
export function isPostalAddress(value: string, { held, words }: Signs = signsOf(value)): boolean {
  const n = value.length;
  if (n < 6 || n > 300 || words > 26 || !/\d/.test(value)) return false;
  if (/[<>{}@=|]|:\/\//.test(value)) return false;
  if (BOX.test(value) || SPANISH.test(value) || isTownWithPostcode(value)) return true;
  const hasBlank = (held & BLANK) !== 0;
  if (hasBlank && (JOINED.test(value) || WITH_TOWN.test(value) || WITH_TOWN_FIRST.test(value))) return true;
  if (QUARTER.test(value) || TURKISH.test(value)) return true;
  const numberFirst = NUMBER_FIRST.test(value) || PART_OF_HOUSE.test(value) || /,\s*\d{1,6}\b/.test(value);
  if (numberFirst && ENGLISH_WORD.test(value)) return true;
  if (TRUSTED_WORD.test(value) && (numberFirst || NUMBER_AFTER.test(value))) return true;
  return (hasBlank && ANY_WORD.test(value)) || ((held & BEYOND) !== 0 && EAST_ASIAN.test(value));
}

/** Codes that point at a few houses. */
export function isPostcode(value: string): boolean {
  return (
    value.length <= 8 &&
    (POSTCODE_UK.test(value) || POSTCODE_CA.test(value) || POSTCODE_IE.test(value) || POSTCODE_NL.test(value))
  );
}
