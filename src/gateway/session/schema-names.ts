/** Which names a change of the schema may give another meaning, and on which names a statement depends. */
import type { StatementFacts } from '../../sql/facts.ts';
import { bareName } from '../../sql/names.ts';

/** Bare names; `all`: it cannot be told. */
export type SchemaNames = ReadonlySet<string> | 'all';

/**
 * What makes, replaces or drops tables, views and routines by name concerns those who say that name, or what rests on it;
 * so does what alters a table. All else concerns everybody.
 */
export function namesChanged(statements: readonly StatementFacts[]): SchemaNames {
  const names = new Set<string>();
  for (const { targets, class: kind, findings, command } of statements) {
    if (kind !== 'ddl') {
      if (kind === 'unknown' || kind === 'admin' || command === 'DO' || command === 'CALL') return 'all';
      if (findings.some(({ kind: what }) => what === 'dynamic_sql' || what === 'procedural_code')) return 'all';
    } else if (targets.length === 0) return 'all';
    for (const { action, kind: what, name, lookup, cascade, confined, becomes } of targets) {
      if (action === 'maintain' || action === 'truncate' || action === 'call') continue;
      const isByName = what !== 'schema' && what !== 'prepared_transaction' && what !== 'other';
      const spreads = cascade === true || (action === 'alter' && confined !== true);
      if (!isByName || spreads || (lookup === undefined && name === '')) return 'all';
      names.add(bareName(name));
      if (becomes !== undefined) names.add(becomes);
    }
  }
  return names;
}

/** Facts are shared by all statements of one shape, and never change. */
const used = new WeakMap<readonly StatementFacts[], ReadonlySet<string>>();

/** Those in its text. `all`: it runs what is not known before. */
export function namesUsed(statements: readonly StatementFacts[], all: boolean): SchemaNames {
  if (all) return 'all';
  const known = used.get(statements);
  if (known !== undefined) return known;
  const names = new Set<string>();
  used.set(statements, names);
  for (const { relations, functions, types, operators } of statements) {
    for (const list of [relations, functions, types, operators]) for (const name of list) names.add(bareName(name));
  }
  return names;
}

export function haveInCommon(one: SchemaNames, other: SchemaNames): boolean {
  if (one === 'all') return other === 'all' || other.size > 0;
  if (other === 'all') return one.size > 0;
  for (const name of one) if (other.has(name)) return true;
  return false;
}
