/**
 * Policy for all sessions to which the same rules speak: the decisions on statements seen before are kept, so that
 * judging one again costs a look-up. A reload of the policy makes new scopes.
 * With elevations the grants speak first: what they allow needs no elevation, and what they refuse is judged again with
 * the access that somebody approved, for the tables that it was approved for.
 */
import type { DatabaseSettings } from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import { type MaskingRights, rightsKey } from '../masking/clearance.ts';
import type { PolicyContext, ResolvedTarget } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import type { AllowDecision, Decision, DenyDecision, RequestAsk } from '../policy/decision.ts';
import { coversTables, namesToCover, outlastsElevation } from '../policy/elevation.ts';
import type { Foresight } from '../policy/foresight.ts';
import { fixedSettingsOf, type Granted } from '../policy/grants.ts';
import { type Circumstances, type CompiledPolicy, scopeRules } from '../policy/policy.ts';
import { type Requestable, requestCommand } from '../policy/requestable.ts';
import type { Analysis, ObjectTarget, StatementFacts } from '../sql/facts.ts';

/** Policy as it speaks with the access of one elevation. */
export interface RaisedContext {
  readonly request: string;
  readonly tables: readonly string[] | undefined;
  readonly context: PolicyContext;
}

const NOT_ELEVATED = { raised: [], opening: undefined };

export class PolicyScope {
  /** By the grants alone. */
  readonly context: PolicyContext;
  readonly masking: MaskingRights;
  readonly #raised: readonly RaisedContext[];
  /** The request without which there would be no grant. */
  readonly #opening: string | undefined;
  /** Templates share their facts: the array's identity stands for the statement's shape. */
  #decisions = new WeakMap<readonly StatementFacts[], Decision>();

  constructor(
    context: PolicyContext,
    masking: MaskingRights,
    elevated: { readonly raised: readonly RaisedContext[]; readonly opening: string | undefined } = NOT_ELEVATED,
  ) {
    this.context = context;
    this.masking = masking;
    this.#raised = elevated.raised;
    this.#opening = elevated.opening;
  }

  /** How to ask for classes to be shown as they are; undefined: nobody may be asked. */
  unmaskRequest(unmask: RequestAsk['unmask']): { readonly command: string; readonly ask: RequestAsk } | undefined {
    const ask: RequestAsk = { database: this.context.database, ...(unmask === undefined ? {} : { unmask }) };
    const command = requestCommand(ask, this.context.requestable);
    return command === undefined ? undefined : { command, ask };
  }

  judge(analysis: Analysis): Decision {
    if (analysis.error !== undefined) return decide(analysis, this.context);
    let decision = this.#decisions.get(analysis.statements);
    if (decision === undefined) {
      decision = this.#judge(analysis);
      // A denial says where in this very text: it is made anew for each.
      if (decision.effect !== 'deny') this.#decisions.set(analysis.statements, decision);
    }
    return decision;
  }

  #judge(analysis: Analysis): Decision {
    const granted = this.#granted(analysis, this.context);
    if (granted.effect === 'allow' || this.#raised.length === 0 || outlastsElevation(analysis)) return granted;
    const lookUp: ObjectTarget[] = granted.effect === 'resolve' ? [...granted.targets] : [];
    let asks = granted.effect === 'resolve';
    const foresee = new Set(granted.effect === 'resolve' ? granted.foresee : []);
    let held: DenyDecision | undefined;
    let narrow: RaisedContext | undefined;
    for (const raised of this.#raised) {
      const decision = decide(analysis, raised.context);
      if (decision.effect === 'deny' && decision.held === undefined) continue;
      if (raised.tables !== undefined) {
        const names = namesToCover(analysis, raised.tables);
        if (names === undefined) {
          narrow ??= raised;
          continue;
        }
        lookUp.push(...names);
        asks = true;
      }
      if (decision.effect === 'resolve') {
        lookUp.push(...decision.targets);
        for (const need of decision.foresee ?? []) foresee.add(need);
        asks = true;
      } else if (raised.tables === undefined) {
        // What the grants only might refuse is looked up first: then no elevation is named in vain.
        if (decision.effect === 'allow' && granted.effect === 'deny') return allowedBy(raised);
        if (decision.effect === 'deny') held ??= decision;
      }
    }
    if (asks) return { effect: 'resolve', targets: lookUp, ...(foresee.size === 0 ? {} : { foresee: [...foresee] }) };
    return held ?? narrowed(granted, narrow);
  }

