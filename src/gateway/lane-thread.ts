/**
 * A thread's side of a lane: one request at a time. Before each it says which one it is at, so that a thread that hangs or
 * dies names its culprit.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ParserMessage, ParserReport, ParserWorkerData } from './parser-lane.ts';

export interface LaneWork<Request, Result, Memory> {
  /** Throws only what says that the thread can no longer be trusted. */
  answer(request: Request): Result;
  /** Of a result: what goes over without being copied. */
  transfers?(result: Result): ArrayBuffer[];
  remember?(key: number, memory: Memory): void;
  forget?(key: number): void;
  /** Results are handed over this often, so that a long batch does not hold back its first ones. */
  readonly reportEvery: number;
}

/** The upstream's server major that this thread is for. */
export function laneMajor(): number {
  return (workerData as ParserWorkerData).major;
}

/** CPU time of this thread; 0 where it is not told. */
function usedMs(): number {
  if (process.threadCpuUsage === undefined) return 0;
  const { user, system } = process.threadCpuUsage();
  return Math.floor((user + system) / 1_000);
}

export function serveLane<Request extends object, Result extends object, Memory = never>(
  work: LaneWork<Request, Result, Memory>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('runs as a worker thread only');
  const progress = new Int32Array((workerData as ParserWorkerData).current);
  let results: (Result & { id: number })[] = [];
  let transfers: ArrayBuffer[] = [];
  const post = (report: ParserReport<Result>, buffers: ArrayBuffer[] = []): void => port.postMessage(report, buffers);
  const handOver = (): void => {
    if (results.length === 0) return;
    post({ kind: 'done', results }, transfers);
    results = [];
    transfers = [];
  };
  port.on('message', (message: ParserMessage<Request, Memory>) => {
    if (message.kind === 'remember') work.remember?.(message.key, message.memory);
    else if (message.kind === 'forget') work.forget?.(message.key);
    else {
      for (const request of message.requests) {
        const { id } = request;
        Atomics.store(progress, 1, usedMs());
        Atomics.store(progress, 0, id);
        try {
          const result = work.answer(request);
          results.push({ ...result, id });
          if (work.transfers !== undefined) transfers.push(...work.transfers(result));
        } catch (error) {
          handOver();
          const tooDeep = error instanceof RangeError;
          post({ kind: 'broken', id, tooDeep, message: error instanceof Error ? error.name : 'unknown error' });
          port.close();
          return;
        }
        if (results.length >= work.reportEvery) handOver();
      }
      Atomics.store(progress, 0, 0);
      handOver();
    }
  });
  post({ kind: 'ready' });
}
