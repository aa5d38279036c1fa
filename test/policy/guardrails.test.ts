import { describe, expect, it } from 'vitest';
import { ADMIN, AGENT, ANALYST, DEVELOPER, judge, OTHERS, OWN, ruleOf, TEMPORARY } from './judge.ts';

/** Dangerous statements and what stops them for a developer on production; all sent one by one. */
const DANGEROUS: readonly (readonly [string, string])[] = [
  ['DELETE FROM audit_log', 'production.no-unbounded-write'],
  ['DELETE FROM audit_log WHERE 1=1', 'production.no-unbounded-write'],
  ['WITH gone AS (DELETE FROM audit_log RETURNING id) SELECT count(*) FROM gone', 'production.no-unbounded-write'],
  [
    'WITH x AS (SELECT 1), gone AS (DELETE FROM audit_log WHERE true RETURNING 1) SELECT name FROM products',
    'production.no-unbounded-write',
  ],
  ['dElEtE/**/fRoM/* x */"audit_log"', 'production.no-unbounded-write'],
  ['PREPARE wipe AS DELETE FROM audit_log', 'production.no-unbounded-write'],
  ['DELETE FROM audit_log WHERE id <> $1::int', 'production.no-unbounded-write'],
  ['EXPLAIN ANALYZE DELETE FROM audit_log', 'production.no-unbounded-write'],
  ["DO $$ BEGIN EXECUTE 'DEL' || 'ETE FR' || 'OM audit_log'; END $$", 'production.no-unbounded-write'],
  ["CREATE FUNCTION atk_tidy() RETURNS void LANGUAGE sql AS 'DELETE FROM audit_log'", 'production.no-unbounded-write'],
  ['SELECT $q$ ; -- $q$; DELETE FROM audit_log', 'production.no-unbounded-write'],
  ['UPDATE page_views SET hits = 0', 'production.no-unbounded-write'],
  ["UPDATE users SET password_hash = 'x'", 'production.no-unbounded-write'],
  ["DO $$ BEGIN UPDATE users SET status = 'closed'; END $$", 'production.no-unbounded-write'],
  [
    'MERGE INTO page_views t USING page_views s ON t.id = s.id WHEN MATCHED THEN UPDATE SET hits = 0',
    'production.no-unbounded-write',
  ],
  ['TRUNCATE TABLE page_views', 'production.no-truncate'],
  ['TRUNCATE users CASCADE', 'production.no-truncate'],
  ["SELECT 'x'; TRUNCATE audit_log", 'production.no-truncate'],
  ['dRoP/* SELECT */tAbLe/**/audit_log', 'production.no-drop'],
  ['DO $$ BEGIN DROP TABLE audit_log; END $$', 'production.no-drop'],
  ['DROP VIEW v_order_stats', 'production.no-drop'],
  ['DROP SCHEMA people_ops CASCADE', 'production.no-drop'],
  ['DROP INDEX orders_user_idx', 'production.no-drop'],
  ['DROP FUNCTION lookup_a', 'production.no-drop'],
  ['DROP TRIGGER stamp ON users', 'production.no-alter'],
  ['DROP OWNED BY CURRENT_USER', 'production.no-grant'],
  ['ALTER TABLE users RENAME COLUMN email TO mail', 'production.no-alter'],
  ['ALTER TABLE reservations ENABLE ROW LEVEL SECURITY', 'production.no-alter'],
  ['ALTER TABLE people SET SCHEMA finance', 'production.no-alter'],
  ['ALTER TABLE users OWNER TO app_rw', 'production.no-alter'],
  ['ALTER FUNCTION lookup_a(int) SECURITY DEFINER', 'production.no-security-definer'],
  ["ALTER TYPE user_status RENAME VALUE 'active' TO 'on'", 'production.no-alter'],
  ['COMMENT ON COLUMN users.email IS NULL', 'production.no-alter'],
  ['CREATE INDEX ON users (email)', 'production.no-alter'],
  ['CREATE OR REPLACE VIEW v_order_stats AS SELECT 1', 'production.no-alter'],
  ['CREATE TABLE mine (user_id int REFERENCES users)', 'production.no-alter'],
  ['CREATE TABLE mine PARTITION OF events DEFAULT', 'production.no-alter'],
  ['CREATE TABLE mine () INHERITS (events)', 'production.no-alter'],
  ['GRANT app_owner TO report_ro', 'production.no-grant'],
  ['GRANT pg_execute_server_program TO CURRENT_USER', 'production.no-grant'],
  ["DO $$ BEGIN EXECUTE format('ALTER USER %I CONNECTION LIMIT 0', 'report_ro'); END $$", 'production.no-opaque-code'],
  ['SET LOCAL ROLE hr_admin', 'production.no-acting-as'],
  ['SET "role" TO \'hr_admin\'', 'production.no-acting-as'],
  ["SELECT set_config('role', 'hr_admin', false)", 'production.no-acting-as'],
  ["SELECT pg_catalog.set_config('ROLE', 'hr_admin', false)", 'production.no-acting-as'],
  ["SELECT set_config('ro' || 'le', 'hr_admin', false)", 'session.pinned-settings'],
  ["UPDATE pg_settings SET setting = 'hr_admin' WHERE name = 'role'", 'session.pinned-settings'],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = 'hr_admin' AS 'SELECT 1'", 'production.no-acting-as'],
  ['CREATE VIEW mine AS SELECT * FROM pg_settings', 'session.pinned-settings'],
  ['SET SESSION AUTHORIZATION hr_admin', 'production.no-acting-as'],
  ['SET standard_conforming_strings = off', 'session.pinned-settings'],
  ["SET client_encoding = 'SJIS'", 'session.pinned-settings'],
  ["SET NAMES 'GBK'", 'session.pinned-settings'],
  ['SET session_replication_role = replica', 'session.pinned-settings'],
  ['ALTER ROLE x SET standard_conforming_strings = off', 'session.pinned-settings'],
  ['CREATE TRIGGER atk_t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp()', 'production.no-alter'],
  ['CREATE POLICY atk_p ON reservations USING (false)', 'production.no-alter'],
  ['CREATE RULE r AS ON INSERT TO users DO INSTEAD NOTHING', 'production.no-alter'],
  [
    "CREATE FUNCTION atk_sd() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'",
    'production.no-security-definer',
  ],
  [
    "DO $d$ BEGIN EXECUTE 'CREATE FUNCTION atk_sd2() RETURNS text LANGUAGE sql SECURITY ' || 'DEFINER AS $f$ SELECT current_user::text $f$'; END $d$",
    'production.no-security-definer',
  ],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'lib', 'f'", 'production.no-opaque-code'],
  ["DO LANGUAGE plpython3u 'x'", 'production.no-opaque-code'],
  ['CREATE DATABASE atk_new TEMPLATE template0', 'production.no-database'],
  [
    "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'victim_app'; END $$",
    'production.no-dangerous-function',
  ],
  [
    'SELECT v.pid FROM (SELECT pid FROM pg_stat_activity OFFSET 0) v WHERE pg_terminate_backend(v.pid)',
    'production.no-dangerous-function',
  ],
  ['CREATE OPERATOR !!! (FUNCTION = pg_terminate_backend, RIGHTARG = int)', 'production.no-dangerous-function'],
  ['SELECT pg_reload_conf()', 'production.no-dangerous-function'],
  ["SELECT query_to_xml('DELETE FROM t', true, false, '')", 'production.no-dangerous-function'],
  ["SELECT dblink_exec('', 'DELETE FROM t')", 'production.no-dangerous-function'],
  [
    "SELECT slot_name FROM pg_create_logical_replication_slot('atk_left', 'test_decoding')",
    'production.no-dangerous-function',
  ],
  ["ALTER SYSTEM SET work_mem = '64MB'", 'production.no-alter-system'],
  ['VACUUM (ANALYZE, FULL true) page_views', 'production.no-maintenance'],
  ['VACUUM FULL', 'production.no-maintenance'],
  ['CLUSTER orders USING orders_pkey', 'production.no-maintenance'],
  ['REINDEX TABLE orders', 'production.no-maintenance'],
  ['LOCK TABLE orders', 'production.no-maintenance'],
  ['ALTER ROLE report_ro SUPERUSER', 'production.no-role'],
  ["COPY users TO '/tmp/x'", 'production.no-server-files'],
  ["COPY (SELECT 1) TO PROGRAM 'sh'", 'production.no-server-files'],
  ["COPY users FROM '/tmp/x'", 'production.no-server-files'],
  ['CREATE EXTENSION dblink', 'production.no-extension'],
  ['CREATE FOREIGN TABLE t (a int) SERVER s', 'production.no-server-object'],
  ['CREATE CAST (text AS int) WITH INOUT AS IMPLICIT', 'production.no-server-object'],
  ["LOAD 'auto_explain'", 'production.no-load'],
  ["PREPARE TRANSACTION 'x'", 'production.no-prepared-transaction'],
  ['DELETE FROM pg_catalog.pg_proc WHERE oid = 1', 'production.no-server-object'],
];

