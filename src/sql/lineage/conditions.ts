/** Conditions: which columns steer, and how. Comparisons of plain columns are told apart from all else. */
import { as, child, items, list, strings, type Tree, text, unwrap } from '../tree.ts';
import { askedIn, askFor } from './asked-values.ts';
import { containmentOf } from './containment.ts';
import { disguisedIn } from './disguised-lookups.ts';
import { elementsOf } from './elements.ts';
import { isNullAsStored } from './failures.ts';
import { isEmpty, isPlain, type Value } from './flows.ts';
import { type Flow, ownOf } from './lineage.ts';
import { resolveOperator } from './operators.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';

export function traceCondition(t: Tracer, wrapped: Tree | undefined, scope: Scope): void {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case '':
    case 'A_Const':
    case 'ParamRef':
      return;
    case 'BoolExpr':
      for (const one of list(node, 'args')) t.condition(one, scope);
      return;
    case 'NullTest':
      nullTest(t, node, scope);
      return;
    case 'BooleanTest':
      t.condition(child(node, 'arg'), scope);
      return;
    case 'A_Expr':
      if (asksOtherwise(t, node, scope) || traceComparison(t, node, scope) || contains(t, node, scope)) return;
      break;
    case 'SubLink':
      if (semiJoin(t, node, scope)) return;
      break;
    case 'FuncCall':
      if (asksOtherwise(t, node, scope)) return;
      break;
    case 'ColumnRef': {
      const value = t.value(wrapped, scope);
      t.use(value.flow, isPlain(value.flow) ? 'lookup' : 'predicate', undefined, node);
      return;
    }
    default:
      break;
  }
  t.use(t.value(wrapped, scope).flow, 'predicate', subjectOf(wrapped), node);
}

/** `x IS NULL`, of a plain value or of something computed. */
export function nullTest(t: Tracer, node: Tree, scope: Scope): Value {
  const value = t.value(child(node, 'arg'), scope);
  if (!isNullAsStored(value.flow)) t.use(value.flow, 'predicate', 'IS NULL', node);
  else t.use(value.flow, 'null_test', undefined, node);
  return value;
}

const LOOKUPS: Readonly<Record<string, readonly string[]>> = {
  AEXPR_OP: ['=', '<>'],
  AEXPR_IN: ['=', '<>'],
  AEXPR_OP_ANY: ['='],
  AEXPR_OP_ALL: ['<>'],
  AEXPR_DISTINCT: ['='],
  AEXPR_NOT_DISTINCT: ['='],
  AEXPR_NULLIF: ['='],
};

/** Records an equality or a list of them; false: it is none. */
export function traceComparison(t: Tracer, node: Tree, scope: Scope): boolean {
  const operator = strings(node, 'name').at(-1) ?? '';
  if (!LOOKUPS[text(node, 'kind') ?? '']?.includes(operator)) return false;
  const left = child(node, 'lexpr');
  const right = child(node, 'rexpr');
  if (left === undefined || right === undefined) return false;
  if (as(right, 'List') !== undefined) {
    // A column is the same for each of them.
    const column = as(left, 'ColumnRef') === undefined ? undefined : t.value(left, scope);
    for (const one of items(right)) {
      if (column === undefined) comparePair(t, left, one, node, scope);
      else compareValues(t, column, t.value(one, scope), node, strings(node, 'name'));
    }
    return true;
  }
  comparePair(
    t,
    left,
    right,
    node,
    scope,
    text(node, 'kind') === 'AEXPR_OP_ANY' || text(node, 'kind') === 'AEXPR_OP_ALL',
  );
  return true;
}

function comparePair(t: Tracer, left: Tree, right: Tree, node: Tree, scope: Scope, isArray = false): void {
  const leftRow = as(left, 'RowExpr');
  const rightRow = as(right, 'RowExpr');
  if (leftRow !== undefined && rightRow !== undefined && !isArray) {
    const [some, others] = [list(leftRow, 'args'), list(rightRow, 'args')];
    const starless = [...some, ...others].every((one) => !isStar(one));
    if (some.length === others.length && starless) {
      some.forEach((one, i) => {
        const other = others[i];
        if (other !== undefined) comparePair(t, one, other, node, scope);
      });
      return;
    }
  }
  const query = as(right, 'SubLink');
  if (leftRow !== undefined && query !== undefined && text(query, 'subLinkType') === 'EXPR_SUBLINK') {
    const [some, others] = [list(leftRow, 'args'), t.query(child(query, 'subselect'), scope)];
    if (some.length === others.length && !some.some(isStar)) {
      for (const [i, { value }] of others.entries())
        compareValues(t, t.value(some[i], scope), value, node, strings(node, 'name'));
      return;
    }
  }
  const a = t.value(left, scope);
  const b = t.value(right, scope);
  compareValues(t, a, isArray ? elementsOf(t, b, a) : b, node, strings(node, 'name'));
}

function isStar(wrapped: Tree): boolean {
  const reference = as(wrapped, 'ColumnRef');
  return reference !== undefined && list(reference, 'fields').some((field) => as(field, 'A_Star') !== undefined);
}

/** What arrays and documents have among theirs. */
function contains(t: Tracer, node: Tree, scope: Scope): boolean {
  const pairs = containmentOf(t, node, scope);
  for (const [one, other] of pairs ?? []) compareValues(t, one, other, node, strings(node, 'name'));
  return pairs !== undefined;
}

