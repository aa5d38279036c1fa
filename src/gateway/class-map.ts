/**
 * Classes by column, as they are put together: configuration, what the column itself holds, what was copied into it,
 * what it references, its partitions and children, what it is computed from. Plain state; it samples nothing.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { referenced, typeName } from '../classify/catalog-subjects.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { type FilledFrom, filledColumns } from '../classify/filled-columns.ts';
import type { Inherited, StoredTable } from './classification-store.ts';

const ATTRIBUTE_NUMBERS = 0x1_0000;

/** Partitions that are sampled of one table; the others have the classes of these. */
export const MAX_PARTITIONS = 32;

export interface KnownTable extends StoredTable {
  /** When it was sampled by this process; undefined: it was read from the store. */
  readonly sampledAtMs: number | undefined;
  /** A column of it had no value in the sample. */
  readonly hasBlanks?: boolean;
}

interface Relative {
  /** `schema.table` */
  readonly name: string;
  readonly found: Classification;
}

export class ClassMap {
  catalog: Catalog | undefined;
  readonly tables = new Map<number, KnownTable>();
  readonly inherited = new Map<string, Inherited>();
  /** After a change of it, `changed()`. */
  overrides: ReadonlyMap<string, ColumnClass | 'none'>;
  /** Made when asked for, dropped when anything changes. */
  readonly #effective = new Map<number, Classification | undefined>();

  constructor(overrides: ReadonlyMap<string, ColumnClass | 'none'> = new Map()) {
    this.overrides = overrides;
  }

  /** After any change of what is above. */
  changed(): void {
    this.#effective.clear();
  }

