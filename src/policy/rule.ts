/** The shape of a rule: it looks at one statement's facts and either has nothing to say, denies, or must know more. */
import type { Analysis, Finding, FindingKind, ObjectTarget, StatementFacts } from '../sql/facts.ts';
import type { PolicyContext, Tier } from './context.ts';

/** One statement of the query string at hand. */
export interface Question {
  readonly facts: StatementFacts;
  readonly context: PolicyContext;
  readonly tier: Tier;
  readonly analysis: Analysis;
  /** Which of `analysis.statements` it is. */
  readonly index: number;
}

export interface Objection {
  /** `${tier}.${id}` unless the rule holds everywhere. */
  readonly rule: string;
  readonly message: string;
  /** Why, in one clause. */
  readonly why: string;
  readonly hint: string;
  /** UTF-8 bytes into the text. */
  readonly offset: number | undefined;
  readonly sqlstate?: string;
}

export interface Unresolved {
  readonly resolve: readonly ObjectTarget[];
}

export type Verdict = Objection | Unresolved | undefined;

/** One rule: its file, one line in `rules.ts`, its test. */
export interface Rule {
  readonly id: string;
  judge(question: Question): Verdict;
}

export function findingOf(facts: StatementFacts, kinds: ReadonlySet<FindingKind>): Finding | undefined {
  for (const finding of facts.findings) if (kinds.has(finding.kind)) return finding;
  return undefined;
}

/** The command that asks for more. */
export function requestHint(context: PolicyContext, access: 'write' | 'ddl' | 'admin'): string {
  return `dbgate request ${context.database} --access ${access} --reason "…"`;
}

/** A name in a message. */
export function quoted(name: string | undefined): string {
  if (name === undefined || name === '') return '';
  return name.includes('"') ? `: ${name}` : `: "${name}"`;
}
