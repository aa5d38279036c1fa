import { CYRILLIC_NAMES, FAMILY_NAMES, GIVEN_NAMES, HAN_FAMILY_NAMES, JAPANESE_FAMILY_NAMES } from './name-lists.ts';
import { OTHER_SCRIPT_NAMES, VIETNAMESE_FAMILY_NAMES } from './name-lists-regions.ts';

const UNCASED_NAMES: ReadonlySet<string> = new Set(OTHER_SCRIPT_NAMES);

const SHAPE = /^[\p{L}\p{M}][\p{L}\p{M}'’.\-& ]*(?:, ?[\p{L}\p{M}][\p{L}\p{M}'’.\- ]*)?$/u;
const TITLE =
  /^(?:mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|sr|sra|srta|mme|mlle|dott|ing|dhr|mevr|mag|dipl|mgr|bc|judr|mudr|pan|pani|fru|frk|monsieur|madame|mademoiselle|senor|senora|señor|señora|signor|signora|signorina)\.?$/;
const PARTICLE =
  /^(?:van|von|de|der|den|del|della|di|da|dos|das|du|la|le|el|al|bin|ibn|ben|ter|ten|zu|y|e|st|abu|binti|jr|sr|ii|iii|iv|md|phd|dds)\.?$/;
/** Words that make it a firm, a place or a thing. */
const THING =
  /\b(?:inc|llc|ltd|gmbh|corp|co|company|group|bank|store|shop|hotel|club|park|street|road|city|lake|university|school|college|hospital|church|team|project|product|service|services|system|systems|desk|lamp|chair|table|phone|case|card|book|bag|box|day|week|set|kit|pack|edition|island|islands|county|republic|north|south|east|west|new|san|saint|los|las|the|and|und|of|for|with|management|department|sales|support|engineering|marketing|manager|director|engineer|account|office|center|centre|retriever|shepherd|terrier|collie|spaniel|bulldog|poodle|hound|focus|corolla|civic|benz|romeo|toyota|honda|nissan|ford|audi|volkswagen|please|error|order|default|admin|user|test)\b/;
const SUFFIX =
  /(?:ov|ova|ev|eva|sky|ska|ski|enko|escu|opoulos|idis|yan|ian|dottir|sson|sen|vic|vich|wicz|czyk|shvili|dze|qvist|kvist|strom|gren|berg|ов|ова|ев|ева|ин|ина|ский|ская|цкий|цкая|енко|чук|ук|юк)$/;

