/**
 * How an event becomes true: compared and set in the request's own stream, so that of two deciders one wins; then on the
 * record; only then told to anybody. What is stored and could not be recorded yet is tried again until it is, and has
 * no effect before; a process that ends in between records it when it starts again.
 */
import type { RequestRecord } from '../audit/record.ts';
import { DbgateError } from '../errors.ts';
import type { EventLog, Position, SharedEventLog, StoredRecord } from '../store/event-log.ts';
import type { Person, RequestEvent } from './request.ts';

/** The gateway's record; `event` is durable when it resolves. */
export interface RequestAudit {
  healthy(): boolean;
  event(
    fields: Pick<RequestRecord, 'kind' | 'request' | 'type' | 'by' | 'database'> & { readonly event: RequestEvent },
  ): Promise<unknown>;
}

interface StoredEvent {
  readonly gateway: string;
  readonly event: RequestEvent;
}

/** An event as it stands in the log: `seq` is its place in its stream, 1-based. */
export interface ReadEvent extends StoredEvent {
  readonly id: string;
  readonly seq: number;
}

const PREFIX = 'request/';
const MARK_EVERY_MS = 1_000;
const RETRY_MS = 250;

/** Undefined: a record of something else. */
function readEvent({ stream, streamSeq, payload }: StoredRecord): ReadEvent | undefined {
  if (!stream.startsWith(PREFIX)) return undefined;
  return { id: stream.slice(PREFIX.length), seq: streamSeq, ...(JSON.parse(payload) as StoredEvent) };
}

export class RequestJournal {
  readonly #log: EventLog;
  readonly #audit: RequestAudit;
  readonly #gateway: string;
  /** Stored, not on the record yet. */
  readonly #unrecorded = new Set<Position>();
  #last: Position = 0;
  #marked: Position = 0;
  #markTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(log: EventLog, audit: RequestAudit, gateway: string) {
    this.#log = log;
    this.#audit = audit;
    this.#gateway = gateway;
  }

  /**
   * Every event there is, in order. Those of this gateway that the last process may not have recorded are recorded
   * first: at least once, never not at all.
   */
  async *readAll(): AsyncGenerator<ReadEvent> {
    const mark = await this.#readMark();
    this.#marked = mark;
    // Of each request, as only its first event says it.
    const databases = new Map<string, string>();
    for await (const record of this.#log.readAll()) {
      const read = readEvent(record);
      if (read === undefined) continue;
      const { position } = record;
      const { id, event, gateway } = read;
      if (event.type === 'requested') databases.set(id, event.request.database);
      if (gateway === this.#gateway) this.#last = Math.max(this.#last, position);
      if (gateway === this.#gateway && position > mark) await this.#record(id, databases.get(id) ?? '', event);
      yield read;
    }
    this.#markSoon();
  }

  async *read(id: string, fromSeq: number): AsyncGenerator<ReadEvent> {
    for await (const record of this.#log.read(PREFIX + id, { fromSeq })) yield readEvent(record)!;
  }

  /** Of several gateways: what others write. Undefined: this one is by itself. */
  onForeign(listener: (event: ReadEvent) => void): (() => void) | undefined {
    const log = this.#log as Partial<SharedEventLog>;
    return log.onForeign?.((record) => {
      const read = readEvent(record);
      if (read !== undefined) listener(read);
    });
  }

  /** Epoch milliseconds up to which it is known what others decided. */
  get seenUntil(): number {
    return (this.#log as Partial<SharedEventLog>).seenUntil ?? Number.POSITIVE_INFINITY;
  }

  /** An event of this gateway's own that it had given up, and that was written after all. */
  async recordLate({ id, event, gateway }: ReadEvent, database: string): Promise<void> {
    if (gateway === this.#gateway) await this.#record(id, database, event);
  }

  /** Throws `audit_unavailable`: then nothing happened. */
  checkHealthy(): void {
    if (!this.#audit.healthy() || this.#log.state !== 'healthy') throw unavailable();
  }

  /**
   * Stores them behind event `expectedSeq`. Throws `SequenceConflict` (somebody else was first) or `audit_unavailable`
   * (nothing happened). What it resolves to resolves when they are on the record, and does not reject.
   */
  async append(
    id: string,
    database: string,
    events: readonly RequestEvent[],
    expectedSeq: number,
  ): Promise<{ readonly recorded: Promise<void>; readonly atOnce: boolean }> {
    this.checkHealthy();
    const records = events.map((event) => ({
      payload: JSON.stringify({ gateway: this.#gateway, event } satisfies StoredEvent),
    }));
    const { lastPosition } = await this.#log.append(PREFIX + id, records, { expectedSeq });
    const first = lastPosition - events.length + 1;
    this.#unrecorded.add(first);
    this.#last = Math.max(this.#last, lastPosition);
    const written = (): void => {
      this.#unrecorded.delete(first);
      this.#markSoon();
    };
    try {
      for (const event of events) await this.#record(id, database, event);
      written();
      return { recorded: Promise.resolve(), atOnce: true };
    } catch {
      const recorded = this.#recordLater(id, database, events).then((done) => {
        if (done) written();
      });
      return { recorded, atOnce: false };
    }
  }

  async #recordLater(id: string, database: string, events: readonly RequestEvent[]): Promise<boolean> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      // The next process records it: its mark is before it.
      if (this.#closed) return new Promise(() => {});
      try {
        for (const event of events) await this.#record(id, database, event);
        return true;
      } catch {
        // The log heals by itself, or its operator is told by whoever waits for it.
      }
    }
  }

  async #record(id: string, database: string, event: RequestEvent): Promise<void> {
    const by = actorOf(event)?.key;
    await this.#audit.event({ kind: 'request.event', request: id, type: event.type, by, database, event });
  }

  async close(): Promise<void> {
    clearTimeout(this.#markTimer);
    this.#markTimer = undefined;
    await this.#mark().catch(() => {});
    this.#closed = true;
  }

  // Up to where events of this gateway are on the record.

  get #markStream(): string {
    return `recorded/${this.#gateway}`;
  }

  async #readMark(): Promise<Position> {
    let mark = 0;
    for await (const { payload } of this.#log.read(this.#markStream)) {
      mark = Math.max(mark, (JSON.parse(payload) as { upTo: number }).upTo);
    }
    return mark;
  }

  #markSoon(): void {
    if (this.#closed) return;
    this.#markTimer ??= setTimeout(() => {
      this.#markTimer = undefined;
      // One that is missing costs a record that stands there twice.
      void this.#mark().catch(() => {});
    }, MARK_EVERY_MS).unref();
  }

  async #mark(): Promise<void> {
    const upTo = this.#unrecorded.size === 0 ? this.#last : Math.min(...this.#unrecorded) - 1;
    if (upTo <= this.#marked || this.#log.state !== 'healthy') return;
    await this.#log.append(this.#markStream, [{ payload: JSON.stringify({ upTo }) }]);
    this.#marked = upTo;
  }
}

export function unavailable(): DbgateError {
  return new DbgateError('audit_unavailable', 'audit unavailable, nothing is decided', {
    sqlstate: '58030',
    hint: 'Try again when the gateway can write its record; `dbgate doctor` says whether it can.',
  });
}

/** Who did it; undefined: time, or a session of the requester's own. */
export function actorOf(event: RequestEvent): Person | undefined {
  if ('by' in event) return event.by;
  return event.type === 'requested' ? event.request.by : undefined;
}
