/** Ways around the masks that take several steps, on a real server: the schema changes behind a plan, data moves in steps. */
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { failure, withRig } from './gateway-rig.ts';

const SECRET = 'xq7rhk2v@lindenhof.example';
const BACKWARDS = [...SECRET].reverse().join('');

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    grants: settings.grants.map((one) => ({ ...one, masking: { mask: 'partial' as const } })),
  }),
  sql: `
    CREATE TABLE users (id int primary key, email text, profile jsonb);
    INSERT INTO users VALUES (1, '${SECRET}', '{"theme": "dark", "mail": "${SECRET}"}');
    CREATE TABLE people (id int primary key, surname text);
    INSERT INTO people SELECT g, 'Xq7rhk' || g FROM generate_series(1, 5) g;
    CREATE TABLE items (id int primary key, name text);
    INSERT INTO items VALUES (1, 'lamp')`,
});

let token: string;
let open: pg.Client[] = [];
let n = 0;

beforeAll(async () => {
  token = await rig.tokenOf('evader');
});
afterEach(async () => {
  for (const one of open) await one.end();
  open = [];
});

async function connect(): Promise<pg.Client> {
  const client = await rig.connect(token);
  open.push(client);
  return client;
}

async function run(client: pg.Client, ...texts: string[]): Promise<string> {
  let last = '';
  for (const sql of texts) {
    last = await client.query(sql).then(
      ({ rows }) => JSON.stringify(rows),
      (error: Error) => error.message,
    );
  }
  return last;
}

/** What an attack begins with must be there, or nothing is shown by its failing. */
async function prepare(client: pg.Client, ...texts: string[]): Promise<void> {
  for (const sql of texts) {
    await client.query(sql).catch(async (error: pg.DatabaseError) => {
      // The schema changed under it (XX000): it says to run it again.
      if (error.code !== 'XX000') throw error;
      await client.query(sql);
    });
  }
}

const isHidden = (answer: string): void => {
  expect(answer).not.toContain(BACKWARDS.slice(8, 20));
  expect(answer).not.toContain(SECRET.slice(0, 6));
};

