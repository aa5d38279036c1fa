/**
 * What a broken or hostile client can send, with raw sockets: on the native listener, through a local tunnel, and on an
 * upgraded stream without the CLI. And a server that dies while it answers. It is refused at once and said why; other
 * sessions go on.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { dialUpgrade } from '../../src/tunnel/upgrade-client.ts';
import {
  cancelRequest,
  describeMessage,
  frame,
  int32,
  query,
  RawClient,
  rowValues,
  startupMessage,
  startupPacket,
} from '../support/drivers/raw-client.ts';
import { withGateway } from '../support/gateway.ts';

const gateway = withGateway({
  postgres: { major: 15 },
  sql: 'CREATE TABLE keep_me (id int PRIMARY KEY); INSERT INTO keep_me VALUES (1)',
});

type Way = 'native' | 'tunnel' | 'upgrade';

function address(way: Way) {
  const { url, nativeUrl } = gateway.as('developer');
  const { hostname, port, username, password, pathname } = new URL(way === 'native' ? nativeUrl : url);
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  };
}

/** A client just before its StartupMessage. */
async function open(way: Way): Promise<RawClient> {
  const { host, port } = address(way);
  if (way === 'native') return (await RawClient.connect(host, port)).startTls();
  if (way === 'tunnel') return RawClient.connect(host, port);
  const stream = await dialUpgrade({
    gatewayUrl: gateway.demo.gateway.url,
    path: '/v1/databases/app/connect',
    headers: async () => ({ authorization: `Bearer ${gateway.as('developer').token}`, 'dbgate-tunnel': 'raw' }),
    ca: gateway.demo.ca,
    signal: AbortSignal.timeout(120_000),
  });
  return new RawClient(stream);
}

async function session(way: Way, parameters: Record<string, string> = {}): Promise<RawClient> {
  const client = await open(way);
  const { user, database, password } = address(way);
  expect(await client.logIn({ user, database, ...parameters }, password)).toBe('Z(I)');
  return client;
}

/** The session, or another one, still answers as it should. */
async function lives(client: RawClient): Promise<void> {
  client.send(query('SELECT 1'));
  expect(await client.says()).toBe('T D C(SELECT 1) Z(I)');
}

async function refused(way: Way, bytes: Buffer): Promise<string> {
  const client = await open(way);
  client.send(bytes);
  const said = await client.authenticate(address(way).password);
  const rest = said === 'closed' ? '' : ` ${await client.says('Z')}`;
  client.close();
  return said + rest;
}

