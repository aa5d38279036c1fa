/**
 * What a database's pg_catalog says, as sessions share it: relations, columns, types, routines. Plain data, made of
 * one snapshot query (`catalog-query.ts`), pure, and the same in every thread. Numbers are PostgreSQL's OIDs and attnums.
 */

export interface CatalogColumn {
  /** 1 for the first; system columns are not listed. */
  readonly attnum: number;
  readonly name: string;
  readonly type: number;
  /** pg_attribute.atttypmod of a table of users: the length or precision it was given; missing: none is known. */
  readonly modifier?: number | undefined;
  readonly notNull: boolean;
  /** SQL of a stored or virtual generated column; undefined: it is none. */
  readonly generated: string | undefined;
  /** SQL of a default that calls a routine, operator or type which is not PostgreSQL's own; empty: hidden by a lock. */
  readonly default?: string | undefined;
  readonly comment: string | undefined;
}

/** pg_class.relkind: table, partitioned table, view, materialised view, foreign table, sequence, composite type, index. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'c' | 'i';

export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** By attnum, dropped ones left out. */
  readonly columns: readonly CatalogColumn[];
  /** `SELECT …` of a view or materialised view as pg_get_viewdef prints it, every name qualified; else undefined. */
  readonly definition: string | undefined;
  /** Attnums of each unique key without a predicate or expression, the primary key first. */
  readonly uniqueKeys: readonly (readonly number[])[];
  /** Direct parents by inheritance or partitioning. */
  readonly parents: readonly number[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly triggers: readonly CatalogTrigger[];
  /** What decides by a row's values what becomes of it; missing: nothing but unique keys of plain columns. */
  readonly guards?: RowGuards;
  /** It has rules other than a view's own: what a statement on it does is not what it says. */
  readonly hasRules: boolean;
  /** pg_class.reltuples; -1: never analysed. */
  readonly estimatedRows: number;
  /** OID of its row type. */
  readonly rowType: number;
  readonly comment: string | undefined;
  /** pg_catalog, information_schema, pg_toast. */
  readonly isSystem: boolean;
}

export interface ForeignKey {
  readonly columns: readonly number[];
  readonly references: number;
  readonly referenced: readonly number[];
  /** pg_constraint.confdeltype and confupdtype: a, r, c (cascade), n, d. */
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** Partition keys, CHECK and exclusion constraints, expressions and predicates of indexes, policies, checked domains. */
export interface RowGuards {
  /** Attnums that they look at; 0: any. */
  readonly columns: readonly number[];
  /** OIDs of routines that they call, also by operators, which are not PostgreSQL's own. */
  readonly routines: readonly number[];
  /** Those of policies, which are called when rows are read too. */
  readonly readRoutines: readonly number[];
  /** Attnums of which rows exclude each other by more than equality: overlaps, distances, expressions. */
  readonly excluding: readonly number[];
}

export interface CatalogTrigger {
  readonly name: string;
  /** OID of its function. */
  readonly routine: number;
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[];
  /** Of PostgreSQL's own that fill a column: its name and those of others. */
  readonly args?: readonly string[];
}

export interface CatalogType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_type.typtype: base, composite, domain, enum, range, multirange, pseudo. */
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'r' | 'm' | 'p';
  /** The array over it (pg_type.typarray); 0: none, as for an array itself. */
  readonly array: number;
  /** Of an array: its elements' type, else 0. */
  readonly element: number;
  /** Of a domain: what it is over; of a range or multirange: its subtype or range; else 0. */
  readonly base: number;
  /** Of a composite: its relation, whose columns are its fields; else 0. */
  readonly relation: number;
  readonly labels: readonly string[];
  /** pg_type.typcategory */
  readonly category: string;
  /** Of a domain with CHECK: the routines that these call which are not PostgreSQL's own. Missing: it checks nothing. */
  readonly checks?: readonly number[];
}

export interface CatalogRoutine {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** function, procedure, aggregate, window. */
  readonly kind: 'f' | 'p' | 'a' | 'w';
  readonly language: string;
  readonly volatility: 'i' | 's' | 'v';
  readonly securityDefiner: boolean;
  readonly returns: number;
  readonly returnsSet: boolean;
  /** Of the input arguments, in order. */
  readonly argumentTypes: readonly number[];
  /** Names of input arguments ('' where none), for bodies in SQL. */
  readonly argumentNames: readonly string[];
  /** Input arguments that have a default. */
  readonly defaults: number;
  readonly variadic: boolean;
  /** OUT, INOUT and TABLE columns. */
  readonly outputs: readonly { readonly name: string; readonly type: number }[];
  /** CREATE FUNCTION as pg_get_functiondef prints it; undefined for aggregates, and what stands in pg_catalog. */
  readonly definition: string | undefined;
  /** SET clauses that change what its body's names mean. */
  readonly setsSearchPath: readonly string[] | undefined;
  readonly extension: string | undefined;
}

/** A user-defined operator, or a cast that calls a function: what stands behind it. */
export interface CatalogOperator {
  readonly schema: string;
  readonly name: string;
  readonly routine: number;
  /** The routine's name, which alone tells of one in pg_catalog what it is. */
  readonly routineName: string;
  /** OIDs of types; a prefix operator has one. */
  readonly operands: readonly number[];
}
export interface CatalogCast {
  readonly source: number;
  readonly target: number;
  /** 0: binary coercible or by I/O. */
  readonly routine: number;
}

/** Of a function name in pg_catalog: the worst of its overloads. */
export interface Builtin {
  readonly volatility: 'i' | 's' | 'v';
  readonly isAggregate: boolean;
  readonly returnsSet: boolean;
  /** Types that its overloads return. */
  readonly returns: readonly number[];
}

export interface Catalog {
  /** Distinguishes snapshots of one database. */
  readonly version: number;
  /** Its name: `db.schema.table` is allowed where it is this one. */
  readonly database: string;
  /**
   * The effective search_path under which definitions of views, generated columns and BEGIN ATOMIC bodies were printed:
   * names in them stand unqualified exactly where this path finds them. Bodies given as strings mean what their caller's
   * path or `setsSearchPath` says.
   */
  readonly definitionPath: readonly string[];
  /**
   * Relations and routines whose text could not be read, since somebody holds a lock on what it names: `definition` is
   * undefined, `generated` empty. What they are made of is unknown.
   */
  readonly unreadable: ReadonlySet<number>;
  relation(schema: string, name: string): CatalogRelation | undefined;
  relationByOid(oid: number): CatalogRelation | undefined;
  /** Everything that inherits from it or is its partition, at any remove, itself not included. */
  descendants(oid: number): readonly number[];
  type(schema: string, name: string): CatalogType | undefined;
  typeByOid(oid: number): CatalogType | undefined;
  /** All overloads; empty: no such routine, or one of pg_catalog (see `builtin`). */
  routines(schema: string, name: string): readonly CatalogRoutine[];
  routineByOid(oid: number): CatalogRoutine | undefined;
  builtin(name: string): Builtin | undefined;
  /** Operators that are not in pg_catalog, by bare name. */
  operators(name: string): readonly CatalogOperator[];
  /** Casts that are not PostgreSQL's own. */
  readonly casts: readonly CatalogCast[];
  readonly schemas: ReadonlySet<string>;
  readonly allRelations: Iterable<CatalogRelation>;
}

/** What names mean: `current_schemas(true)` of the session at hand, the temporary schema and pg_catalog included. */
export interface World {
  readonly catalog: Catalog;
  readonly searchPath: readonly string[];
}
