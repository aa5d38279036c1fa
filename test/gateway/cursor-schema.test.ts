/**
 * Somebody reads on from a cursor, by FETCH or by Execute with a limit of rows, while others change the schema: what has
 * nothing to do with it goes on; where its rows could be of something else by then, it is refused, or stays masked.
 */
import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../src/pgwire/extended.ts';
import { withRig } from './gateway-rig.ts';
import { type Answer, Listener, PEOPLE_SQL } from './masked-people.ts';

/** A name of its own, and what it is when the tests begin: @ is the name. */
const SETUP: string[] = [];
function made(sql: string): string {
  const name = `thing_${SETUP.length}`;
  SETUP.push(sql.replaceAll('@', name));
  return name;
}

const rig = withRig({
  get sql() {
    return [PEOPLE_SQL, 'CREATE SCHEMA early', 'CREATE TABLE parent (id int, v text)', ...SETUP].join(';\n');
  },
});

const body = (of: string): string => `RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (${of}); END $$`;
/** For the first row it reads nothing, so its tables are not locked by then. */
const later = (of: string): string =>
  `RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN IF $1 = 1 THEN RETURN 'Kettle 1'; END IF; RETURN (${of}); END $$`;
const HARMLESS = `SELECT title FROM products WHERE id = $1`;
const HARMFUL = `SELECT upper(email) FROM people WHERE id = $1`;

const READS = {
  'a table': 'SELECT title FROM products',
  'a function': `SELECT ${made(`CREATE FUNCTION @(int) ${body(HARMLESS)}`)}(id) FROM products`,
};

interface Cursor {
  /** The next row, or its error. */
  next(): Promise<Answer>;
}

const OPENS: Record<string, (l: Listener, sql: string) => Promise<Cursor>> = {
  async FETCH(l, sql) {
    await l.query('BEGIN');
    expect((await l.query(`DECLARE c CURSOR FOR ${sql}`)).error).toBeUndefined();
    return { next: () => l.query('FETCH c') };
  },
  async 'FETCH by the extended protocol'(l, sql) {
    await l.query('BEGIN');
    expect((await l.execute(`DECLARE c CURSOR FOR ${sql}`)).error).toBeUndefined();
    return { next: () => l.execute('FETCH c') };
  },
  async 'Execute with a limit'(l, sql) {
    await l.query('BEGIN');
    l.send(encodeParse('', sql), encodeBind('p', '', [], []), SYNC);
    expect((await l.answer()).error).toBeUndefined();
    return { next: () => l.send(encodeExecute('p', 1), SYNC).answer() };
  },
};

/** By others, through dbgate; each is one text. */
const UNRELATED = [
  'CREATE TABLE @_a (id serial PRIMARY KEY, name text)',
  'CREATE TABLE @_b (id int PRIMARY KEY, a int REFERENCES @_a)',
  'ALTER TABLE @_a ADD COLUMN more text',
  'CREATE INDEX ON @_a (name)',
  'ALTER TABLE @_a ADD CONSTRAINT named CHECK (name <> $$$$)',
  'ALTER TABLE @_a RENAME COLUMN more TO most',
  'ALTER TABLE @_b RENAME TO @_c',
  'CREATE VIEW @_v AS SELECT id FROM @_a',
  'CREATE OR REPLACE FUNCTION @_f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'DROP TABLE @_a CASCADE',
];

