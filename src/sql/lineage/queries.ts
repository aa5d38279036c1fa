/** SELECT, VALUES, set operations and WITH: the columns they give, and all that steers them. */

import { foldsOf } from '../shortened.ts';
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
import { traceWindow } from './calls.ts';
import { columnName } from './column-names.ts';
import { expandStar } from './column-references.ts';
import { compareValues } from './conditions.ts';
import { oneOfValues } from './expressions.ts';
import { combine, grownTo, isEmpty, type NamedValue, NO_DATA, oneOf, type Value, valueFrom } from './flows.ts';
import { traceFrom } from './from-items.ts';
import { growthOf } from './lineage.ts';
import { nodesOf } from './nodes.ts';
import { groupedIn, orderUse, plainUse } from './ordering.ts';
import { renamed } from './relations.ts';
import { isRowless } from './rowless.ts';
import { NO_CTES, type Scope, scopeOf } from './scopes.ts';
import { LineageTooDeep, type Tracer } from './tracer.ts';
import { BOOL, TEXT_TYPE, UNKNOWN } from './types.ts';

export function traceQuery(t: Tracer, wrapped: Tree | undefined, outer: Scope): readonly NamedValue[] {
  // Some slots hold the SelectStmt bare.
  const [type, node] = unwrap(wrapped) ?? ['SelectStmt', wrapped ?? {}];
  if (type === 'SelectStmt') return traceSelect(t, node, outer);
  return t.statement(wrapped ?? {}, outer) ?? [];
}

function traceSelect(t: Tracer, node: Tree, around: Scope): readonly NamedValue[] {
  const outer = withCtes(t, child(node, 'withClause'), around);
  const operation = text(node, 'op') ?? 'SETOP_NONE';
  if (operation !== 'SETOP_NONE') return setOperation(t, node, operation, outer);
  if (list(node, 'valuesLists').length > 0) {
    const columns = traceValues(t, node, scopeOf([], outer));
    traceTail(t, node, scopeOf([], outer), columns);
    return columns;
  }
  return simpleSelect(t, node, outer);
}

function simpleSelect(t: Tracer, node: Tree, outer: Scope): readonly NamedValue[] {
  const scope = scopeOf(traceFrom(t, list(node, 'fromClause'), outer), outer);
  t.condition(child(node, 'whereClause'), scope);
  const columns = traceTargets(t, list(node, 'targetList'), scope);
  for (const wrapped of list(node, 'groupClause')) groupBy(t, wrapped, scope, columns);
  t.condition(child(node, 'havingClause'), scope);
  for (const wrapped of list(node, 'windowClause')) traceWindow(t, as(wrapped, 'WindowDef') ?? {}, scope);
  const distinct = list(node, 'distinctClause');
  if (Array.isArray(node.distinctClause)) {
    // Plain DISTINCT is a list of one empty node.
    const on = distinct.filter((one) => unwrap(one) !== undefined);
    if (on.length === 0) for (const { value } of columns) plainUse(t, groupedIn(value), 'group', 'DISTINCT', undefined);
    for (const one of on) plainUse(t, sortValue(t, one, scope, columns).flow, 'group', 'DISTINCT ON', undefined, true);
  }
  traceTail(t, node, scope, columns);
  return columns;
}

/** PostgreSQL refuses more: MaxTupleAttributeNumber. */
const MAX_TARGETS = 1664;

export function traceTargets(t: Tracer, targets: readonly Tree[], scope: Scope): readonly NamedValue[] {
  const columns: NamedValue[] = [];
  for (const wrapped of targets) {
    columns.push(...traceTarget(t, wrapped, scope));
    if (columns.length > MAX_TARGETS) throw new LineageTooDeep(`more than ${MAX_TARGETS} columns of a query`);
  }
  return columns;
}

