/**
 * PostgreSQL's scanner reads all the characters of operators behind each `/*` before it gives them back: comments side by
 * side, or within one another, cost it the square of their number. To its grammar they are blanks.
 */
import { COMMENT, Token } from './token.ts';

/** Fewer cost nothing worth saying. */
const MANY = 256;

/** The same text with blanks, as many as they have bytes, for its comments in slashes; if there are few, the text itself. */
export function blankManyComments(sql: string): string {
  let count = 0;
  for (let at = sql.indexOf('/*'); at !== -1 && count < MANY; at = sql.indexOf('/*', at + 2)) count++;
  if (count < MANY) return sql;
  const token = new Token();
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < sql.length; ) {
    const end = token.read(sql, i, sql.length);
    // What is not closed is PostgreSQL's to say.
    if (end === -1) return sql;
    if (token.kind === COMMENT && sql.charCodeAt(i) === 47) {
      parts.push(sql.slice(from, i), ' '.repeat(Buffer.byteLength(sql.slice(i, end))));
      from = end;
    }
    i = end;
  }
  return parts.join('') + sql.slice(from);
}
