import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import { makeCertificates } from '../../src/demo/certificates.ts';
import type { StoredRecord } from '../../src/store/event-log.ts';
import { openSharedDatabase } from '../../src/store/postgres-database.ts';
import { PostgresNotices } from '../../src/store/postgres-notices.ts';
import { startPostgres, withPostgres } from '../support/postgres.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { all, cleanUp, payloads, temporaryDirectory, until, watch } from './log-fixture.ts';
import { ask, DURABLE, newSchema, openShared } from './postgres-log-fixture.ts';
import { settingsOf } from './postgres-settings.ts';

const server = withPostgres({ settings: DURABLE });

const collect = (log: { onForeign(listener: (record: StoredRecord) => void): () => void }): StoredRecord[] => {
  const records: StoredRecord[] = [];
  log.onForeign((record) => void records.push(record));
  return records;
};

/** Holds the lock that every write takes first, until it is told to let go. */
async function holdHead(schema: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  client.on('error', () => {});
  await client.connect();
  await client.query(`BEGIN; SELECT FROM ${schema}.heads WHERE name = 'log' FOR UPDATE`);
  cleanUp(() => client.end().catch(() => {}));
  return async () => void (await client.query('COMMIT'));
}

const waitingForHead = (): Promise<{ pid: number }[]> =>
  ask(
    server.superuserUrl,
    `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%.append(%'`,
  );

describe('two gateways on one log', () => {
  it('in processes of their own compare and set: nothing lost, nothing twice, one order for both', async () => {
    const schema = newSchema();
    const count = 150;
    const children = await Promise.all(
      ['one', 'two'].map((name) => startChild([server.superuserUrl, schema, name, `${count}`])),
    );
    for (const child of children) await child.line('ready');
    for (const child of children) child.go();
    for (const child of children) await child.line('written');
    for (const child of children) child.go();
    const reports = await Promise.all(children.map(async (child) => JSON.parse(await child.line('{')) as Report));

    const { log } = await openShared(server, { schema });
    const everything = await all(log.readAll());
    const race = everything.filter(({ stream }) => stream === 'race');
    expect(race.map(({ streamSeq }) => streamSeq)).toEqual(Array.from({ length: 2 * count }, (_, i) => i + 1));
    expect(new Set(race.map(({ payload }) => payload)).size).toBe(2 * count);
    const told = reports.flatMap(({ acknowledged }) => acknowledged);
    expect(told.sort(([a], [b]) => a - b)).toEqual(race.map((r) => [r.streamSeq, r.position, r.payload]));
    // They did meet.
    expect(reports[0]!.conflicts + reports[1]!.conflicts).toBeGreaterThan(0);
    for (const [i, name] of ['one', 'two'].entries()) {
      const others = everything.filter(({ payload }) => !payload.startsWith(name));
      expect(reports[i]!.foreign).toEqual(others.map(({ position, payload }) => [position, payload]));
    }
  });

  it('hear of one another at once by notification, and by looking where one is lost', async () => {
    const schema = newSchema();
    const one = await openShared(server, { schema, pollMs: 600_000 });
    const two = await openShared(server, { schema, pollMs: 600_000 });
    const three = await openShared(server, { schema, pollMs: 50 });
    const [heardByOne, heardByTwo, heardByThree] = [collect(one.log), collect(two.log), collect(three.log)];
    await one.log.append('s', [{ payload: '1' }]);
    await until(() => heardByTwo.length === 1 && heardByThree.length === 1);
    expect(two.log.durablePosition).toBe(1);
    expect(two.log.seenUntil).toBeGreaterThan(0);
    expect(heardByOne).toEqual([]);
    await ask(
      server.superuserUrl,
      `WITH head AS (UPDATE ${schema}.heads SET last_position = 2 WHERE name = 'log')
       INSERT INTO ${schema}.records (position, stream, stream_seq, instance, payload) VALUES (2, 's', 2, 999, 'quiet')`,
    );
    await until(() => heardByThree.length === 2);
    expect(heardByThree.at(-1)).toEqual({ position: 2, stream: 's', streamSeq: 2, payload: 'quiet' });
    expect(heardByTwo.length).toBe(1);
  });

  it('are told of what was written before they listened, since they opened the log', async () => {
    const schema = newSchema();
    const one = await openShared(server, { schema });
    await one.log.append('s', [{ payload: 'before' }]);
    const two = await openShared(server, { schema });
    await one.log.append('s', [{ payload: 'between' }]);
    await until(() => two.log.durablePosition === 2);
    const heard = collect(two.log);
    await until(() => heard.length > 0);
    expect(heard.map(({ payload }) => payload)).toEqual(['between']);
    const fromTheBeginning: string[] = [];
    two.log.onForeign(({ payload }) => void fromTheBeginning.push(payload), 0);
    await until(() => fromTheBeginning.length === 2);
    expect(fromTheBeginning).toEqual(['before', 'between']);
  });

  it('must not have one name', async () => {
    const schema = newSchema();
    const one = await openShared(server, { schema, gatewayId: 'same' });
    const again = openSharedDatabase({
      settings: settingsOf(server.superuserUrl),
      schema,
      gatewayId: 'same',
      nameWaitMs: 0,
    });
    await expect(again).rejects.toMatchObject({ code: 'config', hint: expect.stringContaining('gateway_id') });
    await one.log.close();
    await one.database.close();
    await openShared(server, { schema, gatewayId: 'same' });
  });

  it('migrate once, begun at the same moment', async () => {
    const schema = newSchema();
    const opened = await Promise.all([1, 2, 3, 4].map(() => openShared(server, { schema })));
    expect(new Set(opened.map(({ database }) => database.instance)).size).toBe(4);
    await ask(server.superuserUrl, `INSERT INTO ${schema}.migrations (version) VALUES (99)`);
    await expect(openShared(server, { schema })).rejects.toMatchObject({ code: 'config' });
  });
});

