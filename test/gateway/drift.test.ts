/**
 * Somebody changes a view, a routine, a trigger or what a name stands for past dbgate, and at once a client runs a statement
 * that was planned before: it is judged and masked by what it means now, or refused. No waiting anywhere.
 */
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../src/pgwire/extended.ts';
import { until, withRig } from './gateway-rig.ts';
import { type Answer, Listener, PEOPLE_SQL } from './masked-people.ts';

const clear = { to: { group: 'clear' }, database: '*', environment: undefined, access: 'write', create: true } as const;
/** There before the first session: what is made later is looked for by reading the catalog anew. */
const SETUP = ['CREATE SCHEMA early; CREATE TABLE orders (id int PRIMARY KEY)'];
const rig = withRig({
  tune: (settings) => ({ ...settings, grants: [...settings.grants, { ...clear, masking: { mask: 'none' } }] }),
  get sql() {
    return [PEOPLE_SQL, ...SETUP].join(';\n');
  },
});

/** What is computed from names of products, and then from addresses. */
const HARMLESS = `SELECT id, title || '' AS v FROM products`;
const HARMFUL = `SELECT id, lower(email) AS v FROM people`;

/** A name of its own, and what it is when the tests begin: @ is the name. */
function made(sql: string): string {
  const name = `thing_${SETUP.length}`;
  SETUP.push(sql.replaceAll('@', name));
  return name;
}

const body = (of: string): string => `RETURNS text LANGUAGE sql STABLE AS $$ SELECT v FROM (${of}) s WHERE id = 1 $$`;

type Run = (l: Listener, sql: string, nth: number) => Promise<Answer>;

const WAYS: Record<string, Run> = {
  'a simple Query': (l, sql) => l.query(sql),
  'Parse, Bind, Execute': (l, sql) => l.execute(sql),
  'a prepared statement': async (l, sql, nth) => {
    if (nth === 0) l.send(encodeParse('kept', sql));
    return l.send(encodeBind('', 'kept', [], []), encodeExecute('', 0), SYNC).answer();
  },
  PREPARE: async (l, sql, nth) => {
    if (nth === 0) await l.query(`PREPARE kept AS ${sql}`);
    return l.query('EXECUTE kept');
  },
  // What it has read before would be locked.
  'a transaction': async (l, sql, nth) => {
    if (nth > 0) return l.query(sql);
    const first = await l.query(sql);
    await l.query('BEGIN; SELECT 1 FROM products');
    return first;
  },
  'REPEATABLE READ': async (l, sql, nth) => {
    if (nth > 0) return l.query(sql);
    const first = await l.query(sql);
    await l.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM products');
    return first;
  },
  'a pipeline': (l, sql) =>
    l
      .send(
        ...[`SELECT title AS first FROM products LIMIT 0`, sql].flatMap((one) => [
          encodeParse('', one),
          encodeBind('', '', [], []),
          encodeExecute('', 0),
        ]),
        SYNC,
      )
      .answer(),
};

async function planned(l: Listener, run: Run, sql: string): Promise<void> {
  const first = await run(l, sql, 0);
  expect([first.error, first.value]).toEqual([undefined, 'Kettle 1']);
}

/** Nothing of people's is told, and nothing but the new meaning. */
function expectNew(l: Listener, { error, value }: Answer): void {
  l.expectNothingRaw();
  if (error === undefined) expect(value).toMatch(/^(?:\[redacted\]|z\**@m\**\.example)$/);
}

describe.each(Object.entries(WAYS))('%s', (_, run) => {
  const view = made(`CREATE VIEW @ AS ${HARMLESS}`);
  it('of a view that is another now', async () => {
    const sql = `SELECT v FROM ${view} WHERE id = 1`;
    const l = await Listener.open(rig);
    await planned(l, run, sql);
    await rig.direct(`CREATE OR REPLACE VIEW ${view} AS ${HARMFUL}`);
    expectNew(l, await run(l, sql, 1));
  });

  const name = made(`CREATE FUNCTION @() ${body(HARMLESS)}`);
  it('of a function that is another now', async () => {
    const l = await Listener.open(rig);
    await planned(l, run, `SELECT ${name}()`);
    await rig.direct(`CREATE OR REPLACE FUNCTION ${name}() ${body(HARMFUL)}`);
    expectNew(l, await run(l, `SELECT ${name}()`, 1));
  });
});

