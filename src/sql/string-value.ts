/**
 * What a string constant stands for. In: its place in a text. Out: the value, its pieces joined, its quotes and escapes read.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
import { piecesOf } from './token-ends.ts';

export interface StringValue {
  readonly value: string;
  /** Characters or bytes are told by codes, perhaps wrong ones; bytes that make one character are read one by one. */
  readonly isCoded: boolean;
}

/** `quote`: its first one. `escapes`: of `E'…'`. */
export function stringValue(sql: string, quote: number, end: number, escapes: boolean): StringValue {
  // Most are in one piece, with nothing in it to be read.
  if (sql.indexOf("'", quote + 1) === end - 1) {
    const value = sql.slice(quote + 1, end - 1);
    if (!escapes || !value.includes('\\')) return { value, isCoded: false };
  }
  const found = { isCoded: false };
  const values = piecesOf(sql, quote, end, escapes).map((piece) => {
    const single = sql.slice(...piece).replaceAll("''", "'");
    return escapes ? unescaped(single, found) : single;
  });
  return { value: values.join(''), isCoded: found.isCoded };
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** What a code begins with; it may be none, or wrong. */
const CODED = 'xuU01234567';
const CODE = /x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})/y;

function unescaped(piece: string, found: { isCoded: boolean }): string {
  let value = '';
  let from = 0;
  for (let at = piece.indexOf('\\'); at !== -1; at = piece.indexOf('\\', Math.max(from, at + 2))) {
    value += piece.slice(from, at);
    const next = piece[at + 1] ?? '';
    if (next !== '' && CODED.includes(next)) found.isCoded = true;
    CODE.lastIndex = at + 1;
    const code = CODE.exec(piece);
    if (code !== null) {
      value += character(code);
      from = CODE.lastIndex;
    } else {
      // What stands for itself is not looked at again.
      const meant = ESCAPES[next];
      value += meant ?? '';
      from = at + (meant === undefined ? 1 : 2);
    }
  }
  return value + piece.slice(from);
}

function character([, short, four, eight, octal]: RegExpExecArray): string {
  const hex = short ?? four ?? eight;
  const code = hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
