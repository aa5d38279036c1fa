/**
 * The embedded `EventLog`: segment files in one directory, written by group commit.
 *
 * In: payloads, for the batch that is forming. While one batch is written and synced the next forms and is encoded,
 * so a batch is as large as the disk is slow. Out: positions, and word of what is durable or has failed.
 * It must never call durable what is not, never use a position twice, and never write again to a file that failed:
 * such a file is cut at its last durable byte, everything behind is reported failed, and a fresh segment is tried every
 * `HEAL_INTERVAL_MS` until one holds.
 *
 * With durability `async` a record counts as durable when it is enqueued (`durablePosition` says so at once, listeners
 * hear of it when it is written some ms later) and is synced within about 100 ms; a crash may lose that much. An error
 * still fails the log, and what follows is refused. `append` waits for the disk in both modes, and only what is synced
 * is read.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { acquireLock, type DirectoryLock } from './directory-lock.ts';
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  LateText,
  LogListener,
  LogRecord,
  Position,
  StoredRecord,
} from './event-log.ts';
import { GroupCommit } from './group-commit.ts';
import { abandon, type Stream, type Unsynced } from './record-batch.ts';
import { createSegment } from './segment-directory.ts';
import { MAX_FRAME_BYTES, SEGMENT_VERSION, type SegmentHeader } from './segment-format.ts';
import { readSegments, START } from './segment-reader.ts';
import { type Recovered, recoverSegments } from './segment-recovery.ts';
import { PREALLOCATE_BYTES, SegmentWriter } from './segment-writer.ts';
import { SequenceConflict } from './sequence-conflict.ts';
import { SyncPlace } from './sync-place.ts';

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
  /** Told how long each sync took, milliseconds. */
  readonly onSync?: ((ms: number) => void) | undefined;
  /** Who says where each sync is done; for tests. */
  readonly syncPlace?: SyncPlace | undefined;
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
  /** Seals the segment that is being written, when there is a next record; if it can be. */
  seal(): void;
  /** Resolves when everything enqueued so far is synced or has failed. */
  flush(): Promise<void>;
  status(): SegmentLogStatus;
}

const HEAL_INTERVAL_MS = 250;
const ROTATE_RETRY_MS = 1000;

