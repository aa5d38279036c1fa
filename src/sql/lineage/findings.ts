/** What a statement, or a part of one, was found to do. */
import { type NamedValue, refKey, type Value } from './flows.ts';
import { KnownValues } from './known-values.ts';
import type { ColumnRef, ColumnUse, Given, OpaqueRoutine, Oracle, StatementLineage, WriteFlow } from './lineage.ts';
import { Uses } from './uses.ts';

export class Findings {
  readonly uses = new Uses();
  readonly values = new KnownValues<Value>();
  readonly queries = new KnownValues<readonly NamedValue[]>();
  readonly conditions = new KnownValues<true>();
  /** Whether computing an expression may fail. */
  readonly failing = new KnownValues<boolean>();
  readonly writes: WriteFlow[] = [];
  readonly reads = new Set<number>();
  readonly unknown = new Set<string>();
  readonly opaque: OpaqueRoutine[] = [];
  readonly modifies = new Set<number>();
  /** By refKey. */
  readonly assigns = new Map<string, ColumnRef>();
  readonly firedOn = new Set<number>();
  readonly gives: Given[] = [];
  readonly fires = new Set<number>();
  /** By refKey. */
  readonly computes = new Map<string, ColumnRef>();
  /** The same, as they come. */
  readonly #computed = new Set<ColumnRef>();
  oracle: Oracle | undefined;
  /** All that is unknown of it is what its names mean behind an earlier statement of its text. */
  outdated = false;

  add({ source, ...use }: ColumnUse): void {
    this.uses.add([source], use);
  }

  /** Something is computed of them. */
  computesOf(columns: readonly ColumnRef[]): void {
    for (const column of columns) {
      if (this.#computed.has(column)) continue;
      this.#computed.add(column);
      this.computes.set(refKey(column), column);
    }
  }

  /** Takes over what was found elsewhere. */
  include(other: Findings): void {
    for (const use of other.uses.values()) this.add(use);
    this.writes.push(...other.writes);
    for (const relation of other.reads) this.reads.add(relation);
    for (const why of other.unknown) this.unknown.add(why);
    for (const relation of other.modifies) this.modifies.add(relation);
    for (const relation of other.firedOn) this.firedOn.add(relation);
    for (const [key, column] of other.assigns) this.assigns.set(key, column);
    for (const relation of other.fires) this.fires.add(relation);
    for (const [key, column] of other.computes) this.computes.set(key, column);
    this.gives.push(...other.gives);
    this.oracle ??= other.oracle;
    for (const one of other.opaque) {
      if (!this.opaque.some((known) => known.routine === one.routine && known.on === one.on)) this.opaque.push(one);
    }
  }

  lineage(
    rest: Pick<StatementLineage, 'columns' | 'resultOf' | 'defines' | 'keeps' | 'copyOut' | 'explains' | 'computes'>,
  ): StatementLineage {
    return {
      ...rest,
      uses: [...this.uses.values()],
      writes: this.writes,
      reads: [...this.reads],
      unknown: [...this.unknown],
      opaque: this.opaque,
      modifies: [...this.modifies],
      assigns: [...this.assigns.values()],
      firedOn: [...this.firedOn],
      ...(this.gives.length === 0 ? {} : { gives: this.gives }),
      ...(this.outdated ? { outdated: true as const } : {}),
      ...(this.oracle === undefined ? {} : { oracle: this.oracle }),
      ...(this.fires.size === 0 ? {} : { fires: [...this.fires] }),
    };
  }
}
