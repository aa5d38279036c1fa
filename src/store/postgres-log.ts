/**
 * The `EventLog` that several gateways write: requests and what follows from them, on one PostgreSQL.
 *
 * In: payloads, gathered into batches; one batch is written while the next forms, in one call of the function `append`
 * (`postgres-schema.ts`). Out: positions, in the order of commits, over all gateways; word of what is durable; and the
 * records of the others.
 * It must never write a batch twice nor call durable what the server has not confirmed. An answer that was lost is
 * looked for by the batch's id; while that lasts, and until a write has succeeded again, the log is `failed` and takes
 * nothing.
 *
 * The position that `enqueue` gives at once is the least one that the record can get: others may write meanwhile, and
 * then it stands further behind. It is durable when `durablePosition` has reached what `enqueue` said.
 */
import { randomUUID } from 'node:crypto';
import { DbgateError, ErrorCode } from '../errors.ts';
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  LogListener,
  LogRecord,
  Position,
  SharedEventLog,
  StoredRecord,
} from './event-log.ts';
import { type Batch, BatchQueue } from './postgres-batch.ts';
import { ConnectionLost, isServerTrouble } from './postgres-connection.ts';
import type { SharedDatabase } from './postgres-database.ts';
import { PostgresReader } from './postgres-reader.ts';
import { SequenceConflict } from './sequence-conflict.ts';
import { SingleFlight } from './single-flight.ts';

export interface PostgresLogOptions {
  /** Characters of records that wait, above which more are refused. Default 16 Mi. */
  readonly maxQueuedLength?: number;
  /** Whoever waits for a record whose fate is unknown is refused after so long. Default 10,000. */
  readonly doubtMs?: number;
}

type ForeignListener = (record: StoredRecord) => void;

export interface PostgresLog extends SharedEventLog {
  /** Why, while `state` is `failed`. */
  readonly error: string | undefined;
}

/** On a `SharedDatabase`, which it neither opens nor closes. */
export async function openPostgresLog(
  database: SharedDatabase,
  options: PostgresLogOptions = {},
): Promise<PostgresLog> {
  const log = new SharedLog(database, options);
  await log.begin();
  return log;
}

interface Answer {
  readonly position?: number;
  readonly seq?: number;
  readonly conflict?: number;
}

const FIRST_HEAL_MS = 100;
const LAST_HEAL_MS = 5_000;
const CHUNK_RECORDS = 500;

class SharedLog implements PostgresLog {
  readonly #database: SharedDatabase;
  readonly #reader: PostgresReader;
  readonly #doubtMs: number;
  readonly #queue: BatchQueue;
  readonly #listeners = new Set<LogListener>();
  readonly #foreign = new Map<ForeignListener, Position>();
  readonly #unregister: (() => void)[] = [];
  #state: EventLog['state'] = 'healthy';
  #closing = false;
  #error: Error | undefined;
  /** The last position known to be written, by anybody. */
  #seen: Position = 0;
  #toldDurable: Position = 0;
  #openedAt: Position = 0;
  #seenUntil = 0;
  /** Being written, or in doubt. */
  #inflight: Batch | undefined;
  #doubtTimer: NodeJS.Timeout | undefined;
  /** Ids of batches that were given up: what became of them is to be found out. */
  readonly #givenUp = new Set<string>();
  /** Raised when something of one's own is given up, and when it is found. */
  #finds = 0;
  #healing = false;
  #healMs = FIRST_HEAL_MS;
  #healTimer: NodeJS.Timeout | undefined;
  readonly #poll = new SingleFlight(() => this.#look());
  /** Records of others stand behind one's own batch that is under way. */
  #heldBack = false;

  constructor(database: SharedDatabase, options: PostgresLogOptions) {
    this.#database = database;
    this.#reader = new PostgresReader(database);
    this.#doubtMs = options.doubtMs ?? 10_000;
    this.#queue = new BatchQueue(options.maxQueuedLength ?? 16 << 20, () => this.#pump());
  }

