/**
 * Does a WHERE narrow? A small predicate that errs towards "no": a top-level AND narrows if one arm does, an OR if all
 * do, and one condition narrows if it ties a column of the target to something outside the target:
 *
 * - `=`, IN, = ANY, IS NOT DISTINCT FROM a constant, a parameter, an expression of those, a scalar sub-SELECT, or a
 *   column of another relation; the column may stand in a cast, lower(), date_trunc() or a JSON path;
 * - IN (sub-SELECT) that is itself narrowed, limited (LIMIT up to 10,000) or a list of values;
 * - a closed range of at most 1,000 whole numbers, or a bound in time (`< '2024-01-01'`, `< now() - interval …`);
 *   an open bound on a number, `< now()`, `<>`, or a bound that is a bare parameter may be above or below every row;
 * - LIKE or containment with at least three characters to match; IS NULL; a bare boolean column; WHERE CURRENT OF.
 *
 * IS NOT NULL, comparisons of the target with itself (by any alias), and conditions without a column do not.
 * It reads no catalog: a join with another relation narrows even if every row finds its partner.
 */
import { isTime, matchesText, wholeNumber } from './bounds.ts';
import { rangeVarParts } from './names.ts';
import { columnNames, containsColumn, hasColumn, isColumn, referenceOf, type Sight } from './sight.ts';
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

type Scope = ReadonlyMap<string, Tree>;

const MAX_STEPS = 20_000;
const MAX_RANGE = 1_000;
const MAX_LIMIT = 10_000;

/** For UPDATE and DELETE: `from` is FROM or USING. */
export function whereNarrows(node: Tree, from: readonly Tree[], scope: Scope, variables: ReadonlySet<string>): boolean {
  const where = child(node, 'whereClause');
  return where !== undefined && narrows(where, sightOf(child(node, 'relation') ?? {}, from, scope, variables));
}

/** True if no WHEN clause of a MERGE can change or remove all rows. */
export function mergeIsBounded(node: Tree, scope: Scope, variables: ReadonlySet<string>): boolean {
  const source = child(node, 'sourceRelation');
  const sight = sightOf(child(node, 'relation') ?? {}, source === undefined ? [] : [source], scope, variables);
  const join = child(node, 'joinCondition');
  const joined = join !== undefined && narrows(join, sight);
  return list(node, 'mergeWhenClauses').every((wrapped) => {
    const clause = as(wrapped, 'MergeWhenClause') ?? {};
    const command = text(clause, 'commandType');
    if (command !== 'CMD_UPDATE' && command !== 'CMD_DELETE') return true;
    const condition = child(clause, 'condition');
    if (condition !== undefined && narrows(condition, sight)) return true;
    return joined && text(clause, 'matchKind') !== 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE';
  });
}

/** INSERT … SELECT … ON CONFLICT DO UPDATE whose SELECT can offer every key there is. */
export function insertMayUpdateAll(node: Tree, scope: Scope, variables: ReadonlySet<string>): boolean {
  const conflict = child(node, 'onConflictClause');
  if (conflict === undefined || text(conflict, 'action') !== 'ONCONFLICT_UPDATE') return false;
  const sight = sightOf(child(node, 'relation') ?? {}, [], scope, variables);
  const where = child(conflict, 'whereClause');
  if (where !== undefined && narrows(where, sight)) return false;
  const select = as(child(node, 'selectStmt'), 'SelectStmt');
  return select !== undefined && !isOtherRows(select, sight);
}

function sightOf(relation: Tree, from: readonly Tree[], scope: Scope, variables: ReadonlySet<string>): Sight {
  const name = rangeVarParts(relation).at(-1) ?? '';
  const alias = text(child(relation, 'alias') ?? {}, 'aliasname') ?? name;
  const sources = new Map<string, boolean>();
  const budget = { steps: MAX_STEPS };
  const sight: Sight = { targets: new Set([alias]), relation: name, sources, scope, variables, budget };
  for (const item of from) addSource(item, sources, sight);
  return sight;
}

function addSource(item: Tree, sources: Map<string, boolean>, sight: Sight): void {
  const [type, node] = unwrap(item) ?? ['', {}];
  const alias = text(child(node, 'alias') ?? {}, 'aliasname');
  switch (type) {
    case 'RangeVar': {
      const parts = rangeVarParts(node);
      const name = parts.at(-1) ?? '';
      const cte = parts.length === 1 ? sight.scope.get(name) : undefined;
      sources.set(
        alias ?? name,
        cte === undefined ? name !== sight.relation : queryIsOtherRows(cte, without(sight, name)),
      );
      return;
    }
    case 'RangeSubselect': {
      const select = as(child(node, 'subquery'), 'SelectStmt');
      if (alias !== undefined) sources.set(alias, select !== undefined && isOtherRows(select, sight));
      return;
    }
    case 'RangeFunction':
      if (alias !== undefined) sources.set(alias, functionIsBounded(node, sight));
      return;
    case 'JoinExpr': {
      const left = child(node, 'larg');
      const right = child(node, 'rarg');
      if (left !== undefined) addSource(left, sources, sight);
      if (right !== undefined) addSource(right, sources, sight);
      return;
    }
    default:
      if (alias !== undefined) sources.set(alias, false);
  }
}

