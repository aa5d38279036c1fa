/**
 * Policy for all sessions of the same access to one database: the decisions on statements seen before are kept, so
 * that judging one again costs a look-up. A reload of the policy makes new scopes.
 */
import type { AccessLevel, DatabaseSettings } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import type { PolicyContext, ResolvedTarget } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import type { Access } from '../policy/grants.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';

export class PolicyScope {
  readonly context: PolicyContext;
  /** Templates share their facts: the array's identity stands for the statement's shape. */
  #decisions = new WeakMap<readonly StatementFacts[], Decision>();

  constructor(database: DatabaseSettings, access: Access, principalKind: Principal['kind']) {
    this.context = {
      database: database.name,
      environment: database.environment,
      access: access.access,
      create: access.create,
      principalKind,
    };
  }

  judge(analysis: Analysis): Decision {
    if (analysis.error !== undefined) return decide(analysis, this.context);
    let decision = this.#decisions.get(analysis.statements);
    if (decision === undefined) {
      decision = decide(analysis, this.context);
      // A denial says where in this very text: it is made anew for each.
      if (decision.effect !== 'deny') this.#decisions.set(analysis.statements, decision);
    }
    return decision;
  }

  judgeResolved(analysis: Analysis, resolved: readonly ResolvedTarget[]): Decision {
    return decide(analysis, { ...this.context, resolved });
  }
}

export class PolicyScopes {
  readonly #scopes = new Map<string, PolicyScope>();

  get(database: DatabaseSettings, access: Access, kind: Principal['kind']): PolicyScope {
    const key = JSON.stringify([database.name, access.access satisfies AccessLevel, access.create, kind]);
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      scope = new PolicyScope(database, access, kind);
      this.#scopes.set(key, scope);
    }
    return scope;
  }
}
