/** Many streams on one connection of the CLI's: what each may do is what its own token is good for. */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { SessionOpen } from '../../src/audit/record.ts';
import { openFilesLimit } from '../../src/gateway/admission.ts';
import { serveStreams } from '../../src/gateway/stream-upgrade.ts';
import { Carrier } from '../../src/streams/carrier.ts';
import { HEADER_BYTES, OPEN, writeHeader } from '../../src/streams/frames.ts';
import { SharedConnection } from '../../src/tunnel/shared-connection.ts';
import { dialUpgrade } from '../../src/tunnel/upgrade-client.ts';
import { failure, until, withRig } from './gateway-rig.ts';
import { fieldsOf, WireClient } from './wire-client.ts';

const rig = withRig();
const STREAMS = { path: '/v1/streams', protocol: 'dbgate-streams' };

const open: SharedConnection[] = [];
afterEach(() => {
  for (const shared of open.splice(0)) shared.close();
});

const gateway = () => ({
  gatewayUrl: `https://localhost:${rig.gateway.httpsAddress.port}`,
  ca: rig.certificates.ca,
});

function share(token: string): SharedConnection {
  const headers = async () => ({ authorization: `Bearer ${token}` });
  const shared = new SharedConnection({ ...gateway(), headers });
  open.push(shared);
  return shared;
}

function dial(
  shared: SharedConnection,
  token: string | undefined,
  path = '/v1/databases/app/connect',
): Promise<Duplex> {
  const headers = async () => ({ ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) });
  return dialUpgrade({ ...gateway(), path, shared, headers: headers as () => Promise<Record<string, string>> });
}

async function session(shared: SharedConnection, token: string): Promise<WireClient> {
  const wire = new WireClient(await dial(shared, token)).startup();
  await wire.through('Z');
  return wire;
}

