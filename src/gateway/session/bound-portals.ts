/** Portals whose intent was taken at Bind and that have not been executed, in the order in which they were bound. */
import type { Portal } from './prepared.ts';

const NONE: readonly Portal[] = [];

export class BoundPortals {
  /** Most often there is one. */
  #last: Portal | undefined;
  readonly #before = new Set<Portal>();

  add(portal: Portal): void {
    if (this.#last !== undefined) this.#before.add(this.#last);
    this.#last = portal;
  }

  /** False: it was executed, or is known never to be. */
  remove(portal: Portal): boolean {
    if (this.#last !== portal) return this.#before.delete(portal);
    this.#last = undefined;
    return true;
  }

  get all(): readonly Portal[] {
    if (this.#last === undefined && this.#before.size === 0) return NONE;
    return this.#last === undefined ? [...this.#before] : [...this.#before, this.#last];
  }
}
