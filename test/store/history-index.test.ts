import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { HistoryEntry, HistoryQuery, IntentFields } from '../../src/audit/record.ts';
import { encodeFacts, openRecorder, type SessionOpenFields } from '../../src/audit/recorder.ts';
import type { StatementClass } from '../../src/sql/facts.ts';
import { type History, openHistory } from '../../src/store/history-index.ts';
import { openIndexDatabase } from '../../src/store/index-database.ts';
import { FIND_TEXT } from '../../src/store/index-writer.ts';
import type { SegmentLog } from '../../src/store/segment-log.ts';
import { cleanUp, openLog, temporaryDirectory } from './log-fixture.ts';

const person = (name: string, database: string): SessionOpenFields => ({
  issuer: 'https://i',
  subject: name,
  email: `${name}@demo.test`,
  principalKind: 'user',
  groups: [],
  actors: [],
  authMethods: [],
  bound: false,
  clientAddress: '127.0.0.1',
  application: 'psql',
  via: 'tunnel',
  database,
  environment: 'production',
  upstreamUser: 'app',
  purpose: 'ticket 1',
  policyVersion: 'v',
});

const facts = (kind: StatementClass) =>
  encodeFacts({
    fingerprint: 'f',
    command: 'SELECT',
    class: kind,
    relations: ['public.t'],
    columns: { 'public.t.mail': 'email' },
    otherColumns: ['public.t.size'],
  });

const read = (sql: string, more: Partial<IntentFields> = {}): IntentFields => ({
  protocol: 'simple',
  facts: facts('read'),
  sql,
  sqlJson: JSON.stringify(sql),
  decision: 'allow',
  rule: undefined,
  binds: 0,
  ...more,
});
const denied = (sql: string): IntentFields =>
  read(sql, { facts: facts('ddl'), decision: 'deny', rule: 'production.no-drop' });
const ok = { rows: 1, bytes: 10, ms: 0.25, sqlstate: undefined, masked: 0 };

/** A log with its history, and a clock that goes on by 1 s a record. */
async function setUp(dir = temporaryDirectory()) {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = (): number => (now += 1000);
  const log = await openLog(dir, { segmentBytes: 20_000, now: clock });
  const recorder = openRecorder(log, { gatewayId: 'gw', now: clock });
  const warnings: string[] = [];
  const history = openHistoryOf(log, dir, warnings);
  return { dir, log, recorder, history, warnings, setClock: (at: number) => void (now = at) };
}

function openHistoryOf(log: SegmentLog, dir: string, warnings: string[] = []): History {
  const history = openHistory(log, { file: join(dir, 'index.sqlite'), onWarning: (text) => warnings.push(text) });
  cleanUp(() => history.close());
  return history;
}

const sqlOf = async (history: History, query: HistoryQuery = {}): Promise<string[]> =>
  (await history.query({ limit: 1000, ...query })).entries.map((entry) => entry.sql ?? '');

function dump(dir: string): unknown {
  const sqlite = new DatabaseSync(join(dir, 'index.sqlite'), { readOnly: true });
  try {
    const tables = ['place', 'principal', 'session', 'text', 'statement', 'owned_object'];
    return tables.map((table) => sqlite.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all());
  } finally {
    sqlite.close();
  }
}

