/** Calls of functions in pg_catalog: what of their arguments is in what they give. */
import { isPureFunction } from '../pure-functions.ts';
import { as, castConstantOf, type Tree } from '../tree.ts';
import { askedBy, FOLDS, foldedBy, TRIMS } from './asked-values.ts';
import {
  CATALOG_TEXTS,
  COPIES,
  HARMLESS,
  JSON_AGGREGATES,
  JSON_ARRAYS,
  JSON_BUILDERS,
  JSON_ELEMENTS,
  JSON_PATHS,
  JSON_PICKS,
  JSON_RECORDS,
  NULL_TESTS,
  OUTPUTS,
  READERS,
  SAME_ARRAYS,
  SERVER_SETTINGS,
  SINKS,
  TEXTS,
  TO_JSON,
  TOTAL,
  WITHOUT_DATA,
} from './builtin-lists.ts';
import { elementCount } from './elements.ts';
import { failingArguments, isNullAsStored, isPlainTemplate } from './failures.ts';
import {
  arrayOf,
  asText,
  combine,
  elementOf,
  grownTo,
  isEmpty,
  isPlain,
  jsonOf,
  keepingBlank,
  LITERAL,
  NO_DATA,
  oneOf,
  rowOf,
  type Value,
  valueFrom,
  withoutDocument,
} from './flows.ts';
import { growthOfCall } from './growth.ts';
import { alongPath, arrayFrom, buildObject, extractPath, simplePath, textOfJson, toJson } from './json-flows.ts';
import { type ColumnRef, type Flow, PRINTED } from './lineage.ts';
import { plainUse } from './ordering.ts';
import type { Argument, Tracer } from './tracer.ts';
import {
  arrayType,
  elementType,
  fieldsOf,
  isJsonType,
  isTextType,
  JSON_TYPE,
  JSONB,
  RECORD,
  TEXT_TYPE,
  VARCHAR,
} from './types.ts';

/** `undefined`: no such name in pg_catalog. */
export function isBuiltin(t: Tracer, name: string): boolean {
  return t.catalog.builtin(name) !== undefined;
}

/** The type that every overload gives, or that of one that gives what it is given. */
function returnType(t: Tracer, name: string, values: readonly Value[]): number | undefined {
  const [first] = values;
  if (OF_FIRST_TEXT.has(name) && isTextType(first?.type)) return TEXT_TYPE;
  if (name === 'date_trunc' && values[1]?.type !== undefined) return values[1].type === 1082 ? 1184 : values[1].type;
  if (name === 'sum' && first?.type !== undefined) return SUMS.get(first.type);
  if (name === 'avg' && first?.type !== undefined) return AVERAGES.get(first.type) ?? undefined;
  const returns = t.catalog.builtin(name)?.returns ?? [];
  const [only] = returns;
  if (returns.length !== 1 || only === undefined) return undefined;
  return t.catalog.typeByOid(only)?.kind === 'p' && only !== RECORD ? undefined : only;
}

const OF_FIRST_TEXT = new Set(
  'substr substring overlay reverse btrim ltrim rtrim left right lpad rpad replace translate'.split(' '),
);
/** Of integers, numeric and floating point. */
const SUMS = new Map([
  [21, 20],
  [23, 20],
  [20, 1700],
  [1700, 1700],
  [700, 700],
  [701, 701],
]);
const AVERAGES = new Map([
  [21, 1700],
  [23, 1700],
  [20, 1700],
  [1700, 1700],
  [700, 701],
  [701, 701],
]);

