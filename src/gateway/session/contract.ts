/**
 * What goes into a session and what comes out: events and commands. The session is pure; `gateway/connection.ts`
 * turns sockets, timers and worker answers into events, and executes the commands.
 */
import type { HoldOutcome } from '../../approvals/contract.ts';
import type { TableEffect } from '../../approvals/request.ts';
import type { IntentFields, OutcomeFields } from '../../audit/record.ts';
import type { Principal } from '../../identity/principal.ts';
import type { BindParameter } from '../../pgwire/extended.ts';
import type { ResolvedTarget } from '../../policy/context.ts';
import type { Decision } from '../../policy/decision.ts';
import type { Foresight, ForesightNeed } from '../../policy/foresight.ts';
import type { Analysis, StatementFacts } from '../../sql/facts.ts';
import type { Egress } from './egress.ts';
import type { ForesightScope } from './foresight-steps.ts';
import type { SessionMasking } from './masking.ts';
import type { MadeHere, UnseenCreation } from './unseen-creation.ts';

export type SessionEvent =
  | { readonly type: 'client_data'; readonly chunk: Buffer; readonly nowMs: number }
  | { readonly type: 'upstream_data'; readonly chunk: Buffer; readonly nowMs: number }
  /** The answer to an `analyse` command. */
  | { readonly type: 'analysed'; readonly analysis: Analysis; readonly nowMs: number }
  /** The answer to a `trace` command: the plans of its text can be had now, if nothing has changed since. */
  | { readonly type: 'traced'; readonly nowMs: number }
  /** The answer to a `foresee` command. */
  | { readonly type: 'foreseen'; readonly foreseen: readonly Foresight[]; readonly nowMs: number }
  /** The answer to a `check_definitions` command; `changed`: the catalog has been read anew. */
  | { readonly type: 'definitions_checked'; readonly drift: 'same' | 'changed' | 'unknown'; readonly nowMs: number }
  /** The answer to a `confirm_definitions` command. */
  | { readonly type: 'definitions_confirmed'; readonly drift: 'same' | 'changed' | 'unknown'; readonly nowMs: number }
  /** The answer to a `check_made` command: what of it nobody else sees. */
  | { readonly type: 'made_checked'; readonly objects: readonly NamedObject[]; readonly nowMs: number }
  /** The answer to a `retrace` command. */
  | { readonly type: 'retraced'; readonly nowMs: number }
  /** Every intent up to `position` is on stable storage. */
  | { readonly type: 'durable'; readonly position: number; readonly nowMs: number }
  /** The answer to `cancel_statement`: the server was told, or cannot be. */
  | { readonly type: 'statement_cancelled'; readonly nowMs: number }
  /** Intents from `from` on will never be durable. */
  | { readonly type: 'audit_failed'; readonly from: number; readonly nowMs: number }
  /** A CancelRequest of the client's: for what is held here, else for what the server runs. */
  | { readonly type: 'cancel_requested'; readonly nowMs: number }
  /** What the session may do has changed: the server's read-only mode follows before the next statement. */
  | { readonly type: 'access'; readonly readOnly: boolean; readonly nowMs: number }
  /** The answer to `hold`: the request is there, and who decides it. */
  | {
      readonly type: 'hold_placed';
      readonly request: string;
      readonly link: string;
      readonly deciders: readonly string[];
      readonly nowMs: number;
    }
  /** The other answer to `hold`: it could not be asked for. */
  | {
      readonly type: 'hold_failed';
      readonly message: string;
      readonly sqlstate: string;
      readonly hint: string;
      readonly nowMs: number;
    }
  /** Time to tell the client that its statement still waits. */
  | { readonly type: 'hold_reminder'; readonly nowMs: number }
  | { readonly type: 'hold_decided'; readonly outcome: HoldOutcome; readonly nowMs: number }
  /** The answer to `hold_tried`. */
  | { readonly type: 'hold_kept'; readonly keep: boolean; readonly nowMs: number }
  /** Half-close by the client: nothing more comes, answers still go. */
  | { readonly type: 'client_end'; readonly nowMs: number }
  | { readonly type: 'upstream_end'; readonly nowMs: number }
  /** The gateway ends the session: token or grant ended, revoked, shutdown, idle. */
  | { readonly type: 'end'; readonly reason: EndReason; readonly nowMs: number };

export type EndReason =
  | 'token_expired'
  | 'grant_ended'
  | 'revoked'
  | 'shutdown'
  | 'idle'
  | 'upstream_gone'
  | 'protocol'
  | 'client';

