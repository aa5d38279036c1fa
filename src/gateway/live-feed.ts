/**
 * What is being recorded, for those who watch. In: payloads, as they are handed to the log. Out: statements and events, to
 * each watcher, when what they tell of is durable. While nobody watches it is one look at a flag for each record.
 */

import type {
  AuditRecord,
  ConnectRefused,
  GatewayEvent,
  HistoryEntry,
  RequestRecord,
  SessionClose,
  SessionOpen,
  StatementIntent,
  StatementOutcome,
} from '../audit/record.ts';
import type { RecordTap } from '../audit/recorder.ts';
import type { EventLog, Position } from '../store/event-log.ts';

/** Who a session is of and where; of one that was opened before anybody watched, as the gateway knows it. */
export interface LiveSession {
  readonly principalKey: string;
  readonly principal: string;
  readonly database: string;
  readonly environment: string;
  readonly gateway: string;
  readonly application: string | null;
  readonly purpose: string | null;
}

export type LiveEvent =
  /** Comes again, with the same id, when it is known how it ended. */
  | { readonly event: 'statement'; readonly of: LiveSession; readonly entry: HistoryEntry }
  | { readonly event: 'session'; readonly of: LiveSession; readonly record: SessionOpen | SessionClose }
  | { readonly event: 'event'; readonly record: RequestRecord | GatewayEvent | ConnectRefused };

type Watcher = (event: LiveEvent) => void;

/** Statements whose end is awaited, and records that wait to be durable; beyond, watchers miss some. */
const MAX_RUNNING = 20_000;
const MAX_WAITING = 20_000;

export class LiveFeed implements RecordTap {
  on = false;
  /** How a session that is open is known otherwise. */
  sessionOf: (session: string) => LiveSession | undefined = () => undefined;
  readonly #log: EventLog;
  readonly #watchers = new Set<Watcher>();
  readonly #sessions = new Map<string, LiveSession>();
  readonly #running = new Map<string, HistoryEntry>();
  #waiting: { readonly position: Position; readonly payload: string }[] = [];
  #lastPosition: Position = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Returns the function that ends it. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.on = true;
    this.#unsubscribe ??= this.#log.subscribe({
      onDurable: (position) => this.#flush(position),
      // What was refused was not run; what had happened already is told when its record is taken after all, or never.
      onFailed: (from, to) => {
        this.#waiting = this.#waiting.filter(({ position }) => position < from || position > to);
      },
    });
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.on = false;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#waiting = [];
      this.#running.clear();
      this.#sessions.clear();
    };
  }

  record(payload: string, position: Position | undefined): void {
    if (position !== undefined) this.#lastPosition = position;
    // What waits in the backlog has no place yet; it comes behind what was recorded before it.
    const after = position ?? this.#lastPosition;
    if (after <= this.#log.durablePosition && this.#waiting.length === 0) this.#tell(payload);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ position: after, payload });
  }

  #flush(durable: Position): void {
    let ready = 0;
    while (ready < this.#waiting.length && this.#waiting[ready]!.position <= durable) ready++;
    for (const { payload } of this.#waiting.splice(0, ready)) this.#tell(payload);
  }

  #tell(payload: string): void {
    const event = this.#eventOf(JSON.parse(payload) as AuditRecord);
    if (event !== undefined) for (const watcher of this.#watchers) watcher(event);
  }

  #eventOf(record: AuditRecord): LiveEvent | undefined {
    switch (record.kind) {
      case 'session.open': {
        const of = sessionOfRecord(record);
        this.#sessions.set(record.session, of);
        return { event: 'session', of, record };
      }
      case 'session.close': {
        const of = this.#session(record.session);
        this.#sessions.delete(record.session);
        return of && { event: 'session', of, record };
      }
      case 'statement.intent': {
        const of = this.#session(record.session);
        if (of === undefined) return undefined;
        const entry = entryOf(record, of);
        if (entry.state === 'running' && this.#running.size < MAX_RUNNING) this.#running.set(entry.id, entry);
        return { event: 'statement', of, entry };
      }
      case 'statement.outcome': {
        const id = `${record.session}.${record.n}`;
        const running = this.#running.get(id);
        const of = this.#session(record.session);
        if (running === undefined || of === undefined) return undefined;
        this.#running.delete(id);
        return { event: 'statement', of, entry: ended(running, record) };
      }
      case 'object.created':
      case 'object.dropped':
        return undefined;
      default:
        return { event: 'event', record };
    }
  }

  #session(session: string): LiveSession | undefined {
    let known = this.#sessions.get(session);
    if (known === undefined && (known = this.sessionOf(session)) !== undefined) this.#sessions.set(session, known);
    return known;
  }
}

function sessionOfRecord(record: SessionOpen): LiveSession {
  const body = typeof record.body === 'object' ? record.body : undefined;
  const { issuer, subject, database, environment, gateway } = record;
  return {
    principalKey: `${issuer}|${subject}`,
    principal: body?.email ?? subject,
    database,
    environment,
    gateway,
    application: body?.application ?? null,
    purpose: body?.purpose ?? null,
  };
}

function entryOf(record: StatementIntent, of: LiveSession): HistoryEntry {
  const { principal, database, environment, gateway, application, purpose } = of;
  const { at, session, n, fingerprint, command, relations, columns, otherColumns = [], decision } = record;
  return {
    id: `${session}.${n}`,
    at,
    database,
    environment,
    principal,
    session,
    application,
    purpose,
    sql: typeof record.body === 'object' ? record.body.sql : null,
    fingerprint,
    command,
    class: record.class,
    relations,
    columns,
    other_columns: otherColumns,
    decision,
    rule: record.rule ?? null,
    approval: record.approval ?? null,
    gateway,
    rows: null,
    ms: null,
    sqlstate: null,
    masked: null,
    state: decision === 'deny' ? 'denied' : 'running',
  };
}

function ended(entry: HistoryEntry, { rows, ms, sqlstate, masked, fate }: StatementOutcome): HistoryEntry {
  const known = { ...entry, rows, ms, sqlstate: sqlstate ?? null, masked };
  if (fate === 'rolled_back') return { ...known, state: 'rolled_back' };
  if (fate === 'unknown' || fate === 'may_have_run') return { ...known, state: 'may_have_run' };
  return { ...known, state: sqlstate === undefined || fate === 'cut' ? 'done' : 'failed' };
}
