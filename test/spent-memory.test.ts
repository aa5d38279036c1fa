import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LateWriter, LateWrites } from '../src/late-writes.ts';
import { giveBack, ownMemory } from '../src/spent-memory.ts';

/** Notes what it is given when it is done with it, and how long it takes. */
class Slow extends Writable {
  readonly written: Buffer[] = [];
  #done: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#done.push(() => {
      this.written.push(Buffer.from(chunk));
      done();
    });
  }

  step(): void {
    this.#done.shift()?.();
  }
}

const writerTo = (stream: Writable): LateWriter => new LateWriter(stream as never, new LateWrites(), () => {});

test('what has memory for itself is gone, and what shares it with others stays', () => {
  const own = ownMemory(8192).fill(1);
  giveBack(own);
  expect(own.length).toBe(0);
  const pooled = Buffer.allocUnsafe(5000).fill(1);
  const beside = Buffer.allocUnsafe(5000).fill(2);
  giveBack(pooled);
  expect([pooled.length, beside.length, beside[4999]]).toEqual([5000, 5000, 2]);
  // As Node may read from TLS.
  const shared = Buffer.allocUnsafeSlow(10_000);
  giveBack(shared.subarray(0, 5000));
  giveBack(shared);
  expect(shared.length).toBe(10_000);
  const small = ownMemory(100);
  giveBack(small);
  expect(small.length).toBe(100);
});

test.each([
  ['at once', [20_000]],
  ['late', [5000]],
  ['late, with others', [5000, 6000, 10]],
])('what is spent goes when it was written, not before: %s', async (_when, sizes) => {
  const stream = new Slow();
  const writer = writerTo(stream);
  const sent = sizes.map((size, i) => ownMemory(size).fill(i + 1));
  const expected = Buffer.concat(sent);
  const kept = ownMemory(5000).fill(9);
  for (const bytes of sent) writer.write(bytes, bytes);
  writer.flush();
  writer.write(kept);
  writer.flush();
  if (sizes.length === 1) expect(sent[0]!.length).toBe(sizes[0]);
  stream.step();
  await turn();
  stream.step();
  await turn();
  expect(Buffer.concat(stream.written).equals(Buffer.concat([expected, kept]))).toBe(true);
  expect(sent[0]!.length).toBe(0);
  expect(kept.length).toBe(5000);
});

test('a part of what is spent is written, and all of it goes', async () => {
  const stream = new Slow();
  const chunk = ownMemory(40_000).fill(7);
  writerTo(stream).write(chunk.subarray(5, 30_000), chunk);
  stream.step();
  await turn();
  expect(stream.written[0]!.equals(Buffer.alloc(29_995, 7))).toBe(true);
  expect(chunk.length).toBe(0);
});

test('after an error nothing goes: it may still be read', async () => {
  const chunk = ownMemory(40_000);
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) });
  stream.on('error', () => {});
  writerTo(stream).write(chunk, chunk);
  await turn();
  expect(chunk.length).toBe(40_000);
});
