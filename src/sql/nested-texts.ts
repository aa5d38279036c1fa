/** What stands within one text: bodies of routines, what EXECUTE is given. All of it together is bounded, as the text itself is. */
import { type Grammar, TooComplexError } from './grammar.ts';
import { countTerms } from './term-count.ts';

/** Half a second to a second; a PL/pgSQL body counts twice, as a whole and by its pieces. */
const MAX_NESTED = 300_000;

/** The grammar for what is within one text. */
export function nestedGrammar(grammar: Grammar): Grammar {
  let nested = 0;
  const count = (sql: string, bodies: boolean): void => {
    nested += countTerms(sql, MAX_NESTED, bodies).terms;
    if (nested > MAX_NESTED) throw new TooComplexError('words and operators in bodies of routines', nested, MAX_NESTED);
  };
  return {
    parse(sql) {
      count(sql, false);
      return grammar.parse(sql);
    },
    parseRoutine(sql) {
      count(sql, true);
      return grammar.parseRoutine(sql);
    },
  };
}
