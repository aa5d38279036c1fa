/** One worker thread with its queue: batches what comes together, watches the deadline, replaces a thread that broke. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AnalysisResult } from '../sql/analyse.ts';
import type { AnalysisError } from '../sql/facts.ts';
import type { AnalyserReport, AnalyserRequest, AnalyserWorkerData } from './analyser-worker.ts';

export interface AnalyserLaneOptions {
  readonly major: number;
  readonly deadlineMs: number;
  /** End the thread when it has had nothing to do for so long: its memory never shrinks. 0: keep it warm. */
  readonly idleMs: number;
}

export type LaneOutcome =
  | { readonly kind: 'done'; readonly result: AnalysisResult }
  | { readonly kind: 'failed'; readonly error: AnalysisError };

interface Job {
  readonly id: number;
  readonly sql: string;
  readonly resolve: (outcome: LaneOutcome) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly current: Int32Array;
  readonly ready: Promise<void>;
}

/** 100,000 terms of an expression fit; the default of 4 overflows in the WASM parser at 20 KB. */
const STACK_MB = 16;
const HEAP_MB = 2_048;

/** Beside this file: `.js` when bundled, `.ts` when run from source. */
function workerFile(): URL {
  const bundled = new URL('./analyser-worker.js', import.meta.url);
  return existsSync(fileURLToPath(bundled)) ? bundled : new URL('./analyser-worker.ts', import.meta.url);
}

export class AnalyserLane {
  readonly #options: AnalyserLaneOptions;
  #thread: Thread | undefined;
  #queued: Job[] = [];
  /** Posted, not answered, in order. */
  readonly #posted = new Map<number, Job>();
  #nextId = 1;
  #flushing = false;
  #watch: NodeJS.Timeout | undefined;
  #watched = 0;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: AnalyserLaneOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#thread ??= this.#open();
    await this.#thread.ready;
  }

  submit(sql: string): Promise<LaneOutcome> {
    return new Promise((resolve) => {
      this.#queued.push({ id: this.#takeId(), sql, resolve });
      if (this.#flushing) return;
      this.#flushing = true;
      // What other sessions ask for in this turn goes in the same message.
      setImmediate(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#watch);
    clearTimeout(this.#idle);
    const worker = this.#thread?.worker;
    this.#thread = undefined;
    this.#failAll(failure('internal', 'analyser is closed', 'XX000'));
    await worker?.terminate();
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id >= 0x7fffffff ? 1 : id + 1;
    return id;
  }

  #open(): Thread {
    const current = new SharedArrayBuffer(4);
    const workerData: AnalyserWorkerData = { major: this.#options.major, current };
    const worker = new Worker(workerFile(), {
      workerData,
      name: `analyser-${this.#options.major}`,
      // The WASM runtime prints its memory contexts when it dies.
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    });
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (report: AnalyserReport) => {
        if (report.kind === 'ready') {
          if (this.#posted.size === 0) worker.unref();
          resolve();
        } else this.#report(thread, report);
      });
      worker.on('error', (error) => {
        reject(error);
        this.#died(thread, error instanceof Error ? error : undefined);
      });
      worker.on('exit', () => {
        reject(new Error('analyser thread ended'));
        this.#died(thread, undefined);
      });
    });
    ready.catch(() => undefined);
    const thread: Thread = { worker, current: new Int32Array(current), ready };
    return thread;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) {
      this.#failAll(failure('internal', 'analyser is closed', 'XX000'));
      return;
    }
    if (this.#queued.length === 0) return;
    this.#thread ??= this.#open();
    const batch: AnalyserRequest = this.#queued.map(({ id, sql }) => ({ id, sql }));
    for (const job of this.#queued) this.#posted.set(job.id, job);
    this.#queued = [];
    this.#thread.worker.ref();
    this.#thread.worker.postMessage(batch);
    if (this.#watch === undefined) this.#arm();
  }

  #report(thread: Thread, report: AnalyserReport): void {
    if (thread !== this.#thread) return;
    switch (report.kind) {
      case 'ready':
        return;
      case 'done':
        for (const { id, ...result } of report.results) this.#answer(id, { kind: 'done', result });
        if (this.#posted.size === 0) this.#rest();
        return;
      case 'broken': {
        const error = report.tooDeep
          ? failure('too_deep', 'statement is nested too deeply or has too many terms', '54001')
          : failure('internal', `statement could not be analysed: ${report.message}`, 'XX000');
        this.#replace(thread, report.id, error);
        return;
      }
      default:
        report satisfies never;
    }
  }

  #answer(id: number, outcome: LaneOutcome): void {
    const job = this.#posted.get(id);
    this.#posted.delete(id);
    job?.resolve(outcome);
  }

  #rest(): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    const thread = this.#thread;
    thread?.worker.unref();
    if (this.#options.idleMs === 0 || thread === undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#thread !== thread || this.#posted.size > 0) return;
      this.#thread = undefined;
      void thread.worker.terminate();
    }, this.#options.idleMs);
    this.#idle.unref();
  }

  /** One statement at hand for a whole turn of the timer has had between one and two deadlines. */
  #arm(): void {
    this.#watched = this.#at();
    this.#watch = setTimeout(() => {
      const thread = this.#thread;
      const now = this.#at();
      this.#watch = undefined;
      if (thread === undefined || this.#posted.size === 0) return;
      if (now !== 0 && now === this.#watched) {
        const seconds = Math.round(this.#options.deadlineMs / 1000);
        this.#replace(thread, now, failure('timeout', `statement took longer than ${seconds} s to analyse`, '54000'));
      } else this.#arm();
    }, this.#options.deadlineMs);
    this.#watch.unref();
  }

  #at(): number {
    return this.#thread === undefined ? 0 : Atomics.load(this.#thread.current, 0);
  }

  /** The thread ended by itself: out of memory, or a stack overflow that V8 could not turn into an error. */
  #died(thread: Thread, error: Error | undefined): void {
    if (thread !== this.#thread) return;
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    const reason =
      code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? failure('too_large', 'statement needs too much memory to analyse', '54000')
        : failure('internal', 'statement could not be analysed', 'XX000');
    this.#replace(thread, Atomics.load(thread.current, 0), reason);
  }

  #replace(thread: Thread, culprit: number, error: AnalysisError): void {
    this.#thread = undefined;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    void thread.worker.terminate();
    if (this.#posted.has(culprit)) this.#answer(culprit, { kind: 'failed', error });
    else if (culprit === 0) this.#failAll(error);
    this.#queued = [...this.#posted.values(), ...this.#queued];
    this.#posted.clear();
    if (this.#closed) return;
    this.#flush();
  }

  #failAll(error: AnalysisError): void {
    const jobs = [...this.#posted.values(), ...this.#queued];
    this.#posted.clear();
    this.#queued = [];
    for (const job of jobs) job.resolve({ kind: 'failed', error });
  }
}

function failure(kind: AnalysisError['kind'], message: string, sqlstate: string): AnalysisError {
  return { kind, message, sqlstate, cursorPosition: undefined };
}