describe('history', () => {
  it('shows a statement that was just run, with all there is to say of it', async () => {
    const { recorder, history } = await setUp();
    const session = recorder.session('s1');
    session.open(person('dev', 'shop'));
    const { n } = session.intent(read('select 1'));
    expect((await history.query({})).entries[0]!.state).toBe('running');
    session.outcome(n, ok);
    expect(await history.query({ principal: 'https://i|dev' })).toEqual({
      entries: [
        {
          id: 's1.1',
          at: '2026-01-01T00:00:03.000Z',
          database: 'shop',
          environment: 'production',
          principal: 'dev@demo.test',
          session: 's1',
          application: 'psql',
          purpose: 'ticket 1',
          sql: 'select 1',
          fingerprint: 'f',
          command: 'SELECT',
          class: 'read',
          relations: ['public.t'],
          columns: { 'public.t.mail': 'email' },
          other_columns: ['public.t.size'],
          decision: 'allow',
          rule: null,
          approval: null,
          gateway: 'gw',
          rows: 1,
          ms: 0.25,
          sqlstate: null,
          masked: 0,
          state: 'done',
        } satisfies HistoryEntry,
      ],
      nextCursor: undefined,
    });
  });

  it('finds by who, where, when, what, and how it ended', async () => {
    const { recorder, history } = await setUp();
    const dev = recorder.session('s1');
    const ana = recorder.session('s2');
    dev.open(person('dev', 'shop'));
    ana.open(person('ana', 'crm'));
    for (const [session, sql, sqlstate] of [
      [dev, 'SELECT * FROM Orders', undefined],
      [dev, 'select 100% of_it', '42703'],
      [ana, 'select "Ärger" from Straße', undefined],
      [ana, 'update x set y = 1', undefined],
    ] as const) {
      session.outcome(session.intent(read(sql)).n, { ...ok, sqlstate });
    }
    dev.outcome(dev.intent(denied('DROP TABLE orders')).n, { ...ok, sqlstate: '42501' });
    const sql = (query: HistoryQuery): Promise<string[]> => sqlOf(history, query);
    expect(await sql({})).toEqual([
      'DROP TABLE orders',
      'update x set y = 1',
      'select "Ärger" from Straße',
      'select 100% of_it',
      'SELECT * FROM Orders',
    ]);
    expect(await sql({ principal: 'https://i|ana' })).toEqual(['update x set y = 1', 'select "Ärger" from Straße']);
    expect(await sql({ principal: 'https://i|nobody' })).toEqual([]);
    expect(await sql({ database: 'crm', grep: 'SELECT' })).toEqual(['select "Ärger" from Straße']);
    expect(await sql({ grep: 'ORDERS' })).toEqual(['DROP TABLE orders', 'SELECT * FROM Orders']);
    expect(await sql({ grep: 'äRGER' })).toEqual(['select "Ärger" from Straße']);
    expect(await sql({ grep: '0% o' })).toEqual(['select 100% of_it']);
    expect(await sql({ grep: 'f_i' })).toEqual(['select 100% of_it']);
    expect(await sql({ grep: 't_y' })).toEqual([]);
    expect(await sql({ grep: '%' })).toEqual(['select 100% of_it']);
    expect(await sql({ grep: '\\' })).toEqual([]);
    expect(await sql({ errorsOnly: true })).toEqual(['DROP TABLE orders', 'select 100% of_it']);
    expect(await sql({ deniedOnly: true })).toEqual(['DROP TABLE orders']);
    const second = (await history.query({ grep: '100%' })).entries[0]!;
    expect(second.state).toBe('failed');
    const at = Date.parse(second.at);
    expect(await sql({ since: at })).toHaveLength(4);
    expect(await sql({ until: at })).toEqual(['SELECT * FROM Orders']);
    expect(await sql({ since: at, until: at + 1 })).toEqual(['select 100% of_it']);
    expect((await history.query({ deniedOnly: true })).entries[0]).toMatchObject({
      state: 'denied',
      rule: 'production.no-drop',
    });
  });

  it('refuses what makes no sense', async () => {
    const { history } = await setUp();
    const usage = { code: 'usage' };
    for (const limit of [0, 1001, 1.5, Number.NaN]) await expect(history.query({ limit })).rejects.toMatchObject(usage);
    for (const cursor of ['', 'x', 'MQ', Buffer.from('1.2; --').toString('base64url')]) {
      await expect(history.query({ cursor })).rejects.toMatchObject(usage);
    }
    await expect(history.query({ grep: 'x'.repeat(1001) })).rejects.toMatchObject(usage);
    await expect(history.query({ since: Number.NaN })).rejects.toMatchObject(usage);
    expect((await history.query({ grep: "'; drop table statement; --" })).entries).toEqual([]);
  });

  it('pages through everything once, while rows are added and many have one time', async () => {
    const { recorder, history, setClock } = await setUp();
    const session = recorder.session('s1');
    session.open(person('dev', 'shop'));
    const run = (i: number): void => {
      if (i % 10 !== 0) setClock(Date.parse('2026-01-01T01:00:00Z') + Math.floor(i / 10) * 5000);
      session.outcome(session.intent(read(`select ${i}`)).n, ok);
    };
    for (let i = 0; i < 300; i++) run(i);
    const expected = await sqlOf(history);
    expect(new Set(expected).size).toBe(300);
    for (const limit of [1, 7, 100, 299, 300]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      let added = 0;
      do {
        const page = await history.query(cursor === undefined ? { limit } : { limit, cursor });
        seen.push(...page.entries.map((entry) => entry.sql ?? ''));
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        ({ nextCursor: cursor } = page);
        if (added++ < 3) run(10_000 + limit * 10 + added);
      } while (cursor !== undefined);
      // The rows that were added while paging are newer than the first page; those of the round before are on top.
      expect(seen.filter((sql) => expected.includes(sql))).toEqual(expected);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it('says what was rolled back behind its answer, or may have been', async () => {
    const { recorder, history } = await setUp();
    const session = recorder.session('s1');
    session.open(person('dev', 'shop'));
    session.outcome(session.intent(read('insert 1')).n, { ...ok, sqlstate: '23503', fate: 'rolled_back' });
    session.outcome(session.intent(read('insert 2')).n, { ...ok, fate: 'rolled_back' });
    session.outcome(session.intent(read('insert 3')).n, { ...ok, sqlstate: '08006', fate: 'unknown' });
    const states = Object.fromEntries((await history.query({})).entries.map((entry) => [entry.sql, entry.state]));
    expect(states).toEqual({ 'insert 1': 'rolled_back', 'insert 2': 'rolled_back', 'insert 3': 'may_have_run' });
    expect((await history.query({ errorsOnly: true })).entries).toHaveLength(3);
  });

  it('says that a statement may have run when its process died before the outcome', async () => {
    const first = await setUp();
    const session = first.recorder.session('s1');
    session.open(person('dev', 'shop'));
    session.outcome(session.intent(read('select 1')).n, ok);
    session.intent(read('update t set x = 1'));
    await first.log.flush();
    await first.history.close();
    await first.log.close();
    const { recorder, history } = await setUp(first.dir);
    const living = recorder.session('s2');
    living.open(person('dev', 'shop'));
    living.intent(read('select pg_sleep(1)'));
    const closed = recorder.session('s3');
    closed.open(person('dev', 'shop'));
    closed.intent(read('select 3'));
    closed.close('upstream');
    const states = Object.fromEntries((await history.query({})).entries.map((entry) => [entry.sql, entry.state]));
    expect(states).toEqual({
      'select 1': 'done',
      'update t set x = 1': 'may_have_run',
      'select pg_sleep(1)': 'running',
      'select 3': 'may_have_run',
    });
  });
});

describe('the index', () => {
  async function filled() {
    const gate = await setUp();
    for (let s = 0; s < 5; s++) {
      const session = gate.recorder.session(`s${s}`);
      session.open(person(`p${s % 2}`, 'shop'));
      for (let i = 0; i < 60; i++) {
        const { n } = session.intent(i % 9 === 0 ? denied(`drop table t${i}`) : read(`select ${i % 7}`));
        if (i % 11 !== 0) session.outcome(n, { ...ok, sqlstate: i % 13 === 0 ? '42P01' : undefined });
      }
      session.close('client');
    }
    const object = { v: 2, kind: 'object.created', at: '2026-01-01T00:00:00.000Z', database: 'shop', principal: 'p' };
    for (const oid of [1, 2]) {
      await gate.log.append('objects', [
        { payload: JSON.stringify({ ...object, catalog: 'pg_class', oid, name: 't' }) },
      ]);
    }
    const dropped = { ...object, kind: 'object.dropped', catalog: 'pg_class', oid: 1, name: 't' };
    await gate.log.append('objects', [{ payload: JSON.stringify(dropped) }]);
    await gate.history.catchUp();
    await gate.history.close();
    return gate;
  }

  it('comes out the same when it is made anew from the segments', async () => {
    const { dir, log } = await filled();
    const before = dump(dir);
    expect((before as unknown[][])[4]!.length).toBe(300);
    expect((before as unknown[][])[5]!.length).toBe(1);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, `index.sqlite${suffix}`), { force: true });
    const again = openHistoryOf(log, dir);
    await again.catchUp();
    await again.close();
    expect(dump(dir)).toEqual(before);
  });

  it('stores a text once', async () => {
    const { dir } = await filled();
    expect((dump(dir) as { text: string }[][])[3]!.length).toBe(14);
  });

  // SQLite took another index, and went through all texts of a shape for each new one: 1 ms behind 10,000, 2.5 behind 40,000.
  it('finds a text by its own key, however many have its shape', () => {
    const index = openIndexDatabase(join(temporaryDirectory(), 'index.sqlite'), 0);
    cleanUp(() => index.close());
    const [step] = index.sqlite.prepare(`EXPLAIN QUERY PLAN ${FIND_TEXT}`).all(1, 1, 1, null);
    expect(step?.detail).toBe('SEARCH text USING INDEX text_by_key (key=?)');
  });

  it('goes on where it was', async () => {
    const { dir, log } = await filled();
    const file = new DatabaseSync(join(dir, 'index.sqlite'));
    file.exec("UPDATE session SET purpose = 'kept from before' WHERE session = 's1'");
    file.close();
    await log.append('audit', [
      { payload: '{"v":2,"kind":"session.close","at":"2026-01-01T00:00:00.000Z","session":"s1"}' },
    ]);
    expect(await sqlOf(openHistoryOf(log, dir), { purpose: 'KEPT from' })).not.toEqual([]);
  });

  it('is read by nobody else, whatever the umask and what was there', async () => {
    const umask = process.umask(0);
    try {
      const dir = temporaryDirectory();
      const file = join(dir, 'index.sqlite');
      writeFileSync(file, 'rubbish');
      const index = openIndexDatabase(file, 0);
      for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
      index.close();
    } finally {
      process.umask(umask);
    }
  });

  it('is made anew when it is rubbish, cut, of another schema, or ahead of the log', async () => {
    const spoil: ((path: string) => void)[] = [
      (path) => writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(100)),
      (path) => writeFileSync(path, ''),
      (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
      (path) => {
        const file = new DatabaseSync(path);
        file.exec('PRAGMA user_version = 999');
        file.close();
      },
      (path) => {
        const file = new DatabaseSync(path);
        file.exec('UPDATE place SET position = 1000000');
        file.close();
      },
    ];
    const { dir, log } = await filled();
    const before = dump(dir);
    for (const damage of spoil) {
      damage(join(dir, 'index.sqlite'));
      const history = openHistoryOf(log, dir);
      expect((await history.query({ limit: 1000 })).entries.length).toBe(300);
      await history.close();
      expect(dump(dir)).toEqual(before);
    }
  });

  it('has one writer', async () => {
    const { dir, log } = await filled();
    await openHistoryOf(log, dir).catchUp();
    const warnings: string[] = [];
    const second = openHistoryOf(log, dir, warnings);
    await expect(second.query({})).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(warnings[0]).toContain('locked by another');
  });

  it('leaves out what is no record, says so, and shows the rest', async () => {
    const { log, recorder, history, warnings } = await setUp();
    await log.append('audit', [{ payload: 'not json' }, { payload: '{"v":3,"kind":"something.new"}' }]);
    const session = recorder.session('s1');
    session.open(person('dev', 'shop'));
    session.intent(read('select 1'));
    expect(await sqlOf(history)).toEqual(['select 1']);
    expect(warnings).toEqual(['1 audit records could not be understood']);
  });

  it('is kept in the background, without a question', async () => {
    const { dir, log, recorder } = await setUp();
    const session = recorder.session('s1');
    session.open(person('dev', 'shop'));
    for (let i = 0; i < 2000; i++) session.intent(read(`select ${i}`));
    await log.flush();
    let indexed = 0;
    while (indexed < 2000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      try {
        const file = new DatabaseSync(join(dir, 'index.sqlite'), { readOnly: true });
        indexed = file.prepare('SELECT count(*) AS n FROM statement').get()!.n as number;
        file.close();
      } catch {
        // Not made yet.
      }
    }
    expect(indexed).toBe(2000);
  });
});
