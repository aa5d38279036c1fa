/** Whose column is it: the names that a condition of a DELETE, UPDATE, MERGE or sub-SELECT sees, and what they stand for. */
import { as, castConstantOf, child, isTree, list, strings, type Tree, unwrap } from './tree.ts';

/** Names in sight of a condition. */
export interface Sight {
  /** Aliases of the target; unqualified columns are taken for the target's. */
  readonly targets: ReadonlySet<string>;
  /** Bare name of the target relation, `''` for a SELECT. */
  readonly relation: string;
  /** Alias of what it is joined with → true if that is few rows by itself: a list, a limited or narrowed query. */
  readonly sources: ReadonlyMap<string, boolean>;
  /** A bare column may be any relation's, so it says nothing about the target's. */
  readonly qualifiedOnly: boolean;
  /** Aliases of the queries around this one: their columns stand for the row that is being judged. */
  readonly enclosing: ReadonlySet<string>;
  readonly scope: ReadonlyMap<string, Tree>;
  readonly variables: ReadonlySet<string>;
  /** Those of the variables that a caller gives: an array among them is a list of what he means. */
  readonly parameters: ReadonlySet<string>;
  /** In a loop over who knows how many rows. */
  readonly loose: boolean;
  /** What the clock says, in ms since 1970: a bound in time is judged by it. */
  readonly nowMs: number;
  /** Steps left before a condition is too involved to judge, shared by all that is looked at for one statement. */
  readonly budget: { steps: number };
}

/** Functions of a column that still tell rows apart. */
const KEY_FUNCTIONS = new Set([
  'lower',
  'upper',
  'btrim',
  'ltrim',
  'rtrim',
  'date',
  'date_trunc',
  'md5',
  'date_part',
  'extract',
  'timezone',
]);
/** With a second argument they strip or shift what tells rows apart. */
const ONE_ARGUMENT = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim', 'date', 'md5']);
/** Units that all rows share. */
const COARSE_UNIT = /^(?:decade|centur|cent|c$|millenn|mil|era|timezone)/i;
/** The same for every row, or nearly. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);
const PATHS = new Set(['->', '->>', '#>', '#>>']);

/** The target's column, bare or in a cast, a function or a path that still tells rows apart. */
export function hasColumn(wrapped: Tree | undefined, sight: Sight): boolean {
  if (wrapped === undefined) return false;
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'ColumnRef':
      return isColumn(wrapped, sight);
    case 'TypeCast': {
      const type = strings(child(node, 'typeName') ?? {}, 'names').at(-1);
      return type !== 'bool' && hasColumn(child(node, 'arg'), sight);
    }
    case 'CollateClause':
      return hasColumn(child(node, 'arg'), sight);
    case 'FuncCall': {
      if (!KEY_FUNCTIONS.has(strings(node, 'funcname').at(-1) ?? '')) return false;
      const args = list(node, 'args');
      if (ONE_ARGUMENT.has(strings(node, 'funcname').at(-1) ?? '') && args.length !== 1) return false;
      const unit = castConstantOf(args[0]);
      if (unit?.kind === 'string' && COARSE_UNIT.test(unit.value.trim())) return false;
      return (
        args.some((one) => hasColumn(one, sight)) &&
        args.every((one) => hasColumn(one, sight) || castConstantOf(one) !== undefined)
      );
    }
    case 'A_Expr': {
      const operator = strings(node, 'name').at(-1) ?? '';
      const path = child(node, 'rexpr');
      return (
        PATHS.has(operator) &&
        path !== undefined &&
        castConstantOf(path) !== undefined &&
        hasColumn(child(node, 'lexpr'), sight)
      );
    }
    default:
      return false;
  }
}

type Reference = 'target' | 'other' | 'variable';

export function referenceOf(column: Tree, sight: Sight): Reference {
  const fields = strings(column, 'fields');
  const first = fields[0];
  if (first === undefined || list(column, 'fields').length !== fields.length) return 'target';
  if (fields.length === 1) return sight.variables.has(first) ? 'variable' : 'target';
  const qualifier = fields.at(-2) ?? '';
  const source = sight.sources.get(qualifier);
  if (source !== undefined) return source ? 'other' : 'target';
  if (sight.targets.has(qualifier)) return 'target';
  return sight.variables.has(qualifier) ? 'variable' : 'target';
}

export function isColumn(wrapped: Tree, sight: Sight): boolean {
  const column = as(wrapped, 'ColumnRef');
  if (column === undefined) return false;
  const fields = strings(column, 'fields');
  if (SYSTEM_COLUMNS.has(fields.at(-1) ?? '')) return false;
  if (fields.length > 1) {
    const qualifier = fields.at(-2) ?? '';
    return sight.targets.has(qualifier) && !sight.sources.has(qualifier);
  }
  return !sight.qualifiedOnly && referenceOf(column, sight) === 'target';
}

export function columnNames(wrapped: Tree): Set<string> {
  const names = new Set<string>();
  const visit = (tree: Tree): void => {
    const column = as(tree, 'ColumnRef');
    if (column !== undefined) {
      const name = strings(column, 'fields').at(-1);
      if (name !== undefined) names.add(name);
      return;
    }
    for (const value of Object.values(tree)) {
      if (isTree(value)) visit(value);
      else if (Array.isArray(value)) for (const item of value) if (isTree(item)) visit(item);
    }
  };
  visit(wrapped);
  return names;
}

export function containsColumn(tree: Tree): boolean {
  return columnNames(tree).size > 0;
}
