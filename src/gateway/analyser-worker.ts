/**
 * The thread that parses: one grammar, one statement at a time. In: batches of query strings; out: their analyses.
 * Before each statement it says which one it is at, so that a thread that hangs or dies names its culprit.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type AnalysisResult, analyseWithLiterals } from '../sql/analyse.ts';
import { loadGrammar } from '../sql/grammar.ts';
import type { ParserMessage, ParserReport, ParserWorkerData } from './parser-lane.ts';
import { signsOf } from './text-signs.ts';

export interface AnalyserRequest {
  readonly sql: string;
}

const port = parentPort;
if (port === null) throw new Error('analyser-worker runs as a worker thread only');
const { major, current } = workerData as ParserWorkerData;
const progress = new Int32Array(current);
const grammar = await loadGrammar(major);
// The first parse compiles; do it before a session waits for it.
analyseWithLiterals('SELECT a FROM t WHERE b = 1', grammar);

function analysed(sql: string): AnalysisResult {
  const { analysis, freeLiterals } = analyseWithLiterals(sql, grammar, Date.now());
  const signs = analysis.error === undefined ? signsOf(analysis.recordedSql) : undefined;
  return { analysis: signs === undefined ? analysis : { ...analysis, signs }, freeLiterals };
}

/** Results are handed over this often, so that a long batch does not hold back its first statements. */
const REPORT_EVERY = 16;

const post = (report: ParserReport<AnalysisResult>): void => port.postMessage(report);

port.on('message', (message: ParserMessage<AnalyserRequest, never>) => {
  if (message.kind !== 'requests') return;
  let results: (AnalysisResult & { id: number })[] = [];
  for (const { id, sql } of message.requests) {
    Atomics.store(progress, 0, id);
    try {
      results.push({ id, ...analysed(sql) });
    } catch (error) {
      if (results.length > 0) post({ kind: 'done', results });
      const tooDeep = error instanceof RangeError;
      post({ kind: 'broken', id, tooDeep, message: error instanceof Error ? error.name : 'unknown error' });
      port.close();
      return;
    }
    if (results.length >= REPORT_EVERY) {
      post({ kind: 'done', results });
      results = [];
    }
  }
  Atomics.store(progress, 0, 0);
  if (results.length > 0) post({ kind: 'done', results });
});
post({ kind: 'ready' });
