/**
 * How many values clients gave to each column of one database, rather than copied there from its like: who compares them
 * with others' looks each of them up. In: what statements give, and how they ended. Out: numbers. What is not known, or
 * under way, is as many as one likes.
 */
import { type Gift, type Meeting, orderCost } from '../masking/given-values.ts';
import type { StatementPlan } from '../masking/make-plan.ts';
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

/** In place of a column: how many rows statements wrote whose tags say so. */
const ROWS = -1;

/** Tags that say how many rows were written. */
const COUNTING = /^(?:INSERT|UPDATE|MERGE|COPY|SELECT)$/;

export interface GivenWorld {
  /** `made`: by a statement that was planned here; `unknown`: through dbgate, but not so; `before`: by others. */
  origin(relation: number): 'made' | 'unknown' | 'before';
  /** The topmost table that it is a partition or child of, or itself. */
  rootOf(relation: number): number;
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

type Columns = Map<number, Column>;

export class GivenValues {
  readonly #columns = new Map<number, Columns>();
  /** By bare name: of relations that were not there yet. */
  readonly #named = new Map<string, Columns>();
  /** Names under which relations came into being. */
  readonly #names = new Map<number, Set<string>>();
  /** Columns of tables made through dbgate that values of others were copied to, as `oid.attnum`. */
  readonly #copied = new Set<string>();
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
    for (const { oid, given, copied } of tables) {
      for (const [attnum, count] of given) {
        add(this.#columnOf({ relation: oid, attnum }), false, '', count ?? MANY, 0);
      }
      for (const attnum of copied) this.#copied.add(`${oid}.${attnum}`);
    }
  }

  /** What is known of these tables, which were made through dbgate. */
  stored(relations: Iterable<number>): StoredGiven[] {
    return [...relations].map((oid) => {
      const counts = new Map<number, number>();
      if (this.#lost.has(oid)) counts.set(0, MANY);
      for (const columns of this.#placesOf(oid)) {
        for (const [attnum, { open, total }] of columns) {
          if (attnum !== ROWS) counts.set(attnum, (counts.get(attnum) ?? 0) + (open > 0 ? MANY : total));
        }
      }
      counts.set(ROWS, this.#rowsOf(oid));
      const own = `${oid}.`;
      return {
        oid,
        given: [...counts].map(([attnum, count]) => [attnum, Number.isFinite(count) ? count : null]),
        copied: [...this.#copied].filter((key) => key.startsWith(own)).map((key) => Number(key.slice(own.length))),
      };
    });
  }

  #placesOf(relation: number): Columns[] {
    const places = [this.#columns.get(relation)];
    for (const name of this.#names.get(relation) ?? []) places.push(this.#named.get(name));
    return places.filter((columns) => columns !== undefined);
  }

  /** Values of others were copied there. */
  isCopied(relation: number, attnum: number): boolean {
    return this.#copied.has(`${relation}.${attnum}`);
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
    for (const [at, to] of writesTo.entries()) {
      if (to === undefined || ('relation' in to && world.origin(to.relation) !== 'made')) continue;
      if ('lookup' in to) this.#makings.set(bareName(to.lookup), (this.#makings.get(bareName(to.lookup)) ?? 0) + 1);
      const column = this.#columnOf({ ...to, attnum: ROWS });
      column.open++;
      column.of(principal, nowMs).open++;
      open.push({ column, at, isBefore: false });
    }
    statements.forEach((gifts, at) => {
      for (const gift of gifts) {
        const { to } = gift;
        if ('relation' in to && to.relation === 0) {
          this.#lost = new Set([...this.#lost, ...this.#columns.keys(), ...this.#names.keys()]);
          this.onChange();
          continue;
        }
        const isBefore = 'relation' in to && world.origin(to.relation) === 'before';
        if (gift.copies.length > 0 && 'relation' in to && !isBefore) this.#noteCopied(to.relation, to.attnum);
        let copied = 0;
        for (const { relation, attnum } of gift.copies) copied += this.count(principal, relation, attnum, world, nowMs);
        const known = gift.values === 'many' ? MANY : (gift.values === 'rows' ? 0 : gift.values) + copied;
        if (known === 0 && gift.values !== 'rows') continue;
        const column = this.#columnOf(to);
        add(column, isBefore, principal, known, nowMs);
        if (!isBefore) this.onChange();
        if (gift.values !== 'rows') continue;
        open.push({ column, at, isBefore });
        column.open++;
        column.of(principal, nowMs).open++;
      }
    });
    return {
      ended: (tags) => {
        const endMs = nowMs;
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

  #noteCopied(relation: number, attnum: number): void {
    const key = `${relation}.${attnum}`;
    if (this.#copied.has(key)) return;
    this.#copied.add(key);
    this.version++;
    this.onChange();
  }

  /** How many values clients gave to a column: all of them, or of a table that was there before this principal within a day. */
  count(principal: string, relation: number, attnum: number, world: GivenWorld, nowMs: number): number {
    const origin = world.origin(relation);
    if (origin === 'unknown' || this.#lost.has(relation)) return MANY;
    let count = 0;
    for (const columns of this.#placesOf(relation)) {
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
    let rows = this.#columns.get(relation)?.get(ROWS)?.total ?? 0;
    for (const name of this.#names.get(relation) ?? []) {
      if (this.#makings.get(name) === 1) rows += this.#named.get(name)?.get(ROWS)?.total ?? 0;
    }
    return rows;
  }

  /** What meets others of its class, and has not been counted for this principal yet. */
  unpaid(principal: string, meets: readonly Meeting[], world: GivenWorld, nowMs: number): Unpaid {
    const paid = this.#paid.get(principal);
    const due = new Map<string, number>();
    let count = 0;
    for (const group of Map.groupBy(merged(meets), (one) => one.class).values()) {
      if (group.every((one) => world.holdsOnlyGiven(one))) continue;
      for (const family of Map.groupBy(group, ({ relation }) => world.rootOf(relation)).values()) {
        const root = family.find(({ relation }) => world.rootOf(relation) === relation);
        const ofRoot = root === undefined ? 0 : this.count(principal, root.relation, root.attnum, world, nowMs);
        for (const one of family) {
          const given = this.count(principal, one.relation, one.attnum, world, nowMs);
          const key = `${one.relation}.${one.attnum}`;
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

  #columnOf(to: Gift['to']): Column {
    const isNamed = 'lookup' in to;
    const name = isNamed ? bareName(to.lookup) : '';
    let columns = isNamed ? this.#named.get(name) : this.#columns.get(to.relation);
    if (columns === undefined) {
      columns = new Map();
      if (isNamed) this.#named.set(name, columns);
      else this.#columns.set(to.relation, columns);
    }
    let column = columns.get(to.attnum);
    if (column === undefined) {
      columns.set(to.attnum, (column = new Column()));
      if (++this.#size > MAX_COLUMNS) column.total = MANY;
    }
    return column;
  }
}

/** Each column once: what any of its uses tells. */
function merged(meets: readonly Meeting[]): readonly Meeting[] {
  const found = new Map<string, Meeting>();
  for (const one of meets) {
    const key = `${one.relation}.${one.attnum}`;
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
