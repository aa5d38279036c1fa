/** Findings and figures as text. */
import type { OracleFigures, OracleFinding } from './oracle.ts';

export function printFindings(findings: readonly OracleFinding[]): string {
  return findings
    .map(
      ({ rule, says, seed, number, sql }) =>
        `${rule}: ${says}\n  seed ${seed}, statement ${number} (--seeds ${seed} --only ${number})\n  ${sql}\n`,
    )
    .join('\n');
}

const share = (part: number, whole: number) =>
  `${part} of ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(1)}%)`;

export function printFigures(figures: OracleFigures): string {
  const { overTaint } = figures;
  const reasons = [...figures.reasons].sort((a, b) => b[1] - a[1]).slice(0, 12);
  return [
    `${figures.statements} statements, ${figures.invalid} refused by the server, ${figures.runs} executions in ${(figures.ms / 1000).toFixed(1)} s`,
    `lineage: ${(figures.traceMs / Math.max(1, figures.statements)).toFixed(2)} ms a statement`,
    `unknown: ${share(figures.unknownColumns, figures.outputColumns)} output columns, ${share(figures.unknownStatements, figures.statements)} statements`,
    `clear columns: ${share(overTaint.tainted, overTaint.clear)} tainted, ${share(overTaint.unknown, overTaint.clear)} unknown`,
    ...reasons.map(([reason, count]) => `  ${count} × ${reason}`),
  ].join('\n');
}
