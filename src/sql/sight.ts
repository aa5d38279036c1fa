/** Whose column is it: the names that a condition of a DELETE, UPDATE, MERGE or sub-SELECT sees, and what they stand for. */
import type { Scope } from './ctes.ts';
import { type Assumption, isTold } from './grounds.ts';
import { KEY_FUNCTIONS } from './narrowing-names.ts';
import { as, castConstantOf, child, isTree, list, strings, type Tree, unwrap } from './tree.ts';

/** The columns of something in a FROM, as far as the text tells. */
export interface Columns {
  /** Name → does it tell rows apart, as the column of a table does and a constant does not? */
  readonly named: ReadonlyMap<string, () => boolean>;
  /** What another name may be. */
  readonly others: 'column' | 'unknown' | 'none';
  /** Relations, as written, of which all that have a column of another name must have one that tells rows apart. */
  readonly of: readonly string[];
}
export const UNKNOWN: Columns = { named: new Map(), others: 'unknown', of: [] };

/** `relation`: as written. */
export function tableColumns(relation: string): Columns {
  return { named: new Map(), others: 'column', of: [relation] };
}

/** Names in sight of a condition. */
export interface Sight {
  /** Aliases of the target; unqualified columns are taken for the target's. */
  readonly targets: ReadonlySet<string>;
  /** Bare name of the target relation, `''` for a SELECT. */
  readonly relation: string;
  /** The same as it is written. */
  readonly written: string;
  /** Alias of what it is joined with → true if that is few rows by itself: a list, a limited or narrowed query. */
  readonly sources: Sources;
  /** Alias → its columns: of the target and of all that is joined with it. */
  readonly columns: ReadonlyMap<string, Columns>;
  /** Aliases that a bare column may stand for and count; it may be any's that can have a column of that name. */
  readonly bare: ReadonlySet<string>;
  /** Aliases of the queries around this one: their columns stand for the row that is being judged. */
  readonly enclosing: ReadonlySet<string>;
  readonly scope: Scope;
  readonly variables: ReadonlySet<string>;
  /** What qualifies variables: the routine's name, labels of blocks. */
  readonly blocks: ReadonlySet<string>;
  /** A name that is a variable's and a column's is the variable's. */
  readonly variablesFirst: boolean;
  /** Those of the variables that a caller gives: an array among them is a list of what he means. */
  readonly parameters: ReadonlySet<string>;
  /** In a loop over who knows how many rows. */
  readonly loose: boolean;
  /** What the clock says, in ms since 1970: a bound in time is judged by it. */
  readonly nowMs: number;
  /** Steps left before a condition is too involved to judge, shared by all that is looked at for one statement. */
  readonly budget: Budget;
}

export type Sources = Pick<ReadonlyMap<string, boolean>, 'get' | 'has'>;

export interface Budget {
  steps: number;
  /** How many queries deep one may still look. */
  levels: number;
  /** What is assumed of columns of relations. */
  readonly assumed: Assumption;
  /** Aliases of few rows that may have lists of many in them. */
  readonly packed: Set<string>;
  /** Columns of CTEs, by their queries. */
  readonly columns: Map<Tree, Columns>;
  /** What `ownersOf` found, by the columns in sight. */
  readonly owners: Map<Sight['columns'], Map<string, readonly string[]>>;
}

/** So many names looked at cost as much as one step. */
const NAMES_A_STEP = 16;

/** Counts names that are looked at beside conditions. */
export function spend(budget: Budget, names: number): void {
  budget.steps -= Math.floor(names / NAMES_A_STEP);
}

/** The aliases whose column, or whole row, a bare name may be. */
export function ownersOf(name: string, { columns, budget }: Sight): readonly string[] {
  let known = budget.owners.get(columns);
  if (known === undefined) {
    known = new Map();
    budget.owners.set(columns, known);
  }
  let owners = known.get(name);
  if (owners === undefined) {
    spend(budget, columns.size);
    owners = findOwners(name, columns);
    known.set(name, owners);
  }
  return owners;
}

function findOwners(name: string, columns: Sight['columns']): string[] {
  const owners: string[] = [];
  const maybe: string[] = [];
  for (const [alias, { named, others }] of columns) {
    if (named.has(name)) owners.push(alias);
    else if (alias === name || others !== 'none') maybe.push(alias);
  }
  // Were it another's as well, PostgreSQL would call it ambiguous.
  return owners.length > 0 ? owners : maybe;
}

export function tellsRows(alias: string, name: string, { columns, budget }: Sight): boolean {
  const { named, others, of } = columns.get(alias) ?? UNKNOWN;
  const tells = named.get(name);
  if (tells !== undefined) return tells();
  return others === 'column' && of.every((relation) => isTold(relation, name, budget.assumed));
}

