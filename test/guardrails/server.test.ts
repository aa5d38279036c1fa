import { redTeam } from './red-team.ts';

redTeam('server', [
  {
    technique: 'pg_terminate_backend',
    danger: { sql: 'SELECT pg_terminate_backend($1)', values: ['$PID'] },
    victim: true,
    neighbour: 'SELECT pg_backend_pid()',
  },
  {
    technique: 'pg_terminate_backend by name',
    danger: { sql: 'SELECT "pg_catalog"."pg_terminate_backend"(pid => $PID, timeout => 0)', send: 'cursor' },
    victim: true,
    neighbour: 'SELECT count(*) FROM pg_stat_activity',
  },
  {
    technique: 'pg_terminate_backend in a CASE',
    danger: { sql: 'SELECT CASE WHEN true THEN pg_terminate_backend($PID) END', send: 'binary' },
    victim: true,
    neighbour: "SELECT 'pg_terminate_backend(1)'",
  },
  {
    technique: 'in LATERAL',
    danger: 'SELECT x FROM pg_stat_activity a, LATERAL pg_terminate_backend(a.pid) x WHERE a.pid = $PID',
    victim: true,
    neighbour: 'SELECT a.pid FROM pg_stat_activity a, LATERAL (SELECT 1) x',
  },
  {
    technique: 'in VALUES of an INSERT',
    danger: "INSERT INTO settings VALUES ('k', pg_terminate_backend($PID)::text)",
    victim: true,
    leaves: ['data settings'],
    neighbour: "INSERT INTO settings VALUES ('k2', 'v')",
  },
  {
    technique: 'in RETURNING',
    danger: "UPDATE settings SET value = value WHERE key = 'theme' RETURNING pg_terminate_backend($PID)",
    victim: true,
    neighbour: "UPDATE settings SET value = value WHERE key = 'theme' RETURNING key",
  },
  {
    technique: 'in an index predicate of a temp table',
    danger: [
      'CREATE TEMP TABLE tt AS SELECT $PID AS p',
      'SELECT * FROM tt WHERE pg_cancel_backend(p) AND pg_terminate_backend(p)',
    ],
    victim: true,
    neighbour: ['CREATE TEMP TABLE tt AS SELECT 1 AS p', 'SELECT * FROM tt WHERE p = 1'],
  },
  {
    technique: 'in EXPLAIN ANALYZE',
    danger: { sql: 'SELECT pg_terminate_backend($PID)', send: 'explain' },
    victim: true,
    neighbour: { sql: 'SELECT 1', send: 'explain' },
  },
  {
    technique: 'in COPY',
    danger: { sql: 'SELECT pg_terminate_backend($PID)', send: 'copy' },
    victim: true,
    neighbour: { sql: 'SELECT 1', send: 'copy' },
  },
  {
    technique: 'in an own function',
    danger: [
      "CREATE FUNCTION mine_kick(p int) RETURNS boolean LANGUAGE sql AS 'SELECT pg_terminate_backend(p)'",
      'SELECT mine_kick($PID)',
    ],
    victim: true,
    leaves: ['functions'],
    neighbour: ["CREATE FUNCTION mine_id(p int) RETURNS int LANGUAGE sql AS 'SELECT p'", 'SELECT mine_id(5)'],
  },
  {
    technique: 'by query_to_xml',
    danger: "SELECT query_to_xml('SELECT pg_terminate_backend($PID)', true, false, '')",
    victim: true,
    neighbour: "SELECT xmlelement(name a, 'b')",
  },
  {
    technique: 'by ts_rewrite',
    danger: "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery WHERE pg_terminate_backend($PID)')",
    victim: true,
    neighbour: "SELECT 'a & b'::tsquery",
  },
  {
    technique: 'by ts_stat',
    danger: "SELECT * FROM ts_stat('SELECT to_tsvector(pg_terminate_backend($PID)::text)')",
    victim: true,
    neighbour: "SELECT to_tsvector('a b')",
  },
  {
    technique: 'by crosstab',
    danger:
      "SELECT * FROM crosstab('SELECT pg_terminate_backend($PID)::text, ''a''::text, ''b''::text') AS t(a text, b text)",
    victim: true,
    neighbour: 'SELECT normal_rand(1, 0, 1)',
  },
  {
    technique: 'by xpath_table',
    danger:
      "SELECT * FROM xpath_table('key', 'value', 'settings WHERE pg_terminate_backend($PID)', '/a', 'true') AS t(a text, b text)",
    victim: true,
    neighbour: "SELECT xpath('/a', '<a/>'::xml)",
  },
  {
    technique: 'by dblink',
    danger: "SELECT dblink_exec('dbname=app user=clerk password=clerk', 'SELECT pg_terminate_backend($PID)')",
    victim: true,
    neighbour: "SELECT 'dblink'",
  },
  {
    technique: 'pg_reload_conf',
    danger: { sql: 'SELECT * FROM pg_reload_conf()', send: 'named' },
    neighbour: 'SELECT pg_conf_load_time()',
  },
  { technique: 'ALTER SYSTEM', danger: "ALTER SYSTEM SET work_mem = '77MB'", neighbour: "SET LOCAL work_mem = '7MB'" },
  {
    technique: 'ALTER SYSTEM RESET ALL',
    danger: { sql: 'ALTER SYSTEM RESET work_mem', send: 'extended' },
    neighbour: 'RESET work_mem',
  },
  {
    technique: 'replication slot',
    danger: "SELECT pg_create_physical_replication_slot('left')",
    neighbour: 'SELECT count(*) FROM pg_replication_slots',
  },
  {
    technique: 'restore point and WAL switch',
    danger: "SELECT pg_create_restore_point('x'), pg_switch_wal()",
    neighbour: 'SELECT pg_current_wal_lsn()',
  },
  { technique: 'statistics reset', danger: 'SELECT pg_stat_reset()', neighbour: 'SELECT * FROM pg_stat_database' },
  {
    technique: 'CREATE PUBLICATION',
    danger: 'CREATE PUBLICATION pub FOR TABLE customers',
    neighbour: 'SELECT count(*) FROM pg_publication',
  },
  {
    technique: 'CREATE SUBSCRIPTION',
    danger: "CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1' PUBLICATION pub WITH (connect = false)",
    neighbour: 'SELECT 1 AS subscription',
  },
  {
    technique: 'CREATE SERVER',
    danger: 'CREATE SERVER s FOREIGN DATA WRAPPER dblink_fdw',
    neighbour: 'SELECT count(*) FROM pg_foreign_server',
  },
  {
    technique: 'CREATE EVENT TRIGGER',
    danger: 'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION stamp()',
    neighbour: 'SELECT count(*) FROM pg_event_trigger',
  },
  { technique: 'CREATE EXTENSION', danger: 'CREATE EXTENSION hstore', neighbour: 'SELECT extname FROM pg_extension' },
  {
    technique: 'CREATE LANGUAGE',
    danger: 'CREATE TRUSTED LANGUAGE mine HANDLER plpgsql_call_handler',
    neighbour: 'SELECT lanname FROM pg_language',
  },
  {
    technique: 'CREATE DATABASE',
    danger: 'CREATE DATABASE other TEMPLATE template0',
    neighbour: 'SELECT datname FROM pg_database',
  },
  {
    technique: 'CREATE TABLESPACE',
    danger: "CREATE TABLESPACE ts LOCATION '/tmp'",
    neighbour: 'SELECT spcname FROM pg_tablespace',
  },
  {
    technique: 'CREATE COLLATION and CONVERSION',
    danger: "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
    neighbour: "SELECT convert_to('a', 'LATIN1')",
  },
  { technique: 'VACUUM FULL', danger: 'VACUUM FULL ANALYZE journal', neighbour: 'VACUUM (ANALYZE) journal' },
  {
    technique: 'CLUSTER',
    danger: { sql: 'CLUSTER orders USING orders_pkey', send: 'extended' },
    neighbour: 'ANALYZE orders',
  },
  {
    technique: 'REINDEX',
    danger: 'REINDEX (VERBOSE) TABLE CONCURRENTLY orders',
    neighbour: ['CREATE TABLE mine_ri (a int PRIMARY KEY)', 'REINDEX TABLE mine_ri'],
  },
  {
    technique: 'REFRESH MATERIALIZED VIEW',
    danger: 'REFRESH MATERIALIZED VIEW daily WITH NO DATA',
    neighbour: 'SELECT count(*) FROM daily',
  },
  {
    technique: 'PREPARE TRANSACTION',
    danger: ['BEGIN', "INSERT INTO settings VALUES ('p', 'p')", "PREPARE TRANSACTION 'left'"],
    neighbour: ['BEGIN', "INSERT INTO settings VALUES ('q', 'q')", 'ROLLBACK'],
  },
  {
    technique: 'COPY TO PROGRAM',
    danger: "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'",
    neighbour: 'COPY (SELECT 1) TO STDOUT',
  },
  { technique: 'lo_import', danger: "SELECT lo_import('/etc/passwd')", neighbour: 'SELECT lo_get(4712)' },
  {
    technique: 'lo_export',
    danger: "SELECT lo_export(4711, '/tmp/dbgate-never')",
    neighbour: 'SELECT loid FROM pg_largeobject_metadata m(loid) LIMIT 1',
  },
  {
    technique: 'direct write to a catalog',
    danger: 'DELETE FROM pg_catalog.pg_description WHERE objoid = 1',
    neighbour: 'SELECT * FROM pg_catalog.pg_description WHERE objoid = 1',
  },
  {
    technique: 'LOCK TABLE',
    danger: { sql: ['BEGIN', 'LOCK customers', "INSERT INTO settings VALUES ('locked', 'x')", 'COMMIT'] },
    neighbour: ['BEGIN', 'LOCK TABLE customers IN ROW SHARE MODE', 'COMMIT'],
  },
]);