/** `args`: what the call is given, those of WITHIN GROUP behind. */
export function callBuiltin(t: Tracer, name: string, args: readonly Argument[], at: Tree | undefined): Value {
  const values = args.map(({ value }) => value);
  const flows = values.map(({ flow }) => flow);
  const type = returnType(t, name, values);
  if (!isKnown(t, name, args.length)) {
    // For which of its arguments it fails is not known either.
    for (const flow of flows) t.use(flow, 'fallible', name, at);
    return t.unknown(`function pg_catalog.${name}`, ...flows);
  }
  noteFailures(t, name, args, at);
  const isPicked = JSON_PATHS.has(name) && args.length === 2 && simplePath(args[1]?.node) !== undefined;
  if (isPicked) t.use(alongPath(t, flows[0] ?? NO_DATA, args[1]?.node), 'count', name, at);
  else noteRowCount(t, name, flows, at);
  const growth = growthOfCall(t, name, args, type, at);
  const result = special(t, name, args, values, type, at);
  const folded = { ...foldedBy(t, name, args), ...askedBy(t, name, args) };
  if (result !== undefined) {
    const flow = grownTo(blankness(t, name, args, result.flow), growth);
    return { ...result, ...folded, flow, ...(CATALOG_TEXTS[name] && { printed: { by: name, flow } }) };
  }
  if (flows.every(isEmpty)) {
    const constant = values.every(({ given }) => given === 'constant') && !isSet(t, name);
    const isOne = constant && type !== undefined && elementType(t.catalog, type) === undefined;
    const one = FOLDS.has(name) ? flows[0] : undefined;
    return {
      flow: grownTo(one ?? (isOne ? LITERAL : NO_DATA), growth),
      type,
      origin: undefined,
      given: constant ? 'constant' : undefined,
    };
  }
  return { ...valueFrom(grownTo(blankness(t, name, args, combine(flows)), growth), type), ...folded };
}

/** Nothing, from nothing only: of all their arguments, but for those that say how. */
const BLANK_FROM_BLANK: ReadonlySet<string> = new Set(
  `lower upper initcap casefold reverse md5 sha224 sha256 sha384 sha512 quote_ident quote_literal quote_nullable normalize
  text concat concat_ws string_agg host abbrev to_hex length char_length octet_length bit_length abs floor ceil`.split(
    /\s+/,
  ),
);
/** With so many characters of a text: from 1 on. */
const BLANK_BY_COUNT: ReadonlySet<string> = new Set('left right substr substring lpad rpad repeat'.split(' '));

/** Marks a computed text that is NULL, or empty, only where its arguments are. */
function blankness(t: Tracer, name: string, args: readonly Argument[], flow: Flow): Flow {
  if (isEmpty(flow)) return flow;
  const flows = args.map(({ value }) => value.flow);
  if (BLANK_FROM_BLANK.has(name) || (TRIMS.test(name) && args.length === 1)) return keepingBlank(flow, flows);
  if (name === 'format' && isPlainTemplate(args[0]?.node)) return keepingBlank(flow, flows);
  if (!BLANK_BY_COUNT.has(name)) return flow;
  t.readsLiterals = true;
  const counts = args.slice(1).map(({ node }) => castConstantOf(node));
  const isFromStart = !name.startsWith('substr') || (counts[0]?.kind === 'integer' && counts[0].value <= 1);
  const isSome = counts.every(
    (one, i) => (one?.kind === 'integer' && one.value >= 1) || (i > 0 && name.endsWith('pad')),
  );
  return isFromStart && isSome ? keepingBlank(flow, flows) : flow;
}

/** Of a system catalog's columns alone. */
function isOfCatalog(t: Tracer, { sources, unknown }: Flow): boolean {
  return unknown.length === 0 && sources.every(({ relation }) => t.catalog.relationByOid(relation)?.isSystem === true);
}

/** The options of foreign servers, tables and users: how many there are, and their names, are no secret. */
const OPTIONS = 'pg_options_to_table';

/** Functions whose number of rows is that of their argument's own parts. */
const STRUCTURAL =
  /^(?:unnest|jsonb?_(?:array_elements|each|object_keys|to_record|populate_record)\w*|_pg_expandarray|aclexplode|generate_subscripts)$/;

/** How many rows a function gives tells of its arguments. */
function noteRowCount(t: Tracer, name: string, flows: readonly Flow[], at: Tree | undefined): void {
  const builtin = t.catalog.builtin(name);
  if (builtin !== undefined && !builtin.returnsSet) return;
  if (
    (name === OPTIONS && flows.every((flow) => isOfCatalog(t, flow))) ||
    (builtin === undefined && name !== '_pg_expandarray')
  )
    return;
  for (const flow of flows) {
    const isOwn = STRUCTURAL.test(name) && flow.shape.kind !== 'derived' && flow.shape.kind !== 'text';
    t.use(flow, isOwn ? 'count' : 'predicate', name, at);
  }
}

