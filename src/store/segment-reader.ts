/**
 * Reads records back from segment files, in order, a chunk of a file at a time, whether or not somebody writes.
 * In: where to start and the last position that is durable. Out: records, and a cursor to go on from.
 * It changes nothing and never reads past what the log knows to be durable.
 */
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position, StoredRecord } from './event-log.ts';
import { listSegments, readSegmentHeader } from './segment-directory.ts';
import { openSegment, type SegmentFile, segmentPath } from './segment-file.ts';
import { decodeFrame, type Frame, findFrame, recordOf } from './segment-format.ts';

/** A place between two frames. */
export interface SegmentCursor {
  /** First position of the segment; 0: before everything. */
  readonly segment: Position;
  /** Byte offset in its file; 0: before its first frame. */
  readonly offset: number;
  /** The last position before this place. */
  readonly position: Position;
}

export const START: SegmentCursor = { segment: 0, offset: 0, position: 0 };

export interface Damage {
  readonly segment: Position;
  readonly offset: number;
  readonly reason: string;
}

export interface ReadSegmentsOptions {
  readonly from: SegmentCursor;
  /** Last position to read; the caller knows that it is durable. */
  readonly to: Position;
  /** Only records of this stream are given. */
  readonly stream?: string;
  /** Its last sequence number, where the caller knows it: the newest segment is passed over too if it has none of it. */
  readonly streamSeq?: number;
  /** Called for damage, which is then stepped over; without it damage throws. */
  readonly onDamage?: (damage: Damage) => void;
}

export interface ReadChunk {
  readonly records: readonly StoredRecord[];
  /** Behind the last record. */
  readonly cursor: SegmentCursor;
}

/** The same as bytes. */
export interface FrameChunk {
  /** A part of a segment's file, valid for as long as somebody holds it. */
  readonly bytes: Buffer;
  /** Where `bytes` begins in the file. */
  readonly offset: number;
  /** Places in `bytes`. */
  readonly frames: readonly Frame[];
  readonly cursor: SegmentCursor;
}

const CHUNK_BYTES = 256 * 1024;

/** Gives the records behind `from` up to `to`, in chunks of some hundred. */
export async function* readSegments(dir: string, options: ReadSegmentsOptions): AsyncGenerator<ReadChunk> {
  for await (const { bytes, frames, cursor } of readSegmentFrames(dir, options)) {
    yield { records: frames.map((frame) => recordOf(bytes, frame)), cursor };
  }
}

/** As `readSegments`, for those who need the bytes that are on disk. */
export async function* readSegmentFrames(dir: string, options: ReadSegmentsOptions): AsyncGenerator<FrameChunk> {
  const { to } = options;
  let cursor = options.from;
  if (cursor.position >= to) return;
  const segments = (await listSegments(dir)).filter((first) => first <= to);
  let index = Math.max(
    0,
    segments.findLastIndex((first) => (cursor.segment > 0 ? first <= cursor.segment : first <= cursor.position + 1)),
  );
  for (; index < segments.length; index++) {
    const segment = segments[index]!;
    if (segment !== cursor.segment) cursor = { segment, offset: 0, position: cursor.position };
    const next = segments[index + 1];
    if (options.stream !== undefined && !(await holdsStream(dir, segment, next, options.stream, options.streamSeq))) {
      continue;
    }
    for await (const chunk of readSegment(dir, next, cursor, options)) {
      cursor = chunk.cursor;
      yield chunk;
      if (cursor.position >= to) return;
    }
  }
}

/** Compares the tables of last sequence numbers at both ends of a segment, so that rare streams are found fast. */
async function holdsStream(
  dir: string,
  segment: Position,
  next: Position | undefined,
  stream: string,
  streamSeq: number | undefined,
): Promise<boolean> {
  const seqAt = async (first: Position): Promise<number | undefined> => {
    const file = await openSegment(dir, first);
    try {
      const read = await readSegmentHeader(file);
      if (read.kind === 'bad') return undefined;
      return read.header.streams.find(([name]) => name === stream)?.[1] ?? 0;
    } finally {
      await file.close();
    }
  };
  const before = await seqAt(segment);
  const after = next === undefined ? streamSeq : await seqAt(next);
  return before === undefined || after === undefined || before !== after;
}

