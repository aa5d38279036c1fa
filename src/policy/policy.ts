/**
 * A policy: the rules of an operator over the shipped ones. Compiled once for each configuration, then narrowed to what
 * can speak in a session. Pure: time, groups and labels are passed in.
 */
import type { GrantSettings, RuleSettings } from '../config/gateway-settings.ts';
import { DEFAULT_RULES } from './default-policy.ts';
import { type Circumstances, type CompiledRule, compileRule } from './language/compile.ts';
import type { Hours } from './language/hours.ts';
import type { ScopedRules } from './rule.ts';
import { RULES } from './rules.ts';

export type { Circumstances, CompiledRule } from './language/compile.ts';

export interface CompiledPolicy {
  /** Deny first, then hold, then what is shipped. */
  readonly judges: readonly CompiledRule[];
  readonly allows: readonly CompiledRule[];
  /** Of all rules: when they hold. */
  readonly hours: readonly Hours[];
}

const SHIPPED: readonly CompiledRule[] = DEFAULT_RULES.map((rule) => compileRule(rule, true));

export function compilePolicy(settings: readonly RuleSettings[]): CompiledPolicy {
  const own = settings.map((rule) => compileRule(rule));
  const by = (effect: RuleSettings['effect']): CompiledRule[] => own.filter((rule) => rule.settings.effect === effect);
  return {
    judges: [...by('deny'), ...by('hold'), ...SHIPPED],
    allows: by('allow'),
    hours: own.flatMap((rule) => rule.hours),
  };
}

/** Without a rule of the operator's. */
export const SHIPPED_POLICY: CompiledPolicy = compilePolicy([]);

/** What can speak in these circumstances, and a key that is the same for the same rules. */
export function scopeRules(policy: CompiledPolicy, at: Circumstances): ScopedRules & { readonly key: string } {
  let key = '';
  const applying = (rule: CompiledRule): boolean => {
    const applies = rule.applies(at);
    key += applies ? '1' : '0';
    return applies;
  };
  const judges = [...RULES, ...policy.judges.filter(applying)];
  const allows = policy.allows.filter(applying);
  return { judges, allows, key };
}

/** The shipped rules alone. */
export function rulesFor(at: Circumstances): ScopedRules {
  return scopeRules(SHIPPED_POLICY, at);
}

/** The whole policy as one text, the same for the same meaning of the configuration; its hash is the policy's version. */
export function canonicalPolicy(policy: CompiledPolicy, grants: readonly GrantSettings[]): string {
  const rules = [...policy.judges, ...policy.allows].map(({ settings, shipped }) => ({ ...settings, shipped }));
  return JSON.stringify(sorted({ format: 1, rules, grants }));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
