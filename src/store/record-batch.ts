import type { AppendResult, LateText, Position } from './event-log.ts';
import { FRAME_HEAD_BYTES, FrameBuffer } from './segment-format.ts';

/** A named stream as the writer knows it. */
export interface Stream {
  readonly name: string;
  readonly encodedName: Buffer;
  /** The last number given out. */
  seq: number;
  /** The batch that holds this stream's number as it was before. */
  notedIn: Batch | undefined;
}

/** Somebody who waits until a record is durable. */
export interface Waiter {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
  readonly result: AppendResult;
}

/** Records that share one fate: all of them become durable, or all fail. */
export interface Fate {
  /** 0: none yet. */
  first: Position;
  last: Position;
  /** Streams in it, with their `seq` before it. */
  readonly before: Map<Stream, number>;
  readonly waiters: Waiter[];
}

interface Waiting {
  readonly position: Position;
  readonly encodedName: Buffer;
  readonly seq: number;
  readonly payload: string | LateText;
  readonly predecessorsDurable: boolean;
}

/** Records of one write. */
export interface Batch extends Fate {
  readonly frames: FrameBuffer;
  /** Taken, and not encoded yet. */
  readonly waiting: Waiting[];
  /** About what all of it comes to, encoded or not. */
  bytes: number;
}

/** What is written but not synced: one batch, or several when durability is async. */
export interface Unsynced extends Fate {
  records: number;
}

export function newBatch(): Batch {
  return { frames: new FrameBuffer(), waiting: [], bytes: 0, first: 0, last: 0, before: new Map(), waiters: [] };
}

/** Takes a record, which `encode` encodes. */
export function take(
  batch: Batch,
  position: Position,
  stream: Stream,
  payload: string | LateText,
  predecessorsDurable: boolean,
): void {
  const { encodedName } = stream;
  batch.waiting.push({ position, encodedName, seq: ++stream.seq, payload, predecessorsDurable });
  batch.bytes += FRAME_HEAD_BYTES + encodedName.length + payload.length;
}

/** Puts what was taken into bytes. Throws what a text threw, which is then the first that waits. */
export function encode({ frames, waiting }: Batch): void {
  let encoded = 0;
  try {
    for (; encoded < waiting.length; encoded++) {
      const { position, encodedName, seq, payload, predecessorsDurable } = waiting[encoded]!;
      const text = typeof payload === 'string' ? payload : payload.text();
      frames.add(position, encodedName, seq, text, predecessorsDurable);
    }
  } finally {
    if (encoded === waiting.length) waiting.length = 0;
    else waiting.splice(0, encoded);
  }
}

/** Adds a batch that was written to what waits for a sync, and empties the batch for its next use. */
export function moveToUnsynced(batch: Batch, unsynced: Unsynced | undefined): Unsynced {
  const into: Unsynced = unsynced ?? { first: batch.first, last: 0, records: 0, before: new Map(), waiters: [] };
  into.last = batch.last;
  into.records += batch.frames.count;
  for (const [stream, seq] of batch.before) {
    if (!into.before.has(stream)) into.before.set(stream, seq);
    if (stream.notedIn === batch) stream.notedIn = undefined;
  }
  for (const waiter of batch.waiters) into.waiters.push(waiter);
  batch.frames.clear();
  batch.bytes = 0;
  batch.before.clear();
  batch.waiters.length = 0;
  batch.first = batch.last = 0;
  return into;
}

/** Takes back the stream numbers of records that failed, newest first; gives those who wait for them, oldest first. */
export function abandon(newestFirst: readonly Fate[]): Waiter[] {
  const waiters: Waiter[] = [];
  for (const { before, waiters: waiting } of newestFirst) {
    for (const [stream, seq] of before) {
      stream.seq = seq;
      stream.notedIn = undefined;
    }
    waiters.unshift(...waiting);
  }
  return waiters;
}
