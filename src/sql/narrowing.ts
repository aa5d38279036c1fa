/**
 * Does a WHERE narrow? A small predicate that errs towards "no": a top-level AND narrows if one arm does, an OR if all
 * do, and one condition narrows if it ties a column of the target to something outside the target:
 *
 * - `=`, IN, = ANY, IS NOT DISTINCT FROM a constant, a parameter, an expression of those, or a scalar sub-SELECT that
 *   does not look at the row; the column may stand in a cast, lower(), date_trunc() or a JSON path;
 * - IN (sub-SELECT) that is itself narrowed, limited (LIMIT up to 1,000) or a list of values;
 * - a closed range of at most 1,000 whole numbers or 366 days, or a bound in time (`< '2024-01-01'`,
 *   `< now() - interval …`, the last year); an open bound on a number, `< now()`, `<>`, or a bound that is a bare
 *   parameter may be above or below every row;
 * - a join (FROM, USING, EXISTS) with rows that are themselves narrowed: see `joined.ts`;
 * - LIKE or containment with at least three characters to match; IS NULL; a bare boolean column; WHERE CURRENT OF.
 *
 * IS NOT NULL, comparisons of the target with itself (by any alias), and conditions without a column do not.
 * It reads no catalog: a join with a whole relation is named, so that a session can say if that is a list of its own, and
 * so are the columns on which it rests that it narrows (`grounds.ts`), since those of a view may be constants.
 */
import { isNarrowRange, matchesText } from './bounds.ts';
import { closedRange, timeBound } from './column-ranges.ts';
import { coverBoth, listsAll } from './covers-all.ts';
import type { Scope } from './ctes.ts';
import type { ListingRelation } from './facts.ts';
import type { Assumption } from './grounds.ts';
import { conjuncts, held, type Joined, noneJoined } from './joined.ts';
import { aliasOf, columnsOfFrom } from './known-columns.ts';
import { containsCall, containsGenerator, packsMany, unfolds } from './many-rows.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import { EXTREMES, SPLITTING, UNPACKING } from './narrowing-names.ts';
import { insideOf, looksOut, NOBODY, reachesOut } from './outer-rows.ts';
import {
  builtinName,
  columnNames,
  containsColumn,
  hasColumn,
  hasPath,
  isColumn,
  ownersOf,
  referenceOf,
  type Sight,
  tableColumns,
  UNKNOWN,
} from './sight.ts';
import {
  as,
  castConstantOf,
  child,
  constantOf,
  isTree,
  items,
  list,
  strings,
  type Tree,
  text,
  unwrap,
} from './tree.ts';

const MAX_STEPS = 20_000;
const MAX_LEVELS = 100;
const MAX_LIMIT = 1_000;

/** Where a condition stands. */
export interface Place {
  readonly scope: Scope;
  readonly variables: ReadonlySet<string>;
  readonly parameters: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
  readonly variablesFirst: boolean;
  /** In a loop over who knows how many rows: a variable, or so many at a time, may come to all. */
  readonly loose: boolean;
  readonly nowMs: number;
}

export interface Extent {
  readonly narrow: boolean;
  /** Relations whose rows are the only ones to be touched, should one of them be a list of the session's own. */
  readonly unless: readonly ListingRelation[];
}

export const NARROW: Extent = { narrow: true, unless: [] };

/** Columns without a qualifier: those of the outer row, where the relation has none of that name. */
function bareColumns(targets: readonly Tree[]): string[] {
  const names = new Set<string>();
  const visit = (tree: Tree): void => {
    const fields = strings(as(tree, 'ColumnRef') ?? {}, 'fields');
    if (fields.length === 1 && fields[0] !== undefined) names.add(fields[0]);
    for (const value of Object.values(tree)) {
      if (isTree(value)) visit(value);
      else if (Array.isArray(value)) for (const item of value) if (isTree(item)) visit(item);
    }
  };
  for (const target of targets) visit(target);
  return [...names];
}