function isSet(t: Tracer, name: string): boolean {
  const builtin = t.catalog.builtin(name);
  return builtin === undefined || builtin.returnsSet || builtin.isAggregate || builtin.volatility === 'v';
}

/** Input and output functions of types, and what stands behind operators on times. */
const CONVERSIONS = /^(?:(?:date|timestamptz?|timetz?|interval)_\w+|reg\w+(?:in|out)|\w+_(?:in|out|send)|\w+send)$/;

/** It sees its arguments and nothing else, or what it sees else is known. */
function isKnown(t: Tracer, name: string, count: number): boolean {
  if (READERS.has(name)) return false;
  if (name === 'ts_rewrite') return count === 3;
  if (t.catalog.builtin(name)?.volatility === 'i') return true;
  if (isPureFunction(name) || HARMLESS.has(name) || SINKS.has(name) || CATALOG_TEXTS[name] !== undefined) return true;
  if (TEXTS.has(name) || COPIES.has(name) || TO_JSON.has(name) || TOTAL.has(name) || JSON_AGGREGATES.has(name))
    return true;
  if (JSON_PATHS.has(name) || JSON_RECORDS.has(name) || WITHOUT_DATA.has(name)) return true;
  if (CONVERSIONS.test(name)) return true;
  return /^pg_stat_get_/.test(name) && !/activity|query|subscription|wal_receiver|backend_client/.test(name);
}

function noteFailures(t: Tracer, name: string, args: readonly Argument[], at: Tree | undefined): void {
  const isTotal = TOTAL.has(name) || CATALOG_TEXTS[name] !== undefined;
  const failing = failingArguments(t, name, args);
  args.forEach(({ value }, i) => {
    if (!isEmpty(value.flow) && (!isTotal || failing.has(i))) t.use(value.flow, 'fallible', name, at);
  });
}

