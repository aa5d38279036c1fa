/**
 * The model of one catalog snapshot: the rows of `CATALOG_SQL` in, a `Catalog` out, the same in every thread. Pure.
 * It never guesses: a row that the query cannot have given is an error.
 */
import type {
  Builtin,
  Catalog,
  CatalogCast,
  CatalogOperator,
  CatalogRelation,
  CatalogRoutine,
  CatalogType,
} from './catalog.ts';
import { indexFromRow, relationDetails, relationFromRow, rowTypes } from './catalog-relation.ts';
import { routineFromRow } from './catalog-routine.ts';
import { boolean, list, number, numbers, oneOf, optional, string, strings } from './catalog-values.ts';

export type CatalogRows = readonly (readonly (string | null)[])[];

const TYPE_KINDS = ['b', 'c', 'd', 'e', 'r', 'm', 'p'] as const;
const NONE: readonly never[] = [];

/** Throws on rows that the query cannot have given. */
export function catalogFromRows(rows: CatalogRows, version: number): Catalog {
  const parts = new Map<string, unknown[][]>();
  const estimates: number[] = [];
  for (const [what, payload, estimate] of rows) {
    if (what == null) throw new Error('catalog: a row of nothing');
    let of = parts.get(what);
    if (of === undefined) parts.set(what, (of = []));
    // A json_agg of no rows.
    of.push(payload == null ? [] : list(JSON.parse(payload)));
    if (what === 'relation') estimates.push(Number(estimate ?? Number.NaN));
  }
  const take = (what: string): unknown[][] => {
    const taken = parts.get(what) ?? [];
    parts.delete(what);
    return taken;
  };
  const takeEach = (what: string): unknown[][] => take(what).flat().map(list);

  const [database = NONE, ...others] = take('database');
  if (others.length > 0) throw new Error('catalog: rows of more than one snapshot');
  const schemas = new Set(take('schemas').flat().map(string));
  const unreadable = new Set<number>();
  const details = relationDetails(take, takeEach, unreadable);
  const relations = new Map<number, CatalogRelation>();
  const relationsByName = new ByName<CatalogRelation>();
  const types = new Map<number, CatalogType>();
  const typesByName = new ByName<CatalogType>();
  const addRelation = (relation: CatalogRelation): void => {
    if (relations.has(relation.oid)) throw new Error(`catalog: relation ${relation.oid} is there twice`);
    relations.set(relation.oid, relation);
    relationsByName.set(relation.schema, relation.name, relation);
  };
  const addType = (type: CatalogType): void => {
    if (types.has(type.oid)) throw new Error(`catalog: type ${type.oid} is there twice`);
    types.set(type.oid, type);
    typesByName.set(type.schema, type.name, type);
  };

  for (const [i, row] of take('relation').entries()) {
    const relation = relationFromRow(row, estimates[i]!, details);
    addRelation(relation);
    if (relation.rowType !== 0) for (const type of rowTypes(relation, row)) addType(type);
  }
  for (const row of takeEach('indexes')) addRelation(indexFromRow(row));
  const checks = new Map<number, number[]>();
  for (const row of takeEach('checked_types')) {
    const type = number(row[0]);
    checks.set(type, [...(checks.get(type) ?? NONE), ...(optional(row[1], numbers) ?? NONE)]);
  }
  for (const row of takeEach('types')) {
    const type = typeFromRow(row);
    const checking = checks.get(type.oid);
    addType(checking === undefined ? type : { ...type, checks: checking });
  }

  const routines = new Map<number, CatalogRoutine>();
  const routinesByName = new ByName<CatalogRoutine[]>();
  for (const row of take('routine')) {
    const routine = routineFromRow(row);
    if (routine.definition === undefined && routine.kind !== 'a') unreadable.add(routine.oid);
    routines.set(routine.oid, routine);
    const overloads = routinesByName.get(routine.schema, routine.name);
    if (overloads === undefined) routinesByName.set(routine.schema, routine.name, [routine]);
    else overloads.push(routine);
  }
  const builtins = new Map(takeEach('builtins').map((row) => [string(row[0]), builtinFromRow(row)] as const));
  const operators = new Map<string, CatalogOperator[]>();
  for (const row of take('operator')) {
    const operator: CatalogOperator = {
      schema: string(row[0]),
      name: string(row[1]),
      routine: number(row[2]),
      routineName: string(row[3]),
      operands: [number(row[4]), number(row[5])].filter((type) => type !== 0),
    };
    const same = operators.get(operator.name);
    if (same === undefined) operators.set(operator.name, [operator]);
    else same.push(operator);
  }
  const casts: CatalogCast[] = take('cast').map((row) => ({
    source: number(row[0]),
    target: number(row[1]),
    routine: number(row[2]),
  }));
  const [unknown] = parts.keys();
  if (unknown !== undefined) throw new Error(`catalog: unknown row ${unknown}`);

  const children = new Map<number, number[]>();
  for (const [child, parents] of details.parents) {
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? NONE), child]);
  }
  return {
    version,
    database: string(database[0]),
    definitionPath: strings(database[1]),
    unreadable,
    schemas,
    casts,
    allRelations: { [Symbol.iterator]: () => relations.values() },
    relation: (schema, name) => relationsByName.get(schema, name),
    relationByOid: (oid) => relations.get(oid),
    descendants: (oid) => descendantsOf(oid, children),
    type: (schema, name) => typesByName.get(schema, name),
    typeByOid: (oid) => types.get(oid),
    routines: (schema, name) => routinesByName.get(schema, name) ?? NONE,
    routineByOid: (oid) => routines.get(oid),
    builtin: (name) => builtins.get(name),
    operators: (name) => operators.get(name) ?? NONE,
  };
}

class ByName<T> {
  readonly #schemas = new Map<string, Map<string, T>>();

  get(schema: string, name: string): T | undefined {
    return this.#schemas.get(schema)?.get(name);
  }

  set(schema: string, name: string, value: T): void {
    let names = this.#schemas.get(schema);
    if (names === undefined) this.#schemas.set(schema, (names = new Map()));
    names.set(name, value);
  }
}

function typeFromRow(row: readonly unknown[]): CatalogType {
  return {
    oid: number(row[0]),
    schema: string(row[1]),
    name: string(row[2]),
    kind: oneOf(TYPE_KINDS, row[3]),
    array: number(row[4]),
    element: number(row[5]),
    base: number(row[6]),
    relation: 0,
    category: string(row[7]),
    labels: optional(row[8], strings) ?? NONE,
  };
}

function builtinFromRow(row: readonly unknown[]): Builtin {
  return {
    volatility: oneOf(['i', 's', 'v'] as const, row[1]),
    isAggregate: boolean(row[2]),
    returnsSet: boolean(row[3]),
    returns: numbers(row[4]),
  };
}

function descendantsOf(oid: number, children: ReadonlyMap<number, readonly number[]>): readonly number[] {
  const found = new Set<number>();
  const open = [...(children.get(oid) ?? NONE)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(children.get(next) ?? NONE));
  }
  return [...found];
}
