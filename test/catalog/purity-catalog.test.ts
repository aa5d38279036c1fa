import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PURITY_CATALOG_SQL, type PurityCatalog, purityCatalogFromRows } from '../../src/catalog/purity-catalog.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

let server: PostgresServer;
let client: pg.Client;
beforeAll(async () => {
  server = await startPostgres({});
  client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function read(): Promise<PurityCatalog> {
  const { rows } = await client.query<(string | null)[]>({ text: PURITY_CATALOG_SQL, rowMode: 'array' });
  return purityCatalogFromRows(rows);
}

describe('the purity catalog of a real database', () => {
  it('has nothing of a user’s in an empty one', async () => {
    const catalog = await read();
    expect([
      ...catalog.otherRelations,
      ...catalog.userFunctions,
      ...catalog.userOperators,
      ...catalog.userTypes,
    ]).toEqual([]);
    expect(catalog.plainRelations.has('pg_class')).toBe(true);
    expect(catalog.plainRelations.has('columns')).toBe(true);
  });

  it('tells what may run code from what may not', async () => {
    await client.query(`
      CREATE TABLE plain (id serial PRIMARY KEY, a text);
      CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
      CREATE VIEW seen AS SELECT * FROM plain;
      CREATE TABLE guarded (a int);
      ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
      CREATE FOREIGN DATA WRAPPER w;
      CREATE SERVER s FOREIGN DATA WRAPPER w;
      CREATE TABLE parted (a int) PARTITION BY RANGE (a);
      CREATE TABLE middle PARTITION OF parted FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (a);
      CREATE FOREIGN TABLE far PARTITION OF middle FOR VALUES FROM (0) TO (9) SERVER s;
      CREATE TEMP VIEW pg_tables AS SELECT 1 AS a;
      CREATE FUNCTION md5(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
      CREATE DOMAIN checked AS int CHECK (value > 0);
      CREATE TYPE status AS ENUM ('on', 'off');
    `);
    const catalog = await read();
    expect([...catalog.otherRelations].sort()).toEqual(['far', 'guarded', 'middle', 'parted', 'pg_tables', 'seen']);
    for (const name of ['plain', 'plain_id_seq', 'kept', 'pg_class'])
      expect(catalog.plainRelations.has(name)).toBe(true);
    expect(catalog.userFunctions).toEqual(new Set(['md5']));
    expect(catalog.userOperators).toEqual(new Set(['===']));
    expect(catalog.userTypes.has('checked')).toBe(true);
    expect(catalog.userTypes.has('status')).toBe(false);
  });

  it('marks everything where built-in types have a cast of a user’s making', async () => {
    await client.query('CREATE FUNCTION odd(text) RETURNS point LANGUAGE sql AS $$SELECT point(1, 1)$$');
    await client.query('CREATE CAST (text AS point) WITH FUNCTION odd(text)');
    expect((await read()).userFunctions.has('*')).toBe(true);
  });

  it('throws on rows of another query', () => {
    expect(() => purityCatalogFromRows([['view', 'x']])).toThrow('purity catalog');
    expect(() => purityCatalogFromRows([['plain', null]])).toThrow('purity catalog');
  });
});
