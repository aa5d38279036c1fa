/**
 * `node bench/waits.ts`: who has the processors while `pgbench -S` runs, and who waits for one. In: targets. Out: for each,
 * the share of the machine that PostgreSQL, pgbench, the proxy's threads and others take and that is idle; how long the
 * proxy's main threads stand ready without a processor; their switches. Of dbgate's gateway also how much of the time its
 * event loop works, how many group commits there are, and how long one takes as its main thread sees it.
 */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { initialise, type Mode, pgbench } from './pgbench.ts';
import { Processes, withDescendants } from './processes.ts';
import { directTarget, startDbgate, startPgBouncer, startSsh, startUpstream, type Target } from './targets.ts';

const { values } = parseArgs({
  options: {
    modes: { type: 'string', default: 'prepared' },
    clients: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '1' },
    targets: { type: 'string', default: 'direct,pgbouncer-tls,native-async,native-sync' },
    /** Another built checkout of dbgate. */
    checkout: { type: 'string', default: path.join(import.meta.dirname, '..') },
  },
});

interface Thread {
  /** Nanoseconds. */
  readonly ran: number;
  /** Nanoseconds in which it could have run, and had no processor. */
  readonly stood: number;
  readonly name: string;
  readonly isMain: boolean;
  readonly pid: number;
  readonly voluntary: number;
  readonly involuntary: number;
}

/** By `<pid>/<tid>`. */
async function threadsOf(pids: readonly number[]): Promise<Map<string, Thread>> {
  const threads = new Map<string, Thread>();
  for (const pid of pids) {
    for (const tid of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const dir = `/proc/${pid}/task/${tid}`;
      try {
        const [ran, stood] = (await readFile(`${dir}/schedstat`, 'latin1')).split(' ').map(Number);
        const status = await readFile(`${dir}/status`, 'latin1');
        const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '';
        const voluntary = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
        const involuntary = Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
        const isMain = Number(tid) === pid;
        threads.set(`${pid}/${tid}`, { ran: ran!, stood: stood!, name, isMain, pid, voluntary, involuntary });
      } catch {
        // It has ended.
      }
    }
  }
  return threads;
}

/** Of all processors since the start, in ticks of 10 ms. */
async function machineTimes(): Promise<{ readonly idle: number; readonly stolen: number; readonly all: number }> {
  const [line] = (await readFile('/proc/stat', 'latin1')).split('\n');
  const ticks = line!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: ticks[3]! + ticks[4]!, stolen: ticks[7]!, all: ticks.reduce((sum, one) => sum + one, 0) };
}

/** What the gateway says of itself, as `WATCH` writes it: sums since its start. */
interface Watched {
  /** Milliseconds in which the event loop waited, or worked. */
  readonly idle: number;
  readonly active: number;
  readonly syncs: number;
  readonly syncMs: number;
}

