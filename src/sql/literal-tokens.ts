/**
 * The literals and comments of a text, found as PostgreSQL's scanner finds them (standard_conforming_strings on). In: any
 * text, also one that does not parse. Out: places, in order, in one pass. What is not closed runs to the end.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** `'…'`, also that of `N'…'`. */
export const STRING = 1;
/** `E'…'` */
export const ESCAPE = 2;
/** `U&'…'` */
export const UNICODE = 3;
/** `B'…'` and `X'…'` */
export const BITS = 4;
/** `$tag$…$tag$` */
export const DOLLAR = 5;
export const NUMBER = 6;
export const COMMENT = 7;

/** Reused from text to text: `starts`, `ends` and `kinds` hold `count` places, in UTF-16 units. */
export class LiteralTokens {
  count = 0;
  /** Those that are no comments. */
  literals = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly kinds: number[] = [];
  /** Not closed, or a character that no token begins with: what is found is a guess. */
  isBroken = false;

  scan(sql: string, from = 0, to = sql.length): void {
    this.count = 0;
    this.literals = 0;
    this.isBroken = false;
    let i = from;
    while (i < to) {
      const code = sql.charCodeAt(i);
      const kind = code < 128 ? CLASSES[code]! : WORD;
      switch (kind) {
        case PLAIN:
          i++;
          break;
        case WORD:
          i = this.#word(sql, i, to);
          break;
        case DIGIT:
          i = this.#number(sql, i, to);
          break;
        case QUOTE:
          i = this.#string(sql, i, i, to, STRING);
          break;
        case DOUBLE_QUOTE:
          i = this.#identifier(sql, i + 1, to);
          break;
        case DASH:
          if (sql.charCodeAt(i + 1) === 45) i = this.#add(i, endOfLine(sql, i, to), COMMENT);
          else i++;
          break;
        case SLASH:
          if (sql.charCodeAt(i + 1) === 42) i = this.#add(i, this.#endOfComment(sql, i, to), COMMENT);
          else i++;
          break;
        case DOT:
          if (isDigit(sql.charCodeAt(i + 1))) i = this.#number(sql, i, to);
          else i++;
          break;
        default:
          i = this.#dollar(sql, i, to);
      }
    }
  }

  #add(start: number, end: number, kind: number): number {
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count++;
    if (kind !== COMMENT) this.literals++;
    return end;
  }

  /** A name or keyword, or what stands before a string's quote. */
  #word(sql: string, start: number, to: number): number {
    const quote = sql.charCodeAt(start + 1);
    if (quote === 39 && start + 1 < to) {
      const prefix = sql.charCodeAt(start) | 32;
      if (prefix === 101) return this.#string(sql, start, start + 1, to, ESCAPE);
      if (prefix === 98 || prefix === 120) return this.#string(sql, start, start + 1, to, BITS);
      // N: a keyword of its own to the scanner.
      if (prefix === 110) return start + 1;
    }
    if (quote === 38 && (sql.charCodeAt(start) | 32) === 117 && start + 2 < to) {
      if (sql.charCodeAt(start + 2) === 39) return this.#string(sql, start, start + 2, to, UNICODE);
      if (sql.charCodeAt(start + 2) === 34) return this.#identifier(sql, start + 3, to);
    }
    let i = start + 1;
    for (; i < to; i++) {
      const code = sql.charCodeAt(i);
      if (code >= 128) continue;
      const kind = CLASSES[code]!;
      if (kind !== WORD && kind !== DIGIT && kind !== DOLLAR_SIGN) break;
    }
    return i;
  }

  #string(sql: string, start: number, quote: number, to: number, kind: number): number {
    let end = this.#endOfString(sql, quote + 1, to, kind === ESCAPE);
    // Continued on another line, it is one constant.
    for (let next = continuation(sql, end, to); next !== -1; next = continuation(sql, end, to)) {
      end = this.#endOfString(sql, next + 1, to, kind === ESCAPE);
    }
    return this.#add(start, end, kind);
  }

  #endOfString(sql: string, from: number, to: number, escapes: boolean): number {
    for (let i = from; i < to; i++) {
      if (!escapes) {
        i = sql.indexOf("'", i);
        if (i === -1 || i >= to) break;
      }
      const code = sql.charCodeAt(i);
      if (code === 92 && escapes) i++;
      else if (code === 39) {
        if (sql.charCodeAt(i + 1) !== 39 || i + 1 >= to) return i + 1;
        i++;
      }
    }
    this.isBroken = true;
    return to;
  }

  #identifier(sql: string, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      if (sql.charCodeAt(i) !== 34) continue;
      if (sql.charCodeAt(i + 1) !== 34 || i + 1 >= to) return i + 1;
      i++;
    }
    this.isBroken = true;
    return to;
  }

  #endOfComment(sql: string, start: number, to: number): number {
    let depth = 0;
    for (let i = start; i < to - 1; i++) {
      const code = sql.charCodeAt(i);
      if (code === 47 && sql.charCodeAt(i + 1) === 42) {
        depth++;
        i++;
      } else if (code === 42 && sql.charCodeAt(i + 1) === 47) {
        depth--;
        i++;
        if (depth === 0) return i + 1;
      }
    }
    this.isBroken = true;
    return to;
  }

  #dollar(sql: string, start: number, to: number): number {
    let i = start + 1;
    if (isDigit(sql.charCodeAt(i))) {
      // A parameter: what follows its digits is another token.
      while (i < to && isDigit(sql.charCodeAt(i))) i++;
      return i;
    }
    for (; i < to; i++) {
      const code = sql.charCodeAt(i);
      const kind = code < 128 ? CLASSES[code]! : WORD;
      if (kind !== WORD && kind !== DIGIT) break;
    }
    if (i >= to || sql.charCodeAt(i) !== 36) return start + 1;
    const tag = sql.slice(start, i + 1);
    const close = sql.indexOf(tag, i + 1);
    if (close < 0 || close + tag.length > to) {
      this.isBroken = true;
      return this.#add(start, to, DOLLAR);
    }
    return this.#add(start, close + tag.length, DOLLAR);
  }

  /** Integers of any base, decimals, exponents; what is glued behind them goes with them. */
  #number(sql: string, start: number, to: number): number {
    let i = start;
    let dots = 0;
    for (; i < to; i++) {
      const code = sql.charCodeAt(i);
      if (code === 46) {
        // `1..10` is a range of PL/pgSQL.
        if (dots > 0 || sql.charCodeAt(i + 1) === 46) break;
        dots++;
      } else if (code === 43 || code === 45) {
        const before = sql.charCodeAt(i - 1) | 32;
        if (before !== 101 || isHex(sql, start) || !isDigit(sql.charCodeAt(i + 1))) break;
      } else if (!isDigit(code) && CLASSES[code] !== WORD && code < 128) break;
    }
    return this.#add(start, i, NUMBER);
  }
}

