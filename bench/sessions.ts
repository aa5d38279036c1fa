import { setTimeout as sleep } from 'node:timers/promises';
import { psql } from './bulk.ts';
import { cpuSeconds, residentBytes } from './processes.ts';
import { median } from './statistics.ts';
import { clientOf, type Target } from './targets.ts';

export interface ConnectResult {
  /** Milliseconds from nothing to ReadyForQuery with `pg`, one after another: the median. */
  readonly driverMs: number;
  /** The same for a whole `psql -c 'SELECT 1'`. */
  readonly psqlMs: number;
  /** Of the proxy for one connection; null without a proxy. */
  readonly cpuMs: number | null;
}

export async function connectionSetUp(target: Target, times: number): Promise<ConnectResult> {
  const pids = target.pids();
  const driver: number[] = [];
  const whole: number[] = [];
  const cpuBefore = cpuSeconds(pids);
  for (let i = 0; i < times; i++) {
    const client = clientOf(target);
    const before = performance.now();
    await client.connect();
    driver.push(performance.now() - before);
    await client.end();
  }
  const cpu = cpuSeconds(pids) - cpuBefore;
  for (let i = 0; i < times; i++) {
    const before = performance.now();
    await psql(target, ['-c', 'SELECT 1']);
    whole.push(performance.now() - before);
  }
  return {
    driverMs: median(driver),
    psqlMs: median(whole),
    cpuMs: pids.length === 0 ? null : (cpu * 1000) / times,
  };
}

/** Resident bytes that so many idle sessions add to the proxy; they are open at the same time. */
export async function idleSessions(target: Target, count: number): Promise<number> {
  const before = residentBytes(target.pids());
  const clients: ReturnType<typeof clientOf>[] = [];
  try {
    for (let opened = 0; opened < count; opened += 20) {
      const batch = Array.from({ length: Math.min(20, count - opened) }, () => clientOf(target));
      for (const client of batch) client.on('error', () => {});
      clients.push(...batch);
      await Promise.all(batch.map((client) => client.connect()));
    }
    await sleep(3000);
    return residentBytes(target.pids()) - before;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    // The server's backends must be gone before the next target needs as many.
    await sleep(1500);
  }
}
