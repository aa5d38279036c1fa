/**
 * What calls a routine without its being said: views, policies, dynamic text, triggers and checks. Each way that could
 * empty a table with its harmless neighbour, on a real server.
 */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  // What dynamic text answers is redacted for whom anything is masked; here it is told, so that its effect is seen.
  tune: (settings) => ({ ...settings, grants: settings.grants.map((one) => ({ ...one, masking: { mask: 'none' } })) }),
  sql: `
    CREATE TABLE orders (id int primary key);
    CREATE TABLE totals (id int primary key, n int);
    CREATE TABLE lines (id int, parent int);
    CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
    CREATE FUNCTION drop_one(one int) RETURNS int LANGUAGE sql AS 'DELETE FROM orders WHERE id = one; SELECT 1';
    CREATE FUNCTION how_many() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM orders';
    CREATE VIEW purging AS SELECT purge() AS n;
    CREATE VIEW purging_deeper AS SELECT n FROM purging;
    CREATE VIEW per_row AS SELECT drop_one(id) FROM orders;
    CREATE VIEW counted AS SELECT how_many() AS n;
    CREATE FUNCTION evaluate(expression text) RETURNS int STABLE LANGUAGE plpgsql AS $$
      DECLARE result int; BEGIN EXECUTE 'SELECT ' || expression INTO result; RETURN result; END $$;
    CREATE FUNCTION call_named(name text) RETURNS int STABLE LANGUAGE plpgsql AS $$
      DECLARE result int; BEGIN EXECUTE format('SELECT %I()', name) INTO result; RETURN result; END $$;
    CREATE FUNCTION shadowed(tab regclass) RETURNS int STABLE LANGUAGE plpgsql AS $$
      DECLARE result int; BEGIN
        DECLARE tab text := 'orders, purge()'; BEGIN EXECUTE 'SELECT count(*) FROM ' || tab INTO result; END;
        RETURN result; END $$;
    CREATE FUNCTION of_column(col text) RETURNS int STABLE LANGUAGE plpgsql AS $$
      DECLARE result int; BEGIN EXECUTE format('SELECT sum(%I) FROM orders', col) INTO result; RETURN result; END $$;
    CREATE FUNCTION of_text(given text, top int) RETURNS bigint STABLE LANGUAGE plpgsql AS $$
      DECLARE result bigint; low int := 3; BEGIN
        EXECUTE 'SELECT count(*) FROM orders WHERE id::text <> ' || quote_literal(given) || ' AND id <= ' || top || ' AND id > ' || low
          INTO result; RETURN result; END $$;
    CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN UPDATE totals SET n = n + 1 WHERE id = NEW.parent; RETURN NEW; END $$;
    CREATE TRIGGER count_it AFTER INSERT ON lines FOR EACH ROW EXECUTE FUNCTION count_it()`,
});

let dev: pg.Client;

beforeAll(async () => {
  dev = await rig.connect(await rig.tokenOf('hidden'));
});
beforeEach(async () => {
  await rig.direct('TRUNCATE orders');
  await rig.direct('INSERT INTO orders SELECT generate_series(1, 50)');
});
afterAll(() => dev?.end());

async function refused(sql: string): Promise<void> {
  expect(await failure(dev.query(sql))).toMatchObject({ code: '42501' });
  expect(await rig.direct('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 50 }]);
}
const run = (sql: string) => dev.query(sql);

describe('a view', () => {
  it.each([
    'SELECT purge()',
    'SELECT * FROM purging',
    'SELECT * FROM public.purging_deeper',
    'TABLE purging',
    'WITH a AS (SELECT n FROM purging) SELECT 1 FROM a',
    'COPY purging TO STDOUT',
    'INSERT INTO lines SELECT n, n FROM purging',
    'CREATE TEMP TABLE t AS SELECT * FROM purging',
    'SELECT * FROM per_row',
    'PREPARE p AS SELECT * FROM purging',
    'DO $$ BEGIN PERFORM * FROM purging; END $$',
    "CREATE FUNCTION of_mine() RETURNS int LANGUAGE sql AS 'SELECT n FROM purging'",
  ])('that calls a routine: %s', (sql) => refused(sql));

  it('that calls a harmless one is read', async () => {
    expect((await run('SELECT n FROM counted')).rows).toEqual([{ n: '50' }]);
  });

  it('may be looked at', async () => {
    await run("SELECT pg_get_viewdef('purging'::regclass)");
    await run("SELECT * FROM information_schema.columns WHERE table_name = 'purging'");
  });
});

describe('a STABLE routine that puts its text together', () => {
  it.each(["SELECT evaluate('purge()')", "SELECT call_named('purge')", "SELECT shadowed('orders')"])(
    'of what is given: %s',
    (sql) => refused(sql),
  );

  it('of values that are quoted is called', async () => {
    expect((await run("SELECT of_text('5', 20) AS n")).rows).toEqual([{ n: '16' }]);
  });

  it('of names counts as reading any view', async () => {
    await refused("SELECT of_column('id')");
    await rig.direct('DROP VIEW per_row; DROP VIEW purging_deeper; DROP VIEW purging');
    // The gateway comes to know when something goes through it.
    await run('CREATE TABLE hint (id int)');
    for (;;) {
      const answer = await run("SELECT of_column('id') AS n").catch(() => undefined);
      if (answer === undefined) continue;
      expect(answer.rows).toEqual([{ n: 1275 }]);
      break;
    }
  });
});

describe('a trigger on one’s own table', () => {
  const follow = (name: string, body: string) =>
    run(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$`);
  const fires = (name: string, table: string) =>
    run(`CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);

  it('that deletes elsewhere by NEW is not fired for many rows', async () => {
    await run('CREATE TABLE mine (id int)');
    await follow('follow', 'DELETE FROM orders WHERE id = NEW.id');
    await fires('follow', 'mine');
    // At once, and when the gateway has read the catalog again.
    for (let i = 0; i < 3; i++) {
      await refused('INSERT INTO mine SELECT id FROM orders');
      await refused('UPDATE mine SET id = id');
      await refused('COPY mine FROM STDIN');
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    await run('INSERT INTO mine VALUES (7)');
    expect(await rig.direct('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 49 }]);
  });

  it('nor by another of one’s own behind it, nor by a check', async () => {
    await run('CREATE TABLE first_one (id int)');
    await run('CREATE TABLE second_one (id int)');
    await follow('on_first', 'INSERT INTO second_one VALUES (NEW.id)');
    await follow('on_second', 'DELETE FROM orders WHERE id = NEW.id');
    await fires('on_first', 'first_one');
    await fires('on_second', 'second_one');
    await refused('INSERT INTO first_one SELECT id FROM orders');
    await run('CREATE TABLE checked (id int CHECK (drop_one(id) > 0))');
    await refused('INSERT INTO checked SELECT id FROM orders');
  });

  it('that changes one’s own other table is fired for all', async () => {
    await run('CREATE TABLE sums (id int primary key, n int)');
    await run('CREATE TABLE summed (id int)');
    await follow('sum_up', 'UPDATE sums SET n = n + 1 WHERE id = NEW.id');
    await fires('sum_up', 'summed');
    expect((await run('INSERT INTO summed SELECT id FROM orders')).rowCount).toBe(50);
  });
});

it('triggers of others’ tables are trusted', async () => {
  expect((await run('INSERT INTO lines SELECT id, 1 FROM orders')).rowCount).toBe(50);
});
