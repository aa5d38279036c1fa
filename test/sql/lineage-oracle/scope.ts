/** What names an expression of a random query may use, by PostgreSQL's rules of sight. */

import type { Kind } from './kinds.ts';
import type { Column } from './schema.ts';

/** One entry of FROM. */
export interface Item {
  readonly alias: string;
  readonly columns: readonly Column[];
  /** Its rows are of this table's type, so that functions over the row can be called with it. */
  readonly rowOf: string | undefined;
  /** Merged by USING: only the bare name is safe. */
  readonly merged?: ReadonlySet<string>;
}

export interface Scope {
  readonly items: readonly Item[];
  readonly outer: Scope | undefined;
  readonly aggregates: boolean;
  readonly windows: boolean;
  /** GROUP BY: only these may be used outside of aggregates. */
  readonly grouped: readonly { readonly sql: string; readonly kind: Kind }[] | undefined;
}

export const EMPTY: Scope = { items: [], outer: undefined, aggregates: false, windows: false, grouped: undefined };

/** Every way to write a column of a kind that is in sight. */
export function columnsInSight(scope: Scope, kind: Kind): string[] {
  const found: string[] = [];
  const hiddenAliases = new Set<string>();
  const hiddenNames = new Set<string>();
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    if (level.grouped) found.push(...level.grouped.filter((one) => one.kind === kind).map(({ sql }) => sql));
    else found.push(...columnsOfLevel(level.items, kind, hiddenAliases, hiddenNames));
    for (const item of level.items) {
      hiddenAliases.add(item.alias);
      for (const { name } of item.columns) hiddenNames.add(name);
    }
    // A grouped outer query's text may be written with names that are hidden here.
    if (level.outer?.grouped) break;
  }
  return found;
}

function columnsOfLevel(
  items: readonly Item[],
  kind: Kind,
  hiddenAliases: ReadonlySet<string>,
  hiddenNames: ReadonlySet<string>,
): string[] {
  const counts = new Map<string, number>();
  for (const item of items) {
    for (const { name } of item.columns) {
      if (item.merged?.has(name)) continue;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const found: string[] = [];
  for (const item of items) {
    for (const column of item.columns) {
      if (column.kind !== kind) continue;
      if (!hiddenAliases.has(item.alias)) found.push(`${item.alias}.${column.name}`);
      if (counts.get(column.name) === 1 && !hiddenNames.has(column.name)) found.push(column.name);
    }
  }
  return found;
}

/** Entries of this very level whose whole row can be used. */
export function rowsInSight(scope: Scope): Item[] {
  return scope.grouped ? [] : scope.items.filter((item) => item.alias !== '');
}
