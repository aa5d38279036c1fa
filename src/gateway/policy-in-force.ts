/**
 * The policy of one configuration: grants and rules, compiled once, and the scopes that sessions share. It knows when
 * time alone will change an answer; who asks it then is `gateway-state.ts`.
 */
import { createHash } from 'node:crypto';
import { requestableBy } from '../approvals/deciders.ts';
import type { DatabaseSettings, GatewaySettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import {
  type CompiledGrant,
  compileGrants,
  type Granted,
  grantOf,
  type NotGranted,
  nextGrantChange,
} from '../policy/grants.ts';
import { type CompiledPolicy, canonicalPolicy, compilePolicy } from '../policy/policy.ts';
import { type PolicyScope, PolicyScopes } from './policy-scope.ts';

/** Of a session: what rules can match on besides its principal. */
export interface SessionContext {
  readonly purpose: string | undefined;
  readonly application: string | undefined;
}

export class PolicyInForce {
  /** SHA-256 of the canonical text of rules and grants, hex. */
  readonly version: string;
  readonly #policy: CompiledPolicy;
  readonly #approvals: GatewaySettings['approvals'];
  readonly #grants: readonly CompiledGrant[];
  /** By the rules that speak, so those of another time are others. */
  readonly #scopes = new PolicyScopes();

  constructor(settings: Pick<GatewaySettings, 'grants' | 'rules' | 'approvals'>) {
    this.#approvals = settings.approvals;
    this.#policy = compilePolicy(settings.rules ?? []);
    this.#grants = compileGrants(settings.grants);
    this.version = createHash('sha256').update(canonicalPolicy(this.#policy, settings.grants)).digest('hex');
  }

  /** `purpose` null: not said yet. */
  grantOf(
    principal: Principal,
    database: DatabaseSettings,
    purpose: string | undefined | null,
    nowMs: number,
  ): Granted | NotGranted {
    return grantOf(principal, database, this.#grants, { nowMs, purpose });
  }

  scopeOf(
    principal: Principal,
    database: DatabaseSettings,
    granted: Pick<Granted, 'access' | 'create' | 'limits' | 'masking' | 'elevated'>,
    { purpose, application }: SessionContext,
    nowMs: number,
  ): PolicyScope {
    const asker = { principal, database, mayReach: true };
    const requestable = this.#approvals === undefined ? undefined : requestableBy(asker, this.#approvals.rules);
    const question = { principal, database, granted, purpose, application, nowMs, requestable };
    return this.#scopes.get(this.#policy, question);
  }

  /** Epoch milliseconds at which time may change a grant or a rule; undefined: never. */
  nextChangeMs(nowMs: number): number | undefined {
    const changes = this.#policy.hours.map((hours) => hours.nextCheckMs(nowMs));
    const ofGrants = nextGrantChange(this.#grants, nowMs);
    if (ofGrants !== undefined) changes.push(ofGrants);
    return changes.length === 0 ? undefined : Math.min(...changes);
  }
}

/** What whoever has no access now is told. That there is a grant at all is theirs to know, and nobody else's. */
export function notGranted(database: string, why: NotGranted): DbgateError {
  const name = JSON.stringify(database);
  switch (why.reason) {
    case 'none':
      // The same words whether it does not exist or is not granted: names are nobody else's business.
      return new DbgateError('denied', `database ${name} is not granted to you, or does not exist`, {
        sqlstate: '28000',
        hint: 'See `dbgate ls` for the databases that you may reach.',
      });
    case 'hours':
      return new DbgateError('denied', `access to database ${name} is not open now`, {
        sqlstate: '28000',
        hint: `It is granted to you ${why.hours.join('; ')}.`,
      });
    case 'expired':
      return new DbgateError('denied', `access to database ${name} ended at ${new Date(why.endedAt).toISOString()}`, {
        sqlstate: '28000',
        hint: 'Ask an administrator of the gateway for a new grant.',
      });
    case 'purpose':
      return new DbgateError('denied', `access to database ${name} needs a purpose`, {
        sqlstate: '28000',
        hint: `Say what it is for: \`dbgate connect ${database} --purpose "…"\`.`,
      });
    default:
      return why satisfies never;
  }
}
