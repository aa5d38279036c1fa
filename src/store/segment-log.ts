/**
 * The embedded `EventLog`: segment files in one directory, written by group commit.
 *
 * In: payloads, encoded at once into the batch that is forming. While one batch is written and synced the next forms,
 * so a batch is as large as the disk is slow. Out: positions, and word of what is durable or has failed.
 * It must never call durable what is not, never use a position twice, and never write again to a file that failed:
 * such a file is cut at its last durable byte, everything behind is reported failed, and a fresh segment is tried every
 * `HEAL_INTERVAL_MS` until one holds.
 *
 * With durability `async` a record counts as durable when it is enqueued (`durablePosition` says so at once), is
 * written within WRITE_DELAY_MS and synced within SYNC_INTERVAL_MS; a crash may lose that much. An error still fails
 * the log, and what follows is refused. `append` waits for the disk in both modes, and only what is synced is read.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { acquireLock, type DirectoryLock } from './directory-lock.ts';
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  LogListener,
  LogRecord,
  Position,
  StoredRecord,
} from './event-log.ts';
import {
  abandon,
  type Batch,
  type Fate,
  moveToUnsynced,
  newBatch,
  type Stream,
  type Unsynced,
} from './record-batch.ts';
import { createSegment } from './segment-directory.ts';
import { MAX_FRAME_BYTES, SEGMENT_VERSION, type SegmentHeader } from './segment-format.ts';
import { readSegments, START } from './segment-reader.ts';
import { type Recovered, recoverSegments } from './segment-recovery.ts';
import { PREALLOCATE_BYTES, SegmentWriter } from './segment-writer.ts';
import { SequenceConflict } from './sequence-conflict.ts';

export interface SegmentLogOptions {
  /** Made if it is not there (its parent must be); one process at a time may have it open. */
  readonly dir: string;
  readonly gatewayId: string;
  /** A new segment is begun when one has grown to this. */
  readonly segmentBytes: number;
  readonly durability: 'sync' | 'async';
  /** Bytes of records waiting for the disk, above which more are refused. */
  readonly maxQueuedBytes: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What the log says of itself, for /healthz and doctor. */
export interface SegmentLogStatus {
  readonly state: EventLog['state'];
  /** Why, while `state` is `failed`. */
  readonly error: string | undefined;
  readonly queuedBytes: number;
  /** What was found and repaired when it was opened. */
  readonly recoveryNotes: readonly string[];
}

export interface SegmentLog extends EventLog {
  readonly dir: string;
  /** The last position that was synced: all of them, and no more, can be read from the files. */
  readonly syncedPosition: Position;
  /** The last durable position when this process opened the log. */
  readonly openedAtPosition: Position;
  /** Resolves when everything enqueued so far is synced or has failed. */
  flush(): Promise<void>;
  status(): SegmentLogStatus;
}

const HEAL_INTERVAL_MS = 250;
const ROTATE_RETRY_MS = 1000;
const WRITE_DELAY_MS = 5;
const SYNC_INTERVAL_MS = 100;
/** A forming batch of this size is written at once, whatever WRITE_DELAY_MS says. */
const HURRY_BYTES = 512 * 1024;

