/**
 * Keeps V8's young generations at a size, where `bin/dbgate.js` could not give it at the start. One grows to 2 × 32 MB
 * while many connections are set up: of what a thousand idle sessions seem to take, 25 MB were that. Idle, V8 cuts it to
 * 2 × 1 MB: under load it has to be let grow again. A proxy keeps hardly anything it allocates, and gains nothing by more.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import type { Worker } from 'node:worker_threads';

/** Both halves. */
const ENOUGH_BYTES = 4 << 20;
/** One half, of threads that begin from now on: what is said of growth is said to the whole process. */
const OF_WORKERS_MB = 2;

/** For the whole process, for good. */
export function boundYoungGeneration(): void {
  boundWorkers(OF_WORKERS_MB);
  if (process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))) return;
  let grows: boolean | undefined;
  const bound = (): void => {
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || grows === young.space_size < ENOUGH_BYTES) return;
    grows = young.space_size < ENOUGH_BYTES;
    v8.setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`);
  };
  bound();
  new PerformanceObserver(bound).observe({ entryTypes: ['gc'] });
}

/**
 * A thread whose work at hand is larger than what others have: in their young generation it would be copied again and
 * again, and then be collected as if it were old. `mb`: of one half.
 */
export function withYoungGeneration(mb: number, begin: () => Worker): Worker {
  boundWorkers(mb);
  const worker = begin();
  const others = (): void => boundWorkers(OF_WORKERS_MB);
  worker.once('online', others);
  worker.once('exit', others);
  return worker;
}

function boundWorkers(mb: number): void {
  v8.setFlagsFromString(`--min-semi-space-size=${mb}`);
  v8.setFlagsFromString(`--max-semi-space-size=${mb}`);
}
