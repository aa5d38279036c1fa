/**
 * Relations that statements under way are making, until they are seen in a catalog: what flows into their columns goes
 * along with its class, and whose values can only be those that came through here is known.
 *
 * It must never take another relation for the one that is awaited: names say what is meant only together with a schema,
 * and only once the statement is through.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import type { Inheritance } from '../masking/statement-plan.ts';
import { bareName, nameParts } from '../sql/names.ts';

interface Awaited {
  readonly name: string;
  /** Undefined: in any. */
  readonly schema: string | undefined;
  /** OIDs that are none of the statement's making, or were seen since. */
  readonly known: Set<number>;
  untilMs: number;
}

interface AwaitedColumn extends Awaited {
  /** Statements that are sent and not through. */
  running: number;
  arrived: boolean;
}

/** Values were given to it before it was there. */
interface Given extends Awaited {
  running: number;
  arrived: boolean;
}

interface Made extends Awaited {
  /** How many may come. */
  left: number;
}

/** Of any session: nobody knows which number its schema has before it is there. */
const TEMPORARY = 'pg_temp';
const TEMPORARY_PREFIX = 'pg_temp_';
/** Nothing came of it: the statement failed, or was rolled back; of a temporary one it cannot be told. */
const AWAIT_MS = 3_600_000;
const AWAIT_TEMPORARY_MS = 86_400_000;
const MAX_COLUMNS = 100_000;
const MAX_MADE = 10_000;

export class AwaitedRelations {
  /** By the inheritance itself, which belongs to a plan: who fails over and over adds nothing. */
  readonly #columns = new Map<Inheritance, AwaitedColumn>();
  /** By schema and bare name. */
  readonly #made = new Map<string, Made>();
  /** By schema and bare name. */
  readonly #given = new Map<string, Given>();
  /** OIDs of relations that came into being by a statement that was planned here. */
  readonly #madeHere: Set<number>;
  #settledWith: Catalog | undefined;

  /** `madeHere`: as they were before a restart. */
  constructor(madeHere: readonly number[] = []) {
    this.#madeHere = new Set(madeHere);
  }

  get madeHere(): ReadonlySet<number> {
    return this.#madeHere;
  }

  /** Classes are on their way to relations that are known by name alone. */
  get any(): boolean {
    return this.#columns.size > 0;
  }

  get isFull(): boolean {
    return this.#columns.size >= MAX_COLUMNS;
  }

  isMadeHere(oid: number): boolean {
    return this.#madeHere.has(oid);
  }

  /** A statement that makes these is sent. `schema`: where it creates what is not qualified; `catalog`: as it is before. */
  inherit(inherits: readonly Inheritance[], schema: string | undefined, catalog: Catalog | undefined): void {
    const nowMs = performance.now();
    for (const inheritance of inherits) {
      const one = this.#columns.get(inheritance) ?? awaitedColumn(inheritance, schema, catalog);
      one.running++;
      one.arrived = false;
      one.untilMs = nowMs + (one.schema === TEMPORARY ? AWAIT_TEMPORARY_MS : AWAIT_MS);
      this.#columns.set(inheritance, one);
    }
  }

  /** The same at another gateway, `agoMs` before; `known`: OIDs that were there under that name. */
  inheritElsewhere(
    inheritance: Inheritance,
    schema: string | undefined,
    known: readonly number[],
    agoMs: number,
  ): void {
    const one = { ...awaitedColumn(inheritance, schema, undefined), known: new Set(known) };
    this.#columns.set(inheritance, { ...one, untilMs: performance.now() + AWAIT_MS - agoMs });
    // It may be there already.
    this.#settledWith = undefined;
  }

  /** Where they come into being, as far as that is known, and what is there under that name. */
  expected(
    { lookup }: Inheritance,
    schema: string | undefined,
    catalog: Catalog | undefined,
  ): { readonly schema: string | undefined; readonly known: readonly number[] } {
    return { schema: nameParts(lookup).at(-2) ?? schema, known: [...oidsOf(bareName(lookup), catalog)] };
  }

  /** It is through, whatever came of it. */
  inherited(inherits: readonly Inheritance[]): void {
    for (const inheritance of inherits) {
      const one = this.#columns.get(inheritance);
      if (one !== undefined && one.running > 0) one.running--;
    }
  }

  /** Statements give values to relations that they make; false: too many are awaited. */
  giving(lookups: readonly string[], schema: string | undefined, catalog: Catalog | undefined): boolean {
    if (lookups.length > 0 && this.#given.size >= MAX_COLUMNS) return false;
    for (const lookup of lookups) {
      const name = bareName(lookup);
      const of = nameParts(lookup).at(-2) ?? schema;
      const key = givenKey(lookup, schema);
      const one = this.#given.get(key) ?? {
        name,
        schema: of,
        known: oidsOf(name, catalog),
        running: 0,
        arrived: false,
        untilMs: 0,
      };
      one.running++;
      one.arrived = false;
      one.untilMs = performance.now() + AWAIT_TEMPORARY_MS;
      this.#given.set(key, one);
    }
    return true;
  }