async function* readSegment(
  dir: string,
  nextSegment: Position | undefined,
  from: SegmentCursor,
  options: ReadSegmentsOptions,
): AsyncGenerator<FrameChunk> {
  const { segment } = from;
  const damage = (offset: number, reason: string): void => {
    if (options.onDamage === undefined) {
      const path = segmentPath(dir, segment);
      throw new DbgateError(ErrorCode.internal, `audit segment ${path} is damaged at byte ${offset}: ${reason}`);
    }
    options.onDamage({ segment, offset, reason });
  };
  const file = await openSegment(dir, segment);
  try {
    const { size } = await file.stat();
    const sealedAt = (await rewrittenEnd(file)) ?? (await sealOf(dir, segment, nextSegment));
    const endOffset = Math.min(size, sealedAt ?? size);
    let { offset, position } = from;
    if (offset === 0) {
      const read = await readSegmentHeader(file);
      if (read.kind === 'bad') damage(0, read.reason);
      else offset = read.dataOffset;
    }
    let chunkBytes = CHUNK_BYTES;
    while (offset < endOffset) {
      const wanted = Math.min(chunkBytes, endOffset - offset);
      const bytes = await readExactly(file, offset, wanted);
      if (bytes.length === 0) return;
      const atEnd = bytes.length < wanted || offset + bytes.length >= endOffset;
      chunkBytes = CHUNK_BYTES;
      const frames: Frame[] = [];
      let at = 0;
      let stop: 'end' | { readonly reason: string } | undefined;
      while (at < bytes.length) {
        const frame = decodeFrame(bytes, at);
        if (frame.kind === 'frame') {
          if (frame.position > options.to) {
            stop = 'end';
            break;
          }
          at = frame.next;
          if (frame.position <= position) continue;
          position = frame.position;
          if (options.stream !== undefined && !streamIs(bytes, frame, options.stream)) continue;
          frames.push(frame);
        } else if (frame.kind === 'incomplete' && !atEnd) {
          chunkBytes = Math.max(CHUNK_BYTES, frame.need);
          break;
        } else {
          // In a file that is still written, or was never sealed, zeros are its end.
          const quiet =
            position >= options.to || (frame.kind === 'end' && sealedAt === undefined && nextSegment !== undefined);
          stop = quiet ? 'end' : { reason: frame.kind === 'bad' ? frame.reason : 'frame is cut short' };
          break;
        }
      }
      offset += at;
      if (at > 0) yield { bytes, offset: offset - at, frames, cursor: { segment, offset, position } };
      if (stop === 'end') return;
      if (stop !== undefined) {
        damage(offset, stop.reason);
        const rest = await readExactly(file, offset, endOffset - offset);
        const before = Math.min(nextSegment ?? Number.MAX_SAFE_INTEGER, options.to + 1);
        const found = findFrame(rest, 1, { after: position, before });
        if (found === undefined) return;
        offset += found.offset;
      }
    }
    if (sealedAt !== undefined && size < sealedAt) damage(size, `file has ${size} of ${sealedAt} bytes`);
  } finally {
    await file.close();
  }
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export async function readExactly(file: SegmentFile, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Where a segment ends that was written anew; its own header says so. */
async function rewrittenEnd(file: SegmentFile): Promise<number | undefined> {
  const read = await readSegmentHeader(file);
  if (read.kind === 'bad' || read.header.rewritten === undefined) return undefined;
  return read.dataOffset + Number(read.header.rewritten.frameBytes);
}

/** Where a segment ends, as the next one's header says; undefined when there is none or it does not say. */
async function sealOf(dir: string, segment: Position, next: Position | undefined): Promise<number | undefined> {
  if (next === undefined) return undefined;
  const following = await openSegment(dir, next);
  try {
    const read = await readSegmentHeader(following);
    if (read.kind === 'bad' || read.header.previous?.firstPosition !== segment) return undefined;
    return read.header.previous.endOffset;
  } finally {
    await following.close();
  }
}

function streamIs(bytes: Buffer, frame: Frame, stream: string): boolean {
  return bytes.toString('utf8', frame.streamStart, frame.payloadStart) === stream;
}
