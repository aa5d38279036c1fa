/** The thread that parses: one grammar. In: batches of query strings; out: their analyses. */
import { type AnalysisResult, analyseWithLiterals } from '../sql/analyse.ts';
import { loadGrammar } from '../sql/grammar.ts';
import { laneMajor, serveLane } from './lane-thread.ts';

export interface AnalyserRequest {
  readonly sql: string;
}

const grammar = await loadGrammar(laneMajor());
// The first parse compiles; do it before a session waits for it.
analyseWithLiterals('SELECT a FROM t WHERE b = 1', grammar);

serveLane<AnalyserRequest, AnalysisResult>({
  answer: ({ sql }) => analyseWithLiterals(sql, grammar, Date.now()),
  reportEvery: 16,
});
