import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { EventLog, LogListener, StoredRecord } from '../../src/store/event-log.ts';
import { openSegmentLog, type SegmentLog, type SegmentLogOptions } from '../../src/store/segment-log.ts';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Undone after the test, last first. */
export function cleanUp(step: () => void | Promise<void>): void {
  undo.push(step);
}

export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-log-'));
  cleanUp(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function openLog(dir: string, options: Partial<SegmentLogOptions> = {}): Promise<SegmentLog> {
  const log = await openSegmentLog({
    dir,
    gatewayId: 'gw',
    segmentBytes: 64 * 1024 * 1024,
    durability: 'sync',
    maxQueuedBytes: 16 * 1024 * 1024,
    now: Date.now,
    ...options,
  });
  cleanUp(() => log.close());
  return log;
}

export async function all(records: AsyncIterable<StoredRecord>): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}

export async function payloads(records: AsyncIterable<StoredRecord>): Promise<string[]> {
  return (await all(records)).map((record) => record.payload);
}

/** Everything a log told its listeners. */
export function watch(log: EventLog): { durable: number[]; failed: [number, number][] } {
  const seen = { durable: [] as number[], failed: [] as [number, number][] };
  const listener: LogListener = {
    onDurable: (position) => seen.durable.push(position),
    onFailed: (from, to) => seen.failed.push([from, to]),
  };
  log.subscribe(listener);
  return seen;
}

/** Waits for a state that must come; the test's own time limit ends a wait for one that does not. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
