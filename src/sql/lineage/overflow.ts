/**
 * Arithmetic that leaves the range of its type tells how large a value is, as division by what may be zero does. Small
 * constants are let be, however many follow one another; what a text can choose freely is not.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import { as, castConstantOf, child, strings, type Tree, text } from '../tree.ts';
import { isEmpty, type Value } from './flows.ts';
import type { Tracer } from './tracer.ts';
import { DATE, FLOAT4, FLOAT8, isInteger, isJsonType, NUMERIC, TIMESTAMP, TIMESTAMPTZ } from './types.ts';

const INTERVAL = 1186;
const TIMES: ReadonlySet<number> = new Set([DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL, 1083, 1266]);
const ADDRESSES: ReadonlySet<number> = new Set([869, 650]);

/** How far constants may move a value of a type, all of them together. */
interface Room {
  readonly factor: number;
  readonly sum: number;
}
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
  const moved = movedBy(at, 0);
  if (moved === undefined) return false;
  const room =
    type === NUMERIC || type === FLOAT8
      ? OF_DECIMALS
      : type === FLOAT4
        ? OF_REALS
        : type === undefined || isInteger(type) || type === 790
          ? OF_INTEGERS
          : OF_TIMES;
  return sizeOf(node) !== undefined && moved.factor <= room.factor && moved.sum <= room.sum;
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

const MOST_NESTED = 200;

/** By how much the constants of nested sums and products may move what stands between them; undefined: nobody knows. */
function movedBy(node: Tree, depth: number): Room | undefined {
  if (depth > MOST_NESTED) return undefined;
  const operator = strings(node, 'name').at(-1) ?? '';
  if (text(node, 'kind') !== 'AEXPR_OP' || !/^[-+*/]$/.test(operator)) return { factor: 1, sum: 0 };
  const sides = [child(node, 'lexpr'), child(node, 'rexpr')];
  const sizes = sides.map((side) => sizeOf(side));
  let room: Room = { factor: 1, sum: 0 };
  for (const [i, side] of sides.entries()) {
    if (side === undefined || sizes[i] !== undefined) continue;
    const inner = as(stripped(side), 'A_Expr');
    const below = inner === undefined ? { factor: 1, sum: 0 } : movedBy(inner, depth + 1);
    if (below === undefined) return undefined;
    room = { factor: Math.max(room.factor, below.factor), sum: room.sum + below.sum };
  }
  for (const [i, size] of sizes.entries()) {
    if (size === undefined) {
      const side = sides[i];
      if (side === undefined || !isOpenEnded(side)) continue;
      return undefined;
    }
    if (operator === '/') {
      // The constant above the line is no factor, and nobody knows what is below.
      if (i === 0 || size === 0) continue;
      room = { factor: room.factor / Math.min(size, 1), sum: room.sum / Math.min(size, 1) };
    } else if (operator === '*') room = { factor: room.factor * Math.max(size, 1), sum: room.sum * Math.max(size, 1) };
    else room = { ...room, sum: room.sum + size };
  }
  return room;
}

/** A parameter, or what the text makes up. */
function isOpenEnded(side: Tree): boolean {
  const bare = stripped(side);
  return as(bare, 'ParamRef') !== undefined || as(bare, 'SubLink') !== undefined;
}

/** Without casts. */
function stripped(wrapped: Tree): Tree {
  const cast = as(wrapped, 'TypeCast');
  const inner = cast === undefined ? undefined : child(cast, 'arg');
  return inner === undefined ? wrapped : stripped(inner);
}

/**
 * How large a constant is, or a sum or product of some: of an interval, in days. Undefined: it is none, or an address,
 * or a time at the end of its type's range.
 */
function sizeOf(node: Tree | undefined, depth = 0): number | undefined {
  const constant = castConstantOf(node);
  switch (constant?.kind) {
    case 'integer':
    case 'float': {
      const size = Math.abs(Number(constant.value));
      return Number.isNaN(size) ? undefined : size;
    }
    case 'string':
      return isAddress(node) ? undefined : sizeOfText(constant.value);
    case 'null':
      return 0;
    default:
      return sizeOfOperation(as(node, 'A_Expr'), depth);
  }
}

function sizeOfText(value: string): number | undefined {
  if (/infinity|nan|e[+]?\d/i.test(value)) return undefined;
  const numbers = [...value.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const largest = Math.max(0, ...numbers);
  // A year of five digits is near the end of time.
  if (/\d{5,}-\d/.test(value)) return undefined;
  if (/dec|cent|mil(?!li)/i.test(value)) return largest * 366_000;
  return /y/i.test(value) ? largest * 366 : /mon/i.test(value) ? largest * 31 : largest;
}

function isAddress(node: Tree | undefined): boolean {
  const cast = as(node, 'TypeCast');
  return (
    cast !== undefined &&
    /^(?:inet|cidr|macaddr8?|pg_lsn)$/.test(strings(child(cast, 'typeName') ?? {}, 'names').at(-1) ?? '')
  );
}

function sizeOfOperation(node: Tree | undefined, depth: number): number | undefined {
  if (node === undefined || depth > MOST_NESTED || text(node, 'kind') !== 'AEXPR_OP') return undefined;
  const operator = strings(node, 'name').at(-1) ?? '';
  const right = sizeOf(child(node, 'rexpr'), depth + 1);
  if (right === undefined) return undefined;
  const first = child(node, 'lexpr');
  if (first === undefined) return operator === '-' || operator === '+' ? right : undefined;
  const left = sizeOf(first, depth + 1);
  if (left === undefined) return undefined;
  return operator === '*' ? left * right : operator === '+' || operator === '-' ? left + right : undefined;
}
