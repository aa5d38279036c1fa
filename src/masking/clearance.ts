/** What a principal may see unmasked, and what may be asked of what is masked. Made from grants; plain data. */
import { COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import type { MaskMode } from './plan.ts';

/** `free`: any condition. `lookup`: equality with given values, joins, IS NULL, grouping, counts. `none`: not even those. */
export type PredicateMode = 'free' | 'lookup' | 'none';

export interface MaskingRights {
  /** For classes that are not named. */
  readonly mask: MaskMode | 'none';
  /** By class, before `mask`. */
  readonly classes: ReadonlyMap<ColumnClass, MaskMode | 'none'>;
  readonly predicates: PredicateMode;
  /** Columns of these tables (`schema.table`), of these classes, are shown as they are. Missing: none. */
  readonly cleared?: readonly ClearedTables[];
}

export interface ClearedTables {
  readonly tables: readonly string[];
  readonly classes: 'all' | readonly ColumnClass[];
  /** `principalKey` of whom they are shown to: what they made themselves may hold copies from elsewhere, and is not. */
  readonly to: string;
}

export const NO_CLEARANCE: MaskingRights = { mask: 'partial', classes: new Map(), predicates: 'lookup' };
export const FULL_CLEARANCE: MaskingRights = { mask: 'none', classes: new Map(), predicates: 'free' };

/** `none`: it is shown as it is. */
export function modeOf(rights: MaskingRights, columnClass: ColumnClass): MaskMode | 'none' {
  return rights.classes.get(columnClass) ?? rights.mask;
}

/** As `modeOf`, of a column of this table (`schema.table`); `isMadeBy`: whether this principal made it. */
export function modeIn(
  rights: MaskingRights,
  columnClass: ColumnClass,
  table: string,
  isMadeBy: (principal: string) => boolean,
): MaskMode | 'none' {
  const isCleared = rights.cleared?.some(
    ({ tables, classes, to }) =>
      tables.includes(table) && (classes === 'all' || classes.includes(columnClass)) && !isMadeBy(to),
  );
  return isCleared === true ? 'none' : modeOf(rights, columnClass);
}

/** With these classes shown as they are to this principal: of these tables, or of all. */
export function cleared(
  rights: MaskingRights,
  classes: 'all' | readonly ColumnClass[],
  tables: readonly string[] | undefined,
  to: string,
): MaskingRights {
  if (tables !== undefined) return { ...rights, cleared: [...(rights.cleared ?? []), { tables, classes, to }] };
  if (classes === 'all') return FULL_CLEARANCE;
  return { ...rights, classes: new Map([...rights.classes, ...classes.map((one) => [one, 'none'] as const)]) };
}

/** Nothing is masked for it, so nothing of it has to be traced. */
export function seesEverything(rights: MaskingRights): boolean {
  return COLUMN_CLASSES.every((one) => modeOf(rights, one) === 'none');
}

/** Is something shown with these rights that is masked with those? */
export function showsMore(rights: MaskingRights, than: MaskingRights): boolean {
  if (rights === than || seesEverything(than)) return false;
  if (COLUMN_CLASSES.some((one) => modeOf(rights, one) === 'none' && modeOf(than, one) !== 'none')) return true;
  return rights.cleared !== undefined && JSON.stringify(rights.cleared) !== JSON.stringify(than.cleared);
}

/** Equal for principals whose plans are the same. */
export function rightsKey(rights: MaskingRights): string {
  return JSON.stringify([rights.mask, [...rights.classes].sort(), rights.predicates, rights.cleared]);
}
