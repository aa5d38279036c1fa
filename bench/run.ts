/**
 * `npm run bench`: one PostgreSQL, reached directly, through PgBouncer (plain, TLS), `ssh -L`, and dbgate (native
 * listener, CLI + gateway; record waited for or not), loaded in turns so that a drift of the machine hits all alike.
 * Out: tables and goals on stdout, bench/results/<date>.json and .md. It fails only when something does not work,
 * never because of a timing. See docs/performance.md.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Bulk, bulk, writeCopyFile } from './bulk.ts';
import { classifyingCost } from './classifying-cost.ts';
import { fdatasyncMicros, machine } from './machine.ts';
import { maskedCost } from './masked-cost.ts';
import { initialise, MODES, pgbench } from './pgbench.ts';
import { Processes } from './processes.ts';
import { repeatedStatement } from './repeated-statement.ts';
import { report } from './report.ts';
import type { Results, Settings, TargetResult } from './results.ts';
import { connectionSetUp, idleSessions } from './sessions.ts';
import { measureStarts } from './starts.ts';
import {
  type DbgateTargets,
  directTarget,
  startDbgate,
  startPgBouncer,
  startSsh,
  startUpstream,
  type Target,
} from './targets.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    clients: { type: 'string', default: '1,16,32' },
    'idle-sessions': { type: 'string' },
    scale: { type: 'string', default: '10' },
    /** Comma-separated beginnings of target names, `masking`, `classification`. */
    only: { type: 'string' },
    /** Folder for the results; default bench/results, nothing is written for --quick and --only. */
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run bench -- [--quick] [--rounds 3] [--seconds 5] [--clients 1,16,32] [--idle-sessions 1000] [--scale 10]\n' +
      '                 [--only direct,ssh,dbgate-tunnel] [--out bench/results]',
  );
  process.exit(0);
}

const settings: Settings = {
  rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
  seconds: Number(values.seconds ?? (values.quick ? 3 : 5)),
  clients: values.clients.split(',').map(Number),
  bulkRounds: values.quick ? 1 : 3,
  connects: values.quick ? 10 : 40,
  idleSessions: Number(values['idle-sessions'] ?? (values.quick ? 200 : 1000)),
  scale: Number(values.scale),
};
const wanted = (name: string) =>
  values.only === undefined || values.only.split(',').some((start) => name.startsWith(start));

const processes = new Processes();
const closers: (() => Promise<unknown>)[] = [];
async function close(): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer().catch((error) => console.error(error));
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().then(() => process.exit(130)));
}

try {
  await main();
} finally {
  await close();
}

