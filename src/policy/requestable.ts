/** What a principal may ask for (`dbgate request`), and the line to type for it. Pure. */
import type { ColumnClass } from '../classify/classes.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';
import type { RequestAsk } from './decision.ts';

type Unmask = 'all' | readonly ColumnClass[];

/** One rule of `approvals:` as far as it says what may be asked for; the first that fits counts. */
export interface Requestable {
  /** The highest; undefined: none. */
  readonly access: AccessLevel | undefined;
  readonly unmask: Unmask;
  readonly maxDurationMs: number;
  /** It is for statements that wait, too. Missing: no. */
  readonly statements?: boolean;
}

const LEVELS: readonly AccessLevel[] = ['read', 'write', 'ddl', 'admin'];
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** `dbgate request shop --access ddl --tables users --for 1h --reason "…"`; undefined: no rule lets this principal ask. */
export function requestCommand(ask: RequestAsk, may: readonly Requestable[] | undefined): string | undefined {
  const rule = may?.find((one) => fits(one, ask));
  if (rule === undefined) return undefined;
  const unmask = ask.unmask === undefined ? [] : [ask.unmask === 'all' ? 'unmask' : `unmask=${ask.unmask.join(',')}`];
  const access = [...(ask.access === undefined ? [] : [ask.access]), ...unmask];
  const minutes = Math.max(1, Math.floor(Math.min(rule.maxDurationMs, HOUR_MS) / MINUTE_MS));
  return [
    `dbgate request ${ask.database}`,
    ...access.map((one) => `--access ${one}`),
    ...(ask.tables === undefined ? [] : [`--tables ${ask.tables.join(',')}`]),
    `--for ${minutes === 60 ? '1h' : `${minutes}m`} --reason "…"`,
  ].join(' ');
}

function fits({ access, unmask }: Requestable, ask: RequestAsk): boolean {
  if (ask.access !== undefined && (access === undefined || LEVELS.indexOf(ask.access) > LEVELS.indexOf(access))) {
    return false;
  }
  if (ask.unmask === undefined || unmask === 'all') return true;
  return ask.unmask !== 'all' && ask.unmask.every((one) => unmask.includes(one));
}

const PLAIN = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;
const MAX_TABLES = 4;

/** Of texts for to_regclass; undefined: they cannot be typed plainly, or are too many. */
export function plainTables(names: readonly string[] | undefined): readonly string[] | undefined {
  const tables = [...new Set(names)];
  return tables.length > 0 && tables.length <= MAX_TABLES && tables.every((name) => PLAIN.test(name))
    ? tables
    : undefined;
}
