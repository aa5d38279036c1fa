/**
 * Classes by column, as they are put together: configuration, what the column itself holds, what was copied into it,
 * what it references, its partitions and children, what it is computed from. Plain state; it samples nothing.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { isTextLike, referenced, typeName } from '../classify/catalog-subjects.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import type { Inherited, StoredTable } from './classification-store.ts';

/** Partitions that are sampled of one table; the others have the classes of these. */
export const MAX_PARTITIONS = 32;

export interface KnownTable extends StoredTable {
  /** When it was sampled by this process; undefined: it was read from the store. */
  readonly sampledAtMs: number | undefined;
}

export class ClassMap {
  catalog: Catalog | undefined;
  readonly tables = new Map<number, KnownTable>();
  readonly inherited = new Map<string, Inherited>();
  readonly #overrides: ReadonlyMap<string, ColumnClass | 'none'>;
  /** Made when asked for, dropped when anything changes. */
  readonly #effective = new Map<string, Classification | undefined>();

  constructor(overrides: ReadonlyMap<string, ColumnClass | 'none'> = new Map()) {
    this.#overrides = overrides;
  }

  /** After any change of what is above. */
  changed(): void {
    this.#effective.clear();
  }

  /** Undefined: nobody has looked at it. */
  of(oid: number, attnum: number): Classification | undefined {
    const key = `${oid}.${attnum}`;
    if (this.#effective.has(key)) return this.#effective.get(key);
    const found = this.#classOf(oid, attnum, new Set());
    this.#effective.set(key, found);
    return found;
  }

  #classOf(oid: number, attnum: number, seen: Set<string>): Classification | undefined {
    const catalog = this.catalog;
    const relation = catalog?.relationByOid(oid);
    const column = relation?.columns.find((one) => one.attnum === attnum);
    const key = `${oid}.${attnum}`;
    const inherited = this.inherited.get(key);
    if (catalog === undefined || relation === undefined || column === undefined || seen.has(key)) {
      return inherited === undefined ? undefined : ofInherited(inherited);
    }
    seen.add(key);
    // 1. Configuration.
    const override = this.#overrides.get(`${relation.schema}.${relation.name}.${column.name}`);
    if (override !== undefined) return configured(override);
    // 2. What the column itself says, and 3. what was copied into it.
    const own = this.#own(catalog, relation, attnum);
    if (own?.class !== undefined) return own;
    if (inherited !== undefined) return ofInherited(inherited);
    if (own === undefined) return undefined;
    // 4. What it references.
    const target = referenced(catalog, relation, attnum);
    const reference = target === undefined ? undefined : this.#classOf(target.oid, target.attnum, seen);
    if (target !== undefined && reference?.class !== undefined) {
      return { ...reference, evidence: [{ from: 'foreign_key', says: `references ${target.name}` }] };
    }
    // 5. The same column of parents and children.
    for (const member of familyOf(catalog, relation)) {
      const same = member.columns.find((one) => one.name === column.name);
      const found = same === undefined ? undefined : this.#own(catalog, member, same.attnum);
      const copied = same === undefined ? undefined : this.inherited.get(`${member.oid}.${same.attnum}`);
      const from = `the same column of ${member.schema}.${member.name}`;
      if (copied !== undefined) return { ...ofInherited(copied), evidence: [{ from: 'inherited', says: from }] };
      if (found?.class !== undefined) return { ...found, evidence: [{ from: 'inherited', says: from }] };
    }
    // 6. What it is computed from.
    return this.#generated(catalog, relation, attnum, seen) ?? own;
  }

  #own(catalog: Catalog, relation: CatalogRelation, attnum: number): Classification | undefined {
    const column = relation.columns.find((one) => one.attnum === attnum);
    const stored = this.tables.get(relation.oid)?.columns.find((one) => one.attnum === attnum);
    if (stored === undefined || column === undefined) return undefined;
    return stored.type === typeName(catalog, column.type) ? stored.own : undefined;
  }

  #generated(
    catalog: Catalog,
    relation: CatalogRelation,
    attnum: number,
    seen: Set<string>,
  ): Classification | undefined {
    const column = relation.columns.find((one) => one.attnum === attnum);
    const sql = column?.generated;
    if (column === undefined || sql === undefined) return undefined;
    const sources = relation.columns.filter(
      (one) => one.attnum !== attnum && mentions(sql, one.name) && this.#classOf(relation.oid, one.attnum, seen)?.class,
    );
    const [first] = sources;
    if (first === undefined) return undefined;
    if (!isTextLike(catalog, column.type) && !sources.some((one) => one.type === column.type)) return undefined;
    const classes = new Set(sources.map((one) => this.#classOf(relation.oid, one.attnum, new Set())?.class));
    const [only] = classes;
    return {
      class: classes.size === 1 && only !== undefined ? only : 'free_text',
      confidence: 0.9,
      evidence: [{ from: 'inherited', says: `computed from ${sources.map(({ name }) => name).join(', ')}` }],
      scan: false,
    };
  }
}

/** Its ancestors and their descendants, itself not included. */
export function familyOf(catalog: Catalog, relation: CatalogRelation): CatalogRelation[] {
  const found = new Set<number>();
  const up = [relation.oid];
  for (let oid = up.pop(); oid !== undefined; oid = up.pop()) {
    for (const parent of catalog.relationByOid(oid)?.parents ?? []) {
      if (found.has(parent)) continue;
      found.add(parent);
      up.push(parent);
    }
  }
  for (const ancestor of [relation.oid, ...found]) {
    for (const descendant of catalog.descendants(ancestor).slice(0, MAX_PARTITIONS)) found.add(descendant);
  }
  found.delete(relation.oid);
  return [...found].flatMap((oid) => catalog.relationByOid(oid) ?? []);
}

function mentions(sql: string, name: string): boolean {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])"?${quoted}"?(?![\\w$])`).test(sql);
}

function configured(override: ColumnClass | 'none'): Classification {
  return {
    class: override === 'none' ? undefined : override,
    confidence: 1,
    evidence: [{ from: 'configuration', says: override }],
    scan: false,
  };
}

function ofInherited({ class: columnClass, from }: Inherited): Classification {
  const evidence = [{ from: 'inherited', says: `data of ${from} was copied here` }] as const;
  return { class: columnClass, confidence: 1, evidence, scan: false };
}