describe('sessions that share a connection', () => {
  it('are sessions as any other, each on the record with where it came from', async () => {
    const token = await rig.tokenOf('sharer');
    const shared = share(token);
    const wires = await Promise.all([0, 1, 2].map(() => session(shared, token)));
    const answers = await Promise.all(
      wires.map(
        async (wire, i) => (await wire.query(`SELECT ${i} + 40`).through('Z')).find(({ type }) => type === 'D')!.raw,
      ),
    );
    expect(answers.map((raw) => raw.toString('latin1').slice(-2))).toEqual(['40', '41', '42']);
    wires[0]!.stream.destroy();
    await wires[1]!.query('SELECT 1').through('Z');
    const opened = (await rig.records()).filter(
      (record): record is SessionOpen => record.kind === 'session.open' && record.subject === 'sharer',
    );
    expect(opened.map(({ via }) => via)).toEqual(['tunnel', 'tunnel', 'tunnel']);
    const addresses = opened.map(({ body }) => (typeof body === 'string' ? body : body.clientAddress));
    expect(addresses[0]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(new Set(addresses).size).toBe(1);
  });

  it('answers that are large, beside one whose client does not read', async () => {
    const token = await rig.token();
    const shared = share(token);
    const [stuck, quick] = [await session(shared, token), await session(shared, token)];
    stuck.stream.pause();
    const large = "SELECT repeat('x', 1000) FROM generate_series(1, 20000)";
    stuck.query(large);
    await until(
      async () => (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")).length === 1,
    );
    const rows = (await quick.query(large).through('Z')).filter(({ type }) => type === 'D');
    expect(rows.length).toBe(20_000);
    stuck.stream.resume();
    expect((await stuck.through('Z')).filter(({ type }) => type === 'D').length).toBe(20_000);
  });

  it('end with 57P01 when the gateway closes, and a new connection is dialled then', async () => {
    const token = await rig.token();
    const shared = share(token);
    const wire = await session(shared, token);
    await rig.restart();
    await wire.end();
    expect(fieldsOf(wire.messages.at(-1)!)).toMatchObject({ severity: 'FATAL', code: '57P01' });
    const again = await session(share(token), token);
    await again.query('SELECT 1').through('Z');
  });
});

describe('a connection', () => {
  it('that has had no stream for a while goes, and none that has one', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [far] = (await once(server, 'connection')) as [net.Socket];
    server.close();
    const streams = new Set<Duplex>();
    serveStreams(far, Buffer.alloc(0), (stream) => streams.add(stream).size > 0, 300);
    // Up to the 101.
    await once(near, 'data');
    const carrier = new Carrier(near, { window: 65_536, peerWindow: 65_536, onClosed: () => {} });
    const two = [carrier.open()!, carrier.open()!];
    await until(() => streams.size === 2);
    for (const stream of two) stream.destroy();
    await until(() => [...streams].every(({ closed }) => closed));
    const third = carrier.open()!;
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(carrier.isClosed).toBe(false);
    third.destroy();
    await until(() => carrier.isClosed);
  });

  it('that does not come about holds up nobody who gives up, and ends with the tunnel', async () => {
    const mute = net.createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    const sockets: net.Socket[] = [];
    await once(mute, 'listening');
    const gatewayUrl = `https://localhost:${(mute.address() as net.AddressInfo).port}`;
    const headers = async () => ({});
    const shared = new SharedConnection({ ...gateway(), gatewayUrl, headers });
    const giveUp = new AbortController();
    const dialled = dialUpgrade({ ...gateway(), gatewayUrl, path: '/', headers, shared, signal: giveUp.signal });
    await until(() => sockets.length === 1);
    giveUp.abort();
    expect(await failure(dialled)).toMatchObject({ code: 'cancelled' });
    shared.close();
    await once(
      sockets[0]!.resume().on('error', () => {}),
      'close',
    );
    mute.close();
  });

  it('that is dead without a sign is found out by the next dial, which has another', { timeout: 60_000 }, async () => {
    let isMute = false;
    const sockets: net.Socket[] = [];
    const relay = net.createServer((near) => {
      const far = net.connect(rig.gateway.httpsAddress.port, '127.0.0.1');
      sockets.push(
        near.on('error', () => {}),
        far.on('error', () => {}),
      );
      const isOld = !isMute;
      near.on('data', (chunk) => void ((isOld && isMute) || far.write(chunk)));
      far.on('data', (chunk) => void ((isOld && isMute) || near.write(chunk)));
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const token = await rig.token();
    const headers = async () => ({ authorization: `Bearer ${token}` });
    const through = { ...gateway(), gatewayUrl: `https://localhost:${(relay.address() as net.AddressInfo).port}` };
    const shared = new SharedConnection({ ...through, headers });
    open.push(shared);
    const to = { ...through, path: '/v1/databases/app/connect', shared, headers };
    await new WireClient(await dialUpgrade(to)).startup().through('Z');
    isMute = true;
    const wire = new WireClient(await dialUpgrade(to)).startup();
    await wire.through('Z');
    expect(sockets.length).toBe(4);
    for (const socket of sockets) socket.destroy();
    relay.close();
  });

  it('that met with no answer is not asked for the next stream, and keeps those that it has', async () => {
    const token = await rig.token();
    const shared = share(token);
    const wire = await session(shared, token);
    const mute = (await shared.stream())!;
    shared.distrust(mute);
    const other = (await shared.stream())!;
    expect(other.carrier).not.toBe(mute.carrier);
    await wire.query('SELECT 1').through('Z');
  });
});

describe('it gives nothing that a connection of its own would not', () => {
  it('without a token, or with a bad one, nothing is shared', async () => {
    expect((await rig.refusal(STREAMS)).status).toBe(401);
    expect((await rig.refusal({ ...STREAMS, token: 'x' })).status).toBe(401);
    expect((await rig.refusal({ ...STREAMS, token: await rig.token(), method: 'POST' })).status).toBe(400);
    expect((await rig.refusal({ ...STREAMS, token: await rig.token(), protocol: 'postgresql' })).status).toBe(400);
  });

  it('each stream shows a token, and has what that one may have', async () => {
    const shared = share(await rig.tokenOf('owner'));
    expect(await failure(dial(shared, undefined))).toMatchObject({ code: 'login_required' });
    expect(await failure(dial(shared, 'x'))).toMatchObject({ code: 'token_invalid' });
    const stranger = await rig.tokenOf('stranger', ['nobody']);
    expect(await failure(dial(shared, stranger))).toMatchObject({ code: expect.stringMatching(/denied|not_found/) });
    const other = await rig.tokenOf('other');
    await (await session(shared, other)).query('SELECT 1').through('Z');
    const opened = (await rig.records()).filter(({ kind }) => kind === 'session.open') as SessionOpen[];
    expect(opened.at(-1)).toMatchObject({ subject: 'other' });
  });

  it('who is cut off loses the sessions on it, and gets no more', async () => {
    const token = await rig.tokenOf('leaving');
    const shared = share(token);
    const wire = await session(shared, token);
    rig.gateway.revocations.revokeSubject({ issuer: rig.oidc.issuer, subject: 'leaving', reason: 'test' });
    await wire.end();
    expect(fieldsOf(wire.messages.at(-1)!)).toMatchObject({ code: '28000' });
    expect(await failure(dial(shared, token))).toMatchObject({ code: 'token_invalid' });
  });

  it('a stream carries no streams', async () => {
    const token = await rig.token();
    const nested = dialUpgrade({
      ...gateway(),
      ...STREAMS,
      shared: share(token),
      headers: async () => ({ authorization: `Bearer ${token}` }),
    });
    expect(await failure(nested)).toMatchObject({ code: 'usage' });
  });

  it('streams count as connections do: those beyond are reset', async () => {
    const limit = 64 + 2 * 20;
    await rig.restart(rig.settings, Math.ceil(limit / 0.9));
    const socket = await rig.upgrade({ ...STREAMS, token: await rig.token() });
    const frames = Buffer.alloc(HEADER_BYTES * 100);
    for (let i = 0; i < 100; i++) writeHeader(frames, i * HEADER_BYTES, OPEN, i + 1, 0);
    socket.write(frames);
    let resets = 0;
    while (resets < 75) resets += ((await once(socket, 'data')) as [Buffer])[0].length / HEADER_BYTES;
    expect(resets).toBeGreaterThan(75);
    expect(rig.logs).toContainEqual(expect.stringMatching(/^too many connections: /));
    socket.destroy();
    await rig.restart(rig.settings, openFilesLimit());
  });

  it('who speaks something else behind the 101 loses that connection, and nobody else theirs', async () => {
    const token = await rig.token();
    const wire = await session(share(token), token);
    const socket = await rig.upgrade({ ...STREAMS, token });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket.resume(), 'end');
    await wire.query('SELECT 1').through('Z');
  });

  it('a stream that says nothing is cut as a connection is', async () => {
    await rig.restart({ ...rig.settings, limits: { ...rig.settings.limits, startupTimeoutMs: 1_000 } });
    const stream = (await share(await rig.token()).stream())!;
    await once(stream.resume(), 'close');
    await rig.restart({ ...rig.settings, limits: { ...rig.settings.limits, startupTimeoutMs: 60_000 } });
  });

  it('a stream on which a request was answered is not kept for ever, and a session is', {
    timeout: 60_000,
  }, async () => {
    const token = await rig.token();
    const shared = share(token);
    const asking = (await shared.stream())!;
    asking.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(asking, 'data'))[0])).toMatch(/Keep-Alive: timeout=/);
    const upgrading = (await shared.stream())!;
    upgrading.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(upgrading, 'data');
    const authorization = `Authorization: Bearer ${token}`;
    const upgrade = `GET /v1/databases/app/connect HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: postgresql`;
    upgrading.write(`${upgrade}\r\n${authorization}\r\n\r\n`);
    expect(String((await once(upgrading, 'data'))[0])).toMatch(/^HTTP\/1.1 101 /);
    await once(asking.resume(), 'close');
    expect(upgrading.destroyed).toBe(false);
    const wire = new WireClient(upgrading).startup();
    await wire.through('Z');
  });
});
