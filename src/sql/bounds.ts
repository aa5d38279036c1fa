/** Values that a bound or a pattern can be judged by: whole numbers, points in time, texts with something in them. */
import { containsColumn } from './sight.ts';
import { as, castConstantOf, child, list, strings, type Tree } from './tree.ts';

export function wholeNumber(wrapped: Tree): number | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'integer') return constant.value;
  if (constant?.kind === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(constant.value)) return Number(constant.value);
  return undefined;
}

const TIME_LITERAL = /^\s*(19[5-9]\d|20\d\d)-\d{1,2}-\d{1,2}\b/;
const TIME_TYPES = new Set(['date', 'timestamp', 'timestamptz', 'time', 'timetz']);

/** A point in time: a literal that reads as one, a parameter cast to one, or the clock with an interval. */
export function isTime(wrapped: Tree): boolean {
  const constant = castConstantOf(wrapped);
  if (constant !== undefined) return constant.kind === 'string' && TIME_LITERAL.test(constant.value);
  const cast = as(wrapped, 'TypeCast');
  if (cast !== undefined) {
    const type = strings(child(cast, 'typeName') ?? {}, 'names').at(-1) ?? '';
    const argument = child(cast, 'arg');
    return (
      argument !== undefined && TIME_TYPES.has(type) && (as(argument, 'ParamRef') !== undefined || isTime(argument))
    );
  }
  const operation = as(wrapped, 'A_Expr');
  if (operation === undefined || strings(operation, 'name').at(-1) !== '-') return false;
  const left = child(operation, 'lexpr');
  const right = child(operation, 'rexpr');
  return left !== undefined && right !== undefined && isClock(left) && !containsColumn(right);
}

function isClock(wrapped: Tree): boolean {
  const cast = as(wrapped, 'TypeCast');
  if (cast !== undefined) return isClock(child(cast, 'arg') ?? {});
  if (as(wrapped, 'SQLValueFunction') !== undefined) return true;
  const call = as(wrapped, 'FuncCall');
  return call !== undefined && CLOCKS.has(strings(call, 'funcname').at(-1) ?? '');
}
const CLOCKS = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp']);

/** A pattern or value with something to match. */
export function matchesText(wrapped: Tree): boolean {
  const array = as(wrapped, 'A_ArrayExpr');
  if (array !== undefined) return list(array, 'elements').length > 0;
  const constant = castConstantOf(wrapped);
  return constant?.kind === 'string' && constant.value.replace(/[^\p{L}\p{N}]/gu, '').length >= 3;
}
