/**
 * `node bench/masked-answers.ts`: what masking costs through a real gateway (native listener, TLS) and PostgreSQL. The same
 * answers for a principal that sees everything and for one that is masked, in turns: rows a second, CPU of the gateway a
 * row, the memory that a large answer adds, and `pgbench -S`, which reads nothing sensitive. Out: tables on stdout. It
 * fails when something is not masked that should be, never because of a timing. See docs/performance.md.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AnswerReader, type Question } from './answer-reader.ts';
import { type Figure, initialise, MODES, type PgbenchResult, pgbench } from './pgbench.ts';
import { cpuTimes, Processes, residentBytes } from './processes.ts';
import { median } from './statistics.ts';
import { clientOf, directTarget, startDbgate, startUpstream, type Target } from './targets.ts';

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
    /** Beginnings of case names, separated by semicolons. */
    only: { type: 'string' },
    /** Built checkouts to measure, `name=folder`; the first one's unmasked answers are the reference of all. */
    builds: { type: 'string', default: `dbgate=${path.join(import.meta.dirname, '..')}` },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);

const CLEAR = ['id', 'plan', 'signed_up'];
const ONE = ['id', 'email', 'plan'];
const TEXTS = ['email', 'full_name', 'phone', 'username', 'street_address', 'card_number', 'iban', 'second_email'];
const TEN = [...TEXTS, 'last_name', 'date_of_birth'];
const KEYED = [...TEXTS.slice(0, 6), 'date_of_birth', 'national_id', 'advertising_id', 'ip_address'];

interface Case extends Question {
  readonly name: string;
}

function cases(): Case[] {
  const all: Case[] = [];
  for (const [name, columns] of [
    ['nothing sensitive', CLEAR],
    ['one text of three', ONE],
    ['ten columns', TEN],
    ['ten, three keyed', KEYED],
  ] as const) {
    const list = columns.join(', ');
    all.push(
      { name: `${name}, SELECT text`, sql: `SELECT ${list} FROM people`, format: 'text' },
      { name: `${name}, SELECT binary`, sql: `SELECT ${list} FROM people`, format: 'binary' },
      { name: `${name}, COPY text`, sql: `COPY people (${list}) TO STDOUT`, format: 'text' },
      { name: `${name}, COPY csv`, sql: `COPY people (${list}) TO STDOUT (FORMAT csv)`, format: 'text' },
      { name: `${name}, COPY binary`, sql: `COPY people (${list}) TO STDOUT (FORMAT binary)`, format: 'text' },
    );
  }
  const { only } = values;
  return all.filter(({ name }) => only === undefined || only.split(';').some((start) => name.startsWith(start)));
}

async function makePeople(target: Target): Promise<void> {
  const client = clientOf(target);
  await client.connect();
  await client.query(`CREATE TABLE people AS SELECT
    i::bigint AS id,
    'person.number' || i || '@mailbox.example' AS email,
    'Jonas Weber' || chr(97 + i % 26) AS full_name,
    '+49 170 ' || 1000000 + i AS phone,
    'user' || i AS username,
    i || ' Long Street, Lakeview' AS street_address,
    '4111 1111 1111 ' || 1000 + i % 9000 AS card_number,
    'DE44 5001 0517 5407 ' || 1000 + i % 9000 || ' 31' AS iban,
    'second' || i || '@mailbox.example' AS second_email,
    'Weber' || chr(97 + i % 26) AS last_name,
    date '1950-01-01' + i % 20000 AS date_of_birth,
    10000000 + i AS national_id,
    md5(i::text)::uuid AS advertising_id,
    inet '192.168.0.0' + i % 65536 AS ip_address,
    CASE WHEN i % 3 = 0 THEN 'free' ELSE 'business' END AS plan,
    timestamptz '2024-01-01' + i * interval '1 second' AS signed_up
    FROM generate_series(1, ${rows}) AS i`);
  await client.query('VACUUM ANALYZE people');
  await client.end();
}

