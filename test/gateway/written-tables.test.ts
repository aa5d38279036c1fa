import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writtenTables } from '../../src/gateway/written-tables.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();
let asking: pg.Client;
let holding: pg.Client;
beforeAll(async () => {
  [asking, holding] = [0, 1].map(() => new pg.Client({ connectionString: server.superuserUrl })) as [
    pg.Client,
    pg.Client,
  ];
  await asking.connect();
  await holding.connect();
});
afterAll(async () => {
  await asking?.end();
  await holding?.end();
});

it('does not wait for a lock on one table to say what was written to the others', async () => {
  await holding.query('CREATE TABLE locked (a int); CREATE TABLE open (a int); INSERT INTO open VALUES (1)');
  await holding.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
  await asking.query("SET statement_timeout = '1s'");
  const { rows } = await asking.query<{ oid: number }>(
    "SELECT oid::int FROM pg_class WHERE relname IN ('locked', 'open') ORDER BY relname",
  );
  const [locked, open] = rows.map(({ oid }) => oid) as [number, number];
  const query = async (sql: string) =>
    (await asking.query<(string | null)[]>({ text: sql, rowMode: 'array' })).rows as never;
  const written = await writtenTables([locked, open], query);
  expect(written.get(locked)?.mark).toMatch(/ null$/);
  // Were it waited for, the size would be left out of all.
  expect(written.get(open)?.mark).toMatch(/ 8192$/);
});
