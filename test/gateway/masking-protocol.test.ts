/** Masking over the wire: a real gateway before a real Postgres, and a client that says exactly what it wants. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Tracer } from '../../src/gateway/tracer.ts';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
} from '../../src/pgwire/extended.ts';
import { encodeMessage, int32 } from '../../src/pgwire/message.ts';
import { encodeCancelRequest } from '../../src/pgwire/startup.ts';
import { recordedText, until, withRig } from './gateway-rig.ts';
import { Listener, PEOPLE, PEOPLE_SQL } from './masked-people.ts';

const rig = withRig({
  sql: `${PEOPLE_SQL}
    CREATE SCHEMA clear;
    CREATE TABLE clear.people (id int PRIMARY KEY, email text);
    INSERT INTO clear.people SELECT id, title FROM products;
    CREATE TYPE pt AS (a int);
    CREATE FUNCTION topt(pt) RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(email) FROM people LIMIT 1 $$;
    CREATE CAST (pt AS text) WITH FUNCTION topt(pt) AS IMPLICIT;
    CREATE FUNCTION peek(int, int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(email) FROM people LIMIT 1 $$;
    CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = peek);
    CREATE TABLE wide AS SELECT id, full_name, repeat('x', 200000) || id AS padding, email FROM people WHERE id <= 20;`,
});

afterEach(() => vi.restoreAllMocks());

const MASKED = /^z\*+@/;
const p = (sql: string, name = ''): Buffer => encodeParse(name, sql);
const b = (statement = '', portal = '', formats: number[] = []): Buffer => encodeBind(portal, statement, [], formats);
const e = (portal = '', rows = 0): Buffer => encodeExecute(portal, rows);
const EMAIL = 'SELECT email FROM people ORDER BY id';
/** Nothing of a column's class can be known of it. */
const UPPER = 'SELECT upper(email) FROM people ORDER BY id';

describe('a simple Query', () => {
  it('masks each statement of a text by its own plan', async () => {
    const l = await Listener.open(rig);
    const answer = await l.query(
      `SELECT title FROM products WHERE id = 1;; ${EMAIL} LIMIT 1; SELECT 'x'; ${UPPER} LIMIT 1`,
    );
    expect(answer.texts.flat()).toEqual(['Kettle 1', expect.stringMatching(MASKED), 'x', '[redacted]']);
    l.expectNothingRaw();
  });

  it('stops where a statement fails, and masks what came before', async () => {
    const l = await Listener.open(rig);
    const answer = await l.query(`${EMAIL} LIMIT 1; SELECT 1/0; ${EMAIL}`);
    expect([answer.rows.length, answer.errors]).toEqual([1, ['22012']]);
    l.expectNothingRaw();
  });

  it('masks what comes behind a change of names in its own text by what they mean there', async () => {
    const l = await Listener.open(rig);
    await l.query('BEGIN; SET LOCAL search_path = clear');
    expect((await l.query('SELECT upper(email) FROM people WHERE id = 1')).value).toBe('KETTLE 1');
    for (const text of [
      `ROLLBACK; ${UPPER}`,
      `SET search_path = public; ${UPPER}`,
      `SELECT set_config('search_path', 'public', false); ${UPPER}`,
    ]) {
      const { errors, value } = await l.query(text);
      expect(errors).toEqual([]);
      expect(value).not.toBe('KETTLE 1');
      await l.query('ROLLBACK; BEGIN');
      await l.query('SET LOCAL search_path = clear');
    }
    l.expectNothingRaw();
  });

  it('knows nothing of names behind ROLLBACK in the text of a failed transaction', async () => {
    const l = await Listener.open(rig);
    for (const text of [`ROLLBACK; ${UPPER}`, 'ROLLBACK; COPY people TO STDOUT', `ROLLBACK; ${EMAIL}`]) {
      await l.query('BEGIN');
      await l.query('SET LOCAL search_path = clear');
      await l.query('SELECT 1/0');
      await l.query(text);
      await l.query('ROLLBACK');
    }
    l.expectNothingRaw();
  });
});