/** Else the rest would measure nothing. */
async function checkMasks(admin: Target, developer: Target): Promise<void> {
  const [real, shown] = await Promise.all(
    [admin, developer].map(async (target) => {
      const client = clientOf(target);
      await client.connect();
      const { rows: found } = await client.query('SELECT * FROM people WHERE id = 4242');
      await client.end();
      return found[0] as Record<string, unknown>;
    }),
  );
  for (const column of new Set([...CLEAR, ...ONE, ...TEN, ...KEYED])) {
    const isMasked = String(real![column]) !== String(shown![column]);
    const isClear = CLEAR.includes(column);
    if (isMasked === isClear) throw new Error(`${column} is ${isMasked ? '' : 'not '}masked: ${shown![column]}`);
  }
}

interface Measured {
  readonly rowsPerSecond: number;
  readonly cpuMicros: number;
  readonly mainMicros: number;
}

/** A fresh session, as a principal's first large answer. */
async function measure(target: Target, question: Question): Promise<Measured> {
  const reader = await AnswerReader.open(target);
  try {
    // Traced, and its shape known.
    const before = cpuTimes(target.pids());
    const answer = await reader.ask(question);
    const after = cpuTimes(target.pids());
    const micros = 1e6 / answer.rows;
    return {
      rowsPerSecond: answer.rows / answer.seconds,
      cpuMicros: (after.user + after.system - before.user - before.system) * micros,
      mainMicros: (after.main - before.main) * micros,
    };
  } finally {
    reader.close();
  }
}

/** Most that a large answer adds to what was resident before it. */
async function extraMemory(target: Target, question: Question): Promise<{ extra: number; bytes: number }> {
  const reader = await AnswerReader.open(target);
  let most = 0;
  let isDone = false;
  try {
    await sleep(500);
    const before = residentBytes(target.pids());
    const answered = reader.ask(question).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      most = Math.max(most, residentBytes(target.pids()) - before);
      await Promise.race([sleep(20), answered]);
    }
    return { extra: most, bytes: (await answered).bytes };
  } finally {
    reader.close();
  }
}

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
  for (const question of cases()) {
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
      const ratio = median(mine.map(({ rowsPerSecond }, round) => rowsPerSecond / results[0]![round]!.rowsPerSecond));
      const of = (name: keyof Measured) => median(mine.map((one) => one[name]));
      console.log(
        `| ${question.name} | ${who} | ${Math.round(of('rowsPerSecond'))} | ${ratio.toFixed(2)} | ` +
          `${of('cpuMicros').toFixed(2)} | ${of('mainMicros').toFixed(2)} |`,
      );
    }
  }
}

async function memory(builds: readonly Build[]): Promise<void> {
  const bytes = Number(values.megabytes) * 1024 * 1024;
  const copies = Math.ceil(bytes / 1020 / rows);
  const from = `FROM people, generate_series(1, ${copies})`;
  const wide = Math.ceil(bytes / 160 / rows);
  console.log('\n| large answer | who | MB | most it added to resident memory, MB |');
  console.log('| --- | --- | ---: | ---: |');
  for (const { name, sql } of [
    { name: 'one masked text, rows of 1 KB', sql: `SELECT email, rpad(plan, 950) ${from}` },
    { name: 'the same by COPY', sql: `COPY (SELECT email, rpad(plan, 950) ${from}) TO STDOUT` },
    { name: 'ten masked', sql: `SELECT ${TEN.join(', ')} FROM people, generate_series(1, ${wide})` },
  ]) {
    for (const build of builds) {
      for (const [who, target] of [
        // First, while the heap has not grown by the other's answer.
        ['masked', build.developer],
        ['unmasked', build.admin],
      ] as const) {
        const measured = await extraMemory(target, { sql, format: 'text' });
        const megabytes = (value: number) => (value / 1024 / 1024).toFixed(0);
        console.log(
          `| ${name} | ${build.name}, ${who} | ${megabytes(measured.bytes)} | ${megabytes(measured.extra)} |`,
        );
      }
    }
  }
}

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
  await makePeople(direct);
  await initialise(direct, 1);
  const builds: Build[] = [];
  for (const one of values.builds.split(',')) {
    const [name, checkout] = one.split('=') as [string, string];
    const started = await startDbgate(processes, dir, upstream, {
      durability: 'async',
      checkout: path.resolve(checkout),
      label: name,
    });
    builds.push({ name, admin: started.admin, developer: started.native });
    await checkMasks(started.admin, started.native);
  }
  console.log(
    `load average ${os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}\n`,
  );
  await answers(builds);
  if (Number(values.megabytes) > 0) await memory(builds);
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
