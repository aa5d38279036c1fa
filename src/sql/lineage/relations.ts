/** Relations as FROM items: base tables with what inherits from them, views, CTEs, what the text made before. */
import type { CatalogColumn, CatalogRelation } from '../../catalog/catalog.ts';
import { child, strings, type Tree, text } from '../tree.ts';
import { type NamedValue, oneOf, type Row, type Value } from './flows.ts';
import type { ColumnRef } from './lineage.ts';
import { cteNamed, type Item, itemOf, type Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { temporarySchema } from './types.ts';

export type Found =
  | { readonly kind: 'relation'; readonly relation: CatalogRelation }
  | { readonly kind: 'columns'; readonly columns: readonly NamedValue[] | undefined }
  | { readonly kind: 'missing' };

/** What a RangeVar names. `scope` undefined: CTEs are not looked at, as for a target. */
export function findRelation(t: Tracer, rangeVar: Tree, scope: Scope | undefined): Found {
  const name = text(rangeVar, 'relname') ?? '';
  const schema = text(rangeVar, 'schemaname');
  if (schema === undefined && scope !== undefined) {
    const cte = cteNamed(scope, name);
    if (cte !== undefined) return { kind: 'columns', columns: cte.columns };
  }
  const made = t.made.get(name);
  if (
    made !== undefined &&
    (schema === undefined ||
      made.schema === undefined ||
      made.schema === schema ||
      (made.schema === 'pg_temp' && schema.startsWith('pg_temp')))
  ) {
    return { kind: 'columns', columns: made.columns };
  }
  const relation = lookUp(t, name, schema);
  return relation === undefined ? { kind: 'missing' } : { kind: 'relation', relation };
}

function lookUp(t: Tracer, name: string, schema: string | undefined): CatalogRelation | undefined {
  if (schema !== undefined) return t.catalog.relation(temporarySchema(t.world, schema), name);
  for (const place of t.world.searchPath) {
    const found = t.catalog.relation(place, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function displayName(rangeVar: Tree): string {
  const schema = text(rangeVar, 'schemaname');
  const name = text(rangeVar, 'relname') ?? '';
  return schema === undefined ? name : `${schema}.${name}`;
}

/** The item of a RangeVar in FROM. */
export function relationItem(t: Tracer, rangeVar: Tree, scope: Scope): Item {
  const alias = child(rangeVar, 'alias');
  const name = text(alias ?? {}, 'aliasname') ?? text(rangeVar, 'relname') ?? '';
  const found = findRelation(t, rangeVar, scope);
  if (found.kind === 'columns') {
    if (found.columns === undefined) {
      return openItem(t, name, `relation ${displayName(rangeVar)} is not known at this place`);
    }
    return aliased(itemOf(name, withRowsAnew(found.columns)), alias);
  }
  if (found.kind === 'missing') return openItem(t, name, `relation ${displayName(rangeVar)} is not in the catalog`);
  const { relation } = found;
  return aliased(
    itemOf(name, columnsOf(t, relation, rangeVar.inh !== true), {
      // An alias hides the schema too.
      schema: alias === undefined ? relation.schema : undefined,
      rowType: relation.rowType,
      isRelation: relation.kind !== 'v',
      relation: relation.oid,
    }),
    alias,
  );
}

/** What is named twice has two rows: those that its columns are in, each time anew. */
function withRowsAnew(columns: readonly NamedValue[]): readonly NamedValue[] {
  const rows = new Map<Row, Row>();
  const anew = (row: Row | undefined): Row | undefined => {
    if (row !== undefined && !rows.has(row)) rows.set(row, { ...row });
    return row && rows.get(row);
  };
  return columns.map(({ name, value }) => {
    const { asked, row } = value;
    return {
      name,
      value: {
        ...value,
        row: anew(row),
        ...(asked === undefined ? {} : { asked: { ...asked, row: anew(asked.row) } }),
      },
    };
  });
}

/** An item of whose columns nothing is known. */
export function openItem(t: Tracer, name: string | undefined, why: string): Item {
  t.findings.unknown.add(why);
  return itemOf(name, [], { rest: t.unknown(why) });
}

/** Renames columns as `AS t(a, b)` says. */
export function aliased(item: Item, alias: Tree | undefined): Item {
  if (alias === undefined) return item;
  const names = strings(alias, 'colnames');
  if (names.length === 0) return item;
  return { ...item, columns: renamed(item.columns, names) };
}

export function renamed(columns: readonly NamedValue[], names: readonly string[]): readonly NamedValue[] {
  return columns.map((column, i) => ({ name: names[i] ?? column.name, value: column.value }));
}

export function columnsOf(t: Tracer, relation: CatalogRelation, only = false): readonly NamedValue[] {
  if (relation.kind === 'v' && !isBaseView(t, relation)) return viewColumns(t, relation);
  t.findings.reads.add(relation.oid);
  const heirs = only ? [] : t.catalog.descendants(relation.oid);
  for (const heir of heirs) t.findings.reads.add(heir);
  const columns = storedColumns(t, relation, heirs);
  t.spendColumns(2 * columns.length);
  const made = relation.kind === 'm' ? t.view(relation) : undefined;
  const isWritten = [relation.oid, ...heirs].some((oid) => t.written.has(oid));
  const row = { relation: relation.oid };
  return columns.map(({ name, value }, i) => {
    const own = { ...(isWritten ? withWritten(t, value) : value), row };
    const defined = made?.[i]?.value.flow;
    if (defined === undefined) return { name, value: own };
    const flow = { ...oneOf([own.flow, defined]), shape: own.flow.shape };
    return { name, value: { ...own, flow: { ...flow, shape: storedShape(defined.shape.kind) } } };
  });
}

/** What a materialised view stores is a value of its own, but how it was made says what may be shown of it. */
function storedShape(kind: string): Value['flow']['shape'] {
  if (kind === 'copy') return { kind: 'copy' };
  return kind === 'text' ? { kind: 'text' } : { kind: 'derived' };
}

function viewColumns(t: Tracer, relation: CatalogRelation): readonly NamedValue[] {
  const defined = withRowsAnew(t.view(relation));
  return relation.columns.map((column, i) => {
    const { flow, row, asked } = defined[i]?.value ?? t.unknown(`view ${relation.schema}.${relation.name}`);
    const origin = { relation: relation.oid, attnum: column.attnum };
    const value = { flow, type: column.type, origin, given: undefined, row, ...(asked === undefined ? {} : { asked }) };
    return { name: column.name, value };
  });
}

const SERVER_VIEWS = /^(?:pg_stat_\w+|pg_buffercache|pg_qualstats\w*|pg_wait_sampling\w*|hypopg\w*)$/;
const NAME = String.raw`(?:\w+\.)?\w+`;
/** Columns of one function, and nothing else. */
const OF_ONE_FUNCTION = new RegExp(
  String.raw`^\s*SELECT ${NAME}(?: AS \w+)?(?:,\s+${NAME}(?: AS \w+)?)*\s+FROM (?:\w+\.)?(\w+)\([^()']*\)(?: \w+\([\w, ]*\))?;?\s*$`,
);

/**
 * Views that show what a function in C of an extension tells of the server are taken for what they are, as catalogs are.
 * Anybody may call a view so: what it shows besides is in its definition.
 */
export function isBaseView(t: Tracer, relation: CatalogRelation): boolean {
  if (relation.isSystem) return true;
  const name = SERVER_VIEWS.test(relation.name) ? OF_ONE_FUNCTION.exec(relation.definition ?? '')?.[1] : undefined;
  if (name === undefined) return false;
  const routines = [...t.catalog.schemas].flatMap((schema) => t.catalog.routines(schema, name));
  return (
    routines.length > 0 && routines.every(({ language, extension }) => language === 'c' && extension !== undefined)
  );
}

/** The same for each time that a table is named. */
function storedColumns(t: Tracer, relation: CatalogRelation, heirs: readonly number[]): readonly NamedValue[] {
  const key = [relation.oid, ...heirs].join(' ');
  let columns = t.stored.get(key);
  if (columns === undefined) {
    const heirRelations = heirs.flatMap((oid) => t.catalog.relationByOid(oid) ?? []);
    columns = relation.columns.map((column) => ({
      name: column.name,
      value: storedColumn(relation, column, heirRelations),
    }));
    t.stored.set(key, columns);
  }
  return columns;
}

/** With what earlier statements of the text put into it. */
function withWritten(t: Tracer, value: Value): Value {
  const written = value.flow.sources.flatMap((ref) => t.written.get(ref.relation)?.get(ref.attnum) ?? []);
  if (written.length === 0) return value;
  t.spend(1);
  return { ...value, flow: oneOf([value.flow, ...written]) };
}

export function baseColumn(
  t: Tracer,
  relation: CatalogRelation,
  column: CatalogColumn,
  heirs: readonly CatalogRelation[],
): Value {
  return withWritten(t, storedColumn(relation, column, heirs));
}

function storedColumn(relation: CatalogRelation, column: CatalogColumn, heirs: readonly CatalogRelation[]): Value {
  const sources: ColumnRef[] = [{ relation: relation.oid, attnum: column.attnum }];
  for (const heir of heirs) {
    const same = heir.columns.find(({ name }) => name === column.name);
    if (same !== undefined) sources.push({ relation: heir.oid, attnum: same.attnum });
  }
  return {
    flow: { sources, unknown: [], shape: { kind: 'copy' } },
    type: column.type,
    origin: { relation: relation.oid, attnum: column.attnum },
    given: undefined,
  };
}