describe('a statement that names no table', () => {
  it.each([
    '1 ### 1',
    '1 OPERATOR(public.###) 1',
    '(ROW(1)::pt)::text',
    "'(1)'::pt::text",
    "length('(1)'::pt)::text",
    'peek(1, 1)',
  ])('is traced through the functions behind it: %s', async (expression) => {
    const l = await Listener.open(rig);
    await l.query(`SELECT ${expression}`);
    await l.query(`VALUES (${expression})`);
    await l.execute(`SELECT ${expression}`);
    await l.query(`COPY (SELECT ${expression}) TO STDOUT`);
    expect(l.heard.toString('latin1')).not.toContain('MAILHAUS');
  });
});

describe('the extended protocol', () => {
  it.each([
    ['text', [0]],
    ['binary', [1]],
    ['mixed', [1, 0, 1]],
  ])('masks %s, with and without Describe, alike', async (_what, formats) => {
    const l = await Listener.open(rig);
    const sql = 'SELECT id, email, born FROM people ORDER BY id';
    const plain = await l.execute(sql, { formats });
    const described = await l.execute(sql, { formats, describe: true });
    expect(plain.types).toBe(`12${'D'.repeat(PEOPLE)}CZ`);
    expect(described.types).toBe(`12T${'D'.repeat(PEOPLE)}CZ`);
    expect(plain.rows).toEqual(described.rows);
    expect(plain.rows[0]![1]!.toString()).toMatch(MASKED);
    expect(plain.rows[0]![2]).toHaveLength(formats.at(-1) === 1 ? 4 : 10);
    l.expectNothingRaw();
  });

  it('masks every portal of a pipeline, and each Execute of one that is suspended', async () => {
    const l = await Listener.open(rig);
    l.send(p(EMAIL, 's'), b('s', 'a'), b('s', 'c'), e('a', 2), e('c', 1), e('a', 2), e('c'), SYNC);
    const answer = await l.answer();
    expect(answer.types).toBe(`122DDsDsDDs${'D'.repeat(PEOPLE - 1)}CZ`);
    for (const [value] of answer.texts) expect(value).toMatch(MASKED);
    l.expectNothingRaw();
  });

  it('keeps a portal’s own plan when its name is given to another', async () => {
    const l = await Listener.open(rig);
    l.send(p(EMAIL), b(), e('', 1), p('SELECT title FROM products ORDER BY id'), b(), e('', 1), SYNC);
    expect((await l.answer()).texts.flat()).toEqual([expect.stringMatching(MASKED), 'Kettle 1']);
    l.expectNothingRaw();
  });

  it('plans a named statement again in a world that is another', async () => {
    const l = await Listener.open(rig);
    await l.query('SET search_path = clear, public');
    l.send(p('SELECT upper(email) FROM people ORDER BY id LIMIT 1', 's'), b('s'), e(), SYNC);
    expect((await l.answer()).value).toBe('KETTLE 1');
    await l.query('SET search_path = public');
    l.send(b('s'), e(), SYNC);
    expect((await l.answer()).value).toBe('[redacted]');
    await l.query('BEGIN');
    await l.query('SET LOCAL search_path = clear');
    l.send(b('s'), e(), SYNC);
    expect((await l.answer()).value).toBe('KETTLE 1');
    await l.query('ROLLBACK');
    l.send(b('s'), e(), SYNC);
    expect((await l.answer()).value).toBe('[redacted]');
    // All of it without waiting.
    l.send(p('SET search_path = clear'), b(), e(), b('s'), e(), SYNC);
    l.send(p('SET search_path = public'), b(), e(), b('s'), e(), SYNC);
    expect([(await l.answer()).value, (await l.answer()).value]).toEqual(['KETTLE 1', '[redacted]']);
    l.expectNothingRaw();
  });

  it('fails a batch where Bind fails, and goes on behind it', async () => {
    const l = await Listener.open(rig);
    l.send(p('SELECT email FROM people WHERE id = $1'), encodeBind('', '', ['x']), encodeDescribe('P', ''), e(), SYNC);
    expect((await l.answer()).errors).toEqual(['22P02']);
    l.send(p(EMAIL), b(), FLUSH);
    await l.client.through('2');
    l.send(e('', 1), SYNC);
    expect((await l.answer()).value).toMatch(MASKED);
    l.send(encodeClose('P', ''), SYNC);
    expect((await l.answer()).types).toBe('3Z');
  });

  it('masks rows that are larger than a chunk, and rows at every offset', async () => {
    const l = await Listener.open(rig);
    const sql = 'SELECT padding, email, full_name FROM wide';
    for (const answer of [await l.execute(sql), await l.query(sql), await l.execute(sql, { formats: [1] })]) {
      expect(answer.rows).toHaveLength(20);
      for (const [padding, email] of answer.rows) {
        expect(padding!.length).toBeGreaterThan(200_000);
        expect(email!.toString()).toMatch(MASKED);
      }
    }
    l.expectNothingRaw();
  });
});

