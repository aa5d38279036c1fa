import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatementCache } from '../../src/gateway/statement-cache.ts';
import { Shape, shapeOf } from '../../src/gateway/statement-shape.ts';
import { analyseWithLiterals } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

const grammar = await loadGrammar(15);

function remember(cache: StatementCache, sql: string): void {
  const { analysis, freeLiterals } = analyseWithLiterals(sql, grammar);
  cache.put(sql, analysis, freeLiterals);
}

describe('statement shape', () => {
  const shape = new Shape();
  const keyOf = (sql: string): string | undefined => (shapeOf(sql, shape) ? shape.key : undefined);

  it.each([
    ['SELECT 1', 'SELECT \u0001'],
    ["SELECT 'a', 'b;--'", 'SELECT \u0002, \u0002'],
    ['SELECT a1 FROM t2 WHERE x=12', 'SELECT a1 FROM t2 WHERE x=\u0001'],
    ['SELECT 1.5, 1e5, 0x10, 1_000, .5', 'SELECT 1.5, 1e5, 0x10, 1_000, .5'],
    ['SELECT 123456789', 'SELECT \u0001'],
    ['SELECT 1234567890', 'SELECT 1234567890'],
    ['SELECT -5', 'SELECT -\u0001'],
    ["SELECT 'é'", 'SELECT \u0002'],
    ['SELECT a[1]', 'SELECT a[\u0001]'],
    ["SELECT 'a' 'b'", undefined],
    ["SELECT 'a'\n'b'", undefined],
    ["SELECT 'it''s'", undefined],
    ["SELECT 'a\\b'", undefined],
    ["SELECT E'a'", undefined],
    ["SELECT e'a'", undefined],
    ["SELECT B'1'", undefined],
    ["SELECT X'1'", undefined],
    ["SELECT N'a'", undefined],
    ["SELECT U&'a'", undefined],
    ["SELECT a&'a'", undefined],
    ['SELECT "a"', undefined],
    ['SELECT $1', undefined],
    ['SELECT $$a$$', undefined],
    ['SELECT 1 -- x', undefined],
    ['SELECT 1 /* x */', undefined],
    ['SELECT é', undefined],
    ['SELECT 1\u00a0', undefined],
    ['SELECT \\x', undefined],
    ["SELECT 'a", undefined],
    ['SELECT 1\v', undefined],
    ['SELECT \u0001', undefined],
  ])('%j → %j', (sql, expected) => {
    expect(keyOf(sql)).toBe(expected);
  });

  it('knows its key among others without making it', () => {
    const texts = [
      'SELECT 1',
      'SELECT 22',
      "SELECT 'a'",
      'SELECT 1 ',
      'SELECT 1, 2',
      'SELECT 1, a',
      'select 1',
      'a',
      '1',
    ];
    for (const one of texts) {
      const key = keyOf(one)!;
      const hash = shape.hash(7);
      for (const other of texts) {
        expect(shapeOf(other, shape)).toBe(true);
        expect(shape.hasKey(key), `${one}, ${other}`).toBe(shape.key === key);
        expect(shape.hash(7) === hash, `${one}, ${other}`).toBe(shape.key === key);
        expect(shape.hash(8)).not.toBe(shape.hash(7));
      }
    }
  });
});

