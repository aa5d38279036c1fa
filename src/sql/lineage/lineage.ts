/**
 * Where the values of an answer come from. Made in `sql/lineage/` from Postgres' own parse tree and a catalog; plain
 * data that crosses threads; no parser node. What could not be traced is `unknown`, and its reader must take it for
 * everything in reach.
 */

/** As `path` of a system column: not what is stored, which may be a parse tree, but the text that a function prints of it. */
export const PRINTED = 'printed';

/** The step into an array, in a path. */
export const ELEMENT = '[]';

/** A column of a base relation (table, foreign table, materialised view, system catalog): never of a view. */
export interface ColumnRef {
  readonly relation: number;
  readonly attnum: number;
  /** Fields of a composite and keys of a json value that were picked by constants, outermost first. Missing: all of it. */
  readonly path?: readonly string[];
}

/**
 * How a value is made of its sources.
 * `copy`: it is the value of one of them, unchanged. `array`, `row`, `json`: a container whose parts are known.
 * `text`: a source's text may stand in it as it is, among other text; `document`: it is all of a json value of that, as
 * text. `derived`: anything else.
 */
export type Shape =
  | { readonly kind: 'copy' }
  | { readonly kind: 'array'; readonly element: Flow }
  | { readonly kind: 'row'; readonly fields: readonly { readonly name: string; readonly flow: Flow }[] }
  | { readonly kind: 'json'; readonly value: Flow }
  | { readonly kind: 'text'; readonly document?: Flow }
  | { readonly kind: 'derived' };

export interface Flow {
  /** Every base column whose data is in the value, at any remove; without doubles. Empty: constants and counts only. */
  readonly sources: readonly ColumnRef[];
  /** Why it could not be traced. Not empty: it may hold any column of any relation. */
  readonly unknown: readonly string[];
  readonly shape: Shape;
  /**
   * At most so many of its values are the text's own (literals, or what it makes up). Missing: none, or where there are
   * no sources, without end. See `ELEMENTS` and `BYTES`.
   */
  readonly own?: number;
  /** Of what is computed: NULL, or an empty text, only where one of its sources is. Missing: that depends on their values. */
  readonly keepsBlank?: true;
  /** One of several values, by their order: the least, the last. What it is equal to tells that order. */
  readonly picked?: true;
  /** How many times as long as its sources it may be. Missing: no longer than they are. */
  readonly growth?: number;
}

/** Of what is no column's value: nothing to speak of. */
export function growthOf(flow: Flow | undefined): number {
  return flow === undefined ? 0 : (flow.growth ?? (flow.sources.length + flow.unknown.length === 0 ? 0 : 1));
}

/** Is it NULL, or an empty text, only where a column is? */
export function isBlankAsStored({ shape, sources, unknown, keepsBlank }: Flow): boolean {
  if (unknown.length > 0) return false;
  switch (shape.kind) {
    case 'text':
    case 'derived':
      return sources.length === 0 || keepsBlank === true;
    case 'json':
      return isBlankAsStored(shape.value);
    default:
      return true;
  }
}

/** As `own`: elements of arrays that stand in the text or its parameters. */
export const ELEMENTS = 1e12;
/** As `own`: as many as the bytes of the text and its parameters may hold. */
export const BYTES = 1e15;

/** Values of columns, and values of the text's own: who sees them in order learns of the former. */
export function isMixed(flow: Flow): boolean {
  return flow.sources.length > 0 && ownOf(flow) > 0;
}

/** How many values of the text's own may be among a flow's. */
export function ownOf({ own, sources, unknown }: Flow): number {
  return own ?? (sources.length + unknown.length === 0 ? Number.POSITIVE_INFINITY : 0);
}

export interface OutputColumn extends Flow {
  /** Without data of columns, and not the same for every row: it may tell which row it is. */
  readonly label?: true;
  /** As RowDescription will name it. */
  readonly name: string;
  /** OID where it is known for sure. */
  readonly type: number | undefined;
  /** What RowDescription says for a plain column of a relation, which may be a view; undefined: 0 and 0. */
  readonly origin: { readonly relation: number; readonly attnum: number } | undefined;
}

/**
 * What a base column steers without being in the answer.
 * `lookup`: equality or IN with constants and parameters. `join`: equality with another column. `null_test`: IS NULL.
 * `group`: GROUP BY, DISTINCT, UNION and the like. `count`: count and count(DISTINCT). `order`: ORDER BY, window order.
 * `predicate`: any other condition, or anything that is computed from it in one. `fallible`: computed on by what can
 * fail for some values and not for others (a cast of text to a number, a division), wherever that is. `sink`: given to
 * a function with an effect of its own (set_config, pg_notify, lo_put, nextval, an opaque routine's argument).
 */
export type Use = 'lookup' | 'join' | 'null_test' | 'group' | 'count' | 'order' | 'predicate' | 'fallible' | 'sink';

export interface ColumnUse {
  readonly source: ColumnRef;
  readonly use: Use;
  /** The operator or function at fault, for the message. */
  readonly subject: string | undefined;
  /** Byte offset in the text. */
  readonly offset: number | undefined;
  /**
   * Of a join: the columns that it is compared with; missing or empty: it is compared with something else. Of a lookup
   * that joins: all that stand in the text. Of what is fallible: it is added to, or multiplied by, these columns and
   * nothing else. Of an order, and of groups: the columns that it is put in order with, itself too.
   */
  readonly against?: readonly ColumnRef[];
  /** How many values of the text's own it meets by this. Missing: of a lookup one, else none. */
  readonly own?: number;
  /** Of a lookup: only the digits of the value are compared. */
  readonly digits?: true;
  /** Of a lookup: it stands in one text with other columns of its row, which `against` names too. */
  readonly joins?: true;
  /** Of groups: they come in order, always. */
  readonly sorted?: true;
  /** Of an order: something goes by it within the statement (a rank, a LIMIT of a subquery), not the answer's rows alone. */
  readonly inner?: true;
  /** Of what is fallible: it fails for what is longer than a given length, and for nothing else. */
  readonly ofLength?: true;
  /** The view in whose definition this stands: the same for every reader, whatever the text says. */
  readonly inside?: string;
}

