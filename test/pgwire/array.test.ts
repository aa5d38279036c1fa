import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { encodeArray, encodeName, encodeOid, NAME_OID, OID_OID } from '../../src/pgwire/array.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();

/** As the server reads them. */
async function read(type: 'name' | 'oid', values: readonly string[]): Promise<unknown> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  try {
    const value =
      type === 'name' ? encodeArray(NAME_OID, values.map(encodeName)) : encodeArray(OID_OID, values.map(encodeOid));
    const { rows } = await client.query(`SELECT $1::${type}[]::text[] AS v`, [value]);
    return rows[0].v;
  } finally {
    await client.end();
  }
}

describe('arrays in binary', () => {
  it('are what they were, whatever is in them', async () => {
    const names = [`a"b`, `it's`, 'back\\slash', '{,}', 'NULL', '', ' x ', 'ü€𝄞', "'); DROP TABLE t; --"];
    expect(await read('name', names)).toEqual(names);
    expect(await read('name', [])).toEqual([]);
    expect(await read('oid', ['1', '16384', '4294967295'])).toEqual(['1', '16384', '4294967295']);
  });

  it('have names cut as the server cuts them, between characters', async () => {
    expect(await read('name', ['x'.repeat(63), 'y'.repeat(64), `${'z'.repeat(62)}ü`, '€'.repeat(30)])).toEqual([
      'x'.repeat(63),
      'y'.repeat(63),
      'z'.repeat(62),
      '€'.repeat(21),
    ]);
  });
});
