/** Function calls: which routine a name is, aggregates' and windows' clauses, and the notations that only look like calls. */
import type { CatalogRoutine } from '../../catalog/catalog.ts';
import { isPureFunction } from '../pure-functions.ts';
import { as, child, flag, list, strings, type Tree, text } from '../tree.ts';
import { callBuiltin, isBuiltin } from './builtins.ts';
import { castValue } from './casts.ts';
import { fieldOf, isEmpty, NO_DATA, oneOf, type Value, valueFrom } from './flows.ts';
import { mightMatch } from './operators.ts';
import { groupedIn, orderUse, plainUse } from './ordering.ts';
import type { Scope } from './scopes.ts';
import type { Argument, Tracer } from './tracer.ts';
import { elementType, fieldsOf, findType, temporarySchema } from './types.ts';

export function traceCall(t: Tracer, node: Tree, scope: Scope): Value {
  const name = strings(node, 'funcname');
  const args = list(node, 'args').map((wrapped): Argument => {
    const named = as(wrapped, 'NamedArgExpr');
    const inner = named === undefined ? wrapped : child(named, 'arg');
    return { node: inner, value: t.value(inner, scope), name: named === undefined ? undefined : text(named, 'name') };
  });
  t.condition(child(node, 'agg_filter'), scope);
  const within = flag(node, 'agg_within_group');
  for (const wrapped of list(node, 'agg_order')) {
    const sorted = child(as(wrapped, 'SortBy') ?? {}, 'node');
    if (within) args.push({ node: sorted, value: t.value(sorted, scope), name: undefined });
    else orderUse(t, sorted, t.value(sorted, scope), node, false);
  }
  if (flag(node, 'agg_distinct')) {
    const use = name.at(-1) === 'count' ? 'count' : 'group';
    for (const { value } of args) plainUse(t, groupedIn(value), use, 'DISTINCT', node, use === 'group');
  }
  const over = child(node, 'over');
  if (over !== undefined) traceWindow(t, over, scope);
  if (within && ['rank', 'dense_rank', 'percent_rank', 'cume_dist'].includes(name.at(-1) ?? '')) {
    for (const { value } of args) t.use(value.flow, 'predicate', name.at(-1), node);
  }
  return callByName(t, name, args, node, flag(node, 'func_variadic'));
}

export function traceWindow(t: Tracer, window: Tree, scope: Scope): void {
  for (const wrapped of list(window, 'partitionClause')) {
    plainUse(t, groupedIn(t.value(wrapped, scope)), 'group', 'PARTITION BY', window, true);
  }
  for (const wrapped of list(window, 'orderClause')) {
    const sorted = child(as(wrapped, 'SortBy') ?? {}, 'node');
    orderUse(t, sorted, t.value(sorted, scope), window, true);
  }
  for (const slot of ['startOffset', 'endOffset']) {
    t.use(t.value(child(window, slot), scope).flow, 'predicate', 'window frame', window);
  }
}

export function callByName(
  t: Tracer,
  name: readonly string[],
  args: readonly Argument[],
  at: Tree | undefined,
  variadic = false,
): Value {
  const bare = name.at(-1) ?? '';
  const schema = name.at(-2);
  const flows = args.map(({ value }) => value.flow);
  if (schema === 'pg_catalog') {
    if (isBuiltin(t, bare)) return callBuiltin(t, bare, args, at);
    return notACall(t, name, args, at) ?? grammarFunction(t, bare, args, at);
  }
  if (schema === 'information_schema' && isPureFunction(bare)) return callBuiltin2(t, bare, args, at);
  const candidates = candidatesOf(t, bare, schema);
  const matching = candidates.filter((routine) => takes(t, routine, args, variadic));
  const builtin = schema === undefined && isBuiltin(t, bare);
  if (matching.length > 8) return t.unknown(`function ${bare}: too many of this name`, ...flows);
  if (matching.length === 0) {
    if (builtin) {
      // `name(row)` is a field unless an overload takes rows, which a catalog's names of built-ins do not tell.
      const field = args.length === 1 && args[0] !== undefined ? fieldValue(t, args[0].value, bare) : undefined;
      const called = callBuiltin(t, bare, args, at);
      return field === undefined ? called : merged([called, field]);
    }
    const other = notACall(t, name, args, at);
    if (other !== undefined) return other;
    const why = `function ${name.join('.')} is not in the catalog`;
    t.findings.unknown.add(why);
    return t.unknown(why, ...flows);
  }
  const results = matching.map((routine) => t.routine(routine, args, at));
  if (builtin) results.push(callBuiltin(t, bare, args, at));
  return merged(results);
}

