/** `SET (a, b) = (…)`: the parser repeats the row for each of its columns; it is looked at once. */
import { as, child, list, type Tree } from '../tree.ts';
import { expandStar } from './column-references.ts';
import { combine, type NamedValue, type Value, valueFrom } from './flows.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';

export class AssignedRow {
  readonly #t: Tracer;
  readonly #source: Tree | undefined;
  readonly #scope: Scope;
  #fields: readonly NamedValue[] | undefined;

  /** Of the first of its columns. */
  constructor(t: Tracer, node: Tree, scope: Scope) {
    this.#t = t;
    this.#source = child(node, 'source');
    this.#scope = scope;
  }

  at(place: number): Value {
    const t = this.#t;
    const query = as(this.#source, 'SubLink');
    if (query !== undefined) {
      const column = t.query(child(query, 'subselect'), this.#scope)[place];
      return column === undefined
        ? t.unknown('a subquery with too few columns')
        : { ...column.value, origin: undefined };
    }
    const row = as(this.#source, 'RowExpr');
    if (row !== undefined) {
      this.#fields ??= list(row, 'args').flatMap(
        (one) => expandStar(t, one, this.#scope) ?? [{ name: '', value: t.value(one, this.#scope) }],
      );
      return this.#fields[place]?.value ?? t.unknown('a row with too few values');
    }
    const { flow } = t.value(this.#source, this.#scope);
    const field = flow.shape.kind === 'row' ? flow.shape.fields[place]?.flow : undefined;
    return valueFrom(field ?? combine([flow]));
  }
}

/** From 0. */
export function placeOf(node: Tree): number {
  return (typeof node.colno === 'number' ? node.colno : 1) - 1;
}
