import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

const grammar = await loadGrammar(15);

function facts(sql: string) {
  const analysis = analyse(sql, grammar);
  expect(analysis.error, sql).toBeUndefined();
  return analysis.statements[0]!;
}
const kinds = (sql: string): string[] => [...new Set(facts(sql).findings.map((finding) => finding.kind))];

describe('bodies of routines', () => {
  /** A piece of SQL is found wherever PL/pgSQL lets one stand. */
  it.each([
    'PERFORM wipe();',
    'n := wipe();',
    'arr[wipe()] := 1;',
    'IF wipe() THEN NULL; END IF;',
    'IF false THEN NULL; ELSIF wipe() THEN NULL; END IF;',
    'IF false THEN NULL; ELSE PERFORM wipe(); END IF;',
    'CASE wipe() WHEN 1 THEN NULL; ELSE NULL; END CASE;',
    'CASE 1 WHEN wipe() THEN NULL; ELSE NULL; END CASE;',
    'WHILE wipe() LOOP NULL; END LOOP;',
    'FOR i IN 1..wipe() LOOP NULL; END LOOP;',
    'FOR i IN REVERSE 9..1 BY wipe() LOOP NULL; END LOOP;',
    'FOR r IN SELECT wipe() LOOP NULL; END LOOP;',
    "FOR r IN EXECUTE 'SELECT wipe()' LOOP NULL; END LOOP;",
    "FOR r IN EXECUTE 'SELECT $1' USING wipe() LOOP NULL; END LOOP;",
    'FOREACH n IN ARRAY wipe() LOOP NULL; END LOOP;',
    'LOOP EXIT WHEN wipe(); END LOOP;',
    "RAISE NOTICE '%', wipe();",
    'RAISE EXCEPTION USING MESSAGE = wipe();',
    "ASSERT wipe(), 'x';",
    'ASSERT true, wipe();',
    "EXECUTE 'SELECT wipe()';",
    "EXECUTE 'SELECT 1' INTO n USING wipe();",
    'SELECT wipe() INTO n;',
    'CALL wipe();',
    'OPEN c FOR SELECT wipe();',
    "OPEN c FOR EXECUTE 'SELECT wipe()';",
    'OPEN d(wipe());',
    'BEGIN NULL; EXCEPTION WHEN others THEN PERFORM wipe(); END;',
    'DECLARE m int := wipe(); BEGIN NULL; END;',
    'DECLARE e CURSOR FOR SELECT wipe(); BEGIN NULL; END;',
    '<<here>> BEGIN PERFORM wipe(); END;',
    'RETURN wipe();',
  ])('%s', (statement) => {
    const declare = 'DECLARE n int; arr int[]; r record; c refcursor; d CURSOR (x int) FOR SELECT x;';
    const sql = `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ ${declare} BEGIN ${statement} END $f$`;
    expect(facts(sql).functions).toContain('wipe');
    expect(kinds(sql)).toEqual(['create']);
  });

  it.each([
    'EXECUTE a_text;',
    "EXECUTE 'DROP TABLE ' || a_text;",
    "EXECUTE format('DROP TABLE %I', a_text);",
    'FOR r IN EXECUTE a_text LOOP NULL; END LOOP;',
    'OPEN c FOR EXECUTE a_text;',
    'RETURN QUERY EXECUTE a_text;',
    "EXECUTE (SELECT 'x');",
  ])('names dynamic SQL: %s', (statement) => {
    const sql = `CREATE FUNCTION f(a_text text) RETURNS SETOF int LANGUAGE plpgsql AS $f$ DECLARE r record; c refcursor; BEGIN ${statement} END $f$`;
    expect(kinds(sql)).toContain('dynamic_sql');
  });

  it.each([
    "DO LANGUAGE plpython3u 'x'",
    "DO LANGUAGE plperl 'x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'lib', 'f'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_terminate_backend'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'no body'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELEC'",
    "DO 'BEGIN SELEC; END'",
    "DO $$ BEGIN EXECUTE 'SELEC'; END $$",
  ])('names what it cannot read: %s', (sql) => {
    expect(kinds(sql)).toContain('procedural_code');
  });

  it.each([
    ['RETURNS trigger', 'BEGIN NEW.a := 1; DELETE FROM u WHERE id = OLD.id; RETURN NEW; END'],
    ['RETURNS event_trigger', 'BEGIN NULL; END'],
    ['RETURNS void', 'BEGIN NULL; END'],
    ['RETURNS TABLE (a int, b text)', 'BEGIN a := 1; RETURN NEXT; RETURN QUERY SELECT 1, 2; END'],
    ['RETURNS SETOF int', 'BEGIN RETURN NEXT 1; RETURN QUERY SELECT 1; END'],
    ['RETURNS SETOF users', 'DECLARE r users; BEGIN FOR r IN SELECT * FROM users LOOP RETURN NEXT r; END LOOP; END'],
    ['RETURNS SETOF record', 'DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP RETURN NEXT r; END LOOP; END'],
    ['RETURNS users', 'DECLARE r users%ROWTYPE; BEGIN SELECT * INTO r FROM users WHERE id = 1; RETURN r; END'],
    ['RETURNS jsonb', "DECLARE a public.money_type; b users.email%TYPE; BEGIN RETURN '{}'; END"],
    ['RETURNS int', 'DECLARE k CONSTANT int NOT NULL := 5; v int; BEGIN GET DIAGNOSTICS v = ROW_COUNT; RETURN v; END'],
  ])('reads functions that %s', (returns, body) => {
    const parameters = /trigger/.test(returns) ? '' : 'x int, y text';
    expect(kinds(`CREATE FUNCTION f(${parameters}) ${returns} LANGUAGE plpgsql AS $f$ ${body} $f$`)).toEqual([
      'create',
    ]);
  });

  it.each([
    'CREATE PROCEDURE p(a int, INOUT b text) LANGUAGE plpgsql AS $f$ BEGIN COMMIT; b := a; END $f$',
    'CREATE FUNCTION f(OUT a int, OUT b int) LANGUAGE plpgsql AS $f$ BEGIN a := 1; b := 2; END $f$',
    'CREATE FUNCTION f(OUT a int, OUT b int) RETURNS SETOF record LANGUAGE plpgsql AS $f$ BEGIN a := 1; RETURN NEXT; END $f$',
    'CREATE FUNCTION f(VARIADIC a int[]) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN a[1]; END $f$',
    'CREATE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN $1 + a; END $f$',
    'CREATE FUNCTION f(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $f$ BEGIN RETURN $1; END $f$',
  ])('reads %s', (sql) => {
    expect(kinds(sql)).toEqual(['create']);
  });

  it('reads a body within a body, to an end', () => {
    let sql = 'TRUNCATE t';
    for (let i = 0; i < 3; i++) sql = `DO $q${i}$ BEGIN EXECUTE $e${i}$${sql}$e${i}$; END $q${i}$`;
    expect(kinds(sql)).toEqual(['truncate']);
    for (let i = 3; i < 12; i++) sql = `DO $q${i}$ BEGIN EXECUTE $e${i}$${sql}$e${i}$; END $q${i}$`;
    expect(kinds(sql)).toEqual(['procedural_code']);
  });

  it('places what it finds at the body, in the whole text', () => {
    const analysis = analyse("SELECT 'é'; DO $$ BEGIN TRUNCATE t; END $$", grammar);
    expect(analysis.statements[1]?.findings[0]?.offset).toBe(Buffer.byteLength("SELECT 'é'; DO "));
  });

  it('finds the functions behind operators, aggregates, casts and triggers', () => {
    for (const sql of [
      'CREATE OPERATOR !!! (FUNCTION = wipe, RIGHTARG = int)',
      'CREATE AGGREGATE a(int) (SFUNC = wipe, STYPE = int)',
      'CREATE TRIGGER t BEFORE INSERT ON r EXECUTE FUNCTION wipe()',
      'CREATE TABLE t (a int DEFAULT wipe())',
      'CREATE TABLE t (a int CHECK (wipe(a)))',
      'CREATE TABLE t (a int GENERATED ALWAYS AS (wipe(1)) STORED)',
      'CREATE INDEX ON t (wipe(a))',
      'CREATE INDEX ON t (a) WHERE wipe(a)',
      'ALTER TABLE t ALTER a TYPE int USING wipe(a)',
      'CREATE POLICY p ON t USING (wipe(a))',
      'CREATE DOMAIN d AS int CHECK (wipe(value))',
      'CREATE VIEW v AS SELECT wipe(1)',
      'CREATE RULE r AS ON INSERT TO t WHERE wipe(1) DO NOTHING',
      'COPY t FROM STDIN WHERE wipe(a)',
      'SELECT 1 ORDER BY wipe(1)',
      'SELECT 1 LIMIT wipe(1)',
      'SELECT 1 FROM wipe(1)',
      'SELECT 1 FROM ROWS FROM (wipe(1)) x',
      'SELECT 1 WINDOW w AS (ORDER BY wipe(1))',
      'SELECT sum(1) FILTER (WHERE wipe(1))',
      'SELECT sum(1 ORDER BY wipe(1))',
      'SELECT CASE WHEN wipe(1) THEN 1 END',
      'SELECT ARRAY[wipe(1)], ROW(wipe(1))',
      'INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = wipe(1) WHERE t.a = 1',
      'INSERT INTO t VALUES (1) RETURNING wipe(1)',
      'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND t.a = 1 THEN UPDATE SET a = wipe(1)',
      'CALL wipe(1)',
      'CALL p(wipe(1))',
      'EXECUTE p(wipe(1))',
      'DECLARE c CURSOR FOR SELECT wipe(1)',
      "SELECT xmltable.* FROM xmltable('/a' PASSING wipe(1) COLUMNS b text)",
      'EXPLAIN SELECT wipe(1)',
    ]) {
      expect(facts(sql).functions, sql).toContain('wipe');
    }
  });
});
