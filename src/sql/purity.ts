/**
 * Is a statement a pure read: nothing in it can change anything, so it may run while its record is on its way to disk.
 * By facts and by what the database has that bears the same names. Unsure is no: it costs a wait, never a record.
 */
import type { StatementFacts } from './facts.ts';
import { bareName, nameParts } from './names.ts';
import { isBuiltinOperator, isPureFunction } from './pure-functions.ts';

/** Bare names, of every schema together: the search_path of a session decides which one is meant, so all must be harmless. */
export interface PurityCatalog {
  /** Tables, materialized views, sequences, and the system catalogs. */
  readonly plainRelations: ReadonlySet<string>;
  /** Views, foreign tables, tables with row security, tables with a foreign partition: reading them may call functions. */
  readonly otherRelations: ReadonlySet<string>;
  /** Not in pg_catalog. `*`: a user's function stands behind a cast of built-in types, so nothing is pure. */
  readonly userFunctions: ReadonlySet<string>;
  readonly userOperators: ReadonlySet<string>;
  /** Not in pg_catalog, without enums: their input may call functions. */
  readonly userTypes: ReadonlySet<string>;
}

export function isPureRead(statements: readonly StatementFacts[], catalog: PurityCatalog): boolean {
  if (statements.length === 0 || catalog.userFunctions.has('*')) return false;
  for (const facts of statements) if (!isPure(facts, catalog)) return false;
  return true;
}

function isPure(facts: StatementFacts, catalog: PurityCatalog): boolean {
  if (facts.command === 'SHOW') return facts.class === 'read';
  if (facts.command !== 'SELECT' || facts.class !== 'read' || facts.writes || facts.locks) return false;
  if (facts.findings.length > 0 || facts.targets.length > 0) return false;
  return (
    facts.relations.every((name) => relationIsPlain(name, catalog)) &&
    facts.functions.every((name) => functionIsPure(name, catalog)) &&
    facts.operators.every((name) => isBuiltinOperator(name) && !catalog.userOperators.has(name)) &&
    facts.types.every((name) => typeIsPure(name, catalog))
  );
}

function relationIsPlain(name: string, catalog: PurityCatalog): boolean {
  const bare = bareName(name);
  return catalog.plainRelations.has(bare) && !catalog.otherRelations.has(bare);
}

function functionIsPure(name: string, catalog: PurityCatalog): boolean {
  // An attribute is a call only if such a function exists; built-in ones over a row compute only.
  if (name.startsWith('.')) return !catalog.userFunctions.has(name.slice(1));
  const parts = nameParts(name);
  const bare = parts.at(-1) ?? '';
  if (!isPureFunction(bare)) return false;
  if (parts.length > 1) return parts[0] === 'pg_catalog' || parts[0] === 'information_schema';
  return !catalog.userFunctions.has(bare);
}

function typeIsPure(name: string, catalog: PurityCatalog): boolean {
  const parts = nameParts(name.replace(/(?:\[\])+$/, ''));
  if (parts.length > 1 && parts[0] === 'pg_catalog') return true;
  return !catalog.userTypes.has(parts.at(-1) ?? '');
}
