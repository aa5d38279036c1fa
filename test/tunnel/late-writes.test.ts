import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LateWriter, LateWrites } from '../../src/late-writes.ts';

/** A stream that notes what it is given, in one list with others. */
function noting(name: string, into: string[], highWaterMark = 16_384) {
  const stream = new Writable({
    highWaterMark,
    write(chunk: Buffer, _encoding, done) {
      into.push(`${name}:${chunk}`);
      if (highWaterMark > 4) done();
    },
  });
  return stream as unknown as PassThrough;
}

test('what one turn writes leaves at its end, each stream in one piece and in order', async () => {
  const seen: string[] = [];
  const late = new LateWrites();
  const one = new LateWriter(noting('one', seen), late, () => {});
  const other = new LateWriter(noting('other', seen), late, () => {});
  one.write(Buffer.from('a'));
  other.write(Buffer.from('x'));
  one.write(Buffer.from('b'));
  one.write(Buffer.from('c'));
  expect(seen).toEqual([]);
  await turn();
  expect(seen).toEqual(['one:abc', 'other:x']);
});

test('a later turn writes again', async () => {
  const late = new LateWrites();
  const stream = new PassThrough();
  const writer = new LateWriter(stream, late, () => {});
  for (const word of ['a', 'b', 'c']) {
    writer.write(Buffer.from(word));
    await turn();
    expect(String(stream.read())).toBe(word);
  }
});

test('what is long goes at once, behind what waits', async () => {
  const seen: string[] = [];
  const long = 'x'.repeat(20_000);
  const writer = new LateWriter(noting('one', seen, 1 << 20), new LateWrites(), () => {});
  writer.write(Buffer.from('short'));
  writer.write(Buffer.from(long));
  writer.write(Buffer.from('after'));
  expect(seen.map((one) => one.slice(0, 9))).toEqual(['one:short', `one:${long.slice(0, 5)}`]);
  await turn();
  expect(seen.length).toBe(3);
  expect(seen[2]).toBe('one:after');
});

test('flushed before a stream is ended, nothing is lost and nothing is written behind the end', async () => {
  const stream = new PassThrough();
  const writer = new LateWriter(stream, new LateWrites(), () => {});
  writer.write(Buffer.from('last word'));
  writer.flush();
  stream.end();
  // Not an error: nobody is there for it.
  writer.write(Buffer.from('too late'));
  await turn();
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('last word');
});

test('a stream that is full is told of, also when it fills at the end of a turn', async () => {
  let full = 0;
  const writer = new LateWriter(noting('slow', [], 4), new LateWrites(), () => full++);
  writer.write(Buffer.from('abc'));
  await turn();
  expect(full).toBe(0);
  writer.write(Buffer.from('defg'));
  expect(full).toBe(0);
  await turn();
  expect(full).toBe(1);
});

test('what was scheduled before something else was put off comes before it', async () => {
  const seen: string[] = [];
  const late = new LateWrites();
  const writer = new LateWriter(noting('socket', seen), late, () => {});
  late.schedule();
  setImmediate(() => seen.push('disk'));
  writer.write(Buffer.from('a'));
  await turn();
  expect(seen).toEqual(['socket:a', 'disk']);
});
