/**
 * Turns what sessions and the gateway do into records of the log. In: sessions opened, statements decided on, their
 * outcomes, events. Out: the position that must be durable before the statement has an effect.
 * Opens, intents and events throw when the log refuses them, so that nothing runs unrecorded. What is known only
 * afterwards (outcomes, closes, refused connections, notes) never throws: it is kept, in order, until the log takes it.
 * Intents and outcomes are put into words when the log writes them, behind what the turn sends on.
 * Payloads are built by hand with the key order of `record.ts`; `undefined` is left out, as JSON.stringify does.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import type { ColumnClass } from '../classify/classes.ts';
import type { EventLog, LateText, Position } from '../store/event-log.ts';
import { newSalt } from './envelope.ts';
import type {
  ConnectRefused,
  GatewayEvent,
  IntentFields,
  OutcomeFields,
  RequestRecord,
  SessionOpen,
  StatementIntent,
} from './record.ts';
import { type Backlog, openBacklog } from './record-backlog.ts';

/** The stream of all sessions and statements of a gateway. */
export const AUDIT_STREAM = 'audit';

type BodyOf<R extends { readonly body: unknown }> = Omit<Exclude<R['body'], string>, 'salt'>;

export type SessionOpenFields = Omit<
  SessionOpen,
  'v' | 'kind' | 'at' | 'session' | 'gateway' | 'clock' | 'policyVersion' | 'body'
> &
  BodyOf<SessionOpen> & {
    /** What is in force now; an intent whose version is not that of the session's beginning says so. */
    readonly policyVersion: string | (() => string);
  };

export type ConnectRefusedFields = Omit<ConnectRefused, 'v' | 'kind' | 'at' | 'gateway' | 'body'> &
  BodyOf<ConnectRefused>;

/** What is the same for each execution of a statement's shape: `"fingerprint":…,"columns":{…}`. */
export function encodeFacts(
  facts: Pick<StatementIntent, 'fingerprint' | 'command' | 'class' | 'relations' | 'otherColumns'> & {
    readonly columns: Readonly<Record<string, ColumnClass>>;
  },
): string {
  const { fingerprint, command, class: kind, relations, columns, otherColumns = [] } = facts;
  const others = otherColumns.length === 0 ? {} : { otherColumns };
  return JSON.stringify({ fingerprint, command, class: kind, relations, columns, ...others }).slice(1, -1);
}

export type RequestFields = Omit<RequestRecord, 'v' | 'at' | 'gateway' | 'body'> & BodyOf<RequestRecord>;

export type GatewayEventFields = Omit<GatewayEvent, 'v' | 'at' | 'gateway' | 'body'> & {
  /** What may be erased. */
  readonly body?: Readonly<Record<string, unknown>>;
};

export type EventFields = RequestFields | GatewayEventFields;

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
  /** Durable when it resolves; throws `audit_unavailable`: then what it tells of must not be done. */
  event(fields: EventFields): Promise<Position>;
  /** Gives an intent of an earlier process an outcome: nobody knows what became of it. Never throws. */
  mayHaveRun(session: string, n: number): void;
  /** Of what was done already; never throws. */
  note(fields: EventFields): void;
  /** Outcomes and the like that wait for the log to heal. */
  readonly pending: number;
  /** Those that were lost because too many waited, or the process ended first: not 0 means that the record has gaps. */
  readonly dropped: number;
  /** Hands over what waits, if the log takes it; call before `log.close()`. */
  close(): void;
}

/** Sees what is recorded, for those who watch; asked only while it is `on`. */
export interface RecordTap {
  readonly on: boolean;
  /** `position`: undefined for what is known only afterwards, and may still wait for its place. */
  record(payload: string, position: Position | undefined): void;
}

export interface RecorderOptions {
  readonly gatewayId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Of the machine's clock, asked when a session opens. Default: unknown. */
  readonly clockState?: () => SessionOpen['clock'];
  readonly tap?: RecordTap;
}