describe('a connection that breaks', () => {
  it('in the middle of an append: written once, and the log heals', async () => {
    const schema = newSchema();
    const { log } = await openShared(server, { schema });
    const seen = watch(log);
    await log.append('s', [{ payload: '1' }]);
    const letGo = await holdHead(schema);
    const appended = log.append('s', [{ payload: '2' }], { expectedSeq: 1 });
    await until(async () => (await waitingForHead()).length === 1);
    const behind = log.append('s', [{ payload: 'never sent' }]);
    behind.catch(() => {});
    await ask(server.superuserUrl, 'SELECT pg_terminate_backend($1)', [(await waitingForHead())[0]!.pid]);
    await until(() => log.state === 'failed');
    expect(() => log.enqueue('s', 'x')).toThrow('audit unavailable, statement not run');
    await expect(behind).rejects.toMatchObject({ code: 'audit_unavailable', sqlstate: '58030' });
    expect(seen.failed.length).toBe(1);
    await letGo();
    expect(await appended).toMatchObject({ lastStreamSeq: 2 });
    await until(() => log.state === 'healthy');
    await log.append('s', [{ payload: '3' }], { expectedSeq: 2 });
    expect(await payloads(log.read('s'))).toEqual(['1', '2', '3']);
  });

  it('after the commit, its answer lost: found to be written, not written again', async () => {
    const schema = newSchema();
    const proxy = await CuttingProxy.before(server.port);
    const { log } = await openShared(server, { schema, port: proxy.port, deadlineMs: 2_500 });
    await log.append('s', [{ payload: '1' }]);
    proxy.swallowing = true;
    const appended = log.append('s', [{ payload: '2' }], { expectedSeq: 1 });
    const count = `SELECT count(*)::int AS n FROM ${schema}.records WHERE payload = '2'`;
    await until(async () => (await ask<{ n: number }>(server.superuserUrl, count))[0]!.n === 1);
    await until(() => log.state === 'failed');
    proxy.swallowing = false;
    proxy.cut();
    // Had it been tried as a new one, it would conflict with itself.
    expect(await appended).toMatchObject({ lastStreamSeq: 2 });
    await until(() => log.state === 'healthy');
    expect(await payloads(log.readAll())).toEqual(['1', '2']);
  });

  it('for longer than anybody is kept waiting: refused, and what was written all the same is told in its place', async () => {
    const schema = newSchema();
    const proxy = await CuttingProxy.before(server.port);
    const { log } = await openShared(server, { schema, port: proxy.port, deadlineMs: 2_500, doubtMs: 600 });
    const other = await openShared(server, { schema });
    const heard = collect(log);
    const seen = watch(log);
    proxy.swallowing = true;
    const written = log.append('s', [{ payload: 'written' }]);
    written.catch(() => {});
    const count = `SELECT count(*)::int AS n FROM ${schema}.records`;
    await until(async () => (await ask<{ n: number }>(server.superuserUrl, count))[0]!.n === 1);
    proxy.refusing = true;
    proxy.cut();
    await other.log.append('s', [{ payload: 'behind it' }]);
    await expect(written).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(seen.failed).toEqual([[1, 1]]);
    expect(log.state).toBe('failed');
    proxy.refusing = proxy.swallowing = false;
    await until(() => heard.length === 2);
    expect(heard.map(({ payload, position }) => [position, payload])).toEqual([
      [1, 'written'],
      [2, 'behind it'],
    ]);
    await until(() => log.state === 'healthy');
    expect(await log.append('s', [{ payload: 'next' }])).toMatchObject({ lastStreamSeq: 3 });
  });

  it('for longer, and it was not written: it never is, though the server may still be at it', async () => {
    const schema = newSchema();
    const proxy = await CuttingProxy.before(server.port);
    const { log } = await openShared(server, { schema, port: proxy.port, deadlineMs: 60_000, doubtMs: 200 });
    const letGo = await holdHead(schema);
    const appended = log.append('s', [{ payload: 'given up' }]);
    appended.catch(() => {});
    await until(async () => (await waitingForHead()).length === 1);
    proxy.refusing = true;
    // Only the client's side: the server's goes on waiting for the lock, and does not notice.
    proxy.cut();
    await expect(appended).rejects.toMatchObject({ code: 'audit_unavailable' });
    const forgot = log.state;
    proxy.refusing = false;
    await letGo();
    await until(() => log.state === 'healthy');
    expect(forgot).toBe('failed');
    await log.append('s', [{ payload: 'next' }]);
    const stored = await payloads(log.readAll());
    // Either the server was first, or the giving up; and then never again.
    expect(stored.filter((payload) => payload === 'next').length).toBe(1);
    await sleep(300);
    expect(await payloads(log.readAll())).toEqual(stored);
  });

  it('and a notice that was to be given is given later', async () => {
    const schema = newSchema();
    const proxy = await CuttingProxy.before(server.port);
    const one = await openShared(server, { schema, port: proxy.port });
    const two = await openShared(server, { schema });
    const heard: string[] = [];
    let missed = 0;
    const listener = { onNotice: (body: string) => void heard.push(body), onMissed: () => void missed++ };
    const [from, to] = [new PostgresNotices(one.database, listener), new PostgresNotices(two.database, listener)];
    for (const board of [from, to]) {
      await board.begin();
      cleanUp(() => board.close());
    }
    from.give('a', 'a1');
    await until(() => heard.length === 1);
    proxy.refusing = true;
    proxy.cut();
    for (const body of ['b1', 'b2', 'b3']) from.give('b', body);
    from.give('c', 'c1');
    proxy.refusing = false;
    await until(() => heard.includes('c1'));
    expect(heard.filter((body) => body.startsWith('b')).at(-1)).toBe('b3');
    expect(missed).toBe(0);
    // Away while notices were given and removed again.
    await ask(
      server.superuserUrl,
      `WITH gone AS (DELETE FROM ${schema}.notices)
       UPDATE ${schema}.heads SET last_position = last_position + 5 WHERE name = 'notices'`,
    );
    await until(() => missed > 0);
  });
});