function special(
  t: Tracer,
  name: string,
  args: readonly Argument[],
  values: readonly Value[],
  type: number | undefined,
  at: Tree | undefined,
): Value | undefined {
  const flows = values.map(({ flow }) => flow);
  const [first, second] = values;
  // Its error says which setting there is not.
  if (name === 'current_setting') for (const flow of flows) t.use(flow, 'sink', name, at);
  if (name === 'current_setting' && isOfServer(args)) return valueFrom(NO_DATA, type);
  const catalogText = CATALOG_TEXTS[name];
  if (catalogText !== undefined) {
    // Which text it is tells what asked for it.
    const asked = flows.filter((flow) => !isEmpty(flow) && !isOfCatalog(t, flow));
    for (const flow of asked) t.use(flow, 'fallible', name, at);
    const value = catalogValue(t, name, catalogText, type);
    return asked.length === 0 ? value : { ...value, flow: combine([value.flow, ...asked]) };
  }
  if (first !== undefined && isCutByTools(name, args)) return first;
  if (WITHOUT_DATA.has(name)) return valueFrom(NO_DATA, type);
  if (name === 'count') {
    for (const flow of flows)
      t.use(flow, flow.shape.kind === 'row' || isNullAsStored(flow) ? 'count' : 'predicate', 'count', at);
    return valueFrom(NO_DATA, type);
  }
  if (name === OPTIONS) {
    return valueFrom(
      rowOf([
        { name: 'option_name', flow: flows.every((flow) => isOfCatalog(t, flow)) ? NO_DATA : combine(flows) },
        { name: 'option_value', flow: combine(flows) },
      ]),
    );
  }
  if (NULL_TESTS.has(name)) {
    for (const flow of flows) t.use(flow, isNullAsStored(flow) ? 'null_test' : 'predicate', name, at);
    return valueFrom(NO_DATA, type);
  }
  if (SINKS.has(name)) {
    for (const flow of flows) t.use(flow, 'sink', name, at);
    return name === 'set_config' && second !== undefined ? valueFrom(second.flow, TEXT_TYPE) : valueFrom(NO_DATA, type);
  }
  if (first === undefined) return undefined;
  if (COPIES.has(name)) return copied(t, name, values);
  if (name === 'array_agg') {
    const isNested = first.flow.shape.kind === 'array' || elementType(t.catalog, first.type) !== undefined;
    return valueFrom(isNested ? first.flow : arrayOf(first.flow), arrayType(t.catalog, first.type));
  }
  if (name === 'unnest' && values.length === 1) {
    return {
      flow: isEmpty(first.flow) ? { ...first.flow, own: elementCount(first) } : elementOf(first.flow),
      type: elementType(t.catalog, first.type),
      origin: undefined,
      given: first.given,
    };
  }
  if (SAME_ARRAYS.has(name)) return sameArray(t, name, values);
  if (JSON_AGGREGATES.has(name)) {
    // Without NULLs, how many there are tells which they were.
    const isTold = name.endsWith('_strict') && !isNullAsStored(first.flow);
    const elements = jsonOf(arrayOf(toJson(t, first)));
    return valueFrom(isTold ? combine([elements]) : elements, name.startsWith('jsonb') ? JSONB : JSON_TYPE);
  }
  if (JSON_BUILDERS.has(name)) return valueFrom(buildObject(t, args), type);
  if (JSON_ARRAYS.has(name)) return valueFrom(jsonOf(arrayFrom(t, values)), type);
  if (TO_JSON.has(name)) {
    const isTold = name.endsWith('_strip_nulls') && !hasStoredNulls(first.flow);
    // How it is written is asked by what stands behind.
    const isSteered = flows.slice(1).some((flow) => !isEmpty(flow));
    return valueFrom(isTold || isSteered ? combine(flows) : toJson(t, first), type);
  }
  if (JSON_ELEMENTS.has(name)) {
    const element = elementOf(first.flow);
    return valueFrom(name.endsWith('_text') ? textOfJson(t, element) : element, type);
  }
  if (JSON_PICKS.has(name)) return extractPath(t, args, name.endsWith('_text'), type ?? TEXT_TYPE);
  if (JSON_PATHS.has(name)) {
    const path = alongPath(t, first.flow, args[1]?.node, !name.includes('_first'));
    const flow = values.length === 2 ? path : combine(flows);
    return valueFrom(name.includes('_array') ? jsonOf(arrayOf(flow)) : flow, type);
  }
  if (JSON_RECORDS.has(name)) return populated(t, name, args);
  if (TEXTS.has(name)) {
    if (flows.every(isEmpty)) return undefined;
    // Of ranges too: what type it has is then not known.
    const isBound = name === 'lower' || name === 'upper';
    const isText = !isBound || isTextType(first.type);
    const flow = isText || first.type === undefined ? asText(flows) : combine(flows);
    return valueFrom(flow, type ?? (isText ? TEXT_TYPE : undefined));
  }
  const outputs = OUTPUTS[name];
  if (outputs !== undefined && outputs.length > 1) return outputRow(t, name, outputs, values);
  return undefined;
}

/** Is every part of a document NULL only where a column is? */
function hasStoredNulls(flow: Flow): boolean {
  const { shape } = flow;
  if (shape.kind === 'json') return hasStoredNulls(shape.value);
  if (shape.kind === 'array') return hasStoredNulls(shape.element);
  if (shape.kind === 'row') return shape.fields.every((field) => hasStoredNulls(field.flow));
  return isNullAsStored(flow);
}

/** By the order of what they are given; any_value, lag and lead by another. */
const PICKS: ReadonlySet<string> = new Set('min max first_value last_value nth_value mode percentile_disc'.split(' '));

/** They sort what they are given. */
const EXTREMES: ReadonlySet<string> = new Set('min max mode percentile_disc'.split(' '));

function isComputed({ shape }: Flow): boolean {
  return shape.kind === 'derived' || shape.kind === 'text';
}

function isContainer({ shape }: Flow): boolean {
  return shape.kind === 'row' || shape.kind === 'array' || shape.kind === 'json';
}

