/** What a decider may change when saying yes: only ever to less than was asked, and than others said. Pure. */
import type { ColumnClass } from '../classify/classes.ts';
import type { Requested, Terms } from './request.ts';

type Unmask = 'all' | readonly ColumnClass[];

export function narrowTerms(
  request: Requested,
  before: Terms,
  wanted: Terms,
  tried: boolean,
): Terms | { readonly refused: string } {
  const durationMs = wanted.durationMs ?? before.durationMs;
  if (wanted.durationMs !== undefined && !isCount(wanted.durationMs, 1)) return { refused: 'that is no duration' };
  if (request.kind === 'elevation') {
    if ((wanted.maxRows ?? wanted.times ?? wanted.tryFirst) !== undefined) {
      return { refused: 'rows, times and trying are of statements' };
    }
    if (wanted.durationMs !== undefined && wanted.durationMs > request.scope.durationMs) {
      return { refused: 'it would last longer than was asked for' };
    }
    const tables = fewerTables(request.scope.tables, before.tables, wanted.tables);
    if ('refused' in tables) return tables;
    const unmask = fewerClasses(request.scope.unmask, before.unmask, wanted.unmask);
    if ('refused' in unmask) return unmask;
    return { durationMs: least(before.durationMs, durationMs), tables: tables.value, unmask: unmask.value };
  }
  if ((wanted.tables ?? wanted.unmask) !== undefined) return { refused: 'tables and classes are of elevations' };
  if (wanted.maxRows !== undefined && !isCount(wanted.maxRows, 0)) return { refused: 'that is no number of rows' };
  if (wanted.times !== undefined && !isCount(wanted.times, 1)) return { refused: 'that is no number of executions' };
  // Sent twice, or by who saw it before: it must not answer the second question.
  if (tried && wanted.tryFirst === true) return { refused: 'it was tried: look at the rows that it changed' };
  const tryFirst = before.tryFirst === true || wanted.tryFirst === true ? true : undefined;
  // Nothing said is one: the narrowest of all counts.
  const times = least(before.times, wanted.times ?? 1)!;
  if (!request.statement.canRollBack && (tryFirst ?? wanted.maxRows) !== undefined) {
    return { refused: 'its rows cannot be counted before they are kept' };
  }
  if (tryFirst === true && !tried) {
    if (times > 1) return { refused: 'only one execution can be tried' };
  }
  return {
    durationMs: least(before.durationMs, durationMs),
    maxRows: least(before.maxRows, wanted.maxRows),
    times,
    tryFirst,
  };
}

type Narrowed<T> = { readonly value: T | undefined } | { readonly refused: string };

function fewerTables(
  asked: readonly string[] | undefined,
  before: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): Narrowed<readonly string[]> {
  if (wanted === undefined) return { value: before };
  const all = new Set(asked?.map(canonicalTable));
  if (asked !== undefined && wanted.some((table) => !all.has(canonicalTable(table)))) {
    return { refused: 'a table that was not asked for' };
  }
  const kept = new Set(before?.map(canonicalTable));
  const value = before === undefined ? wanted : wanted.filter((table) => kept.has(canonicalTable(table)));
  return value.length === 0 ? { refused: 'no table would be left' } : { value };
}

function fewerClasses(
  asked: Unmask | undefined,
  before: Unmask | undefined,
  wanted: Unmask | undefined,
): Narrowed<Unmask> {
  if (wanted === undefined) return { value: before };
  if (asked === undefined || !includes(asked, wanted)) return { refused: 'a class that was not asked for' };
  // Another said a shorter list before: both have to agree.
  const value = wanted === 'all' ? before : before === 'all' || before === undefined ? wanted : common(before, wanted);
  return value !== undefined && value !== 'all' && value.length === 0
    ? { refused: 'no class would be left' }
    : { value };
}

function common(a: readonly ColumnClass[], b: readonly ColumnClass[]): readonly ColumnClass[] {
  return a.filter((one) => b.includes(one));
}

export function includes(wider: Unmask, narrower: Unmask): boolean {
  if (wider === 'all') return true;
  return narrower !== 'all' && narrower.every((one) => wider.includes(one));
}

/** `users` is `public.users`. */
export function canonicalTable(name: string): string {
  return name.includes('.') ? name : `public.${name}`;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

function isCount(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min;
}
