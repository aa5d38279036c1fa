/** How many values of each class were masked in an answer: counted by column, named at its end. */
import type { ColumnClass } from '../classify/classes.ts';
import type { ColumnAction } from './plan.ts';

/** `unclassified`: redacted for its origin, or masked for what the value alone told. */
export type MaskedByClass = Partial<Record<ColumnClass | 'unclassified', number>>;

export class MaskedCounts {
  /** By position in the answer. */
  readonly byColumn: Uint32Array;
  readonly #actions: readonly ColumnAction[];

  constructor(actions: readonly ColumnAction[]) {
    this.#actions = actions;
    this.byColumn = new Uint32Array(actions.length);
  }

  addTo(sums: MaskedByClass): void {
    for (let i = 0; i < this.byColumn.length; i++) {
      const count = this.byColumn[i]!;
      if (count === 0) continue;
      const label = classOf(this.#actions[i]!);
      sums[label] = (sums[label] ?? 0) + count;
    }
  }
}

function classOf(action: ColumnAction): ColumnClass | 'unclassified' {
  if (action.do === 'mask') return action.class;
  return action.do === 'array' ? classOf(action.element) : 'unclassified';
}
