/**
 * The model of one catalog snapshot: the rows of `CATALOG_SQL` in, a `Catalog` out, the same in every thread. Pure.
 * It never guesses: a row that the query cannot have given is an error.
 */
import type {
  Builtin,
  Catalog,
  CatalogCast,
  CatalogColumn,
  CatalogOperator,
  CatalogRelation,
  CatalogRoutine,
  CatalogTrigger,
  CatalogType,
  ForeignKey,
  RelationKind,
} from './catalog.ts';
import { FIRST_USER_OID } from './catalog-query.ts';
import { routineFromRow } from './catalog-routine.ts';
import { boolean, list, number, numbers, oneOf, optional, string, strings } from './catalog-values.ts';

export type CatalogRows = readonly (readonly (string | null)[])[];

const RELATION_KINDS = ['r', 'p', 'v', 'm', 'f', 'S', 'c', 'i'] as const;
const TYPE_KINDS = ['b', 'c', 'd', 'e', 'r', 'm', 'p'] as const;
const NO_COLUMNS: readonly CatalogColumn[] = [];
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
  for (const row of takeEach('types')) addType(typeFromRow(row));

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
    const operator = { schema: string(row[0]), name: string(row[1]), routine: number(row[2]) };
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

/** What other rows say of relations, by OID; names of columns are shared. */
interface RelationDetails {
  readonly definitions: ReadonlyMap<number, string>;
  readonly withRules: ReadonlySet<number>;
  readonly generated: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** By attnum, 0 for the relation's own. */
  readonly comments: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly keys: ReadonlyMap<number, readonly (readonly number[])[]>;
  readonly foreignKeys: ReadonlyMap<number, readonly ForeignKey[]>;
  readonly parents: ReadonlyMap<number, readonly number[]>;
  readonly triggers: ReadonlyMap<number, readonly CatalogTrigger[]>;
  readonly names: Map<string, string>;
}

function relationDetails(
  take: (what: string) => unknown[][],
  takeEach: (what: string) => unknown[][],
  unreadable: Set<number>,
): RelationDetails {
  const definitions = new Map<number, string>();
  for (const row of take('definition')) {
    const definition = optional(row[1], string);
    if (definition === undefined) unreadable.add(number(row[0]));
    else definitions.set(number(row[0]), definition);
  }
  const keys = grouped(takeEach('keys'), (row) => ({
    index: number(row[1]),
    isPrimary: boolean(row[2]),
    attnums: string(row[4]).split(' ').slice(0, number(row[3])).map(Number),
  }));
  return {
    definitions,
    withRules: new Set(take('rule').map((row) => number(row[0]))),
    generated: byAttnum(take('generated'), (row) => {
      // Hidden by a lock, but not none.
      if (row[2] === null) unreadable.add(number(row[0]));
      return optional(row[2], string) ?? '';
    }),
    comments: byAttnum(take('comment'), (row) => string(row[2])),
    keys: new Map(
      [...keys].map(([oid, own]) => [
        oid,
        own
          .sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.index - b.index)
          .map(({ attnums }) => attnums),
      ]),
    ),
    foreignKeys: grouped(takeEach('foreign_keys'), (row) => ({
      columns: numbers(row[1]),
      references: number(row[2]),
      referenced: numbers(row[3]),
      onDelete: string(row[4]),
      onUpdate: string(row[5]),
    })),
    parents: grouped(takeEach('parents'), (row) => number(row[1])),
    triggers: grouped(take('trigger'), (row) => ({
      name: string(row[1]),
      routine: number(row[2]),
      events: triggerEvents(number(row[3])),
    })),
    names: new Map(),
  };
}

function grouped<T>(rows: readonly unknown[][], read: (row: readonly unknown[]) => T): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const oid = number(row[0]);
    const group = groups.get(oid);
    if (group === undefined) groups.set(oid, [read(row)]);
    else group.push(read(row));
  }
  return groups;
}

