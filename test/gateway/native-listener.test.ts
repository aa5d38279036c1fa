/** The native listener with real TLS and real database tokens: every way in, and every way that must not be one. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionOpen } from '../../src/audit/record.ts';
import { encodePasswordMessage } from '../../src/pgwire/authentication.ts';
import { decodeBackendKeyData } from '../../src/pgwire/result.ts';
import { encodeCancelRequest, encodeGssencRequest, encodeSslRequest, encodeStartup } from '../../src/pgwire/startup.ts';
import { failure, until, withRig } from './gateway-rig.ts';
import { fieldsOf, WireClient } from './wire-client.ts';

const USER = 'dev@example.test';

const rig = withRig();

let password: string;
beforeAll(async () => {
  password = await rig.databaseToken(await rig.token());
});

const sockets: net.Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

function raw(options: net.NetConnectOpts | object = {}): net.Socket {
  const socket = net.connect({ host: '127.0.0.1', port: rig.gateway.postgresAddress!.port, ...options });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

function oneByte(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1'))));
}

async function encrypted(): Promise<tls.TLSSocket> {
  const socket = raw();
  socket.write(encodeSslRequest());
  expect(await oneByte(socket)).toBe('S');
  const secure = tls.connect({ socket, ca: rig.certificates.ca, servername: 'localhost' });
  secure.on('error', () => {});
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  return secure;
}

function direct(alpn: string[] | undefined): tls.TLSSocket {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: rig.gateway.postgresAddress!.port,
    ca: rig.certificates.ca,
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
  });
  sockets.push(socket);
  return socket;
}

async function login(stream: net.Socket, user = USER, secret = password, database = 'app'): Promise<WireClient> {
  const wire = new WireClient(stream).startup({ user, database });
  await wire.through('R');
  wire.send(encodePasswordMessage(secret));
  return wire;
}

/** Cut by the gateway while this side says nothing more. */
function cut(socket: net.Socket): Promise<void> {
  return new Promise((resolve) =>
    socket
      .on('data', () => {})
      .once('end', () => resolve())
      .once('close', () => resolve()),
  );
}

describe('who is recorded', () => {
  it('is the whole chain of those who act, by either way in', async () => {
    const token = await rig.tokenOf('dev', ['developers'], {
      act: { sub: 'bot', act: { sub: 'older', act: { sub: 'oldest' } } },
    });
    const client = await rig.connect(token);
    await client.query('SELECT 1');
    await client.end();
    const wire = await login(await encrypted(), 'dev@example.test', await rig.databaseToken(token));
    await wire.through('Z');
    wire.stream.end();
    const chains = async () =>
      (await rig.records()).flatMap((one) =>
        one.kind === 'session.open' && one.actors.length > 0 ? [[one.via, ...one.actors]] : [],
      );
    await until(async () => (await chains()).length === 2);
    expect(await chains()).toEqual([
      ['tunnel', 'bot', 'older', 'oldest'],
      ['native', 'bot', 'older', 'oldest'],
    ]);
  });
});

