/** What one client, or very many, can make the gateway use up: sessions, statements, descriptors, memory. */
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Admission, admissionLimits, openFilesLimit } from '../../src/gateway/admission.ts';
import { RefusalRecord } from '../../src/gateway/refusal-record.ts';
import { failure, until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const MAX_SESSIONS = 50;
const rig = withRig({
  tune: (settings) => ({
    ...settings,
    limits: { ...settings.limits, maxSessions: MAX_SESSIONS, maxStatementBytes: 64 << 10 },
  }),
});

async function session(): Promise<WireClient> {
  const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
  await wire.startup().through('Z');
  return wire;
}

const sessions = async (): Promise<number> => (await rig.api('GET', '/healthz')).body.sessions;
const upstreamConnections = async (): Promise<number> =>
  (
    await rig.direct(
      "SELECT 1 FROM pg_stat_activity WHERE datname = 'app' AND pid <> pg_backend_pid() AND application_name LIKE '%@example.test%'",
    )
  ).length;
const nothingLeft = () => until(async () => (await sessions()) === 0 && (await upstreamConnections()) === 0);

describe('limits', () => {
  it('more sessions than the limit: 53300 for who comes last, and room again when one goes', async () => {
    const token = await rig.token();
    const open = await Promise.all(Array.from({ length: MAX_SESSIONS }, () => rig.connect(token)));
    expect(await failure(rig.connect(token))).toMatchObject({ code: '53300' });
    await open.pop()!.end();
    await until(async () => (await sessions()) < MAX_SESSIONS);
    open.push(await rig.connect(token));
    await Promise.all(open.map((client) => client.end()));
    await nothingLeft();
  });

  it('300 connections opened and dropped at every stage leave nothing behind', async () => {
    const token = await rig.token();
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const socket = await rig.upgrade({ token });
          const wire = new WireClient(socket);
          if (i % 3 === 1) wire.startup();
          if (i % 3 === 2) {
            await wire.startup().through('Z');
            if (i % 2 === 0) wire.query('SELECT pg_sleep(0.05)');
          }
          socket.destroy();
        }),
      );
    }
    await nothingLeft();
    const wire = await session();
    wire.query('SELECT 1');
    await wire.through('Z');
    wire.stream.end();
  });

  it('a statement above the limit ends the session with 08P01 before it is held in memory', async () => {
    const wire = await session();
    wire.send(Buffer.from([0x51, 0x3f, 0xff, 0xff, 0xff]));
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '08P01' });
    await wire.end();
  });

  it('a statement just below the limit runs', async () => {
    const wire = await session();
    wire.query(`SELECT '${'x'.repeat(60_000)}'`);
    expect((await wire.through('Z')).map((m) => m.type)).toEqual(['T', 'D', 'C', 'Z']);
    wire.stream.end();
  });

  it('a session without a word for the idle time ends with 57P05; one that works does not', async () => {
    rig.gateway.reload({ ...rig.settings, limits: { ...rig.settings.limits, idleTimeoutMs: 2_000 } });
    const busy = await session();
    busy.query('SELECT pg_sleep(4)');
    const idle = await session();
    rig.gateway.reload(rig.settings);
    expect(await idle.error()).toMatchObject({ severity: 'FATAL', code: '57P05' });
    await busy.through('Z');
    busy.stream.destroy();
  });

  it('a client that never reads: the upstream waits, the gateway’s memory does not grow with the result', async () => {
    const socket = await rig.upgrade({ token: await rig.token() });
    const wire = new WireClient(socket);
    await wire.startup().through('Z');
    socket.pause();
    socket.removeAllListeners('data');
    const before = process.memoryUsage();
    wire.query("SELECT repeat('x', 100000) FROM generate_series(1, 5000)");
    await until(
      async () => (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")).length === 1,
    );
    const after = process.memoryUsage();
    // The result has 500 MB.
    expect(after.rss + after.external - before.rss - before.external).toBeLessThan(100 << 20);
    socket.destroy();
    await nothingLeft();
  });

  it('a client that never reads, and asks and asks: it is no longer read from', async () => {
    const socket = await rig.upgrade({ token: await rig.token() });
    const wire = new WireClient(socket);
    await wire.startup().through('Z');
    socket.pause();
    socket.removeAllListeners('data');
    const before = process.memoryUsage();
    const query = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame('Q', `SELECT repeat('y', 1000), ${i}\0`)));
    let sent = 0;
    while (sent < 20_000 && socket.write(query)) sent += 100;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const after = process.memoryUsage();
    expect(after.rss + after.external - before.rss - before.external).toBeLessThan(150 << 20);
    socket.destroy();
    await nothingLeft();
  });
});

