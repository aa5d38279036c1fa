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
import { AssignedRow, placeOf } from './assigned-rows.ts';
import { fieldValue, traceCall } from './calls.ts';
import { castValue } from './casts.ts';
import { expandStar, traceColumnRef } from './column-references.ts';
import { compareValues, nullTest, traceSemiJoin } from './conditions.ts';
import { traceJsonAggregate, traceJsonFunction, traceXml } from './documents.ts';
import { isNullAsStored, mayFail } from './failures.ts';
import {
  arrayOf,
  asText,
  combine,
  elementOf,
  isEmpty,
  jsonOf,
  LITERAL,
  type NamedValue,
  NO_DATA,
  NULL_LITERAL,
  oneOf,
  type Row,
  rowOf,
  type Value,
  valueFrom,
} from './flows.ts';
import { constantKeys, jsonConstruct, jsonOperator, toJson } from './json-flows.ts';
import { type Flow, ownOf } from './lineage.ts';
import { noteDimensions, traceOperation } from './operations.ts';
import { plainUse } from './ordering.ts';
import { parametersOf, type Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import {
  arrayType,
  BOOL,
  elementType,
  INT4,
  INT8,
  isInteger,
  isJsonType,
  JSON_TYPE,
  NAME,
  NUMERIC,
  RECORD,
  resolveType,
  TEXT_TYPE,
  UNKNOWN,
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
      return { ...oneOfValues(values), row: rowOfOne(values) };
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
      return new AssignedRow(t, node, scope).at(placeOf(node));
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

/** Of the only one that is not given. */
function rowOfOne(values: readonly Value[]): Row | undefined {
  const [only, ...more] = values.filter(({ flow, given }) => !isEmpty(flow) || given !== 'constant');
  return more.length === 0 ? only?.row : undefined;
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
      return valueFrom(combine(traceSemiJoin(t, node, scope).map(({ flow }) => flow)), BOOL);
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

function sqlValueType(operation: string): number | undefined {
  if (/USER|ROLE|CATALOG|SCHEMA/.test(operation)) return NAME;
  if (operation.includes('CURRENT_DATE')) return 1082;
  return operation.startsWith('SVFOP_CURRENT_TIMESTAMP') ? 1184 : undefined;
}

export function groupUse(t: Tracer, flow: Flow, subject: string, at: Tree | undefined): void {
  plainUse(t, flow, 'group', subject, at);
}