export type SessionCommand =
  | { readonly type: 'send_client'; readonly bytes: Buffer }
  | { readonly type: 'send_upstream'; readonly bytes: Buffer }
  /** Ask the analyser; one at a time; answered by an `analysed` event. */
  | { readonly type: 'analyse'; readonly sql: string }
  /** Have the text's lineage traced in the adopted world; one at a time; answered by a `traced` event. */
  | { readonly type: 'trace'; readonly statements: Analysis['statements']; readonly sql: string }
  /**
   * An answer is not what was planned for: have the catalog read anew and the text traced in it, while the answer waits;
   * answered by a `retraced` event.
   */
  | { readonly type: 'retrace'; readonly statements: Analysis['statements']; readonly sql: string }
  /** Find out what only a catalog or the planner can tell; one at a time; answered by a `foreseen` event. */
  | { readonly type: 'foresee'; readonly question: ForeseeQuestion }
  /** Have the server asked whether definitions are still the same; one at a time; answered by `definitions_checked`. */
  | { readonly type: 'check_definitions'; readonly questions: readonly DefinitionQuestion[] }
  /** The same while an answer waits; answered by `definitions_confirmed`. */
  | { readonly type: 'confirm_definitions'; readonly questions: readonly DefinitionQuestion[] }
  /** Tell the session, by `durable` or `audit_failed`, what becomes of the record at this position. */
  | { readonly type: 'await_durable'; readonly position: number }
  /** The session keeps client bytes that it cannot take yet: stop reading until `resume_client`. */
  | { readonly type: 'pause_client' }
  | { readonly type: 'resume_client' }
  | { readonly type: 'pause_upstream' }
  | { readonly type: 'resume_upstream' }
  /** Objects that this principal created, to be remembered. */
  | { readonly type: 'objects_created'; readonly objects: readonly NamedObject[] }
  /** Have it found out which of these the open transaction has made; one at a time; answered by `made_checked`. */
  | { readonly type: 'check_made'; readonly made: MadeHere }
  /** DDL went through: snapshots of the catalog are out of date. */
  | { readonly type: 'schema_changed' }
  /** Statement cancelled on the upstream side (the session is being ended while one runs). */
  | { readonly type: 'cancel_upstream' }
  /** The statement under way is to be cancelled and the session to live on; answered by `statement_cancelled`. */
  | { readonly type: 'cancel_statement' }
  /** A statement waits for an approval; answered by `hold_placed` and `hold_decided`, or `hold_failed`. One at a time. */
  | { readonly type: 'hold'; readonly question: HoldQuestion }
  /** It ran, in a transaction that is not over, and changed so many rows; answered by `hold_kept`. */
  | { readonly type: 'hold_tried'; readonly rows: number; readonly effects?: readonly TableEffect[] }
  /** It waits no more: withdrawn by the client, or nobody is there any more. Nothing more of it is told. */
  | { readonly type: 'end_hold'; readonly how: 'cancel' | 'abandon' }
  /** A fault of the gateway's own ended the session: for the operator's eyes only. */
  | { readonly type: 'internal_error'; readonly error: Error }
  /** Send what is queued, then close both sockets. */
  | { readonly type: 'close'; readonly reason: EndReason };

/** What tells that definitions are still the same: an object is for one reading of them. */
export interface DefinitionQuestion {
  readonly parameters: readonly (readonly string[])[];
  readonly expected: string;
  /** The server may wait for a lock of whoever changes them before it looks them up. */
  readonly mayWait: boolean;
  /** Bare names of everything that it rests on, at any remove; missing: that cannot be told. */
  readonly names?: ReadonlySet<string>;
}

/** A text and the session in which it would run. */
export interface ForeseeQuestion extends ForesightScope {
  readonly analysis: Analysis;
  readonly sql: string;
  readonly needs: readonly ForesightNeed[];
  readonly binds: number;
  /** The session's own view of the catalog, where it may have changed that; rows of `catalogSql`. */
  readonly catalogRows: readonly (readonly (string | null)[])[] | undefined;
}

/** What waits for an approval: all that makes it what it is, and where it would run. */
export interface HoldQuestion {
  readonly analysis: Analysis;
  readonly sql: string;
  /** OIDs of parameter types that the client gave in Parse. */
  readonly types: readonly number[];
  /** Formats and values of Bind, as they came. */
  readonly values: Buffer | undefined;
  readonly binds: number;
  /** As the setting says it. */
  readonly searchPath: string;
  /** What it comes to, pg_catalog and the temporary schema included. */
  readonly schemas: readonly string[];
  readonly role: string;
  /** session_user */
  readonly user: string;
  readonly rule: string;
  readonly reason: string;
  /** As `DenyDecision` has them. */
  readonly approvers: readonly string[];
  readonly inTransaction: boolean;
  readonly canRollBack: boolean;
}

