/** FROM: tables, subqueries, functions, joins, JSON_TABLE and XMLTABLE, in the order in which they see one another. */
import {
  as,
  castConstantOf,
  child,
  flag,
  list,
  items as listItems,
  strings,
  type Tree,
  text,
  unwrap,
} from '../tree.ts';
import { JSON_RECORDS, OUTPUTS } from './builtin-lists.ts';
import { recordColumn } from './builtins.ts';
import { columnName } from './column-names.ts';
import { fieldsOfRow } from './column-references.ts';
import { compareValues } from './conditions.ts';
import { combine, elementOf, isEmpty, type NamedValue, NO_DATA, oneOf, type Value, valueFrom } from './flows.ts';
import { alongPath, simplePath } from './json-flows.ts';
import type { Flow } from './lineage.ts';
import { nodesOf } from './nodes.ts';
import { plainUse } from './ordering.ts';
import { aliased, openItem, relationItem } from './relations.ts';
import { type Item, itemOf, type Scope, scopeOf } from './scopes.ts';
import type { Tracer } from './tracer.ts';
import { fieldsOf, INT4, INT8, isInteger, isJsonType, isTextType, RECORD, resolveType } from './types.ts';

/** The items of a FROM list; `outer` is what stands around the query. */
export function traceFrom(t: Tracer, nodes: readonly Tree[], outer: Scope): readonly Item[] {
  const found: Item[] = [];
  for (const node of nodes) found.push(...fromItem(t, node, outer, found));
  return found;
}

/** `left`: items that a lateral one sees. */
function fromItem(t: Tracer, wrapped: Tree, outer: Scope, left: readonly Item[]): readonly Item[] {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  const lateral = (): Scope => scopeOf(left, outer);
  switch (type) {
    case 'RangeVar':
      return [relationItem(t, node, outer)];
    case 'RangeSubselect': {
      const alias = child(node, 'alias');
      const columns = t.query(child(node, 'subquery'), flag(node, 'lateral') ? lateral() : outer);
      return [aliased(itemOf(text(alias ?? {}, 'aliasname'), columns), alias)];
    }
    case 'RangeFunction':
      return [functionItem(t, node, lateral())];
    case 'RangeTableSample': {
      for (const one of [...list(node, 'args'), child(node, 'repeatable')])
        if (one !== undefined) t.use(t.value(one, lateral()).flow, 'predicate', 'TABLESAMPLE', node);
      return fromItem(t, child(node, 'relation') ?? {}, outer, left);
    }
    case 'JoinExpr':
      return joinItems(t, node, outer, left);
    case 'RangeTableFunc':
      return [xmlTable(t, node, lateral())];
    case 'JsonTable':
      return [jsonTable(t, node, lateral())];
    default:
      return [openItem(t, undefined, `FROM item ${type}`)];
  }
}

function joinItems(t: Tracer, node: Tree, outer: Scope, before: readonly Item[]): readonly Item[] {
  const left = fromItem(t, child(node, 'larg') ?? {}, outer, before);
  const right = fromItem(t, child(node, 'rarg') ?? {}, outer, before.length === 0 ? left : [...before, ...left]);
  const jointype = text(node, 'jointype') ?? 'JOIN_INNER';
  const alias = child(node, 'alias');
  const items = [...left, ...right];
  t.spendColumns(items.length);
  // Nothing is merged and nothing hidden: what it joins, side by side.
  if (!flag(node, 'isNatural') && strings(node, 'usingClause').length === 0 && alias === undefined) {
    traceQuals(t, node, scopeOf(items, outer), jointype);
    return items;
  }
  const leftColumns = visibleColumns(left);
  const rightColumns = visibleColumns(right);
  t.spend(Math.ceil((leftColumns.length + rightColumns.length + items.length) / COPIES_A_STEP));
  const using = flag(node, 'isNatural')
    ? leftColumns.map(({ name }) => name).filter((name) => rightColumns.some((column) => column.name === name))
    : strings(node, 'usingClause');
  const names = new Set(using);
  const open = items.find((item) => item.columnsVisible && item.rest !== undefined)?.rest;
  const merged = [...names].map((name): NamedValue => {
    const a = oneColumn(t, leftColumns, name, open);
    const b = oneColumn(t, rightColumns, name, open);
    compareValues(t, a, b, node, ['='], 'USING');
    if (jointype === 'JOIN_FULL') plainUse(t, oneOf([a.flow, b.flow]), 'group', 'FULL JOIN', node);
    return { name, value: mergedColumn(a, b, jointype) };
  });
  traceQuals(t, node, scopeOf(items, outer), jointype);
  const usingAlias = child(node, 'join_using_alias');
  const columns = [
    ...merged,
    ...leftColumns.filter(({ name }) => !names.has(name)),
    ...rightColumns.filter(({ name }) => !names.has(name)),
  ];
  const joined = aliased(itemOf(text(alias ?? {}, 'aliasname'), columns, { rest: open }), alias);
  const extra =
    usingAlias === undefined
      ? []
      : [itemOf(text(usingAlias, 'aliasname'), merged, { columnsVisible: false, isBuiltRow: true })];
  // An alias of the join hides what it joins.
  const inner = alias === undefined ? items.map(hidden) : [];
  return [joined, ...inner, ...extra];
}

