import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import type { StatementFacts } from '../../src/sql/facts.ts';
import { type Grammar, loadGrammar } from '../../src/sql/grammar.ts';
import { bareName, nameParts } from '../../src/sql/names.ts';
import { NO_ROUTINES, NOTHING_MADE, withRoutines } from '../../src/sql/routines.ts';
import { type View, viewOf } from '../../src/sql/shown-columns.ts';

let grammar: Grammar;
let views: ReadonlyMap<string, readonly View[]>;

const DEFINITIONS = [
  `CREATE VIEW public.v AS SELECT t.id, t.a, 1 AS one, 'x'::text AS kind, lower(t.a) AS small, t.id * 2 AS twice FROM public.t`,
  'CREATE VIEW public.over (key, same, word) AS SELECT v.id, v.one, v.a FROM public.v',
  'CREATE VIEW public.pair AS SELECT t.id, u.b FROM (public.t JOIN public.u ON t.id = u.id)',
  'CREATE VIEW public.either AS SELECT t.id, t.a FROM public.t UNION ALL SELECT u.id, 1 FROM public.u',
  `CREATE VIEW public.kinds AS SELECT 't' AS kind, t.id, 1 AS a FROM public.t UNION ALL SELECT 'u', u.id, u.b FROM public.u`,
  'CREATE VIEW public.summed AS SELECT t.a, count(*) AS n FROM public.t GROUP BY t.a',
  'CREATE VIEW public.listed AS WITH c AS (SELECT t.id, 2 AS two FROM public.t) SELECT c.id, c.two FROM c',
  'CREATE VIEW other.t AS SELECT s.x FROM other.s',
  'CREATE VIEW other.u AS SELECT s.x AS id, 3 AS three FROM other.s',
  'CREATE VIEW public.ring AS SELECT ring.id FROM public.ring',
];

beforeAll(async () => {
  grammar = await loadGrammar(17);
  const found = new Map<string, View[]>();
  for (const sql of DEFINITIONS) for (const view of made(facts(sql))) found.set(view.bare, [view]);
  views = new Map([...found, ['locked', [viewOf('public', undefined)]], ['t', [...(found.get('t') ?? [])]]]);
});

function facts(sql: string): readonly StatementFacts[] {
  const analysis = analyse(sql, grammar);
  expect(analysis.error, sql).toBeUndefined();
  return analysis.statements;
}

function made(statements: readonly StatementFacts[]): (View & { readonly bare: string })[] {
  return statements
    .flatMap((one) => one.shows ?? [])
    .map((one) => {
      const parts = nameParts(one.name);
      return { ...viewOf(parts.length > 1 ? (parts[0] ?? '') : '', one), bare: bareName(one.name) };
    });
}

/** What is found in the last statement, those before it having been judged a moment ago. */
function kinds(sql: string): string[] {
  const statements = facts(sql);
  const lately = made(statements);
  const judged = withRoutines(
    statements,
    { ...NO_ROUTINES, views },
    { ...NOTHING_MADE, views: (name) => lately.filter((one) => one.bare === name) },
  );
  return (judged.at(-1)?.findings ?? [])
    .map(({ kind }) => kind)
    .filter((kind) => ['delete_without_where', 'update_without_where', 'merge_all_rows'].includes(kind));
}

const MADE = 'CREATE VIEW w AS SELECT *, 1 AS one FROM t;';

