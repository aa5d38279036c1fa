/** The shape of a rule: it looks at one statement's facts and either has nothing to say, denies, or must know more. */
import type { Analysis, Finding, FindingKind, ObjectTarget, StatementFacts } from '../sql/facts.ts';
import type { PolicyContext, Tier } from './context.ts';
import type { Matched, RequestAsk } from './decision.ts';
import type { Foresight, ForesightNeed } from './foresight.ts';
import type { Matter } from './language/matters.ts';
import type { StatementNames } from './language/statement-names.ts';
import { plainTables, requestCommand } from './requestable.ts';
import { touchedTables } from './touched-tables.ts';

/** One statement of the query string at hand. */
export interface Question {
  readonly facts: StatementFacts;
  readonly context: PolicyContext;
  readonly tier: Tier;
  readonly analysis: Analysis;
  /** Which of `analysis.statements` it is. */
  readonly index: number;
  readonly rules: ScopedRules;
  readonly names: StatementNames;
}

/** What may speak in one session. */
export interface ScopedRules {
  /** In the order in which they speak. */
  readonly judges: readonly Rule[];
  readonly allows: readonly Permit[];
}

/** Opens what a shipped rule closes. */
export interface Permit {
  /** A list: what has to be foreseen to tell. */
  covers(matter: Matter, facts: StatementFacts, foresight: Foresight | undefined): boolean | readonly ForesightNeed[];
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
  /** What would let it through, where this principal may ask for it. */
  readonly ask?: RequestAsk;
  /** See `DenyDecision.alone`. */
  readonly alone?: true;
  readonly sqlstate?: string;
  /** What it met besides the text. */
  readonly matched?: Matched;
  /** Somebody has to approve it: who, as written (none: as `approvals:` says), and what shipped rules close that it opens. */
  readonly held?: { readonly approvers: readonly string[]; readonly opens: Permit };
}

export interface Unresolved {
  readonly resolve: readonly ObjectTarget[];
  readonly foresee?: readonly ForesightNeed[];
  /** What a rule that holds would open, if it speaks. */
  readonly mayOpen?: Permit;
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

/** How to ask for more: the line to type, for the tables that it names where it can be told; else whom to ask. */
export function requestFor(
  { facts, context, analysis }: Pick<Question, 'facts' | 'context' | 'analysis'>,
  access: 'write' | 'ddl' | 'admin',
): Pick<Objection, 'hint' | 'ask'> {
  // A text is judged as a whole, and only a statement by itself says what it is about.
  const tables = analysis.statements.length === 1 ? plainTables(touchedTables(facts)) : undefined;
  const ask: RequestAsk = { database: context.database, access, ...(tables === undefined ? {} : { tables }) };
  const command = requestCommand(ask, context.requestable);
  if (command !== undefined) return { hint: command, ask };
  return { hint: `ask an administrator of ${context.database} for ${access} access` };
}

/** A name in a message. */
export function quoted(name: string | undefined): string {
  if (name === undefined || name === '') return '';
  return name.includes('"') ? `: ${name}` : `: "${name}"`;
}
