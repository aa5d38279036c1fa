/**
 * `node bench/definitions.ts [--builds old=/tmp/old,new=.]`: what it costs that the server is asked whether definitions are still
 * the same. One statement after the other through a real gateway, in turns: on a plain table, which asks nothing, on a view,
 * and on a view whose answer is masked, while nothing is written to the database and while somebody writes. Out: ms and CPU of
 * the gateway a statement, medians of the rounds. See docs/performance.md.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { cpuSeconds, Processes } from './processes.ts';
import { median } from './statistics.ts';
import { clientOf, directTarget, startDbgate, startUpstream, type Target } from './targets.ts';

const { values } = parseArgs({
  options: {
    /** Only while somebody writes. */
    writing: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    statements: { type: 'string', default: '150' },
    builds: { type: 'string', default: `dbgate=${path.join(import.meta.dirname, '..')}` },
  },
});
const rounds = Number(values.rounds);
const statements = Number(values.statements);

const SETUP = `CREATE TABLE people AS SELECT i AS id, 'p' || i || '@mailbox.example' AS email, 'free' AS plan
    FROM generate_series(1, 1000) i;
  ALTER TABLE people ADD PRIMARY KEY (id); CREATE TABLE written (id int); ANALYZE;
  CREATE VIEW shown AS SELECT id, plan, lower(email) AS email FROM people`;
const CASES = [
  ['plain table', 'SELECT plan FROM people WHERE id = 7'],
  ['view', 'SELECT plan FROM shown WHERE id = 7'],
  ['view, masked', 'SELECT email FROM shown WHERE id = 7'],
] as const;

interface Measured {
  readonly ms: number[];
  readonly cpuMicros: number[];
}

async function measure(client: pg.Client, target: Target, sql: string, into: Measured): Promise<void> {
  const took: number[] = [];
  const before = cpuSeconds(target.pids());
  for (let i = 0; i < statements; i++) {
    const from = performance.now();
    await client.query(sql);
    took.push(performance.now() - from);
  }
  into.cpuMicros.push(((cpuSeconds(target.pids()) - before) * 1e6) / statements);
  into.ms.push(median(took));
}

const processes = new Processes();
const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-definitions-'));
await chmod(dir, 0o711);
const upstream = await startUpstream(dir);
try {
  const direct = clientOf(directTarget(upstream));
  await direct.connect();
  await direct.query(SETUP);
  const builds: { readonly name: string; readonly target: Target; readonly client: pg.Client }[] = [];
  for (const one of values.builds.split(',')) {
    const [label, checkout] = one.split('=') as [string, string];
    const options = { durability: 'async', checkout: path.resolve(checkout), label } as const;
    const { native: target } = await startDbgate(processes, dir, upstream, options);
    const client = clientOf(target);
    await client.connect();
    builds.push({ name: label, target, client });
  }
  console.log(`load average ${os.loadavg().map((load) => load.toFixed(1))}`);
  for (const isWriting of values.writing ? [true] : [false, true]) {
    let goesOn = isWriting;
    const writer = (async () => {
      while (goesOn) {
        await direct.query('INSERT INTO written VALUES (1)');
        await sleep(2);
      }
    })();
    for (const [what, sql] of CASES) {
      const results = builds.map((): Measured => ({ ms: [], cpuMicros: [] }));
      for (const { client, target } of builds) await measure(client, target, sql, { ms: [], cpuMicros: [] });
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < builds.length; i++) {
          const at = (i + round) % builds.length;
          await measure(builds[at]!.client, builds[at]!.target, sql, results[at]!);
        }
      }
      for (const [i, { name }] of builds.entries()) {
        const { ms, cpuMicros } = results[i]!;
        console.log(
          `${isWriting ? 'written to' : 'quiet'} | ${what} | ${name} | ${median(ms).toFixed(3)} ms | ${Math.round(median(cpuMicros))} µs CPU`,
        );
      }
    }
    goesOn = false;
    await writer;
  }
  console.log(`load average ${os.loadavg().map((load) => load.toFixed(1))}`);
  for (const { client } of builds) await client.end();
  await direct.end();
} finally {
  await processes.stopAll();
  await upstream.server.stop();
  await rm(dir, { recursive: true, force: true });
}
