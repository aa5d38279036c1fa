import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCertificates, makeCertificates } from '../../src/demo/certificates.ts';
import { DbgateError } from '../../src/errors.ts';
import { encodeSASLInitialResponse, encodeSASLResponse } from '../../src/pgwire/authentication.ts';
import { encodeErrorResponse } from '../../src/pgwire/error-response.ts';
import { clientFinal, clientFirst, readServerFirst, SCRAM_SHA_256, scramKeys } from '../../src/pgwire/scram.ts';
import { encodeCancelRequest, encodeGssencRequest, encodeSslRequest, encodeStartup } from '../../src/pgwire/startup.ts';
import { type LocalListener, type LocalListenerOptions, openLocalListener } from '../../src/tunnel/local-listener.ts';
import { dialUpgrade } from '../../src/tunnel/upgrade-client.ts';
import { WireClient } from '../gateway/wire-client.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { bridge, startUpgradeServer, type UpgradeServer } from './upgrade-server.ts';

const run = promisify(execFile);
const password = randomBytes(16).toString('base64url');
const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
);

let certificates: DemoCertificates;
let postgres: PostgresServer;
beforeAll(async () => {
  certificates = await makeCertificates();
  // As the gateway: it asks nobody for a password again.
  postgres = await startPostgres({ hba: 'local all all trust\nhost all all 127.0.0.1/32 trust\n' });
});
afterAll(() => postgres.stop());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const toPostgres = (stream: Parameters<typeof bridge>[0]) =>
  bridge(stream, () => net.connect({ host: '127.0.0.1', port: postgres.port, noDelay: true, allowHalfOpen: true }));

async function gateway(options: Partial<Parameters<typeof startUpgradeServer>[0]> = {}): Promise<UpgradeServer> {
  const server = await startUpgradeServer({ certificates, onStream: toPostgres, ...options });
  cleanups.push(() => server.close());
  return server;
}

async function tunnel(url: string, options: Partial<LocalListenerOptions> = {}): Promise<LocalListener> {
  const listener = await openLocalListener({
    listen: { port: 0 },
    password,
    dial: (signal) =>
      dialUpgrade({
        gatewayUrl: url,
        path: '/v1/databases/shop/connect',
        headers: async () => ({ authorization: 'Bearer t' }),
        ca: certificates.ca,
        signal,
      }),
    redialForMs: 1000,
    ...options,
  });
  cleanups.push(() => listener.close());
  return listener;
}

function port(listener: LocalListener): number {
  if (!('port' in listener.address)) throw new Error('not a TCP listener');
  return listener.address.port;
}

async function client(listener: LocalListener, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const made = new pg.Client({
    host: '127.0.0.1',
    port: port(listener),
    user: 'postgres',
    database: 'postgres',
    password,
    ...more,
  });
  made.on('error', () => {});
  await made.connect();
  cleanups.push(() => made.end().catch(() => {}));
  return made;
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; !what(); i++) {
    if (i > 12_000) throw new Error(`never came true: ${what}`);
    await sleep(5);
  }
}

/** All that a raw connection gets as the answer to some bytes. */
async function raw(listener: LocalListener, ...chunks: Buffer[]): Promise<Buffer> {
  const socket = net.connect({ host: '127.0.0.1', port: port(listener) });
  const answer: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk)).on('error', () => {});
  for (const [i, chunk] of chunks.entries()) {
    // Bytes behind a request that is not answered yet are another case.
    if (i > 0) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.write(chunk);
  }
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(answer);
}

