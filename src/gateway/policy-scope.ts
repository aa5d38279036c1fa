/**
 * Policy for all sessions to which the same rules speak: the decisions on statements seen before are kept, so that
 * judging one again costs a look-up. A reload of the policy makes new scopes.
 */
import type { DatabaseSettings } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import { type MaskingRights, rightsKey } from '../masking/clearance.ts';
import type { PolicyContext, ResolvedTarget } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import { fixedSettingsOf, type Granted } from '../policy/grants.ts';
import { type Circumstances, type CompiledPolicy, scopeRules } from '../policy/policy.ts';
import type { Analysis, StatementFacts } from '../sql/facts.ts';

export class PolicyScope {
  readonly context: PolicyContext;
  readonly masking: MaskingRights;
  /** Templates share their facts: the array's identity stands for the statement's shape. */
  #decisions = new WeakMap<readonly StatementFacts[], Decision>();

  constructor(context: PolicyContext, masking: MaskingRights) {
    this.context = context;
    this.masking = masking;
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

export interface ScopeQuestion {
  readonly principal: Principal;
  readonly database: DatabaseSettings;
  readonly granted: Pick<Granted, 'access' | 'create' | 'limits' | 'masking'>;
  readonly application: string | undefined;
  readonly purpose: string | undefined;
  readonly nowMs: number;
}

export class PolicyScopes {
  readonly #scopes = new Map<string, PolicyScope>();

  get(policy: CompiledPolicy, question: ScopeQuestion): PolicyScope {
    const circumstances = circumstancesOf(question);
    const rules = scopeRules(policy, circumstances);
    const { database, environment, access, create, principalKind } = circumstances;
    const fixedSettings = fixedSettingsOf(question.granted.limits);
    const key = JSON.stringify([
      database,
      environment,
      access,
      create,
      principalKind,
      rules.key,
      [...(fixedSettings ?? [])],
      rightsKey(question.granted.masking),
    ]);
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const context = { database, environment, access, create, principalKind, fixedSettings, rules };
      scope = new PolicyScope(context, question.granted.masking);
      this.#scopes.set(key, scope);
    }
    return scope;
  }
}

function circumstancesOf({ principal, database, granted, application, purpose, nowMs }: ScopeQuestion): Circumstances {
  return {
    database: database.name,
    environment: database.environment,
    labels: database.labels,
    access: granted.access,
    create: granted.create,
    principalKind: principal.kind,
    groups: principal.groups,
    names: namesOf(principal),
    application,
    purpose,
    nowMs,
  };
}

/** What a rule's `user` may say: email and subject, and of an agent its own name. */
export function namesOf(principal: Pick<Principal, 'subject' | 'email' | 'actor'>): readonly string[] {
  return [principal.subject, principal.email, principal.actor].filter((name) => name !== undefined);
}