/** Runs in the gateway's main thread ahead of it. */
const WATCH = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) {
  const fs = process.getBuiltinModule('node:fs');
  const { fdatasync, fdatasyncSync, writeFileSync } = fs;
  const told = { syncs: 0, syncMs: 0 };
  fs.fdatasync = (fd, done) => {
    const began = performance.now();
    fdatasync(fd, (error) => {
      told.syncs++;
      told.syncMs += performance.now() - began;
      done(error);
    });
  };
  fs.fdatasyncSync = (fd) => {
    const began = performance.now();
    fdatasyncSync(fd);
    told.syncs++;
    told.syncMs += performance.now() - began;
  };
  process.on('SIGUSR2', () => {
    const { idle, active } = performance.eventLoopUtilization();
    writeFileSync(process.env.HOME + '/watched.json', JSON.stringify({ idle, active, ...told }));
  });
}
`;

async function watched(home: string | undefined, pid: number | undefined): Promise<Watched | undefined> {
  if (home === undefined || pid === undefined) return undefined;
  const file = path.join(home, 'watched.json');
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (let i = 0; i < 100; i++) {
    await sleep(20);
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('}')) return JSON.parse(text) as Watched;
  }
  return undefined;
}

const processes = new Processes();
const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-waits-'));
await chmod(dir, 0o711);
const upstream = await startUpstream(dir);
const watcher = path.join(dir, 'watch.mjs');
await writeFile(watcher, WATCH);
try {
  const direct = directTarget(upstream);
  await initialise(direct, 10);
  const { checkout } = values;
  const targets: { target: Target; home?: string; gateway?: number }[] = [];
  const wanted = values.targets.split(',');
  if (wanted.includes('direct')) targets.push({ target: direct });
  if (wanted.includes('pgbouncer-tls')) targets.push({ target: await startPgBouncer(processes, dir, upstream, true) });
  if (wanted.includes('ssh')) targets.push({ target: await startSsh(processes, dir, upstream) });
  for (const durability of ['async', 'sync'] as const) {
    if (!wanted.some((name) => name.endsWith(`-${durability}`))) continue;
    const nodeArguments = ['--min-semi-space-size=8', '--max-semi-space-size=8', '--import', watcher];
    const { native, tunnel } = await startDbgate(processes, dir, upstream, {
      durability,
      checkout,
      nodeArguments,
    });
    const home = path.join(dir, `dbgate-${durability}`);
    const gateway = native.pids()[0]!;
    if (wanted.includes(`native-${durability}`)) targets.push({ target: native, home, gateway });
    if (wanted.includes(`tunnel-${durability}`)) targets.push({ target: tunnel, home, gateway });
  }
  const modes = values.modes.split(',') as Mode[];
  for (const { target } of targets) await pgbench(target, dir, { mode: modes[0]!, clients: 8, seconds: 3 });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes) for (const one of targets) await measure(one.target, mode, one.home, one.gateway);
  }
} finally {
  await processes.stopAll();
  await upstream.server.stop();
  await rm(dir, { recursive: true, force: true });
}

async function measure(target: Target, mode: Mode, home: string | undefined, gateway: number | undefined) {
  const seconds = Number(values.seconds);
  const running = pgbench(target, dir, { mode, clients: Number(values.clients), seconds });
  await sleep(1500);
  const read = async () => {
    const said = await watched(home, gateway);
    const own = target.pids();
    const all = withDescendants([process.pid]).filter((pid) => pid !== process.pid);
    const [threads, machine] = await Promise.all([threadsOf(all), machineTimes()]);
    return { at: performance.now(), said, own, threads, machine };
  };
  const first = await read();
  await sleep((seconds - 3) * 1000);
  const last = await read();
  const { tps } = await running;
  const lastedMs = last.at - first.at;
  const cores = os.cpus().length;
  const shares = new Map<string, number>();
  const mains: string[] = [];
  for (const [key, thread] of last.threads) {
    const before = first.threads.get(key);
    if (before === undefined) continue;
    const ran = (thread.ran - before.ran) / 1e6 / lastedMs;
    const isOwn = last.own.includes(thread.pid);
    const name = isOwn ? `proxy:${thread.isMain ? 'main' : thread.name}` : thread.name;
    shares.set(name, (shares.get(name) ?? 0) + ran);
    if (!isOwn || !thread.isMain) continue;
    const stood = (thread.stood - before.stood) / 1e6 / lastedMs;
    const each = (count: number) => ((count * 1000) / lastedMs / tps).toFixed(2);
    mains.push(
      `runs ${percent(ran)}, stands ready ${percent(stood)}, sleeps ${percent(1 - ran - stood)}; switches a transaction: ` +
        `${each(thread.voluntary - before.voluntary)} of its own, ${each(thread.involuntary - before.involuntary)} forced`,
    );
  }
  const machine = last.machine.all - first.machine.all;
  const idle = ((last.machine.idle - first.machine.idle) / machine) * cores;
  const stolen = ((last.machine.stolen - first.machine.stolen) / machine) * cores;
  const known = [...shares.values()].reduce((sum, one) => sum + one, 0);
  shares.set('others', Math.max(0, cores - known - idle - stolen));
  shares.set('stolen', stolen);
  shares.set('idle', idle);
  const shown = [...shares].filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1]);
  console.log(`\n${target.name}, ${mode}, ${values.clients} clients: ${tps.toFixed(0)} tps, of ${cores} processors`);
  console.log(`  ${shown.map(([name, share]) => `${name} ${share.toFixed(2)}`).join(', ')}`);
  for (const text of mains) console.log(`  main thread ${text}`);
  if (first.said === undefined || last.said === undefined) return;
  const active = last.said.active - first.said.active;
  const syncs = last.said.syncs - first.said.syncs;
  const loop = `event loop works ${percent(active / (active + last.said.idle - first.said.idle))}`;
  const each = syncs === 0 ? '' : ` of ${((last.said.syncMs - first.said.syncMs) / syncs).toFixed(2)} ms`;
  const together = syncs === 0 ? '' : `, ${((tps * lastedMs) / 1000 / syncs).toFixed(1)} transactions each`;
  console.log(`  ${loop}; ${((syncs * 1000) / lastedMs).toFixed(0)} syncs a second${each}${together}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
