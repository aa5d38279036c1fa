/** An upstream that is not what it should be: whatever it says, its session ends, and the gateway and the others live on. */
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeParameterStatus } from '../../src/pgwire/result.ts';
import { until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const rig = withRig();

const message = (type: string, ...body: Buffer[]): Buffer => {
  const bytes = Buffer.concat(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
};
const READY = message('Z', Buffer.from('I'));
const NOTHING_FOUND = Buffer.concat([message('C', Buffer.from('SELECT 0\0')), READY]);
const GREETING = Buffer.concat([
  message('R', Buffer.alloc(4)),
  encodeParameterStatus('server_version', '15.8'),
  encodeParameterStatus('server_encoding', 'UTF8'),
  encodeParameterStatus('client_encoding', 'UTF8'),
  encodeParameterStatus('standard_conforming_strings', 'on'),
  message('K', Buffer.alloc(8, 1)),
  READY,
]);

let answer: (socket: net.Socket, query: boolean) => void;
let server: net.Server;
const sockets = new Set<net.Socket>();

beforeAll(async () => {
  server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    let asked = 0;
    let forGateway = false;
    socket.on('data', (chunk: Buffer) => {
      if (asked === 0) forGateway = chunk.includes('search_path\0pg_catalog\0');
      // The gateway's own look at the catalog gets an answer, so that what is tested is the session.
      if (forGateway) socket.write(asked++ === 0 ? GREETING : NOTHING_FOUND);
      else answer(socket, asked++ > 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const database = rig.settings.databases.get('app')!;
  const { port } = server.address() as net.AddressInfo;
  const upstream = { ...database.upstream, host: '127.0.0.1', port, connectTimeoutMs: 2_000 };
  const hostile = { ...database, name: 'hostile', upstream };
  rig.gateway.reload({ ...rig.settings, databases: new Map([...rig.settings.databases, ['hostile', hostile]]) });
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function connect(): Promise<WireClient> {
  return new WireClient(await rig.upgrade({ token: await rig.token(), database: 'hostile' })).startup();
}

async function othersLiveOn(): Promise<void> {
  const wire = new WireClient(await rig.upgrade({ token: await rig.token() }));
  await wire.startup().through('Z');
  wire.query('SELECT 1');
  await wire.through('Z');
  wire.stream.end();
  await until(async () => (await rig.api('GET', '/healthz')).body.sessions === 0);
}

describe('at start-up', () => {
  it.each([
    ['garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a message of 2 GB', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])],
    ['a length below 4', Buffer.from([0x52, 0, 0, 0, 1])],
    ['rows before authentication', message('D', Buffer.from([0, 0]))],
    [
      'another encoding',
      Buffer.concat([
        message('R', Buffer.alloc(4)),
        encodeParameterStatus('server_version', '15.8'),
        encodeParameterStatus('server_encoding', 'SJIS'),
        READY,
      ]),
    ],
    [
      'standard_conforming_strings off',
      Buffer.concat([
        GREETING.subarray(0, -READY.length),
        encodeParameterStatus('standard_conforming_strings', 'off'),
        READY,
      ]),
    ],
    [
      'a version that is none',
      Buffer.concat([
        message('R', Buffer.alloc(4)),
        encodeParameterStatus('server_version', '\u001b[2Jevil'),
        encodeParameterStatus('server_encoding', 'UTF8'),
        READY,
      ]),
    ],
    ['an AuthenticationOk that never ends', undefined],
    ['another protocol than was asked for', message('v', Buffer.from([0, 3, 0, 2, 0, 0, 0, 0]))],
    ['CopyBothResponse', Buffer.concat([message('R', Buffer.alloc(4)), message('W', Buffer.from([0, 0, 0]))])],
    ...[0, 3, 7, 261, 60_000].map((bytes): [string, Buffer] => [
      `a key for cancels of ${bytes} bytes`,
      Buffer.concat([message('R', Buffer.alloc(4)), message('K', Buffer.alloc(bytes, 7)), READY]),
    ]),
    ['a row behind its greeting', Buffer.concat([GREETING, message('D', Buffer.from([0, 0]))])],
  ])('%s', async (_name, bytes) => {
    answer = (socket) => {
      if (bytes !== undefined) socket.write(bytes);
    };
    expect(await (await connect()).error()).toMatchObject({
      severity: 'FATAL',
      code: expect.stringMatching(/^(08|0A|XX)/),
    });
    await othersLiveOn();
    expect(rig.logs.filter((line) => /[\u0000-\u001f]/.test(line))).toEqual([]);
  });

  it('ParameterStatus without end', async () => {
    const flood = Buffer.concat(
      Array.from({ length: 200 }, (_, i) => encodeParameterStatus(`p${i}`, 'x'.repeat(1_000))),
    );
    answer = (socket) => {
      socket.write(message('R', Buffer.alloc(4)));
      const more = (): void => {
        if (!socket.destroyed) socket.write(flood, () => setImmediate(more));
      };
      more();
    };
    expect(await (await connect()).error()).toMatchObject({ severity: 'FATAL' });
    await othersLiveOn();
  });
});

describe('in a session', () => {
  it.each([
    ['rows that nobody asked for', message('D', Buffer.from([0, 0])), false],
    ['a ReadyForQuery that nobody asked for', READY, false],
    ['an unknown message', message('?', Buffer.from('x')), false],
    ['a length below 4', Buffer.from([0x54, 0, 0, 0, 3]), true],
    ['a CommandComplete of 2 GB', Buffer.from([0x43, 0x7f, 0xff, 0xff, 0xff]), true],
    ['CopyBothResponse', message('W', Buffer.from([0, 0, 0])), true],
    ['another client_encoding', encodeParameterStatus('client_encoding', 'SJIS'), true],
    ['an answer without its end', message('1'), true],
    ['AuthenticationOk once more', message('R', Buffer.alloc(4)), true],
    ['another key for cancels', message('K', Buffer.alloc(8, 2)), true],
    ['NegotiateProtocolVersion', message('v', Buffer.from([0, 3, 0, 0, 0, 0, 0, 0])), true],
    ['the answer to a FunctionCall', message('V', Buffer.from([255, 255, 255, 255])), true],
    ['what answers Parse, where nothing was parsed', message('t', Buffer.from([0, 0])), true],
    ['a CommandComplete without its NUL', message('C', Buffer.from('SELECT 1')), true],
    ['a ReadyForQuery of no status', message('Z', Buffer.from('?')), true],
    ['a ReadyForQuery of two', message('Z', Buffer.from('II')), true],
    ['a ParameterStatus without its NULs', message('S', Buffer.from('application_name')), true],
    ['an ErrorResponse without its end', message('E', Buffer.from('SERROR\0')), true],
    ['an ErrorResponse of nothing', message('E', Buffer.from('')), true],
    ['a RowDescription of 2 GB', Buffer.from([0x54, 0x7f, 0xff, 0xff, 0xff]), true],
    ['a DataRow of 2 GB', Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff]), true],
  ])('%s', async (_name, bytes, onQuery) => {
    answer = (socket, query) => {
      if (!query) {
        socket.write(GREETING);
        if (!onQuery) setTimeout(() => socket.write(bytes), 100);
      } else socket.write(bytes);
    };
    const wire = await connect();
    await wire.through('Z');
    if (onQuery) wire.query('SELECT 1');
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '08P01' });
    await wire.end();
    await othersLiveOn();
  });

  it('a refusal that the upstream answers as if it had run ends the session', async () => {
    answer = (socket, query) =>
      socket.write(query ? Buffer.concat([message('C', Buffer.from('DROP TABLE\0')), READY]) : GREETING);
    const wire = await connect();
    await wire.through('Z');
    wire.query('DROP TABLE users');
    expect(await wire.error()).toMatchObject({ severity: 'FATAL', code: '08P01' });
    await othersLiveOn();
  });

  it('a death in the middle of a row', async () => {
    answer = (socket, query) => {
      if (!query) socket.write(GREETING);
      else socket.end(Buffer.from([0x44, 0, 0, 1, 0, 0, 1]));
    };
    const wire = await connect();
    await wire.through('Z');
    wire.query('SELECT 1');
    await wire.end();
    await othersLiveOn();
  });
});
