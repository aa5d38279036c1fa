import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFrame, decodeSegmentHeader, type Frame } from '../../src/store/segment-format.ts';
import { readSegments, START } from '../../src/store/segment-reader.ts';
import { SequenceConflict } from '../../src/store/sequence-conflict.ts';
import { SyncPlace } from '../../src/store/sync-place.ts';
import { eventLogContract } from './event-log-contract.ts';
import { all, openLog, payloads, temporaryDirectory, until, watch } from './log-fixture.ts';

const segmentsOf = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(dir, name));

/** Byte ranges of the frames of a segment file. */
function framesOf(path: string): { start: number; end: number }[] {
  const bytes = readFileSync(path);
  const header = decodeSegmentHeader(bytes);
  if (header.kind !== 'header') throw new Error('no header');
  const frames: { start: number; end: number }[] = [];
  for (let at = header.next; ; ) {
    const frame = decodeFrame(bytes, at);
    if (frame.kind !== 'frame') return frames;
    frames.push({ start: at, end: (frame as Frame).next });
    at = frame.next;
  }
}

const directories = new WeakMap<object, string>();
eventLogContract('SegmentLog', {
  async open() {
    const dir = temporaryDirectory();
    const log = await openLog(dir);
    directories.set(log, dir);
    return log;
  },
  reopen: (log) => openLog(directories.get(log)!),
});