describe.each(['native', 'tunnel', 'upgrade'] as const)('%s', (way) => {
  const names = () => `user\0${address(way).user}\0database\0${address(way).database}\0`;

  it.each([
    ['a length of 3', () => int32(3)],
    ['a length of 7', () => Buffer.concat([int32(7), Buffer.from('abc')])],
    ['a negative length', () => int32(-1)],
    ['a huge length', () => int32(0x7fffffff)],
    ['a length just over the cap', () => int32(10_001)],
    ['protocol 2.0', () => startupPacket(0x20000, `${names()}\0`)],
    ['protocol 4.0', () => startupPacket(0x40000, `${names()}\0`)],
    ['no user', () => startupPacket(0x30000, 'database\0app\0\0')],
    ['an empty user', () => startupPacket(0x30000, 'user\0\0database\0app\0\0')],
    ['a user given twice', () => startupPacket(0x30000, `${names()}user\0admin@demo.test\0\0`)],
    ['a database given twice', () => startupPacket(0x30000, `${names()}database\0postgres\0\0`)],
    ['no final NUL', () => startupPacket(0x30000, names())],
    ['a name without a value', () => startupPacket(0x30000, `${names()}options\0`)],
    ['bytes behind the final NUL', () => startupPacket(0x30000, `${names()}\0more\0`)],
    ['no NUL at all', () => startupPacket(0x30000, 'user')],
    ['invalid UTF-8', () => startupPacket(0x30000, `${names()}application_name\0\xff\xfe\0\0`)],
  ] satisfies [string, () => Buffer][])('refuses a StartupMessage with %s', async (_name, bytes) => {
    expect(await refused(way, bytes())).toMatch(/^E\(08P01 FATAL\) closed$/);
  });

  it.each([
    ['options=-c role', { options: '-c role=postgres' }],
    ['options=--role', { options: '--role=postgres' }],
    ['options with a backslash', { options: '-c\\ role=postgres -crole=postgres' }],
    ['role', { role: 'postgres' }],
    ['session_authorization', { session_authorization: 'postgres' }],
    ['standard_conforming_strings=off', { options: '-c standard_conforming_strings=off' }],
    ['replication=true', { replication: 'true' }],
    ['replication=database', { replication: 'database' }],
    ['client_encoding=SJIS', { client_encoding: 'SJIS' }],
  ] as [string, Record<string, string>][])('refuses %s', async (_name, parameters) => {
    const { user, database } = address(way);
    expect(await refused(way, startupMessage({ user, database, ...parameters }))).toMatch(
      /^E\((42501|22023) FATAL\) closed$/,
    );
  });

  it('takes a session one byte at a time', async () => {
    const client = await open(way);
    const { user, database, password } = address(way);
    const drip = async (bytes: Buffer) => {
      for (const byte of bytes) {
        client.send(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    };
    await drip(startupMessage({ user, database }));
    expect(await client.authenticate(password)).toBe('Z(I)');
    await drip(query('SELECT 1'));
    expect(await client.says()).toBe('T D C(SELECT 1) Z(I)');
    await drip(
      Buffer.concat([
        frame('P', '\0SELECT $1::int\0\0\0'),
        frame('B', '\0\0\0\0\0\x01', int32(2), '42\0\0'),
        frame('D', 'P\0'),
        frame('E', '\0', int32(0)),
        frame('S'),
      ]),
    );
    const messages = await client.receiveTo('Z');
    expect(messages.map(describeMessage).join(' ')).toBe('1 2 T D C(SELECT 1) Z(I)');
    expect(rowValues(messages.find(({ type }) => type === 'D')!)).toEqual(['42']);
    await drip(query('DROP TABLE keep_me'));
    expect(await client.says()).toBe('E(42501 ERROR) Z(I)');
    client.close();
  });

  it('refuses a second StartupMessage', async () => {
    const client = await session(way);
    const { user, database } = address(way);
    client.send(startupMessage({ user, database }));
    expect(await client.says()).toBe('E(08P01 FATAL) closed');
  });

  it.each([
    ['a type of no message', 'z'],
    ['a NUL for a type', '\0'],
    ['0xff for a type', '\xff'],
    ['a message of the server', 'T'],
    ['a late password', 'p'],
  ])('refuses %s', async (_name, type) => {
    const client = await session(way);
    client.send(frame(type, 'SELECT 1\0'));
    expect(await client.says()).toBe('E(08P01 FATAL) closed');
  });

  it.each([
    ['0', 0],
    ['3', 3],
    ['-1', -1],
    ['the smallest', -0x80000000],
    ['the greatest', 0x7fffffff],
    ['a gigabyte', 0x40000000],
  ])('refuses a Query of length %s at its header', async (_name, length) => {
    const client = await session(way);
    client.send('Q', int32(length));
    expect(await client.says()).toMatch(/^E\((08P01|54000) FATAL\) closed$/);
  });

  it.each([
    ['without its NUL', frame('Q', 'SELECT 1')],
    ['with a NUL inside', frame('Q', 'SELECT 1\0; DROP TABLE keep_me\0')],
    ['without any byte', frame('Q')],
    ['Parse that ends early', frame('P', 's\0SELECT 1\0\0\x05')],
    ['Parse without NUL', frame('P', 'sSELECT 1')],
    ['Bind with more parameters than it has', frame('B', '\0\0\0\0\0\x05', int32(2), '42\0\0')],
    ['Bind with a parameter longer than itself', frame('B', '\0\0\0\0\0\x01', int32(0x7ffffff0), '42\0\0')],
    ['Describe of an unknown kind', frame('D', 'X\0')],
    ['Execute without its limit', frame('E', '\0')],
    ['Sync with a body', frame('S', 'x')],
  ])('refuses a Query %s', async (_name, bytes) => {
    const client = await session(way);
    client.send(bytes, frame('S'));
    const said = await client.says();
    expect(said).toMatch(/^E\(08P01 (FATAL\) closed|ERROR\) Z\(I\))/);
    client.close();
  });

  it('answers invalid UTF-8 with 22021, and the session lives', async () => {
    const client = await session(way);
    for (const bad of ['\xff\xfe', '\xc0\x80', '\xed\xa0\x80', '\xf5\x80\x80\x80', '\xe2\x82']) {
      client.send(frame('Q', `SELECT '${bad}'\0`));
      expect(await client.says()).toBe('E(22021 ERROR) Z(I)');
      client.send(
        frame('P', `\0SELECT '${bad}'\0\0\0`),
        frame('B', '\0\0\0\0\0\0\0\0'),
        frame('E', '\0', int32(0)),
        frame('S'),
      );
      expect(await client.says()).toBe('E(22021 ERROR) Z(I)');
    }
    client.send(query('BEGIN'));
    expect(await client.says()).toBe('C(BEGIN) Z(T)');
    client.send(frame('Q', "SELECT '\xff'\0"));
    expect(await client.says()).toBe('E(22021 ERROR) Z(E)');
    client.send(query('SELECT 1'));
    expect(await client.says()).toBe('E(25P02 ERROR) Z(E)');
    client.send(query('ROLLBACK'));
    expect(await client.says()).toBe('C(ROLLBACK) Z(I)');
    await lives(client);
    client.close();
  });

  it('cancels with the right key only', async () => {
    const client = await session(way);
    const { pid, secret } = client.key!;
    const cancel = async (key: Buffer) => {
      const canceller =
        way === 'native' ? await RawClient.connect(address(way).host, address(way).port) : await open(way);
      canceller.send(key);
      expect(await canceller.says()).toBe('closed');
    };
    client.send(query('SELECT pg_sleep(1.5)'));
    await sleep(200);
    await cancel(cancelRequest(pid, randomBytes(secret.length)));
    await cancel(cancelRequest(pid ^ 1, secret));
    await cancel(cancelRequest(pid, Buffer.alloc(4)));
    await cancel(cancelRequest(pid, Buffer.concat([secret, Buffer.from([0])])));
    expect(await client.says()).toBe('T D C(SELECT 1) Z(I)');
    client.send(query('SELECT pg_sleep(30)'));
    await untilSleeping();
    await cancel(cancelRequest(pid, secret));
    expect(await client.says()).toMatch(/^T E\(57014 ERROR\) Z\(I\)$|^E\(57014 ERROR\) Z\(I\)$/);
    await lives(client);
    client.close();
  });

  it('holds little for a client that never reads, and serves the others', async () => {
    const other = await session(way);
    const client = await session(way);
    await lives(other);
    const before = process.memoryUsage().rss;
    client.stream.pause();
    // 4 GB, if it were read.
    client.send(query("SELECT repeat('x', 10000) FROM generate_series(1, 400000)"));
    for (let i = 0; i < 20; i++) {
      await sleep(100);
      await lives(other);
    }
    // The test's own process is gateway, tunnel and clients in one.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
    client.close();
    const direct = new pg.Client(gateway.server.superuserUrl);
    await direct.connect();
    const running = async () => {
      const { rows } = await direct.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%repeat(%' AND state = 'active' AND pid <> pg_backend_pid()",
      );
      return rows[0].n as number;
    };
    while ((await running()) > 0) await sleep(100);
    await direct.end();
    await lives(other);
    other.close();
  });

  it.each(['pg_terminate_backend', 'SIGKILL'] as const)('a server that dies in the middle of rows: %s', async (how) => {
    const client = await session(way);
    client.send(query('SELECT pg_backend_pid()'));
    const pid = Number(rowValues((await client.receiveTo('Z')).find(({ type }) => type === 'D')!)[0]);
    client.send(query("SELECT generate_series(1, 100000000), repeat('x', 100)"));
    let row = 0;
    const expected = 'x'.repeat(100);
    const check = (message: { type: string; body: Buffer }) => {
      const [number, text] = rowValues(message);
      if (number !== String(++row) || text !== expected) throw new Error(`row ${row} is ${number} ${text}`);
    };
    expect((await client.receive()).type).toBe('T');
    for (let i = 0; i < 1000; i++) check(await client.receive());
    let recovering: Promise<unknown> = Promise.resolve();
    if (how === 'SIGKILL') {
      // The server ends every session when it notices. Before that it serves as if nothing had been: a bystander tells.
      const bystander = new pg.Client(gateway.server.superuserUrl);
      bystander.on('error', () => {});
      await bystander.connect();
      recovering = new Promise((resolve) => bystander.once('end', resolve));
      process.kill(pid, 'SIGKILL');
    } else {
      const direct = new pg.Client(gateway.server.superuserUrl);
      await direct.connect();
      await direct.query('SELECT pg_terminate_backend($1)', [pid]);
      await direct.end();
    }
    try {
      let last = await client.receive();
      for (; last.type === 'D'; last = await client.receive()) check(last);
      const said = [describeMessage(last), last.type === 'closed' ? '' : await client.says()].join(' ').trim();
      // Complete and correct rows to the last, then an error or (it died inside a row) just the end; never a CommandComplete.
      expect(said).toMatch(/^(E\((08006|57P0\d) FATAL\) )?closed$/);
    } finally {
      await recovering;
      await untilServed(way);
    }
  });

  it('a server that ends a session between two messages', async () => {
    const client = await session(way);
    client.send(query('SELECT pg_backend_pid()'));
    const pid = Number(rowValues((await client.receiveTo('Z')).find(({ type }) => type === 'D')!)[0]);
    client.send(query('SELECT pg_sleep(30)'));
    await untilSleeping();
    const direct = new pg.Client(gateway.server.superuserUrl);
    await direct.connect();
    await direct.query('SELECT pg_terminate_backend($1)', [pid]);
    await direct.end();
    expect(await client.says()).toMatch(/^(T )?E\(57P01 FATAL\) closed$/);
  });
});

/** Until the server is at the statement: a cancel that comes before does nothing. */
async function untilSleeping(): Promise<void> {
  const direct = new pg.Client(gateway.server.superuserUrl);
  await direct.connect();
  const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%pg_sleep(30)%'";
  while ((await direct.query(sleeping)).rows.length === 0) await sleep(50);
  await direct.end();
}

/** After a SIGKILL the server ends all sessions and recovers; then the gateway must serve as before. */
async function untilServed(way: Way): Promise<void> {
  const { user, database, password } = address(way);
  for (let i = 0; ; i++) {
    const client = await open(way);
    const answer = await client.logIn({ user, database }, password);
    if (answer === 'Z(I)') {
      await lives(client);
      client.close();
      return;
    }
    client.close();
    expect(answer).toMatch(/^E\((57P03|08001|08006|57P02) FATAL\)$/);
    if (i === 600) throw new Error('the server does not come back');
    await sleep(100);
  }
}

describe('the native listener before TLS', () => {
  const connect = () => RawClient.connect(address('native').host, address('native').port);
  const sslRequest = Buffer.concat([int32(8), int32(80_877_103)]);
  const gssencRequest = Buffer.concat([int32(8), int32(80_877_104)]);

  it.each([
    ['SSLRequest', sslRequest],
    ['GSSENCRequest', gssencRequest],
  ])('refuses bytes behind %s', async (_name, request) => {
    const client = await connect();
    // CVE-2021-23214: injected in the clear, to be taken for the encrypted stream's own.
    client.send(request, startupMessage({ user: 'x' }));
    const answer = await client.byte();
    expect(answer === undefined || answer === 'E').toBe(true);
    client.close();
  });

  it('does not take a ClientHello that comes in one packet with the SSLRequest', async () => {
    const client = await connect();
    client.send(sslRequest, Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]));
    const answer = await client.byte();
    expect(answer === undefined || answer === 'E').toBe(true);
    client.close();
  });

  it('refuses GSSENC politely, then takes TLS', async () => {
    const client = await connect();
    client.send(gssencRequest);
    expect(await client.byte()).toBe('N');
    const secure = await client.startTls();
    const { user, database, password } = address('native');
    expect(await secure.logIn({ user, database }, password)).toBe('Z(I)');
    secure.close();
  });

  it('refuses a repeated GSSENCRequest', async () => {
    const client = await connect();
    client.send(gssencRequest);
    expect(await client.byte()).toBe('N');
    client.send(gssencRequest);
    expect(await client.says()).toBe('E(08P01 FATAL) closed');
  });

  it('refuses to go on without TLS', async () => {
    const client = await connect();
    const { user, database } = address('native');
    client.send(startupMessage({ user, database }));
    expect(await client.says()).toBe('E(28000 FATAL) closed');
  });

  it('refuses a second SSLRequest inside TLS', async () => {
    const client = await open('native');
    client.send(sslRequest);
    expect(await client.says()).toBe('E(08P01 FATAL) closed');
  });

  it('refuses direct TLS without ALPN, and with another protocol’s', async () => {
    const { host, port } = address('native');
    for (const ALPNProtocols of [undefined, ['http/1.1']]) {
      const socket = tls.connect({
        host,
        port,
        rejectUnauthorized: false,
        ...(ALPNProtocols ? { ALPNProtocols } : {}),
      });
      socket.on('error', () => {});
      const { user, database } = address('native');
      socket.on('secureConnect', () => socket.write(startupMessage({ user, database })));
      let got = 0;
      socket.on('data', (chunk: Buffer) => (got += chunk.length));
      await new Promise((resolve) => socket.once('close', resolve));
      expect(got).toBe(0);
    }
  });

  it('refuses a wrong password, another one’s, and bytes behind it', async () => {
    const { user, database, password } = address('native');
    const tryWith = async (name: string, secret: string) =>
      (await open('native')).logIn({ user: name, database }, secret);
    expect(await tryWith(user, 'wrong')).toBe('E(28P01 FATAL)');
    expect(await tryWith(user, '')).toBe('E(28P01 FATAL)');
    expect(await tryWith('admin@demo.test', password)).toBe('E(28000 FATAL)');
    const eager = await open('native');
    eager.send(startupMessage({ user, database }));
    expect((await eager.receive()).type).toBe('R');
    eager.send(frame('p', password, '\0'), query('SELECT 1'));
    expect(await eager.says()).toBe('E(08P01 FATAL) closed');
  });

  it('refuses a password that is longer than any token', async () => {
    const client = await open('native');
    const { user, database } = address('native');
    client.send(startupMessage({ user, database }));
    await client.receive();
    client.send('p', int32(1_000_000));
    expect(await client.says()).toBe('E(08P01 FATAL) closed');
  });
});

describe('the local listener', () => {
  it('refuses a wrong password', async () => {
    const { user, database } = address('tunnel');
    const client = await open('tunnel');
    expect(await client.logIn({ user, database }, 'wrong')).toBe('E(28P01 FATAL)');
  });

  it('refuses direct TLS', async () => {
    const client = await open('tunnel');
    client.send(Buffer.from([0x16, 3, 1, 0, 5]));
    expect(await client.says()).toBe('closed');
  });
});
