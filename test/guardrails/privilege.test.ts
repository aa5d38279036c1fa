import { type RedTeamCase, redTeam } from './red-team.ts';

/** Whoever acts as another leaves that name in the journal. */
const AS_BOSS =
  "DO $$ BEGIN IF current_user = 'boss' THEN INSERT INTO settings VALUES ('acted', 'boss'); END IF; END $$";
const acting = (
  technique: string,
  danger: readonly string[],
  neighbour: string | readonly string[],
  options?: string,
): RedTeamCase => ({
  technique,
  danger: { sql: [...danger, AS_BOSS], ...(options === undefined ? {} : { options }) },
  neighbour,
});

redTeam('privilege', [
  acting('SET ROLE in quotes', [`SET ROLE 'boss'`], 'SET ROLE NONE'),
  acting('SET SESSION ROLE', ['SET SESSION ROLE boss'], 'RESET ROLE'),
  acting('SET LOCAL "role"', ['BEGIN', 'SET LOCAL "role" = boss'], ['BEGIN', "SET LOCAL work_mem = '4MB'", 'COMMIT']),
  acting('SET U&"role"', [`SET U&"r\\006fle" TO boss`], `SET U&"work\\005fmem" TO '4MB'`),
  acting('SET SESSION AUTHORIZATION', ['SET SESSION AUTHORIZATION boss'], 'SET SESSION AUTHORIZATION DEFAULT'),
  acting(
    'set_config of upper case',
    ["SELECT set_config('ROLE', 'boss', false)"],
    "SELECT set_config('work_mem', '4MB', false)",
  ),
  acting(
    'set_config by U&',
    [`SELECT U&"set\\005fconfig"('role', 'boss', false)`],
    `SELECT U&"current\\005fsetting"('role')`,
  ),
  acting(
    'set_config, named arguments',
    ["SELECT set_config(setting_name => 'role', new_value => 'boss', is_local => false)"],
    'SELECT make_interval(days => 1)',
  ),
  acting(
    'set_config from rows',
    ["SELECT set_config(n, 'boss', false) FROM (VALUES ('role')) v(n)"],
    "SELECT n FROM (VALUES ('role')) v(n)",
  ),
  acting(
    'set_config in WHERE',
    ["SELECT 1 WHERE set_config('role', 'boss', false) IS NOT NULL"],
    "SELECT 1 WHERE current_setting('role') IS NOT NULL",
  ),
  acting(
    'set_config in a CTE',
    ["WITH a AS MATERIALIZED (SELECT set_config('ro' || 'le', 'boss', false)) SELECT * FROM a"],
    "WITH a AS MATERIALIZED (SELECT set_config('app.user', 'me', false)) SELECT * FROM a",
  ),
  acting('set_config in ORDER BY', ["SELECT 1 ORDER BY set_config('role', 'boss', false)"], 'SELECT 1 ORDER BY 1'),
  acting(
    'set_config in a DO',
    ["DO $$ BEGIN PERFORM set_config('role', 'boss', false); END $$"],
    "DO $$ BEGIN PERFORM set_config('app.x', '1', false); END $$",
  ),
  acting('set_config in a VALUES', ["VALUES (set_config('role', 'boss', false))"], "VALUES (current_setting('role'))"),
  acting(
    'set_config in a default',
    ["CREATE TEMP TABLE d (a text DEFAULT set_config('role', 'boss', false))", 'INSERT INTO d DEFAULT VALUES'],
    ['CREATE TEMP TABLE d (a text DEFAULT current_user)', 'INSERT INTO d DEFAULT VALUES'],
  ),
  acting(
    'UPDATE pg_settings',
    ["UPDATE pg_settings SET setting = 'boss' WHERE name = 'role'"],
    "SELECT setting FROM pg_settings WHERE name = 'role'",
  ),
  acting(
    'a view over pg_settings',
    ['CREATE TEMP VIEW s AS SELECT * FROM pg_settings', "UPDATE s SET setting = 'boss' WHERE name = 'role'"],
    "SELECT count(*) FROM pg_settings WHERE name LIKE 'work%'",
  ),
  acting('options of the start-up packet', [], 'SELECT 1', '-c role=boss'),
  acting('options of the start-up packet, long form', [], 'SELECT 1', '--role=boss'),
  acting('options with other case', [], 'SELECT 1', '-c ROLE=boss'),
  acting(
    'a function with SET role',
    [
      "CREATE FUNCTION mine_role() RETURNS void LANGUAGE sql SET role = boss AS $f$ INSERT INTO public.settings VALUES ('acted', current_user) $f$",
      'SELECT mine_role()',
    ],
    "CREATE FUNCTION mine_path() RETURNS int LANGUAGE sql SET search_path = public AS 'SELECT 1'",
  ),
  {
    technique: 'GRANT of a role to itself',
    danger: 'GRANT boss TO CURRENT_USER',
    neighbour: "SELECT pg_has_role(current_user, 'boss', 'member')",
  },
  {
    technique: 'GRANT of a role to another',
    danger: { sql: 'GRANT shop_owner TO clerk WITH ADMIN OPTION', send: 'extended' },
    neighbour: 'SELECT count(*) FROM pg_auth_members',
  },
  {
    technique: 'GRANT to PUBLIC',
    danger: 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC',
    neighbour: "SELECT has_table_privilege('customers', 'select')",
  },
  { technique: 'REVOKE', danger: 'REVOKE ALL ON customers FROM app', neighbour: "SELECT 'REVOKE ALL'" },
  {
    technique: 'GRANT in CREATE SCHEMA',
    danger: 'CREATE SCHEMA mine_g CREATE TABLE t (a int) GRANT ALL ON t TO clerk',
    neighbour: 'CREATE SCHEMA mine_h CREATE TABLE t (a int)',
  },
  {
    technique: 'ALTER DEFAULT PRIVILEGES',
    danger: 'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC',
    neighbour: 'SELECT count(*) FROM pg_default_acl',
  },
  {
    technique: 'REASSIGN OWNED',
    danger: 'REASSIGN OWNED BY shop_owner TO app',
    neighbour: 'SELECT relowner FROM pg_class LIMIT 1',
  },
  { technique: 'DROP OWNED', danger: 'DROP OWNED BY shop_owner CASCADE', neighbour: "SELECT 'DROP OWNED'" },
  {
    technique: 'ALTER TABLE OWNER',
    danger: 'ALTER TABLE customers OWNER TO app',
    neighbour: 'SELECT tableowner FROM pg_tables LIMIT 1',
  },
  {
    technique: 'ALTER LARGE OBJECT OWNER',
    danger: 'ALTER LARGE OBJECT 4711 OWNER TO boss',
    neighbour: 'SELECT lo_get(4711)',
  },
  {
    technique: 'CREATE ROLE',
    danger: 'CREATE ROLE intruder LOGIN SUPERUSER',
    neighbour: 'SELECT rolname FROM pg_roles',
  },
  {
    technique: 'CREATE USER in a DO',
    danger: "DO $$ BEGIN CREATE USER intruder PASSWORD 'x'; END $$",
    neighbour: 'DO $$ BEGIN PERFORM 1 FROM pg_roles; END $$',
  },
  {
    technique: 'ALTER ROLE PASSWORD',
    danger: "ALTER ROLE clerk PASSWORD 'taken'",
    neighbour: "SELECT 'ALTER ROLE clerk'",
  },
  {
    technique: 'ALTER ROLE SET',
    danger: 'ALTER ROLE clerk SET search_path = archive',
    neighbour: 'SET search_path = archive',
  },
  {
    technique: 'ALTER DATABASE SET',
    danger: "ALTER DATABASE app SET work_mem = '1GB'",
    neighbour: "SET work_mem = '8MB'",
  },
  {
    technique: 'ALTER DATABASE CONNECTION LIMIT',
    danger: 'ALTER DATABASE app CONNECTION LIMIT 1',
    neighbour: 'SELECT datconnlimit FROM pg_database',
  },
  {
    technique: 'DROP ROLE',
    danger: 'DROP ROLE clerk',
    neighbour: 'SELECT current_user',
  },
  {
    technique: 'SECURITY DEFINER',
    danger: "CREATE FUNCTION mine_sd() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    neighbour: "CREATE FUNCTION mine_si() RETURNS int LANGUAGE sql SECURITY INVOKER AS 'SELECT 1'",
  },
  {
    technique: 'EXTERNAL SECURITY DEFINER by ALTER',
    danger: 'ALTER FUNCTION order_total(bigint) EXTERNAL SECURITY DEFINER',
    neighbour: 'SELECT prosecdef FROM pg_proc LIMIT 1',
  },
  {
    technique: 'standard_conforming_strings',
    danger: ['SET standard_conforming_strings = off', "SELECT '\\'; DELETE FROM journal; --'"],
    neighbour: "SELECT E'\\'; DELETE FROM journal; --'",
  },
  {
    technique: 'session_replication_role',
    danger: ['SET session_replication_role = replica', 'DELETE FROM journal WHERE true'],
    neighbour: 'SHOW session_replication_role',
  },
  {
    technique: 'COMMENT ON ROLE and DATABASE',
    danger: "COMMENT ON DATABASE app IS 'x'; COMMENT ON ROLE clerk IS 'x'",
    neighbour: "SELECT shobj_description(1, 'pg_database')",
  },
]);
