/**
 * Tables as business schemas have them, for benches of classification: keys, days, amounts, states, names, addresses,
 * telephones, notes, documents, tokens. In even ones the columns are named for what they hold, in odd ones not.
 */
import type pg from 'pg';

export const COLUMNS: readonly (readonly [name: string, type: string, value: string])[] = [
  ['id', 'serial PRIMARY KEY', ''],
  ['account_id', 'integer', 'i % 97'],
  ['reference', 'text', `'ORD-' || lpad((i * 7919 % 1000003)::text, 8, '0')`],
  ['status', 'text', `(ARRAY['open', 'paid', 'shipped', 'returned'])[1 + i % 4]`],
  ['created_at', 'timestamptz', `timestamptz '2024-01-01' + i * interval '37 minutes'`],
  ['amount', 'numeric(12,2)', '(i * 7907 % 100003) / 100.0'],
  ['customer_name', 'text', `initcap(given[1 + i % 8]) || ' ' || initcap(family[1 + i * 5 % 7])`],
  ['email', 'text', `given[1 + i % 8] || '.' || family[1 + i * 5 % 7] || i || '@example.org'`],
  ['phone', 'text', `'+4930' || (1000000 + i * 7919 % 8999999)`],
  ['street', 'text', `'Example Street ' || i % 240 || ', ' || (10000 + i % 80000) || ' Berlin'`],
  ['title', 'text', `'Blue widget of size ' || i % 60 || ' with ' || i % 7 || ' handles'`],
  [
    'note',
    'text',
    `repeat('The parcel was handed to a neighbour, who will bring it over on day ' || i % 28 || '. ', 3)`,
  ],
  ['checksum', 'text', `md5(i::text || n::text)`],
  ['external_uuid', 'uuid', `md5(n || '.' || i)::uuid`],
  ['attributes', 'jsonb', `jsonb_build_object('colour', 'blue', 'size', i % 60, 'by', given[1 + i % 8])`],
  ['token', 'text', `translate(encode(sha256((n || '/' || i)::bytea), 'base64'), '=+/', 'aXz')`],
  ['ip', 'inet', `('91.12.' || i % 250 || '.' || i * 7 % 250)::inet`],
  ['version', 'text', `'v' || i % 9 || '.' || i % 17 || '.' || i % 5`],
];

export const tableName = (n: number): string => `${n % 2 === 0 ? 'orders' : 't'}_${n}`;

const columnName = (n: number, at: number): string => (n % 2 === 0 ? COLUMNS[at]![0] : `c${at}`);

/** `like`: a table of as many columns that has the rows already. */
export async function makeTable(client: pg.Client, n: number, rows: number, like?: number): Promise<void> {
  const columns = COLUMNS.map(([, type], at) => `${columnName(n, at)} ${type}`);
  await client.query(`CREATE UNLOGGED TABLE ${tableName(n)} (${columns.join(', ')})`);
  if (like !== undefined) {
    await client.query(`INSERT INTO ${tableName(n)} SELECT * FROM ${tableName(like)} LIMIT ${rows}`);
    return;
  }
  const filled = COLUMNS.slice(1);
  await client.query(
    `INSERT INTO ${tableName(n)} (${filled.map((_, at) => columnName(n, at + 1)).join(', ')})
     SELECT ${filled.map(([, , value]) => value).join(', ')}
     FROM (SELECT i, ${n} AS n, ARRAY['anna','peter','maria','john','laura','paul','emma','karl'] AS given,
       ARRAY['schmidt','miller','rossi','garcia','nowak','dubois','larsen'] AS family
       FROM generate_series(1, ${rows}) AS i) AS source`,
  );
}
