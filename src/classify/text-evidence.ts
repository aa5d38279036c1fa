/** What a column's texts say: shares of its distinct values by class, and what stands inside of longer ones. */
import type { ColumnClass } from './classes.ts';
import { scanTexts } from './scan-text.ts';
import type { Context, ValueEvidence } from './value-evidence.ts';
import { type Kind, type Tally, tallyValues } from './value-tally.ts';
import { areAllergens, isClinicalNote, isVaccine } from './values/clinical-text.ts';
import { birthDates, dayOf } from './values/date-of-birth.ts';
import { isDemographicVocabulary, MOST_WORDS } from './values/demographic.ts';
import { isMedicine } from './values/health.ts';
import { GIVEN_NAMES } from './values/name-lists.ts';
import { isSsn } from './values/national-id.ts';
import { haveOnePlan } from './values/phone.ts';

/** Values that every validator looks at; the rest is scanned only. */
const MAX_TALLIED = 200;
/** Of them, at first. */
const MAX_FIRST = 64;
/** Rows among which they are looked for. */
const MAX_LOOKED_UP = 300;

type Strength = ValueEvidence['strength'];

/** What is known of which values are the same: as of a ColumnSample. */
export interface Told {
  readonly distinct?: readonly string[] | undefined;
  readonly places?: Int32Array | undefined;
}

export function textEvidence(values: readonly string[], context: Context, told: Told = {}): ValueEvidence {
  const each = new Distinct(values, told);
  const looked = each.some();
  if (looked.length === 0) return NOTHING;
  const { tally, whole } = judged(looked, context);
  const prose = tally.words / tally.count >= 4.5;
  const sure = isSure(whole) ? whole : undefined;
  if (sure !== undefined && looked.length > MOST_WORDS) return { ...sure, freeText: prose };
  // Where hardly any repeat, the few that do change no share.
  const texts = looked.length >= MAX_TALLIED && each.rarelyRepeat() ? values : each.all();
  const traits = vocabulary(texts);
  if (traits !== undefined) return { ...traits, freeText: prose };
  const borne = suffered(texts);
  if (borne !== undefined) return { ...borne, freeText: prose };
  if (sure !== undefined) return { ...sure, freeText: prose };
  const inside = insideValues(texts, tally);
  if (inside?.class !== undefined) return inside;
  if (whole !== undefined) return { ...whole, freeText: prose || inside !== undefined };
  if (inside !== undefined) return inside;
  const said = notesInside(looked, prose) ?? namesInside(looked, prose);
  if (said !== undefined) return said;
  if (prose) return { ...NOTHING, says: 'prose', freeText: true };
  return against(tally, values.length, texts.length) ?? NOTHING;
}

const isSure = (found: Verdict | undefined): boolean => found?.strength === 'proof' || found?.strength === 'strong';

/** A first look at some of them; at the others where it leaves anything open. */
function judged(looked: readonly string[], context: Context): { tally: Tally; whole: Verdict | undefined } {
  if (looked.length > MAX_FIRST * 2) {
    const some = evenly(looked, MAX_FIRST);
    const tally = tallyValues(some);
    const whole = wholeValues(tally, some, context);
    if (isSure(whole) || (whole === undefined && !isOpen(tally))) return { tally, whole };
  }
  const tally = tallyValues(looked);
  return { tally, whole: wholeValues(tally, looked, context) };
}

/** Kinds that say nothing of a person, however many there are. */
const IDLE: ReadonlySet<Kind> = new Set<Kind>(['uuid', 'hex', 'word', 'plain', 'dottedNumber']);

/** Some of them are something, and not enough to tell. */
const isOpen = ({ count, counts, ids }: Tally): boolean =>
  ids.size > 0 || Object.entries(counts).some(([kind, found]) => found > count * 0.04 && !IDLE.has(kind as Kind));

/** A sample's values, each once, as far as anybody asked. */
class Distinct {
  readonly #values: readonly string[];
  readonly #told: Told;
  /** From all over the sample, not from its beginning. */
  readonly #rows: readonly string[];
  #some: readonly string[] | undefined;
  #all: readonly string[] | undefined;

