/**
 * Which grants a principal has on a database now, and what they amount to: the highest access, `create` if any gives
 * it. Limits are those of the grants that give this access, the mildest of them; time and purpose are passed in.
 */

import type { ColumnClass } from '../classify/classes.ts';
import type {
  AccessLevel,
  DatabaseSettings,
  GrantLimits,
  GrantSettings,
  GrantSubject,
} from '../config/gateway-settings.ts';
import type { Principal } from '../identity/principal.ts';
import { type MaskingRights, modeOf, NO_CLEARANCE } from '../masking/clearance.ts';
import type { MaskMode } from '../masking/plan.ts';
import { tierOf } from './context.ts';
import type { Raise } from './elevation.ts';
import { type Hours, parseHours } from './language/hours.ts';

export interface Access {
  readonly access: AccessLevel;
  readonly create: boolean;
}

export interface Granted extends Access {
  readonly granted: true;
  readonly limits: GrantLimits;
  readonly masking: MaskingRights;
  /** By elevations: what the grants alone give, and what raises it (`elevation.ts`). */
  readonly elevated?: Elevated | undefined;
}

export interface Elevated {
  readonly access: AccessLevel;
  readonly masking: MaskingRights;
  readonly raises: readonly Raise[];
  /** The request without which there would be no grant at all. */
  readonly opening: string | undefined;
  /** Requests that show classes as they are. */
  readonly clearing: readonly string[];
  /** All of them. */
  readonly requests: readonly string[];
  /** Epoch milliseconds at which the first of them ends. */
  readonly until: number;
}

/** There is none, or one that does not hold now: `hours` as they are written, `endedAt` in epoch milliseconds. */
export type NotGranted =
  | { readonly granted: false; readonly reason: 'none' }
  | { readonly granted: false; readonly reason: 'hours'; readonly hours: readonly string[] }
  | { readonly granted: false; readonly reason: 'expired'; readonly endedAt: number }
  | { readonly granted: false; readonly reason: 'purpose' };

export interface GrantQuestion {
  readonly nowMs: number;
  /** What the session is for; null: not said yet, so that grants which want a purpose count. */
  readonly purpose: string | undefined | null;
}

export interface CompiledGrant {
  readonly settings: GrantSettings;
  readonly hours: readonly Hours[];
}

type Database = Pick<DatabaseSettings, 'name' | 'environment' | 'labels'>;
type Who = Pick<Principal, 'kind' | 'subject' | 'email' | 'groups' | 'actor'>;

const LEVELS: readonly AccessLevel[] = ['read', 'write', 'ddl', 'admin'];

export function compileGrants(grants: readonly GrantSettings[]): readonly CompiledGrant[] {
  return grants.map((settings) => ({ settings, hours: (settings.hours ?? []).map((text) => parseHours(text)!) }));
}

/** Those that are for this principal and database, whether or not they hold now. */
export function grantsFor(who: Who, database: Database, grants: readonly CompiledGrant[]): CompiledGrant[] {
  return grants.filter(
    ({ settings }) => subjectsOf(settings).some((to) => isFor(to, who)) && coversDatabase(settings, database),
  );
}

/** No grant, no connection. */
export function grantOf(
  who: Who,
  database: Database,
  grants: readonly CompiledGrant[],
  at: GrantQuestion,
): Granted | NotGranted {
  const meant = grantsFor(who, database, grants);
  const unexpired = meant.filter(({ settings }) => settings.expiresAt === undefined || at.nowMs < settings.expiresAt);
  const open = unexpired.filter(({ hours }) => hours.length === 0 || hours.some((one) => one.isOpen(at.nowMs)));
  const purposeful = at.purpose === null || (at.purpose ?? '').trim() !== '';
  const holding = open.filter(({ settings }) => settings.purposeRequired !== true || purposeful);
  if (holding.length === 0) return whyNot(meant, unexpired, open);
  const level = Math.max(...holding.map(({ settings }) => LEVELS.indexOf(settings.access)));
  const access = LEVELS[level]!;
  return {
    granted: true,
    access,
    create: holding.some(({ settings }) => settings.create),
    limits: mildest(
      holding.filter(({ settings }) => settings.access === access).map(({ settings }) => settings.limits),
    ),
    masking: mildestMasking(holding.map(({ settings }) => maskingRights(settings, database))),
  };
}

/** Epoch milliseconds at which the answer may be another; undefined: never. */
export function nextGrantChange(grants: readonly CompiledGrant[], nowMs: number): number | undefined {
  let next: number | undefined;
  const consider = (atMs: number): void => {
    if (atMs > nowMs && (next === undefined || atMs < next)) next = atMs;
  };
  for (const { settings, hours } of grants) {
    if (settings.expiresAt !== undefined) consider(settings.expiresAt);
    for (const one of hours) consider(one.nextCheckMs(nowMs));
  }
  return next;
}

