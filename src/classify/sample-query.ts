/** The one query that samples a table. Pure: the catalog's names in, SQL out. */
import type { CatalogColumn } from '../catalog/catalog.ts';

export interface SampledRelation {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** pg_class.reltuples; below 0: unknown. */
  readonly estimatedRows: number;
}

/** What a column's text is made of; `short`: a number that is sent as its text is. */
export type SampledType = 'text' | 'bytea' | 'short';

export interface SampledColumn {
  readonly column: CatalogColumn;
  readonly as: SampledType;
}

export const SAMPLE_ROWS = 1_000;
/** Of one value, in characters: of a wide table's less, so that a sample stays below 64 MB. */
const MAX_CHARACTERS = 2_048;
const MAX_CHARACTERS_WIDE = 512;
const WIDE = 16;

/**
 * Rows of single values as text. Blocks at random where the table has more rows than are wanted; `first` takes its first
 * rows instead, for tables in which a sample found none.
 */
export function sampleQuery(
  relation: SampledRelation,
  columns: readonly SampledColumn[],
  options: { readonly first: boolean },
): string {
  const cut = columns.length > WIDE ? MAX_CHARACTERS_WIDE : MAX_CHARACTERS;
  const texts = columns.map(({ column, as }, i) => {
    const name = identifier(column.name);
    switch (as) {
      case 'bytea':
        return `'\\x' || encode(substr(t.${name}, 1, ${cut / 2}), 'hex') AS c${i}`;
      case 'short':
        return `t.${name} AS c${i}`;
      case 'text':
        return `t.${name}::text AS c${i}`;
      default: {
        const never: never = as;
        return never;
      }
    }
  });
  // `left` goes through a text several times, however short: more than half of what the query would cost. The texts are
  // made once: for its LIMIT the inner query is not flattened.
  const values = columns.map(({ as }, i) =>
    as !== 'text' ? `c${i}` : `CASE WHEN octet_length(c${i}) > ${cut} THEN left(c${i}, ${cut}) ELSE c${i} END`,
  );
  const table = `${identifier(relation.schema)}.${identifier(relation.name)}`;
  const alone = relation.kind === 'r' ? 'ONLY ' : '';
  const random = !options.first && relation.kind !== 'f' && relation.estimatedRows > SAMPLE_ROWS * 1.5;
  // One row in ten of ten times the blocks: rows of a block are alike.
  const percent = Math.min(100, (SAMPLE_ROWS * 10 * 100) / relation.estimatedRows);
  const share = (SAMPLE_ROWS * 100) / (percent * relation.estimatedRows);
  const sample = random ? ` TABLESAMPLE SYSTEM (${percent.toFixed(6)}) WHERE random() < ${share.toFixed(6)}` : '';
  // Blocks come in their order: a limit that cuts a sample short would leave out the end of the table.
  const limit = random ? SAMPLE_ROWS * 3 : SAMPLE_ROWS;
  const rows = `SELECT ${texts.join(', ')} FROM ${alone}${table} AS t${sample} LIMIT ${limit}`;
  return `SELECT ${values.join(', ')} FROM (${rows}) AS s`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** At most as many rows as are wanted, from all of a sample. */
export function thinned<T>(rows: readonly T[]): readonly T[] {
  if (rows.length <= SAMPLE_ROWS) return rows;
  return Array.from({ length: SAMPLE_ROWS }, (_, i) => rows[Math.floor((i * rows.length) / SAMPLE_ROWS)]!);
}
