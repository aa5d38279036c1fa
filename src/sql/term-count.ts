/**
 * How much there is to analyse in a text: its words, operators and opening brackets; and its constants, which cost less,
 * with what only separates them (commas, the brackets of a row, a sign). One pass, nothing is allocated for a token; where a
 * token is not closed, the count ends.
 */
import { COMMENT, DOLLAR, NAME, NUMBER, PARAMETER, SIGN, Token } from './token.ts';
import { endOfTag, isDigit, isSign } from './token-ends.ts';

/** What stands before a token, blanks and comments aside. */
const OTHER = 0;
const COMMA = 1;
const BRACKET = 2;
/** A bracket behind a comma: that of a row, if a constant follows. */
const ROW = 3;

export interface TermCount {
  readonly terms: number;
  readonly constants: number;
}

/** Beyond `enough` of either it counts no further. `bodies`: what stands in dollar quotes is counted too. */
export function countTerms(sql: string, enough: number, bodies = false): TermCount {
  const to = sql.length;
  const token = new Token();
  let terms = 0;
  let constants = 0;
  let before = OTHER;
  for (let i = 0; i < to && terms <= enough && constants <= enough; ) {
    const code = sql.charCodeAt(i);
    if (code === 32 || (code >= 9 && code <= 13)) {
      i++;
      continue;
    }
    const isOne = isSign(code);
    let end = isOne ? i + 1 : token.read(sql, i, to);
    const kind = isOne ? SIGN : token.kind;
    if (kind === DOLLAR && bodies) end = endOfTag(sql, i, to);
    if (end === -1) break;
    if (kind <= NUMBER || kind === PARAMETER || (kind === NAME && isConstantWord(sql, i, end))) {
      constants++;
      if (before === ROW) terms--;
      before = OTHER;
    } else if (kind !== SIGN) {
      if (kind !== COMMENT) {
        terms++;
        before = OTHER;
      }
    } else if (code === 44) before = COMMA;
    else if (code === 40 || code === 91) {
      terms++;
      before = before === COMMA ? ROW : BRACKET;
    } else if (code === 41 || code === 93) before = OTHER;
    else if (!isSignOfNumber(sql, i) || before === OTHER) {
      end = endOfOperators(sql, i, to);
      terms += code === 46 ? 0 : operatorsIn(sql, i, end);
      before = OTHER;
    }
    i = end;
  }
  return { terms, constants };
}

const PLUS_MINUS = 1;
const PLAIN_OPERATOR = 2;
/** An operator that has one of these may end in a sign. */
const SPECIAL_OPERATOR = 3;

const OPERATORS = new Uint8Array(128);
for (const character of '*/<>=') OPERATORS[character.charCodeAt(0)] = PLAIN_OPERATOR;
for (const character of '~!@#%^&|`?') OPERATORS[character.charCodeAt(0)] = SPECIAL_OPERATOR;
OPERATORS[43] = OPERATORS[45] = PLUS_MINUS;

/** Of `::` and `:=` too; what is no operator is one character. */
function endOfOperators(sql: string, start: number, to: number): number {
  if (sql.charCodeAt(start) === 58) {
    const next = sql.charCodeAt(start + 1);
    return next === 58 || next === 61 ? start + 2 : start + 1;
  }
  let i = start;
  for (; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code >= 128 || OPERATORS[code] === 0 || (i > start && isComment(sql, i))) break;
  }
  return Math.max(i, start + 1);
}

/** `=-` is two, `@-` is one. @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS */
function operatorsIn(sql: string, start: number, end: number): number {
  for (let i = start; i < end; i++) if (OPERATORS[sql.charCodeAt(i)] === SPECIAL_OPERATOR) return 1;
  let signs = 0;
  while (signs < end - start && OPERATORS[sql.charCodeAt(end - 1 - signs)] === PLUS_MINUS) signs++;
  return signs === end - start ? signs : signs + 1;
}

function isComment(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  return (code === 45 || code === 47) && sql.charCodeAt(at + 1) === (code === 45 ? 45 : 42);
}

function isSignOfNumber(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  if (code !== 45 && code !== 43) return false;
  const next = sql.charCodeAt(at + 1);
  return isDigit(next) || (next === 46 && isDigit(sql.charCodeAt(at + 2)));
}

const CONSTANT_WORDS = ['null', 'true', 'false', 'default'] as const;

function isConstantWord(sql: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 4 || length > 7) return false;
  return CONSTANT_WORDS.some((word) => {
    if (word.length !== length) return false;
    for (let i = 0; i < length; i++) if ((sql.charCodeAt(start + i) | 32) !== word.charCodeAt(i)) return false;
    return true;
  });
}
