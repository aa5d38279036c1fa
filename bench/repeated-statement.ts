import { randomBytes } from 'node:crypto';
import { cpuSeconds } from './processes.ts';
import { median } from './statistics.ts';
import { clientOf, type Target } from './targets.ts';

/** Milliseconds that a long statement (10 KB) takes at first and once seen: a parse more shows in the first. */
export async function repeatedStatement(
  target: Target,
  times: number,
): Promise<{ firstMs: number; againMs: number; againCpuMs: number }> {
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
    const before = cpuSeconds(target.pids());
    // /proc counts in steps of 10 ms: often enough to see less.
    const again: number[] = [];
    for (let i = 0; i < 10; i++) again.push(await round());
    const againCpuMs = ((cpuSeconds(target.pids()) - before) * 1000) / (times * again.length);
    return { firstMs, againMs: median(again), againCpuMs };
  } finally {
    await client.end();
  }
}