const PLAIN = 0;
const WORD = 1;
const DIGIT = 2;
const QUOTE = 3;
const DOUBLE_QUOTE = 4;
const DASH = 5;
const SLASH = 6;
const DOT = 7;
const DOLLAR_SIGN = 8;

const CLASSES = new Uint8Array(128);
for (let code = 65; code <= 90; code++) CLASSES[code] = CLASSES[code + 32] = WORD;
CLASSES[95] = WORD;
for (let code = 48; code <= 57; code++) CLASSES[code] = DIGIT;
CLASSES[39] = QUOTE;
CLASSES[34] = DOUBLE_QUOTE;
CLASSES[45] = DASH;
CLASSES[47] = SLASH;
CLASSES[46] = DOT;
CLASSES[36] = DOLLAR_SIGN;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHex(sql: string, start: number): boolean {
  return sql.charCodeAt(start) === 48 && (sql.charCodeAt(start + 1) | 32) === 120;
}

function endOfLine(sql: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code === 10 || code === 13) return i;
  }
  return to;
}

/** Where the quote is that goes on with a string which ended at `from`: behind blanks with a newline among them; -1: none. */
function continuation(sql: string, from: number, to: number): number {
  let newline = false;
  for (let i = from; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code === 10 || code === 13) newline = true;
    else if (code === 39) return newline ? i : -1;
    else if (code === 45 && sql.charCodeAt(i + 1) === 45) i = endOfLine(sql, i, to) - 1;
    else if (code !== 32 && code !== 9 && code !== 12 && code !== 11) return -1;
  }
  return -1;
}

/** What a literal stands for: two spellings of a value are one. */
export function literalValue(sql: string, start: number, end: number, kind: number): string {
  switch (kind) {
    case NUMBER:
      return sql.slice(start, end);
    case DOLLAR: {
      const tag = sql.indexOf('$', start + 1) + 1 - start;
      return sql.slice(start + tag, Math.max(start + tag, end - tag));
    }
    default: {
      const quote = sql.indexOf("'", start);
      const content = sql.slice(quote + 1, sql.charCodeAt(end - 1) === 39 && end - 1 > quote ? end - 1 : end);
      if (!content.includes("'") && (kind !== ESCAPE || !content.includes('\\'))) return content;
      const joined = content.replace(/''|'(?:[^'\n\r]|[\n\r])*?'/g, (found) => (found === "''" ? "'" : ''));
      return kind === ESCAPE ? unescaped(joined) : joined;
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{1,3})|([\s\S]))/gi, (...found) => {
    const [, hex, short, long, octal, one] = found as (string | undefined)[];
    const code = hex ?? short ?? long;
    if (code !== undefined) return fromCode(Number.parseInt(code, 16));
    if (octal !== undefined) return fromCode(Number.parseInt(octal, 8));
    return ESCAPES[one!] ?? one!;
  });
}

function fromCode(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
