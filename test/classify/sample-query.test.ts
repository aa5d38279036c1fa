/** What the query for a table's sample answers: texts of all types as they are, long ones cut. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogColumn } from '../../src/catalog/catalog.ts';
import { type SampledType, sampleQuery } from '../../src/classify/sample-query.ts';
import { withPostgres } from '../support/postgres.ts';

const SEED = `
CREATE DOMAIN worded AS text;
CREATE TABLE "Odd ""one" (
  "a b" text, v varchar(3000), c char(9), n numeric, i integer, j jsonb, l text[], d worded, m date, w bytea, "from" text, s smallint, big bigint
);
INSERT INTO "Odd ""one" VALUES
  ('', 'short', 'x', 1.50, -7, '{"a": [1, null]}', '{a,"b c"}', 'ü', '1999-12-31', '\\x00ff', NULL, NULL, -9223372036854775808),
  (repeat('é🙂x', 700), repeat('z', 2048), 'x  y', 10::numeric ^ 3000, 2147483647, to_jsonb(repeat('ü', 3000)),
    array_fill('w'::text, ARRAY[2000]), repeat('ß', 2048), 'infinity', convert_to(repeat('q', 5000), 'UTF8'),
    (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 3000) AS i), 3, 9);
`;
const COLUMNS = ['a b', 'v', 'c', 'n', 'i', 'j', 'l', 'd', 'm', 'from'];

describe('a sample', () => {
  const server = withPostgres();
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client(server.superuserUrl);
    await client.connect();
    await client.query(SEED);
  });
  afterAll(() => client?.end());

  const sampled = async (names: readonly string[], as: SampledType): Promise<unknown[][]> => {
    const columns = names.map((name) => ({ column: { name } as CatalogColumn, as }));
    const relation = { schema: 'public', name: 'Odd "one', kind: 'r', estimatedRows: -1 };
    const text = sampleQuery(relation, columns, { first: false });
    return (await client.query({ text, rowMode: 'array' })).rows;
  };

  it.each([
    { characters: 2048, columns: COLUMNS },
    { characters: 512, columns: [...COLUMNS, ...COLUMNS] },
  ])('has $characters characters of a text at most', async ({ characters, columns }) => {
    const wanted = columns.map((name) => `left("${name}"::text, ${characters})`);
    const { rows } = await client.query({ text: `SELECT ${wanted} FROM "Odd ""one"`, rowMode: 'array' });
    expect(rows.flat().filter((text) => text !== null && [...text].length === characters).length).toBeGreaterThan(5);
    expect(await sampled(columns, 'text')).toEqual(rows);
  });

  it('has short numbers as they are sent', async () => {
    expect(await sampled(['i', 's', 'big'], 'short')).toEqual([
      [-7, null, '-9223372036854775808'],
      [2147483647, 3, '9'],
    ]);
  });

  it('has the bytes of a bytea up to that, in digits', async () => {
    const [first, second] = await sampled(['w'], 'bytea');
    expect(first).toEqual(['\\x00ff']);
    expect(second).toEqual([`\\x${'71'.repeat(1024)}`]);
  });
});
