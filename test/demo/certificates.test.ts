import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { expect, it } from 'vitest';
import { makeCertificates, writeCertificates } from '../../src/demo/certificates.ts';

it('makes a certificate that TLS clients accept for localhost and both loopback addresses, by the CA only', async () => {
  const { ca, cert, key } = await makeCertificates();
  const server = tls.createServer({ cert, key }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connect = (servername: string, trust: string | undefined) =>
    new Promise<boolean>((resolve, reject) => {
      const options: tls.ConnectionOptions = { host: '127.0.0.1', port, ...(trust ? { ca: trust } : {}) };
      if (!/^[\d.:]+$/.test(servername)) options.servername = servername;
      options.checkServerIdentity = (_host, peer) => tls.checkServerIdentity(servername, peer);
      const socket = tls.connect(options, () => {
        resolve(socket.authorized);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  try {
    for (const name of ['localhost', '127.0.0.1', '::1']) expect(await connect(name, ca)).toBe(true);
    await expect(connect('db.example.com', ca)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(connect('localhost', undefined)).rejects.toMatchObject({ code: expect.stringMatching(/UNABLE_TO/) });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

it('writes the key for its owner only', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-test-'));
  try {
    await writeCertificates(dir, { ca: 'a', cert: 'b', key: 'c' });
    expect((await stat(path.join(dir, 'server.key'))).mode & 0o777).toBe(0o600);
  } finally {
    await rm(dir, { recursive: true });
  }
});
