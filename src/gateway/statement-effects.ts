/** What a statement changes besides what its text says: foreign keys carry the change on, triggers and rules fire. */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { StatementLineage } from '../sql/lineage/lineage.ts';
import { nameParts } from '../sql/names.ts';

export interface CarriedAlong {
  /** `schema.table` */
  readonly cascades: readonly string[];
  /** `schema.table.trigger`; of a table with rewrite rules `schema.table (rules)`. */
  readonly triggers: readonly string[];
  /** OIDs of `cascades`. */
  readonly carriedTo: readonly number[];
}

export function carriedAlong(
  catalog: Catalog,
  facts: StatementFacts,
  lineage: StatementLineage | undefined,
  schemas: readonly string[],
): CarriedAlong {
  const cascades = new Map<number, string>();
  const triggers = new Set<string>();
  const fire = (relation: CatalogRelation, events: ReadonlySet<Event>): void => {
    for (const trigger of relation.triggers) {
      if (trigger.events.some((event) => events.has(event))) triggers.add(`${nameOf(relation)}.${trigger.name}`);
    }
    if (relation.hasRules) triggers.add(`${nameOf(relation)} (rules)`);
  };
  for (const [relation, change] of written(catalog, facts, lineage, schemas)) {
    fire(relation, change.events);
    for (const [table, carried] of followers(catalog, relation, change)) {
      cascades.set(table.oid, nameOf(table));
      fire(table, carried);
    }
  }
  return { cascades: [...cascades.values()], triggers: [...triggers], carriedTo: [...cascades.keys()] };
}

type Event = 'insert' | 'update' | 'delete' | 'truncate';

interface Change {
  readonly events: Set<Event>;
  /** Attnums of the columns that an UPDATE gives a value; empty: any. */
  readonly columns: Set<number>;
}

/** Tables that it writes, with what may happen to them; those that inherit from them along with them. */
function written(
  catalog: Catalog,
  { command, nested = [], targets, changesRows }: StatementFacts,
  lineage: StatementLineage | undefined,
  schemas: readonly string[],
): Map<CatalogRelation, Change> {
  const found = new Map<CatalogRelation, Change>();
  const add = (oid: number, events: readonly Event[], columns: readonly number[] = []): void => {
    for (const one of [oid, ...catalog.descendants(oid)]) {
      const relation = catalog.relationByOid(one);
      if (relation === undefined) continue;
      const known = found.get(relation) ?? { events: new Set(), columns: new Set() };
      for (const event of events) known.events.add(event);
      // Attnums of those that inherit may be others.
      if (one === oid) for (const column of columns) known.columns.add(column);
      found.set(relation, known);
    }
  };
  const commands = [command, ...nested].flatMap((one) => EVENTS.get(one) ?? []);
  const events: readonly Event[] = commands.length > 0 ? commands : ['insert', 'update', 'delete'];
  const isUpdated = changesRows === true || events.includes('update');
  for (const oid of lineage?.modifies ?? []) {
    const columns = lineage!.writes.flatMap(({ target }) =>
      target.kind === 'column' && target.relation === oid ? [target.attnum] : [],
    );
    add(oid, isUpdated && !events.includes('update') ? [...events, 'update'] : events, columns);
  }
  for (const { action, kind, name, cascade } of targets) {
    if (kind !== 'relation' || action !== 'truncate') continue;
    const relation = relationNamed(catalog, name, schemas);
    if (relation === undefined) continue;
    const emptied = cascade === true ? referencing(catalog, relation.oid) : [];
    for (const oid of [relation.oid, ...emptied]) add(oid, ['truncate']);
  }
  return found;
}

const EVENTS: ReadonlyMap<string, readonly Event[]> = new Map([
  ['INSERT', ['insert']],
  ['UPDATE', ['update']],
  ['DELETE', ['delete']],
  ['MERGE', ['insert', 'update', 'delete']],
  ['COPY', ['insert']],
]);

/** As the session finds it. */
export function relationNamed(catalog: Catalog, name: string, schemas: readonly string[]): CatalogRelation | undefined {
  const parts = nameParts(name);
  const table = parts.at(-1) ?? '';
  const places = parts.length > 1 ? [parts.at(-2)!] : schemas;
  return places.map((place) => catalog.relation(place, table)).find((one) => one !== undefined);
}

/** What TRUNCATE … CASCADE empties too: whatever refers to it, at any remove. */
export function referencing(catalog: Catalog, oid: number): number[] {
  const found = new Set([oid]);
  for (const next of found) {
    for (const relation of catalog.allRelations) {
      if (relation.foreignKeys.some(({ references }) => references === next)) found.add(relation.oid);
    }
  }
  found.delete(oid);
  return [...found];
}

/** Tables whose foreign keys carry the change on, at any remove, and what happens there. */
function followers(
  catalog: Catalog,
  changed: CatalogRelation,
  { events, columns }: Change,
): Map<CatalogRelation, Set<Event>> {
  const found = new Map<CatalogRelation, Set<Event>>();
  const deletes = events.has('delete');
  const queue = [{ relation: changed, deletes, updates: events.has('update'), columns }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const referred = new Set([next.relation.oid, ...ancestors(catalog, next.relation)]);
    for (const relation of catalog.allRelations) {
      for (const key of relation.foreignKeys) {
        if (!referred.has(key.references)) continue;
        const moves = next.columns.size === 0 || key.referenced.some((attnum) => next!.columns.has(attnum));
        const isDeleted = next.deletes && key.onDelete === 'c';
        const isUpdated =
          (next.deletes && /[nd]/.test(key.onDelete)) || (next.updates && moves && /[cnd]/.test(key.onUpdate));
        const known = found.get(relation) ?? new Set();
        const more = [...(isDeleted ? ['delete' as const] : []), ...(isUpdated ? ['update' as const] : [])];
        if (more.every((event) => known.has(event))) continue;
        found.set(relation, new Set([...known, ...more]));
        queue.push({ relation, deletes: isDeleted, updates: isUpdated, columns: new Set(key.columns) });
      }
    }
  }
  return found;
}

function ancestors(catalog: Catalog, { parents }: CatalogRelation): number[] {
  return parents.flatMap((oid) => {
    const parent = catalog.relationByOid(oid);
    return parent === undefined ? [oid] : [oid, ...ancestors(catalog, parent)];
  });
}

function nameOf({ schema, name }: CatalogRelation): string {
  return `${schema}.${name}`;
}
