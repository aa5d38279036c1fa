import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cpuSeconds, findProgram } from './processes.ts';
import { libpqEnvironment, type Target } from './targets.ts';

export const BULK_ROWS = 1_000_000;

export interface BulkResult {
  readonly seconds: number;
  /** Of the proxy's processes; null without a proxy. */
  readonly cpuSeconds: number | null;
}

/** A file of a million rows for COPY; its size in bytes. */
export async function writeCopyFile(dir: string): Promise<{ file: string; bytes: number }> {
  const file = path.join(dir, 'rows.copy');
  function* rows() {
    for (let from = 0; from < BULK_ROWS; from += 1000) {
      let chunk = '';
      for (let i = from; i < from + 1000; i++) chunk += `${i}\t${i % 10}\t0\t${'x'.repeat(84)}\n`;
      yield chunk;
    }
  }
  await pipeline(Readable.from(rows()), createWriteStream(file, { mode: 0o644 }));
  return { file, bytes: (await stat(file)).size };
}

export type Bulk = 'select' | 'copyOut' | 'copyIn';

/** One bulk transfer by psql, whose own start (about 10 ms) is counted. */
export async function bulk(target: Target, kind: Bulk, copyFile: string): Promise<BulkResult> {
  const commands: Record<Bulk, string[]> = {
    select: [`SELECT g, 'row ' || g, g * 7, now() FROM generate_series(1, ${BULK_ROWS}) AS g`],
    copyOut: [`COPY (SELECT * FROM pgbench_accounts WHERE aid <= ${BULK_ROWS}) TO STDOUT`],
    copyIn: [
      'CREATE TEMP TABLE copied (aid int, bid int, abalance int, filler char(84))',
      `\\copy copied FROM '${copyFile}'`,
    ],
  };
  const pids = target.pids();
  const cpuBefore = cpuSeconds(pids);
  const before = performance.now();
  await psql(target, ['-q', '-A', '-t', ...commands[kind].flatMap((command) => ['-c', command])]);
  return {
    seconds: (performance.now() - before) / 1000,
    cpuSeconds: pids.length === 0 ? null : cpuSeconds(pids) - cpuBefore,
  };
}

/** Runs psql with its output thrown away; FETCH_COUNT is off without a psqlrc. */
export async function psql(target: Target, args: readonly string[]): Promise<void> {
  const nowhere = await open('/dev/null', 'w');
  try {
    const child = spawn(findProgram('psql', 'postgresql-client'), ['-X', '-v', 'ON_ERROR_STOP=1', ...args], {
      env: libpqEnvironment(target),
      stdio: ['ignore', nowhere.fd, 'pipe'],
    });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    if (code !== 0) throw new Error(`psql through ${target.name} ended with ${code}: ${said.trim()}`);
  } finally {
    await nowhere.close();
  }
}