describe('a client of the tunnel', () => {
  it('proves the password and works, again and again', async () => {
    const server = await gateway();
    const opened: number[] = [];
    const listener = await tunnel(server.url, {
      events: { connectionOpened: (open) => opened.push(open), connectionClosed: (open) => opened.push(-open) },
    });
    for (let i = 0; i < 3; i++) {
      const one = await client(listener);
      expect((await one.query('select $1::int + 1 as n', [i])).rows).toEqual([{ n: i + 1 }]);
      await one.end();
    }
    await until(() => listener.openConnections === 0);
    expect(opened).toEqual([1, -0, 1, -0, 1, -0]);
  });

  it('is refused with a wrong password, none, or another method, before anything is sent to the gateway', async () => {
    const heard: Buffer[] = [];
    const server = await gateway({ onStream: (stream) => stream.on('data', (chunk: Buffer) => heard.push(chunk)) });
    const refused: DbgateError[] = [];
    const listener = await tunnel(server.url, { events: { refused: (error) => refused.push(error) } });
    await expect(client(listener, { password: 'wrong' })).rejects.toMatchObject({ code: '28P01', severity: 'FATAL' });
    await expect(client(listener, { password: `${password}x` })).rejects.toMatchObject({ code: '28P01' });
    const cleartext = Buffer.concat([Buffer.from('p\0\0\0\x09'), Buffer.from('pass\0')]);
    expect((await raw(listener, encodeStartup(new Map([['user', 'u']])), cleartext)).toString('latin1')).toContain(
      '08P01',
    );
    // A Query in place of the password.
    const query = Buffer.from('Q\0\0\0\x0dselect 1\0', 'latin1');
    expect((await raw(listener, encodeStartup(new Map([['user', 'u']])), query)).toString('latin1')).toContain('08P01');
    expect(Buffer.concat(heard)).toHaveLength(0);
    expect(refused).toHaveLength(4);
  });

  it('is told once, and before the password is asked for, what of its protocol is not known', async () => {
    const listener = await tunnel((await gateway()).url);
    const socket = net.connect({ host: '127.0.0.1', port: port(listener) });
    const wire = new WireClient(socket);
    wire.send(encodeStartup(new Map(Object.entries({ user: 'postgres', '_pq_.later': 'on' }))));
    expect((await wire.through('R')).map(({ type }) => type)).toEqual(['v', 'R']);
    const first = clientFirst('nonce', 'none');
    const [asked] = await wire.send(encodeSASLInitialResponse(SCRAM_SHA_256, first.message)).through('R');
    const challenge = readServerFirst(first, asked!.raw.subarray(9));
    const keys = scramKeys(password, challenge.salt, challenge.iterations);
    const greeted = await wire.send(encodeSASLResponse(clientFinal(first, challenge, keys).message)).through('Z');
    expect(greeted.map(({ type }) => type)).not.toContain('v');
    socket.destroy();
  });

  it('gets N for SSLRequest and GSSENCRequest, and is cut for bytes behind them or garbage', async () => {
    const listener = await tunnel((await gateway()).url);
    const startup = encodeStartup(new Map([['user', 'u']]));
    const asked = raw(listener, encodeSslRequest(), encodeGssencRequest(), startup, Buffer.from('x'));
    expect((await asked).toString('latin1')).toMatch(/^NNR/);
    expect((await raw(listener, Buffer.concat([encodeSslRequest(), startup]))).toString('latin1')).toMatch(
      /^E.*08P01/s,
    );
    expect((await raw(listener, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toString('latin1')).toMatch(/^E.*08P01/s);
    expect(await raw(listener, Buffer.from('160301', 'hex'))).toHaveLength(0);
  });

  it.runIf(hasPsql)('is psql, with and without its password', async () => {
    const listener = await tunnel((await gateway()).url);
    const args = [
      '-X',
      '-At',
      '-h',
      '127.0.0.1',
      '-p',
      String(port(listener)),
      '-U',
      'postgres',
      '-w',
      '-c',
      'select 6*7',
    ];
    const env = { PATH: process.env.PATH, PGPASSWORD: password };
    expect((await run('psql', args, { env })).stdout).toBe('42\n');
    await expect(run('psql', args, { env: { ...env, PGPASSWORD: 'no' } })).rejects.toMatchObject({
      stderr: expect.stringContaining('password authentication failed'),
    });
  });

  it('carries a big COPY both ways unchanged, to a reader that is slow', async () => {
    const listener = await tunnel((await gateway()).url);
    const one = await client(listener);
    const { rows } = await one
      .query(
        "create temp table big as select i, md5(i::text) m, repeat(md5(i::text), 20) r from generate_series(1, 60000) i; select md5(string_agg(m || r, '' order by i)) h, sum(length(r)) n from big",
      )
      .then((results) => (results as unknown as pg.QueryResult[])[1]!);
    const { default: copy } = await import('pg-copy-streams');
    const out = one.query(copy.to('copy big to stdout'));
    const chunks: Buffer[] = [];
    for await (const chunk of out as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunks.length % 50 === 0) await sleep(1);
    }
    const bytes = Buffer.concat(chunks);
    expect(bytes.length).toBeGreaterThan(40_000_000);
    await one.query('truncate big');
    const into = one.query(copy.from('copy big from stdin'));
    into.end(bytes);
    await once(into, 'finish');
    const again = await one.query("select md5(string_agg(m || r, '' order by i)) h, sum(length(r)) n from big");
    expect(again.rows).toEqual(rows);
  });

  it('cancels its statement on a stream of its own', async () => {
    const server = await gateway();
    const listener = await tunnel(server.url);
    const one = await client(listener);
    const { processID, secretKey } = one as unknown as { processID: number; secretKey: number };
    const sleeping = one.query('select pg_sleep(60)');
    const secret = Buffer.alloc(4);
    secret.writeInt32BE(secretKey);
    const timer = setInterval(() => {
      const socket = net.connect({ host: '127.0.0.1', port: port(listener) }, () =>
        socket.end(encodeCancelRequest(processID, secret)),
      );
      socket.on('error', () => {}).resume();
    }, 200);
    await expect(sleeping).rejects.toMatchObject({ code: '57014' });
    clearInterval(timer);
    expect((await one.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
  });

  it('may close its half first and still gets the whole answer', async () => {
    const server = await gateway({
      onStream: (stream) => {
        const heard: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => heard.push(chunk));
        stream.on('end', () =>
          stream.end(createHash('sha256').update(Buffer.concat(heard)).digest('hex').repeat(50_000)),
        );
      },
    });
    const socketPath = path.join(mkdtempSync(path.join(os.tmpdir(), 'dbgate-tunnel-')), 's');
    await tunnel(server.url, { listen: { socketPath }, password: { trust: true }, spare: 0 });
    const startup = encodeStartup(new Map([['user', 'u']]));
    const socket = net.connect({ path: socketPath, allowHalfOpen: true });
    socket.write(startup);
    await sleep(50);
    const sent = randomBytes(3_000_000);
    socket.end(sent);
    const answer: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) answer.push(chunk);
    const expected = createHash('sha256').update(startup).update(sent).digest('hex');
    expect(Buffer.concat(answer).toString()).toBe(expected.repeat(50_000));
    await rm(path.dirname(socketPath), { recursive: true });
  });
});

describe('a gateway that goes', () => {
  it('killed: clients in flight get 08006, the listener stays, a new client finds it again', async () => {
    const first = await gateway();
    const told: string[] = [];
    const listener = await tunnel(first.url, {
      redialForMs: 10_000,
      events: { gatewayLost: () => told.push('lost'), gatewayRegained: () => told.push('regained') },
    });
    const one = await client(listener);
    const sleeping = one.query('select pg_sleep(60)');
    await sleep(50);
    await Promise.all([first.close(), expect(sleeping).rejects.toMatchObject({ code: '08006', severity: 'FATAL' })]);
    await until(() => told.length === 1);
    await until(() => listener.openConnections === 0);
    const connecting = client(listener);
    await sleep(300);
    await gateway({ port: first.port });
    expect((await (await connecting).query('select 2 as n')).rows).toEqual([{ n: 2 }]);
    expect(told).toEqual(['lost', 'regained']);
  });

  it('killed inside a message: nothing is added that would be taken for its rest', async () => {
    const ready = Buffer.from('520000000800000000' + '5a0000000549', 'hex');
    // A DataRow of 100 bytes, of which 10 come.
    const half = Buffer.from('44000000640001000000ff', 'hex');
    const server = await gateway({
      onStream: (stream) =>
        stream.once('data', () => {
          const { _parent: below } = stream as unknown as { _parent: net.Socket };
          stream.write(ready);
          stream.once('data', () => stream.write(half, () => setTimeout(() => below.resetAndDestroy(), 100)));
        }),
    });
    const listener = await tunnel(server.url, { spare: 0 });
    const cut = await client(listener);
    const heard: Buffer[] = [];
    const { stream } = (cut as unknown as { connection: { stream: net.Socket } }).connection;
    stream.on('data', (chunk: Buffer) => heard.push(chunk));
    await expect(cut.query('select 1')).rejects.toThrow('terminated');
    expect(Buffer.concat(heard).toString('hex')).toBe(half.toString('hex'));
  });

  it('down: a new client gets 08001 after the time to redial', async () => {
    const server = await gateway();
    const listener = await tunnel(server.url, { redialForMs: 300 });
    await server.close();
    await expect(client(listener)).rejects.toMatchObject({
      code: '08001',
      severity: 'FATAL',
      message: expect.stringContaining('cannot be reached'),
    });
  });

  it('ends one session with its own FATAL: nothing is added, the rest lives', async () => {
    const fatal = encodeErrorResponse({
      severity: 'FATAL',
      code: '57P05',
      message: 'session expired: run dbgate login',
    });
    let cut: (() => void) | undefined;
    const server = await gateway({
      onStream: (stream) => {
        toPostgres(stream);
        cut ??= () => {
          stream.unpipe();
          stream.write(fatal);
          stream.end();
        };
      },
    });
    const lost: unknown[] = [];
    const listener = await tunnel(server.url, { spare: 0, events: { gatewayLost: (error) => lost.push(error) } });
    const one = await client(listener);
    const two = await client(listener);
    const errors: unknown[] = [];
    one.on('error', (error) => errors.push(error));
    const ended = new Promise((resolve) => one.once('end', () => resolve(undefined)));
    cut!();
    await ended;
    expect(errors[0]).toMatchObject({ code: '57P05' });
    expect(errors.filter((error) => (error as { code?: string }).code === '08006')).toEqual([]);
    expect((await two.query('select 3 as n')).rows).toEqual([{ n: 3 }]);
    expect(lost).toEqual([]);
  });

  it('refuses: the client gets its message and hint at once', async () => {
    let code = 'denied';
    const server = await gateway({
      refuse: () => ({
        status: 403,
        body: JSON.stringify({ error: { code, message: `no \x1b[31m${code}`, hint: 'dbgate request' } }),
      }),
    });
    const listener = await tunnel(server.url);
    for (const [named, sqlstate] of [
      ['denied', '28000'],
      ['token_invalid', '28000'],
      ['not_found', '3D000'],
    ] as const) {
      code = named;
      await expect(client(listener)).rejects.toMatchObject({
        code: sqlstate,
        severity: 'FATAL',
        message: `no  [31m${named}`,
        hint: 'dbgate request',
      });
    }
  });

  it('cut a spare that was dialled ahead: the client never notices', async () => {
    let dead = true;
    const server = await gateway({
      onStream: (stream) => {
        // Dies of the first bytes: the worst moment, after it was taken.
        if (dead) stream.once('data', () => stream.destroy());
        else toPostgres(stream);
        dead = false;
      },
    });
    const listener = await tunnel(server.url, { spare: 1 });
    await until(() => server.upgraded === 1);
    await sleep(20);
    expect((await (await client(listener)).query('select 4 as n')).rows).toEqual([{ n: 4 }]);
  });

  it('is dead without a sign on a spare that was dialled ahead: the client has another, none of the others is used', async () => {
    let dead = 2;
    const server = await gateway({ onStream: (stream) => void (dead-- > 0 ? stream.resume() : toPostgres(stream)) });
    const listener = await tunnel(server.url, { spare: 2 });
    await until(() => server.upgraded === 2);
    await sleep(20);
    expect((await (await client(listener)).query('select 4 as n')).rows).toEqual([{ n: 4 }]);
    expect((await (await client(listener)).query('select 5 as n')).rows).toEqual([{ n: 5 }]);
    await until(() => dead < 0);
  });

  it('uses what was dialled ahead, drops what breaks, and leaks no socket', async () => {
    const server = await gateway();
    const listener = await tunnel(server.url, { spare: 2 });
    await until(() => server.upgraded === 2);
    for (let i = 0; i < 20; i++) await (await client(listener)).end();
    await until(() => listener.openConnections === 0);
    await until(() => server.sockets.size === 2);
    for (const socket of server.sockets) socket.destroy();
    await until(() => server.sockets.size === 0);
    expect((await (await client(listener)).query('select 5 as n')).rows).toEqual([{ n: 5 }]);
    await listener.close();
    await until(() => server.sockets.size === 0);
  });
});

describe('close', () => {
  it('tells clients, closes all, and frees the port', async () => {
    const server = await gateway();
    const listener = await tunnel(server.url);
    const one = await client(listener);
    const errors: unknown[] = [];
    one.on('error', (error) => errors.push(error));
    const silent = net.connect({ host: '127.0.0.1', port: port(listener) });
    silent.on('error', () => {}).resume();
    await once(silent, 'connect');
    await listener.close();
    await until(() => errors.length > 0 && silent.closed);
    expect(errors[0]).toMatchObject({ code: '57P01' });
    await until(() => server.sockets.size === 0);
    const again = net.createServer().listen(port(listener), '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});

describe('a Unix socket', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dbgate-tunnel-'));
  afterAll(() => rm(folder, { recursive: true }));
  const socketPath = path.join(folder, 'run', '.s.PGSQL.5432');
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('is 0600 in a 0700 folder, asks for the password too, and is removed', async () => {
    const listener = await tunnel((await gateway()).url, { listen: { socketPath } });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(socketPath))).mode & 0o777).toBe(0o700);
    const config = { host: path.dirname(socketPath), port: 5432, user: 'postgres', database: 'postgres' };
    const right = new pg.Client({ ...config, password });
    await right.connect();
    await right.end();
    await expect(new pg.Client({ ...config, password: 'no' }).connect()).rejects.toMatchObject({ code: '28P01' });
    await listener.close();
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.runIf(process.getuid?.() === 0)('is out of reach for another user', async () => {
    await tunnel((await gateway()).url, { listen: { socketPath }, password: { trust: true } });
    // The test's own folder is 0700 as well: open it, so that only the tunnel's guards are left.
    await chmod(folder, 0o755);
    const probe = `require('net').connect(${JSON.stringify(socketPath)}).on('error', e => console.log(e.code)).on('connect', () => { console.log('in'); process.exit() })`;
    const env = { PATH: process.env.PATH };
    const { stdout } = await run('/usr/bin/env', ['node', '-e', probe], { uid: 65534, gid: 65534, cwd: '/', env });
    expect(stdout.trim()).toBe('EACCES');
    // And with the folder opened by someone's mistake, by the socket's own mode.
    await chmod(path.dirname(socketPath), 0o755);
    expect(
      (await run('/usr/bin/env', ['node', '-e', probe], { uid: 65534, gid: 65534, cwd: '/', env })).stdout.trim(),
    ).toBe('EACCES');
    await chmod(path.dirname(socketPath), 0o700);
  });

  it('replaces a dead socket, not a live one, another file, or one in an open folder', async () => {
    const { url } = await gateway();
    await mkdir(path.dirname(socketPath), { recursive: true, mode: 0o700 });
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('on'))`,
    ]);
    children.push(child);
    await once(child.stdout!, 'data');
    await expect(tunnel(url, { listen: { socketPath } })).rejects.toMatchObject({ code: 'usage' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await stat(socketPath)).isSocket()).toBe(true);
    await (await tunnel(url, { listen: { socketPath } })).close();
    await writeFile(socketPath, 'precious');
    await expect(tunnel(url, { listen: { socketPath } })).rejects.toMatchObject({ code: 'usage' });
    await rm(socketPath);
    await chmod(path.dirname(socketPath), 0o755);
    await expect(tunnel(url, { listen: { socketPath } })).rejects.toMatchObject({ code: 'usage' });
    await chmod(path.dirname(socketPath), 0o700);
  });

  it('is the only place without a password; a port that is taken is said', async () => {
    const { url, port: taken } = await gateway();
    await expect(tunnel(url, { password: { trust: true } })).rejects.toBeInstanceOf(DbgateError);
    await expect(tunnel(url, { listen: { port: taken } })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--port'),
    });
  });
});
