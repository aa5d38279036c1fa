/** A rule about findings: who may do it is a table of tier → access. */
import type { FindingKind } from '../sql/facts.ts';
import { accessIsAtLeast, type PolicyContext, type Tier } from './context.ts';
import { findingOf, type Objection, quoted, type Rule, requestHint } from './rule.ts';

type Access = PolicyContext['access'];

export interface FindingRuleOptions {
  readonly id: string;
  readonly kinds: readonly FindingKind[];
  /** The access that may, per tier. */
  readonly from: Readonly<Record<Tier, Access>>;
  /** What is not allowed; default: the command. */
  readonly what?: string;
  readonly why: string;
  /** Instead of `dbgate request`, or before it. */
  readonly instead?: string;
}

export const ADMIN_ONLY: Readonly<Record<Tier, Access>> = {
  production: 'admin',
  staging: 'admin',
  development: 'admin',
};

export function findingRule(options: FindingRuleOptions): Rule {
  const kinds: ReadonlySet<FindingKind> = new Set(options.kinds);
  return {
    id: options.id,
    judge({ facts, context, tier }): Objection | undefined {
      const finding = findingOf(facts, kinds);
      const least = options.from[tier];
      if (finding === undefined || accessIsAtLeast(context.access, least)) return undefined;
      const request = requestHint(context, least === 'read' ? 'write' : least);
      return {
        rule: `${tier}.${options.id}`,
        message: `${options.what ?? facts.command} on ${context.environment} is not allowed${quoted(finding.subject)}`,
        why: options.why,
        hint: options.instead === undefined ? `ask for it: ${request}` : `${options.instead}, or ask: ${request}`,
        offset: finding.offset,
      };
    },
  };
}