  /** It is through, whatever came of it. */
  given(lookups: readonly string[], schema: string | undefined): void {
    for (const lookup of lookups) {
      const one = this.#given.get(givenKey(lookup, schema));
      if (one !== undefined && one.running > 0) one.running--;
    }
  }

  /**
   * A relation is being made whose values can only be those that come through here. `schema`: where it creates what is not
   * qualified. `catalog`: as it is before; without one nobody can tell it from another of that name, and it counts as
   * others' are.
   */
  making(
    { name, temporary }: { readonly name: string; readonly temporary: boolean },
    schema: string | undefined,
    catalog: Catalog | undefined,
  ): void {
    if (catalog === undefined) return;
    const bare = bareName(name);
    const of = temporary ? TEMPORARY : (nameParts(name).at(-2) ?? schema);
    const key = `${of ?? ''}\0${bare}`;
    const known = this.#made.get(key);
    this.#made.set(key, {
      name: bare,
      schema: of,
      known: known?.known ?? oidsOf(bare, catalog),
      left: (known?.left ?? 0) + 1,
      untilMs: performance.now() + AWAIT_MS,
    });
    if (this.#made.size > MAX_MADE) this.#made.delete(this.#made.keys().next().value!);
  }

  /** What has come into being since gets the classes that flowed into it, by `give`, and its values, by `arrived`. */
  settle(
    catalog: Catalog,
    give: (oid: number, attnum: number, inheritance: Inheritance) => void,
    arrived: (name: string, oid: number) => void,
  ): void {
    // What is on its way since this one was read is not in it.
    if (catalog === this.#settledWith) return;
    this.#settledWith = catalog;
    if (this.#made.size === 0 && this.#columns.size === 0 && this.#given.size === 0) return;
    const named = Map.groupBy(catalog.allRelations, ({ name }) => name);
    const nowMs = performance.now();
    for (const [key, one] of this.#made) {
      for (const { oid } of arrivals(one, named)) {
        one.known.add(oid);
        this.#madeHere.add(oid);
        one.left--;
      }
      if (one.left <= 0 || nowMs >= one.untilMs) this.#made.delete(key);
    }
    for (const [key, one] of this.#given) {
      // A temporary one hides what is in the schema where it would be made otherwise.
      for (const { oid, schema } of arrivals({ ...one, schema: undefined }, named)) {
        one.known.add(oid);
        arrived(one.name, oid);
        one.arrived ||= one.schema === undefined || schema === one.schema;
      }
      const isThere = one.arrived && one.running === 0 && one.schema !== undefined;
      if (isThere || nowMs >= one.untilMs) this.#given.delete(key);
    }
    for (const [inheritance, one] of this.#columns) {
      for (const relation of arrivals(one, named)) {
        const { column } = inheritance;
        const columns = relation.columns.filter(({ name }) => column === undefined || name === column);
        if (columns.length === 0) continue;
        one.known.add(relation.oid);
        one.arrived = true;
        // A view holds nothing: what its columns are made of is read in its definition, which may be replaced.
        if (relation.kind !== 'v') for (const { attnum } of columns) give(relation.oid, attnum, inheritance);
      }
      // In its schema there is room for one of that name; temporary ones of other sessions look the same.
      const isThere = one.arrived && one.running === 0 && one.schema !== undefined && one.schema !== TEMPORARY;
      if (isThere || nowMs >= one.untilMs) this.#columns.delete(inheritance);
    }
  }
}

function awaitedColumn(
  { lookup, temporary }: Inheritance,
  schema: string | undefined,
  catalog: Catalog | undefined,
): AwaitedColumn {
  const name = bareName(lookup);
  const qualifier = nameParts(lookup).at(-2);
  const of = temporary === true ? TEMPORARY : (qualifier ?? schema);
  return { name, schema: of, known: oidsOf(name, catalog), running: 0, arrived: false, untilMs: 0 };
}

function givenKey(lookup: string, schema: string | undefined): string {
  return `${nameParts(lookup).at(-2) ?? schema ?? ''}\0${bareName(lookup)}`;
}

function arrivals({ name, schema, known }: Awaited, named: ReadonlyMap<string, readonly CatalogRelation[]>) {
  return (named.get(name) ?? []).filter((relation) => {
    if (known.has(relation.oid)) return false;
    if (schema === TEMPORARY) return relation.schema.startsWith(TEMPORARY_PREFIX);
    return schema === undefined || relation.schema === schema;
  });
}

function oidsOf(name: string, catalog: Catalog | undefined): Set<number> {
  const oids = new Set<number>();
  for (const relation of catalog?.allRelations ?? []) if (relation.name === name) oids.add(relation.oid);
  return oids;
}
