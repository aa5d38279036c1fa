import type { AppendResult, Position } from './event-log.ts';
import { FrameBuffer } from './segment-format.ts';

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

/** Records of one write. */
export interface Batch extends Fate {
  readonly frames: FrameBuffer;
}

/** What is written but not synced: one batch, or several when durability is async. */
export interface Unsynced extends Fate {
  records: number;
}

export function newBatch(): Batch {
  return { frames: new FrameBuffer(), first: 0, last: 0, before: new Map(), waiters: [] };
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
