/** Streams that share a connection: real bytes between two carriers over a socket pair of the system's. */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { CarriedStream } from '../../src/streams/carried-stream.ts';
import { Carrier } from '../../src/streams/carrier.ts';
import {
  CREDIT,
  DATA,
  END,
  FrameReader,
  type FrameType,
  HEADER_BYTES,
  MAX_LENGTH,
  MAX_STREAM,
  OPEN,
  RESET,
  writeHeader,
} from '../../src/streams/frames.ts';

const WINDOW = 64 << 10;
const open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

function frame(type: FrameType | number, stream: number, length = 0, bytes = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  writeHeader(header, 0, type as FrameType, stream, length);
  return Buffer.concat([header, bytes]);
}

async function socketPair(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialled = net.connect({
    port: (server.address() as net.AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [served] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  open.push(dialled, served);
  return [dialled, served];
}

async function carriers(window = WINDOW) {
  const [dialled, served] = await socketPair();
  const accepted: CarriedStream[] = [];
  const closed = { dialled: 0, served: 0 };
  const client = new Carrier(dialled, { window, peerWindow: window, onClosed: () => closed.dialled++ });
  const server = new Carrier(served, {
    window,
    peerWindow: window,
    accept: (stream) => accepted.push(stream) > 0,
    onClosed: () => closed.served++,
  });
  const pair = async (): Promise<[CarriedStream, CarriedStream]> => {
    const near = client.open()!;
    await until(() => accepted.some(({ number }) => number === near.number));
    return [near, accepted.find(({ number }) => number === near.number)!];
  };
  return { client, server, dialled, served, accepted, closed, pair };
}

/** A carrier that serves, and a socket that says to it whatever a test wants. */
async function attacked() {
  const [raw, served] = await socketPair();
  raw.on('error', () => {});
  const accepted: CarriedStream[] = [];
  let closed = false;
  new Carrier(served, {
    window: WINDOW,
    peerWindow: WINDOW,
    accept: (stream) => accepted.push(stream) > 0,
    onClosed: () => {
      closed = true;
    },
  });
  return { raw, served, accepted, isClosed: () => closed };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('frames', () => {
  const framed = fc.oneof(
    fc.record({
      type: fc.constant(DATA),
      stream: fc.integer({ min: 1, max: MAX_STREAM }),
      bytes: fc.uint8Array({ maxLength: 40 }),
    }),
    fc.record({
      type: fc.constantFrom(OPEN, END, RESET),
      stream: fc.integer({ min: 1, max: MAX_STREAM }),
      bytes: fc.constant(new Uint8Array()),
    }),
  );
  const credit = fc.record({
    stream: fc.integer({ min: 1, max: MAX_STREAM }),
    length: fc.integer({ min: 0, max: MAX_LENGTH }),
  });

  it('are the same wherever they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(framed, credit), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (all, cuts) => {
          const wanted: string[] = [];
          const bytes = Buffer.concat(
            all.map((one) => {
              if ('length' in one) {
                wanted.push(`${CREDIT} ${one.stream} ${one.length}`);
                return frame(CREDIT, one.stream, one.length);
              }
              const data = Buffer.from(one.bytes);
              if (one.type !== DATA) wanted.push(`${one.type} ${one.stream} 0`);
              else for (const byte of data) wanted.push(`${DATA} ${one.stream} ${byte}`);
              return frame(one.type, one.stream, data.length, data);
            }),
          );
          const found: string[] = [];
          const reader = new FrameReader({
            data: (stream, data) => void found.push(...[...data].map((byte) => `${DATA} ${stream} ${byte}`)),
            frame: (type, stream, length) => found.push(`${type} ${stream} ${length}`),
          });
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            reader.push(bytes.subarray(at, end));
            at = end;
          }
          expect(found).toEqual(wanted);
        },
      ),
    );
  });
});

