import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openSegmentLog, type SegmentLog } from '../../src/store/segment-log.ts';

const folders: string[] = [];
const logs: SegmentLog[] = [];

afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function openLog(): Promise<{ log: SegmentLog; commits: number[] }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dbgate-patient-'));
  folders.push(folder);
  const log = await openSegmentLog({
    dir: path.join(folder, 'log'),
    gatewayId: 'g',
    segmentBytes: 1 << 20,
    durability: 'sync',
    maxQueuedBytes: 1 << 20,
    now: Date.now,
  });
  logs.push(log);
  const commits: number[] = [];
  log.subscribe({ onDurable: (position) => commits.push(position), onFailed: () => {} });
  return { log, commits };
}

it('a patient record shares the sync of the next one that somebody waits for', async () => {
  // A machine that stalls for 10 ms between the two lines writes the first alone: so more than one try.
  for (let attempt = 0; ; attempt++) {
    const { log, commits } = await openLog();
    log.enqueue('s', '{"outcome":1}', true);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const urgent = log.enqueue('s', '{"intent":2}');
    await log.flush();
    if (commits[0] !== urgent && attempt < 5) continue;
    expect(commits).toEqual([urgent]);
    return;
  }
});

it('a patient record that nobody follows becomes durable by itself', async () => {
  const { log, commits } = await openLog();
  const position = log.enqueue('s', '{"outcome":1}', true);
  while (log.durablePosition < position) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(commits).toEqual([position]);
});

it('closing makes patient records durable', async () => {
  const { log } = await openLog();
  const position = log.enqueue('s', '{"outcome":1}', true);
  await log.close();
  expect(log.durablePosition).toBe(position);
});
