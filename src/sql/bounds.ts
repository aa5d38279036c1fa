/** Values that a bound or a pattern can be judged by: whole numbers, points in time, texts with something in them. */
import { CLOCKS } from './narrowing-names.ts';
import { builtinName } from './sight.ts';
import { as, castConstantOf, child, constantOf, list, strings, type Tree, text } from './tree.ts';

/** Two bounds in whole numbers further apart than this are no bounds. */
const MAX_RANGE = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Two bounds in time further apart than this are no bounds, nor is one that lies further back. */
const MAX_SPAN_MS = 366 * DAY_MS;

export function wholeNumber(wrapped: Tree | undefined): number | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'integer') return constant.value;
  if (constant?.kind === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(constant.value)) return Number(constant.value);
  return undefined;
}

/** Milliseconds since 1970; `parameter`: known at Bind only. */
export type Moment = number | 'parameter';

const TIME_LITERAL = /^\s*(19[5-9]\d|20\d\d)-(\d{1,2})-(\d{1,2})(?!\d)/;
const TIME_TYPES = new Set(['date', 'timestamp', 'timestamptz', 'time', 'timetz']);

/** A literal that reads as a point in time, a parameter cast to one, or the clock, with a constant interval off it. */
export function momentOf(wrapped: Tree | undefined, nowMs: number): Moment | undefined {
  if (wrapped === undefined) return undefined;
  const constant = castConstantOf(wrapped);
  if (constant !== undefined) {
    const parts = constant.kind === 'string' ? TIME_LITERAL.exec(constant.value) : null;
    return parts === null ? undefined : Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  }
  const cast = as(wrapped, 'TypeCast');
  if (cast !== undefined) {
    const argument = child(cast, 'arg');
    if (!TIME_TYPES.has(strings(child(cast, 'typeName') ?? {}, 'names').at(-1) ?? '')) return undefined;
    return as(argument, 'ParamRef') === undefined ? momentOf(argument, nowMs) : 'parameter';
  }
  if (as(wrapped, 'SQLValueFunction') !== undefined) return nowMs;
  const call = as(wrapped, 'FuncCall');
  if (call !== undefined) {
    const name = builtinName(strings(call, 'funcname'));
    if (CLOCKS.has(name)) return nowMs;
    return name === 'date_trunc' ? momentOf(list(call, 'args')[1], nowMs) : undefined;
  }
  const operation = as(wrapped, 'A_Expr');
  if (operation === undefined || strings(operation, 'name').join('.') !== '-') return undefined;
  const from = momentOf(child(operation, 'lexpr'), nowMs);
  const days = constantOf(child(operation, 'rexpr'));
  const span =
    days?.kind === 'integer' && days.value >= 0 ? days.value * DAY_MS : intervalMs(child(operation, 'rexpr'));
  return typeof from !== 'number' || span === undefined ? undefined : from - span;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: HOUR_MS,
  hour: HOUR_MS,
  d: DAY_MS,
  day: DAY_MS,
  w: 7 * DAY_MS,
  week: 7 * DAY_MS,
  mon: 30 * DAY_MS,
  month: 30 * DAY_MS,
  y: 365 * DAY_MS,
  year: 365 * DAY_MS,
};

/** A constant interval that is not negative. */
function intervalMs(wrapped: Tree | undefined): number | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'string') return intervalText(constant.value);
  const call = as(wrapped, 'FuncCall');
  if (call !== undefined && builtinName(strings(call, 'funcname')) === 'make_interval') {
    let total = 0;
    for (const argument of list(call, 'args')) {
      const named = as(argument, 'NamedArgExpr');
      const amount = named === undefined ? undefined : wholeNumber(child(named, 'arg'));
      const unit = UNIT_MS[(text(named ?? {}, 'name') ?? '').replace(/s$/, '')];
      if (amount === undefined || amount < 0 || unit === undefined) return undefined;
      total += amount * unit;
    }
    return total;
  }
  const product = as(wrapped, 'A_Expr');
  if (product === undefined || strings(product, 'name').join('.') !== '*') return undefined;
  const left = child(product, 'lexpr');
  const right = child(product, 'rexpr');
  const times = wholeNumber(left) ?? wholeNumber(right);
  const span = intervalMs(wholeNumber(left) === undefined ? left : right);
  return times === undefined || times < 0 || span === undefined ? undefined : times * span;
}

function intervalText(value: string): number | undefined {
  const clock = /^\s*(\d{1,6}):(\d\d)(?::(\d\d))?\s*$/.exec(value);
  if (clock !== null) return Number(clock[1]) * HOUR_MS + Number(clock[2]) * 60_000;
  let rest = value.trim();
  let total = 0;
  while (rest !== '') {
    const part = /^(\d{1,9}(?:\.\d+)?)\s*([a-z]+)\s*/i.exec(rest);
    const word = (part?.[2] ?? '').toLowerCase();
    const unit = UNIT_MS[word] ?? UNIT_MS[word.replace(/s$/, '')];
    if (part === null || unit === undefined) return undefined;
    total += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return total;
}

/** One bound in time leaves rows out: all after some past time, or all but the last year's. */
export function timeIsBound(operator: string, moment: Moment | undefined, nowMs: number): boolean {
  if (typeof moment !== 'number') return false;
  if (operator === '<' || operator === '<=') return moment <= nowMs - HOUR_MS;
  return moment >= nowMs - MAX_SPAN_MS;
}

/** Are two bounds close enough to hold few rows? */
export function isNarrowRange(low: Tree | undefined, high: Tree | undefined, nowMs: number): boolean {
  const from = wholeNumber(low);
  const to = wholeNumber(high);
  if (from !== undefined && to !== undefined) return Math.abs(to - from) <= MAX_RANGE;
  const start = momentOf(low, nowMs);
  const end = momentOf(high, nowMs);
  if (start === undefined || end === undefined) return false;
  return start === 'parameter' || end === 'parameter' || Math.abs(end - start) <= MAX_SPAN_MS;
}

const RANGE_LITERAL = /^\s*[[(]\s*"?([^",]*)"?\s*,\s*"?([^",]*)"?\s*[\])]\s*$/;

/** Of a multirange. */
const MAX_RANGES = 100;

/** A pattern or value with something to match; a literal of a range type must be a short one. */
export function matchesText(wrapped: Tree, nowMs: number): boolean {
  const array = as(wrapped, 'A_ArrayExpr');
  if (array !== undefined) {
    const elements = list(array, 'elements');
    return (
      elements.length > 0 &&
      elements.every((one) => castConstantOf(one) !== undefined || as(one, 'ParamRef') !== undefined)
    );
  }
  const constant = castConstantOf(wrapped);
  if (constant?.kind !== 'string') return false;
  if (/^\s*\{\s*[[(]/.test(constant.value)) {
    const ranges = constant.value.match(/[[(][^\])]*[\])]/g) ?? [];
    return (
      ranges.length <= MAX_RANGES && ranges.every((one) => matchesText({ A_Const: { sval: { sval: one } } }, nowMs))
    );
  }
  const range = RANGE_LITERAL.exec(constant.value);
  if (range !== null) {
    const end = (value: string | undefined): Tree => ({ A_Const: { sval: { sval: value ?? '' } } });
    return isNarrowRange(end(range[1]), end(range[2]), nowMs);
  }
  return constant.value.replace(/[^\p{L}\p{N}]/gu, '').length >= 3;
}