/** A CTE is judged without itself in scope, so that recursion ends. */
function without(sight: Sight, name: string): Sight {
  const scope = new Map(sight.scope);
  scope.delete(name);
  return { ...sight, scope };
}

/** Rows of another relation, or few rows: not the target by another name, not a generator of every key. */
function isOtherRows(select: Tree, sight: Sight): boolean {
  if (selectIsBounded(select, sight, new Set())) return true;
  const relations = new Set<string>();
  relationsOf(select, sight.scope, relations);
  return relations.size > 0 && !relations.has(sight.relation);
}

function queryIsOtherRows(query: Tree, sight: Sight): boolean {
  const [type, node] = unwrap(query) ?? ['', {}];
  return type === 'SelectStmt' ? isOtherRows(node, sight) : queryIsBounded(query, sight, new Set());
}

function relationsOf(tree: Tree, scope: Scope, found: Set<string>): void {
  const name = text(tree, 'relname');
  if (name !== undefined) {
    const cte = tree.schemaname === undefined ? scope.get(name) : undefined;
    if (cte === undefined) found.add(name);
    else {
      const rest = new Map(scope);
      rest.delete(name);
      relationsOf(cte, rest, found);
    }
    return;
  }
  for (const key in tree) {
    const value = tree[key];
    if (isTree(value)) relationsOf(value, scope, found);
    else if (Array.isArray(value)) for (const item of value) if (isTree(item)) relationsOf(item, scope, found);
  }
}

/** Set-returning functions that give back the rows put into them. */
const UNPACKING = new Set([
  'unnest',
  'json_array_elements',
  'json_array_elements_text',
  'jsonb_array_elements',
  'jsonb_array_elements_text',
  'json_to_recordset',
  'jsonb_to_recordset',
  'json_populate_recordset',
  'jsonb_populate_recordset',
  'string_to_table',
  'regexp_split_to_table',
]);

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
    UNPACKING.has(strings(call, 'funcname').at(-1) ?? '') &&
    list(call, 'args').every((argument) => isOutside(argument, sight, new Set()))
  );
}

/** A query whose rows are few: by its WHERE, its LIMIT or because it lists them. `beside`: columns it is compared with. */
function queryIsBounded(query: Tree, sight: Sight, beside: ReadonlySet<string>): boolean {
  const [type, node] = unwrap(query) ?? ['', {}];
  switch (type) {
    case 'SelectStmt':
      return selectIsBounded(node, sight, beside);
    case 'InsertStmt': {
      const select = as(child(node, 'selectStmt'), 'SelectStmt');
      return select === undefined || selectIsBounded(select, sight, beside);
    }
    case 'UpdateStmt':
      return whereNarrows(node, list(node, 'fromClause'), sight.scope, sight.variables);
    case 'DeleteStmt':
      return whereNarrows(node, list(node, 'usingClause'), sight.scope, sight.variables);
    default:
      return false;
  }
}

function selectIsBounded(select: Tree, outer: Sight, beside: ReadonlySet<string>): boolean {
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
  const limit = castConstantOf(child(select, 'limitCount'));
  if (limit?.kind === 'integer' && limit.value <= MAX_LIMIT) return true;
  const where = child(select, 'whereClause');
  if (where !== undefined && narrows(where, sight)) return true;
  const from = list(select, 'fromClause');
  if (from.length === 0) {
    return list(select, 'targetList').every((wrapped) => {
      const value = child(as(wrapped, 'ResTarget') ?? {}, 'val');
      if (value === undefined) return false;
      const call = as(value, 'FuncCall');
      return call === undefined || UNPACKING.has(strings(call, 'funcname').at(-1) ?? '')
        ? !containsGenerator(value)
        : false;
    });
  }
  return from.every((item) => itemIsBounded(item, sight));
}

/** A set-returning generator anywhere, as in `SELECT 1 + generate_series(…)`. */
function containsGenerator(tree: Tree): boolean {
  const call = as(tree, 'FuncCall');
  if (call !== undefined && strings(call, 'funcname').at(-1)?.startsWith('generate_')) return true;
  return Object.values(tree).some((value) =>
    Array.isArray(value)
      ? value.some((item) => isTree(item) && containsGenerator(item))
      : isTree(value) && containsGenerator(value),
  );
}

