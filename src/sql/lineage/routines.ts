/** Calls of routines that are not PostgreSQL's own: SQL bodies are followed, others are opaque. */
import type { CatalogRoutine } from '../../catalog/catalog.ts';
import { GrammarError } from '../grammar.ts';
import { as, child, list, stringsOf, type Tree, text } from '../tree.ts';
import { foldedByExtension } from './asked-values.ts';
import { TOTAL } from './builtin-lists.ts';
import { failingArguments } from './failures.ts';
import {
  arrayOf,
  combine,
  isEmpty,
  LITERAL,
  type NamedValue,
  NO_DATA,
  oneOf,
  rowOf,
  type Value,
  valueFrom,
} from './flows.ts';
import type { Flow } from './lineage.ts';
import { nodesOf } from './nodes.ts';
import { traceProcedural } from './procedural.ts';
import { EMPTY_SCOPE, type Parameters, type Scope, scopeOf } from './scopes.ts';
import type { Argument, Tracer } from './tracer.ts';
import { isTrustedRoutine } from './trusted.ts';
import { elementType, fieldsOf, isPolymorphic, RECORD, VOID } from './types.ts';
import { definitionPath } from './views.ts';

export function traceRoutine(
  t: Tracer,
  routine: CatalogRoutine,
  args: readonly Argument[],
  at: Tree | undefined,
): Value {
  const name = `${routine.schema}.${routine.name}`;
  const flows = args.map(({ value }) => value.flow);
  if (routine.kind === 'a' || routine.kind === 'w') {
    for (const flow of flows) t.use(flow, isTrustedRoutine(routine) ? 'fallible' : 'sink', routine.name, at);
    if (isTrustedRoutine(routine)) return resultOf(t, routine, combine(flows));
    return t.unknown(`aggregate ${name}`, ...flows);
  }
  if (isTrustedRoutine(routine)) {
    const failing = failingArguments(t, routine.name, args);
    flows.forEach((flow, i) => {
      if (!TOTAL.has(routine.name) || failing.has(i)) t.use(flow, 'fallible', routine.name, at);
    });
    const isOne =
      !routine.returnsSet && routine.volatility !== 'v' && elementType(t.catalog, routine.returns) === undefined;
    if (isOne && args.every(({ value }) => value.given === 'constant' && isEmpty(value.flow)))
      return { ...resultOf(t, routine, LITERAL), given: 'constant' };
    return { ...resultOf(t, routine, combine(flows)), ...foldedByExtension(routine.extension, routine.name, args) };
  }
  if (routine.language === 'c' || routine.language === 'internal' || routine.definition === undefined) {
    for (const flow of flows) t.use(flow, 'sink', routine.name, at);
    return unreadable(t, `routine ${name} in language ${routine.language}`, routine, flows);
  }
  if (t.active.has(routine.oid)) return recursion(t, routine, name, flows, at);
  t.active.add(routine.oid);
  try {
    const bound = bind(t, routine, args, at);
    if (routine.language === 'sql') return sqlRoutine(t, routine, bound, name, flows);
    for (const flow of flows) t.use(flow, 'sink', routine.name, at);
    if (routine.language !== 'plpgsql')
      return unreadable(t, `routine ${name} in language ${routine.language}`, routine, flows);
    return opaque(t, routine, bound, name, flows);
  } finally {
    t.active.delete(routine.oid);
  }
}

/** Within itself it gives nothing that it does not give otherwise, but what the inner call's arguments hold. */
function recursion(
  t: Tracer,
  routine: CatalogRoutine,
  _name: string,
  flows: readonly Flow[],
  at: Tree | undefined,
): Value {
  for (const flow of flows) t.use(flow, 'sink', routine.name, at);
  return resultOf(t, routine, combine(flows));
}

function unreadable(t: Tracer, why: string, routine: CatalogRoutine, flows: readonly Flow[]): Value {
  t.findings.unknown.add(why);
  t.findings.include(opaqueFindings(t, routine));
  return t.unknown(why, ...flows);
}

function opaqueFindings(t: Tracer, routine: CatalogRoutine) {
  const { findings } = t.apart(() => undefined);
  findings.opaque.push({ routine: `${routine.schema}.${routine.name}`, reads: [] });
  return findings;
}

