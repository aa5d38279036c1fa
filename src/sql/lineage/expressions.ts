/** Expressions: what each node's value is made of. A node that is not known gives a named unknown. */

import {
  as,
  type Constant,
  castConstantOf,
  child,
  constantOf,
  flag,
  isTree,
  list,
  strings,
  type Tree,
  text,
  unwrap,
} from '../tree.ts';
import { fieldValue, traceCall, traceWindow } from './calls.ts';
import { castValue } from './casts.ts';
import { expandStar, traceColumnRef } from './column-references.ts';
import { compareValues, nullTest, traceComparison, traceSemiJoin } from './conditions.ts';
import { isNullAsStored, mayFail } from './failures.ts';
import {
  arrayOf,
  asText,
  combine,
  elementOf,
  grownTo,
  isEmpty,
  jsonOf,
  keepingBlank,
  LITERAL,
  type NamedValue,
  NO_DATA,
  NULL_LITERAL,
  oneOf,
  rowOf,
  type Value,
  valueFrom,
} from './flows.ts';
import { noteGrowth } from './growth.ts';
import { alongPath, constantKeys, jsonConstruct, jsonOperator, toJson, withoutNulls } from './json-flows.ts';
import { type Flow, growthOf, ownOf } from './lineage.ts';
import { resolveOperator } from './operators.ts';
import { orderUse, plainUse } from './ordering.ts';
import { noteArithmetic } from './overflow.ts';
import { parametersOf, type Scope } from './scopes.ts';
import type { Argument, Tracer } from './tracer.ts';
import {
  arrayType,
  BOOL,
  baseType,
  elementType,
  INT4,
  INT8,
  isInteger,
  isJsonType,
  isTextType,
  JSON_TYPE,
  JSONB,
  NAME,
  NUMERIC,
  RECORD,
  resolveType,
  TEXT_TYPE,
  UNKNOWN,
  VARCHAR,
  XML,
} from './types.ts';

const CONSTANT_TYPES: Readonly<Record<Constant['kind'], number>> = {
  string: UNKNOWN,
  null: UNKNOWN,
  integer: INT4,
  float: NUMERIC,
  boolean: BOOL,
  bit: 1560,
};

function given(type: number | undefined): Value {
  return { flow: LITERAL, type, origin: undefined, given: 'constant' };
}

