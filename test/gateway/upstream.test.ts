import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { inspect } from 'node:util';
import * as x509 from '@peculiar/x509';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import { type DemoCertificates, makeCertificates } from '../../src/demo/certificates.ts';
import { DbgateError } from '../../src/errors.ts';
import { connectUpstream, type UpstreamRefusal } from '../../src/gateway/upstream.ts';
import { cancelUpstream } from '../../src/gateway/upstream-cancel.ts';
import {
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationOk,
  encodeAuthenticationSASL,
  encodeAuthenticationSASLContinue,
} from '../../src/pgwire/authentication.ts';
import { encodeNoticeResponse } from '../../src/pgwire/error-response.ts';
import { encodeMessage, int32 } from '../../src/pgwire/message.ts';
import { encodeQuery } from '../../src/pgwire/query.ts';
import { encodeBackendKeyData, encodeParameterStatus, readyForQuery } from '../../src/pgwire/result.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

const password = 'geheim-π-pässwort';
const parameters = new Map([
  ['application_name', 'upstream test'],
  ['client_encoding', 'UTF8'],
]);

let certificates: DemoCertificates;
let server: PostgresServer;

beforeAll(async () => {
  certificates = await makeCertificates();
  server = await startPostgres({
    major: 15,
    superuserPassword: 'super',
    tls: certificates,
    hba: [
      'local all open_user trust',
      'local all all scram-sha-256',
      'host all open_user 127.0.0.1/32 trust',
      'host all md5_user 127.0.0.1/32 md5',
      'host all plain_user 127.0.0.1/32 password',
      'host all never_user 127.0.0.1/32 reject',
      'host all gss_user 127.0.0.1/32 radius radiusservers="127.0.0.1" radiussecrets="x"',
      'hostssl all tls_user 127.0.0.1/32 scram-sha-256',
      'hostnossl all tls_user 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 scram-sha-256',
      '',
    ].join('\n'),
  });
  const client = new pg.Client(server.superuserUrl);
  await client.connect();
  const literal = client.escapeLiteral(password);
  await client.query(`set password_encryption='md5'; create role md5_user login password ${literal};
    set password_encryption='scram-sha-256'; create role scram_user login password ${literal};
    create role plain_user login password ${literal}; create role tls_user login password ${literal};
    create role open_user login; create role never_user login`);
  await client.end();
});
afterAll(() => server.stop());

function settings(
  user: string,
  more: Partial<UpstreamSettings> & { mode?: UpstreamSettings['tls']['mode'] } = {},
): UpstreamSettings {
  const { mode = 'disable', ...others } = more;
  return {
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user,
    password,
    tls: { mode, ca: certificates.ca, cert: undefined, key: undefined },
    connectTimeoutMs: 20_000,
    ...others,
  };
}

async function failure(promise: Promise<unknown>): Promise<DbgateError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DbgateError);
  expect((error as DbgateError).code).toBe('upstream_unavailable');
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    expect(inspect(at)).not.toContain(password);
  }
  return error as DbgateError;
}

/** A self-signed certificate of its own authority. */
async function certificateFor(name: string): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
  x509.cryptoProvider.set(webcrypto as Crypto);
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}