/** `Berg, van den, J.P.`, as registers of the Netherlands and Germany write it. */
const REVERSED =
  /^\p{Lu}\p{Ll}[\p{L}'’ -]*(?:, (?:van|von|de|der|den|ter|ten|te|'t|di|da|la|le|zu)(?: (?:de|den|der|het|'t))?)?, (?:\p{Lu}\.){1,4}$/u;
const PATRONYMIC = /^\p{L}{3,}(?:ович|евич|івна|ївна|овна|евна|ична|инична|йович|ovich|evich|ovna|evna|ivna)$/u;

/** Names of people too, but alone those of paint and months. */
const COLOURS: ReadonlySet<string> = new Set(
  'red blue green white black brown gray grey amber olive violet rose ruby jade silver gold pink yellow orange purple teal ivory january april may june july august march'.split(
    ' ',
  ),
);

/**
 * `full`: a name that is known and another word; `given` or `family`: a single word that is one; `shape`: two to four
 * words with a capital each, none of them known.
 */
export type NameForm = 'full' | 'given' | 'family' | 'shape' | undefined;

export function nameForm(value: string): NameForm {
  const n = value.length;
  if (n < 2 || n > 70) return undefined;
  const first = value.charCodeAt(0);
  if (first > 0x2e80) return eastAsian(value);
  if (REVERSED.test(value)) return 'full';
  if (/[(;|/]/.test(value)) return namesOfSeveral(value);
  if (!SHAPE.test(value)) return undefined;
  const other = otherScript(value);
  if (other !== undefined) return other;
  const couple = / (?:&|and|und|et|y|e|och|og) /u.exec(value);
  if (couple !== null && n < 60) {
    const [one, other2] = [value.slice(0, couple.index), value.slice(couple.index + couple[0].length)].map(nameForm);
    return (one === 'given' || one === 'full') &&
      (other2 === 'full' || other2 === 'given') &&
      (one === 'full' || other2 === 'full')
      ? 'full'
      : undefined;
  }
  const tokens = fold(value)
    .split(/[\s,]+/)
    .filter((token) => token !== '' && !TITLE.test(token) && !PARTICLE.test(token));
  if (tokens.length === 0 || tokens.length > 5) return undefined;
  const shouted = value === value.toUpperCase();
  const whole = tokens.join(' ');
  if (tokens.length === 1) {
    const [token] = tokens as [string];
    if (COLOURS.has(token)) return undefined;
    if (!shouted && !/^\p{Lu}/u.test(value)) return undefined;
    if (isGiven(token)) return 'given';
    return FAMILY_NAMES.has(token) || (token.length > 5 && SUFFIX.test(token)) ? 'family' : undefined;
  }
  // As catalogues write authors: `Hall ZD`.
  if (tokens.length === 2 && /^\p{Lu}[\p{L}'’-]+ \p{Lu}{1,2}$/u.test(value) && !shouted && FAMILY_NAMES.has(tokens[0]!))
    return 'full';
  if (THING.test(whole)) return undefined;
  // Folded for a search: both words must be names.
  if (!/\p{Lu}/u.test(value)) {
    const last = tokens.at(-1)!;
    const family = FAMILY_NAMES.has(last) || (last.length > 5 && SUFFIX.test(last));
    return isGiven(tokens[0]!) && tokens.length <= 3 && family ? 'full' : undefined;
  }
  const capitals = value.split(/[\s,]+/).filter((token) => /^\p{Lu}/u.test(token)).length;
  if (!shouted && capitals < Math.min(2, tokens.length)) return undefined;
  const known = tokens.some(
    (token, i) => isGiven(token) && (i === 0 || i === tokens.length - 1 || value.includes(',')),
  );
  if (
    known ||
    (tokens.length === 3 && tokens.some((token) => PATRONYMIC.test(token))) ||
    (VIETNAMESE_FAMILY_NAMES.has(tokens[0]!) && tokens.length >= 2)
  )
    return 'full';
  return /^\p{Lu}\.?$/u.test(value.split(' ')[0]!) && FAMILY_NAMES.has(tokens.at(-1)!) ? 'full' : 'shape';
}

/** `Anna Smith (guest)`, `Anna Smith; Bob Jones`: whole names with a word about them, or beside one another. */
function namesOfSeveral(value: string): NameForm {
  const about = /^(.{4,50}) \(\p{L}[\p{L} ]{1,24}\)$/u.exec(value);
  const names = about === null ? value.split(/\s*[;|]\s*|\s+\/\s+/u, 6) : [about[1]!];
  if (about === null && names.length < 2) return undefined;
  return names.every((name) => nameForm(name) === 'full') ? 'full' : undefined;
}

/** Of Armenia and Georgia. */
const FAMILY_ENDINGS = /^.{3,}(?:յան|եան|ძე|შვილი|ული|ავა|იანი)$/u;

/** Greek, and scripts without capitals: a known name, alone or with one to three words more. */
function otherScript(value: string): NameForm {
  if (
    !/^[\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Devanagari}\p{Script=Thai}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Georgian}\p{Script=Armenian}\p{M}'’.\- ]+$/u.test(
      value,
    )
  )
    return undefined;
  const tokens = value.toLowerCase().split(/\s+/);
  if (tokens.length > 4) return undefined;
  const known = tokens.some((token) => UNCASED_NAMES.has(token) || FAMILY_ENDINGS.test(token));
  if (tokens.length === 1) return known ? 'given' : undefined;
  return known ? 'full' : 'shape';
}

function isGiven(token: string): boolean {
  if (GIVEN_NAMES.has(token) || CYRILLIC_NAMES.has(token)) return true;
  const dash = token.indexOf('-');
  return dash > 1 && GIVEN_NAMES.has(token.slice(0, dash));
}

/** Whether such a word starts like a person's: for user names such as `anna.smith82`. */
export function startsWithGivenName(word: string): boolean {
  const head = /^[a-z]{3,}/.exec(fold(word))?.[0];
  if (head === undefined) return false;
  if (COLOURS.has(head)) return false;
  if (GIVEN_NAMES.has(head)) return true;
  // `jsmith84`: an initial before a family's name.
  if (head.length >= 5 && FAMILY_NAMES.has(head.slice(1))) return true;
  return head.length >= 7 && [...Array(4)].some((_, i) => GIVEN_NAMES.has(head.slice(0, 4 + i)));
}

function eastAsian(value: string): NameForm {
  const compact = value.replace(/[\s\u3000]/g, '');
  if (compact.length < 2 || compact.length > 5) return undefined;
  if (!/^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}々]+$/u.test(compact)) return undefined;
  if (JAPANESE_FAMILY_NAMES.has(compact.slice(0, 2)) || JAPANESE_FAMILY_NAMES.has(compact.slice(0, 3))) return 'full';
  return compact.length <= 4 && HAN_FAMILY_NAMES.includes(compact[0]!) ? 'full' : undefined;
}

/** Lower case, without marks. */
function fold(value: string): string {
  const lower = value.toLowerCase();
  return /^[\x20-\x7e]*$/.test(lower)
    ? lower
    : lower
        .normalize('NFD')
        // Latin only: й is a letter of its own.
        .replace(/([a-z])\p{M}+/gu, '$1')
        .normalize('NFC')
        .replaceAll('ß', 'ss')
        .replaceAll('ł', 'l')
        .replaceAll('ø', 'o')
        .replaceAll('æ', 'ae')
        .replaceAll('ı', 'i');
}