export function traceValue(t: Tracer, wrapped: Tree | undefined, scope: Scope): Value {
  if (wrapped === undefined) return given(undefined);
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'A_Const': {
      const constant = constantOf(wrapped);
      const isLong = constant?.kind === 'float' && /^\d+$/.test(constant.value);
      if (constant?.kind === 'null') return { ...given(CONSTANT_TYPES.null), flow: NULL_LITERAL };
      if (isLong) return given(constant.value.length < 19 ? INT8 : undefined);
      const plain = given(constant === undefined ? undefined : CONSTANT_TYPES[constant.kind]);
      return constant?.kind === 'string' && constant.value === '' ? { ...plain, isBlank: true } : plain;
    }
    case 'ParamRef': {
      const number = typeof node.number === 'number' ? node.number : 0;
      return parametersOf(scope)?.byNumber[number - 1] ?? given(undefined);
    }
    case 'ColumnRef':
      return traceColumnRef(t, node, scope);
    case 'TypeCast': {
      const type = resolveType(t.world, child(node, 'typeName'));
      const value = t.value(child(node, 'arg'), scope);
      const isSafe = isInteger(type.oid) && type.oid !== 21 && isSmallNumber(child(node, 'arg'));
      return isSafe ? valueFrom(combine([value.flow]), type.oid) : castValue(t, value, type, node);
    }
    case 'CollateClause':
      return { ...t.value(child(node, 'arg'), scope), origin: undefined };
    case 'FuncCall':
      return traceCall(t, node, scope);
    case 'A_Expr':
      return traceOperation(t, node, scope);
    case 'BoolExpr':
      // The second is computed only where the first says so, and where it fails that is seen.
      if (guardsAnother(t, list(node, 'args'), scope)) for (const one of list(node, 'args')) t.condition(one, scope);
      return computed(t, list(node, 'args'), scope, BOOL);
    case 'BooleanTest':
      return computed(t, [node.arg], scope, BOOL);
    case 'NullTest': {
      const tested = nullTest(t, node, scope);
      return valueFrom(!isNullAsStored(tested.flow) ? combine([tested.flow]) : NO_DATA, BOOL);
    }
    case 'CaseExpr':
      return traceCase(t, node, scope);
    case 'CoalesceExpr': {
      const values = list(node, 'args').map((one) => t.value(one, scope));
      const guards = guardsAnother(t, list(node, 'args'), scope);
      for (const value of values.slice(0, -1)) {
        const isComputed = !isNullAsStored(value.flow);
        if (guards && isComputed) t.use(value.flow, 'predicate', 'COALESCE', node);
        else if (!isComputed) t.use(value.flow, 'null_test', undefined, node);
      }
      return oneOfValues(values);
    }
    case 'MinMaxExpr': {
      const values = list(node, 'args').map((one) => t.value(one, scope));
      if (values.length > 1) {
        for (const value of values)
          t.use(value.flow, 'predicate', text(node, 'op') === 'IS_LEAST' ? 'LEAST' : 'GREATEST', node);
      }
      return oneOfValues(values);
    }
    case 'A_ArrayExpr':
      return arrayValue(
        t,
        list(node, 'elements').map((one) => t.value(one, scope)),
      );
    case 'RowExpr':
      return traceRow(t, node, scope);
    case 'A_Indirection':
      return traceIndirection(t, node, scope);
    case 'SubLink':
      return traceSubLink(t, node, scope);
    case 'SQLValueFunction':
      return given(sqlValueType(text(node, 'op') ?? ''));
    case 'GroupingFunc':
      return valueFrom(NO_DATA, INT4);
    case 'MergeSupportFunc':
      return valueFrom(NO_DATA, TEXT_TYPE);
    case 'SetToDefault':
    case 'CurrentOfExpr':
      return valueFrom(NO_DATA);
    case 'NamedArgExpr':
      return t.value(child(node, 'arg'), scope);
    case 'XmlExpr':
      return traceXml(t, node, scope);
    case 'XmlSerialize':
      return valueFrom(asText([t.value(child(node, 'expr'), scope).flow]), TEXT_TYPE);
    case 'MultiAssignRef':
      return traceAssigned(t, node, scope);
    case 'JsonFuncExpr':
      return traceJsonFunction(t, node, scope);
    case 'JsonArrayQueryConstructor': {
      const [column] = t.query(child(node, 'query'), scope);
      return valueFrom(jsonOf(arrayOf(toJson(t, column?.value ?? valueFrom(NO_DATA)))), JSON_TYPE);
    }
    case 'JsonObjectAgg':
    case 'JsonArrayAgg':
      return traceJsonAggregate(t, type, node, scope);
    case 'JsonValueExpr':
      return t.value(child(node, 'raw_expr'), scope);
    case 'List':
      return computed(t, list(node, 'items'), scope, undefined);
    default: {
      const json = jsonConstruct(t, type, node, (one) => t.value(one, scope));
      return json ?? t.unknown(`expression ${type === '' ? 'without a node' : type}`);
    }
  }
}

/** Parts of dates, lengths and counts are small whole numbers. */
const SMALL_NUMBERS = new Set([
  'extract',
  'date_part',
  'length',
  'char_length',
  'octet_length',
  'count',
  'ascii',
  'position',
  'strpos',
  'array_length',
  'cardinality',
]);

function isSmallNumber(wrapped: Tree | undefined): boolean {
  const call = as(wrapped, 'FuncCall');
  if (call === undefined || !SMALL_NUMBERS.has(strings(call, 'funcname').at(-1) ?? '')) return false;
  const unit = castConstantOf(list(call, 'args')[0]);
  return !(unit?.kind === 'string' && /^\s*(?:epoch|julian|micro|us|milli|ms)/i.test(unit.value));
}

/** Of expressions that are computed one by one, as long as it is not decided, one behind the first may fail. */
function guardsAnother(t: Tracer, nodes: readonly Tree[], scope: Scope): boolean {
  return nodes.slice(1).some((one) => mayFail(t, one, scope));
}

function computed(t: Tracer, nodes: readonly unknown[], scope: Scope, type: number | undefined): Value {
  const flows = nodes.filter(isTree).map((one) => t.value(one, scope).flow);
  return valueFrom(combine(flows), type);
}

