/**
 * Relations joined in one condition: an equality of two columns ties their rows together, a comparison with something
 * outside holds all that hang together to few rows. What a join does not reach is every row, whatever the others are.
 */
import { type Columns, hasColumn, ownersOf, type Sight, type Sources, spend, tellsRows } from './sight.ts';
import { as, child, isTree, list, strings, type Tree, text } from './tree.ts';

/** Relations in one FROM, and the conditions that hold for each of its rows. */
export interface Joined {
  /** Alias → few rows by itself. */
  readonly sources: Map<string, boolean>;
  readonly columns: Map<string, Columns>;
  /** Alias → the text that names its relation for to_regclass; none for CTEs, sub-SELECTs and functions. */
  readonly relations: Map<string, string>;
  /** ON of inner joins, besides those of WHERE. */
  readonly conditions: Tree[];
  /** Pairs joined by USING, with its columns. */
  readonly pairs: (readonly [string, string, readonly string[]])[];
}

export function noneJoined(): Joined {
  return { sources: new Map(), columns: new Map(), relations: new Map(), conditions: [], pairs: [] };
}

/** The arms of a top-level AND. */
export function conjuncts(condition: Tree | undefined): readonly Tree[] {
  if (condition === undefined) return [];
  const and = as(condition, 'BoolExpr');
  if (and === undefined || text(and, 'boolop') !== 'AND_EXPR') return [condition];
  return list(and, 'args').flatMap(conjuncts);
}

export interface Held {
  readonly held: boolean;
  /** What `goal` is joined with, itself included. */
  readonly group: ReadonlySet<string>;
}

/** Is `goal` held to few rows by the conditions? `undefined`: are all of them? */
export function held(
  goal: string | undefined,
  joined: Joined,
  where: Tree | undefined,
  sight: Sight,
  narrows: (conditions: readonly Tree[], sight: Sight) => boolean,
): Held {
  const { budget } = sight;
  const aliases = [...joined.sources.keys()];
  budget.assumed.steps += aliases.length;
  const arms = [...conjuncts(where), ...joined.conditions.flatMap(conjuncts)];
  const groups = new Map(aliases.map((alias) => [alias, new Set([alias])]));
  const unite = (a: string, b: string): void => {
    const left = groups.get(a);
    const right = groups.get(b);
    if (left === undefined || right === undefined || left === right) return;
    spend(budget, right.size);
    for (const alias of right) {
      left.add(alias);
      groups.set(alias, left);
    }
  };
  const { columns } = joined;
  const all = new Set(aliases);
  const ties = new Map(
    [...columns].map(([alias, one]) => [alias, joined.sources.get(alias) === true ? fixed(one) : one]),
  );
  const any: Sight = { ...sight, targets: all, sources: new Map(), columns: ties, bare: all };
  for (const [a, b, names] of joined.pairs) {
    if (names.some((name) => tellsRows(a, name, any) && tellsRows(b, name, any))) unite(a, b);
  }
  for (const arm of arms) {
    if (budget.steps <= 0) break;
    for (const [a, b] of equalities(arm, any)) unite(a, b);
  }

  const anchored = new Set(aliases.filter((alias) => joined.sources.get(alias) === true));
  for (const alias of aliases) {
    if (budget.steps <= 0) break;
    if (anchored.has(alias)) continue;
    const self = new Set([alias]);
    const alone: Sight = { ...sight, targets: self, sources: without(alias, joined.sources), columns, bare: self };
    if (narrows(arms, alone)) anchored.add(alias);
  }
  const first = groups.get(goal ?? aliases[0] ?? '') ?? new Set<string>();
  const isHeld = (group: ReadonlySet<string>): boolean => {
    for (const alias of group) if (anchored.has(alias)) return true;
    // A bare column may be of any that can have one of that name: it holds them if these hang together.
    return narrows(arms, { ...sight, targets: new Set(), sources: joined.sources, columns, bare: group });
  };
  const wanted = goal === undefined ? [...new Set(groups.values())] : [first];
  return { held: aliases.length > 0 && wanted.every(isHeld), group: first };
}

function without(alias: string, sources: Sources): Sources {
  return {
    has: (other) => other !== alias && sources.has(other),
    get: (other) => (other === alias ? undefined : sources.get(other)),
  };
}

/** Of what is few rows, a constant too holds what is equal to it. */
function fixed({ named, others }: Columns): Columns {
  return { named: new Map([...named.keys()].map((name) => [name, ALWAYS])), others, of: [] };
}

const ALWAYS = (): boolean => true;

/** Pairs of aliases whose columns an `=` equates. */
function equalities(arm: Tree, sight: Sight): (readonly [string, string])[] {
  const node = as(arm, 'A_Expr');
  if (node === undefined || text(node, 'kind') !== 'AEXPR_OP' || strings(node, 'name').join('.') !== '=') return [];
  const left = child(node, 'lexpr');
  const right = child(node, 'rexpr');
  if (left === undefined || right === undefined) return [];
  const lefts = list(as(left, 'RowExpr') ?? {}, 'args');
  const rights = list(as(right, 'RowExpr') ?? {}, 'args');
  const pairs = lefts.length > 0 ? lefts.map((one, i) => [one, rights[i]] as const) : [[left, right] as const];
  return pairs.flatMap(([a, b]) => {
    if (b === undefined || !hasColumn(a, sight) || !hasColumn(b, sight)) return [];
    const from = ownersIn(a, sight);
    const to = ownersIn(b, sight);
    const [x] = from;
    const [y] = to;
    return from.size === 1 && to.size === 1 && x !== undefined && y !== undefined && x !== y ? [[x, y] as const] : [];
  });
}

/** The aliases whose columns an expression is made of. */
function ownersIn(tree: Tree, sight: Sight, found = new Set<string>()): Set<string> {
  const column = as(tree, 'ColumnRef');
  if (column !== undefined) {
    const fields = strings(column, 'fields');
    const qualifier = fields.at(-2);
    const owners = qualifier === undefined ? ownersOf(fields[0] ?? '', sight) : [qualifier];
    spend(sight.budget, owners.length);
    for (const alias of owners) found.add(alias);
    return found;
  }
  for (const value of Object.values(tree)) {
    if (isTree(value)) ownersIn(value, sight, found);
    else if (Array.isArray(value)) for (const item of value) if (isTree(item)) ownersIn(item, sight, found);
  }
  return found;
}
