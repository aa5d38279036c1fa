/**
 * The names by whose change others change along: what a relation inherits from and what inherits from it is changed with
 * it, and a column of a composite type is read by what that type is. In: names on which a statement rests, and a catalog.
 * Out: those, and all besides; or that it cannot be told.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { SchemaNames } from './session/schema-names.ts';

/** Of partitions within partitions. */
const MOST_LEVELS = 32;
const TEMPORARY = 'pg_temp_';

export class NamesBeside {
  #catalog: Catalog | undefined;
  /** Relations by their bare names, in whatever schema. */
  #relations = new Map<string, CatalogRelation[]>();
  #found = new WeakMap<ReadonlySet<string>, SchemaNames>();
  /** Of the statement before, which is most often the same. */
  #last: { readonly names: ReadonlySet<string>; readonly found: SchemaNames } | undefined;

  /** What `of` gave: of a portal that goes on it stays what it was when that was bound. */
  readonly #given = new WeakSet<ReadonlySet<string>>();

  of(names: SchemaNames, catalog: Catalog | undefined): SchemaNames {
    if (names === 'all' || names.size === 0) return names;
    if (this.#last?.found === names || this.#given.has(names)) return names;
    if (catalog === undefined) return 'all';
    if (this.#catalog !== catalog) this.#adopt(catalog);
    if (this.#last?.names === names) return this.#last.found;
    let found = this.#found.get(names);
    if (found === undefined) {
      found = this.#widen(names, catalog);
      if (found !== 'all') this.#given.add(found);
      this.#found.set(names, found);
    }
    this.#last = { names, found };
    return found;
  }

  #adopt(catalog: Catalog): void {
    this.#catalog = catalog;
    this.#last = undefined;
    this.#found = new WeakMap();
    this.#relations = new Map();
    for (const relation of catalog.allRelations) {
      const named = this.#relations.get(relation.name);
      if (named === undefined) this.#relations.set(relation.name, [relation]);
      else named.push(relation);
    }
  }

  #widen(names: ReadonlySet<string>, catalog: Catalog): SchemaNames {
    const wide = new Set(names);
    for (const name of names) {
      for (const relation of this.#relations.get(name) ?? []) {
        if (relation.isSystem) continue;
        // What stands behind a temporary one is known to its session only.
        if (relation.schema.startsWith(TEMPORARY) && (relation.kind === 'v' || relation.hasRules)) return 'all';
        for (const one of family(relation, catalog)) {
          if (one.columns.some(({ type }) => isComposite(type, catalog))) return 'all';
          wide.add(one.name);
        }
      }
      for (const schema of catalog.schemas) {
        if (schema === 'pg_catalog' || schema === 'information_schema') continue;
        for (const { returns, outputs, argumentTypes } of catalog.routines(schema, name)) {
          if (schema.startsWith(TEMPORARY)) return 'all';
          const types = [returns, ...argumentTypes, ...outputs.map(({ type }) => type)];
          if (types.some((type) => isComposite(type, catalog))) return 'all';
        }
      }
    }
    return wide;
  }
}

function family(relation: CatalogRelation, catalog: Catalog): Set<CatalogRelation> {
  const found = new Set([relation]);
  for (const oid of catalog.descendants(relation.oid)) {
    const child = catalog.relationByOid(oid);
    if (child !== undefined) found.add(child);
  }
  // A set grows while it is gone through.
  for (const one of found) {
    for (const oid of one.parents) {
      const parent = catalog.relationByOid(oid);
      if (parent !== undefined) found.add(parent);
    }
  }
  return found;
}

/** A composite type somebody made, or an array, domain or range over one; also what is not known. */
function isComposite(oid: number, catalog: Catalog): boolean {
  let type = catalog.typeByOid(oid);
  for (let i = 0; i < MOST_LEVELS; i++) {
    if (type === undefined) return true;
    if (type.relation !== 0) return !isSystem(type.schema);
    if (type.element !== 0 && type.category === 'A') type = catalog.typeByOid(type.element);
    else if (type.base !== 0 && type.kind !== 'b') type = catalog.typeByOid(type.base);
    else return false;
  }
  return true;
}

function isSystem(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema';
}
