/**
 * A rule as data → a rule that judges. What it says of who and where is looked at once for a session (`scope.ts`),
 * what it says of the statement for each. What forbids takes a doubt for a match, what permits for none.
 */
import type { RuleMatch, RuleSettings } from '../../config/gateway-settings.ts';
import type { ObjectKind, ObjectTarget, StatementFacts } from '../../sql/facts.ts';
import { type PolicyContext, tierOf } from '../context.ts';
import type { Matched } from '../decision.ts';
import type { Foresight, ForesightNeed } from '../foresight.ts';
import {
  type Objection,
  type Permit,
  type Question,
  type Rule,
  requestFor,
  type Unresolved,
  type Verdict,
} from '../rule.ts';
import { commandPattern } from './command-pattern.ts';
import { foreseenMatch, foresightOf, metInWords } from './foreseen-match.ts';
import { type Hours, parseHours } from './hours.ts';
import { ACCESS_LEVELS } from './match-words.ts';
import { isIdle, isOfWords, type Matter } from './matters.ts';
import { fillIn } from './message-text.ts';
import {
  glob,
  type NameMatch,
  type NamePattern,
  namePattern,
  type Pattern,
  type WrittenName,
  writtenName,
} from './name-pattern.ts';

/** Who asks, of what, when: fixed for a session until its grant or the time changes it. */
export interface Circumstances extends PolicyContext {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Email and subject. */
  readonly names?: readonly string[] | undefined;
  readonly application?: string | undefined;
  readonly purpose?: string | undefined;
  /** Epoch milliseconds; undefined: rules with `hours` hold at any time, those that allow at none. */
  readonly nowMs?: number | undefined;
}

export interface CompiledRule extends Rule, Permit {
  readonly settings: RuleSettings;
  readonly shipped: boolean;
  readonly hours: readonly Hours[];
  /** Can it say anything in this session? */
  applies(circumstances: Circumstances): boolean;
}

type Access = PolicyContext['access'];

/** Refused as nobody can approve: SQLSTATE of the gateway's own. */
export const HELD_SQLSTATE = 'DG002';

export function compileRule(settings: RuleSettings, shipped = false): CompiledRule {
  const { match, effect } = settings;
  const hours = (match.hours ?? []).map((text) => parseHours(text)!);
  const applies = whoAndWhere(match, hours, effect === 'allow');
  const statement = statementMatch(match, effect === 'allow');
  const relations = match.relation?.map(namePattern);
  const functions = match.function?.map(namePattern);
  const words = match.finding === undefined ? undefined : new Set(match.finding);
  const objects = match.object === undefined ? undefined : new Set(match.object);
  const foreseen = foreseenMatch(match, effect === 'allow');
  const compiled = { settings, shipped, id: settings.id, hours, applies };

  if (effect === 'allow') {
    return {
      ...compiled,
      judge: () => undefined,
      covers(matter, facts, foresight) {
        if (words?.has(matter.word) !== true || !statement(facts)) return false;
        if (relations !== undefined && !everyRelation(relations, matter, facts)) return false;
        if (functions !== undefined && !everyFunction(functions, matter, facts)) return false;
        const found = foreseen?.judge(facts, foresight);
        if (found === undefined) return true;
        return found !== 'no' && ('ask' in found ? found.ask : true);
      },
    };
  }
  const ask = askedAccess(match.access);
  const aboutMatters = words !== undefined || objects !== undefined;
  const opens: Permit = {
    covers(matter, facts) {
      if (effect !== 'hold' || !isOfWords(matter.word, words)) return false;
      return relations === undefined || everyRelation(relations, matter, facts);
    },
  };
  /** It speaks if what has to be foreseen says so. */
  const pending = (targets: readonly ObjectTarget[], needs: readonly ForesightNeed[]): Unresolved => {
    const verdict = { resolve: targets, foresee: needs };
    return effect === 'hold' ? { ...verdict, mayOpen: mayOpen(opens, needs) } : verdict;
  };
  return {
    ...compiled,
    covers: () => false,
    judge(question): Verdict {
      const { facts, names } = question;
      if (aboutMatters && !speaksOf(names.words, words)) return undefined;
      if (!statement(facts)) return undefined;
      if (functions !== undefined && !anyFunction(functions, question)) return undefined;
      if (!aboutMatters && relations !== undefined && !anyRelation(relations, question)) return undefined;
      const foresight = foresightOf(question.context.foreseen, question.index);
      const found = foreseen?.judge(facts, foresight);
      if (found === 'no') return undefined;
      const met = found !== undefined && 'met' in found ? found.met : undefined;
      const needs = found !== undefined && 'ask' in found ? [...found.ask] : [];
      const object = (matter: Matter | undefined, uncertain: boolean): Objection =>
        objection(settings, ask, question, { matter, uncertain, opens, met });
      if (!aboutMatters) return needs.length > 0 ? pending([], needs) : object(undefined, false);
      let unknown: Matter[] | undefined;
      let mayObject = false;
      for (const matter of names.matters) {
        if (!isOfWords(matter.word, words)) continue;
        if (relations !== undefined && !mayBeAbout(relations, matter, question)) continue;
        const idle = isIdle(matter, question);
        if (idle === true) continue;
        if (idle === 'unknown') {
          unknown ??= [];
          unknown.push(matter);
          continue;
        }
        if (idle === 'uncertain') return object(matter, true);
        const allowed = shipped && isAllowed(matter, question, foresight);
        if (allowed === true) continue;
        if (allowed !== false) needs.push(...allowed);
        const standing = objects === undefined ? undefined : names.standing(matter, question);
        if (standing === 'unknown') {
          unknown ??= [];
          unknown.push(matter);
        } else if (standing === undefined || standing === 'uncertain' || objects!.has(standing)) {
          // What other matters depend on is asked for along with it.
          if (needs.length > 0) mayObject = true;
          else return object(matter, standing === 'uncertain');
        }
      }
      const targets = (unknown ?? []).map(({ target }) => target!);
      if (mayObject) return pending(targets, needs);
      return unknown === undefined ? undefined : needs.length > 0 ? pending(targets, needs) : { resolve: targets };
    },
  };
}

