/** What names mean at a place in a query: FROM items, CTEs and parameters, level by level, as PostgreSQL looks them up. */
import { type NamedValue, NO_DATA, rowOf, type Value, valueFrom } from './flows.ts';
import type { Tracer } from './tracer.ts';
import { OID } from './types.ts';

/** A FROM item, or a join of some. */
export interface Item {
  /** Alias or relation name; undefined: it cannot be referred to. */
  readonly name: string | undefined;
  readonly schema: string | undefined;
  readonly columns: readonly NamedValue[];
  /** Bare names find its columns, and `*` expands to them. */
  readonly columnsVisible: boolean;
  readonly nameVisible: boolean;
  /** Its columns are not all known: what any other name gives. */
  readonly rest: Value | undefined;
  /** OID of its rows' type. */
  readonly rowType: number | undefined;
  /** Has ctid, tableoid and the like. */
  readonly isRelation: boolean;
  readonly relation: number | undefined;
  /** Its row is put together of columns, so that fields of it have no origin: of `JOIN … USING (…) AS`. */
  readonly isBuiltRow: boolean;
  /** A function that gives one value: its name stands for that, not for a row. */
  readonly isScalar: boolean;
}

export interface Parameters {
  /** Name of the routine, which may qualify them. */
  readonly routine: string;
  readonly byNumber: readonly Value[];
  readonly byName: ReadonlyMap<string, Value>;
}

export interface Scope {
  readonly outer: Scope | undefined;
  readonly items: readonly Item[];
  readonly ctes: ReadonlyMap<string, readonly NamedValue[] | undefined>;
  readonly parameters: Parameters | undefined;
}

export const NO_CTES: ReadonlyMap<string, readonly NamedValue[] | undefined> = new Map();
export const EMPTY_SCOPE: Scope = { outer: undefined, items: [], ctes: NO_CTES, parameters: undefined };

export function scopeOf(items: readonly Item[], outer: Scope | undefined): Scope {
  return { outer, items, ctes: NO_CTES, parameters: undefined };
}

export function itemOf(name: string | undefined, columns: readonly NamedValue[], more: Partial<Item> = {}): Item {
  return {
    name,
    schema: undefined,
    columns,
    columnsVisible: true,
    nameVisible: true,
    rest: undefined,
    rowType: undefined,
    isRelation: false,
    relation: undefined,
    isBuiltRow: false,
    isScalar: false,
    ...more,
  };
}

const SYSTEM_COLUMNS = new Map([
  ['ctid', -1],
  ['xmin', -2],
  ['cmin', -3],
  ['xmax', -4],
  ['cmax', -5],
  ['tableoid', -6],
]);

/** To look for a name in an item costs as much as so many columns. */
const ITEM_COLUMNS = 16;
/** Of more columns it is kept where a name stands. */
const FEW = 8;
const NONE: readonly Value[] = [];

function valuesNamed(t: Tracer, columns: readonly NamedValue[], name: string): readonly Value[] {
  if (columns.length <= FEW) return columns.filter((column) => column.name === name).map(({ value }) => value);
  let places = t.places.get(columns);
  if (places === undefined) {
    const found = new Map<string, Value[]>();
    for (const column of columns) {
      const same = found.get(column.name);
      if (same === undefined) found.set(column.name, [column.value]);
      else same.push(column.value);
    }
    t.places.set(columns, (places = found));
  }
  return places.get(name) ?? NONE;
}

function columnsNamed(t: Tracer, item: Item, name: string): readonly Value[] {
  const found = valuesNamed(t, item.columns, name);
  const attnum = SYSTEM_COLUMNS.get(name);
  if (found.length === 0 && item.isRelation && attnum !== undefined) {
    const origin = item.relation === undefined ? undefined : { relation: item.relation, attnum };
    return [{ ...valueFrom(NO_DATA, name === 'tableoid' ? OID : undefined), origin }];
  }
  return found;
}

/** A column of one item; undefined: it has none of this name. */
export function columnIn(item: Item, name: string, t: Tracer): Value | undefined {
  const found = columnsNamed(t, item, name);
  if (found.length > 1) return t.unknown(`column "${name}" is ambiguous`, ...found.map(({ flow }) => flow));
  return found[0] ?? item.rest;
}

/** A bare name as a column of any level; the innermost wins. */
export function bareColumn(scope: Scope | undefined, name: string, t: Tracer): Value | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    const found: Value[] = [];
    let open: Item | undefined;
    for (const item of level.items) {
      if (!item.columnsVisible) continue;
      for (const value of columnsNamed(t, item, name)) found.push(value);
      if (item.rest !== undefined) open ??= item;
    }
    t.spendColumns(level.items.length * ITEM_COLUMNS);
    if (found.length > 1) {
      t.spend(found.length);
      // Merged by the caller where both stand for one: `ctid` of a join is an error, and so is any other.
      return t.unknown(`column "${name}" is ambiguous`, ...found.map(({ flow }) => flow));
    }
    if (found[0] !== undefined) return found[0];
    if (open?.rest !== undefined) return open.rest;
  }
  return undefined;
}

export function itemNamed(scope: Scope | undefined, name: string, schema: string | undefined): Item | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    const found = level.items.find(
      (item) => item.nameVisible && item.name === name && (schema === undefined || item.schema === schema),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The whole row of an item. */
export function wholeRow(item: Item): Value {
  const [only] = item.columns;
  if (item.isScalar && only !== undefined) return only.value;
  const row = rowOf(item.columns.map(({ name, value }) => ({ name, flow: value.flow })));
  const { rest } = item;
  const origin = item.relation === undefined ? undefined : { relation: item.relation, attnum: 0 };
  if (rest === undefined) {
    const fields = item.isBuiltRow
      ? item.columns.map(({ name, value }) => ({ name, value: { ...value, origin: undefined } }))
      : item.columns;
    return { ...valueFrom(row, item.rowType), origin, fields };
  }
  return valueFrom(
    {
      sources: [...row.sources, ...rest.flow.sources],
      unknown: [...row.unknown, ...rest.flow.unknown],
      shape: { kind: 'derived' },
    },
    item.rowType,
  );
}

/** The columns of a CTE; `known`: such a CTE is in sight, even where its columns are not known. */
export function cteNamed(
  scope: Scope | undefined,
  name: string,
): { readonly columns: readonly NamedValue[] | undefined } | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    if (level.ctes.has(name)) return { columns: level.ctes.get(name) };
  }
  return undefined;
}

export function parametersOf(scope: Scope | undefined): Parameters | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    if (level.parameters !== undefined) return level.parameters;
  }
  return undefined;
}