function hidden(item: Item): Item {
  return item.columnsVisible ? { ...item, columnsVisible: false } : item;
}

/** Columns and items that are copied as fast as an expression is looked at. */
const COPIES_A_STEP = 8;

function traceQuals(t: Tracer, node: Tree, scope: Scope, jointype: string): void {
  const quals = child(node, 'quals');
  if (quals !== undefined) joinCondition(t, quals, scope, jointype === 'JOIN_FULL');
}

/** A full join may give the rows of both sides in the order of what they are joined by. */
function joinCondition(t: Tracer, quals: Tree, scope: Scope, isFull: boolean): void {
  if (!isFull) {
    t.condition(quals, scope);
    return;
  }
  const { findings } = t.apart(() => t.condition(quals, scope));
  t.findings.include(findings);
  for (const use of findings.uses.values()) {
    if (use.use === 'lookup') t.findings.add({ ...use, use: 'group', own: use.own ?? 1 });
    else if (use.use === 'join') t.findings.add({ ...use, use: 'group' });
  }
}

export function visibleColumns(items: readonly Item[]): readonly NamedValue[] {
  return items.filter((item) => item.columnsVisible).flatMap((item) => item.columns);
}

function oneColumn(t: Tracer, columns: readonly NamedValue[], name: string, rest: Value | undefined): Value {
  const found = columns.filter((column) => column.name === name);
  if (found.length === 1 && found[0] !== undefined) return found[0].value;
  if (rest !== undefined && found.length === 0) return rest;
  return t.unknown(`join column "${name}"`, ...found.map(({ value }) => value.flow));
}

const WIDTHS = [21, 23, 20];

/** The other is widened to it. */
function widest(one: Value, other: Value): boolean {
  return WIDTHS.indexOf(one.type ?? 0) >= WIDTHS.indexOf(other.type ?? 0);
}

function mergedColumn(left: Value, right: Value, jointype: string): Value {
  const sameType =
    left.type === right.type ||
    (isInteger(left.type) &&
      isInteger(right.type) &&
      widest(jointype === 'JOIN_RIGHT' ? right : left, jointype === 'JOIN_RIGHT' ? left : right));
  switch (jointype) {
    case 'JOIN_RIGHT':
      return sameType ? right : { ...right, origin: undefined };
    case 'JOIN_FULL':
      return {
        flow: oneOf([left.flow, right.flow]),
        type: sameType ? left.type : undefined,
        origin: undefined,
        given: undefined,
      };
    default:
      if (sameType) return left;
      // Where the left side must be widened, an inner join takes the right one as it is.
      if (jointype === 'JOIN_INNER' && isInteger(left.type) && isInteger(right.type)) return right;
      return { ...left, type: undefined, origin: undefined };
  }
}

