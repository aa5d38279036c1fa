/** What is judged by the database's routines and views waits for the first reading of them, which may take long. */
import pg from 'pg';
import { expect, it } from 'vitest';
import { withRig } from './gateway-rig.ts';

const rig = withRig({
  // Else the statement waits for what is masked as well.
  tune: (settings) => ({ ...settings, grants: settings.grants.map((one) => ({ ...one, masking: { mask: 'none' } })) }),
  sql: `CREATE TABLE users (id int PRIMARY KEY, name text);
        INSERT INTO users SELECT i, 'n' FROM generate_series(1, 10) i;`,
});

it('an UPDATE and a DELETE by key by text and by messages', async () => {
  const token = await rig.tokenOf('dev');
  const holder = new pg.Client({ connectionString: rig.server.superuserUrl.replace(/[^/]*$/, 'app') });
  await holder.connect();
  await rig.restart();
  // Nothing but the reading of routines looks at it.
  await holder.query('BEGIN; LOCK TABLE pg_catalog.pg_language IN ACCESS EXCLUSIVE MODE');
  const [dev, other] = await Promise.all([rig.connect(token), rig.connect(token)]);
  const waiting = [
    dev.query('UPDATE users SET name = $$x$$ WHERE id = 1'),
    other.query('DELETE FROM users WHERE id = $1', [2]),
  ];
  const first = await Promise.race([waiting[0], new Promise((resolve) => setTimeout(resolve, 500, 'waits'))]);
  await holder.query('COMMIT');
  await holder.end();
  expect(first).toBe('waits');
  expect((await Promise.all(waiting)).map(({ rowCount }) => rowCount)).toEqual([1, 1]);
  await Promise.all([dev.end(), other.end()]);
});