  async begin(): Promise<void> {
    this.#seen = this.#toldDurable = this.#openedAt = await this.#reader.head();
    this.#seenUntil = Date.now();
    this.#queue.atLeast(this.#seen);
    this.#unregister.push(
      this.#database.onNews('log', () => {
        void this.#lookSoon();
        void this.#heal();
      }),
      this.#database.onWriterUp(() => void this.#heal()),
    );
  }

  get state(): EventLog['state'] {
    return this.#state;
  }

  get error(): string | undefined {
    return this.#state === 'failed' ? this.#error?.message : undefined;
  }

  get openedAtPosition(): Position {
    return this.#openedAt;
  }

  get seenUntil(): number {
    return this.#seenUntil;
  }

  get durablePosition(): Position {
    const pending = this.#inflight?.first ?? this.#queue.first;
    return pending === undefined ? this.#seen : Math.min(this.#seen, pending - 1);
  }

  subscribe(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onForeign(listener: ForeignListener, after: Position = this.#openedAt): () => void {
    this.#foreign.set(listener, after);
    void this.#lookSoon();
    return () => this.#foreign.delete(listener);
  }

  enqueue(stream: string, payload: string, patient = false): Position {
    this.#checkTaking(stream, payload.length);
    return this.#queue.enqueue(stream, payload, patient);
  }

  append(stream: string, records: readonly LogRecord[], options: AppendOptions = {}): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      const payloads = records.map(({ payload }) => payload);
      this.#checkTaking(stream, lengthOf(payloads));
      if (payloads.length === 0) throw new DbgateError(ErrorCode.internal, 'append of no records');
      this.#queue.append({ stream, expectedSeq: options.expectedSeq, payloads, waiter: { resolve, reject } });
    });
  }

  async *read(stream: string, options: { fromSeq?: number; limit?: number } = {}): AsyncIterable<StoredRecord> {
    yield* this.#asUnavailable(this.#reader.stream(stream, options.fromSeq ?? 1, options.limit));
  }

  async *readAll(options: { from?: Position; limit?: number } = {}): AsyncIterable<StoredRecord> {
    yield* this.#asUnavailable(this.#reader.all(options.from ?? 1, options.limit));
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#poll.stop();
    while (this.#state === 'healthy' && (this.#inflight !== undefined || this.#queue.first !== undefined)) {
      this.#pump();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    clearTimeout(this.#healTimer);
    for (const unregister of this.#unregister.splice(0)) unregister();
    if (this.#inflight !== undefined) this.#abandon(this.#inflight);
    this.#state = 'closed';
  }

  async *#asUnavailable<T>(records: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* records;
    } catch (error) {
      throw this.#unavailable('records cannot be read from the shared database', error);
    }
  }

  #checkTaking(stream: string, length: number): void {
    if (this.#state !== 'healthy' || this.#closing) throw this.#unavailable();
    if (this.#queue.isFullFor(length)) throw this.#unavailable('queue of the shared log is full');
    const nameBytes = Buffer.byteLength(stream);
    if (nameBytes === 0 || nameBytes > 255) {
      throw new DbgateError(ErrorCode.internal, `stream name of ${nameBytes} bytes, expected 1 to 255`);
    }
  }

  #unavailable(what = 'audit unavailable, statement not run', cause: unknown = this.#error): DbgateError {
    const closed = this.#closing || this.#state === 'closed';
    return new DbgateError(ErrorCode.auditUnavailable, what, {
      sqlstate: '58030',
      hint: closed
        ? 'the gateway is shutting down'
        : 'the gateway cannot reach the database that it shares; try again shortly',
      cause,
    });
  }

  // Writing.

  #pump(): void {
    if (this.#state !== 'healthy' || this.#inflight !== undefined) return;
    const batch = this.#queue.take();
    if (batch === undefined) return;
    this.#inflight = batch;
    this.#write(batch).then(
      (answers) => this.#settle(batch, answers),
      (error: Error) => this.#fail(batch, error),
    );
  }

  async #write(batch: Batch): Promise<readonly Answer[]> {
    const { items } = batch;
    const [row] = await this.#database.writer.query<{ answers: readonly Answer[] }>(
      'append',
      `SELECT ${this.#database.schema}.append($1, $2, $3, $4, $5, $6, $7) AS answers`,
      [
        batch.id,
        this.#database.instance,
        batch.first - 1,
        items.map(({ stream }) => stream),
        items.map(({ expectedSeq }) => expectedSeq ?? null),
        items.map(({ payloads }) => payloads.length),
        items.flatMap(({ payloads }) => payloads),
      ],
    );
    return row!.answers;
  }

  #settle(batch: Batch, answers: readonly Answer[]): void {
    if (this.#inflight !== batch) return;
    this.#inflight = undefined;
    clearTimeout(this.#doubtTimer);
    for (const { position } of answers) if (position !== undefined && position > this.#seen) this.#seen = position;
    this.#queue.atLeast(this.#seen);
    for (const [index, { stream, expectedSeq, waiter }] of batch.items.entries()) {
      const { position, seq, conflict } = answers[index]!;
      if (conflict !== undefined) waiter?.reject(new SequenceConflict(stream, expectedSeq!, conflict));
      else waiter?.resolve({ lastPosition: position!, lastStreamSeq: seq! });
    }
    this.#tellDurable();
    this.#pump();
    if (this.#heldBack) void this.#lookSoon();
  }

  #tellDurable(): void {
    const position = this.durablePosition;
    if (position <= this.#toldDurable) return;
    this.#toldDurable = position;
    for (const listener of [...this.#listeners]) callSafely(() => listener.onDurable(position));
  }

  // Failing and healing.

  #fail(batch: Batch, error: Error): void {
    if (this.#inflight !== batch) return;
    this.#state = 'failed';
    this.#error = error;
    if (inDoubt(error)) {
      this.#doubtTimer = setTimeout(() => this.#giveUp(batch), this.#doubtMs);
      this.#refuse(this.#queue.takeAll());
    } else this.#abandon(batch);
    this.#healLater();
  }

  /** It was not written and never will be; what came behind it neither. */
  #abandon(batch: Batch): void {
    clearTimeout(this.#doubtTimer);
    this.#inflight = undefined;
    this.#refuse([batch, ...this.#queue.takeAll()]);
  }

  /** Nobody is kept waiting longer; that it is not written later is seen to when the log heals. */
  #giveUp(batch: Batch): void {
    if (this.#inflight !== batch) return;
    this.#givenUp.add(batch.id);
    this.#finds++;
    this.#abandon(batch);
  }

  #refuse(batches: readonly Batch[]): void {
    const error = this.#unavailable();
    for (const batch of batches) {
      for (const listener of [...this.#listeners]) callSafely(() => listener.onFailed(batch.first, batch.last, error));
      for (const { waiter } of batch.items) waiter?.reject(error);
    }
  }

  #healLater(): void {
    if (this.#closing) return;
    clearTimeout(this.#healTimer);
    this.#healTimer = setTimeout(() => void this.#heal(), this.#healMs);
    this.#healTimer.unref();
    this.#healMs = Math.min(this.#healMs * 2, LAST_HEAL_MS);
  }

  async #heal(): Promise<void> {
    if (this.#state !== 'failed' || this.#healing || this.#closing) return;
    this.#healing = true;
    const batch = this.#inflight;
    try {
      if (batch !== undefined) this.#settle(batch, await this.#write(batch));
      // A write that tells whether writing works, where there is none to make up for.
      else if (this.#givenUp.size === 0) await this.#forget(randomUUID());
      for (const id of [...this.#givenUp]) {
        const written = await this.#forget(id);
        this.#finds++;
        if (written !== undefined) this.#reader.takeForForeign(written);
        this.#givenUp.delete(id);
      }
      // Whoever lost a race reads who won it.
      await this.#reader.head();
      this.#state = 'healthy';
      this.#error = undefined;
      this.#healMs = FIRST_HEAL_MS;
      this.#pump();
      void this.#lookSoon();
    } catch (error) {
      // Whatever became of this try, the first one is as much in doubt as before.
      this.#error = error as Error;
      this.#healLater();
    } finally {
      this.#healing = false;
    }
  }

  async #forget(id: string): Promise<{ first: Position; last: Position } | undefined> {
    const [row] = await this.#database.writer.query<{ first_position: string; last_position: string }>(
      'forget',
      `SELECT first_position, last_position FROM ${this.#database.schema}.forget($1)`,
      [id],
    );
    return row === undefined ? undefined : { first: Number(row.first_position), last: Number(row.last_position) };
  }

  // What others write.

  async #lookSoon(): Promise<void> {
    try {
      await this.#poll.run();
    } catch (error) {
      // The next poll finds what this one did not.
      if (!isServerTrouble(error)) throw error;
    }
  }

  async #look(): Promise<void> {
    const startedAt = Date.now();
    const cursor = this.#foreign.size === 0 ? this.#seen : Math.min(...this.#foreign.values());
    const finds = this.#finds;
    const { head, records } = await this.#reader.foreign(cursor, CHUNK_RECORDS);
    if (this.#closing) return;
    if (finds !== this.#finds) {
      // It was asked without what is one's own and counts as another's.
      this.#poll.again();
      return;
    }
    const complete = records.length < CHUNK_RECORDS;
    const read = complete ? head : records.at(-1)!.position;
    // What may turn out to be one's own after all, though given up, is not to be passed.
    const known = this.#givenUp.size > 0 ? cursor : (this.#inflight?.first ?? Number.POSITIVE_INFINITY) - 1;
    const upTo = Math.min(read, known);
    for (const record of records) if (record.position <= upTo) this.#deliver(record);
    for (const [listener, after] of this.#foreign) this.#foreign.set(listener, Math.max(after, upTo));
    this.#reader.passed(upTo);
    this.#heldBack = upTo < read;
    if (head > this.#seen) {
      this.#seen = head;
      this.#queue.atLeast(head);
      this.#tellDurable();
    }
    if (!complete) this.#poll.again();
    else if (!this.#heldBack) this.#seenUntil = startedAt;
  }

  #deliver(record: StoredRecord): void {
    for (const [listener, after] of this.#foreign) if (record.position > after) callSafely(() => listener(record));
  }
}

/** Nobody knows what became of a write that ended so. */
function inDoubt(error: Error): boolean {
  return error instanceof ConnectionLost && error.sent;
}

function lengthOf(payloads: readonly string[]): number {
  let length = 0;
  for (const payload of payloads) length += payload.length;
  return length;
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
