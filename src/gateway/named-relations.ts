/**
 * What the relations that a text names may be, and so what its constants may meet. Names are looked up in every schema,
 * and a relation, a column or a class that is not known counts as classified.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { Classification, ColumnClass } from '../classify/classes.ts';
import { systemColumnAction } from '../classify/system-columns.ts';
import type { MaskMode } from '../masking/plan.ts';
import type { ColumnMet, StatementFacts } from '../sql/facts.ts';
import { nameParts, qualifiedName } from '../sql/names.ts';
import { KEEP, UNKNOWN } from './recorded-text.ts';

/** What names may stand for. */
export interface RecordWorld {
  readonly catalog: Catalog;
  readonly classes: {
    /** Raised whenever a class may be another. */
    readonly version: number;
    /** Raised when a table is known that nobody had looked at. */
    readonly firstLooks: number;
    /** Undefined: nobody has looked at it. */
    of(relation: number, attnum: number): Classification | undefined;
  };
}

/** What one person may see of constants. */
export interface Sight {
  /** Of a class, wherever its value is from. */
  mode(columnClass: ColumnClass): MaskMode | 'none';
  modeIn(columnClass: ColumnClass, relation: CatalogRelation): MaskMode | 'none';
  /** Also what is not known. */
  readonly showsAll: boolean;
}

/** What is to be done with a constant: its label, and the classes that it may have and that are shown. */
export interface Sighted {
  readonly label: string;
  readonly shown: ReadonlySet<string>;
}

const MAX_RELATIONS = 64;
const MAX_COLUMNS = 64;
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'oid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** What the relations that a text names may be, whatever the search_path. */
export class NamedRelations {
  readonly #written: readonly string[];
  readonly #world: RecordWorld | undefined;
  readonly #candidates = new Map<string, readonly CatalogRelation[]>();
  /** Every name is one of the catalog's. */
  readonly #allKnown: boolean;

  constructor(
    statements: readonly StatementFacts[],
    world: RecordWorld | undefined,
    named: (catalog: Catalog) => Map<string, readonly CatalogRelation[]>,
  ) {
    this.#written = [...new Set(statements.flatMap(({ relations }) => relations))];
    this.#world = world;
    const byName = world === undefined ? undefined : named(world.catalog);
    for (const name of this.#written) {
      const parts = nameParts(name);
      const found = byName?.get(parts.at(-1) ?? '') ?? [];
      const schema = parts.at(-2);
      this.#candidates.set(name, schema === undefined ? found : found.filter((one) => one.schema === schema));
    }
    this.#allKnown = [...this.#candidates.values()].every((found) => found.length > 0);
  }