async function main(): Promise<void> {
  const before = machine();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-bench-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o711);
  say('starting PostgreSQL');
  const upstream = await startUpstream(dir);
  closers.push(upstream.server.stop);
  closers.push(() => processes.stopAll());
  const direct = directTarget(upstream);
  await initialise(direct, settings.scale);
  const copy = await writeCopyFile(dir);
  const results: Results = {
    date: new Date().toISOString(),
    machine: before,
    postgres: upstream.server.version,
    settings,
    fdatasync: [await fdatasyncMicros(dir, 500)],
    copyBytes: copy.bytes,
    targets: {},
  };
  const targets: Target[] = [direct];
  let started: DbgateTargets | undefined;
  await addTargets(targets, results, [
    [['pgbouncer'], async () => [await startPgBouncer(processes, dir, upstream, false)]],
    [['pgbouncer-tls'], async () => [await startPgBouncer(processes, dir, upstream, true)]],
    [['ssh'], async () => [await startSsh(processes, dir, upstream)]],
    ...(['sync', 'async'] as const).map(
      (durability): Starter => [
        [`dbgate-native-${durability}`, `dbgate-tunnel-${durability}`],
        async () => {
          started = await startDbgate(processes, dir, upstream, { durability });
          return [started.native, started.tunnel];
        },
      ],
    ),
  ]);
  const measured = targets.filter(({ name }) => wanted(name));
  for (const { name } of measured) results.targets[name] = { pgbench: {}, bulk: {} };

  // First: later the heaps are grown, and have room for many.
  say(`${settings.idleSessions} idle sessions`);
  await eachInTurn(measured, results, 0, async (target, result) => {
    result.idleBytes = await idleSessions(target, settings.idleSessions);
  });
  say('warming up');
  for (const mode of MODES) {
    await eachInTurn(measured, results, 0, async (target) => {
      await pgbench(target, dir, { mode, clients: 16, seconds: values.quick ? 2 : 4 });
    });
  }
  for (let round = 1; round <= settings.rounds; round++) {
    for (const clients of settings.clients) {
      for (const mode of MODES) {
        say(`round ${round} of ${settings.rounds}: pgbench -S -M ${mode}, ${clients} clients`);
        await eachInTurn(measured, results, round, async (target, result) => {
          const measurement = await pgbench(target, dir, { mode, clients, seconds: settings.seconds });
          (result.pgbench[`${mode}-${clients}`] ??= []).push(measurement);
        });
      }
    }
  }
  for (let round = 1; round <= settings.bulkRounds; round++) {
    for (const kind of ['select', 'copyOut', 'copyIn'] satisfies Bulk[]) {
      say(`round ${round} of ${settings.bulkRounds}: ${kind}`);
      await eachInTurn(measured, results, round, async (target, result) => {
        (result.bulk[kind] ??= []).push(await bulk(target, kind, copy.file));
      });
    }
  }
  say('connection set-up');
  await eachInTurn(measured, results, 0, async (target, result) => {
    result.connect = await connectionSetUp(target, settings.connects);
  });
  say('a repeated statement');
  await eachInTurn(measured, results, 0, async (target, result) => {
    result.repeated = await repeatedStatement(target, settings.connects);
  });
  say('starting the CLI');
  try {
    results.starts = await measureStarts(20, started);
  } catch (error) {
    say((error as Error).message);
  }
  const rows = values.quick ? 100_000 : 1_000_000;
  await orSay('masking', async () => {
    results.masked = await maskedCost(dir, upstream, { rows, rounds: settings.bulkRounds, largeBytes: 1e9 });
  });
  await orSay('classification', async () => {
    results.classifying = await classifyingCost(values.quick ? 50 : 200, 1200);
  });
  results.fdatasync.push(await fdatasyncMicros(dir, 500));

  const text = report(results);
  console.log(text);
  const out =
    values.out ?? (values.quick || values.only !== undefined ? undefined : path.join(import.meta.dirname, 'results'));
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    const file = path.join(out, results.date.slice(0, 10));
    await writeFile(`${file}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
    await writeFile(`${file}.md`, text);
    say(`written to ${path.relative(process.cwd(), file)}.json and .md`);
  }
}

/** What is not of one target; what fails is said, and the rest measured. */
async function orSay(what: string, measure: () => Promise<void>): Promise<void> {
  if (!wanted(what)) return;
  say(what);
  try {
    await measure();
  } catch (error) {
    say(`${what}: ${(error as Error).message}`);
  }
}

type Starter = [names: readonly string[], start: () => Promise<Target[]>];

/** A proxy that is not installed, or does not start, is named in the report; the others are measured. */
async function addTargets(targets: Target[], results: Results, starters: readonly Starter[]): Promise<void> {
  for (const [names, start] of starters) {
    if (!names.some(wanted)) continue;
    say(`starting ${names.join(', ')}`);
    try {
      targets.push(...(await start()));
    } catch (error) {
      const failure = (error as Error).message;
      say(failure);
      for (const name of names) results.targets[name] = { pgbench: {}, bulk: {}, failure };
    }
  }
}

/** Every round begins with another target; one that fails is left out from then on. */
async function eachInTurn(
  targets: readonly Target[],
  results: Results,
  round: number,
  measure: (target: Target, result: TargetResult) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < targets.length; i++) {
    const target = targets[(i + round) % targets.length]!;
    const result = results.targets[target.name]!;
    if (result.failure !== undefined) continue;
    try {
      await measure(target, result);
    } catch (error) {
      result.failure = (error as Error).message;
      say(`${target.name}: ${result.failure}`);
    }
  }
}

function say(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}
