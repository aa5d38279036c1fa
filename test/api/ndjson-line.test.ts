import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { writeLine } from '../../src/api/ndjson-line.ts';
import { makeCertificates } from '../../src/demo/certificates.ts';

it('every line comes, whatever their lengths and whenever they are made', async () => {
  const { cert, key, ca } = await makeCertificates();
  const lengths = Array.from({ length: 4000 }, (_, i) => 200 + ((i * 7919) % 3000));
  const server = https.createServer({ cert, key }, async (_request, response) => {
    response.writeHead(200);
    for (const [i, length] of lengths.entries()) {
      if (i % 650 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await writeLine(response, { i, text: 'x'.repeat(length) });
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const request = https.get({ host: '127.0.0.1', port, ca, servername: 'localhost' });
    const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { i: number }).i)).toEqual(lengths.map((_, i) => i));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

it('goes on when a line was taken, whether or not the stream says that it is drained', async () => {
  const response = Object.assign(new EventEmitter(), {
    destroyed: false,
    write: (_text: string, taken: () => void) => {
      setImmediate(taken);
      return false;
    },
  });
  await writeLine(response as unknown as ServerResponse, {});
  expect(response.listenerCount('close')).toBe(0);
  response.write = () => false;
  const gone = writeLine(response as unknown as ServerResponse, {});
  response.emit('close');
  await gone;
});