describe('segment log', () => {
  it('numbers positions over all streams and records within each', async () => {
    const log = await openLog(temporaryDirectory());
    expect(await log.append('a', [{ payload: '{"n":1}' }])).toEqual({ lastPosition: 1, lastStreamSeq: 1 });
    expect(await log.append('b', [{ payload: '{"n":2}' }, { payload: '{"n":3}' }])).toEqual({
      lastPosition: 3,
      lastStreamSeq: 2,
    });
    expect(await log.append('a', [{ payload: '{"n":4}' }])).toEqual({ lastPosition: 4, lastStreamSeq: 2 });
    expect(await payloads(log.readAll())).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
    expect(await payloads(log.readAll({ from: 2, limit: 2 }))).toEqual(['{"n":2}', '{"n":3}']);
    expect(await payloads(log.read('a'))).toEqual(['{"n":1}', '{"n":4}']);
    expect(await payloads(log.read('b', { fromSeq: 2 }))).toEqual(['{"n":3}']);
    expect(await payloads(log.read('b', { limit: 1 }))).toEqual(['{"n":2}']);
    expect(await payloads(log.read('c'))).toEqual([]);
  });

  it('says that a record is durable only after it is in the file', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir);
    const seen: [number, number][] = [];
    log.subscribe({
      onDurable: (position) => seen.push([position, framesOf(segmentsOf(dir)[0]!).length]),
      onFailed: () => undefined,
    });
    for (let i = 0; i < 50; i++) {
      const position = log.enqueue('audit', `{"i":${i}}`);
      expect(log.durablePosition).toBeLessThan(position);
      if (i % 7 === 0) await until(() => log.durablePosition >= position);
    }
    await log.flush();
    expect(seen.at(-1)).toEqual([50, 50]);
    for (const [position, inFile] of seen) expect(inFile).toBeGreaterThanOrEqual(position);
    expect(seen.map(([position]) => position)).toEqual([...seen.map(([p]) => p)].sort((a, b) => a - b));
    // A group commit holds what came while the one before was being synced.
    expect(seen.length).toBeLessThan(50);
  });

  it('goes on after a clean close', async () => {
    const dir = temporaryDirectory();
    const first = await openLog(dir);
    await first.append('a', [{ payload: '1' }, { payload: '2' }]);
    first.enqueue('b', '3');
    await first.close();
    expect(first.state).toBe('closed');
    expect(() => first.enqueue('a', 'x')).toThrow('audit unavailable');
    await expect(first.append('a', [{ payload: 'x' }])).rejects.toThrow('audit unavailable');
    // Space taken in advance is given back.
    expect(statSync(segmentsOf(dir)[0]!).size).toBe(framesOf(segmentsOf(dir)[0]!).at(-1)!.end);
    const second = await openLog(dir);
    expect(second.durablePosition).toBe(3);
    expect(second.status().recoveryNotes).toEqual([]);
    expect(await second.append('a', [{ payload: '4' }])).toEqual({ lastPosition: 4, lastStreamSeq: 3 });
    expect(await payloads(second.readAll())).toEqual(['1', '2', '3', '4']);
    expect(segmentsOf(dir).length).toBe(1);
  });

  it('compares and sets', async () => {
    const log = await openLog(temporaryDirectory());
    await log.append('r', [{ payload: '1' }], { expectedSeq: 0 });
    const race = await Promise.allSettled([
      log.append('r', [{ payload: '2' }], { expectedSeq: 1 }),
      log.append('r', [{ payload: '3' }], { expectedSeq: 1 }),
    ]);
    expect(race.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    const conflict = (race[1] as PromiseRejectedResult).reason as SequenceConflict;
    expect(conflict).toBeInstanceOf(SequenceConflict);
    expect(conflict).toMatchObject({ stream: 'r', expectedSeq: 1, actualSeq: 2 });
    expect(await payloads(log.read('r'))).toEqual(['1', '2']);
  });

  it('begins new segments and reads over all of them, from any position', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir, { segmentBytes: 2000 });
    for (let i = 1; i <= 200; i++) {
      await log.append(i % 50 === 0 ? 'rare' : 'audit', [{ payload: `{"i":${i},"pad":"${'x'.repeat(100)}"}` }]);
    }
    expect(segmentsOf(dir).length).toBeGreaterThan(5);
    const expected = Array.from({ length: 200 }, (_, i) => i + 1);
    expect((await all(log.readAll())).map((record) => record.position)).toEqual(expected);
    for (const from of [1, 2, 57, 100, 199, 200, 201]) {
      expect((await all(log.readAll({ from }))).map((r) => r.position)).toEqual(expected.slice(from - 1));
    }
    expect((await all(log.read('rare'))).map((r) => [r.position, r.streamSeq])).toEqual([
      [50, 1],
      [100, 2],
      [150, 3],
      [200, 4],
    ]);
    // Leaf indexes follow from headers alone.
    let leaf = 0;
    for (const path of segmentsOf(dir)) {
      const header = decodeSegmentHeader(readFileSync(path));
      expect(header).toMatchObject({ kind: 'header', header: { firstLeaf: leaf, gateway: 'gw' } });
      leaf += framesOf(path).length;
    }
    await log.close();
    const again = await openLog(dir, { segmentBytes: 2000 });
    expect(await again.append('rare', [{ payload: '{}' }])).toEqual({ lastPosition: 201, lastStreamSeq: 5 });
  });

  it('does not read the newest segment for a stream that it has nothing of, and does when it has', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir);
    await log.append('audit', [{ payload: '{}' }]);
    await log.append('rare', [{ payload: '{"i":1}' }]);
    await log.close();
    const again = await openLog(dir);
    await again.append('audit', [{ payload: '{}' }]);
    const chunksOf = async (stream: string, streamSeq: number): Promise<number> => {
      let count = 0;
      for await (const _ of readSegments(dir, { from: START, to: again.syncedPosition, stream, streamSeq })) count++;
      return count;
    };
    expect(await chunksOf('rare', 1)).toBeGreaterThan(0);
    expect(await chunksOf('other', 0)).toBe(0);
    expect(await payloads(again.read('rare'))).toEqual(['{"i":1}']);
    expect(await payloads(again.read('other'))).toEqual([]);
    await again.append('other', [{ payload: '{"i":2}' }]);
    expect(await payloads(again.read('other'))).toEqual(['{"i":2}']);
  });

  it('goes on in the old segment when a new one cannot be made, and makes it later', async () => {
    const dir = temporaryDirectory();
    let now = Date.now();
    const log = await openLog(dir, { segmentBytes: 1000, now: () => now });
    const record = { payload: `{"pad":"${'x'.repeat(600)}"}` };
    await log.append('a', [record]);
    await log.append('a', [record]);
    mkdirSync(join(dir, '0000000000000003.seg'));
    for (let i = 0; i < 5; i++) await log.append('a', [record]);
    expect(log.state).toBe('healthy');
    rmdirSync(join(dir, '0000000000000003.seg'));
    expect(segmentsOf(dir).length).toBe(1);
    now += 2000;
    await log.append('a', [record]);
    expect(segmentsOf(dir).length).toBe(2);
    expect((await all(log.readAll())).map((r) => r.position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('reads while it is written', async () => {
    const log = await openLog(temporaryDirectory(), { segmentBytes: 20_000 });
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 400; i++) await log.append('a', [{ payload: `{"i":${i},"pad":"${'x'.repeat(i % 200)}"}` }]);
      writing = false;
    })();
    while (writing) {
      const durable = log.durablePosition;
      const positions = (await all(log.readAll())).map((record) => record.position);
      expect(positions).toEqual(positions.map((_, i) => i + 1));
      expect(positions.length).toBeGreaterThanOrEqual(durable);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writer;
  });

  it('reads records that are larger than a chunk', async () => {
    const log = await openLog(temporaryDirectory());
    const large = `{"sql":"${'ä'.repeat(700_000)}"}`;
    await log.append('a', [{ payload: '1' }, { payload: large }, { payload: '2' }]);
    expect(await payloads(log.readAll())).toEqual(['1', large, '2']);
  });

  it('refuses more than the queue holds, and takes records again when it has drained', async () => {
    const log = await openLog(temporaryDirectory(), { maxQueuedBytes: 10_000 });
    const payload = 'x'.repeat(1000);
    let taken = 0;
    expect(() => {
      for (;;) {
        log.enqueue('audit', payload);
        taken++;
      }
    }).toThrow(expect.objectContaining({ code: 'audit_unavailable', sqlstate: '58030' }));
    expect(taken).toBe(9);
    expect(log.state).toBe('healthy');
    await log.flush();
    log.enqueue('audit', 'x'.repeat(50_000));
    await log.flush();
    expect((await all(log.readAll())).length).toBe(10);
  });

  it('is open in one place only', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir);
    await expect(openLog(dir)).rejects.toMatchObject({ code: 'config' });
    await log.close();
    await (await openLog(dir)).close();
  });

  it('begins a new segment for a gateway of another name', async () => {
    const dir = temporaryDirectory();
    await (await openLog(dir)).close();
    const renamed = await openLog(dir, { gatewayId: 'other' });
    await renamed.append('a', [{ payload: '1' }]);
    expect(segmentsOf(dir).length).toBe(2);
    expect(await payloads(renamed.readAll())).toEqual(['1']);
    await renamed.close();
    const again = await openLog(dir, { gatewayId: 'other' });
    expect(segmentsOf(dir).length).toBe(2);
    expect(await payloads(again.readAll())).toEqual(['1']);
  });
});

