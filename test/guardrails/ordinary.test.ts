/** Ordinary work of a developer that must pass: migrations of one's own tables, ORMs, psql, reports, pgbench. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { withGateway } from '../support/gateway.ts';
import { SEED_SQL } from './seed.ts';

/** In its own session each, statement by statement. */
const ORDINARY: readonly (readonly [string, readonly string[]])[] = [
  [
    'migration: a table',
    [
      'CREATE TABLE invoices (id bigserial PRIMARY KEY, no text NOT NULL UNIQUE, total numeric(12,2) CHECK (total >= 0), created_at timestamptz DEFAULT now())',
      'CREATE INDEX invoices_created ON invoices (created_at DESC)',
      'CREATE UNIQUE INDEX CONCURRENTLY invoices_no_lower ON invoices (lower(no))',
      "COMMENT ON COLUMN invoices.total IS 'gross'",
    ],
  ],
  [
    'migration: change it',
    [
      "ALTER TABLE invoices ADD COLUMN state text DEFAULT 'new'",
      "UPDATE invoices SET state = 'old'",
      'ALTER TABLE invoices ALTER COLUMN state SET NOT NULL',
      'ALTER TABLE invoices RENAME COLUMN state TO status',
      'DROP INDEX invoices_created',
      'TRUNCATE invoices',
    ],
  ],
  [
    'migration: in a transaction',
    [
      'BEGIN',
      'CREATE TABLE parts (id int PRIMARY KEY)',
      'CREATE TABLE part_uses (id int REFERENCES parts)',
      'INSERT INTO parts VALUES (1)',
      'COMMIT',
    ],
  ],
  [
    'migration: a version table',
    [
      'CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY)',
      "INSERT INTO schema_migrations VALUES ('1') ON CONFLICT DO NOTHING",
      'SELECT version FROM schema_migrations ORDER BY version',
      "DELETE FROM schema_migrations WHERE version = '1'",
    ],
  ],
  ['migration: advisory lock', ['SELECT pg_try_advisory_lock(3712876)', 'SELECT pg_advisory_unlock(3712876)']],
  [
    'migration: type, domain, schema',
    [
      'CREATE SCHEMA team',
      "CREATE TYPE team.state AS ENUM ('a', 'b')",
      "CREATE DOMAIN team.code AS text CHECK (VALUE ~ '^[a-z]+$')",
      "ALTER TYPE team.state ADD VALUE 'c'",
      'CREATE TABLE team.items (s team.state, c team.code)',
      'DROP TABLE team.items',
    ],
  ],
  [
    'migration: view',
    [
      'CREATE VIEW my_view AS SELECT id, name FROM customers',
      'CREATE OR REPLACE VIEW my_view AS SELECT id, name, status FROM customers',
      'DROP VIEW my_view',
    ],
  ],
  [
    'migration: function',
    [
      "CREATE OR REPLACE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(regexp_replace(t, '\\W+', '-', 'g')) $$",
      "SELECT slug('A B')",
      'CREATE OR REPLACE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$',
      "SELECT slug('C D')",
      'DROP FUNCTION slug(text)',
    ],
  ],
  [
    'migration: trigger on an own table',
    [
      'CREATE TABLE notes (id serial, at timestamptz)',
      'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$',
      'CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch()',
      'INSERT INTO notes DEFAULT VALUES',
      'UPDATE notes SET at = NULL WHERE id = 1',
    ],
  ],
  [
    'migration: partitions of one’s own',
    [
      'CREATE TABLE log (at date NOT NULL, t text) PARTITION BY RANGE (at)',
      "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
      "INSERT INTO log VALUES ('2024-05-01', 'x')",
      'DROP TABLE log',
    ],
  ],
  [
    'migration: generated and identity columns',
    [
      'CREATE TABLE boxes (id int GENERATED ALWAYS AS IDENTITY, w int, h int, area int GENERATED ALWAYS AS (w * h) STORED)',
      'INSERT INTO boxes (w, h) VALUES (2, 3) RETURNING area',
      'ALTER TABLE boxes ALTER COLUMN id RESTART WITH 100',
    ],
  ],
  [
    'migration: back-fill in batches by key',
    ["UPDATE customers SET prefs = '{}' WHERE id BETWEEN 1 AND 1000 AND prefs IS NULL"],
  ],
  [
    'migration: back-fill from a staging table',
    [
      'CREATE TEMP TABLE staging (id int, s text)',
      "INSERT INTO staging VALUES (1, 'a'), (2, 'b')",
      'UPDATE customers SET status = s.s FROM staging s WHERE customers.id = s.id',
      'DELETE FROM orders WHERE customer_id IN (SELECT id FROM staging)',
    ],
  ],
  [
    'migration: a staging table of one’s own',
    [
      'CREATE TABLE to_fix AS SELECT id FROM customers WHERE id < 4',
      'UPDATE customers c SET score = 5 FROM to_fix f WHERE c.id = f.id',
      'DROP TABLE to_fix',
    ],
  ],
  [
    'ORM: insert returning',
    ["INSERT INTO customers (email, name) VALUES ('n1@shop.example', 'N') RETURNING id, created_at"],
  ],
  [
    'ORM: bulk insert',
    ["INSERT INTO orders (customer_id, total, status) VALUES (1, 1, 'open'), (2, 2, 'open'), (3, 3, 'paid')"],
  ],
  [
    'ORM: upsert',
    [
      "INSERT INTO settings (key, value) VALUES ('lang', 'de') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value WHERE settings.value IS DISTINCT FROM EXCLUDED.value",
    ],
  ],
  [
    'ORM: select with join, limit, offset',
    [
      'SELECT "t0"."id" AS "t0_c0", "t1"."email" FROM "public"."orders" AS "t0" LEFT OUTER JOIN "public"."customers" AS "t1" ON ("t0"."customer_id" = "t1"."id") WHERE ("t0"."id" IN (1, 2, 3)) ORDER BY "t0"."id" ASC LIMIT 10 OFFSET 0',
    ],
  ],
  ['ORM: exists', ["SELECT 1 AS one FROM customers WHERE email = 'c1@shop.example' LIMIT 1"]],
  ['ORM: optimistic update', ["UPDATE orders SET status = 'paid', total = total WHERE id = 20 AND status = 'open'"]],
  ['ORM: delete of children by parent', ['DELETE FROM order_lines WHERE order_id = 21 AND line IN (1, 2)']],
  [
    'ORM: delete with a join',
    ['DELETE FROM order_lines USING orders WHERE orders.id = order_lines.order_id AND orders.id = 22'],
  ],
  [
    'ORM: savepoints',
    [
      'BEGIN',
      'SAVEPOINT a',
      'UPDATE customers SET score = 1 WHERE id = 5',
      'ROLLBACK TO SAVEPOINT a',
      'RELEASE SAVEPOINT a',
      'COMMIT',
    ],
  ],
  ['ORM: row lock', ['BEGIN', 'SELECT * FROM orders WHERE id = 23 FOR UPDATE SKIP LOCKED', 'COMMIT']],
  [
    'ORM: queue worker',
    [
      "UPDATE orders SET status = 'busy' WHERE id = (SELECT id FROM orders WHERE status = 'open' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *",
    ],
  ],
  [
    'ORM: batch of the queue',
    [
      "WITH next AS (SELECT id FROM orders WHERE status = 'paid' ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED) UPDATE orders o SET status = 'sent' FROM next WHERE o.id = next.id RETURNING o.id",
    ],
  ],
  [
    'ORM: set a JSON key',
    ["UPDATE customers SET prefs = jsonb_set(prefs, '{theme}', '\"dark\"') WHERE email = 'c6@shop.example'"],
  ],
  [
    'ORM: counters',
    [
      'UPDATE orders SET total = (SELECT coalesce(sum(qty), 0) FROM order_lines l WHERE l.order_id = orders.id) WHERE id = 24',
    ],
  ],
  [
    'ORM: update from values',
    [
      "UPDATE settings AS s SET value = v.value FROM (VALUES ('theme', 'a'), ('mail', 'b')) AS v(key, value) WHERE s.key = v.key",
    ],
  ],
  [
    'ORM: update from unnest',
    [
      'UPDATE customers c SET score = d.s FROM (SELECT unnest(ARRAY[7, 8]) AS id, unnest(ARRAY[1, 2]) AS s) d WHERE c.id = d.id',
    ],
  ],
  [
    'ORM: connection set-up',
    [
      "SET client_encoding TO 'UTF8'",
      'SET standard_conforming_strings TO on',
      "SET SESSION timezone TO 'UTC'",
      'SET client_min_messages TO warning',
      "SET statement_timeout = '30s'",
      'SHOW max_identifier_length',
      'SELECT version()',
      'SELECT current_schema()',
      'BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED',
      'ROLLBACK',
      'DISCARD ALL',
    ],
  ],
  [
    'ORM: introspection',
    [
      'SELECT t.oid, t.typname, t.typelem FROM pg_type t LEFT JOIN pg_range r ON t.oid = r.rngtypid',
      'SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum) FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = \'"orders"\'::regclass AND a.attnum > 0 AND NOT a.attisdropped',
      'SELECT table_name FROM information_schema.tables',
    ],
  ],
  [
    'jobs: retention',
    [
      "DELETE FROM journal WHERE at < now() - interval '5 years'",
      "DELETE FROM journal WHERE at < '2023-01-02'",
      'DELETE FROM readings WHERE at < current_date - 3650',
      "DELETE FROM journal WHERE at BETWEEN '2023-01-02' AND '2023-01-03'",
    ],
  ],
  [
    'jobs: one status',
    [
      "UPDATE orders SET status = 'late' WHERE status = 'open' AND placed_at < '2023-06-02'",
      "DELETE FROM orders WHERE status = 'cancelled'",
    ],
  ],
  [
    'jobs: orphans of one customer',
    [
      'DELETE FROM orders o WHERE o.customer_id = 7 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)',
    ],
  ],
  [
    'jobs: move rows',
    [
      "WITH moved AS (DELETE FROM archive.orders WHERE id = 5 RETURNING id) INSERT INTO journal (what) SELECT 'order ' || id FROM moved",
    ],
  ],
  [
    'jobs: MERGE',
    [
      "MERGE INTO settings t USING (VALUES ('mail', 'on'), ('new', 'x')) AS s(k, v) ON t.key = s.k WHEN MATCHED THEN UPDATE SET value = s.v WHEN NOT MATCHED THEN INSERT (key, value) VALUES (s.k, s.v)",
    ],
  ],
  [
    'jobs: a DO',
    [
      "DO $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM orders; IF n > 0 THEN UPDATE settings SET value = n::text WHERE key = 'limit'; END IF; END $$",
    ],
  ],
  [
    'jobs: a procedure',
    [
      'CREATE PROCEDURE note(what text) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO journal (what) VALUES (what); END $$',
      "CALL note('x')",
      "CALL add_entry('y')",
    ],
  ],
  [
    'jobs: sequences',
    ["SELECT nextval('ticket_no'), currval('ticket_no'), lastval()", 'SELECT last_value FROM orders_id_seq'],
  ],
  ['jobs: notify', ['LISTEN jobs', "NOTIFY jobs, 'x'", "SELECT pg_notify('jobs', 'y')", 'UNLISTEN *']],
  [
    'report: window functions',
    [
      'SELECT customer_id, sum(total) OVER (PARTITION BY customer_id ORDER BY id), rank() OVER (ORDER BY total DESC) FROM orders LIMIT 5',
    ],
  ],
  [
    'report: grouping sets',
    [
      "SELECT status, date_trunc('month', placed_at), count(*) FILTER (WHERE total > 5) FROM orders GROUP BY GROUPING SETS ((1), (2), ())",
    ],
  ],
  [
    'report: recursive',
    [
      'WITH RECURSIVE t AS (SELECT id, manager_id FROM customers WHERE id = 1 UNION SELECT c.id, c.manager_id FROM customers c JOIN t ON c.manager_id = t.id) SELECT count(*) FROM t',
    ],
  ],
  [
    'report: percentiles and JSON',
    ['SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), jsonb_object_agg(id, total) FROM orders WHERE id < 5'],
  ],
  [
    'report: lateral and generate_series',
    [
      "SELECT d::date, n FROM generate_series('2023-06-01'::date, '2023-06-05', '1 day') d LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE placed_at::date = d) x ON true",
    ],
  ],
  [
    'report: temp table and index',
    [
      'CREATE TEMP TABLE r AS SELECT customer_id, sum(total) AS s FROM orders GROUP BY 1',
      'CREATE INDEX ON r (s)',
      'ANALYZE r',
      'UPDATE r SET s = 0',
      'SELECT * FROM r ORDER BY s DESC LIMIT 3',
      'DROP TABLE r',
    ],
  ],
  [
    'report: cursor',
    ['BEGIN', 'DECLARE c CURSOR FOR SELECT * FROM orders', 'FETCH 5 FROM c', 'MOVE 2 IN c', 'CLOSE c', 'COMMIT'],
  ],
  [
    'report: materialized view',
    [
      'CREATE MATERIALIZED VIEW my_mv AS SELECT status, count(*) FROM orders GROUP BY 1',
      'CREATE UNIQUE INDEX ON my_mv (status)',
      'REFRESH MATERIALIZED VIEW CONCURRENTLY my_mv',
      'DROP MATERIALIZED VIEW my_mv',
    ],
  ],
  [
    'report: EXPLAIN',
    [
      'EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM orders',
      'EXPLAIN DELETE FROM orders',
      'EXPLAIN (FORMAT json) UPDATE orders SET total = 1',
    ],
  ],
  [
    'report: COPY',
    [
      'COPY (SELECT * FROM orders WHERE id < 3) TO STDOUT WITH (FORMAT csv, HEADER)',
      'COPY customers (id, email) TO STDOUT',
    ],
  ],
  [
    'report: extensions’ functions',
    [
      "SELECT encode(digest('x', 'sha256'), 'hex'), gen_random_uuid(), crypt('a', gen_salt('md5'))",
      'SELECT normal_rand(2, 0, 1)',
    ],
  ],
  [
    'report: user routines',
    [
      'SELECT id, order_total(id) FROM orders LIMIT 3',
      'SELECT * FROM top_orders(2)',
      'SELECT add_all(score) FROM customers',
      "SELECT set_status(30, 'paid')",
    ],
  ],
  [
    'report: sizes and activity',
    [
      "SELECT pg_size_pretty(pg_total_relation_size('orders'))",
      'SELECT pid, state FROM pg_stat_activity',
      'SELECT * FROM pg_locks',
    ],
  ],
  [
    'words in literals and names',
    [
      'SELECT \'DELETE FROM orders; DROP TABLE x\' AS "TRUNCATE"',
      'UPDATE "Order Items" SET "Drop" = \'DROP TABLE\' WHERE "Id" = 2',
      'INSERT INTO journal (what) VALUES ($$DELETE FROM journal$$)',
    ],
  ],
  [
    'large objects of one’s own',
    ["SELECT lo_unlink(lo_put_id) FROM (SELECT lo_from_bytea(0, 'x') AS lo_put_id) s LIMIT 1"],
  ],
  [
    'maintenance that locks nobody out',
    ['VACUUM ANALYZE orders', 'ANALYZE customers (email)', 'VACUUM (VERBOSE, SKIP_LOCKED) journal'],
  ],
  ['prepared in SQL', ['PREPARE q (int) AS SELECT * FROM orders WHERE id = $1', 'EXECUTE q(1)', 'DEALLOCATE q']],
  [
    'several in one text',
    ["BEGIN; UPDATE customers SET score = 2 WHERE id = 9; INSERT INTO journal (what) VALUES ('z'); COMMIT"],
  ],
  [
    'one’s own operator and aggregate',
    [
      "CREATE FUNCTION plus2(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b + 2'",
      'CREATE OPERATOR +# (FUNCTION = plus2, LEFTARG = int, RIGHTARG = int)',
      'SELECT 1 +# 2',
      "CREATE AGGREGATE sum2 (int) (SFUNC = plus2, STYPE = int, INITCOND = '0')",
      'SELECT sum2(g) FROM generate_series(1, 3) g',
    ],
  ],
];

