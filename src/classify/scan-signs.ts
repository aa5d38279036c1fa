/**
 * What there is to look for in a text, from one pass over its bytes without allocation: whole answers go through it. What was
 * read is counted by two machines in step, whose tables are made from the rules below; a byte costs a look into each. Pure.
 */

/** An at sign; six digits in a row of groups; nine of them, a key or an IBAN; dots or colons between digits; a key. */
export const AT = 1;
export const DIGITS = 2;
export const LONG = 4;
export const DOTS = 8;
export const TOKEN = 16;

/** Classes of bytes. Behind those from SPACE on, a word may have ended that a secret follows. */
const DIGIT = 0;
const HEX_LETTER = 1;
const LETTER = 2;
const DASH = 3;
const UNDERSCORE = 4;
const DOT = 5;
/** Stands between groups of digits. */
const JOINT = 6;
/** Part of a character beyond ASCII. */
const BEYOND = 7;
const OTHER = 8;
const AT_SIGN = 9;
/** What an at sign may be written with. */
const ESCAPE = 10;
const DOLLAR = 11;
const SPACE = 12;
const COLON = 13;
const QUOTE = 14;
const CLASS_BITS = 4;
const CLASS_COUNT = QUOTE + 1;

const CLASSES = new Uint8Array(256).fill(OTHER);
for (let i = 128; i < 256; i++) CLASSES[i] = BEYOND;
for (let i = 48; i <= 57; i++) CLASSES[i] = DIGIT;
for (let i = 97; i <= 122; i++) CLASSES[i] = i <= 102 ? HEX_LETTER : LETTER;
for (let i = 65; i <= 90; i++) CLASSES[i] = LETTER;
for (const [signs, of] of [
  ['-', DASH],
  ['_', UNDERSCORE],
  ['.', DOT],
  ['()/+', JOINT],
  ['@', AT_SIGN],
  ['%\\&', ESCAPE],
  ['$=', DOLLAR],
  [' ', SPACE],
  [':', COLON],
  ['"', QUOTE],
] as const)
  for (const sign of signs) CLASSES[sign.charCodeAt(0)] = of;

/** Digits in a row of groups, dots and colons between digits: no more of each than makes a difference. */
const NINE = 9;
const THREE_DOTS = 3;
const TWO_COLONS = 2;
const numberState = (digits: number, dots: number, colons: number): number =>
  (Math.min(digits, NINE) * (THREE_DOTS + 1) + Math.min(dots, THREE_DOTS)) * (TWO_COLONS + 1) +
  Math.min(colons, TWO_COLONS);

function afterNumber(digits: number, dots: number, colons: number, of: number): { state: number; found: number } {
  switch (of) {
    case DIGIT: {
      const long = digits + 1 >= NINE ? DIGITS | LONG : digits + 1 >= 6 ? DIGITS : 0;
      const between = dots >= THREE_DOTS || colons >= TWO_COLONS ? DOTS : 0;
      return { state: numberState(digits + 1, dots, colons), found: long | between };
    }
    case HEX_LETTER:
    case LETTER:
      return { state: numberState(0, 0, colons), found: 0 };
    case DOT:
      return { state: numberState(digits, dots + 1, colons), found: 0 };
    case COLON:
      return { state: numberState(0, dots, colons + 1), found: colons + 1 >= TWO_COLONS ? DOTS : 0 };
    case SPACE:
      return { state: numberState(digits, 0, 0), found: 0 };
    case DASH:
    case UNDERSCORE:
    case JOINT:
    case BEYOND:
      return { state: numberState(digits, dots, colons), found: 0 };
    case AT_SIGN:
      return { state: 0, found: AT };
    case ESCAPE:
      return { state: 0, found: AT | TOKEN };
    case DOLLAR:
      return { state: 0, found: TOKEN };
    default:
      return { state: 0, found: 0 };
  }
}

/** A run of what keys are made of: its length, whether a digit and a letter that is not hexadecimal are in it, dashes. */
const MOST_RUN = 20;
const FIVE_DASHES = 5;
const runState = (run: number, digit: number, letter: number, dashes: number): number =>
  ((Math.min(run, MOST_RUN) * 2 + digit) * 2 + letter) * (FIVE_DASHES + 1) + Math.min(dashes, FIVE_DASHES);