function merged(results: readonly Value[]): Value {
  const [first] = results;
  if (results.length === 1 && first !== undefined) return first;
  const type = results.every((one) => one.type === first?.type) ? first?.type : undefined;
  return valueFrom(oneOf(results.map(({ flow }) => flow)), type);
}

/** information_schema._pg_expandarray and its like: not in pg_catalog, and no more than those are. */
function callBuiltin2(t: Tracer, name: string, args: readonly Argument[], at: Tree | undefined): Value {
  return callBuiltin(t, name, args, at);
}

function candidatesOf(t: Tracer, name: string, schema: string | undefined): readonly CatalogRoutine[] {
  if (schema !== undefined) return t.catalog.routines(temporarySchema(t.world, schema), name);
  // Functions are never looked for in the temporary schema unless it is named.
  return t.world.searchPath
    .filter((place) => place !== 'pg_catalog' && !place.startsWith('pg_temp'))
    .flatMap((place) => t.catalog.routines(place, name));
}

function takes(t: Tracer, routine: CatalogRoutine, args: readonly Argument[], variadic: boolean): boolean {
  const { argumentTypes } = routine;
  const least = argumentTypes.length - routine.defaults - (routine.variadic && !variadic ? 1 : 0);
  if (args.length < least) return false;
  if (args.length > argumentTypes.length && !(routine.variadic && !variadic)) {
    // Ordered-set aggregates count differently.
    return routine.kind === 'a';
  }
  const strict = isBuiltin(t, routine.name);
  return args.every((argument, i) => {
    const at = argument.name === undefined ? i : routine.argumentNames.indexOf(argument.name);
    if (at < 0) return false;
    const isRest = routine.variadic && !variadic && at >= argumentTypes.length - 1;
    const declared = isRest ? argumentTypes.at(-1) : argumentTypes[at];
    if (declared === undefined) return true;
    const wanted = isRest ? (elementType(t.catalog, declared) ?? declared) : declared;
    return mightMatch(t, wanted, argument.value.type, strict);
  });
}

/** `field(row)` as a field, whatever types have that name; `type(x)` as a cast; undefined: neither. */
function notACall(
  t: Tracer,
  name: readonly string[],
  args: readonly Argument[],
  at: Tree | undefined,
): Value | undefined {
  const [only] = args;
  if (args.length !== 1 || only === undefined) return undefined;
  const field = name.length === 1 ? fieldValue(t, only.value, name[0] ?? '') : undefined;
  if (field !== undefined) return field;
  const type = findType(t.world, name);
  if (type !== undefined && type.kind !== 'c') {
    return castValue(t, only.value, { oid: type.oid, found: type, modified: false, typmods: [] }, at);
  }
  return undefined;
}

/** A field of a composite value; undefined: it has none of this name. */
export function fieldValue(t: Tracer, value: Value, name: string): Value | undefined {
  const own = value.fields?.filter((field) => field.name === name);
  if (own?.length === 1 && own[0] !== undefined) return own[0].value;
  const { shape } = value.flow;
  const typed = fieldsOf(t.catalog, value.type)?.find((field) => field.name === name);
  if (shape.kind === 'row') {
    if (!shape.fields.some((field) => field.name === name)) return undefined;
    return valueFrom(fieldOf(value.flow, name), typed?.type);
  }
  if (typed === undefined) return undefined;
  return valueFrom(isEmpty(value.flow) ? NO_DATA : fieldOf(value.flow, name), typed.type);
}

/** Functions that the grammar makes calls of and older catalogs know by other names. */
function grammarFunction(t: Tracer, name: string, args: readonly Argument[], at: Tree | undefined): Value {
  const flows = args.map(({ value }) => value.flow);
  if (isPureFunction(name)) return callBuiltin(t, name, args, at);
  return t.unknown(`function pg_catalog.${name} is not in the catalog`, ...flows);
}
