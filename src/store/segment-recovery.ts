/**
 * Finds out, when a log is opened, where the last process left it: the last durable position, the streams' numbers,
 * and the file to go on with. A torn tail (never acknowledged) is cut off; damage to what was durable never is.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { Position } from './event-log.ts';
import { expandSegment } from './segment-compression.ts';
import { listSegments, readSegmentHeader, syncDirectory } from './segment-directory.ts';
import { openSegment, segmentPath } from './segment-file.ts';
import { decodeFrame, type Frame, judgeTail, type SegmentHeader } from './segment-format.ts';
import { readExactly, readSegments } from './segment-reader.ts';

export interface Recovered {
  /** The segment to go on writing; undefined: a new one is needed. */
  readonly current:
    | {
        readonly file: FileHandle;
        readonly header: SegmentHeader;
        readonly dataOffset: number;
        readonly endOffset: number;
        readonly size: number;
      }
    | undefined;
  /** What the next segment's header says of the one before it. */
  readonly previous: SegmentHeader['previous'];
  /** The last durable position; 0: none. */
  readonly lastPosition: Position;
  /** The first position that may be given out: above any that was ever seen. */
  readonly nextPosition: Position;
  readonly leafCount: number;
  readonly streams: Map<string, number>;
  /** What was found and done, for the gateway's own log; empty after a clean end. */
  readonly notes: readonly string[];
}

const CHUNK_BYTES = 1024 * 1024;

/** Recovers the log in `dir`. The caller holds the directory's lock. */
export async function recoverSegments(dir: string): Promise<Recovered> {
  const notes: string[] = [];
  const segments = await listSegments(dir);
  for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
    const path = segmentPath(dir, last);
    // Only where it was restored from an archive.
    if (!existsSync(path)) await expandSegment(dir, last);
    const file = await open(path, 'r+');
    let keepOpen = false;
    try {
      const { size } = await file.stat();
      const read = await readSegmentHeader(file);
      if (read.kind === 'bad') {
        const verdict = judgeTail(await readExactly(file, 0, size), last - 1);
        if (verdict.lastLegiblePosition < last) {
          // Its creation was cut short; nothing was ever written to it.
          await unlink(path);
          await syncDirectory(dir);
          segments.pop();
          notes.push(`removed unfinished segment ${path}`);
          continue;
        }
        notes.push(`segment ${path} is damaged: ${read.reason}; it is kept and a new one is begun`);
        return await readOver(dir, segments, { firstPosition: last, endOffset: size }, notes);
      }
      const { header } = read;
      const streams = new Map(header.streams);
      let leafCount = header.firstLeaf;
      const names = new Map<string, string>();
      const scan = await scanFrames(file, read.dataOffset, size, header.firstPosition - 1, (bytes, frame) => {
        const key = bytes.toString('latin1', frame.streamStart, frame.payloadStart);
        let name = names.get(key);
        if (name === undefined) names.set(key, (name = bytes.toString('utf8', frame.streamStart, frame.payloadStart)));
        streams.set(name, frame.streamSeq);
        leafCount++;
      });
      const tail = await readExactly(file, scan.endOffset, size - scan.endOffset);
      const verdict = judgeTail(tail, scan.lastPosition);
      if (verdict.kind === 'damaged') {
        notes.push(`segment ${path} is damaged at byte ${scan.endOffset}; it is kept and a new one is begun`);
        const endOffset = scan.endOffset + verdict.legibleEnd;
        return await readOver(dir, segments, { firstPosition: last, endOffset }, notes);
      }
      if (verdict.kind === 'torn') {
        await file.truncate(scan.endOffset);
        notes.push(`cut off a torn tail of ${tail.length} bytes from ${path}`);
      }
      // What was read may so far be in memory only.
      await file.datasync();
      await syncDirectory(dir);
      keepOpen = true;
      return {
        current: {
          file,
          header,
          dataOffset: read.dataOffset,
          endOffset: scan.endOffset,
          size: verdict.kind === 'torn' ? scan.endOffset : size,
        },
        previous: header.previous,
        lastPosition: scan.lastPosition,
        nextPosition: verdict.lastLegiblePosition + 1,
        leafCount,
        streams,
        notes,
      };
    } finally {
      if (!keepOpen) await file.close();
    }
  }
  const streams = new Map<string, number>();
  return { current: undefined, previous: null, lastPosition: 0, nextPosition: 1, leafCount: 0, streams, notes };
}

async function scanFrames(
  file: FileHandle,
  dataOffset: number,
  size: number,
  lastPosition: Position,
  onFrame: (bytes: Buffer, frame: Frame) => void,
): Promise<{ endOffset: number; lastPosition: Position }> {
  let offset = dataOffset;
  let position = lastPosition;
  let chunkBytes = CHUNK_BYTES;
  for (;;) {
    const bytes = await readExactly(file, offset, Math.min(chunkBytes, size - offset));
    let at = 0;
    let frame = decodeFrame(bytes, at);
    while (frame.kind === 'frame' && frame.position > position) {
      onFrame(bytes, frame);
      position = frame.position;
      at = frame.next;
      frame = decodeFrame(bytes, at);
    }
    offset += at;
    if (frame.kind !== 'incomplete' || offset + frame.need > size) return { endOffset: offset, lastPosition: position };
    chunkBytes = Math.max(CHUNK_BYTES, frame.need);
  }
}

/** The slow way, for damaged files: counts everything legible from the last whole header on. */
async function readOver(
  dir: string,
  segments: readonly Position[],
  previous: NonNullable<SegmentHeader['previous']>,
  notes: string[],
): Promise<Recovered> {
  let base: SegmentHeader | undefined;
  for (let i = segments.length - 1; i >= 0 && base === undefined; i--) {
    const file = await openSegment(dir, segments[i]!);
    try {
      const read = await readSegmentHeader(file);
      if (read.kind === 'header') base = read.header;
    } finally {
      await file.close();
    }
  }
  const streams = new Map(base?.streams ?? []);
  let leafCount = base?.firstLeaf ?? 0;
  const first = base?.firstPosition ?? segments[0]!;
  let lastPosition = first - 1;
  const from = { segment: first, offset: 0, position: lastPosition };
  const onDamage = (): void => undefined;
  for await (const chunk of readSegments(dir, { from, to: Number.MAX_SAFE_INTEGER - 1, onDamage })) {
    for (const record of chunk.records) {
      streams.set(record.stream, record.streamSeq);
      leafCount++;
      lastPosition = record.position;
    }
  }
  return { current: undefined, previous, lastPosition, nextPosition: lastPosition + 1, leafCount, streams, notes };
}