function functionItem(t: Tracer, node: Tree, scope: Scope): Item {
  const alias = child(node, 'alias');
  const aliasName = text(alias ?? {}, 'aliasname');
  const columns: NamedValue[] = [];
  const names: string[] = [];
  let rest: Value | undefined;
  let isScalar = true;
  let rowType: number | undefined;
  const functions = list(node, 'functions');
  for (const wrapped of functions) {
    const [call, definitions] = listItems(wrapped);
    const defined = listItems(definitions).length > 0 ? listItems(definitions) : list(node, 'coldeflist');
    const name = columnName({ val: call });
    names.push(name);
    const function_ = as(call, 'FuncCall');
    const bare = strings(function_ ?? {}, 'funcname').at(-1) ?? '';
    if (function_ !== undefined && bare === 'unnest' && list(function_, 'args').length > 1) {
      isScalar = false;
      for (const argument of list(function_, 'args')) {
        const value = t.value(argument, scope);
        plainUse(t, value.flow, 'count', 'unnest', function_);
        columns.push({ name: 'unnest', value: valueFrom(elementOf(value.flow)) });
      }
      continue;
    }
    const value = t.value(call, scope);
    if (defined.length > 0) {
      isScalar = false;
      columns.push(...definedColumns(t, value, function_, bare, defined, scope));
      continue;
    }
    const row = rowColumns(t, value);
    if (row === undefined) {
      const column = outputName(t, function_) ?? (functions.length === 1 && aliasName !== undefined ? aliasName : name);
      columns.push({ name: column, value: { ...value, origin: undefined, given: givenByFunction(bare, value) } });
      continue;
    }
    isScalar = false;
    rowType = value.type;
    if (row === 'open') rest = valueFrom(combine([value.flow]));
    else columns.push(...row);
  }
  if (flag(node, 'ordinality')) {
    isScalar = false;
    columns.push({ name: 'ordinality', value: valueFrom(NO_DATA, INT8) });
  }
  const item = itemOf(aliasName ?? names[0], columns, { rest, isScalar: isScalar && columns.length === 1, rowType });
  return aliased(item, alias);
}

/** The name of a function's only OUT parameter. */
function outputName(t: Tracer, call: Tree | undefined): string | undefined {
  const parts = strings(call ?? {}, 'funcname');
  const name = parts.at(-1) ?? '';
  const schemas = parts.length > 1 ? parts.slice(-2, -1) : t.world.searchPath;
  for (const schema of schemas) {
    if (schema === 'pg_catalog' && t.catalog.builtin(name) !== undefined) {
      const own = OUTPUTS[name];
      return own?.length === 1 ? own[0] : undefined;
    }
    const routines = t.catalog.routines(schema, name);
    const found =
      routines.find((routine) => routine.argumentTypes.length === list(call ?? {}, 'args').length) ?? routines[0];
    if (found !== undefined)
      return found.outputs.length === 1 && found.outputs[0]?.name !== '' ? found.outputs[0]?.name : undefined;
  }
  return undefined;
}

/** `unnest($1)` gives values that the client gave; what a series makes up, it does not. */
function givenByFunction(name: string, value: Value): Value['given'] {
  return name === 'unnest' && value.given !== undefined ? 'list' : undefined;
}

function definedColumns(
  t: Tracer,
  value: Value,
  call: Tree | undefined,
  name: string,
  defined: readonly Tree[],
  scope: Scope,
): readonly NamedValue[] {
  const args = list(call ?? {}, 'args');
  const document =
    JSON_RECORDS.has(name) && !name.includes('populate') && args[0] !== undefined
      ? t.value(args[0], scope).flow
      : undefined;
  return defined.map((wrapped, i): NamedValue => {
    const definition = as(wrapped, 'ColumnDef') ?? {};
    const column = text(definition, 'colname') ?? '';
    const type = resolveType(t.world, child(definition, 'typeName')).oid;
    if (document !== undefined) {
      const one = name.endsWith('set') ? elementOf(document) : document;
      const flow = recordColumn(t, one, column, type);
      // The document is read as the column's type.
      if (!isTextType(type) && !isJsonType(type)) t.use(flow, 'fallible', name, call);
      return { name: column, value: valueFrom(flow, type) };
    }
    const { shape } = value.flow;
    const flow = shape.kind === 'row' && shape.fields.length === defined.length ? shape.fields[i]?.flow : undefined;
    return { name: column, value: valueFrom(flow ?? combine([value.flow]), type) };
  });
}

/** The columns of a function that gives rows; undefined: it gives single values; `open`: rows of nobody knows what. */
function rowColumns(t: Tracer, value: Value): readonly NamedValue[] | 'open' | undefined {
  const isComposite = fieldsOf(t.catalog, value.type) !== undefined;
  if (value.flow.shape.kind === 'row' || isComposite) {
    return fieldsOfRow(t, value).map((column) => ({
      name: column.name,
      value: { ...column.value, origin: undefined },
    }));
  }
  return value.type === RECORD || (value.type === undefined && value.flow.unknown.length > 0) ? 'open' : undefined;
}

/** Names of elements, at any depth: no conditions. */
const PLAIN_XPATH = /^[\w/:*.-]+$/;

