/**
 * The bytes of a segment file: what goes in is records, what comes out is bytes, and back. No files, no clocks.
 *
 * A segment is one header, then frames, then perhaps zeros (space taken in advance). All integers are little-endian.
 *
 *   header  "dbgate1\n" | u32 length | u32 CRC-32 | JSON (UTF-8, `length` bytes)
 *   frame   u32 length | u32 CRC-32 | u64 position | u32 streamSeq | u8 flags | u8 nameLength | stream | payload
 *
 * A frame's `length` counts what follows its CRC, and the CRC-32 (zlib's, IEEE 802.3) covers the same bytes. A length
 * of zero ends the segment. The payload's bytes, and nothing around them, are what a Merkle leaf is made of; the
 * index of that leaf is the header's `firstLeaf` plus the frame's ordinal in the segment.
 */
import { crc32 } from 'node:zlib';
import type { Position, StoredRecord } from './event-log.ts';

export const SEGMENT_VERSION = 1;
const MAGIC = Buffer.from('dbgate1\n', 'latin1');
const HEADER_FIXED_BYTES = 16;
const FRAME_FIXED_BYTES = 8;
const BODY_FIXED_BYTES = 14;
/** From a frame's beginning to the name of its stream. */
export const FRAME_HEAD_BYTES = FRAME_FIXED_BYTES + BODY_FIXED_BYTES;
/** No frame is longer: a length field above it is damage, and nothing is allocated for it. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
/** Flag: when this frame was written, every frame before it was already on stable storage. */
const FLAG_PREDECESSORS_DURABLE = 1;

export interface SegmentHeader {
  readonly version: typeof SEGMENT_VERSION;
  readonly gateway: string;
  readonly firstPosition: Position;
  /** How many records all earlier segments hold together. */
  readonly firstLeaf: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Where the segment before this one ends, in bytes: what its file holds beyond was never durable and is not read. */
  readonly previous: { readonly firstPosition: Position; readonly endOffset: number } | null;
  /** Last `streamSeq` of every stream before this segment, so that opening needs only the last segment. */
  readonly streams: readonly (readonly [stream: string, lastSeq: number])[];
  /**
   * It was written anew when something was erased: how long all its frames are, in 16 digits. What the next segment says
   * of where this one ends is of the file as it was.
   */
  readonly rewritten?: { readonly frameBytes: string };
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const { version, gateway, firstPosition, firstLeaf, createdAt, previous, streams, rewritten } = header;
  const json = Buffer.from(
    JSON.stringify({ version, gateway, firstPosition, firstLeaf, createdAt, previous, streams, rewritten }),
  );
  const out = Buffer.allocUnsafe(HEADER_FIXED_BYTES + json.length);
  MAGIC.copy(out);
  out.writeUInt32LE(json.length, 8);
  out.writeUInt32LE(crc32(json), 12);
  json.copy(out, HEADER_FIXED_BYTES);
  return out;
}

export type HeaderResult =
  | { readonly kind: 'header'; readonly header: SegmentHeader; readonly next: number }
  /** More bytes are needed: this many from the start of the file. */
  | { readonly kind: 'incomplete'; readonly need: number }
  /** Whole, but written by another version of the format. */
  | { readonly kind: 'unsupported'; readonly version: number }
  | { readonly kind: 'bad'; readonly reason: string };

/** Decodes the header at the start of `bytes`. */
export function decodeSegmentHeader(bytes: Buffer): HeaderResult {
  const seen = Math.min(bytes.length, MAGIC.length);
  if (bytes.compare(MAGIC, 0, seen, 0, seen) !== 0) return { kind: 'bad', reason: 'not a dbgate segment' };
  if (bytes.length < HEADER_FIXED_BYTES) return { kind: 'incomplete', need: HEADER_FIXED_BYTES };
  const length = bytes.readUInt32LE(8);
  if (length > MAX_HEADER_BYTES) return { kind: 'bad', reason: `header of ${length} bytes` };
  const next = HEADER_FIXED_BYTES + length;
  if (bytes.length < next) return { kind: 'incomplete', need: next };
  const json = bytes.subarray(HEADER_FIXED_BYTES, next);
  if (crc32(json) !== bytes.readUInt32LE(12)) return { kind: 'bad', reason: 'header checksum does not match' };
  const header = JSON.parse(json.toString()) as SegmentHeader;
  if (header.version !== SEGMENT_VERSION) return { kind: 'unsupported', version: header.version };
  return { kind: 'header', header, next };
}

/** Turns records into one run of bytes for one write; the hot path of the log. Reused after `clear()`. */
export class FrameBuffer {
  #bytes: Buffer;
  #length = 0;
  #count = 0;