export function extentUnder(node: Tree, from: readonly Tree[], place: Place, assumed: Assumption): Extent {
  return extent(child(node, 'whereClause'), child(node, 'relation') ?? {}, from, place, assumed);
}

export function extent(
  where: Tree | undefined,
  relation: Tree,
  from: readonly Tree[],
  place: Place,
  assumed: Assumption,
): Extent {
  const sight = sightOf(relation, place, assumed);
  if (from.length === 0) {
    if (where !== undefined && narrows(where, sight)) return NARROW;
    return { narrow: false, unless: listsIn(where, sight) };
  }
  const [alias] = sight.targets;
  const joined = joinedOf(from, sight);
  if (alias !== undefined) addTarget(alias, joined, sight);
  const { held: narrow, group } = held(alias, joined, where, sight, anyNarrows);
  if (narrow) return NARROW;
  const partners = [...group].flatMap((one) => {
    const relation = joined.relations.get(one);
    return relation === undefined ? [] : [{ relation, columns: [] }];
  });
  return { narrow, unless: [...partners, ...listsIn(where, sight)] };
}

function addTarget(alias: string, { sources, columns }: Joined, sight: Sight): void {
  if (!sources.has(alias)) sources.set(alias, false);
  if (!columns.has(alias)) columns.set(alias, sight.columns.get(alias) ?? UNKNOWN);
}

/** The whole relations that `key IN (SELECT … FROM r)` compares the target with. */
function listsIn(where: Tree | undefined, sight: Sight): ListingRelation[] {
  return conjuncts(where).flatMap((arm) => {
    const node = as(arm, 'SubLink');
    const select = node === undefined ? undefined : as(child(node, 'subselect'), 'SelectStmt');
    const test = node === undefined ? undefined : child(node, 'testexpr');
    if (node === undefined || select === undefined || text(node, 'subLinkType') !== 'ANY_SUBLINK') return [];
    if (node.operName !== undefined || !hasColumn(test, sight)) return [];
    const from = list(select, 'fromClause');
    const relation = from.length === 1 ? as(from[0], 'RangeVar') : undefined;
    if (relation === undefined || containsCall(select) || looksOut(select, sight, NOBODY)) return [];
    const parts = rangeVarParts(relation);
    if (parts.length === 1 && sight.scope.has(parts[0] ?? '')) return [];
    return [{ relation: qualifiedName(parts), columns: bareColumns(list(select, 'targetList')) }];
  });
}

export function sightOf(relation: Tree, place: Place, assumed: Assumption): Sight {
  const parts = rangeVarParts(relation);
  const name = parts.at(-1) ?? '';
  const alias = text(child(relation, 'alias') ?? {}, 'aliasname') ?? name;
  return {
    ...place,
    targets: new Set([alias]),
    relation: name,
    written: qualifiedName(parts),
    sources: new Map(),
    columns: new Map([[alias, tableColumns(qualifiedName(parts))]]),
    bare: new Set([alias]),
    enclosing: new Set(),
    budget: { steps: MAX_STEPS, levels: MAX_LEVELS, assumed, packed: new Set(), columns: new Map(), owners: new Map() },
  };
}

export function joinedOf(from: readonly Tree[], sight: Sight): Joined {
  const joined = noneJoined();
  columnsOfFrom(from, sight, joined.columns);
  for (const item of from) addSource(item, joined, sight, true);
  return joined;
}

