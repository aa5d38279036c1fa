/**
 * A text with its plain literals taken out. One pass over the string; it gives up on anything in which a literal could
 * be something else: quoted identifiers, comments, dollar quotes and parameters, backslashes, prefixed, doubled or
 * continued strings, characters outside ASCII.
 */

/**
 * Reused from call to call; `starts` and `ends` hold `count` slots. Its key is made only where it is kept: a new string for
 * each text, to look something up by, costs more than all the rest.
 */
export class Shape {
  sql = '';
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** What stands for each literal in the key, a character code. */
  readonly slots: number[] = [];

  /** The text with a control character in the place of each literal. */
  get key(): string {
    const { sql, starts, ends, slots, count } = this;
    let key = '';
    let from = 0;
    for (let i = 0; i < count; i++) {
      key += sql.slice(from, starts[i]) + String.fromCharCode(slots[i]!);
      from = ends[i]!;
    }
    return key + sql.slice(from);
  }

  /** `key === this.key`. */
  hasKey(key: string): boolean {
    const { sql, starts, ends, slots, count } = this;
    let at = 0;
    let k = 0;
    for (let i = 0; i < count; i++) {
      for (const end = starts[i]!; at < end; at++) if (sql.charCodeAt(at) !== key.charCodeAt(k++)) return false;
      if (slots[i] !== key.charCodeAt(k++)) return false;
      at = ends[i]!;
    }
    for (; at < sql.length; at++) if (sql.charCodeAt(at) !== key.charCodeAt(k++)) return false;
    return k === key.length;
  }

  /** Of the key; `seed` keeps others from knowing which keys share one. */
  hash(seed: number): number {
    const { sql, starts, ends, slots, count } = this;
    let hash = seed;
    let from = 0;
    for (let i = 0; i < count; i++) {
      hash = Math.imul(hashText(sql, from, starts[i]!, hash) ^ slots[i]!, FNV_PRIME);
      from = ends[i]!;
    }
    return hashText(sql, from, sql.length, hash);
  }
}

const FNV_PRIME = 0x0100_0193;

/** FNV-1a over UTF-16 units. @see https://datatracker.ietf.org/doc/html/rfc9923 */
export function hashText(text: string, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

const INTEGER_SLOT = 1;
const STRING_SLOT = 2;

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
          shape.slots[count] = INTEGER_SLOT;
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
        shape.slots[count] = STRING_SLOT;
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
  shape.sql = sql;
  shape.count = count;
  return true;
}
