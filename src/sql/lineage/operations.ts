/** Operators: what they show of their operands, where they fail, and what type comes of them. */
import { as, child, list, strings, type Tree, text } from '../tree.ts';
import { joined } from './asked-values.ts';
import { traceComparison } from './conditions.ts';
import { mayFail } from './failures.ts';
import {
  arrayOf,
  asText,
  combine,
  elementOf,
  grownTo,
  isEmpty,
  keepingBlank,
  LITERAL,
  NO_DATA,
  oneOf,
  type Value,
  valueFrom,
} from './flows.ts';
import { noteGrowth } from './growth.ts';
import { jsonOperator } from './json-flows.ts';
import { growthOf } from './lineage.ts';
import { resolveOperator } from './operators.ts';
import { noteArithmetic } from './overflow.ts';
import type { Scope } from './scopes.ts';
import type { Argument, Tracer } from './tracer.ts';
import {
  BOOL,
  baseType,
  elementType,
  INT4,
  INT8,
  isInteger,
  isJsonType,
  isTextType,
  JSONB,
  NUMERIC,
  TEXT_TYPE,
  UNKNOWN,
  VARCHAR,
} from './types.ts';

export function traceOperation(t: Tracer, node: Tree, scope: Scope): Value {
  const kind = text(node, 'kind') ?? '';
  const name = strings(node, 'name');
  const operator = name.at(-1) ?? '';
  if (kind === 'AEXPR_NULLIF') {
    traceComparison(t, node, scope);
    const value = t.value(child(node, 'lexpr'), scope);
    // The operator decides, and varchar has none of its own.
    const type = value.type === VARCHAR ? TEXT_TYPE : value.type === UNKNOWN ? undefined : value.type;
    return { ...value, type, origin: undefined, given: undefined };
  }
  if (kind !== 'AEXPR_OP') {
    const right = child(node, 'rexpr');
    const sides = [
      child(node, 'lexpr'),
      ...(as(right, 'List') === undefined ? [right] : list(as(right, 'List') ?? {}, 'items')),
    ];
    const values = sides.map((one) => t.value(one, scope));
    const behind = resolveOperator(
      t,
      kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN' ? ['<='] : operatorOf(kind, name),
      values.slice(0, 2),
    );
    if (behind.kind !== 'builtin') return throughRoutines(t, behind, operator, values, node);
    const present = sides.filter((one) => one !== undefined);
    if (present.slice(1).some((one) => mayFail(t, one, scope)) || hasFailingRows(t, present, scope)) {
      for (const { flow } of values) t.use(flow, 'predicate', operator, node);
    }
    notePattern(t, operator, values[1], node);
    return valueFrom(combine(values.map(({ flow }) => flow)), BOOL);
  }
  const rows = [child(node, 'lexpr'), child(node, 'rexpr')].filter((one) => one !== undefined);
  if (BOOLEAN_OPERATORS.test(operator) && hasFailingRows(t, rows, scope)) {
    for (const one of rows) t.use(t.value(one, scope).flow, 'predicate', operator, node);
  }
  const chain = operandsOf(node, operator);
  if (chain === undefined) {
    const operands = [child(node, 'lexpr'), child(node, 'rexpr')].filter((one) => one !== undefined);
    return operate(
      t,
      node,
      name,
      operands.map((one) => t.value(one, scope)),
      operands,
    );
  }
  // A long chain of one operator leans to the left: folded here, not by recursion.
  let result = t.value(chain.first, scope);
  for (const step of chain.rest) {
    if (step.left !== chain.first) t.knows(step.left, scope, result);
    result = operate(
      t,
      step.node,
      strings(step.node, 'name'),
      [result, t.value(step.operand, scope)],
      [chain.first, step.operand],
    );
  }
  return result;
}

/** Rows are compared field by field, as far as it takes. */
function hasFailingRows(t: Tracer, sides: readonly Tree[], scope: Scope): boolean {
  return sides.some((side) => {
    const row = as(side, 'RowExpr');
    return row !== undefined && list(row, 'args').some((one) => isStar(one) || mayFail(t, one, scope));
  });
}

