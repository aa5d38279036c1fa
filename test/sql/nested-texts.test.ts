/** Bodies within one text are bounded all together, however many there are and however they are given. */
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { type Grammar, loadGrammar } from '../../src/sql/grammar.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(18);
});

const many = (n: number, one: (i: number) => string): string => Array.from({ length: n }, (_, i) => one(i)).join(' ');
const STATEMENTS = many(2_000, (i) => `UPDATE t SET a = b WHERE id = ${i};`);

describe('bodies of 16,000 words and operators each', () => {
  it.each<[string, (n: number) => string]>([
    ['DO', (n) => many(n, () => `DO $$ BEGIN ${STATEMENTS} END $$;`)],
    ['functions', (n) => many(n, (i) => `CREATE FUNCTION f${i}() RETURNS void LANGUAGE sql AS '${STATEMENTS}';`)],
    ['EXECUTE', (n) => `DO $$ BEGIN ${many(n, () => `EXECUTE '${STATEMENTS}';`)} END $$`],
  ])(
    '%s: two are analysed, 24 are refused',
    (_what, made) => {
      expect(analyse(made(2), grammar).error).toBeUndefined();
      expect(analyse(made(24), grammar).error).toMatchObject({
        kind: 'too_complex',
        sqlstate: '54001',
        message: expect.stringMatching(/words and operators in bodies of routines, more than 300000 are not analysed$/),
      });
    },
    30_000,
  );
});
