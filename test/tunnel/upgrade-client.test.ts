import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCertificates, makeCertificates } from '../../src/demo/certificates.ts';
import { proxyFromEnv } from '../../src/tunnel/proxy.ts';
import { type DialOptions, dialUpgrade } from '../../src/tunnel/upgrade-client.ts';
import { startUpgradeServer, type UpgradeServer } from './upgrade-server.ts';

let certificates: DemoCertificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function gateway(options: Partial<Parameters<typeof startUpgradeServer>[0]> = {}): Promise<UpgradeServer> {
  const server = await startUpgradeServer({ certificates, onStream: (stream) => stream.pipe(stream), ...options });
  cleanups.push(() => server.close());
  return server;
}

async function dial(gatewayUrl: string, options: Partial<DialOptions> = {}): Promise<Duplex> {
  const stream = await dialUpgrade({
    gatewayUrl,
    path: '/v1/databases/shop/connect',
    headers: async () => ({}),
    ca: certificates.ca,
    ...options,
  });
  cleanups.push(() => stream.destroy());
  return stream;
}

async function echo(stream: Duplex, text: string): Promise<string> {
  stream.write(text);
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return chunk.toString();
}

async function listening(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as net.AddressInfo).port;
}

describe('dialUpgrade', () => {
  it('sends path and headers, and gives a raw stream that can half-close', async () => {
    let seen: http.IncomingMessage | undefined;
    const server = await gateway({
      onStream: (stream, request) => {
        seen = request;
        // Together with the 101 or behind it: nothing is lost.
        stream.write('first');
        stream.on('end', () => stream.end('last')).resume();
      },
    });
    const stream = await dial(server.url, {
      headers: async () => ({ authorization: 'DPoP token', dpop: 'proof', 'dbgate-tunnel': 'x' }),
    });
    expect(seen).toMatchObject({
      url: '/v1/databases/shop/connect',
      headers: { authorization: 'DPoP token', dpop: 'proof', upgrade: 'postgresql', host: server.url.slice(8) },
    });
    stream.end();
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('firstlast');
  });

  it('asks for headers at each dial, and resumes the TLS session', async () => {
    const server = await gateway();
    let asked = 0;
    const headers = async () => ({ dpop: String(++asked) });
    const first = await dial(server.url, { headers });
    expect(await echo(first, 'a')).toBe('a');
    expect((first as tls.TLSSocket).isSessionReused()).toBe(false);
    const second = await dial(server.url, { headers });
    expect((second as tls.TLSSocket).isSessionReused()).toBe(true);
    expect(asked).toBe(2);
  });

  it('resumes no session where the authority that vouched for it is not trusted', async () => {
    const server = await gateway();
    expect(await echo(await dial(server.url), 'a')).toBe('a');
    await expect(dial(server.url, { ca: undefined })).rejects.toMatchObject({ code: 'gateway_unreachable' });
    expect(await echo(await dial(server.url), 'b')).toBe('b');
  });

  it('lives past its time to dial, and past its signal', async () => {
    const server = await gateway();
    const controller = new AbortController();
    const stream = await dial(server.url, { timeoutMs: 3_000, signal: controller.signal });
    controller.abort();
    await sleep(3_200);
    expect(await echo(stream, 'still here')).toBe('still here');
  });

  it.each([
    [
      403,
      '{"error":{"code":"denied","message":"not \\u001b[2Jgranted","hint":"dbgate request"}}',
      { code: 'denied', message: 'not  [2Jgranted', hint: 'dbgate request' },
    ],
    [
      401,
      '{"error":{"code":"login_required","message":"no token"}}',
      { code: 'login_required', message: 'no token', hint: undefined },
    ],
    [403, '{"error":{"code":"made_up","message":"x"}}', { code: 'denied' }],
    [401, '<html>', { code: 'token_invalid' }],
    [404, 'null', { code: 'not_found' }],
    [502, 'Bad Gateway', { code: 'gateway_unreachable', message: expect.stringContaining('502') }],
    [200, '', { code: 'gateway_unreachable', message: expect.stringContaining('200') }],
  ])('maps a refusal with %i %s', async (status, body, expected) => {
    const server = await gateway({ refuse: () => ({ status, body }) });
    await expect(dial(server.url)).rejects.toMatchObject(expected);
  });

  it('reads no endless refusal', async () => {
    const server = await gateway({ refuse: () => ({ status: 403, body: 'x'.repeat(5_000_000) }) });
    await expect(dial(server.url)).rejects.toMatchObject({ code: 'denied' });
  });

  it('says the real cause of what failed on the way', async () => {
    const server = await gateway();
    await expect(dial(server.url, { ca: undefined })).rejects.toMatchObject({
      code: 'gateway_unreachable',
      hint: expect.stringContaining('--ca-file'),
    });
    await expect(dial('https://no-such-host.invalid')).rejects.toMatchObject({
      code: 'gateway_unreachable',
      cause: { code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) },
    });
    await expect(dial('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'usage' });
    await server.close();
    await expect(dial(server.url)).rejects.toMatchObject({
      code: 'gateway_unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('gives up on one that says nothing, and when told to', async () => {
    const held = new Set<net.Socket>();
    const port = await listening(net.createServer((socket) => void held.add(socket.on('error', () => {}))));
    await expect(dial(`https://127.0.0.1:${port}`, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'gateway_unreachable',
      message: expect.stringContaining('100 ms'),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await expect(dial(`https://127.0.0.1:${port}`, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await expect(dial(`https://127.0.0.1:${port}`, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    for (const socket of held) socket.destroy();
  });
});

describe('a proxy', () => {
  async function proxy(answer: (request: http.IncomingMessage, socket: Duplex) => void): Promise<number> {
    const server = http.createServer((_request, response) => response.writeHead(405).end());
    server.on('connect', answer);
    return listening(server);
  }

  it('is passed by CONNECT, with its password, half-close and resumption kept', async () => {
    const asked: (string | undefined)[] = [];
    const server = await gateway({ onStream: (stream) => stream.on('end', () => stream.end('last')).resume() });
    const reused: boolean[] = [];
    const port = await proxy((request, socket) => {
      asked.push(request.url, request.headers['proxy-authorization']);
      const [host, to] = request.url!.split(':');
      const upstream = net.connect({ host: host!, port: Number(to), allowHalfOpen: true }, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    for (let i = 0; i < 2; i++) {
      const stream = await dial(server.url, { proxy: `http://me:p%40ss@127.0.0.1:${port}` });
      reused.push((stream as tls.TLSSocket).isSessionReused());
      stream.end();
      const chunks: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe('last');
    }
    expect(reused).toEqual([false, true]);
    expect(asked.slice(0, 2)).toEqual([server.url.slice(8), `Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  });

  it('that refuses, or is none, is named without its password', async () => {
    const port = await proxy((_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const refused = dial('https://gateway.test', { proxy: `http://me:secret@127.0.0.1:${port}` });
    await expect(refused).rejects.toMatchObject({
      code: 'gateway_unreachable',
      message: `proxy 127.0.0.1:${port} refused to connect to gateway.test:443: HTTP status 407`,
    });
    await expect(dial('https://gateway.test', { proxy: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'gateway_unreachable',
    });
    for (const wrong of ['socks5://me:secret@127.0.0.1:1', ':://secret']) {
      const error = (await dial('https://gateway.test', { proxy: wrong }).catch((thrown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'config' });
      expect(String(error.stack)).not.toContain('secret');
    }
  });

  it.each([
    [{}, 'https://gw.test', undefined],
    [{ HTTPS_PROXY: 'http://p' }, 'https://gw.test', 'http://p'],
    [{ https_proxy: 'http://p', HTTPS_PROXY: 'http://q' }, 'https://gw.test', 'http://p'],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: '*' }, 'https://gw.test', undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: 'other.test, gw.test' }, 'https://gw.test', undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: '.test' }, 'https://gw.test', undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: 'w.test' }, 'https://gw.test', 'http://p'],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: 'gw.test:8443' }, 'https://gw.test', 'http://p'],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: 'gw.test:8443' }, 'https://gw.test:8443', undefined],
    [{ HTTPS_PROXY: 'http://p' }, 'https://127.0.0.1:9', undefined],
    [{ HTTPS_PROXY: 'http://p' }, 'https://localhost:9', undefined],
    [{ HTTP_PROXY: 'http://p' }, 'https://gw.test', undefined],
  ])('by %j for %s is %s', (env, url, expected) => {
    expect(proxyFromEnv(new URL(url), env)).toBe(expected);
  });
});
