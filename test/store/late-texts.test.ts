import { expect, it } from 'vitest';
import type { LateText } from '../../src/store/event-log.ts';
import { openLog, payloads, temporaryDirectory, until, watch } from './log-fixture.ts';

/** `fails`: how often it does, before it gives the text. */
function late(text: string, fails = 0): LateText & { asked: number } {
  const made = {
    length: text.length,
    asked: 0,
    text: () => {
      if (++made.asked <= fails) throw new Error('no words');
      return text;
    },
  };
  return made;
}

it('takes a record before it is put into words, and keeps its place among those that are', async () => {
  const log = await openLog(temporaryDirectory());
  const records = [late('{"n":2}'), late('{"n":4}')];
  log.enqueue('s', '{"n":1}');
  log.enqueueLate!('s', records[0]!);
  log.enqueue('s', '{"n":3}');
  const last = log.enqueueLate!('s', records[1]!, true);
  expect(records.map(({ asked }) => asked)).toEqual([0, 0]);
  expect(log.status().queuedBytes).toBeGreaterThanOrEqual(4 * 7);
  await log.flush();
  expect(log.durablePosition).toBe(last);
  expect(records.map(({ asked }) => asked)).toEqual([1, 1]);
  expect(await payloads(log.readAll())).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
});

it('what cannot be put into words fails with its batch, and the log goes on', async () => {
  const log = await openLog(temporaryDirectory());
  const seen = watch(log);
  await log.append('s', [{ payload: '1' }]);
  const from = log.enqueue('s', '2');
  log.enqueueLate!('s', late('3', 2));
  await until(() => seen.failed.length > 0);
  expect(seen.failed).toEqual([[from, from + 1]]);
  await until(() => log.state === 'healthy');
  await log.append('s', [{ payload: '4' }]);
  expect(await payloads(log.readAll())).toEqual(['1', '4']);
});

it('writes each once where one failed while the disk was at work', async () => {
  const log = await openLog(temporaryDirectory());
  const seen = watch(log);
  await log.append('s', [{ payload: '1' }]);
  log.seal();
  const before = late('2');
  const failing = late('3', 1);
  log.enqueueLate!('s', before);
  log.enqueueLate!('s', failing);
  await new Promise((resolve) => setImmediate(resolve));
  // Now a segment is made for them.
  log.enqueueLate!('s', late('4'));
  expect([before.asked, failing.asked]).toEqual([1, 1]);
  await log.flush();
  expect([before.asked, failing.asked]).toEqual([1, 2]);
  expect(seen.failed).toEqual([]);
  expect(await payloads(log.readAll())).toEqual(['1', '2', '3', '4']);
});

it('refuses what would not fit the queue by what it may come to', async () => {
  const log = await openLog(temporaryDirectory(), { maxQueuedBytes: 10_000 });
  log.enqueueLate!('s', { length: 9_000, text: () => '1' });
  expect(() => log.enqueueLate!('s', { length: 9_000, text: () => '2' })).toThrow('audit queue is full');
});
