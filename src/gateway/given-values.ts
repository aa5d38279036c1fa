/**
 * How many values clients gave to each column of one database, rather than copied there from its like: who compares them
 * with others' looks each of them up. In: what statements give, and how they ended. Out: numbers. What is not known, or
 * under way, is as many as one likes.
 */
import { type Gift, type Meeting, orderCost } from '../masking/given-values.ts';
import type { StatementPlan } from '../masking/statement-plan.ts';
import { bareName } from '../sql/names.ts';
import type { StoredGiven } from './given-store.ts';

const DAY_MS = 86_400_000;
const MANY = Number.POSITIVE_INFINITY;
/** Of tables made through dbgate; beyond, what is new counts as not known. */
const MAX_COLUMNS = 200_000;

/** How a statement ended; undefined: it failed or was never run. */
export interface CommandTag {
  readonly word: string;
  readonly rows: number;
}

/** Tags that say how many rows were written. */
const COUNTING = /^(?:INSERT|UPDATE|MERGE|COPY|SELECT)$/;

export interface GivenWorld {
  /** `made`: by a statement that was planned here; `unknown`: through dbgate, but not so; `before`: by others. */
  origin(relation: number): 'made' | 'unknown' | 'before';
  /** The same column of the topmost table that its table is a partition or child of, or itself. */
  rootOf(column: { readonly relation: number; readonly attnum: number }): {
    readonly relation: number;
    readonly attnum: number;
  };
  holdsOnlyGiven(column: { readonly relation: number; readonly attnum: number }): boolean;
}

/** A relation that a statement writes its rows to, or makes. */
export type WrittenTo = NonNullable<StatementPlan['writesTo']>;

/** What one statement gives, while it runs. */
export interface Giving {
  /** By statement of the text. */
  ended(tags: readonly (CommandTag | undefined)[]): void;
}

class Column {
  total = 0;
  /** Statements under way. */
  open = 0;
  /** Of tables that were there before: by principal and day. */
  readonly byPrincipal = new Map<string, { day: number; now: number; before: number; open: number }>();

  of(principal: string, nowMs: number): { day: number; now: number; before: number; open: number } {
    const day = Math.floor(nowMs / DAY_MS);
    let found = this.byPrincipal.get(principal);
    if (found === undefined) this.byPrincipal.set(principal, (found = { day, now: 0, before: 0, open: 0 }));
    if (found.day !== day) {
      found.before = found.day === day - 1 ? found.now : 0;
      found.now = 0;
      found.day = day;
    }
    return found;
  }
}

/** A relation, or what is made under a name. */
class Place {
  /** By attnum, 0 for whole rows. */
  readonly columns = new Map<number, Column>();
  /** How many rows statements wrote to it whose tags said so. */
  rows = 0;
}

export class GivenValues {
  readonly #relations = new Map<number, Place>();
  /** By bare name: of relations that were not there yet. */
  readonly #named = new Map<string, Place>();
  /** Names under which relations came into being. */
  readonly #names = new Map<number, Set<string>>();
  /** By table made through dbgate: the attnums of columns that values of others were copied to. */
  readonly #copied = new Map<number, Set<number>>();
  /** By principal and column: what was counted as lookups. */
  readonly #paid = new Map<string, Map<string, number>>();
  /** By bare name: how often a query made a table of that name, in any schema. */
  readonly #makings = new Map<string, number>();
  /** What the server said was written to a table, where that was more than is known of here. */
  readonly #exceeding = new Map<number, number>();
  /** A rule of the client's own may have put values into these. */
  #lost = new Set<number>();
  #size = 0;
  /** Another whenever a column holds others' values that did not. */
  version = 0;

  /** Told when a table that was made through dbgate is given something. */
  onChange: () => void = () => {};