describe.each(Object.entries(OPENS))('%s', (_, open) => {
  it('from a function goes on while others change what it does not read', async () => {
    const sql = READS['a function'];
    const [l, other] = [await Listener.open(rig), await Listener.open(rig, 'dev-2')];
    const name = `u${hash(_)}`;
    const cursor = await open(l, sql);
    let n = 0;
    const expectNext = async (): Promise<void> => {
      const answer = await cursor.next();
      expect([answer.error, answer.value]).toEqual([undefined, `Kettle ${++n}`]);
    };
    await expectNext();
    for (const change of UNRELATED) {
      const changed = await other.query(change.replaceAll('@', name));
      expect([change, changed.error]).toEqual([change, undefined]);
      await expectNext();
    }
    // And while it is not committed.
    await other.query(`BEGIN; CREATE TABLE ${name}_d (id int); ALTER TABLE ${name}_d ADD x int`);
    await expectNext();
    await other.query('COMMIT');
    await expectNext();
    await l.query('COMMIT');
  });

  it('is opened while others change what it does not read', async () => {
    const [l, other] = [await Listener.open(rig), await Listener.open(rig, 'dev-2')];
    await other.query(`BEGIN; DO $$ BEGIN NULL; END $$; CREATE SCHEMA w${hash(_)}`);
    const cursor = await open(l, READS['a table']);
    const rows = [];
    for (let i = 0; i < 2; i++) rows.push(await cursor.next());
    await other.query('COMMIT');
    rows.push(await cursor.next());
    expect(rows.map(({ error, value }) => error ?? value)).toEqual(['Kettle 1', 'Kettle 2', 'Kettle 3']);
    await l.query('COMMIT');
  });

  const CHANGES: readonly { what: string; first: string; sql: string; changes: readonly string[]; path?: string }[] = [
    {
      what: 'a function that it calls',
      first: `CREATE FUNCTION @(int) ${body(HARMLESS)}`,
      sql: 'SELECT @(id) FROM products',
      changes: [`CREATE OR REPLACE FUNCTION @(int) ${body(HARMFUL)}`],
    },
    {
      what: 'a function that its function calls',
      first: `CREATE FUNCTION @_in(int) ${body(HARMLESS)}; CREATE FUNCTION @(int) ${body('SELECT @_in($1)')}`,
      sql: 'SELECT @(id) FROM products',
      changes: [`CREATE OR REPLACE FUNCTION @_in(int) ${body(HARMFUL)}`],
    },
    {
      what: 'a function, and back again',
      first: `CREATE FUNCTION @(int) ${body(HARMLESS)}`,
      sql: 'SELECT @(id) FROM products',
      changes: [
        `CREATE OR REPLACE FUNCTION @(int) ${body(HARMFUL)}`,
        `CREATE OR REPLACE FUNCTION @(int) ${body(HARMLESS)}`,
        `CREATE OR REPLACE FUNCTION @(int) ${body(HARMFUL)}`,
      ],
    },
    {
      what: 'a table that its function reads, by names that change',
      first: `CREATE TABLE @_t AS SELECT id, title AS v FROM products; CREATE TABLE @_u AS SELECT id, upper(email) AS v FROM people;
        CREATE FUNCTION @(int) ${later('SELECT v FROM @_t WHERE id = $1')}`,
      sql: 'SELECT @(id) FROM products',
      changes: ['ALTER TABLE @_t RENAME TO @_w', 'ALTER TABLE @_u RENAME TO @_t'],
    },
    {
      what: 'a view that its function reads',
      first: `CREATE VIEW @_v AS SELECT id, title AS v FROM products;
        CREATE FUNCTION @(int) ${later('SELECT v FROM @_v WHERE id = $1')}`,
      sql: 'SELECT @(id) FROM products',
      changes: ['CREATE OR REPLACE VIEW @_v AS SELECT id, upper(email) AS v FROM people'],
    },
    {
      what: 'a table that comes before another in the search_path',
      first: `CREATE TABLE @_t AS SELECT id, title AS v FROM products; CREATE FUNCTION @(int) ${later('SELECT v FROM @_t WHERE id = $1')}`,
      sql: 'SELECT @(id) FROM products',
      changes: ['CREATE TABLE early.@_t AS SELECT id, upper(email) AS v FROM people'],
      path: 'early, public',
    },
    {
      what: 'columns of a table that its function reads',
      first: `CREATE TABLE @_t AS SELECT id, title AS v, upper(email) AS w FROM products JOIN people USING (id);
        CREATE FUNCTION @(int) ${later('SELECT v FROM @_t WHERE id = $1')}`,
      sql: 'SELECT @(id) FROM products',
      changes: ['ALTER TABLE @_t RENAME v TO x', 'ALTER TABLE @_t RENAME w TO v'],
    },
    {
      what: 'a function by what nobody can see into',
      first: `CREATE FUNCTION @(int) ${body(HARMLESS)}`,
      sql: 'SELECT @(id) FROM products',
      changes: [`DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE FUNCTION @(int) ${body(HARMFUL)}'; END $do$`],
    },
  ];

  it.each(CHANGES.map((one) => ({ ...one, name: made(one.first) })))('is not told of $what', async (one) => {
    const { name, sql, changes, path } = one;
    const [l, other] = [await Listener.open(rig), await Listener.open(rig, 'clear-1', ['admins'])];
    if (path !== undefined) await l.query(`SET search_path = ${path}`);
    const cursor = await open(l, sql.replaceAll('@', name));
    const first = await cursor.next();
    expect([first.error, first.value]).toEqual([undefined, 'Kettle 1']);
    for (const change of changes) {
      const changed = await other.query(change.replaceAll('@', name));
      expect(changed.error).toBeUndefined();
    }
    await cursor.next();
    await cursor.next();
    l.expectNothingRaw();
    expect(l.heard.toString('latin1')).not.toMatch(/ZERLINA/);
    await l.query('ROLLBACK');
  });

  it('is not told of a function that its own session has changed', async () => {
    for (const way of ['before', 'with']) {
      const l = await Listener.open(rig);
      const name = `own_${way}_${hash(_)}`;
      await l.query(`CREATE FUNCTION ${name}(int) ${body(HARMLESS)}`);
      const cursor = await open(l, `SELECT ${name}(id) FROM products`);
      expect((await cursor.next()).value).toBe('Kettle 1');
      const change = `CREATE OR REPLACE FUNCTION ${name}(int) ${body(HARMFUL)}`;
      await l.query(way === 'with' ? `${change}; FETCH c; FETCH c` : change);
      await cursor.next();
      l.expectNothingRaw();
      expect(l.heard.toString('latin1')).not.toMatch(/ZERLINA/);
      await l.query('ROLLBACK');
    }
  });
});

it('COPY goes while others change what it does not read', async () => {
  const [l, other] = [await Listener.open(rig), await Listener.open(rig, 'dev-2')];
  await other.query('BEGIN; CREATE SCHEMA not_read');
  const sql = 'COPY (SELECT title, email FROM products JOIN people USING (id) WHERE id = 1) TO STDOUT';
  for (const copy of [await l.query(sql), await l.execute(sql)]) {
    expect([copy.error, copy.copied.slice(0, 9)]).toEqual([undefined, 'Kettle 1\t']);
  }
  await other.query('COMMIT');
  l.expectNothingRaw();
});

function hash(text: string): number {
  let n = 7;
  for (const letter of text) n = (n * 31 + letter.charCodeAt(0)) % 100_003;
  return n;
}
