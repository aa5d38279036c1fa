/** Compressed segments read as plain ones do, damage in them is found, and a crash leaves one of the two files whole. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearUnfinished, compressSegment, expandSegment } from '../../src/store/segment-compression.ts';
import { listSegments } from '../../src/store/segment-directory.ts';
import { compressedPath, openSegment, segmentPath } from '../../src/store/segment-file.ts';
import { type Damage, readSegments, START } from '../../src/store/segment-reader.ts';
import { rewriteSegment } from '../../src/store/segment-rewrite.ts';
import { all, openLog, payloads, temporaryDirectory } from './log-fixture.ts';

/** Some segments of 600 KB and more, the last one empty or nearly so. */
async function filled(records = 400, dir = temporaryDirectory()) {
  const log = await openLog(dir, { segmentBytes: 600_000 });
  for (let n = 0; n < records; n++) {
    log.enqueue('audit', JSON.stringify({ n, text: `${n} `.repeat(900) }));
    if (n % 20 === 0) await log.flush();
  }
  await log.flush();
  return { dir, log };
}

async function readAll(dir: string): Promise<{ payloads: string[]; damage: Damage[] }> {
  const found: string[] = [];
  const damage: Damage[] = [];
  const to = Number.MAX_SAFE_INTEGER - 1;
  for await (const { records } of readSegments(dir, { from: START, to, onDamage: (one) => damage.push(one) })) {
    found.push(...records.map(({ payload }) => payload));
  }
  return { payloads: found, damage };
}

describe('compressed segments', () => {
  it('read as they did, from any place on, beside plain ones', async () => {
    const { dir, log } = await filled();
    const before = await payloads(log.readAll());
    const [first, second] = await listSegments(dir);
    const plain = readFileSync(segmentPath(dir, first!));
    const sizes = await compressSegment(dir, first!);
    expect(sizes!.plain).toBe(plain.length);
    expect(sizes!.compressed).toBe(statSync(compressedPath(dir, first!)).size);
    expect(sizes!.compressed).toBeLessThan(plain.length / 3);
    expect(existsSync(segmentPath(dir, first!))).toBe(false);
    expect(await listSegments(dir)).toContain(first);
    expect(await payloads(log.readAll())).toEqual(before);
    await compressSegment(dir, second!);
    expect(await compressSegment(dir, second!)).toBeUndefined();
    expect(await payloads(log.readAll())).toEqual(before);
    expect(await payloads(log.readAll({ from: 40, limit: 3 }))).toEqual(before.slice(39, 42));
    const file = await openSegment(dir, first!);
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length + 10), fc.integer({ min: 1, max: 1000 }), async (at, length) => {
        const into = Buffer.alloc(length);
        const { bytesRead } = await file.read(into, 0, length, at);
        expect(bytesRead > 0).toBe(at < plain.length);
        expect(into.subarray(0, bytesRead)).toEqual(plain.subarray(at, at + bytesRead));
      }),
      { numRuns: 200 },
    );
    await file.close();
    // Any other decompressor gives it back.
    expect(zstdDecompressSync(readFileSync(compressedPath(dir, first!)))).toEqual(plain);
    await expandSegment(dir, first!);
    expect(readFileSync(segmentPath(dir, first!))).toEqual(plain);
  });

  it('are found damaged where they are, and never read as something else', async () => {
    const { dir, log } = await filled(200);
    const before = await payloads(log.readAll());
    const [first] = await listSegments(dir);
    await compressSegment(dir, first!);
    const whole = readFileSync(compressedPath(dir, first!));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= flip;
        writeFileSync(compressedPath(dir, first!), bytes);
        const read = await readAll(dir);
        expect(before).toEqual(expect.arrayContaining(read.payloads));
        if (read.payloads.length < before.length) expect(read.damage.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
    for (const length of [0, 5, 100, whole.length - 1]) {
      writeFileSync(compressedPath(dir, first!), whole.subarray(0, length));
      expect((await readAll(dir)).damage.length).toBeGreaterThan(0);
    }
  });

  it('are the last ones of a log that goes on', async () => {
    const { dir, log } = await filled(100);
    const before = await payloads(log.readAll());
    await log.close();
    for (const segment of await listSegments(dir)) await compressSegment(dir, segment);
    const again = await openLog(dir, { segmentBytes: 600_000 });
    again.enqueue('audit', '{"more":1}');
    await again.flush();
    expect(await payloads(again.readAll())).toEqual([...before, '{"more":1}']);
  });

  it('are plain again when something in them was erased, and what was erased is in no file', async () => {
    const { dir, log } = await filled(400);
    const [first, second] = await listSegments(dir);
    await compressSegment(dir, first!);
    const stale = join(temporaryDirectory(), 'stale');
    copyFileSync(compressedPath(dir, first!), stale);
    await rewriteSegment(dir, first!, second! - 1, (position) => (position === 3 ? '{"erased":1}' : undefined));
    expect(existsSync(compressedPath(dir, first!))).toBe(false);
    // As if it had ended between the two steps: the compressed one is of before.
    copyFileSync(stale, compressedPath(dir, first!));
    expect((await all(log.readAll()))[2]!.payload).toBe('{"erased":1}');
    await clearUnfinished(dir);
    expect(existsSync(compressedPath(dir, first!))).toBe(false);
    await compressSegment(dir, first!);
    expect((await all(log.readAll()))[2]!.payload).toBe('{"erased":1}');
  });

  it('stay plain where there is no room', async () => {
    const small = join(temporaryDirectory(), 'small');
    mkdirSync(small);
    // Only root can make one; elsewhere this is left out.
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', small]).status !== 0) return;
    try {
      const { dir, log } = await filled(190, temporaryDirectory());
      const [first] = await listSegments(dir);
      const before = await payloads(log.readAll());
      await log.close();
      copyFileSync(segmentPath(dir, first!), segmentPath(small, first!));
      const { bavail, bsize } = statfsSync(small);
      writeFileSync(join(small, 'filler'), Buffer.alloc(bavail * bsize));
      await expect(compressSegment(small, first!)).rejects.toThrow('ENOSPC');
      expect(readdirSync(small).sort()).toEqual([segmentPath('', first!).replace('/', ''), 'filler'].sort());
      expect((await readAll(small)).payloads).toEqual(before.slice(0, (await readAll(small)).payloads.length));
      unlinkSync(join(small, 'filler'));
      expect(await compressSegment(small, first!)).toBeDefined();
      expect((await readAll(small)).damage).toEqual([]);
    } finally {
      spawnSync('umount', [small]);
    }
  });

  it('are whole in one of two files when the process is killed', async () => {
    const { dir, log } = await filled(200);
    const before = await payloads(log.readAll());
    await log.close();
    const [first] = await listSegments(dir);
    for (let i = 0; i < 12; i++) {
      const script = join(import.meta.dirname, 'compression-child.ts');
      const child = spawn(process.execPath, [script, dir, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await readAll(dir)).toEqual({ payloads: before, damage: [] });
    }
    await clearUnfinished(dir);
    expect(readdirSync(dir).filter((name) => /new$/.test(name))).toEqual([]);
  });
});
