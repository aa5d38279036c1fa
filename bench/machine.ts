import { open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { percentile } from './statistics.ts';

export interface Machine {
  readonly cpus: number;
  readonly cpu: string;
  readonly kernel: string;
  readonly node: string;
  readonly memoryGiB: number;
  /** Before the run, of the last minute: what else was going on. */
  readonly loadAverage: number;
}

export function machine(): Machine {
  return {
    cpus: os.cpus().length,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    loadAverage: os.loadavg()[0] ?? Number.NaN,
  };
}

/** Microseconds of an fdatasync after an appended 256 bytes, where the gateway keeps its record. */
export async function fdatasyncMicros(dir: string, times: number): Promise<{ p50: number; p99: number }> {
  const name = path.join(dir, 'fdatasync');
  const file = await open(name, 'a');
  try {
    const { fdatasyncSync, writeSync } = await import('node:fs');
    const line = Buffer.alloc(256, 'x');
    const micros: number[] = [];
    for (let i = 0; i < times; i++) {
      writeSync(file.fd, line);
      const before = performance.now();
      fdatasyncSync(file.fd);
      micros.push((performance.now() - before) * 1000);
    }
    return { p50: percentile(micros, 50), p99: percentile(micros, 99) };
  } finally {
    await file.close();
    await rm(name, { force: true });
  }
}
