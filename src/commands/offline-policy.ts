/**
 * Policy without a gateway: a configuration, somebody, a statement → what the gateway would say. Nothing is run and no
 * database is asked, so names stand for objects of others unless the text itself has created them.
 */
import { createHash } from 'node:crypto';
import { type Command, Option } from 'commander';
import {
  type AskedDatabase,
  type Asker as DeciderAsker,
  requestableBy,
  requestableBySomebody,
} from '../approvals/deciders.ts';
import { loadPolicyConfig, type PolicyConfig } from '../config/gateway-schema.ts';
import { nearest } from '../config/nearest.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { decide } from '../policy/decide.ts';
import type { AllowDecision, DenyDecision } from '../policy/decision.ts';
import { type Foresight, type ForesightNeed, HARMLESS, UNFORESEEN } from '../policy/foresight.ts';
import { compileGrants, fixedSettingsOf, grantOf } from '../policy/grants.ts';
import {
  type Circumstances,
  type CompiledPolicy,
  canonicalPolicy,
  compilePolicy,
  scopeRules,
} from '../policy/policy.ts';
import type { Analysis, ObjectTarget } from '../sql/facts.ts';
import { type Grammar, loadGrammar } from '../sql/grammar.ts';
import type { CommandOptions } from './context.ts';
import { parsePointInTime } from './point-in-time.ts';

export type Verdict = AllowDecision | DenyDecision;
export type Access = Circumstances['access'];

export interface OfflinePolicy {
  readonly config: PolicyConfig;
  readonly policy: CompiledPolicy;
}

/** SHA-256 of the canonical policy, hex: what the gateway's record says of it. */
export function policyVersion({ config, policy }: OfflinePolicy): string {
  return createHash('sha256').update(canonicalPolicy(policy, config.grants)).digest('hex');
}

/** Who is asked about: by the grants of a named principal, or by an assumed access. */
export interface Asker {
  readonly as: string | undefined;
  readonly groups: readonly string[] | undefined;
  readonly kind: Circumstances['principalKind'];
  /** Assumed where neither `as` nor `groups` is given. */
  readonly access: Access;
  readonly create: boolean;
  readonly purpose: string | undefined;
  readonly application: string | undefined;
  readonly nowMs: number;
}

export function openPolicy(path: string): OfflinePolicy {
  const config = loadPolicyConfig(path);
  return { config, policy: compilePolicy(config.rules) };
}

export const DEFAULT_CONFIG = 'gateway.yaml';
export const GRAMMARS = ['14', '15', '16', '17', '18'];
const ACCESS = ['read', 'write', 'ddl', 'admin'];

export function configOption(command: Command): Command {
  return command.option('--config <file>', 'configuration of the gateway', DEFAULT_CONFIG);
}

/** Options of everything that judges a statement. */
export function askerOptions(command: Command): Command {
  return command
    .option('--db <name>', 'database, as the configuration names it; may be left out if there is only one')
    .option('--as <name>', 'a principal, by email or subject: judged by their grants')
    .option('--groups <list>', 'groups of that principal, with commas between')
    .addOption(
      new Option('--kind <kind>', 'what that principal is').choices(['user', 'service', 'agent']).default('user'),
    )
    .addOption(
      new Option('--access <level>', 'without --as and --groups: judged with this access')
        .choices(ACCESS)
        .default('write'),
    )
    .option('--no-create', 'without --as and --groups: the grant does not include create')
    .option('--purpose <text>', 'what the session is for')
    .option('--at <time>', 'when: a time such as 2026-12-31T18:00:00Z, or 2h for two hours ago; now if not given')
    .addOption(new Option('--pg <major>', 'version of PostgreSQL').choices(GRAMMARS).default('18'));
}

export function askerOf(options: CommandOptions, now: number): Asker {
  const groups = options.groups as string | undefined;
  return {
    as: options.as as string | undefined,
    groups: groups
      ?.split(',')
      .map((group) => group.trim())
      .filter(Boolean),
    kind: options.kind as Asker['kind'],
    access: options.access as Access,
    create: options.create !== false,
    purpose: options.purpose as string | undefined,
    application: undefined,
    nowMs: options.at === undefined ? now : parsePointInTime(options.at as string, '--at', now),
  };
}

export function grammarOf(options: CommandOptions): Promise<Grammar> {
  return loadGrammar(Number(options.pg));
}