/** The value of one of several expressions. */
export function oneOfValues(values: readonly Value[]): Value {
  const known = values.filter(({ type }) => type !== UNKNOWN && type !== undefined);
  const [first] = known;
  const same = known.every(({ type }) => type === first?.type) && values.every(({ type }) => type !== undefined);
  const isGiven = values.every((value) => value.given !== undefined);
  return {
    flow: oneOf(values.map(({ flow }) => flow)),
    type: same ? (first?.type ?? TEXT_TYPE) : undefined,
    origin: undefined,
    given: isGiven ? 'list' : undefined,
  };
}

function arrayValue(t: Tracer, elements: readonly Value[]): Value {
  const one = oneOfValues(elements);
  const nested = elements.some(({ type, flow }) =>
    type === undefined || type === UNKNOWN ? flow.shape.kind === 'array' : elementType(t.catalog, type) !== undefined,
  );
  if (nested) {
    noteDimensions(t, elements, undefined);
    return { ...one, origin: undefined };
  }
  const type = arrayType(t.catalog, one.type === UNKNOWN ? TEXT_TYPE : one.type);
  return {
    flow: isEmpty(one.flow) ? { ...NO_DATA, own: ownOf(one.flow) } : arrayOf(one.flow),
    type,
    origin: undefined,
    given: one.given === undefined ? undefined : 'list',
  };
}

/** Arrays of several lengths make no array. */
function noteDimensions(t: Tracer, arrays: readonly Value[], at: Tree | undefined): void {
  for (const { flow } of arrays) {
    if (flow.shape.kind === 'derived' || flow.shape.kind === 'text') t.use(flow, 'fallible', 'array', at);
  }
}

function traceRow(t: Tracer, node: Tree, scope: Scope): Value {
  const fields: NamedValue[] = [];
  for (const one of list(node, 'args')) {
    const star = expandStar(t, one, scope);
    if (star !== undefined) fields.push(...star);
    else fields.push({ name: '', value: t.value(one, scope) });
  }
  const row = rowOf(fields.map(({ value }, i) => ({ name: `f${i + 1}`, flow: value.flow })));
  return valueFrom(row, RECORD);
}

function traceCase(t: Tracer, node: Tree, scope: Scope): Value {
  const argument = child(node, 'arg');
  const tested = argument === undefined ? undefined : t.value(argument, scope);
  const results: Value[] = [];
  for (const wrapped of list(node, 'args')) {
    const when = as(wrapped, 'CaseWhen') ?? {};
    if (tested === undefined) t.condition(child(when, 'expr'), scope);
    else compareValues(t, tested, t.value(child(when, 'expr'), scope), when, ['='], 'CASE');
    results.push(t.value(child(when, 'result'), scope));
  }
  const otherwise = child(node, 'defresult');
  if (otherwise !== undefined) results.push(t.value(otherwise, scope));
  return oneOfValues(results);
}