function traceTarget(t: Tracer, wrapped: Tree, scope: Scope): readonly NamedValue[] {
  const target = as(wrapped, 'ResTarget') ?? {};
  const star = expandStar(t, child(target, 'val'), scope);
  t.spendColumns(star?.length ?? 0);
  if (star !== undefined) return star.map((column) => labelled(column, isEmpty(column.value.flow)));
  const value = t.value(child(target, 'val'), scope);
  const { fields: _, ...plain } = value;
  const isLabel = isEmpty(value.flow) && !isRowless(t, child(target, 'val'), scope);
  const typed = plain.type === UNKNOWN ? { ...plain, type: TEXT_TYPE } : plain;
  return [labelled({ name: columnName(target), value: typed }, isLabel)];
}

function labelled(column: NamedValue, isLabel: boolean): NamedValue {
  const { name, value } = column;
  if ((value.isLabel === true) === isLabel) return column;
  const { isLabel: _, ...rest } = value;
  return { name, value: isLabel ? { ...rest, isLabel } : rest };
}

export function traceValues(t: Tracer, select: Tree, scope: Scope): readonly NamedValue[] {
  const columns: Value[][] = [];
  for (const row of list(select, 'valuesLists')) {
    listItems(row).forEach((cell, i) => {
      (columns[i] ??= []).push(t.value(cell, scope));
    });
  }
  for (const { given } of foldsOf(select)) {
    for (const [i, own] of given.entries()) columns[i]?.push({ ...valueFrom({ ...NO_DATA, own }), given: 'constant' });
  }
  return columns.map((cells, i) => {
    const value =
      cells.length === 1 && cells[0] !== undefined ? { ...cells[0], origin: undefined } : oneOfValues(cells);
    return { name: `column${i + 1}`, value: value.type === UNKNOWN ? { ...value, type: TEXT_TYPE } : value };
  });
}

/** ORDER BY, LIMIT and OFFSET. */
function traceTail(t: Tracer, node: Tree, scope: Scope, columns: readonly NamedValue[]): void {
  for (const wrapped of list(node, 'sortClause')) {
    const sorted = child(as(wrapped, 'SortBy') ?? {}, 'node');
    const value = sortValue(t, sorted, scope, columns);
    orderUse(t, sorted, value, as(wrapped, 'SortBy'), t.isInner);
    // Another session sees which rows are locked, and UPDATE … WHERE CURRENT OF which is next.
    if (list(node, 'lockingClause').length > 0) t.use(value.flow, 'predicate', 'FOR UPDATE', as(wrapped, 'SortBy'));
  }
  for (const slot of ['limitCount', 'limitOffset']) {
    t.use(t.value(child(node, slot), scope).flow, 'predicate', slot === 'limitCount' ? 'LIMIT' : 'OFFSET', undefined);
  }
}

/** What an item of ORDER BY or DISTINCT ON means: a place, a name in the select list, or an expression. */
function sortValue(t: Tracer, wrapped: Tree | undefined, scope: Scope, columns: readonly NamedValue[]): Value {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'integer' && as(wrapped, 'A_Const') !== undefined) {
    t.readsLiterals = true;
    return columns[constant.value - 1]?.value ?? valueFrom(NO_DATA);
  }
  const name = bareNameOf(wrapped);
  if (name !== undefined) {
    const named = columns.filter((column) => column.name === name);
    if (named.length > 0)
      return named.length === 1 && named[0] ? named[0].value : valueFrom(oneOf(named.map(({ value }) => value.flow)));
  }
  return t.value(wrapped, scope);
}

function bareNameOf(wrapped: Tree | undefined): string | undefined {
  const reference = as(wrapped, 'ColumnRef');
  if (reference === undefined || list(reference, 'fields').length !== 1) return undefined;
  return strings(reference, 'fields')[0];
}