describe('file descriptors', () => {
  it('the limit is known, and nine tenths of it are used at most', () => {
    expect(openFilesLimit()).toBeGreaterThan(100);
    expect(admissionLimits(1024)).toEqual({ maxConnections: 428, maxUnproved: 214 });
    expect(admissionLimits(10).maxConnections).toBe(16);
    expect(rig.logs).toContainEqual(expect.stringMatching(/open files: \d+, so at most \d+ connections/));
  });

  it('connections in start-up cannot take all places: those who have shown a token keep theirs', async () => {
    const lines: string[] = [];
    const admission = new Admission({ maxConnections: 6, maxUnproved: 2 }, (line) => lines.push(line));
    const server = net.createServer((socket) => admission.admit(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const accepted: net.Socket[] = [];
    server.on('connection', (socket) => accepted.push(socket));
    const { port } = server.address() as net.AddressInfo;
    const dial = () =>
      new Promise<boolean>((resolve) => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => resolve(false)).once('close', () => resolve(false));
        socket.resume();
        setTimeout(() => resolve(!socket.destroyed), 200);
      });
    expect(await dial()).toBe(true);
    expect(await dial()).toBe(true);
    expect(await dial()).toBe(false);
    admission.proved(accepted[0]!);
    expect(await dial()).toBe(true);
    expect(admission.unproved).toBe(2);
    expect(lines).toHaveLength(1);
    admission.destroyAll();
    await until(() => admission.connections === 0 && admission.unproved === 0);
    server.close();
  });

  it('both listeners refuse the surplus and go on', async () => {
    const limits = admissionLimits(0);
    await rig.restart(rig.settings, 0);
    const { gateway } = rig;
    const held = Array.from({ length: limits.maxUnproved }, () =>
      net.connect(gateway.postgresAddress!.port, '127.0.0.1'),
    );
    for (const socket of held) socket.on('error', () => {});
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const served = () =>
      new Promise<boolean>((resolve) => {
        const options = { port: gateway.httpsAddress.port, host: '127.0.0.1', ca: rig.certificates.ca };
        const socket = tls.connect(options, () => {
          resolve(true);
          socket.destroy();
        });
        socket.on('error', () => resolve(false)).once('close', () => resolve(false));
      });
    // Those that are held may be accepted a little later than they are connected.
    await until(async () => !(await served()));
    expect(rig.logs.at(-1)).toMatch(/too many connections in start-up/);
    for (const socket of held) socket.destroy();
    await until(served);
    await rig.restart();
  });
});

describe('the record of refusals', () => {
  it('takes so many a minute of who nobody vouches for, and their number; all of who is known', () => {
    const recorded: { reason: string }[] = [];
    const refusals = new RefusalRecord({
      connectRefused: (fields: { reason: string }) => recorded.push(fields),
    } as never);
    const unknown = {
      clientAddress: '192.0.2.1:1',
      subject: undefined,
      email: undefined,
      database: 'x'.repeat(9_000),
      code: 'denied',
      reason: 'no',
    };
    for (let i = 0; i < 1_000; i++) refusals.add(unknown, 0);
    expect(recorded).toHaveLength(120);
    for (let i = 0; i < 200; i++) refusals.add({ ...unknown, subject: 'known' }, 0);
    expect(recorded).toHaveLength(320);
    refusals.add(unknown, 60_001);
    expect(recorded.at(-2)!.reason).toMatch(/^880 more/);
    expect(JSON.stringify(recorded).length).toBeLessThan(200_000);
  });
});

function frame(type: string, body: string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}