  /** What was known before a restart. */
  restore(tables: readonly StoredGiven[]): void {
    for (const { oid, given, rows, copied } of tables) {
      for (const [attnum, count] of given) {
        add(this.#columnOf({ relation: oid, attnum }), false, '', count ?? MANY, 0);
      }
      this.#placeOf({ relation: oid }).rows += rows ?? MANY;
      if (copied.length > 0) this.#copied.set(oid, new Set(copied));
    }
  }

  /** What is known of these tables, which were made through dbgate. */
  stored(relations: Iterable<number>): StoredGiven[] {
    return [...relations].map((oid) => {
      const counts = new Map<number, number>();
      if (this.#lost.has(oid)) counts.set(0, MANY);
      for (const { columns } of this.#placesOf(oid)) {
        for (const [attnum, { open, total }] of columns) {
          counts.set(attnum, (counts.get(attnum) ?? 0) + (open > 0 ? MANY : total));
        }
      }
      return {
        oid,
        given: [...counts].map(([attnum, count]) => [attnum, known(count)]),
        rows: known(this.#rowsOf(oid)),
        copied: [...(this.#copied.get(oid) ?? [])],
      };
    });
  }

  #placesOf(relation: number): Place[] {
    const places = [this.#relations.get(relation)];
    for (const name of this.#names.get(relation) ?? []) places.push(this.#named.get(name));
    return places.filter((place) => place !== undefined);
  }

  /** Values of others were copied there. */
  isCopied(relation: number, attnum: number): boolean {
    return this.#copied.get(relation)?.has(attnum) === true;
  }

  /** A relation of that name has come into being. */
  arrived(name: string, relation: number): void {
    const names = this.#names.get(relation) ?? new Set();
    this.#names.set(relation, names.add(bareName(name)));
    this.onChange();
  }

  /** It goes upstream. `writesTo`: by statement, where all rows go of which its tag will tell. */
  give(
    principal: string,
    {
      gifts: statements,
      writesTo,
    }: { gifts: readonly (readonly Gift[])[]; writesTo: readonly (WrittenTo | undefined)[] },
    world: GivenWorld,
    nowMs: number,
  ): Giving {
    const open: { column: Column; at: number; isBefore: boolean }[] = [];
    const writing: { place: Place; at: number }[] = [];
    for (const [at, to] of writesTo.entries()) {
      if (to === undefined || ('relation' in to && world.origin(to.relation) !== 'made')) continue;
      if ('lookup' in to) this.#makings.set(bareName(to.lookup), (this.#makings.get(bareName(to.lookup)) ?? 0) + 1);
      writing.push({ place: this.#placeOf(to), at });
    }
    statements.forEach((gifts, at) => {
      for (const gift of gifts) {
        const { to } = gift;
        if ('relation' in to && to.relation === 0) {
          this.#lost = new Set([...this.#lost, ...this.#relations.keys(), ...this.#names.keys()]);
          this.onChange();
          continue;
        }
        const isBefore = 'relation' in to && world.origin(to.relation) === 'before';
        if (gift.copies.length > 0 && 'relation' in to && !isBefore) this.#noteCopied(to.relation, to.attnum);
        let copied = 0;
        let isTakenApart = false;
        for (const { relation, attnum, elements } of gift.copies) {
          const count = this.count(principal, relation, attnum, world, nowMs);
          copied += count;
          isTakenApart ||= elements === true && count > 0;
        }
        const isByRows = gift.values === 'rows' || (isTakenApart && gift.isCounted);
        const isMany = gift.values === 'many' || (isTakenApart && !gift.isCounted);
        const values = isMany ? MANY : (typeof gift.values === 'number' ? gift.values : 0) + copied;
        if (values === 0 && !isByRows) continue;
        const column = this.#columnOf(to);
        add(column, isBefore, principal, values, nowMs);
        if (!isBefore) this.onChange();
        if (!isByRows) continue;
        open.push({ column, at, isBefore });
        column.open++;
        column.of(principal, nowMs).open++;
      }
    });
    return {
      ended: (tags) => {
        const endMs = nowMs;
        for (const { place, at } of writing.splice(0)) {
          const tag = tags[at];
          this.onChange();
          if (tag !== undefined) place.rows += COUNTING.test(tag.word) ? tag.rows : 0;
        }
        for (const { column, at, isBefore } of open.splice(0)) {
          column.open--;
          column.of(principal, endMs).open--;
          const tag = tags[at];
          if (!isBefore) this.onChange();
          if (tag === undefined) continue;
          add(column, isBefore, principal, COUNTING.test(tag.word) ? tag.rows : MANY, endMs);
        }
      },
    };
  }

  /**
   * TRUNCATE goes upstream behind other statements of its transaction, or before some: what these wrote, the server counts
   * only if both are kept. From then on nobody knows whose rows are in it.
   */
  emptied(relation: number, world: GivenWorld): void {
    if (world.origin(relation) === 'made') this.#noteCopied(relation, 0);
  }

  #noteCopied(relation: number, attnum: number): void {
    if (this.isCopied(relation, attnum)) return;
    const attnums = this.#copied.get(relation) ?? new Set();
    this.#copied.set(relation, attnums.add(attnum));
    this.version++;
    this.onChange();
  }

  /** How many values clients gave to a column: all of them, or of a table that was there before this principal within a day. */
  count(principal: string, relation: number, attnum: number, world: GivenWorld, nowMs: number): number {
    const origin = world.origin(relation);
    if (origin === 'unknown' || this.#lost.has(relation)) return MANY;
    let count = 0;
    for (const { columns } of this.#placesOf(relation)) {
      for (const at of attnum === 0 ? [0] : [attnum, 0]) {
        const column = columns.get(at);
        if (column === undefined) continue;
        if (origin === 'made') count += column.open > 0 ? MANY : column.total;
        else {
          const { now, before, open } = column.of(principal, nowMs);
          count += open > 0 ? MANY : now + before;
        }
      }
    }
    return count;
  }

  /**
   * `written`: how many rows the server says were written to it. More than statements here have written, whose tags told:
   * somebody else did, and what a column of it holds need not have been given here.
   */
  compare(relation: number, written: number): void {
    const rows = this.#rowsOf(relation);
    const before = this.#exceeding.get(relation) ?? 0;
    // The server may have counted what a statement wrote whose end is not here yet: by the next time it is.
    if (before > rows) this.#noteCopied(relation, 0);
    if (written > rows) this.#exceeding.set(relation, written);
    else this.#exceeding.delete(relation);
  }

  /** How many rows statements here have written to it for certain: of what made a table of that name, if it was made once. */
  #rowsOf(relation: number): number {
    let rows = this.#relations.get(relation)?.rows ?? 0;
    for (const name of this.#names.get(relation) ?? []) {
      if (this.#makings.get(name) === 1) rows += this.#named.get(name)?.rows ?? 0;
    }
    return rows;
  }

  /** What meets others of its class, and has not been counted for this principal yet. */
  unpaid(principal: string, meets: readonly Meeting[], world: GivenWorld, nowMs: number): Unpaid {
    const paid = this.#paid.get(principal);
    const due = new Map<string, number>();
    let count = 0;
    const countOf = ({ relation, attnum, elements }: Meeting): number => {
      const given = this.count(principal, relation, attnum, world, nowMs);
      return elements === true && given > 0 ? MANY : given;
    };
    for (const group of Map.groupBy(merged(meets), (one) => one.class).values()) {
      if (group.every((one) => world.holdsOnlyGiven(one))) continue;
      const rootOf = (one: Meeting): string => keyOf({ ...one, ...world.rootOf(one) });
      for (const family of Map.groupBy(group, rootOf).values()) {
        const root = family.find((one) => rootOf(one) === keyOf(one));
        const ofRoot = root === undefined ? 0 : countOf(root);
        for (const one of family) {
          const given = countOf(one);
          const key = keyOf(one);
          // What was put into the whole was counted for each of its parts.
          const own =
            one === root ? given : given === MANY ? (ofRoot === MANY ? 0 : MANY) : Math.max(0, given - ofRoot);
          if (one.unequal !== true) count += unpaidOf(key, own, paid, due, (values) => values);
          if (one.ordered !== true) continue;
          const costOf = (values: number): number =>
            one.unequal === true ? orderCost(values) : Math.max(0, orderCost(values) - values);
          count += unpaidOf(`${key} in order`, own, paid, due, costOf);
        }
      }
    }
    return { count, due };
  }

  pay(principal: string, { due }: Unpaid): void {
    if (due.size === 0) return;
    const paid = this.#paid.get(principal) ?? new Map<string, number>();
    for (const [key, count] of due) paid.set(key, count);
    this.#paid.set(principal, paid);
  }

  #placeOf(to: { readonly relation: number } | { readonly lookup: string }): Place {
    if ('lookup' in to) return placeIn(this.#named, bareName(to.lookup));
    return placeIn(this.#relations, to.relation);
  }

  #columnOf(to: Gift['to']): Column {
    const { columns } = this.#placeOf(to);
    let column = columns.get(to.attnum);
    if (column === undefined) {
      columns.set(to.attnum, (column = new Column()));
      if (++this.#size > MAX_COLUMNS) column.total = MANY;
    }
    return column;
  }
}

function placeIn<Key>(places: Map<Key, Place>, key: Key): Place {
  let place = places.get(key);
  if (place === undefined) places.set(key, (place = new Place()));
  return place;
}

/** Null: as many as one likes. */
function known(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}

/** Each part of a document is counted for itself, as a column is. */
function keyOf({ relation, attnum, part }: Meeting): string {
  return part === undefined ? `${relation}.${attnum}` : `${relation}.${attnum} ${part}`;
}

/** Each column once: what any of its uses tells. */
function merged(meets: readonly Meeting[]): readonly Meeting[] {
  const found = new Map<string, Meeting>();
  for (const one of meets) {
    const key = `${keyOf(one)} ${one.class}`;
    const before = found.get(key);
    if (before === undefined) {
      found.set(key, one);
      continue;
    }
    const { unequal: _, ...both } = { ...before, ...one };
    found.set(key, before.unequal === true && one.unequal === true ? { ...both, unequal: true } : both);
  }
  return [...found.values()];
}

function unpaidOf(
  key: string,
  own: number,
  paid: ReadonlyMap<string, number> | undefined,
  due: Map<string, number>,
  costOf: (values: number) => number,
): number {
  const before = paid?.get(key) ?? 0;
  if (own === before || due.has(key)) return 0;
  // Fewer: those of days ago no longer count.
  due.set(key, own);
  return own < before ? 0 : costOf(own - before);
}

/** Lookups that a statement would cost. */
export interface Unpaid {
  readonly count: number;
  readonly due: ReadonlyMap<string, number>;
}

function add(column: Column, isBefore: boolean, principal: string, count: number, nowMs: number): void {
  if (isBefore) column.of(principal, nowMs).now += count;
  else column.total += count;
}