function groupBy(t: Tracer, wrapped: Tree, scope: Scope, columns: readonly NamedValue[]): void {
  const set = as(wrapped, 'GroupingSet');
  if (set !== undefined) {
    for (const one of list(set, 'content')) groupBy(t, one, scope, columns);
    return;
  }
  const row = as(wrapped, 'RowExpr');
  if (row !== undefined) {
    for (const one of list(row, 'args')) groupBy(t, one, scope, columns);
    return;
  }
  const constant = castConstantOf(wrapped);
  let value: Value | undefined;
  if (constant?.kind === 'integer' && as(wrapped, 'A_Const') !== undefined) {
    t.readsLiterals = true;
    value = columns[constant.value - 1]?.value;
  }
  const name = bareNameOf(wrapped);
  if (name !== undefined) {
    // GROUP BY prefers a column of FROM; an outer query's does not count.
    const own = scope.items.some(
      (item) => item.columnsVisible && (item.rest !== undefined || item.columns.some((one) => one.name === name)),
    );
    if (!own) value = columns.find((column) => column.name === name)?.value;
  }
  plainUse(t, groupedIn(value ?? t.value(wrapped, scope)), 'group', 'GROUP BY', undefined);
}

/** Columns of set operations that are put together as fast as an expression is looked at. */
const COLUMNS_OF_SETS_A_STEP = 2;

function setOperation(t: Tracer, node: Tree, operation: string, outer: Scope): readonly NamedValue[] {
  const left = traceSelect(t, child(node, 'larg') ?? {}, outer);
  const right = traceSelect(t, child(node, 'rarg') ?? {}, outer);
  const isAll = flag(node, 'all');
  t.spend(Math.ceil(left.length / COLUMNS_OF_SETS_A_STEP));
  const columns = left.map((column, i): NamedValue => {
    const other = right[i]?.value ?? t.unknown('a set operation of different widths');
    if (operation !== 'SETOP_UNION')
      compareValues(t, column.value, other, undefined, ['='], operation.replace('SETOP_', ''));
    const merged = oneOfValues([column.value, other]);
    // Those that are left out by what they are equal to may be sorted for it.
    const grouped = operation === 'SETOP_UNION' ? merged : column.value;
    if (!isAll || operation !== 'SETOP_UNION')
      plainUse(t, grouped.flow, 'group', operation.replace('SETOP_', ''), undefined);
    const value = operation === 'SETOP_EXCEPT' ? { ...column.value, origin: undefined, given: undefined } : merged;
    const typed = value.type === UNKNOWN ? { ...value, type: TEXT_TYPE } : value;
    // Each of the queries may have a word of its own.
    return labelled({ name: column.name, value: typed }, isEmpty(typed.flow));
  });
  traceTail(t, node, scopeOf([], outer), columns);
  return columns;
}

/** Rounds until a recursive query gives no source that it did not give before. */
const MAX_ROUNDS = 40;

export function withCtes(t: Tracer, clause: Tree | undefined, around: Scope): Scope {
  if (clause === undefined) return { outer: around, items: [], ctes: NO_CTES, parameters: undefined };
  const ctes = new Map<string, readonly NamedValue[] | undefined>();
  const scope: Scope = { outer: around, items: [], ctes, parameters: undefined };
  const definitions = nodesOf(clause, 'ctes', 'CommonTableExpr');
  if (!flag(clause, 'recursive')) {
    for (const cte of definitions)
      ctes.set(text(cte, 'ctename') ?? '', cteColumns(t, cte, t.query(child(cte, 'ctequery'), scope)));
    return scope;
  }
  // Any of them may name any other: all are traced until nothing changes.
  for (const cte of definitions) ctes.set(text(cte, 'ctename') ?? '', firstGuess(t, cte, scope));
  let isWide = false;
  const round = (): void => {
    for (const cte of definitions) {
      const columns = cteColumns(t, cte, t.query(child(cte, 'ctequery'), scope));
      ctes.set(text(cte, 'ctename') ?? '', isWide ? columns.map(widened) : columns);
    }
  };
  let before = '';
  for (let rounds = 0; ; rounds++) {
    t.apart(round);
    const after = fingerprint(ctes);
    if (after === before) {
      noteDoubling(t, ctes, round);
      break;
    }
    before = after;
    // What keeps growing inward says no more than what it is made of.
    isWide = rounds >= MAX_ROUNDS / 4;
    if (rounds < MAX_ROUNDS) continue;
    for (const cte of definitions) ctes.set(text(cte, 'ctename') ?? '', undefined);
    t.findings.unknown.add('a recursive query that does not settle');
    return scope;
  }
  round();
  return scope;
}

