/**
 * Requests: somebody asks for more than their grants give, for a while (an elevation), or a statement waits on the wire
 * for a yes (a statement). A request is a stream of events; what it is now is folded from them (`state-machine.ts`).
 * Plain data, JSON as it stands: the same in the log, in the API and between gateways.
 */
import type { ColumnClass } from '../classify/classes.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';

/** Who asks or decides, as the verifier said at that time. `key`: `principalKey`. */
export interface Person {
  readonly key: string;
  readonly issuer: string;
  readonly subject: string;
  readonly kind: 'user' | 'service' | 'agent';
  /** RFC 8693 `act.sub` of an agent. */
  readonly actor: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

/** What an elevation opens. */
export interface ElevationScope {
  /** Undefined: only unmasking is asked for. */
  readonly access: AccessLevel | undefined;
  /** Classes to be shown as they are; `all`: every class. Undefined: masking stays as it is. */
  readonly unmask: 'all' | readonly ColumnClass[] | undefined;
  /** `schema.table`, or `table` for one of that name on the search_path `public`; undefined: all. */
  readonly tables: readonly string[] | undefined;
  /** Counted from the approval. */
  readonly durationMs: number;
}

/** What a statement request is about: exactly this runs, or another execution of the same shape where a number of them is approved. */
export interface StatementScope {
  /**
   * SHA-256, hex, of text, bind values (with their formats and types), database, person, purpose, search_path and role:
   * what was approved is what runs.
   */
  readonly hash: string;
  /** SHA-256, hex, of the statement's shape (literals and binds left out), person, application, purpose and database. */
  readonly shape: string;
  /** As it is recorded: secrets and values of classified columns stand in it as keyed hashes. */
  readonly sql: string;
  readonly command: string;
  readonly class: string;
  /** The rule that holds it. */
  readonly rule: string;
  readonly reason: string;
  readonly relations: readonly string[];
  /** What policy found: `deletes all rows`, `drops`, … */
  readonly findings: readonly string[];
  /** `table.column` → class, of what it reads and writes. */
  readonly columns: Readonly<Record<string, ColumnClass>>;
  /** Tables that foreign keys with CASCADE would change too. */
  readonly cascades: readonly string[];
  /** Triggers that would fire, `table.trigger`. */
  readonly triggers: readonly string[];
  /** The planner's estimate; undefined: it cannot be planned alone. */
  readonly estimatedRows: number | undefined;
  readonly binds: number;
  readonly session: string;
  /** It was sent inside a transaction block, whose locks are kept while it waits. */
  readonly inTransaction: boolean;
  /** It can run in a transaction block, and its rows can be counted there: so that is known before it is kept. */
  readonly canRollBack: boolean;
}

interface Asked {
  /** Short, typed by people: `r-` and 8 characters of Crockford's base32, lower case. */
  readonly id: string;
  readonly by: Person;
  readonly database: string;
  readonly environment: string;
  readonly purpose: string | undefined;
  readonly application: string | undefined;
  /** Of an elevation what was typed; of a statement the rule's message. Control characters taken out, at most 2,000 characters. */
  readonly reason: string;
  /** Epoch milliseconds by the gateway's clock: undecided until then, it expires. */
  readonly expiresAt: number;
  /** The rule of `approvals:` that says who decides. */
  readonly policy: string;
  /** Names for people of whoever may decide: `group dba`, `user ada@example.com`. */
  readonly deciders: readonly string[];
  /** How many different people must say yes. */
  readonly needs: number;
  /** The one authority, where it is not people of this gateway: the name of the external decider. */
  readonly external: string | undefined;
}

export interface ElevationRequested extends Asked {
  readonly kind: 'elevation';
  readonly scope: ElevationScope;
  readonly breakGlass: boolean;
}

export interface StatementRequested extends Asked {
  readonly kind: 'statement';
  readonly statement: StatementScope;
}

export type Requested = ElevationRequested | StatementRequested;

/** Rows of one table that a statement changed which was tried, `schema.table`; `truncated`: those that TRUNCATE took. */
export interface TableEffect {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly truncated: number;
}

/** What a decider may change when saying yes; never to more than was asked. */
export interface Terms {
  readonly durationMs?: number | undefined;
  readonly tables?: readonly string[] | undefined;
  readonly unmask?: 'all' | readonly ColumnClass[] | undefined;
  /** Of a statement: rolled back if it changes more rows. */
  readonly maxRows?: number | undefined;
  /** Of a statement: how many executions of the same shape; default 1, and then only the very same. */
  readonly times?: number | undefined;
  /** Of a statement that waits on the wire: run it in a transaction, show the rows it changes, and ask again. */
  readonly tryFirst?: boolean | undefined;
}

/** `at`: epoch milliseconds by the clock of the gateway that wrote it. */
export type RequestEvent =
  | { readonly type: 'requested'; readonly at: number; readonly request: Requested }
  /** One yes of those that are needed; `complete`: the last. `via`: `cli`, `web`, `slack`, `external`, `auto`, `break-glass`. */
  | {
      readonly type: 'approved';
      readonly at: number;
      readonly by: Person;
      readonly via: string;
      readonly reason: string;
      readonly terms: Terms;
      readonly complete: boolean;
    }
  | { readonly type: 'denied'; readonly at: number; readonly by: Person; readonly via: string; readonly reason: string }
  | { readonly type: 'cancelled'; readonly at: number; readonly by: Person; readonly reason: string }
  /** Nobody decided in time. */
  | { readonly type: 'expired'; readonly at: number }
  /** Of a statement: another execution of the same shape waits for the same decision. */
  | { readonly type: 'joined'; readonly at: number; readonly hash: string; readonly session: string }
  /** Of a statement: the client that waited for it went away; an approval holds until its time for the same hash. */
  | { readonly type: 'unattended'; readonly at: number; readonly session: string }
  /** Of a statement: one execution of what was approved begins. Never more than `times`. */
  | { readonly type: 'used'; readonly at: number; readonly hash: string; readonly session: string; readonly n: number }
  /** Of a statement that is tried: it ran in a transaction that is not over; it changed so many rows, and these tables. */
  | {
      readonly type: 'tried';
      readonly at: number;
      readonly rows: number;
      readonly effects?: readonly TableEffect[] | undefined;
    }
  /** What was opened is over: its time came, or somebody ended it. */
  | { readonly type: 'ended'; readonly at: number; readonly reason: 'time' }
  | { readonly type: 'revoked'; readonly at: number; readonly by: Person; readonly reason: string }
  /** Of break-glass: somebody else looked at it afterwards. */
  | { readonly type: 'reviewed'; readonly at: number; readonly by: Person; readonly reason: string };

/**
 * `pending`: waits for a decision. `approved`: an elevation that is in force, or a statement that may run. `used`: a
 * statement that ran as often as it may. `ended`: an elevation whose time is over. The others end a request too.
 */
export const REQUEST_STATUSES = [
  'pending',
  'approved',
  'denied',
  'cancelled',
  'expired',
  'used',
  'ended',
  'revoked',
] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** A request as it is now. */
export interface RequestState {
  readonly request: Requested;
  readonly status: RequestStatus;
  readonly createdAt: number;
  /** Number of its events: what a change is compared with. */
  readonly seq: number;
  readonly approvals: readonly Extract<RequestEvent, { type: 'approved' }>[];
  /** The narrowest of all approvals' terms; of an elevation with what was asked. */
  readonly terms: Terms;
  readonly decidedAt: number | undefined;
  readonly denied: Extract<RequestEvent, { type: 'denied' }> | undefined;
  /** Until when what was approved holds, epoch milliseconds. */
  readonly validUntil: number | undefined;
  /** Hashes of all executions that wait, or may run: the first is the request's own. */
  readonly hashes: readonly string[];
  /** Sessions in which an execution waits on the wire now. */
  readonly waiting: readonly string[];
  readonly used: number;
  readonly triedRows: number | undefined;
  /** With what triggers and foreign keys changed; undefined: not known. */
  readonly triedEffects?: readonly TableEffect[] | undefined;
  readonly endedBy: Person | undefined;
  readonly endReason: string | undefined;
  readonly reviewedBy: Person | undefined;
}
