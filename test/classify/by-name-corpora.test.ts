import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COLUMN_CLASSES } from '../../src/classify/classes.ts';
import { apps, judge, ROUNDS, report, score } from './measure-corpus.ts';

const DOCS = join(import.meta.dirname, '../../docs/classification.md');

describe('labelled columns of well-known applications', () => {
  const all = apps().flatMap(judge);

  it('are well formed, and many', () => {
    const classes = new Set<string | undefined>([...COLUMN_CLASSES, undefined]);
    expect(all.filter(({ label }) => !classes.has(label))).toEqual([]);
    expect(apps()).toEqual(ROUNDS.flatMap((round) => round.apps).sort());
    expect(apps().length).toBeGreaterThanOrEqual(8);
    expect(all.length).toBeGreaterThan(9000);
  });

  it('are told by name and type with 0.97 precision and recall', () => {
    const { precision, recall, exact } = score(all);
    expect(precision).toBeGreaterThanOrEqual(0.97);
    expect(recall).toBeGreaterThanOrEqual(0.97);
    expect(exact).toBeGreaterThanOrEqual(0.97);
  });

  it('are reported in the documentation (print it anew with node test/classify/print-report.ts)', () => {
    expect(readFileSync(DOCS, 'utf8')).toContain(report());
  });
});
