/**
 * What policy may know of a statement. Made in `sql/` from Postgres' own parse tree; plain data, so it
 * crosses a worker boundary; no parser node ever leaves `sql/`.
 */

/** A coarse class, the most dangerous one present anywhere in the statement (CTEs, EXPLAIN ANALYZE, DO, function bodies …). */
export type StatementClass =
  | 'read'
  | 'write'
  | 'ddl'
  | 'grant'
  | 'session'
  | 'transaction'
  | 'utility'
  | 'admin'
  | 'unknown';

export type ObjectKind =
  | 'relation' // table, view, matview, sequence, index, foreign table: resolved by to_regclass
  | 'function' // function, procedure, aggregate: resolved by to_regprocedure where the arguments are known
  | 'type' // type, domain: resolved by to_regtype
  | 'schema' // resolved by to_regnamespace
  | 'prepared_transaction' // resolved by pg_prepared_xacts; nobody's own
  | 'extension' // resolved by pg_extension; nobody's own
  | 'routine' // every function of that name: resolved if there is exactly one
  | 'other'; // role, database, publication, …: never owned by a principal

/** An object that a statement creates, changes or removes. */
export interface ObjectTarget {
  readonly action: 'create' | 'replace' | 'alter' | 'drop' | 'truncate' | 'maintain' | 'call';
  readonly kind: ObjectKind;
  /** What it is called in SQL, for messages: `table`, `materialized view`, `trigger`, … */
  readonly label: string;
  /**
   * The text that names it for the to_reg* function of `kind`, quoted as needed, e.g. `public."Users"`,
   * `lookup(integer)`; undefined when it cannot be named so, or its name means something only later, in a function's
   * body (then it can't be proved to be one's own).
   */
  readonly lookup: string | undefined;
  /** For messages. */
  readonly name: string;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  /** CASCADE: what depends on it goes, or is emptied, along with it. */
  readonly cascade?: true;
  /** An ALTER changes this object, and what inherits from it or has its type, and nothing else. Missing: it may. */
  readonly confined?: true;
  /** Bare name that it has afterwards. Missing: the same. */
  readonly becomes?: string;
  /** It is about all of its rows, which a view of one's own has from others. */
  readonly rows?: true;
  /** See `Finding.unless`. */
  readonly unless?: readonly ListingRelation[];
  /** Columns without which it is not the relation that is meant. Missing: none. */
  readonly columns?: readonly string[];
  /** See `Finding.ofOwn`. */
  readonly ofOwn?: string;
  /** The role that it is given to. Missing: it stays whose it is. */
  readonly givenTo?: string;
  /** A routine that the statement calls is about it: that routine, and what it calls the object. Missing: the text itself is. */
  readonly via?: { readonly routine: string; readonly name: string };
}

/** A relation that may list rows of another. */
export interface ListingRelation {
  /** As text for to_regclass. */
  readonly relation: string;
  /** Columns that it must have: else their names are those of the row that it is compared with. */
  readonly columns: readonly string[];
  /** On which columns it rests that it is compared with that relation. Missing: on none. */
  readonly grounds?: Grounds;
}

/** A column of a relation, as the text names that. `column`: '' for any of them, so all have to tell rows apart. */
export interface ToldColumn {
  readonly relation: string;
  readonly column: string;
}

/** Sets of columns: it holds if all those of one set tell rows apart (`grounds.ts`). */
export type Grounds = readonly (readonly ToldColumn[])[];

/** What is a danger after all where none of its grounds holds: the catalog knows (`shown-columns.ts`). */
export interface Resting {
  readonly grounds: Grounds;
  readonly finding?: Finding;
  /** A function that is called for few rows only on these grounds. */
  readonly repeats?: string;
}

/** What a view that is created shows. */
export interface ShownView {
  /** As written. */
  readonly name: string;
  /** On which columns of other relations it rests that they tell rows apart. */
  readonly columns: readonly { readonly name: string; readonly grounds: Grounds }[];
  /** Relations of which all other columns may be, as written; undefined: nobody knows. */
  readonly others: readonly string[] | undefined;
  /** It is what had the name of `others` before, a table if no view did. Missing: no. */
  readonly renamed?: true;
}

/** A danger that a rule can match on. `offset` counts UTF-8 bytes from the start of the text. */
export interface Finding {
  readonly kind: FindingKind;
  readonly offset: number | undefined;
  /** What it is about: a relation, a setting, a function; for the message. */
  readonly subject: string | undefined;
  /**
   * For DELETE, UPDATE and MERGE: the text that names the relation for to_regclass. Missing when the name cannot be
   * resolved before the statement runs (a function's body, a prepared statement), so never proved to be one's own.
   */
  readonly lookup?: string;
  /**
   * Whole relations that it is joined with by equality: if one of them is a table of the principal's own, it lists the
   * rows that are meant, and the finding is none.
   */
  readonly unless?: readonly ListingRelation[];
  /** It is one only if this relation, as text for to_regclass, is the principal's own: others' triggers are trusted. */
  readonly ofOwn?: string;
}