/** While somebody has changed a view and not committed yet, the server lets whoever reads it wait for the lock. */
describe('behind a lock', () => {
  const copyOut: Run = (l, sql) => l.query(`COPY (${sql}) TO STDOUT`);
  const ways = [
    ['a simple Query', WAYS['a simple Query']!],
    ['a prepared statement', WAYS['a prepared statement']!],
    ['COPY', copyOut],
  ] as const;
  it.each(ways.map(([way, run]) => [way, run, made(`CREATE VIEW @ AS ${HARMLESS}`)] as const))(
    'by %s',
    async (way, run, name) => {
      const sql = `SELECT v FROM ${name} WHERE id = 1`;
      const l = await Listener.open(rig);
      const first = await run(l, sql, 0);
      expect([first.error, way === 'COPY' ? first.copied.trim() : first.value]).toEqual([undefined, 'Kettle 1']);
      const dba = new pg.Client({ connectionString: rig.directUrl });
      await dba.connect();
      try {
        await dba.query('BEGIN');
        await dba.query(`CREATE OR REPLACE VIEW ${name} AS ${HARMFUL}`);
        const answer = run(l, sql, 1);
        await until(async () => {
          const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name <> 'dbgate'`;
          return (await rig.direct(waiting)).length > 0;
        });
        await dba.query('COMMIT');
        expectNew(l, await answer);
      } finally {
        await dba.end();
      }
      // The session lives on.
      expect((await run(l, sql.replace(' ', ' '), 0)).errors.filter((code) => code.startsWith('08'))).toEqual([]);
      l.expectNothingRaw();
    },
  );
});

describe('what is masked', () => {
  const SIMPLE = WAYS['a simple Query']!;
  const PREPARED = WAYS['a prepared statement']!;

  const CASES: readonly {
    readonly what: string;
    readonly first: string;
    readonly sql: string;
    readonly change: string;
    readonly path?: string;
  }[] = [
    {
      what: 'a view behind a view behind a function in PL/pgSQL',
      first: `CREATE VIEW @_in AS ${HARMLESS}; CREATE VIEW @_out AS SELECT id, v FROM @_in;
        CREATE FUNCTION @() RETURNS text LANGUAGE plpgsql STABLE AS $$
          DECLARE r text; BEGIN SELECT v INTO r FROM @_out WHERE id = 1; RETURN r; END $$`,
      sql: 'SELECT @()',
      change: `CREATE OR REPLACE VIEW @_in AS ${HARMFUL}`,
    },
    {
      what: 'a table that is dropped and made anew under a view',
      first: `CREATE TABLE @_t AS ${HARMLESS}; CREATE VIEW @ AS SELECT id, lower(v) AS v FROM @_t`,
      sql: 'SELECT initcap(v) FROM @ WHERE id = 1',
      change: `DROP TABLE @_t CASCADE; CREATE TABLE @_t AS ${HARMFUL}; CREATE VIEW @ AS SELECT id, lower(v) AS v FROM @_t`,
    },
    {
      what: 'a table that is dropped and made anew',
      first: `CREATE TABLE @ AS ${HARMLESS}`,
      sql: `SELECT initcap(v) FROM @ WHERE id = 1`,
      change: `DROP TABLE @; CREATE TABLE @ AS ${HARMFUL}`,
    },
    {
      what: 'a plain column of a table that is dropped and made anew',
      first: `CREATE TABLE @ AS ${HARMLESS}`,
      sql: `SELECT v FROM @ WHERE id = 1`,
      change: `DROP TABLE @; CREATE TABLE @ AS SELECT id, email AS v FROM people`,
    },
    {
      what: 'a column that has the name of another now',
      first: `CREATE TABLE @ AS SELECT id, title AS v, email AS other FROM products JOIN people USING (id)`,
      sql: `SELECT initcap(v) FROM @ WHERE id = 1`,
      change: 'ALTER TABLE @ RENAME v TO before; ALTER TABLE @ RENAME other TO v',
    },
    {
      what: 'a table in an earlier schema',
      first: `CREATE TABLE @ AS ${HARMLESS}`,
      sql: `SELECT initcap(v) FROM @ WHERE id = 1`,
      change: `CREATE VIEW early.@ AS ${HARMFUL}`,
      path: 'early, public',
    },
    {
      what: 'a view in an earlier schema, over a view',
      first: `CREATE VIEW @ AS ${HARMLESS}`,
      sql: `SELECT v FROM @ WHERE id = 1`,
      change: `CREATE VIEW early.@ AS ${HARMFUL}`,
      path: 'early, public',
    },
    {
      what: 'a function in an earlier schema',
      first: `CREATE FUNCTION @() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'Kettle 1' $$`,
      sql: 'SELECT @()',
      change: `CREATE FUNCTION early.@() RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(email) FROM people $$`,
      path: 'early, public',
    },
    {
      what: 'schemas that change their names',
      first: `CREATE SCHEMA @_a; CREATE SCHEMA @_b; CREATE VIEW @_a.v AS ${HARMLESS}; CREATE VIEW @_b.v AS ${HARMFUL}`,
      sql: 'SELECT v FROM @_a.v WHERE id = 1',
      change: 'ALTER SCHEMA @_a RENAME TO @_c; ALTER SCHEMA @_b RENAME TO @_a',
    },
    {
      what: 'a function behind a view',
      first: `CREATE FUNCTION @_f() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'Kettle 1' $$;
        CREATE VIEW @ AS SELECT @_f() AS v`,
      sql: 'SELECT v FROM @',
      change: `CREATE OR REPLACE FUNCTION @_f() RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(email) FROM people $$`,
    },
    {
      what: 'an operator',
      first: `CREATE FUNCTION @_f(int, int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'Kettle 1' $$;
        CREATE OPERATOR ##% (LEFTARG = int, RIGHTARG = int, FUNCTION = @_f)`,
      sql: 'SELECT 1 ##% 2',
      change: `CREATE OR REPLACE FUNCTION @_f(int, int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(email) FROM people $$`,
    },
  ];

  it.each(CASES.map((one) => ({ ...one, name: made(one.first) })))('in $what', async ({ name, sql, change, path }) => {
    for (const run of [PREPARED]) {
      const l = await Listener.open(rig);
      if (path !== undefined) await l.query(`SET search_path = ${path}`);
      const shown = await run(l, sql.replaceAll('@', name), 0);
      expect([shown.error, shown.value]).toEqual([undefined, 'Kettle 1']);
      await rig.direct(change.replaceAll('@', name));
      expectNew(l, await run(l, sql.replaceAll('@', name), 1));
    }
    const other = await Listener.open(rig);
    if (path !== undefined) await other.query(`SET search_path = ${path}`);
    expectNew(other, await SIMPLE(other, sql.replaceAll('@', name), 0));
  });

  it.each(
    [true, false].map(
      (describes) => [describes, made(`CREATE TABLE @ AS SELECT id, title AS v FROM products`)] as const,
    ),
  )('in a plain column of who describes it: %s, and large', async (describes, name) => {
    const l = await Listener.open(rig);
    const run = (): Promise<Answer> => l.execute(`SELECT v FROM ${name} WHERE id = 1`, { describe: describes });
    expect((await run()).value).toBe('Kettle 1');
    await rig.direct(`DROP TABLE ${name}; CREATE TABLE ${name} AS SELECT id, repeat(email, 20000) AS v FROM people`);
    await run();
    l.expectNothingRaw();
  });

  // What COPY sends has no RowDescription.
  it.each(
    ['COPY (SELECT v FROM @) TO STDOUT', 'COPY @ TO STDOUT', 'COPY @ (v) TO STDOUT'].map(
      (copy) => [copy, made(`CREATE TABLE @ AS SELECT id, title AS v FROM products`)] as const,
    ),
  )('in a plain table that is copied out: %s', async (copy, name) => {
    const l = await Listener.open(rig);
    const sql = copy.replaceAll('@', name);
    expect((await l.query(sql)).copied).toContain('Kettle 1\n');
    await rig.direct(`DROP TABLE ${name}; CREATE TABLE ${name} AS SELECT id, email AS v FROM people`);
    await l.query(sql);
    l.expectNothingRaw();
  });

  const overloaded = made(`CREATE FUNCTION @() ${body(HARMLESS)}`);
  it('in a transaction that sees its own catalog as it was', async () => {
    const name = overloaded;
    const sql = `SELECT ${name}()`;
    const [l, other] = [await Listener.open(rig), await Listener.open(rig, 'dev-2')];
    for (const one of [l, other]) await one.query('SET search_path = early, public');
    await planned(l, SIMPLE, sql);
    await l.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await l.query('CREATE TABLE of_its_own (id int)');
    await planned(l, SIMPLE, `SELECT title || '' FROM products WHERE id = 1`);
    await rig.direct(`CREATE FUNCTION early.${name}() ${body(HARMFUL)}`);
    expectNew(other, await other.query(sql));
    expectNew(l, await l.query(sql));
    await l.query('ROLLBACK');
    expectNew(l, await l.query(sql));
  });

  const ofRow = (of: string): string => `RETURNS text LANGUAGE plpgsql STABLE AS $$
      BEGIN RETURN (SELECT v FROM (${of}) s WHERE s.id = $1); END $$`;
  const fetchedFrom = made(`CREATE FUNCTION @(int) ${ofRow(HARMLESS)}`);
  it('in what a cursor calls while it is fetched from', async () => {
    const name = fetchedFrom;
    const l = await Listener.open(rig);
    await l.query('BEGIN');
    await l.query(`DECLARE c CURSOR FOR SELECT ${name}(id) FROM products ORDER BY id`);
    expect((await l.query('FETCH c')).value).toBe('Kettle 1');
    await rig.direct(`CREATE OR REPLACE FUNCTION ${name}(int) ${ofRow(HARMFUL)}`);
    const fetched = await l.query('FETCH c');
    expect(fetched.errors).toEqual(['55000']);
    l.expectNothingRaw();
  });

  const copied = made(`CREATE VIEW @ AS ${HARMLESS}; CREATE TABLE @_kept (v text)`);
  it('in what is copied out, and into a table', async () => {
    const name = copied;
    const l = await Listener.open(rig);
    const copy = `COPY (SELECT v FROM ${name} WHERE id = 1) TO STDOUT`;
    const keep = `INSERT INTO ${name}_kept SELECT v FROM ${name} WHERE id = 1`;
    expect((await l.query(copy)).copied).toBe('Kettle 1\n');
    expect((await l.query(keep)).error).toBeUndefined();
    await rig.direct(`CREATE OR REPLACE VIEW ${name} AS ${HARMFUL}`);
    await l.query(copy);
    await l.query(keep);
    await l.query(`SELECT * FROM ${name}_kept`);
    l.expectNothingRaw();
  });
});

describe('what is allowed', () => {
  beforeAll(() => rig.direct('INSERT INTO orders SELECT generate_series(1, 50)'));
  const left = async (): Promise<unknown> => (await rig.direct('SELECT count(*)::int AS n FROM orders'))[0]?.n;
  const reads = `RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM orders $$`;
  const deletes = `RETURNS bigint LANGUAGE sql AS $$ DELETE FROM orders; SELECT 0::bigint $$`;
  const deletesToo = `RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; RETURN 0; END $$`;

  it.each(
    ['a simple Query', 'a prepared statement', 'PREPARE', 'a pipeline'].map(
      (way) => [way, made(`CREATE FUNCTION @() ${reads}`)] as const,
    ),
  )('by %s of a function that deletes now', async (way, name) => {
    const l = await Listener.open(rig, 'clear-1', ['clear']);
    const run = WAYS[way]!;
    expect((await run(l, `SELECT ${name}()`, 0)).value).toBe('50');
    await rig.direct(`CREATE OR REPLACE FUNCTION ${name}() ${deletes}`);
    const again = await run(l, `SELECT ${name}()`, 1);
    await l.query('COMMIT');
    expect([again.errors, await left()]).toEqual([['42501'], 50]);
  });

  it.each(
    [
      ['a view over a function in PL/pgSQL', 'SELECT n FROM @', `CREATE OR REPLACE FUNCTION @_f() ${deletesToo}`],
      [
        'another view',
        'SELECT n FROM @',
        `CREATE FUNCTION @_g() ${deletes}; CREATE OR REPLACE VIEW @ AS SELECT @_g() AS n`,
      ],
      ['a function in an earlier schema', 'SELECT @_f()', `CREATE FUNCTION early.@_f() ${deletes}`],
    ].map(([what = '', sql = '', change = '']) => {
      const name = made(`CREATE FUNCTION @_f() ${reads}; CREATE VIEW @ AS SELECT @_f() AS n`);
      return { what, sql, change, name };
    }),
  )('by $what', async ({ sql, change, name }) => {
    const l = await Listener.open(rig, 'clear-1', ['clear']);
    await l.query('SET search_path = early, public');
    const text = sql.replaceAll('@', name);
    expect((await l.query(text)).value).toBe('50');
    await rig.direct(change.replaceAll('@', name));
    expect([(await l.query(text)).errors, await left()]).toEqual([['42501'], 50]);
  });

  it('by a trigger on a table of one’s own', async () => {
    const l = await Listener.open(rig, 'clear-2', ['clear']);
    const fires = (body: string): string =>
      `CREATE OR REPLACE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$`;
    const write = 'INSERT INTO mine SELECT id FROM orders';
    await l.query('CREATE TABLE mine (id int)');
    await rig.direct(fires('NULL'));
    expect((await l.query(write)).error).toBeUndefined();
    await rig.direct('CREATE TRIGGER fired BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION fired()');
    expect((await l.query(write)).error).toBeUndefined();
    await rig.direct(fires('DELETE FROM orders WHERE id = NEW.id'));
    expect([(await l.query(write)).errors, await left()]).toEqual([['42501'], 50]);
    await rig.direct('DROP TRIGGER fired ON mine');
    expect((await l.query(write)).error).toBeUndefined();
    await rig.direct('CREATE TRIGGER again BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION fired()');
    expect([(await l.query(write)).errors, await left()]).toEqual([['42501'], 50]);
  });
});
