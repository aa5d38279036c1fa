/**
 * The setting that `set_config(name, …)` changes when the name is not a constant but the query ties it to one:
 * `SELECT set_config(name, …) FROM pg_settings WHERE name = 'work_mem'`, as pg_dump sends it.
 */
import { rangeVarParts } from './names.ts';
import { as, castConstantOf, child, list, strings, type Tree, text } from './tree.ts';

/** Undefined: any row's, or another column's. `select` is the SELECT that the call stands in. */
export function settingNameOf(argument: Tree | undefined, select: Tree | undefined): string | undefined {
  const literal = castConstantOf(argument);
  if (literal !== undefined) return literal.kind === 'string' ? literal.value : undefined;
  const column = as(argument, 'ColumnRef');
  const from = select === undefined ? [] : list(select, 'fromClause');
  const relation = as(from[0], 'RangeVar');
  if (column === undefined || from.length !== 1 || relation === undefined || !isPgSettings(relation)) return undefined;
  const alias = text(child(relation, 'alias') ?? {}, 'aliasname') ?? 'pg_settings';
  if (!isNameColumn(column, alias)) return undefined;
  return equatedWith(child(select!, 'whereClause'), alias);
}

function isPgSettings(relation: Tree): boolean {
  const parts = rangeVarParts(relation);
  return parts.at(-1) === 'pg_settings' && (parts.length === 1 || (parts.length === 2 && parts[0] === 'pg_catalog'));
}

function isNameColumn(column: Tree, alias: string): boolean {
  const fields = strings(column, 'fields');
  // A star is no string: a.* would count as fewer fields.
  if (fields.length !== list(column, 'fields').length) return false;
  return fields.at(-1) === 'name' && (fields.length === 1 || (fields.length === 2 && fields[0] === alias));
}

/** The constant that a top-level conjunct equates the column with. */
function equatedWith(condition: Tree | undefined, alias: string): string | undefined {
  const and = as(condition, 'BoolExpr');
  if (and !== undefined) {
    if (text(and, 'boolop') !== 'AND_EXPR') return undefined;
    for (const arm of list(and, 'args')) {
      const found = equatedWith(arm, alias);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const equality = as(condition, 'A_Expr');
  if (equality === undefined || text(equality, 'kind') !== 'AEXPR_OP' || strings(equality, 'name').join('.') !== '=') {
    return undefined;
  }
  const column = as(child(equality, 'lexpr'), 'ColumnRef');
  const constant = castConstantOf(child(equality, 'rexpr'));
  if (column === undefined || !isNameColumn(column, alias)) return undefined;
  return constant?.kind === 'string' ? constant.value : undefined;
}
