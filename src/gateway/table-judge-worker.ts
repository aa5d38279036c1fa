/**
 * The thread that judges tables: one after another, each by its description and the rows of its sample. In: a table with
 * its DataRows; out: a class for each column, in words and shares. Values are read here and nowhere else; none is kept,
 * logged or sent back, nor is the text of an error, which may quote one.
 */
import os from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type DescribedTable, subjectsOf } from '../classify/catalog-subjects.ts';
import type { Classification, ColumnSample } from '../classify/classes.ts';
import { classifyTable } from '../classify/classify-column.ts';
import { splitter } from '../classify/words/vocabulary.ts';
import { sampledValues } from './sampled-values.ts';

export interface JudgedTable {
  readonly table: DescribedTable;
  /** Fields of a row: which of the table's columns they are, by place. */
  readonly sampled: readonly number[];
  /** DataRows, each chunk in memory of its own. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

export interface Judgement {
  /** In the order of the table's columns. */
  readonly found: readonly Classification[];
  /** How many of the fields had a value in some row. */
  readonly told: number;
}

/** Undefined: it could not be judged. */
export type JudgeReport = Judgement | undefined;

/** Who answers sessions goes first where processors are scarce. */
const NICE = 5;

const port = parentPort;
if (port === null) throw new Error('table-judge-worker runs as a worker thread only');
// Elsewhere a priority is that of the whole process.
if (process.platform === 'linux') lowerPriority();

port.on('message', (message: JudgedTable) => {
  let report: JudgeReport;
  try {
    report = judge(message);
  } catch {
    report = undefined;
  }
  port.postMessage(report);
});

const split = splitter();

function judge({ table, sampled, chunks }: JudgedTable): Judgement {
  const samples = new Map<number, ColumnSample>();
  const columns = sampledValues(chunks, sampled.length);
  // At once: V8 looks for such memory when there are 64 MB of it.
  for (const { buffer } of chunks) buffer.transfer(0);
  for (const [i, sample] of columns.entries()) {
    // No values are no evidence.
    if (sample.values.length > 0) samples.set(sampled[i]!, sample);
  }
  return { found: classifyTable(subjectsOf(table, samples), split), told: samples.size };
}

function lowerPriority(): void {
  try {
    os.setPriority(0, NICE);
  } catch {
    // It runs as all others do.
  }
}
