/**
 * How much PL/pgSQL's parser searches: it looks for a word among all the names that are declared before it, one after the
 * other. One pass over the tokens of a routine; where one is not closed, the count ends. What a block declares counts behind
 * it too, and so do words that the parser leaves to SQL's.
 */
import { COMMENT, DOLLAR, IDENTIFIER, NAME, Token } from './token.ts';
import { endOfTag } from './token-ends.ts';

const [COMMA, SEMICOLON] = [...',;'].map((one) => one.charCodeAt(0));
/** A statement begins behind them. */
const BEFORE_STATEMENT: ReadonlySet<string> = new Set(['', ';', '>', 'begin', 'then', 'else', 'loop']);
const LONGEST = 'declare'.length;

/** Words, each once for every name. Beyond `enough` it counts no further. */
export function countSearched(routine: string, enough: number): number {
  const to = routine.length;
  const token = new Token();
  let names = 0;
  let count = 0;
  let where: 'parameters' | 'declarations' | 'statements' = 'parameters';
  let isCursor = false;
  let before = '';
  for (let i = 0; i < to && count <= enough; ) {
    const start = i;
    const code = routine.charCodeAt(start);
    i = token.read(routine, start, to);
    const { kind } = token;
    if (kind === DOLLAR && where === 'parameters') {
      where = 'statements';
      i = endOfTag(routine, start, to);
      before = '';
    }
    if (i === -1) break;
    if (kind === COMMENT || kind === DOLLAR || code === 32 || (code >= 9 && code <= 13)) continue;
    const isWord = kind === NAME || kind === IDENTIFIER;
    const word = kind === NAME && i - start <= LONGEST ? routine.slice(start, i).toLowerCase() : '';
    if (isWord) count += names;
    if (where === 'parameters') {
      // One of a parameter's names is its number.
      if (isWord) names++;
    } else if (where === 'declarations') {
      if (word === 'cursor') isCursor = true;
      else if (code === SEMICOLON) isCursor = false;
      if (code === SEMICOLON || (code === COMMA && isCursor)) names++;
      if (word === 'begin') where = 'statements';
    } else if (word === 'declare') where = 'declarations';
    // What it compares is a variable of its own.
    else if (word === 'case' && BEFORE_STATEMENT.has(before)) names++;
    before = isWord ? word || '?' : routine[start]!;
  }
  return count;
}
