import { MADE, redTeam } from './red-team.ts';

const BLOCK = (body: string, declare = ''): string => `DO $$ ${declare} BEGIN ${body} END $$`;

redTeam('conditions that hold everywhere', [
  {
    technique: 'a moment that is always later',
    danger: 'DELETE FROM journal WHERE statement_timestamp() > at',
    neighbour: 'DELETE FROM journal WHERE id = 1 AND statement_timestamp() > at',
  },
  {
    technique: 'coalesce of a test',
    danger: { sql: "DELETE FROM journal WHERE coalesce(at > '1999-01-01', true)", send: 'extended' },
    neighbour: 'DELETE FROM journal WHERE coalesce(id = 2, false)',
  },
  {
    technique: 'LIMIT ALL',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal LIMIT ALL)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY id LIMIT 1)',
  },
  {
    technique: 'LIMIT NULL',
    danger: { sql: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal LIMIT NULL)', send: 'named' },
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id = 4 LIMIT NULL)',
  },
  {
    technique: 'LIMIT of a parameter',
    danger: { sql: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal LIMIT $1)', values: [1000000] },
    neighbour: { sql: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id = $1)', values: [5] },
  },
  {
    technique: 'LIMIT of a million',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal LIMIT 1000000)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY id FETCH NEXT ROW ONLY)',
  },
  {
    technique: 'OFFSET 0',
    danger: { sql: 'DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal OFFSET 0)', send: 'pipeline' },
    neighbour: 'DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal WHERE id = 7 OFFSET 0)',
  },
  {
    technique: 'TABLE',
    danger: 'DELETE FROM journal WHERE id IN (SELECT t.id FROM (TABLE journal) t)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT t.id FROM (TABLE journal) t WHERE t.id = 8)',
  },
  {
    technique: 'UNION with all',
    danger: 'DELETE FROM journal WHERE id IN (SELECT 1 UNION SELECT j.id FROM journal j)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT 9 UNION SELECT 10)',
  },
  {
    technique: 'EXCEPT of nothing',
    danger: 'DELETE FROM journal WHERE id IN (SELECT j.id FROM journal j EXCEPT SELECT 0)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT 11 EXCEPT SELECT 0)',
  },
  {
    technique: 'recursive numbers',
    danger:
      'WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000) DELETE FROM journal USING r WHERE journal.id = r.n',
    neighbour: 'WITH RECURSIVE r (n) AS (VALUES (12)) DELETE FROM journal USING r WHERE journal.id = r.n',
  },
  {
    technique: 'remainder by one',
    danger: 'DELETE FROM journal WHERE id % 1 = 0',
    neighbour: 'DELETE FROM journal WHERE id = 13 % 100',
  },
  {
    technique: 'its own absolute value',
    danger: 'DELETE FROM journal WHERE id = abs(id)',
    neighbour: 'DELETE FROM journal WHERE id = abs(-14)',
  },
  {
    technique: 'begins with nothing',
    danger: "DELETE FROM journal WHERE starts_with(what, '')",
    neighbour: "DELETE FROM journal WHERE what = 'event 15' AND starts_with(what, '')",
  },
  {
    technique: 'at least the empty text',
    danger: { sql: "DELETE FROM journal WHERE what >= ''", send: 'binary' },
    neighbour: "DELETE FROM journal WHERE what = 'event 16' AND what >= ''",
  },
  {
    technique: 'series from min to max',
    danger: 'DELETE FROM journal WHERE id = ANY (SELECT generate_series(min(id), max(id)) FROM journal)',
    neighbour: 'DELETE FROM journal WHERE id = ANY (SELECT max(id) FROM journal)',
  },
  {
    technique: 'a row above another',
    danger: "DELETE FROM journal WHERE (id, what) > (0, '')",
    neighbour: "DELETE FROM journal WHERE (id, what) = (17, 'event 17')",
  },
  {
    technique: 'its type',
    danger: "DELETE FROM journal WHERE pg_typeof(id) = 'integer'::regtype",
    neighbour: 'DELETE FROM journal WHERE id = 18::integer',
  },
  {
    technique: 'xmin',
    danger: 'DELETE FROM journal WHERE xmin::text::bigint > 0',
    neighbour: 'SELECT xmin FROM journal WHERE id = 19',
  },
  {
    technique: 'NOT of what cannot be',
    danger: 'DELETE FROM journal WHERE NOT (id = 20 AND id = 21)',
    neighbour: 'DELETE FROM journal WHERE id = 20 AND NOT (id = 21)',
  },
  {
    technique: 'a test that is not NULL',
    danger: 'DELETE FROM journal WHERE (id = 21) IS NOT NULL',
    neighbour: 'DELETE FROM journal WHERE (id = 21) IS TRUE',
  },
  {
    technique: 'a test that is either',
    danger: 'DELETE FROM journal WHERE (id = 22) IN (true, false)',
    neighbour: 'DELETE FROM journal WHERE id = 22 AND (id = 22) = true',
  },
  {
    technique: 'CASE of one key',
    danger: 'DELETE FROM journal WHERE CASE id WHEN -1 THEN false ELSE true END',
    neighbour: 'DELETE FROM journal WHERE id = 23 AND CASE WHEN id = 23 THEN true ELSE false END',
  },
  {
    technique: 'EXISTS of VALUES',
    danger: { sql: 'DELETE FROM journal WHERE EXISTS (VALUES (1))', send: 'explain' },
    neighbour: 'DELETE FROM journal WHERE id IN (VALUES (24))',
  },
  {
    technique: 'a query that is true',
    danger: 'DELETE FROM journal WHERE (SELECT true)',
    neighbour: 'DELETE FROM journal WHERE id = (SELECT 25)',
  },
  {
    technique: 'all keys, through a text',
    danger:
      "DELETE FROM journal WHERE id = ANY (string_to_array((SELECT string_agg(id::text, ',') FROM journal), ',')::int[])",
    neighbour: "DELETE FROM journal WHERE id = ANY (string_to_array('26,27', ',')::int[])",
  },
  {
    technique: 'all keys, through a document',
    danger: 'DELETE FROM journal WHERE id IN (SELECT jsonb_array_elements_text(jsonb_agg(j.id))::int FROM journal j)',
    neighbour: "DELETE FROM journal WHERE id IN (SELECT jsonb_array_elements_text('[28, 29]')::int)",
  },
  {
    technique: 'all rows, through a document',
    danger:
      'DELETE FROM journal WHERE id IN (SELECT x.id FROM jsonb_to_recordset((SELECT jsonb_agg(j) FROM journal j)) AS x (id int))',
    neighbour: `DELETE FROM journal WHERE id IN (SELECT x.id FROM jsonb_to_recordset('[{"id": 30}]') AS x (id int))`,
  },
  {
    technique: 'LATERAL beside one row',
    danger:
      "DELETE FROM journal WHERE id IN (SELECT a.id FROM settings s CROSS JOIN LATERAL (SELECT j.id FROM journal j) a WHERE s.key = 'theme')",
    neighbour:
      "DELETE FROM journal WHERE id IN (SELECT a.id FROM settings s CROSS JOIN LATERAL (SELECT j.id FROM journal j WHERE j.id = 31) a WHERE s.key = 'theme')",
  },
  {
    technique: 'a window of each',
    danger: 'DELETE FROM journal WHERE id IN (SELECT first_value(j.id) OVER (PARTITION BY j.id) FROM journal j)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT first_value(j.id) OVER () FROM journal j WHERE j.id = 32)',
  },
  {
    technique: 'the greatest of each group',
    danger: 'DELETE FROM journal WHERE id IN (SELECT max(j.id) FROM journal j GROUP BY j.what HAVING count(*) > 0)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT max(j.id) FROM journal j WHERE j.id = 33 GROUP BY j.what)',
  },
  {
    technique: 'a materialized CTE of all',
    danger: 'WITH t AS MATERIALIZED (SELECT id FROM journal) DELETE FROM journal j USING t WHERE j.id = t.id',
    neighbour:
      'WITH t AS MATERIALIZED (SELECT id FROM journal WHERE id = 34) DELETE FROM journal j USING t WHERE j.id = t.id',
  },
  {
    technique: 'OR through the joined table',
    danger: 'DELETE FROM orders o USING customers c WHERE o.customer_id = c.id OR c.id = 1',
    neighbour: 'DELETE FROM orders o USING customers c WHERE o.customer_id = c.id AND c.id = 1',
  },
  {
    technique: 'SET of a row, no WHERE',
    danger: "UPDATE customers SET (name, score) = (SELECT 'x', 0)",
    neighbour: "UPDATE customers SET (name, score) = (SELECT 'x', 0) WHERE id = 3",
  },
  {
    technique: 'SET of a subscript, no WHERE',
    danger: "UPDATE customers SET prefs['theme'] = '1'",
    neighbour: "UPDATE customers SET prefs['theme'] = '1' WHERE id = 4",
  },
  {
    technique: 'empty array and range',
    danger: "UPDATE orders SET status = 'x' WHERE tags @> '{}' AND span && '(,)'",
    neighbour: "UPDATE orders SET status = 'x' WHERE id = 5 AND tags @> '{}'",
  },
  {
    technique: 'MERGE with one row, ON true',
    danger: 'MERGE INTO journal j USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE',
    neighbour: 'MERGE INTO journal j USING (SELECT 35 AS id) s ON j.id = s.id WHEN MATCHED THEN DELETE',
  },
  {
    technique: 'MERGE with a range',
    danger: "MERGE INTO journal j USING (VALUES (0)) v (n) ON j.id > v.n WHEN MATCHED THEN UPDATE SET what = ''",
    neighbour: "MERGE INTO journal j USING (VALUES (36)) v (n) ON j.id = v.n WHEN MATCHED THEN UPDATE SET what = ''",
  },
  {
    technique: 'INSERT of the table into itself',
    danger: "INSERT INTO settings SELECT key, 'x' FROM settings ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
    neighbour: "INSERT INTO settings VALUES ('theme', 'x') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
  },
]);

