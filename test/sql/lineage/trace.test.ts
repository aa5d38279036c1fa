import { describe, expect, it } from 'vitest';
import { GrammarError } from '../../../src/sql/grammar.ts';
import { createLineageMemo, LineageTooDeep, traceLineage } from '../../../src/sql/lineage/trace.ts';
import { CASES } from './cases.ts';
import { written } from './notation.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();

function lineageOf(sql: string, ...path: readonly string[]): string {
  return written(traceLineage(sql, test.grammar, test.world(...path)), test.catalog);
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases)('%s', (sql, expected) => {
    expect(lineageOf(sql)).toBe(expected);
  });
});

describe('RowDescription', () => {
  const statements = Object.values(CASES)
    .flat()
    .map(([sql]) => sql)
    .filter(
      (sql) => /^\(*(?:SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|SHOW|EXPLAIN)/.test(sql) && !sql.includes(';'),
    );

  it.each(statements)('%s', async (sql) => {
    const described = await test.describe(sql);
    if (described === undefined) return;
    const [statement] = traceLineage(sql, test.grammar, test.world()).statements;
    const columns = (statement?.columns ?? []).map((column) => ({
      name: column.name,
      origin: column.origin === undefined ? '-' : `${column.origin.relation}.${column.origin.attnum}`,
    }));
    expect(columns).toEqual(described.map(({ name, origin }) => ({ name, origin })));
    statement?.columns?.forEach((column, i) => {
      if (column.type !== undefined) expect([column.name, column.type]).toEqual([column.name, described[i]?.type]);
    });
  });

  it('was compared for most of them', async () => {
    const compared = await Promise.all(statements.map((sql) => test.describe(sql)));
    expect(compared.filter((one) => one !== undefined).length).toBeGreaterThan(180);
  });
});

describe('a field of a row in the notation of a call', () => {
  // PostgreSQL has functions of these names: which overload takes a row is not looked into.
  it.each([
    [
      'SELECT name(d) FROM (SELECT name, mail FROM person) d',
      'name = derived(person.name person.mail); uses: fallible person.name, fallible person.mail',
    ],
    [
      'SELECT quote_literal(d) FROM (SELECT id AS quote_literal, mail FROM person) d',
      'quote_literal = text(person.id person.mail)',
    ],
  ])('%s', (sql, expected) => {
    expect(lineageOf(sql)).toBe(expected);
    const [statement] = traceLineage(sql, test.grammar, test.world()).statements;
    expect(statement?.columns?.[0]).toMatchObject({ type: undefined, origin: undefined });
  });
});

describe('what a search_path makes of names', () => {
  it.each([
    ['SELECT title FROM firm', ['other', 'pg_catalog', 'public'], 'title = firm.title'],
    // Which of the two is called is not looked into: the result is made of both.
    ['SELECT md5(mail) FROM person', ['pg_catalog', 'other', 'public'], 'md5 = derived(person.mail)'],
    ['SELECT md5(mail) FROM person', ['other', 'public', 'pg_catalog'], 'md5 = derived(person.mail)'],
    ['SELECT other.md5(mail) FROM person', ['pg_catalog', 'public'], 'md5 = person.mail'],
    ['SELECT pg_catalog.md5(mail) FROM person', ['other', 'public', 'pg_catalog'], 'md5 = derived(person.mail)'],
    [
      "SELECT id FROM person WHERE mail = 'x'",
      ['other', 'public', 'pg_catalog'],
      'id = person.id; uses: predicate person.mail',
    ],
    ["SELECT id FROM person WHERE mail <> 'x'", ['pg_catalog', 'other', 'public'], ' predicate person.mail'],
    ['SELECT id FROM person WHERE id <> 3', ['other', 'public', 'pg_catalog'], 'uses: lookup person.id'],
    ["SELECT id FROM person WHERE mail OPERATOR(other.<>) 'x'", ['public'], ' predicate person.mail'],
    ["SELECT id FROM person WHERE doc->'a' = '1'", ['pg_catalog', 'other', 'public'], ' predicate person.doc'],
    ["SELECT doc->'a' AS a FROM person", ['other', 'public', 'pg_catalog'], 'derived(person.doc)'],
    ["SELECT 'a' OPERATOR(other.!!>) mail FROM person", ['public'], ' sink person.mail'],
    ["SELECT id FROM person WHERE mail <-> 'x'", ['other', 'public', 'pg_catalog'], 'uses: predicate person.mail'],
    [
      'SELECT mail FROM person',
      ['pg_catalog'],
      'mail = derived(?relation person is not in the catalog); unknown: relation person is not in the catalog',
    ],
  ])('%s under %s', (sql, path, expected) => {
    expect(lineageOf(sql, ...path)).toContain(expected);
  });
});

describe('what would tell of columns', () => {
  it.each([
    ["CREATE COLLATION c (provider = icu, locale = 'und', deterministic = false)", 'collation'],
    ["CREATE COLLATION c (provider = icu, DETERMINISTIC = 'off', locale = 'und')", 'collation'],
    ["DO $$ BEGIN CREATE COLLATION c (provider = icu, deterministic = false, locale = 'und'); END $$", 'collation'],
    ["CREATE COLLATION c (provider = icu, locale = 'und', deterministic = true)", undefined],
    ["CREATE COLLATION c (provider = icu, locale = 'und')", undefined],
    ['CREATE COLLATION c FROM "C"', undefined],
    ['CREATE STATISTICS s ON (1 / id), label FROM item', 'statistics'],
    ['CREATE STATISTICS s ON id, label FROM item', undefined],
    ['CLUSTER', 'cluster'],
    ['CLUSTER VERBOSE missing', 'cluster'],
    ['CLUSTER item USING i', undefined],
  ])('%s', (sql, oracle) => {
    expect(traceLineage(sql, test.grammar, test.world()).statements[0]?.oracle).toBe(oracle);
  });
});

it('the order of rows', () => {
  expect(lineageOf('CLUSTER item USING i')).toBe('uses: predicate item.id, predicate item.label');
});

describe('limits', () => {
  it('stops at a depth', () => {
    const sql = `SELECT ${'coalesce('.repeat(3500)}mail${')'.repeat(3500)} FROM person`;
    expect(() => traceLineage(sql, test.grammar, test.world())).toThrow(LineageTooDeep);
  });

  it('takes a long chain of operators', () => {
    const sql = `SELECT ${Array.from({ length: 1500 }, () => 'mail').join(' || ')} FROM person`;
    expect(lineageOf(sql)).toBe('?column? = text(person.mail)');
  });

  it('gives up shapes that multiply', () => {
    let query = 'SELECT mail AS a FROM person';
    for (let i = 0; i < 20; i++) query = `SELECT ROW(q.a, q.a) AS a FROM (${query}) q`;
    expect(lineageOf(query)).toContain('person.mail');
  });

  it('leaves syntax errors to the caller', () => {
    expect(() => traceLineage('SELECT FROM WHERE', test.grammar, test.world())).toThrow(GrammarError);
  });
});

describe('a memo', () => {
  it('gives the same lineage again, and starts anew with another catalog', () => {
    const memo = createLineageMemo();
    const trace = () =>
      written(traceLineage('SELECT * FROM v_deep', test.grammar, test.world(), { memo }), test.catalog);
    const first = trace();
    expect(memo.views.size).toBeGreaterThan(0);
    expect(trace()).toBe(first);
    const catalog = Object.create(test.catalog, { version: { value: 2 } });
    traceLineage('SELECT 1', test.grammar, { catalog, searchPath: ['pg_catalog'] }, { memo });
    expect(memo.views.size).toBe(0);
  });
});

describe('what is modified', () => {
  it.each([
    ['INSERT INTO person (id, name) VALUES (1, $1)', 'person'],
    ['INSERT INTO person (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = $1', 'chore person'],
    ['UPDATE person SET id = $1', 'chore person'],
    ['DELETE FROM person WHERE id = 1', 'chore person step'],
    ['DELETE FROM chore', 'chore step'],
    ['MERGE INTO chore c USING person p ON p.id = c.id WHEN MATCHED THEN DELETE', 'chore step'],
    ['WITH gone AS (DELETE FROM chore RETURNING id) SELECT * FROM gone', 'chore step'],
    ['TRUNCATE item', 'gadget item'],
    ['TRUNCATE person CASCADE', 'chore firm person step'],
    ['COPY chore FROM STDIN', 'chore'],
  ])('%s', (sql, expected) => {
    const [statement] = traceLineage(sql, test.grammar, test.world()).statements;
    const names = statement!.modifies!.map((oid) => test.catalog.relationByOid(oid)!.name);
    expect(names.sort().join(' ')).toBe(expected);
  });
});

describe('triggers that write to one another’s tables', () => {
  it('are each read once', () => {
    const [statement] = traceLineage("UPDATE ring_0 SET v = 'x'", test.grammar, test.world()).statements;
    const fired = new Set(statement!.opaque.map(({ routine }) => routine));
    expect([...fired].sort()).toEqual(Array.from({ length: 14 }, (_, i) => `public.round_${i}`).sort());
    expect(statement!.modifies!.length).toBe(14);
    expect(statement!.opaque.every(({ trigger, reads }) => trigger === true && reads.length > 0)).toBe(true);
  });
});