export type FindingKind =
  | 'delete_without_where' // also constant-true WHERE: true, 1=1, id=id, NOT false
  | 'update_without_where'
  | 'merge_all_rows' // MERGE with a WHEN MATCHED DELETE/UPDATE that no literal key bounds
  | 'truncate'
  | 'drop'
  | 'alter'
  | 'create'
  | 'copy_server_file' // COPY to or from a file
  | 'copy_program'
  | 'set_role'
  | 'set_session_authorization'
  | 'set_pinned' // a setting of PINNED_SETTINGS, by SET, RESET, set_config, ALTER ROLE/DATABASE SET, function SET clause
  | 'set_config_dynamic' // set_config whose first argument is no constant
  | 'set_transaction_mode' // READ WRITE by any spelling (matters for read-only principals)
  | 'alter_system'
  | 'extension'
  | 'grant' // GRANT, REVOKE, ALTER DEFAULT PRIVILEGES, REASSIGN OWNED, DROP OWNED
  | 'role' // CREATE, ALTER, DROP ROLE/USER/GROUP
  | 'database' // CREATE, ALTER, DROP DATABASE, TABLESPACE
  | 'server_object' // publication, subscription, foreign server, user mapping, event trigger, language, access method
  | 'security_definer'
  | 'dynamic_sql' // EXECUTE of a text that is not constant, in DO or a function body
  | 'procedural_code' // DO or a function body that could not be analysed
  | 'dangerous_function' // pg_terminate_backend, pg_reload_conf, pg_read_file, lo_export, dblink, query_to_xml …
  | 'rewrite_table' // VACUUM FULL, CLUSTER, REINDEX
  | 'lock_table'
  | 'prepared_transaction' // PREPARE TRANSACTION
  | 'load_library'
  | 'replication';

export interface PreparedName {
  readonly action: 'prepare' | 'execute' | 'deallocate';
  /** Undefined: all of them (DEALLOCATE ALL, DISCARD ALL). */
  readonly name: string | undefined;
}

/** One statement of a query string. */
export interface StatementFacts {
  /** The PostgreSQL command name, e.g. `SELECT`, `DELETE`, `DROP TABLE`; `UNKNOWN` when not recognised. */
  readonly command: string;
  readonly class: StatementClass;
  /** True if it, or anything nested in it, writes table data, or could. */
  readonly writes: boolean;
  readonly findings: readonly Finding[];
  readonly targets: readonly ObjectTarget[];
  /** Relations named anywhere in it, as written: `schema.name` or `name`; CTE names are left out. */
  readonly relations: readonly string[];
  /**
   * Functions called anywhere in it, as written. An attribute `t.f` or `(x).f`, which Postgres may take for a call
   * of the function `f`, is listed as `.f`.
   */
  readonly functions: readonly string[];
  /** Those of `functions` that are called for each of who knows how many rows. Missing: none. */
  readonly repeated?: readonly string[];
  /** Operators used, bare names (`=`, `||`), for the purity check. */
  readonly operators: readonly string[];
  /** Type names cast to, as written. */
  readonly types: readonly string[];
  /** Of CREATE FUNCTION and PROCEDURE: what the body alone does. */
  readonly routine?: StatementFacts;
  /** UPDATE, DELETE, MERGE or the like anywhere. Missing: no. */
  readonly changesRows?: boolean;
  /** It changes rows by more than one INSERT, UPDATE, DELETE or MERGE, so its command tag does not count them all. Missing: no. */
  readonly changesTwice?: true;
  /** Relations that these are about, as written. Missing: none. */
  readonly changed?: readonly string[];
  /** Relations whose rows it inserts, changes or removes by a command, as written; functions that it calls may do more. Missing: none. */
  readonly written?: readonly string[];
  /** Functions that it calls write or lock, by their bodies (`routines.ts`). Missing: no, as far as is known. */
  readonly callsWrite?: true;
  /** What it is no danger for on certain grounds only. Missing: nothing. */
  readonly rests?: readonly Resting[];
  /** Views that it creates, or renames, or whose columns it renames. Missing: none. */
  readonly shows?: readonly ShownView[];
  /** It inserts or changes who knows how many rows: triggers fire for each. Missing: no. */
  readonly manyRows?: true;
  /** Text that is put together reads relations whose names are given. Missing: no. */
  readonly anyRelation?: true;
  /** Row locks (FOR UPDATE …) or LOCK TABLE anywhere. */
  readonly locks: boolean;
  /** Commands that stand inside it, other than its own (CTEs, DO, function bodies, EXPLAIN ANALYZE …). Missing: none. */
  readonly nested?: readonly string[];
  /** Settings that it gives a value, lower case, whichever way it is spelt. Missing: none. */
  readonly settings?: readonly string[];
  /** Names of prepared statements that it makes, runs or forgets, in SQL; the protocol's Parse shares them. Missing: none. */
  readonly prepared?: readonly PreparedName[];
  /** Byte range in the text; `length` 0: to the end of the text, as Postgres' own `stmt_len`. */
  readonly offset: number;
  readonly length: number;
}