redTeam('code within code', [
  {
    technique: 'DECLARE',
    danger: BLOCK('NULL;', 'DECLARE n bigint := purge_sql();'),
    neighbour: BLOCK('NULL;', 'DECLARE n numeric := order_total(1);'),
  },
  {
    technique: 'RAISE',
    danger: BLOCK("RAISE NOTICE '%', purge_sql();"),
    neighbour: BLOCK("RAISE NOTICE '%', order_total(1);"),
  },
  { technique: 'ASSERT', danger: BLOCK('ASSERT purge_sql() > 0;'), neighbour: BLOCK('ASSERT add_up(1, 2) > 0;') },
  {
    technique: 'the end of a loop',
    danger: BLOCK('FOR i IN 1..purge_sql() LOOP NULL; END LOOP;'),
    neighbour: BLOCK('FOR i IN 1..add_up(1, 1) LOOP NULL; END LOOP;'),
  },
  {
    technique: 'EXIT WHEN',
    danger: BLOCK('LOOP EXIT WHEN purge_sql() > 0; END LOOP;'),
    neighbour: BLOCK('LOOP EXIT WHEN add_up(1, 1) > 0; END LOOP;'),
  },
  {
    technique: 'a subscript',
    danger: BLOCK('a[purge_sql()] := 1;', 'DECLARE a int[];'),
    neighbour: BLOCK('a[add_up(1, 1)] := 1;', 'DECLARE a int[];'),
  },
  {
    technique: 'CASE',
    danger: BLOCK('CASE purge_sql() WHEN 0 THEN NULL; ELSE NULL; END CASE;'),
    neighbour: BLOCK('CASE add_up(1, 1) WHEN 2 THEN NULL; ELSE NULL; END CASE;'),
  },
  {
    technique: 'OPEN',
    danger: BLOCK('OPEN c FOR SELECT purge_sql(); FETCH c INTO n;', 'DECLARE c refcursor; n bigint;'),
    neighbour: BLOCK('OPEN c FOR SELECT order_total(1); FETCH c INTO n;', 'DECLARE c refcursor; n numeric;'),
  },
  {
    technique: 'a bound cursor',
    danger: BLOCK('OPEN c; FETCH c INTO n;', 'DECLARE c CURSOR FOR SELECT purge_sql(); n bigint;'),
    neighbour: BLOCK('OPEN c; FETCH c INTO n;', 'DECLARE c CURSOR FOR SELECT order_total(1); n numeric;'),
  },
  {
    technique: 'an exception’s handler that truncates',
    danger: BLOCK('PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN TRUNCATE journal;'),
    neighbour: BLOCK('PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN DELETE FROM journal WHERE id = 37;'),
  },
  {
    technique: 'ROLE in a body',
    danger: BLOCK("SET LOCAL ROLE boss; INSERT INTO journal (what) VALUES ('as boss');"),
    neighbour: BLOCK("SET LOCAL work_mem = '5MB'; INSERT INTO journal (what) VALUES ('as oneself');"),
  },
  {
    technique: 'ROLE by set_config in one’s own function',
    danger: [
      "CREATE FUNCTION mine_as() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('role', 'boss', true); INSERT INTO public.journal (what) VALUES ('as boss'); END $$",
      'SELECT mine_as()',
    ],
    leaves: MADE,
    neighbour: [
      "CREATE FUNCTION mine_self() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('work_mem', '5MB', true); INSERT INTO public.journal (what) VALUES ('as oneself'); END $$",
      'SELECT mine_self()',
    ],
  },
  {
    technique: 'one’s own that calls itself, key by key',
    danger: [
      "CREATE FUNCTION mine_rec(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = n; IF n < 200 THEN PERFORM mine_rec(n + 1); END IF; END'",
      'SELECT mine_rec(1)',
    ],
    leaves: MADE,
    neighbour: [
      "CREATE FUNCTION mine_one(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = n; END'",
      'SELECT mine_one(38)',
    ],
  },
  {
    technique: 'two of one’s own that call each other, in one text',
    danger:
      "CREATE FUNCTION mine_b(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = n; IF n < 200 THEN PERFORM mine_a(n + 1); END IF; END'; CREATE FUNCTION mine_a(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM mine_b(n); END'; SELECT mine_a(1)",
    leaves: MADE,
    neighbour: [
      "CREATE FUNCTION mine_c(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = n; END'; CREATE FUNCTION mine_d(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM mine_c(n); END'",
      'SELECT mine_d(40)',
    ],
  },
  {
    technique: 'a trigger that fires itself',
    danger: [
      'CREATE TABLE mine_next (id int)',
      "CREATE FUNCTION mine_step() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = NEW.id; IF NEW.id < 200 THEN INSERT INTO public.mine_next VALUES (NEW.id + 1); END IF; RETURN NEW; END'",
      'CREATE TRIGGER t AFTER INSERT ON mine_next FOR EACH ROW EXECUTE FUNCTION mine_step()',
      'INSERT INTO mine_next VALUES (1)',
    ],
    leaves: MADE,
    neighbour: [
      'CREATE TABLE mine_last (id int)',
      "CREATE FUNCTION mine_halt() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = NEW.id; RETURN NEW; END'",
      'CREATE TRIGGER t AFTER INSERT ON mine_last FOR EACH ROW EXECUTE FUNCTION mine_halt()',
      'INSERT INTO mine_last VALUES (41)',
    ],
  },
  {
    technique: 'a keyed one, called for recursive numbers',
    danger:
      'WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 200) SELECT remove_order(n) FROM r',
    neighbour: 'WITH r (n) AS (VALUES (110)) SELECT remove_order(n) FROM r',
  },
  {
    technique: 'a keyed one, in a CHECK of one’s own table',
    danger: [
      'CREATE TABLE mine_chk (a bigint)',
      "CREATE FUNCTION mine_rmo(o bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.orders WHERE id = o; RETURN true; END'",
      'ALTER TABLE mine_chk ADD CHECK (mine_rmo(a))',
      'INSERT INTO mine_chk SELECT generate_series(1, 200)',
    ],
    leaves: MADE,
    neighbour: [
      'CREATE TABLE mine_chk2 (a bigint CHECK (add_up(a::int, 1) > 0))',
      'INSERT INTO mine_chk2 SELECT generate_series(1, 20)',
    ],
  },
  {
    technique: 'a standard body',
    danger: ['CREATE PROCEDURE mine_std() BEGIN ATOMIC DELETE FROM journal; END', 'CALL mine_std()'],
    leaves: MADE,
    neighbour: ['CREATE PROCEDURE mine_std2() BEGIN ATOMIC DELETE FROM journal WHERE id = 39; END', 'CALL mine_std2()'],
  },
  {
    technique: 'a trigger that deletes by key, for a thousand keys',
    danger: [
      'CREATE TABLE mine_keys (id int)',
      "CREATE FUNCTION mine_del() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal WHERE id = NEW.id; RETURN NEW; END'",
      'CREATE TRIGGER t AFTER INSERT ON mine_keys FOR EACH ROW EXECUTE FUNCTION mine_del()',
      'INSERT INTO mine_keys SELECT generate_series(1, 1000)',
    ],
    leaves: MADE,
    neighbour: ['CREATE TABLE mine_keys2 (id int)', 'INSERT INTO mine_keys2 SELECT generate_series(1, 1000)'],
  },
  {
    technique: 'a rule that deletes by key, for a thousand keys',
    danger: [
      'CREATE TABLE mine_rkeys (id int)',
      'CREATE RULE r AS ON INSERT TO mine_rkeys DO ALSO DELETE FROM public.journal WHERE id = NEW.id',
      'INSERT INTO mine_rkeys SELECT generate_series(1, 1000)',
    ],
    leaves: MADE,
    neighbour: ['CREATE TABLE mine_rkeys2 (id int)', 'INSERT INTO mine_rkeys2 VALUES (1), (2)'],
  },
  {
    technique: 'INSTEAD OF on a view of one’s own',
    danger: [
      'CREATE VIEW mine_iv AS SELECT 1 AS id',
      "CREATE FUNCTION mine_inst() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.journal; RETURN OLD; END'",
      'CREATE TRIGGER t INSTEAD OF DELETE ON mine_iv FOR EACH ROW EXECUTE FUNCTION mine_inst()',
      'DELETE FROM mine_iv WHERE id = 1',
    ],
    leaves: MADE,
    neighbour: ['CREATE VIEW mine_iv2 AS SELECT 1 AS id', 'SELECT * FROM mine_iv2'],
  },
  {
    technique: 'the check of a domain',
    danger: ['CREATE DOMAIN mine_dom AS int CHECK (pg_terminate_backend(VALUE))', 'SELECT $PID::mine_dom'],
    victim: true,
    leaves: MADE,
    neighbour: ['CREATE DOMAIN mine_dom2 AS int CHECK (VALUE > 0)', 'SELECT 5::mine_dom2'],
  },
  {
    technique: 'ROWS FROM, by name of the argument',
    danger: 'SELECT * FROM ROWS FROM (pg_terminate_backend(timeout => 0, pid => $PID), generate_series(1, 2)) AS r',
    victim: true,
    neighbour: 'SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r (a, b)',
  },
  {
    technique: 'a name in escapes',
    danger: { sql: 'SELECT U&"pg\\005fterminate_backend"($PID)', send: 'extended' },
    victim: true,
    neighbour: { sql: 'SELECT U&"pg\\005fbackend_pid"()', send: 'extended' },
  },
  {
    technique: 'ORDER BY, LIMIT and GROUPING SETS',
    danger: {
      sql: 'SELECT count(*) FROM settings GROUP BY GROUPING SETS ((pg_terminate_backend($PID)), ()) ORDER BY 1 LIMIT (SELECT 1 WHERE pg_terminate_backend($PID))',
      send: 'cursor',
    },
    victim: true,
    neighbour: 'SELECT count(*) FROM settings GROUP BY GROUPING SETS ((key), ()) ORDER BY 1 LIMIT (SELECT 1)',
  },
  {
    technique: 'CREATE TABLE AS EXECUTE',
    danger: ['PREPARE p AS SELECT purge_sql()', 'CREATE TABLE mine_ex AS EXECUTE p'],
    neighbour: ['PREPARE p AS SELECT 1 AS a', 'CREATE TABLE mine_ex AS EXECUTE p'],
  },
  {
    technique: 'a cursor of the session',
    danger: ['BEGIN', 'DECLARE c CURSOR FOR SELECT purge_sql()', 'FETCH ALL FROM c', 'COMMIT'],
    neighbour: ['BEGIN', 'DECLARE c CURSOR FOR SELECT order_total(1)', 'FETCH ALL FROM c', 'COMMIT'],
  },
  {
    technique: 'connectby of a query in a table’s place',
    danger:
      "SELECT * FROM connectby('(SELECT 1 AS id, 0 AS p WHERE purge_sql() > 0) x', 'id', 'p', '1', 0) AS t (a int, b int, l int)",
    neighbour: 'SELECT count(*) FROM normal_rand(3, 0, 1)',
  },
  {
    technique: 'a descriptor of a large object',
    danger: { sql: ['BEGIN', 'SELECT lo_truncate(lo_open(oid, 131072), 0) FROM pg_largeobject_metadata', 'COMMIT'] },
    neighbour: 'SELECT loread(lo_open(4711, 262144), 5)',
  },
]);