function copied(t: Tracer, name: string, values: readonly Value[]): Value {
  // percentile_disc(fraction) and mode() take theirs from WITHIN GROUP; lag and lead have a default behind.
  const picked = name === 'percentile_disc' || name === 'mode' ? values.slice(-1) : [values[0], values[2]];
  const given = picked
    .filter((value) => value !== undefined)
    .map((value) => (EXTREMES.has(name) ? { ...value, flow: withoutDocument(value.flow) } : value));
  if (EXTREMES.has(name)) {
    // Of what is computed nothing is shown.
    for (const { flow } of given) {
      // Beside others of its row a value that is picked tells whose it is.
      if (isContainer(flow)) t.use(flow, 'predicate', name, undefined);
      else if (!isComputed(flow)) plainUse(t, flow, 'group', name, undefined, true);
    }
  }
  const one = oneOf(given.map((value) => value.flow));
  const flow: Flow = isEmpty(one) || !PICKS.has(name) ? one : { ...one, picked: true };
  const isExtreme = (name === 'min' || name === 'max') && given[0]?.type === VARCHAR;
  const type = isExtreme ? TEXT_TYPE : given[0]?.type;
  if (name === 'percentile_disc') {
    const many = elementType(t.catalog, values[0]?.type) !== undefined || values[0]?.flow.shape.kind === 'array';
    if (many) return valueFrom(arrayOf(flow), arrayType(t.catalog, type));
    if (values[0]?.type === undefined) return valueFrom(combine([flow]));
  }
  for (const value of values.slice(1, 2)) {
    if ((name === 'lag' || name === 'lead' || name === 'nth_value') && !isEmpty(value.flow)) {
      t.use(value.flow, 'predicate', name, undefined);
    }
  }
  return valueFrom(flow, type);
}

function sameArray(t: Tracer, name: string, values: readonly Value[]): Value {
  const element = (value: Value | undefined): Flow[] => (value === undefined ? [] : [elementOf(value.flow)]);
  const plain = (value: Value | undefined): Flow[] => (value === undefined ? [] : [value.flow]);
  const [a, b, c] = values;
  const type = name === 'array_prepend' ? b?.type : name === 'array_fill' ? arrayType(t.catalog, a?.type) : a?.type;
  const parts = (): Flow[] => {
    switch (name) {
      case 'array_append':
        return [...element(a), ...plain(b)];
      case 'array_prepend':
        return [...plain(a), ...element(b)];
      case 'array_cat':
        return [...element(a), ...element(b)];
      case 'array_replace':
        return [...element(a), ...plain(b), ...plain(c)];
      case 'array_fill':
        return plain(a);
      default:
        return element(a);
    }
  };
  if (name === 'array_remove' || name === 'array_replace') {
    // What is looked for decides what stays, as what is looked through does.
    if (name === 'array_remove' && a !== undefined && b?.given === 'constant' && isPlain(a.flow))
      t.use(a.flow, 'lookup', name, undefined);
    else for (const flow of [...element(a), ...plain(b)]) t.use(flow, 'predicate', name, undefined);
  }
  return valueFrom(arrayOf(oneOf(parts())), type);
}

function catalogValue(
  t: Tracer,
  name: string,
  [relation, column]: readonly [string, string],
  type: number | undefined,
): Value {
  const flow = systemColumn(t, relation, column);
  const outputs = OUTPUTS[name];
  if (outputs === undefined) return valueFrom(flow, type);
  return valueFrom(rowOf(outputs.map((one) => ({ name: one, flow }))));
}

/**
 * How tools cut definitions, so that no value in them is cut up: what comes before the seventh character of a constraint are
 * PostgreSQL's own words (`CHECK (`; DBeaver), and the 128 characters of a default (psql up to 12, pgcli) are nobody's
 * choice. At other places a value could be cut until it is not found.
 */
function isCutByTools(name: string, [whole, from, count, ...more]: readonly Argument[]): boolean {
  if ((name !== 'substring' && name !== 'substr') || more.length > 0 || whole === undefined) return false;
  const { printed, flow } = whole.value;
  if (as(whole.node, 'FuncCall') === undefined || printed === undefined || printed.flow !== flow) return false;
  if (printed.by === 'pg_get_constraintdef') return isInteger(from?.node, 7) && count === undefined;
  return printed.by === 'pg_get_expr' && isInteger(from?.node, 1) && isInteger(count?.node, 128);
}