function speaksOf(present: readonly string[], words: ReadonlySet<string> | undefined): boolean {
  for (const word of present) if (isOfWords(word, words)) return true;
  return false;
}

/** A rule of the operator's own opens what a shipped one closes, never what another of their own does. */
function isAllowed(
  matter: Matter,
  { facts, rules }: Question,
  foresight: Foresight | undefined,
): boolean | readonly ForesightNeed[] {
  let needs: readonly ForesightNeed[] | undefined;
  for (const rule of rules.allows) {
    const covers = rule.covers(matter, facts, foresight);
    if (covers === true) return true;
    if (covers !== false) needs = [...(needs ?? []), ...covers];
  }
  return needs ?? false;
}

function mayOpen(permit: Permit, needs: readonly ForesightNeed[]): Permit {
  return { covers: (matter, facts, foresight) => permit.covers(matter, facts, foresight) && needs };
}

function whoAndWhere(match: RuleMatch, hours: readonly Hours[], permits: boolean): CompiledRule['applies'] {
  const tests: ((at: Circumstances) => boolean)[] = [];
  const oneOf = (patterns: readonly string[] | undefined, texts: (at: Circumstances) => readonly string[]): void => {
    if (patterns === undefined) return;
    const globs = patterns.map((pattern) => glob(pattern));
    tests.push((at) => texts(at).some((text) => matches(globs, text)));
  };
  oneOf(match.environment, (at) => [at.environment]);
  oneOf(match.tier, (at) => [tierOf(at.environment)]);
  oneOf(match.database, (at) => [at.database]);
  oneOf(match.group, (at) => at.groups ?? []);
  oneOf(match.user, (at) => at.names ?? []);
  oneOf(match.kind, (at) => [at.principalKind]);
  oneOf(match.application, (at) => [at.application ?? '']);
  if (match.access !== undefined) {
    const levels = new Set(match.access.flatMap(accessLevels));
    tests.push((at) => levels.has(at.access));
  }
  if (match.create !== undefined) tests.push((at) => at.create === match.create);
  if (match.purpose !== undefined) tests.push((at) => (at.purpose ?? '').trim() === '');
  for (const [name, patterns] of Object.entries(match.labels ?? {})) {
    const globs = patterns.map((pattern) => glob(pattern));
    tests.push((at) => {
      const label = at.labels !== undefined && Object.hasOwn(at.labels, name) ? at.labels[name] : undefined;
      return label !== undefined && matches(globs, label);
    });
  }
  if (hours.length > 0) {
    tests.push(({ nowMs }) => (nowMs === undefined ? !permits : hours.some((one) => one.isOpen(nowMs))));
  }
  return (at) => tests.every((test) => test(at));
}

/** `below ddl` → read, write. */
export function accessLevels(word: string): readonly Access[] {
  const below = /^below (.+)$/.exec(word)?.[1];
  return below === undefined ? [word as Access] : ACCESS_LEVELS.slice(0, ACCESS_LEVELS.indexOf(below as Access));
}

/** The least access that the rule does not speak to: what would have to be asked for. */
function askedAccess(words: readonly string[] | undefined): Exclude<Access, 'read'> | undefined {
  if (words === undefined) return undefined;
  const levels = new Set(words.flatMap(accessLevels));
  const free = ACCESS_LEVELS.slice(1).find((level) => !levels.has(level));
  return free as Exclude<Access, 'read'> | undefined;
}

/** Nothing in a rule that permits may be said of a part only: what stands inside counts too. */
function statementMatch(match: RuleMatch, permits: boolean): (facts: StatementFacts) => boolean {
  const commands = match.command?.map((pattern) => commandPattern(pattern));
  const classes = match.class === undefined ? undefined : new Set(match.class);
  const { writes } = match;
  return (facts) => {
    if (writes !== undefined && facts.writes !== writes) return false;
    if (classes !== undefined && !classes.has(facts.class)) return false;
    if (commands === undefined) return true;
    const nested = facts.nested ?? NONE;
    const own = matches(commands, facts.command);
    if (permits) return own && nested.every((command) => matches(commands, command));
    return own || nested.some((command) => matches(commands, command));
  };
}

