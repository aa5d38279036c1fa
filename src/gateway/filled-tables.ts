/**
 * Tables that told too little when they were looked at: they had few rows, or columns without a value. In: what was written
 * to them, about once a second. Out: those that somebody has written to since, each at growing intervals.
 */
import type { WrittenTable } from './written-tables.ts';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;

interface Watched {
  mark: string;
  waitMs: number;
  /** Not looked at again before. */
  atMs: number;
}

export class FilledTables {
  #watched = new Map<number, Watched>();

  /** Of these, the tables to look at now. */
  among(oids: readonly number[], written: ReadonlyMap<number, WrittenTable>): number[] {
    const before = this.#watched;
    this.#watched = new Map();
    const nowMs = performance.now();
    return oids.filter((oid) => {
      const known = before.get(oid);
      const mark = written.get(oid)?.mark;
      if (mark === undefined || (known !== undefined && (known.mark === mark || nowMs < known.atMs))) {
        if (known !== undefined) this.#watched.set(oid, known);
        return false;
      }
      const waitMs = known === undefined ? FIRST_WAIT_MS : Math.min(known.waitMs * 2, MAX_WAIT_MS);
      this.#watched.set(oid, { mark, waitMs, atMs: nowMs + waitMs });
      return true;
    });
  }
}