  /** With their schema, where there is but one of that name. */
  names(): string[] {
    return this.#written.slice(0, MAX_RELATIONS).map((name) => {
      const found = this.#candidates.get(name) ?? [];
      return found.length === 1 ? qualifiedName([found[0]!.schema, found[0]!.name]) : name;
    });
  }

  /** Is any column of them classified, or not known to be clear? */
  get holdClasses(): boolean {
    if (!this.#allKnown) return true;
    for (const found of this.#candidates.values()) {
      for (const relation of found) {
        if (relation.isSystem || relation.kind === 'S') continue;
        if (relation.kind === 'v') return true;
        for (const { name } of relation.columns) if (this.#labelIn(relation, name) !== KEEP) return true;
      }
    }
    return false;
  }

  labelOf(met: readonly ColumnMet[]): string {
    let label = KEEP;
    for (const [relation, name] of this.#columnsMet(met)) {
      const found = relation === undefined ? UNKNOWN : this.#labelIn(relation, name);
      if (found !== KEEP && (label === KEEP || label === UNKNOWN)) label = found;
    }
    return label;
  }

  /** Of what a constant in that place may meet; `anything`: any column of them. */
  sighted(place: 'anything' | readonly ColumnMet[], sight: Sight): Sighted {
    const shown = new Set<string>();
    const hidden = new Set<string>();
    const take = (label: string, relation: CatalogRelation | undefined): void => {
      if (label === KEEP) return;
      const isKnown = label !== UNKNOWN && relation !== undefined;
      const isShown = isKnown ? sight.modeIn(label as ColumnClass, relation) === 'none' : sight.showsAll;
      (isShown ? shown : hidden).add(label);
    };
    if (place !== 'anything') {
      for (const [relation, name] of this.#columnsMet(place)) {
        take(relation === undefined ? UNKNOWN : this.#labelIn(relation, name), relation);
      }
    } else if (!this.#allKnown) take(UNKNOWN, undefined);
    else {
      for (const relation of [...this.#candidates.values()].flat()) {
        if (relation.isSystem || relation.kind === 'S') continue;
        for (const { name } of relation.columns) take(this.#labelIn(relation, name), relation);
      }
    }
    // Of two classes neither mask is for the other's values.
    const label = hidden.size === 0 ? KEEP : hidden.size === 1 ? [...hidden][0]! : UNKNOWN;
    return { label, shown };
  }

  /** Undefined: one that is not known. */
  *#columnsMet(met: readonly ColumnMet[]): Generator<readonly [CatalogRelation | undefined, string]> {
    for (const { relation: written, column, position } of met) {
      const own = written === undefined ? undefined : this.#candidates.get(written);
      if (this.#world === undefined || (own === undefined && !this.#allKnown) || own?.length === 0) {
        yield [undefined, column];
        continue;
      }
      let isFound = false;
      for (const relation of own ?? [...this.#candidates.values()].flat()) {
        const name = position === undefined ? column : relation.columns[position]?.name;
        if (name === undefined || !relation.columns.some((one) => one.name === name)) continue;
        isFound = true;
        yield [relation, name];
      }
      if (!isFound && !(SYSTEM_COLUMNS.has(column) && position === undefined)) yield [undefined, column];
    }
  }

  #labelIn(relation: CatalogRelation, name: string): string {
    const { schema, name: table, isSystem, kind } = relation;
    if (isSystem) return systemColumnAction(schema, table, name) === 'redact' ? UNKNOWN : KEEP;
    if (kind === 'S') return KEEP;
    if (kind === 'v') return UNKNOWN;
    const column = relation.columns.find((one) => one.name === name);
    const found = column && this.#world?.classes.of(relation.oid, column.attnum);
    if (found === undefined) return UNKNOWN;
    if (found.class !== undefined) return found.class;
    return found.paths === undefined || found.paths.size === 0 ? KEEP : UNKNOWN;
  }

  /** `schema.table.column` of those columns, undefined: of all; with their class where one is known. */
  touched(named: readonly ColumnMet[] | undefined): {
    readonly columns: Readonly<Record<string, ColumnClass>>;
    readonly otherColumns: readonly string[];
  } {
    const columns: Record<string, ColumnClass> = {};
    const others: string[] = [];
    const wanted = named && new Set(named.map(({ column }) => column));
    let count = 0;
    for (const found of this.#candidates.values()) {
      for (const { oid, schema, name: table, columns: all, isSystem, kind } of found) {
        if (isSystem || kind === 'S') continue;
        for (const { attnum, name } of all) {
          if (wanted !== undefined && !wanted.has(name)) continue;
          const classification = kind === 'v' ? undefined : this.#world?.classes.of(oid, attnum);
          const kindOf = classification?.class ?? classification?.paths?.values().next().value;
          if (kindOf === undefined) {
            if (others.length < MAX_COLUMNS) others.push(`${schema}.${table}.${name}`);
          } else if (++count <= MAX_COLUMNS) columns[`${schema}.${table}.${name}`] = kindOf;
        }
      }
    }
    const room = MAX_COLUMNS - Math.min(count, MAX_COLUMNS);
    return { columns, otherColumns: others.slice(0, room) };
  }
}
