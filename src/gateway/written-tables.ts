/**
 * What the server's own counters say was written: to its catalogs in all, and to tables. They are of whole transactions, and
 * lag: a session tells of its own at most once a second, and up to ten later.
 */
import type { Rows } from './side-connection.ts';

/** pg_class, pg_attribute, pg_type, pg_proc, pg_rewrite, pg_constraint, pg_trigger, pg_inherits, pg_namespace, pg_attrdef. */
export const CATALOGS_WRITTEN_SQL = `SELECT pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(c.oid)
  + pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid))::pg_catalog.text
  FROM pg_catalog.pg_class c
  WHERE c.oid IN (1259, 1249, 1247, 1255, 2618, 2606, 2620, 2611, 2615, 2604)`;

export interface WrittenTable {
  /** Inserted and updated since it was made. */
  readonly rows: number;
  /** Another whenever something was written: with its size, which is there at once but stands still while pages fill. */
  readonly mark: string;
}

/** By OID; those that are gone are missing. Rejects when the database does not answer. */
export async function writtenTables(
  oids: readonly number[],
  query: (sql: string) => Promise<Rows>,
): Promise<ReadonlyMap<number, WrittenTable>> {
  if (oids.length === 0) return new Map();
  // The size would wait behind a lock on any of them: of those it is not asked, but one may come between.
  const rows = await query(writtenSql(oids, true)).catch(() => query(writtenSql(oids, false)));
  return new Map(
    rows.map(([oid, inserted, updated, size]) => [
      Number(oid),
      { rows: Number(inserted) + Number(updated), mark: `${inserted} ${updated} ${size}` },
    ]),
  );
}

function writtenSql(oids: readonly number[], withSize: boolean): string {
  const size = withSize
    ? `CASE WHEN NOT EXISTS (SELECT FROM locked l WHERE l.relation = c.oid)
        THEN pg_catalog.pg_relation_size(c.oid)::pg_catalog.text END`
    : 'NULL';
  return `WITH locked AS MATERIALIZED (SELECT l.relation FROM pg_catalog.pg_locks l
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock')
    SELECT c.oid::pg_catalog.text, pg_catalog.pg_stat_get_tuples_inserted(c.oid)::pg_catalog.text,
      pg_catalog.pg_stat_get_tuples_updated(c.oid)::pg_catalog.text, ${size}
    FROM pg_catalog.pg_class c WHERE c.oid IN (${oids.join(', ')})`;
}
