/** The tunnel's door with real tokens and real TLS: what is refused and how, and what happens behind 101. */
import { createHash, randomUUID } from 'node:crypto';
import tls from 'node:tls';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SessionOpen } from '../../src/audit/record.ts';
import { encodeStartup } from '../../src/pgwire/startup.ts';
import { beforeEnd, closed, failure, type Refusal, until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const rig = withRig();

function expectRefusal(refusal: Refusal, status: number, code: string): void {
  expect({ status: refusal.status, code: refusal.body.error.code }).toEqual({ status, code });
  expect(refusal.body.error.message).toBeTruthy();
  expect(refusal.headers['content-type']).toContain('application/json');
  if (status === 401) expect(refusal.headers['www-authenticate']).toMatch(/Bearer/);
}

/** A DPoP-bound token with proofs for it. */
async function bound() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const token = await rig.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  const proof = (changes: Record<string, unknown> = {}) =>
    new SignJWT({
      htm: 'GET',
      htu: `${rig.settings.publicUrl}/v1/databases/app/connect`,
      ath: createHash('sha256').update(token).digest('base64url'),
      jti: randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      ...changes,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey);
  return {
    token,
    proof,
    headers: async (changes = {}) => ({ authorization: `DPoP ${token}`, dpop: await proof(changes) }),
  };
}

describe('refusals before 101', () => {
  it('no token', async () => {
    const refusal = await rig.refusal({});
    expectRefusal(refusal, 401, 'login_required');
    expect(refusal.body.error.hint).toContain('dbgate login');
  });

  it.each([
    ['for another audience', { aud: 'https://elsewhere.test' }, /audience/],
    ['expired', { exp: Math.floor(Date.now() / 1000) - 120 }, /expired/],
    ['of another issuer', { iss: 'https://evil.test' }, /issuer/],
    ['without a subject', { sub: undefined }, /sub/],
  ])('a token %s', async (_name, claims, message) => {
    const refusal = await rig.refusal({ token: await rig.token(claims as JWTPayload) });
    expectRefusal(refusal, 401, 'token_invalid');
    expect(refusal.body.error.message).toMatch(message);
  });

  it('a token that is not signed, and one whose payload was changed', async () => {
    const [header, payload, signature] = (await rig.token()).split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    expectRefusal(await rig.refusal({ token: `${none}.${payload}.` }), 401, 'token_invalid');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, groups: ['admins'] })).toString('base64url');
    expectRefusal(await rig.refusal({ token: `${header}.${changed}.${signature}` }), 401, 'token_invalid');
  });

  it('a DPoP-bound token sent as Bearer, a proof used twice, a proof for another path, a proof after a reload', async () => {
    const { token, headers } = await bound();
    expectRefusal(await rig.refusal({ token }), 401, 'token_invalid');
    const once = await headers();
    (await rig.upgrade({ headers: once })).destroy();
    expectRefusal(await rig.refusal({ headers: once }), 401, 'token_invalid');
    rig.gateway.reload(rig.settings);
    expectRefusal(await rig.refusal({ headers: once }), 401, 'token_invalid');
    expectRefusal(
      await rig.refusal({ headers: await headers({ htu: `${rig.settings.publicUrl}/v1/databases/other/connect` }) }),
      401,
      'token_invalid',
    );
  });

  it('a Host header does not change which URL a proof must name', async () => {
    const { headers } = await bound();
    const stolen = await headers({ htu: 'https://evil.test/v1/databases/app/connect' });
    expectRefusal(await rig.refusal({ headers: { ...stolen, host: 'evil.test' } }), 401, 'token_invalid');
  });

  it('an unknown database and one that is not granted, in the same words', async () => {
    const unknown = await rig.refusal({ token: await rig.token(), database: 'nope' });
    expectRefusal(unknown, 403, 'denied');
    expect(unknown.body.error.hint).toContain('dbgate ls');
    const ungranted = await rig.refusal({ token: await rig.tokenOf('nobody', []) });
    expectRefusal(ungranted, 403, 'denied');
    expect(ungranted.body.error.message).toBe(unknown.body.error.message.replace('nope', 'app'));
  });

  it.each([
    ['another protocol', { protocol: 'websocket' }, 400, 'usage'],
    ['another method', { method: 'POST' }, 400, 'usage'],
    ['another path', { path: '/v1/whoami' }, 404, 'not_found'],
    ['a database name that is no percent-encoded UTF-8', { path: '/v1/databases/%ff/connect' }, 400, 'usage'],
    ['a lone percent sign', { path: '/v1/databases/%/connect' }, 400, 'usage'],
    ['a target that is no URL', { path: '//' }, 400, 'usage'],
    ['a target on another host', { path: 'http://169.254.169.254/latest' }, 404, 'not_found'],
    ['an encoded slash in the name', { path: '/v1/databases/app%2f..%2fapp/connect' }, 403, 'denied'],
    ['a body', { headers: { 'content-length': '0' } }, 400, 'usage'],
    ['a tunnel id that is none', { headers: { 'dbgate-tunnel': 'a b' } }, 400, 'usage'],
    ['a purpose longer than 500 characters', { headers: { 'dbgate-purpose': 'x'.repeat(501) } }, 400, 'usage'],
    ['a purpose that is no percent-encoded UTF-8', { headers: { 'dbgate-purpose': '%c3%28' } }, 400, 'usage'],
    ['a purpose with a newline', { headers: { 'dbgate-purpose': 'a%0aforged' } }, 400, 'usage'],
    ['a purpose with an escape sequence', { headers: { 'dbgate-purpose': '%1b[31m' } }, 400, 'usage'],
    ['two purposes', { headers: { 'dbgate-purpose': ['a', 'b'] } }, 400, 'usage'],
    ['two DPoP headers', { headers: { dpop: ['a', 'b'] } }, 400, 'usage'],
  ])('%s', async (_name, options, status, code) => {
    expectRefusal(await rig.refusal({ token: await rig.token(), ...options }), status, code);
  });

  it('two Authorization headers: neither counts', async () => {
    const token = await rig.token();
    const raw = tls.connect({ port: rig.gateway.httpsAddress.port, host: '127.0.0.1', ca: rig.certificates.ca });
    raw.write(
      'GET /v1/databases/app/connect HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\n' +
        `Authorization: Bearer ${token}\r\nAuthorization: Bearer other\r\n\r\n`,
    );
    const [answer] = (await new Promise<Buffer>((resolve) => raw.once('data', resolve))).toString().split('\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    raw.destroy();
  });

  it('headers beyond all measure are refused, those of a big token are not', async () => {
    const groups = Array.from({ length: 400 }, (_, i) => `group-with-a-rather-long-name-${i}`);
    const token = await rig.tokenOf('big', [...groups, 'developers']);
    expect(token.length).toBeGreaterThan(16_384);
    (await rig.upgrade({ token })).destroy();
    const huge = await rig
      .tryUpgrade({ token, headers: { 'x-filler': 'x'.repeat(60_000) } })
      .catch((error: Error) => error);
    expect(huge).not.toHaveProperty('socket');
  });

  it('leaves no socket behind, even when the client never closes', async () => {
    const raw = tls.connect({
      port: rig.gateway.httpsAddress.port,
      host: '127.0.0.1',
      ca: rig.certificates.ca,
      allowHalfOpen: true,
    } as tls.ConnectionOptions);
    raw.on('error', () => {});
    raw.write(
      'GET /v1/databases/app/connect HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\n\r\n',
    );
    raw.resume();
    // This end stays open; what it writes meets a socket that is gone.
    const writing = setInterval(() => raw.write('x'), 200);
    await new Promise((resolve) => raw.once('close', resolve));
    clearInterval(writing);
  });

  it('is on record, with who it was when that is known', async () => {
    await rig.refusal({ token: await rig.tokenOf('refused-one'), database: 'not-there' });
    await until(async () =>
      (await rig.records()).some(
        (r) =>
          r.kind === 'connect.refused' &&
          r.subject === 'refused-one' &&
          r.database === 'not-there' &&
          r.code === 'denied',
      ),
    );
  });
});