/** A recorder on `log`; one a gateway. */
export function openRecorder(log: EventLog, options: RecorderOptions): Recorder {
  const waiting = openBacklog(log, AUDIT_STREAM);
  const { record: keep } = waiting;
  const tap = options.tap ?? { on: false, record: () => undefined };
  const backlog: Parts['backlog'] = {
    record(payload) {
      if (!tap.on) return keep(payload);
      const text = typeof payload === 'string' ? payload : payload.text();
      keep(text);
      tap.record(text, undefined);
    },
  };
  const enqueue = (payload: string | LateText): Position => {
    if (typeof payload !== 'string' && !tap.on && log.enqueueLate !== undefined) {
      return log.enqueueLate(AUDIT_STREAM, payload);
    }
    const text = typeof payload === 'string' ? payload : payload.text();
    const position = log.enqueue(AUDIT_STREAM, text);
    if (tap.on) tap.record(text, position);
    return position;
  };
  const clock = isoClock(options.now);
  const gateway = JSON.stringify(options.gatewayId);
  const clockState = options.clockState ?? ((): SessionOpen['clock'] => 'unknown');
  const parts: Parts = { enqueue, backlog, clock, gateway, clockState };

  const encodeEvent = (fields: EventFields): string => {
    const head = `{"v":2,"kind":"${fields.kind}","at":"${clock()}","gateway":${gateway},`;
    if (fields.kind === 'request.event') {
      const { request, type, by, database, event } = fields;
      return head + JSON.stringify({ request, type, by, database }).slice(1, -1) + bodyOf({ event });
    }
    const { by, database, detail, body } = fields;
    return head + JSON.stringify({ by, database, detail }).slice(1, -1) + bodyOf(body ?? {});
  };

  return {
    session: (session) => new LogSessionRecorder(session, parts),
    connectRefused(fields) {
      const { subject, database, code, email, clientAddress, reason } = fields;
      const rest = JSON.stringify({ subject, database, code }).slice(1, -1);
      const body = bodyOf({ email, clientAddress, reason });
      backlog.record(`{"v":2,"kind":"connect.refused","at":"${clock()}","gateway":${gateway},${rest}${body}`);
    },
    async event(fields) {
      const payload = encodeEvent(fields);
      const { lastPosition } = await log.append(AUDIT_STREAM, [{ payload }]);
      if (tap.on) tap.record(payload, lastPosition);
      return lastPosition;
    },
    mayHaveRun(session, n) {
      backlog.record(
        `{"v":2,"kind":"statement.outcome","at":"${clock()}","session":${JSON.stringify(session)},"n":${n}` +
          ',"rows":0,"bytes":0,"ms":0,"masked":0,"fate":"may_have_run"}',
      );
    },
    note: (fields) => backlog.record(encodeEvent(fields)),
    get pending() {
      return waiting.pending;
    },
    get dropped() {
      return waiting.dropped;
    },
    close: () => waiting.close(),
  };
}

/** The record's last member, with the brace behind it. */
function bodyOf(body: object): string {
  return `,"body":${JSON.stringify({ salt: newSalt(), ...body })}}`;
}

interface Parts {
  readonly enqueue: (payload: string | LateText) => Position;
  readonly backlog: Pick<Backlog, 'record'>;
  readonly clock: () => string;
  /** As JSON. */
  readonly gateway: string;
  readonly clockState: () => SessionOpen['clock'];
}

/** From this length on a text that comes again is not hashed again. */
const LONG_TEXT = 4096;

/** What of these records is the same for all, and the longest that numbers, times, words and hashes in them can be. */
const MOST_OF_INTENT = 512;
const MOST_OF_OUTCOME = 256;

class LogSessionRecorder implements SessionRecorder {
  readonly session: string;
  readonly #parts: Parts;
  /** `"session":…,"n":` */
  readonly #key: string;
  #policyVersion: () => string = () => '';
  #openedWith = '';
  #statements = 0;
  #denied = 0;
  #closed = false;
  /** The last long text, hashed so far. */
  #long: { readonly sql: string; readonly hashed: Hash } | undefined;

  constructor(session: string, parts: Parts) {
    this.session = session;
    this.#parts = parts;
    this.#key = `","session":${JSON.stringify(session)},"n":`;
  }

  open(fields: SessionOpenFields): Position {
    const { issuer, subject, principalKind, actors, authMethods, bound, via } = fields;
    const { database, environment, upstreamUser, policyVersion } = fields;
    const { email, groups, clientAddress, application, purpose } = fields;
    const { enqueue, clock, gateway, clockState } = this.#parts;
    this.#policyVersion = typeof policyVersion === 'string' ? () => policyVersion : policyVersion;
    this.#openedWith = this.#policyVersion();
    const record: Omit<SessionOpen, 'body'> = {
      v: 2,
      kind: 'session.open',
      at: clock(),
      session: this.session,
      gateway: JSON.parse(gateway) as string,
      clock: clockState(),
      issuer,
      subject,
      principalKind,
      actors,
      authMethods,
      bound,
      via,
      database,
      environment,
      upstreamUser,
      policyVersion: this.#openedWith,
    };
    const body = bodyOf({ email, groups, clientAddress, application, purpose });
    return enqueue(JSON.stringify(record).slice(0, -1) + body);
  }

