/** What the parser repeats of rows that are assigned, against its trees, and what is refused for having too much of it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Grammar, loadGrammar, TooComplexError } from '../../src/sql/grammar.ts';
import { countRepeated } from '../../src/sql/repeated-rows.ts';
import { isTree } from '../../src/sql/tree.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(18);
});

const count = (sql: string): number => countRepeated(sql, Number.POSITIVE_INFINITY);
const many = (n: number, one: (i: number) => string): string => Array.from({ length: n }, (_, i) => one(i)).join(', ');

/** Names and constants in rows that a tree has more than once. */
function repeatedIn(tree: unknown, isRepeated = false): number {
  if (Array.isArray(tree)) return tree.reduce((sum: number, one) => sum + repeatedIn(one, isRepeated), 0);
  if (!isTree(tree)) return 0;
  let sum = 0;
  for (const key in tree) {
    const part = tree[key];
    const assigned = key === 'MultiAssignRef' && isTree(part) && Number(part.ncolumns) > 1;
    if (isRepeated && (key === 'ColumnRef' || key === 'A_Const')) sum++;
    sum += repeatedIn(part, isRepeated || assigned);
  }
  return sum;
}

describe('rows that are assigned', () => {
  it.each<[string, number]>([
    ['UPDATE t SET a = 1, b = 2', 0],
    ['UPDATE t SET (a) = (1)', 0],
    ['UPDATE t SET (a, b) = (1, 2)', 6],
    ['UPDATE t SET (a, b) = ROW(1, 2) WHERE (x, y) = (3, 4)', 8],
    ['UPDATE t SET x = 1, (a, b) = (1, 2), c = 3, (d, e, f) = (1, 2, 3) FROM u', 6 + 12],
    ['UPDATE t SET (a, b) = (SELECT c, d FROM u WHERE c = 1) WHERE a = 2', 16],
    ['UPDATE t SET (a, b) = (WITH w AS (UPDATE t SET (c, d, e) = (1, 2, 3)) SELECT 1)', 26 + 24 + 4],
    ['SELECT 1 WHERE (a, b) = (1, 2)', 0],
    ["UPDATE t SET a = 'SET (a, b) = (1, 2)' -- SET (a, b) = (1, 2)", 0],
    ['UPDATE t SET (a, b) /* , */ = /* ( */ (1, 2)', 6],
    [
      'INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET (a, b) = (1, 2) WHERE t.a = 1 RETURNING (a, b) = (1, 2)',
      6,
    ],
    ['MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET (a, b) = (1, 2) WHEN NOT MATCHED THEN DO NOTHING', 6],
    ['UPDATE t SET (a, b) = (1, 2); SELECT (a, b) = (1, 2)', 6],
  ])('%s', (sql, expected) => {
    expect(count(sql)).toBe(expected);
    expect(() => grammar.parse(sql)).not.toThrow();
  });

  it('are never more in the tree', () => {
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('a', '1', "'x'", 'b.end', 'b.case', '"set"', '$$,$$', 'NULL'),
        fc.tuple(tie('value'), tie('value')).map(([a, b]) => `(${a}, ${b})`),
        fc.tuple(tie('value'), tie('value')).map(([a, b]) => `(${a} IS NOT DISTINCT FROM ${b})`),
        fc.tuple(tie('value'), tie('value')).map(([a, b]) => `CASE ${a} WHEN ${b} THEN b.end ELSE ${a} END`),
        fc.tuple(tie('value'), tie('value')).map(([a, b]) => `(SELECT ${a} AS end FROM u WHERE ${b})`),
        fc.tuple(tie('value'), tie('value')).map(([a, b]) => `ARRAY[${a}, substring(${b} FROM 1)]`),
        tie('value').map((a) => `(WITH w AS (UPDATE t SET (c, d, e) = (${a}, a)) SELECT ${a} FROM w)`),
      ),
    }));
    const assignment = fc.oneof(
      value.map((a) => `x = ${a}`),
      fc.tuple(value, value).map(([a, b]) => `(a, "b,", c[1].d) = ROW(${a}, ${b})`),
      fc.tuple(value, value).map(([a, b]) => `(a, b) /*,*/=--\n(${a}, ${b})`),
      fc.tuple(value, value).map(([a, b]) => `(a, b) = ${a} IS DISTINCT FROM ${b}`),
      fc.tuple(value, value).map(([a, b]) => `(a, b) = b.where + ${a} + b.from + ${b}`),
      fc.tuple(value, value).map(([a, b]) => `(a, b) = CASE WHEN ${a} THEN ${b} END`),
    );
    const statement = fc
      .tuple(fc.array(assignment, { minLength: 1, maxLength: 3 }), value)
      .map(([all, a]) => `UPDATE t SET ${all.join(',')} FROM u WHERE ${a}; SELECT ${a}`);
    fc.assert(
      fc.property(statement, (sql) => {
        const found = repeatedIn(grammar.parse(sql).map(({ node }) => node));
        expect(count(sql)).toBeGreaterThanOrEqual(found);
      }),
      { numRuns: 500 },
    );
  });

  it('of a thousand columns are refused before they are parsed, of 500 they are not', () => {
    const update = (n: number): string => `UPDATE t SET (${many(n, (i) => `c${i}`)}) = (${many(n, (i) => `d${i}`)})`;
    expect(() => grammar.parse(update(1000))).toThrow(TooComplexError);
    expect(() => grammar.parse(`PREPARE p AS ${update(1000).toLowerCase()}`)).toThrow(/SET \(…\) = \(…\)/);
    expect(grammar.parse(update(500))).toHaveLength(1);
  });
});
