/**
 * Single records out of the segments, by position: the index knows where each batch of them began. What it knows may be
 * out of date, since segments are rewritten when something is erased; then a segment is read from its beginning.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AuditRecord } from '../audit/record.ts';
import type { Position } from './event-log.ts';
import { listSegments } from './segment-directory.ts';
import { readSegments, type SegmentCursor } from './segment-reader.ts';

/** Read on rather than open the file anew, if the next one is so near. */
const NEAR = 2000;

export interface RecordLookup {
  /** Those of the positions that are there and can be read. */
  read(positions: readonly Position[]): Promise<Map<Position, AuditRecord>>;
}

export function openRecordLookup(dir: string, sqlite: () => DatabaseSync): RecordLookup {
  const chunkBefore = (position: Position): SegmentCursor | undefined =>
    sqlite()
      .prepare('SELECT segment, offset, position FROM chunk WHERE position < ? ORDER BY position DESC LIMIT 1')
      .get(position) as SegmentCursor | undefined;

  return {
    async read(positions) {
      const found = new Map<Position, AuditRecord>();
      const sorted = [...new Set(positions)].sort((a, b) => a - b);
      await collect(dir, sorted, chunkBefore, found);
      const missing = sorted.filter((position) => !found.has(position));
      if (missing.length > 0) {
        const segments = await listSegments(dir);
        await collect(dir, missing, (position) => beginningOf(segments, position), found);
      }
      return found;
    },
  };
}

function beginningOf(segments: readonly Position[], position: Position): SegmentCursor | undefined {
  const segment = segments.findLast((first) => first <= position);
  return segment === undefined ? undefined : { segment, offset: 0, position: segment - 1 };
}

async function collect(
  dir: string,
  sorted: readonly Position[],
  startOf: (position: Position) => SegmentCursor | undefined,
  found: Map<Position, AuditRecord>,
): Promise<void> {
  for (let i = 0; i < sorted.length; ) {
    const from = startOf(sorted[i]!);
    let end = i + 1;
    while (end < sorted.length && sorted[end]! - sorted[end - 1]! <= NEAR) end++;
    const wanted = new Set(sorted.slice(i, end));
    i = end;
    if (from === undefined) continue;
    // What is damaged is missing, which is all that has to be known here.
    for await (const { records } of readSegments(dir, { from, to: sorted[end - 1]!, onDamage: () => {} })) {
      for (const { position, payload } of records) {
        if (!wanted.has(position)) continue;
        try {
          found.set(position, JSON.parse(payload) as AuditRecord);
        } catch {
          // It is as good as missing.
        }
      }
    }
  }
}
