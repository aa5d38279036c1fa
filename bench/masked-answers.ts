/**
 * `node bench/masked-answers.ts`: what masking costs through a real gateway (native listener, TLS) and PostgreSQL. The same
 * answers for a principal that sees everything and for one that is masked, in turns: rows a second, CPU of the gateway a
 * row, the memory that a large answer adds, and `pgbench -S`, which reads nothing sensitive. Out: tables on stdout. It
 * fails when something is not masked that should be, never because of a timing. See docs/performance.md.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { extraMemory, largeAnswers, type Measured, measure } from './masked-cost.ts';
import { cases, checkMasks, makePeople } from './masked-people.ts';
import { type Figure, initialise, MODES, type PgbenchResult, pgbench } from './pgbench.ts';
import { Processes } from './processes.ts';
import { median } from './statistics.ts';
import { directTarget, startDbgate, startUpstream, type Target, type Upstream } from './targets.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    /** Of a run of pgbench; 0: none. */
    seconds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '8' },
    /** A script for pgbench, in place of -S. */
    file: { type: 'string' },
    /** A large answer; 0: none. */
    megabytes: { type: 'string', default: '1024' },
    /** Large answers also by a client that rests. */
    slow: { type: 'boolean', default: false },
    /** Beginnings of case names, separated by semicolons. */
    only: { type: 'string' },
    /** Built checkouts to measure, `name=folder`. */
    builds: { type: 'string', default: `dbgate=${path.join(import.meta.dirname, '..')}` },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const MIB = 2 ** 20;

const { only } = values;
const wanted = cases().filter(
  ({ name }) => only === undefined || only.split(';').some((start) => name.startsWith(start)),
);

interface Build {
  readonly name: string;
  readonly admin: Target;
  readonly developer: Target;
}

async function answers(builds: readonly Build[]): Promise<void> {
  console.log('| answer | who | rows/s | × unmasked | CPU µs a row | of it main thread |');
  console.log('| --- | --- | ---: | ---: | ---: | ---: |');
  const targets = builds.flatMap(({ name, admin, developer }) => [
    { who: `${name}, unmasked`, target: admin },
    { who: `${name}, masked`, target: developer },
  ]);
  for (const question of wanted) {
    const results = targets.map((): Measured[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (let i = 0; i < targets.length; i++) {
        const at = (i + round) % targets.length;
        const measured = await measure(targets[at]!.target, question);
        // The first warms up.
        if (round > 0) results[at]!.push(measured);
      }
    }
    for (const [i, { who }] of targets.entries()) {
      const mine = results[i]!;
      // Of the same build.
      const unmasked = results[i - (i % 2)]!;
      const ratio = median(mine.map(({ rowsPerSecond }, round) => rowsPerSecond / unmasked[round]!.rowsPerSecond));
      const of = (name: keyof Measured) => median(mine.map((one) => one[name]));
      console.log(
        `| ${question.name} | ${who} | ${Math.round(of('rowsPerSecond'))} | ${ratio.toFixed(2)} | ` +
          `${of('cpuMicros').toFixed(2)} | ${of('mainMicros').toFixed(2)} |`,
      );
    }
  }
}

/** Each of a gateway that has just begun: later the heap has grown, and has room for much. */
async function memory(
  dir: string,
  upstream: Upstream,
  checkouts: readonly (readonly [string, string])[],
): Promise<void> {
  const bytes = Number(values.megabytes) * MIB;
  console.log('\n| large answer | who | MB | most it added to resident memory, MB | the same again |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  for (const question of largeAnswers(rows, bytes)) {
    for (const pace of values.slow ? (['fast', 'slow'] as const) : (['fast'] as const)) {
      for (const [name, checkout] of checkouts) {
        for (const who of ['masked', 'unmasked'] as const) {
          const processes = new Processes();
          const options = { durability: 'async', checkout, label: `${name}-${++started}` } as const;
          try {
            const { admin, native } = await startDbgate(processes, dir, upstream, options);
            const target = who === 'masked' ? native : admin;
            const first = await extraMemory(target, question, pace);
            const again = await extraMemory(target, question, pace);
            const client = pace === 'slow' ? ', slow client' : '';
            console.log(
              `| ${question.name}${client} | ${name}, ${who} | ${megabytes(first.bytes)} | ${megabytes(first.extra)} | ${megabytes(again.extra)} |`,
            );
          } finally {
            await processes.stopAll();
          }
        }
      }
    }
  }
}

let started = 0;
const megabytes = (value: number): string => (value / MIB).toFixed(0);

async function transactions(dir: string, builds: readonly Build[]): Promise<void> {
  const { file } = values;
  const load = { clients: Number(values.clients), seconds: Number(values.seconds), file };
  console.log(
    `\n| pgbench ${file === undefined ? '-S' : path.basename(file)} | who | transactions/s | × unmasked | CPU µs each | of it main thread |`,
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: |');
  const targets = builds.flatMap(({ name, admin, developer }) => [
    { who: `${name}, unmasked`, target: admin },
    { who: `${name}, masked`, target: developer },
  ]);
  for (const mode of MODES) {
    const results = targets.map((): PgbenchResult[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (let i = 0; i < targets.length; i++) {
        const at = (i + round) % targets.length;
        const result = await pgbench(targets[at]!.target, dir, { mode, ...load });
        if (round > 0) results[at]!.push(result);
      }
    }
    for (const [i, { who }] of targets.entries()) {
      const mine = results[i]!;
      const ratio = median(mine.map(({ tps }, round) => tps / results[0]![round]!.tps));
      const of = (name: Figure) => median(mine.map((one) => one[name] ?? Number.NaN));
      console.log(
        `| ${mode} | ${who} | ${Math.round(of('tps'))} | ${ratio.toFixed(2)} | ` +
          `${of('cpuMicrosPerTransaction').toFixed(1)} | ${of('mainMicrosPerTransaction').toFixed(1)} |`,
      );
    }
  }
}

const processes = new Processes();
const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-masked-'));
await chmod(dir, 0o711);
const upstream = await startUpstream(dir);
try {
  const direct = directTarget(upstream);
  await makePeople(direct, rows);
  await initialise(direct, 1);
  const builds: Build[] = [];
  const checkouts = values.builds.split(',').map((one) => {
    const [name, checkout] = one.split('=') as [string, string];
    return [name, path.resolve(checkout)] as const;
  });
  if (Number(values.megabytes) > 0) await memory(dir, upstream, checkouts);
  for (const [label, checkout] of checkouts) {
    const { admin, native } = await startDbgate(processes, dir, upstream, { durability: 'async', checkout, label });
    builds.push({ name: label, admin, developer: native });
    await checkMasks(admin, native);
  }
  console.log(
    `load average ${os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}\n`,
  );
  await answers(builds);
  if (Number(values.seconds) > 0) await transactions(dir, builds);
  console.log(
    `\nload average ${os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  );
} finally {
  await processes.stopAll();
  await upstream.server.stop();
  await rm(dir, { recursive: true, force: true });
}
