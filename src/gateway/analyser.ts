/**
 * Query strings → analyses, off the main thread: two worker threads of one grammar (short texts never wait behind long
 * ones), one that looks long texts through meanwhile, and the cache in front. A statement that breaks its worker (stack, trap, deadline, memory) is answered with
 * that error and the worker replaced; the others that waited are sent to the new one. Never rejects.
 */
import { randomInt } from 'node:crypto';
import { type AnalysisResult, failedAnalysis } from '../sql/analyse.ts';
import type { Analysis, AnalysisError } from '../sql/facts.ts';
import type { AnalyserRequest } from './analyser-worker.ts';
import { type LaneOutcome, ParserLane } from './parser-lane.ts';
import { LONG_TEXT } from './scanned-text.ts';
import { StatementCache, type StatementCacheOptions } from './statement-cache.ts';
import type { TextRequest, TextResult } from './text-worker.ts';

export interface AnalyserOptions {
  /** Server major of the upstream. */
  readonly major: number;
  /** Longer texts are refused, UTF-8 bytes; default 16 MiB. */
  readonly maxStatementBytes?: number;
  /** A statement that takes longer is refused; default 5 s. */
  readonly deadlineMs?: number;
  /** Statements waiting at once; more are refused. */
  readonly maxQueued?: number;
  readonly cache?: StatementCacheOptions;
}

const MIB = 1 << 20;
const LONG_IDLE_MS = 15_000;

export class Analyser {
  readonly cache: StatementCache;
  readonly #lanes: readonly [ParserLane<AnalyserRequest, AnalysisResult>, ParserLane<AnalyserRequest, AnalysisResult>];
  readonly #texts: ParserLane<TextRequest, TextResult>;
  readonly #maxBytes: number;
  readonly #maxQueued: number;
  readonly #waiting = new Map<string, Promise<Analysis>>();
  #closed = false;

  private constructor(options: AnalyserOptions) {
    this.cache = new StatementCache({ seed: randomInt(2 ** 32), ...options.cache });
    this.#maxBytes = options.maxStatementBytes ?? 16 * MIB;
    this.#maxQueued = options.maxQueued ?? 10_000;
    const lane = { major: options.major, deadlineMs: options.deadlineMs ?? 5_000, idleMs: LONG_IDLE_MS };
    const parser = { ...lane, worker: 'analyser-worker' as const };
    this.#lanes = [new ParserLane({ ...parser, idleMs: 0 }), new ParserLane(parser)];
    this.#texts = new ParserLane({ ...lane, worker: 'text-worker' });
  }

  /** Resolves when the grammar is loaded and warm. */
  static async start(options: AnalyserOptions): Promise<Analyser> {
    const analyser = new Analyser(options);
    try {
      await analyser.#lanes[0].start();
    } catch (error) {
      await analyser.close();
      throw error;
    }
    return analyser;
  }

  /** The analysis of a text seen before, at once. */
  lookup(sql: string): Analysis | undefined {
    return this.cache.get(sql);
  }

  /** Sessions that ask for the same text at once share one parse. */
  analyse(sql: string): Promise<Analysis> {
    const known = this.cache.get(sql);
    if (known !== undefined) return Promise.resolve(known);
    const waiting = this.#waiting.get(sql);
    if (waiting !== undefined) return waiting;
    const refused = this.#refusal(sql);
    if (refused !== undefined) return Promise.resolve(failedAnalysis(sql, refused));
    const answer = this.#run(sql);
    this.#waiting.set(sql, answer);
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes, this.#texts].map((lane) => lane.close()));
  }

  async #run(sql: string): Promise<Analysis> {
    const outcome = sql.length > LONG_TEXT ? await this.#long(sql) : await this.#lanes[0].submit({ sql });
    this.#waiting.delete(sql);
    if (outcome.kind === 'failed') return failedAnalysis(sql, outcome.error);
    this.cache.put(sql, outcome.result.analysis, outcome.result.freeLiterals);
    return outcome.result.analysis;
  }

  async #long(sql: string): Promise<LaneOutcome<AnalysisResult>> {
    const [outcome, own] = await Promise.all([this.#lanes[1].submit({ sql }), this.#texts.submit({ sql })]);
    if (outcome.kind === 'failed') return outcome;
    if (own.kind === 'failed') return own;
    const { analysis, freeLiterals } = outcome.result;
    const { recordedSql } = analysis;
    const recorded = recordedSql === sql ? own : await this.#texts.submit({ sql: recordedSql });
    if (recorded.kind === 'failed') return recorded;
    return { kind: 'done', result: { analysis: { ...analysis, ...recorded.result }, freeLiterals } };
  }

  #refusal(sql: string): AnalysisError | undefined {
    // A character is one to three bytes of UTF-8: count only where it matters.
    if (sql.length * 3 > this.#maxBytes && Buffer.byteLength(sql) > this.#maxBytes) {
      const message = `statement too long: more than ${this.#maxBytes} bytes`;
      return { kind: 'too_large', message, sqlstate: '54000', cursorPosition: undefined };
    }
    if (this.#closed || this.#waiting.size >= this.#maxQueued) {
      const message = this.#closed ? 'analyser is closed' : 'too many statements wait to be analysed';
      return { kind: 'internal', message, sqlstate: '53400', cursorPosition: undefined };
    }
    return undefined;
  }
}
