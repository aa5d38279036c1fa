import { MADE, redTeam } from './red-team.ts';

redTeam('schema', [
  {
    technique: 'TRUNCATE of a partition',
    danger: { sql: 'TRUNCATE ONLY readings_old', send: 'pipeline' },
    neighbour: ['CREATE TEMP TABLE t (a int)', 'TRUNCATE t'],
  },
  {
    technique: 'TRUNCATE of several',
    danger: 'TRUNCATE order_lines, journal RESTART IDENTITY CASCADE',
    neighbour: ['CREATE TABLE mine_t (a int)', 'TRUNCATE mine_t'],
  },
  {
    technique: 'TRUNCATE of own and other',
    danger: ['CREATE TABLE mine_u (a int)', 'TRUNCATE mine_u, journal'],
    leaves: MADE,
    neighbour: 'SELECT count(*) FROM journal',
  },
  {
    technique: 'TRUNCATE in EXECUTE',
    danger: "DO $$ BEGIN EXECUTE 'TRUN' || 'CATE journal'; END $$",
    neighbour: "DO $$ BEGIN EXECUTE 'SELECT 1'; END $$",
  },
  {
    technique: 'TRUNCATE by unicode escapes',
    danger: `TRUNCATE U&"journ\\0061l"`,
    neighbour: `SELECT 'TRUNCATE journal' AS "TRUNCATE"`,
  },
  {
    technique: 'DROP TABLE IF EXISTS',
    danger: { sql: 'DROP TABLE IF EXISTS settings CASCADE', send: 'extended' },
    neighbour: { sql: 'DROP TABLE IF EXISTS no_such_table', send: 'extended' },
  },
  {
    technique: 'DROP of the real one behind a temporary',
    danger: ['CREATE TEMP TABLE settings (a int)', 'DROP TABLE settings', 'DROP TABLE settings'],
    neighbour: ['CREATE TEMP TABLE settings (a int)', 'DROP TABLE settings'],
  },
  {
    technique: 'DROP by schema',
    danger: ['CREATE TEMP TABLE settings (a int)', 'DROP TABLE public.settings'],
    neighbour: ['CREATE TABLE mine_d (a int)', 'DROP TABLE mine_d'],
  },
  {
    technique: 'DROP with a transaction around',
    danger: ['BEGIN', 'DROP TABLE settings', 'COMMIT'],
    neighbour: ['BEGIN', 'CREATE TABLE mine_e (a int)', 'DROP TABLE mine_e', 'COMMIT'],
  },
  {
    technique: 'DROP MATERIALIZED VIEW',
    danger: 'DROP MATERIALIZED VIEW daily',
    neighbour: [
      'CREATE MATERIALIZED VIEW mine_m AS SELECT 1 AS a',
      'REFRESH MATERIALIZED VIEW mine_m',
      'DROP MATERIALIZED VIEW mine_m',
    ],
  },
  {
    technique: 'DROP SEQUENCE CASCADE',
    danger: 'DROP SEQUENCE journal_id_seq CASCADE',
    neighbour: ['CREATE SEQUENCE mine_s', "SELECT setval('mine_s', 5)", 'DROP SEQUENCE mine_s'],
  },
  {
    technique: 'DROP TYPE CASCADE',
    danger: 'DROP TYPE mood CASCADE',
    neighbour: ["CREATE TYPE mine_mood AS ENUM ('a')", 'DROP TYPE mine_mood'],
  },
  {
    technique: 'DROP FUNCTION',
    danger: 'DROP FUNCTION order_total(bigint)',
    neighbour: [
      "CREATE FUNCTION mine_f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'SELECT mine_f()',
      'DROP FUNCTION mine_f()',
    ],
  },
  {
    technique: 'DROP ROUTINE without arguments',
    danger: 'DROP ROUTINE add_entry',
    neighbour: "CALL add_entry('hello')",
  },
  {
    technique: 'DROP AGGREGATE',
    danger: 'DROP AGGREGATE add_all(int)',
    neighbour: 'SELECT add_all(id) FROM customers',
  },
  { technique: 'DROP OPERATOR', danger: 'DROP OPERATOR %%% (int, int)', neighbour: 'SELECT 5 % 3' },
  {
    technique: 'DROP TRIGGER',
    danger: 'DROP TRIGGER stamp ON journal',
    neighbour: "INSERT INTO journal (what) VALUES ('x')",
  },
  {
    technique: 'DROP EXTENSION',
    danger: 'DROP EXTENSION pgcrypto',
    neighbour: "SELECT encode(digest('a', 'sha256'), 'hex')",
  },
  {
    technique: 'DROP SCHEMA',
    danger: 'DROP SCHEMA archive CASCADE',
    neighbour: [
      'CREATE SCHEMA mine_schema',
      'CREATE TABLE mine_schema.t (a int)',
      'DROP TABLE mine_schema.t',
      'DROP SCHEMA mine_schema',
    ],
  },
  {
    technique: 'ALTER TABLE in a DO',
    danger: 'DO $$ BEGIN ALTER TABLE customers DROP COLUMN score; END $$',
    neighbour: ['CREATE TEMP TABLE ct (a int, b int)', 'ALTER TABLE ct DROP COLUMN b'],
  },
  {
    technique: 'ALTER TABLE ADD COLUMN',
    danger: 'ALTER TABLE customers ADD COLUMN extra int DEFAULT 1',
    neighbour: [
      'CREATE TABLE mine_a (a int)',
      "ALTER TABLE mine_a ADD COLUMN b text DEFAULT 'x', ADD CONSTRAINT c CHECK (a > 0)",
    ],
  },
  {
    technique: 'ALTER COLUMN TYPE USING',
    danger: 'ALTER TABLE customers ALTER COLUMN score TYPE text USING NULL',
    neighbour: 'SELECT score::text FROM customers WHERE id = 1',
  },
  {
    technique: 'DISABLE TRIGGER',
    danger: 'ALTER TABLE journal DISABLE TRIGGER ALL',
    neighbour: "INSERT INTO journal (what, at) VALUES ('y', NULL)",
  },
  {
    technique: 'SET UNLOGGED',
    danger: 'ALTER TABLE journal SET UNLOGGED',
    neighbour: 'CREATE UNLOGGED TABLE mine_fast (a int)',
  },
  {
    technique: 'RENAME',
    danger: { sql: 'ALTER TABLE settings RENAME TO settings_old', send: 'extended' },
    neighbour: { sql: ['CREATE TABLE mine_r (a int)', 'ALTER TABLE mine_r RENAME TO mine_r2'], send: 'extended' },
  },
  {
    technique: 'ATTACH PARTITION',
    danger: [
      'CREATE TABLE mine_p (id bigint NOT NULL, at timestamptz NOT NULL, value float8, PRIMARY KEY (id, at))',
      "ALTER TABLE readings ATTACH PARTITION mine_p FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    ],
    leaves: MADE,
    neighbour: "INSERT INTO readings VALUES (1000, '2024-05-05', 1)",
  },
  {
    technique: 'DETACH PARTITION',
    danger: 'ALTER TABLE readings DETACH PARTITION readings_old',
    neighbour: "SELECT count(*) FROM readings WHERE at < '2024-01-01'",
  },
  {
    technique: 'INHERIT an own child',
    danger: 'CREATE TABLE mine_cat () INHERITS (animals)',
    neighbour: 'CREATE TABLE mine_like (LIKE animals INCLUDING ALL)',
  },
  {
    technique: 'ALTER SEQUENCE RESTART',
    danger: 'ALTER SEQUENCE ticket_no RESTART',
    neighbour: 'SELECT last_value FROM ticket_no',
  },
  {
    technique: 'ALTER TYPE ADD VALUE',
    danger: "ALTER TYPE mood ADD VALUE 'high'",
    neighbour: 'SELECT enum_range(NULL::mood)',
  },
  {
    technique: 'ALTER VIEW',
    danger: 'ALTER VIEW open_orders SET (security_barrier = true)',
    neighbour: 'SELECT count(*) FROM open_orders',
  },
  {
    technique: 'CREATE OR REPLACE VIEW',
    danger: 'CREATE OR REPLACE VIEW all_customers AS SELECT * FROM customers WHERE false',
    neighbour: ['CREATE VIEW mine_v AS SELECT 1 AS a', 'CREATE OR REPLACE VIEW mine_v AS SELECT 2 AS a'],
  },
  {
    technique: 'CREATE OR REPLACE FUNCTION',
    danger:
      "CREATE OR REPLACE FUNCTION order_total(o bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT 0::numeric'",
    neighbour: 'SELECT order_total(1)',
  },
  {
    technique: 'CREATE INDEX',
    danger: { sql: 'CREATE INDEX CONCURRENTLY ON customers (name)', send: 'extended' },
    neighbour: ['CREATE TABLE mine_i (a int)', 'CREATE INDEX ON mine_i (a)'],
  },
  {
    technique: 'CREATE TRIGGER',
    danger: 'CREATE TRIGGER t2 AFTER DELETE ON customers FOR EACH ROW EXECUTE FUNCTION stamp()',
    neighbour: [
      'CREATE TABLE mine_trg (id int, at timestamptz)',
      'CREATE TRIGGER s BEFORE INSERT ON mine_trg FOR EACH ROW EXECUTE FUNCTION stamp()',
      'INSERT INTO mine_trg VALUES (1)',
    ],
  },
  {
    technique: 'CREATE RULE',
    danger: 'CREATE RULE no_insert AS ON INSERT TO journal DO INSTEAD NOTHING',
    neighbour: "INSERT INTO journal (what) VALUES ('z')",
  },
  {
    technique: 'a rule of one’s own table that deletes',
    danger: [
      'CREATE TABLE mine_rule (a int)',
      'CREATE RULE r AS ON INSERT TO mine_rule DO ALSO DELETE FROM journal',
      'INSERT INTO mine_rule VALUES (1)',
    ],
    leaves: MADE,
    neighbour: ['CREATE TABLE mine_rule2 (a int)', 'INSERT INTO mine_rule2 VALUES (1)'],
  },
  {
    technique: 'a trigger of one’s own table that deletes',
    danger: [
      'CREATE TABLE mine_trig (a int)',
      "CREATE FUNCTION mine_tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM journal; RETURN NEW; END'",
      'CREATE TRIGGER t BEFORE INSERT ON mine_trig FOR EACH ROW EXECUTE FUNCTION mine_tf()',
      'INSERT INTO mine_trig VALUES (1)',
    ],
    leaves: MADE,
    neighbour: "SELECT 'CREATE TRIGGER'",
  },
  {
    technique: 'CREATE POLICY',
    danger: 'CREATE POLICY p ON customers USING (false)',
    neighbour: 'SELECT count(*) FROM pg_policies',
  },
  {
    technique: 'FORCE ROW LEVEL SECURITY',
    danger: 'ALTER TABLE customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
    neighbour: 'SELECT relrowsecurity FROM pg_class LIMIT 1',
  },
  {
    technique: 'CREATE STATISTICS',
    danger: 'CREATE STATISTICS st ON status, total FROM orders',
    neighbour: 'ANALYZE orders',
  },
  {
    technique: 'COMMENT ON',
    danger: "COMMENT ON TABLE customers IS 'x'",
    neighbour: ['CREATE TABLE mine_c (a int)', "COMMENT ON TABLE mine_c IS 'mine'"],
  },
  {
    technique: 'SECURITY LABEL',
    danger: "SECURITY LABEL FOR selinux ON TABLE customers IS 'x'",
    neighbour: "SELECT obj_description('customers'::regclass)",
  },
  {
    technique: 'foreign key to another’s table',
    danger: 'CREATE TABLE mine_fk (c int REFERENCES customers)',
    neighbour: ['CREATE TABLE mine_pk (id int PRIMARY KEY)', 'CREATE TABLE mine_fk2 (c int REFERENCES mine_pk)'],
  },
  {
    technique: 'CREATE CAST',
    danger: 'CREATE CAST (mood AS int) WITH FUNCTION order_total(bigint)',
    neighbour: "SELECT 'low'::mood",
  },
  {
    technique: 'CREATE OPERATOR with a dangerous function',
    danger: { sql: ['CREATE OPERATOR !!! (FUNCTION = pg_terminate_backend, RIGHTARG = int)', 'SELECT !!! $PID'] },
    victim: true,
    neighbour: ['CREATE OPERATOR ##% (FUNCTION = add_up, LEFTARG = int, RIGHTARG = int)', 'SELECT 1 ##% 2'],
  },
  {
    technique: 'CREATE AGGREGATE over set_config',
    danger: [
      "CREATE AGGREGATE act (text, boolean) (SFUNC = set_config, STYPE = text, INITCOND = 'role')",
      "SELECT act('boss', false)",
      "INSERT INTO journal (what) VALUES ('as boss')",
    ],
    leaves: ['sequences', 'data journal'],
    neighbour: ['CREATE AGGREGATE mine_sum (int) (SFUNC = int4pl, STYPE = int)', 'SELECT mine_sum(id) FROM customers'],
  },
  {
    technique: 'index expression that acts',
    danger: [
      'CREATE TABLE mine_x (a int)',
      'INSERT INTO mine_x VALUES ($PID)',
      'CREATE INDEX ON mine_x ((pg_terminate_backend(a)))',
    ],
    victim: true,
    leaves: MADE,
    neighbour: ['CREATE TABLE mine_y (a int)', 'CREATE INDEX ON mine_y ((a + 1))'],
  },
  {
    technique: 'default that acts',
    danger: [
      'CREATE TABLE mine_def (a boolean DEFAULT pg_terminate_backend($PID))',
      'INSERT INTO mine_def DEFAULT VALUES',
    ],
    victim: true,
    leaves: MADE,
    neighbour: ['CREATE TABLE mine_def2 (a timestamptz DEFAULT now())', 'INSERT INTO mine_def2 DEFAULT VALUES'],
  },
]);
