/**
 * The literals and comments of a text, found as PostgreSQL's scanner finds them (standard_conforming_strings on). In: any
 * text, also one that does not parse. Out: places, in order, in one pass. What is not closed runs to the end.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

import type { LiteralPlaces } from './facts.ts';
import {
  CLASSES,
  DASH,
  DIGIT,
  DOT,
  DOUBLE_QUOTE,
  endOfComment,
  endOfDollar,
  endOfIdentifier,
  endOfLine,
  endOfNumber,
  endOfParameter,
  endOfString,
  endOfTag,
  endOfWord,
  isDigit,
  PLAIN,
  QUOTE,
  quoteBehindPrefix,
  SLASH,
  WORD,
} from './token-ends.ts';

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

/** Reused from text to text. */
export class LiteralTokens implements LiteralPlaces {
  count = 0;
  literals = 0;
  starts = new Uint32Array(64);
  ends = new Uint32Array(64);
  kinds = new Uint8Array(64);
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
          i = this.#add(i, endOfNumber(sql, i, to), NUMBER);
          break;
        case QUOTE:
          i = this.#string(sql, i, i, to, STRING);
          break;
        case DOUBLE_QUOTE:
          i = this.#until(endOfIdentifier(sql, i + 1, to), to);
          break;
        case DASH:
          if (sql.charCodeAt(i + 1) === 45) i = this.#add(i, endOfLine(sql, i, to), COMMENT);
          else i++;
          break;
        case SLASH:
          if (sql.charCodeAt(i + 1) === 42) i = this.#add(i, this.#until(endOfComment(sql, i, to), to), COMMENT);
          else i++;
          break;
        case DOT:
          if (isDigit(sql.charCodeAt(i + 1))) i = this.#add(i, endOfNumber(sql, i, to), NUMBER);
          else i++;
          break;
        default:
          i = this.#dollar(sql, i, to);
      }
    }
  }

  #add(start: number, end: number, kind: number): number {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count++;
    if (kind !== COMMENT) this.literals++;
    return end;
  }

  #grow(): void {
    const { starts, ends, kinds } = this;
    this.starts = new Uint32Array(this.count * 2);
    this.ends = new Uint32Array(this.count * 2);
    this.kinds = new Uint8Array(this.count * 2);
    this.starts.set(starts);
    this.ends.set(ends);
    this.kinds.set(kinds);
  }

  /** A name or keyword, or what stands before a string's quote. */
  #word(sql: string, start: number, to: number): number {
    const quote = quoteBehindPrefix(sql, start, to);
    if (quote === -1) return endOfWord(sql, start, to);
    const prefix = sql.charCodeAt(start) | 32;
    if (sql.charCodeAt(quote) === 34) return this.#until(endOfIdentifier(sql, quote + 1, to), to);
    return this.#string(sql, start, quote, to, prefix === 101 ? ESCAPE : prefix === 117 ? UNICODE : BITS);
  }

  #string(sql: string, start: number, quote: number, to: number, kind: number): number {
    return this.#add(start, this.#until(endOfString(sql, quote, to, kind === ESCAPE), to), kind);
  }

  #dollar(sql: string, start: number, to: number): number {
    const tagEnd = endOfTag(sql, start, to);
    if (tagEnd === -1) return endOfParameter(sql, start, to);
    return this.#add(start, this.#until(endOfDollar(sql, start, tagEnd, to), to), DOLLAR);
  }

  /** `end` of what is closed. */
  #until(end: number, to: number): number {
    if (end !== -1) return end;
    this.isBroken = true;
    return to;
  }
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
