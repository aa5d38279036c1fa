/**
 * What only a catalog or the planner can tell of a statement: which columns it comes to, what its change carries along,
 * how many rows it is about. Asked for where a rule depends on it, and for no other statement. Plain data.
 */
import type { ColumnClass } from '../classify/classes.ts';

export type { ForesightNeed } from './decision.ts';

export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** A column of a table that is read, steers what is read, or is written. */
export interface TouchedColumn extends ColumnName {
  /** The same column by the tables that it inherits from, or that inherit it. */
  readonly alsoNamed?: readonly ColumnName[];
  /** Undefined: nobody has looked at it. Empty: of no class. */
  readonly classes: readonly ColumnClass[] | undefined;
}

/** Of one statement. */
export interface Foresight {
  readonly columns: readonly TouchedColumn[];
  /** There may be others. */
  readonly isBlind: boolean;
  /** `schema.table` that foreign keys carry the change on to; undefined: not known. */
  readonly cascades: readonly string[] | undefined;
  /** `schema.table.trigger`, and rewrite rules; undefined: not known. */
  readonly triggers: readonly string[] | undefined;
  /** As the planner estimates them; undefined: not known. */
  readonly estimatedRows: number | undefined;
}

/** Nothing could be found out. */
export const UNFORESEEN: Foresight = {
  columns: [],
  isBlind: true,
  cascades: undefined,
  triggers: undefined,
  estimatedRows: undefined,
};

/** It comes to nothing. */
export const HARMLESS: Foresight = { columns: [], isBlind: false, cascades: [], triggers: [], estimatedRows: 0 };