describe('ways in', () => {
  it('SSLRequest, then TLS', async () => {
    const wire = await login(await encrypted());
    await wire.through('Z');
    wire.query('SELECT 1');
    await wire.through('Z');
    wire.stream.end();
  });

  it('direct TLS with ALPN "postgresql"', async () => {
    const wire = await login(direct(['postgresql']));
    await wire.through('Z');
    wire.stream.end();
  });

  it('GSSENCRequest is declined, and the client may go on with TLS', async () => {
    const socket = raw();
    socket.write(encodeGssencRequest());
    expect(await oneByte(socket)).toBe('N');
    socket.write(encodeSslRequest());
    expect(await oneByte(socket)).toBe('S');
    socket.destroy();
  });

  it('`pg`, and the record says how it came', async () => {
    const client = rig.native(USER, password, { application_name: 'report' });
    await client.connect();
    expect((await client.query('SELECT current_user AS u')).rows).toEqual([{ u: 'app' }]);
    await client.end();
    const opens = (await rig.records()).filter(
      (r) => r.kind === 'session.open' && typeof r.body === 'object' && r.body.application === 'report',
    );
    expect(opens.at(-1) as SessionOpen).toMatchObject({ via: 'native', subject: 'u-1' });
  });

  it('by a protocol that is not known yet: told once which one is, before the password is asked for', async () => {
    const parameters = new Map(Object.entries({ user: USER, database: 'app', '_pq_.later': 'on' }));
    const wire = new WireClient(await encrypted()).send(encodeStartup(parameters, 9999));
    const told = await wire.through('R');
    expect(told.map(({ type }) => type)).toEqual(['v', 'R']);
    expect(told[0]!.raw.subarray(5)).toEqual(
      Buffer.concat([Buffer.from([0, 3, 0, 2, 0, 0, 0, 1]), Buffer.from('_pq_.later\0')]),
    );
    const greeted = await wire.send(encodePasswordMessage(password)).through('Z');
    expect(greeted.map(({ type }) => type)).not.toContain('v');
    wire.stream.end();
  });

  it('the subject as user name', async () => {
    const client = rig.native('u-1', password);
    await client.connect();
    await client.end();
  });
});

describe('no way in', () => {
  it('direct TLS without ALPN, or with another protocol’s', async () => {
    const without = direct(undefined);
    without.on('error', () => {});
    await cut(without);
    const other = direct(['h2']);
    await new Promise((resolve) => other.once('error', resolve));
  });

  it('without TLS: 28000, before any password is asked for', async () => {
    const wire = new WireClient(raw()).startup();
    expect(await wire.error()).toMatchObject({
      severity: 'FATAL',
      code: '28000',
      message: 'TLS is required on this listener',
    });
    await wire.end();
  });

  it('bytes behind SSLRequest (CVE-2021-23222): refused, not read as encrypted', async () => {
    const wire = new WireClient(raw());
    wire.send(encodeSslRequest(), encodeStartup(new Map([['user', 'x']])));
    expect(await wire.error()).toMatchObject({ code: '08P01' });
    await wire.end();
  });

  it('a second SSLRequest inside TLS', async () => {
    const wire = new WireClient(await encrypted()).send(encodeSslRequest());
    expect(await wire.error()).toMatchObject({ code: '08P01' });
  });

  it('data behind the StartupMessage, or behind the password', async () => {
    const wire = new WireClient(await encrypted());
    wire.send(
      encodeStartup(
        new Map([
          ['user', USER],
          ['database', 'app'],
        ]),
      ),
      encodePasswordMessage(password),
    );
    expect(await wire.error()).toMatchObject({ code: '08P01' });
    const other = new WireClient(await encrypted()).startup({ user: USER, database: 'app' });
    await other.through('R');
    other.send(encodePasswordMessage(password), encodePasswordMessage(password));
    expect(await other.error()).toMatchObject({ code: '08P01' });
  });

  it('anything but a password where one is asked for, and one without end', async () => {
    const wire = new WireClient(await encrypted()).startup({ user: USER, database: 'app' });
    await wire.through('R');
    expect(await wire.query('SELECT 1').error()).toMatchObject({ code: '08P01' });
    const long = new WireClient(await encrypted()).startup({ user: USER, database: 'app' });
    await long.through('R');
    expect(await long.send(Buffer.from([0x70, 0x7f, 0xff, 0xff, 0xff])).error()).toMatchObject({ code: '08P01' });
  });

  it.each([
    ['a wrong password', async () => 'wrong'],
    ['an empty password', async () => ''],
    ['the access token itself', () => rig.token()],
    [
      'a token of another database',
      async () => {
        const app = rig.settings.databases.get('app')!;
        rig.gateway.reload({
          ...rig.settings,
          databases: new Map([...rig.settings.databases, ['second', { ...app, name: 'second' }]]),
        });
        const token = await rig.databaseToken(await rig.token(), 'second');
        rig.gateway.reload(rig.settings);
        expect(token).toMatch(/^ey/);
        return token;
      },
    ],
    ['a token signed by another key', () => forged(randomBytes(32))],
    [
      'a token without a signature',
      async () => {
        const [, payload] = password.split('.');
        return `${Buffer.from('{"alg":"none","typ":"dbgate-db+jwt"}').toString('base64url')}.${payload}.`;
      },
    ],
  ])('%s', async (_name, secret) => {
    const error = await failure(rig.native(USER, await secret()).connect());
    expect(error).toMatchObject({ code: '28P01' });
    expect(error.hint).toContain('dbgate token app');
  });

  it('an expired token', async () => {
    rig.gateway.reload({ ...rig.settings, limits: { ...rig.settings.limits, databaseTokenTtlMs: 1_000 } });
    const short = await rig.databaseToken(await rig.token());
    rig.gateway.reload(rig.settings);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await failure(rig.native(USER, short).connect())).toMatchObject({ code: '28P01' });
  });

  it('another’s name with one’s own token', async () => {
    expect(await failure(rig.native('boss@example.test', password).connect())).toMatchObject({ code: '28000' });
  });

  it('a token of an issuer that was taken out of the configuration', async () => {
    rig.gateway.reload({ ...rig.settings, issuers: [{ ...rig.oidc.settings, issuer: 'https://other.test' }] });
    const error = await failure(rig.native(USER, password).connect());
    rig.gateway.reload(rig.settings);
    expect(error).toMatchObject({ code: '28000' });
  });

  it('a token of a subject that was cut off', async () => {
    const token = await rig.tokenOf('leaver');
    const secret = await rig.databaseToken(token);
    rig.gateway.revocations.revokeSubject({ issuer: rig.oidc.issuer, subject: 'leaver', reason: 'test' });
    expect(await failure(rig.native('leaver@example.test', secret).connect())).toMatchObject({ code: '28P01' });
  });

  async function forged(key: Buffer): Promise<string> {
    const [, payload] = password.split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Record<string, unknown>;
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'dbgate-db+jwt' }).sign(key);
  }
});

