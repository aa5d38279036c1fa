/**
 * Arithmetic that leaves the range of its type tells how large a value is, as division by what may be zero does. Small
 * constants are let be, however many follow one another; what a text can choose freely is not.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import { as, strings, type Tree } from '../tree.ts';
import type { Room } from './constant-moves.ts';
import { isEmpty, type Value } from './flows.ts';
import type { Tracer } from './tracer.ts';
import { DATE, FLOAT4, FLOAT8, isInteger, isJsonType, NUMERIC, TIMESTAMP, TIMESTAMPTZ } from './types.ts';

const INTERVAL = 1186;
const TIMES: ReadonlySet<number> = new Set([DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL, 1083, 1266]);
const ADDRESSES: ReadonlySet<number> = new Set([869, 650]);

/** A salary in yen and a card's number in bigint times these are still in range. */
const OF_INTEGERS: Room = { factor: 100, sum: 1_000_000 };
const OF_DECIMALS: Room = { factor: 1e30, sum: 1e30 };
const OF_REALS: Room = { factor: 1e15, sum: 1e30 };
/** In days. */
const OF_TIMES: Room = { factor: 100, sum: 1_000_000 };

/** Notes what an operator's operands tell by failing. */
export function noteArithmetic(
  t: Tracer,
  operator: string,
  left: Value,
  right: Value,
  nodes: readonly [Tree | undefined, Tree | undefined],
  at: Tree,
): void {
  if (operator === '/' || operator === '%') {
    if (!isEmpty(right.flow)) t.use(right.flow, 'fallible', operator, at);
    // By what is nearly nothing a value becomes too large; of integers only the least one does.
    if (isEmpty(left.flow) || isInteger(left.type)) return;
    if (!isEmpty(right.flow)) t.use(left.flow, 'fallible', operator, at, plainOf(t, right));
    else if (!isSmall(t, left, nodes[1], at)) t.use(left.flow, 'fallible', operator, at);
    return;
  }
  if (operator === '^' || operator === '|/' || operator === '||/' || operator === '<<' || operator === '>>') {
    for (const value of [left, right]) t.use(value.flow, 'fallible', operator, at);
    return;
  }
  if (operator === '#-' || (operator === '-' && isJsonType(left.type))) {
    const { kind } = left.flow.shape;
    if (kind === 'derived' || kind === 'text') t.use(left.flow, 'fallible', operator, at);
    t.use(right.flow, 'fallible', operator, at);
    return;
  }
  if (operator !== '+' && operator !== '-' && operator !== '*') return;
  for (const [one, other, node] of [
    [left, right, nodes[1]],
    [right, left, nodes[0]],
  ] as const) {
    if (isEmpty(one.flow) || isCapacious(one, other)) continue;
    if (!isEmpty(other.flow)) t.use(one.flow, 'fallible', operator, at, plainOf(t, other));
    else if (!isSmall(t, one, node, at)) t.use(one.flow, 'fallible', operator, at);
  }
}

/** Ranges, sets and geometry do not overflow; neither does the difference of two days. */
function isCapacious(one: Value, other: Value): boolean {
  if (one.type === DATE && other.type === DATE) return true;
  const { type } = one;
  return type !== undefined && !isNumber(type) && !TIMES.has(type) && !ADDRESSES.has(type);
}

function isNumber(type: number): boolean {
  return isInteger(type) || type === NUMERIC || type === FLOAT4 || type === FLOAT8 || type === 790;
}

/** Columns of a table that was there before hold what they hold: nobody chose it for this. Undefined: it is computed. */
function plainOf(t: Tracer, value: Value): Value['flow']['sources'] | undefined {
  const { origin, flow } = value;
  if (origin === undefined || flow.shape.kind !== 'copy' || isView(t.catalog, origin.relation)) return undefined;
  return flow.sources;
}

function isView(catalog: Catalog, relation: number): boolean {
  return catalog.relationByOid(relation)?.kind === 'v';
}

/** The constant and those before it, in the expression that `at` is the top of, leave the value where it may be. */
function isSmall(t: Tracer, value: Value, node: Tree | undefined, at: Tree): boolean {
  t.readsLiterals = true;
  const { type } = value;
  if (type !== undefined && TIMES.has(type) && isClock(node)) return true;
  const moved = t.moves.roomOf(at);
  if (moved === undefined) return false;
  const room =
    type === NUMERIC || type === FLOAT8
      ? OF_DECIMALS
      : type === FLOAT4
        ? OF_REALS
        : type === undefined || isInteger(type) || type === 790
          ? OF_INTEGERS
          : OF_TIMES;
  return t.moves.sizeOf(node) !== undefined && moved.factor <= room.factor && moved.sum <= room.sum;
}

/** now(), current_date and the like. */
function isClock(node: Tree | undefined): boolean {
  if (as(node, 'SQLValueFunction') !== undefined) return true;
  const call = as(node, 'FuncCall');
  return (
    call !== undefined &&
    /^(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|current_date)$/.test(
      strings(call, 'funcname').at(-1) ?? '',
    )
  );
}
