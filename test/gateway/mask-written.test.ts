/** A row that was read masked is not written back: the values that are there would be lost. */

import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';
import { PEOPLE_SQL } from './masked-people.ts';

const rig = withRig({ sql: PEOPLE_SQL });
let dev: pg.Client;
beforeAll(async () => {
  dev = await rig.connect(await rig.tokenOf('dev'));
  return () => dev.end();
});

const stored = async () => (await rig.direct('SELECT full_name, email, note FROM people WHERE id = 3'))[0];
const refused = async (text: string, values?: unknown[]) =>
  expect(await failure(dev.query(text, values))).toMatchObject({
    code: '42501',
    detail: expect.stringContaining('masking.mask-written'),
  });

describe('what was read masked', () => {
  it('is not written back, by values or in the text', async () => {
    const before = await stored();
    const { rows } = await dev.query('SELECT full_name, email, ssn, note FROM people WHERE id = 3');
    const [{ full_name, email, ssn }] = rows;
    expect(email).toMatch(/^z\*+@/);
    await refused('UPDATE people SET full_name = $1, email = $2, ssn = $3 WHERE id = $4', [full_name, email, ssn, 3]);
    await refused('UPDATE people SET full_name = $1 WHERE id = 3', [full_name]);
    await refused(`UPDATE people SET email = '${email}' WHERE id = 3`);
    await refused(`UPDATE people SET ssn = E'${ssn}', note = 'new' WHERE id = 3`);
    await refused(`INSERT INTO people (id, email) VALUES (900, 'a@b.example'), (901, '${email}')`);
    await refused(
      'INSERT INTO people (id, email) VALUES (3, $1) ON CONFLICT (id) DO UPDATE SET email = excluded.email',
      [email],
    );
    expect(await stored()).toEqual(before);
  });

  it('may stand in what is not masked, and in comments; values are written as they are', async () => {
    await dev.query(
      "UPDATE people SET email = $1, full_name = 'Ada Lovelace' WHERE id = 4 /* not j***@m***.example */",
      ['ada@mailhaus.example'],
    );
    await dev.query("UPDATE products SET title = '*** new *** [redacted]' WHERE id = $1", [2]);
    expect(await rig.direct('SELECT email, full_name FROM people WHERE id = 4')).toEqual([
      { email: 'ada@mailhaus.example', full_name: 'Ada Lovelace' },
    ]);
    expect(await rig.direct('SELECT title FROM products WHERE id = 2')).toEqual([{ title: '*** new *** [redacted]' }]);
  });

  it('is a value to those who are shown values', async () => {
    const admin = await rig.connect(await rig.tokenOf('root', ['admins']));
    await admin.query("UPDATE people SET email = 'k***@m***.example' WHERE id = 5");
    await admin.end();
  });
});