describe('columns of views that are the same in every row', () => {
  it.each([
    'DELETE FROM v WHERE one = 1',
    "UPDATE public.v SET a = 2 WHERE kind = 'x'",
    "UPDATE v SET a = 2 WHERE one = $1 AND kind LIKE 'xyz%'",
    'DELETE FROM v WHERE id = 3 OR one = 1',
    'DELETE FROM v WHERE (one, kind) = ($1, $2)',
    'DELETE FROM v WHERE one = ANY ($1)',
    'DELETE FROM v WHERE lower(kind) = $1',
    'DELETE FROM v WHERE twice = 4',
    'DELETE FROM over WHERE same = 1',
    'DELETE FROM t USING pair WHERE t.id = pair.id',
    'DELETE FROM t USING either e WHERE t.id = e.id AND e.a = 1',
    "DELETE FROM t USING kinds k WHERE t.id = k.id AND k.kind = 't'",
    'DELETE FROM t USING kinds k WHERE t.id = k.id AND k.a = 1',
    'DELETE FROM t USING summed s WHERE t.a = s.a AND s.n = 1',
    'DELETE FROM t WHERE id IN (SELECT l.id FROM listed l WHERE l.two = 2)',
    'DELETE FROM t WHERE EXISTS (SELECT FROM v WHERE v.id = t.id AND v.one = 1)',
    'DELETE FROM t USING v WHERE v.one = 1 AND t.id = v.id',
    'DELETE FROM t USING v JOIN u USING (one) WHERE u.one = 1 AND t.id = v.id',
    'WITH c AS (SELECT * FROM v) DELETE FROM t USING c WHERE c.one = 1 AND c.id = t.id',
    'WITH c AS (SELECT id FROM v WHERE one = 1) DELETE FROM t USING c WHERE c.id = t.id',
    'DELETE FROM t USING over AS n(x, y, z) WHERE n.x = t.id AND n.x = 1',
    'MERGE INTO v USING (VALUES (1)) s(x) ON v.one = s.x WHEN MATCHED THEN DELETE',
    'MERGE INTO t USING v ON t.id = v.id AND v.one = 1 WHEN MATCHED THEN UPDATE SET a = 1',
    'INSERT INTO t SELECT t.* FROM t JOIN v ON v.id = t.id AND v.one = 1 ON CONFLICT (id) DO UPDATE SET a = 1',
    'DO $$ BEGIN UPDATE v SET a = 1 WHERE one = 1; END $$',
    'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM v WHERE one = 1 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$',
    'SELECT lo_unlink(v.id) FROM v WHERE one = 1',
    'DELETE FROM locked WHERE id = 1',
    'DELETE FROM u WHERE three = 3',
    `${MADE} DELETE FROM w WHERE one = 1`,
    'CREATE VIEW w (a, b) AS SELECT id, 1 FROM t; DELETE FROM w WHERE b = 1',
    'CREATE VIEW w (a, b) AS SELECT * FROM v; DELETE FROM w WHERE a = 1',
    `${MADE} CREATE VIEW x AS SELECT * FROM w; DELETE FROM x WHERE one = 1`,
    `${MADE} CREATE VIEW x AS SELECT one AS id FROM w; DELETE FROM x WHERE id = 1`,
    `${MADE} ALTER VIEW w RENAME COLUMN one TO flag; DELETE FROM w WHERE flag = 1`,
    `${MADE} ALTER VIEW w RENAME TO x; DELETE FROM x WHERE one = 1`,
    `${MADE} ALTER VIEW w SET SCHEMA s; DELETE FROM s.w WHERE one = 1`,
    'CREATE RULE "_RETURN" AS ON SELECT TO w DO INSTEAD SELECT id, 1 AS one FROM t; DELETE FROM w WHERE one = 1',
    'CREATE SCHEMA s CREATE VIEW w AS SELECT 1 AS one; DELETE FROM s.w WHERE one = 1',
    'CREATE VIEW v AS SELECT id, id AS one FROM t; DELETE FROM v WHERE one = 1',
  ])('%s', (sql) => expect(kinds(sql)).toHaveLength(1));

  it.each([
    'DELETE FROM v WHERE id = 1',
    'UPDATE v SET a = 2 WHERE one = 1 AND id = 3',
    'UPDATE v SET a = 2 WHERE id = 3 AND one = 1',
    "DELETE FROM v WHERE id = 3 OR small = 'a'",
    "DELETE FROM v WHERE (id = 3 OR small = 'a') AND one = 1",
    'DELETE FROM over WHERE key = 1',
    'DELETE FROM t USING pair WHERE t.id = pair.id AND pair.b = 7',
    'DELETE FROM t USING either e WHERE t.id = e.id AND t.id = 1',
    'DELETE FROM t USING either e WHERE t.id = e.id AND e.id = 1',
    'DELETE FROM t USING kinds k WHERE t.id = k.id AND k.id = 1',
    "DELETE FROM t USING summed s WHERE t.a = s.a AND s.a = 'x'",
    'DELETE FROM t WHERE id IN (SELECT l.id FROM listed l WHERE l.id = 2)',
    'DELETE FROM t WHERE EXISTS (SELECT FROM v WHERE v.id = t.id AND v.id = 1)',
    'WITH c AS (SELECT * FROM v) DELETE FROM t USING c WHERE c.id = 1 AND c.id = t.id',
    'MERGE INTO v USING (VALUES (1)) s(x) ON v.id = s.x WHEN MATCHED THEN DELETE',
    'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM v WHERE one = 1 LOOP DELETE FROM t WHERE id = 5; END LOOP; END $$',
    'SELECT lo_unlink(v.id) FROM v WHERE id = 1',
    'DELETE FROM t WHERE id = 1',
    'DELETE FROM t WHERE three = 3',
    'DELETE FROM public.u WHERE three = 3',
    'DELETE FROM ring WHERE id = 1',
    `${MADE} DELETE FROM w WHERE id = 1`,
    'CREATE VIEW w (a, b) AS SELECT id, 1 FROM t; DELETE FROM w WHERE a = 1',
    'CREATE VIEW w (a, b) AS SELECT * FROM nothing_else; DELETE FROM w WHERE a = 1',
    `${MADE} ALTER VIEW w RENAME COLUMN id TO nr; DELETE FROM w WHERE nr = 1`,
    `${MADE} ALTER VIEW w RENAME TO x; DELETE FROM x WHERE id = 1`,
    'INSERT INTO v (id, a) VALUES (1, 2)',
    'SELECT * FROM v WHERE one = 1',
  ])('%s narrows', (sql) => expect(kinds(sql)).toEqual([]));

  it('counts on a list of one’s own only where it is compared by a column that tells rows apart', () => {
    const partners = (sql: string): unknown => {
      const [judged] = withRoutines(facts(sql), { ...NO_ROUTINES, views }, NOTHING_MADE);
      return judged?.findings[0]?.unless?.map(({ relation }) => relation);
    };
    expect(partners('DELETE FROM v USING mine WHERE v.id = mine.x')).toEqual(['mine']);
    expect(partners('DELETE FROM v USING mine WHERE v.one = mine.x')).toEqual([]);
    expect(partners('DELETE FROM v WHERE one IN (SELECT x FROM mine)')).toEqual([]);
    expect(partners('DELETE FROM v USING mine WHERE v.one = 1 AND v.id = mine.x')).toEqual(['mine']);
  });

  it('counts none of the columns while nobody has read which views there are', () => {
    const [judged] = withRoutines(facts('DELETE FROM t WHERE id = 1'), NO_ROUTINES, NOTHING_MADE);
    expect(judged?.findings.map(({ kind }) => kind)).toEqual(['delete_without_where']);
  });

  it('looks at no more than it can in little time', () => {
    const arms = Array.from({ length: 3_000 }, (_, i) => `c${i} = 1`);
    for (const word of [' OR ', ' AND ']) {
      expect(kinds(`DELETE FROM v WHERE ${arms.join(word)}`)).toEqual([]);
    }
    expect(kinds(`DELETE FROM v WHERE ${'lower('.repeat(60)}a${')'.repeat(60)} = 'x'`)).toEqual([]);
  });
});

