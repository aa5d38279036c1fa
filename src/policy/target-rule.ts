/** A rule about objects that were there before: whose they are decides. */
import type { ObjectTarget } from '../sql/facts.ts';
import { accessIsAtLeast, type PolicyContext, type Tier } from './context.ts';
import { ownershipOf } from './ownership.ts';
import { type Objection, type Question, quoted, type Rule, requestHint, type Verdict } from './rule.ts';

type Access = PolicyContext['access'];

export interface TargetRuleOptions {
  readonly id: string;
  readonly actions: readonly ObjectTarget['action'][];
  /** The access that may do it to any object, per tier. */
  readonly from: Readonly<Record<Tier, Access>>;
  readonly why: string;
  readonly instead?: string;
}

export function targetRule(options: TargetRuleOptions): Rule {
  const actions = new Set(options.actions);
  return {
    id: options.id,
    judge(question): Verdict {
      const { facts, context, tier } = question;
      if (facts.targets.length === 0 || accessIsAtLeast(context.access, options.from[tier])) return undefined;
      const targets = facts.targets.filter((target) => actions.has(target.action));
      return judgeTargets(targets, question, options, (target) => placeOf(target, question));
    },
  };
}

/** Denies the first target that is not one's own; collects those that must be looked up. */
export function judgeTargets(
  targets: readonly ObjectTarget[],
  question: Question,
  options: Pick<TargetRuleOptions, 'id' | 'why' | 'instead'>,
  offsetOf: (target: ObjectTarget) => number | undefined,
): Verdict {
  const unknown: ObjectTarget[] = [];
  for (const target of targets) {
    const ownership = ownershipOf(target, question);
    if (ownership === 'unknown') unknown.push(target);
    else if (ownership !== 'exempt') {
      return objection(target, question, options, ownership === 'uncertain_name', offsetOf(target));
    }
  }
  return unknown.length === 0 ? undefined : { resolve: unknown };
}

function objection(
  target: ObjectTarget,
  { facts, context, tier }: Question,
  options: Pick<TargetRuleOptions, 'id' | 'why' | 'instead'>,
  uncertain: boolean,
  offset: number | undefined,
): Objection {
  const request = requestHint(context, 'ddl');
  const alone = 'send it as a query of its own: a statement before it may change what the name means';
  const instead = uncertain ? alone : options.instead;
  return {
    rule: `${tier}.${options.id}`,
    message: `${facts.command} on ${context.environment} is not allowed${quoted(target.name)}`,
    why: options.why,
    hint: instead === undefined ? `ask for it: ${request}` : `${instead}, or ask: ${request}`,
    offset,
  };
}

function placeOf(target: ObjectTarget, { facts }: Question): number | undefined {
  return facts.findings.find((finding) => finding.subject === target.name)?.offset ?? facts.findings[0]?.offset;
}
