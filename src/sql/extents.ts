/** What a statement may change or call at most: few rows, or all, and on which grounds. What its conditions say: `narrowing.ts`. */
import type { Scope } from './ctes.ts';
import type { Grounds, ListingRelation, ShownView } from './facts.ts';
import { ALWAYS, type Assumption, assuming, groundsOf, isAlways } from './grounds.ts';
import { noneJoined } from './joined.ts';
import { columnsOfQuery } from './known-columns.ts';
import { containsGenerator, unfolds } from './many-rows.ts';
import {
  type Extent,
  extent,
  extentUnder,
  joinedOf,
  NARROW,
  narrows,
  type Place,
  queryIsBounded,
  selectIsBounded,
  sightOf,
} from './narrowing.ts';
import { NOBODY } from './outer-rows.ts';
import { type Columns, type Sight, UNKNOWN } from './sight.ts';
import { as, child, isTree, list, type Tree, text } from './tree.ts';

/** With what it rests on; `unless` is for when that does not hold. */
export interface GroundedExtent extends Extent {
  readonly grounds: Grounds;
}

/** Of more nobody asks whose they are. */
const MAX_PARTNERS = 64;

function grounded(prove: (assumed: Assumption) => Extent): GroundedExtent {
  const partners = new Map<string, ListingRelation>();
  const grounds = groundsOf((assumed) => {
    const { narrow, unless } = prove(assumed);
    if (!narrow) for (const one of unless) partners.set(keyOf(one), one);
    return narrow;
  });
  if (isAlways(grounds)) return { ...NARROW, grounds };
  if (partners.size > MAX_PARTNERS) return { narrow: grounds.length > 0, unless: [], grounds };
  const unless = [...partners].map(([key, partner]): ListingRelation => {
    const found = groundsOf((assumed) => {
      const { narrow, unless } = prove(assumed);
      return narrow || unless.some((one) => keyOf(one) === key);
    });
    return isAlways(found) ? partner : { ...partner, grounds: found };
  });
  return { narrow: grounds.length > 0, unless, grounds };
}

function keyOf({ relation, columns }: ListingRelation): string {
  return JSON.stringify([relation, columns]);
}

/** For UPDATE and DELETE: `from` is FROM or USING. */
export function extentOf(node: Tree, from: readonly Tree[], place: Place): GroundedExtent {
  return grounded((assumed) => extentUnder(node, from, place, assumed));
}

/** On which grounds does a query give few rows, so that a loop over it is short? */
export function isShort(query: Tree, place: Place): Grounds {
  return groundsOf((assumed) => queryIsBounded(query, nowhere(place, assumed), NOBODY));
}

/** The sight of a query that stands by itself. */
function nowhere(place: Place, assumed: Assumption): Sight {
  return { ...sightOf({}, place, assumed), targets: NOBODY, columns: new Map(), bare: NOBODY };
}

/** On which grounds is what a statement calls evaluated for few rows? */
export function callsAreFew(type: string, node: Tree, place: Place): Grounds {
  switch (type) {
    case 'SelectStmt':
      if (list(node, 'fromClause').length === 0) return list(node, 'targetList').some(unfolds) ? [] : ALWAYS;
      return isShort({ SelectStmt: node }, place);
    case 'UpdateStmt':
      return extentOf(node, list(node, 'fromClause'), place).grounds;
    case 'DeleteStmt':
      return extentOf(node, list(node, 'usingClause'), place).grounds;
    case 'MergeStmt':
      return [];
    default:
      return ALWAYS;
  }
}

/** A column of a view's query, and on which grounds it tells rows apart; `others`: whose all others are. */
export function shownBy(query: Tree, given: readonly string[], place: Place): Pick<ShownView, 'columns' | 'others'> {
  const current = assuming(NOBODY);
  const found = columnsOfQuery(query, nowhere(place, current), given);
  // On these it rests which columns there are.
  const decisive = [...current.asked];
  let others = MAX_OTHERS;
  const under = (assumed: Assumption): Columns => {
    if (decisive.some(([key]) => assumed.dull.has(key))) {
      return others-- > 0 ? columnsOfQuery(query, nowhere(place, assumed), given) : UNKNOWN;
    }
    for (const [key, column] of decisive) assumed.asked.set(key, column);
    current.dull = assumed.dull;
    current.asked = assumed.asked;
    return found;
  };
  const columns = [...found.named.keys()].map((name) => ({
    name,
    grounds: groundsOf((assumed) => under(assumed).named.get(name)?.() === true && assumed.asked.size <= MAX_ASKED),
  }));
  return { columns, others: found.others === 'unknown' ? undefined : found.of };
}

