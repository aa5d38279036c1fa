/**
 * How much the parser repeats: of `SET (a, b, …) = (…)` its tree has the row once for each of the columns. One pass over
 * the tokens; where one is not closed, the count ends.
 */
import { COMMENT, NAME, SIGN, Token } from './token.ts';

interface Level {
  readonly kind: 'text' | 'bracket' | 'case';
  /** How many times what stands here is in the tree. */
  readonly times: number;
  /** The same, in a row that is assigned here: it ends at a comma, or where the list of assignments does. */
  row: number | undefined;
  /** Behind SET: assignments. */
  assigns: boolean;
  /** The columns of one, if it has more than one. */
  readonly isTargets: boolean;
  commas: number;
}

const [COMMA, OPEN, OPEN_ARRAY, CLOSE, CLOSE_ARRAY, EQUALS, SEMICOLON] = [...',([)]=;'].map((one) => one.charCodeAt(0));
/** They end a list of assignments, if they stand in no expression. */
const ENDS: ReadonlySet<string> = new Set(['where', 'from', 'returning', 'when']);
/** Brackets, and behind them what is assigned: a comment may stand between. */
const ASSIGNED = /\)\s*(?:=|--|\/\*)/;
const LONGEST = 'returning'.length;

/** Words, constants and operators in rows that are assigned, once for each column, those that end a clause aside. Beyond `enough` it counts no further. */
export function countRepeated(sql: string, enough: number): number {
  if (!/\bset\b/i.test(sql) || !ASSIGNED.test(sql)) return 0;
  const to = sql.length;
  const levels: Level[] = [{ kind: 'text', times: 1, row: undefined, assigns: false, isTargets: false, commas: 0 }];
  let level = levels[0]!;
  const token = new Token();
  let count = 0;
  /** Columns of the brackets that were closed just now. */
  let targets = 0;
  let before = '';
  const enter = (kind: Level['kind'], isTargets: boolean): void => {
    level = { kind, times: level.row ?? level.times, row: undefined, assigns: false, isTargets, commas: 0 };
    levels.push(level);
  };
  const leave = (): Level => {
    const left = level;
    if (levels.length > 1) levels.pop();
    level = levels.at(-1)!;
    return left;
  };
  for (let i = 0; i < to && count <= enough; ) {
    const start = i;
    const code = sql.charCodeAt(start);
    i = token.read(sql, start, to);
    if (i === -1) break;
    if (token.kind === COMMENT || isBlank(code)) continue;
    const closed = targets;
    targets = 0;
    const word = token.kind === NAME && i - start <= LONGEST ? sql.slice(start, i).toLowerCase() : '';
    const last = before;
    before = token.kind === SIGN ? sql[start]! : word;
    if (code === COMMA) {
      level.commas++;
      level.row = undefined;
      continue;
    }
    if (code === CLOSE || code === CLOSE_ARRAY) {
      while (level.kind === 'case') leave();
      const left = leave();
      if (left.isTargets) targets = left.commas + 1;
      continue;
    }
    if (code === SEMICOLON) levels.length = 1;
    if (code === SEMICOLON || (ENDS.has(word) && isEnd(word, last))) {
      level = levels.at(-1)!;
      level.row = undefined;
      level.assigns = false;
      continue;
    }
    const times = level.row ?? level.times;
    if (times > 1) count += times;
    if (code === OPEN || code === OPEN_ARRAY) {
      enter('bracket', code === OPEN && level.row === undefined && level.assigns && (last === 'set' || last === ','));
    } else if (code === EQUALS && closed > 1) level.row = level.times * closed;
    else if (word === 'set') level.assigns = true;
    else if (word === 'case' && last !== '.') enter('case', false);
    else if (word === 'end' && last !== '.' && level.kind === 'case') leave();
  }
  return count;
}

function isEnd(word: string, last: string): boolean {
  return last !== '.' && !(word === 'from' && last === 'distinct');
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
