/** The catalog query inside a client's session: its own changes, and everything that could stand in for a name in it. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogRows, catalogFromRows } from '../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../src/catalog/catalog-query.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();
let client: pg.Client;
let side: pg.Client;
beforeAll(async () => {
  [client, side] = [0, 1].map(() => new pg.Client({ connectionString: server.superuserUrl })) as [pg.Client, pg.Client];
  await Promise.all([client.connect(), side.connect()]);
  await side.query('SET search_path = pg_catalog');
  await client.query('CREATE TABLE public.users (id int PRIMARY KEY, ssn text)');
});
afterAll(async () => {
  await client?.end();
  await side?.end();
});
afterEach(async () => {
  await client.query('ROLLBACK; RESET search_path');
});

/** Parse, Bind and Execute. */
async function rowsIn(one: pg.Client): Promise<CatalogRows> {
  return (await one.query<(string | null)[]>({ text: CATALOG_SQL, rowMode: 'array', values: [] })).rows;
}

/** Without the row of the path, which is the session's own. */
const sorted = (rows: CatalogRows) =>
  rows
    .filter(([what]) => what !== 'database')
    .map((row) => JSON.stringify(row))
    .sort();

describe('the catalog in a client’s session', () => {
  it('has what its open transaction made, and others do not', async () => {
    await client.query(
      'BEGIN; CREATE SCHEMA mine; CREATE TABLE mine.t (a int); SAVEPOINT s; ALTER TABLE users RENAME ssn TO nick',
    );
    await client.query('CREATE TEMP TABLE users (b int); CREATE VIEW mine.v AS SELECT nick FROM public.users');
    const own = catalogFromRows(await rowsIn(client), 1);
    const shared = catalogFromRows(await rowsIn(side), 2);
    const temporary = own.definitionPath[0]!;
    expect(temporary).toMatch(/^pg_temp_\d+$/);
    expect(own.relation(temporary, 'users')?.columns.map(({ name }) => name)).toEqual(['b']);
    expect(own.relation('mine', 't')).toBeDefined();
    expect(own.relation('mine', 'v')?.definition).toContain('nick');
    expect(own.relation('public', 'users')?.columns[1]?.name).toBe('nick');
    expect(shared.schemas.has('mine')).toBe(false);
    expect(shared.relation('public', 'users')?.columns[1]?.name).toBe('ssn');
  });

  it('has temporary tables of other sessions once they are there', async () => {
    await client.query('CREATE TEMP TABLE scratch (a int); CREATE TEMP VIEW seen AS SELECT a FROM scratch');
    const catalog = catalogFromRows(await rowsIn(side), 1);
    const { rows } = await client.query('SELECT (current_schemas(true))[1]::text AS schema');
    const { schema } = rows[0];
    expect(catalog.relation(schema, 'scratch')).toBeDefined();
    expect(catalog.relation(schema, 'seen')?.definition).toContain(`FROM ${schema}.scratch`);
    await client.query('DROP VIEW seen; DROP TABLE scratch');
  });

  it('cannot be misled by operators, functions and tables of the session’s path', async () => {
    const called = new Set(
      [...CATALOG_SQL.matchAll(/pg_catalog\.(\w+)\(/g)].map(([, name]) => name!).filter((name) => name !== 'pg_locks'),
    );
    expect(called).toContain('json_build_array');
    expect(called.size).toBeGreaterThan(8);
    await client.query('CREATE SCHEMA evil');
    const body = `LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$`;
    for (const type of ['oid', 'int2', 'int4', 'int8', 'text', 'name', '"char"', 'bool', 'regproc', 'int2vector']) {
      await client.query(`CREATE FUNCTION evil.compare(${type}, ${type}) RETURNS bool ${body}`);
      for (const sign of ['=', '<>', '<', '>', '>=', '<=', '||', '+', '-', '&']) {
        await client.query(
          `CREATE OPERATOR evil.${sign} (FUNCTION = evil.compare, LEFTARG = ${type}, RIGHTARG = ${type})`,
        );
      }
      await client.query(`CREATE FUNCTION evil.minus(${type}) RETURNS ${type} ${body}`);
      await client.query(`CREATE OPERATOR evil.- (FUNCTION = evil.minus, RIGHTARG = ${type})`);
    }
    for (const name of called) {
      await client.query(
        `CREATE FUNCTION evil.${name}(VARIADIC "any") RETURNS text LANGUAGE internal AS 'json_build_array'`,
      );
      for (const type of ['oid', 'text', 'int8', 'name', 'bool', 'json', '']) {
        await client.query(`CREATE FUNCTION evil.${name}(${type}) RETURNS text ${body}`);
      }
    }
    const { rows } = await client.query<{ relname: string }>(
      "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')",
    );
    for (const { relname } of rows) {
      if (CATALOG_SQL.includes(relname)) await client.query(`CREATE TABLE evil.${relname} (oid oid)`);
    }
    for (const name of ['oid', 'int8', 'text', 'int2', 'regproc'])
      await client.query(`CREATE DOMAIN evil.${name} AS bool`);
    await client.query('SET search_path = evil, pg_catalog');
    await expect(client.query('SELECT 1 = 1')).rejects.toThrow('evil');
    const inside = await rowsIn(client);
    // Names are printed as the path wants them, all else is the same.
    const data = (catalog: CatalogRows) =>
      sorted(catalog).filter((row) => !/^\["(routine|definition|generated)"/.test(row));
    expect(data(inside)).toEqual(data(await rowsIn(side)));
    expect(catalogFromRows(inside, 1).definitionPath.slice(-2)).toEqual(['evil', 'pg_catalog']);
    await client.query('RESET search_path');
    expect(inside.length).toBe((await rowsIn(side)).length);
    await client.query('DROP SCHEMA evil CASCADE');
  });

  it('is there for a role without any rights', async () => {
    await client.query("CREATE ROLE nobody LOGIN PASSWORD 'n'; CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int)");
    await client.query('CREATE VIEW hidden.v AS SELECT a FROM hidden.t; REVOKE ALL ON SCHEMA public FROM PUBLIC');
    const nobody = new pg.Client({ connectionString: server.url('nobody', 'n', 'postgres') });
    await nobody.connect();
    await nobody.query('SET search_path = pg_catalog');
    expect(sorted(await rowsIn(nobody))).toEqual(sorted(await rowsIn(side)));
    await nobody.end();
  });

  it('is the same under settings that change how texts are printed', async () => {
    const before = sorted(await rowsIn(side));
    await side.query(
      "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'escape'; SET quote_all_identifiers = off",
    );
    expect(sorted(await rowsIn(side))).toEqual(before);
  });
});