/** A result of the declared type that is made of a flow. */
function resultOf(t: Tracer, routine: CatalogRoutine, flow: Flow): Value {
  const type = isPolymorphic(routine.returns) ? undefined : routine.returns;
  const outputs = outputsOf(t, routine);
  if (outputs === undefined) return valueFrom(type === VOID ? NO_DATA : flow, type);
  if (outputs.length === 1 && routine.returns !== RECORD && fieldsOf(t.catalog, routine.returns) === undefined)
    return valueFrom(flow, type);
  return valueFrom(rowOf(outputs.map(({ name }) => ({ name, flow }))), type);
}

/** Names and types of a row that it gives; undefined: it gives single values. */
function outputsOf(
  t: Tracer,
  routine: CatalogRoutine,
): readonly { readonly name: string; readonly type: number }[] | undefined {
  if (routine.outputs.length > 0) {
    return routine.outputs.map((output, i) => ({
      name: output.name === '' ? `column${i + 1}` : output.name,
      type: output.type,
    }));
  }
  return fieldsOf(t.catalog, routine.returns);
}

function bind(t: Tracer, routine: CatalogRoutine, args: readonly Argument[], _at: Tree | undefined): Parameters {
  const byNumber: Value[] = [];
  const byName = new Map<string, Value>();
  const count = routine.argumentTypes.length;
  const positional = args.filter(({ name }) => name === undefined);
  for (let i = 0; i < count; i++) {
    const name = routine.argumentNames[i] ?? '';
    const named = name === '' ? undefined : args.find((argument) => argument.name === name);
    const rest = positional.slice(count - 1);
    const isRest = routine.variadic && i === count - 1 && !(rest.length === 1 && isArray(t, rest[0]?.value));
    const value = isRest
      ? valueFrom(
          rest.length === 0 ? NO_DATA : arrayOf(oneOf(rest.map((argument) => argument.value.flow))),
          routine.argumentTypes[i],
        )
      : (positional[i]?.value ?? named?.value);
    const declared = routine.argumentTypes[i];
    const type = declared === undefined || isPolymorphic(declared) ? value?.type : declared;
    // A default may call anything that the text of the definition says; it is read with the body.
    const own = value ?? valueFrom(defaultOf(t, routine, i));
    const bound: Value = { flow: own.flow, type, origin: undefined, given: own.given };
    byNumber.push(bound);
    if (name !== '') byName.set(name, bound);
  }
  return { routine: routine.name, byNumber, byName };
}

function isArray(t: Tracer, value: Value | undefined): boolean {
  return value !== undefined && (value.flow.shape.kind === 'array' || elementType(t.catalog, value.type) !== undefined);
}

