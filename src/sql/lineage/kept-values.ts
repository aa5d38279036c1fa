/** `a = a || 'x'`, `a = lower(a)`, `a = jsonb_set(a, …)`, `a = a + 1`: a column that is set to its own value, of which no part is cut out. */
import { as, child, list, strings, stringsOf, type Tree } from '../tree.ts';
import { isBuiltin } from './builtins.ts';
import { elementCount } from './elements.ts';
import { isEmpty } from './flows.ts';
import { ownOf } from './lineage.ts';
import { resolveOperator } from './operators.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { baseType, JSONB } from './types.ts';

/** `whole`: all of it is there still, where it was; `sum`: another number is. */
export type Kept = 'whole' | 'sum';

const WHOLE = new Set([
  'lower',
  'upper',
  'initcap',
  'array_append',
  'array_cat',
  'array_prepend',
  'array_remove',
  'jsonb_strip_nulls',
]);
/** The first operand goes on, in the second's company. */
const OPERATORS: ReadonlyMap<string, Kept> = new Map([
  ['||', 'whole'],
  ['+', 'sum'],
  ['-', 'sum'],
]);
const OF_DOCUMENTS: ReadonlyMap<string, Kept> = new Map([
  ['||', 'whole'],
  ['-', 'whole'],
  ['#-', 'whole'],
]);

/** Documents in which something is put, or from which it is taken, where a constant says: the rest stays where it was. */
const WITH_PATH = new Set(['jsonb_set', 'jsonb_set_lax', 'jsonb_insert']);

/** Undefined: what the column holds afterwards may be any part of what it held. `own`: values of the text's own that join it. */
export function keptBy(
  t: Tracer,
  expression: Tree | undefined,
  column: string,
  scope: Scope,
): { readonly how: Kept; readonly own: number } | undefined {
  const known = new Map<Tree, Kept | undefined>();
  let own = 0;
  const isGiven = (node: Tree | undefined): boolean => {
    if (node === undefined) return false;
    const { flow } = t.value(node, scope);
    if (isEmpty(flow)) own += ownOf(flow);
    return isEmpty(flow);
  };
  const isWhole = (node: Tree | undefined): boolean => {
    if (columnName(node) === column) return true;
    const otherwise = as(node, 'CoalesceExpr');
    if (otherwise === undefined) return keeps(node) === 'whole';
    const [first, ...rest] = list(otherwise, 'args');
    return isWhole(first) && rest.every(isGiven);
  };
  const keeps = (node: Tree | undefined): Kept | undefined => {
    if (node === undefined) return undefined;
    if (!known.has(node)) known.set(node, kept(node));
    return known.get(node);
  };
  const kept = (node: Tree): Kept | undefined => {
    const call = as(node, 'FuncCall');
    if (call !== undefined) {
      const name = strings(call, 'funcname').filter((part, i, all) => part !== 'pg_catalog' || i === all.length - 1);
      const [bare = ''] = name;
      const args = list(call, 'args');
      if (name.length !== 1 || !isPostgresOwn(t, bare)) return undefined;
      if (WITH_PATH.has(bare)) return isWhole(args[0]) && args.slice(1).every(isGiven) ? 'whole' : undefined;
      if (!WHOLE.has(bare)) return undefined;
      return args.some(isWhole) && args.every((one) => isWhole(one) || isGiven(one)) ? 'whole' : undefined;
    }
    const operation = as(node, 'A_Expr');
    if (operation === undefined) return undefined;
    const operator = strings(operation, 'name');
    if (!OPERATORS.has(operator[0] ?? '') && !OF_DOCUMENTS.has(operator[0] ?? '')) return undefined;
    const [left, right] = [child(operation, 'lexpr'), child(operation, 'rexpr')];
    const operands = [left, right].map((one) => t.value(one, scope));
    const isDocument = baseType(t.catalog, operands[0]?.type) === JSONB;
    const how = operator.length === 1 ? (isDocument ? OF_DOCUMENTS : OPERATORS).get(operator[0]!) : undefined;
    if (how === undefined || resolveOperator(t, operator, operands).kind !== 'builtin') return undefined;
    if (isWhole(left) && isGiven(right)) {
      // Which elements are gone tells which were there.
      const [of, value] = operands;
      if (isDocument && operator[0] === '-' && of !== undefined && value !== undefined)
        t.use(of.flow, 'lookup', '-', operation, undefined, Math.max(1, elementCount(value)));
      return how;
    }
    return operator[0] === '||' && isWhole(right) && isGiven(left) ? how : undefined;
  };
  const how = keeps(expression);
  return how === undefined ? undefined : { how, own };
}

function isPostgresOwn(t: Tracer, name: string): boolean {
  return isBuiltin(t, name) && t.world.searchPath.every((place) => t.catalog.routines(place, name).length === 0);
}

function columnName(node: Tree | undefined): string | undefined {
  const names = stringsOf(list(as(node, 'ColumnRef') ?? {}, 'fields'));
  return names.at(-1);
}
