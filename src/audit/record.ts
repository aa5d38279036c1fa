/**
 * What is recorded: one small JSON object a record, self-describing by `v` and `kind`, its body last (`envelope.ts`).
 * Statement records carry what differs per execution; who, where and for what is in the session's `session.open`
 * record, which is durable before the session's first statement is. Key order is fixed by the encoders, so that the
 * record without its body is canonical: a leaf of the tree.
 */
import type { RequestEvent } from '../approvals/request.ts';
import type { ColumnClass } from '../classify/classes.ts';

export const RECORD_VERSION = 2;

/** What can be erased; `sha256:…` when it was. */
export type Body<T> = (T & { readonly salt: string }) | string;

export interface SessionOpen {
  readonly v: 2;
  readonly kind: 'session.open';
  /** ISO 8601 with milliseconds, UTC. */
  readonly at: string;
  readonly session: string;
  readonly gateway: string;
  /** Is the machine's clock kept in step with others? As the files of timesyncd and chrony tell. */
  readonly clock: 'synchronised' | 'free' | 'unknown';
  readonly issuer: string;
  readonly subject: string;
  readonly principalKind: 'user' | 'service' | 'agent';
  /** `act` chain of an agent, outermost first. */
  readonly actors: readonly string[];
  readonly authMethods: readonly string[];
  /** The token was bound to a key (DPoP). */
  readonly bound: boolean;
  readonly via: 'tunnel' | 'native';
  readonly database: string;
  readonly environment: string;
  readonly upstreamUser: string;
  /** Of the rules that were in force when it began (`dbgate policy show`). */
  readonly policyVersion: string;
  readonly body: Body<{
    readonly email: string | undefined;
    readonly groups: readonly string[];
    readonly clientAddress: string;
    readonly application: string | undefined;
    readonly purpose: string | undefined;
  }>;
}

export interface SessionClose {
  readonly v: 2;
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
  readonly v: 2;
  readonly kind: 'connect.refused';
  readonly at: string;
  readonly gateway: string;
  readonly subject: string | undefined;
  readonly database: string | undefined;
  /** A code of `errors.ts`. */
  readonly code: string;
  readonly body: Body<{
    readonly email: string | undefined;
    readonly clientAddress: string;
    readonly reason: string;
  }>;
}

export interface StatementIntent {
  readonly v: 2;
  readonly kind: 'statement.intent';
  readonly at: string;
  readonly session: string;
  /** 1-based within the session; with `session` it names the execution: `<session>.<n>`. */
  readonly n: number;
  readonly protocol: 'simple' | 'extended' | 'function';
  /** SHA-256 of the text with literals left out and blanks folded, its first 16 hex digits: the same for each execution. */
  readonly fingerprint: string;
  readonly command: string;
  readonly class: string;
  /** Relations that it reads, writes or locks, `schema.name` where known; at most 64. */
  readonly relations: readonly string[];
  /** `schema.table.column` → class, of classified columns that flow into its answer, steer it, or are written; at most 64. */
  readonly columns: Readonly<Record<string, ColumnClass>>;
  /** `schema.table.column` of the others, of which no class is known; with `columns` at most 64. Missing: there are none. */
  readonly otherColumns?: readonly string[];
  readonly decision: 'allow' | 'mask' | 'hold' | 'deny';
  readonly rule: string | undefined;
  /** The request that opened the way for it: an approval of this statement, or an elevation without which it was refused. */
  readonly approval: string | undefined;
  /** Policy version when it is not the session's own any more. */
  readonly policyVersion: string | undefined;
  /** How many bind values came with it. */
  readonly binds: number;
  readonly body: Body<{
    /**
     * The text: literals that meet classified columns, or may, stand in it as `'‹class:keyed hash›'`, secrets that are
     * known by the grammar (PASSWORD '…') as `'***'`.
     */
    readonly sql: string;
    /**
     * SHA-256, hex, of the text as it was sent, with the body's salt behind it. Where literals were taken out of `sql`, also
     * with a secret of the gateway's behind that (`hashSecret`): else they could be guessed, one after another.
     */
    readonly hash: string;
    /** Bind values as text, `null` for NULL, `‹class:keyed hash›` where they meet classified columns; of each at most 65,536 characters, of all 4 Mi; of what is cut the last is `…`. */
    readonly values?: readonly (string | null)[] | undefined;
  }>;
}

