/** What is found once is what is found when each part is looked at each time that it is asked for. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KnownValues } from '../../../src/sql/lineage/known-values.ts';
import type { ColumnUse, StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import { traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();
const COLUMNS = ['p.mail', 'p.name', 'p.tel', "'x'", "(p.doc ->> 'k')", '$1'];

/** Texts and conditions whose parts are asked for more than once. */
const { value } = fc.letrec<{ value: string; condition: string }>((tie) => {
  const made = (...parts: fc.Arbitrary<string>[]) => ({
    by: (text: (...parts: string[]) => string) => fc.tuple(...parts).map((all) => text(...all)),
  });
  const [one, condition] = [tie('value'), tie('condition')];
  return {
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(...COLUMNS),
      made(one, one).by((a, b) => `nullif(${a}, ${b})`),
      made(one, one).by((a, b) => `coalesce(${a}, (1 / length(${b}))::text)`),
      made(condition, one, one).by((c, a, b) => `CASE WHEN ${c} THEN ${a} ELSE ${b} END`),
      made(one, one, one).by((a, b, c) => `CASE ${a} WHEN ${b} THEN ${c} END`),
      made(one, one).by((a, b) => `(${a} || ${b})`),
      made(one).by((a) => `lower(${a})`),
      made(condition).by((c) => `(${c})::text`),
      made(one, one).by((a, b) => `mail_of(length(${a}) + length(${b}))`),
      made(one, one).by((a, b) => `glued(${a}, ${b})`),
      made(one, condition).by((a, c) => `(SELECT ${a} FROM person q WHERE ${c} AND q.name = p.name LIMIT 1)`),
    ),
    condition: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      made(one, one).by((a, b) => `${a} = ${b}`),
      made(one, one, one).by((a, b, c) => `${a} IN (${b}, ${c}, 'z')`),
      made(one, one, one).by((a, b, c) => `(${a}, ${b}) = (${c}, 'y')`),
      made(one, one).by((a, b) => `ROW(${a}, 1 / length(${b})) < ROW('x', 1)`),
      made(one, one).by((a, b) => `(${a}, ${b}) = (SELECT q.name, ${a} FROM person q LIMIT 1)`),
      made(condition, one).by((c, a) => `(${c} AND 1 / length(${a}) = 1)`),
      made(condition, condition).by((c, d) => `(${c} OR ${d})`),
      made(one, one).by((a, b) => `${a} IN (SELECT q.mail FROM person q WHERE q.tel = ${b})`),
      made(one).by((a) => `${a} IS NULL`),
      made(one, one).by((a, b) => `${a} BETWEEN 'a' AND ${b}`),
    ),
  };
});

const statement = fc.oneof(
  fc.tuple(value, value).map(([a, b]) => `SELECT ${a} AS a, ${b} AS b FROM person p WHERE ${b} = ${a}`),
  fc.tuple(value, value).map(([a, b]) => `SELECT p.id FROM person p ORDER BY ${a}, ${b} LIMIT 3`),
  fc.tuple(value, value).map(([a, b]) => `UPDATE person p SET (mail, name) = (${a}, ${b}) RETURNING ${a}`),
  fc.tuple(value, value).map(([a, b]) => `UPDATE person p SET (mail, name) = (SELECT ${a}, ${b}), tel = ${a}`),
  fc.tuple(value, value).map(([a, b]) => `UPDATE firm f SET title = coalesce(title || ${a}, ${b}) FROM person p`),
  fc
    .tuple(value, value)
    .map(([a, b]) => `SELECT 1 FROM person p FULL JOIN person q ON p.mail = q.mail AND p.name = ${a} OR ${b} = q.tel`),
);

function lineageOf(sql: string): StatementLineage {
  return traceLineage(sql, test.grammar, test.world()).statements[0]!;
}

/** In no order, without doubles. */
function comparable(lineage: StatementLineage): unknown {
  const plain = (item: unknown): string =>
    JSON.stringify(item, (key, part: unknown) =>
      key === 'own' ? undefined : key === 'against' ? (part as unknown[]).map(plain).sort() : part,
    );
  return Object.fromEntries(
    Object.entries(lineage).map(([key, part]) => [
      key,
      key !== 'columns' && Array.isArray(part) ? [...new Set(part.map(plain))].sort() : plain(part),
    ]),
  );
}

/** How many values of the text's own a use meets. */
function own(uses: readonly ColumnUse[]): ReadonlyMap<string, number> {
  return new Map(uses.map(({ own: many = 0, against: _, ...use }) => [JSON.stringify(use), many]));
}

describe('what is known of a part', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is what it would be if it were asked for anew', () => {
    let spared = 0;
    fc.assert(
      fc.property(statement, (sql) => {
        const shared = lineageOf(sql);
        const get = vi.spyOn(KnownValues.prototype, 'get').mockReturnValue(undefined);
        const anew = lineageOf(sql);
        get.mockRestore();
        expect(comparable(shared)).toEqual(comparable(anew));
        const counted = own(anew.uses);
        for (const [use, many] of own(shared.uses)) {
          expect(many).toBeLessThanOrEqual(counted.get(use)!);
          if (many < counted.get(use)!) spared++;
        }
      }),
      { numRuns: 400 },
    );
    // Otherwise nothing was shared.
    expect(spared).toBeGreaterThan(0);
  });

  it('is not that of the same words behind another statement of a body', () => {
    const body = (table: string): string => `CREATE TEMP TABLE z AS ${table}; PERFORM v FROM z WHERE v = 'x';`;
    const reads = (sql: string) => lineageOf(`DO $$ BEGIN ${sql} END $$`).opaque.flatMap((one) => one.reads);
    const [title] = reads(body('SELECT title AS v FROM firm'));
    const [mail] = reads(body('SELECT mail AS v FROM person'));
    expect(
      reads(`${body('SELECT title AS v FROM firm')} DROP TABLE z; ${body('SELECT mail AS v FROM person')}`),
    ).toEqual(expect.arrayContaining([title, mail]));
  });
});
