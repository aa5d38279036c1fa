/** Makes the index of the record anew where no gateway runs: for `dbgate audit reindex` on the server's machine. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { acquireLock } from '../store/directory-lock.ts';
import { openIndexDatabase } from '../store/index-database.ts';
import { listSegments } from '../store/segment-directory.ts';
import { segmentSize } from '../store/segment-file.ts';
import { readSegments, START } from '../store/segment-reader.ts';

export interface Reindexed {
  /** The last position. */
  readonly records: number;
  /** What was damaged and stepped over. */
  readonly damage: readonly string[];
}

/**
 * Throws `usage` where there is no record, `config` while a gateway runs.
 * @param onProgress bytes of segments, of all of them
 */
export async function reindexOffline(
  stateDir: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Reindexed> {
  const dir = path.join(stateDir, 'audit');
  const segments = await listSegments(dir).catch((cause: unknown) => {
    throw new DbgateError(ErrorCode.usage, `there is no record that can be read in ${stateDir}`, { cause });
  });
  const file = path.join(stateDir, 'index.sqlite');
  const lock = acquireLock(`${file}.lock`);
  try {
    const sizes = await Promise.all(segments.map((first) => segmentSize(dir, first)));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const before = new Map(segments.map((first, i) => [first, sizes.slice(0, i).reduce((sum, size) => sum + size, 0)]));
    for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
    const index = openIndexDatabase(file, 0);
    try {
      // Derived, and made anew if this machine goes down now.
      index.sqlite.exec('PRAGMA synchronous = OFF');
      const damage: string[] = [];
      const onDamage = (one: { segment: number; offset: number; reason: string }): void =>
        void damage.push(`segment ${one.segment} at byte ${one.offset}: ${one.reason}`);
      const to = Number.MAX_SAFE_INTEGER;
      for await (const { records, cursor } of readSegments(dir, { from: START, to, onDamage })) {
        if (signal.aborted)
          throw new DbgateError(ErrorCode.cancelled, 'interrupted; the gateway goes on where this ended');
        const senseless = index.apply(records, cursor);
        if (senseless > 0) damage.push(`${senseless} records before ${cursor.position} could not be understood`);
        onProgress((before.get(cursor.segment) ?? 0) + cursor.offset, total);
      }
      onProgress(total, total);
      return { records: index.place().position, damage };
    } finally {
      index.close();
    }
  } finally {
    lock.release();
  }
}