describe('asynchronous durability', () => {
  it('counts a record as durable at once, and syncs it by itself', async () => {
    const log = await openLog(temporaryDirectory(), { durability: 'async' });
    const seen = watch(log);
    const position = log.enqueue('audit', '{}');
    expect(log.durablePosition).toBe(position);
    expect(log.syncedPosition).toBe(0);
    await until(() => log.syncedPosition === position);
    expect(seen.durable).toEqual([1]);
    expect(await payloads(log.readAll())).toEqual(['{}']);
  });

  it('waits for the disk in append, flush and close', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir, { durability: 'async' });
    log.enqueue('audit', '1');
    const { lastPosition } = await log.append('audit', [{ payload: '2' }]);
    expect(log.syncedPosition).toBe(lastPosition);
    log.enqueue('audit', '3');
    await log.flush();
    expect(log.syncedPosition).toBe(3);
    log.enqueue('audit', '4');
    await log.close();
    const again = await openLog(dir);
    expect(await payloads(again.readAll())).toEqual(['1', '2', '3', '4']);
  });

  it('survives a burst larger than its queue would hold for long', async () => {
    const log = await openLog(temporaryDirectory(), { durability: 'async' });
    for (let i = 0; i < 20_000; i++) {
      log.enqueue('audit', 'x'.repeat(1000));
      // A queue that is full refuses: however slow the disk is, it is never more than half full here.
      while (i % 500 === 0 && log.status().queuedBytes > 8 << 20)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await log.flush();
    expect((await all(log.readAll())).length).toBe(20_000);
  });
});

