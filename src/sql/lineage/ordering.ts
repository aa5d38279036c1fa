/** ORDER BY, GROUP BY and their like: plain columns are told apart from what is computed of them. */
import { as, child, list, strings, type Tree } from '../tree.ts';
import { isEmpty, type Value, withOwnOf } from './flows.ts';
import { type ColumnRef, type Flow, isMixed, type Use } from './lineage.ts';
import type { Tracer, UseMarks } from './tracer.ts';

const NO_MARKS: UseMarks = {};
const SORTED: UseMarks = { sorted: true };
const INNER: UseMarks = { inner: true };

/** `use` where the flow is the columns' own values, else `predicate`. `isSorted`: the rows, or what is picked, go by it. */
export function plainUse(
  t: Tracer,
  flow: Flow,
  use: Use,
  subject: string,
  at: Tree | undefined,
  isSorted = false,
  marks: UseMarks = isSorted && use === 'group' ? SORTED : NO_MARKS,
): void {
  if (isEmpty(flow)) return;
  if (isSorted && isMixed(flow)) {
    t.use(flow, 'predicate', subject, at);
    return;
  }
  const { shape } = flow;
  switch (shape.kind) {
    case 'derived':
    case 'text':
      t.use(flow, 'predicate', subject, at);
      return;
    case 'row':
      for (const field of shape.fields) plainUse(t, withOwnOf(field.flow, flow), use, subject, at, isSorted, marks);
      return;
    case 'array':
      plainUse(t, withOwnOf(shape.element, flow), use, subject, at, isSorted, marks);
      return;
    case 'json':
      plainUse(t, withOwnOf(shape.value, flow), use, subject, at, isSorted, marks);
      return;
    default:
      if (flow.picked === true && use === 'group') t.use(flow, 'predicate', subject, at);
      else t.use(flow, use, undefined, at, mixedIn(flow), flow.own, marks);
  }
}

/** The columns, where they are several, whose values are put in order together. */
function mixedIn({ sources }: Flow): Flow['sources'] | undefined {
  const [first] = sources;
  const isAnother = (one: ColumnRef): boolean => one.relation !== first?.relation || one.attnum !== first.attnum;
  return sources.some(isAnother) ? sources : undefined;
}

/** What groups of a value are made by: of a column in lower case, the column. */
export function groupedIn({ flow, folds, isCased }: Value): Flow {
  return isCased === true && folds !== undefined ? folds : flow;
}

/** Sorting by a column in lower case sorts by the column. */
export function orderUse(
  t: Tracer,
  node: Tree | undefined,
  value: Value,
  at: Tree | undefined,
  isInner: boolean,
): void {
  const { flow, folds } = value;
  if (isEmpty(flow)) return;
  const marks = isInner ? INNER : NO_MARKS;
  const isFoldedColumn = flow.shape.kind === 'text' && isFolded(node) && folds !== undefined;
  if (isFoldedColumn && !isMixed(folds)) t.use(flow, 'order', undefined, at, mixedIn(flow), undefined, marks);
  else plainUse(t, flow, 'order', 'ORDER BY', at, true, marks);
}

function isFolded(node: Tree | undefined): boolean {
  const call = as(node, 'FuncCall');
  if (call === undefined) return false;
  const [only] = list(call, 'args');
  const name = strings(call, 'funcname').at(-1);
  if (list(call, 'args').length !== 1 || (name !== 'lower' && name !== 'upper')) return false;
  return as(only, 'ColumnRef') !== undefined || as(child(as(only, 'TypeCast') ?? {}, 'arg'), 'ColumnRef') !== undefined;
}