describe('the server', () => {
  it('stops and starts: refused meanwhile, healed afterwards, nothing lost', async () => {
    const dir = temporaryDirectory();
    const schema = newSchema();
    const first = await startPostgres({ dir, settings: DURABLE, superuserPassword: 'pw' });
    const { port } = first;
    cleanUp(() => first.stop());
    const { log } = await openShared(first, { schema });
    const seen = watch(log);
    await log.append('s', [{ payload: '1' }]);
    await first.stop();
    await until(async () => {
      await log.append('s', [{ payload: 'lost' }]).catch(() => {});
      return log.state === 'failed';
    });
    await expect(log.append('s', [{ payload: 'x' }])).rejects.toMatchObject({ code: 'audit_unavailable' });
    await expect(payloads(log.readAll())).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(log.error).toBeDefined();
    const again = await startPostgres({ dir, settings: DURABLE, superuserPassword: 'pw', port });
    cleanUp(() => again.stop());
    await until(() => log.state === 'healthy');
    expect(log.error).toBeUndefined();
    const { lastPosition } = await log.append('s', [{ payload: '2' }]);
    expect(lastPosition).toBeGreaterThan(seen.failed.at(-1)?.[1] ?? 1);
    expect((await payloads(log.read('s'))).filter((payload) => payload !== 'lost')).toEqual(['1', '2']);
  });

  it('that may forget what it confirmed is refused', async () => {
    const forgetful = await startPostgres();
    cleanUp(() => forgetful.stop());
    await expect(openShared(forgetful)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('fsync'),
    });
  });

  it('syncs each commit, whatever its default', async () => {
    const { database } = await openShared(server);
    await ask(server.superuserUrl, "ALTER ROLE postgres SET synchronous_commit = 'off'");
    cleanUp(async () => void (await ask(server.superuserUrl, 'ALTER ROLE postgres RESET synchronous_commit')));
    const other = await openShared(server, { schema: database.schema });
    const [row] = await other.database.writer.query<{ synchronous_commit: string }>('', 'SHOW synchronous_commit', []);
    expect(row!.synchronous_commit).toBe('on');
  });

  it('is spoken to in the way that the mode asks for, and never in the clear otherwise', async () => {
    const certificates = await makeCertificates();
    const { cert, key } = certificates;
    const encrypted = await startPostgres({ settings: DURABLE, tls: { cert, key } });
    cleanUp(() => encrypted.stop());
    const openWith = (target: typeof encrypted, mode: UpstreamSettings['tls']['mode'], ca: string | undefined) =>
      openShared(target, {
        settings: { ...settingsOf(target.superuserUrl), tls: { mode, ca, cert: undefined, key: undefined } },
      });
    for (const mode of ['verify-full', 'verify-ca', 'require', 'prefer'] as const) {
      const { database } = await openWith(encrypted, mode, certificates.ca);
      const [row] = await database.watcher.query('', 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', []);
      expect(row, mode).toEqual({ ssl: true });
    }
    const another = (await makeCertificates()).ca;
    for (const mode of ['verify-full', 'verify-ca', 'require'] as const) {
      await expect(openWith(encrypted, mode, another), mode).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
    await expect(openWith(encrypted, 'verify-full', undefined)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    // The one of the other tests offers no TLS.
    for (const mode of ['require', 'prefer'] as const) {
      await expect(openWith(server, mode, undefined), mode).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
  });

  it('that is not there is said to be not there, without the password', async () => {
    const settings = { ...settingsOf(server.superuserUrl), port: 1, connectTimeoutMs: 1_000 };
    const opening = openSharedDatabase({ settings, gatewayId: 'x' });
    await expect(opening).rejects.toMatchObject({ code: 'upstream_unavailable' });
    await expect(opening).rejects.not.toThrow(settings.password!);
  });
});

interface Report {
  readonly acknowledged: [seq: number, position: number, payload: string][];
  readonly foreign: [position: number, payload: string][];
  readonly conflicts: number;
}

interface Child {
  go(): void;
  line(start: string): Promise<string>;
}

async function startChild(args: readonly string[]): Promise<Child> {
  const script = new URL('postgres-append-child.ts', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanUp(() => void child.kill());
  const lines: AsyncIterator<string> = (createInterface({ input: child.stdout! }) as Interface)[Symbol.asyncIterator]();
  return {
    go: () => void child.stdin!.write('go\n'),
    async line(start) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the child ended before it said ${start}`);
        if (value.startsWith(start)) return value;
      }
    },
  };
}
