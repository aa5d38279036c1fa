/**
 * Facts and who asks → a decision. Pure: no catalog, no clock, no parser node. Deny beats resolve beats hold beats allow,
 * and the first rule that objects to the first statement speaks. A text is judged as a whole: one statement that may not
 * run keeps the others from running too. What is held is held by nothing else: an approval is all that it needs.
 */
import { ByteOffsets, characterPosition } from '../sql/byte-offsets.ts';
import type { Analysis, AnalysisError, ObjectTarget } from '../sql/facts.ts';
import { type PolicyContext, tierOf } from './context.ts';
import { ALLOW, type Decision, type DenyDecision } from './decision.ts';
import type { ForesightNeed } from './foresight.ts';
import { StatementNames } from './language/statement-names.ts';
import { namesOf } from './ownership.ts';
import { rulesFor } from './policy.ts';
import type { Objection, Permit, Question } from './rule.ts';

export type { PolicyContext, ResolvedTarget } from './context.ts';

export function decide(analysis: Analysis, context: PolicyContext): Decision {
  if (analysis.error !== undefined) return refuseUnanalysed(analysis.error);
  const tier = tierOf(context.environment);
  const rules = context.rules ?? rulesFor(context);
  let unresolved: ObjectTarget[] | undefined;
  let foresee: Set<ForesightNeed> | undefined;
  let held: Objection | undefined;
  let alone: Objection | undefined;
  for (let index = 0; index < analysis.statements.length; index++) {
    const facts = analysis.statements[index];
    if (facts === undefined) continue;
    let question: Question = { facts, context, tier, analysis, index, rules, names: new StatementNames(facts) };
    for (const rule of rules.judges) {
      const verdict = rule.judge(question);
      if (verdict === undefined) continue;
      if ('resolve' in verdict) {
        unresolved ??= [];
        unresolved.push(...verdict.resolve.flatMap(namesOf));
        if (verdict.foresee !== undefined) foresee = new Set([...(foresee ?? []), ...verdict.foresee]);
        if (verdict.mayOpen !== undefined) question = opened(question, verdict.mayOpen);
      } else if (verdict.held === undefined) {
        if (verdict.alone !== true) return deny(verdict, analysis);
        alone ??= verdict;
      } else {
        if (held !== undefined && !isForTheSame(held, verdict)) {
          alone ??= heldByOthers(held, verdict);
          continue;
        }
        held ??= verdict;
        question = opened(question, verdict.held.opens);
      }
    }
  }
  if (alone !== undefined) return deny(alone, analysis);
  if (unresolved === undefined) return held === undefined ? ALLOW : deny(held, analysis);
  return unresolved.length > MAX_UNRESOLVED
    ? tooManyObjects(unresolved.length)
    : { effect: 'resolve', targets: unresolved, ...(foresee === undefined ? {} : { foresee: [...foresee] }) };
}

function opened(question: Question, permit: Permit): Question {
  const { judges, allows } = question.rules;
  return { ...question, rules: { judges, allows: [...allows, permit] } };
}

/** Looking up more names than this holds up the session. */
const MAX_UNRESOLVED = 500;

function tooManyObjects(count: number): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '54000',
    rule: 'sql.too-many-objects',
    message: `the statement changes ${count} objects, more than ${MAX_UNRESOLVED}`,
    detail: 'rule sql.too-many-objects: each of them must be looked up before the statement may run',
    hint: 'split it into several statements',
    position: undefined,
    alone: true,
  };
}

function isForTheSame({ held: one }: Objection, { held: other }: Objection): boolean {
  const approvers = new Set(one!.approvers);
  return approvers.size === new Set(other!.approvers).size && other!.approvers.every((name) => approvers.has(name));
}

/** Whoever may approve one of them would approve the other along with it. */
function heldByOthers(first: Objection, { rule }: Objection): Objection {
  return {
    rule,
    message: `it needs the approvals of two rules with different approvers: ${first.rule} and ${rule}`,
    why: 'one approval is of one rule’s approvers',
    hint: 'send the statements one by one; if it is one, an administrator has to give both rules the same approvers',
    offset: undefined,
    alone: true,
  };
}

function deny(objection: Objection, { recordedSql }: Analysis): DenyDecision {
  const { offset } = objection;
  // The recorded text is the text at hand but for secrets taken out, which can only shift what stands behind them.
  const at = offset === undefined ? undefined : new ByteOffsets(recordedSql).skipBlank(offset);
  return {
    effect: 'deny',
    sqlstate: objection.sqlstate ?? '42501',
    rule: objection.rule,
    message: objection.message,
    detail: `rule ${objection.rule}: ${objection.why}`,
    hint: objection.hint,
    ...(objection.ask === undefined ? {} : { ask: objection.ask }),
    ...(objection.matched === undefined ? {} : { matched: objection.matched }),
    position: at === undefined ? undefined : characterPosition(recordedSql, at),
    ...(objection.held === undefined ? {} : { held: true, approvers: objection.held.approvers }),
    ...(objection.alone === undefined ? {} : { alone: objection.alone }),
  };
}

const HINTS: Readonly<Record<AnalysisError['kind'], string>> = {
  syntax: '',
  too_large: 'split it, or send the rows with COPY … FROM STDIN',
  too_complex:
    'send conditions as = ANY (ARRAY[…]) or IN (…), long lists as = ANY ($1), rows with COPY … FROM STDIN, as INSERT … VALUES of nothing but constants or through a temporary table, SET a = …, b = … for SET (a, b) = (…), declare fewer variables, or split it into several queries',
  too_deep: 'use IN or a VALUES list instead of long chains of operators or nested parentheses',
  timeout: 'split it into smaller statements',
  internal: 'send it again; if it fails again, report it to the maintainers of dbgate',
  invalid_encoding: 'send UTF-8 without NUL',
};

/** A syntax error looks exactly like Postgres' own; the others say what to do. */
function refuseUnanalysed(error: AnalysisError): DenyDecision {
  const syntax = error.kind === 'syntax';
  const rule = syntax ? 'sql.syntax' : 'sql.not-analysed';
  return {
    effect: 'deny',
    sqlstate: error.sqlstate,
    rule,
    message: error.message,
    detail: syntax ? '' : `rule ${rule}: a statement that cannot be read is not run`,
    hint: HINTS[error.kind],
    position: error.cursorPosition,
  };
}
