/**
 * What a session of a principal without full clearance asks of its surroundings: the plans of its statements in the
 * world as it is for this session now, and how a masked answer is rewritten.
 */

import type { MaskContext } from '../../masking/maskers/context.ts';
import type { TypeLookup } from '../../masking/plan.ts';
import type { StatementPlan } from '../../masking/statement-plan.ts';
import type { RequestAsk } from '../../policy/decision.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { SchemaMoment } from './schema-clock.ts';
import type { SchemaNames } from './schema-names.ts';

/** What a statement under way gives and meets. */
export interface StatementMet {
  /** By statement of its text; undefined: it failed, or was never run. */
  ended(
    tags: readonly ({ readonly word: string; readonly rows: number } | undefined)[],
    sqlstate: string | undefined,
  ): void;
}

export interface SessionMasking {
  /** False: nothing of a catalog or table can be in the answer, so there is nothing to plan. */
  isNeeded(statements: Analysis['statements']): boolean;
  /**
   * One plan per statement of the text, as names are in the adopted world; undefined: `trace` it first. A text that
   * could not be traced has plans too: they refuse.
   */
  plans(statements: Analysis['statements'], sql: string): readonly StatementPlan[] | undefined;
  /** The effective search_path of the session; `rows`: its own view of the catalog, when it changed the schema itself. */
  adopt(searchPath: readonly string[], rows: readonly (readonly (string | null)[])[] | undefined): void;
  /** Raised when the catalog that sessions share may have changed: then the world must be adopted again. */
  readonly sharedVersion: number;
  /** The query whose rows `adopt` takes. */
  readonly catalogSql: string;
  /** OIDs of types in the adopted world. */
  readonly types: TypeLookup;
  /** The token key and the scan of what a value alone tells. */
  readonly context: MaskContext;
  /** Is this base column, as RowDescription tells it, masked for this principal? */
  isMasked(relation: number, attnum: number): boolean;
  /** Was the plan made with rights that showed more than those of now do? */
  showsMore?(plan: StatementPlan): boolean;
  /** How to ask to see these classes as they are; undefined: nobody lets this principal ask. */
  unmaskRequest?(
    unmask: NonNullable<RequestAsk['unmask']>,
  ): { readonly command: string; readonly ask: RequestAsk } | undefined;
  /** Classes go along into what a statement has made. */
  inherit(plan: StatementPlan, isPathKnown: boolean): void;
  /** It is through, whatever came of it. */
  inherited(plan: StatementPlan): void;
  /** When a statement leaves. */
  moment(names: SchemaNames): SchemaMoment;
  /** May names and bodies mean something else than at that moment? */
  hasMoved(moment: SchemaMoment): boolean;
  /** Can tracing it again tell what they meant since? */
  isTellable(moment: SchemaMoment): boolean;
  /** A statement that changes the schema is sent; `alone`: it takes effect without a COMMIT. */
  changesSchema(alone: boolean, names: SchemaNames): void;
  /** Does a statement of another session that is under way copy values by one of these names? */
  isCopied(names: SchemaNames): boolean;
  /** A statement that copies values is sent, by these names; then it is through. */
  copies(names: SchemaNames): void;
  copied(names: SchemaNames): void;
  /** Something is sent behind it. */
  goesOn(): void;
  /** Its transaction is over. */
  schemaSettled(): void;
  /** A statement that makes relations goes upstream: what they hold is what flowed into them through here. */
  making(statements: Analysis['statements'], isPathKnown: boolean): void;
  /**
   * It goes upstream: what it gives to columns is counted, and what such values meet by it is taken from the budget;
   * undefined: that is used up. `isAlone`: it is a transaction of its own.
   */
  meet?(plans: readonly StatementPlan[], isPathKnown: boolean, isAlone: boolean): StatementMet | undefined;
  /** Counts comparisons of masked columns with given values; false: this hour's budget is used up. */
  takeLookups(count: number): boolean;
}