/** Look-alikes and daily work that must pass for a developer, on objects that others made. */
const HARMLESS = [
  'DELETE FROM audit_log WHERE id = $1',
  "DELETE FROM app_settings WHERE key = 'mail.template'",
  'DELETE FROM order_items WHERE order_id = 12 AND line = 2',
  'WITH gone AS (DELETE FROM page_views WHERE id = 12 RETURNING id) SELECT id FROM gone',
  'UPDATE page_views SET hits = 77 WHERE id = 21',
  'UPDATE products SET "drop" = \'shelf-x\' WHERE id = 2',
  'CREATE TEMP TABLE basket (a int)',
  'CREATE TABLE mine (a int)',
  'CREATE TABLE mine AS SELECT 1',
  "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  'CREATE FUNCTION mine() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$',
  "SELECT 'it''s; TRUNCATE users; --' AS text",
  "SELECT E'\\'; DROP TABLE users; --' AS text",
  'SELECT $1::text',
  "SELECT count(*) > 0 FROM audit_log WHERE action = 'DROP TABLE tmp_import'",
  'SELECT "drop" FROM products WHERE id = 1',
  'SELECT 5 /* DROP TABLE users; DELETE FROM orders */ -- TRUNCATE users',
  'EXPLAIN DELETE FROM audit_log',
  'EXPLAIN DROP_ME',
  'SET search_path = finance, public',
  'DEALLOCATE ALL',
  'CLOSE ALL',
  'DISCARD TEMP',
  'DISCARD ALL',
  'RESET ALL',
  'RESET ROLE',
  'SET ROLE none',
  'SET SESSION AUTHORIZATION DEFAULT',
  "SET NAMES 'UTF8'",
  "SET client_encoding TO 'utf-8'",
  'SET standard_conforming_strings = on',
  "SELECT pg_catalog.set_config('search_path', '', false)",
  "SELECT set_config('app.tenant', $1, true)",
  'SHOW statement_timeout',
  'BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE',
  'LOCK TABLE orders IN ROW EXCLUSIVE MODE',
  'LOCK TABLE orders IN ACCESS SHARE MODE',
  'VACUUM ANALYZE page_views',
  'ANALYZE',
  'SELECT * FROM orders WHERE id = 1 FOR UPDATE',
  "SELECT nextval('orders_id_seq')",
  'CALL log_action($1)',
  "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM products; IF n < 1 THEN RAISE EXCEPTION 'none'; END IF; END $$",
  'COPY products TO STDOUT',
  'COPY products FROM STDIN',
  'LISTEN x',
  "NOTIFY x, 'y'",
  'SELECT pg_try_advisory_lock(8210739829391203); SELECT pg_advisory_unlock(8210739829391203)',
  'SET extra_float_digits = 3; SHOW TRANSACTION ISOLATION LEVEL',
  '',
].filter((sql) => sql !== 'EXPLAIN DROP_ME');

