/**
 * A table of one's own decides by the values of its rows what becomes of them: where they go, whether they are taken,
 * whether they are shown. What is masked may not get into such a table, and such a thing not be made of a table that
 * holds it. Each of these told something of a masked value before.
 */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    grants: settings.grants.map((one) => ({ ...one, masking: { mask: 'partial' as const } })),
  }),
  sql: `
    CREATE TABLE users (id int PRIMARY KEY, ssn text, salary int);
    INSERT INTO users VALUES (1, '457-55-1234', 83000), (2, '557-55-1234', 23000)`,
});

let client: pg.Client;

beforeAll(async () => {
  client = await rig.connect(await rig.tokenOf('evader'));
});
afterAll(() => client.end());

const SALARIES = 'INSERT INTO % SELECT id, salary FROM users';
const NUMBERS = 'INSERT INTO % SELECT id, ssn FROM users';
const COPIES = 'CREATE TABLE % AS SELECT id, ssn, salary FROM users';

describe('what decides by a masked column', () => {
  it.each<readonly [string, readonly string[], string]>([
    [
      'the range of a partition',
      [
        'CREATE TABLE % (id int, salary int) PARTITION BY RANGE (salary)',
        'CREATE TABLE %a PARTITION OF % FOR VALUES FROM (0) TO (50000)',
        'CREATE TABLE %b PARTITION OF % DEFAULT',
      ],
      SALARIES,
    ],
    [
      'the expression of a partition',
      [
        'CREATE TABLE % (id int, salary int) PARTITION BY LIST ((salary / 10000))',
        'CREATE TABLE %a PARTITION OF % DEFAULT',
      ],
      SALARIES,
    ],
    [
      'a partition, written to by itself',
      [
        'CREATE TABLE % (id int, salary int) PARTITION BY RANGE (salary)',
        'CREATE TABLE %a PARTITION OF % FOR VALUES FROM (0) TO (50000)',
      ],
      'INSERT INTO %a SELECT id, salary FROM users',
    ],
    [
      'a partition, attached',
      [COPIES, 'CREATE TABLE %p (id int, ssn text, salary int) PARTITION BY RANGE (salary)'],
      'ALTER TABLE %p ATTACH PARTITION % FOR VALUES FROM (0) TO (50000)',
    ],
    ['a CHECK', [`CREATE TABLE % (id int, ssn text CHECK (ssn < '5'))`], NUMBERS],
    ['a CHECK of the row', [`CREATE TABLE % (id int, ssn text, CHECK ((%.*)::text > ''))`], NUMBERS],
    [
      'a CHECK that calls a function',
      [
        `CREATE FUNCTION %f(text) RETURNS bool IMMUTABLE LANGUAGE sql AS $$ SELECT $1 < '5' $$`,
        'CREATE TABLE % (id int, ssn text CHECK (%f(ssn)))',
      ],
      NUMBERS,
    ],
    ['a CHECK that is added', [COPIES], `ALTER TABLE % ADD CHECK (ssn < '5')`],
    [
      'the CHECK of a domain',
      [`CREATE DOMAIN %d AS text CHECK (VALUE < '5')`, 'CREATE TABLE % (id int, ssn %d)'],
      NUMBERS,
    ],
    [
      'a domain that gets a CHECK',
      ['CREATE DOMAIN %d AS text', 'CREATE TABLE % (id int, ssn %d)', NUMBERS],
      `ALTER DOMAIN %d ADD CHECK (VALUE < '5')`,
    ],
    [
      'a column that gets such a domain',
      [COPIES, `CREATE DOMAIN %d AS text CHECK (VALUE < '5')`],
      'ALTER TABLE % ALTER ssn TYPE %d',
    ],
    ['a column that gets shorter', [COPIES], 'ALTER TABLE % ALTER ssn TYPE varchar(5)'],
    [
      'a column that gets less long than it became',
      ['CREATE TABLE % (id int, ssn varchar(20))', NUMBERS, 'ALTER TABLE % ALTER ssn TYPE varchar(40)'],
      'ALTER TABLE % ALTER ssn TYPE varchar(30)',
    ],
    ['a number that gets smaller', [COPIES], 'ALTER TABLE % ALTER salary TYPE smallint'],
    [
      'a unique index of an expression',
      [
        'CREATE TABLE % (id int, a text)',
        'CREATE UNIQUE INDEX ON % (substr(a, 1, 1))',
        'ALTER TABLE % RENAME a TO ssn',
      ],
      NUMBERS,
    ],
    ['such an index, made later', [COPIES], 'CREATE UNIQUE INDEX ON % (substr(ssn, 1, 1))'],
    ['a unique index of some rows', [COPIES], `CREATE UNIQUE INDEX ON % ((1)) WHERE ssn < '5'`],
    [
      'an index that fails for some',
      ['CREATE TABLE % (id int, a int)', 'CREATE INDEX ON % ((1 / (a - 83000)))', 'ALTER TABLE % RENAME a TO salary'],
      SALARIES,
    ],
    [
      'an exclusion constraint',
      ['CREATE TABLE % (id int, salary int, EXCLUDE USING gist (int4range(salary, salary + 1000) WITH &&))'],
      SALARIES,
    ],
    [
      'an exclusion constraint, added',
      [COPIES],
      'ALTER TABLE % ADD EXCLUDE USING gist (int4range(salary, salary + 1000) WITH &&)',
    ],
    ['a policy', [COPIES, 'ALTER TABLE % ENABLE ROW LEVEL SECURITY'], 'CREATE POLICY p ON % USING (salary > 50000)'],
    [
      'a policy that is there before',
      ['CREATE TABLE % (id int, a int)', 'CREATE POLICY p ON % USING (a > 50000)', 'ALTER TABLE % RENAME a TO salary'],
      SALARIES,
    ],
    [
      'a function of one’s own in a policy, which may become another',
      [
        'CREATE FUNCTION %f(int) RETURNS bool STABLE LANGUAGE sql AS $$ SELECT true $$',
        'CREATE TABLE % AS SELECT id FROM users',
        'CREATE POLICY p ON % USING (%f(id))',
      ],
      'SELECT id FROM %',
    ],
    [
      'a function of one’s own in a CHECK, which may become another',
      [
        'CREATE FUNCTION %f(int) RETURNS bool STABLE LANGUAGE sql AS $$ SELECT true $$',
        'CREATE TABLE % (id int CHECK (%f(id)))',
      ],
      'INSERT INTO % SELECT id FROM users',
    ],
  ])('%s', async (name, before, attempt) => {
    const table = `g${[...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7)}`;
    const named = (sql: string): string => sql.replaceAll('%', table);
    for (const sql of before) {
      // The schema changed under it (XX000): it says to run it again.
      await client.query(named(sql)).catch(async (error: pg.DatabaseError) => {
        if (error.code !== 'XX000') throw error;
        await client.query(named(sql));
      });
    }
    expect(await failure(client.query(named(attempt)))).toMatchObject({ code: '42501' });
  });

  it('leaves tables alone that decide by something else', async () => {
    const run = async (sql: string): Promise<number | null> => (await client.query(sql)).rowCount;
    await run('CREATE TABLE own (id int PRIMARY KEY, ssn text, n int CHECK (n > 0))');
    expect(await run('INSERT INTO own SELECT id, ssn, 1 FROM users')).toBe(2);
    expect(await run('UPDATE own SET n = 2')).toBe(2);
    await run('CREATE UNIQUE INDEX ON own (ssn)');
    await run('CREATE INDEX ON own (lower(ssn))');
    await run('ALTER TABLE own ALTER ssn TYPE varchar');
    await run('CREATE TABLE wide (id int, ssn varchar(20), salary int)');
    await run('INSERT INTO wide SELECT id, ssn, salary FROM users');
    await run('ALTER TABLE wide ALTER ssn TYPE varchar(40), ALTER salary TYPE bigint');
    await run('CREATE TABLE days (id int, at date) PARTITION BY RANGE (at)');
    await run(`CREATE TABLE days_a PARTITION OF days FOR VALUES FROM ('2000-01-01') TO ('2100-01-01')`);
    expect(await run('INSERT INTO days SELECT id, current_date FROM users')).toBe(2);
  });
});
