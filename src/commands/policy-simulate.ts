/**
 * `dbgate policy simulate`: what a candidate policy would have said to the statements of the record. Nothing is run. The
 * record says what was decided then, with names resolved; here they cannot be, so a statement whose decision hangs on
 * whose the objects are is judged as the policy in force would have had to see them to decide as it did.
 */
import { DbgateError, ErrorCode } from '../errors.ts';
import { namesOf } from '../gateway/policy-scope.ts';
import { type RecordedStatement, recordedStatements } from '../gateway/recorded-statements.ts';
import { type Foresight, HARMLESS, UNFORESEEN } from '../policy/foresight.ts';
import { compileGrants, fixedSettingsOf, grantOf } from '../policy/grants.ts';
import { type Circumstances, scopeRules } from '../policy/policy.ts';
import { analyse } from '../sql/analyse.ts';
import type { Analysis } from '../sql/facts.ts';
import type { Grammar } from '../sql/grammar.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import { effectOf, grammarOf, judgeOffline, type OfflinePolicy, openPolicy, policyVersion } from './offline-policy.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';

type Effect = 'allow' | 'deny' | 'hold';

export interface Outcome {
  readonly effect: Effect;
  readonly rule: string | undefined;
}

export type Change = 'newly_denied' | 'newly_held' | 'newly_allowed' | 'maybe';

interface Group {
  readonly change: Change;
  /** That refuses now, or refused then. */
  readonly rule: string;
  readonly database: string;
  readonly command: string;
  count: number;
  readonly principals: Set<string>;
  readonly examples: { id: string; at: string; principal: string; sql: string }[];
}

const ORDER: readonly Change[] = ['newly_denied', 'newly_held', 'maybe', 'newly_allowed'];
const TITLES: Readonly<Record<Change, string>> = {
  newly_denied: 'newly denied',
  newly_held: 'newly held',
  newly_allowed: 'newly allowed',
  maybe: 'would depend on whose the objects are, or on what takes a catalog to tell',
};
const EXAMPLES = 3;
const SHOWN_PRINCIPALS = 10;
const MAX_CACHED = 20_000;

export async function simulatePolicy(context: CommandContext, options: CommandOptions): Promise<void> {
  const candidatePath = options.with as string | undefined;
  if (candidatePath === undefined) {
    throw new DbgateError(ErrorCode.usage, 'which policy? --with FILE is missing', { hint: 'dbgate policy --help' });
  }
  const current = openPolicy(options.config as string);
  const candidate = openPolicy(candidatePath);
  const now = Date.now();
  const since = parsePointInTime((options.since as string | undefined) ?? '7d', '--since', now);
  const replay = new Replay(current, candidate, await grammarOf(options));
  const stateDir = (options.record as string | undefined) ?? current.config.stateDir;
  const database = options.db as string | undefined;
  for await (const statement of recordedStatements(stateDir, since)) {
    if (context.signal.aborted) throw new DbgateError(ErrorCode.cancelled, 'interrupted');
    if (database === undefined || statement.session.database === database) replay.add(statement);
  }
  const groups = replay.groups();
  const answer = {
    since: new Date(since).toISOString(),
    current: policyVersion(current),
    candidate: policyVersion(candidate),
    statements: replay.statements,
    /** Refused for what no policy decides, such as the protocol. */
    skipped: replay.skipped,
    changed: groups.reduce((sum, { count }) => sum + count, 0),
    groups: groups.map(({ principals, ...group }) => ({
      ...group,
      principals: [...principals].slice(0, SHOWN_PRINCIPALS),
      principal_count: principals.size,
    })),
  };
  context.print(answer, () =>
    sanitise([...groups.flatMap((group) => lines(group)), summaryOf(answer)].join('\n'), { keepLayout: true }),
  );
}