function isStar(wrapped: Tree): boolean {
  const reference = as(wrapped, 'ColumnRef');
  return reference !== undefined && list(reference, 'fields').some((field) => as(field, 'A_Star') !== undefined);
}

/** A text beside @@ is cut into words: a word that is too long, or a text without words, is told in a notice. */
function noteWords(t: Tracer, operator: string, values: readonly Value[], at: Tree): void {
  if (operator !== '@@' && operator !== '@@@') return;
  for (const { flow, type } of values) {
    const isComputed = flow.shape.kind === 'derived' || flow.shape.kind === 'text';
    const base = baseType(t.catalog, type);
    if (!isEmpty(flow) && isComputed && (base === undefined || isTextType(base))) t.use(flow, 'fallible', operator, at);
  }
}

/** Not every text is a pattern. */
function notePattern(t: Tracer, operator: string, pattern: Value | undefined, at: Tree): void {
  if (pattern !== undefined && /^!?~~?\*?$/.test(operator)) t.use(pattern.flow, 'fallible', operator, at);
}

function operatorOf(kind: string, name: readonly string[]): readonly string[] {
  return kind === 'AEXPR_IN' || kind.startsWith('AEXPR_OP') ? name : [name.at(-1) ?? ''];
}

function operandsOf(
  node: Tree,
  _operator: string,
):
  | {
      readonly first: Tree;
      readonly rest: readonly { readonly node: Tree; readonly left: Tree; readonly operand: Tree }[];
    }
  | undefined {
  const rest: { node: Tree; left: Tree; operand: Tree }[] = [];
  let current: Tree = node;
  for (;;) {
    const left = child(current, 'lexpr');
    const right = child(current, 'rexpr');
    if (left === undefined || right === undefined) return undefined;
    rest.push({ node: current, left, operand: right });
    const inner = as(left, 'A_Expr');
    if (inner === undefined || text(inner, 'kind') !== 'AEXPR_OP' || child(inner, 'lexpr') === undefined) {
      return { first: left, rest: rest.reverse() };
    }
    current = inner;
  }
}

function throughRoutines(
  t: Tracer,
  behind: Exclude<ReturnType<typeof resolveOperator>, { kind: 'builtin' }>,
  operator: string,
  values: readonly Value[],
  at: Tree,
): Value {
  const flows = values.map(({ flow }) => flow);
  if (behind.kind === 'unknown') {
    const why = `operator ${operator} is not known`;
    t.findings.unknown.add(why);
    return t.unknown(why, ...flows);
  }
  const args = values.map((value): Argument => ({ node: undefined, value, name: undefined }));
  const results = behind.routines.map((routine) => t.routine(routine, args, at).flow);
  for (const name of behind.functions) results.push(t.builtin(name, args, at).flow);
  return valueFrom(combine(behind.orBuiltin ? [...results, ...flows] : results));
}

const BOOLEAN_OPERATORS = /^(?:[=<>]|<>|<=|>=|!?~~?\*?|@>|<@|&&|\?[|&]?|@@|@\?|\^@)$/;

/** Before one operand, those that give a value for every value, but for the ends of a range; `|/` wants no negative one. */
const TOTAL_PREFIXES: ReadonlySet<string> = new Set('- + @ ~ !! # @@ @-@ ?- ?|'.split(' '));

