/**
 * Tables and their samples → classes, off the main thread: one worker thread of low priority for all databases, begun when
 * it is first needed, one table at a time, those that a session waits for first. A table over which the thread broke has
 * no judgement, and a new thread goes on with the others. Never rejects; never logs or keeps a value.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { withYoungGeneration } from '../young-generation.ts';
import type { JudgedTable, Judgement, JudgeReport } from './table-judge-worker.ts';

export interface TableJudgeOptions {
  /** A table that takes longer has no judgement. Of the clock: the thread may have to wait for a processor. */
  readonly deadlineMs?: number;
}

interface Job {
  readonly table: JudgedTable;
  /** Asked when there is a choice: a session may begin to wait for what was begun in the background. */
  readonly isUrgent: () => boolean;
  readonly resolve: (judgement: Judgement | undefined) => void;
}

const DEADLINE_MS = 30_000;
/** Of samples that wait to be judged, before more is read of what nobody waits for. */
const ENOUGH_WAITING_BYTES = 4 << 20;
const STACK_MB = 8;
const HEAP_MB = 1_024;
/** Some tables with a thousand rows of eighteen columns each. */
const YOUNG_MB = 8;
/** So many threads in a row that ended without a judgement: it may be none of the tables. Each of them is begun later then. */
const MAX_ENDED = 3;
const REST_MS = 500;
const MAX_REST_MS = 10_000;

/** Beside this file: `.js` when bundled, `.ts` when run from source. */
function workerFile(): URL {
  const bundled = new URL('./table-judge-worker.js', import.meta.url);
  return existsSync(fileURLToPath(bundled)) ? bundled : new URL('./table-judge-worker.ts', import.meta.url);
}

export class TableJudge {
  readonly #deadlineMs: number;
  #worker: Worker | undefined;
  #waiting: Job[] = [];
  #wantingRoom: (() => void)[] = [];
  #atHand: Job | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #ended = 0;
  #restsUntilMs = 0;
  #closed = false;

  constructor({ deadlineMs = DEADLINE_MS }: TableJudgeOptions = {}) {
    this.#deadlineMs = deadlineMs;
  }

  /** Begins to load what judging needs, so that no session waits for it. */
  prepare(): void {
    if (!this.#closed) this.#worker ??= this.#open();
  }

  /** Takes the memory of the chunks. Undefined: nobody knows what it holds. */
  judge(table: JudgedTable, isUrgent: () => boolean): Promise<Judgement | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ table, isUrgent, resolve });
      this.#next();
    });
  }

  /** Resolves when little waits here. Never rejects. */
  async room(): Promise<void> {
    while (this.#isFull()) await new Promise<void>((resolve) => void this.#wantingRoom.push(resolve));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#answer(undefined);
    this.#next();
    await worker?.terminate();
  }

  #next(): void {
    if (this.#closed || performance.now() < this.#restsUntilMs) {
      for (const job of this.#waiting.splice(0)) job.resolve(undefined);
      this.#tellOfRoom();
      return;
    }
    if (this.#atHand !== undefined) return;
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent());
    const [job] = this.#waiting.splice(Math.max(0, urgent), 1);
    this.#tellOfRoom();
    if (job === undefined) {
      this.#worker?.unref();
      return;
    }
    const worker = (this.#worker ??= this.#open());
    this.#atHand = job;
    this.#deadline = setTimeout(() => this.#broke(worker), this.#deadlineMs).unref();
    worker.ref();
    worker.postMessage(
      job.table,
      job.table.chunks.map(({ buffer }) => buffer),
    );
  }

  #isFull(): boolean {
    let bytes = 0;
    for (const { table } of this.#waiting) for (const chunk of table.chunks) bytes += chunk.length;
    return bytes >= ENOUGH_WAITING_BYTES;
  }

  #tellOfRoom(): void {
    if (this.#wantingRoom.length > 0 && !this.#isFull()) for (const told of this.#wantingRoom.splice(0)) told();
  }

  #open(): Worker {
    const options = {
      name: 'table-judge',
      // What V8 prints when it dies may quote what it was at.
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    };
    const worker = withYoungGeneration(YOUNG_MB, () => new Worker(workerFile(), options));
    worker.on('message', (report: JudgeReport) => {
      if (worker !== this.#worker) return;
      this.#ended = 0;
      this.#answer(report);
      this.#next();
    });
    worker.on('error', () => this.#broke(worker));
    worker.on('exit', () => this.#broke(worker));
    worker.unref();
    return worker;
  }

  #answer(judgement: Judgement | undefined): void {
    clearTimeout(this.#deadline);
    const job = this.#atHand;
    this.#atHand = undefined;
    job?.resolve(judgement);
  }

  /** It ended, or takes too long: out of memory, a stack that overflowed, a pattern that does not end. */
  #broke(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    void worker.terminate();
    if (++this.#ended >= MAX_ENDED) {
      const restMs = Math.min(MAX_REST_MS, REST_MS * 2 ** (this.#ended - MAX_ENDED));
      this.#restsUntilMs = performance.now() + restMs;
    }
    this.#answer(undefined);
    this.#next();
  }
}
