/** One worker thread with its queue: batches what comes together, watches the deadline, replaces a thread that broke. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AnalysisError } from '../sql/facts.ts';
import { RequestWatch } from './request-watch.ts';

export interface ParserLaneOptions {
  /** The worker's file, without its extension. */
  readonly worker: 'analyser-worker' | 'text-worker' | 'tracer-worker';
  /** The upstream's server major. */
  readonly major: number;
  /** See RequestWatch. */
  readonly deadlineMs: number;
  /** End the thread when it has had nothing to do for so long: its memory never shrinks. 0: keep it warm. */
  readonly idleMs: number;
}

export interface ParserWorkerData {
  readonly major: number;
  /** Int32: the id of the request at hand; the CPU time in ms that the thread had used when it was begun. */
  readonly current: SharedArrayBuffer;
}

/** What a thread is sent: requests, or something to remember for those that follow. */
export type ParserMessage<Request, Memory> =
  | { readonly kind: 'requests'; readonly requests: readonly (Request & { readonly id: number })[] }
  | { readonly kind: 'remember'; readonly key: number; readonly memory: Memory }
  | { readonly kind: 'forget'; readonly key: number };

export type ParserReport<Result> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly results: readonly (Result & { readonly id: number })[] }
  /** The instance can no longer be trusted: this request broke it, those behind it were not begun. */
  | { readonly kind: 'broken'; readonly id: number; readonly tooDeep: boolean; readonly message: string };

export type LaneOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: AnalysisError };

interface Job<Request, Result> {
  readonly id: number;
  readonly request: Request;
  readonly resolve: (outcome: LaneOutcome<Result>) => void;
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
function workerFile(name: string): URL {
  const bundled = new URL(`./${name}.js`, import.meta.url);
  return existsSync(fileURLToPath(bundled)) ? bundled : new URL(`./${name}.ts`, import.meta.url);
}

export class ParserLane<Request extends object, Result extends object, Memory = never> {
  readonly #options: ParserLaneOptions;
  /** What every thread must know, also one that takes a broken one's place. */
  readonly #memory = new Map<number, Memory>();
  #thread: Thread | undefined;
  #queued: Job<Request, Result>[] = [];
  /** Posted, not answered, in order. */
  readonly #posted = new Map<number, Job<Request, Result>>();
  #nextId = 1;
  #flushing = false;
  readonly #watch: RequestWatch;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ParserLaneOptions) {
    this.#options = options;
    const { deadlineMs } = options;
    this.#watch = new RequestWatch({
      deadlineMs,
      at: () => this.#at(),
      usedMs: () => usedBy(this.#thread),
      giveUp: (id) => {
        const message = `statement took longer than ${Math.round(deadlineMs / 1000)} s to analyse`;
        if (this.#thread !== undefined) this.#replace(this.#thread, id, failure('timeout', message, '54000'));
      },
    });
  }

  async start(): Promise<void> {
    this.#thread ??= this.#open();
    await this.#thread.ready;
  }

  /** Said to the thread before every request that follows, until it is forgotten. */
  remember(key: number, memory: Memory): void {
    // In order: requests that were made before go first.
    this.#flush();
    this.#memory.set(key, memory);
    this.#post({ kind: 'remember', key, memory });
  }

  forget(key: number): void {
    this.#flush();
    if (this.#memory.delete(key)) this.#post({ kind: 'forget', key });
  }

  submit(request: Request): Promise<LaneOutcome<Result>> {
    return new Promise((resolve) => {
      this.#queued.push({ id: this.#takeId(), request, resolve });
      if (this.#flushing) return;
      this.#flushing = true;
      // What other sessions ask for in this turn goes in the same message.
      setImmediate(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.stop();
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
    const current = new SharedArrayBuffer(8);
    const workerData: ParserWorkerData = { major: this.#options.major, current };
    const worker = new Worker(workerFile(this.#options.worker), {
      workerData,
      name: `${this.#options.worker}-${this.#options.major}`,
      // The WASM runtime prints its memory contexts when it dies.
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    });
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (report: ParserReport<Result>) => {
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
    for (const [key, memory] of this.#memory) worker.postMessage({ kind: 'remember', key, memory });
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
    const requests = this.#queued.map(({ id, request }) => ({ ...request, id }));
    for (const job of this.#queued) this.#posted.set(job.id, job);
    this.#queued = [];
    this.#thread.worker.ref();
    this.#post({ kind: 'requests', requests });
    this.#watch.start();
  }

  #post(message: ParserMessage<Request, Memory>): void {
    this.#thread?.worker.postMessage(message);
  }

  #report(thread: Thread, report: ParserReport<Result>): void {
    if (thread !== this.#thread) return;
    switch (report.kind) {
      case 'ready':
        return;
      case 'done':
        for (const result of report.results) this.#answer(result.id, { kind: 'done', result });
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

  #answer(id: number, outcome: LaneOutcome<Result>): void {
    const job = this.#posted.get(id);
    this.#posted.delete(id);
    job?.resolve(outcome);
  }

  #rest(): void {
    this.#watch.stop();
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
    this.#watch.stop();
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

/** CPU time in ms of the request at hand; where it is not told (Node before 24.6), it had all there was. */
async function usedBy(thread: Thread | undefined): Promise<number> {
  if (thread?.worker.cpuUsage === undefined) return Infinity;
  const { worker, current } = thread;
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1_000 - Atomics.load(current, 1);
  } catch {
    // It has ended.
    return 0;
  }
}

function failure(kind: AnalysisError['kind'], message: string, sqlstate: string): AnalysisError {
  return { kind, message, sqlstate, cursorPosition: undefined };
}