/** What flows into a column that is stored. */
export interface WriteFlow {
  readonly target:
    | { readonly kind: 'column'; readonly relation: number; readonly attnum: number }
    /** A relation or routine that the statement makes. `lookup`: its name for to_regclass. */
    | {
        readonly kind: 'new';
        readonly lookup: string;
        /** Undefined: all of them, as nobody knows what they are called; `ordinal` is 0 then. */
        readonly column: string | undefined;
        readonly ordinal: number;
        readonly temporary: boolean;
      };
  readonly flow: Flow;
  /** The column's own number, more or less a given one. */
  readonly sums?: boolean;
  /** The column is computed from others of its row, always in the same way. */
  readonly generated?: boolean;
  /** Of what a statement makes: the values are kept, not computed when they are asked for. */
  readonly stored?: boolean;
  readonly offset: number | undefined;
}

/** What comes to be stored in a column, whatever it is made of. */
export interface Given {
  /** `attnum` or `ordinal` 0: any of its columns. */
  readonly target:
    | { readonly kind: 'column'; readonly relation: number; readonly attnum: number }
    | { readonly kind: 'new'; readonly lookup: string; readonly ordinal: number };
  readonly flow: Flow;
  /** The command's tag says how many rows. */
  readonly isTop: boolean;
  /** It is left to the column's default. */
  readonly byDefault?: boolean;
  /** Routines in whose bodies this stands: `schema.name`, or `DO`. */
  readonly within: readonly string[];
}

/** A result set that another statement described: its columns are that one's. */
export interface ResultOf {
  readonly kind: 'cursor' | 'prepared';
  readonly name: string;
}

/** How COPY … TO STDOUT writes rows. */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter: string;
  /** What NULL is written as. */
  readonly nullText: string;
  readonly quote: string;
  readonly escape: string;
  /** Its first line is none of data. */
  readonly header: boolean;
}

export interface OpaqueRoutine {
  /** `schema.name`, or `DO`. */
  readonly routine: string;
  /** Base columns that its body reads. */
  readonly reads: readonly ColumnRef[];
  /** It is fired by a trigger of a table that is written; NEW and OLD are that table's columns. */
  readonly trigger?: boolean;
  /** That table. */
  readonly on?: number;
  /** Not everything that its body reads could be told. Missing for what is called: `unknown` of the statement says it. */
  readonly blind?: boolean;
}

/**
 * A collation under which texts that differ are equal; statistics of an expression, which may fail; rows in another order;
 * a type that what the same text made or changed may not fit in.
 */
export type Oracle = 'collation' | 'statistics' | 'cluster' | 'type';

export interface StatementLineage {
  /** Undefined: it returns no rows, or `resultOf` says whose they are. */
  readonly columns: readonly OutputColumn[] | undefined;
  readonly resultOf: ResultOf | undefined;
  /** DECLARE and PREPARE: whose columns `columns` are; none are returned now. */
  readonly defines: ResultOf | undefined;
  /** CREATE TABLE AS EXECUTE: whose rows the table gets. */
  readonly keeps?: ResultOf;
  readonly uses: readonly ColumnUse[];
  readonly writes: readonly WriteFlow[];
  /** EXPLAIN: its own text stands in its answer. */
  readonly explains?: boolean;
  /** EXPLAIN: columns of which something is computed; `unknown` where that is not known. */
  readonly computes?: readonly ColumnRef[] | 'unknown';
  /** What it makes would tell of columns that are masked now or later. */
  readonly oracle?: Oracle;
  /** COPY … TO STDOUT: how; missing: it is none, or its options are not understood. */
  readonly copyOut?: CopyFormat | undefined;
  /** Base relations read, through views and routines too. */
  readonly reads: readonly number[];
  /** Relations whose rows it inserts, updates, deletes or merges, in CTEs too. */
  readonly modifies?: readonly number[];
  /** Columns that INSERT, UPDATE and MERGE give a value, be it a constant; `writes` has those that data flows into. */
  readonly assigns?: readonly ColumnRef[];
  /** Those of `modifies` that routines of triggers change, or that have other columns than is known: any may be written. */
  readonly firedOn?: readonly number[];
  /** What it puts into which columns. */
  readonly gives?: readonly Given[];
  /** Relations that triggers, foreign keys or (0: any) rules write to. */
  readonly fires?: readonly number[];
  /** Of the whole statement: a relation that is not there, a routine that cannot be read. Not empty: anything may be read. */
  readonly unknown: readonly string[];
  /** `unknown` says no more than that a statement before it in its text may change what names mean. Missing: no. */
  readonly outdated?: true;
  /** Routines called whose bodies are not SQL, with the base columns that those bodies read. */
  readonly opaque: readonly OpaqueRoutine[];
}

/** The lineage of a text, statement by statement. */
export interface Lineage {
  readonly statements: readonly StatementLineage[];
  /** A literal's value decided something (a json key): it holds for this very text, not for others of its shape. */
  readonly readsLiterals: boolean;
}
