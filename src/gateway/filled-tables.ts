/**
 * Tables that told too little when they were looked at: they had few rows, or columns without a value. In: their OIDs, asked
 * about together, about once a second. Out: those that somebody has written to since, each at growing intervals.
 */

/**
 * What writing changes: counters, of which a session tells up to ten seconds late, and the size, which is there at once but
 * stands still while pages fill, and waits behind a lock.
 */
function writtenSql(oids: readonly number[], withSize: boolean): string {
  const counters = `pg_catalog.pg_stat_get_tuples_inserted(c.oid) || ' ' || pg_catalog.pg_stat_get_tuples_updated(c.oid)`;
  const size = withSize ? ` || ' ' || coalesce(pg_catalog.pg_relation_size(c.oid), 0)` : '';
  return `SELECT c.oid::pg_catalog.text, ${counters}${size} FROM pg_catalog.pg_class c WHERE c.oid IN (${oids.join(', ')})`;
}

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;

interface Watched {
  written: string | null;
  waitMs: number;
  /** Not looked at again before. */
  atMs: number;
}

export class FilledTables {
  #watched = new Map<number, Watched>();

  /** Of these, the tables to look at now. Rejects when the database does not answer. */
  async among(
    oids: readonly number[],
    query: (sql: string) => Promise<readonly (readonly (string | null)[])[]>,
  ): Promise<number[]> {
    const before = this.#watched;
    this.#watched = new Map();
    for (const oid of oids) {
      const known = before.get(oid);
      if (known !== undefined) this.#watched.set(oid, known);
    }
    if (oids.length === 0) return [];
    const rows = await query(writtenSql(oids, true)).catch(() => query(writtenSql(oids, false)));
    const nowMs = performance.now();
    return rows.flatMap(([text, written = null]) => {
      const oid = Number(text);
      const known = this.#watched.get(oid);
      if (known !== undefined && (known.written === written || nowMs < known.atMs)) return [];
      const waitMs = known === undefined ? FIRST_WAIT_MS : Math.min(known.waitMs * 2, MAX_WAIT_MS);
      this.#watched.set(oid, { written, waitMs, atMs: nowMs + waitMs });
      return [oid];
    });
  }
}
