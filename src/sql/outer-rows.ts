/** Does a sub-SELECT depend on the row around it? By the names it mentions, as far as the text tells whose they are. */
import { scopeWithin } from './ctes.ts';
import { aliasOf } from './known-columns.ts';
import { qualifiedName, rangeVarParts } from './names.ts';
import type { Sight } from './sight.ts';
import { as, child, isTree, list, strings, type Tree, unwrap } from './tree.ts';

export const NOBODY: ReadonlySet<string> = new Set();

/** The sight inside a sub-SELECT: what it reads is its target. */
export function insideOf(select: Tree, outer: Sight): Sight {
  return {
    ...outer,
    targets: new Set(aliasesOf(list(select, 'fromClause'))),
    relation: '',
    written: '',
    sources: new Map(),
    columns: new Map(),
    bare: NOBODY,
    scope: scopeWithin(select, outer.scope),
  };
}

function aliasesOf(from: readonly Tree[], found: string[] = []): string[] {
  for (const item of from) {
    const [type, node] = unwrap(item) ?? ['', {}];
    if (type === 'JoinExpr') {
      const sides = [child(node, 'larg'), child(node, 'rarg')].filter((one) => one !== undefined);
      aliasesOf(sides, found);
      continue;
    }
    const alias = aliasOf(item);
    if (alias !== '?') found.push(alias);
  }
  return found;
}

/**
 * Could a sub-SELECT hand back the outer row's own column? By its select list, or by a query within its FROM or WITH.
 * `id IN (SELECT id FROM other)` does when `other` has no `id`, so an unqualified name that is also compared with counts,
 * unless the sub-SELECT reads the target relation itself.
 */
export function reachesOut(select: Tree, inside: Sight, outer: Sight, beside: ReadonlySet<string>): boolean {
  const from = list(select, 'fromClause');
  const names = readsTarget(from, outer) ? NOBODY : beside;
  const ctes = list(child(select, 'withClause') ?? {}, 'ctes');
  const within = from.filter((item) => as(item, 'RangeVar') === undefined);
  return (
    list(select, 'targetList').some((part) => mentionsOuter(part, inside.targets, outer, names)) ||
    // A query in FROM does not see what stands beside it.
    [...ctes, ...within].some((part) => mentionsOuter(part, NOBODY, outer, names))
  );
}

/** The target itself, with the names of its columns: not another relation of that name. */
function readsTarget(from: readonly Tree[], outer: Sight): boolean {
  const only = from.length === 1 ? as(from[0], 'RangeVar') : undefined;
  if (only === undefined || outer.written === '') return false;
  const parts = rangeVarParts(only);
  if (parts.length === 1 && outer.scope.has(parts[0] ?? '')) return false;
  return qualifiedName(parts) === outer.written && strings(child(only, 'alias') ?? {}, 'colnames').length === 0;
}

/** Does a sub-SELECT depend on the outer row anywhere, its WHERE included? */
export function looksOut(select: Tree, outer: Sight, beside: ReadonlySet<string>): boolean {
  const names = readsTarget(list(select, 'fromClause'), outer) ? NOBODY : beside;
  return mentionsOuter({ SelectStmt: select }, NOBODY, outer, names);
}

/** `hidden`: aliases of the queries in between, as one descends. */
function mentionsOuter(tree: Tree, hidden: ReadonlySet<string>, outer: Sight, beside: ReadonlySet<string>): boolean {
  const column = as(tree, 'ColumnRef');
  if (column !== undefined) {
    const isOuter = (name: string): boolean =>
      !hidden.has(name) && (outer.targets.has(name) || outer.enclosing.has(name));
    const fields = strings(column, 'fields');
    if (list(column, 'fields').length > 1) return isOuter(fields.at(-2) ?? '') || isOuter(fields[0] ?? '');
    const name = fields[0];
    return name !== undefined && (beside.has(name) || isOuter(name));
  }
  const select = as(tree, 'SelectStmt');
  const inner = select === undefined ? hidden : new Set([...hidden, ...aliasesOf(list(select, 'fromClause'))]);
  const node = select ?? tree;
  for (const key in node) {
    const value = node[key];
    const found = (part: unknown): boolean => {
      if (!isTree(part)) return false;
      const query = as(part, 'RangeSubselect');
      return mentionsOuter(part, query !== undefined && query.lateral !== true ? hidden : inner, outer, beside);
    };
    if (Array.isArray(value) ? value.some(found) : found(value)) return true;
  }
  return false;
}
