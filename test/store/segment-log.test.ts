import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFrame, decodeSegmentHeader, type Frame } from '../../src/store/segment-format.ts';
import { readSegments, START } from '../../src/store/segment-reader.ts';
import { SequenceConflict } from '../../src/store/sequence-conflict.ts';
import { all, cleanUp, openLog, payloads, temporaryDirectory, until, watch } from './log-fixture.ts';

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
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
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
    rmSync(dir, { recursive: true });
    const lost = log.enqueue('a', '2');
    await expect(log.append('a', [{ payload: '3' }])).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(log.state).toBe('failed');
    expect(seen.failed).toEqual([[lost, lost + 1]]);
    expect(() => log.enqueue('a', 'x')).toThrow('audit unavailable, statement not run');
    await until(() => log.state === 'healthy');
    expect(await log.append('a', [{ payload: '4' }])).toEqual({ lastPosition: 4, lastStreamSeq: 2 });
    await expect(openLog(dir)).rejects.toMatchObject({ code: 'config' });
    cleanUp(() => log.close());
  });
});
