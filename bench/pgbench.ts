import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cpuSeconds, findProgram } from './processes.ts';
import { percentile } from './statistics.ts';
import { libpqEnvironment, type Target } from './targets.ts';

const run = promisify(execFile);

export const MODES = ['simple', 'extended', 'prepared'] as const;
export type Mode = (typeof MODES)[number];

export interface PgbenchResult {
  readonly tps: number;
  /** Of the proxy's processes, connection set-up included; NaN without a proxy. */
  readonly cpuMicrosPerTransaction: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** `pgbench -i`: 100,000 rows of accounts for each unit of scale. */
export async function initialise(target: Target, scale: number): Promise<void> {
  await run(findProgram('pgbench', 'postgresql-contrib-15'), ['-i', '-q', '-s', String(scale)], {
    env: libpqEnvironment(target),
  });
}

/** One run of `pgbench -S`, with a log of latencies (every transaction of one client, one in ten of more). */
export async function pgbench(
  target: Target,
  dir: string,
  { mode, clients, seconds }: { mode: Mode; clients: number; seconds: number },
): Promise<PgbenchResult> {
  const folder = await mkdtemp(path.join(dir, 'pgbench-'));
  try {
    const pids = target.pids();
    const before = cpuSeconds(pids);
    const sampling = clients > 1 ? ['--sampling-rate=0.1'] : [];
    const { stdout } = await run(
      findProgram('pgbench', 'postgresql-contrib-15'),
      [
        ...['-n', '-S', '-M', mode, '-c', String(clients), '-j', String(Math.min(2, clients)), '-T', String(seconds)],
        ...['-l', ...sampling],
      ],
      { cwd: folder, env: libpqEnvironment(target) },
    );
    const cpu = cpuSeconds(pids) - before;
    const transactions = numberIn(stdout, /transactions actually processed: (\d+)/);
    const failed = numberIn(stdout, /number of failed transactions: (\d+)/);
    if (failed > 0) throw new Error(`pgbench through ${target.name}: ${failed} transactions failed`);
    const latencies: number[] = [];
    for (const file of await readdir(folder)) {
      for (const line of (await readFile(path.join(folder, file), 'latin1')).split('\n')) {
        // client_id transaction_no time script_no time_epoch time_us
        if (line !== '') latencies.push(Number(line.split(' ')[2]));
      }
    }
    return {
      tps: numberIn(stdout, /tps = ([\d.]+) \(without initial connection time\)/),
      cpuMicrosPerTransaction: pids.length === 0 ? Number.NaN : (cpu * 1e6) / transactions,
      p50Micros: percentile(latencies, 50),
      p99Micros: percentile(latencies, 99),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pgbench's output lacks ${pattern}: ${text}`);
  return Number(found);
}