/** The first column of the first row, over the bare socket. */
async function ask(socket: net.Socket, sql: string): Promise<string> {
  socket.write(encodeQuery(sql));
  let bytes = Buffer.alloc(0);
  socket.resume();
  while (!bytes.includes('Z\0\0\0\x05')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  const row = bytes.indexOf('D\0');
  const length = bytes.readInt32BE(row + 7);
  return bytes.toString('utf8', row + 11, row + 11 + length);
}

describe('authentication by a real PostgreSQL', () => {
  it.each(['open_user', 'md5_user', 'scram_user', 'plain_user'])('%s in the clear on loopback', async (user) => {
    const upstream = await connectUpstream(settings(user), { parameters });
    expect(upstream.txStatus).toBe('I');
    expect(upstream.parameterStatus.get('client_encoding')).toBe('UTF8');
    expect(upstream.parameterStatus.get('server_version')).toMatch(/^15\./);
    expect(upstream.backendKey?.secret).toHaveLength(4);
    expect(upstream.socket.isPaused()).toBe(true);
    expect(upstream.socket.listenerCount('data') + upstream.socket.listenerCount('close')).toBe(0);
    expect(await ask(upstream.socket, "select current_user || '/' || current_setting('application_name')")).toBe(
      `${user}/upstream test`,
    );
    upstream.socket.destroy();
  });

  it.each(['prefer', 'require', 'verify-ca', 'verify-full'] as const)('TLS, %s', async (mode) => {
    const upstream = await connectUpstream(settings('tls_user', { mode }), { parameters });
    expect(upstream.socket).toBeInstanceOf(tls.TLSSocket);
    expect(await ask(upstream.socket, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toBe('t');
    upstream.socket.destroy();
  });

  it('binds SCRAM to the TLS channel: behind another certificate it fails', async () => {
    // A man in the middle with a certificate that is trusted, relaying to the real server over TLS.
    const other = await makeCertificates();
    const relay = net.createServer((client) => {
      client.once('data', () => {
        client.write('S');
        const inner = new tls.TLSSocket(client, { isServer: true, cert: other.cert, key: other.key });
        inner.on('error', () => {});
        const raw = net.connect(server.port, '127.0.0.1', () => raw.write(Buffer.from('0000000804d2162f', 'hex')));
        raw.once('data', () => {
          const outer = tls.connect({ socket: raw, rejectUnauthorized: false });
          outer.on('error', () => {});
          inner.pipe(outer).pipe(inner);
        });
      });
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { port } = relay.address() as net.AddressInfo;
    const error = await failure(
      connectUpstream(
        settings('tls_user', {
          mode: 'require',
          port,
          tls: { mode: 'require', ca: undefined, cert: undefined, key: undefined },
        }),
        { parameters },
      ),
    );
    expect(error.sqlstate).toBe('28000');
    expect(error.message).toMatch(/SCRAM channel binding check failed/);
    relay.close();
  });

  it('over a Unix socket, whatever the TLS mode', async () => {
    const upstream = await connectUpstream(settings('scram_user', { host: server.socketDir, mode: 'verify-full' }), {
      parameters,
    });
    expect(await ask(upstream.socket, 'select current_user')).toBe('scram_user');
    upstream.socket.destroy();
  });

  it('keeps the derived keys apart by settings: another password is not taken for the right one', async () => {
    (await connectUpstream(settings('scram_user'), { parameters })).socket.destroy();
    const error = await failure(connectUpstream(settings('scram_user', { password: 'wrong' }), { parameters }));
    expect(error.sqlstate).toBe('28P01');
    expect((error.cause as UpstreamRefusal).fields).toMatchObject({ severity: 'FATAL', code: '28P01' });
  });

  it('refusals carry the SQLSTATE', async () => {
    expect((await failure(connectUpstream(settings('md5_user', { password: 'wrong' }), { parameters }))).sqlstate).toBe(
      '28P01',
    );
    expect((await failure(connectUpstream(settings('never_user'), { parameters }))).sqlstate).toBe('28000');
    expect(
      (await failure(connectUpstream(settings('scram_user', { database: 'nowhere' }), { parameters }))).sqlstate,
    ).toBe('3D000');
    const none = await failure(connectUpstream(settings('scram_user', { password: undefined }), { parameters }));
    expect(none.hint).toContain('upstream.password');
  });

  it('verify-full refuses another name, verify-ca does not; both refuse another authority', async () => {
    const elsewhere = await certificateFor('elsewhere.test');
    const relay = net.createServer((client) => {
      client.once('data', () => {
        client.write('S');
        const inner = new tls.TLSSocket(client, { isServer: true, ...elsewhere });
        inner.on('error', () => {});
        const raw = net.connect(server.port, '127.0.0.1');
        inner.pipe(raw).pipe(inner);
      });
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { port } = relay.address() as net.AddressInfo;
    const trusting = (mode: 'verify-full' | 'verify-ca', ca: string) =>
      settings('open_user', { port, tls: { mode, ca, cert: undefined, key: undefined } });
    const wrongName = await failure(connectUpstream(trusting('verify-full', elsewhere.cert), { parameters }));
    expect(wrongName.message).toContain('certificate for another name');
    (await connectUpstream(trusting('verify-ca', elsewhere.cert), { parameters })).socket.destroy();
    for (const mode of ['verify-full', 'verify-ca'] as const) {
      const error = await failure(connectUpstream(trusting(mode, certificates.ca), { parameters }));
      expect(error.message).toMatch(/certificate/);
    }
    relay.close();
  });

  it('presents a client certificate, and binds to one of another digest', async () => {
    const client = await certificateFor('cert_user');
    const certServer = await startPostgres({
      major: 15,
      superuserPassword: 'super',
      tls: { ...client, ca: client.cert },
      hba: 'hostssl all cert_user 127.0.0.1/32 cert\nhost all postgres 127.0.0.1/32 scram-sha-256\n',
    });
    const admin = new pg.Client(certServer.superuserUrl);
    await admin.connect();
    await admin.query('create role cert_user login');
    await admin.end();
    const how = (identity: Partial<UpstreamSettings['tls']>) =>
      settings('cert_user', {
        port: certServer.port,
        tls: { mode: 'verify-ca', ca: client.cert, cert: undefined, key: undefined, ...identity },
      });
    const upstream = await connectUpstream(how(client), { parameters });
    expect(await ask(upstream.socket, 'select current_user')).toBe('cert_user');
    upstream.socket.destroy();
    expect((await failure(connectUpstream(how({}), { parameters }))).sqlstate).toBe('28000');
    // Its certificate is signed with SHA-384, which channel binding has to follow.
    const bound = await connectUpstream({ ...how({}), user: 'postgres', password: 'super' }, { parameters });
    bound.socket.destroy();
    await certServer.stop();
  });

  it('cancels a statement', async () => {
    for (const mode of ['disable', 'verify-full'] as const) {
      const how = settings('scram_user', { mode });
      const upstream = await connectUpstream(how, { parameters });
      upstream.socket.write(encodeQuery('select pg_sleep(60)'));
      const answer = once(upstream.socket, 'data');
      upstream.socket.resume();
      // The server takes a cancel before the statement begins for none: ask until it is heard.
      const timer = setInterval(() => void cancelUpstream(how, upstream.backendKey!).catch(() => {}), 100);
      let text = ((await answer)[0] as Buffer).toString('latin1');
      while (!text.includes('57014')) text += ((await once(upstream.socket, 'data'))[0] as Buffer).toString('latin1');
      clearInterval(timer);
      upstream.socket.destroy();
    }
  });
});

describe('a server that is not one', () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  async function fake(serve: (socket: net.Socket) => void): Promise<number> {
    const sockets = new Set<net.Socket>();
    const listener = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      serve(socket);
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    open.push({
      close() {
        listener.close();
        for (const socket of sockets) socket.destroy();
      },
    });
    return (listener.address() as net.AddressInfo).port;
  }
  const afterStartup = (bytes: Buffer) => fake((socket) => socket.once('data', () => socket.write(bytes)));

  it('is down', async () => {
    const port = await fake(() => {});
    for (const one of open.splice(0)) one.close();
    const error = await failure(connectUpstream(settings('x', { port }), { parameters }));
    expect(error.message).toMatch(/ECONNREFUSED/);
    expect(error.sqlstate).toBe('08001');
    const name = await failure(connectUpstream(settings('x', { host: 'no-such-host.invalid' }), { parameters }));
    expect(name.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('says nothing, at each stage', async () => {
    const silent = await fake(() => {});
    const sayS = await fake((socket) => socket.once('data', () => socket.write('S')));
    const sayOk = await afterStartup(encodeAuthenticationOk());
    for (const [port, mode] of [
      [silent, 'disable'],
      [silent, 'require'],
      [sayS, 'require'],
      [sayOk, 'disable'],
    ] as const) {
      const error = await failure(
        connectUpstream(settings('x', { port, mode, connectTimeoutMs: 150 }), { parameters }),
      );
      expect(error.message).toContain('did not answer within 150 ms');
    }
  });

  it('is given up when the caller gives up', async () => {
    const port = await fake(() => {});
    const controller = new AbortController();
    const connecting = connectUpstream(settings('x', { port }), { parameters }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(connecting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(
      connectUpstream(settings('x', { port }), { parameters }, { signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('closes, at each stage', async () => {
    const atOnce = await fake((socket) => socket.end());
    const afterRequest = await fake((socket) => socket.once('data', () => socket.destroy()));
    const afterOk = await fake((socket) => socket.once('data', () => socket.end(encodeAuthenticationOk())));
    for (const port of [atOnce, afterRequest, afterOk]) {
      for (const mode of ['disable', 'require'] as const)
        await failure(connectUpstream(settings('x', { port, mode }), { parameters }));
    }
  });

  it('puts bytes behind its answer to SSLRequest', async () => {
    const port = await fake((socket) =>
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from('N'), encodeAuthenticationOk()]))),
    );
    expect((await failure(connectUpstream(settings('x', { port, mode: 'prefer' }), { parameters }))).message).toContain(
      'one byte',
    );
  });

  it('has no TLS: only prefer goes on', async () => {
    const ready = Buffer.concat([encodeAuthenticationOk(), readyForQuery('I')]);
    const port = await fake((socket) =>
      socket.on('data', (chunk: Buffer) => socket.write(chunk.readInt32BE(4) === 80877103 ? 'N' : ready)),
    );
    const upstream = await connectUpstream(settings('x', { port, mode: 'prefer' }), { parameters });
    expect(upstream.backendKey).toBeUndefined();
    upstream.socket.destroy();
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      expect((await failure(connectUpstream(settings('x', { port, mode }), { parameters }))).message).toContain(
        'does not offer TLS',
      );
    }
  });

  it.each([
    ['garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a huge length', Buffer.from('527fffffff', 'hex')],
    ['a negative length', Buffer.from('52ffffffff', 'hex')],
    ['ReadyForQuery before AuthenticationOk', readyForQuery('I')],
    ['rows before ReadyForQuery', Buffer.concat([encodeAuthenticationOk(), encodeMessage('D', int32(0))])],
    ['an unknown transaction status', Buffer.concat([encodeAuthenticationOk(), encodeMessage('Z', Buffer.from('?'))])],
    ['a second AuthenticationOk', Buffer.concat([encodeAuthenticationOk(), encodeAuthenticationOk()])],
    ['SASLContinue unasked', encodeAuthenticationSASLContinue(Buffer.from('r=a,s=YQ==,i=4096'))],
    ['-PLUS without TLS', encodeAuthenticationSASL(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])],
    [
      'SCRAM skipped half way',
      Buffer.concat([encodeAuthenticationSASL(['SCRAM-SHA-256']), encodeAuthenticationOk(), readyForQuery('I')]),
    ],
  ])('sends %s', async (_what, bytes) => {
    const port = await afterStartup(bytes);
    const error = await failure(connectUpstream(settings('x', { port }), { parameters }));
    expect((error.cause as DbgateError).code).toBe('protocol');
  });

  it('talks without end', async () => {
    const notice = encodeNoticeResponse({ severity: 'NOTICE', code: '00000', message: 'x'.repeat(1000) });
    const port = await fake((socket) => {
      const write = () => {
        while (!socket.destroyed && socket.write(notice));
      };
      socket.once('data', write).on('drain', write);
    });
    const error = await failure(connectUpstream(settings('x', { port }), { parameters }));
    expect((error.cause as Error).message).toContain('no ReadyForQuery within');
  });

  it('asks for what is not supported', async () => {
    const gss = await afterStartup(encodeMessage('R', int32(7)));
    expect((await failure(connectUpstream(settings('x', { port: gss }), { parameters }))).message).toContain('code 7');
    const sasl = await afterStartup(encodeAuthenticationSASL(['OAUTHBEARER', 'EVIL\x1b[31m']));
    expect((await failure(connectUpstream(settings('x', { port: sasl }), { parameters }))).message).toContain(
      'OAUTHBEARER, EVIL??31m',
    );
  });

  it('asks for the password in the clear away from loopback', async () => {
    const answered: Buffer[] = [];
    const listener = net.createServer((socket) => {
      socket
        .on('error', () => {})
        .once('data', () => {
          socket.write(encodeAuthenticationCleartextPassword());
          socket.on('data', (chunk: Buffer) => answered.push(chunk));
        });
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as net.AddressInfo;
    // The address that counts is the peer's: pretend that it is elsewhere.
    const { UpstreamAuthentication } = await import('../../src/gateway/upstream-authentication.ts');
    const authentication = new UpstreamAuthentication(settings('x', { port }), {
      remoteAddress: '192.0.2.1',
    } as net.Socket);
    await expect(authentication.answer({ type: 'cleartext' })).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(answered).toHaveLength(0);
    listener.close();
  });

  it('keeps what came behind ReadyForQuery, and messages verbatim', async () => {
    const notice = encodeNoticeResponse({ severity: 'NOTICE', code: '00000', message: 'hello' });
    const bytes = Buffer.concat([
      encodeAuthenticationOk(),
      encodeParameterStatus('a', '1'),
      encodeParameterStatus('b', '2'),
      notice,
      encodeBackendKeyData(7, Buffer.alloc(32, 9)),
      readyForQuery('I'),
      Buffer.from('S'),
    ]);
    const port = await fake((socket) =>
      socket.once('data', () => {
        // One byte at a time: every split of the start-up.
        const timer = setInterval(() => {
          for (let i = 0; i < 8 && bytes.length > sent; i++) socket.write(bytes.subarray(sent, ++sent));
          if (sent >= bytes.length) clearInterval(timer);
        }, 1);
        let sent = 0;
      }),
    );
    const upstream = await connectUpstream(settings('x', { port }), { parameters });
    expect([...upstream.parameterStatus]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(upstream.notices).toEqual([notice]);
    expect(upstream.backendKey).toEqual({ pid: 7, secret: Buffer.alloc(32, 9) });
    expect(String(await nextBytes(upstream.socket))).toBe('S');
    upstream.socket.destroy();
  });

  it('is read on from behind ReadyForQuery, where more came with it', async () => {
    const port = await fake((socket) =>
      socket.once('data', () =>
        socket.write(Buffer.concat([encodeAuthenticationOk(), readyForQuery('I'), Buffer.from('Snext')])),
      ),
    );
    const { socket } = await connectUpstream(settings('x', { port }), { parameters });
    expect(String(await nextBytes(socket))).toBe('Snext');
    socket.destroy();
  });
});

function nextBytes(socket: net.Socket): Promise<Buffer> {
  return new Promise((resolve) => socket.once('data', resolve).resume());
}
