/**
 * Which literals of a statement could be any other without changing one of its facts. The statement cache reuses the
 * facts of `… WHERE aid = 1` for `… WHERE aid = 2` by this list, so what is not known to be free is not on it.
 *
 * Free: a bare constant compared with or added to something that has a column or parameter (in WHERE, ON, SET, the
 * select list), a cell of VALUES, a value of SET. In UPDATE and DELETE the WHERE decides whether it narrows, so there only
 * operands of `=` and IN are free. Not free: anything in a cast, a call, LIMIT, ORDER BY, GROUP BY, a utility statement.
 */
import type { ParsedStatement } from './grammar.ts';
import { as, child, flag, items, leftChain, list, location, strings, type Tree, text, unwrap } from './tree.ts';

export function freeLiterals(statements: readonly ParsedStatement[]): number[] {
  const only = statements.length === 1 ? statements[0] : undefined;
  if (only === undefined) return [];
  const found: number[] = [];
  const [type, node] = unwrap(only.node) ?? ['', {}];
  if (node.withClause !== undefined || node.intoClause !== undefined) return [];
  switch (type) {
    case 'SelectStmt':
      select(node, found);
      break;
    case 'InsertStmt':
      insert(node, found);
      break;
    case 'UpdateStmt':
      for (const target of list(node, 'targetList')) value(child(as(target, 'ResTarget') ?? {}, 'val'), found);
      keys(child(node, 'whereClause'), found);
      break;
    case 'DeleteStmt':
      keys(child(node, 'whereClause'), found);
      break;
    default:
      break;
  }
  return found;
}

function select(node: Tree, found: number[]): void {
  if (node.withClause !== undefined) return;
  const left = child(node, 'larg');
  const right = child(node, 'rarg');
  if (left !== undefined) select(left, found);
  if (right !== undefined) select(right, found);
  for (const row of list(node, 'valuesLists')) for (const cell of items(row)) value(cell, found);
  for (const target of list(node, 'targetList')) expression(child(as(target, 'ResTarget') ?? {}, 'val'), found);
  for (const item of list(node, 'fromClause')) fromItem(item, found);
  expression(child(node, 'whereClause'), found);
}

function fromItem(item: Tree, found: number[]): void {
  const join = as(item, 'JoinExpr');
  if (join !== undefined) {
    const left = child(join, 'larg');
    const right = child(join, 'rarg');
    if (left !== undefined) fromItem(left, found);
    if (right !== undefined) fromItem(right, found);
    expression(child(join, 'quals'), found);
    return;
  }
  const query = as(child(as(item, 'RangeSubselect') ?? {}, 'subquery'), 'SelectStmt');
  if (query !== undefined) select(query, found);
}

function insert(node: Tree, found: number[]): void {
  if (node.onConflictClause !== undefined) return;
  const source = as(child(node, 'selectStmt'), 'SelectStmt');
  if (source === undefined) return;
  for (const row of list(source, 'valuesLists')) for (const cell of items(row)) value(cell, found);
}

/** A place for a value: a bare constant is free there. */
function value(wrapped: Tree | undefined, found: number[]): void {
  if (as(wrapped, 'A_Const') !== undefined) add(wrapped, found);
  else expression(wrapped, found);
}

function add(wrapped: Tree | undefined, found: number[]): void {
  const constant = as(wrapped, 'A_Const');
  if (constant === undefined || flag(constant, 'isnull')) return;
  if (constant.ival !== undefined || constant.sval !== undefined) found.push(location(constant) ?? 0);
}

const COMPARISONS = new Set([
  'AEXPR_OP',
  'AEXPR_IN',
  'AEXPR_BETWEEN',
  'AEXPR_NOT_BETWEEN',
  'AEXPR_LIKE',
  'AEXPR_ILIKE',
]);

/** Gathers what is free below; true if it is a column or parameter, or arithmetic with one. One visit a node. */
function expression(wrapped: Tree | undefined, found: number[]): boolean {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'ColumnRef':
    case 'ParamRef':
      return true;
    case 'BoolExpr':
      for (const one of list(node, 'args')) expression(one, found);
      return false;
    case 'NullTest':
      expression(child(node, 'arg'), found);
      return false;
    case 'A_Expr': {
      const chain = leftChain(node);
      // What stands in another kind of operation is not looked at.
      const other = chain.findIndex((one) => !COMPARISONS.has(text(one, 'kind') ?? ''));
      let open = other === -1 ? undefined : false;
      for (const one of (other === -1 ? chain : chain.slice(0, other)).reverse()) open = operation(one, open, found);
      return open === true;
    }
    case 'SubLink': {
      expression(child(node, 'testexpr'), found);
      const query = as(child(node, 'subselect'), 'SelectStmt');
      if (query !== undefined) select(query, found);
      return false;
    }
    default:
      return false;
  }
}

/** `left`: what the operation on its left is; undefined: there is none. */
function operation(node: Tree, left: boolean | undefined, found: number[]): boolean {
  const constants: Tree[] = [];
  let open = left === true;
  for (const operand of left === undefined ? [child(node, 'lexpr'), child(node, 'rexpr')] : [child(node, 'rexpr')]) {
    for (const one of as(operand, 'List') === undefined ? [operand] : items(operand)) {
      if (one === undefined) continue;
      if (as(one, 'A_Const') !== undefined) constants.push(one);
      else if (expression(one, found)) open = true;
    }
  }
  if (open) for (const one of constants) add(one, found);
  return open;
}

/** `column = constant`, IN and AND of them, where any constant narrows as well as another. */
function keys(wrapped: Tree | undefined, found: number[]): void {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  if (type === 'BoolExpr' && text(node, 'boolop') === 'AND_EXPR') {
    for (const one of list(node, 'args')) keys(one, found);
    return;
  }
  if (type !== 'A_Expr' || strings(node, 'name').join('.') !== '=') return;
  if (as(child(node, 'lexpr'), 'ColumnRef') === undefined) return;
  const right = child(node, 'rexpr');
  if (text(node, 'kind') === 'AEXPR_IN') for (const item of items(right)) add(item, found);
  else if (text(node, 'kind') === 'AEXPR_OP') add(right, found);
}