describe('recovery', () => {
  /** Two commits in a closed log. */
  async function written(): Promise<string> {
    const dir = temporaryDirectory();
    const log = await openLog(dir);
    await log.append('a', [{ payload: '{"n":1}' }]);
    await log.append('a', [{ payload: '{"n":2}' }, { payload: '{"n":3}' }]);
    await log.append('a', [{ payload: '{"n":4}' }]);
    await log.close();
    return dir;
  }

  it('cuts off a last frame that is cut at any byte, and goes on', async () => {
    const dir = await written();
    const path = segmentsOf(dir)[0]!;
    const original = `${dir}/original`;
    copyFileSync(path, original);
    const last = framesOf(path).at(-1)!;
    for (let cut = last.start; cut < last.end; cut++) {
      for (const zeros of [0, 4096]) {
        copyFileSync(original, path);
        truncateSync(path, cut);
        if (zeros > 0) truncateSync(path, cut + zeros);
        const log = await openLog(dir);
        expect(await payloads(log.readAll())).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
        expect(await log.append('a', [{ payload: '{"n":5}' }])).toEqual({ lastPosition: 4, lastStreamSeq: 4 });
        await log.close();
        const again = await openLog(dir);
        expect(await payloads(again.readAll())).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":5}']);
        await again.close();
      }
    }
  });

  it('cuts off all of a torn commit, its whole frames too, and never uses their positions again', async () => {
    const dir = await written();
    const path = segmentsOf(dir)[0]!;
    const [, second, third] = framesOf(path);
    const bytes = readFileSync(path).subarray(0, third!.end);
    bytes[second!.start + 25]! ^= 0x40;
    writeFileSync(path, bytes);
    const log = await openLog(dir);
    expect(log.status().recoveryNotes[0]).toContain('torn tail');
    expect(await log.append('a', [{ payload: '5' }])).toEqual({ lastPosition: 4, lastStreamSeq: 2 });
    // As it would be found after a kill -9 now.
    const copy = temporaryDirectory();
    copyFileSync(path, join(copy, '0000000000000001.seg'));
    const again = await openLog(copy);
    expect(await payloads(again.readAll())).toEqual(['{"n":1}', '5']);
    expect(again.status().recoveryNotes).toEqual([]);
  });

  it('removes a segment whose creation was cut short', async () => {
    const dir = await written();
    const header = readFileSync(segmentsOf(dir)[0]!).subarray(0, 60);
    for (const content of [Buffer.alloc(0), header.subarray(0, 10), header, Buffer.alloc(4096)]) {
      writeFileSync(join(dir, '0000000000000005.seg'), content);
      const log = await openLog(dir);
      expect(segmentsOf(dir).length).toBe(1);
      expect(log.durablePosition).toBe(4);
      expect(log.status().recoveryNotes.length).toBe(1);
      await log.close();
    }
  });

  it('never cuts what was durable: damage is kept, said, and stepped over by the next segment', async () => {
    const dir = await written();
    const path = segmentsOf(dir)[0]!;
    const bytes = readFileSync(path);
    const second = framesOf(path)[1]!;
    bytes[second.start + 25]! ^= 0x40;
    writeFileSync(path, bytes);
    const log = await openLog(dir);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(log.status().recoveryNotes[0]).toContain(`damaged at byte ${second.start}`);
    expect(segmentsOf(dir).length).toBe(2);
    expect(await log.append('a', [{ payload: '{"n":5}' }])).toEqual({ lastPosition: 5, lastStreamSeq: 5 });
    await expect(payloads(log.readAll())).rejects.toThrow(`damaged at byte ${second.start}`);
    const damage: unknown[] = [];
    const read: string[] = [];
    const onDamage = (found: unknown): void => void damage.push(found);
    for await (const chunk of readSegments(dir, { from: START, to: 5, onDamage })) {
      read.push(...chunk.records.map((record) => record.payload));
    }
    expect(read).toEqual(['{"n":1}', '{"n":3}', '{"n":4}', '{"n":5}']);
    expect(damage).toEqual([{ segment: 1, offset: second.start, reason: 'frame checksum does not match' }]);
  });

  it('keeps a segment with a damaged header', async () => {
    const dir = await written();
    const path = segmentsOf(dir)[0]!;
    const bytes = readFileSync(path);
    bytes[20]! ^= 0x01;
    writeFileSync(path, bytes);
    const log = await openLog(dir);
    expect(log.durablePosition).toBe(4);
    expect(await log.append('a', [{ payload: '5' }])).toEqual({ lastPosition: 5, lastStreamSeq: 5 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('finds a sealed segment that was made shorter', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir, { segmentBytes: 500 });
    for (let i = 0; i < 20; i++) await log.append('a', [{ payload: `{"pad":"${'x'.repeat(100)}"}` }]);
    const path = segmentsOf(dir)[1]!;
    truncateSync(path, framesOf(path).at(-1)!.start);
    await expect(payloads(log.readAll())).rejects.toThrow('is damaged');
  });

  it('refuses a segment of another version', async () => {
    const dir = await written();
    const path = segmentsOf(dir)[0]!;
    const { encodeSegmentHeader } = await import('../../src/store/segment-format.ts');
    const header = decodeSegmentHeader(readFileSync(path));
    if (header.kind !== 'header') throw new Error('no header');
    writeFileSync(path, encodeSegmentHeader({ ...header.header, version: 2 } as never));
    await expect(openLog(dir)).rejects.toMatchObject({ code: 'config' });
  });
});

describe('a directory that is taken away', () => {
  it('fails what was written to it, and heals into a new one, positions going on', async () => {
    const dir = join(temporaryDirectory(), 'audit');
    const log = await openLog(dir);
    const seen = watch(log);
    await log.append('a', [{ payload: '1' }]);
    // In the batch between, so that numbers are taken back over batches that are used again.
    await log.append('b', [{ payload: '2' }]);
    rmSync(dir, { recursive: true });
    const lost = log.enqueue('a', '3');
    await expect(log.append('a', [{ payload: '4' }])).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(log.state).toBe('failed');
    expect(seen.failed).toEqual([[lost, lost + 1]]);
    expect(() => log.enqueue('a', 'x')).toThrow('audit unavailable, statement not run');
    await until(() => log.state === 'healthy');
    expect(await log.append('a', [{ payload: '5' }])).toEqual({ lastPosition: 5, lastStreamSeq: 2 });
    expect(await payloads(log.readAll())).toEqual(['5']);
    // The lock was taken anew with the directory.
    await expect(openLog(dir)).rejects.toMatchObject({ code: 'config' });
  });

  it('is found out when durability is asynchronous, too: what followed the last sync is reported, then refused', async () => {
    const dir = join(temporaryDirectory(), 'audit');
    const log = await openLog(dir, { durability: 'async' });
    const seen = watch(log);
    await log.append('a', [{ payload: '1' }]);
    rmSync(dir, { recursive: true });
    log.enqueue('a', '2');
    log.enqueue('a', '3');
    await until(() => log.state === 'failed');
    expect(seen.failed).toEqual([[2, 3]]);
    expect(() => log.enqueue('a', 'x')).toThrow('audit unavailable, statement not run');
    await until(() => log.state === 'healthy');
    expect(await log.append('a', [{ payload: '4' }])).toEqual({ lastPosition: 4, lastStreamSeq: 2 });
  });

  it('heals when somebody closes it meanwhile, without leaving anything open', async () => {
    const dir = join(temporaryDirectory(), 'audit');
    const log = await openLog(dir);
    rmSync(dir, { recursive: true });
    await expect(log.append('a', [{ payload: '1' }])).rejects.toMatchObject({ code: 'audit_unavailable' });
    await log.close();
    expect(log.state).toBe('closed');
    await (await openLog(dir)).close();
  });
});

describe('syncs in place', () => {
  it('are told of before anything else happens, and nothing else differs', async () => {
    const dir = temporaryDirectory();
    const asked: number[] = [];
    class Asked extends SyncPlace {
      override inPlace(waitedFor: number, bytes: number): boolean {
        return asked.push(waitedFor) > 0 && bytes > 0;
      }
    }
    const log = await openLog(dir, { syncPlace: new Asked() });
    const seen = watch(log);
    for (let i = 1; i <= 3; i++) {
      const position = log.enqueue('audit', `{"i":${i}}`);
      log.enqueue('audit', `{"patient":${i}}`, true);
      expect(seen.durable.at(-1) ?? 0).toBeLessThan(position);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen.durable.at(-1)).toBe(position + 1);
    }
    expect(asked).toEqual([1, 1, 1]);
    log.enqueue('audit', '{}');
    log.enqueue('audit', '{}');
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.at(-1)).toBe(2);
    for (const name of readdirSync(dir)) if (name.endsWith('.seg')) unlinkSync(join(dir, name));
    log.enqueue('audit', '{"lost":true}');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.failed).toEqual([[9, 9]]);
    expect(log.state).toBe('failed');
  });
});