function itemIsBounded(item: Tree, sight: Sight): boolean {
  const [type, node] = unwrap(item) ?? ['', {}];
  switch (type) {
    case 'RangeVar': {
      const name = text(node, 'relname') ?? '';
      const cte = node.schemaname === undefined ? sight.scope.get(name) : undefined;
      return cte !== undefined && queryIsBounded(cte, without(sight, name), new Set());
    }
    case 'RangeSubselect': {
      const select = as(child(node, 'subquery'), 'SelectStmt');
      return select !== undefined && selectIsBounded(select, sight, new Set());
    }
    case 'RangeFunction':
      return functionIsBounded(node, sight);
    default:
      return false;
  }
}

/** Within a sub-SELECT every relation of its FROM is a target: a join among them narrows nothing. */
function insideOf(select: Tree, outer: Sight): Sight {
  const aliases = new Map<string, boolean>();
  const relationSight: Sight = { ...outer, relation: '' };
  for (const item of list(select, 'fromClause')) addSource(item, aliases, relationSight);
  const scope = new Map(outer.scope);
  for (const wrapped of list(child(select, 'withClause') ?? {}, 'ctes')) {
    const cte = as(wrapped, 'CommonTableExpr') ?? {};
    const query = child(cte, 'ctequery');
    if (query !== undefined) scope.set(text(cte, 'ctename') ?? '', query);
  }
  return {
    targets: new Set(aliases.keys()),
    relation: '',
    sources: new Map(),
    scope,
    variables: outer.variables,
    budget: outer.budget,
  };
}

/**
 * Could a sub-SELECT hand back the outer row's own column? `id IN (SELECT id FROM other)` does when `other` has no `id`,
 * so an unqualified name that is also compared with counts, unless the sub-SELECT reads the target relation itself.
 */
function reachesOut(select: Tree, inside: Sight, outer: Sight, beside: ReadonlySet<string>): boolean {
  if (outer.relation === '' && beside.size === 0) return false;
  const from = list(select, 'fromClause');
  const only = from.length === 1 ? as(from[0], 'RangeVar') : undefined;
  const readsTarget = only !== undefined && rangeVarParts(only).at(-1) === outer.relation;
  const check = (tree: Tree): boolean => {
    const column = as(tree, 'ColumnRef');
    if (column !== undefined) {
      const fields = strings(column, 'fields');
      if (fields.length > 1) {
        const qualifier = fields.at(-2) ?? '';
        return !inside.targets.has(qualifier) && outer.targets.has(qualifier);
      }
      const name = fields[0];
      return name !== undefined && beside.has(name) && !readsTarget;
    }
    return Object.values(tree).some((value) =>
      Array.isArray(value) ? value.some((item) => isTree(item) && check(item)) : isTree(value) && check(value),
    );
  };
  return list(select, 'targetList').some(check);
}

function narrows(condition: Tree, sight: Sight): boolean {
  if (sight.budget.steps-- <= 0) return false;
  const [type, node] = unwrap(condition) ?? ['', {}];
  switch (type) {
    case 'BoolExpr': {
      const args = list(node, 'args');
      switch (text(node, 'boolop')) {
        case 'AND_EXPR':
          return args.some((one) => narrows(one, sight)) || closedRange(args, sight);
        case 'OR_EXPR':
          return args.length > 0 && args.every((one) => narrows(one, sight));
        default:
          return args[0] !== undefined && isColumn(args[0], sight);
      }
    }
    case 'ColumnRef':
      return isColumn(condition, sight);
    case 'NullTest':
      return text(node, 'nulltesttype') === 'IS_NULL' && hasColumn(child(node, 'arg'), sight);
    case 'BooleanTest':
      return (
        ['IS_TRUE', 'IS_FALSE', 'IS_UNKNOWN'].includes(text(node, 'booltesttype') ?? '') &&
        hasColumn(child(node, 'arg'), sight)
      );
    case 'A_Const': {
      const constant = constantOf(condition);
      return constant?.kind === 'boolean' && !constant.value;
    }
    case 'CurrentOfExpr':
      return true;
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
  const operator = strings(node, 'name').at(-1) ?? '';
  switch (text(node, 'kind')) {
    case 'AEXPR_OP':
      if (operator === '=') return equates(left, right, sight);
      if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
        return timeBound(left, operator, right, sight);
      }
      return CONTAINMENT.has(operator) && hasColumn(left, sight) && matchesText(right);
    case 'AEXPR_NOT_DISTINCT':
      return equates(left, right, sight);
    case 'AEXPR_IN':
      return operator === '=' && items(right).length > 0 && items(right).every((item) => equates(left, item, sight));
    case 'AEXPR_OP_ANY':
      return operator === '=' && equatesAny(left, right, sight);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return !operator.startsWith('!') && hasColumn(left, sight) && matchesText(right);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM': {
      const [low, high] = items(right);
      if (low === undefined || high === undefined || !hasColumn(left, sight)) return false;
      const from = wholeNumber(low);
      const to = wholeNumber(high);
      if (from !== undefined && to !== undefined) return Math.abs(to - from) <= MAX_RANGE;
      return isTime(low) && isTime(high);
    }
    default:
      return false;
  }
}

