/**
 * `node bench/ceiling.ts`: what a proxy in Node can reach at most, and how far builds of dbgate are from it. In: paths and
 * builds. Out: a table of medians over interleaved rounds: transactions a second, the ratio to PgBouncer-TLS or `ssh -L`,
 * CPU a transaction (user, kernel; all threads and main threads). See docs/performance.md.
 *
 *   node bench/ceiling.ts --builds old=/tmp/old,new=. --durability async
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../src/demo/certificates.ts';
import { initialise, MODES, type Mode, type PgbenchResult, pgbench } from './pgbench.ts';
import { firstJsonLine, Processes, withDescendants } from './processes.ts';
import { median } from './statistics.ts';
import {
  directTarget,
  startDbgate,
  startPgBouncer,
  startSsh,
  startUpstream,
  type Target,
  untilReachable,
} from './targets.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '32' },
    modes: { type: 'string', default: MODES.join(',') },
    /** `native`, `tunnel` or both. */
    paths: { type: 'string', default: 'native,tunnel' },
    /** Without the bare relays and their peers: only the builds. */
    'no-relays': { type: 'boolean', default: false },
    /** `label=folder` of built checkouts, comma-separated. */
    builds: { type: 'string', default: '' },
    durability: { type: 'string', default: 'sync,async' },
    /** Also the CPU of each thread. */
    threads: { type: 'boolean', default: false },
  },
});

interface Entry {
  readonly target: Target;
  /** The name of the target that it is held against. */
  readonly peer: string | undefined;
  readonly results: Map<Mode, PgbenchResult[]>;
}

const processes = new Processes();
const entries: Entry[] = [];
const add = (target: Target, peer?: string) => entries.push({ target, peer, results: new Map() });
const paths = values.paths.split(',');
const modes = values.modes.split(',') as Mode[];

const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-ceiling-'));
await chmod(dir, 0o711);
const upstream = await startUpstream(dir);
try {
  const direct = directTarget(upstream);
  await initialise(direct, 10);
  if (!values['no-relays']) {
    const { ca, cert, key } = await makeCertificates();
    const files = { ca: path.join(dir, 'ca.pem'), cert: path.join(dir, 'cert.pem'), key: path.join(dir, 'key.pem') };
    await writeFile(files.ca, ca);
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    if (paths.includes('native')) {
      add(await startPgBouncer(processes, dir, upstream, true));
      add(await relay('relay', [{ kind: 'tls', ...files }]), 'pgbouncer-tls');
      add(await relay('relay-2-processes', [{ kind: 'tls', ...files, processes: 2 }]), 'pgbouncer-tls');
    }
    if (paths.includes('tunnel')) {
      add(await startSsh(processes, dir, upstream));
      const hops = [
        { kind: 'far', ...files },
        { kind: 'near', ...files, cert: files.ca },
      ];
      add(await relay('relay-two-hops', hops), 'ssh');
    }
  }
  for (const build of values.builds.split(',').filter((text) => text !== '')) {
    const [label = '', checkout = ''] = build.split('=');
    for (const durability of values.durability.split(',') as ('sync' | 'async')[]) {
      const options = { durability, checkout: path.resolve(checkout), label };
      const { native, tunnel } = await startDbgate(processes, dir, upstream, options);
      if (paths.includes('native')) add(native, 'pgbouncer-tls');
      if (paths.includes('tunnel')) add(tunnel, 'ssh');
    }
  }
  const clients = Number(values.clients);
  for (const mode of modes) for (const { target } of entries) await pgbench(target, dir, { mode, clients, seconds: 3 });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const mode of modes) {
      for (let i = 0; i < entries.length; i++) {
        const { target, results } = entries[(i + round) % entries.length]!;
        const load = { mode, clients, seconds: Number(values.seconds), threads: values.threads };
        const result = await pgbench(target, dir, load);
        results.set(mode, [...(results.get(mode) ?? []), result]);
      }
    }
  }
  print();
} finally {
  await processes.stopAll();
  await upstream.server.stop();
  await rm(dir, { recursive: true, force: true });
}

interface Hop {
  readonly kind: string;
  readonly cert: string;
  readonly key: string;
  readonly processes?: number;
}

/** Bare relays, each in front of the one before. */
async function relay(name: string, hops: readonly Hop[]): Promise<Target> {
  const pids: number[] = [];
  let port = upstream.server.port;
  for (const { kind, cert, key, processes: count = 1 } of hops) {
    const script = path.join(import.meta.dirname, 'relay.ts');
    const args = ['--kind', kind, '--upstream-port', String(port), '--cert', cert, '--key', key];
    const child = processes.start(process.execPath, [script, ...args, '--processes', String(count)]);
    ({ port } = (await firstJsonLine(child)) as { port: number });
    pids.push(child.pid);
  }
  const { user, password, database } = upstream;
  const tls = hops.length === 1;
  const all = hops.some((hop) => (hop.processes ?? 1) > 1) ? withDescendants(pids) : pids;
  const target = { name, host: '127.0.0.1', port, user, password, database, tls, pids: () => all };
  await untilReachable(target, () => undefined);
  return target;
}

function print(): void {
  for (const mode of modes) {
    console.log(
      `\n| ${mode}, ${values.clients} clients | tps | × peer | CPU µs | user | kernel | main threads | p50 µs |`,
    );
    console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
    for (const { target, peer, results } of entries) {
      const all = results.get(mode)!;
      const beside = entries.find((entry) => entry.target.name === peer)?.results.get(mode);
      const ratio = beside === undefined ? '' : median(all.map(({ tps }, i) => tps / beside[i]!.tps)).toFixed(2);
      const of = (read: (result: PgbenchResult) => number | null) => median(all.map((result) => read(result) ?? 0));
      const cpu = of((result) => result.cpuMicrosPerTransaction);
      const system = of((result) => result.systemMicrosPerTransaction);
      const cells = [
        of((result) => result.tps).toFixed(0),
        ratio,
        cpu.toFixed(1),
        (cpu - system).toFixed(1),
        system.toFixed(1),
        of((result) => result.mainMicrosPerTransaction).toFixed(1),
        of((result) => result.p50Micros).toFixed(0),
      ];
      console.log(`| ${target.name} | ${cells.join(' | ')} |`);
    }
    if (values.threads) printThreads(mode);
  }
}

/** Threads that take less than 0.5 µs in all are left out. */
function printThreads(mode: Mode): void {
  console.log(`\nthreads, ${mode}: CPU µs each transaction`);
  for (const { target, results } of entries) {
    const all = results.get(mode)!.map(({ threadMicrosPerTransaction }) => threadMicrosPerTransaction ?? {});
    const names = [...new Set(all.flatMap(Object.keys))];
    const cells = names.map((name) => [name, median(all.map((threads) => threads[name] ?? 0))] as const);
    const shown = cells.filter(([, micros]) => micros >= 0.5).sort((a, b) => b[1] - a[1]);
    console.log(`${target.name}: ${shown.map(([name, micros]) => `${name} ${micros.toFixed(1)}`).join(', ')}`);
  }
}
