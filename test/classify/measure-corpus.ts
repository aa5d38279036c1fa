/**
 * Labelled columns of well-known applications: `table, column, type, class` or `-` where clear. Facts of their public
 * schemas; the classes were written by hand before the classifier saw them. Measures names and types alone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';

/** Labelled, but never looked at while words and rules were written. */
export const HELD_OUT: readonly string[] = ['casa', 'docuseal', 'human-essentials', 'maybe'];

export interface Judged {
  readonly app: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly label: ColumnClass | undefined;
  readonly found: ColumnClass | undefined;
}

const FOLDER = join(import.meta.dirname, 'corpora');

export function apps(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.tsv'))
    .map((file) => file.replace(/\.tsv$/u, ''))
    .sort();
}

export function judge(app: string): Judged[] {
  const rows = readFileSync(join(FOLDER, `${app}.tsv`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t') as [string, string, string, string]);
  const tables = Map.groupBy(rows, ([table]) => table);
  return [...tables.values()].flatMap((columns) => {
    const subjects = columns.map(
      ([table, column, type]): ColumnSubject => ({
        schema: 'public',
        table,
        column,
        type,
        siblings: columns.map(([, name]) => name).filter((name) => name !== column),
        ...(type === 'enum' ? { labels: [] } : {}),
      }),
    );
    return classifyTable(subjects).map((found, at) => {
      const [table, column, type, label] = columns[at]!;
      return {
        app,
        table,
        column,
        type,
        label: label === '-' ? undefined : (label as ColumnClass),
        found: found.class,
      };
    });
  });
}

export interface Score {
  /** Sensitive columns by label. */
  readonly labelled: number;
  readonly columns: number;
  readonly precision: number;
  readonly recall: number;
  /** Of those found sensitive that are: with the very class of the label. */
  readonly exact: number;
}

export function score(judged: readonly Judged[]): Score {
  const labelled = judged.filter((one) => one.label !== undefined);
  const found = judged.filter((one) => one.found !== undefined);
  const both = labelled.filter((one) => one.found !== undefined);
  return {
    labelled: labelled.length,
    columns: judged.length,
    precision: both.length / found.length,
    recall: both.length / labelled.length,
    exact: both.filter((one) => one.found === one.label).length / both.length,
  };
}
