/** Operators and overloads: whether a name is PostgreSQL's own at these types, or may be somebody else's function. */
import type { CatalogRoutine } from '../../catalog/catalog.ts';
import { isBuiltinOperator } from '../pure-functions.ts';
import type { Value } from './flows.ts';
import type { Tracer } from './tracer.ts';
import { isTrustedRoutine } from './trusted.ts';
import { baseType, isPolymorphic, UNKNOWN } from './types.ts';

export type Behind =
  | { readonly kind: 'builtin' }
  | { readonly kind: 'unknown' }
  /** Any of them may be what is called, PostgreSQL's own operator too where `orBuiltin`. */
  | {
      readonly kind: 'routines';
      readonly routines: readonly CatalogRoutine[];
      /** Functions in pg_catalog behind operators of others. */
      readonly functions: ReadonlySet<string>;
      readonly orBuiltin: boolean;
    };

export function resolveOperator(t: Tracer, name: readonly string[], operands: readonly Value[]): Behind {
  const bare = name.at(-1) ?? '';
  const schema = name.at(-2);
  if (schema === 'pg_catalog') return isBuiltinOperator(bare) ? { kind: 'builtin' } : { kind: 'unknown' };
  const { searchPath } = t.world;
  const candidates = t.catalog
    .operators(bare)
    .filter((one) => (schema === undefined ? searchPath.includes(one.schema) : one.schema === schema));
  const builtin = schema === undefined && isBuiltinOperator(bare);
  const routines: CatalogRoutine[] = [];
  const functions = new Set<string>();
  for (const candidate of candidates) {
    if (candidate.operands.length !== operands.length || !mayTake(t, candidate.operands, operands, builtin)) continue;
    const routine = t.catalog.routineByOid(candidate.routine);
    if (routine === undefined) functions.add(candidate.routineName);
    else routines.push(routine);
  }
  if (functions.size === 0 && routines.every((routine) => isTrustedRoutine(routine))) {
    return builtin || routines.length > 0 ? { kind: 'builtin' } : { kind: 'unknown' };
  }
  return { kind: 'routines', routines, functions, orBuiltin: builtin };
}

function mayTake(t: Tracer, wanted: readonly number[], given: readonly Value[], hasBuiltin: boolean): boolean {
  return wanted.every((type, i) => {
    const value = given[i];
    return value === undefined || mightMatch(t, type, value.type, hasBuiltin);
  });
}

/** Whether a parameter of a type may be given a value of another; `strict`: there is a better one for built-in types. */
export function mightMatch(t: Tracer, wanted: number, given: number | undefined, strict: boolean): boolean {
  if (given === undefined || given === UNKNOWN || given === wanted || isPolymorphic(wanted)) return true;
  const { catalog } = t;
  const base = baseType(catalog, given);
  if (base === wanted || baseType(catalog, wanted) === base) return true;
  const from = base === undefined ? undefined : catalog.typeByOid(base);
  const to = catalog.typeByOid(wanted);
  if (from === undefined || to === undefined) return true;
  if (catalog.casts.some((cast) => cast.source === given && cast.target === wanted)) {
    return !(strict && from.schema === 'pg_catalog');
  }
  if (from.schema === 'pg_catalog' && to.schema !== 'pg_catalog') return to.kind === 'p';
  return from.category === to.category || to.kind === 'p';
}
