/**
 * What the rest of the gateway sees of approvals. The service (`requests.ts`) keeps what it says durable before it says
 * so, compares and sets by the stream's sequence, and tells everybody who listens.
 */
import type { ColumnClass } from '../classify/classes.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import type { RequestEvent, RequestState, StatementScope, TableEffect, Terms } from './request.ts';

export interface ElevationAsk {
  readonly database: string;
  readonly access: AccessLevel | undefined;
  readonly unmask: 'all' | readonly ColumnClass[] | undefined;
  readonly tables: readonly string[] | undefined;
  readonly durationMs: number;
  readonly reason: string;
  readonly purpose: string | undefined;
  readonly breakGlass: boolean;
}

export interface HoldAsk {
  readonly principal: Principal;
  readonly database: string;
  readonly purpose: string | undefined;
  readonly application: string | undefined;
  /** Of the rule that holds it, as written: `group:dba`, `user:ada@example.com`; empty: as `approvals:` says. */
  readonly approvers: readonly string[];
  readonly statement: StatementScope;
}

/** What becomes of a statement on the wire. */
export type HoldOutcome =
  /** It may run now, once; the use is recorded. `maxRows`: roll back if it changes more. `confirm`: report the rows and wait. */
  | { readonly kind: 'run'; readonly request: string; readonly maxRows: number | undefined; readonly confirm: boolean }
  | {
      readonly kind: 'refused';
      readonly request: string;
      readonly why: 'denied' | 'cancelled' | 'expired' | 'revoked';
      readonly message: string;
    };

export interface Hold {
  /** The request's id; `link`: where a person decides. */
  readonly request: string;
  readonly link: string;
  /** Resolves when it is decided; never rejects: what goes wrong is a refusal. */
  readonly outcome: Promise<HoldOutcome>;
  /** Resolves when nothing more is to come: refused, told to run, with `confirm` kept or not, cancelled, abandoned. */
  readonly over: Promise<void>;
  /** After `run` with `confirm`: the rows that it changed, and of which tables; resolves to whether they are to be kept. */
  tried(rows: number, effects?: readonly TableEffect[]): Promise<boolean>;
  /** CancelRequest: the request is withdrawn if nobody else waits for it. */
  cancel(): void;
  /** The client is gone: the request stays, an approval holds for the same hash within its time. */
  abandon(): void;
}

export interface RequestFilter {
  /** `principalKey`: theirs. */
  readonly mine?: string | undefined;
  /** Only those that this principal may decide now. */
  readonly decidableBy?: Principal | undefined;
  readonly status?: RequestState['status'] | undefined;
  readonly database?: string | undefined;
  /** Break-glass that nobody has reviewed. */
  readonly unreviewed?: boolean | undefined;
  /** 1 to 1000, default 100. */
  readonly limit?: number | undefined;
  /** The id after which to go on; newest first. */
  readonly after?: string | undefined;
}

/** An elevation in force, as policy and masking take it. */
export interface Elevation {
  readonly request: string;
  readonly access: AccessLevel | undefined;
  readonly unmask: 'all' | readonly ColumnClass[] | undefined;
  readonly tables: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly until: number;
}

export interface Requests {
  /**
   * Throws `denied` when nobody may ask for that, `usage` for senseless durations and reasons, `audit_unavailable`.
   * The answer may be approved already (auto-approval, break-glass).
   */
  ask(by: Principal, ask: ElevationAsk): Promise<RequestState>;
  /** A statement that policy holds; joins a pending request of the same shape, or uses an approval that is there. Throws as `ask`. */
  hold(ask: HoldAsk): Promise<Hold>;
  /** Throws `denied`: not theirs to decide (never the requester); `usage`: decided already, by whom and how. */
  approve(id: string, by: Principal, via: string, reason: string, terms: Terms): Promise<RequestState>;
  deny(id: string, by: Principal, via: string, reason: string): Promise<RequestState>;
  cancel(id: string, by: Principal, reason: string): Promise<RequestState>;
  /** By whoever may decide it, the requester, or an administrator of the database. */
  revoke(id: string, by: Principal, reason: string): Promise<RequestState>;
  /** Break-glass, looked at afterwards; never by who used it. */
  review(id: string, by: Principal, reason: string): Promise<RequestState>;
  /** Undefined: there is none, or this principal may not see it. */
  get(id: string, viewer: Principal): RequestState | undefined;
  list(viewer: Principal, filter: RequestFilter): readonly RequestState[];
  mayDecide(id: string, by: Principal): boolean;
  events(id: string): Promise<readonly RequestEvent[]>;
  /** Called after each change, with the id of the gateway that wrote it; returns the function that unregisters. */
  subscribe(listener: (state: RequestState, event: RequestEvent, gateway: string) => void): () => void;
  /** Of exactly this principal (issuer, subject, kind and actor) on this database, now. In memory: asked for each session. */
  elevationsOf(principal: Principal, database: string): readonly Elevation[];
  close(): Promise<void>;
}
