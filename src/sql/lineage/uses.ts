/** What columns steer: of each column and each way once, with all that was said of it. */
import { refKey, unionOfColumns } from './flows.ts';
import type { ColumnRef, ColumnUse } from './lineage.ts';

/** A use of columns that are said beside it. */
export type UseOf = Omit<ColumnUse, 'source'>;

interface Kept {
  use: ColumnUse;
}

/** By the same thing in the same way. */
interface Group {
  readonly byKey: Map<string, Kept>;
  /** The same, faster: most columns come as the same object each time. */
  readonly byObject: Map<ColumnRef, Kept>;
}

type Columns = readonly ColumnRef[];

export class Uses {
  readonly #groups = new Map<string, Group>();
  readonly #kept: Kept[] = [];

  /** Gives how many columns were looked at for it. */
  add(sources: Columns, use: UseOf): number {
    const name = `${use.use}|${use.subject ?? ''}|${use.inside ?? ''}|${marksOf(use)}`;
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { byKey: new Map(), byObject: new Map() }));
    const unions = new Unions(use.against);
    for (const source of sources) {
      let kept = group.byObject.get(source);
      if (kept === undefined) {
        const key = refKey(source);
        kept = group.byKey.get(key);
        if (kept === undefined) {
          kept = { use: { source, ...use } };
          this.#kept.push(kept);
          group.byKey.set(key, kept);
          group.byObject.set(source, kept);
          continue;
        }
        group.byObject.set(source, kept);
      }
      merge(kept, use, unions);
    }
    return sources.length + unions.cost;
  }

  *values(): Generator<ColumnUse> {
    for (const { use } of this.#kept) yield use;
  }
}

const MARKS = ['sorted', 'inner', 'digits', 'joins', 'ofLength'] as const;

function marksOf(use: UseOf): string {
  return MARKS.filter((mark) => use[mark] === true).join(' ');
}

function merge(kept: Kept, use: UseOf, unions: Unions): void {
  const known = kept.use;
  const least = use.use === 'lookup' ? 1 : 0;
  const own = (known.own ?? least) + (use.own ?? least);
  if (own !== (known.own ?? least)) kept.use = { ...known, own };
  if (use.use === 'fallible') {
    // By one that was chosen for it, all others count for nothing.
    if (known.against === undefined) return;
    if (use.against === undefined) {
      const { against: _, ...rest } = kept.use;
      kept.use = rest;
      return;
    }
  }
  if (use.against === undefined || (use.use === 'lookup' && use.joins !== true)) return;
  const against = unions.with(known.against);
  if (against !== known.against) kept.use = { ...kept.use, against };
}

/** What columns were compared with before, and those that they are compared with now: for many columns often the same. */
class Unions {
  readonly #added: Columns;
  readonly #known = new Map<Columns | undefined, Columns>();
  cost = 0;

  constructor(added: Columns = []) {
    this.#added = added;
  }

  with(known: Columns | undefined): Columns {
    if (known === this.#added) return known;
    let union = this.#known.get(known);
    if (union === undefined) {
      this.cost += (known?.length ?? 0) + this.#added.length;
      union = known === undefined ? this.#added : unionOfColumns(known, this.#added);
      this.#known.set(known, union);
    }
    return union;
  }
}
