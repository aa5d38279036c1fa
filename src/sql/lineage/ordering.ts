/** ORDER BY, GROUP BY and their like: plain columns are told apart from what is computed of them. */
import { as, child, list, strings, type Tree } from '../tree.ts';
import { isEmpty, type Value } from './flows.ts';
import type { Flow, Use } from './lineage.ts';
import type { Tracer } from './tracer.ts';

/** `use` where the flow is the columns' own values, else `predicate`. */
export function plainUse(
  t: Tracer,
  flow: Flow,
  use: Use,
  subject: string,
  at: Tree | undefined,
  isSorted = false,
): void {
  if (isEmpty(flow)) return;
  const { shape } = flow;
  switch (shape.kind) {
    case 'derived':
    case 'text':
      t.use(flow, 'predicate', subject, at);
      return;
    case 'row':
      for (const field of shape.fields) plainUse(t, field.flow, use, subject, at, isSorted);
      return;
    case 'array':
      plainUse(t, shape.element, use, subject, at, isSorted);
      return;
    case 'json':
      plainUse(t, shape.value, use, subject, at, isSorted);
      return;
    default:
      if (flow.picked === true && use === 'group') t.use(flow, 'predicate', subject, at);
      else t.use(flow, use, undefined, at, isSorted ? mixedIn(flow) : undefined);
  }
}

/** The columns of several relations whose values are put in order together. */
export function mixedIn({ sources }: Flow): Flow['sources'] | undefined {
  return sources.some(({ relation }) => relation !== sources[0]?.relation) ? sources : undefined;
}

/** Sorting by a column in lower case sorts by the column. */
export function orderUse(t: Tracer, node: Tree | undefined, value: Value, at: Tree | undefined): void {
  if (isEmpty(value.flow)) return;
  if (value.isMixed) t.use(value.flow, 'predicate', 'ORDER BY', at);
  else if (value.flow.shape.kind === 'text' && isFolded(node))
    t.use(value.flow, 'order', undefined, at, mixedIn(value.flow));
  else plainUse(t, value.flow, 'order', 'ORDER BY', at, true);
}

function isFolded(node: Tree | undefined): boolean {
  const call = as(node, 'FuncCall');
  if (call === undefined) return false;
  const [only] = list(call, 'args');
  const name = strings(call, 'funcname').at(-1);
  if (list(call, 'args').length !== 1 || (name !== 'lower' && name !== 'upper')) return false;
  return as(only, 'ColumnRef') !== undefined || as(child(as(only, 'TypeCast') ?? {}, 'arg'), 'ColumnRef') !== undefined;
}
