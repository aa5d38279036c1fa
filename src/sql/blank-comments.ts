/**
 * Comments that are blanks to PostgreSQL's grammar, and must be to the parser, which is made of it:
 * - those between the pieces of a constant; to the parser such pieces would be several constants;
 * - those of which there are many: its scanner reads all the characters of operators behind each `/*` before it gives them
 *   back, so comments side by side, or within one another, cost it the square of their number.
 */
import { BITS, COMMENT, DOLLAR, ESCAPE, Token } from './token.ts';
import { endOfLine, endOfTag, piecesOf } from './token-ends.ts';

/** Fewer cost nothing worth saying. */
const MANY = 256;

const WITHIN_CONSTANT = /'[ \t\n\r\f\v]*--/;

/** The same text with blanks, as many as they have bytes, for those comments; if there are none, the text itself. */
export function blankComments(sql: string): string {
  const isWithin = WITHIN_CONSTANT.test(sql);
  const areMany = hasMany(sql);
  if (!isWithin && !areMany) return sql;
  const token = new Token();
  const parts: string[] = [];
  let from = 0;
  const blank = (start: number, end: number): void => {
    parts.push(sql.slice(from, start), ' '.repeat(Buffer.byteLength(sql.slice(start, end))));
    from = end;
  };
  for (let i = 0; i < sql.length; ) {
    const end = token.read(sql, i, sql.length);
    // What is not closed is PostgreSQL's to say.
    if (end === -1) return sql;
    if (areMany && token.kind === COMMENT && sql.charCodeAt(i) === 47) blank(i, end);
    if (isWithin && token.kind <= BITS) {
      for (const [start, behind] of commentsWithin(sql, sql.indexOf("'", i), end, token.kind === ESCAPE)) {
        blank(start, behind);
      }
    }
    i = end;
  }
  return parts.join('') + sql.slice(from);
}

/** The same for what stands in dollar quotes: the body of a CREATE FUNCTION or DO. */
export function blankCommentsOfBodies(routine: string): string {
  if (!hasMany(routine)) return routine;
  const token = new Token();
  const parts: string[] = [];
  for (let i = 0; i < routine.length; ) {
    const end = token.read(routine, i, routine.length);
    if (end === -1) return routine;
    const text = routine.slice(i, end);
    const tag = token.kind === DOLLAR ? endOfTag(text, 0, text.length) : 0;
    parts.push(tag === 0 ? text : text.slice(0, tag) + blankComments(text.slice(tag, -tag)) + text.slice(-tag));
    i = end;
  }
  return parts.join('');
}

function hasMany(sql: string): boolean {
  let count = 0;
  for (let at = sql.indexOf('/*'); at !== -1 && count < MANY; at = sql.indexOf('/*', at + 2)) count++;
  return count >= MANY;
}

/** Between the pieces of a constant: nothing but blanks and comments to the end of a line. */
function* commentsWithin(sql: string, quote: number, end: number, escapes: boolean): Generator<[number, number]> {
  let behind = -1;
  for (const [start, next] of piecesOf(sql, quote, end, escapes)) {
    const gap = behind === -1 ? '' : sql.slice(behind, start);
    for (let at = gap.indexOf('--'); at !== -1; ) {
      const to = endOfLine(gap, at, gap.length);
      yield [behind + at, behind + to];
      at = gap.indexOf('--', to);
    }
    behind = next + 1;
  }
}
