/**
 * What expressions, conditions and queries gave where they stand, while one list of findings is made: a condition that
 * looks at an operand and a value that is made of it find it once. What was found along with it is in that list.
 */
import type { Tree } from '../tree.ts';
import type { Scope } from './scopes.ts';

export class KnownValues<T> {
  readonly #found = new Map<Tree, { readonly scope: Scope; readonly value: T }>();

  /** Undefined: it was not asked for, or elsewhere since. */
  get(node: Tree, scope: Scope): T | undefined {
    const found = this.#found.get(node);
    return found?.scope === scope ? found.value : undefined;
  }

  set(node: Tree, scope: Scope, value: T): void {
    this.#found.set(node, { scope, value });
  }
}
