/** Bounds of a column: both of them close to each other, or one in time. */
import { isNarrowRange, momentOf, timeIsBound, wholeNumber } from './bounds.ts';
import { builtinName, hasColumn, isColumn, type Sight } from './sight.ts';
import { as, child, strings, type Tree, text } from './tree.ts';

/** Lower and upper bound of one column, close to each other. */
export function closedRange(args: readonly Tree[], sight: Sight): boolean {
  const bounds = new Map<string, { low?: Tree; high?: Tree }>();
  for (const one of args) {
    if (sight.budget.steps <= 0) return false;
    const node = as(one, 'A_Expr');
    const left = node === undefined ? undefined : child(node, 'lexpr');
    const right = node === undefined ? undefined : child(node, 'rexpr');
    if (node === undefined || left === undefined || right === undefined || text(node, 'kind') !== 'AEXPR_OP') continue;
    const operator = builtinName(strings(node, 'name'));
    const column = as(left, 'ColumnRef');
    if (column === undefined || !isColumn(left, sight)) continue;
    if (wholeNumber(right) === undefined && momentOf(right, sight.nowMs) === undefined) continue;
    const name = strings(column, 'fields').join('.');
    const bound = bounds.get(name) ?? {};
    if (operator === '<' || operator === '<=') bound.high ??= right;
    else if (operator === '>' || operator === '>=') bound.low ??= right;
    bounds.set(name, bound);
  }
  for (const { low, high } of bounds.values()) if (isNarrowRange(low, high, sight.nowMs)) return true;
  return false;
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

export function timeBound(left: Tree, operator: string, right: Tree, sight: Sight): boolean {
  if (hasColumn(left, sight)) return timeIsBound(operator, momentOf(right, sight.nowMs), sight.nowMs);
  if (!hasColumn(right, sight)) return false;
  return timeIsBound(MIRRORED[operator] ?? '', momentOf(left, sight.nowMs), sight.nowMs);
}
