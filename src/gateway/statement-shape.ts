/**
 * A text with its plain literals taken out. One pass over the string; it gives up on anything in which a literal could
 * be something else: quoted identifiers, comments, dollar quotes and parameters, backslashes, prefixed, doubled or
 * continued strings, characters outside ASCII.
 */

/** Reused from call to call; `starts` and `ends` hold `count` slots. */
export class Shape {
  key = '';
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
}

const INTEGER_SLOT = '\u0001';
const STRING_SLOT = '\u0002';

/** What a character outside literals is. */
const REFUSED = 0;
const PLAIN = 1;
const BLANK = 2;
const WORD = 3;
const DIGIT = 4;
const QUOTE = 5;
const DASH = 6;
const SLASH = 7;
const AMPERSAND = 8;

const CLASSES = new Uint8Array(128);
for (const character of '!#%()*+,:;<=>?@[]^`{|}~') CLASSES[character.charCodeAt(0)] = PLAIN;
for (const character of ' \t\n\r') CLASSES[character.charCodeAt(0)] = BLANK;
for (let code = 65; code <= 90; code++) CLASSES[code] = CLASSES[code + 32] = WORD;
CLASSES['_'.charCodeAt(0)] = CLASSES['.'.charCodeAt(0)] = WORD;
for (let code = 48; code <= 57; code++) CLASSES[code] = DIGIT;
CLASSES["'".charCodeAt(0)] = QUOTE;
CLASSES['-'.charCodeAt(0)] = DASH;
CLASSES['/'.charCodeAt(0)] = SLASH;
CLASSES['&'.charCodeAt(0)] = AMPERSAND;

/** More digits than this may be no int4, which is another type and so another operator. */
const MAX_DIGITS = 9;

/** Fills `shape`; false if the text has no shape. */
export function shapeOf(sql: string, shape: Shape): boolean {
  const length = sql.length;
  let key = '';
  let copied = 0;
  let count = 0;
  let i = 0;
  let previous = BLANK;
  while (i < length) {
    const code = sql.charCodeAt(i);
    const kind = code < 128 ? (CLASSES[code] ?? REFUSED) : REFUSED;
    switch (kind) {
      case REFUSED:
        return false;
      case WORD:
      case DIGIT: {
        const start = i;
        let digits = true;
        for (; i < length; i++) {
          const next = sql.charCodeAt(i);
          const nextKind = next < 128 ? (CLASSES[next] ?? REFUSED) : REFUSED;
          if (nextKind === WORD) digits = false;
          else if (nextKind !== DIGIT) break;
        }
        if (digits && i - start <= MAX_DIGITS) {
          key += sql.slice(copied, start) + INTEGER_SLOT;
          copied = i;
          shape.starts[count] = start;
          shape.ends[count] = i;
          count++;
        }
        previous = WORD;
        continue;
      }
      case QUOTE: {
        // E'', B'', X'', N'', U&'': another lexer's rules.
        if (previous === WORD || previous === AMPERSAND) return false;
        const start = i;
        const end = sql.indexOf("'", i + 1);
        if (end < 0) return false;
        const backslash = sql.indexOf('\\', start);
        if (backslash >= 0 && backslash < end) return false;
        i = end + 1;
        // A doubled quote, or a continuation on another line.
        let after = i;
        while (after < length && CLASSES[sql.charCodeAt(after)] === BLANK) after++;
        if (sql.charCodeAt(after) === 39) return false;
        key += sql.slice(copied, start) + STRING_SLOT;
        copied = i;
        shape.starts[count] = start;
        shape.ends[count] = i;
        count++;
        previous = WORD;
        continue;
      }
      case DASH:
        if (sql.charCodeAt(i + 1) === 45) return false;
        break;
      case SLASH:
        if (sql.charCodeAt(i + 1) === 42) return false;
        break;
      default:
        break;
    }
    previous = kind;
    i++;
  }
  shape.key = key + sql.slice(copied);
  shape.count = count;
  return true;
}
