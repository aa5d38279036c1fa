/**
 * What is done to each column of an answer. Made from lineage, classes and the grant (`make-plan.ts`), executed by
 * `result-rewriter.ts` and `copy-rewriter.ts`. Plain data, shared by sessions with the same rights.
 */
import type { ColumnClass } from '../classify/classes.ts';

/** `partial`: useful and of the same type; `token`: keyed and stable in a database; `redact`: nothing of it; `null`. */
export type MaskMode = 'partial' | 'token' | 'redact' | 'null';

export type ColumnAction =
  | { readonly do: 'pass' }
  /** `given`: of a table that holds only what clients gave; its keyed masks compare with no others'. */
  | { readonly do: 'mask'; readonly class: ColumnClass; readonly mode: MaskMode; readonly given?: true }
  /**
   * Nothing of the value leaves, nor whether there is one: always `[redacted]` where the type is text, NULL elsewhere and
   * inside of others. `keepsBlank`: NULL stays NULL, and empty empty, as they are so by no choice of who asks.
   */
  | { readonly do: 'redact'; readonly keepsBlank?: true }
  /**
   * What can be told from a value alone (cards, keys, addresses …) is masked, the rest stays. `withoutSizes`: of a plan, but
   * for how much room it took.
   */
  | { readonly do: 'scan'; readonly withoutSizes?: true }
  | { readonly do: 'array'; readonly element: ColumnAction }
  /** A composite, by position. */
  | { readonly do: 'row'; readonly fields: readonly ColumnAction[] }
  /** json or jsonb: by key where it is an object, `otherwise` for all else (elements of arrays take the same action). */
  | { readonly do: 'json'; readonly keys: ReadonlyMap<string, ColumnAction>; readonly otherwise: ColumnAction };

export interface ResultPlan {
  readonly columns: readonly ColumnAction[];
  /** Every action is `pass`: the bytes go on as they came. */
  readonly passes: boolean;
  /** What RowDescription must say of a plain column, which may be a view's; undefined: nothing was foreseen. */
  readonly origins?: readonly ({ readonly relation: number; readonly attnum: number } | undefined)[];
  /** OIDs where lineage knows them: COPY sends no RowDescription. */
  readonly types?: readonly (number | undefined)[];
  /** For explain and the record, one per column: why it is masked, undefined where it passes. */
  readonly because: readonly (string | undefined)[];
}

/** What the rewriters must know of a type; undefined: unknown, so its values are redacted. */
export interface TypeShape {
  readonly oid: number;
  /** Built-in name after domains are resolved (`text`, `int4`, `timestamptz`, …), or the kind of what is not built in. */
  readonly base: string;
  readonly kind: 'scalar' | 'array' | 'composite' | 'range' | 'multirange' | 'enum';
  /** Element of an array, subtype of a range. */
  readonly element?: TypeShape;
  readonly fields?: readonly TypeShape[];
}

export type TypeLookup = (oid: number) => TypeShape | undefined;