  constructor(values: readonly string[], told: Told) {
    const { distinct } = told;
    this.#values = values;
    this.#told = told;
    this.#rows = values.length <= MAX_LOOKED_UP ? values : evenly(values, MAX_LOOKED_UP);
    if (distinct?.length === values.length) this.#some = withoutGaps(this.#rows);
    this.#all =
      (distinct && withoutGaps(distinct)) ?? (this.#rows.length === values.length ? this.#ofRows() : undefined);
  }

  /** What the validators see. */
  some(): readonly string[] {
    // Where most repeat, a part of the rows has too few of them.
    const enough = this.#rows.length / 2;
    const areFew = (this.#all !== undefined && this.#all.length < enough) || this.#ofRows().length < enough;
    const found = areFew ? this.all() : this.#ofRows();
    return found.length <= MAX_TALLIED ? found : evenly(found, MAX_TALLIED);
  }

  all(): readonly string[] {
    return (this.#all ??= allDistinct(this.#values));
  }

  #ofRows(): readonly string[] {
    return (this.#some ??= this.#toldOfRows() ?? allDistinct(this.#rows));
  }

  /** Without reading them. */
  #toldOfRows(): readonly string[] | undefined {
    const { distinct, places } = this.#told;
    if (distinct === undefined || places === undefined) return undefined;
    const seen = new Uint8Array(distinct.length);
    const some: string[] = [];
    for (const place of evenly(places, this.#rows.length)) {
      if (seen[place] === 1) continue;
      seen[place] = 1;
      some.push(distinct[place]!);
    }
    return some;
  }

  rarelyRepeat(): boolean {
    const enough = this.#rows.length * 0.95;
    if (this.#values.length <= MAX_LOOKED_UP) return false;
    // Values that are told apart have no blanks at an end that make them others.
    const areTold = this.#told.distinct !== undefined;
    return this.#ofRows().length >= enough || (!areTold && new Set(this.#rows).size >= enough);
  }
}

function allDistinct(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  for (const value of values) seen.add(value.trim());
  seen.delete('');
  return withoutGaps([...seen]);
}

/** What people write where they know nothing. */
const GAPS: ReadonlySet<string> = new Set(
  'n/a,na,n.a.,null,nil,none,unknown,unbekannt,keine angabe,k.a.,inconnu,desconocido,tbd,undefined,missing,not available,xxx,xxxx,s/o,s.o.,s/d,sin datos,ninguno,ninguna,nenhum,aucun,brak,nvt,n.v.t.,?,??,???,-,--,---,–,—,.,..,...'.split(
    ',',
  ),
);
const MOST_OF_GAP = 13;

const GAP_BEGINS = /^[nukidtmxsab?.\u2013\u2014-]/i;
const isGap = (value: string): boolean =>
  value.length <= MOST_OF_GAP && GAP_BEGINS.test(value) && GAPS.has(value.toLowerCase());

/** Without those, where there is anything else. */
function withoutGaps(distinct: readonly string[]): readonly string[] {
  if (!distinct.some(isGap)) return distinct;
  const known = distinct.filter((value) => !isGap(value));
  return known.length === 0 ? distinct : known;
}

function evenly<T>(list: { readonly length: number; readonly [at: number]: T }, count: number): readonly T[] {
  const some: T[] = [];
  for (let i = 0; i < count; i++) some.push(list[Math.floor((i * list.length) / count)]!);
  return some;
}

function vocabulary(distinct: readonly string[]): Verdict | undefined {
  return isDemographicVocabulary(distinct)
    ? verdict('demographic', 'strong', 'words that tell people apart')
    : undefined;
}

/** Few words, each of something that somebody does not bear or was given. */
function suffered(distinct: readonly string[]): Verdict | undefined {
  if (distinct.length < 3 || distinct.length > MOST_WORDS) return undefined;
  if (areAllergens(distinct)) return verdict('health', 'strong', `${distinct.length} allergies`);
  const medicines = distinct.filter(isMedicine).length;
  if (medicines >= distinct.length * 0.8) return verdict('health', 'strong', `${medicines} medicines`);
  const vaccines = distinct.filter(isVaccine).length;
  return vaccines >= distinct.length * 0.7 ? verdict('health', 'strong', `${vaccines} vaccines`) : undefined;
}

interface Verdict {
  readonly class: ColumnClass;
  readonly strength: Strength;
  readonly says: string;
}

function verdict(kind: ColumnClass, strength: Strength, says: string): Verdict {
  return { class: kind, strength, says };
}

function wholeValues(tally: Tally, looked: readonly string[], context: Context): Verdict | undefined {
  const { count: n, counts } = tally;
  const says = (count: number, what: string): string => `${Math.round((count / n) * 100)}% of ${n} are ${what}`;
  const share = (...kinds: Kind[]): number => kinds.reduce((sum, kind) => sum + counts[kind], 0) / n;
  const emails = counts.email + counts.reversedEmail;
  const ips = ipCount(tally);
  // Luhn alone lets one number in ten pass.
  const cards = counts.longNumber > 0 && counts.card >= counts.longNumber * 0.5 ? counts.card : 0;
  const tokens = context.isKey || isOrdered(looked) ? 0 : counts.token;
  const found: (readonly [ColumnClass, number, string])[] = [
    ['email', emails, 'e-mail addresses'],
    ['payment_card', cards, 'card numbers'],
    ['bank_account', counts.iban, 'IBANs'],
    ['bank_account', counts.wallet, 'addresses of wallets'],
    ['password_hash', counts.passwordHash, 'password hashes'],
    ['secret', counts.secret + tokens, 'keys or tokens'],
    ['ip_address', ips, 'IP addresses'],
    ['phone', counts.phone, 'telephone numbers'],
    ['device_id', counts.mac, 'hardware addresses'],
    ['payment_card', counts.maskedCard, 'the last digits of cards'],
    ['username', counts.handle, 'handles'],
    ['username', counts.socialProfile, 'pages of people'],
    ['device_id', counts.userAgent, 'user agents'],
    ['geo', counts.geo, 'coordinates'],
    ['photo', counts.photo, 'pictures of people'],
  ];
  const ids = idVerdict(tally, looked);
  const together = found.reduce((sum, [, count]) => sum + count, 0);
  const [kind, most, what] = found.reduce((a, b) => (b[1] > a[1] ? b : a));
  if (ids !== undefined && ids.strength !== 'weak' && counts.phone < n * 0.5) return ids;
  if (together >= n * 0.5 && most > 0) {
    if (kind === 'secret' && counts.secret < most * 0.3 && (n < 5 || tokens < n * 0.7))
      return verdict(kind, 'weak', says(most, what));
    const sure = most >= n * 0.8 && kind !== 'phone' && kind !== 'geo' && kind !== 'photo';
    return verdict(kind, sure ? 'proof' : 'strong', says(most, what));
  }
  if (n >= 4 && counts.imei >= n * 0.9) return verdict('device_id', 'strong', says(counts.imei, 'IMEIs'));
  const birth =
    looked.filter((value) => dayOf(value) !== undefined).length >= n * 0.95 ? birthDates(looked) : undefined;
  if (birth !== undefined) return verdict('date_of_birth', birth, `${n} days spread like dates of birth`);
  if (share('address') >= 0.4)
    return verdict('postal_address', n >= 2 ? 'strong' : 'weak', says(counts.address, 'postal addresses'));
  if (
    share('postcode') >= 0.8 &&
    n >= 5 &&
    (n < 20 || new Set(looked.flatMap((value) => value.match(/[A-Z]/g) ?? [])).size >= 8)
  )
    return verdict('postal_address', 'strong', says(counts.postcode, 'postcodes'));
  const names = nameVerdict(tally, looked, context);
  if (names !== undefined) return names;
  const nine = nineDigits(looked, context);
  if (nine !== undefined) return nine;
  const national = counts.phoneNational + counts.phone;
  if (national >= n * 0.9 && n >= 3 && commonPrefix(looked) < 3 && haveOnePlan(looked)) {
    const strong = national >= n * 0.97 && (n >= 30 || (context.aboutPeople && n >= 8));
    return verdict('phone', strong ? 'strong' : 'weak', says(national, 'telephone numbers'));
  }
  if (share('bloodPressure') >= 0.95 && n >= 8)
    return verdict('health', 'strong', says(counts.bloodPressure, 'blood pressures'));
  if (share('diagnosis') >= 0.6 && n >= 5) return verdict('health', 'strong', says(counts.diagnosis, 'illnesses'));
  if (n >= 5 && looked.every((value) => /^\d{2}-\d{2}-\d{2}[ ,/]+\d{7,8}$/.test(value)))
    return verdict('bank_account', 'strong', `all ${n} are codes of banks and numbers of accounts`);
  if (share('bic') >= 0.95 && n >= 5) return verdict('bank_account', 'strong', says(counts.bic, 'codes of banks'));
  if (share('vin') >= 0.9 && n >= 5) return verdict('device_id', 'strong', says(counts.vin, 'numbers of vehicles'));
  if (share('base32') >= 0.9 && n >= 8 && !context.isKey && !isOrdered(looked))
    return verdict('secret', 'strong', says(counts.base32, 'keys of one-time passwords'));
  if (share('icd', 'icdCategory') >= 0.8 && share('icd') >= 0.2 && n >= 5)
    return verdict('health', 'strong', says(counts.icd + counts.icdCategory, 'diagnosis codes'));
  if (share('dose') >= 0.6 && n >= 4) return verdict('health', 'strong', says(counts.dose, 'doses of medicines'));
  if (share('blood') === 1 && n >= 3) return verdict('health', 'strong', 'blood groups');
  if (ids !== undefined) return ids;
  if (!context.isKey && share('token', 'weakToken') >= 0.9 && !isOrdered(looked)) {
    const long = n >= 5 && looked.every((value) => value.length >= 24);
    return verdict('secret', long ? 'strong' : 'weak', says(counts.token + counts.weakToken, 'random tokens'));
  }
  if (share('address') >= 0.12 && counts.address >= 3)
    return verdict('postal_address', 'weak', says(counts.address, 'postal addresses'));
  if (counts.userName >= n * 0.5 && n >= 5)
    return verdict('username', 'weak', says(counts.userName, 'like user names'));
  if (share('hex') >= 0.9) return undefined;
  return undefined;
}

/** Addresses, where enough of them are none that a version number could be. */
function ipCount({ counts }: Tally): number {
  const all = counts.ipLikely + counts.ipPossible;
  // Where some have parts above 255, all are versions of something.
  if (counts.dottedNumber > all * 0.05) return 0;
  return counts.ipLikely >= all * 0.6 ? all : 0;
}

/** Dates of birth differ in year and day; those of documents are of one year, or begin with one. */
function areBirths(looked: readonly string[]): boolean {
  const enough = Math.min(6, Math.max(2, looked.length / 3));
  const differ = (from: number, to: number) => new Set(looked.map((value) => value.slice(from, to))).size >= enough;
  return differ(0, 2) && differ(4, 6);
}

/** Letters and digits stand at the same places in all but a few of them. */
function areOfOneShape(looked: readonly string[]): boolean {
  const shapes = new Map<string, number>();
  for (const value of looked) {
    const shape = value.replace(/\d/g, '9').replace(/\p{L}/gu, 'A');
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
  }
  return looked.length >= 8 && Math.max(...shapes.values()) >= looked.length * 0.97;
}

function idVerdict(tally: Tally, looked: readonly string[]): Verdict | undefined {
  let best: { name: string; weight: number; count: number; kind: ColumnClass } | undefined;
  const isOneShape = tally.ids.size > 0 && areOfOneShape(looked);
  for (const [name, { count, logChance, kind }] of tally.ids) {
    const weight = count * logChance;
    if (/Denmark|Korea|Malaysia/.test(name) && !areBirths(looked)) continue;
    // Numbers of parts look like plates but for the letters that no plate has.
    if (name.startsWith('plates') && count < tally.count * 0.97) continue;
    // Numbers that all look so, of which some pass by chance.
    if (isOneShape && count < tally.count * 0.85) continue;
    if (count >= tally.count * 0.5 && (best === undefined || weight > best.weight))
      best = { name, weight, count, kind };
  }
  // Numbers of several states, none of which has the half of them.
  if (best === undefined && tally.count >= 4 && tally.counts.strictId >= tally.count * 0.7)
    return verdict('national_id', 'strong', `${tally.counts.strictId} of ${tally.count} are numbers of several states`);
  if (best === undefined) return undefined;
  const share = best.count / tally.count;
  const says = `${Math.round(share * 100)}% of ${tally.count} are ${best.name}`;
  if (share >= 0.7 && best.weight >= 6) return verdict(best.kind, 'proof', says);
  return verdict(best.kind, share >= 0.5 && best.weight >= 2.5 ? 'strong' : 'weak', says);
}

/** Social security numbers without dashes: none of them may be one that is never given out. */
function nineDigits(looked: readonly string[], context: Context): Verdict | undefined {
  const n = looked.length;
  if (!looked.every((value) => /^\d{9}$/.test(value) && isSsn(value)) || commonPrefix(looked) >= 3) return undefined;
  if (n < 4 || (!context.aboutPeople && n < 100)) return undefined;
  const strength = context.aboutPeople || n >= 200 ? 'strong' : 'weak';
  return verdict('national_id', strength, `all ${n} are valid social security numbers`);
}

/** Names of people too, all of them: where nothing else stands, it is a list of towns. */
const TOWNS: ReadonlySet<string> = new Set(
  'madison,jackson,lincoln,columbus,houston,aurora,savannah,florence,charlotte,orlando,austin,dallas,phoenix,denver,raleigh,cleveland,arlington,montgomery,jefferson,washington,boston,chicago,seattle,portland,memphis,nashville,atlanta,miami,tampa,detroit,baltimore,milwaukee,tucson,fresno,sacramento,oakland,tulsa,wichita,omaha,tampa,irving,chandler,laredo,norfolk,garland,richmond,spokane,tacoma,modesto,fontana,salem,eugene,springfield,clinton,franklin,marion,georgetown,bristol,carson,lawrence,victoria,sydney,adelaide,melbourne,perth,london,paris,milan,vienna,sofia,valencia,santiago,lima,kingston,hamilton,nelson,wellington,durban,bath,lancaster,preston,chester,lincoln,stirling'.split(
    ',',
  ),
);

function nameVerdict({ count: n, counts }: Tally, looked: readonly string[], context: Context): Verdict | undefined {
  if (n >= 4 && looked.every((value) => TOWNS.has(value.toLowerCase()))) return undefined;
  const looksSingle = looked.filter((value) => /^\p{Lu}[\p{Ll}\p{M}'’-]+$/u.test(value)).length / n;
  const full = counts.fullName / n;
  const shaped = (counts.fullName + counts.nameShape) / n;
  const says = `${Math.round(Math.max(full, (counts.givenName + counts.familyName) / n) * 100)}% of ${n} are names of people`;
  if (full >= 0.5 && n >= 3) return verdict('person_name', 'strong', says);
  if (full >= 0.25 && shaped >= 0.85 && n >= 8) return verdict('person_name', 'strong', says);
  const given = counts.givenName / n;
  const single = (counts.givenName + counts.familyName) / n;
  if (n >= 5 && (given >= 0.6 || (single >= 0.6 && counts.familyName >= n * 0.3)))
    return verdict('person_name', 'strong', says);
  // Single words with a capital each, of which many are names: no list has them all.
  if (n >= 30 && single >= 0.45 && given >= 0.2 && looksSingle >= 0.95) return verdict('person_name', 'strong', says);
  // A column of single and of whole names.
  if (n >= 8 && single + full >= 0.7) return verdict('person_name', 'strong', says);
  // Months, countries and towns are given names too.
  const people = context.aboutPeople;
  if (n < 5 && (full >= 0.5 || (people && full + single >= 0.5))) return verdict('person_name', 'weak', says);
  if ((full >= 0.15 && shaped >= 0.7) || (people && (single >= 0.35 || (shaped >= 0.9 && n >= 5)))) {
    return verdict('person_name', 'weak', says);
  }
  return undefined;
}

/** What stands inside of some values. */
function insideValues(distinct: readonly string[], tally: Tally): ValueEvidence | undefined {
  // Numbers that mostly have the length of a card and fail Luhn: those that pass do so by chance.
  const chance = tally.counts.longNumber > 0 && tally.counts.card < tally.counts.longNumber * 0.5;
  const { ipLikely, ipPossible, dottedNumber } = tally.counts;
  const versions =
    dottedNumber > ipPossible * 0.05 || (ipPossible >= tally.count * 0.3 && ipLikely < (ipLikely + ipPossible) * 0.6);
  let holding = 0;
  const kinds = new Map<ColumnClass, number>();
  for (const found of scanTexts(distinct)) {
    const hits = found.filter(
      ({ class: kind }) => !(chance && kind === 'payment_card') && !(versions && kind === 'ip_address'),
    );
    if (hits.length === 0) continue;
    holding++;
    for (const kind of new Set(hits.map((hit) => hit.class))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  if (holding === 0) return undefined;
  const share = holding / distinct.length;
  const names = [...kinds].sort((a, b) => b[1] - a[1]).map(([kind]) => kind);
  const percent = share >= 0.01 ? `${Math.round(share * 100)}%` : 'few';
  const says = `${percent} of ${distinct.length} hold ${names.slice(0, 3).join(', ')}`;
  const often = share >= 0.08 && (holding >= 2 || distinct.length === 1);
  return often
    ? { class: 'free_text', strength: 'strong', says, freeText: true }
    : { class: undefined, strength: 'none', says, freeText: true };
}

/** How many are so; no more are looked at once those that are left cannot make that share any more. */
function countOf(texts: readonly string[], isSo: (text: string) => boolean, share: number): number {
  let count = 0;
  for (const [at, text] of texts.entries()) {
    if (isSo(text)) count++;
    else if ((count + texts.length - 1 - at) / texts.length < share) return count;
  }
  return count;
}

/** Prose about how somebody is. */
function notesInside(looked: readonly string[], prose: boolean): ValueEvidence | undefined {
  if (!prose) return undefined;
  const notes = countOf(looked, isClinicalNote, 0.3);
  const share = notes / looked.length;
  if (share < 0.3 || notes < 3) return undefined;
  return {
    class: 'health',
    strength: share >= 0.5 ? 'strong' : 'weak',
    says: `${Math.round(share * 100)}% of ${looked.length} texts are about somebody's health`,
    freeText: true,
  };
}

/** Two words with a capital each, of which the next pair may begin with the second. */
const NAME_PAIR = /(?<![\p{L}])(\p{Lu}\p{Ll}+)(?=\s+\p{Lu}\p{Ll}+)/gu;
/** Somebody is spoken to. */
const GREETING =
  /(?:^|[\n>"'])\s*(?:Hi|Hello|Hey|Dear|Hallo|Liebe[r]?|Guten Tag|Sehr geehrte[r]?|Bonjour|Cher|Chère|Salut|Hola|Estimad[oa]|Querid[oa]|Ciao|Gentile|Olá|Prezad[oa]|Beste|Cześć|Drogi|Hej|Kære)\s+(?:(?:Mr|Mrs|Ms|Dr|Herr|Frau|Señora?|Sr|Sra|Monsieur|Madame)\.?\s+)?(\p{Lu}\p{Ll}+)/gu;

/** Somebody with a title, or who says their name: whatever the name is, it is one. */
const TITLED =
  /(?<![\p{L}])(?:Frau|Herrn?|Mme|Mlle|Monsieur|Madame|Mr|Mrs|Ms|Miss|Sra|Srta|Señora?|Signora?|Sig|Dott|Dhr|Mevr|Mevrouw|Meneer|Pani?|Fru)\.? \p{Lu}\p{Ll}+|(?<![\p{L}.])M\. \p{Lu}\p{Ll}{2,}/u;
const INTRODUCED =
  /\b(?:my name is|mein name ist|ich hei(?:ß|ss)e|je m'appelle|me llamo|mi nombre es|mi chiamo|meu nome é|me chamo|mijn naam is) \p{Lu}\p{Ll}+/iu;
/** Of whom it is said, or who says it: a given name that is no other word. */
const SUBJECT =
  /(?:^|[.!?]\s+|\b(?:[Tt]his is|I am|I'm|[Hh]ier ist|[Hh]ier spricht) )(\p{Lu}\p{Ll}+) (?:\p{Ll}|and )/gu;
const OTHER_WORDS: ReadonlySet<string> = new Set(
  'will,mark,may,grace,rose,art,drew,bill,hope,joy,faith,sue,grant,rich,chase,lance,pat,rob,chip,page,summer,april,june,august,july,iris,ruby,jasmine,ivy,holly,amber,crystal,dawn,eve,sky,max,chance,miles,dean,duke,king,prince,major,frank,jack,an,so,son,can,long,mercy,honor,lane,reed,stone,forest,river,robin,basil,olive,ginger,pepper,penny,nick,gene,harry,don,norm,bob,peg,ray,tab,earnest,ernest,christian,jordan,china,india,paris,austin,virginia,georgia,florence,victoria,sydney,charlotte,savannah,israel,chad,kenya,milan,dallas,houston,das,die,der,den,les,mal,jan,mit,van,le,la,el,san,los,sara,see,sol,luz,paz,mar,era,ana,una'.split(
    ',',
  ),
);
/** What such a pattern finds is a given name, and no other word. */
function saysGiven(value: string, pattern: RegExp, others: ReadonlySet<string> = NO_WORDS): boolean {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(value); match !== null; match = pattern.exec(value)) {
    const word = match[1]!.toLowerCase();
    if (GIVEN_NAMES.has(word) && !others.has(word)) return true;
  }
  return false;
}
const NO_WORDS: ReadonlySet<string> = new Set();

const isSpokenOf = (value: string): boolean =>
  TITLED.test(value) || INTRODUCED.test(value) || saysGiven(value, SUBJECT, OTHER_WORDS);

const namesSomebody = (value: string): boolean =>
  isSpokenOf(value) || saysGiven(value, NAME_PAIR) || saysGiven(value, GREETING);

/** Prose that speaks of people by name. */
function namesInside(looked: readonly string[], prose: boolean): ValueEvidence | undefined {
  if (!prose) return undefined;
  const holding = countOf(looked, namesSomebody, 0.2);
  const share = holding / looked.length;
  if (share < 0.2 || holding < 3) return undefined;
  return {
    class: 'free_text',
    strength: share >= 0.5 ? 'strong' : 'weak',
    says: `${Math.round(share * 100)}% of ${looked.length} texts name people`,
    freeText: true,
  };
}

/** A small vocabulary of words, or nothing but numbers, versions and paths. */
function against({ count: n, counts }: Tally, rows: number, distinct: number): ValueEvidence | undefined {
  if (counts.plain < n * 0.98 || counts.givenName + counts.userName + counts.familyName > n * 0.2) return undefined;
  const few = (rows >= 20 && distinct <= Math.max(12, rows * 0.1)) || (rows >= 4 && distinct <= rows * 0.34);
  const wordless = n >= 3 && counts.word === 0;
  if (!few && !wordless) return undefined;
  const says = few ? `${distinct} words in ${rows} rows` : 'numbers, versions or paths';
  return { class: undefined, strength: 'against', says, freeText: false };
}

/** Ids that are made in the order of time start alike: KSUIDs, CUIDs. A prefix with a mark at its end is a name. */
function isOrdered(looked: readonly string[]): boolean {
  if (looked.length < 3) return false;
  const bodies = looked.map((value) => value.replace(/^[A-Za-z]{1,12}(?:[_.-](?:live|test|prod))?[_.-]/, ''));
  return commonPrefix(bodies) >= 2;
}

function commonPrefix(texts: readonly string[]): number {
  const first = texts[0]!;
  let length = first.length;
  for (const text of texts) {
    let i = 0;
    while (i < length && text[i] === first[i]) i++;
    length = i;
  }
  return texts.length < 2 ? 0 : length;
}

const NOTHING: ValueEvidence = { class: undefined, strength: 'none', says: '', freeText: false };
