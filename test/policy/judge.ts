/** SQL text → decision, for tables of cases. */
import { decide, type PolicyContext, type ResolvedTarget } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import { analyse } from '../../src/sql/analyse.ts';
import type { ObjectTarget } from '../../src/sql/facts.ts';
import { type Grammar, loadGrammar } from '../../src/sql/grammar.ts';

export const DEVELOPER: PolicyContext = {
  database: 'shop',
  environment: 'production',
  access: 'write',
  create: true,
  principalKind: 'user',
};
export const ANALYST: PolicyContext = { ...DEVELOPER, access: 'read', create: false };
export const AGENT: PolicyContext = { ...ANALYST, principalKind: 'agent' };
export const ADMIN: PolicyContext = { ...DEVELOPER, access: 'admin' };

/** What the session would say to each name that is looked up. */
export type World = (target: ObjectTarget) => Omit<ResolvedTarget, 'target'>;
export const OTHERS: World = () => ({ oid: 16_384, own: false, temporary: false });
export const OWN: World = () => ({ oid: 16_384, own: true, temporary: false, othersDepend: false });
export const TEMPORARY: World = () => ({ oid: 16_384, own: false, temporary: true });
export const ABSENT: World = () => ({ oid: undefined, own: false, temporary: false });

export const grammar: Grammar = await loadGrammar(15);

/** Asks again with what was resolved, as the gateway does. */
export function judge(sql: string, context: PolicyContext, world: World = OTHERS): Decision {
  const analysis = analyse(sql, grammar);
  const first = decide(analysis, context);
  if (first.effect !== 'resolve') return first;
  return decide(analysis, { ...context, resolved: first.targets.map((target) => ({ target, ...world(target) })) });
}

/** `allow`, or the rule that denies. */
export function ruleOf(decision: Decision): string {
  return decision.effect === 'deny' ? decision.rule : decision.effect;
}
