/** What the server says of a text that it does not understand is told; what it says in such words of a value is not. */
import { describe, expect, it } from 'vitest';
import { withRig } from './gateway-rig.ts';
import { Listener, PEOPLE_SQL } from './masked-people.ts';

const rig = withRig({
  get sql() {
    return `${PEOPLE_SQL}
      CREATE FUNCTION says(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'column % is not there', $1 USING ERRCODE = '42703'; END $$;
      CREATE FUNCTION runs(text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE 'SELECT ' || $1 INTO n; RETURN n; END $$`;
  },
});

describe('a text with a mistake', () => {
  it.each([
    ['SELECT emial FROM people', 'column "emial" does not exist'],
    ['SELECT lower(p.emial) FROM people p', 'column p.emial does not exist'],
    ['SELECT email FROM peopel', 'relation "peopel" does not exist'],
    ['SELECT p.email FROM people', 'missing FROM-clause entry for table "p"'],
    ['SELECT loweer(email) FROM people', 'function loweer(text) does not exist'],
    ['SELECT email + 1 FROM people', 'operator does not exist: text + integer'],
    ["UPDATE people SET emial = 'x' WHERE id = 1", 'column "emial" of relation "people" does not exist'],
    ['SELECT email, count(*) FROM people', /^column "people.email" must appear in the GROUP BY clause/],
  ])('%s', async (sql, message) => {
    const l = await Listener.open(rig);
    expect((await l.query(sql)).error).toMatch(message);
    expect((await l.execute(sql)).error).toMatch(message);
  });
});

const NAME = 'quote_ident(full_name)';
describe('a value in such an error', () => {
  it.each([
    `SELECT ${NAME}::regclass FROM people`,
    `SELECT ${NAME}::regtype FROM people`,
    `SELECT ${NAME}::regproc FROM people`,
    `SELECT ${NAME}::regrole FROM people`,
    `SELECT to_tsvector(${NAME}::regconfig, 'x') FROM people`,
    'SELECT (full_name::regprocedure) FROM people',
    'SELECT full_name::jsonpath FROM people',
    'SELECT to_tsquery(full_name) FROM people',
    'SELECT nextval(full_name) FROM people',
    'SELECT current_setting(full_name) FROM people',
    "SELECT has_table_privilege(full_name, 'SELECT') FROM people",
    `SELECT has_column_privilege('people', full_name, 'SELECT') FROM people`,
    `SELECT pg_get_serial_sequence('people', full_name) FROM people`,
    "SELECT query_to_xml('SELECT ' || quote_ident(full_name), true, true, '') FROM people",
    'SELECT ts_stat(full_name) FROM people',
    "SELECT xpath(full_name, '<a/>') FROM people",
    'SELECT says(full_name) FROM people',
    `SELECT runs(${NAME}) FROM people`,
    'SELECT runs(full_name) FROM people',
    'DO $$ DECLARE n int; BEGIN EXECUTE (SELECT full_name FROM people LIMIT 1) INTO n; END $$',
    'CREATE TEMP TABLE t AS SELECT quote_ident(full_name)::regclass FROM people',
  ])('%s', async (sql) => {
    const l = await Listener.open(rig);
    expect((await l.query(sql)).error).toBeDefined();
    expect((await l.execute(sql)).error).toBeDefined();
    l.expectNothingRaw();
    expect(l.heard.toString('latin1')).not.toMatch(/quastvogel\d/i);
  });
});
