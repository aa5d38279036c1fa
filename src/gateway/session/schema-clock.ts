/**
 * When the schema of a database may have changed, as far as it is changed through dbgate: a statement is planned with
 * what names and bodies mean now, and the server looks them up a moment later, maybe behind a lock that somebody holds.
 */

/** The clock as a statement left. */
export interface SchemaMoment {
  readonly ticks: number;
  /** Another session had changed the schema, and was not through with it. */
  readonly isOpen: boolean;
}

/** A change by itself: it begins and takes effect. */
const ALONE_TICKS = 2;

export class SchemaClock {
  #ticks = 0;
  readonly #changing = new Set<object>();

  moment(session: object): SchemaMoment {
    const { size } = this.#changing;
    return { ticks: this.#ticks, isOpen: size > (this.#changing.has(session) ? 1 : 0) };
  }

  hasMoved({ ticks, isOpen }: SchemaMoment): boolean {
    return isOpen || this.#ticks !== ticks;
  }

  /** Can one look at the schema still tell what it was since then? With two changes the second may hide the first. */
  isTellable({ ticks, isOpen }: SchemaMoment): boolean {
    return this.#ticks - ticks + (isOpen ? 1 : 0) <= ALONE_TICKS;
  }

  /** A statement that changes it is sent; `alone`: it takes effect without a COMMIT. */
  change(session: object, alone: boolean): void {
    this.#changing.add(session);
    this.#ticks += alone ? ALONE_TICKS : 1;
  }

  /** Anything is sent behind a change: it may be what makes it take effect. */
  goOn(session: object): void {
    if (this.#changing.has(session)) this.#ticks++;
  }

  /** The transaction is over, or the session. */
  end(session: object): void {
    this.#changing.delete(session);
  }
}