/** How often it is looked what columns a view has if some do not tell rows apart; past that none does. */
const MAX_OTHERS = 256;
/** A column that rests on more is taken for one that does not tell rows apart. */
const MAX_ASKED = 64;

/** What MERGE may do to all rows. */
export function mergeExtent(node: Tree, place: Place): GroundedExtent {
  return grounded((assumed) => mergeUnder(node, place, assumed));
}

function mergeUnder(node: Tree, place: Place, assumed: Assumption): Extent {
  const relation = child(node, 'relation') ?? {};
  const source = child(node, 'sourceRelation');
  const join = extent(child(node, 'joinCondition'), relation, source === undefined ? [] : [source], place, assumed);
  const alone = sightOf(relation, place, assumed);
  const joined = source === undefined ? noneJoined() : joinedOf([source], alone);
  for (const [alias, columns] of alone.columns) joined.columns.set(alias, columns);
  const sight: Sight = { ...alone, sources: joined.sources, columns: joined.columns };
  const unless: ListingRelation[] = [];
  let narrow = true;
  for (const wrapped of list(node, 'mergeWhenClauses')) {
    const clause = as(wrapped, 'MergeWhenClause') ?? {};
    const command = text(clause, 'commandType');
    if (command !== 'CMD_UPDATE' && command !== 'CMD_DELETE') continue;
    const condition = child(clause, 'condition');
    if (condition !== undefined && narrows(condition, sight)) continue;
    const matched = text(clause, 'matchKind') !== 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE';
    if (matched && join.narrow) continue;
    if (!matched) return { narrow: false, unless: [] };
    narrow = false;
    unless.push(...join.unless);
  }
  return { narrow, unless };
}

/** INSERT … SELECT … ON CONFLICT DO UPDATE: on which grounds its SELECT cannot offer every key there is. */
export function conflictExtent(node: Tree, place: Place): GroundedExtent {
  return grounded((assumed) => ({ narrow: conflictsAreFew(node, place, assumed), unless: [] }));
}

function conflictsAreFew(node: Tree, place: Place, assumed: Assumption): boolean {
  const conflict = child(node, 'onConflictClause');
  if (conflict === undefined || text(conflict, 'action') !== 'ONCONFLICT_UPDATE') return true;
  const sight = sightOf(child(node, 'relation') ?? {}, place, assumed);
  const where = child(conflict, 'whereClause');
  if (where !== undefined && narrows(where, sight)) return true;
  const select = as(child(node, 'selectStmt'), 'SelectStmt');
  return select === undefined || isOtherRows(select, sight);
}

/** Rows of another relation, or few rows: not the target by another name, not a generator of every key. */
function isOtherRows(select: Tree, sight: Sight): boolean {
  if (selectIsBounded(select, sight, new Set())) return true;
  if (containsGenerator(select)) return false;
  const relations = new Set<string>();
  relationsOf(select, sight.scope, relations);
  return relations.size > 0 && !relations.has(sight.relation);
}

function relationsOf(tree: Tree, scope: Scope, found: Set<string>, seen = new Set<Tree>()): void {
  const name = text(tree, 'relname');
  if (name !== undefined) {
    const cte = tree.schemaname === undefined ? scope.get(name) : undefined;
    if (cte?.query === undefined) found.add(name);
    else if (!seen.has(cte.query)) {
      seen.add(cte.query);
      relationsOf(cte.query, cte.scope, found, seen);
    }
    return;
  }
  for (const key in tree) {
    const value = tree[key];
    if (isTree(value)) relationsOf(value, scope, found, seen);
    else if (Array.isArray(value)) for (const item of value) if (isTree(item)) relationsOf(item, scope, found, seen);
  }
}