describe('PREPARE in SQL', () => {
  it('answers as what it prepared, by EXECUTE and by Bind', async () => {
    const l = await Listener.open(rig);
    await l.query(`SELECT 1; PREPARE s AS ${UPPER}`);
    expect((await l.query('EXECUTE s')).value).toBe('[redacted]');
    l.send(b('s'), e('', 1), SYNC);
    expect((await l.answer()).value).toBe('[redacted]');
    l.expectNothingRaw();
  });

  it('is not taken for another of its name that failed', async () => {
    const l = await Listener.open(rig);
    await l.query(`PREPARE s AS ${UPPER}`);
    l.client.query('PREPARE s AS SELECT title FROM products').query('EXECUTE s');
    expect((await l.answer()).errors).toEqual(['42P05']);
    expect((await l.answer()).value).toBe('[redacted]');
    await l.query(`PREPARE t AS ${UPPER}; SELECT 1/0; DEALLOCATE t; PREPARE t AS SELECT title FROM products`);
    expect((await l.query('EXECUTE t')).value).toBe('[redacted]');
    l.expectNothingRaw();
  });
});

describe('cursors', () => {
  it('are masked by their DECLARE, in and behind its transaction', async () => {
    const l = await Listener.open(rig);
    await l.query(`BEGIN; DECLARE c CURSOR FOR ${EMAIL}; DECLARE h CURSOR WITH HOLD FOR ${UPPER}`);
    expect((await l.query('FETCH 2 FROM c')).texts.flat()).toEqual(Array(2).fill(expect.stringMatching(MASKED)));
    expect((await l.query('FETCH 1 FROM h')).value).toBe('[redacted]');
    await l.query('SAVEPOINT a');
    await l.query(`DECLARE d CURSOR FOR ${UPPER}`);
    await l.query('ROLLBACK TO a');
    expect((await l.query('FETCH 1 FROM d')).errors).toEqual(['34000']);
    await l.query('ROLLBACK TO a');
    await l.query('COMMIT');
    expect((await l.query('FETCH 1 FROM h')).value).toBe('[redacted]');
    expect((await l.execute('FETCH 1 FROM h')).value).toBe('[redacted]');
    // One that cannot be declared, and is fetched from without waiting.
    l.client.query('DECLARE h CURSOR WITH HOLD FOR SELECT title FROM products').query('FETCH 1 FROM h');
    expect((await l.answer()).errors).toEqual(['42P03']);
    expect((await l.answer()).value).toBe('[redacted]');
    l.expectNothingRaw();
  });

  it('and portals share their names', async () => {
    const l = await Listener.open(rig);
    await l.query('BEGIN');
    await l.query('DECLARE c CURSOR FOR SELECT title FROM products');
    await l.query('CLOSE c');
    l.send(p(UPPER), b('', 'c'), SYNC);
    await l.answer();
    expect((await l.query('FETCH 1 FROM c')).value).toBe('[redacted]');
    await l.query('CLOSE c');
    // As a portal that passes, which SQL closes, and gives its name to a cursor.
    l.send(p('SELECT title FROM products'), b('', 'q'), SYNC);
    await l.answer();
    await l.query('CLOSE q');
    await l.query(`DECLARE q CURSOR FOR ${UPPER}`);
    l.send(e('q', 1), SYNC);
    expect((await l.answer()).errors).toEqual(['34000']);
    await l.query('ROLLBACK');
    await l.query(`DECLARE h CURSOR WITH HOLD FOR ${UPPER}`);
    l.send(p('SELECT title FROM products'), b('', 'h'), SYNC, e('h', 1), SYNC);
    expect((await l.answer()).errors).toEqual(['42P03']);
    expect((await l.answer()).errors).toEqual(['34000']);
    l.expectNothingRaw();
  });
});