/** `inner`: its ON holds for every row. Gives the first alias that is new. */
function addSource(item: Tree, joined: Joined, sight: Sight, inner: boolean): string | undefined {
  const [type, node] = unwrap(item) ?? ['', {}];
  const alias = aliasOf(item);
  const { sources } = joined;
  const added = sources.has(alias) ? undefined : alias;
  switch (type) {
    case 'RangeVar': {
      const parts = rangeVarParts(node);
      const name = parts.at(-1) ?? '';
      const cte = parts.length === 1 ? sight.scope.get(name) : undefined;
      const { query } = cte ?? {};
      sources.set(alias, query !== undefined && queryIsBounded(query, { ...sight, scope: cte!.scope }, NOBODY));
      if (query !== undefined && packsMany(query)) sight.budget.packed.add(alias);
      if (cte === undefined && name !== sight.relation) joined.relations.set(alias, qualifiedName(parts));
      return added;
    }
    case 'RangeSubselect': {
      const select = as(child(node, 'subquery'), 'SelectStmt');
      sources.set(alias, select !== undefined && selectIsBounded(select, sight, new Set()));
      if (select !== undefined && packsMany(select)) sight.budget.packed.add(alias);
      return added;
    }
    case 'RangeFunction':
      sources.set(alias, functionIsBounded(node, sight));
      return added;
    case 'JoinExpr': {
      const isInner = inner && (node.jointype === undefined || text(node, 'jointype') === 'JOIN_INNER');
      const left = child(node, 'larg');
      const right = child(node, 'rarg');
      const one = left === undefined ? undefined : addSource(left, joined, sight, isInner);
      const other = right === undefined ? undefined : addSource(right, joined, sight, isInner);
      if (!isInner) return one ?? other;
      const quals = child(node, 'quals');
      if (quals !== undefined) joined.conditions.push(quals);
      if (list(node, 'usingClause').length > 0 && one !== undefined && other !== undefined) {
        joined.pairs.push([one, other, strings(node, 'usingClause')]);
      }
      return one ?? other;
    }
    default:
      sources.set(alias, false);
      return added;
  }
}

function functionIsBounded(node: Tree, sight: Sight): boolean {
  const calls: Tree[] = [];
  for (const wrapped of list(node, 'functions')) {
    const call = as(items(wrapped)[0], 'FuncCall');
    if (call === undefined) return false;
    calls.push(call);
  }
  return calls.length > 0 && calls.every((call) => unpacks(call, sight));
}

function unpacks(call: Tree, sight: Sight): boolean {
  return (
    UNPACKING.has(builtinName(strings(call, 'funcname'))) &&
    list(call, 'args').every((argument) => isOutside(argument, sight, new Set()) && !unpacksMany(argument, sight))
  );
}

/** A list in it may have been put together of who knows how many rows. */
function unpacksMany(tree: Tree, sight: Sight): boolean {
  const column = as(tree, 'ColumnRef');
  if (column !== undefined) return isPacked(column, sight);
  const link = as(tree, 'SubLink');
  if (link !== undefined) {
    const select = as(child(link, 'subselect'), 'SelectStmt');
    return select === undefined || !selectIsBounded(select, sight, NOBODY) || packsMany(select);
  }
  return Object.values(tree).some((value) =>
    Array.isArray(value)
      ? value.some((item) => isTree(item) && unpacksMany(item, sight))
      : isTree(value) && unpacksMany(value, sight),
  );
}

function isPacked(column: Tree, sight: Sight): boolean {
  const { packed } = sight.budget;
  if (packed.size === 0) return false;
  const fields = strings(column, 'fields');
  const qualifier = fields.at(-2);
  const owners = qualifier === undefined ? ownersOf(fields[0] ?? '', sight) : [qualifier];
  return owners.some((alias) => packed.has(alias));
}

/** A query whose rows are few: by its WHERE, its LIMIT or because it lists them. `beside`: columns it is compared with. */
export function queryIsBounded(query: Tree, sight: Sight, beside: ReadonlySet<string>): boolean {
  const { budget } = sight;
  if (budget.levels <= 0) return false;
  budget.levels--;
  const bounded = parsedIsBounded(query, sight, beside);
  budget.levels++;
  return bounded;
}

function parsedIsBounded(query: Tree, sight: Sight, beside: ReadonlySet<string>): boolean {
  const { budget } = sight;
  const [type, node] = unwrap(query) ?? ['', {}];
  switch (type) {
    case 'SelectStmt':
      return selectIsBounded(node, sight, beside);
    case 'InsertStmt': {
      const select = as(child(node, 'selectStmt'), 'SelectStmt');
      return select === undefined || selectIsBounded(select, sight, beside);
    }
    case 'UpdateStmt':
      return extentUnder(node, list(node, 'fromClause'), sight, budget.assumed).narrow;
    case 'DeleteStmt':
      return extentUnder(node, list(node, 'usingClause'), sight, budget.assumed).narrow;
    default:
      return false;
  }
}

