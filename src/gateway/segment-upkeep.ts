/**
 * What is done with segments that nobody writes to any more: they are compressed, copied to the archive, and removed here
 * when they are there for long enough. Nothing of it is waited for; what fails is said, and tried again.
 */
import type { Archive } from '../audit/archive/archive.ts';
import type { Erasure } from '../audit/erasure.ts';
import { clearUnfinished, compressSegment } from '../store/segment-compression.ts';
import { listSegments, readSegmentHeader } from '../store/segment-directory.ts';
import { openSegment } from '../store/segment-file.ts';
import type { SegmentLog } from '../store/segment-log.ts';

const FIRST_AFTER_MS = 5_000;
const EVERY_MS = 60_000;
const MAX_EVERY_MS = 600_000;

export interface UpkeepParts {
  readonly log: SegmentLog;
  readonly erasure: Erasure;
  /** Undefined: there is none, and segments are compressed only. */
  readonly archive: { readonly copies: Archive; readonly afterMs: number } | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly logLine: (line: string) => void;
}

/** From some seconds on, every minute; while it fails, ever more seldom. Gives what ends it, when it rests. */
export function keepSegments(parts: UpkeepParts): () => Promise<void> {
  let rest = EVERY_MS;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const later = (ms: number): void => {
    timer = setTimeout(() => {
      running = upkeep(parts).then(
        () => {
          rest = EVERY_MS;
        },
        () => {
          // It has said why itself.
          rest = Math.min(MAX_EVERY_MS, rest * 2);
        },
      );
      void running.then(() => closed || later(rest));
    }, ms).unref();
  };
  later(FIRST_AFTER_MS);
  return async () => {
    closed = true;
    clearTimeout(timer);
    // A copy that hangs is gone on with after the next start.
    await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  };
}

/** One round. Throws what the archive throws. */
export async function upkeep(parts: UpkeepParts): Promise<void> {
  const { archive } = parts;
  if (archive !== undefined) await sealByAge(parts, archive.afterMs);
  await compress(parts);
  await archive?.copies.run();
}

/** A gateway with little to do would fill no segment in a year. */
async function sealByAge({ log, now }: UpkeepParts, afterMs: number): Promise<void> {
  const last = (await listSegments(log.dir)).at(-1);
  if (last === undefined || last > log.syncedPosition) return;
  const file = await openSegment(log.dir, last);
  try {
    const read = await readSegmentHeader(file);
    if (read.kind === 'header' && Date.parse(read.header.createdAt) <= now() - afterMs) log.seal();
  } finally {
    await file.close();
  }
}

/** All but the last. What fails (no room) is left as it is. */
async function compress({ log, erasure, logLine }: UpkeepParts): Promise<void> {
  await erasure.exclusively(() => clearUnfinished(log.dir));
  for (const segment of (await listSegments(log.dir)).slice(0, -1)) {
    try {
      await erasure.exclusively(() => compressSegment(log.dir, segment));
    } catch (error) {
      logLine(`audit: segment ${segment} is not compressed: ${(error as Error).message}`);
      return;
    }
  }
}