  #granted(analysis: Analysis, context: PolicyContext): Decision {
    const decision = decide(analysis, context);
    return decision.effect === 'allow' && this.#opening !== undefined
      ? { effect: 'allow', approval: this.#opening }
      : decision;
  }

  /** With all that `judge` asked for. */
  judgeResolved(
    analysis: Analysis,
    resolved: readonly ResolvedTarget[],
    foreseen: readonly Foresight[] | undefined,
  ): Decision {
    const known = foreseen === undefined ? { resolved } : { resolved, foreseen };
    const granted = this.#granted(analysis, { ...this.context, ...known });
    if (granted.effect === 'allow' || this.#raised.length === 0 || outlastsElevation(analysis)) return granted;
    let held: DenyDecision | undefined;
    let narrow: RaisedContext | undefined;
    for (const raised of this.#raised) {
      const decision = decide(analysis, { ...raised.context, ...known });
      if (decision.effect === 'resolve' || (decision.effect === 'deny' && decision.held === undefined)) continue;
      if (raised.tables !== undefined && !coversTables(analysis, raised.tables, resolved)) narrow ??= raised;
      else if (decision.effect === 'allow') return allowedBy(raised);
      else held ??= decision;
    }
    return held ?? narrowed(granted, narrow);
  }
}

function allowedBy({ request }: RaisedContext): AllowDecision {
  return { effect: 'allow', approval: request };
}

/** Says why an elevation that is in force is not enough. */
function narrowed(decision: Decision, raised: RaisedContext | undefined): Decision {
  if (raised === undefined || decision.effect !== 'deny' || decision.detail === '') return decision;
  const only = `${raised.request} is for statements that change ${raised.tables?.join(', ')} alone`;
  return { ...decision, hint: decision.hint === '' ? only : `${only}; ${decision.hint}` };
}

export interface ScopeQuestion {
  readonly principal: Principal;
  readonly database: DatabaseSettings;
  readonly granted: Pick<Granted, 'access' | 'create' | 'limits' | 'masking' | 'elevated'>;
  readonly application: string | undefined;
  readonly purpose: string | undefined;
  readonly nowMs: number;
  readonly requestable: readonly Requestable[] | undefined;
}

export class PolicyScopes {
  readonly #scopes = new Map<string, PolicyScope>();

  get(policy: CompiledPolicy, question: ScopeQuestion): PolicyScope {
    const { elevated, masking } = question.granted;
    const base = contextOf(policy, question, elevated?.access ?? question.granted.access);
    if (elevated !== undefined && (elevated.raises.length > 0 || elevated.opening !== undefined)) {
      const raised = elevated.raises.map(({ request, tables, access }) => {
        return { request, tables, context: contextOf(policy, question, access).context };
      });
      // Elevations end: what is kept of theirs would only pile up.
      return new PolicyScope(base.context, masking, { raised, opening: elevated.opening });
    }
    const key = JSON.stringify([base.key, rightsKey(masking)]);
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      scope = new PolicyScope(base.context, masking);
      this.#scopes.set(key, scope);
    }
    return scope;
  }
}

/** With a key that is the same for the same decisions. */
function contextOf(
  policy: CompiledPolicy,
  question: ScopeQuestion,
  granted: Granted['access'],
): { readonly context: PolicyContext; readonly key: string } {
  const circumstances = circumstancesOf(question, granted);
  const rules = scopeRules(policy, circumstances);
  const { database, environment, access, create, principalKind } = circumstances;
  const fixedSettings = fixedSettingsOf(question.granted.limits);
  // Below admin no session acts as another.
  const role = access === 'admin' ? undefined : question.database.upstream.user;
  const key = JSON.stringify([
    database,
    environment,
    access,
    create,
    principalKind,
    rules.key,
    [...(fixedSettings ?? [])],
    question.requestable,
    role,
  ]);
  const { requestable } = question;
  return {
    context: { database, environment, access, create, principalKind, role, fixedSettings, rules, requestable },
    key,
  };
}

function circumstancesOf(
  { principal, database, granted, application, purpose, nowMs }: ScopeQuestion,
  access: Granted['access'],
): Circumstances {
  return {
    database: database.name,
    environment: database.environment,
    labels: database.labels,
    access,
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
