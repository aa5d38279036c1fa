/**
 * Which signs a value is made of, in one pass: what most validators can be spared of. A bit says that such a sign is
 * there; without it what needs the sign cannot match. Pure.
 */

export const DIGIT = 1;
export const UPPER = 2;
export const LOWER = 4;
/** What `\s` matches. */
export const BLANK = 8;
export const AT = 16;
export const COLON = 32;
export const EQUALS = 64;
export const BACKSLASH = 128;
/** `<`, `>`, `{` or `}`. */
export const BRACKET = 256;
/** `*` or `#`. */
export const COVER = 512;
/** `-`, `.`, `/`, `+`, `%` or `_`. */
export const JOINT = 1024;
/** Anything else. */
export const OTHER = 2048;
/** Not ASCII. */
export const BEYOND = 4096;

const SIGNS = new Uint16Array(128).fill(OTHER);
for (let code = 48; code <= 57; code++) SIGNS[code] = DIGIT;
for (let code = 65; code <= 90; code++) SIGNS[code] = UPPER;
for (let code = 97; code <= 122; code++) SIGNS[code] = LOWER;
for (const [signs, sign] of [
  [' \t\n\v\f\r', BLANK],
  ['@', AT],
  [':', COLON],
  ['=', EQUALS],
  ['\\', BACKSLASH],
  ['<>{}', BRACKET],
  ['*#', COVER],
  ['-./+%_', JOINT],
] as const)
  for (const char of signs) SIGNS[char.charCodeAt(0)] = sign;

export interface Signs {
  /** The bits above. */
  readonly held: number;
  /** Runs of what is no blank, and one more for each blank end. */
  readonly words: number;
}

export function signsOf(value: string): Signs {
  let held = 0;
  let words = 1;
  let wasBlank = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const sign = code < 128 ? SIGNS[code]! : isBlank(code) ? BLANK | BEYOND : BEYOND;
    held |= sign;
    const blank = (sign & BLANK) !== 0;
    if (blank && !wasBlank) words++;
    wasBlank = blank;
  }
  return { held, words };
}

/** @see https://tc39.es/ecma262/#prod-CharacterClassEscape */
function isBlank(code: number): boolean {
  return (
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}