  /** Undefined: nobody has looked at it. */
  of(oid: number, attnum: number): Classification | undefined {
    // A number: a text made for each column of each answer would have to be hashed. Attribute numbers have 16 bits.
    const key = oid * ATTRIBUTE_NUMBERS + attnum;
    const known = this.#effective.get(key);
    if (known !== undefined || this.#effective.has(key)) return known;
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
    const override = this.#override(catalog, relation, column.name);
    if (override !== undefined) return configured(override);
    // 2. What was computed into it, or into the same column of its family, is shown to nobody.
    if (inherited?.computed === true) return ofInherited(inherited);
    const related = this.inherited.size === 0 ? [] : this.#family(catalog, relation, column.name);
    const computed = related.find(({ found }) => found.computed === true);
    if (computed !== undefined) return computed.found;
    const generated = this.#generated(relation, attnum, seen);
    if (generated !== undefined) return generated;
    // 3. What it references, unless its own values say what it is.
    const own = this.#own(catalog, relation, attnum);
    const bySight = own?.class !== undefined && own.evidence.some(({ from }) => from === 'values');
    const target = bySight ? undefined : referenced(catalog, relation, attnum);
    const reference = target === undefined ? undefined : this.#classOf(target.oid, target.attnum, seen);
    if (own !== undefined && target !== undefined && reference?.class !== undefined) {
      return { ...reference, evidence: [{ from: 'foreign_key', says: `references ${target.name}` }] };
    }
    // 4. What was copied into it, whatever it is called; 5. what the column itself says.
    if (inherited !== undefined && own?.paths === undefined) return ofInherited(inherited);
    const words = own === undefined ? undefined : this.#clearWords(relation, attnum, own);
    if (words !== undefined) return words;
    if (own?.class !== undefined) {
      return own.paths === undefined ? own : withPaths(own, this.#family(catalog, relation, column.name));
    }
    if (inherited !== undefined) return ofInherited(inherited);
    if (own === undefined) return undefined;
    // 6. What a trigger fills it from.
    const filled = own.paths === undefined ? this.#filled(catalog, relation, attnum, seen) : undefined;
    if (filled !== undefined) return filled;
    // 7. The same column of parents and children.
    const family = this.#family(catalog, relation, column.name);
    const other = family.find(({ found }) => found.class !== undefined);
    if (other !== undefined) {
      const says = `the same column of ${other.name}`;
      return withPaths({ ...other.found, evidence: [{ from: 'inherited', says }] }, family);
    }
    return own.scan || !family.some(({ found }) => found.scan) ? own : { ...own, scan: true };
  }

  /** What is said of a column of a table holds for its partitions and children, unless they say otherwise. */
  #override(catalog: Catalog, relation: CatalogRelation, column: string): ColumnClass | 'none' | undefined {
    if (this.overrides.size === 0) return undefined;
    const own = this.overrides.get(`${relation.schema}.${relation.name}.${column}`);
    if (own !== undefined) return own;
    for (const oid of relation.parents) {
      const parent = catalog.relationByOid(oid);
      const found = parent === undefined ? undefined : this.#override(catalog, parent, column);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What is known of a column in the parents, children and partitions of its table. */
  #family(catalog: Catalog, relation: CatalogRelation, name: string): Relative[] {
    return familyOf(catalog, relation).flatMap((member) => {
      const same = member.columns.find((one) => one.name === name);
      if (same === undefined) return [];
      const copied = this.inherited.get(`${member.oid}.${same.attnum}`);
      const found = copied === undefined ? this.#own(catalog, member, same.attnum) : ofInherited(copied);
      return found === undefined ? [] : [{ name: `${member.schema}.${member.name}`, found }];
    });
  }

  #own(catalog: Catalog, relation: CatalogRelation, attnum: number): Classification | undefined {
    const column = relation.columns.find((one) => one.attnum === attnum);
    const stored = this.tables.get(relation.oid)?.columns.find((one) => one.attnum === attnum);
    if (stored === undefined || column === undefined) return undefined;
    return stored.type === typeName(catalog, column.type) ? stored.own : undefined;
  }

  #filled(catalog: Catalog, relation: CatalogRelation, attnum: number, seen: Set<string>): Classification | undefined {
    const sources = filledColumns(catalog, relation).get(attnum) ?? [];
    const classes = new Set(
      sources.flatMap((one) => this.#classOf(one.relation, one.attnum, new Set(seen))?.class ?? []),
    );
    const [only] = classes;
    if (only === undefined) return undefined;
    const from = sources.map((one) => columnName(catalog, one)).join(', ');
    return {
      class: classes.size === 1 ? only : 'free_text',
      confidence: 0.9,
      evidence: [{ from: 'inherited', says: `a trigger fills it from ${from}` }],
      scan: false,
    };
  }

  /** A `tsvector` that is generated from columns which hold nothing: only its type said that it may be about people. */
  #clearWords(relation: CatalogRelation, attnum: number, own: Classification): Classification | undefined {
    const sql = relation.columns.find((one) => one.attnum === attnum)?.generated;
    if (sql === undefined || own.class !== 'free_text' || own.evidence.some(({ from }) => from !== 'type')) return;
    const calls = [...sql.matchAll(/([\w$."]+)\(/g)].map(([, name]) => name!);
    if (!calls.includes('to_tsvector') || !calls.every((name) => KEEPS_WORDS.test(name))) return;
    const sources = relation.columns.filter((one) => one.attnum !== attnum && mentions(sql, one.name));
    const itself = `${relation.oid}.${attnum}`;
    const known = sources.map((one) => this.#classOf(relation.oid, one.attnum, new Set([itself])));
    if (sources.length === 0 || known.some((one) => one === undefined || one.class !== undefined)) return;
    const says = `computed from ${sources.map(({ name }) => name).join(', ')}`;
    return { class: undefined, confidence: 0.9, evidence: [{ from: 'inherited', says }], scan: true };
  }

  #generated(relation: CatalogRelation, attnum: number, seen: Set<string>): Classification | undefined {
    const column = relation.columns.find((one) => one.attnum === attnum);
    const sql = column?.generated;
    if (column === undefined || sql === undefined) return undefined;
    const sources = relation.columns.filter(
      (one) => one.attnum !== attnum && mentions(sql, one.name) && this.#classOf(relation.oid, one.attnum, seen)?.class,
    );
    const [first] = sources;
    if (first === undefined) return undefined;
    const isWhole = sources.every((one) => this.#classOf(relation.oid, one.attnum, new Set())?.computed !== true);
    if (isWhole && (NULL_TEST.test(sql) || LENGTH.test(sql))) return undefined;
    const classes = new Set(sources.map((one) => this.#classOf(relation.oid, one.attnum, new Set())?.class));
    const [only] = classes;
    return {
      class: classes.size === 1 && only !== undefined ? only : 'free_text',
      confidence: 0.9,
      evidence: [{ from: 'inherited', says: `computed from ${sources.map(({ name }) => name).join(', ')}` }],
      scan: false,
      ...(isWhole && KEEPS_WHOLE.test(sql) ? {} : { computed: true }),
    };
  }
}

/** Documents differ from partition to partition: what one of them shows may stand in each. */
function withPaths(own: Classification, family: readonly Relative[]): Classification {
  const sensitive = family.filter(({ found }) => found.class !== undefined);
  const { paths, ...whole } = own;
  if (paths === undefined) return own;
  if (sensitive.some(({ found }) => found.paths === undefined)) return whole;
  return { ...whole, paths: new Map([...sensitive.flatMap(({ found }) => [...(found.paths ?? [])]), ...paths]) };
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

/** Made of one whole value, in which nothing moved. */
const KEEPS_WHOLE = /^\(*(?:(?:lower|upper|btrim|initcap)\()*\(*"?[\w$]+"?\)*(?:::[\w ]+)?\)*$/;

function columnName(catalog: Catalog, { relation, attnum }: FilledFrom): string {
  return catalog.relationByOid(relation)?.columns.find((one) => one.attnum === attnum)?.name ?? 'a column';
}

/** What words are made by; COALESCE is none that could be another's. */
const KEEPS_WORDS = /^(?:to_tsvector|setweight|COALESCE|lower|upper|btrim|replace)$/;

/** Only whether there is a value, or how long it is. */
const NULL_TEST = /^\(*"?[\w$]+"? IS (?:NOT )?NULL\)*$/;
const LENGTH = /^(?:char_length|character_length|length|octet_length)\(+"?[\w$]+"?\)*(?:::[\w ]+)?\)*$/;

function mentions(sql: string, name: string): boolean {
  const quoted = name.replaceAll('"', '""').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
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

function ofInherited({ class: columnClass, from, computed }: Inherited): Classification {
  const says = computed === true ? `it was computed from ${from}` : `data of ${from} was copied here`;
  const found = { class: columnClass, confidence: 1, evidence: [{ from: 'inherited', says }], scan: false } as const;
  return computed === true ? { ...found, computed } : found;
}
