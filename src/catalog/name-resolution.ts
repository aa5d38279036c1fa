/**
 * What a name stands for, as PostgreSQL's namespace.c finds it: a world and the parts of a name in, the object out. Pure.
 * `ambiguous` is what cannot be told: the path has a schema that this catalog does not know, or two temporary ones.
 * Nothing here knows privileges: `current_schemas(true)` has left out what may not be used.
 * @see https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
 */
import type {
  Builtin,
  Catalog,
  CatalogOperator,
  CatalogRelation,
  CatalogRoutine,
  CatalogType,
  World,
} from './catalog.ts';

export type Resolved<T> = T | 'ambiguous' | undefined;

/** `users`, `public.users` or `shop.public.users`, as the parser gives them: unquoted, case folded. */
export type NameParts = readonly string[];

const NONE: readonly never[] = [];

export function resolveRelation(world: World, parts: NameParts): Resolved<CatalogRelation> {
  return find(world, parts, world.searchPath, (schema, name) => world.catalog.relation(schema, name));
}

/**
 * `isArray`: the name is followed by brackets, or ARRAY. `asFunction`: it stands where a function's name does, as in
 * `text(x)`; there a type of the temporary schema is none.
 */
export function resolveType(
  world: World,
  parts: NameParts,
  { isArray = false, asFunction = false }: { readonly isArray?: boolean; readonly asFunction?: boolean } = {},
): Resolved<CatalogType> {
  const path = asFunction ? withoutTemporary(world.searchPath) : world.searchPath;
  if (path === undefined) return 'ambiguous';
  const type = find(world, parts, path, (schema, name) => world.catalog.type(schema, name));
  if (!isArray || type === undefined || type === 'ambiguous') return type;
  return world.catalog.typeByOid(type.array);
}

export interface RoutineCandidates {
  /** Those that a call may mean; which one, its arguments' types decide. In the order of the path. */
  readonly routines: readonly CatalogRoutine[];
  /** The functions of that name in pg_catalog, if it may mean one. */
  readonly builtin: Builtin | undefined;
}

/** Undefined: there is none. `argumentCount`: how many a call gives; missing: any. */
export function resolveRoutines(world: World, parts: NameParts, argumentCount?: number): Resolved<RoutineCandidates> {
  const { catalog } = world;
  const schemas = schemasFor(world, parts, withoutTemporary(world.searchPath));
  if (schemas === 'ambiguous' || schemas === undefined) return schemas;
  const name = parts.at(-1)!;
  const routines: CatalogRoutine[] = [];
  let builtin: Builtin | undefined;
  for (const schema of schemas) {
    if (!catalog.schemas.has(schema)) return 'ambiguous';
    if (schema === 'pg_catalog') builtin = catalog.builtin(name);
    for (const one of catalog.routines(schema, name)) {
      if (argumentCount !== undefined && !takes(one, argumentCount)) continue;
      if (!routines.some((earlier) => hides(earlier, one, argumentCount))) routines.push(one);
    }
  }
  return routines.length === 0 && builtin === undefined ? undefined : { routines, builtin };
}

/** Those that are not PostgreSQL's own; empty: none. `parts`: a name as in `OPERATOR(schema.+)`, or the sign alone. */
export function resolveOperators(world: World, parts: NameParts): readonly CatalogOperator[] | 'ambiguous' {
  const schemas = schemasFor(world, parts, withoutTemporary(world.searchPath));
  if (schemas === 'ambiguous') return schemas;
  if (schemas === undefined) return NONE;
  if (schemas.some((schema) => !world.catalog.schemas.has(schema))) return 'ambiguous';
  return world.catalog.operators(parts.at(-1)!).filter((one) => schemas.includes(one.schema));
}

/**
 * The effective path that a list of names gives (`SET search_path`, a routine's SET clause), as recomputeNamespacePath
 * makes it. It takes USAGE on all of them for granted: where the role has none, PostgreSQL passes over a schema.
 */
export function effectiveSearchPath(
  catalog: Catalog,
  names: readonly string[],
  role: string | undefined,
  temporarySchema: string | undefined,
): string[] {
  const path: string[] = [];
  for (const name of names) {
    const schema = name === '$user' ? role : name === 'pg_temp' ? temporarySchema : name;
    if (schema === undefined || path.includes(schema)) continue;
    if (schema === temporarySchema || catalog.schemas.has(schema)) path.push(schema);
  }
  if (!path.includes('pg_catalog')) path.unshift('pg_catalog');
  if (temporarySchema !== undefined && !path.includes(temporarySchema)) path.unshift(temporarySchema);
  return path;
}

/** The session's own temporary schema: it is always in an effective path, once it is there. */
export function temporarySchemaOf(searchPath: readonly string[]): Resolved<string> {
  const schemas = searchPath.filter(isTemporary);
  return schemas.length > 1 ? 'ambiguous' : schemas[0];
}

function isTemporary(schema: string): boolean {
  return /^pg_temp_\d+$/.test(schema);
}

/** Functions and operators are never looked for in it: only `pg_temp.f()` finds them. Undefined: which one is it? */
function withoutTemporary(searchPath: readonly string[]): readonly string[] | undefined {
  const own = temporarySchemaOf(searchPath);
  return own === 'ambiguous' ? undefined : searchPath.filter((schema) => schema !== own);
}

function find<T>(
  world: World,
  parts: NameParts,
  path: readonly string[],
  look: (schema: string, name: string) => T | undefined,
): Resolved<T> {
  const schemas = schemasFor(world, parts, path);
  if (schemas === 'ambiguous' || schemas === undefined) return schemas;
  const name = parts.at(-1)!;
  for (const schema of schemas) {
    // An unknown schema may have it, and hide the others.
    if (parts.length === 1 && !world.catalog.schemas.has(schema)) return 'ambiguous';
    const found = look(schema, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where to look, in this order; undefined: nowhere. `path`: for an unqualified name. */
function schemasFor(
  { catalog, searchPath }: World,
  parts: NameParts,
  path: readonly string[] | undefined,
): Resolved<readonly string[]> {
  if (parts.length === 1) return path ?? 'ambiguous';
  if (parts.length === 0 || parts.length > 3) return undefined;
  if (parts.length === 3 && parts[0] !== catalog.database) return undefined;
  const schema = parts.at(-2)!;
  if (schema !== 'pg_temp') return catalog.schemas.has(schema) ? [schema] : undefined;
  const own = temporarySchemaOf(searchPath);
  return own === undefined || own === 'ambiguous' ? own : [own];
}

/** A procedure's OUT arguments are given in a CALL. */
function takes({ kind, argumentTypes, defaults, variadic, outputs }: CatalogRoutine, count: number): boolean {
  if (count < argumentTypes.length - defaults) return false;
  return variadic || count <= argumentTypes.length + (kind === 'p' ? outputs.length : 0);
}

/** Of two with the same arguments, that of the schema which comes first. */
function hides(earlier: CatalogRoutine, later: CatalogRoutine, argumentCount: number | undefined): boolean {
  return (
    earlier.schema !== later.schema &&
    earlier.variadic === later.variadic &&
    (argumentCount !== undefined || earlier.defaults >= later.defaults) &&
    earlier.argumentTypes.length === later.argumentTypes.length &&
    earlier.argumentTypes.every((type, i) => type === later.argumentTypes[i])
  );
}
