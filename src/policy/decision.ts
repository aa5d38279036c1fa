import type { ColumnClass } from '../classify/classes.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';
import type { ObjectTarget } from '../sql/facts.ts';

/** The outcome of policy for one query string. A denial is data, not an exception. */
export type Decision = AllowDecision | DenyDecision | ResolveDecision;

export interface AllowDecision {
  readonly effect: 'allow';
  /** The elevation without which it was refused. */
  readonly approval?: string;
}

/**
 * It depends on what these names are: the gateway looks them up in the session (by `kind` and `lookup`) and asks again
 * with `resolved` in the context. Such an answer holds for this one run, never for a cached statement's next.
 */
export interface ResolveDecision {
  readonly effect: 'resolve';
  readonly targets: readonly ObjectTarget[];
  /** What has to be found out besides, with `foreseen` in the context. Missing: nothing. */
  readonly foresee?: readonly ForesightNeed[];
}

/** What only a catalog or the planner can tell (`foresight.ts`); `effects`: cascades and triggers. */
export type ForesightNeed = 'columns' | 'effects' | 'rows';

/** What a rule met that only a catalog or the planner could tell. */
export interface Matched {
  readonly columns?: readonly string[];
  readonly cascades?: readonly string[];
  readonly triggers?: readonly string[];
  readonly estimatedRows?: number;
  /** It could not be told, which counts as met. */
  readonly unknown?: readonly ('columns' | 'cascades' | 'triggers' | 'estimated rows')[];
}

export interface DenyDecision {
  readonly effect: 'deny';
  /** 42501 unless the reason is another (42601 for a syntax error, 0A000 not supported, 54000 too large). */
  readonly sqlstate: string;
  /** Stable id, e.g. `production.no-drop`. */
  readonly rule: string;
  /** Primary message, as Postgres words its own: lower case, no period. */
  readonly message: string;
  /** Empty, as `hint` may be, for what looks exactly like Postgres' own error. */
  readonly detail: string;
  /** What to do next: what would be allowed instead, or whom to ask. */
  readonly hint: string;
  /** 1-based character position in the text, for ErrorResponse `P`. */
  readonly position: number | undefined;
  /** A rule holds it for an approval, and nothing else speaks against it: refused where there is nobody to ask. */
  readonly held?: true;
  /** Of the rule that holds it, as written: `group:dba`, `user:ada@example.com`; empty: as `approvals:` says. */
  readonly approvers?: readonly string[];
  /** What would let it through, where this principal may ask for it. */
  readonly ask?: RequestAsk;
  /** Of a rule that looks further than the text. */
  readonly matched?: Matched;
  /** The request that it waited for. */
  readonly request?: string;
  /** What comes before it in its text may change what it is about: sent by itself it is judged anew. */
  readonly alone?: true;
}

/** What would let a refused statement through. */
export interface RequestAsk {
  readonly database: string;
  readonly access?: AccessLevel;
  readonly unmask?: 'all' | readonly ColumnClass[];
  /** Missing: the whole database. */
  readonly tables?: readonly string[];
}

export const ALLOW: AllowDecision = { effect: 'allow' };