/** Rounds in which what doubles is more than so many times as long, and what is only added to is not. */
const [MORE_ROUNDS, MANY_TIMES] = [5, 8];

/** What becomes twice as long in each step has no end. */
function noteDoubling(t: Tracer, ctes: Map<string, readonly NamedValue[] | undefined>, round: () => void): void {
  const growths = (): number[] =>
    [...ctes.values()].flatMap((columns) => (columns ?? []).map(({ value }) => growthOf(value.flow)));
  const before = growths();
  t.apart(round);
  if (growths().every((growth, i) => growth === before[i])) return;
  for (let i = 1; i < MORE_ROUNDS; i++) t.apart(round);
  const after = growths();
  if (!after.some((growth, i) => growth > MANY_TIMES * Math.max(1, before[i] ?? 0))) return;
  for (const [name, columns] of ctes) {
    const endless = columns?.map((column) => {
      const { value } = column;
      return growthOf(value.flow) <= 1
        ? column
        : { ...column, value: { ...value, flow: grownTo(value.flow, Number.POSITIVE_INFINITY) } };
    });
    ctes.set(name, endless);
  }
}

function widened({ name, value }: NamedValue): NamedValue {
  return { name, value: valueFrom(combine([value.flow]), value.type) };
}

/** Names and types of a recursive query's first part, without data. */
function firstGuess(t: Tracer, cte: Tree, scope: Scope): readonly NamedValue[] | undefined {
  const query = as(child(cte, 'ctequery'), 'SelectStmt');
  let first = query;
  while (first !== undefined && child(first, 'larg') !== undefined) first = child(first, 'larg');
  if (query === undefined || first === undefined) return undefined;
  const inside = withOwnCtes(t, query, scope);
  if (inside === undefined) return undefined;
  const { result } = t.apart(() => t.query({ SelectStmt: first }, inside));
  return cteColumns(
    t,
    cte,
    result.map(({ name, value }) => ({ name, value: valueFrom(NO_DATA, value.type) })),
  );
}

/** The first part may use CTEs of the whole. */
function withOwnCtes(t: Tracer, query: Tree, scope: Scope): Scope | undefined {
  const clause = child(query, 'withClause');
  return clause === undefined ? scope : t.apart(() => withCtes(t, clause, scope)).result;
}

function fingerprint(ctes: ReadonlyMap<string, readonly NamedValue[] | undefined>): string {
  return JSON.stringify(
    [...ctes].map(([name, columns]) => [name, columns?.map(({ value }) => value.flow)]),
    (key, value: unknown) => (key === 'growth' ? undefined : value),
  );
}

function cteColumns(t: Tracer, cte: Tree, found: readonly NamedValue[]): readonly NamedValue[] {
  const columns = [...renamed(found, strings(cte, 'aliascolnames'))];
  const all = combine(found.map(({ value }) => value.flow));
  const search = child(cte, 'search_clause');
  const name = text(search ?? {}, 'search_seq_column');
  if (name !== undefined) columns.push({ name, value: valueFrom(all) });
  const cycle = child(cte, 'cycle_clause');
  if (cycle !== undefined) {
    columns.push({ name: text(cycle, 'cycle_mark_column') ?? 'is_cycle', value: valueFrom(all, BOOL) });
    columns.push({ name: text(cycle, 'cycle_path_column') ?? 'path', value: valueFrom(all) });
    for (const column of strings(cycle, 'cycle_col_list')) {
      const one = columns.find((other) => other.name === column);
      if (one !== undefined) plainUse(t, one.value.flow, 'group', 'CYCLE', undefined);
    }
  }
  return columns;
}
