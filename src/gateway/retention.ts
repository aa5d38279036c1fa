/**
 * Retention of the record: bodies that are old enough are erased, then whole segments that are old enough are removed. In:
 * `audit.retention`. Out: an erasure a day, and a record of each removal with the tree's size up to there.
 * Segments go from the oldest on, and one that holds more than statements (who owns which object, what was asked and
 * approved) stays with all behind it: the gateway is made of it when it starts.
 */
import type { Erasure } from '../audit/erasure.ts';
import { AUDIT_STREAM, type Recorder } from '../audit/recorder.ts';
import type { RetentionSettings } from '../config/audit-settings.ts';
import { listSegments, readSegmentHeader, syncDirectory } from '../store/segment-directory.ts';
import { openSegment, removeSegment } from '../store/segment-file.ts';
import type { SegmentHeader } from '../store/segment-format.ts';

const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 24 * 3_600_000;

export interface RetentionParts {
  readonly dir: string;
  readonly settings: RetentionSettings;
  readonly erasure: Erasure;
  readonly recorder: Recorder;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly logLine: (line: string) => void;
}

/** Once a day from a minute on. Gives what ends it. */
export function keepRetention(parts: RetentionParts): () => void {
  const run = (): void => {
    applyRetention(parts).catch((error: Error) => parts.logLine(`audit: retention failed: ${error.message}`));
  };
  const first = setTimeout(run, FIRST_AFTER_MS).unref();
  const daily = setInterval(run, EVERY_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(daily);
  };
}

export async function applyRetention({ dir, settings, erasure, recorder, now }: RetentionParts): Promise<void> {
  const { bodiesMs, recordsMs } = settings;
  if (bodiesMs !== undefined) {
    await erasure.erase({ beforeMs: now() - bodiesMs }, { reason: 'audit.retention.bodies', by: undefined });
  }
  if (recordsMs !== undefined) await retire(dir, new Date(now() - recordsMs).toISOString(), recorder);
}

async function retire(dir: string, before: string, recorder: Recorder): Promise<void> {
  const segments = await listSegments(dir);
  const headers: (SegmentHeader | undefined)[] = [];
  for (const segment of segments) headers.push(await headerOf(dir, segment));
  let count = 0;
  for (; count + 1 < segments.length; count++) {
    const [header, next] = [headers[count], headers[count + 1]];
    // The next one began when this one was full.
    if (header === undefined || next === undefined || next.createdAt >= before || holdsOthers(header, next)) break;
  }
  const first = headers[count];
  if (count === 0 || first === undefined) return;
  // 1. On record. 2. The oldest first, so that what is left has no hole.
  await recorder.event({
    kind: 'audit.retired',
    by: undefined,
    database: undefined,
    detail: { segments: count, treeSize: first.firstLeaf, lastPosition: first.firstPosition - 1 },
  });
  for (const segment of segments.slice(0, count)) await removeSegment(dir, segment);
  await syncDirectory(dir);
}

/** Were records of other streams than that of statements written between the two? */
function holdsOthers(header: SegmentHeader, next: SegmentHeader): boolean {
  const before = new Map(header.streams);
  return next.streams.some(([stream, seq]) => stream !== AUDIT_STREAM && before.get(stream) !== seq);
}

async function headerOf(dir: string, segment: number): Promise<SegmentHeader | undefined> {
  const file = await openSegment(dir, segment);
  try {
    const read = await readSegmentHeader(file);
    return read.kind === 'bad' ? undefined : read.header;
  } finally {
    await file.close();
  }
}