function isOfServer([setting, ...more]: readonly Argument[]): boolean {
  const name = castConstantOf(setting?.node);
  return (
    name?.kind === 'string' &&
    SERVER_SETTINGS.has(name.value.toLowerCase()) &&
    more.every(({ value }) => isEmpty(value.flow))
  );
}

function isInteger(node: Tree | undefined, value: number): boolean {
  const constant = castConstantOf(node);
  return constant?.kind === 'integer' && constant.value === value;
}

/** The text of a system catalog's column, as PostgreSQL prints it. */
export function systemColumn(t: Tracer, relation: string, column: string): Flow {
  const found = t.catalog.relation('pg_catalog', relation);
  const attnum = found?.columns.find((one) => one.name === column)?.attnum;
  if (found === undefined || attnum === undefined) return { ...NO_DATA, unknown: [`pg_catalog.${relation}.${column}`] };
  const source: ColumnRef = { relation: found.oid, attnum, path: [PRINTED] };
  return { sources: [source], unknown: [], shape: { kind: 'text' }, keepsBlank: true };
}

function outputRow(_t: Tracer, name: string, outputs: readonly string[], values: readonly Value[]): Value {
  const all = combine(values.map(({ flow }) => flow));
  if (name === '_pg_expandarray') {
    const element = values[0] === undefined ? all : elementOf(values[0].flow);
    return valueFrom(
      rowOf([
        { name: 'x', flow: element },
        { name: 'n', flow: NO_DATA },
      ]),
    );
  }
  return valueFrom(rowOf(outputs.map((one) => ({ name: one, flow: all }))), RECORD);
}

/** json_populate_record(base, json): by the base's fields; json_to_record is filled in by its column list. */
function populated(t: Tracer, name: string, args: readonly Argument[]): Value {
  const isPopulate = name.includes('populate');
  const [base, document] = isPopulate ? args : [undefined, args[0]];
  const flow = document?.value.flow ?? NO_DATA;
  const fields = fieldsOf(t.catalog, base?.value.type);
  if (fields === undefined) return valueFrom(combine(args.map(({ value }) => value.flow)), base?.value.type);
  const shape = base?.value.flow.shape;
  const row = rowOf(
    fields.map((field, i) => {
      const own = shape?.kind === 'row' ? shape.fields[i]?.flow : base?.value.flow;
      return { name: field.name, flow: combine([flow, own ?? NO_DATA]) };
    }),
  );
  return valueFrom(row, base?.value.type);
}

/** `AS t(a int, b text)` behind json_to_record: each column is what stands under its name. */
export function recordColumn(t: Tracer, document: Flow, name: string, type: number | undefined): Flow {
  if (isEmpty(document)) return document;
  t.readsLiterals = true;
  const picked = document.shape.kind === 'json' || document.shape.kind === 'copy' ? document : combine([document]);
  if (picked.shape.kind === 'derived') return picked;
  const flow = picked.shape.kind === 'json' || picked.shape.kind === 'copy' ? keyed(picked, name) : picked;
  if (isJsonType(type)) return flow;
  const text = textOfJson(t, flow);
  return isTextType(type) ? text : combine([text]);
}

function keyed(flow: Flow, name: string): Flow {
  const { shape } = flow;
  if (shape.kind === 'json') {
    const inner = shape.value;
    if (inner.shape.kind === 'row') {
      const found = inner.shape.fields.filter((field) => field.name === name);
      return found.length === 1 && found[0] !== undefined ? jsonOf(found[0].flow) : combine([flow]);
    }
    if (inner.shape.kind !== 'copy') return combine([flow]);
    return jsonOf(deeperCopy(inner, name));
  }
  return deeperCopy(flow, name);
}

function deeperCopy(flow: Flow, name: string): Flow {
  return { ...flow, sources: flow.sources.map((ref) => ({ ...ref, path: [...(ref.path ?? []), name] })) };
}

/** Literal 0 in `x / 0` always fails, so it tells nothing. */
export function isConstantNode(wrapped: Tree | undefined): boolean {
  return castConstantOf(wrapped) !== undefined;
}
