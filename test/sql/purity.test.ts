import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';
import { isPureRead, type PurityCatalog } from '../../src/sql/purity.ts';

const grammar = await loadGrammar(15);
const catalog: PurityCatalog = {
  plainRelations: new Set(['t', 'users', 'pg_class', 'Odd.Name', 'shadowed']),
  otherRelations: new Set(['v', 'shadowed']),
  userFunctions: new Set(['wipe', 'lower', 'full_name']),
  userOperators: new Set(['===', '||']),
  userTypes: new Set(['my_domain']),
};
const pure = (sql: string, of: PurityCatalog = catalog): boolean => isPureRead(analyse(sql, grammar).statements, of);

describe('pure reads', () => {
  it.each([
    'SELECT 1',
    'SELECT * FROM t WHERE id = $1',
    'SELECT count(*), max(a) FROM public.t GROUP BY b HAVING sum(c) > 5 ORDER BY 1 LIMIT 3',
    'SELECT a FROM t UNION ALL SELECT b FROM users',
    'WITH v AS (SELECT * FROM t) SELECT * FROM v',
    'SELECT * FROM "Odd.Name"',
    "SELECT relname FROM pg_catalog.pg_class WHERE relkind IN ('r') AND pg_table_is_visible(oid)",
    'SELECT pg_catalog.lower(a) FROM t',
    "SELECT a::text, b::int[], '1 day'::interval FROM t",
    'SELECT a::status FROM t',
    'SELECT CASE WHEN a THEN coalesce(b, 1) END FROM t x WHERE x.a BETWEEN 1 AND 2',
    'SHOW work_mem',
    'VALUES (1)',
    'TABLE t',
    'SELECT now(), current_user, random()',
    'SELECT 1; SELECT 2',
  ])('%s', (sql) => {
    expect(pure(sql)).toBe(true);
  });

  it.each([
    'INSERT INTO t VALUES (1)',
    'WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM x',
    'SELECT 1 INTO u',
    'SELECT * FROM t FOR UPDATE',
    'SELECT * FROM v',
    'SELECT * FROM shadowed',
    'SELECT * FROM unheard_of',
    'SELECT wipe()',
    'SELECT s.wipe()',
    'SELECT s.md5(a) FROM t',
    'SELECT lower(a) FROM t',
    'SELECT t.full_name FROM t',
    'SELECT (t).wipe FROM t',
    'SELECT unheard_of(1)',
    "SELECT nextval('s')",
    "SELECT set_config('a.b', '1', false)",
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_sleep(1)',
    "SELECT query_to_xml('x', true, false, '')",
    "SELECT table_to_xml('v', true, false, '')",
    'SELECT a === b FROM t',
    'SELECT a || b FROM t',
    'SELECT a OPERATOR(s.===) b FROM t',
    'SELECT a !==! b FROM t',
    'SELECT a::my_domain FROM t',
    'SELECT a::s.my_domain[] FROM t',
    'SELECT * FROM t TABLESAMPLE mine(3)',
    'EXPLAIN SELECT 1',
    'EXECUTE p',
    'FETCH ALL FROM c',
    'DECLARE c CURSOR FOR SELECT 1',
    'COPY t TO STDOUT',
    'BEGIN',
    'SELECT 1; COMMIT',
    'SELECT 1; DROP TABLE t',
    'CALL p()',
    'DO $$ BEGIN NULL; END $$',
    'SET work_mem = 1',
    '',
    'SELEC',
  ])('not: %s', (sql) => {
    expect(pure(sql)).toBe(false);
  });

  it('nothing is, where a user’s function stands behind a cast of built-in types', () => {
    expect(pure('SELECT 1', { ...catalog, userFunctions: new Set(['*']) })).toBe(false);
  });
});
