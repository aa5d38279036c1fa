import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './processes.ts';
import { median } from './statistics.ts';
import { clientOf, type Target } from './targets.ts';

const SHORT = "SELECT length('a')";
const ROUNDS = 10;

export interface RepeatedStatement {
  readonly firstMs: number;
  readonly againMs: number;
  /** Of the proxy. */
  readonly againCpuMs: number;
  /** The same of a short statement at the same pace: what one statement costs a proxy that has rested, whatever its text. */
  readonly shortCpuMs: number;
}

/** Milliseconds that a long statement (10 KB) takes at first and once seen: a parse more shows in the first. */
export async function repeatedStatement(target: Target, times: number): Promise<RepeatedStatement> {
  const client = clientOf(target);
  await client.connect();
  const statements = Array.from({ length: times }, () => {
    const terms = Array.from({ length: 800 }, (_, i) => `length('${randomBytes(2).toString('hex')}${i}')`);
    return `SELECT ${terms.join('+')}`;
  });
  const round = async () => {
    const took: number[] = [];
    for (const sql of statements) {
      const before = performance.now();
      await client.query(sql);
      took.push(performance.now() - before);
    }
    return median(took);
  };
  try {
    const firstMs = await round();
    await client.query(SHORT);
    // /proc counts in steps of 10 ms: often enough to see less.
    const again: number[] = [];
    const cpu = { long: 0, short: 0 };
    const counted = async (which: keyof typeof cpu, what: () => Promise<unknown>) => {
      const before = cpuSeconds(target.pids());
      await what();
      cpu[which] += cpuSeconds(target.pids()) - before;
    };
    for (let i = 0; i < ROUNDS; i++) {
      await counted('long', async () => again.push(await round()));
      await counted('short', async () => {
        for (let n = 0; n < times; n++) {
          const before = performance.now();
          await client.query(SHORT);
          await sleep(Math.max(0, again.at(-1)! - (performance.now() - before)));
        }
      });
    }
    const each = (seconds: number) => (seconds * 1000) / (times * ROUNDS);
    return { firstMs, againMs: median(again), againCpuMs: each(cpu.long), shortCpuMs: each(cpu.short) };
  } finally {
    await client.end();
  }
}