describe('streams', () => {
  it('carry what is said on each, both ways, and end by halves', async () => {
    const { pair, client, server } = await carriers();
    const all = await Promise.all([pair(), pair(), pair()]);
    for (const [, far] of all) far.on('data', (chunk) => far.write(`<${chunk}>`)).on('end', () => far.end('bye'));
    const answers = all.map(([near]) => readAll(near));
    for (const [i, [near]] of all.entries()) near.end(`word ${i}`);
    expect((await Promise.all(answers)).map(String)).toEqual(['<word 0>bye', '<word 1>bye', '<word 2>bye']);
    await until(() => client.size === 0 && server.size === 0);
  });

  it('whose reader takes its time hold up no other, and only a window of theirs waits', async () => {
    const { pair } = await carriers();
    const [slow, slowFar] = await pair();
    const [quick, quickFar] = await pair();
    slowFar.pause();
    let taken = 0;
    const piece = Buffer.alloc(16 << 10, 'x');
    const push = (): void => {
      if (taken < 100) slow.write(piece, onTaken);
    };
    const onTaken = (): void => {
      taken++;
      push();
    };
    push();
    await sleep(100);
    // What a stream has for its reader anyway comes on top.
    expect(taken * piece.length).toBeLessThanOrEqual(WINDOW + slowFar.readableHighWaterMark);
    quickFar.on('data', (chunk) => quickFar.write(chunk));
    quick.write('still here');
    expect(String((await once(quick, 'data'))[0])).toBe('still here');
    const all = readAll(slowFar);
    await until(() => taken === 100);
    slow.end();
    expect((await all).length).toBe(100 * piece.length);
  });

  it('bring every byte in order, however they are written, paused and resumed', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1000, max: 60_000 }),
        async (streams, window) => {
          const { pair, client, server } = await carriers(window);
          let byte = 0;
          await Promise.all(
            streams.map(async (sizes) => {
              const [near, far] = await pair();
              const said = sizes.map((size) => Buffer.alloc(size, ++byte & 0xff));
              const heard: Buffer[] = [];
              far.on('data', (chunk: Buffer) => {
                heard.push(chunk);
                if (heard.length % 3 === 0) {
                  far.pause();
                  setImmediate(() => far.resume());
                }
              });
              for (const one of said) near.write(one);
              near.end();
              await once(far, 'end');
              expect(Buffer.concat(heard).equals(Buffer.concat(said))).toBe(true);
              far.end();
            }),
          );
          await until(() => client.size === 0 && server.size === 0);
          client.destroy();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('what was said to the end is read, also behind a reset and when the connection goes', async () => {
    const { pair, server } = await carriers();
    const [near, far] = await pair();
    near.pause();
    far.end('last words');
    await once(far, 'finish');
    far.destroy();
    const [near2, far2] = await pair();
    near2.pause();
    far2.end('of another');
    await once(far2, 'finish');
    await sleep(50);
    server.destroy();
    await sleep(50);
    expect(String(await readAll(near))).toBe('last words');
    expect(String(await readAll(near2))).toBe('of another');
    expect([near.destroyed, near2.destroyed]).toEqual([true, true]);
  });

  it('that are let go of are gone on the other side, and no other with them', async () => {
    const { pair, client } = await carriers();
    const [near, far] = await pair();
    const [, other] = await pair();
    near.destroy();
    await once(far, 'close');
    expect([far.destroyed, other.destroyed, client.size]).toEqual([true, false, 1]);
  });

  it('go with the connection, and writing to them is an error then', async () => {
    const { pair, dialled, closed, client } = await carriers();
    const [near, far] = await pair();
    dialled.destroy();
    await Promise.all([once(near, 'close'), once(far, 'close')]);
    expect(closed).toEqual({ dialled: 1, served: 1 });
    expect(client.open()).toBeUndefined();
    const failed = new Promise((resolve) => near.write('x', resolve));
    expect(await failed).toBeInstanceOf(Error);
  });

  it('have the addresses of their connection', async () => {
    const { pair, served } = await carriers();
    const [, far] = await pair();
    const { remoteAddress, remotePort, localPort } = far;
    expect({ remoteAddress, remotePort, localPort }).toEqual({
      remoteAddress: served.remoteAddress,
      remotePort: served.remotePort,
      localPort: served.localPort,
    });
  });
});

