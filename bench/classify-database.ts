/**
 * `node bench/classify-database.ts`: a whole database classified by a gateway, as whoever runs it sees it. In: tables, how
 * many of them have full samples, checkouts to compare. Out: seconds until `dbgate classify --wait` ends, from the gateway's
 * start; CPU by thread, and of the server; how long the main thread did nothing else; what a `SELECT 1` of another session
 * took meanwhile, and what it takes afterwards; the same of a second start, which finds the classes stored.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../src/demo/postgres-server.ts';
import { makeTable } from './business-tables.ts';
import { cpuSeconds, mostResidentBytes, Processes, residentBytes, threadTimes, withDescendants } from './processes.ts';
import { clientOf, startDbgate, type Upstream } from './targets.ts';

const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '5000' },
    /** With 1,200 rows; the others have 200. */
    full: { type: 'string', default: '5000' },
    /** Built checkouts of dbgate, one after another. */
    checkouts: { type: 'string', default: path.join(import.meta.dirname, '..') },
    starts: { type: 'string', default: 'first start,started again' },
  },
});
const ROWS = 1_200;
const FEW_ROWS = 200;
/** Tables whose rows are made; the others have the rows of one of them. */
const MADE = 10;
const EVERY_MS = 10;

/** Runs in the gateway's main thread ahead of it: says how late its timers were since it was asked last. */
const WATCH = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) {
  const { writeFileSync } = process.getBuiltinModule('node:fs');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('SIGUSR2', () => {
    const told = { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
    writeFileSync(process.env.HOME + '/watched.json', JSON.stringify(told));
    delay.reset();
  });
}
`;

interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const ms = ({ p50, p99, max }: Delays): string =>
  `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, at most ${max.toFixed(0)} ms`;

async function watched(home: string, pid: number): Promise<Delays> {
  const file = path.join(home, 'watched.json');
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    await sleep(20);
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('}')) return JSON.parse(text) as Delays;
  }
}

/** One `SELECT 1` after another, until told to stop: how long they took. */
async function asking(client: pg.Client, isOver: () => boolean): Promise<Delays> {
  const took: number[] = [];
  while (!isOver() || took.length === 0) {
    const start = performance.now();
    await client.query('SELECT 1');
    took.push(performance.now() - start);
    await sleep(EVERY_MS);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))]!;
  return { p50: at(0.5), p99: at(0.99), max: took.at(-1)! };
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-classify-'));
await chmod(dir, 0o711);
const watcher = path.join(dir, 'watch.mjs');
await writeFile(watcher, WATCH);
const server = await startPostgres({
  dir: path.join(dir, 'postgres'),
  // Tables that were there before the gateway are analysed already; here it would be done to all of them meanwhile.
  settings: { fsync: 'off', shared_buffers: '256MB', max_locks_per_transaction: '1024', autovacuum: 'off' },
});
const processes = new Processes();
try {
  const upstream = await filled();
  for (const [n, checkout] of values.checkouts.split(',').entries()) {
    for (const start of ['first start', 'started again'])
      await measure(upstream, { checkout, label: `dbgate${n}`, start });
  }
} finally {
  await processes.stopAll();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

async function filled(): Promise<Upstream> {
  const upstream = { server, user: 'bench', password: 'bench', database: 'bench' };
  const superuser = new pg.Client({ connectionString: server.superuserUrl });
  await superuser.connect();
  await superuser.query("CREATE ROLE bench LOGIN PASSWORD 'bench'");
  await superuser.query('CREATE DATABASE bench OWNER bench');
  await superuser.end();
  const client = new pg.Client({ connectionString: server.url('bench', 'bench', 'bench') });
  await client.connect();
  const began = performance.now();
  for (let n = 0; n < Number(values.tables); n++) {
    await makeTable(client, n, n < Number(values.full) ? ROWS : FEW_ROWS, n < MADE ? undefined : n % MADE);
  }
  await client.end();
  console.log(`${values.tables} tables, ${values.full} with ${ROWS} rows, made in ${seconds(began)} s`);
  return upstream;
}

async function measure(
  upstream: Upstream,
  { checkout, label, start }: { readonly checkout: string; readonly label: string; readonly start: string },
): Promise<void> {
  const launcher = path.join(checkout, 'bin', 'dbgate.js');
  const load = os.loadavg()[0]!.toFixed(1);
  const ofServer = (): number => cpuSeconds(withDescendants([server.pid]));
  const serverBefore = ofServer();
  const began = performance.now();
  const { native, cli, database } = await startDbgate(processes, dir, upstream, {
    durability: 'async',
    checkout,
    label,
    nodeArguments: ['--min-semi-space-size=8', '--max-semi-space-size=8', '--import', watcher],
  });
  const home = path.join(dir, `${label}-async`);
  const pids = native.pids();
  const client = clientOf(native);
  await client.connect();
  await watched(home, pids[0]!);
  const env = { PATH: process.env.PATH, HOME: home, DBGATE_CONFIG_DIR: path.join(home, 'config'), ...cli };
  const asked = processes.start(process.execPath, [launcher, 'classify', database, '--wait', '--json'], { env });
  const chunks: Buffer[] = [];
  asked.child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  let isOver = false;
  const ended = new Promise<void>((resolve) => asked.child.once('close', () => resolve())).then(() => {
    isOver = true;
  });
  const meanwhile = await asking(client, () => isOver);
  await ended;
  const took = seconds(began);
  const delays = await watched(home, pids[0]!);
  const columns = JSON.parse(Buffer.concat(chunks).toString()) as { confidence: number; sensitive: boolean }[];
  const threads = [...threadTimes(pids)].sort((a, b) => b[1] - a[1]).slice(0, 6);
  console.log(
    `${label}, ${start} (load average ${load} before): ${took} s until all is told, ${columns.length} columns, ` +
      `${columns.filter(({ sensitive }) => sensitive).length} sensitive, ${columns.filter(({ confidence }) => confidence === 0).length} unseen`,
  );
  const used = [...threads, ['PostgreSQL', ofServer() - serverBefore] as const];
  console.log(`  CPU s: ${used.map(([name, of]) => `${name} ${of.toFixed(1)}`).join(', ')}`);
  console.log(`  event loop of the main thread: ${ms(delays)}`);
  console.log(`  SELECT 1 meanwhile: ${ms(meanwhile)}`);
  const until = performance.now() + 5_000;
  const afterwards = await asking(client, () => performance.now() > until);
  console.log(`  SELECT 1 afterwards: ${ms(afterwards)}`);
  console.log(`  resident ${mib(residentBytes(pids))} MB, at most ${mib(mostResidentBytes(pids))}`);
  await client.end();
  await processes.stopAll();
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
