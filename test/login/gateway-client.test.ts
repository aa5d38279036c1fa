import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { proxySettings } from '../../src/config/proxy.ts';
import { type GatewayClient, openGatewayClient } from '../../src/login/gateway-client.ts';
import { type OidcFixture, startOidc } from '../support/oidc.ts';
import { selfSignedFor } from './certificate.ts';
import { type SmallGateway, startSmallGateway } from './small-gateway.ts';

let oidc: OidcFixture;
let gateway: SmallGateway;
let dir: string;
beforeAll(async () => {
  oidc = await startOidc();
  gateway = await startSmallGateway(oidc.settings);
  dir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
});
afterEach(() => {
  gateway.answer = undefined;
});
afterAll(async () => {
  await gateway.close();
  await oidc.stop();
  await rm(dir, { recursive: true });
});

async function use<T>(env: Record<string, string>, work: (client: GatewayClient) => Promise<T>): Promise<T> {
  const client = await openGatewayClient({ env: { DBGATE_CONFIG_DIR: dir, ...env } });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
const whoami = (client: GatewayClient) => client.request('GET', '/v1/whoami');

describe('tokens from the environment', () => {
  it('DBGATE_TOKEN is sent as Bearer', async () => {
    const DBGATE_TOKEN = `${await oidc.sign(oidc.claims())}\n`;
    expect(await use({ DBGATE_GATEWAY: gateway.url, DBGATE_TOKEN }, whoami)).toMatchObject({ subject: 'u-1' });
  });

  it('DBGATE_TOKEN_FILE is read again for each request', async () => {
    const path = join(dir, 'token');
    await writeFile(path, await oidc.sign(oidc.claims({ sub: 'first' })));
    await use({ DBGATE_GATEWAY: gateway.url, DBGATE_TOKEN_FILE: path }, async (client) => {
      expect(await whoami(client)).toMatchObject({ subject: 'first' });
      await writeFile(path, await oidc.sign(oidc.claims({ sub: 'second' })));
      expect(await whoami(client)).toMatchObject({ subject: 'second' });
      await writeFile(path, 'two words\r\nX-Evil: 1');
      await expect(whoami(client)).rejects.toMatchObject({ code: 'login_required', message: /holds no access token/ });
      await rm(path);
      await expect(whoami(client)).rejects.toMatchObject({ code: 'login_required', message: /cannot read/ });
    });
  });

  it('a token that the gateway refuses: its reason, and which variable to mend', async () => {
    const DBGATE_TOKEN = await oidc.sign(oidc.claims({ exp: 1 }));
    const refused = use({ DBGATE_GATEWAY: gateway.url, DBGATE_TOKEN }, whoami);
    await expect(refused).rejects.toMatchObject({ code: 'token_invalid', message: /expired/, hint: /DBGATE_TOKEN/ });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining(DBGATE_TOKEN) });
  });

  it('neither gateway nor login: login_required', async () => {
    await expect(use({}, whoami)).rejects.toMatchObject({ code: 'login_required', hint: /dbgate login/ });
    await expect(use({ DBGATE_GATEWAY: gateway.url }, whoami)).rejects.toMatchObject({ code: 'login_required' });
  });
});

describe('answers', () => {
  const env = () => ({ DBGATE_GATEWAY: gateway.url, DBGATE_TOKEN: 'abc' });
  const answering = (status: number, type: string, body: string) => {
    gateway.answer = (_request, response) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
      return true;
    };
  };

  it('errors of the gateway keep code, message and hint', async () => {
    const error = { code: 'denied', message: 'no', hint: 'ask' };
    answering(403, 'application/json', JSON.stringify({ error }));
    await expect(use(env(), whoami)).rejects.toMatchObject(error);
    answering(409, 'application/json', '{"error":{"code":"made_up","message":"x"}}');
    await expect(use(env(), whoami)).rejects.toMatchObject({ code: 'internal', message: 'x' });
    answering(404, 'application/json', '{"error":{"message":"x"}}');
    await expect(use(env(), whoami)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('what is no gateway is said to be none', async () => {
    for (const [status, body] of [
      [200, '<html>'],
      [404, '<html>'],
      [302, ''],
      [502, 'bad gateway'],
      [503, ''],
    ] as const) {
      answering(status, 'text/html', body);
      const client = use(env(), whoami);
      if (status === 200 || status >= 300) await expect(client).rejects.toMatchObject({ code: 'gateway_unreachable' });
    }
  });

  it('a redirect is not followed with the token', async () => {
    const other: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      other.push(request);
      response.end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    gateway.answer = (_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
      response.end();
      return true;
    };
    await expect(use(env(), whoami)).rejects.toMatchObject({ code: 'gateway_unreachable' });
    expect(other).toEqual([]);
    server.close();
  });

  it('NDJSON comes line by line, whatever the chunks', async () => {
    gateway.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const text = '{"event":"a","text":"ä"}\n\n{"event":"b"}\n';
      const bytes = Buffer.from(text);
      void (async () => {
        for (const byte of bytes) {
          response.write(Buffer.of(byte));
          await new Promise((done) => setImmediate(done));
        }
        response.end();
      })();
      return true;
    };
    const events = await use(env(), async (client) => {
      const list: unknown[] = [];
      for await (const event of client.stream('/v1/tunnels/x/events')) list.push(event);
      return list;
    });
    expect(events).toEqual([{ event: 'a', text: 'ä' }, { event: 'b' }]);
  });

  it('a stream ends quietly when it is aborted, and throws when the gateway goes away', async () => {
    gateway.answer = (request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"event":"a"}\n');
      if (request.url === '/cut') setTimeout(() => response.destroy(), 20);
      return true;
    };
    const abort = new AbortController();
    await use(env(), async (client) => {
      for await (const _event of client.stream('/x', { signal: abort.signal })) abort.abort();
    });
    const cut = use(env(), async (client) => {
      for await (const _event of client.stream('/cut'));
    });
    await expect(cut).rejects.toMatchObject({ code: 'gateway_unreachable' });
  });
});