function created(t: Tracer, routine: CatalogRoutine): Tree | undefined {
  try {
    return as(t.parse(routine.definition ?? '')[0]?.node, 'CreateFunctionStmt');
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

const INPUTS = new Set(['FUNC_PARAM_IN', 'FUNC_PARAM_INOUT', 'FUNC_PARAM_VARIADIC', 'FUNC_PARAM_DEFAULT']);

/** What an argument that is not given holds. */
function defaultOf(t: Tracer, routine: CatalogRoutine, index: number): Flow {
  const statement = created(t, routine);
  if (statement === undefined) return { ...NO_DATA, unknown: [`default of ${routine.name}`] };
  const inputs = nodesOf(statement, 'parameters', 'FunctionParameter').filter((parameter) =>
    INPUTS.has(text(parameter, 'mode') ?? ''),
  );
  const expression = child(inputs[index] ?? {}, 'defexpr');
  if (expression === undefined) return NO_DATA;
  const path = definitionPath(t.catalog);
  const found = t.elsewhere([...path, ...t.world.searchPath.filter((place) => !path.includes(place))], undefined, () =>
    t.value(expression, scopeOf([], undefined)),
  );
  return found?.flow ?? { ...NO_DATA, unknown: [`default of ${routine.name}`] };
}

function bodyOf(
  statement: Tree,
): { readonly source: string } | { readonly atomic: readonly Tree[] } | { readonly value: Tree } | undefined {
  const atomic = child(statement, 'sql_body');
  if (atomic !== undefined) {
    const returned = as(atomic, 'ReturnStmt');
    if (returned !== undefined) {
      const value = child(returned, 'returnval');
      return value === undefined ? undefined : { value };
    }
    return {
      atomic: list(as(atomic, 'List') ?? {}, 'items').flatMap((one) =>
        as(one, 'List') === undefined ? [one] : list(as(one, 'List') ?? {}, 'items'),
      ),
    };
  }
  for (const wrapped of list(statement, 'options')) {
    const option = as(wrapped, 'DefElem') ?? {};
    if (text(option, 'defname') !== 'as') continue;
    const [source] = stringsOf(list(as(child(option, 'arg'), 'List') ?? {}, 'items'));
    return source === undefined ? undefined : { source };
  }
  return undefined;
}

function sqlRoutine(
  t: Tracer,
  routine: CatalogRoutine,
  bound: Parameters,
  name: string,
  flows: readonly Flow[],
): Value {
  const statement = created(t, routine);
  const body = statement === undefined ? undefined : bodyOf(statement);
  if (body === undefined) return unreadable(t, `routine ${name} cannot be parsed`, routine, flows);
  const scope: Scope = { ...EMPTY_SCOPE, parameters: bound };
  const isText = 'source' in body;
  const path = routine.setsSearchPath ?? (isText ? t.runningPath : definitionPath(t.catalog));
  let result: readonly NamedValue[] | undefined;
  try {
    const done = t.elsewhere(
      path,
      undefined,
      () => {
        if ('value' in body) result = [{ name: '', value: t.value(body.value, scope) }];
        else {
          const nodes = isText ? t.parse(body.source).map(({ node }) => node) : body.atomic;
          for (const node of nodes) result = t.statement(node, scope);
        }
        return true;
      },
      routine.setsSearchPath ?? t.runningPath,
    );
    if (done === undefined) return unreadable(t, `routine ${name} is called too deep`, routine, flows);
  } catch (error) {
    if (error instanceof GrammarError) return unreadable(t, `routine ${name} cannot be parsed`, routine, flows);
    throw error;
  }
  return shaped(t, routine, result);
}

/** The last statement's columns as the declared result. */
function shaped(t: Tracer, routine: CatalogRoutine, result: readonly NamedValue[] | undefined): Value {
  const type = isPolymorphic(routine.returns) ? undefined : routine.returns;
  if (type === VOID || result === undefined) return valueFrom(NO_DATA, type);
  const outputs = outputsOf(t, routine);
  const [only] = result;
  const isRow =
    outputs !== undefined &&
    (outputs.length > 1 || routine.returns === RECORD || fieldsOf(t.catalog, routine.returns) !== undefined);
  if (!isRow) {
    if (routine.returns === RECORD)
      return valueFrom(rowOf(result.map(({ name, value }) => ({ name, flow: value.flow }))), RECORD);
    const { folds, asked } = only?.value ?? {};
    return {
      ...valueFrom(only?.value.flow ?? NO_DATA, type ?? only?.value.type),
      ...(folds === undefined || type !== only?.value.type ? {} : { folds }),
      ...(asked === undefined || type !== only?.value.type ? {} : { asked }),
    };
  }
  // One column that is the whole row, or a column for each.
  const inner = only?.value.flow.shape;
  const isWhole = result.length === 1 && outputs.length !== 1;
  const fields = outputs.map(({ name }, i) => {
    if (!isWhole) return { name, flow: result[i]?.value.flow ?? NO_DATA };
    const flow = inner?.kind === 'row' ? inner.fields[i]?.flow : undefined;
    return { name, flow: flow ?? combine([only?.value.flow ?? NO_DATA]) };
  });
  return valueFrom(rowOf(fields), type);
}

function opaque(t: Tracer, routine: CatalogRoutine, bound: Parameters, name: string, flows: readonly Flow[]): Value {
  const path = routine.setsSearchPath ?? t.runningPath;
  const read = t.elsewhere(path, undefined, () => traceProcedural(t, routine.definition ?? '', bound), path);
  if (read === undefined) return unreadable(t, `routine ${name} is called too deep`, routine, flows);
  t.findings.opaque.push({ routine: name, reads: read.sources });
  return resultOf(t, routine, combine([...flows, read]));
}