function traceOperation(t: Tracer, node: Tree, scope: Scope): Value {
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
): { readonly first: Tree; readonly rest: readonly { readonly node: Tree; readonly operand: Tree }[] } | undefined {
  const rest: { node: Tree; operand: Tree }[] = [];
  let current: Tree = node;
  for (;;) {
    const left = child(current, 'lexpr');
    const right = child(current, 'rexpr');
    if (left === undefined || right === undefined) return undefined;
    rest.push({ node: current, operand: right });
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
    const joined = concatenated(t, left, right);
    noteGrowth(t, joined.flow, operator, node);
    return joined;
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
  return valueFrom(keepingBlank(asText(flows), flows), TEXT_TYPE);
}

function traceIndirection(t: Tracer, node: Tree, scope: Scope): Value {
  let value = t.value(child(node, 'arg'), scope);
  for (const step of list(node, 'indirection')) {
    const name = as(step, 'String');
    if (name !== undefined) {
      const field = text(name, 'sval') ?? '';
      const found = fieldValue(t, value, field);
      if (found !== undefined) value = found;
      else value = valueFrom(isEmpty(value.flow) ? value.flow : combine([value.flow]));
      continue;
    }
    const indices = as(step, 'A_Indices');
    if (indices === undefined) return t.unknown('a step into a value', value.flow);
    value = subscript(t, value, indices, scope);
  }
  return value;
}

function subscript(t: Tracer, value: Value, indices: Tree, scope: Scope): Value {
  const positions = [child(indices, 'lidx'), child(indices, 'uidx')].filter((one) => one !== undefined);
  const steering = positions.map((one) => t.value(one, scope).flow);
  for (const flow of steering) t.use(flow, 'predicate', 'subscript', indices);
  if (flag(indices, 'is_slice')) return { ...value, origin: undefined };
  if (isJsonType(value.type)) {
    const [key] = positions;
    const constant = castConstantOf(key);
    if (constant?.kind === 'integer') return valueFrom(elementOf(value.flow), value.type);
    const keys = constantKeys(key);
    if (keys === undefined) return valueFrom(combine([value.flow, ...steering]), value.type);
    t.readsLiterals = true;
    return jsonOperator(t, '->', value, valueFrom(NO_DATA), key) ?? valueFrom(combine([value.flow]), value.type);
  }
  if (isEmpty(value.flow)) return valueFrom(NO_DATA, elementType(t.catalog, value.type));
  const { kind } = value.flow.shape;
  if (kind === 'array') return valueFrom(elementOf(value.flow), elementType(t.catalog, value.type));
  const element = elementType(t.catalog, value.type);
  if (element === undefined) return valueFrom(combine([value.flow]));
  // Of an array of arrays in a column each further step is an element of the same.
  return valueFrom(elementOf(value.flow), element);
}

function traceSubLink(t: Tracer, node: Tree, scope: Scope): Value {
  switch (text(node, 'subLinkType')) {
    case 'EXISTS_SUBLINK':
      t.query(child(node, 'subselect'), scope);
      return valueFrom(NO_DATA, BOOL);
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const { result } = t.apart(() => {
        const values = traceSemiJoin(t, node, scope);
        return { values, findings: t.findings };
      });
      // What it compares is data of the answer; what steers within it still steers.
      t.findings.include(result.findings);
      return valueFrom(combine(result.values.map(({ flow }) => flow)), BOOL);
    }
    case 'ARRAY_SUBLINK': {
      const [column] = t.query(child(node, 'subselect'), scope);
      return valueFrom(arrayOf(column?.value.flow ?? NO_DATA), arrayType(t.catalog, column?.value.type));
    }
    case 'EXPR_SUBLINK': {
      const [column, ...others] = t.query(child(node, 'subselect'), scope);
      if (column === undefined) return t.unknown('a subquery without columns');
      // Compared with a row.
      if (others.length > 0) return valueFrom(combine([column, ...others].map(({ value }) => value.flow)), RECORD);
      return { ...column.value, origin: undefined };
    }
    default:
      return t.unknown(`subquery ${text(node, 'subLinkType') ?? ''}`);
  }
}

/** `(a, b) = (…)`: the one at its place. */
function traceAssigned(t: Tracer, node: Tree, scope: Scope): Value {
  const place = (typeof node.colno === 'number' ? node.colno : 1) - 1;
  const source = child(node, 'source');
  const query = as(source, 'SubLink');
  if (query !== undefined) {
    const column = t.query(child(query, 'subselect'), scope)[place];
    return column === undefined ? t.unknown('a subquery with too few columns') : { ...column.value, origin: undefined };
  }
  const row = as(source, 'RowExpr');
  if (row === undefined) {
    const value = t.value(source, scope);
    const { shape } = value.flow;
    return shape.kind === 'row'
      ? valueFrom(shape.fields[place]?.flow ?? combine([value.flow]))
      : valueFrom(combine([value.flow]));
  }
  const fields = list(row, 'args').flatMap(
    (one) => expandStar(t, one, scope) ?? [{ name: '', value: t.value(one, scope) }],
  );
  return fields[place]?.value ?? t.unknown('a row with too few values');
}

function sqlValueType(operation: string): number | undefined {
  if (/USER|ROLE|CATALOG|SCHEMA/.test(operation)) return NAME;
  if (operation.includes('CURRENT_DATE')) return 1082;
  return operation.startsWith('SVFOP_CURRENT_TIMESTAMP') ? 1184 : undefined;
}