const CONTAINMENT = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@@', '^@']);

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
  return (
    (constantOf(value) !== undefined || as(value, 'ParamRef') !== undefined || as(value, 'ColumnRef') !== undefined) &&
    isOutside(value, sight, beside)
  );
}

function subLinkNarrows(node: Tree, sight: Sight): boolean {
  const select = as(child(node, 'subselect'), 'SelectStmt');
  if (select === undefined) return false;
  switch (text(node, 'subLinkType')) {
    case 'ANY_SUBLINK': {
      const operator = strings(node, 'operName').at(-1) ?? '=';
      const test = child(node, 'testexpr');
      if (operator !== '=' || test === undefined) return false;
      const row = as(test, 'RowExpr');
      const columns = row === undefined ? [test] : list(row, 'args');
      if (!columns.some((column) => hasColumn(column, sight))) return false;
      return selectIsBounded(select, sight, new Set(columns.flatMap((column) => [...columnNames(column)])));
    }
    case 'EXISTS_SUBLINK': {
      const where = child(select, 'whereClause');
      if (where === undefined) return false;
      const sources = new Map(sight.sources);
      for (const item of list(select, 'fromClause')) addSource(item, sources, sight);
      // A bare name in there is most likely the inner relation's: only qualified columns of the target count.
      return correlates(where, { ...sight, sources });
    }
    default:
      return false;
  }
}

function correlates(condition: Tree, sight: Sight): boolean {
  const [type, node] = unwrap(condition) ?? ['', {}];
  if (type === 'BoolExpr') {
    const args = list(node, 'args');
    if (text(node, 'boolop') === 'AND_EXPR') return args.some((one) => correlates(one, sight));
    return text(node, 'boolop') === 'OR_EXPR' && args.every((one) => correlates(one, sight));
  }
  if (type !== 'A_Expr' || text(node, 'kind') !== 'AEXPR_OP' || strings(node, 'name').at(-1) !== '=') return false;
  const left = child(node, 'lexpr');
  const right = child(node, 'rexpr');
  if (left === undefined || right === undefined) return false;
  const qualified = (one: Tree): boolean => {
    const column = as(one, 'ColumnRef');
    return column !== undefined && list(column, 'fields').length > 1;
  };
  return qualified(left) && qualified(right) && equates(left, right, sight);
}

/** Lower and upper bound of one column in whole numbers, not further apart than MAX_RANGE. */
function closedRange(args: readonly Tree[], sight: Sight): boolean {
  const bounds = new Map<string, { low?: number; high?: number }>();
  for (const one of args) {
    const node = as(one, 'A_Expr');
    const left = node === undefined ? undefined : child(node, 'lexpr');
    const right = node === undefined ? undefined : child(node, 'rexpr');
    if (node === undefined || left === undefined || right === undefined || text(node, 'kind') !== 'AEXPR_OP') continue;
    const operator = strings(node, 'name').at(-1) ?? '';
    const value = wholeNumber(right);
    const column = as(left, 'ColumnRef');
    if (value === undefined || column === undefined || !isColumn(left, sight)) continue;
    const name = strings(column, 'fields').join('.');
    const bound = bounds.get(name) ?? {};
    if (operator === '<' || operator === '<=') bound.high = Math.min(value, bound.high ?? value);
    else if (operator === '>' || operator === '>=') bound.low = Math.max(value, bound.low ?? value);
    bounds.set(name, bound);
  }
  for (const { low, high } of bounds.values()) {
    if (low !== undefined && high !== undefined && high - low <= MAX_RANGE) return true;
  }
  return false;
}

function timeBound(left: Tree, operator: string, right: Tree, sight: Sight): boolean {
  if (hasColumn(left, sight)) return isTime(right);
  return hasColumn(right, sight) && isTime(left) && operator !== '';
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
      return reference === 'variable' && (fields.length > 1 || !beside.has(fields[0] ?? ''));
    }
    case 'SubLink': {
      const select = as(child(node, 'subselect'), 'SelectStmt');
      if (text(node, 'subLinkType') !== 'EXPR_SUBLINK' || select === undefined) return false;
      return list(select, 'fromClause').length === 0
        ? !containsColumn(select)
        : !reachesOut(select, insideOf(select, sight), sight, beside);
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
