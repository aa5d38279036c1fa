/**
 * Where a token of PostgreSQL's scanner ends (standard_conforming_strings on), in UTF-16 units; -1: it is not closed
 * before `to`.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** What a token that begins with this character is; 0: a sign or a blank. */
export const WORD = 1;
export const DIGIT = 2;
export const QUOTE = 3;
export const DOUBLE_QUOTE = 4;
export const DASH = 5;
export const SLASH = 6;
export const DOT = 7;
export const DOLLAR_SIGN = 8;

/** By character code; beyond them all are `WORD`. */
export const CLASSES = new Uint8Array(128);
for (let code = 65; code <= 90; code++) CLASSES[code] = CLASSES[code + 32] = WORD;
CLASSES[95] = WORD;
for (let code = 48; code <= 57; code++) CLASSES[code] = DIGIT;
CLASSES[39] = QUOTE;
CLASSES[34] = DOUBLE_QUOTE;
CLASSES[45] = DASH;
CLASSES[47] = SLASH;
CLASSES[46] = DOT;
CLASSES[36] = DOLLAR_SIGN;

/** A blank, or what separates and computes and begins nothing longer. */
export function isSign(code: number): boolean {
  return code < 128 && CLASSES[code] === 0;
}

/** Of `E'…'`, `B'…'`, `X'…'`, `U&'…'` and `U&"…"`; -1: a word begins here. The N of `N'…'` is a keyword of its own. */
export function quoteBehindPrefix(sql: string, start: number, to: number): number {
  const quote = sql.charCodeAt(start + 1);
  const prefix = sql.charCodeAt(start) | 32;
  if (quote === 39 && start + 1 < to) return prefix === 101 || prefix === 98 || prefix === 120 ? start + 1 : -1;
  if (quote !== 38 || prefix !== 117 || start + 2 >= to) return -1;
  const code = sql.charCodeAt(start + 2);
  return code === 39 || code === 34 ? start + 2 : -1;
}

export function endOfWord(sql: string, start: number, to: number): number {
  let i = start + 1;
  for (; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code >= 128) continue;
    const kind = CLASSES[code]!;
    if (kind !== WORD && kind !== DIGIT && kind !== DOLLAR_SIGN) break;
  }
  return i;
}

/** Continued on another line, it is one constant. */
export function endOfString(sql: string, quote: number, to: number, escapes: boolean): number {
  let end = endOfQuoted(sql, quote + 1, to, escapes);
  if (end === -1) return end;
  for (let next = continuation(sql, end, to); next !== -1; next = continuation(sql, end, to)) {
    end = endOfQuoted(sql, next + 1, to, escapes);
    if (end === -1) return end;
  }
  return end;
}

/** Between the quotes of each of its pieces: where it begins and ends; the last one may not be closed. */
export function piecesOf(sql: string, quote: number, end: number, escapes: boolean): (readonly [number, number])[] {
  const pieces: [number, number][] = [];
  for (let at = quote; at !== -1; ) {
    const behind = endOfQuoted(sql, at + 1, end, escapes);
    pieces.push([at + 1, behind === -1 ? end : behind - 1]);
    at = behind === -1 ? -1 : continuation(sql, behind, end);
  }
  return pieces;
}

function endOfQuoted(sql: string, from: number, to: number, escapes: boolean): number {
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
  return -1;
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

/** `from`: behind the quote. */
export function endOfIdentifier(sql: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    if (sql.charCodeAt(i) !== 34) continue;
    if (sql.charCodeAt(i + 1) !== 34 || i + 1 >= to) return i + 1;
    i++;
  }
  return -1;
}

export function endOfComment(sql: string, start: number, to: number): number {
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
  return -1;
}

export function endOfLine(sql: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code === 10 || code === 13) return i;
  }
  return to;
}

/** Of `$` or `$tag$`, past its second `$`; -1: no string begins here. */
export function endOfTag(sql: string, start: number, to: number): number {
  let i = start + 1;
  if (isDigit(sql.charCodeAt(i))) return -1;
  for (; i < to; i++) {
    const code = sql.charCodeAt(i);
    const kind = code < 128 ? CLASSES[code]! : WORD;
    if (kind !== WORD && kind !== DIGIT) break;
  }
  return i >= to || sql.charCodeAt(i) !== 36 ? -1 : i + 1;
}

export function endOfDollar(sql: string, start: number, tagEnd: number, to: number): number {
  const tag = sql.slice(start, tagEnd);
  const close = sql.indexOf(tag, tagEnd);
  return close < 0 || close + tag.length > to ? -1 : close + tag.length;
}

/** Of `$1`: what follows its digits is another token. */
export function endOfParameter(sql: string, start: number, to: number): number {
  let i = start + 1;
  while (i < to && isDigit(sql.charCodeAt(i))) i++;
  return i;
}

/** Integers of any base, decimals, exponents; what is glued behind them goes with them. */
export function endOfNumber(sql: string, start: number, to: number): number {
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
  return i;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHex(sql: string, start: number): boolean {
  return sql.charCodeAt(start) === 48 && (sql.charCodeAt(start + 1) | 32) === 120;
}