function whyNot(
  meant: readonly CompiledGrant[],
  unexpired: readonly CompiledGrant[],
  open: readonly CompiledGrant[],
): NotGranted {
  if (meant.length === 0) return { granted: false, reason: 'none' };
  if (open.length > 0) return { granted: false, reason: 'purpose' };
  if (unexpired.length > 0) {
    return { granted: false, reason: 'hours', hours: unexpired.flatMap(({ hours }) => hours.map(({ text }) => text)) };
  }
  const endedAt = Math.max(...meant.map(({ settings }) => settings.expiresAt ?? 0));
  return { granted: false, reason: 'expired', endedAt };
}

const MILDEST_FIRST = ['none', 'partial', 'token', 'redact', 'null'] as const;
const FREEST_FIRST = ['free', 'lookup', 'none'] as const;

function maskingRights({ access, masking }: GrantSettings, database: Database): MaskingRights {
  const shown = access === 'admin' || tierOf(database.environment) === 'development';
  const mask = masking?.mask ?? (shown ? 'none' : 'partial');
  const classes = new Map(Object.entries(masking?.classes ?? {}) as [ColumnClass, MaskMode | 'none'][]);
  return { mask, classes, predicates: masking?.predicates ?? (shown ? 'free' : 'lookup') };
}

function mildestMasking(rights: readonly MaskingRights[]): MaskingRights {
  const [first, ...others] = rights;
  if (first === undefined || others.length === 0) return first ?? NO_CLEARANCE;
  const mildest = (modes: readonly (MaskMode | 'none')[]) => MILDEST_FIRST.find((mode) => modes.includes(mode))!;
  const named = new Set(rights.flatMap(({ classes }) => [...classes.keys()]));
  return {
    mask: mildest(rights.map(({ mask }) => mask)),
    classes: new Map([...named].map((one) => [one, mildest(rights.map((each) => modeOf(each, one)))] as const)),
    predicates: FREEST_FIRST.find((mode) => rights.some(({ predicates }) => predicates === mode))!,
  };
}

/** One grant without a limit lifts it, since grants add up. */
function mildest(limits: readonly (GrantLimits | undefined)[]): GrantLimits {
  const highest = (of: (one: GrantLimits) => number | undefined): number | undefined => {
    const values = limits.map((one) => (one === undefined ? undefined : of(one)));
    return values.includes(undefined) ? undefined : Math.max(...(values as number[]));
  };
  const [first, ...others] = limits.map((one) => one?.settings ?? []);
  return {
    maxSessions: highest((one) => one.maxSessions),
    statementTimeoutMs: highest((one) => one.statementTimeoutMs),
    lockTimeoutMs: highest((one) => one.lockTimeoutMs),
    idleTimeoutMs: highest((one) => one.idleTimeoutMs),
    settings: (first ?? []).filter((name) => others.every((names) => names.includes(name))),
    egress: {
      rowsPerStatement: highest((one) => one.egress?.rowsPerStatement),
      bytesPerStatement: highest((one) => one.egress?.bytesPerStatement),
      rowsPerHour: highest((one) => one.egress?.rowsPerHour),
      bytesPerHour: highest((one) => one.egress?.bytesPerHour),
      rowsPerDay: highest((one) => one.egress?.rowsPerDay),
      bytesPerDay: highest((one) => one.egress?.bytesPerDay),
    },
  };
}

/** Settings that the session may not give another value, lower case. */
export function fixedSettingsOf(limits: GrantLimits): ReadonlySet<string> | undefined {
  const names = [...(limits.settings ?? [])];
  if (limits.statementTimeoutMs !== undefined) names.push('statement_timeout');
  if (limits.lockTimeoutMs !== undefined) names.push('lock_timeout');
  return names.length === 0 ? undefined : new Set(names);
}

export function subjectsOf({ to }: Pick<GrantSettings, 'to'>): readonly GrantSubject[] {
  return Array.isArray(to) ? to : [to as GrantSubject];
}

/** Is the subject of a grant, role or approval rule this principal? */
export function isFor(to: GrantSubject, who: Who): boolean {
  if ('group' in to) return who.groups.includes(to.group);
  if ('user' in to) return who.kind === 'user' && isNamed(to.user, who);
  if ('service' in to) return who.kind === 'service' && isNamed(to.service, who);
  return who.kind === 'agent' && (to.agent === who.actor || isNamed(to.agent, who));
}

function isNamed(name: string, who: Who): boolean {
  return name === who.subject || name === who.email;
}

type Place = Pick<GrantSettings, 'database' | 'environment' | 'labels'>;

/** Is a grant, or approval rule, for this database? One that says nothing of it is for none. */
export function coversDatabase({ database: name, environment, labels }: Place, database: Database): boolean {
  if (name !== undefined && name !== '*' && name !== database.name) return false;
  if (environment !== undefined && environment !== database.environment) return false;
  for (const [label, value] of Object.entries(labels ?? {})) {
    if (!Object.hasOwn(database.labels, label) || database.labels[label] !== value) return false;
  }
  return name !== undefined || environment !== undefined || Object.keys(labels ?? {}).length > 0;
}
