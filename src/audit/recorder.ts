/**
 * Turns what sessions do into records of the log. In: sessions opened, statements decided on, their outcomes. Out: the
 * position that must be durable before the statement has an effect.
 * Opens and intents throw when the log refuses them, so that nothing runs unrecorded. What is known only afterwards
 * (outcomes, closes, refused connections) never throws: it is kept, in order, until the log takes it.
 * Payloads are built by hand with the key order of `record.ts`; `undefined` is left out, as JSON.stringify does.
 */
import type { EventLog, Position } from '../store/event-log.ts';
import type { ConnectRefused, SessionOpen, StatementIntent, StatementOutcome } from './record.ts';
import { type Backlog, openBacklog } from './record-backlog.ts';

/** The stream of all sessions and statements of a gateway. */
export const AUDIT_STREAM = 'audit';

export type SessionOpenFields = Omit<SessionOpen, 'v' | 'kind' | 'at' | 'session' | 'gateway'>;
export type ConnectRefusedFields = Omit<ConnectRefused, 'v' | 'kind' | 'at' | 'gateway'>;
export type OutcomeFields = Pick<StatementOutcome, 'rows' | 'bytes' | 'ms' | 'sqlstate' | 'masked' | 'fate'>;

export interface IntentFields extends Pick<StatementIntent, 'protocol' | 'class' | 'decision' | 'rule' | 'binds'> {
  /** `JSON.stringify(analysis.recordedSql)`: the caller keeps it with its cached analysis. */
  readonly sqlJson: string;
}

export interface SessionRecorder {
  readonly session: string;
  /** Records `session.open`; throws `audit_unavailable`. Nothing of the session may run before it is durable. */
  open(fields: SessionOpenFields): Position;
  /** Records an intent; throws `audit_unavailable`: then the statement must not run. */
  intent(fields: IntentFields): { readonly n: number; readonly position: Position };
  /** Records how statement `n` ended; never throws. */
  outcome(n: number, fields: OutcomeFields): void;
  /** Records `session.close`, once; never throws. */
  close(reason: string): void;
}

export interface Recorder {
  session(session: string): SessionRecorder;
  connectRefused(fields: ConnectRefusedFields): void;
  /** Outcomes and the like that wait for the log to heal. */
  readonly pending: number;
  /** Those that were lost because too many waited, or the process ended first: not 0 means that the record has gaps. */
  readonly dropped: number;
  /** Hands over what waits, if the log takes it; call before `log.close()`. */
  close(): void;
}

export interface RecorderOptions {
  readonly gatewayId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A recorder on `log`; one a gateway. */
export function openRecorder(log: EventLog, options: RecorderOptions): Recorder {
  const backlog = openBacklog(log, AUDIT_STREAM);
  const clock = isoClock(options.now);
  const gateway = JSON.stringify(options.gatewayId);
  return {
    session: (session) => new LogSessionRecorder(session, log, backlog, clock, gateway),
    connectRefused(fields) {
      const { clientAddress, subject, email, database, code, reason } = fields;
      const rest = JSON.stringify({ clientAddress, subject, email, database, code, reason });
      backlog.record(`{"v":1,"kind":"connect.refused","at":"${clock()}","gateway":${gateway},${rest.slice(1)}`);
    },
    get pending() {
      return backlog.pending;
    },
    get dropped() {
      return backlog.dropped;
    },
    close: () => backlog.close(),
  };
}

class LogSessionRecorder implements SessionRecorder {
  readonly session: string;
  readonly #log: EventLog;
  readonly #backlog: Backlog;
  readonly #clock: () => string;
  readonly #gateway: string;
  /** `"session":…,"n":` */
  readonly #key: string;
  #statements = 0;
  #denied = 0;
  #closed = false;

  constructor(session: string, log: EventLog, backlog: Backlog, clock: () => string, gateway: string) {
    this.session = session;
    this.#log = log;
    this.#backlog = backlog;
    this.#clock = clock;
    this.#gateway = gateway;
    this.#key = `","session":${JSON.stringify(session)},"n":`;
  }

  open(fields: SessionOpenFields): Position {
    const { issuer, subject, email, principalKind, groups, actor, authMethods, clientAddress, application } = fields;
    const { via, database, environment, upstreamUser, purpose, policyVersion } = fields;
    const record: SessionOpen = {
      v: 1,
      kind: 'session.open',
      at: this.#clock(),
      session: this.session,
      gateway: JSON.parse(this.#gateway) as string,
      issuer,
      subject,
      email,
      principalKind,
      groups,
      actor,
      authMethods,
      clientAddress,
      application,
      via,
      database,
      environment,
      upstreamUser,
      purpose,
      policyVersion,
    };
    return this.#log.enqueue(AUDIT_STREAM, JSON.stringify(record));
  }

  intent(fields: IntentFields): { readonly n: number; readonly position: Position } {
    const n = this.#statements + 1;
    const { protocol, sqlJson, rule, decision, binds } = fields;
    const ruled = rule === undefined ? '' : `","rule":${JSON.stringify(rule)},"binds":`;
    const position = this.#log.enqueue(
      AUDIT_STREAM,
      `{"v":1,"kind":"statement.intent","at":"${this.#clock()}${this.#key}${n},"protocol":"${protocol}","sql":${sqlJson}` +
        `,"class":"${fields.class}","decision":"${decision}${ruled === '' ? '","binds":' : ruled}${binds}}`,
    );
    this.#statements = n;
    if (decision === 'deny') this.#denied++;
    return { n, position };
  }

  outcome(n: number, { rows, bytes, ms, sqlstate, masked, fate }: OutcomeFields): void {
    const failed = sqlstate === undefined ? '' : `,"sqlstate":${JSON.stringify(sqlstate)}`;
    this.#backlog.record(
      `{"v":1,"kind":"statement.outcome","at":"${this.#clock()}${this.#key}${n},"rows":${rows},"bytes":${bytes}` +
        `,"ms":${Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : 0}${failed},"masked":${masked}${fate === undefined ? '' : `,"fate":"${fate}"`}}`,
    );
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const head = `{"v":1,"kind":"session.close","at":"${this.#clock()}","session":${JSON.stringify(this.session)}`;
    const tail = `,"statements":${this.#statements},"denied":${this.#denied}}`;
    this.#backlog.record(`${head},"reason":${JSON.stringify(reason)}${tail}`);
  }
}

/** The clock as ISO 8601 with milliseconds, formatted once a millisecond. */
export function isoClock(now: () => number): () => string {
  let at = Number.NaN;
  let text = '';
  return () => {
    const current = now();
    if (current !== at) {
      at = current;
      text = new Date(current).toISOString();
    }
    return text;
  };
}
