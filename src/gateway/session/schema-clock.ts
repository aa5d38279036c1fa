/**
 * When the schema of a database may have changed, as far as it is changed through dbgate: a statement is planned with
 * what names and bodies mean now, and the server looks them up a moment later, maybe behind a lock that somebody holds.
 * A change concerns a statement only where they have a name in common.
 */
import { haveInCommon, type SchemaNames } from './schema-names.ts';

/** The clock as a statement left. */
export interface SchemaMoment {
  readonly ticks: number;
  /** Names that the statement depends on. */
  readonly names: SchemaNames;
  /** Another session had changed one of them, and was not through with it. */
  readonly isOpen: boolean;
}

interface Tick {
  readonly at: number;
  readonly names: SchemaNames;
}

/** A change by itself: it begins and takes effect. */
const ALONE_TICKS = 2;
/** Older ticks count as any. */
const KEPT_TICKS = 4_096;

export class SchemaClock {
  #ticks = 0;
  #log: Tick[] = [];
  readonly #changing = new Map<object, SchemaNames[]>();
  /** The last moment at which nobody was changing anything. */
  #quiet: SchemaMoment | undefined;
  /** Statements under way that copy values, by the names on which it depends whose values these are. */
  readonly #copying = new Map<object, SchemaNames[]>();

  moment(session: object, names: SchemaNames = 'all'): SchemaMoment {
    // Most often the very same as of the statement before.
    if (this.#changing.size === 0) {
      const last = this.#quiet;
      if (last !== undefined && last.names === names && last.ticks === this.#ticks) return last;
      this.#quiet = { ticks: this.#ticks, names, isOpen: false };
      return this.#quiet;
    }
    let isOpen = false;
    for (const [other, changed] of this.#changing) {
      if (other !== session && changed.some((one) => haveInCommon(one, names))) isOpen = true;
    }
    return { ticks: this.#ticks, names, isOpen };
  }

  hasMoved(moment: SchemaMoment): boolean {
    return moment.isOpen || this.#since(moment) > 0;
  }

  /** Can one look at the schema still tell what it was since then? With two changes the second may hide the first. */
  isTellable(moment: SchemaMoment): boolean {
    return this.#since(moment) + (moment.isOpen ? 1 : 0) <= ALONE_TICKS;
  }

  /** A statement that copies values is sent, with these names; `copied` takes the very same. */
  copies(session: object, names: SchemaNames): void {
    const open = this.#copying.get(session);
    if (open === undefined) this.#copying.set(session, [names]);
    else open.push(names);
  }

  /** It is through. */
  copied(session: object, names: SchemaNames): void {
    const open = this.#copying.get(session);
    const at = open?.indexOf(names) ?? -1;
    if (at >= 0) open!.splice(at, 1);
    if (open?.length === 0) this.#copying.delete(session);
  }

  /** Is another session copying by one of these names? */
  isCopied(session: object, names: SchemaNames): boolean {
    for (const [other, copied] of this.#copying) {
      if (other !== session && copied.some((one) => haveInCommon(one, names))) return true;
    }
    return false;
  }

  /** A statement that changes it is sent; `alone`: it takes effect without a COMMIT. */
  change(session: object, alone: boolean, names: SchemaNames = 'all'): void {
    const open = this.#changing.get(session);
    if (open === undefined) this.#changing.set(session, [names]);
    else open.push(names);
    for (let i = 0; i < (alone ? ALONE_TICKS : 1); i++) this.#tick(names);
  }

  /** Anything is sent behind a change: it may be what makes it take effect. */
  goOn(session: object): void {
    const open = this.#changing.get(session);
    if (open !== undefined) for (const names of open) this.#tick(names);
  }

  /** The transaction is over. */
  end(session: object): void {
    this.#changing.delete(session);
  }

  /** The session is over. */
  close(session: object): void {
    this.end(session);
    this.#copying.delete(session);
  }

  #tick(names: SchemaNames): void {
    this.#ticks++;
    this.#log.push({ at: this.#ticks, names });
    if (this.#log.length > 2 * KEPT_TICKS) this.#log = this.#log.slice(-KEPT_TICKS);
  }

  #since({ ticks, names }: SchemaMoment): number {
    if (ticks === this.#ticks) return 0;
    const oldest = this.#log[0]?.at ?? this.#ticks + 1;
    if (ticks + 1 < oldest) return Number.POSITIVE_INFINITY;
    let count = 0;
    for (let i = this.#log.length - 1; i >= 0 && this.#log[i]!.at > ticks; i--) {
      if (haveInCommon(this.#log[i]!.names, names)) count++;
    }
    return count;
  }
}
