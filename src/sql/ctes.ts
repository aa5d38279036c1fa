/**
 * CTEs in sight, by name. A CTE sees those before it in its WITH clause and those around it; one behind it that has the
 * name of a table leaves the table in sight. In: WITH clauses as they are met. Out: what a name means at a place.
 */
import { as, child, flag, list, strings, type Tree, text } from './tree.ts';

export interface Cte {
  /** Undefined: in WITH RECURSIVE the CTE itself, or one behind it. */
  readonly query: Tree | undefined;
  /** Names given to its first columns. */
  readonly columns: readonly string[];
  /** What its query sees. */
  readonly scope: Scope;
}

const OPAQUE: Cte = {
  query: undefined,
  columns: [],
  get scope() {
    return NO_CTES;
  },
};

type Placed = Map<string, { readonly cte: Cte; readonly position: number }>;

export class Scope {
  readonly #outer: Scope | undefined;
  readonly #ctes: Placed;
  /** Of this WITH clause, only CTEs before this one are in sight. */
  readonly #end: number;
  readonly #recursive: boolean;

  private constructor(outer: Scope | undefined, ctes: Placed, end: number, recursive: boolean) {
    this.#outer = outer;
    this.#ctes = ctes;
    this.#end = end;
    this.#recursive = recursive;
  }

  static none(): Scope {
    return new Scope(undefined, new Map(), 0, false);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get(name: string): Cte | undefined {
    const found = this.#ctes.get(name);
    if (found !== undefined && found.position < this.#end) return found.cte;
    if (found !== undefined && this.#recursive) return OPAQUE;
    return this.#outer?.get(name);
  }

  /** Within a WITH clause, before its first CTE. */
  opened(clause: Tree): Scope {
    return new Scope(this, new Map(), Number.POSITIVE_INFINITY, flag(clause, 'recursive'));
  }

  /** From here on this CTE is in sight. */
  declare(cte: Tree): void {
    const name = text(cte, 'ctename');
    const query = child(cte, 'ctequery');
    if (name === undefined || query === undefined) return;
    const position = this.#ctes.size;
    const scope = new Scope(this.#outer, this.#ctes, position, this.#recursive);
    this.#ctes.set(name, { cte: { query, columns: strings(cte, 'aliascolnames'), scope }, position });
  }
}

export const NO_CTES: Scope = Scope.none();

export function ctesOf(clause: Tree): Tree[] {
  return list(clause, 'ctes').map((wrapped) => as(wrapped, 'CommonTableExpr') ?? wrapped);
}

/** The scope inside a statement with all CTEs of its WITH clause. */
export function scopeWithin(node: Tree, scope: Scope): Scope {
  const clause = child(node, 'withClause');
  if (clause === undefined) return scope;
  const inner = scope.opened(clause);
  for (const cte of ctesOf(clause)) inner.declare(cte);
  return inner;
}
