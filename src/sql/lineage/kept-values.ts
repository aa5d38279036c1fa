/** `a = a || 'x'`, `a = lower(a)`, `a = a + 1`: a column that is set to its own value, of which no part is cut out. */
import { as, child, list, strings, stringsOf, type Tree } from '../tree.ts';
import { isBuiltin } from './builtins.ts';
import { isEmpty } from './flows.ts';
import { resolveOperator } from './operators.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';

/** `whole`: all of it is there still, where it was; `sum`: another number is. */
export type Kept = 'whole' | 'sum';

const WHOLE = new Set(['lower', 'upper', 'initcap', 'array_append', 'array_cat', 'array_prepend', 'jsonb_strip_nulls']);
/** The first operand goes on, in the second's company. */
const OPERATORS: ReadonlyMap<string, Kept> = new Map([
  ['||', 'whole'],
  ['+', 'sum'],
  ['-', 'sum'],
]);

/** Undefined: what the column holds afterwards may be any part of what it held. */
export function keptBy(t: Tracer, expression: Tree | undefined, column: string, scope: Scope): Kept | undefined {
  const isColumn = (node: Tree | undefined): boolean => columnName(node) === column;
  const isGiven = (node: Tree | undefined): boolean =>
    node !== undefined && isEmpty(t.apart(() => t.value(node, scope)).result.flow);
  const call = as(expression, 'FuncCall');
  if (call !== undefined) {
    const name = strings(call, 'funcname').filter((part, i, all) => part !== 'pg_catalog' || i === all.length - 1);
    const [bare = ''] = name;
    const args = list(call, 'args');
    if (name.length !== 1 || !WHOLE.has(bare) || !isPostgresOwn(t, bare)) return undefined;
    return args.some(isColumn) && args.every((one) => isColumn(one) || isGiven(one)) ? 'whole' : undefined;
  }
  const operation = as(expression, 'A_Expr');
  if (operation === undefined) return undefined;
  const operator = strings(operation, 'name');
  const kept = operator.length === 1 ? OPERATORS.get(operator[0]!) : undefined;
  if (kept === undefined) return undefined;
  const [left, right] = [child(operation, 'lexpr'), child(operation, 'rexpr')];
  const operands = [left, right].map((node) => t.apart(() => t.value(node, scope)).result);
  if (resolveOperator(t, operator, operands).kind !== 'builtin') return undefined;
  if (isColumn(left) && isGiven(right)) return kept;
  return kept === 'whole' && isColumn(right) && isGiven(left) ? kept : undefined;
}

function isPostgresOwn(t: Tracer, name: string): boolean {
  return isBuiltin(t, name) && t.world.searchPath.every((place) => t.catalog.routines(place, name).length === 0);
}

function columnName(node: Tree | undefined): string | undefined {
  const names = stringsOf(list(as(node, 'ColumnRef') ?? {}, 'fields'));
  return names.at(-1);
}