describe('behind 101', () => {
  it('speaks the protocol from StartupMessage on, and half-close ends a session in order', async () => {
    const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
    const greeting = (await wire.startup().through('Z')).map((m) => m.type);
    expect(greeting[0]).toBe('R');
    expect(greeting).toContain('K');
    wire.query('SELECT 41 + 1 AS n');
    wire.stream.end();
    const answer = await wire.through('Z');
    expect(answer.map((m) => m.type)).toEqual(['T', 'D', 'C', 'Z']);
    await wire.end();
  });

  it('takes a StartupMessage that came in the same packet as the request', async () => {
    const token = await rig.token();
    const raw = tls.connect({ port: rig.gateway.httpsAddress.port, host: '127.0.0.1', ca: rig.certificates.ca });
    raw.write(
      Buffer.concat([
        Buffer.from(
          `GET /v1/databases/app/connect HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\nAuthorization: Bearer ${token}\r\n\r\n`,
        ),
        encodeStartup(new Map([['user', 'me']])),
      ]),
    );
    let text = '';
    await new Promise<void>((resolve) =>
      raw.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('server_version')) resolve();
      }),
    );
    expect(text).toMatch(/^HTTP\/1.1 101/);
    raw.destroy();
  });

  it.each([
    ['an SSLRequest', Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])],
    ['a length below 8', Buffer.from([0, 0, 0, 7, 0, 3, 0, 0])],
    ['a huge length', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
    ['a TLS ClientHello', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])],
    ['protocol 2', Buffer.from([0, 0, 0, 9, 0, 2, 0, 0, 0])],
  ])('%s is refused with 08P01', async (_name, bytes) => {
    const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
    expect(await wire.send(bytes).error()).toMatchObject({ severity: 'FATAL', code: '08P01' });
    await wire.end();
  });

  it('a spare connection that is never used leaves nothing behind', async () => {
    const before = await rig.records();
    const spare = await rig.upgrade({ token: await rig.tokenOf('spare') });
    expect((await rig.api('GET', '/healthz')).body.sessions).toBe(0);
    expect(await rig.direct("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '%spare%'")).toEqual([]);
    spare.end();
    await closed(spare);
    expect((await rig.records()).slice(before.length).filter((r) => r.kind.startsWith('session'))).toEqual([]);
  });

  it('a spare connection whose token ended, or whose holder was cut off meanwhile, opens no session', async () => {
    const { late, exp } = await beforeEnd(5_000, async (end) => {
      const exp = Math.ceil(end / 1_000);
      const socket = await rig.upgrade({ token: await rig.tokenOf('late', ['developers'], { exp }) });
      return { late: new WireClient(socket), exp };
    });
    const cut = new WireClient(await rig.upgrade({ token: await rig.tokenOf('cut') }));
    rig.gateway.revocations.revokeSubject({ issuer: rig.oidc.issuer, subject: 'cut', reason: 'test' });
    expect(await cut.startup().error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    await new Promise((resolve) => setTimeout(resolve, exp * 1_000 + 1_100 - Date.now()));
    expect(await late.startup().error()).toMatchObject({ code: '28000', message: 'session expired: run dbgate login' });
    await until(async () => (await rig.api('GET', '/healthz')).body.sessions === 0);
  });

  it('the purpose travels into the record, whole', async () => {
    const purpose = 'ticket 4711: “Müller” — 50% off';
    const client = await rig.connect(await rig.tokenOf('purposeful'), {
      headers: { 'dbgate-purpose': encodeURIComponent(purpose) },
    });
    await client.query('SELECT 1');
    await client.end();
    const open = (await rig.records()).find(
      (r) => r.kind === 'session.open' && r.subject === 'purposeful',
    ) as SessionOpen;
    expect(open).toMatchObject({
      via: 'tunnel',
      database: 'app',
      environment: 'production',
      body: { purpose, email: 'purposeful@example.test' },
    });
  });

  it('shows the person upstream, not to the client', async () => {
    const client = await rig.connect(await rig.tokenOf('shown'), { config: { application_name: 'my tool' } });
    const shown = await rig.direct(
      "SELECT application_name AS a FROM pg_stat_activity WHERE application_name LIKE '%shown%'",
    );
    expect(shown).toEqual([{ a: 'my tool (shown@example.test)' }]);
    await client.end();
  });

  it.each([
    ['replication=database', { replication: 'database' }, '42501'],
    ['options=-c role=postgres', { options: '-c role=postgres' }, '42501'],
    ['options=--session-authorization=postgres', { options: '--session-authorization=postgres' }, '42501'],
    ['options=-c client_encoding=SJIS', { options: '-c client_encoding=SJIS' }, '22023'],
    ['options that are none', { options: '-d 5' }, '42501'],
    ['standard_conforming_strings=off', { standard_conforming_strings: 'off' }, '42501'],
  ])('%s at start-up is refused', async (_name, extra, code) => {
    const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
    expect(await wire.startup({ user: 'me', database: 'app', ...extra }).error()).toMatchObject({
      severity: 'FATAL',
      code,
    });
  });

  it('the database of the path counts, not that of the StartupMessage', async () => {
    const client = await rig.connect(await rig.token(), { config: { database: 'postgres' } });
    expect((await client.query('SELECT current_database() AS d')).rows).toEqual([{ d: 'app' }]);
    await client.end();
  });

  it('an upstream that is down is told as such, without its password', async () => {
    const database = rig.settings.databases.get('app')!;
    const down = { ...database, name: 'down', upstream: { ...database.upstream, port: 1 } };
    rig.gateway.reload({ ...rig.settings, databases: new Map([...rig.settings.databases, ['down', down]]) });
    const error = await failure(rig.connect(await rig.token(), { database: 'down' }));
    expect(error).toMatchObject({ code: '08001' });
    expect(error.message).not.toContain(database.upstream.password);
    rig.gateway.reload(rig.settings);
  });
});
