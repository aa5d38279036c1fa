/** What policy knows besides the facts. */
import type { ObjectTarget } from '../sql/facts.ts';
import type { Foresight } from './foresight.ts';
import type { Requestable } from './requestable.ts';
import type { ScopedRules } from './rule.ts';

export interface PolicyContext {
  /** The database as dbgate names it. */
  readonly database: string;
  /** `production`, `staging`, `development`; any other word is judged as production. */
  readonly environment: string;
  readonly access: 'read' | 'write' | 'ddl' | 'admin';
  /** May create objects, and change or drop those of their own. */
  readonly create: boolean;
  readonly principalKind: 'user' | 'service' | 'agent';
  /** The role that the session acts as at the server; undefined: nobody knows. */
  readonly role?: string | undefined;
  /** Settings that the grant fixes for the session, lower case. */
  readonly fixedSettings?: ReadonlySet<string> | undefined;
  /** What speaks in this session; undefined: the shipped rules. */
  readonly rules?: ScopedRules | undefined;
  /** What this principal may ask for, in the order of `approvals:`; undefined: nothing. */
  readonly requestable?: readonly Requestable[] | undefined;
  /** The answer to a ResolveDecision. */
  readonly resolved?: readonly ResolvedTarget[];
  /** What it asked for by `foresee`: of each statement. */
  readonly foreseen?: readonly Foresight[];
}

export interface ResolvedTarget {
  readonly target: ObjectTarget;
  /** Undefined: there is no such object. */
  readonly oid: number | undefined;
  /** Created by this principal through dbgate. */
  readonly own: boolean;
  /** In the session's temporary schema. */
  readonly temporary: boolean;
  /** A view or foreign table: its rows are somebody else's. */
  readonly isView?: boolean;
  /** Of a target with CASCADE: something depends on it, at any remove, that this principal did not create. */
  readonly othersDepend?: boolean;
}

export type Tier = 'production' | 'staging' | 'development';

/** An environment that is not known is production. */
export function tierOf(environment: string): Tier {
  return environment === 'staging' || environment === 'development' ? environment : 'production';
}

const ACCESS_RANK = { read: 0, write: 1, ddl: 2, admin: 3 } as const;

export function accessIsAtLeast(access: PolicyContext['access'], least: PolicyContext['access']): boolean {
  return ACCESS_RANK[access] >= ACCESS_RANK[least];
}