function traceXml(t: Tracer, node: Tree, scope: Scope): Value {
  const operation = text(node, 'op') ?? '';
  const parts = [
    ...list(node, 'args'),
    ...list(node, 'named_args').map((one) => child(as(one, 'ResTarget') ?? {}, 'val')),
  ].map((one) => t.value(one, scope).flow);
  if (operation === 'IS_DOCUMENT') return valueFrom(combine(parts), BOOL);
  if (operation === 'IS_XMLPARSE' || operation === 'IS_XMLPI') {
    for (const flow of parts) t.use(flow, 'fallible', 'XML', node);
  }
  return valueFrom(asText(parts), XML);
}

function traceJsonFunction(t: Tracer, node: Tree, scope: Scope): Value {
  const context = as(child(node, 'context_item'), 'JsonValueExpr') ?? child(node, 'context_item') ?? {};
  const document = t.value(child(context, 'raw_expr'), scope);
  const passed = list(node, 'passing').map((one) =>
    t.value(child(child(as(one, 'JsonArgument') ?? {}, 'val') ?? {}, 'raw_expr'), scope),
  );
  const path = child(node, 'pathspec');
  t.use(t.value(path, scope).flow, 'predicate', (text(node, 'op') ?? '').replace(/_OP$/, ''), node);
  const fallbacks = ['on_empty', 'on_error'].flatMap((slot) => {
    const expression = child(child(node, slot) ?? {}, 'expr');
    return expression === undefined ? [] : [t.value(expression, scope).flow];
  });
  const operation = text(node, 'op') ?? '';
  const defaults = ['on_empty', 'on_error'].map((slot) => child(child(node, slot) ?? {}, 'expr'));
  if (defaults.some((one) => one !== undefined && mayFail(t, one, scope))) {
    for (const { flow } of [document, ...passed]) t.use(flow, 'predicate', operation.replace(/_OP$/, ''), node);
  }
  const raises = ['on_empty', 'on_error'].some(
    (slot) => text(child(node, slot) ?? {}, 'btype') === 'JSON_BEHAVIOR_ERROR',
  );
  if (raises) t.use(document.flow, 'fallible', operation.replace(/_OP$/, ''), node);
  const isDocument = isJsonType(document.type) || document.flow.shape.kind === 'json';
  const found =
    isDocument && passed.every(({ flow }) => isEmpty(flow))
      ? alongPath(t, document.flow, path)
      : combine([document.flow, ...passed.map(({ flow }) => flow)]);
  if (operation === 'JSON_EXISTS_OP')
    return valueFrom(combine([document.flow, ...passed.map(({ flow }) => flow)]), BOOL);
  const type = resolveType(t.world, child(child(node, 'output') ?? {}, 'typeName')).oid;
  if (operation === 'JSON_VALUE_OP') {
    const isText = type === undefined || isTextType(type);
    const value = found.shape.kind === 'json' ? found.shape.value : found;
    return valueFrom(oneOf([isText ? value : combine([value]), ...fallbacks]), type ?? TEXT_TYPE);
  }
  return valueFrom(oneOf([found, ...fallbacks]), type ?? JSONB);
}

function traceJsonAggregate(t: Tracer, type: string, node: Tree, scope: Scope): Value {
  const made = child(node, 'constructor') ?? {};
  t.condition(child(made, 'agg_filter'), scope);
  for (const wrapped of list(made, 'agg_order')) {
    const sorted = child(as(wrapped, 'SortBy') ?? {}, 'node');
    orderUse(t, sorted, t.value(sorted, scope), node, false);
  }
  const over = child(made, 'over');
  if (over !== undefined) traceWindow(t, over, scope);
  const argument = child(node, 'arg') ?? {};
  if (type === 'JsonArrayAgg') {
    const element = t.value(child(argument, 'raw_expr'), scope);
    return valueFrom(withoutNulls(jsonOf(arrayOf(toJson(t, element))), [element], node), JSON_TYPE);
  }
  const key = t.value(child(argument, 'key'), scope);
  if (flag(node, 'unique') || !isNullAsStored(key.flow)) t.use(key.flow, 'fallible', 'JSON_OBJECTAGG', node);
  const value = t.value(child(child(argument, 'value') ?? {}, 'raw_expr'), scope);
  return valueFrom(combine([key.flow, value.flow]), JSON_TYPE);
}

export function groupUse(t: Tracer, flow: Flow, subject: string, at: Tree | undefined): void {
  plainUse(t, flow, 'group', subject, at);
}