describe('statement cache', () => {
  it('gives back the very analysis of a text', () => {
    const cache = new StatementCache();
    const { analysis, freeLiterals } = analyseWithLiterals('SELECT "a"', grammar);
    cache.put('SELECT "a"', analysis, freeLiterals);
    expect(cache.get('SELECT "a"')).toBe(analysis);
    expect(cache.get('SELECT "b"')).toBeUndefined();
  });

  it('frees literals along a chain of operators, none below one of another kind', () => {
    const sql = 'SELECT a + 2 || 3 FROM t WHERE a - 4 - 5 = 6 AND ((a = 7) IS DISTINCT FROM b) = c';
    const { freeLiterals } = analyseWithLiterals(sql, grammar);
    expect(freeLiterals.map((offset) => sql[offset])).toEqual(['2', '3', '4', '5', '6']);
  });

  it('shares the facts of a text that differs in free literals', () => {
    const cache = new StatementCache();
    remember(cache, 'SELECT abalance FROM pgbench_accounts WHERE aid = 12345;');
    const one = cache.get('SELECT abalance FROM pgbench_accounts WHERE aid = 1;');
    const two = cache.get('SELECT abalance FROM pgbench_accounts WHERE aid = 99999;');
    expect(one?.recordedSql).toBe('SELECT abalance FROM pgbench_accounts WHERE aid = 1;');
    expect(one?.statements).toBe(two?.statements);
    expect(cache.get('SELECT abalance FROM pgbench_accounts WHERE aid = 1 ;')).toBeUndefined();
    expect(cache.templateHits).toBe(2);
  });

  it.each([
    [
      'UPDATE pgbench_accounts SET abalance = abalance + -1234 WHERE aid = 5;',
      'UPDATE pgbench_accounts SET abalance = abalance + -77 WHERE aid = 6;',
    ],
    [
      'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 2, 3, -4, CURRENT_TIMESTAMP);',
      'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (5, 6, 7, -8, CURRENT_TIMESTAMP);',
    ],
    ["SELECT * FROM t WHERE a = 'x' AND b IN (1, 2)", "SELECT * FROM t WHERE a = 'é;--' AND b IN (3, 4)"],
    ['DELETE FROM t WHERE id = 5 AND k IN (1, 2)', 'DELETE FROM t WHERE id = 6 AND k IN (7, 8)'],
    ["SELECT * FROM t WHERE name = 'é' AND id = 1", "SELECT * FROM t WHERE name = 'abc' AND id = 2"],
    [
      'SELECT count(*) FROM a JOIN b ON a.x = b.y AND b.z > 5',
      'SELECT count(*) FROM a JOIN b ON a.x = b.y AND b.z > 6',
    ],
  ])('%s then %s', (first, second) => {
    const cache = new StatementCache();
    remember(cache, first);
    const hit = cache.get(second);
    expect(hit).toEqual(analyseWithLiterals(second, grammar).analysis);
    expect(cache.templateHits).toBe(1);
  });

  /** What the second text means differs from the first, or could: it must not be taken from the first's template. */
  it.each([
    ['DELETE FROM t WHERE 1=1', 'DELETE FROM t WHERE 1=2'],
    ['DELETE FROM t WHERE id BETWEEN 1 AND 5', 'DELETE FROM t WHERE id BETWEEN 1 AND 999999'],
    ['DELETE FROM t WHERE id > 5 AND id < 9', 'DELETE FROM t WHERE id > 5 AND id < 999999'],
    ["DELETE FROM t WHERE a < '2024-01-01'", "DELETE FROM t WHERE a < '1000000'"],
    ["DELETE FROM t WHERE a LIKE 'abc%'", "DELETE FROM t WHERE a LIKE '%'"],
    ["UPDATE t SET x = 1 WHERE a @> 'abc'", "UPDATE t SET x = 1 WHERE a @> '{}'"],
    [
      'DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 10)',
      'DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 999999)',
    ],
    [
      'WITH x AS (SELECT id FROM t LIMIT 10) DELETE FROM t USING x WHERE t.id = x.id',
      'WITH x AS (SELECT id FROM t LIMIT 999999) DELETE FROM t USING x WHERE t.id = x.id',
    ],
    ["SELECT set_config('a.b', '1', false)", "SELECT set_config('role', '1', false)"],
    ['SELECT del(id) FROM t WHERE id BETWEEN 1 AND 5', 'SELECT del(id) FROM t WHERE id BETWEEN 1 AND 99999'],
    ["SELECT set_config('role', 'none', false)", "SELECT set_config('role', 'hr', false)"],
    [
      "SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'work_mem'",
      "SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'role'",
    ],
    ["SET client_encoding = 'UTF8'", "SET client_encoding = 'SJIS'"],
    ["SET ROLE 'none'", "SET ROLE 'hr'"],
    ['SET standard_conforming_strings = 1', 'SET standard_conforming_strings = 0'],
    ["DO 'BEGIN END'", "DO 'BEGIN DELETE FROM t; END'"],
    ["SELECT 'pg_class'::regclass", "SELECT 'other'::regclass"],
    ["SELECT * FROM t WHERE a = ANY ('{1}')", "SELECT * FROM t WHERE a = ANY ('{2}')"],
    ["COPY t TO '/a'", "COPY t TO '/b'"],
    ['SELECT 1; SELECT 2', 'SELECT 3; SELECT 4'],
    ["SELECT interval '1 day'", "SELECT interval '2 day'"],
    ['SELECT x::varchar(10) FROM t', 'SELECT x::varchar(20) FROM t'],
    ['SELECT a FROM t ORDER BY 1', 'SELECT a FROM t ORDER BY 2'],
    ['SELECT a FROM t LIMIT 1', 'SELECT a FROM t LIMIT 2'],
    ['SELECT a[1] FROM t', 'SELECT a[2] FROM t'],
    ["ALTER ROLE x PASSWORD 'a'", "ALTER ROLE x PASSWORD 'b'"],
    [
      "INSERT INTO t SELECT 1 ON CONFLICT (id) DO UPDATE SET a = 'x'",
      "INSERT INTO t SELECT 2 ON CONFLICT (id) DO UPDATE SET a = 'x'",
    ],
  ])('%s is no template for %s', (first, second) => {
    const cache = new StatementCache();
    remember(cache, first);
    expect(cache.get(second)).toBeUndefined();
  });

  it('keeps what is used and forgets the rest, in bounds', () => {
    const cache = new StatementCache({ maxEntries: 100 });
    remember(cache, 'SELECT "used"');
    for (let i = 0; i < 1000; i++) {
      remember(cache, `SELECT "${i}"`);
      expect(cache.get('SELECT "used"'), String(i)).toBeDefined();
    }
    expect(cache.get('SELECT "1"')).toBeUndefined();
    expect(cache.get('SELECT "999"')).toBeDefined();
    const small = new StatementCache({ maxBytes: 10_000 });
    for (let i = 0; i < 100; i++) remember(small, `SELECT "${i}${'x'.repeat(400)}"`);
    expect(small.get(`SELECT "1${'x'.repeat(400)}"`)).toBeUndefined();
    remember(small, `SELECT "${'y'.repeat(10_000)}"`);
    expect(small.get(`SELECT "${'y'.repeat(10_000)}"`)).toBeUndefined();
  });

  it('never gives facts that a fresh parse would not', () => {
    let hits = 0;
    fc.assert(
      fc.property(statement, fc.array(change, { minLength: 24, maxLength: 24 }), (template, changes) => {
        const fill = (which: 'from' | 'to'): string => {
          let hole = 0;
          return template.replace(/[#@]/g, (kind) => {
            const value = changes[hole++ % changes.length]![which];
            return kind === '#' ? value.integer : value.string;
          });
        };
        const first = fill('from');
        const second = fill('to');
        if (first === second) return;
        const cache = new StatementCache();
        remember(cache, first);
        const hit = cache.get(second);
        if (hit === undefined) return;
        hits++;
        const fresh = analyseWithLiterals(second, grammar).analysis;
        expect(hit, `${first} → ${second}`).toEqual(fresh);
      }),
      { numRuns: 6000 },
    );
    expect(hits).toBeGreaterThan(200);
  });
});

