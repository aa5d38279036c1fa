/**
 * One table's sample, as it came from the server: rows that are handed on without being read here. In: the table and a
 * connection for it. Out: its DataRows and which columns their fields are.
 */
import type { Catalog, CatalogRelation } from '../catalog/catalog.ts';
import { sampledColumn } from '../classify/catalog-subjects.ts';
import { sampleQuery } from '../classify/sample-query.ts';
import { MAX_PARTITIONS } from './class-map.ts';
import type { SideConnection } from './side-connection.ts';

export interface TableSample {
  /** How many it has, of at most so many as are asked for. */
  readonly rows: number;
  /** The fields of a row: places among the table's columns. */
  readonly sampled: readonly number[];
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

/** A table with so few rows in its sample may be another one soon. */
export const FEW_ROWS = 100;

/** Of what nothing is asked. */
const NOTHING_ASKED: TableSample = { rows: FEW_ROWS, sampled: [], chunks: [] };

/** Gives a connection for as long as it takes. */
export type RunOnConnection = <T>(work: (connection: SideConnection) => Promise<T>) => Promise<T>;

/** Throws DbgateError with the server's SQLSTATE. */
export async function sampleTable(
  catalog: Catalog,
  relation: CatalogRelation,
  run: RunOnConnection,
): Promise<TableSample> {
  const columns = relation.columns.flatMap((column, at) => {
    const one = sampledColumn(catalog, column);
    return one === undefined ? [] : [{ ...one, at }];
  });
  // A partitioned table has no rows of its own.
  if (columns.length === 0 || relation.kind === 'p' || isLatePartition(catalog, relation)) return NOTHING_ASKED;
  const rows = await run(async (connection) => {
    const random = sampleQuery(relation, columns, { first: false });
    const found = await connection.wireRows(random);
    const first = sampleQuery(relation, columns, { first: true });
    return found.count < FEW_ROWS && first !== random ? await connection.wireRows(first) : found;
  });
  return { rows: rows.count, sampled: columns.map(({ at }) => at), chunks: rows.chunks() };
}

/** One of very many partitions, whose classes are those of the first ones. */
function isLatePartition(catalog: Catalog, relation: CatalogRelation): boolean {
  return relation.parents.some((parent) => {
    if (catalog.relationByOid(parent)?.kind !== 'p') return false;
    return catalog.descendants(parent).indexOf(relation.oid) >= MAX_PARTITIONS;
  });
}