function xmlTable(t: Tracer, node: Tree, scope: Scope): Item {
  const document = [child(node, 'docexpr'), child(node, 'rowexpr')].map((one) => t.value(one, scope).flow);
  const rows = castConstantOf(child(node, 'rowexpr'));
  const isPlain = rows?.kind === 'string' && PLAIN_XPATH.test(rows.value);
  t.readsLiterals = true;
  for (const flow of document) t.use(flow, isPlain ? 'count' : 'predicate', 'XMLTABLE', node);
  for (const namespace of nodesOf(node, 'namespaces', 'ResTarget'))
    t.use(t.value(child(namespace, 'val'), scope).flow, 'predicate', 'XMLNAMESPACES', node);
  const columns = list(node, 'columns').map((wrapped): NamedValue => {
    const column = as(wrapped, 'RangeTableFuncCol') ?? {};
    const name = text(column, 'colname') ?? '';
    if (flag(column, 'for_ordinality')) return { name, value: valueFrom(NO_DATA, INT4) };
    const own = [child(column, 'colexpr'), child(column, 'coldefexpr')].map((one) => t.value(one, scope).flow);
    const type = resolveType(t.world, child(column, 'typeName')).oid;
    const flow = combine([...document, ...own]);
    if (!isTextType(type) || flag(column, 'is_not_null')) t.use(flow, 'fallible', 'XMLTABLE', node);
    return { name, value: valueFrom(flow, type) };
  });
  const alias = child(node, 'alias');
  return aliased(itemOf(text(alias ?? {}, 'aliasname') ?? 'xmltable', columns), alias);
}

function jsonTable(t: Tracer, node: Tree, scope: Scope): Item {
  const context = child(node, 'context_item') ?? {};
  const document = t.value(child(context, 'raw_expr') ?? child(as(context, 'JsonValueExpr') ?? {}, 'raw_expr'), scope);
  const passed = list(node, 'passing').map(
    (one) => t.value(child(child(as(one, 'JsonArgument') ?? {}, 'val') ?? {}, 'raw_expr'), scope).flow,
  );
  const isSimple = passed.every(isEmpty);
  const rowPath = child(child(node, 'pathspec') ?? {}, 'string');
  const row = isSimple ? alongPath(t, document.flow, rowPath, true) : combine([document.flow, ...passed]);
  noteRows(t, row, isSimple ? rowPath : undefined, node);
  if (raises(node)) t.use(row, 'fallible', 'JSON_TABLE', node);
  const columns: NamedValue[] = [];
  tableColumns(t, list(node, 'columns'), row, scope, columns);
  const alias = child(node, 'alias');
  return aliased(itemOf(text(alias ?? {}, 'aliasname') ?? 'json_table', columns), alias);
}

/** How many rows there are: the parts of a document, or those that a filter picks by their values. */
function noteRows(t: Tracer, row: Flow, path: Tree | undefined, at: Tree): void {
  t.use(row, simplePath(path) === undefined ? 'predicate' : 'count', 'JSON_TABLE', at);
}

/** ERROR ON EMPTY, ERROR ON ERROR. */
function raises(node: Tree): boolean {
  return ['on_empty', 'on_error'].some((slot) => text(child(node, slot) ?? {}, 'btype') === 'JSON_BEHAVIOR_ERROR');
}

function tableColumns(t: Tracer, nodes: readonly Tree[], row: Flow, scope: Scope, into: NamedValue[]): void {
  for (const wrapped of nodes) {
    const column = as(wrapped, 'JsonTableColumn') ?? {};
    const name = text(column, 'name') ?? '';
    const path = child(child(column, 'pathspec') ?? {}, 'string');
    switch (text(column, 'coltype')) {
      case 'JTC_FOR_ORDINALITY':
        into.push({ name, value: valueFrom(NO_DATA, INT4) });
        break;
      case 'JTC_NESTED': {
        const nested = alongPath(t, row, path, true);
        noteRows(t, nested, path, column);
        tableColumns(t, list(column, 'columns'), nested, scope, into);
        break;
      }
      default: {
        const type = resolveType(t.world, child(column, 'typeName')).oid;
        const own = path === undefined ? { A_Const: { sval: { sval: `$."${name.replaceAll(/["\\]/g, '')}"` } } } : path;
        const found = alongPath(t, row, own);
        if (raises(column)) t.use(found, 'fallible', 'JSON_TABLE', column);
        const fallbacks = ['on_empty', 'on_error'].flatMap((slot) => {
          const expression = child(child(column, slot) ?? {}, 'expr');
          return expression === undefined ? [] : [t.value(expression, scope).flow];
        });
        const kept = isTextType(type) || type === 3802 || type === 114;
        into.push({ name, value: valueFrom(oneOf([kept ? found : combine([found]), ...fallbacks]), type) });
      }
    }
  }
}
