/**
 * What an answer's column without data of columns tells of a row. Constants, counts and whether something is there are the
 * same whichever row it is; what a condition chose, or a list of the text's own, is a label for it.
 */
import { as, child, flag, list, type Tree, unwrap } from '../tree.ts';
import { isEmpty } from './flows.ts';
import type { Scope } from './scopes.ts';
import type { Tracer } from './tracer.ts';

export function isRowless(t: Tracer, wrapped: Tree | undefined, scope: Scope): boolean {
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'A_Const':
    case 'ParamRef':
    case 'SQLValueFunction':
    case 'SetToDefault':
    case 'NullTest':
    case 'GroupingFunc':
      return true;
    case 'TypeCast':
    case 'CollateClause':
    case 'BooleanTest':
      return isRowless(t, child(node, 'arg'), scope);
    case 'BoolExpr':
      return list(node, 'args').every((one) => isRowless(t, one, scope));
    case 'FuncCall': {
      const over = child(node, 'over');
      const isWhole =
        over === undefined ||
        (over.name === undefined && list(over, 'partitionClause').length + list(over, 'orderClause').length === 0);
      if (!isWhole || child(node, 'agg_filter') !== undefined) return false;
      return flag(node, 'agg_star') || list(node, 'args').every((one) => isColumn(t, one, scope));
    }
    default:
      return false;
  }
}

/** Of a relation, not of what the text makes up. */
function isColumn(t: Tracer, wrapped: Tree, scope: Scope): boolean {
  return as(wrapped, 'ColumnRef') !== undefined && !isEmpty(t.apart(() => t.value(wrapped, scope)).result.flow);
}
