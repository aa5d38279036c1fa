/** What makes a plan is told of columns and relations by whoever knows the catalog and the classes. */
import type { Classification } from '../classify/classes.ts';
import type { ColumnRef } from '../sql/lineage/lineage.ts';
import type { MaskingRights } from './clearance.ts';

export interface ColumnKnowledge {
  /** Undefined: not classified, which counts as sensitive. */
  classOf(relation: number, attnum: number): Classification | undefined;
  /** Undefined: no system column. */
  systemAction(column: ColumnRef): 'pass' | 'scan' | 'redact' | undefined;
  /** Names of the fields of a column of a composite type; undefined: it is none. */
  fieldsOf(column: ColumnRef): readonly string[] | undefined;
  /** Is it a text, or an array of such, that documents may be kept in? */
  isText(column: ColumnRef): boolean;
  /** Attnums of a relation's columns. */
  columnsOf(relation: number): readonly number[];
  /** `schema.table.column`, for messages. */
  nameOf(column: ColumnRef): string;
  /** Does the relation have a column that is masked under these rights? */
  masksIn(relation: number, rights: MaskingRights): boolean;
  /** Was a routine or view of this name (`schema.name`, `DO`) made by somebody who came through dbgate? */
  isMadeHere(routine: string): boolean;
  /** Was it made by somebody who came through dbgate? */
  isTableMadeHere(relation: number): boolean;
  /** Did this principal (`principalKey`) make it through dbgate? A table that nobody else can see yet counts as its own. */
  isMadeBy(relation: number, principal: string): boolean;
  /** Does a table that somebody made through dbgate decide by this column what becomes of a row? */
  decidesBy(column: ColumnRef): boolean;
  /** The routine, made through dbgate, that decides about rows of this relation when they are written, or read. */
  guardOf(relation: number, when: 'written' | 'read'): string | undefined;
  /** May what is written into it go on into other tables, by triggers or rules, though it holds copies of what is masked? */
  isLaundry(relation: number): boolean;
  /** Made through dbgate, and nothing but what clients gave has come into it. */
  holdsOnlyGiven(column: ColumnRef): boolean;
  /** Is a value that is put there looked for among others, by a unique or foreign key? */
  isKey(column: ColumnRef): boolean;
  /** Columns that a foreign key of it refers to. */
  referredBy(column: ColumnRef): readonly ColumnRef[];
  hasTriggers(relation: number): boolean;
  /** `made`: by a statement that was planned here; `unknown`: through dbgate, but not so; `before`: by others. */
  origin(relation: number): 'made' | 'unknown' | 'before';
}