  intent(fields: IntentFields): { readonly n: number; readonly position: Position } {
    const n = this.#statements + 1;
    const { protocol, facts, rule, approval, decision, binds, sql, sqlJson, valuesJson, hashSecret = '' } = fields;
    const { enqueue, clock } = this.#parts;
    const version = this.#policyVersion();
    let rare = '';
    if (rule !== undefined) rare = `,"rule":${JSON.stringify(rule)}`;
    if (approval !== undefined) rare += `,"approval":${JSON.stringify(approval)}`;
    if (version !== this.#openedWith) rare += `,"policyVersion":${JSON.stringify(version)}`;
    const values = valuesJson === undefined ? '' : `,"values":${valuesJson}`;
    const at = clock();
    const position = enqueue({
      length: MOST_OF_INTENT + this.#key.length + facts.length + rare.length + sqlJson.length + values.length,
      text: () => {
        const salt = newSalt();
        return (
          `{"v":2,"kind":"statement.intent","at":"${at}${this.#key}${n},"protocol":"${protocol}",${facts}` +
          `,"decision":"${decision}"${rare},"binds":${binds}` +
          `,"body":{"salt":"${salt}","sql":${sqlJson},"hash":"${this.#hash(sql, salt + hashSecret)}"${values}}}`
        );
      },
    });
    this.#statements = n;
    if (decision === 'deny') this.#denied++;
    return { n, position };
  }

  #hash(sql: string, salt: string): string {
    if (sql.length < LONG_TEXT) return hash('sha256', sql + salt);
    if (this.#long?.sql !== sql) this.#long = { sql, hashed: createHash('sha256').update(sql) };
    return this.#long.hashed.copy().update(salt).digest('hex');
  }

  outcome(n: number, { rows, bytes, ms, sqlstate, masked, maskedBy, fate }: OutcomeFields): void {
    const { backlog, clock } = this.#parts;
    const at = clock();
    const failed = sqlstate === undefined ? '' : `,"sqlstate":${JSON.stringify(sqlstate)}`;
    const by = maskedBy === undefined ? '' : `,"maskedBy":${JSON.stringify(maskedBy)}`;
    backlog.record({
      length: MOST_OF_OUTCOME + this.#key.length + failed.length + by.length,
      text: () =>
        `{"v":2,"kind":"statement.outcome","at":"${at}${this.#key}${n},"rows":${rows},"bytes":${bytes}` +
        `,"ms":${millis(ms)}${failed},"masked":${masked}${by}${fate === undefined ? '' : `,"fate":"${fate}"`}}`,
    });
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const { backlog, clock } = this.#parts;
    const head = `{"v":2,"kind":"session.close","at":"${clock()}","session":${JSON.stringify(this.session)}`;
    const tail = `,"statements":${this.#statements},"denied":${this.#denied}}`;
    backlog.record(`${head},"reason":${JSON.stringify(reason)}${tail}`);
  }
}

/** To microseconds, as JSON. Of whole numbers, which cost a quarter of what a fraction does. */
export function millis(ms: number): string {
  // Also what is no number.
  if (!(ms >= 0 && ms < 1e9)) return Number.isFinite(ms) ? String(Math.round(ms * 1000) / 1000) : '0';
  const micros = Math.round(ms * 1000);
  const rest = micros % 1000;
  const whole = String((micros - rest) / 1000);
  if (rest === 0) return whole;
  // No zeros behind.
  if (rest % 100 === 0) return `${whole}.${rest / 100}`;
  if (rest % 10 === 0) return `${whole}.${rest < 100 ? '0' : ''}${rest / 10}`;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}

/** The clock as ISO 8601 with milliseconds, put into words once a millisecond, and by `Date` once a second. */
export function isoClock(now: () => number): () => string {
  let at = Number.NaN;
  let text = '';
  let second = Number.NaN;
  let upToSecond = '';
  return () => {
    const current = now();
    if (current === at) return text;
    const ms = current % 1000;
    // What `Date` cuts off or refuses is its own matter.
    if (!(Number.isInteger(current) && current >= 0)) text = new Date(current).toISOString();
    else {
      if (current - ms !== second) {
        upToSecond = new Date(current).toISOString().slice(0, -4);
        second = current - ms;
      }
      text = `${upToSecond}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
    }
    at = current;
    return text;
  };
}
