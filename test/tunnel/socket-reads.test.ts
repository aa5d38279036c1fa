import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { readsThroughBuffer, takeReads } from '../../src/socket-reads.ts';

const open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** Two ends of a connection; `near` as the gateway's and the tunnel's sockets are made, or as Node makes them. */
async function pair(through: 'buffer' | 'node'): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const near = net.connect({
    port,
    host: '127.0.0.1',
    ...(through === 'buffer' ? { onread: readsThroughBuffer } : {}),
  });
  const [far] = await accepted;
  near.pause();
  open.push(near, far);
  server.close();
  return { near, far };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe.each(['buffer', 'node'] as const)('takeReads of a socket that reads through %s', (through) => {
  it('gives every byte once and in order, whenever it is paused', async () => {
    const { near, far } = await pair(through);
    const taken: Buffer[] = [];
    let bytes = 0;
    takeReads(near, (chunk) => {
      taken.push(chunk);
      bytes += chunk.length;
      if (taken.length % 3 !== 0) return;
      near.pause();
      setTimeout(() => near.resume(), taken.length % 2);
    });
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    far.write(sent.subarray(0, 10));
    // What came while it was paused is first.
    await new Promise((resolve) => setTimeout(resolve, 20));
    near.resume();
    for (let at = 10; at < sent.length; at += 997) {
      far.write(sent.subarray(at, Math.min(at + 997, sent.length)));
      if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => bytes >= sent.length);
    expect(Buffer.concat(taken).equals(sent)).toBe(true);
  });

  it('goes on to the end, and takes nothing once it is stopped', async () => {
    const { near, far } = await pair(through);
    const taken: string[] = [];
    const later: string[] = [];
    const stop = takeReads(near, (chunk) => {
      taken.push(chunk.toString());
      stop();
      near.on('data', (next: Buffer) => later.push(next.toString()));
    });
    near.resume();
    far.write('one');
    await until(() => taken.length > 0);
    far.end('two');
    await once(near, 'end');
    expect(taken).toEqual(['one']);
    expect(later.join('')).toBe('two');
  });

  it('holds back what comes while it is paused', async () => {
    const { near, far } = await pair(through);
    const taken: string[] = [];
    takeReads(near, (chunk) => taken.push(chunk.toString()));
    near.resume();
    far.write('one');
    await until(() => taken.length > 0);
    near.pause();
    far.write('two');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(taken).toEqual(['one']);
    near.resume();
    await until(() => taken.length > 1);
    expect(taken).toEqual(['one', 'two']);
  });
});

it('takeReads lets nothing pass what was put back before', async () => {
  const { near } = await pair('node');
  const taken: string[] = [];
  takeReads(near, (chunk) => taken.push(chunk.toString()));
  near.unshift(Buffer.from('one'));
  near.resume();
  near.push(Buffer.from('two'));
  await until(() => taken.join('').length >= 6);
  expect(taken.join('')).toBe('onetwo');
});

it('takeReads of another stream listens to it as ever', async () => {
  const stream = new PassThrough();
  const taken: string[] = [];
  const stop = takeReads(stream, (chunk) => taken.push(chunk.toString()));
  stream.write('one');
  await until(() => taken.length > 0);
  stop();
  stream.write('two');
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toEqual(['one']);
});