interface Literal {
  readonly integer: string;
  readonly string: string;
}
/** Mostly plain ones: one odd literal takes the whole text out of the templates. */
const literal: fc.Arbitrary<Literal> = fc.record({
  integer: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.oneof(fc.nat(2000).map(String), fc.constantFrom('0', '1', '00', '1000000', '999999999')),
    },
    { weight: 1, arbitrary: fc.constantFrom('9999999999', '-1', '1.5', '1e3', '0x10', '$1') },
  ),
  string: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom(
        "''",
        "'role'",
        "'none'",
        "'a'",
        "'%'",
        "'abc%'",
        "'2024-01-01'",
        "'1000000'",
        "'é'",
        "'{}'",
        "'off'",
        "'on'",
        "'UTF8'",
        "'DELETE FROM t'",
        "'-- '",
        "'/*'",
        "';'",
        "'$1'",
        "'now'",
        "'1 day'",
        "'work_mem'",
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom("'it''s'", "E'\\''", "'x' 'y'", "U&'\\0061'") },
    {
      weight: 1,
      arbitrary: fc.string({ maxLength: 5 }).map((text) => `'${text.replaceAll("'", "''").replaceAll('\0', '')}'`),
    },
  ),
});

/** Most holes keep their value, so that what is pinned often matches. */
const change = fc
  .tuple(literal, literal, fc.integer({ min: 0, max: 2 }))
  .map(([from, to, n]) => ({ from, to: n === 0 ? to : from }));