/** The database that is meant; throws `usage` with those that there are. */
export function databaseOf({ config }: OfflinePolicy, name: string | undefined) {
  const names = [...config.databases.keys()];
  if (name === undefined && names.length > 1) {
    throw new DbgateError(ErrorCode.usage, 'which database?', { hint: `--db NAME, one of: ${names.join(', ')}` });
  }
  const database = config.databases.get(name ?? names[0] ?? '');
  if (database === undefined) {
    const near = nearest(name ?? '', names);
    throw new DbgateError(ErrorCode.usage, `no such database in the configuration: ${name}`, {
      hint: near === undefined ? `one of: ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  return database;
}

/** What policy is told of a session; a string says why there would be none. */
export function circumstancesOf(
  offline: OfflinePolicy,
  databaseName: string | undefined,
  asker: Asker,
): Circumstances | string {
  const database = databaseOf(offline, databaseName);
  const principal = {
    kind: asker.kind,
    subject: asker.as ?? '',
    email: asker.as,
    actor: asker.kind === 'agent' ? asker.as : undefined,
    groups: asker.groups ?? [],
  };
  const named = asker.as !== undefined || asker.groups !== undefined;
  let given: Pick<Circumstances, 'access' | 'create' | 'fixedSettings'> = asker;
  if (named) {
    const { nowMs, purpose } = asker;
    const outcome = grantOf(principal, database, compileGrants(offline.config.grants), { nowMs, purpose });
    if (!outcome.granted) return WHY_NOT[outcome.reason];
    given = { access: outcome.access, create: outcome.create, fixedSettings: fixedSettingsOf(outcome.limits) };
  }
  const at: Circumstances = {
    database: database.name,
    environment: database.environment,
    labels: database.labels,
    access: given.access,
    create: given.create,
    fixedSettings: given.fixedSettings,
    principalKind: asker.kind,
    groups: principal.groups,
    names: asker.as === undefined ? [] : [asker.as],
    application: asker.application,
    purpose: asker.purpose,
    nowMs: asker.nowMs,
    requestable: requestableOf(offline, database, named ? principal : undefined),
  };
  return { ...at, rules: scopeRules(offline.policy, at) };
}

function requestableOf(
  { config }: OfflinePolicy,
  database: AskedDatabase,
  principal: DeciderAsker['principal'] | undefined,
): Circumstances['requestable'] {
  if (config.approvals === undefined) return undefined;
  const { rules } = config.approvals;
  if (principal === undefined) return requestableBySomebody(database, rules);
  return requestableBy({ principal, database, mayReach: true }, rules);
}

const WHY_NOT = {
  none: 'no grant gives access to this database',
  hours: 'the grant is not open at that time',
  expired: 'the grant has ended',
  purpose: 'the grant needs a purpose',
} as const;

/** What a name stands for, where a test of the policy says so. */
export type Stands = 'own' | 'temporary' | 'others' | 'absent';

export interface Judgement {
  readonly decision: Verdict;
  /** It depends on whose objects these are; judged as `standing` says, others' if it does not. */
  readonly unresolved: readonly ObjectTarget[];
  /** It depends on what only a catalog or the planner can tell; judged as if there was nothing of it. */
  readonly untold?: Untold;
}

export interface Untold {
  readonly needs: readonly ForesightNeed[];
  /** What it is if it is not so; undefined: the same. */
  readonly otherwise: Verdict | undefined;
}

const NEEDS_IN_WORDS: Readonly<Record<ForesightNeed, string>> = {
  columns: 'the columns that it reads or writes',
  effects: 'its cascades and triggers',
  rows: 'its estimated rows',
};

/** `which it is depends on …`, for people. */
export function untoldInWords({ needs, otherwise }: Untold): string {
  const what = needs.map((need) => NEEDS_IN_WORDS[need]).join(' and ');
  const then = otherwise?.effect === 'deny' ? `: ${effectOf(otherwise)} by ${otherwise.rule} if they are met` : '';
  return `cannot be told here, as it takes a catalog: ${what}${then}`;
}

/** The same as data. */
export function untoldJson({ needs, otherwise }: Untold): object {
  const rule = otherwise?.effect === 'deny' ? otherwise.rule : undefined;
  const other = otherwise === undefined ? {} : { otherwise: { decision: effectOf(otherwise), rule } };
  return { cannot_be_told: needs, ...other };
}

export function judgeOffline(
  analysis: Analysis,
  circumstances: Circumstances,
  standing: (target: ObjectTarget) => Stands = () => 'others',
  given?: Foresight,
): Judgement {
  const first = decide(analysis, circumstances);
  if (first.effect !== 'resolve') return { decision: first, unresolved: [] };
  const resolved = first.targets.map((target) => {
    const stands = standing(target);
    return {
      target,
      oid: stands === 'absent' ? undefined : 1,
      own: stands === 'own',
      temporary: stands === 'temporary',
    };
  });
  const { targets: unresolved, foresee: needs } = first;
  const judgedWith = (foresight: Foresight): Verdict => {
    const foreseen = analysis.statements.map(() => foresight);
    const decision = decide(analysis, { ...circumstances, resolved, foreseen });
    // Asked again, policy would only ask the same.
    if (decision.effect === 'resolve') throw new Error('policy asked twice what names stand for');
    return decision;
  };
  if (needs === undefined || given !== undefined) return { decision: judgedWith(given ?? UNFORESEEN), unresolved };
  const [decision, met] = [judgedWith(HARMLESS), judgedWith(UNFORESEEN)];
  const otherwise = ruleOf(decision) === ruleOf(met) ? undefined : met;
  return { decision, unresolved, untold: { needs, otherwise } };
}

function ruleOf(decision: Verdict): string | undefined {
  return decision.effect === 'deny' ? decision.rule : undefined;
}

export function effectOf(decision: Verdict): 'allow' | 'deny' | 'hold' {
  return decision.effect === 'allow' ? 'allow' : decision.held === true ? 'hold' : 'deny';
}