describe('what is computed, and shown under a name that hides it', () => {
  const VIEW = 'pg_stat_mine% AS SELECT reverse(email) AS a, pg_stat_get_numscans(1::oid) AS n FROM users';
  it.each<[string, string[]]>([
    ['a temporary view that is called as those of the server are', [`CREATE TEMP VIEW ${VIEW}`, 'TABLE pg_stat_mine%']],
    ['one of an open transaction', ['BEGIN', `CREATE VIEW ${VIEW}`, 'TABLE pg_stat_mine%']],
    [
      'rows of a prepared statement',
      ['PREPARE p% AS SELECT reverse(email) AS a FROM users', 'CREATE TEMP TABLE k% AS EXECUTE p%', 'TABLE k%'],
    ],
    [
      'rows of one, in a table that stays',
      ['PREPARE p% AS SELECT reverse(email) FROM users', 'CREATE TABLE k% (b) AS EXECUTE p%', 'TABLE k%'],
    ],
    [
      'a column computed from one with a quote in its name',
      [
        'CREATE TABLE k% AS SELECT email AS "a""b" FROM users',
        'ALTER TABLE k% ADD c text GENERATED ALWAYS AS (reverse("a""b")) STORED',
        'SELECT c FROM k%',
      ],
    ],
  ])('%s', async (_name, texts) => {
    const client = await connect();
    n++;
    const [last, ...first] = texts.map((sql) => sql.replaceAll('%', String(n))).reverse();
    await prepare(client, ...first.reverse());
    const shown = await run(client, last!);
    expect(shown).toContain('[redacted]');
    isHidden(shown);
  });

  it.each<[string, string[]]>([
    ['at once', ['CREATE TABLE k% (surname varchar(80))', 'INSERT INTO k% SELECT surname FROM people']],
    [
      'in steps',
      [
        'CREATE TABLE k% AS SELECT surname AS a FROM people',
        'ALTER TABLE k% ADD surname varchar(80)',
        'UPDATE k% SET surname = a',
        'ALTER TABLE k% DROP a',
      ],
    ],
  ])('a column that had the name of its class when values came: %s', async (_name, texts) => {
    const client = await connect();
    n++;
    const change = ['ALTER TABLE k% RENAME surname TO colour', 'ALTER TABLE k% ALTER colour TYPE text'];
    await prepare(client, ...[...texts, ...change].map((sql) => sql.replaceAll('%', String(n))));
    for (let i = 0; i < 3; i++) {
      expect(await run(client, `SELECT colour FROM k${n} ORDER BY 1`)).toContain('"colour":"X.');
      // Small tables are looked at again.
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  });

  it('but what EXECUTE gives of clear columns is kept as it is', async () => {
    const client = await connect();
    await prepare(client, 'PREPARE clear AS SELECT name AS a FROM items', 'CREATE TEMP TABLE kept AS EXECUTE clear');
    expect(await run(client, 'TABLE kept')).toBe('[{"a":"lamp"}]');
  });

  it('a column that is called `*` is one column', async () => {
    const client = await connect();
    await prepare(client, 'CREATE TABLE starred AS SELECT name, email AS "*" FROM users, items');
    const shown = await run(client, 'TABLE starred');
    expect(shown).toContain('"name":"lamp"');
    isHidden(shown);
  });

  it.each([
    ['PostgreSQL’s own', `tsvector_update_trigger('words', 'pg_catalog.simple', 'email')`],
    ['one that was there before', 'note_all()'],
  ])('by a trigger of one’s own table, with a routine that is not: %s', async (_name, call) => {
    n++;
    await rig.direct(`CREATE TABLE IF NOT EXISTS notes (what text);
      CREATE OR REPLACE FUNCTION note_all() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO notes VALUES (reverse(NEW.email)); RETURN NEW; END $$`);
    const client = await connect();
    const table = `fires${n}`;
    await prepare(
      client,
      `CREATE TABLE ${table} (email text, words tsvector)`,
      `CREATE TRIGGER t BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${call}`,
      `INSERT INTO ${table} (email) VALUES ('own@x.example')`,
    );
    const copy = `INSERT INTO ${table} (email) SELECT email FROM users`;
    expect(await failure(client.query(copy))).toMatchObject({ code: '42501' });
    await prepare(client, `ALTER TABLE ${table} DISABLE TRIGGER t`);
    await run(
      client,
      copy,
      `ALTER TABLE ${table} ENABLE TRIGGER t`,
      `UPDATE ${table} SET email = email WHERE words IS NULL`,
    );
    isHidden(await run(client, `SELECT words::text FROM ${table}`));
    isHidden(await run(client, 'TABLE notes'));
  });
});

describe('what is computed in steps', () => {
  it.each([
    [
      'in its own column',
      `CREATE TABLE t% AS SELECT id, email FROM users`,
      `UPDATE t% SET email = substr(email, 2) WHERE id = 1`,
    ],
    ['under the name of its class', `CREATE TABLE t% AS SELECT id, reverse(email) AS email FROM users`, 'SELECT 1'],
    [
      'by a generated column',
      `CREATE TABLE t% AS SELECT id, email AS a FROM users`,
      `ALTER TABLE t% ADD email text GENERATED ALWAYS AS (reverse(a)) STORED`,
    ],
  ])('%s', async (_name, make, change) => {
    const client = await connect();
    const table = (sql: string) => sql.replaceAll('%', String(n));
    n++;
    await run(client, table(make), table(change));
    const { rows } = await client.query<{ email: string }>(table('SELECT email FROM t%'));
    // The first letter of what it was at most, never the second.
    expect(rows[0]!.email).toMatch(/^(?:x\*\*\*@l\*\*\*\.example|\[redacted\])$/);
  });

  it('in a document, from a path that is masked to one that is not', async () => {
    const client = await connect();
    await client.query('CREATE TABLE docs AS SELECT id, profile FROM users');
    const change = `UPDATE docs SET profile = jsonb_build_object('theme', string_to_array(profile::text, NULL)) WHERE id = 1`;
    expect(await failure(client.query(change))).toMatchObject({ code: '42501' });
    await client.query(`UPDATE docs SET profile = profile || '{"theme": "light"}' WHERE id = 1`);
    expect(await run(client, 'SELECT profile FROM docs')).toContain('light');
    isHidden(await run(client, 'SELECT profile FROM docs'));
  });

  it('while another table of that name comes into being, as if it were the one that was awaited', async () => {
    const [client, other] = [await connect(), await connect()];
    await run(other, 'CREATE SCHEMA decoys');
    await prepare(client, 'BEGIN', 'CREATE TABLE awaited AS SELECT id, reverse(reverse(email)) AS a FROM users');
    await prepare(other, 'CREATE TABLE decoys.awaited (id int, a text)');
    expect(await run(other, 'SELECT a FROM decoys.awaited')).toBe('[]');
    await prepare(client, 'COMMIT');
    const seen = await run(other, 'SELECT a FROM public.awaited');
    isHidden(seen);
    expect(seen).not.toContain(SECRET.slice(1, 7));
  });

  it('while a table of that very name comes and goes, before the one that waits behind a lock', async () => {
    const [client, other, third] = [await connect(), await connect(), await connect()];
    await prepare(third, 'CREATE TABLE gate (id int)', 'BEGIN', 'LOCK TABLE gate IN ACCESS EXCLUSIVE MODE');
    const waiting = run(
      client,
      'CREATE TABLE behind AS SELECT u.id, reverse(reverse(email)) AS a FROM users u WHERE NOT EXISTS (SELECT FROM gate)',
    );
    await expect
      .poll(() => rig.direct(`SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted`))
      .toEqual([{ n: 1 }]);
    await rig.direct('CREATE TABLE behind (id int, a text)');
    await expect.poll(() => run(other, 'SELECT a FROM behind')).toBe('[]');
    await rig.direct('DROP TABLE behind');
    await run(third, 'ROLLBACK');
    await waiting;
    const seen = await run(other, 'SELECT a FROM behind');
    isHidden(seen);
    expect(seen).not.toContain(SECRET.slice(1, 7));
  });

  it('and a table of that name which is made anew past the gateway is taken for what it is', async () => {
    const client = await connect();
    await prepare(client, 'CREATE TABLE anew AS SELECT id, reverse(reverse(email)) AS name FROM users');
    expect(await run(client, 'SELECT name FROM anew')).not.toContain(SECRET.slice(1, 7));
    await rig.direct('DROP TABLE anew');
    await rig.direct(`CREATE TABLE anew AS SELECT 1 AS id, 'lamp'::text AS name`);
    await expect.poll(() => run(client, 'SELECT name FROM anew')).toBe('[{"name":"lamp"}]');
  });

  it('under a name that it gets before anybody looked', async () => {
    const client = await connect();
    await run(
      client,
      'BEGIN',
      'CREATE TABLE codes AS SELECT id, length(email) AS a FROM users',
      'ALTER TABLE codes RENAME TO numbers',
      'ALTER TABLE numbers RENAME a TO size',
      'COMMIT',
    );
    expect(await run(client, 'SELECT id, size FROM numbers')).toBe('[{"id":1,"size":null}]');
  });

  it('by a trigger of one’s own', async () => {
    const client = await connect();
    await prepare(
      client,
      'CREATE TABLE fed (id int, email text, note int)',
      `CREATE FUNCTION feed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := ascii(NEW.email); RETURN NEW; END $$`,
      'CREATE TRIGGER feed BEFORE INSERT ON fed FOR EACH ROW EXECUTE FUNCTION feed()',
    );
    expect(await failure(client.query('INSERT INTO fed SELECT id, email FROM users'))).toMatchObject({ code: '42501' });
    await prepare(
      client,
      'CREATE TABLE stamped (id int, email text, at timestamptz)',
      `CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$`,
      'CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp()',
    );
    expect(await client.query('INSERT INTO stamped SELECT id, email FROM users')).toMatchObject({ rowCount: 1 });
  });

  it('by a default, there and then or when its routine has become another', async () => {
    const client = await connect();
    const inner = (body: string) => `CREATE OR REPLACE FUNCTION inner_value() RETURNS text LANGUAGE sql AS '${body}'`;
    await run(
      client,
      inner('SELECT substr(email, 3, 4) FROM users'),
      "CREATE FUNCTION outer_value() RETURNS text LANGUAGE sql AS 'SELECT inner_value()'",
    );
    expect(await failure(client.query('CREATE TABLE filled (id int, b text DEFAULT outer_value())'))).toMatchObject({
      code: '42501',
    });
    await run(client, inner("SELECT ''x''::text"), 'CREATE TABLE filled (id int, b text DEFAULT outer_value())');
    expect(await run(client, 'INSERT INTO filled (id) VALUES (1) RETURNING b')).toBe('[{"b":"x"}]');
    await run(client, inner('SELECT substr(email, 3, 4) FROM users'));
    expect(await failure(client.query('INSERT INTO filled (id) VALUES (2)'))).toMatchObject({ code: '42501' });
  });

  it('by an operator or an aggregate of one’s own', async () => {
    const client = await connect();
    const body = `LANGUAGE sql AS 'SELECT reverse(string_agg(email, '''')) FROM users'`;
    await run(
      client,
      `CREATE FUNCTION of_two(int, int) RETURNS text ${body}`,
      'CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = of_two)',
      `CREATE FUNCTION of_state(text, int) RETURNS text ${body}`,
      `CREATE AGGREGATE gather(int) (SFUNC = of_state, STYPE = text, INITCOND = '')`,
    );
    isHidden(await run(client, 'SELECT 1 ### 1 AS a'));
    isHidden(await run(client, 'SELECT gather(id) AS a FROM items'));
  });
});

describe('a schema that changes behind a plan', () => {
  const shown = `SELECT 'x'::text AS a`;
  const hidden = 'SELECT reverse(email) AS a FROM users';

  it.each([
    ['a view', `CREATE VIEW %v AS ${shown}`, '%v', 'SELECT a FROM %v', `CREATE OR REPLACE VIEW %v AS ${hidden}`],
    [
      'a function',
      `CREATE TABLE %l AS SELECT 1 AS i; CREATE FUNCTION %f() RETURNS SETOF text LANGUAGE sql AS $$ ${shown} $$`,
      '%l',
      'SELECT %f() AS a FROM %l',
      `CREATE OR REPLACE FUNCTION %f() RETURNS SETOF text LANGUAGE sql AS $$ ${hidden} $$`,
    ],
  ])('%s behind a lock', async (_name, make, locked, read, swap) => {
    const named = (sql: string) => sql.replaceAll('%', `r${n}`);
    n++;
    const [one, other] = [await connect(), await connect()];
    await one.query(named(make));
    expect(await run(other, named(read))).toBe('[{"a":"x"}]');
    await run(one, 'BEGIN', named(`LOCK TABLE ${locked} IN ACCESS EXCLUSIVE MODE`));
    const waiting = run(other, named(read));
    await expect
      .poll(() => rig.direct(`SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted`))
      .toEqual([{ n: 1 }]);
    await run(one, named(swap), 'COMMIT');
    isHidden(await waiting);
    isHidden(await run(other, named(read)));
  });

  it('a view behind a lock, from which rows are copied', async () => {
    const [one, other] = [await connect(), await connect()];
    await one.query(`CREATE VIEW feed AS SELECT 'x'::text AS a`);
    await other.query('CREATE TABLE caught (a text)');
    const copy = 'INSERT INTO caught SELECT a FROM feed';
    const blocked = (): Promise<unknown> => rig.direct(`SELECT 1 AS n FROM pg_locks WHERE NOT granted`);
    let waiting = Promise.resolve('');
    // A catalog that was read while the view was locked does not know it, and the copy is refused: then once more.
    const answers = async (): Promise<string | undefined> => {
      await run(one, 'ROLLBACK');
      await waiting;
      await expect.poll(() => run(other, copy)).toBe('[]');
      await run(one, 'BEGIN', 'LOCK TABLE feed IN ACCESS EXCLUSIVE MODE');
      waiting = run(other, copy);
      const waits = expect.poll(blocked).toEqual([{ n: 1 }]);
      return await Promise.race([waiting, waits.then(() => undefined)]);
    };
    await expect.poll(answers, { interval: 200 }).toBeUndefined();
    const swap = 'CREATE OR REPLACE VIEW feed AS SELECT substr(email, 2) AS a FROM users';
    expect(await failure(one.query(swap))).toMatchObject({ code: '55006' });
    await one.query('ROLLBACK');
    expect(await waiting).toBe('[]');
    // The other way round: it is changed, and not committed yet.
    const codes: unknown[] = [];
    const refusal = async (): Promise<unknown> => {
      await run(one, 'ROLLBACK');
      await expect.poll(() => run(other, copy)).toBe('[]');
      await prepare(one, 'BEGIN', swap);
      codes.push((await failure(other.query(copy))).code);
      return codes.at(-1);
    };
    // As above: 42501 by a catalog that was read while it was changed.
    await expect.poll(refusal, { interval: 200 }).toBe('55006');
    expect(codes.filter((code) => code !== '55006' && code !== '42501')).toEqual([]);
    await one.query('COMMIT');
    expect(await failure(other.query(copy))).toMatchObject({ code: '42501' });
    isHidden(await run(other, 'SELECT a FROM caught'));
    // What has nothing to do with it goes on.
    await prepare(one, 'BEGIN', 'CREATE TABLE unrelated (a int)');
    await other.query(`INSERT INTO caught SELECT name FROM items`);
    await one.query('COMMIT');
  });

  it('a function while a cursor is open', async () => {
    const client = await connect();
    await client.query(`CREATE FUNCTION later() RETURNS SETOF text LANGUAGE sql AS $$ ${shown} $$`);
    isHidden(
      await run(
        client,
        'BEGIN',
        'DECLARE c CURSOR FOR SELECT later()',
        `CREATE OR REPLACE FUNCTION later() RETURNS SETOF text LANGUAGE sql AS $$ ${hidden} $$`,
        'FETCH ALL c',
      ),
    );
    await client.query('ROLLBACK');
    expect(
      await run(client, 'BEGIN', 'DECLARE c CURSOR FOR SELECT id FROM items', 'CREATE TABLE more (id int)', 'FETCH c'),
    ).toBe('[{"id":1}]');
    await client.query('ROLLBACK');
  });
});

describe('who comes first by a masked column', () => {
  it.each([
    'percentile_disc(0) WITHIN GROUP (ORDER BY ROW(surname, id))',
    "percentile_disc(0) WITHIN GROUP (ORDER BY jsonb_build_object('a', surname, 'b', id))",
    'mode() WITHIN GROUP (ORDER BY ROW(surname, id))',
    'min(ARRAY[surname, id::text])',
    "min(json_build_object('a', surname, 'b', id)::text)",
    "(array_agg(json_build_object('a', surname, 'b', id)::text ORDER BY surname))[1]",
  ])('is not told by %s', async (picked) => {
    const client = await connect();
    const told = await client.query(`SELECT ${picked} AS t FROM people`).catch((error) => error);
    if (told instanceof Error) expect(told).toMatchObject({ code: '42501' });
    else expect(told.rows).toEqual([{ t: '[redacted]' }]);
  });
});