/** `#`: an integer, `@`: a string. */
const simple = fc.constantFrom('a', 't.b', '#', '@', 'a + #', 'b - #');
const odd = fc.constantFrom(
  'lower(a)',
  '@::text',
  'coalesce(a, @)',
  '-#',
  'a[#]',
  'date @',
  'set_config(@, @, false)',
  'nextval(@)',
  'f(#)',
  'CASE WHEN a = # THEN @ END',
  '(SELECT max(a) FROM t WHERE b = #)',
);
const operand = fc.oneof({ weight: 3, arbitrary: simple }, { weight: 1, arbitrary: odd });
const operator = fc.constantFrom('=', '<', '>=', '<>', 'LIKE', '@>', '||', '+');
const comparison = fc.oneof(
  fc.tuple(operand, operator, operand).map((parts) => parts.join(' ')),
  fc
    .tuple(
      operand,
      fc.constantFrom(
        'IN (#, #)',
        'IN (@)',
        'BETWEEN # AND #',
        'IS NULL',
        'IN (SELECT a FROM t LIMIT #)',
        '= ANY (ARRAY[#])',
        'NOT IN (#)',
        'IN (SELECT a FROM u WHERE b = #)',
      ),
    )
    .map((parts) => parts.join(' ')),
);
const condition = fc
  .array(comparison, { minLength: 1, maxLength: 3 })
  .chain((parts) =>
    fc
      .array(fc.constantFrom(' AND ', ' OR ', ' AND NOT '), { minLength: 3, maxLength: 3 })
      .map((joins) => parts.map((part, i) => (i === 0 ? '' : joins[i]) + part).join('')),
  );
const statement: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(operand, condition).map(([value, where]) => `SELECT ${value} FROM t WHERE ${where}`),
  fc.tuple(operand, condition).map(([value, where]) => `SELECT ${value} FROM t JOIN u ON ${where} ORDER BY # LIMIT #`),
  fc.tuple(operand, condition).map(([value, where]) => `UPDATE t SET a = ${value} WHERE ${where}`),
  condition.map((where) => `DELETE FROM t WHERE ${where}`),
  condition.map((where) => `DELETE FROM t USING (SELECT * FROM t LIMIT #) u WHERE ${where}`),
  fc.array(operand, { minLength: 1, maxLength: 4 }).map((cells) => `INSERT INTO t VALUES (${cells.join(', ')})`),
  fc.array(operand, { minLength: 1, maxLength: 4 }).map((cells) => `VALUES (${cells.join(', ')})`),
  fc
    .tuple(operand, condition)
    .map(([value, where]) => `INSERT INTO t SELECT ${value} FROM t WHERE ${where} ON CONFLICT DO UPDATE SET a = #`),
  condition.map((where) => `WITH x AS (SELECT * FROM t WHERE ${where}) DELETE FROM t USING x WHERE t.a = x.a`),
  fc.constantFrom(
    'SET a.b = #',
    'SET ROLE @',
    'SET client_encoding = @',
    'SELECT # INTO x',
    'DO @',
    'COPY t TO @',
    'EXPLAIN SELECT #',
    'PREPARE p AS SELECT #',
    'SELECT @::regclass',
    'SELECT interval @',
    'TRUNCATE t',
    'SELECT set_config(name, @, false) FROM pg_settings WHERE name = @',
  ),
);
