import { MADE, redTeam } from './red-team.ts';

const WITH_SEQUENCES = [...MADE, 'sequences'];

const NOTED = 'SELECT *, 1 AS one FROM journal';

/** Names that mean something else than they seem to: of columns, variables, CTEs, functions, operators, types, owners. */
redTeam('names', [
  {
    technique: 'sql function atomic parameter named as column',
    danger: [
      'CREATE FUNCTION w_b(id int) RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM journal j WHERE j.id = id; END',
      'SELECT w_b(3)',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      'CREATE FUNCTION w_b2(k int) RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM journal j WHERE j.id = k; END',
      'SELECT w_b2(4)',
    ],
  },
  {
    technique: 'use_column',
    danger:
      'DO $$ #variable_conflict use_column\nDECLARE id int := 5; BEGIN DELETE FROM journal WHERE journal.id = id; END $$',
    neighbour:
      'DO $$ #variable_conflict use_column\nDECLARE k int := 5; BEGIN DELETE FROM journal WHERE journal.id = k; END $$',
  },
  {
    technique: 'use_variable',
    danger:
      'DO $$ #variable_conflict use_variable\nDECLARE id int := 5; BEGIN DELETE FROM journal WHERE id = 5; END $$',
    neighbour:
      'DO $$ #variable_conflict use_variable\nDECLARE k int := 6; BEGIN DELETE FROM journal WHERE id = k; END $$',
  },
  {
    technique: 'block label named as table',
    danger:
      'DO $$ #variable_conflict use_variable\n<<journal>> DECLARE id int := 5; BEGIN DELETE FROM journal WHERE journal.id = 5; END $$',
    neighbour: 'DO $$ <<b>> DECLARE k int := 7; BEGIN DELETE FROM journal WHERE id = k; END $$',
  },
  {
    technique: 'record named as table',
    danger:
      'DO $$ #variable_conflict use_variable\nDECLARE journal record; BEGIN SELECT 5 AS id INTO journal; DELETE FROM journal WHERE journal.id = 5; END $$',
    neighbour: 'DO $$ DECLARE r record; BEGIN SELECT 8 AS id INTO r; DELETE FROM journal WHERE id = r.id; END $$',
  },
  {
    technique: 'bare column of a VALUES',
    danger: 'DELETE FROM journal USING (VALUES (1)) v(x) WHERE x = 1',
    neighbour: 'DELETE FROM journal USING (VALUES (9)) v(x) WHERE id = x',
  },
  {
    technique: 'bare column of a sub-SELECT',
    danger: 'UPDATE customers SET score = 0 FROM (SELECT 1 AS one) s WHERE one = 1',
    neighbour: 'UPDATE customers SET score = 0 FROM (SELECT 1 AS one) s WHERE id = one',
  },
  {
    technique: 'bare column of a CTE',
    danger: 'WITH c AS (SELECT 1 AS one) DELETE FROM journal USING c WHERE one = 1',
    neighbour: 'WITH c AS (SELECT 10 AS one) DELETE FROM journal USING c WHERE journal.id = one',
  },
  {
    technique: 'bare function alias',
    danger: 'DELETE FROM journal USING unnest(ARRAY[1]) u WHERE u = 1',
    neighbour: 'DELETE FROM journal USING unnest(ARRAY[11]) u WHERE journal.id = u',
  },
  {
    technique: 'merge bare',
    danger: 'MERGE INTO journal USING (VALUES (1)) v(x) ON x = 1 WHEN MATCHED THEN DELETE',
    neighbour: 'MERGE INTO journal USING (VALUES (12)) v(x) ON id = x WHEN MATCHED THEN DELETE',
  },
  {
    technique: 'forward CTE',
    danger:
      'WITH a AS (SELECT id FROM orders), orders AS (SELECT 1::bigint AS id) DELETE FROM order_lines WHERE order_id IN (SELECT id FROM a)',
    neighbour:
      'WITH orders AS (SELECT 1::bigint AS id), a AS (SELECT id FROM orders) DELETE FROM order_lines WHERE order_id IN (SELECT id FROM a)',
  },
  {
    technique: 'LIMIT 1 correlated',
    danger: 'DELETE FROM journal WHERE id IN (SELECT j.id FROM journal j WHERE j.id = journal.id LIMIT 1)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT j.id FROM journal j ORDER BY j.id LIMIT 1)',
  },
  {
    technique: 'renamed columns LIMIT',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal AS j(x) LIMIT 1)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT x FROM journal AS j(x) LIMIT 1)',
  },
  {
    technique: 'renamed columns WHERE',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal AS j(x) WHERE x = 60)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT x FROM journal AS j(x) WHERE x = 14)',
  },
  {
    technique: 'same name other schema',
    danger: 'UPDATE orders SET total = 0 WHERE customer_id IN (SELECT customer_id FROM archive.orders WHERE id = 1)',
    neighbour: 'UPDATE orders SET total = 0 WHERE id IN (SELECT o.id FROM archive.orders o WHERE o.id = 1)',
  },
  {
    technique: 'CTE named as target',
    danger:
      'WITH journal AS (SELECT 1 AS one) DELETE FROM public.journal WHERE id IN (SELECT id FROM journal WHERE one = 1)',
    neighbour: 'WITH journal AS (SELECT 15 AS one) DELETE FROM public.journal WHERE id IN (SELECT one FROM journal)',
  },
  {
    technique: 'temp named as target',
    danger: [
      'CREATE TEMP TABLE journal (one int)',
      'INSERT INTO journal VALUES (1)',
      'DELETE FROM public.journal WHERE id IN (SELECT id FROM journal WHERE one = 1)',
    ],
    neighbour: [
      'CREATE TEMP TABLE journal (one int)',
      'INSERT INTO journal VALUES (16)',
      'DELETE FROM public.journal WHERE id IN (SELECT one FROM journal WHERE one = 16)',
    ],
  },
  {
    technique: 'constant join column',
    danger:
      'DELETE FROM journal USING (SELECT 1 AS one) a JOIN (SELECT 1 AS one, id FROM journal) b ON a.one = b.one WHERE journal.id = b.id',
    neighbour:
      'DELETE FROM journal USING (SELECT 17 AS one) a JOIN (SELECT id FROM journal) b ON a.one = b.id WHERE journal.id = b.id',
  },
  {
    technique: 'constant join column USING',
    danger:
      'DELETE FROM journal USING (SELECT 1 AS one) a JOIN (SELECT 1 AS one, id FROM journal) b USING (one) WHERE journal.id = b.id',
    neighbour:
      'DELETE FROM journal USING (SELECT 18 AS id) a JOIN (SELECT id FROM journal) b USING (id) WHERE journal.id = b.id',
  },
  {
    technique: 'constant column of a sub-SELECT in IN',
    danger: 'DELETE FROM journal WHERE id IN (SELECT s.id FROM (SELECT id, 1 AS one FROM journal) s WHERE s.one = 1)',
    neighbour:
      'DELETE FROM journal WHERE id IN (SELECT s.k FROM (SELECT j.id AS k, 1 AS one FROM journal j) s WHERE s.k = 19)',
  },
  {
    technique: 'constant column of a CTE in IN',
    danger:
      'WITH s AS (SELECT id, 1 AS one FROM journal) DELETE FROM journal WHERE id IN (SELECT id FROM s WHERE one = 1)',
    neighbour:
      'WITH s AS (SELECT id, 1 AS one FROM journal) DELETE FROM journal WHERE id IN (SELECT s.id FROM s WHERE s.id = 20)',
  },
  {
    technique: 'function as attribute of target',
    danger: [
      "CREATE FUNCTION w_one(journal) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
      'DELETE FROM journal WHERE journal.w_one = 1',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      "CREATE FUNCTION w_two(journal) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
      'DELETE FROM journal WHERE journal.id = 23',
    ],
  },
  {
    technique: 'own operator =',
    danger: [
      "CREATE FUNCTION w_true(int, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
      'CREATE OPERATOR public.= (FUNCTION = w_true, LEFTARG = int, RIGHTARG = text)',
      "DELETE FROM journal WHERE id = 'x'::text",
    ],
    leaves: WITH_SEQUENCES,
    neighbour: "DELETE FROM journal WHERE id = '24'",
  },
  {
    technique: 'own operator = qualified',
    danger: [
      "CREATE FUNCTION w_true2(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
      'CREATE OPERATOR public.= (FUNCTION = w_true2, LEFTARG = int, RIGHTARG = int)',
      'DELETE FROM journal WHERE id OPERATOR(public.=) 5',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: 'DELETE FROM journal WHERE id OPERATOR(pg_catalog.=) 25',
  },
  {
    technique: 'own lower(int)',
    danger: [
      "CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'x'::text $$",
      "DELETE FROM journal WHERE lower(id) = 'x'",
    ],
    leaves: WITH_SEQUENCES,
    neighbour: "DELETE FROM journal WHERE upper(what) = 'EVENT 26'",
  },
  {
    technique: 'own now() ahead of the catalog',
    danger: [
      'CREATE SCHEMA w_s',
      "CREATE FUNCTION w_s.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT 'infinity'::timestamptz $$",
      'SET search_path = w_s, pg_catalog, public',
      "DELETE FROM journal WHERE at < now() - interval '1 day'",
    ],
    leaves: WITH_SEQUENCES,
    neighbour: "DELETE FROM journal WHERE at < current_timestamp - interval '20 years'",
  },
  {
    technique: 'domain over boolean',
    danger: ['CREATE DOMAIN w_yes AS boolean', 'DELETE FROM journal WHERE id::w_yes = true'],
    leaves: WITH_SEQUENCES,
    neighbour: 'DELETE FROM journal WHERE id::bigint = 27',
  },
  {
    technique: 'cast that cuts off',
    danger: "DELETE FROM journal WHERE what::char(1) = 'e'",
    neighbour: "DELETE FROM journal WHERE what::varchar = 'event 28'",
  },
  {
    technique: 'cast to "char"',
    danger: `DELETE FROM journal WHERE what::"char" = 'e'`,
    neighbour: "DELETE FROM journal WHERE what::text = 'event 29'",
  },
  {
    technique: 'cast that rounds',
    danger: 'DELETE FROM journal WHERE id::numeric(4,-4) = 0',
    neighbour: 'DELETE FROM journal WHERE id::numeric = 30',
  },
  {
    technique: 'bit cast',
    danger: "DELETE FROM journal WHERE id::bit(32)::bit(8) = B'00000000'",
    neighbour: 'DELETE FROM journal WHERE id::int = 31',
  },
  {
    technique: 'whole row of the joined list',
    danger: 'DELETE FROM journal USING (VALUES (1)) v(x) WHERE v = ROW(1)',
    neighbour: 'DELETE FROM journal USING (VALUES (72)) v(x) WHERE journal.id = v.x',
  },
  {
    technique: 'quoted coalesce column',
    danger: 'DELETE FROM journal USING (SELECT coalesce(1, 2)) s WHERE "coalesce" = 1',
    neighbour: 'DELETE FROM journal USING (SELECT coalesce(73, 2) AS k) s WHERE id = k',
  },
  {
    technique: 'grouping in EXISTS',
    danger: 'DELETE FROM journal WHERE EXISTS (SELECT 1 FROM (VALUES (1)) v(x) WHERE x = 1)',
    neighbour: 'DELETE FROM journal WHERE EXISTS (SELECT 1 FROM (VALUES (74)) v(x) WHERE x = journal.id)',
  },
  {
    technique: 'explain of an immutable',
    danger: [
      "CREATE FUNCTION w_imm() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.purge_sql(); END'",
      'EXPLAIN SELECT w_imm()',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      "CREATE FUNCTION w_imm2() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END'",
      'EXPLAIN SELECT w_imm2()',
    ],
  },
  {
    technique: 'explain of a stable in where',
    danger: [
      "CREATE FUNCTION w_st() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN public.purge_sql(); END'",
      'EXPLAIN SELECT * FROM journal WHERE id < w_st()',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      "CREATE FUNCTION w_st2() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END'",
      'EXPLAIN SELECT * FROM journal WHERE id < w_st2()',
    ],
  },
  {
    technique: 'domain check array',
    danger: ['CREATE DOMAIN w_e AS int CHECK (purge_pair(VALUE, 1))', "SELECT '{1}'::w_e[]"],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE DOMAIN w_e2 AS int CHECK (VALUE > 0)', "SELECT '{1}'::w_e2[]"],
  },
  {
    technique: 'trigger WHEN',
    danger: [
      'CREATE TABLE w_t (a int)',
      'CREATE TRIGGER t BEFORE INSERT ON w_t FOR EACH ROW WHEN (purge_sql() IS NOT NULL) EXECUTE FUNCTION stamp()',
      'INSERT INTO w_t VALUES (1)',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      'CREATE TABLE w_t2 (a int, at timestamptz)',
      'CREATE TRIGGER t BEFORE INSERT ON w_t2 FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION stamp()',
      'INSERT INTO w_t2 VALUES (1)',
    ],
  },
  {
    technique: 'rule on own view with key',
    danger: [
      'CREATE VIEW w_rv AS SELECT 1 AS a',
      'CREATE RULE r AS ON DELETE TO w_rv DO INSTEAD DELETE FROM journal',
      'DELETE FROM w_rv WHERE a = 1',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE VIEW w_rv2 AS SELECT 1 AS a', 'CREATE RULE r AS ON DELETE TO w_rv2 DO INSTEAD NOTHING'],
  },
  {
    technique: 'attach others to own',
    danger: [
      'CREATE TABLE w_p (key text, value text) PARTITION BY LIST (key)',
      'ALTER TABLE w_p ATTACH PARTITION settings DEFAULT',
      'DROP TABLE w_p',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      'CREATE TABLE w_p2 (key text, value text) PARTITION BY LIST (key)',
      'CREATE TABLE w_p3 (key text, value text)',
      'ALTER TABLE w_p2 ATTACH PARTITION w_p3 DEFAULT',
      'DROP TABLE w_p2',
    ],
  },
  {
    technique: 'own function SET role by ALTER',
    danger: [
      "CREATE FUNCTION w_r() RETURNS void LANGUAGE sql AS $f$ INSERT INTO public.settings SELECT 'acted', current_user WHERE current_user = 'boss' $f$",
      'ALTER FUNCTION w_r() SET role = boss',
      'SELECT w_r()',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      "CREATE FUNCTION w_r2() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'ALTER FUNCTION w_r2() SET search_path = public',
      'SELECT w_r2()',
    ],
  },
  {
    technique: 'savepoint in one text',
    danger: 'BEGIN; SAVEPOINT a; CREATE TEMP TABLE settings (a int); ROLLBACK TO a; DROP TABLE settings; COMMIT',
    neighbour: ['BEGIN', 'CREATE TEMP TABLE settings (a int); DROP TABLE pg_temp.settings; COMMIT'],
  },
  {
    technique: 'own function replaced behind a prepared',
    danger: [
      "CREATE FUNCTION w_rep() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
      'PREPARE w AS SELECT w_rep()',
      'EXECUTE w',
      "CREATE OR REPLACE FUNCTION w_rep() RETURNS bigint LANGUAGE sql AS 'SELECT purge_sql()'",
      'EXECUTE w',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      "CREATE FUNCTION w_rep2() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
      'PREPARE w AS SELECT w_rep2()',
      'EXECUTE w',
      "CREATE OR REPLACE FUNCTION w_rep2() RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'",
      'EXECUTE w',
    ],
  },
  {
    technique: 'search_path behind a prepared',
    danger: [
      'CREATE SCHEMA w_sp',
      'CREATE TABLE w_sp.settings (key text)',
      'SET search_path = w_sp, public',
      'PREPARE w AS DELETE FROM settings',
      'EXECUTE w',
      'SET search_path = public',
      'EXECUTE w',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      'CREATE SCHEMA w_sp2',
      'CREATE TABLE w_sp2.settings (key text)',
      'SET search_path = w_sp2, public',
      'DELETE FROM settings',
    ],
  },
  { technique: 'NUL in the text', danger: 'SELECT 1\0; DELETE FROM journal', neighbour: 'SELECT 1' },
  {
    technique: 'statistics expression',
    danger: [
      "CREATE FUNCTION x_s(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.purge_sql(); END'",
      'CREATE TABLE x_st (a int)',
      'INSERT INTO x_st VALUES (1), (2)',
      'CREATE STATISTICS x_ss ON (x_s(a)), a FROM x_st',
      'ANALYZE x_st',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE TABLE x_su (a int)', 'CREATE STATISTICS x_sv ON (a + 1), a FROM x_su', 'ANALYZE x_su'],
  },
  {
    technique: 'partition key',
    danger: [
      "CREATE FUNCTION x_k(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.purge_sql(); END'",
      'CREATE TABLE x_pk (a int) PARTITION BY LIST (x_k(a))',
      'CREATE TABLE x_pk1 PARTITION OF x_pk DEFAULT',
      'INSERT INTO x_pk VALUES (1)',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: [
      'CREATE TABLE x_pl (a int) PARTITION BY LIST (add_up(a, 1))',
      'CREATE TABLE x_pl1 PARTITION OF x_pl DEFAULT',
      'INSERT INTO x_pl VALUES (1)',
    ],
  },
  {
    technique: 'policy of one’s own table',
    danger: [
      'CREATE TABLE x_rls (a int)',
      'INSERT INTO x_rls VALUES (1)',
      'ALTER TABLE x_rls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
      'CREATE POLICY p ON x_rls USING (purge_sql() > 0)',
      'SELECT * FROM x_rls',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE TABLE x_rlt (a int)', 'CREATE POLICY p ON x_rlt USING (a > 0)', 'SELECT * FROM x_rlt'],
  },
  {
    technique: 'ALTER VIEW OWNER of one’s own',
    danger: [
      'CREATE VIEW x_y AS SELECT 1 AS a',
      'ALTER VIEW x_y OWNER TO boss',
      "INSERT INTO settings SELECT 'given', viewowner FROM pg_views WHERE viewname = 'x_y' AND viewowner = 'boss'",
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE VIEW x_z AS SELECT 1 AS a', 'ALTER VIEW x_z RENAME TO x_zz'],
  },
  {
    technique: 'CREATE SCHEMA AUTHORIZATION',
    danger: 'CREATE SCHEMA x_auth AUTHORIZATION boss',
    neighbour: 'CREATE SCHEMA x_auth2',
  },
  {
    technique: 'TABLESAMPLE',
    danger: 'SELECT * FROM settings TABLESAMPLE BERNOULLI (purge_sql())',
    neighbour: 'SELECT * FROM settings TABLESAMPLE BERNOULLI (100)',
  },
  {
    technique: 'aggregate final function',
    danger: [
      "CREATE FUNCTION x_ff(int) RETURNS bigint LANGUAGE sql AS 'SELECT purge_sql()'",
      'CREATE AGGREGATE x_agg(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = x_ff)',
      'SELECT x_agg(1)',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE AGGREGATE x_agh(int) (SFUNC = int4pl, STYPE = int)', 'SELECT x_agh(1)'],
  },
  {
    technique: 'temp function body',
    danger: [
      'CREATE TEMP TABLE settings (key text)',
      "CREATE FUNCTION x_tf() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM settings; END'",
      'SELECT x_tf()',
      'DROP TABLE pg_temp.settings',
      'SELECT x_tf()',
    ],
    leaves: WITH_SEQUENCES,
    neighbour: ['CREATE TEMP TABLE settings (key text)', 'DELETE FROM settings'],
  },
  {
    technique: 'exception rolls the temp table back',
    danger:
      "DO $$ BEGIN BEGIN CREATE TEMP TABLE settings (a int); RAISE EXCEPTION 'x'; EXCEPTION WHEN others THEN NULL; END; DROP TABLE settings; END $$",
    neighbour: 'DO $$ BEGIN CREATE TEMP TABLE x_only (a int); DROP TABLE pg_temp.x_only; END $$',
  },
  {
    technique: 'constant column of a view: of a view that was there',
    danger: 'DELETE FROM noted WHERE one = 1',
    neighbour: 'DELETE FROM noted WHERE id = 1',
  },
  {
    technique: 'constant column of a view: a view of a view, its columns renamed',
    danger: { sql: 'DELETE FROM noted_again WHERE same = $1', values: [1] },
    neighbour: { sql: 'DELETE FROM noted_again WHERE key = $1', values: [5] },
  },
  {
    technique: 'constant column of a view: made in the same transaction',
    danger: ['BEGIN', `CREATE VIEW cv3 AS ${NOTED}`, 'DELETE FROM cv3 WHERE one = 1', 'COMMIT'],
    neighbour: ['BEGIN', `CREATE VIEW cv4 AS ${NOTED}`, 'DELETE FROM cv4 WHERE id = 8', 'COMMIT'],
  },
  {
    technique: 'constant column of a view: made in the same text',
    danger: `CREATE VIEW cv5 AS ${NOTED}; DELETE FROM cv5 WHERE one = 1`,
    leaves: WITH_SEQUENCES,
    neighbour: `CREATE VIEW cv6 AS ${NOTED}; DELETE FROM cv6 WHERE id = 9`,
  },
  {
    technique: 'constant column of a view: a column renamed',
    danger: [
      'BEGIN',
      `CREATE TEMP VIEW cv11 AS ${NOTED}`,
      'ALTER VIEW cv11 RENAME COLUMN one TO flag',
      'DELETE FROM cv11 WHERE flag = 1',
      'COMMIT',
    ],
    neighbour: [
      'BEGIN',
      `CREATE TEMP VIEW cv12 AS ${NOTED}`,
      'ALTER VIEW cv12 RENAME COLUMN id TO nr',
      'DELETE FROM cv12 WHERE nr = 12',
      'COMMIT',
    ],
  },
  {
    technique: 'constant column of a view: MERGE into it',
    danger: 'MERGE INTO noted n USING (VALUES (1)) v(x) ON n.one = v.x WHEN MATCHED THEN DELETE',
    neighbour: 'MERGE INTO journal n USING noted v ON n.id = v.id AND v.id = 17 WHEN MATCHED THEN DELETE',
  },
  {
    technique: 'constant column of a view: in IN',
    danger: 'DELETE FROM journal WHERE id IN (SELECT n.id FROM noted n WHERE n.one = 1)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT n.id FROM noted n WHERE n.id = 19)',
  },
  {
    technique: 'constant column of a view: joined by it with a list of one’s own',
    danger: ['CREATE TEMP TABLE listed AS SELECT 1 AS x', 'DELETE FROM noted n USING listed l WHERE n.one = l.x'],
    neighbour: ['CREATE TEMP TABLE listed AS SELECT 23 AS x', 'DELETE FROM noted n USING listed l WHERE n.id = l.x'],
  },
  {
    technique: 'constant column of a view: in a routine that was there',
    danger: 'SELECT prune(1)',
    neighbour: 'SELECT order_total(1)',
  },
  {
    technique: 'constant column of a view: in a loop over it',
    danger:
      'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM noted WHERE one = 1 LOOP DELETE FROM journal WHERE id = r.id; END LOOP; END $$',
    neighbour:
      'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM noted WHERE id = 30 LOOP DELETE FROM journal WHERE id = r.id; END LOOP; END $$',
  },
  {
    technique: 'constant column of a view: prepared before the view was made',
    danger: [
      'CREATE TEMP TABLE cv40 (id int, one int)',
      'PREPARE cv40p AS DELETE FROM cv40 WHERE one = 1',
      'DROP TABLE cv40',
      `CREATE TEMP VIEW cv40 AS SELECT id, 1 AS one FROM journal`,
      'EXECUTE cv40p',
    ],
    neighbour: ['PREPARE cv41p(int) AS DELETE FROM noted WHERE id = $1', 'EXECUTE cv41p(32)'],
  },
  {
    technique: 'constant column of a view: made by a routine',
    danger: [
      "DO $$ BEGIN EXECUTE 'CREATE TEMP VIEW cv42 AS SELECT id, 1 AS one FROM public.journal'; END $$",
      'DELETE FROM cv42 WHERE one = 1',
    ],
    neighbour: [
      "DO $$ BEGIN EXECUTE 'CREATE TEMP VIEW cv43 AS SELECT id, 1 AS one FROM public.journal'; END $$",
      'DELETE FROM cv43 WHERE id = 33',
    ],
  },
]);
