/**
 * The one durable log everything is written to: statements, sessions, requests, decisions.
 * In: JSON payloads on named streams. Out: the same, in order, after they are on stable storage.
 * An implementation decides nothing about their meaning and never reports as durable what is not.
 */

/** A place in the log of one gateway: 1 for the first record ever, +1 for each; never reused. */
export type Position = number;

/** A record that is put into words when it is written: what is answered meanwhile does not wait for that. */
export interface LateText {
  /** UTF-16 units, at most. */
  readonly length: number;
  /** One line of JSON without a newline. Asked for once, or more often where a write failed. */
  text(): string;
}

export interface LogRecord {
  /** One line of JSON, UTF-8, without a newline. */
  readonly payload: string;
}

export interface StoredRecord {
  readonly position: Position;
  readonly stream: string;
  /** 1-based within the stream. */
  readonly streamSeq: number;
  readonly payload: string;
}

export interface AppendOptions {
  /** Compare-and-set: the stream's last `streamSeq` must be exactly this (0: the stream is empty), else `SequenceConflict`. */
  expectedSeq?: number;
}

export interface AppendResult {
  readonly lastPosition: Position;
  readonly lastStreamSeq: number;
}

export interface LogListener {
  /** Everything up to and including `position` is on stable storage. Called in order, once per group commit. */
  onDurable(position: Position): void;
  /** Records `from`..`to` could not be made durable and never will be (positions are not reused). */
  onFailed(from: Position, to: Position, error: Error): void;
}

export interface EventLog {
  /** Appends and waits until durable. Throws `DbgateError` `audit_unavailable`, or `SequenceConflict`. */
  append(stream: string, records: readonly LogRecord[], options?: AppendOptions): Promise<AppendResult>;
  /**
   * The hot path: takes one record for the next group commit and returns at once with its position.
   * Throws `DbgateError` `audit_unavailable` when the log is known to be broken or its queue is full.
   * `patient`: nobody waits for it, so it may wait some 10 ms for a record that somebody does, and share its sync.
   */
  enqueue(stream: string, payload: string, patient?: boolean): Position;
  /** The same for what is put into words later; missing: this log wants words at once. */
  enqueueLate?(stream: string, payload: LateText, patient?: boolean): Position;
  /** The last position known to be on stable storage. */
  readonly durablePosition: Position;
  /** Registers for group commits; returns the function that unregisters. */
  subscribe(listener: LogListener): () => void;
  /** `failed` while the last write did not succeed and no later one has. */
  readonly state: 'healthy' | 'failed' | 'closed';
  /** Reads a stream in order, durable records only. */
  read(stream: string, options?: { fromSeq?: number; limit?: number }): AsyncIterable<StoredRecord>;
  /** Reads everything in order from a position on, durable records only (the index is rebuilt from this). */
  readAll(options?: { from?: Position; limit?: number }): AsyncIterable<StoredRecord>;
  /** Flushes what is queued and closes; `enqueue` throws from now on. */
  close(): Promise<void>;
}

/** A log that several gateways write. */
export interface SharedEventLog extends EventLog {
  /** The last position when this process opened the log. */
  readonly openedAtPosition: Position;
  /**
   * Calls it for each record that another process wrote behind `after` (default: since this one opened the log), in
   * order, once. Also for one of this process whose append had been given up and turned out to have been written.
   * Returns the function that unregisters.
   */
  onForeign(listener: (record: StoredRecord) => void, after?: Position): () => void;
  /** Epoch milliseconds by this machine's clock: whatever others had written by then has been told. */
  readonly seenUntil: number;
}
