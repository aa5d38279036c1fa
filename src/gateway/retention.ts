/**
 * Retention of the record: bodies that are old enough are erased, then whole segments that are old enough are removed. In:
 * `audit.retention`. Out: an erasure a day, and a record of each removal with the tree's size up to there.
 * Segments go from the oldest on, and one that holds more than statements (who owns which object, what was asked and
 * approved) stays with all behind it: the gateway is made of it when it starts.
 */
import type { Erasure } from '../audit/erasure.ts';
import { AUDIT_STREAM, type Recorder } from '../audit/recorder.ts';
import type { RetentionSettings } from '../config/audit-settings.ts';
import type { Position } from '../store/event-log.ts';
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
  /** Is a copy of it kept? Where there is an archive, others stay. */
  readonly isArchived?: ((segment: Position) => boolean) | undefined;
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

export async function applyRetention(parts: RetentionParts): Promise<void> {
  const { settings, erasure, now } = parts;
  const { bodiesMs, classesMs = {}, recordsMs } = settings;
  if (bodiesMs !== undefined) {
    await erasure.erase({ beforeMs: now() - bodiesMs }, { reason: 'audit.retention.bodies', by: undefined });
  }
  for (const [name, ms] of Object.entries(classesMs)) {
    const reason = `audit.retention.classes.${name}`;
    await erasure.erase({ class: name, beforeMs: now() - ms }, { reason, by: undefined });
  }
  if (recordsMs === undefined) return;
  const before = new Date(now() - recordsMs).toISOString();
  await erasure.exclusively(() => retire(parts, before));
}

async function retire({ dir, recorder, isArchived }: RetentionParts, before: string): Promise<void> {
  const { going, treeSize, lastPosition } = await removableSegments(dir, before, isArchived);
  if (going.length === 0) return;
  // 1. On record. 2. The oldest first, so that what is left has no hole.
  await recorder.event({
    kind: 'audit.retired',
    by: undefined,
    database: undefined,
    detail: { segments: going.length, treeSize, lastPosition },
  });
  for (const segment of going) await removeSegment(dir, segment);
  await syncDirectory(dir);
}

/**
 * The oldest segments, as long as the one behind each was begun before then (ISO 8601) and the gateway is not made of it
 * when it starts. `treeSize` and `lastPosition` of all that is before the rest.
 */
export async function removableSegments(
  dir: string,
  before: string,
  mayGo: (segment: Position) => boolean = () => true,
): Promise<{ readonly going: readonly Position[]; readonly treeSize: number; readonly lastPosition: Position }> {
  const segments = await listSegments(dir);
  const headers: (SegmentHeader | undefined)[] = [];
  for (const segment of segments) headers.push(await headerOf(dir, segment));
  let count = 0;
  for (; count + 1 < segments.length; count++) {
    const [header, next] = [headers[count], headers[count + 1]];
    // The next one began when this one was full.
    if (header === undefined || next === undefined || next.createdAt >= before || holdsOthers(header, next)) break;
    if (!mayGo(segments[count]!)) break;
  }
  const first = headers[count];
  if (count === 0 || first === undefined) return { going: [], treeSize: 0, lastPosition: 0 };
  return { going: segments.slice(0, count), treeSize: first.firstLeaf, lastPosition: first.firstPosition - 1 };
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