describe('COPY', () => {
  it.each(['text', 'csv', 'binary'])('in %s is masked, of a table and of a query', async (format) => {
    const l = await Listener.open(rig);
    for (const what of ['people', `(${EMAIL})`, 'wide']) {
      const answer = await l.query(`COPY ${what} TO STDOUT (FORMAT ${format})`);
      expect(answer.errors).toEqual([]);
      expect(answer.copied).toContain('@');
      const extended = await l.execute(`COPY ${what} TO STDOUT (FORMAT ${format})`);
      expect(extended.copied.length).toBe(answer.copied.length);
    }
    l.expectNothingRaw();
  });
});

describe('what comes besides rows', () => {
  it('is told without values', async () => {
    const l = await Listener.open(rig);
    const twice = await l.query("INSERT INTO people (id, email) VALUES (1000, 'zerlina.quast1@mailhaus.example')");
    expect(twice.errors).toEqual(['23505']);
    expect(twice.error).toBe('unique violation');
    await l.query("DO $$ BEGIN RAISE NOTICE 'zerlina.quast2@mailhaus.example'; END $$");
    expect(l.heard.toString('latin1')).not.toMatch(/mailhaus\.example/);
  });

  it('of notifications too', async () => {
    const l = await Listener.open(rig);
    await l.query('LISTEN people_changed');
    await rig.direct("SELECT pg_notify('people_changed', row_to_json(p)::text) FROM people p WHERE id = 1");
    await rig.direct("SELECT pg_notify('people_changed', '{\"id\": 1}')");
    await until(() => l.client.messages.filter(({ type }) => type === 'A').length === 2);
    const [first, second] = l.client.messages.filter(({ type }) => type === 'A');
    expect(first!.raw.toString()).not.toMatch(/zerlina\.quast1@mailhaus|457-55-1001/);
    expect(second!.raw.subarray(9).toString()).toBe('people_changed\0{"id": 1}\0');
  });

  it('is counted in the record', async () => {
    const l = await Listener.open(rig);
    await l.query(`/* counted */ ${EMAIL} LIMIT 3`);
    await until(async () => {
      const records = await rig.records();
      const intent = records.find((one) => recordedText(one).includes('counted'));
      if (intent?.kind !== 'statement.intent') return false;
      const outcome = records.find(
        (one) => one.kind === 'statement.outcome' && one.n === intent.n && one.session === intent.session,
      );
      if (outcome?.kind !== 'statement.outcome') return false;
      expect([intent.decision, outcome.masked, outcome.rows]).toEqual(['mask', 3, 3]);
      expect(outcome.maskedBy).toEqual({ email: 3 });
      expect(Object.values(intent.columns)).toContain('email');
      return true;
    });
  });
});

