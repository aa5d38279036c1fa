/**
 * How much care a request deserves, for whoever decides: a level, and the reasons that made it. In: a request and what
 * the gateway knows around it. Out: words; nothing is decided by them. Pure.
 */
import type { ColumnClass } from '../classify/classes.ts';
import { type Hours, parseHours } from '../policy/language/hours.ts';
import type { ElevationRequested, Requested, StatementRequested } from './request.ts';

export interface Risk {
  readonly level: 'low' | 'medium' | 'high';
  /** What raised it, the heaviest first; empty: nothing. */
  readonly reasons: readonly string[];
}

export interface RiskContext {
  /** Epoch milliseconds at which it was asked. */
  readonly askedAt: number;
  readonly usualHours: Hours;
  /** Requests of the same person before it; undefined: not known. */
  readonly earlier: number | undefined;
}

interface Weighed {
  readonly weight: number;
  readonly reason: string;
}

const MEDIUM = 3;
const HIGH = 5;
const HOUR_MS = 3_600_000;
const LONG_MS = 4 * HOUR_MS;
const VERY_LONG_MS = 24 * HOUR_MS;
const MANY_ROWS = 1_000;
const VERY_MANY_ROWS = 100_000;
/** Whose values harm people or open doors by themselves. */
const GRAVE: ReadonlySet<ColumnClass> = new Set([
  'password_hash',
  'secret',
  'payment_card',
  'bank_account',
  'national_id',
  'tax_id',
  'health',
]);
/** By class of statement. */
const STATEMENT_WEIGHT: Readonly<Record<string, number>> = { read: 0, write: 1, ddl: 2, grant: 3, admin: 3 };

/** When most people work, in the gateway's own time zone. */
export function usualHours(timeZone: string): Hours {
  return parseHours(`Mon-Fri 07:00-20:00 ${timeZone}`) ?? parseHours('Mon-Fri 07:00-20:00 UTC')!;
}

/** For many requests at once: each minute is looked up once. */
export function rememberingHours(hours: Hours): Hours {
  const open = new Map<number, boolean>();
  return {
    ...hours,
    isOpen(nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      const known = open.get(minute) ?? hours.isOpen(nowMs);
      open.set(minute, known);
      return known;
    },
  };
}

export function riskOf(request: Requested, context: RiskContext): Risk {
  const weighed = [
    ...(request.kind === 'elevation' ? elevationRisk(request) : statementRisk(request)),
    ...askerRisk(request, context),
  ].sort((a, b) => b.weight - a.weight);
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  const level = total >= HIGH ? 'high' : total >= MEDIUM ? 'medium' : 'low';
  return { level, reasons: weighed.map(({ reason }) => reason) };
}

/** As the shipped rules have it: what is not known to be another environment is production. */
function isProduction(environment: string): boolean {
  return environment !== 'staging' && environment !== 'development';
}

function* elevationRisk({ scope, environment, breakGlass }: ElevationRequested): Generator<Weighed> {
  const { access, unmask, tables, durationMs } = scope;
  const changes = access !== undefined && access !== 'read';
  if (access === 'admin') yield { weight: 4, reason: 'admin access' };
  if (access === 'ddl') yield { weight: 3, reason: 'may change and drop tables' };
  if (access === 'write') yield { weight: 2, reason: 'may change data' };
  if (unmask === 'all') yield { weight: 4, reason: 'every class of personal data is shown' };
  else if (unmask !== undefined) {
    const grave = unmask.filter((name) => GRAVE.has(name));
    if (grave.length > 0) yield { weight: 3, reason: `shows ${grave.join(', ')}` };
    const others = unmask.filter((name) => !GRAVE.has(name));
    if (others.length > 0) yield { weight: 2, reason: `shows ${others.join(', ')}` };
  }
  if (isProduction(environment) && (changes || unmask !== undefined)) {
    yield { weight: 1, reason: `in ${environment}` };
  }
  if (tables === undefined && (changes || unmask !== undefined)) yield { weight: 1, reason: 'all tables' };
  if (durationMs > VERY_LONG_MS) yield { weight: 2, reason: 'for longer than a day' };
  else if (durationMs > LONG_MS) yield { weight: 1, reason: 'for longer than 4 hours' };
  if (breakGlass) yield { weight: 2, reason: 'break-glass: nobody was asked' };
}

function* statementRisk({ statement, environment }: StatementRequested): Generator<Weighed> {
  const changes = statement.class !== 'read';
  const weight = STATEMENT_WEIGHT[statement.class] ?? 1;
  if (weight > 0) yield { weight, reason: `is a statement of class ${statement.class}` };
  for (const finding of statement.findings.slice(0, 3)) yield { weight: 2, reason: finding };
  if (changes && isProduction(environment)) yield { weight: 1, reason: `in ${environment}` };
  const { estimatedRows } = statement;
  if (estimatedRows !== undefined && estimatedRows >= MANY_ROWS) {
    yield { weight: estimatedRows >= VERY_MANY_ROWS ? 3 : 1, reason: `about ${Math.round(estimatedRows)} rows` };
  }
  if (estimatedRows === undefined && statement.class === 'write') {
    yield { weight: 1, reason: 'how many rows is not known' };
  }
  if (statement.cascades.length > 0) {
    yield { weight: 2, reason: `cascades to ${count(statement.cascades.length, 'table')}` };
  }
  if (statement.triggers.length > 0)
    yield { weight: 1, reason: `fires ${count(statement.triggers.length, 'trigger')}` };
  const classes = [...new Set(Object.values(statement.columns))];
  const grave = classes.filter((name) => GRAVE.has(name));
  if (grave.length > 0) yield { weight: 2, reason: `touches ${grave.join(', ')}` };
  else if (classes.length > 0) yield { weight: 1, reason: `touches ${classes.join(', ')}` };
  if (changes && !statement.canRollBack) yield { weight: 1, reason: 'cannot be tried first' };
  if (statement.inTransaction) yield { weight: 1, reason: 'in an open transaction, whose locks are held meanwhile' };
}

function* askerRisk({ by }: Requested, { askedAt, usualHours: usual, earlier }: RiskContext): Generator<Weighed> {
  if (by.kind === 'agent') yield { weight: 1, reason: 'asked by an agent' };
  if (!usual.isOpen(askedAt)) yield { weight: 1, reason: 'outside of usual hours' };
  // Worth knowing, and not known in lists: the level is the same with it and without.
  if (earlier === 0) yield { weight: 0, reason: 'first request of this person' };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
