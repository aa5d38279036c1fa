import type { GatewaySettings } from '../config/gateway-settings.ts';
import { tierOf } from '../policy/context.ts';
import { DEFAULT_RULES } from '../policy/default-policy.ts';
import { ruleSentence } from '../policy/language/plain-words.ts';

/** What a rule of the policy in force says, in one sentence; undefined: it is one of those that are always there. */
export function ruleInWords(
  { rules = [] }: Pick<GatewaySettings, 'rules'>,
  id: string,
  environment: string,
): string | undefined {
  const tier = tierOf(environment);
  const rule = [...rules, ...DEFAULT_RULES].find((candidate) => candidate.id.replace('{tier}', tier) === id);
  if (rule === undefined) return undefined;
  const sentence = ruleSentence(rule);
  return rule.name === undefined ? sentence : `${rule.name} (${sentence})`;
}