/** In other words. */
function asksOtherwise(t: Tracer, node: Tree, scope: Scope): boolean {
  const disguised = disguisedIn(t, node, scope);
  for (const [one, other] of disguised?.pairs ?? []) compareValues(t, one, other, node, disguised!.operator);
  return disguised !== undefined;
}

/** Equality of two values, for WHERE, ON, IN, USING, CASE x WHEN, NULLIF. */
export function compareValues(
  t: Tracer,
  left: Value,
  right: Value,
  at: Tree | undefined,
  operator: readonly string[],
  viaSubject?: string,
): void {
  const subject = viaSubject ?? operator.at(-1);
  const behind = resolveOperator(t, operator, [left, right]);
  if (behind.kind !== 'builtin') {
    const args = [left, right].map((value) => ({ node: undefined, value, name: undefined }));
    if (behind.kind === 'unknown') t.findings.unknown.add(`operator ${subject} is not known`);
    else {
      for (const routine of behind.routines) t.routine(routine, args, at);
      for (const name of behind.functions) t.builtin(name, args, at);
    }
    for (const value of [left, right]) t.use(value.flow, 'predicate', subject, at);
    return;
  }
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (isEmpty(one.flow)) continue;
    const [column, partner] = [comparedIn(one), comparedIn(other)];
    const own = ownOf(column ?? one.flow) + ownOf(partner ?? other.flow);
    const asked = column === undefined ? askedIn(one, other) : undefined;
    if (asked !== undefined) askFor(t, asked, own, subject ?? '=', at);
    else if (column === undefined) t.use(one.flow, 'predicate', subject, at);
    else if (partner !== undefined) t.use(column, 'join', subject, at, partner.sources, own);
    else if (!isEmpty(other.flow) || other.given === undefined) t.use(one.flow, 'predicate', subject, at);
    else if (isBlankness(t, one, other)) t.use(column, 'null_test', undefined, at);
    else t.use(column, 'lookup', subject, at, undefined, Math.max(own, 1));
  }
}

/**
 * `TRIM(column) = ''`: no mask hides whether a text is empty. Of a column itself it counts as any lookup: the literal would
 * have to be read, and what is known of one text would hold for no other of its shape.
 */
function isBlankness(t: Tracer, { isTrimmed }: Value, other: Value): boolean {
  if (isTrimmed !== true || other.given !== 'constant') return false;
  t.readsLiterals = true;
  return other.isBlank === true;
}

/** The value of columns that an equality asks for. */
function comparedIn({ flow, folds }: Value): Flow | undefined {
  if (flow.picked === true) return undefined;
  return isPlain(flow) ? flow : folds;
}

/** `x IN (SELECT …)` and EXISTS. */
function semiJoin(t: Tracer, node: Tree, scope: Scope): boolean {
  const type = text(node, 'subLinkType');
  if (type === 'EXISTS_SUBLINK') {
    t.query(child(node, 'subselect'), scope);
    return true;
  }
  if (type !== 'ANY_SUBLINK' && type !== 'ALL_SUBLINK') return false;
  traceSemiJoin(t, node, scope);
  return true;
}

/** Records what `x op ANY (SELECT …)` compares; gives the values on both sides. */
export function traceSemiJoin(t: Tracer, node: Tree, scope: Scope): readonly Value[] {
  const columns = t.query(child(node, 'subselect'), scope);
  const test = child(node, 'testexpr');
  const row = as(test, 'RowExpr');
  const tested = (row === undefined ? [test] : list(row, 'args')).map((one) => t.value(one, scope));
  const named = strings(node, 'operName');
  const operator = named.length === 0 ? ['='] : named;
  const isEquality =
    operator.at(-1) === '=' || (operator.at(-1) === '<>' && text(node, 'subLinkType') === 'ALL_SUBLINK');
  const others = columns.map(({ value }) => value);
  if (isEquality && tested.length === others.length) {
    tested.forEach((value, i) => {
      const other = others[i];
      if (other !== undefined) compareValues(t, value, other, node, operator, 'IN');
    });
  } else {
    for (const value of [...tested, ...others]) t.use(value.flow, 'predicate', operator.at(-1), node);
  }
  return [...tested, ...others];
}

/** The operator or function at the top, for messages. */
export function subjectOf(wrapped: Tree | undefined): string | undefined {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'A_Expr': {
      const kind = text(node, 'kind') ?? '';
      const name = strings(node, 'name').at(-1);
      if (kind === 'AEXPR_LIKE') return name === '!~~' ? 'NOT LIKE' : 'LIKE';
      if (kind === 'AEXPR_ILIKE') return name === '!~~*' ? 'NOT ILIKE' : 'ILIKE';
      if (kind === 'AEXPR_SIMILAR') return 'SIMILAR TO';
      return name;
    }
    case 'FuncCall':
      return strings(node, 'funcname').at(-1);
    case 'CaseExpr':
      return 'CASE';
    case 'CoalesceExpr':
      return 'COALESCE';
    case 'TypeCast':
    case 'CollateClause':
      return subjectOf(child(node, 'arg'));
    default:
      return undefined;
  }
}