/** A column that a constant meets, by the names that the text uses. */
export interface ColumnMet {
  /** As written, where the text says it; missing: any relation of the text. */
  readonly relation?: string;
  /** '' where there is only a position. */
  readonly column: string;
  /** Of INSERT without names: which column of the relation, from 0. */
  readonly position?: number;
}

/**
 * `nothing`: no column at all; `anything`: some column of the relations that the text names, or none; `hidden`: who knows
 * what: a routine, a setting, a body.
 */
export type ConstantPlace = 'nothing' | 'anything' | 'hidden' | readonly ColumnMet[];

/** The literals of rows of constants (`shortened.ts`). */
export interface FoldedLiterals {
  /** How many of `literals` stand before them. */
  readonly before: number;
  /** Of each, in order: in which cell of its row it stands. */
  readonly cells: Uint16Array;
  /** By cell. */
  readonly places: readonly ConstantPlace[];
}

/** Where the constants of a text go (`constant-places.ts`). */
export interface ConstantPlaces {
  /** Of each literal that the parser saw, in order; `body`: a body in SQL or PL/pgSQL, in dollar quotes. */
  readonly literals: readonly (ConstantPlace | 'body')[];
  /** Of those between them that it did not see; `ofLiterals` gives all. */
  readonly folded: readonly FoldedLiterals[];
  /** Of $1 and on. */
  readonly parameters: readonly ConstantPlace[];
  /** Columns that are named anywhere. */
  readonly columns: readonly ColumnMet[];
  /** All columns of a relation are read or written without being named. */
  readonly star: boolean;
}

/** What literals and comments show by themselves, whatever their place. */
export interface TextSigns {
  /** Which they are, by their index in the tokens, in order; all others show nothing. */
  readonly tokens: Uint32Array;
  /** Of each of them: classes, in the order in which they are found in it. */
  readonly classes: readonly (readonly string[])[];
}

/** The literals and comments of a text: `starts`, `ends` and `kinds` hold `count` places, in UTF-16 units. */
export interface LiteralPlaces {
  readonly count: number;
  /** Those that are no comments. */
  readonly literals: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly kinds: Uint8Array;
}

/** What is known of a long text beside what it does. */
export interface ScannedText {
  readonly fingerprint: string;
  readonly tokens: LiteralPlaces;
  readonly signs: TextSigns;
}

/** The analysis of one query string: immutable, cached, shared by sessions. */
export interface Analysis {
  /** Empty for an empty query string. */
  readonly statements: readonly StatementFacts[];
  /** Set when Postgres' grammar of the upstream's major rejects the text, or it could not be analysed at all. */
  readonly error: AnalysisError | undefined;
  /** What the record stores: the text with known secrets (PASSWORD '…') replaced. */
  readonly recordedSql: string;
  /** Highest class of all statements. */
  readonly class: StatementClass;
  /** Missing: nothing is known of where its constants go. */
  readonly places?: ConstantPlaces | undefined;
  /** Of `recordedSql`; missing: it is looked through when it is recorded. */
  readonly scanned?: ScannedText | undefined;
}

export interface AnalysisError {
  /** `syntax`: an ordinary 42601, told to the client as Postgres would. Others: refused by rule. */
  readonly kind: 'syntax' | 'too_large' | 'too_complex' | 'too_deep' | 'timeout' | 'internal' | 'invalid_encoding';
  readonly message: string;
  readonly sqlstate: string;
  /** 1-based, counted in characters, as ErrorResponse `P` wants it. */
  readonly cursorPosition: number | undefined;
}

/** Settings a session may not change: the same bytes would mean another statement, or another person would act. */
export const PINNED_SETTINGS: ReadonlySet<string> = new Set([
  'standard_conforming_strings',
  'client_encoding',
  'backslash_quote',
  'escape_string_warning',
  'role',
  'session_authorization',
  'is_superuser',
  'session_replication_role',
  'plpgsql.variable_conflict',
]);
