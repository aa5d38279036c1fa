/** What the catalog knows of a table's columns, as subjects of classification. Pure. */
import type { Catalog, CatalogColumn, CatalogRelation } from '../catalog/catalog.ts';
import type { ColumnSample, ColumnSubject } from './classes.ts';
import type { SampledColumn } from './sample-query.ts';

const PRINTED: ReadonlyMap<string, string> = new Map([
  ['bool', 'boolean'],
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['varchar', 'character varying'],
  ['bpchar', 'character'],
  ['char', '"char"'],
  ['varbit', 'bit varying'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
]);

/** As format_type prints it, without modifier; the schema stays off, as most classifiers want a bare name. */
export function typeName(catalog: Catalog, oid: number): string {
  const type = catalog.typeByOid(oid);
  if (type === undefined) return 'unknown';
  if (type.element !== 0 && type.name.startsWith('_')) return `${typeName(catalog, type.element)}[]`;
  if (type.schema !== 'pg_catalog') return `${type.schema}.${type.name}`;
  return PRINTED.get(type.name) ?? type.name;
}

/** Through domains, to what stands under them. */
function underlying(catalog: Catalog, oid: number): number {
  let type = catalog.typeByOid(oid);
  let under = oid;
  for (let depth = 0; depth < 32 && type?.kind === 'd'; depth++) {
    under = type.base;
    type = catalog.typeByOid(under);
  }
  return under;
}

const UNSAMPLED =
  /^(?:boolean|real|double precision|uuid|inet|cidr|macaddr8?|money|oid|xid8?|cid|tid|pg_lsn|interval|bit|bit varying|reg\w+|(?:timestamp|time) (?:without|with) time zone|(?:int4|int8|num|date|ts|tstz)(?:multi)?range|box|circle|line|lseg|path|polygon|vector|halfvec|tsquery)(?:\[\])?$/;

const SHORT = /^(?:smallint|integer|bigint)$/;

/** Undefined: its values say nothing that its type does not. */
export function sampledColumn(catalog: Catalog, column: CatalogColumn): SampledColumn | undefined {
  const under = underlying(catalog, column.type);
  const type = catalog.typeByOid(under);
  if (type?.kind === 'e' || type?.kind === 'r' || type?.kind === 'm') return undefined;
  const name = typeName(catalog, under);
  if (UNSAMPLED.test(name)) return undefined;
  return { column, as: name === 'bytea' ? 'bytea' : SHORT.test(name) ? 'short' : 'text' };
}

/** A column as the catalog knows it, without what all columns of its table have in common. */
export type DescribedColumn = Omit<
  ColumnSubject,
  'schema' | 'table' | 'tableComment' | 'siblings' | 'values' | 'distinct' | 'places'
>;

/** Plain data: what there is to know of a table but for its values. */
export interface DescribedTable {
  readonly schema: string;
  readonly table: string;
  readonly tableComment?: string;
  /** By attnum, in order. */
  readonly columns: readonly DescribedColumn[];
}

export function describeTable(catalog: Catalog, relation: CatalogRelation): DescribedTable {
  const keys = new Set(relation.uniqueKeys.filter((key) => key.length === 1).map(([attnum]) => attnum));
  const primary = relation.uniqueKeys[0];
  const columns = relation.columns.map((column): DescribedColumn => {
    const under = underlying(catalog, column.type);
    const type = catalog.typeByOid(under);
    const fields =
      type?.kind === 'c' ? catalog.relationByOid(type.relation)?.columns.map(({ name }) => name) : undefined;
    const references = referenced(catalog, relation, column.attnum);
    const { comment } = column;
    return {
      column: column.name,
      type: typeName(catalog, column.type),
      ...(type?.kind === 'e' ? { baseType: 'enum', labels: type.labels } : {}),
      ...(under === column.type || type?.kind === 'e' ? {} : { baseType: typeName(catalog, under) }),
      ...(fields === undefined ? {} : { fields }),
      ...(comment === undefined ? {} : { comment }),
      ...(references === undefined ? {} : { references: references.name }),
      ...(primary?.includes(column.attnum) === true && keys.has(column.attnum) ? { isKey: true } : {}),
    };
  });
  const { schema, name, comment } = relation;
  return { schema, table: name, ...(comment === undefined ? {} : { tableComment: comment }), columns };
}

/** `samples` by place of the column: none for one whose values were not asked for or that has none. */
export function subjectsOf(
  { columns, ...table }: DescribedTable,
  samples: ReadonlyMap<number, ColumnSample>,
): ColumnSubject[] {
  const names = columns.map(({ column }) => column);
  return columns.map((column, at) => {
    return { ...table, ...column, siblings: names.filter((name) => name !== column.column), ...samples.get(at) };
  });
}

/** The column that a foreign key of one points at. */
export function referenced(
  catalog: Catalog,
  relation: CatalogRelation,
  attnum: number,
): { readonly oid: number; readonly attnum: number; readonly name: string } | undefined {
  for (const { columns, references, referenced: keys } of relation.foreignKeys) {
    const at = columns.indexOf(attnum);
    const target = catalog.relationByOid(references);
    const key = target?.columns.find((column) => column.attnum === keys[at]);
    if (at === -1 || target === undefined || key === undefined) continue;
    return { oid: target.oid, attnum: key.attnum, name: `${target.schema}.${target.name}.${key.name}` };
  }
  return undefined;
}

/** Text or a document, or of a type that is none of PostgreSQL's own: whatever it holds could be read from it. */
export function isTextLike(catalog: Catalog, type: number): boolean {
  const found = catalog.typeByOid(underlying(catalog, type));
  if (found === undefined) return true;
  if (found.element !== 0 && found.name.startsWith('_')) return isTextLike(catalog, found.element);
  if (found.kind === 'e' || found.kind === 'r' || found.kind === 'm') return false;
  return found.category === 'S' || found.kind === 'c' || /^(?:jsonb?|xml|bytea|hstore|tsvector)$/.test(found.name);
}