export function selectIsBounded(select: Tree, outer: Sight, beside: ReadonlySet<string>): boolean {
  if (outer.budget.steps-- <= 0) return false;
  const left = child(select, 'larg');
  const right = child(select, 'rarg');
  if (left !== undefined && right !== undefined) {
    const bounded = (one: Tree): boolean => selectIsBounded(one, outer, beside);
    switch (text(select, 'op')) {
      case 'SETOP_UNION':
        return bounded(left) && bounded(right);
      case 'SETOP_INTERSECT':
        return bounded(left) || bounded(right);
      default:
        return bounded(left);
    }
  }
  const values = list(select, 'valuesLists');
  if (values.length > 0) {
    return values.every((row) => items(row).every((cell) => isOutside(cell, outer, beside)));
  }
  const sight = insideOf(select, outer);
  if (reachesOut(select, sight, outer, beside)) return false;
  const from = list(select, 'fromClause');
  const limit = castConstantOf(child(select, 'limitCount'));
  const withTies = text(select, 'limitOption') === 'LIMIT_OPTION_WITH_TIES';
  const isFew = (limit?.kind === 'integer' && limit.value <= MAX_LIMIT && !withTies) || isOneRow(select);
  if (isFew && !outer.loose) {
    // So many for each row of the target may be all of them.
    return !looksOut(select, outer, beside);
  }
  const where = child(select, 'whereClause');
  if (from.length === 0) {
    return list(select, 'targetList').every((wrapped) => {
      const value = child(as(wrapped, 'ResTarget') ?? {}, 'val');
      if (value === undefined || containsColumn(value)) return false;
      const call = as(value, 'FuncCall');
      return call === undefined || UNPACKING.has(builtinName(strings(call, 'funcname')))
        ? !containsGenerator(value)
        : false;
    });
  }
  // Each row of it may be unfolded into many.
  if (list(select, 'targetList').some(unfolds)) return false;
  const inside: Sight = { ...sight, enclosing: new Set([...outer.enclosing, ...outer.targets]) };
  const joined = joinedOf(from, { ...inside, relation: '' });
  if (from.length === 1 && joined.sources.size === 1) {
    const [few] = joined.sources.values();
    const alone: Sight = { ...inside, columns: joined.columns, bare: inside.targets };
    return few === true || (where !== undefined && narrows(where, alone));
  }
  return held(undefined, joined, where, inside, anyNarrows).held;
}

/** `SELECT max(id) FROM t` */
function isOneRow(select: Tree): boolean {
  const targets = list(select, 'targetList');
  if (targets.length === 0 || select.groupClause !== undefined) return false;
  return targets.every((wrapped) => {
    const call = as(child(as(wrapped, 'ResTarget') ?? {}, 'val'), 'FuncCall');
    if (call === undefined || call.over !== undefined) return false;
    return EXTREMES.has(builtinName(strings(call, 'funcname'))) && !list(call, 'args').some(containsCall);
  });
}

function anyNarrows(conditions: readonly Tree[], sight: Sight): boolean {
  if (sight.budget.steps <= 0) return false;
  return conditions.some((one) => narrows(one, sight)) || closedRange(conditions, sight);
}

