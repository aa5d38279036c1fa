/** Reads leaves out of segments: which record is leaf number so-and-so, and where it stands. */
import type { Position } from '../../store/event-log.ts';
import { listSegments, readSegmentHeader } from '../../store/segment-directory.ts';
import { openSegment } from '../../store/segment-file.ts';
import { FRAME_HEAD_BYTES } from '../../store/segment-format.ts';
import { type Damage, readSegmentFrames, type SegmentCursor } from '../../store/segment-reader.ts';

export interface LeafCursor extends SegmentCursor {
  /** How many leaves stand before this place. */
  readonly leaf: number;
}

export interface StoredLeaf {
  readonly leaf: number;
  readonly position: Position;
  readonly streamSeq: number;
  readonly stream: Buffer;
  readonly payload: Buffer;
  /** Of its frame, in the segment's file. */
  readonly offset: number;
}

export interface LeafChunk {
  readonly segment: Position;
  readonly leaves: readonly StoredLeaf[];
  readonly cursor: LeafCursor;
}

/** What the segments' headers say of where leaves begin. */
export interface SegmentStart {
  readonly segment: Position;
  /** Undefined: its header cannot be read. */
  readonly firstLeaf: number | undefined;
  /** ISO 8601; undefined as above. */
  readonly createdAt: string | undefined;
  /** Last `streamSeq` of every stream before it. */
  readonly streams: readonly (readonly [stream: string, lastSeq: number])[];
}

export async function segmentStart(dir: string, segment: Position): Promise<SegmentStart> {
  const file = await openSegment(dir, segment);
  try {
    const read = await readSegmentHeader(file);
    if (read.kind === 'bad') return { segment, firstLeaf: undefined, createdAt: undefined, streams: [] };
    const { firstLeaf, createdAt, streams } = read.header;
    return { segment, firstLeaf, createdAt, streams };
  } finally {
    await file.close();
  }
}

/** The first leaf that there still is a record of; undefined when there are no segments. */
export async function firstLeafOf(dir: string): Promise<number | undefined> {
  const [first] = await listSegments(dir);
  return first === undefined ? undefined : ((await segmentStart(dir, first)).firstLeaf ?? 0);
}

/** The beginning of the segment with leaf `leaf`, or with the record at `position`. */
export async function seekSegment(
  dir: string,
  wanted: { readonly leaf: number } | { readonly position: Position },
): Promise<LeafCursor | undefined> {
  const segments = await listSegments(dir);
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    if ('position' in wanted && segment > wanted.position) continue;
    const { firstLeaf } = await segmentStart(dir, segment);
    if (firstLeaf === undefined || ('leaf' in wanted && firstLeaf > wanted.leaf)) continue;
    return { segment, offset: 0, position: segment - 1, leaf: firstLeaf };
  }
  return undefined;
}

/**
 * Leaves behind `from`, up to the record at `to`. Each segment's header is believed in where its leaves begin, so a
 * record that cannot be read leaves a gap in their numbers rather than shift them.
 */
export async function* readLeaves(
  dir: string,
  options: { readonly from: LeafCursor; readonly to: Position; readonly onDamage?: (damage: Damage) => void },
): AsyncGenerator<LeafChunk> {
  let { leaf, segment } = options.from;
  for await (const { bytes, offset, frames, cursor } of readSegmentFrames(dir, options)) {
    if (cursor.segment !== segment) {
      segment = cursor.segment;
      leaf = (await segmentStart(dir, segment)).firstLeaf ?? leaf;
    }
    const leaves = frames.map(
      (frame): StoredLeaf => ({
        leaf: leaf++,
        position: frame.position,
        streamSeq: frame.streamSeq,
        stream: bytes.subarray(frame.streamStart, frame.payloadStart),
        payload: bytes.subarray(frame.payloadStart, frame.next),
        offset: offset + frame.streamStart - FRAME_HEAD_BYTES,
      }),
    );
    yield { segment, leaves, cursor: { ...cursor, leaf } };
  }
}