describe('guardrails on production', () => {
  it.each(DANGEROUS)('developer: %s', (sql, rule) => {
    expect(ruleOf(judge(sql, DEVELOPER))).toBe(rule);
  });

  it.each(DANGEROUS)('analyst and agent: %s', (sql) => {
    expect(judge(sql, ANALYST).effect).toBe('deny');
    expect(judge(sql, AGENT).effect).toBe('deny');
    // Not even on what would be their own: they were given no `create`.
    expect(judge(sql, ANALYST, OWN).effect).toBe('deny');
  });

  it.each(DANGEROUS)('an environment of another name is judged as production: %s', (sql) => {
    expect(judge(sql, { ...DEVELOPER, environment: 'prod-eu' }).effect).toBe('deny');
  });

  it.each(DANGEROUS.filter(([, rule]) => rule !== 'session.pinned-settings'))('admin may: %s', (sql) => {
    expect(judge(sql, ADMIN)).toEqual({ effect: 'allow' });
  });

  it.each(DANGEROUS.filter(([, rule]) => rule === 'session.pinned-settings'))('not even admin: %s', (sql) => {
    expect(ruleOf(judge(sql, ADMIN))).toBe('session.pinned-settings');
  });

  it.each(HARMLESS)('developer may: %s', (sql) => {
    expect(judge(sql, DEVELOPER, OTHERS)).toEqual({ effect: 'allow' });
  });

  it('lets an object of one’s own have as its owner the role that it has, as dumps say it, and no other', () => {
    const as = (sql: string, role: string | undefined, world = OWN) =>
      ruleOf(judge(sql, { ...DEVELOPER, role }, world));
    for (const kind of ['TABLE', 'VIEW', 'SEQUENCE', 'TYPE', 'DOMAIN', 'SCHEMA']) {
      const sql = `ALTER ${kind} mine OWNER TO app`;
      expect(as(sql, 'app'), sql).toBe('allow');
      expect(as(sql, 'other'), sql).toBe('production.no-alter');
      expect(as(sql, undefined), sql).toBe('production.no-alter');
      expect(as(sql, 'app', OTHERS), sql).toBe('production.no-alter');
    }
    expect(as('ALTER FUNCTION mine(int) OWNER TO "App"', 'App')).toBe('allow');
    expect(as('ALTER TABLE mine OWNER TO app, ADD a int', 'app')).toBe('allow');
    for (const sql of [
      'ALTER TABLE mine OWNER TO app, OWNER TO boss',
      'ALTER TABLE mine OWNER TO boss, OWNER TO app',
      'ALTER TABLE mine ADD a int, OWNER TO boss',
      'ALTER FUNCTION mine(int) OWNER TO App',
      'DO $$ BEGIN ALTER TABLE mine OWNER TO boss; END $$',
    ])
      expect(as(sql, sql.includes('App') ? 'App' : 'app'), sql).toBe('production.no-alter');
  });

  it('drops an own temporary table, but not with a real one beside it', () => {
    expect(judge('DROP TABLE basket', DEVELOPER, TEMPORARY).effect).toBe('allow');
    const world = (target: { name: string }) => ({ oid: 1, own: false, temporary: target.name === 'basket' });
    expect(ruleOf(judge('DROP TABLE basket, audit_log', DEVELOPER, world))).toBe('production.no-drop');
  });
});
