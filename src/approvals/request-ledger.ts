/**
 * Where requests change, and nowhere else. In: what is to happen to one. Out: its new state, told once. Every change is
 * one event, judged by `state-machine.ts`, compared and set in the log, put on the record, and only then true here;
 * what other gateways wrote is judged in the same way. Knows nothing of who may do what.
 */
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import type { EventLog } from '../store/event-log.ts';
import { notFound, refusedError } from './refused-words.ts';
import type { RequestEvent, Requested, RequestState } from './request.ts';
import { type Entry, RequestIndex } from './request-index.ts';
import { type ReadEvent, type RequestAudit, RequestJournal, unavailable } from './request-journal.ts';
import { next } from './state-machine.ts';

export interface LedgerOptions {
  readonly log: EventLog;
  readonly audit: RequestAudit;
  readonly settings: () => GatewaySettings;
  readonly logLine: (line: string) => void;
  /** An event is true from now on, and `entry` has the state that it led to. */
  readonly adopted: (entry: Entry, event: RequestEvent, gateway: string) => void;
}

/** What is to happen to a request; undefined: nothing (any more). */
export type Change = (state: RequestState) => RequestEvent | undefined;

/** All that is known; only the ledger puts something in. */
export type ReadIndex = Omit<RequestIndex, 'put'>;

/** Others were first: read and decide again, for a second at most. */
const CONFLICTS = 100;
const CONFLICT_WAIT_MS = 10;

export class RequestLedger {
  readonly #options: LedgerOptions;
  readonly #index = new RequestIndex();
  readonly #journal: RequestJournal;
  /** Changes of one request, and first requests of one shape, one after another. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Decided, but not on the record yet. */
  readonly #unrecorded = new Set<string>();
  #closed = false;
  #stopListening: (() => void) | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#journal = new RequestJournal(options.log, options.audit, options.settings().gatewayId);
  }

  get index(): ReadIndex {
    return this.#index;
  }

  /** Epoch milliseconds up to which it is known what other gateways decided. */
  get seenUntil(): number {
    return this.#journal.seenUntil;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Reads all there is, then hears what other gateways write. */
  async load(): Promise<void> {
    for await (const read of this.#journal.readAll()) this.#accept(read);
    this.#stopListening = this.#journal.onForeign((read) => void this.#foreign(read));
  }

  /**
   * One event, judged on what the request is then. Throws `usage` when it may not follow, `audit_unavailable` when
   * nothing can be recorded.
   */
  change(id: string, change: Change): Promise<RequestState> {
    return this.inTurn(id, async () => {
      for (let conflicts = 0; conflicts < CONFLICTS; conflicts++) {
        const entry = this.#index.get(id);
        if (entry === undefined) throw notFound(id);
        if (this.#unrecorded.has(id)) throw unavailable();
        const event = change(entry.state);
        if (event === undefined) return entry.state;
        const after = next(entry.state, event);
        if ('refused' in after) throw refusedError(entry.state, after.refused);
        try {
          return await this.#write(id, [event], [after], entry.seq);
        } catch (error) {
          if (!isConflict(error)) throw error;
          // What was first is not readable before it is durable.
          if (conflicts > 0) await new Promise((resolve) => setTimeout(resolve, CONFLICT_WAIT_MS));
          await this.#read(id);
        }
      }
      throw new DbgateError('internal', `${id} changes too fast to be changed`);
    });
  }

  /** A new request with its first events, all or none. Throws as `change`. */
  async begin(request: Requested, events: readonly RequestEvent[]): Promise<RequestState> {
    return await this.inTurn(request.id, async () => {
      const states: RequestState[] = [];
      for (const event of events) {
        const after = next(states.at(-1), event);
        if ('refused' in after) throw new DbgateError('usage', after.refused);
        states.push(after);
      }
      return await this.#write(request.id, events, states, 0);
    });
  }

  async #write(
    id: string,
    events: readonly RequestEvent[],
    states: readonly RequestState[],
    seq: number,
  ): Promise<RequestState> {
    const { gatewayId } = this.#options.settings();
    const { database } = states[0]!.request;
    const { recorded, atOnce } = await this.#journal.append(id, database, events, seq);
    const adopt = (): void => {
      for (const [i, event] of events.entries()) this.#adopt(states[i]!, event, gatewayId, seq + i + 1);
    };
    if (atOnce) {
      adopt();
      return states.at(-1)!;
    }
    this.#unrecorded.add(id);
    void recorded.then(() => {
      this.#unrecorded.delete(id);
      adopt();
      // What others wrote meanwhile was left unread.
      void this.refresh(id).catch(() => {});
    });
    throw new DbgateError('audit_unavailable', `${id}: it takes effect when the gateway can write its record again`, {
      sqlstate: '58030',
    });
  }

  /** True from here on. */
  #adopt(state: RequestState, event: RequestEvent, gateway: string, seq: number): void {
    this.#options.adopted(this.#index.put(state, event, gateway, seq), event, gateway);
  }

  /** An event as it is read; what is known already is skipped, what may not follow is left out, and told. */
  #accept({ id, seq, event, gateway }: ReadEvent): void {
    const entry = this.#index.get(id);
    if (entry !== undefined && seq <= entry.seq) return;
    const after = next(entry?.state, event);
    if (!('refused' in after) && after.request.id === id) {
      this.#adopt(after, event, gateway, seq);
      return;
    }
    if (entry !== undefined) entry.seq = seq;
    const why = 'refused' in after ? after.refused : 'it is of another request';
    this.#options.logLine(`${id}: its event ${event.type} is left out: ${why}`);
  }

  async #foreign(read: ReadEvent): Promise<void> {
    const { id } = read;
    try {
      const database =
        read.event.type === 'requested' ? read.event.request.database : this.#index.get(id)?.state.request.database;
      await this.#journal.recordLate(read, database ?? '');
      await this.refresh(id);
    } catch (error) {
      this.#options.logLine(`${id}: another gateway's change is not taken over: ${(error as Error).message}`);
    }
  }

  /** Reads what other gateways wrote of a request, and takes it over. */
  refresh(id: string): Promise<void> {
    return this.inTurn(id, async () => {
      if (!this.#unrecorded.has(id)) await this.#read(id);
    });
  }

  async #read(id: string): Promise<void> {
    const from = (this.#index.get(id)?.seq ?? 0) + 1;
    for await (const read of this.#journal.read(id, from)) this.#accept(read);
  }

  /** One after another for each name. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.catch(() => {});
    this.#queues.set(name, settled);
    void settled.then(() => {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    });
    return result;
  }

  /** A change that nobody waits for: what keeps it from being made keeps it from being needed, or is tried again. */
  async quietly(id: string, change: Change): Promise<void> {
    try {
      await this.change(id, change);
    } catch (error) {
      const { code } = error as DbgateError;
      if (code !== 'usage' && code !== 'audit_unavailable') this.#options.logLine(`${id}: ${(error as Error).message}`);
    }
  }

  /** Nothing new is asked for, and nobody is heard any more; what is under way goes on. */
  stop(): void {
    this.#closed = true;
    this.#stopListening?.();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()]);
    await this.#journal.close();
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && error.name === 'SequenceConflict';
}