redTeam('other objects', [
  {
    technique: 'several subcommands',
    danger: 'ALTER TABLE IF EXISTS ONLY settings ALTER value TYPE varchar(2), DROP COLUMN IF EXISTS value CASCADE',
    neighbour: ['CREATE TABLE mine_s (a int, b int)', 'ALTER TABLE IF EXISTS ONLY mine_s ALTER a TYPE bigint, DROP b'],
  },
  {
    technique: 'DETACH CONCURRENTLY',
    danger: 'ALTER TABLE readings DETACH PARTITION readings_old CONCURRENTLY',
    neighbour: 'SELECT count(*) FROM readings_old',
  },
  {
    technique: 'a partition of another’s',
    danger: "CREATE TABLE mine_of PARTITION OF readings FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')",
    neighbour: [
      'CREATE TABLE mine_parts (a int) PARTITION BY LIST (a)',
      'CREATE TABLE mine_part PARTITION OF mine_parts FOR VALUES IN (1)',
    ],
  },
  {
    technique: 'parameters of storage',
    danger: 'ALTER TABLE journal SET (autovacuum_enabled = off), REPLICA IDENTITY FULL',
    neighbour: ['CREATE TABLE mine_st (a int)', 'ALTER TABLE mine_st SET (autovacuum_enabled = off)'],
  },
  {
    technique: 'a sequence set free',
    danger: 'ALTER SEQUENCE customers_id_seq OWNED BY NONE INCREMENT BY 5',
    neighbour: ['CREATE SEQUENCE mine_seq', 'ALTER SEQUENCE mine_seq INCREMENT BY 5'],
  },
  {
    technique: 'SECURITY DEFINER of a procedure',
    danger: 'ALTER ROUTINE add_entry(text) SECURITY DEFINER COST 5',
    neighbour: "CALL add_entry('as it is')",
  },
  {
    technique: 'OR REPLACE of a trigger',
    danger:
      'CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON journal FOR EACH ROW WHEN (false) EXECUTE FUNCTION stamp()',
    neighbour: "INSERT INTO journal (what) VALUES ('stamped')",
  },
  {
    technique: 'OR REPLACE of a view’s rule',
    danger:
      'CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO open_orders DO INSTEAD SELECT id, customer_id, total FROM orders WHERE false',
    neighbour: 'SELECT count(*) FROM open_orders',
  },
  {
    technique: 'OR REPLACE of an aggregate',
    danger: "CREATE OR REPLACE AGGREGATE add_all (int) (SFUNC = int4mul, STYPE = int, INITCOND = '1')",
    neighbour: 'SELECT add_all(id) FROM customers',
  },
  {
    technique: 'REFRESH WITH NO DATA',
    danger: { sql: 'REFRESH MATERIALIZED VIEW daily WITH NO DATA', send: 'extended' },
    neighbour: 'SELECT count(*) FROM daily',
  },
  {
    technique: 'ALTER GROUP',
    danger: 'ALTER GROUP shop_owner ADD USER clerk',
    neighbour: "SELECT pg_has_role('clerk', 'shop_owner', 'MEMBER')",
  },
  {
    technique: 'GRANT of a column',
    danger: 'GRANT SELECT (email), UPDATE (name) ON customers TO clerk WITH GRANT OPTION',
    neighbour: "SELECT has_column_privilege('customers', 'email', 'SELECT')",
  },
  {
    technique: 'GRANT of a parameter',
    danger: 'GRANT SET ON PARAMETER work_mem TO clerk',
    neighbour: "SET work_mem = '5MB'",
  },
  {
    technique: 'GRANT of a large object',
    danger: 'GRANT ALL ON LARGE OBJECT 4711, 4712 TO PUBLIC',
    neighbour: 'SELECT lo_get(4711)',
  },
  {
    technique: 'REVOKE, default privileges of another',
    danger: 'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner REVOKE ALL ON TABLES FROM PUBLIC',
    neighbour: 'SELECT count(*) FROM pg_default_acl',
  },
  {
    technique: 'ALTER SCHEMA',
    danger: 'ALTER SCHEMA archive RENAME TO attic',
    neighbour: ['CREATE SCHEMA mine_sc', 'ALTER SCHEMA mine_sc RENAME TO mine_sc2'],
  },
  {
    technique: 'ALTER EXTENSION',
    danger: 'ALTER EXTENSION dblink DROP FUNCTION dblink_connect(text)',
    neighbour: "SELECT gen_random_uuid() FROM pg_extension WHERE extname = 'pgcrypto'",
  },
  {
    technique: 'ALTER OPERATOR',
    danger: 'ALTER OPERATOR %%% (int, int) SET SCHEMA archive',
    neighbour: 'SELECT 11 % 3',
  },
  {
    technique: 'ALTER INDEX',
    danger: 'ALTER INDEX orders_customer RENAME TO orders_by_customer',
    neighbour: [
      'CREATE TABLE mine_ix (a int)',
      'CREATE INDEX mine_ix_a ON mine_ix (a)',
      'ALTER INDEX mine_ix_a RENAME TO mine_ix_b',
    ],
  },
  {
    technique: 'DROP of a quoted name beside one’s own',
    danger: ['CREATE TABLE mine_q (a int)', 'DROP TABLE IF EXISTS mine_q, "Order Items" CASCADE'],
    leaves: MADE,
    neighbour: ['CREATE TABLE "mine Q" (a int)', 'DROP TABLE IF EXISTS "mine Q", "no such" CASCADE'],
  },
  {
    technique: 'TRUNCATE of the children too',
    danger: 'TRUNCATE animals * RESTART IDENTITY CASCADE',
    neighbour: ['CREATE TEMP TABLE mine_t (a int)', 'TRUNCATE mine_t RESTART IDENTITY'],
  },
  {
    technique: 'IMPORT FOREIGN SCHEMA',
    danger: 'IMPORT FOREIGN SCHEMA public FROM SERVER nowhere INTO archive',
    neighbour: 'SELECT count(*) FROM pg_foreign_server',
  },
]);
