import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type CpuTimes, cpuTimes, findProgram, threadTimes } from './processes.ts';
import { percentile } from './statistics.ts';
import { libpqEnvironment, type Target } from './targets.ts';

const run = promisify(execFile);

export const MODES = ['simple', 'extended', 'prepared'] as const;
export type Mode = (typeof MODES)[number];

export interface PgbenchResult {
  readonly tps: number;
  /** Of the proxy's processes, once all are connected; null without a proxy. */
  readonly cpuMicrosPerTransaction: number | null;
  /** Of these: in the kernel, and in the main threads. */
  readonly systemMicrosPerTransaction: number | null;
  readonly mainMicrosPerTransaction: number | null;
  /** By the names of threads, where it was asked for. */
  readonly threadMicrosPerTransaction?: Readonly<Record<string, number>>;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** Names of its numbers. */
export type Figure = Exclude<keyof PgbenchResult, 'threadMicrosPerTransaction'>;

/** `pgbench -i`: 100,000 rows of accounts for each unit of scale. */
export async function initialise(target: Target, scale: number): Promise<void> {
  await run(findProgram('pgbench', 'postgresql-contrib-15'), ['-i', '-q', '-s', String(scale)], {
    env: libpqEnvironment(target),
  });
}

interface Load {
  readonly mode: Mode;
  readonly clients: number;
  readonly seconds: number;
  /** A script, in place of -S. */
  readonly file?: string | undefined;
  /** Tell threads apart. */
  readonly threads?: boolean;
}

/** One run of `pgbench -S`, or of a script, with a log of latencies (every transaction of one client, one in ten of more). */
export async function pgbench(target: Target, dir: string, load: Load): Promise<PgbenchResult> {
  // Its clock runs while it connects: where that took all of the time, it gets more.
  for (let seconds = load.seconds; ; seconds *= 2) {
    const result = await runOnce(target, dir, { ...load, seconds });
    if (result !== undefined) return result;
    if (seconds > load.seconds * 4) throw new Error(`pgbench did nothing but connect for ${seconds} s`);
  }
}

async function runOnce(target: Target, dir: string, load: Load): Promise<PgbenchResult | undefined> {
  const folder = await mkdtemp(path.join(dir, 'pgbench-'));
  try {
    const { mode, clients, seconds } = load;
    const child = spawn(
      findProgram('pgbench', 'postgresql-contrib-15'),
      [
        ...(load.file === undefined ? ['-S'] : ['-f', load.file]),
        ...['-n', '-M', mode, '-c', String(clients), '-j', String(Math.min(2, clients)), '-T', String(seconds)],
        ...['-P', '1', '-l', ...(clients > 1 ? ['--sampling-rate=0.1'] : [])],
      ],
      { cwd: folder, env: libpqEnvironment(target), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    // Once a second: "progress: 1.0 s, 7351.0 tps, …". The first is where all are connected and warm.
    const progress: Progress[] = [];
    const pids = target.pids();
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const line = /progress: ([\d.]+) s, ([\d.]+) tps/.exec(chunk.toString());
      if (!line) return;
      const threads = load.threads === true ? threadTimes(pids) : undefined;
      progress.push({ at: Number(line[1]), tps: Number(line[2]), cpu: cpuTimes(pids), threads });
    });
    const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    if (code !== 0) throw new Error(`pgbench through ${target.name} ended with ${code}: ${stderr.trim()}`);
    const failed = numberIn(stdout, /number of failed transactions: (\d+)/);
    if (failed > 0) throw new Error(`pgbench through ${target.name}: ${failed} transactions failed`);
    if (numberIn(stdout, /transactions actually processed: (\d+)/) === 0) return undefined;
    const latencies: number[] = [];
    for (const file of await readdir(folder)) {
      for (const line of (await readFile(path.join(folder, file), 'latin1')).split('\n')) {
        // client_id transaction_no time script_no time_epoch time_us
        if (line !== '') latencies.push(Number(line.split(' ')[2]));
      }
    }
    return {
      tps: numberIn(stdout, /tps = ([\d.]+) \(without initial connection time\)/),
      ...cpuMicros(pids.length === 0 ? [] : progress),
      p50Micros: percentile(latencies, 50),
      p99Micros: percentile(latencies, 99),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Progress {
  /** Seconds since it began. */
  readonly at: number;
  readonly tps: number;
  readonly cpu: CpuTimes;
  readonly threads: ReadonlyMap<string, number> | undefined;
}

/** Between the first line of progress and the last; null where there is but one. */
function cpuMicros(progress: readonly Progress[]): Omit<PgbenchResult, 'tps' | 'p50Micros' | 'p99Micros'> {
  const [first] = progress;
  const last = progress.at(-1);
  if (first === undefined || last === undefined || first === last) {
    return { cpuMicrosPerTransaction: null, systemMicrosPerTransaction: null, mainMicrosPerTransaction: null };
  }
  let transactions = 0;
  for (let i = 1; i < progress.length; i++) transactions += progress[i]!.tps * (progress[i]!.at - progress[i - 1]!.at);
  const each = (seconds: number) => (seconds * 1e6) / transactions;
  const system = each(last.cpu.system - first.cpu.system);
  return {
    cpuMicrosPerTransaction: each(last.cpu.user - first.cpu.user) + system,
    systemMicrosPerTransaction: system,
    mainMicrosPerTransaction: each(last.cpu.main - first.cpu.main),
    ...(last.threads === undefined ? {} : { threadMicrosPerTransaction: threadMicros(first, last, each) }),
  };
}

function threadMicros(first: Progress, last: Progress, each: (seconds: number) => number): Record<string, number> {
  const threads = [...(last.threads ?? [])].map(
    ([name, seconds]) => [name, each(seconds - (first.threads?.get(name) ?? 0))] as const,
  );
  return Object.fromEntries(threads);
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pgbench's output lacks ${pattern}: ${text}`);
  return Number(found);
}