describe('the way there', () => {
  it('failures name the real reason', async () => {
    const reason = (url: string) => use({ DBGATE_GATEWAY: url, DBGATE_TOKEN: 'a' }, whoami);
    await expect(reason('https://127.0.0.1:1')).rejects.toMatchObject({ message: /connection refused by 127.0.0.1:1/ });
    await expect(reason('https://nowhere.invalid')).rejects.toMatchObject({
      message: /host not found: nowhere.invalid/,
    });
    await expect(reason('http://gw.example.com')).rejects.toMatchObject({ code: 'usage', message: /not https/ });
  });

  it('a private CA is trusted by DBGATE_CA_FILE only, for that host only, and beside the system', async () => {
    const { cert, key } = await selfSignedFor('127.0.0.1');
    const server = createHttpsServer({ cert, key }, (_request, response) => response.end('{"ok":true}'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const env = { DBGATE_GATEWAY: `https://127.0.0.1:${port}`, DBGATE_TOKEN: 'a' };
    const caFile = join(dir, 'ca.pem');
    await writeFile(caFile, cert);
    await expect(use(env, whoami)).rejects.toMatchObject({ message: /not from a trusted CA/, hint: /DBGATE_CA_FILE/ });
    expect(await use({ ...env, DBGATE_CA_FILE: caFile }, whoami)).toEqual({ ok: true });
    const wrongName = { ...env, DBGATE_GATEWAY: `https://localhost:${port}`, DBGATE_CA_FILE: caFile };
    await expect(use(wrongName, whoami)).rejects.toMatchObject({ code: 'gateway_unreachable' });
    await expect(use({ ...env, DBGATE_CA_FILE: '/none' }, whoami)).rejects.toMatchObject({ code: 'config' });
    server.closeAllConnections();
    server.close();
  });

  it('HTTPS_PROXY is used (CONNECT), but not for loopback', async () => {
    const { cert, key } = await selfSignedFor('gw.test');
    const target = createHttpsServer({ cert, key }, (_request, response) => response.end('{"via":"proxy"}'));
    await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
    const connects: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      connects.push(String(request.url));
      const upstream = connect((target.address() as AddressInfo).port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const caFile = join(dir, 'gw.pem');
    await writeFile(caFile, cert);
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const env = { DBGATE_TOKEN: 'a', HTTPS_PROXY, HTTP_PROXY: HTTPS_PROXY, DBGATE_CA_FILE: caFile };
    expect(await use({ ...env, DBGATE_GATEWAY: 'https://gw.test' }, whoami)).toEqual({ via: 'proxy' });
    expect(connects).toEqual(['gw.test:443']);
    const DBGATE_TOKEN = await oidc.sign(oidc.claims());
    expect(await use({ ...env, DBGATE_TOKEN, DBGATE_GATEWAY: gateway.url }, whoami)).toMatchObject({ subject: 'u-1' });
    expect(connects).toHaveLength(1);
    target.closeAllConnections();
    target.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  it('proxy variables are read as curl does', () => {
    expect(proxySettings({ https_proxy: 'http://l', HTTPS_PROXY: 'http://U', NO_PROXY: 'a,b' })).toEqual({
      httpProxy: '',
      httpsProxy: 'http://l',
      noProxy: 'a,b,localhost,127.0.0.1,[::1]',
    });
    expect(proxySettings({ ALL_PROXY: 'socks5://x' }).httpsProxy).toBe('');
  });
});