describe('what the columns of a view rest on', () => {
  /** By name, as the text says it. */
  const grounds = (sql: string): Map<string, string> => {
    const [shown] = facts(sql).flatMap((one) => one.shows ?? []);
    return new Map(shown?.columns.map((one) => [one.name, JSON.stringify(one.grounds)]));
  };
  const value = fc.constantFrom(
    'a.id',
    'a.name',
    'b.id',
    "'x'",
    'lower(a.name)',
    'c.n',
    'c.k',
    'd.one',
    'a.id + 1',
    'e.v',
  );
  const source = fc.constantFrom(
    't a, u b, (SELECT id AS n, 1 AS k FROM v) c, v d, v e',
    't a JOIN u b ON a.id = b.id, (SELECT n, k FROM (SELECT x.id AS n, x.name AS k FROM v x) y) c, LATERAL (SELECT a.id AS one) d, v e',
    't a, u b, (SELECT id AS n, name AS k FROM v UNION SELECT id, 1 FROM w) c, (SELECT *, id AS one FROM v UNION ALL SELECT *, 2 FROM w) d, t e',
    'w a, w b, w c, (SELECT x.*, y.* FROM (SELECT *, id AS one FROM v UNION SELECT *, id FROM w) x, u y) d, (VALUES (1, 2)) e (v, w)',
  );

  it('is the same for each of many as for it alone', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), source, (values, from) => {
        const view = (listing: string): string => `CREATE VIEW z AS SELECT ${listing} FROM ${from}`;
        const together = grounds(view(values.map((one, i) => `${one} AS c${i}`).join(', ')));
        for (const [i, one] of values.entries()) {
          expect([`c${i}`, together.get(`c${i}`)]).toEqual([`c${i}`, grounds(view(`${one} AS c${i}`)).get(`c${i}`)]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('with a star beside them that a union hides', () => {
    const star = (names: string): string =>
      `CREATE VIEW z AS SELECT ${names} FROM (SELECT *, id AS one FROM v UNION SELECT *, id FROM w) x`;
    const together = grounds(star('x.*, x.one AS c0, x.id AS c1'));
    expect(together.get('c0')).toBe(grounds(star('x.one AS c0')).get('c0'));
    expect(together.get('c1')).toBe(grounds(star('x.id AS c1')).get('c1'));
    expect(together.get('c1')).not.toBe('[]');
  });

  it('is told of 1,600 columns as of ten', () => {
    const wide = (n: number): string =>
      `CREATE VIEW z AS SELECT ${Array.from({ length: n }, (_, i) => `a.id AS c${i}`).join(', ')} FROM t a`;
    const told = grounds(wide(1_600));
    expect(told.size).toBe(1_600);
    expect(new Set(told.values())).toEqual(new Set(grounds(wide(10)).values()));
  });
});
