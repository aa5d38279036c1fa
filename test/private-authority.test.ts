import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeRequester } from '../src/login/node-request.ts';
import { dialUpgrade } from '../src/tunnel/upgrade-client.ts';
import { selfSignedFor } from './login/certificate.ts';

/** One server for each certificate; what came is counted. */
async function serverOf(certificate: { cert: string; key: string }) {
  const seen: string[] = [];
  const server: Server = createServer(certificate, (request, response) => {
    seen.push(request.url!);
    response.end('ok');
  });
  server.on('upgrade', (request, stream) => {
    seen.push(request.url!);
    stream.on('error', () => {});
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\n\r\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, seen, cert: certificate.cert, close };
}

describe('a private authority', () => {
  let own: Awaited<ReturnType<typeof serverOf>>;
  let known: typeof own;
  let stranger: typeof own;
  const before = tls.getCACertificates('default');
  beforeAll(async () => {
    const certificates = await Promise.all(
      ['own', 'known', 'stranger'].map((name) => selfSignedFor('127.0.0.1', name)),
    );
    [own, known, stranger] = (await Promise.all(certificates.map(serverOf))) as [typeof own, typeof own, typeof own];
    // As if it were one of the system's.
    tls.setDefaultCACertificates([...before, known.cert]);
  });
  afterAll(() => {
    tls.setDefaultCACertificates(before);
    for (const server of [own, known, stranger]) server.close();
  });

  async function ask(requester: NodeRequester, url: string): Promise<number> {
    const { status, body } = await requester.request(new URL('/asked', url), { method: 'POST', body: 'x' });
    for await (const _chunk of body);
    return status;
  }
  async function dial(url: string, ca: string): Promise<void> {
    const stream = await dialUpgrade({ gatewayUrl: url, path: '/dialled', headers: async () => ({}), ca });
    stream.destroy();
  }

  it('is trusted beside those of the system, and nobody else is', async () => {
    // A line break more makes each another authority of this process, which has asked nobody yet.
    for (const [round, order] of [
      [own, known, stranger],
      [known, stranger, own],
      [stranger, own, known],
    ].entries()) {
      const requester = new NodeRequester(own.cert + '\n'.repeat(2 * round));
      const dialled = own.cert + '\n'.repeat(2 * round + 1);
      for (const server of order) {
        server.seen.length = 0;
        if (server === stranger) {
          const code = expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/);
          await expect(ask(requester, server.url)).rejects.toMatchObject({ code });
          await expect(dial(server.url, dialled)).rejects.toMatchObject({
            code: 'gateway_unreachable',
            cause: { code },
          });
          expect(server.seen).toEqual([]);
        } else {
          expect(await ask(requester, server.url)).toBe(200);
          await dial(server.url, dialled);
          expect(server.seen).toEqual(['/asked', '/dialled']);
        }
      }
      requester.close();
    }
  });
});
