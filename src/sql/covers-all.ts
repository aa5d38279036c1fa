/** Alternatives that together are all there is: both values of a boolean, every month of a year. */
import { builtinName } from './sight.ts';
import { as, castConstantOf, child, items, list, strings, type Tree, text, unwrap } from './tree.ts';

/** How many values these parts of a time have. */
const VALUES_OF_UNIT: Readonly<Record<string, number>> = {
  quarter: 4,
  dow: 7,
  isodow: 7,
  month: 12,
  hour: 24,
  day: 31,
  isoweek: 53,
  week: 53,
  minute: 60,
};

/** `flag OR NOT flag`, `flag = true OR flag IS FALSE`. */
export function coverBoth(arms: readonly Tree[]): boolean {
  const seen = new Map<string, Set<boolean>>();
  for (const arm of arms) {
    const found = booleanOf(arm);
    if (found === undefined) continue;
    const values = seen.get(found.column) ?? new Set();
    values.add(found.value);
    if (values.size > 1) return true;
    seen.set(found.column, values);
  }
  return false;
}

/** Which value of a column a condition asks for, if it is a boolean. */
function booleanOf(arm: Tree): { column: string; value: boolean } | undefined {
  const [type, node] = unwrap(arm) ?? ['', {}];
  switch (type) {
    case 'ColumnRef':
      return { column: strings(node, 'fields').at(-1) ?? '', value: true };
    case 'BoolExpr': {
      const [only] = list(node, 'args');
      const found = text(node, 'boolop') === 'NOT_EXPR' && only !== undefined ? booleanOf(only) : undefined;
      return found === undefined ? undefined : { ...found, value: !found.value };
    }
    case 'BooleanTest': {
      const column = as(child(node, 'arg'), 'ColumnRef');
      const value = { IS_TRUE: true, IS_FALSE: false }[text(node, 'booltesttype') ?? ''];
      return column === undefined || value === undefined
        ? undefined
        : { column: strings(column, 'fields').at(-1) ?? '', value };
    }
    case 'A_Expr': {
      if (strings(node, 'name').join('.') !== '=') return undefined;
      const left = child(node, 'lexpr');
      const right = child(node, 'rexpr');
      const column = as(left, 'ColumnRef') ?? as(right, 'ColumnRef');
      const value = truthOf(right) ?? truthOf(left);
      return column === undefined || value === undefined
        ? undefined
        : { column: strings(column, 'fields').at(-1) ?? '', value };
    }
    default:
      return undefined;
  }
}

const TRUTHS: Readonly<Record<string, boolean>> = { t: true, true: true, f: false, false: false };

function truthOf(wrapped: Tree | undefined): boolean | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'boolean') return constant.value;
  return constant?.kind === 'string' ? truthOfText(constant.value) : undefined;
}

function truthOfText(value: string): boolean | undefined {
  const word = value.trim().toLowerCase();
  return Object.hasOwn(TRUTHS, word) ? TRUTHS[word] : undefined;
}

/** `IN (true, false)`, `extract(month FROM at) IN (1, …, 12)`; `list`: a List, an array, or its text. */
export function listsAll(compared: Tree, listed: Tree): boolean {
  const array = as(listed, 'TypeCast') === undefined ? listed : (child(as(listed, 'TypeCast') ?? {}, 'arg') ?? listed);
  const text = castConstantOf(array);
  const elements = as(array, 'A_ArrayExpr');
  const values = elements === undefined ? items(array) : list(elements, 'elements');
  const truths =
    text?.kind === 'string' && /^\s*\{.*\}\s*$/s.test(text.value)
      ? text.value.trim().slice(1, -1).replaceAll('"', '').split(',').map(truthOfText)
      : values.map(truthOf);
  if (truths.includes(true) && truths.includes(false)) return true;
  const most = valuesOf(compared);
  return most !== undefined && new Set(values.map((one) => JSON.stringify(castConstantOf(one)))).size >= most;
}

/** How many values a part of a time can have. */
function valuesOf(compared: Tree): number | undefined {
  const cast = as(compared, 'TypeCast');
  if (cast !== undefined) return valuesOf(child(cast, 'arg') ?? {});
  const call = as(compared, 'FuncCall');
  if (call === undefined || !/^(?:extract|date_part)$/.test(builtinName(strings(call, 'funcname')))) return undefined;
  const unit = castConstantOf(list(call, 'args')[0]);
  if (unit?.kind !== 'string') return undefined;
  const name = unit.value.trim().toLowerCase().replace(/s$/, '');
  return Object.hasOwn(VALUES_OF_UNIT, name) ? VALUES_OF_UNIT[name] : undefined;
}