describe('a peer that breaks the rules loses the connection', () => {
  it.each([
    ['bytes of a stream that was never opened', [frame(DATA, 1, 1, Buffer.from('x'))]],
    ['credit for one', [frame(CREDIT, 1, 9)]],
    ['a stream that was left out', [frame(OPEN, 2)]],
    ['a stream that is open', [frame(OPEN, 1), frame(OPEN, 1)]],
    ['stream 0', [frame(OPEN, 0)]],
    ['an unknown frame', [frame(9, 1)]],
    ['an OPEN with a length', [frame(OPEN, 1, 5)]],
    ['an end behind the end', [frame(OPEN, 1), frame(END, 1), frame(END, 1)]],
    ['bytes behind the end', [frame(OPEN, 1), frame(END, 1), frame(DATA, 1, 1, Buffer.from('x'))]],
    ['another protocol', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
  ])('%s', async (_name, frames) => {
    const { raw, served, isClosed } = await attacked();
    raw.write(Buffer.concat(frames));
    await until(isClosed);
    expect(served.destroyed).toBe(true);
  });

  it('more than the window, unread: no more than that is kept', async () => {
    const { raw, served, accepted, isClosed } = await attacked();
    raw.write(frame(OPEN, 1));
    await until(() => accepted.length === 1);
    accepted[0]!.pause();
    const stream = accepted[0]!;
    const most = WINDOW + stream.readableHighWaterMark;
    for (let sent = 0; sent <= most; sent += 1024) raw.write(frame(DATA, 1, 1024, Buffer.alloc(1024)));
    await until(isClosed);
    expect(stream.readableLength).toBeLessThanOrEqual(most);
    expect(stream.destroyed && served.destroyed).toBe(true);
  });

  it('asks on and on, and reads no answer', { timeout: 60_000 }, async () => {
    const [raw, served] = await socketPair();
    raw.on('error', () => {}).pause();
    const carrier = new Carrier(served, {
      window: WINDOW,
      peerWindow: WINDOW,
      accept: () => false,
      onClosed: () => {},
    });
    // What the system holds for both ends comes first.
    const most = 4_000_000;
    const frames = Buffer.alloc(HEADER_BYTES * 10_000);
    let opened = 0;
    while (opened < most && !carrier.isClosed) {
      for (let at = 0; at < frames.length; at += HEADER_BYTES) writeHeader(frames, at, OPEN, ++opened, 0);
      raw.write(frames);
      await until(() => raw.writableLength === 0 || raw.destroyed);
    }
    expect(carrier.isClosed).toBe(true);
  });

  it('a side that dialled takes no streams', async () => {
    const [raw, dialled] = await socketPair();
    raw.on('error', () => {});
    const carrier = new Carrier(dialled, { window: WINDOW, peerWindow: WINDOW, onClosed: () => {} });
    raw.write(frame(OPEN, 1));
    await until(() => carrier.isClosed);
  });
});

it('what is under way of a stream that was reset is thrown away', async () => {
  const { raw, accepted, isClosed } = await attacked();
  raw.write(Buffer.concat([frame(OPEN, 1), frame(OPEN, 2)]));
  await until(() => accepted.length === 2);
  accepted[0]!.destroy();
  raw.write(Buffer.concat([frame(DATA, 1, 2, Buffer.from('xy')), frame(CREDIT, 1, 5), frame(END, 1)]));
  raw.write(frame(DATA, 2, 2, Buffer.from('ab')));
  expect(String((await once(accepted[1]!, 'data'))[0])).toBe('ab');
  expect(isClosed()).toBe(false);
});

it('credit beyond what a frame can carry makes several frames', async () => {
  const { raw, accepted } = await attacked();
  raw.write(Buffer.concat([frame(OPEN, 1), frame(CREDIT, 1, MAX_LENGTH), frame(CREDIT, 1, MAX_LENGTH)]));
  await until(() => accepted.length === 1);
  const said = Buffer.alloc(MAX_LENGTH + 1000, 'x');
  accepted[0]!.end(said);
  let heard = 0;
  await new Promise<void>((resolve, reject) => {
    const data = (_stream: number, bytes: Buffer): void => {
      heard += bytes.length;
    };
    const reader = new FrameReader({ data, frame: (type) => type === END && resolve() });
    raw.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        raw.destroy();
        reject(error as Error);
      }
    });
  });
  expect(heard).toBe(said.length);
});

it('a stream that is not wanted is reset', async () => {
  const [raw, served] = await socketPair();
  raw.on('error', () => {});
  new Carrier(served, { window: WINDOW, peerWindow: WINDOW, accept: () => false, onClosed: () => {} });
  raw.write(frame(OPEN, 1));
  expect((await once(raw, 'data'))[0]).toEqual(frame(RESET, 1));
});
