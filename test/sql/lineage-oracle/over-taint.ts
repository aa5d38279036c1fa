/**
 * How much more lineage says than is so. Every fourth base column is taken as sensitive and all of them are changed at
 * once: an output column that stays as it was, and is tainted all the same, is masked for nothing (or was not shown to
 * depend on them by this change).
 */
import type { StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import type { Answer, Base, Differential } from './differential.ts';

export class OverTaint {
  clear = 0;
  tainted = 0;
  unknown = 0;

  async measure(
    differential: Differential,
    sensitive: readonly Base[],
    sql: string,
    first: Answer,
    lineage: StatementLineage,
  ): Promise<void> {
    const other = await differential.changedAnswer(sql, sensitive, first, lineage);
    if (other.error !== undefined) return;
    for (const [i, column] of (lineage.columns ?? []).entries()) {
      const cells = (answer: Answer) => JSON.stringify(answer.rows.map((row) => row[i] ?? null).sort());
      if (cells(first) !== cells(other)) continue;
      this.clear++;
      const sources = new Set(column.sources.map(({ relation, attnum }) => `${relation}.${attnum}`));
      if (column.unknown.length > 0 || lineage.unknown.length > 0) this.unknown++;
      else if (sensitive.some((base) => [...base.coveredBy].some((ref) => sources.has(ref)))) this.tainted++;
    }
  }
}
