/** What people type into a request, made safe or refused: reasons, durations, names of tables, terms. Pure. */
import { DbgateError } from '../errors.ts';
import type { ElevationAsk } from './contract.ts';
import type { Terms } from './request.ts';
import { canonicalTable } from './terms.ts';

export const MAX_REASON = 2_000;
/** Beyond it nothing is even cleaned. */
const MAX_RAW_REASON = 16_000;
export const MIN_DURATION_MS = 60_000;
const MAX_TABLES = 100;

/** Control and format characters (those that turn the direction of text too) become blanks. Throws `usage`. */
export function cleanReason(reason: string, need: 'required' | 'optional'): string {
  if (reason.length > MAX_RAW_REASON) throw tooLong();
  const clean = cleaned(reason);
  if (clean.length > MAX_REASON) throw tooLong();
  if (clean === '' && need === 'required') {
    throw new DbgateError('usage', 'a reason is needed', { hint: 'say why: --reason "INC-123 …"' });
  }
  return clean;
}

/** As `cleanReason`, for words of the gateway's own: cut instead of refused. */
export function cutReason(text: string): string {
  return cleaned(text.slice(0, MAX_RAW_REASON)).slice(0, MAX_REASON);
}

function cleaned(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim();
}

function tooLong(): DbgateError {
  return new DbgateError('usage', `the reason is too long: 1 to ${MAX_REASON} characters are allowed`);
}

/** Throws `usage` for what nobody can mean; what is allowed for whom is the rules' to say. */
export function checkElevation(ask: ElevationAsk): void {
  const { access, unmask, tables, durationMs } = ask;
  if (access === undefined && unmask === undefined) {
    throw new DbgateError('usage', 'nothing is asked for', { hint: '--access write|ddl|admin|unmask[=CLASS,…]' });
  }
  if (unmask !== undefined && unmask !== 'all' && unmask.length === 0) {
    throw new DbgateError('usage', 'no class is asked for');
  }
  if (!Number.isFinite(durationMs) || durationMs < MIN_DURATION_MS) {
    throw new DbgateError('usage', `${inWords(durationMs)} is too short: at least 1m`);
  }
  if (tables !== undefined) checkTables(tables);
}

function checkTables(tables: readonly string[]): void {
  if (tables.length === 0 || tables.length > MAX_TABLES) {
    throw new DbgateError('usage', `${tables.length} tables are named: 1 to ${MAX_TABLES} are allowed`);
  }
  for (const table of tables) {
    if (/^[^."\p{Cc}\p{Cf}]{1,63}(\.[^."\p{Cc}\p{Cf}]{1,63})?$/u.test(table)) continue;
    throw new DbgateError('usage', `${JSON.stringify(cutReason(table).slice(0, 80))} is not the name of a table`, {
      hint: 'As it is called, without quotes: --tables users,billing.invoices',
    });
  }
  if (new Set(tables.map(canonicalTable)).size < tables.length) {
    throw new DbgateError('usage', 'a table is named twice');
  }
}

/** Throws `usage`; that they only narrow is the state machine's to see. */
export function checkTerms(terms: Terms, maxTimes: number): void {
  const { durationMs, tables, times, maxRows } = terms;
  if (durationMs !== undefined && !(durationMs >= MIN_DURATION_MS)) {
    throw new DbgateError('usage', `${inWords(durationMs)} is too short: at least 1m`);
  }
  if (tables !== undefined) checkTables(tables);
  if (times !== undefined && !(Number.isInteger(times) && times >= 1 && times <= maxTimes)) {
    throw new DbgateError('usage', `${times} executions cannot be approved at once: 1 to ${maxTimes} are allowed`);
  }
  if (maxRows !== undefined && !(Number.isSafeInteger(maxRows) && maxRows >= 0)) {
    throw new DbgateError('usage', `${maxRows} is no number of rows`);
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `5400000` → `90m`; what is no whole number of minutes is told in seconds. */
export function inWords(durationMs: number): string {
  const unit = UNITS.find(([, ms]) => durationMs >= ms && durationMs % ms === 0);
  if (unit !== undefined) return `${durationMs / unit[1]}${unit[0]}`;
  return Number.isFinite(durationMs) ? `${Math.round(durationMs / 1000)}s` : 'that duration';
}
