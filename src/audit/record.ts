/**
 * What is recorded: one small JSON object a record, self-describing by `v` and `kind`.
 * Statement records carry what differs per execution; who, where and for what is in the session's
 * `session.open` record, which is durable before the session's first statement is.
 * Key order is fixed by the encoders, so that a payload is canonical and can be a leaf of a tree.
 */
export const RECORD_VERSION = 1;

export interface SessionOpen {
  readonly v: 1;
  readonly kind: 'session.open';
  /** ISO 8601 with milliseconds, UTC. */
  readonly at: string;
  readonly session: string;
  readonly gateway: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly principalKind: 'user' | 'service' | 'agent';
  readonly groups: readonly string[];
  readonly actor: string | undefined;
  readonly authMethods: readonly string[];
  readonly clientAddress: string;
  readonly application: string | undefined;
  readonly via: 'tunnel' | 'native';
  readonly database: string;
  readonly environment: string;
  readonly upstreamUser: string;
  readonly purpose: string | undefined;
  /** Of the rules that were in force when it began (`dbgate policy show`). Missing in records of earlier versions. */
  readonly policyVersion?: string | undefined;
}

export interface SessionClose {
  readonly v: 1;
  readonly kind: 'session.close';
  readonly at: string;
  readonly session: string;
  /** `client`, `upstream`, `token_expired`, `revoked`, `protocol`, `shutdown`, … */
  readonly reason: string;
  readonly statements: number;
  readonly denied: number;
}

/** A connection that was refused before a session existed. */
export interface ConnectRefused {
  readonly v: 1;
  readonly kind: 'connect.refused';
  readonly at: string;
  readonly gateway: string;
  readonly clientAddress: string;
  readonly subject: string | undefined;
  readonly email: string | undefined;
  readonly database: string | undefined;
  /** A code of `errors.ts`. */
  readonly code: string;
  readonly reason: string;
}

export interface StatementIntent {
  readonly v: 1;
  readonly kind: 'statement.intent';
  readonly at: string;
  readonly session: string;
  /** 1-based within the session; with `session` it names the statement: `<session>.<n>`. */
  readonly n: number;
  readonly protocol: 'simple' | 'extended' | 'function';
  /** The text as stored: secrets that are known to be secrets (PASSWORD '…') are taken out. */
  readonly sql: string;
  readonly class: string;
  readonly decision: 'allow' | 'mask' | 'hold' | 'deny';
  readonly rule: string | undefined;
  /** How many bind values came with it (their values are not stored yet). */
  readonly binds: number;
}

export interface StatementOutcome {
  readonly v: 1;
  readonly kind: 'statement.outcome';
  readonly at: string;
  readonly session: string;
  readonly n: number;
  readonly rows: number;
  readonly bytes: number;
  /** From forwarding to completion, milliseconds with fraction. */
  readonly ms: number;
  /** SQLSTATE of the error it ended with; undefined when it succeeded. */
  readonly sqlstate: string | undefined;
  readonly masked: number;
  /** Missing: what it did is as the other fields say. */
  readonly fate?: OutcomeFate | undefined;
}

/**
 * It was answered, and then its transaction failed without a command of its own (a later message of its batch, or Sync):
 * `rolled_back`: nothing of it lasted; `unknown`: the connection was lost before the end was told, or a command of the
 * batch may have committed. `sqlstate` says what failed.
 * `cut`: it completed, and only its answer was cut off by a limit, which `sqlstate` says.
 */
export type OutcomeFate = 'rolled_back' | 'unknown' | 'cut';

/** The principal created, or dropped, a database object through dbgate; rights of `create` grants rest on it. */
export interface ObjectOwned {
  readonly v: 1;
  readonly kind: 'object.created' | 'object.dropped';
  readonly at: string;
  readonly database: string;
  /** `principalKey`. */
  readonly principal: string;
  /** pg_class, pg_proc, pg_type or pg_namespace. */
  readonly catalog: string;
  readonly oid: number;
  readonly name: string;
}

export type AuditRecord =
  | SessionOpen
  | SessionClose
  | ConnectRefused
  | StatementIntent
  | StatementOutcome
  | ObjectOwned;

/** One line of `dbgate history`: an intent with its outcome, if there is one yet. */
export interface HistoryEntry {
  /** `<session>.<n>` */
  readonly id: string;
  readonly at: string;
  readonly database: string;
  readonly environment: string;
  /** Who: display name. */
  readonly principal: string;
  readonly session: string;
  readonly application: string | null;
  readonly purpose: string | null;
  readonly sql: string;
  readonly class: string;
  readonly decision: 'allow' | 'mask' | 'hold' | 'deny';
  readonly rule: string | null;
  readonly rows: number | null;
  readonly ms: number | null;
  readonly sqlstate: string | null;
  readonly masked: number | null;
  /**
   * `may_have_run`: an intent whose outcome was never written (a crash), or not known in the end; `rolled_back`: it was
   * answered, and its implicit transaction failed afterwards.
   */
  readonly state: 'done' | 'failed' | 'denied' | 'running' | 'may_have_run' | 'rolled_back';
}

export interface HistoryQuery {
  /** Whose: `principalKey`; undefined: everybody's (the caller has checked the right). */
  principal?: string;
  database?: string;
  /** Epoch milliseconds. */
  since?: number;
  until?: number;
  grep?: string;
  errorsOnly?: boolean;
  deniedOnly?: boolean;
  /** Only statements in whose answer masked columns stood. */
  maskedOnly?: boolean;
  /** 1 to 1000, default 50. */
  limit?: number;
  /** Opaque, from the previous page. */
  cursor?: string;
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}
