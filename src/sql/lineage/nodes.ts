/** Lists of nodes of one type. */
import { as, list, type Tree } from '../tree.ts';

export function nodesOf(tree: Tree, key: string, type: string): readonly Tree[] {
  const found: Tree[] = [];
  for (const wrapped of list(tree, key)) {
    const node = as(wrapped, type);
    if (node !== undefined) found.push(node);
  }
  return found;
}
