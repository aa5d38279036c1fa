/**
 * One token of a text, as PostgreSQL's scanner finds it (standard_conforming_strings on).
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
import {
  CLASSES,
  DASH,
  DIGIT,
  DOLLAR_SIGN,
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
/** A keyword or a name. */
export const NAME = 8;
/** `"…"` and `U&"…"` */
export const IDENTIFIER = 9;
/** `$1` */
export const PARAMETER = 10;
/** One character of what separates and computes, or a blank. */
export const SIGN = 11;

/** Reused from token to token. */
export class Token {
  kind = SIGN;

  /** Whatever begins at `at`. Gives where it ends, in UTF-16 units; -1: it is not closed before `to`. */
  read(sql: string, at: number, to: number): number {
    const code = sql.charCodeAt(at);
    switch (code < 128 ? CLASSES[code]! : WORD) {
      case WORD:
        return this.#word(sql, at, to);
      case DIGIT:
        return this.#is(NUMBER, endOfNumber(sql, at, to));
      case QUOTE:
        return this.#is(STRING, endOfString(sql, at, to, false));
      case DOUBLE_QUOTE:
        return this.#is(IDENTIFIER, endOfIdentifier(sql, at + 1, to));
      case DOT:
        if (isDigit(sql.charCodeAt(at + 1))) return this.#is(NUMBER, endOfNumber(sql, at, to));
        break;
      case DASH:
        if (sql.charCodeAt(at + 1) === 45) return this.#is(COMMENT, endOfLine(sql, at, to));
        break;
      case SLASH:
        if (sql.charCodeAt(at + 1) === 42) return this.#is(COMMENT, endOfComment(sql, at, to));
        break;
      case DOLLAR_SIGN: {
        const tagEnd = endOfTag(sql, at, to);
        if (tagEnd === -1) return this.#is(PARAMETER, endOfParameter(sql, at, to));
        return this.#is(DOLLAR, endOfDollar(sql, at, tagEnd, to));
      }
      default:
    }
    return this.#is(SIGN, at + 1);
  }

  /** A name or keyword, or what stands before a string's quote. */
  #word(sql: string, at: number, to: number): number {
    const quote = quoteBehindPrefix(sql, at, to);
    if (quote === -1) return this.#is(NAME, endOfWord(sql, at, to));
    if (sql.charCodeAt(quote) === 34) return this.#is(IDENTIFIER, endOfIdentifier(sql, quote + 1, to));
    const prefix = sql.charCodeAt(at) | 32;
    const kind = prefix === 101 ? ESCAPE : prefix === 117 ? UNICODE : BITS;
    return this.#is(kind, endOfString(sql, quote, to, kind === ESCAPE));
  }

  #is(kind: number, end: number): number {
    this.kind = kind;
    return end;
  }
}