describe('what names mean', () => {
  it('in a transaction that changes the schema is what it changed', async () => {
    const l = await Listener.open(rig);
    await l.query('BEGIN');
    await l.query('CREATE TEMP VIEW v AS SELECT upper(email) AS x, id FROM people');
    expect((await l.query('SELECT x FROM v')).value).toBe('[redacted]');
    await l.query('CREATE OR REPLACE TEMP VIEW v AS SELECT title AS x, id FROM products');
    const replaced = await l.query('SELECT x FROM v WHERE id = 1');
    expect([replaced.error, replaced.value]).toEqual([undefined, 'Kettle 1']);
    await l.query('CREATE TEMP TABLE people AS SELECT id, title AS email FROM products');
    expect((await l.query('SELECT upper(email) FROM people WHERE id = 1')).value).toBe('KETTLE 1');
    await l.query('ROLLBACK');
    expect((await l.query('SELECT upper(email) FROM people')).value).toBe('[redacted]');
    l.expectNothingRaw();
  });

  it('is another when somebody changed it past the gateway', async () => {
    const l = await Listener.open(rig);
    await rig.direct('CREATE VIEW drifting AS SELECT id, title AS v FROM products');
    await until(async () => (await l.query('SELECT v FROM drifting WHERE id = 1')).value === 'Kettle 1');
    await rig.direct('DROP VIEW drifting');
    await rig.direct('ALTER TABLE people ADD v text');
    await rig.direct('UPDATE people SET v = email');
    await rig.direct('CREATE VIEW drifting AS SELECT id, v FROM people');
    const answers = await Promise.all([l.query('SELECT v FROM drifting WHERE id = 1')]);
    for (const { errors, value } of answers) expect(errors.length === 1 || value !== undefined).toBe(true);
    await rig.direct('DROP VIEW drifting; ALTER TABLE people DROP v');
    l.expectNothingRaw();
  });

  it('knows what has come into a table that was empty, without another look by anybody', async () => {
    const l = await Listener.open(rig);
    await rig.direct('CREATE TABLE filled (id int, v text)');
    await until(async () => (await l.query('SELECT v FROM filled')).errors.length === 0);
    await l.send(p('SELECT v FROM filled WHERE id = 7', 'filled'), SYNC).answer();
    const run = async () => (await l.send(b('filled'), e(), SYNC).answer()).value;
    expect(await run()).toBeUndefined();
    await rig.direct(`INSERT INTO filled
      SELECT i, (ARRAY['Agnes','Bilal','Chiara','Dorota'])[i % 4 + 1] || ' ' || (ARRAY['Okafor','Rossi','Nowak'])[i % 3 + 1]
      FROM generate_series(1, 200) i`);
    await until(async () => (await run()) === 'D. R.');
    await rig.direct('DROP TABLE filled');
  });

  it('is that of each session for itself', async () => {
    const [one, other] = [await Listener.open(rig, 'dev-1'), await Listener.open(rig, 'dev-2')];
    await one.query('SET search_path = clear');
    const sql = 'SELECT upper(email) FROM people WHERE id = 1';
    const answers = await Promise.all([one.query(sql), other.query(sql), one.query(sql), other.query(sql)].slice(0, 2));
    expect(answers.map(({ value }) => value)).toEqual(['KETTLE 1', '[redacted]']);
    other.expectNothingRaw();
  });
});

describe('a cancel', () => {
  it.each(['Query', 'Bind'])('of a %s that is traced is told', async (kind) => {
    const l = await Listener.open(rig);
    await l.query('SELECT id FROM people');
    let go: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const before = Tracer.prototype.trace;
    const spy = vi.spyOn(Tracer.prototype, 'trace').mockImplementation(async function (this: Tracer, request) {
      await held;
      return before.call(this, request);
    });
    const sql = `SELECT email AS held_${kind} FROM people`;
    if (kind === 'Query') l.client.query(sql);
    else l.send(p(sql), b(), e(), SYNC);
    await until(() => spy.mock.calls.length > 0);
    const greeting = l.heard.toString('latin1').indexOf('K\0\0\0\x0c');
    const key = l.heard.subarray(greeting + 5, greeting + 13);
    const socket = await rig.upgrade({ token: await rig.tokenOf('dev-1') });
    socket.end(encodeCancelRequest(key.readInt32BE(0), key.subarray(4)));
    await new Promise((resolve) => socket.once('close', resolve).resume());
    go();
    const answer = await l.answer();
    expect([answer.errors, answer.rows]).toEqual([['57014'], []]);
    expect((await l.query(sql)).rows).toHaveLength(PEOPLE);
    l.expectNothingRaw();
  });

  it('is not needed when the client goes away while its statement is traced', async () => {
    const l = await Listener.open(rig);
    await l.query('SELECT id FROM people');
    const before = Tracer.prototype.trace;
    vi.spyOn(Tracer.prototype, 'trace').mockImplementation(async function (this: Tracer, request) {
      l.client.stream.destroy();
      return before.call(this, request);
    });
    l.client.query('SELECT email AS gone FROM people');
    await l.client.end();
    vi.restoreAllMocks();
    const next = await Listener.open(rig);
    expect((await next.query(EMAIL)).rows).toHaveLength(PEOPLE);
    expect(rig.logs.filter((line) => line.includes('TypeError'))).toEqual([]);
  });
});

describe('a FunctionCall', () => {
  it('is refused', async () => {
    const l = await Listener.open(rig);
    l.send(encodeMessage('F', int32(1), Buffer.from([0, 0, 0, 0, 0, 0])));
    expect((await l.answer()).errors).toEqual(['0A000']);
  });
});
