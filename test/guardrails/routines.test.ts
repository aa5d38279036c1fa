import { redTeam } from './red-team.ts';

/** The routines of the seed: `purge_…` and their like do what their names say. */
redTeam('existing routines', [
  { technique: 'a function that deletes', danger: 'SELECT purge_everything()', neighbour: 'SELECT order_total(5)' },
  {
    technique: 'extended',
    danger: { sql: 'SELECT public.purge_everything()', send: 'extended' },
    neighbour: { sql: 'SELECT public.order_total($1)', values: [5] },
  },
  {
    technique: 'prepared',
    danger: { sql: 'SELECT purge_sql()', send: 'prepare' },
    neighbour: { sql: 'SELECT order_total(6)', send: 'prepare' },
  },
  {
    technique: 'through another function',
    danger: { sql: 'SELECT wrapper(1)', send: 'binary' },
    neighbour: { sql: 'SELECT * FROM top_orders(3)', send: 'binary' },
  },
  { technique: 'in FROM', danger: 'SELECT * FROM purge_sql() AS n', neighbour: 'SELECT id FROM top_orders(2)' },
  {
    technique: 'in WHERE',
    danger: 'SELECT 1 WHERE purge_sql() > 0',
    neighbour: 'SELECT 1 WHERE order_total(1) IS NOT NULL',
  },
  { technique: 'CALL', danger: 'CALL purge_proc()', neighbour: "CALL add_entry('called')" },
  {
    technique: 'CALL in a DO',
    danger: 'DO $$ BEGIN CALL purge_proc(); END $$',
    neighbour: "DO $$ BEGIN CALL add_entry('in a DO'); END $$",
  },
  { technique: 'by an operator', danger: 'SELECT 1 %%% 2', neighbour: 'SELECT 7 % 2' },
  {
    technique: 'by an aggregate',
    danger: 'SELECT purge_agg(g) FROM generate_series(1, 3) g',
    neighbour: 'SELECT add_all(g) FROM generate_series(1, 3) g',
  },
  {
    technique: 'as an attribute',
    danger: 'SELECT (c).purge_attr FROM customers c WHERE id = 1',
    neighbour: 'SELECT (c).name FROM customers c WHERE id = 1',
  },
  {
    technique: 'as an attribute of an alias',
    danger: 'SELECT c.purge_attr FROM customers c WHERE id = 1',
    neighbour: 'SELECT c.name FROM customers c WHERE id = 1',
  },
  {
    technique: 'dynamic SQL that is given',
    danger: "SELECT run_text('DELETE FROM journal')",
    neighbour: "SELECT set_status(7, 'paid')",
  },
  {
    technique: 'dynamic SQL in a STABLE function',
    danger: "SELECT * FROM read_text('SELECT purge_sql()::text')",
    neighbour: 'SELECT count(*) FROM top_orders(10)',
  },
  { technique: 'TRUNCATE of what is given', danger: "SELECT wipe_table('journal')", neighbour: 'SELECT add_up(1, 2)' },
  {
    technique: 'a function that drops',
    danger: { sql: 'SELECT drop_it()', send: 'pipeline' },
    neighbour: { sql: 'SELECT order_total(8)', send: 'pipeline' },
  },
  {
    technique: 'a function that ends sessions',
    danger: { sql: 'SELECT kick($PID)', send: 'cursor' },
    victim: true,
    neighbour: { sql: 'SELECT add_up($PID, 1)', send: 'cursor' },
  },
  {
    technique: 'a keyed one, called for all',
    danger: 'SELECT remove_order(id) FROM orders',
    neighbour: 'SELECT remove_order(100)',
  },
  {
    technique: 'a keyed one, called for a range',
    danger: { sql: 'SELECT remove_order(g) FROM generate_series(1, 100000) g', send: 'extended' },
    neighbour: { sql: 'SELECT remove_order(g) FROM (VALUES (101), (102)) v(g)', send: 'extended' },
  },
  {
    technique: 'a keyed one, in a loop',
    danger: 'DO $$ BEGIN FOR i IN 1..100000 LOOP PERFORM remove_order(i); END LOOP; END $$',
    neighbour: 'DO $$ BEGIN FOR i IN 103..104 LOOP PERFORM remove_order(i); END LOOP; END $$',
  },
  {
    technique: 'one’s own keyed one, called for all',
    danger: [
      "CREATE FUNCTION mine_rm(i int) RETURNS void LANGUAGE sql AS 'DELETE FROM journal WHERE id = i'",
      'SELECT mine_rm(id) FROM journal',
    ],
    leaves: ['functions'],
    neighbour: [
      "CREATE FUNCTION mine_rm2(i int) RETURNS void LANGUAGE sql AS 'DELETE FROM journal WHERE id = i'",
      'SELECT mine_rm2(33)',
    ],
  },
  {
    technique: 'one’s own that calls it',
    danger: [
      "CREATE FUNCTION mine_wrap() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM purge_everything(); END'",
      'SELECT mine_wrap()',
    ],
    leaves: ['functions'],
    neighbour: [
      "CREATE FUNCTION mine_wrap2() RETURNS numeric LANGUAGE plpgsql AS 'BEGIN RETURN order_total(1); END'",
      'SELECT mine_wrap2()',
    ],
  },
  {
    technique: 'a temporary function that calls it',
    danger: [
      "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS 'SELECT purge_everything()'",
      'SELECT pg_temp.f()',
    ],
    neighbour: ["CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE sql AS 'SELECT 1'", 'SELECT pg_temp.g()'],
  },
  {
    technique: 'in one text with its creation',
    danger: "CREATE FUNCTION mine_now() RETURNS void LANGUAGE sql AS 'SELECT purge_everything()'; SELECT mine_now()",
    neighbour: "CREATE FUNCTION mine_now2() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT mine_now2()",
  },
  {
    technique: 'in a transaction with its creation',
    danger: [
      'BEGIN',
      "CREATE FUNCTION mine_tx() RETURNS void LANGUAGE sql AS 'SELECT purge_everything()'",
      'SELECT mine_tx()',
      'COMMIT',
    ],
    neighbour: [
      'BEGIN',
      "CREATE FUNCTION mine_tx2(a int) RETURNS int LANGUAGE sql AS 'SELECT a'",
      'SELECT mine_tx2(1)',
      'COMMIT',
    ],
  },
  {
    technique: 'as a default',
    danger: ['CREATE TEMP TABLE d (a bigint DEFAULT purge_sql())', 'INSERT INTO d DEFAULT VALUES'],
    neighbour: ['CREATE TEMP TABLE d (a int DEFAULT add_up(1, 1))', 'INSERT INTO d DEFAULT VALUES'],
  },
  {
    technique: 'in a view',
    danger: ['CREATE TEMP VIEW v AS SELECT purge_sql() AS n', 'SELECT * FROM v'],
    neighbour: ['CREATE TEMP VIEW v AS SELECT order_total(1) AS n', 'SELECT * FROM v'],
  },
  {
    technique: 'behind a search_path',
    danger: ['SET search_path = archive, public', 'SELECT purge_everything()'],
    neighbour: ['SET search_path = archive, public', 'SELECT order_total(9)'],
  },
  {
    technique: 'EXPLAIN ANALYZE',
    danger: { sql: 'SELECT purge_sql()', send: 'explain' },
    neighbour: { sql: 'SELECT order_total(10)', send: 'explain' },
  },
  {
    technique: 'COPY',
    danger: { sql: 'SELECT purge_sql()', send: 'copy' },
    neighbour: { sql: 'SELECT order_total(10)', send: 'copy' },
  },
  {
    technique: 'RETURNING',
    danger: "UPDATE settings SET value = value WHERE key = 'mail' RETURNING purge_sql()",
    neighbour: "UPDATE settings SET value = value WHERE key = 'mail' RETURNING order_total(1)",
  },
]);