  constructor(initialBytes = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** Encoded bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Frames so far. */
  get count(): number {
    return this.#count;
  }

  /** Appends one frame; `stream` is the name's UTF-8, at most 255 bytes. */
  add(position: Position, stream: Buffer, streamSeq: number, payload: string, predecessorsDurable: boolean): void {
    const start = this.#length;
    const body = start + FRAME_FIXED_BYTES;
    this.#reserve(body + BODY_FIXED_BYTES + stream.length + payload.length * 3);
    const bytes = this.#bytes;
    bytes.writeUInt32LE(position >>> 0, body);
    bytes.writeUInt32LE(Math.floor(position / 0x1_0000_0000), body + 4);
    bytes.writeUInt32LE(streamSeq, body + 8);
    bytes[body + 12] = predecessorsDurable ? FLAG_PREDECESSORS_DURABLE : 0;
    bytes[body + 13] = stream.length;
    let at = body + BODY_FIXED_BYTES;
    for (let i = 0; i < stream.length; i++) bytes[at++] = stream[i]!;
    const end = at + bytes.write(payload, at);
    bytes.writeUInt32LE(end - body, start);
    bytes.writeUInt32LE(crc32(bytes.subarray(body, end)), start + 4);
    this.#length = end;
    this.#count++;
  }

  /** A view, valid until the next `add` or `clear`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
    // One large statement must not hold its memory for ever.
    if (this.#bytes.length > 4 * 1024 * 1024) this.#bytes = Buffer.allocUnsafe(64 * 1024);
  }

  #reserve(total: number): void {
    if (total <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(total, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

export interface Frame {
  readonly kind: 'frame';
  readonly position: Position;
  readonly streamSeq: number;
  readonly predecessorsDurable: boolean;
  /** Byte ranges in the decoded buffer. */
  readonly streamStart: number;
  readonly payloadStart: number;
  /** End of the payload and start of the next frame. */
  readonly next: number;
}

export type FrameResult =
  | Frame
  /** The buffer ends inside the frame; `need` bytes from the frame's start complete it. */
  | { readonly kind: 'incomplete'; readonly need: number }
  /** A zero length: nothing was written from here on. */
  | { readonly kind: 'end' }
  | { readonly kind: 'bad'; readonly reason: string };

const END: FrameResult = { kind: 'end' };

/** Decodes the frame at `offset`; never reads behind the buffer. */
export function decodeFrame(bytes: Buffer, offset: number): FrameResult {
  if (offset + 4 > bytes.length) return { kind: 'incomplete', need: FRAME_FIXED_BYTES };
  const length = bytes.readUInt32LE(offset);
  if (length === 0) return END;
  if (length < BODY_FIXED_BYTES || length > MAX_FRAME_BYTES) return { kind: 'bad', reason: `frame of ${length} bytes` };
  const body = offset + FRAME_FIXED_BYTES;
  const next = body + length;
  if (next > bytes.length) return { kind: 'incomplete', need: FRAME_FIXED_BYTES + length };
  if (crc32(bytes.subarray(body, next)) !== bytes.readUInt32LE(offset + 4)) {
    return { kind: 'bad', reason: 'frame checksum does not match' };
  }
  const streamStart = body + BODY_FIXED_BYTES;
  const payloadStart = streamStart + bytes[body + 13]!;
  if (payloadStart > next) return { kind: 'bad', reason: 'stream name longer than its frame' };
  return {
    kind: 'frame',
    position: positionAt(bytes, body),
    streamSeq: bytes.readUInt32LE(body + 8),
    predecessorsDurable: (bytes[body + 12]! & FLAG_PREDECESSORS_DURABLE) !== 0,
    streamStart,
    payloadStart,
    next,
  };
}

/** The record in a frame that `decodeFrame` found in the same buffer. */
export function recordOf(bytes: Buffer, frame: Frame): StoredRecord {
  return {
    position: frame.position,
    stream: bytes.toString('utf8', frame.streamStart, frame.payloadStart),
    streamSeq: frame.streamSeq,
    payload: bytes.toString('utf8', frame.payloadStart, frame.next),
  };
}

/**
 * Finds the next whole frame at or behind `offset` whose position lies within the bounds: the way to go on behind
 * damage. Undefined if there is none.
 */
export function findFrame(
  bytes: Buffer,
  offset: number,
  bounds: { readonly after: Position; readonly before: Position },
): { readonly offset: number; readonly frame: Frame } | undefined {
  const last = bytes.length - FRAME_FIXED_BYTES - BODY_FIXED_BYTES;
  for (let at = offset; at <= last; at++) {
    const length = bytes.readUInt32LE(at);
    if (length < BODY_FIXED_BYTES || length > last - at + BODY_FIXED_BYTES) continue;
    const position = positionAt(bytes, at + FRAME_FIXED_BYTES);
    if (position <= bounds.after || position >= bounds.before) continue;
    const frame = decodeFrame(bytes, at);
    if (frame.kind === 'frame') return { offset: at, frame };
  }
  return undefined;
}

export type TailVerdict =
  /** Nothing but zeros from here on. */
  | { readonly kind: 'clean'; readonly lastLegiblePosition: Position }
  /** The last group commit was cut short: none of it was acknowledged. */
  | { readonly kind: 'torn'; readonly lastLegiblePosition: Position }
  /** A record that was durable is damaged: a later one, written after that one was synced, is whole. */
  | { readonly kind: 'damaged'; readonly legibleEnd: number; readonly lastLegiblePosition: Position };

/**
 * Judges the bytes of a segment from the first offset on that holds no whole frame up to the end of its file.
 *
 * A cut-short write may leave any of its blocks unwritten, so whole frames behind a broken one prove nothing by
 * themselves. But a group commit starts only when the one before is durable, and its first frame says so.
 */
export function judgeTail(tail: Buffer, lastPosition: Position): TailVerdict {
  let lastLegiblePosition = lastPosition;
  let legibleEnd = 0;
  let damaged = false;
  for (let at = 0; ; ) {
    const found = findFrame(tail, at, { after: lastLegiblePosition, before: Number.MAX_SAFE_INTEGER });
    if (found === undefined) break;
    lastLegiblePosition = found.frame.position;
    if (found.frame.predecessorsDurable && found.offset > 0) damaged = true;
    at = legibleEnd = found.frame.next;
  }
  if (damaged) return { kind: 'damaged', legibleEnd, lastLegiblePosition };
  if (tail.every((byte) => byte === 0)) return { kind: 'clean', lastLegiblePosition };
  return { kind: 'torn', lastLegiblePosition };
}

function positionAt(bytes: Buffer, at: number): Position {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
}
