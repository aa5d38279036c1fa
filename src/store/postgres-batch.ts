import { randomUUID } from 'node:crypto';
import type { AppendResult, Position } from './event-log.ts';

/** Payloads of one stream that are written together or not at all. */
export interface BatchItem {
  readonly stream: string;
  readonly expectedSeq: number | undefined;
  readonly payloads: readonly string[];
  readonly waiter: { resolve(result: AppendResult): void; reject(error: Error): void } | undefined;
}

/** What is written in one transaction. */
export interface Batch {
  readonly id: string;
  /** The least positions that its records can get. */
  readonly first: Position;
  readonly last: Position;
  readonly items: readonly BatchItem[];
}

interface Forming {
  readonly first: Position;
  last: Position;
  length: number;
  readonly items: BatchItem[];
}

const MAX_BATCH_LENGTH = 1 << 20;
const MAX_BATCH_RECORDS = 1_000;
/** How long records that nobody waits for may wait for one that somebody does. */
const PATIENCE_MS = 10;

/** Records that wait to be written, gathered into batches; `due` is called when there is something to take. */
export class BatchQueue {
  readonly #maxLength: number;
  readonly #due: () => void;
  #batches: Forming[] = [];
  #length = 0;
  #lastGiven: Position = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(maxLength: number, due: () => void) {
    this.#maxLength = maxLength;
    this.#due = due;
  }

  /** Of what waits, the first; undefined: nothing waits. */
  get first(): Position | undefined {
    return this.#batches[0]?.first;
  }

  /** Positions up to this one are taken. */
  atLeast(position: Position): void {
    this.#lastGiven = Math.max(this.#lastGiven, position);
  }

  /** One that is larger than the whole queue still passes when nothing else waits. */
  isFullFor(length: number): boolean {
    return this.#length > 0 && this.#length + length > this.#maxLength;
  }

  enqueue(stream: string, payload: string, patient: boolean): Position {
    const item = this.#batches.at(-1)?.items.at(-1);
    const joins = item?.stream === stream && item.waiter === undefined;
    const batch = this.#batchFor(1, payload.length);
    if (joins && batch.items.at(-1) === item) (item.payloads as string[]).push(payload);
    else batch.items.push({ stream, expectedSeq: undefined, payloads: [payload], waiter: undefined });
    if (patient) this.#patience ??= setTimeout(this.#due, PATIENCE_MS);
    else this.#schedule();
    return this.#lastGiven;
  }

  append(item: BatchItem): void {
    let length = 0;
    for (const payload of item.payloads) length += payload.length;
    this.#batchFor(item.payloads.length, length).items.push(item);
    this.#schedule();
  }

  take(): Batch | undefined {
    const batch = this.#batches.shift();
    if (batch === undefined) return undefined;
    this.#length -= batch.length;
    if (this.#batches.length === 0) this.#unschedule();
    return { id: randomUUID(), first: batch.first, last: batch.last, items: batch.items };
  }

  takeAll(): Batch[] {
    const all: Batch[] = [];
    for (let batch = this.take(); batch !== undefined; batch = this.take()) all.push(batch);
    return all;
  }

  #batchFor(records: number, length: number): Forming {
    let batch = this.#batches.at(-1);
    const fits =
      batch !== undefined &&
      batch.length + length <= MAX_BATCH_LENGTH &&
      batch.last - batch.first + 1 + records <= MAX_BATCH_RECORDS;
    if (batch === undefined || !fits) {
      batch = { first: this.#lastGiven + 1, last: this.#lastGiven, length: 0, items: [] };
      this.#batches.push(batch);
    }
    this.#lastGiven = batch.last = this.#lastGiven + records;
    batch.length += length;
    this.#length += length;
    return batch;
  }

  /** What is readable now goes along. */
  #schedule(): void {
    this.#scheduled ??= setImmediate(this.#due);
  }

  #unschedule(): void {
    clearImmediate(this.#scheduled);
    clearTimeout(this.#patience);
    this.#scheduled = this.#patience = undefined;
  }
}