function operate(
  t: Tracer,
  node: Tree,
  name: readonly string[],
  values: readonly Value[],
  nodes: readonly Tree[],
): Value {
  const operator = name.at(-1) ?? '';
  const behind = resolveOperator(t, name, values);
  if (behind.kind !== 'builtin') return throughRoutines(t, behind, operator, values, node);
  const [left, right] = values;
  const flows = values.map(({ flow }) => flow);
  noteWords(t, operator, values, node);
  if (left === undefined) return valueFrom(combine(flows));
  if (right === undefined) {
    if (!TOTAL_PREFIXES.has(operator)) t.use(left.flow, 'fallible', operator, node);
    return {
      flow: !isEmpty(left.flow) ? combine(flows) : left.given === 'constant' ? LITERAL : NO_DATA,
      type: operator === '-' || operator === '+' || operator === '@' ? left.type : undefined,
      origin: undefined,
      given: left.given === 'constant' ? 'constant' : undefined,
    };
  }
  const picked = jsonOperator(t, operator, left, right, nodes[1]);
  if (picked !== undefined) return picked;
  if (flows.every(isEmpty)) {
    const isConstant = left.given === 'constant' && right.given === 'constant';
    const growth = growthOf(left.flow) + growthOf(right.flow);
    return {
      flow: operator === '||' ? grownTo(isConstant ? LITERAL : NO_DATA, growth) : isConstant ? LITERAL : NO_DATA,
      type: resultType(operator, left, right),
      origin: undefined,
      given: isConstant ? 'constant' : undefined,
    };
  }
  if (BOOLEAN_OPERATORS.test(operator)) {
    notePattern(t, operator, right, node);
    return valueFrom(combine(flows), BOOL);
  }
  if (operator === '||') {
    const text = concatenated(t, left, right);
    noteGrowth(t, text.flow, operator, node);
    return text;
  }
  noteArithmetic(t, operator, left, right, [nodes[0], nodes[1]], node);
  const type = resultType(operator, left, right);
  const isSum = /^[-+*/]$/.test(operator) && (type !== undefined || isTimes(left, right));
  return valueFrom(isSum ? keepingBlank(combine(flows), flows) : combine(flows), type);
}

/** Times, days and what is added to them. */
function isTimes(left: Value, right: Value): boolean {
  return [left, right].every(({ type }) => type !== undefined && (isInteger(type) || TIME_TYPES.has(type)));
}
/** date, time, timestamp, timestamptz, interval, timetz */
const TIME_TYPES: ReadonlySet<number> = new Set([1082, 1083, 1114, 1184, 1186, 1266]);

function resultType(operator: string, left: Value, right: Value): number | undefined {
  if (BOOLEAN_OPERATORS.test(operator)) return BOOL;
  if (operator === '||' && (isTextType(left.type) || isTextType(right.type))) return TEXT_TYPE;
  const types = [left.type, right.type];
  if (left.type === right.type && (isInteger(left.type) || left.type === NUMERIC || left.type === 701))
    return left.type;
  if (types.every((type) => isInteger(type))) return types.includes(INT8) ? INT8 : INT4;
  return undefined;
}

function concatenated(t: Tracer, left: Value, right: Value): Value {
  const arrays = [left, right].map(
    (value) => value.flow.shape.kind === 'array' || elementType(t.catalog, value.type) !== undefined,
  );
  if (arrays.some(Boolean)) {
    const parts = [left, right].map((value, i) => (arrays[i] ? elementOf(value.flow) : value.flow));
    const type = arrays[0] ? left.type : right.type;
    if (arrays.every(Boolean)) noteDimensions(t, [left, right], undefined);
    return valueFrom(arrayOf(oneOf(parts)), type);
  }
  const isDocument = [left, right].some((value) => isJsonType(value.type) || value.flow.shape.kind === 'json');
  const flows = [left.flow, right.flow];
  if (isDocument) return valueFrom(combine(flows), JSONB);
  if ([left, right].some((value) => value.type === 17 || value.type === 1560))
    return valueFrom(combine(flows), left.type);
  return { ...valueFrom(keepingBlank(asText(flows), flows), TEXT_TYPE), ...joined(t, [left, right]) };
}

/** Arrays of several lengths make no array. */
export function noteDimensions(t: Tracer, arrays: readonly Value[], at: Tree | undefined): void {
  for (const { flow } of arrays) {
    if (flow.shape.kind === 'derived' || flow.shape.kind === 'text') t.use(flow, 'fallible', 'array', at);
  }
}