class Replay {
  statements = 0;
  skipped = 0;
  readonly #current: OfflinePolicy;
  readonly #candidate: OfflinePolicy;
  readonly #grammar: Grammar;
  readonly #analyses = new Map<string, Analysis>();
  readonly #changes = new Map<string, { change: Change; rule: string } | 'same'>();
  readonly #groups = new Map<string, Group>();

  constructor(current: OfflinePolicy, candidate: OfflinePolicy, grammar: Grammar) {
    this.#current = current;
    this.#candidate = candidate;
    this.#grammar = grammar;
  }

  add(statement: RecordedStatement): void {
    this.statements++;
    const { session, intent, sql, who } = statement;
    if (intent.rule !== undefined && NO_POLICY.test(intent.rule)) {
      this.skipped++;
      return;
    }
    const analysis = this.#analysis(sql);
    const change = this.#changeOf(statement, analysis);
    if (change === 'same') return;
    const command = analysis.statements.map((one) => one.command).join('; ') || 'UNKNOWN';
    const key = JSON.stringify([change, session.database, command]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { ...change, database: session.database, command, count: 0, principals: new Set(), examples: [] };
      this.#groups.set(key, group);
    }
    const principal = session.actors[0] ?? who.email ?? session.subject;
    group.count++;
    group.principals.add(principal);
    if (group.examples.length < EXAMPLES && !group.examples.some((example) => example.sql === sql)) {
      group.examples.push({ id: `${intent.session}.${intent.n}`, at: intent.at, principal, sql });
    }
  }

  groups(): readonly Group[] {
    return [...this.#groups.values()].sort(
      (a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change) || b.count - a.count || (a.rule < b.rule ? -1 : 1),
    );
  }