describe('cancel', () => {
  async function sleeping(): Promise<{ wire: WireClient; pid: number; secret: Buffer }> {
    const wire = await login(await encrypted());
    const greeting = await wire.through('Z');
    const { raw: key } = greeting.find((m) => m.type === 'K')!;
    const { pid, secret } = decodeBackendKeyData(key, 5, key.length);
    wire.query('SELECT pg_sleep(60)');
    await until(async () => (await running()) === 1);
    return { wire, pid, secret };
  }
  async function running(): Promise<number> {
    return (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"))
      .length;
  }

  it('by the right key, in the clear and inside TLS; never by a forged one', async () => {
    const first = await sleeping();
    const backend = (await rig.direct(
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'",
    )) as { pid: number }[];
    expect(backend[0]!.pid).not.toBe(first.pid);
    const wrong = Buffer.from(first.secret);
    wrong[0]! ^= 1;
    for (const [pid, secret] of [
      [first.pid, wrong],
      [first.pid + 1, first.secret],
      [backend[0]!.pid, first.secret],
      [first.pid, Buffer.concat([first.secret, Buffer.alloc(4)])],
    ] as const) {
      const forged = raw();
      forged.write(encodeCancelRequest(pid, secret));
      await cut(forged);
      const inside = await encrypted();
      inside.write(encodeCancelRequest(pid, secret));
      await cut(inside);
    }
    expect(await running()).toBe(1);

    const clear = raw();
    clear.write(encodeCancelRequest(first.pid, first.secret));
    expect(await first.wire.error()).toMatchObject({ code: '57014' });
    await first.wire.through('Z');
    first.wire.query('SELECT 1');
    await first.wire.through('Z');
    first.wire.stream.end();

    const second = await sleeping();
    const inside = await encrypted();
    inside.write(encodeCancelRequest(second.pid, second.secret));
    expect(await second.wire.error()).toMatchObject({ code: '57014' });
    second.wire.stream.end();
  });
});

// They wait for the same seconds to pass, together.
describe.concurrent('a client that takes its time is cut', () => {
  beforeAll(async () => {
    const { settings } = rig;
    await rig.restart({ ...settings, limits: { ...settings.limits, startupTimeoutMs: 4_000 } });
    return () => rig.restart(settings);
  });

  it.each([
    ['says nothing', async () => raw()],
    [
      'sends half a StartupMessage',
      async () => {
        const socket = raw();
        socket.write(encodeStartup(new Map([['user', USER]])).subarray(0, 9));
        return socket;
      },
    ],
    [
      'sends half a TLS handshake',
      async () => {
        const socket = raw();
        socket.write(encodeSslRequest());
        await oneByte(socket);
        socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
        return socket;
      },
    ],
    [
      'sends half a direct TLS handshake',
      async () => {
        const socket = raw();
        socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
        return socket;
      },
    ],
    ['sends no StartupMessage inside TLS', () => encrypted()],
    [
      'sends no password',
      async () => {
        const secure = await encrypted();
        secure.write(encodeStartup(new Map([['user', USER]])));
        return secure;
      },
    ],
  ])('%s', async (_name, start) => {
    await cut(await start());
  });

  it('a StartupMessage byte by byte does not stretch the time', async () => {
    const bytes = encodeStartup(new Map([['user', 'x'.repeat(500)]]));
    const socket = raw();
    let at = 0;
    const dripping = setInterval(() => socket.write(bytes.subarray(at, ++at)), 50);
    await cut(socket);
    clearInterval(dripping);
    expect(at).toBeLessThan(bytes.length);
  });

  it('the HTTPS listener too: half a handshake, half a request, and what does not end', async () => {
    const { port } = rig.gateway.httpsAddress;
    const half = net.connect(port, '127.0.0.1');
    half.on('error', () => {});
    half.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    const request = tls.connect({ port, host: '127.0.0.1', ca: rig.certificates.ca });
    request.on('error', () => {});
    request.write('GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const body = tls.connect({ port, host: '127.0.0.1', ca: rig.certificates.ca });
    body.on('error', () => {});
    body.write('POST /v1/databases/app/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx');
    await Promise.all([cut(half), cut(request), cut(body)]);
  });
});

describe('a gateway closes', () => {
  /** What a client gets last that reads on when the gateway has begun to close, and how long that took. */
  async function lastWords() {
    const socket = await encrypted();
    const wire = await login(socket);
    await wire.through('Z');
    socket.pause();
    // Every message has 64 bytes, so that whatever was read of the answer ends between two.
    wire.query(`SELECT repeat('x', 53) AS ${'x'.repeat(38)} FROM generate_series(1, 500000)`);
    const waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'";
    await until(async () => (await rig.direct(waits)).length === 1);
    const startedAt = performance.now();
    const restarted = rig.restart();
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.resume();
    await wire.end();
    const tookMs = performance.now() - startedAt;
    await restarted;
    return { last: wire.messages.at(-1)!, tookMs };
  }

  it('while a client still reads: it is told why', async () => {
    let { last, tookMs } = await lastWords();
    // It has two seconds to read: where the machine stood still for as long, another one has them.
    for (let tries = 1; last.type !== 'E' && tookMs > 1_900 && tries < 5; tries++)
      ({ last, tookMs } = await lastWords());
    expect(fieldsOf(last)).toMatchObject({ severity: 'FATAL', code: '57P01' });
  });

  it('while clients are in their handshake', async () => {
    const half = [net.connect(rig.gateway.httpsAddress.port, '127.0.0.1'), raw()];
    for (const socket of half) socket.on('error', () => {});
    half[0]!.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    half[1]!.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    const ended = Promise.all(half.map(cut));
    await rig.restart();
    await ended;
  });
});