describe('ordinary work', () => {
  const gateway = withGateway({ roleAttributes: 'CREATEROLE CREATEDB' });
  beforeAll(async () => {
    const url = new URL(gateway.server.superuserUrl);
    url.pathname = '/app';
    const direct = new pg.Client({ connectionString: url.href });
    await direct.connect();
    await direct.query(SEED_SQL);
    await direct.end();
  });

  it.each(ORDINARY)('%s', async (_, statements) => {
    const client = new pg.Client({ connectionString: gateway.as('developer').url });
    await client.connect();
    try {
      for (const sql of statements) await client.query(sql);
    } finally {
      await client.end();
    }
  });

  it('pgbench makes its tables and runs TPC-B', async () => {
    const url = gateway.as('developer').url;
    const run = promisify(execFile);
    await run('pgbench', ['-i', '-s', '1', url]);
    const { stdout } = await run('pgbench', ['-n', '-M', 'prepared', '-t', '5', url]);
    expect(stdout).toContain('number of transactions actually processed: 5/5');
  });

  it('psql describes what there is', async () => {
    const { stdout } = await promisify(execFile)('psql', [
      '-X',
      gateway.as('developer').url,
      ...[
        '\\d+ orders',
        '\\dt *.*',
        '\\df+',
        '\\dv',
        '\\dn+',
        '\\du',
        '\\l',
        '\\dT+',
        '\\sf order_total',
        '\\z',
      ].flatMap((c) => ['-c', c]),
    ]);
    expect(stdout).toContain('orders_pkey');
  });
});