export function narrows(condition: Tree, sight: Sight): boolean {
  sight.budget.assumed.steps++;
  if (sight.budget.steps-- <= 0) return false;
  const [type, node] = unwrap(condition) ?? ['', {}];
  switch (type) {
    case 'BoolExpr': {
      const args = list(node, 'args');
      switch (text(node, 'boolop')) {
        case 'AND_EXPR':
          return anyNarrows(args, sight);
        case 'OR_EXPR':
          return args.length > 0 && args.every((one) => narrows(one, sight)) && !coverBoth(args);
        default:
          return args[0] !== undefined && isColumn(args[0], sight);
      }
    }
    case 'ColumnRef':
      return isColumn(condition, sight);
    case 'NullTest':
      // What a document does not have is null in every row.
      return (
        text(node, 'nulltesttype') === 'IS_NULL' && !hasPath(child(node, 'arg')) && hasColumn(child(node, 'arg'), sight)
      );
    case 'BooleanTest': {
      const test = text(node, 'booltesttype') ?? '';
      const tested = child(node, 'arg');
      if (['IS_TRUE', 'IS_FALSE', 'IS_UNKNOWN'].includes(test) && hasColumn(tested, sight)) return true;
      return test === 'IS_TRUE' && tested !== undefined && narrows(tested, sight);
    }
    case 'CoalesceExpr': {
      const [tested, ...others] = list(node, 'args');
      const isFalse = (one: Tree): boolean => {
        const constant = constantOf(one);
        return constant?.kind === 'boolean' && !constant.value;
      };
      return tested !== undefined && others.every(isFalse) && narrows(tested, sight);
    }
    case 'A_Const': {
      const constant = constantOf(condition);
      return constant?.kind === 'boolean' && !constant.value;
    }
    case 'CurrentOfExpr':
      return !sight.loose;
    case 'A_Expr':
      return comparisonNarrows(node, sight);
    case 'SubLink':
      return subLinkNarrows(node, sight);
    default:
      return false;
  }
}

function comparisonNarrows(node: Tree, sight: Sight): boolean {
  const left = child(node, 'lexpr');
  const right = child(node, 'rexpr');
  if (left === undefined || right === undefined) return false;
  const operator = builtinName(strings(node, 'name'));
  switch (text(node, 'kind')) {
    case 'AEXPR_OP':
      if (operator === '=') return equates(left, right, sight);
      if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
        return timeBound(left, operator, right, sight);
      }
      return CONTAINMENT.has(operator) && hasColumn(left, sight) && matchesText(right, sight.nowMs);
    case 'AEXPR_NOT_DISTINCT':
      return operator === '=' && equates(left, right, sight);
    case 'AEXPR_IN':
      return (
        operator === '=' &&
        items(right).length > 0 &&
        !listsAll(left, right) &&
        items(right).every((item) => equates(left, item, sight))
      );
    case 'AEXPR_OP_ANY':
      return operator === '=' && !listsAll(left, right) && equatesAny(left, right, sight);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return !operator.startsWith('!') && hasColumn(left, sight) && matchesText(right, sight.nowMs);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM': {
      const [low, high] = items(right);
      return hasColumn(left, sight) && isNarrowRange(low, high, sight.nowMs);
    }
    default:
      return false;
  }
}

const CONTAINMENT = new Set(['@>', '<@', '&&', '?', '?|', '?&', '^@']);

function equates(left: Tree, right: Tree, sight: Sight): boolean {
  const leftRow = as(left, 'RowExpr');
  const rightRow = as(right, 'RowExpr');
  if (leftRow !== undefined && rightRow !== undefined) {
    const others = list(rightRow, 'args');
    return list(leftRow, 'args').some((one, index) => {
      const other = others[index];
      return other !== undefined && equates(one, other, sight);
    });
  }
  return tied(left, right, sight) || tied(right, left, sight);
}

function tied(column: Tree, value: Tree, sight: Sight): boolean {
  return hasColumn(column, sight) && isOutside(value, sight, columnNames(column));
}