function afterRun(
  [run, digit, letter, dashes]: readonly [number, number, number, number],
  of: number,
): { state: number; found: number } {
  switch (of) {
    case DIGIT:
    case HEX_LETTER:
    case LETTER: {
      const [hasDigit, hasLetter] = [of === DIGIT ? 1 : digit, of === LETTER ? 1 : letter];
      // Digits alone and hexadecimal are no key.
      const isKey = run + 1 >= 12 && hasLetter === 1 && (hasDigit === 1 || run + 1 >= MOST_RUN);
      return { state: runState(run + 1, hasDigit, hasLetter, 0), found: isKey ? TOKEN | LONG : 0 };
    }
    case DASH:
      return {
        state: runState(run + 1, digit, letter, dashes + 1),
        found: dashes + 1 >= FIVE_DASHES ? TOKEN : 0,
      };
    case UNDERSCORE:
      return { state: runState(run + 1, digit, letter, 0), found: 0 };
    default:
      return { state: 0, found: 0 };
  }
}

/** Of an entry: where the next state has its entries, and above that what was found. */
const STATE_BITS = 13;
const STATES = (1 << STATE_BITS) - 1;
const entry = ({ state, found }: { state: number; found: number }): number =>
  (state << CLASS_BITS) | (found << STATE_BITS);

const NUMBERS = new Int32Array((numberState(NINE, THREE_DOTS, TWO_COLONS) + 1) << CLASS_BITS);
for (let digits = 0; digits <= NINE; digits++)
  for (let dots = 0; dots <= THREE_DOTS; dots++)
    for (let colons = 0; colons <= TWO_COLONS; colons++)
      for (let of = 0; of < CLASS_COUNT; of++)
        NUMBERS[(numberState(digits, dots, colons) << CLASS_BITS) | of] = entry(afterNumber(digits, dots, colons, of));

const RUNS = new Int32Array((runState(MOST_RUN, 1, 1, FIVE_DASHES) + 1) << CLASS_BITS);
for (let run = 0; run <= MOST_RUN; run++)
  for (const digit of [0, 1])
    for (const letter of [0, 1])
      for (let dashes = 0; dashes <= FIVE_DASHES; dashes++)
        for (let of = 0; of < CLASS_COUNT; of++)
          RUNS[(runState(run, digit, letter, dashes) << CLASS_BITS) | of] = entry(
            afterRun([run, digit, letter, dashes], of),
          );

/** 0: there is nothing. */
export function scanSigns(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  let run = 0;
  let found = 0;
  for (let i = start; i < end; i++) {
    const of = CLASSES[bytes[i]!]!;
    number = NUMBERS[(number & STATES) | of]!;
    run = RUNS[(run & STATES) | of]!;
    found |= number | run;
    if (of >= SPACE && endsSecretWord(bytes, i, start)) found |= TOKEN << STATE_BITS;
  }
  return found >>> STATE_BITS;
}

/** Last letters of words that a secret follows: password, passwd, pwd, secret, token, key, Basic, Bearer, phrase, credentials. */
const SECRET_ENDS: ReadonlySet<number> = new Set(
  ['word', 'sswd', 'cret', 'oken', 'asic', 'arer', 'rase', 'ials', 'tial'].map((end) => lettersOf(end, 4)),
);
const SHORT_SECRET_ENDS: ReadonlySet<number> = new Set(['pwd', 'key'].map((end) => lettersOf(end, 3)));
/** By the last three letters: whether it is worth to look further. */
const MAY_END_SECRET = new Uint8Array(1 << 15);
for (const letters of SECRET_ENDS) MAY_END_SECRET[letters & 0x7fff] = 1;
for (const letters of SHORT_SECRET_ENDS) MAY_END_SECRET[letters] = 1;

function lettersOf(end: string, count: number): number {
  let letters = 0;
  for (let i = 0; i < count; i++) letters = (letters << 5) | (end.charCodeAt(i) & 31);
  return letters;
}

/** Whether such a word stands before a colon, a space or a quote. */
function endsSecretWord(bytes: Uint8Array, i: number, start: number): boolean {
  if (i - start < 3) return false;
  const three = ((bytes[i - 3]! & 31) << 10) | ((bytes[i - 2]! & 31) << 5) | (bytes[i - 1]! & 31);
  if (MAY_END_SECRET[three] === 0) return false;
  if (SHORT_SECRET_ENDS.has(three)) return true;
  return i - start >= 4 && SECRET_ENDS.has(((bytes[i - 4]! & 31) << 15) | three);
}
