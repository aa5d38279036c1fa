/** Rules and grants told as a sentence, for `dbgate policy show` and the like. */
import type {
  EgressLimits,
  GrantMasking,
  GrantSettings,
  GrantSubject,
  RuleMatch,
  RuleSettings,
} from '../../config/gateway-settings.ts';
import { type MaskingRights, seesEverything } from '../../masking/clearance.ts';
import { subjectsOf } from '../grants.ts';
import { MATCH_WORDS } from './match-words.ts';

/** `deny if finding is drops or truncates, and tier is production`. */
export function ruleSentence({ effect, match }: RuleSettings): string {
  const conditions = MATCH_WORDS.flatMap(({ key }) => {
    const value = match[key as keyof RuleMatch];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [`${key} is ${value}`];
    if (isList(value)) return [`${key} is ${value.join(' or ')}`];
    return Object.entries(value).map(([label, texts]) => `label ${label} is ${texts.join(' or ')}`);
  });
  return `${effect} if ${conditions.join(', and ')}`;
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

/** `group engineering: read on every production database, Mon-Fri 08:00-18:00 Europe/Berlin, with a purpose`. */
export function grantSentence(grant: GrantSettings): string {
  const { limits } = grant;
  const more = [
    ...(grant.hours ?? []),
    ...(grant.expiresAt === undefined ? [] : [`until ${new Date(grant.expiresAt).toISOString()}`]),
    ...(grant.purposeRequired === true ? ['with a purpose'] : []),
    ...(limits?.maxSessions === undefined ? [] : [`at most ${limits.maxSessions} sessions`]),
    ...(limits?.statementTimeoutMs === undefined ? [] : [`statement_timeout ${limits.statementTimeoutMs} ms`]),
    ...(limits?.lockTimeoutMs === undefined ? [] : [`lock_timeout ${limits.lockTimeoutMs} ms`]),
    ...(limits?.idleTimeoutMs === undefined ? [] : [`idle timeout ${limits.idleTimeoutMs} ms`]),
    ...egressInWords(limits?.egress),
    ...maskingInWords(grant.masking),
    ...(limits?.settings === undefined ? [] : [`fixed settings ${limits.settings.join(', ')}`]),
  ];
  const access = grant.create ? `${grant.access} and create` : grant.access;
  const to = subjectsOf(grant).map(subjectWords).join(', ');
  return [`${to}: ${access} on ${scopeWords(grant)}`, ...more].join(', ');
}

export function subjectWords(to: GrantSubject): string {
  return Object.entries(to)
    .map(([kind, name]) => `${kind} ${name}`)
    .join();
}

/** `every production database labelled team=payments`. */
export function scopeWords({
  database,
  environment,
  labels,
}: Pick<GrantSettings, 'database' | 'environment' | 'labels'>): string {
  if (database !== undefined) return database === '*' ? 'every database' : database;
  const wanted = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const of = environment === undefined ? 'every database' : `every ${environment} database`;
  return wanted.length === 0 ? of : `${of} labelled ${wanted.join(', ')}`;
}

function maskingInWords({ mask, classes, predicates }: GrantMasking = {}): string[] {
  return [
    ...Object.entries(classes ?? {}).map(([name, mode]) => `${name} ${modeWord(mode)}`),
    ...(mask === undefined ? [] : [`${classes === undefined ? 'all' : 'other'} classes ${modeWord(mask)}`]),
    ...(predicates === undefined ? [] : [`predicates ${predicates}`]),
  ];
}

function modeWord(mode: string): string {
  return mode === 'none' ? 'not masked' : `masked (${mode})`;
}

/** What is shown of sensitive columns under these rights: `masked (partial), email not masked, predicates lookup`. */
export function clearanceSentence(rights: MaskingRights): string {
  if (seesEverything(rights)) return 'nothing is masked';
  const classes = [...rights.classes].filter(([, mode]) => mode !== rights.mask);
  return [
    `sensitive columns ${modeWord(rights.mask)}`,
    ...classes.map(([name, mode]) => `${name} ${modeWord(mode)}`),
    `predicates ${rights.predicates}`,
  ].join(', ');
}

function egressInWords(egress: EgressLimits = {}): string[] {
  return Object.entries(egress).flatMap(([name, limit]) =>
    limit === undefined ? [] : [`${limit} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`],
  );
}