const NONE: readonly string[] = [];

function matches(patterns: readonly Pattern[], text: string): boolean {
  for (const pattern of patterns) if (pattern(text)) return true;
  return false;
}

function anyRelation(patterns: readonly NamePattern[], { names }: Question): boolean {
  for (const pattern of patterns) {
    for (const name of names.relations) if (pattern.match(name) !== 'no') return true;
    for (const { kind, written } of names.targets) if (matchObject(pattern, kind, written) !== 'no') return true;
  }
  return false;
}

function matchObject(pattern: NamePattern, kind: ObjectKind | undefined, written: WrittenName): NameMatch {
  return kind === 'schema' ? pattern.matchSchema(written) : pattern.match(written);
}

/** A danger without a name of its own is about whatever the statement names. */
function mayBeAbout(patterns: readonly NamePattern[], matter: Matter, question: Question): boolean {
  const { written, target } = matter;
  if (written === undefined) return anyRelation(patterns, question);
  const kind = target?.kind;
  for (const pattern of patterns) if (matchObject(pattern, kind, written) !== 'no') return true;
  return false;
}

function everyRelation(patterns: readonly NamePattern[], { written, target }: Matter, facts: StatementFacts): boolean {
  const meant = (kind: ObjectKind | undefined, name: WrittenName): boolean =>
    patterns.some((pattern) => matchObject(pattern, kind, name) === 'yes');
  if (written !== undefined) return meant(target?.kind, written);
  return facts.relations.length > 0 && facts.relations.every((name) => meant(undefined, writtenName(name)));
}

function anyFunction(patterns: readonly NamePattern[], { names }: Question): boolean {
  for (const pattern of patterns) {
    for (const name of names.functions) if (pattern.match(name) !== 'no') return true;
    for (const { kind, written } of names.targets) {
      if (kind === 'function' && pattern.match(written) !== 'no') return true;
    }
  }
  return false;
}

function everyFunction(patterns: readonly NamePattern[], matter: Matter, facts: StatementFacts): boolean {
  const meant = (name: string): boolean => patterns.some((pattern) => pattern.match(writtenName(name)) === 'yes');
  if (matter.function !== undefined) return meant(matter.function);
  return facts.functions.length > 0 && facts.functions.every(meant);
}

function objection(
  settings: RuleSettings,
  ask: Exclude<Access, 'read'> | undefined,
  question: Question,
  about: {
    readonly matter: Matter | undefined;
    readonly uncertain: boolean;
    readonly opens: Permit;
    readonly met: Matched | undefined;
  },
): Objection {
  const { matter, uncertain, opens, met } = about;
  const { facts, context } = question;
  const held = settings.effect === 'hold';
  const message = settings.message ?? (held ? HELD_MESSAGE : DENIED_MESSAGE);
  const instead = uncertain ? ALONE : settings.hint;
  const request = ask === undefined ? undefined : requestFor(question, ask);
  const why = settings.name ?? (held ? 'it needs an approval' : 'the policy of this gateway does not allow it');
  const because = met && metInWords(met);
  return {
    rule: fillIn(settings.id, question, undefined),
    message: fillIn(message, question, matter === undefined ? met?.columns?.[0] : matter.subject),
    why: because === undefined ? why : `${why}; ${because}`,
    ...(met === undefined ? {} : { matched: met }),
    hint: hintOf(held, instead, request?.hint, context),
    ...(held || request?.ask === undefined ? {} : { ask: request.ask }),
    offset: matter === undefined ? facts.offset : matter.offset,
    ...(uncertain ? { alone: true } : {}),
    ...(held ? { sqlstate: HELD_SQLSTATE, held: { approvers: settings.approvers ?? [], opens } } : {}),
  };
}

const DENIED_MESSAGE = '{command} on {environment} is not allowed{subject}';
const HELD_MESSAGE = '{command} on {environment} needs an approval{subject}';
const ALONE = 'send it as a query of its own: a statement before it may change what the name means';

function waitHint({ database, requestable }: PolicyContext): string {
  if (requestable === undefined) {
    return `this gateway has no approvals, so nobody can approve it: ask an administrator of ${database}`;
  }
  if (requestable.some(({ statements }) => statements === true)) return 'run it: it waits until somebody approves it';
  return `nobody has been named who could approve it: ask an administrator of ${database}`;
}

function hintOf(
  held: boolean,
  instead: string | undefined,
  request: string | undefined,
  context: PolicyContext,
): string {
  if (held) {
    const wait = waitHint(context);
    return instead === undefined ? wait : `${instead}; ${wait}`;
  }
  if (request === undefined) return instead ?? `ask an administrator of ${context.database}`;
  return instead === undefined ? request : `${instead}, or ${request}`;
}