function equatesAny(left: Tree, right: Tree, sight: Sight): boolean {
  if (!hasColumn(left, sight)) return false;
  const beside = columnNames(left);
  const value = as(right, 'TypeCast') === undefined ? right : (child(as(right, 'TypeCast') ?? {}, 'arg') ?? right);
  const array = as(value, 'A_ArrayExpr');
  if (array !== undefined) return list(array, 'elements').every((element) => isOutside(element, sight, beside));
  const subLink = as(value, 'SubLink');
  if (subLink !== undefined) {
    const select = as(child(subLink, 'subselect'), 'SelectStmt');
    return (
      text(subLink, 'subLinkType') === 'ARRAY_SUBLINK' && select !== undefined && selectIsBounded(select, sight, beside)
    );
  }
  if (constantOf(value) !== undefined || as(value, 'ParamRef') !== undefined) return true;
  const call = as(value, 'FuncCall');
  if (call !== undefined) return splits(call);
  const column = as(value, 'ColumnRef');
  if (column === undefined || isPacked(column, sight) || !isOutside(value, sight, beside)) return false;
  // A variable may have been filled with every key there is.
  return referenceOf(column, sight) === 'other' || sight.parameters.has(strings(column, 'fields').at(-1) ?? '');
}

/** `string_to_array($1, ',')` */
function splits(call: Tree): boolean {
  return (
    SPLITTING.has(builtinName(strings(call, 'funcname'))) &&
    list(call, 'args').every((one) => castConstantOf(one) !== undefined || as(one, 'ParamRef') !== undefined)
  );
}

function subLinkNarrows(node: Tree, sight: Sight): boolean {
  const select = as(child(node, 'subselect'), 'SelectStmt');
  if (select === undefined) return false;
  switch (text(node, 'subLinkType')) {
    case 'ANY_SUBLINK': {
      const operator = node.operName === undefined ? '=' : builtinName(strings(node, 'operName'));
      const test = child(node, 'testexpr');
      if (operator !== '=' || test === undefined) return false;
      const row = as(test, 'RowExpr');
      const columns = row === undefined ? [test] : list(row, 'args');
      if (!columns.some((column) => hasColumn(column, sight))) return false;
      return selectIsBounded(select, sight, new Set(columns.flatMap((column) => [...columnNames(column)])));
    }
    case 'EXISTS_SUBLINK':
      return existsNarrows(select, sight);
    default:
      return false;
  }
}

/** EXISTS is a join with the target: a bare name in there is most likely the inner relation's. */
function existsNarrows(select: Tree, sight: Sight): boolean {
  const [target] = sight.targets;
  const from = list(select, 'fromClause');
  if (target === undefined || from.length === 0 || select.op === 'SETOP_UNION') return false;
  const inside = insideOf(select, sight);
  if (inside.targets.has(target)) return false;
  const joined = joinedOf(from, { ...inside, relation: sight.relation });
  addTarget(target, joined, sight);
  return held(target, joined, child(select, 'whereClause'), inside, anyNarrows).held;
}

/** A value that does not come from the target's row: `beside` are the names it is compared with. */
function isOutside(wrapped: Tree, sight: Sight, beside: ReadonlySet<string>): boolean {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'A_Const':
    case 'ParamRef':
    case 'SQLValueFunction':
      return true;
    case 'ColumnRef': {
      const reference = referenceOf(node, sight);
      if (reference === 'other') return true;
      // A variable named like the column it is compared with may be the column.
      const fields = strings(node, 'fields');
      return reference === 'variable' && !sight.loose && (fields.length > 1 || !beside.has(fields[0] ?? ''));
    }
    case 'SubLink': {
      const select = as(child(node, 'subselect'), 'SelectStmt');
      if (text(node, 'subLinkType') !== 'EXPR_SUBLINK' || select === undefined) return false;
      return list(select, 'fromClause').length === 0 && select.op === undefined
        ? !containsColumn(select)
        : !looksOut(select, sight, beside);
    }
    case 'SetToDefault':
      return true;
    default: {
      if (type === '') return false;
      return Object.values(node).every((value) => {
        if (Array.isArray(value))
          return value.every((item) => !isTree(item) || unwrap(item) === undefined || isOutside(item, sight, beside));
        if (!isTree(value)) return true;
        return unwrap(value) === undefined ? !containsColumn(value) : isOutside(value, sight, beside);
      });
    }
  }
}
