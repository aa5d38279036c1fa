/** A stand-in for the gateway's API, where a test needs answers that the real one would not give. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../../src/demo/certificates.ts';

export type Answer = { status?: number; body?: unknown; lines?: readonly unknown[] };

export interface StandInGateway {
  readonly url: string;
  /** For the CLI: gateway, CA, token, and a configuration folder of its own. */
  readonly env: Record<string, string>;
  readonly dir: string;
  /** `GET /v1/databases` → answer; the query is left out of the key. */
  readonly routes: Map<string, (request: IncomingMessage, url: URL) => Answer>;
  /** Asked first; for paths with an id in them. */
  answer: ((key: string) => Answer | undefined) | undefined;
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  /** What to do with a stream after 101; undefined: refuse with 403. */
  onStream: ((stream: net.Socket, request: IncomingMessage) => void) | undefined;
  close(): Promise<void>;
}

export async function startStandInGateway(): Promise<StandInGateway> {
  const certificates = await makeCertificates();
  const dir = await mkdtemp(join(tmpdir(), 'dbgate-cli-'));
  await writeFile(join(dir, 'ca.pem'), certificates.ca);
  const sockets = new Set<net.Socket>();
  const server = https.createServer({ cert: certificates.cert, key: certificates.key }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://x');
    gateway.seen.push({ method: request.method!, url: request.url!, headers: request.headers });
    const key = `${request.method} ${url.pathname}`;
    const answer = gateway.answer?.(key) ??
      gateway.routes.get(key)?.(request, url) ?? {
        status: 404,
        body: { error: { code: 'not_found', message: `there is no ${url.pathname}` } },
      };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    if (answer.lines === undefined) response.end(JSON.stringify(answer.body));
    else response.write(answer.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, stream: net.Socket) => {
    // As a gateway of before there were shared connections.
    if (request.url === '/v1/streams') {
      const body = JSON.stringify({ error: { code: 'not_found', message: 'there is no /v1/streams' } });
      stream
        .on('error', () => {})
        .end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
      return;
    }
    gateway.seen.push({ method: 'UPGRADE', url: request.url!, headers: request.headers });
    stream.on('error', () => {});
    if (gateway.onStream === undefined) {
      const body = JSON.stringify({
        error: { code: 'denied', message: 'database "x" is not granted to you', hint: 'dbgate ls' },
      });
      stream.end(
        `HTTP/1.1 403 Forbidden\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\n\r\n');
    gateway.onStream(stream, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const gateway: StandInGateway = {
    url,
    dir,
    env: {
      DBGATE_GATEWAY: url,
      DBGATE_CA_FILE: join(dir, 'ca.pem'),
      DBGATE_TOKEN: 'token-of-the-test',
      DBGATE_CONFIG_DIR: join(dir, 'config'),
      XDG_RUNTIME_DIR: dir,
    },
    routes: new Map([
      ['GET /v1/whoami', () => ({ body: whoami }) as Answer],
      [
        'GET /v1/databases',
        () => ({
          body: { databases: [{ name: 'shop', environment: 'production', access: 'write', create: true, labels: {} }] },
        }),
      ],
    ]),
    seen: [],
    answer: undefined,
    onStream: undefined,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(dir, { recursive: true, force: true });
    },
  };
  return gateway;
}

export const whoami = {
  issuer: 'https://issuer.test',
  subject: 'u-1',
  email: "o'brien+x@demo.test",
  groups: [],
  kind: 'user',
  expires_at: new Date(Date.now() + 3_600_000).toISOString(),
};
