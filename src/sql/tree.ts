/**
 * Reading Postgres' parse tree as libpg-query prints it: a node is `{"SelectStmt": {…}}` in a slot of any type and the
 * bare `{…}` in a slot of one type; zero, false, empty and null fields are left out.
 */
export interface Tree {
  readonly [key: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node in a slot of one type, or the wrapped node in a slot of any type. */
export function child(tree: Tree, key: string): Tree | undefined {
  const value = tree[key];
  return isTree(value) ? value : undefined;
}

export function list(tree: Tree, key: string): readonly Tree[] {
  const value = tree[key];
  return Array.isArray(value) ? value.filter(isTree) : [];
}

export function text(tree: Tree, key: string): string | undefined {
  const value = tree[key];
  return typeof value === 'string' ? value : undefined;
}

export function flag(tree: Tree, key: string): boolean {
  return tree[key] === true;
}

export function number(tree: Tree, key: string): number | undefined {
  const value = tree[key];
  return typeof value === 'number' ? value : undefined;
}

/** The byte offset of a node in the text, where the parser kept one. */
export function location(tree: Tree | undefined): number | undefined {
  if (tree === undefined) return undefined;
  const at = number(tree, 'location');
  return at !== undefined && at >= 0 ? at : undefined;
}

/** `['SelectStmt', {…}]` of a wrapped node. */
export function unwrap(wrapped: Tree | undefined): readonly [string, Tree] | undefined {
  if (wrapped === undefined) return undefined;
  for (const key in wrapped) {
    const first = key.charCodeAt(0);
    const node = wrapped[key];
    return first >= 65 && first <= 90 && isTree(node) ? [key, node] : undefined;
  }
  return undefined;
}

/** The node of a wrapped slot if it is of this type. */
export function as(wrapped: Tree | undefined, type: string): Tree | undefined {
  const node = wrapped?.[type];
  return isTree(node) ? node : undefined;
}

/** The strings of a list of String nodes. */
export function strings(tree: Tree, key: string): string[] {
  return stringsOf(list(tree, key));
}

export function stringsOf(nodes: readonly Tree[]): string[] {
  const out: string[] = [];
  for (const node of nodes) {
    const value = as(node, 'String');
    if (value !== undefined) out.push(text(value, 'sval') ?? '');
  }
  return out;
}

/** The items of a List node. */
export function items(wrapped: Tree | undefined): readonly Tree[] {
  const node = as(wrapped, 'List');
  return node === undefined ? [] : list(node, 'items');
}

export type Constant =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'float'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bit'; readonly value: string }
  | { readonly kind: 'null' };

/** What an A_Const node holds. */
export function constantOf(wrapped: Tree | undefined): Constant | undefined {
  const node = as(wrapped, 'A_Const');
  if (node === undefined) return undefined;
  if (node.isnull === true) return { kind: 'null' };
  const sval = child(node, 'sval');
  if (sval !== undefined) return { kind: 'string', value: text(sval, 'sval') ?? '' };
  const ival = child(node, 'ival');
  if (ival !== undefined) return { kind: 'integer', value: number(ival, 'ival') ?? 0 };
  const fval = child(node, 'fval');
  if (fval !== undefined) return { kind: 'float', value: text(fval, 'fval') ?? '' };
  const boolval = child(node, 'boolval');
  if (boolval !== undefined) return { kind: 'boolean', value: flag(boolval, 'boolval') };
  const bsval = child(node, 'bsval');
  if (bsval !== undefined) return { kind: 'bit', value: text(bsval, 'bsval') ?? '' };
  return undefined;
}

/** `A_Const`, through casts: `'x'::text` is the constant `'x'`. */
export function castConstantOf(wrapped: Tree | undefined): Constant | undefined {
  const cast = as(wrapped, 'TypeCast');
  return cast === undefined ? constantOf(wrapped) : castConstantOf(child(cast, 'arg'));
}

/** The text of a constant string expression: `'a'`, `'a'::text`, `'a' || 'b'`; undefined if it is not constant. */
export function constantText(wrapped: Tree | undefined): string | undefined {
  const constant = castConstantOf(wrapped);
  if (constant?.kind === 'string') return constant.value;
  const operation = as(wrapped, 'A_Expr');
  if (operation === undefined || strings(operation, 'name').join('.') !== '||') return undefined;
  const left = constantText(child(operation, 'lexpr'));
  const right = constantText(child(operation, 'rexpr'));
  return left === undefined || right === undefined ? undefined : left + right;
}

/** `a + b + c` from `… + c` to `a + b`: a text may have more operators in a row than a stack should hold. */
export function leftChain(operation: Tree): Tree[] {
  const chain: Tree[] = [];
  for (let node: Tree | undefined = operation; node !== undefined; node = as(child(node, 'lexpr'), 'A_Expr')) {
    chain.push(node);
  }
  return chain;
}
