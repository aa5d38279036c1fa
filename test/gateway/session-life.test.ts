/** How long a session lives: its token, renewals, revocation, reloads of the configuration. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { GatewaySettings, GrantSettings } from '../../src/config/gateway-settings.ts';
import { makeCertificates } from '../../src/demo/certificates.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { runGateway } from '../../src/gateway/server.ts';
import { gatewayFile } from './gateway-process.ts';
import { failure, Rig, until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const rig = withRig({ sql: 'CREATE TABLE t (id int primary key); INSERT INTO t SELECT generate_series(1, 10)' });
const inSeconds = (seconds: number) => Math.ceil(Date.now() / 1000) + seconds;

afterEach(() => rig.gateway.reload(rig.settings));

async function session(token: string, tunnel?: string): Promise<WireClient> {
  const wire = new WireClient(
    await rig.upgrade({ token, ...(tunnel === undefined ? {} : { headers: { 'dbgate-tunnel': tunnel } }) }),
  );
  await wire.startup().through('Z');
  return wire;
}

const sleepers = async () =>
  (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'")).length;

/**
 * A session whose token ends soon, brought by `ready` to where the end is to meet it. On a machine that is too busy for it
 * the token ends before that: then another session, with a longer one.
 */
async function ending(options: { subject?: string; tunnel?: string; ready?: (wire: WireClient) => Promise<unknown> }) {
  for (let seconds = 10; ; seconds *= 2) {
    const expires = inSeconds(seconds);
    try {
      const token = await rig.tokenOf(options.subject ?? 'dev', ['developers'], { exp: expires });
      const wire = await session(token, options.tunnel);
      await options.ready?.(wire);
      if (!wire.ended) return { wire, passed: () => pause(expires * 1_000 + 1_000 - Date.now()) };
    } catch (error) {
      if (Date.now() < expires * 1_000) throw error;
    }
    if (Date.now() < expires * 1_000) throw new Error('the session ended before its token');
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// They wait for the same seconds to pass, together.
describe.concurrent('a token’s end', () => {
  it('ends an idle session with FATAL 28000 and what to do', async () => {
    const { wire } = await ending({});
    expect(await wire.error()).toMatchObject({
      severity: 'FATAL',
      code: '28000',
      message: 'session expired: run dbgate login',
    });
    await wire.end();
  });

  it('ends a session in the middle of a statement, and cancels it upstream', async () => {
    const { wire } = await ending({
      ready: async (wire) => {
        wire.query('SELECT pg_sleep(60)');
        await until(async () => wire.ended || (await sleepers()) === 1);
      },
    });
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    await wire.end();
    await until(async () => (await sleepers()) === 0);
  });

  it('ends a session in an open transaction, which is rolled back', async () => {
    const { wire } = await ending({
      ready: (wire) => wire.query('BEGIN; INSERT INTO t VALUES (4711)').through('Z'),
    });
    expect(await wire.error()).toMatchObject({ code: '28000' });
    await until(
      async () => (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in%'")).length === 0,
    );
    expect(await rig.direct('SELECT 1 FROM t WHERE id = 4711')).toEqual([]);
  });

  it('is put off by a renewal with a fresh token', async () => {
    const { wire, passed } = await ending({
      subject: 'renews',
      tunnel: 'tunnel-1',
      ready: async (wire) => {
        const { status, body } = await rig.api('POST', '/v1/tunnels/tunnel-1/renew', await rig.tokenOf('renews'));
        expect(status).toBe(200);
        expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now() + 60_000);
        await wire.query('SELECT 1').through('Z');
      },
    });
    await passed();
    wire.query('SELECT 1');
    await wire.through('Z');
    wire.stream.end();
  });

  it('is not put off by another subject’s renewal of that tunnel id, nor by an agent that acts for the person', async () => {
    const renew = (token: string) => rig.api('POST', '/v1/tunnels/tunnel-2/renew', token);
    const { wire } = await ending({
      subject: 'owner',
      tunnel: 'tunnel-2',
      ready: async () => {
        await renew(await rig.tokenOf('stranger'));
        await renew(await rig.tokenOf('owner', ['developers'], { act: { sub: 'bot' } }));
      },
    });
    expect(await wire.error()).toMatchObject({ code: '28000', message: 'session expired: run dbgate login' });
  });

  it('is not brought nearer by a renewal with an older token', async () => {
    const wire = await session(await rig.tokenOf('older'), 'tunnel-3');
    const expires = inSeconds(10);
    const older = await rig.tokenOf('older', ['developers'], { exp: expires });
    await rig.api('POST', '/v1/tunnels/tunnel-3/renew', older);
    await pause(expires * 1_000 + 1_000 - Date.now());
    wire.query('SELECT 1');
    await wire.through('Z');
    wire.stream.end();
  });

  it('a renewal with a token that lost its group ends the session', async () => {
    const wire = await session(await rig.tokenOf('leaves'), 'tunnel-4');
    await rig.api('POST', '/v1/tunnels/tunnel-4/renew', await rig.tokenOf('leaves', []));
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
  });

  it('the events of a tunnel are the owner’s own', async () => {
    const wire = await session(await rig.tokenOf('watched'), 'tunnel-5');
    const mine = await firstEvent(await rig.tokenOf('watched'), 'tunnel-5');
    const theirs = await firstEvent(await rig.tokenOf('stranger'), 'tunnel-5');
    expect(mine).toMatchObject({ event: 'stats', sessions: 1 });
    expect(theirs).toMatchObject({ event: 'stats', sessions: 0 });
    wire.stream.end();
  });
});

describe('revocation', () => {
  it('cuts every session of the subject at once, in flight too, and no other’s', async () => {
    const idle = await session(await rig.tokenOf('cut-off'));
    const busy = await session(await rig.tokenOf('cut-off'));
    const other = await session(await rig.tokenOf('stays'));
    busy.query('SELECT pg_sleep(60)');
    await until(async () => (await sleepers()) === 1);
    rig.gateway.revocations.revokeSubject({ issuer: rig.oidc.issuer, subject: 'cut-off', reason: 'test' });
    expect(await idle.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    expect(await busy.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    await until(async () => (await sleepers()) === 0);
    other.query('SELECT 1');
    await other.through('Z');
    other.stream.end();
    const refusal = await rig.refusal({ token: await rig.tokenOf('cut-off') });
    expect(refusal.status).toBe(401);
  });
});

describe('reload', () => {
  const grants = (...list: Partial<GrantSettings>[]): GatewaySettings => ({
    ...rig.settings,
    grants: list.map((grant) => ({
      to: { group: 'developers' },
      database: '*',
      environment: undefined,
      access: 'write',
      create: true,
      ...grant,
    })),
  });

  it('a grant that is gone ends its sessions, the same configuration does not', async () => {
    const wire = await session(await rig.token());
    rig.gateway.reload({ ...rig.settings });
    wire.query('SELECT 1');
    await wire.through('Z');
    rig.gateway.reload(grants());
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000', message: 'access was revoked' });
  });

  it('a database that is gone ends its sessions', async () => {
    const wire = await session(await rig.token());
    rig.gateway.reload({ ...rig.settings, databases: new Map() });
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
  });

  it('write that became read ends the session: it was not opened as read only upstream', async () => {
    const wire = await session(await rig.token());
    rig.gateway.reload(grants({ access: 'read', create: false }));
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
  });

  it('an issuer that is gone ends its sessions and refuses its tokens', async () => {
    const wire = await session(await rig.token());
    rig.gateway.reload({ ...rig.settings, issuers: [{ ...rig.oidc.settings, issuer: 'https://other.test' }] });
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    expect((await rig.refusal({ token: await rig.token() })).status).toBe(401);
  });

  it('what a prepared statement may do changes at once', async () => {
    const admin = await rig.connect(await rig.tokenOf('admin', ['admins']));
    const prepared = { name: 'all', text: 'UPDATE t SET id = id' };
    await admin.query(prepared);
    rig.gateway.reload({
      ...rig.settings,
      grants: [
        {
          to: { group: 'admins' },
          database: '*',
          environment: undefined,
          access: 'write',
          create: true,
          // Else the session would have to end: what it has prepared could not be masked.
          masking: { mask: 'none' },
        },
      ],
    });
    expect(await failure(admin.query(prepared))).toMatchObject({ code: '42501' });
    rig.gateway.reload(rig.settings);
    await admin.query(prepared);
    await admin.end();
  });

  it('a reload while a session is being opened counts for that session', async () => {
    // The gate stands between the gateway and its upstream, and opens after the reload.
    const { upstream } = rig.settings.databases.get('app')!;
    const gate = await slowGate(upstream.port);
    const database = { ...rig.settings.databases.get('app')!, upstream: { ...upstream, port: gate.port } };
    const through = { ...rig.settings, databases: new Map([['app', database]]) };
    rig.gateway.reload(through);
    const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
    wire.startup();
    await gate.reached;
    rig.gateway.reload({ ...through, grants: [] });
    gate.open();
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000' });
    gate.close();
  });

  it('a new certificate is served to who comes then; a bad one changes nothing', async () => {
    const fresh = await makeCertificates();
    const served = () =>
      new Promise<string>((resolve, reject) => {
        const socket = tls.connect(
          { port: rig.gateway.httpsAddress.port, host: '127.0.0.1', rejectUnauthorized: false },
          () => {
            resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
            socket.destroy();
          },
        );
        socket.once('error', reject);
      });
    const before = await served();
    expect(() =>
      rig.gateway.reload({ ...rig.settings, tls: { cert: 'no certificate', key: fresh.key }, grants: [] }),
    ).toThrow();
    expect(await served()).toBe(before);
    const kept = await session(await rig.token());
    const password = await rig.databaseToken(await rig.token());
    rig.gateway.reload({ ...rig.settings, tls: { cert: fresh.cert, key: fresh.key } });
    expect(await served()).toBe(new X509Certificate(fresh.cert).fingerprint256);
    const native = rig.native('dev@example.test', password, { ssl: { ca: fresh.ca } });
    await native.connect();
    await native.end();
    kept.query('SELECT 1');
    await kept.through('Z');
    kept.stream.end();
  });
});

describe('gateway.yaml', () => {
  let own: Rig;
  beforeAll(async () => {
    own = await Rig.open();
    await own.gateway.close();
    return () => own.close();
  });

  it('is read again when it changes and on SIGHUP; a bad one keeps the old and says so', async () => {
    const dir = own.stateDir;
    const port = await freePort();
    const file = path.join(dir, 'gateway.yaml');
    const config = (changes: object = {}) => ({
      ...gatewayFile(own, dir, port),
      state_dir: path.join(dir, 'yaml-state'),
      grants: [{ to: { group: 'developers' }, database: 'app', access: 'write' }],
      ...changes,
    });
    const write = (content: object | string) =>
      writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    const lines: string[] = [];
    const said = (pattern: RegExp, from: number) => until(() => lines.slice(from).some((line) => pattern.test(line)));
    write(config());
    const stop = new AbortController();
    const running = runGateway({ configPath: file, signal: stop.signal, log: (line) => lines.push(line) });
    running.catch(() => {});
    await Promise.race([said(/listening on https/, 0), running]);
    (own.gateway as { httpsAddress: object }).httpsAddress = { host: '127.0.0.1', port };
    const wire = new WireClient(await own.upgrade({ token: await own.token() }));
    await wire.startup().through('Z');

    let at = lines.length;
    write(config({ grants: 'nobody' }));
    await said(/NOT reloaded.*the old one stays/, at);
    at = lines.length;
    write('{ not yaml');
    await said(/NOT reloaded/, at);
    wire.query('SELECT 1');
    await wire.through('Z');

    at = lines.length;
    write(config());
    await said(/configuration reloaded/, at);
    at = lines.length;
    process.kill(process.pid, 'SIGHUP');
    await said(/configuration reloaded/, at);
    wire.query('SELECT 1');
    await wire.through('Z');

    // An included file is part of it: one that comes, changes, and comes in beside it.
    mkdirSync(path.join(dir, 'policy'));
    const rules = (id: string, command: string) =>
      `rules: [{ id: ${id}, match: { command: ${command} }, then: deny }]\n`;
    writeFileSync(path.join(dir, 'policy/a.yaml'), rules('a', 'SHOW'));
    at = lines.length;
    write(config({ include: 'policy/*.yaml' }));
    await said(/configuration reloaded/, at);
    const denied = async (sql: string) => (await wire.query(sql).error()).detail;
    expect(await denied('SHOW work_mem')).toMatch(/^rule a: /);
    await wire.through('Z');
    at = lines.length;
    writeFileSync(path.join(dir, 'policy/a.yaml'), rules('b', 'SELECT'));
    await said(/configuration reloaded/, at);
    expect(await denied('SELECT 1')).toMatch(/^rule b: /);
    await wire.through('Z');
    at = lines.length;
    writeFileSync(path.join(dir, 'policy/c.yaml'), 'rules: nothing');
    await said(/NOT reloaded.*policy.c\.yaml:1:1: rules: expected a list/s, at);

    write(config({ grants: [{ to: { group: 'admins' }, database: 'app', access: 'admin' }] }));
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '28000', message: 'access was revoked' });
    stop.abort();
    await running;
  });
});

async function firstEvent(token: string, tunnel: string): Promise<object> {
  const { default: https } = await import('node:https');
  return new Promise((resolve, reject) => {
    const request = https.get(
      `${rig.settings.publicUrl}/v1/tunnels/${tunnel}/events`,
      { ca: rig.certificates.ca, agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.once('data', (chunk: Buffer) => {
          resolve(JSON.parse(chunk.toString().split('\n')[0]!) as object);
          request.destroy();
        });
      },
    );
    request.on('error', reject);
  });
}

async function slowGate(port: number) {
  const { default: net } = await import('node:net');
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const server = net.createServer((client) => {
    client.on('error', () => {});
    reach();
    void opened.then(() => {
      const upstream = net.connect(port, '127.0.0.1');
      upstream.on('error', () => {});
      client.pipe(upstream).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, open, reached, close: () => server.close() };
}