export interface NamedObject {
  readonly catalog: string;
  readonly oid: number;
  readonly name: string;
}

/** Journal of one session: the hot part of the recorder. */
export interface SessionJournal {
  /** Takes the intent for the next group commit. Throws `DbgateError` `audit_unavailable` when it cannot. */
  intent(intent: IntentFields): { n: number; position: number };
  outcome(n: number, outcome: OutcomeFields): void;
}

/** What the record says of a statement, whoever runs it. */
export type StatementDescription = Pick<IntentFields, 'facts' | 'sqlJson' | 'hashSecret'>;

/** What the session may ask of its surroundings, synchronously and without effects on the outside. */
export interface SessionSurroundings {
  readonly journal: SessionJournal;
  /** As it is now: classes of columns may be others later. */
  describe(analysis: Analysis, sql: string): StatementDescription;
  /** Bind values as they are recorded, a JSON array; `types`: OIDs that Parse gave. */
  describeValues(
    analysis: Analysis,
    sql: string,
    parameters: readonly BindParameter[],
    types: readonly number[],
  ): string;
  /** The class of a column that a statement gives its mask in place of a value; missing: nothing is masked here. */
  readonly maskGiven?:
    | ((
        analysis: Analysis,
        sql: string,
        parameters: () => readonly BindParameter[],
        types: readonly number[],
      ) => string | undefined)
    | undefined;
  /** The analysis of a text seen before, else undefined. */
  lookup(sql: string): Analysis | undefined;
  /** Policy for this session's principal and database; may ask for names to be resolved first. */
  judge(analysis: Analysis): Decision;
  /** The same with what the names stand for; `[]` when that could not be found out. */
  judgeResolved(
    analysis: Analysis,
    resolved: readonly ResolvedTarget[],
    foreseen: readonly Foresight[] | undefined,
  ): Decision;
  /** The query whose rows `foresee` takes. Undefined: nothing can be foreseen. */
  readonly catalogSql?: string | undefined;
  /** The elevation without which what was judged last of this text was refused. */
  elevationOf?(analysis: Analysis): string | undefined;
  /** May its record be synced while it runs? */
  isPureRead(statements: readonly StatementFacts[]): boolean;
  /** Did this principal create that object through dbgate? */
  isOwn(catalog: string, oid: number): boolean;
  /** Changes whenever policy or grants were reloaded: cached statements are judged again. */
  policyEpoch(): number;
  /** Undefined: this principal sees everything. */
  readonly masking?: SessionMasking | undefined;
  /** With what the routines do that it calls. Undefined: what is changed besides its command tags is not counted. */
  withRoutines?(analysis: Analysis): Analysis;
  /** What it and the routines make that it calls, without its names being known. Undefined: it is not asked for. */
  unseenCreations?(analysis: Analysis): readonly UnseenCreation[];
  /** Undefined: nothing of a catalog is known, or it cannot change. */
  readonly definitions?:
    | {
        /**
         * What has to be asked before statements go upstream; undefined: nothing. `computes`: values of columns go into the
         * answer or into other columns in a way that RowDescription does not show.
         */
        questionOf(statements: readonly StatementFacts[], computes: boolean): DefinitionQuestion | undefined;
        /** When the definitions had been read, as `nowMs`. */
        readonly readAtMs: number;
      }
    | undefined;
  /** Is there somebody to ask for approvals? Undefined as false: what a rule holds is refused. */
  canHold?(): boolean;
}

export interface SessionOptions {
  readonly principal: Principal;
  /** `latin1` when the client asked for it at start-up; pinned for the session's life. */
  readonly encoding: 'utf8' | 'latin1';
  /** What ParameterStatus must go on to say. */
  readonly pinnedParameters: ReadonlyMap<string, string>;
  /** What the client is told in place of the application_name that shows the person upstream. */
  clientApplicationName(upstreamValue: string): string;
  readonly maxMessageBytes: number;
  /** False with `audit.durability: async`: nothing waits for the record. */
  readonly waitForRecord: boolean;
  readonly egress: Egress;
  /** The upstream was opened with default_transaction_read_only on. */
  readonly readOnly?: boolean;
}

/** Counters of a session, for the live view and its closing record. */
export interface SessionCounters {
  statements: number;
  denied: number;
  errors: number;
  masked: number;
}