export interface StatementOutcome {
  readonly v: 2;
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
  /** Values that were masked. */
  readonly masked: number;
  /** The same by class; missing: none. */
  readonly maskedBy?: Readonly<Partial<Record<ColumnClass | 'unclassified', number>>> | undefined;
  /** Missing: what it did is as the other fields say. */
  readonly fate?: OutcomeFate | undefined;
}

/**
 * It was answered, and then its transaction failed without a command of its own (a later message of its batch, or Sync):
 * `rolled_back`: nothing of it lasted; `unknown`: the connection was lost before the end was told, or a command of the
 * batch may have committed. `sqlstate` says what failed.
 * `cut`: it completed, and only its answer was cut off by a limit, which `sqlstate` says.
 * `may_have_run`: the gateway ended before its outcome was known; written when it starts again.
 */
export type OutcomeFate = 'rolled_back' | 'unknown' | 'cut' | 'may_have_run';

/** The principal created, or dropped, a database object through dbgate; rights of `create` grants rest on it. */
export interface ObjectOwned {
  readonly v: 2;
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

/** An event of a request, as it is in the request's own stream; the reason is in the body. */
export interface RequestRecord {
  readonly v: 2;
  readonly kind: 'request.event';
  readonly at: string;
  readonly gateway: string;
  readonly request: string;
  readonly type: RequestEvent['type'];
  /** `principalKey` of who did it; undefined: time, or the gateway by a rule. */
  readonly by: string | undefined;
  readonly database: string;
  readonly body: Body<{ readonly event: RequestEvent }>;
}

/** Everything else that is worth a record; `detail` is small and holds no personal data, the body may. */
export interface GatewayEvent {
  readonly v: 2;
  readonly kind:
    | 'gateway.started'
    | 'gateway.stopped'
    /** A token of somebody was accepted for the first time. */
    | 'identity.login'
    | 'identity.revoked'
    /** A decision that came from outside by a callback was not taken; `detail` says why. */
    | 'callback.refused'
    | 'policy.changed'
    | 'classification.changed'
    /** Somebody read the record of others. */
    | 'history.read'
    | 'audit.exported'
    | 'audit.erased'
    | 'audit.archived'
    /** An administrator had the index made anew. */
    | 'audit.reindexed'
    /** The tree is signed with another key from here on. */
    | 'audit.key_rotated'
    /** The operator took a log that is not what was signed. */
    | 'audit.rewrite_accepted'
    | 'audit.retired';
  readonly at: string;
  readonly gateway: string;
  /** `principalKey`. */
  readonly by: string | undefined;
  readonly database: string | undefined;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  readonly body: Body<Readonly<Record<string, unknown>>>;
}

export type AuditRecord =
  | SessionOpen
  | SessionClose
  | ConnectRefused
  | StatementIntent
  | StatementOutcome
  | ObjectOwned
  | RequestRecord
  | GatewayEvent;

/** What a session says of how a statement ended. */
export type OutcomeFields = Pick<
  StatementOutcome,
  'rows' | 'bytes' | 'ms' | 'sqlstate' | 'masked' | 'maskedBy' | 'fate'
>;

/** What a session says of a statement; the rest of its record only the recorder knows. */
export interface IntentFields extends Pick<StatementIntent, 'protocol' | 'decision' | 'rule' | 'binds'> {
  /** `encodeFacts`: the caller keeps it for all statements of one shape. */
  readonly facts: string;
  readonly approval?: string | undefined;
  /** Goes into the hash of a text that is not kept as it was sent. */
  readonly hashSecret?: string | undefined;
  /** As it was sent: only its salted hash is kept. */
  readonly sql: string;
  /** `JSON.stringify` of the text that is recorded: the caller keeps it with its cached analysis. */
  readonly sqlJson: string;
  /** JSON array of bind values as they are recorded. */
  readonly valuesJson?: string | undefined;
}

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
  /** `null` when it was erased. */
  readonly sql: string | null;
  /** There is more of it than was asked for. */
  readonly sql_cut?: true;
  readonly fingerprint: string;
  readonly command: string;
  readonly class: string;
  readonly relations: readonly string[];
  readonly columns: Readonly<Record<string, ColumnClass>>;
  readonly other_columns: readonly string[];
  readonly decision: 'allow' | 'mask' | 'hold' | 'deny';
  readonly rule: string | null;
  readonly approval: string | null;
  readonly gateway: string;
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
  /** Of whoever is named so: `principalKey`, subject, or email in any case. */
  by?: string;
  database?: string;
  /** Epoch milliseconds. */
  since?: number;
  until?: number;
  grep?: string;
  errorsOnly?: boolean;
  deniedOnly?: boolean;
  /** Only statements in whose answer masked columns stood. */
  maskedOnly?: boolean;
  writesOnly?: boolean;
  /** A relation that it touched: `name` or `schema.name`. */
  table?: string;
  /** A column that it touched: `column`, `table.column` or `schema.table.column`. */
  column?: string;
  /** A class of such. */
  class?: string;
  session?: string;
  /** A part of it, in any case. */
  purpose?: string;
  /** 1 to 1000, default 50. */
  limit?: number;
  /** UTF-16 units of each text at most. */
  sqlLimit?: number;
  /** Opaque, from the previous page. */
  cursor?: string;
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** One line of `dbgate sessions`. */
export interface SessionLine {
  readonly session: string;
  readonly at: string;
  readonly closedAt: string | null;
  /** `lost`: the gateway ended before it did. */
  readonly state: 'open' | 'closed' | 'lost';
  /** Why it ended, as `SessionClose.reason`. */
  readonly reason: string | null;
  readonly principal: string;
  readonly kind: SessionOpen['principalKind'];
  readonly actors: readonly string[];
  readonly gateway: string;
  readonly database: string;
  readonly environment: string;
  readonly application: string | null;
  readonly purpose: string | null;
  readonly clientAddress: string | null;
  readonly statements: number;
  readonly denied: number;
}

export interface SessionsQuery extends Pick<HistoryQuery, 'principal' | 'by' | 'database' | 'since' | 'until'> {
  session?: string;
  openOnly?: boolean;
  limit?: number;
  cursor?: string;
}

export interface SessionsPage {
  readonly sessions: readonly SessionLine[];
  readonly nextCursor: string | undefined;
}

/** The records of one statement and their places in the log. */
export interface RecordedExecution {
  readonly entry: HistoryEntry;
  /** Of the session; undefined where the record of its opening is damaged or gone. */
  readonly opened: SessionOpen | undefined;
  readonly openPosition: number;
  readonly intent: StatementIntent;
  readonly intentPosition: number;
  readonly outcome: StatementOutcome | undefined;
  readonly outcomePosition: number | undefined;
}

/** A session from its beginning on, its statements in their order. */
export interface Transcript {
  readonly session: SessionLine;
  readonly opened: SessionOpen | undefined;
  readonly steps: readonly TranscriptStep[];
  /** `n` of the last step, if more follow. */
  readonly next: number | undefined;
}

export interface TranscriptStep {
  readonly n: number;
  readonly entry: HistoryEntry;
  /** As recorded; undefined: there were none, or they were erased. */
  readonly values: readonly (string | null)[] | undefined;
  readonly binds: number;
  readonly protocol: StatementIntent['protocol'];
  /** Of the policy in force then. */
  readonly policyVersion: string;
}

/** What is no statement and no session: requests, logins, refusals, acts of administrators. */
export interface EventsQuery extends Pick<HistoryQuery, 'by' | 'database' | 'since' | 'until'> {
  /** `AuditRecord['kind']`s; undefined: all. */
  kinds?: readonly string[];
  /** A request's id, or the subject that was refused. */
  subject?: string;
  limit?: number;
  cursor?: string;
}

export interface EventsPage {
  /** The newest first. */
  readonly events: readonly {
    readonly position: number;
    readonly record: ConnectRefused | RequestRecord | GatewayEvent;
  }[];
  readonly nextCursor: string | undefined;
}
