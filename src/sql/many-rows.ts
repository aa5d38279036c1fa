/** What makes many rows of one: calls that return sets, and lists that were put together of many. As the text shows it. */
import { UNPACKING } from './narrowing-names.ts';
import { as, isTree, strings, type Tree, text } from './tree.ts';

/** Few rows by a LIMIT, each with a list of many. */
export function packsMany(tree: Tree): boolean {
  return contains(tree, (node) => node.limitCount !== undefined) && contains(tree, isPacking);
}

function isPacking(node: Tree): boolean {
  const name = strings(as(node, 'FuncCall') ?? {}, 'funcname').at(-1) ?? '';
  const isArray = text(as(node, 'SubLink') ?? {}, 'subLinkType') === 'ARRAY_SUBLINK';
  return isArray || /(?:^|_)agg$/.test(name) || Object.keys(node).some((key) => /^Json(?:Array|Object)/.test(key));
}

function contains(tree: Tree, is: (node: Tree) => boolean): boolean {
  if (is(tree)) return true;
  return Object.values(tree).some((value) =>
    Array.isArray(value)
      ? value.some((item) => isTree(item) && contains(item, is))
      : isTree(value) && contains(value, is),
  );
}

/** Calls a function that may return many rows. */
export function unfolds(tree: Tree): boolean {
  return calls(tree, (name) => UNPACKING.has(name) || name.startsWith('generate_'));
}

export function containsCall(tree: Tree): boolean {
  return calls(tree, () => true);
}

/** A set-returning generator anywhere, as in `SELECT 1 + generate_series(…)`. */
export function containsGenerator(tree: Tree): boolean {
  return calls(tree, (name) => name.startsWith('generate_'));
}

function calls(tree: Tree, is: (name: string) => boolean): boolean {
  const call = as(tree, 'FuncCall');
  if (call !== undefined && is(strings(call, 'funcname').at(-1) ?? '')) return true;
  return Object.values(tree).some((value) =>
    Array.isArray(value) ? value.some((item) => isTree(item) && calls(item, is)) : isTree(value) && calls(value, is),
  );
}
