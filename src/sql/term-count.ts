/**
 * How much there is to analyse in a text: its words, operators and opening brackets; and its constants, which cost less,
 * with what only separates them (commas, the brackets of a row, a sign). One pass, nothing is allocated for a token; where a
 * token is not closed, the count ends.
 */
import {
  CLASSES,
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
  WORD,
} from './token-ends.ts';

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
  let terms = 0;
  let constants = 0;
  let before = OTHER;
  let i = 0;
  while (i < to && terms <= enough && constants <= enough) {
    const code = sql.charCodeAt(i);
    let end = i + 1;
    let isConstant = false;
    switch (code < 128 ? CLASSES[code]! : WORD) {
      case WORD: {
        const quote = quoteBehindPrefix(sql, i, to);
        if (quote === -1) {
          end = endOfWord(sql, i, to);
          isConstant = isConstantWord(sql, i, end);
          if (!isConstant) terms++;
        } else if (sql.charCodeAt(quote) === 34) {
          end = endOfIdentifier(sql, quote + 1, to);
          terms++;
        } else {
          end = endOfString(sql, quote, to, (code | 32) === 101);
          isConstant = true;
        }
        break;
      }
      case DIGIT:
        end = endOfNumber(sql, i, to);
        isConstant = true;
        break;
      case QUOTE:
        end = endOfString(sql, i, to, false);
        isConstant = true;
        break;
      case DOUBLE_QUOTE:
        end = endOfIdentifier(sql, i + 1, to);
        terms++;
        break;
      case DOLLAR_SIGN: {
        const tagEnd = endOfTag(sql, i, to);
        if (tagEnd === -1) end = endOfParameter(sql, i, to);
        else end = bodies ? tagEnd : endOfDollar(sql, i, tagEnd, to);
        isConstant = true;
        break;
      }
      case DOT:
        isConstant = isDigit(sql.charCodeAt(i + 1));
        if (isConstant) end = endOfNumber(sql, i, to);
        break;
      default:
        if (code === 32 || (code >= 9 && code <= 13)) {
          i = end;
          continue;
        }
        if (isComment(sql, i)) {
          end = code === 45 ? endOfLine(sql, i, to) : endOfComment(sql, i, to);
          if (end === -1) return { terms, constants };
          i = end;
          continue;
        }
        if (code === 44) {
          before = COMMA;
          i = end;
          continue;
        }
        if (code === 40 || code === 91) {
          terms++;
          before = before === COMMA ? ROW : BRACKET;
          i = end;
          continue;
        }
        if (code === 41 || code === 93) break;
        if ((code === 45 || code === 43) && before !== OTHER && isNumberAt(sql, end)) {
          i = end;
          continue;
        }
        if (code === 58) {
          const next = sql.charCodeAt(end);
          if (next === 58 || next === 61) end++;
          terms++;
        } else if (code < 128 && OPERATORS[code] !== 0) {
          end = endOfOperators(sql, i, to);
          terms += operatorsIn(sql, i, end);
        } else terms++;
    }
    if (end === -1) return { terms, constants };
    if (isConstant) {
      constants++;
      if (before === ROW) terms--;
    }
    before = OTHER;
    i = end;
  }
  return { terms, constants };
}

const SIGN = 1;
const PLAIN_OPERATOR = 2;
/** An operator that has one of these may end in a sign. */
const SPECIAL_OPERATOR = 3;

const OPERATORS = new Uint8Array(128);
for (const character of '*/<>=') OPERATORS[character.charCodeAt(0)] = PLAIN_OPERATOR;
for (const character of '~!@#%^&|`?') OPERATORS[character.charCodeAt(0)] = SPECIAL_OPERATOR;
OPERATORS[43] = OPERATORS[45] = SIGN;

function endOfOperators(sql: string, start: number, to: number): number {
  let i = start;
  for (; i < to; i++) {
    const code = sql.charCodeAt(i);
    if (code >= 128 || OPERATORS[code] === 0 || (i > start && isComment(sql, i))) break;
  }
  return i;
}

/** `=-` is two, `@-` is one. @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS */
function operatorsIn(sql: string, start: number, end: number): number {
  for (let i = start; i < end; i++) if (OPERATORS[sql.charCodeAt(i)] === SPECIAL_OPERATOR) return 1;
  let signs = 0;
  while (signs < end - start && OPERATORS[sql.charCodeAt(end - 1 - signs)] === SIGN) signs++;
  return signs === end - start ? signs : signs + 1;
}

function isComment(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  return (code === 45 || code === 47) && sql.charCodeAt(at + 1) === (code === 45 ? 45 : 42);
}

function isNumberAt(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  return isDigit(code) || (code === 46 && isDigit(sql.charCodeAt(at + 1)));
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