  #analysis(sql: string): Analysis {
    let analysis = this.#analyses.get(sql);
    if (analysis === undefined) {
      analysis = analyse(sql, this.#grammar);
      if (this.#analyses.size >= MAX_CACHED) this.#analyses.clear();
      this.#analyses.set(sql, analysis);
    }
    return analysis;
  }

  /** The same text of the same person in the same minute, or ever if no time counts, is judged once. */
  #changeOf(statement: RecordedStatement, analysis: Analysis): { change: Change; rule: string } | 'same' {
    const { session, intent, sql, who, atMs } = statement;
    const minute = minds(this.#current) || minds(this.#candidate) ? Math.floor(atMs / 60_000) : 0;
    const { issuer, subject, principalKind, actors, database } = session;
    const { email, groups, application, purpose } = who;
    const sender = [issuer, subject, email, principalKind, groups, actors, database, application, purpose];
    const key = JSON.stringify([sender, sql, intent.decision, intent.rule, minute]);
    let change = this.#changes.get(key);
    if (change === undefined) {
      change = this.#compare(statement, analysis);
      if (this.#changes.size >= MAX_CACHED) this.#changes.clear();
      this.#changes.set(key, change);
    }
    return change;
  }

  #compare(statement: RecordedStatement, analysis: Analysis): { change: Change; rule: string } | 'same' {
    const { decision, rule } = statement.intent;
    const judged = HYPOTHESES.map((one) => ({
      before: verdictOf(this.#current, statement, analysis, one),
      after: verdictOf(this.#candidate, statement, analysis, one),
    }));
    // What was held is recorded as a denial by the rule that held it.
    const recorded = decision === 'allow' || decision === 'mask' ? 'allow' : 'refused';
    const agreeing = judged.filter(({ before }) =>
      recorded === 'allow' ? before.effect === 'allow' : before.effect !== 'allow' && before.rule === rule,
    );
    // Neither: the policy was another then, or it knew more (a routine's body). Then the two are compared as they are.
    const changes = (agreeing.length > 0 ? agreeing : judged).map(({ before, after }) => changeOf(before, after));
    const first = changes[0]!;
    if (changes.every((one) => one === 'same')) return 'same';
    if (first !== 'same' && changes.every((one) => one !== 'same' && one.change === first.change)) return first;
    return { change: 'maybe', rule: changes.find((one) => one !== 'same')!.rule };
  }
}

/** Rules that are no policy's: they stay whatever the file says. */
export const NO_POLICY = /^(protocol|audit|limits)\./;

function minds({ config, policy }: OfflinePolicy): boolean {
  return policy.hours.length > 0 || config.grants.some(({ hours, expiresAt }) => hours ?? expiresAt);
}

function changeOf(before: Outcome, after: Outcome): { change: Change; rule: string } | 'same' {
  if (before.effect === after.effect) return 'same';
  const rule = (after.effect === 'allow' ? before.rule : after.rule) ?? '';
  if (after.effect === 'allow') return { change: 'newly_allowed', rule };
  return { change: after.effect === 'deny' ? 'newly_denied' : 'newly_held', rule };
}

/** Who sent a statement, from where and when: what policy is told of it. */
export interface Sender {
  readonly session: Pick<RecordedStatement['session'], 'database' | 'principalKind' | 'subject' | 'actors'>;
  readonly who: Pick<RecordedStatement['who'], 'groups' | 'email' | 'application' | 'purpose'>;
  readonly atMs: number;
}

/** Whose objects they are, and whether what takes a catalog to tell is met. */
export interface Hypothesis {
  readonly stands: 'others' | 'own';
  readonly foresight: Foresight;
}

export const HYPOTHESES: readonly Hypothesis[] = (['others', 'own'] as const).flatMap((stands) => [
  { stands, foresight: HARMLESS },
  { stands, foresight: UNFORESEEN },
]);

/** What a policy would have said if that is so. */
export function verdictOf(
  offline: OfflinePolicy,
  { session, who, atMs }: Sender,
  analysis: Analysis,
  { stands, foresight }: Hypothesis,
): Outcome {
  const circumstances = circumstancesOf(offline, session, who, atMs);
  if (circumstances === undefined) return { effect: 'deny', rule: 'no-grant' };
  const { decision } = judgeOffline(analysis, circumstances, () => stands, foresight);
  return { effect: effectOf(decision), rule: decision.effect === 'deny' ? decision.rule : undefined };
}

/** Undefined: there would have been no session. */
function circumstancesOf(
  { config, policy }: OfflinePolicy,
  session: Sender['session'],
  { groups, email, application, purpose }: Sender['who'],
  nowMs: number,
): Circumstances | undefined {
  const database = config.databases.get(session.database);
  if (database === undefined) return undefined;
  const { principalKind, subject, actors } = session;
  const who = { kind: principalKind, subject, email, actor: actors[0], groups };
  const outcome = grantOf(who, database, compileGrants(config.grants), { nowMs, purpose });
  if (!outcome.granted) return undefined;
  const at: Circumstances = {
    database: database.name,
    environment: database.environment,
    labels: database.labels,
    access: outcome.access,
    create: outcome.create,
    fixedSettings: fixedSettingsOf(outcome.limits),
    principalKind,
    groups,
    names: namesOf(who),
    application,
    purpose,
    nowMs,
  };
  return { ...at, rules: scopeRules(policy, at) };
}

function lines({ change, rule, database, command, count, principals, examples }: Group): string[] {
  const who = [...principals].slice(0, SHOWN_PRINCIPALS).join(', ');
  const more = principals.size > SHOWN_PRINCIPALS ? ` and ${principals.size - SHOWN_PRINCIPALS} more` : '';
  return [
    `${TITLES[change]}: ${count} × ${command} on ${database}, rule ${rule}`,
    `  by ${who}${more}`,
    ...examples.map(({ id, at, sql }) => `  ${at} ${id}  ${sql.trim().replace(/\s+/g, ' ').slice(0, 200)}`),
  ];
}

function summaryOf({ statements, changed, since }: { statements: number; changed: number; since: string }): string {
  return `${statements} ${statements === 1 ? 'statement' : 'statements'} since ${since}, ${changed} would be decided otherwise`;
}