/** Opens the log in `dir`, recovers what the last process left, and takes the directory's lock. */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const lock = acquireLock(join(options.dir, 'lock'));
  try {
    const recovered = await recoverSegments(options.dir);
    const log = new GroupCommitLog(options, lock, recovered);
    await log.begin(recovered);
    return log;
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface FlushWaiter {
  readonly upTo: Position;
  readonly resolve: () => void;
}

class GroupCommitLog implements SegmentLog {
  readonly dir: string;
  readonly openedAtPosition: Position;
  readonly #options: SegmentLogOptions;
  readonly #sync: boolean;
  readonly #streams = new Map<string, Stream>();
  readonly #listeners = new Set<LogListener>();
  readonly #notes: readonly string[];
  #lock: DirectoryLock;
  #state: EventLog['state'] = 'healthy';
  #closing = false;
  #error: Error | undefined;
  #writer: SegmentWriter | undefined;
  #previous: SegmentHeader['previous'];
  /** Records in all segments that are durable. */
  #leafCount: number;
  #nextPosition: Position;
  #syncedPosition: Position;
  #forming = newBatch();
  #spare = newBatch();
  /** Being written. */
  #inflight: Batch | undefined;
  /** Written but not synced (more than a moment only when durability is async). */
  #unsynced: Unsynced | undefined;
  #scheduled: NodeJS.Immediate | NodeJS.Timeout | undefined;
  /** An operation on the disk is under way. */
  #busy = false;
  #syncWanted = false;
  /** The forming batch is large and will not wait out its delay. */
  #hurried = false;
  #lastSyncAt = 0;
  #rotateAfter = 0;
  #healTimer: NodeJS.Timeout | undefined;
  #flushWaiters: FlushWaiter[] = [];
  #retiring: Promise<void> = Promise.resolve();
  #syncTimer: NodeJS.Timeout | undefined;
  #lastStream: Stream | undefined;

  constructor(options: SegmentLogOptions, lock: DirectoryLock, recovered: Recovered) {
    this.dir = options.dir;
    this.#options = options;
    this.#sync = options.durability === 'sync';
    this.#lock = lock;
    this.#notes = recovered.notes;
    this.#previous = recovered.previous;
    this.#leafCount = recovered.leafCount;
    this.#nextPosition = recovered.nextPosition;
    this.#syncedPosition = this.openedAtPosition = recovered.lastPosition;
    for (const [name, seq] of recovered.streams) this.#addStream(name, seq);
  }

  /** Goes on with the last segment, or begins a new one. */
  async begin({ current }: Recovered): Promise<void> {
    if (current === undefined) {
      this.#writer = await this.#createSegment(this.#nextPosition);
      return;
    }
    const { firstPosition, gateway } = current.header;
    const { segmentBytes, gatewayId } = this.#options;
    const old = new SegmentWriter({
      file: current.file,
      firstPosition,
      dataOffset: current.dataOffset,
      endOffset: current.endOffset,
      allocatedBytes: current.size,
      segmentBytes,
    });
    this.#writer = old;
    if (gateway === gatewayId) return;
    this.#nextPosition = Math.max(this.#nextPosition, firstPosition + 1);
    this.#previous = { firstPosition, endOffset: current.endOffset };
    this.#writer = await this.#createSegment(this.#nextPosition);
    await old.retire();
  }

  get state(): EventLog['state'] {
    return this.#state;
  }

  get durablePosition(): Position {
    return this.#sync ? this.#syncedPosition : this.#nextPosition - 1;
  }

  get syncedPosition(): Position {
    return this.#syncedPosition;
  }

  status(): SegmentLogStatus {
    return {
      state: this.#state,
      error: this.#state === 'failed' ? this.#error?.message : undefined,
      queuedBytes: this.#queuedBytes(),
      recoveryNotes: this.#notes,
    };
  }

  subscribe(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  enqueue(stream: string, payload: string): Position {
    if (this.#state !== 'healthy' || this.#closing) throw this.#unavailable();
    this.#checkRoom(payload.length);
    return this.#add(this.#lastStream?.name === stream ? this.#lastStream : this.#stream(stream), payload);
  }

  append(stream: string, records: readonly LogRecord[], options: AppendOptions = {}): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'healthy' || this.#closing) throw this.#unavailable();
      const target = this.#stream(stream);
      if (options.expectedSeq !== undefined && options.expectedSeq !== target.seq) {
        throw new SequenceConflict(stream, options.expectedSeq, target.seq);
      }
      if (records.length === 0) throw new DbgateError(ErrorCode.internal, 'append of no records');
      let length = 0;
      for (const record of records) length += record.payload.length;
      this.#checkRoom(length);
      let lastPosition = 0;
      for (const record of records) lastPosition = this.#add(target, record.payload);
      this.#forming.waiters.push({ resolve, reject, result: { lastPosition, lastStreamSeq: target.seq } });
      if (!this.#sync) this.#scheduleNow();
    });
  }

  async *read(stream: string, options: { fromSeq?: number; limit?: number } = {}): AsyncIterable<StoredRecord> {
    const { fromSeq = 1, limit = Number.POSITIVE_INFINITY } = options;
    let left = limit;
    for await (const chunk of readSegments(this.dir, { from: START, to: this.#syncedPosition, stream })) {
      for (const record of chunk.records) {
        if (record.streamSeq < fromSeq) continue;
        if (left-- <= 0) return;
        yield record;
      }
    }
  }

  async *readAll(options: { from?: Position; limit?: number } = {}): AsyncIterable<StoredRecord> {
    const { from = 1, limit = Number.POSITIVE_INFINITY } = options;
    let left = limit;
    const cursor = { segment: 0, offset: 0, position: from - 1 };
    for await (const chunk of readSegments(this.dir, { from: cursor, to: this.#syncedPosition })) {
      for (const record of chunk.records) {
        if (left-- <= 0) return;
        yield record;
      }
    }
  }

  flush(): Promise<void> {
    if (this.#state !== 'healthy' || this.#syncedPosition >= this.#lastQueued()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushWaiters.push({ upTo: this.#lastQueued(), resolve });
      this.#syncWanted = true;
      this.#scheduleNow();
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.flush();
    while (this.#busy) await new Promise((resolve) => setImmediate(resolve));
    this.#state = 'closed';
    clearTimeout(this.#healTimer);
    clearTimeout(this.#syncTimer);
    this.#cancelSchedule();
    if (this.#writer !== undefined) this.#retire(this.#writer);
    this.#writer = undefined;
    await this.#retiring;
    this.#lock.release();
  }

  #add(stream: Stream, payload: string): Position {
    const batch = this.#forming;
    if (stream.notedIn !== batch) {
      stream.notedIn = batch;
      batch.before.set(stream, stream.seq);
    }
    const position = this.#nextPosition++;
    if (batch.first === 0) {
      batch.first = position;
      this.#schedule();
    }
    batch.last = position;
    // When durability is sync a batch is written only after the one before it is durable.
    const predecessorsDurable =
      batch.first === position && (this.#sync || (this.#unsynced === undefined && this.#inflight === undefined));
    batch.frames.add(position, stream.encodedName, ++stream.seq, payload, predecessorsDurable);
    this.#lastStream = stream;
    if (!this.#sync && !this.#hurried && batch.frames.length > HURRY_BYTES) {
      this.#hurried = true;
      this.#scheduleNow();
    }
    return position;
  }

  #checkRoom(length: number): void {
    const queued = this.#queuedBytes();
    // One record larger than the queue still passes when nothing else waits.
    if (queued > 0 && queued + length > this.#options.maxQueuedBytes) {
      throw new DbgateError(ErrorCode.auditUnavailable, 'audit queue is full, statement not run', {
        sqlstate: '58030',
      });
    }
    if (length * 3 > MAX_FRAME_BYTES) {
      throw new DbgateError(ErrorCode.auditUnavailable, `audit record of ${length} characters is too large`, {
        sqlstate: '54000',
      });
    }
  }

  #queuedBytes(): number {
    return this.#forming.frames.length + (this.#inflight?.frames.length ?? 0);
  }

  #lastQueued(): Position {
    return this.#forming.last || this.#inflight?.last || this.#unsynced?.last || this.#syncedPosition;
  }

  #unavailable(): DbgateError {
    const closed = this.#closing || this.#state === 'closed';
    return new DbgateError(ErrorCode.auditUnavailable, 'audit unavailable, statement not run', {
      sqlstate: '58030',
      hint: closed ? 'the gateway is shutting down' : 'the gateway cannot write its audit log; try again shortly',
      cause: this.#error,
    });
  }

  #stream(name: string): Stream {
    return this.#streams.get(name) ?? this.#addStream(name, 0);
  }

  #addStream(name: string, seq: number): Stream {
    const encodedName = Buffer.from(name);
    if (encodedName.length === 0 || encodedName.length > 255) {
      throw new DbgateError(ErrorCode.internal, `stream name of ${encodedName.length} bytes, expected 1 to 255`);
    }
    const stream: Stream = { name, encodedName, seq, notedIn: undefined };
    this.#streams.set(name, stream);
    return stream;
  }

  // The group commit.

  #schedule(): void {
    if (this.#busy || this.#scheduled !== undefined) return;
    // An immediate runs after all sockets that are readable now: their statements share one sync.
    this.#scheduled = this.#sync ? setImmediate(this.#pump) : setTimeout(this.#pump, WRITE_DELAY_MS);
  }

  #scheduleNow(): void {
    this.#cancelSchedule();
    if (!this.#busy) this.#scheduled = setImmediate(this.#pump);
  }

  #cancelSchedule(): void {
    clearTimeout(this.#scheduled as NodeJS.Timeout);
    clearImmediate(this.#scheduled as NodeJS.Immediate);
    this.#scheduled = undefined;
  }

  readonly #pump = (): void => {
    this.#scheduled = undefined;
    const writer = this.#writer;
    if (this.#busy || writer === undefined) return;
    const batch = this.#forming;
    if (batch.first === 0) this.#syncIfDue(writer);
    else if (writer.full && this.#options.now() >= this.#rotateAfter) this.#rotate(writer, batch.first);
    else this.#write(writer, batch);
  };

  #write(writer: SegmentWriter, batch: Batch): void {
    this.#hurried = false;
    this.#forming = this.#spare;
    this.#inflight = batch;
    this.#busy = true;
    writer.write(batch.frames.bytes(), (error) => {
      this.#busy = false;
      if (error !== undefined) {
        this.#fail(error);
        return;
      }
      this.#inflight = undefined;
      this.#unsynced = moveToUnsynced(batch, this.#unsynced);
      this.#spare = batch;
      if (!this.#sync) this.#notifyDurable(this.#unsynced.last);
      this.#syncIfDue(writer);
    });
  }

  #syncIfDue(writer: SegmentWriter): void {
    const unsynced = this.#unsynced;
    const due =
      unsynced !== undefined &&
      (this.#sync ||
        this.#syncWanted ||
        unsynced.waiters.length > 0 ||
        this.#options.now() - this.#lastSyncAt >= SYNC_INTERVAL_MS);
    if (due) this.#syncNow(writer, unsynced, () => this.#next());
    else this.#next();
  }

  #syncNow(writer: SegmentWriter, unsynced: Unsynced, then: () => void): void {
    this.#busy = true;
    writer.sync((error) => {
      this.#busy = false;
      if (error !== undefined) {
        this.#fail(error);
        return;
      }
      this.#unsynced = undefined;
      this.#syncedPosition = unsynced.last;
      this.#leafCount += unsynced.records;
      if (this.#sync) this.#notifyDurable(unsynced.last);
      else this.#lastSyncAt = this.#options.now();
      for (const waiter of unsynced.waiters) waiter.resolve(waiter.result);
      this.#settleFlushes(unsynced.last);
      then();
    });
  }

  /** After an operation: more to write, to sync later, or nothing. */
  #next(): void {
    if (this.#busy || this.#writer === undefined) return;
    if (this.#forming.first !== 0) {
      if (this.#sync || this.#syncWanted || this.#forming.waiters.length > 0) {
        this.#cancelSchedule();
        this.#pump();
      } else this.#schedule();
    }
    if (this.#unsynced !== undefined && !this.#sync) this.#syncTimer ??= setTimeout(this.#syncLater, SYNC_INTERVAL_MS);
  }

  readonly #syncLater = (): void => {
    this.#syncTimer = undefined;
    this.#syncWanted = true;
    this.#scheduleNow();
  };

  #notifyDurable(position: Position): void {
    for (const listener of this.#listeners) callSafely(() => listener.onDurable(position));
  }

  #settleFlushes(upTo: Position): void {
    if (this.#flushWaiters.length > 0) {
      const [done, waiting] = [[] as FlushWaiter[], [] as FlushWaiter[]];
      for (const waiter of this.#flushWaiters) (waiter.upTo <= upTo ? done : waiting).push(waiter);
      this.#flushWaiters = waiting;
      for (const waiter of done) waiter.resolve();
    }
    this.#syncWanted = this.#flushWaiters.length > 0;
  }

  // Segments, failure and healing.

  #rotate(old: SegmentWriter, firstPosition: Position): void {
    if (this.#unsynced !== undefined) {
      this.#syncNow(old, this.#unsynced, () => this.#rotate(old, firstPosition));
      return;
    }
    this.#busy = true;
    this.#previous = { firstPosition: old.firstPosition, endOffset: old.durableEnd };
    const goOn = (): void => {
      this.#busy = false;
      this.#pump();
    };
    this.#createSegment(firstPosition).then(
      (writer) => {
        this.#writer = writer;
        this.#retire(old);
        goOn();
      },
      () => {
        // The old file is still good: a segment that is too long is better than a refused statement.
        this.#rotateAfter = this.#options.now() + ROTATE_RETRY_MS;
        goOn();
      },
    );
  }

  #retire(writer: SegmentWriter): void {
    this.#retiring = Promise.all([this.#retiring, writer.retire()]).then(() => undefined);
  }

  async #createSegment(firstPosition: Position): Promise<SegmentWriter> {
    const { dir, gatewayId, segmentBytes, now } = this.#options;
    const header: SegmentHeader = {
      version: SEGMENT_VERSION,
      gateway: gatewayId,
      firstPosition,
      firstLeaf: this.#leafCount,
      createdAt: new Date(now()).toISOString(),
      previous: this.#previous,
      streams: this.#durableSeqs(),
    };
    const created = await createSegment(dir, header, Math.min(PREALLOCATE_BYTES, segmentBytes));
    return new SegmentWriter({
      file: created.file,
      firstPosition,
      dataOffset: created.dataOffset,
      endOffset: created.dataOffset,
      allocatedBytes: created.allocatedBytes,
      segmentBytes,
    });
  }

  #durableSeqs(): [string, number][] {
    const seqs: [string, number][] = [];
    for (const stream of this.#streams.values()) {
      const seq = this.#forming.before.get(stream) ?? stream.seq;
      if (seq > 0) seqs.push([stream.name, seq]);
    }
    return seqs;
  }

  #fail(error: Error): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#state = 'failed';
    this.#setError(error);
    this.#cancelSchedule();
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const parts: (Fate | undefined)[] = [this.#forming, this.#inflight, this.#unsynced];
    const lost = parts.filter((part) => part !== undefined && part.first !== 0) as Fate[];
    const from = lost.at(-1)?.first;
    const to = this.#nextPosition - 1;
    const waiters = abandon(lost);
    this.#hurried = false;
    this.#forming = newBatch();
    this.#spare = newBatch();
    this.#inflight = this.#unsynced = undefined;
    this.#writer = undefined;
    this.#previous = { firstPosition: writer.firstPosition, endOffset: writer.durableEnd };
    this.#retire(writer);
    if (from !== undefined) {
      for (const listener of this.#listeners) callSafely(() => listener.onFailed(from, to, error));
    }
    for (const waiter of waiters) waiter.reject(this.#unavailable());
    this.#settleFlushes(Number.POSITIVE_INFINITY);
    this.#healLater();
  }

  #setError(error: Error): void {
    this.#error = new DbgateError(
      ErrorCode.auditUnavailable,
      `cannot write the audit log in ${this.dir}: ${error.message}`,
      {
        cause: error,
      },
    );
  }

  #healLater(): void {
    if (this.#closing) return;
    this.#healTimer = setTimeout(() => void this.#heal(), HEAL_INTERVAL_MS);
    this.#healTimer.unref();
  }

  async #heal(): Promise<void> {
    if (this.#closing || this.#state !== 'failed') return;
    this.#busy = true;
    try {
      mkdirSync(this.dir, { recursive: true, mode: 0o700 });
      if (!this.#lock.held()) {
        const lock = acquireLock(join(this.dir, 'lock'));
        this.#lock.release();
        this.#lock = lock;
      }
      this.#writer = await this.#createSegment(this.#nextPosition);
      this.#state = 'healthy';
      this.#error = undefined;
    } catch (error) {
      // The name may be taken by a file of an earlier try that could not be removed.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') this.#nextPosition++;
      this.#setError(error as Error);
      this.#healLater();
    } finally {
      this.#busy = false;
    }
  }
}

/** A listener's bug must not stop the log; it surfaces as an uncaught exception. */
function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