/** Opens the log in `dir`, recovers what the last process left, and takes the directory's lock. */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const lock = acquireLock(join(options.dir, 'lock'));
  try {
    const recovered = await recoverSegments(options.dir);
    const log = new EmbeddedLog(options, lock, recovered);
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

class EmbeddedLog implements SegmentLog {
  readonly dir: string;
  readonly openedAtPosition: Position;
  readonly #options: SegmentLogOptions;
  readonly #sync: boolean;
  readonly #streams = new Map<string, Stream>();
  readonly #listeners = new Set<LogListener>();
  readonly #notes: readonly string[];
  readonly #commit: GroupCommit;
  #lock: DirectoryLock;
  #state: EventLog['state'] = 'healthy';
  #closing = false;
  #error: Error | undefined;
  #previous: SegmentHeader['previous'];
  /** Records in all segments that are durable. */
  #leafCount: number;
  #nextPosition: Position;
  #syncedPosition: Position;
  #rotateAfter = 0;
  #healTimer: NodeJS.Timeout | undefined;
  #healing = false;
  #flushWaiters: FlushWaiter[] = [];
  /** Old files that are being cut and closed. */
  #retiring: Promise<unknown> = Promise.resolve();
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
    this.#commit = new GroupCommit({
      durability: options.durability,
      now: options.now,
      timed: options.onSync,
      place: options.syncPlace ?? new SyncPlace(),
      written: (last) => {
        if (!this.#sync) this.#notifyDurable(last);
      },
      synced: (records) => this.#synced(records),
      failed: (error) => this.#fail(error),
      rotate: (full, firstPosition) => this.#rotate(full, firstPosition),
    });
  }

  /** Goes on with the last segment, or begins a new one. */
  async begin({ current }: Recovered): Promise<void> {
    const { segmentBytes, gatewayId } = this.#options;
    if (current === undefined) {
      this.#commit.start(await this.#createSegment(this.#nextPosition));
      return;
    }
    const { firstPosition, gateway } = current.header;
    const last = new SegmentWriter({
      file: current.file,
      firstPosition,
      dataOffset: current.dataOffset,
      endOffset: current.endOffset,
      allocatedBytes: current.size,
      segmentBytes,
    });
    if (gateway === gatewayId) {
      this.#commit.start(last);
      return;
    }
    this.#nextPosition = Math.max(this.#nextPosition, firstPosition + 1);
    this.#previous = { firstPosition, endOffset: current.endOffset };
    this.#retire(last);
    this.#commit.start(await this.#createSegment(this.#nextPosition));
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
      queuedBytes: this.#commit.queuedBytes,
      recoveryNotes: this.#notes,
    };
  }

  subscribe(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  enqueue(stream: string, payload: string, patient = false): Position {
    this.#checkTaking(payload.length);
    return this.#add(this.#lastStream?.name === stream ? this.#lastStream : this.#stream(stream), payload, patient);
  }

  enqueueLate(stream: string, payload: LateText, patient = false): Position {
    this.#checkTaking(payload.length);
    return this.#add(this.#lastStream?.name === stream ? this.#lastStream : this.#stream(stream), payload, patient);
  }

  append(stream: string, records: readonly LogRecord[], options: AppendOptions = {}): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      let length = 0;
      for (const record of records) length += record.payload.length;
      this.#checkTaking(length);
      const target = this.#stream(stream);
      if (options.expectedSeq !== undefined && options.expectedSeq !== target.seq) {
        throw new SequenceConflict(stream, options.expectedSeq, target.seq);
      }
      if (records.length === 0) throw new DbgateError(ErrorCode.internal, 'append of no records');
      let lastPosition = 0;
      for (const record of records) lastPosition = this.#add(target, record.payload, false);
      this.#commit.wait({ resolve, reject, result: { lastPosition, lastStreamSeq: target.seq } });
    });
  }

  async *read(stream: string, options: { fromSeq?: number; limit?: number } = {}): AsyncIterable<StoredRecord> {
    const { fromSeq = 1, limit = Number.POSITIVE_INFINITY } = options;
    let left = limit;
    const streamSeq = this.#streams.get(stream)?.seq ?? 0;
    for await (const chunk of readSegments(this.dir, { from: START, to: this.#syncedPosition, stream, streamSeq })) {
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

  seal(): void {
    this.#commit.rotateSoon();
  }

  flush(): Promise<void> {
    const upTo = this.#commit.lastUnsynced;
    if (upTo === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushWaiters.push({ upTo, resolve });
      this.#commit.syncSoon();
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#healTimer);
    await this.flush();
    while (this.#commit.busy || this.#healing) await new Promise((resolve) => setTimeout(resolve, 1));
    this.#state = 'closed';
    const { writer } = this.#commit.stop();
    if (writer !== undefined) this.#retire(writer);
    await this.#retiring;
    this.#lock.release();
  }

  #add(stream: Stream, payload: string | LateText, patient: boolean): Position {
    const position = this.#nextPosition++;
    this.#commit.add(position, stream, payload, patient);
    this.#lastStream = stream;
    return position;
  }

  #checkTaking(length: number): void {
    if (this.#state !== 'healthy' || this.#closing) throw this.#unavailable();
    const queued = this.#commit.queuedBytes;
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

  #synced(records: Unsynced): void {
    this.#syncedPosition = records.last;
    this.#leafCount += records.records;
    if (this.#sync) this.#notifyDurable(records.last);
    for (const waiter of records.waiters) waiter.resolve(waiter.result);
    this.#settleFlushes(records.last);
  }

  #notifyDurable(position: Position): void {
    for (const listener of this.#listeners) callSafely(() => listener.onDurable(position));
  }

  #settleFlushes(upTo: Position): void {
    if (this.#flushWaiters.length === 0) return;
    const waiting: FlushWaiter[] = [];
    for (const waiter of this.#flushWaiters) {
      if (waiter.upTo <= upTo) waiter.resolve();
      else waiting.push(waiter);
    }
    this.#flushWaiters = waiting;
    if (waiting.length > 0) this.#commit.syncSoon();
  }

  // Segments, failure and healing.

  async #rotate(full: SegmentWriter, firstPosition: Position): Promise<SegmentWriter | undefined> {
    if (this.#options.now() < this.#rotateAfter) return undefined;
    this.#previous = { firstPosition: full.firstPosition, endOffset: full.durableEnd };
    try {
      const next = await this.#createSegment(firstPosition);
      this.#retire(full);
      return next;
    } catch {
      // The old file is still good: a segment that is too long is better than a refused statement.
      this.#rotateAfter = this.#options.now() + ROTATE_RETRY_MS;
      return undefined;
    }
  }

  #retire(writer: SegmentWriter): void {
    this.#retiring = Promise.all([this.#retiring, writer.retire()]);
  }

  async #createSegment(firstPosition: Position): Promise<SegmentWriter> {
    const { dir, gatewayId, segmentBytes, now } = this.#options;
    const streams: [string, number][] = [];
    for (const stream of this.#streams.values()) {
      const seq = this.#commit.seqBeforeForming(stream);
      if (seq > 0) streams.push([stream.name, seq]);
    }
    const header: SegmentHeader = {
      version: SEGMENT_VERSION,
      gateway: gatewayId,
      firstPosition,
      firstLeaf: this.#leafCount,
      createdAt: new Date(now()).toISOString(),
      previous: this.#previous,
      streams,
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

  #fail(error: Error): void {
    const { writer, lost } = this.#commit.stop();
    this.#state = 'failed';
    this.#setError(error);
    if (writer !== undefined) {
      this.#previous = { firstPosition: writer.firstPosition, endOffset: writer.durableEnd };
      this.#retire(writer);
    }
    const from = lost.at(-1)?.first;
    const to = this.#nextPosition - 1;
    const waiters = abandon(lost);
    if (from !== undefined) {
      for (const listener of this.#listeners) callSafely(() => listener.onFailed(from, to, error));
    }
    for (const waiter of waiters) waiter.reject(this.#unavailable());
    this.#settleFlushes(Number.POSITIVE_INFINITY);
    this.#healLater();
  }

  #setError(cause: Error): void {
    const message = `cannot write the audit log in ${this.dir}: ${cause.message}`;
    this.#error = new DbgateError(ErrorCode.auditUnavailable, message, { cause });
  }

  #healLater(): void {
    if (this.#closing) return;
    this.#healTimer = setTimeout(() => void this.#heal(), HEAL_INTERVAL_MS);
    this.#healTimer.unref();
  }

  async #heal(): Promise<void> {
    this.#healing = true;
    try {
      mkdirSync(this.dir, { recursive: true, mode: 0o700 });
      if (!this.#lock.held()) {
        const lock = acquireLock(join(this.dir, 'lock'));
        this.#lock.release();
        this.#lock = lock;
      }
      this.#commit.start(await this.#createSegment(this.#nextPosition));
      this.#state = 'healthy';
      this.#error = undefined;
    } catch (error) {
      // The name may be taken by a file of an earlier try that could not be removed.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') this.#nextPosition++;
      this.#setError(error as Error);
      this.#healLater();
    } finally {
      this.#healing = false;
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