function byAttnum(
  rows: readonly unknown[][],
  read: (row: readonly unknown[]) => string,
): Map<number, Map<number, string>> {
  const pairs = grouped(rows, (row) => [number(row[1]), read(row)] as const);
  return new Map([...pairs].map(([oid, own]) => [oid, new Map(own)]));
}

/** pg_trigger.h: TRIGGER_TYPE_INSERT and so on. */
function triggerEvents(type: number): CatalogTrigger['events'] {
  const events: CatalogTrigger['events'][number][] = [];
  if ((type & 4) !== 0) events.push('insert');
  if ((type & 8) !== 0) events.push('delete');
  if ((type & 16) !== 0) events.push('update');
  if ((type & 32) !== 0) events.push('truncate');
  return events;
}

function relationFromRow(row: readonly unknown[], estimatedRows: number, details: RelationDetails): CatalogRelation {
  const oid = number(row[0]);
  if (Number.isNaN(estimatedRows)) throw new Error(`catalog: relation ${oid} without an estimate`);
  const schema = string(row[1]);
  const comments = details.comments.get(oid);
  return {
    oid,
    schema,
    name: string(row[2]),
    kind: oneOf(RELATION_KINDS, row[3]),
    columns: columnsFromRow(row, oid, details),
    definition: details.definitions.get(oid),
    uniqueKeys: details.keys.get(oid) ?? NONE,
    parents: details.parents.get(oid) ?? NONE,
    foreignKeys: details.foreignKeys.get(oid) ?? NONE,
    triggers: details.triggers.get(oid) ?? NONE,
    hasRules: details.withRules.has(oid),
    estimatedRows,
    rowType: number(row[4]),
    comment: comments?.get(0),
    isSystem: oid < FIRST_USER_OID && (schema === 'pg_catalog' || schema === 'information_schema'),
  };
}

function columnsFromRow(
  row: readonly unknown[],
  oid: number,
  { names, generated, comments }: RelationDetails,
): readonly CatalogColumn[] {
  if (row[7] === null && row[8] === null) return NO_COLUMNS;
  const columnNames = list(row[7]);
  const types = list(row[8]);
  if (columnNames.length !== types.length) throw new Error(`catalog: relation ${oid} has columns without types`);
  const ownGenerated = generated.get(oid);
  const ownComments = comments.get(oid);
  const columns: CatalogColumn[] = [];
  for (let i = 0; i < types.length; i++) {
    const type = number(types[i]);
    // Dropped.
    if (type === 0) continue;
    const name = string(columnNames[i]);
    let shared = names.get(name);
    if (shared === undefined) names.set(name, (shared = name));
    columns.push({
      attnum: i + 1,
      name: shared,
      type: Math.abs(type),
      notNull: type < 0,
      generated: ownGenerated?.get(i + 1),
      comment: ownComments?.get(i + 1),
    });
  }
  return columns;
}

function indexFromRow(row: readonly unknown[]): CatalogRelation {
  const oid = number(row[0]);
  const schema = string(row[1]);
  return {
    oid,
    schema,
    name: string(row[2]),
    kind: 'i' satisfies RelationKind,
    columns: NO_COLUMNS,
    definition: undefined,
    uniqueKeys: NONE,
    parents: NONE,
    foreignKeys: NONE,
    triggers: NONE,
    hasRules: false,
    estimatedRows: -1,
    rowType: 0,
    comment: undefined,
    isSystem: oid < FIRST_USER_OID && (schema === 'pg_catalog' || schema === 'information_schema'),
  };
}

/** A relation's row type, which has its name, and the array of it. */
function* rowTypes(relation: CatalogRelation, row: readonly unknown[]): Iterable<CatalogType> {
  const { schema, rowType: oid } = relation;
  const array = optional(row[5], number) ?? 0;
  const base = { schema, base: 0, labels: NONE };
  yield {
    ...base,
    oid,
    name: relation.name,
    kind: 'c',
    array,
    element: 0,
    relation: relation.oid,
    category: 'C',
  };
  if (array === 0) return;
  yield { ...base, oid: array, name: string(row[6]), kind: 'b', array: 0, element: oid, relation: 0, category: 'A' };
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