/** The name of a built-in, unless it is said to be another schema's. */
export function builtinName(parts: readonly string[]): string {
  return parts.length === 1 || parts[0] === 'pg_catalog' ? (parts.at(-1) ?? '') : '';
}

/** With a second argument they strip or shift what tells rows apart. */
const ONE_ARGUMENT = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim', 'date', 'md5']);
/** Units that all rows share. */
const COARSE_UNIT = /^(?:decade|centur|cent|c$|millenn|mil|era|timezone)/i;
/** The same for every row, or nearly. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);
const PATHS = new Set(['->', '->>', '#>', '#>>']);
/** A cast to one of these keeps apart what was apart; to `char(1)`, `numeric(4,-4)` or a domain it need not. */
const FAITHFUL_TYPES = new Set(
  (
    'int2 int4 int8 oid numeric float4 float8 text varchar bpchar citext name uuid date timestamp timestamptz ' +
    'json jsonb bytea inet cidr'
  ).split(' '),
);

/** The target's column, bare or in a cast, a function or a path that still tells rows apart. */
export function hasColumn(wrapped: Tree | undefined, sight: Sight): boolean {
  if (wrapped === undefined) return false;
  const [type, node] = unwrap(wrapped) ?? ['', {}];
  switch (type) {
    case 'ColumnRef':
      return isColumn(wrapped, sight);
    case 'TypeCast': {
      const type = child(node, 'typeName') ?? {};
      const isFaithful = FAITHFUL_TYPES.has(builtinName(strings(type, 'names'))) && list(type, 'typmods').length === 0;
      return isFaithful && hasColumn(child(node, 'arg'), sight);
    }
    case 'CollateClause':
      return hasColumn(child(node, 'arg'), sight);
    case 'FuncCall': {
      const name = builtinName(strings(node, 'funcname'));
      if (!KEY_FUNCTIONS.has(name)) return false;
      const args = list(node, 'args');
      if (ONE_ARGUMENT.has(name) && args.length !== 1) return false;
      const unit = castConstantOf(args[0]);
      if (unit?.kind === 'string' && COARSE_UNIT.test(unit.value.trim())) return false;
      let found = false;
      for (const one of args) {
        if (hasColumn(one, sight)) found = true;
        else if (castConstantOf(one) === undefined) return false;
      }
      return found;
    }
    case 'A_Expr': {
      const operator = builtinName(strings(node, 'name'));
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

/** Is it a part of a document? */
export function hasPath(wrapped: Tree | undefined): boolean {
  const cast = as(wrapped, 'TypeCast');
  if (cast !== undefined) return hasPath(child(cast, 'arg'));
  const node = as(wrapped, 'A_Expr');
  if (node !== undefined) return PATHS.has(builtinName(strings(node, 'name')));
  return list(as(wrapped, 'FuncCall') ?? {}, 'args').some(hasPath);
}

type Reference = 'target' | 'other' | 'variable';

export function referenceOf(column: Tree, sight: Sight): Reference {
  const fields = strings(column, 'fields');
  const first = fields[0];
  if (first === undefined || list(column, 'fields').length !== fields.length) return 'target';
  if (fields.length === 1) {
    if (sight.variables.has(first)) return 'variable';
    const owners = ownersOf(first, sight);
    const isOther = (alias: string): boolean => sight.sources.get(alias) === true && !sight.targets.has(alias);
    return owners.length > 0 && owners.every(isOther) ? 'other' : 'target';
  }
  const qualifier = fields.at(-2) ?? '';
  const source = sight.sources.get(qualifier);
  if (source !== undefined) return source ? 'other' : 'target';
  if (sight.targets.has(qualifier)) return 'target';
  return sight.variables.has(qualifier) || sight.blocks.has(qualifier) ? 'variable' : 'target';
}

export function isColumn(wrapped: Tree, sight: Sight): boolean {
  const column = as(wrapped, 'ColumnRef');
  if (column === undefined) return false;
  const fields = strings(column, 'fields');
  const name = fields.at(-1) ?? '';
  if (SYSTEM_COLUMNS.has(name)) return false;
  if (fields.length > 1) {
    const qualifier = fields.at(-2) ?? '';
    const isVariable = sight.variables.has(qualifier) || (sight.variablesFirst && sight.variables.has(name));
    return (
      !isVariable && sight.targets.has(qualifier) && !sight.sources.has(qualifier) && tellsRows(qualifier, name, sight)
    );
  }
  if (referenceOf(column, sight) !== 'target') return false;
  const owners = ownersOf(name, sight);
  const dull = owners.findIndex((alias) => !sight.bare.has(alias) || !tellsRows(alias, name, sight));
  spend(sight.budget, dull === -1 ? owners.length : dull);
  return owners.length > 0 && dull === -1;
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
