/**
 * `node bench/history.ts [--statements 1000000]`: what the index of the record costs, and how fast it answers. A made-up
 * record (an intent and an outcome for each statement) is put into an index of its own; nothing else is running.
 * Out: bytes a record, records a second, and the time of each kind of search, on stdout.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HistoryQuery } from '../src/audit/record.ts';
import { defineHistoryFunctions, queryHistory } from '../src/store/history-query.ts';
import { openIndexDatabase } from '../src/store/index-database.ts';

const { values } = parseArgs({ options: { statements: { type: 'string', default: '1000000' } } });
const statements = Number(values.statements);
const PEOPLE = 50;
const SESSIONS = 2_000;
const SHAPES = 300;
const BATCH = 600;

/** The same numbers in every run. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
let seed = 1;
const below = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
const START = Date.parse('2026-01-01T00:00:00Z');

function sqlOf(i: number): { sql: string; shape: number } {
  const kind = below(100);
  const shape = below(SHAPES);
  const table = `table_${shape}`;
  // An application's prepared statements.
  if (kind < 55)
    return {
      sql: `SELECT id, name, created_at, status FROM ${table} WHERE account_id = $1 AND status = $2 ORDER BY created_at DESC LIMIT 20`,
      shape,
    };
  // People and tools that write literals.
  if (kind < 80)
    return { sql: `select * from ${table} where id = ${below(1_000_000)} and status in (1, 2, ${below(9)})`, shape };
  if (kind < 90)
    return { sql: `UPDATE ${table} SET note = 'ticket-${below(100_000)}' WHERE id = ${below(1_000_000)}`, shape };
  if (kind < 95)
    return {
      sql: `SELECT count(*) FROM ${table} t JOIN people p ON p.id = t.person WHERE p.email = '‹email:${below(2 ** 30)
        .toString(16)
        .padStart(12, '0')}›'`,
      shape,
    };
  // Written once.
  return {
    sql: `with step_${i} as (select a, b from ${table} where c > ${below(1000)}) select * from step_${i} natural join other_${below(5000)}`,
    shape,
  };
}

function* records(): Generator<string> {
  const next = new Map<number, number>();
  for (let s = 0; s < SESSIONS; s++) {
    yield `{"v":2,"kind":"session.open","at":"${new Date(START).toISOString()}","session":"0192f3a4-0000-7000-8000-${String(s).padStart(12, '0')}","gateway":"gw","clock":"unknown","issuer":"https://idp.example","subject":"user-${s % PEOPLE}","principalKind":"user","actors":[],"authMethods":["pwd"],"bound":false,"via":"tunnel","database":"db${s % 5}","environment":"production","upstreamUser":"app","policyVersion":"v1","body":{"salt":"s","email":"user-${s % PEOPLE}@example.com","groups":[],"clientAddress":"10.0.0.1:1","application":"psql","purpose":"ticket ${s}"}}`;
  }
  for (let i = 0; i < statements; i++) {
    const s = below(SESSIONS);
    const n = (next.get(s) ?? 0) + 1;
    next.set(s, n);
    const at = new Date(START + i * 1000).toISOString();
    const session = `0192f3a4-0000-7000-8000-${String(s).padStart(12, '0')}`;
    const { sql, shape } = sqlOf(i);
    const denied = below(1000) === 0;
    const isWrite = sql.startsWith('UPDATE');
    const facts = `"fingerprint":"${(shape * 7919).toString(16).padStart(16, '0')}","command":"${isWrite ? 'UPDATE' : 'SELECT'}","class":"${isWrite ? 'write' : 'read'}","relations":["public.table_${shape}"],"columns":${shape % 10 === 0 ? `{"public.table_${shape}.email":"email"}` : '{}'}`;
    const [rows, masked] = [below(100), shape % 10 === 0 ? below(20) : 0];
    yield `{"v":2,"kind":"statement.intent","at":"${at}","session":"${session}","n":${n},"protocol":"extended",${facts},"decision":"${denied ? 'deny' : shape % 10 === 0 ? 'mask' : 'allow'}"${denied ? ',"rule":"production.no-drop"' : ''},"binds":2,"body":{"salt":"abcdefghijklmnopqrstuv","sql":${JSON.stringify(sql)},"hash":"${'0'.repeat(64)}"}}`;
    yield `{"v":2,"kind":"statement.outcome","at":"${at}","session":"${session}","n":${n},"rows":${rows},"bytes":${rows * 90},"ms":${below(50_000) / 1000}${below(200) === 0 ? ',"sqlstate":"42P01"' : ''},"masked":${masked}}`;
  }
}

const dir = mkdtempSync(join(tmpdir(), 'dbgate-bench-'));
try {
  const file = join(dir, 'index.sqlite');
  const index = openIndexDatabase(file, 0);
  defineHistoryFunctions(index.sqlite);
  let position = 0;
  let payloadBytes = 0;
  const began = performance.now();
  let batch: { position: number; stream: string; streamSeq: number; payload: string }[] = [];
  const put = (): void => {
    index.apply(batch, { segment: 1, offset: position * 400, position });
    batch = [];
  };
  for (const payload of records()) {
    payloadBytes += payload.length;
    batch.push({ position: ++position, stream: 'audit', streamSeq: position, payload });
    if (batch.length === BATCH) put();
  }
  put();
  const seconds = (performance.now() - began) / 1000;
  index.sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = statSync(file).size;
  console.log(`${statements} statements, ${position} records of ${Math.round(payloadBytes / position)} bytes`);
  console.log(`indexed in ${seconds.toFixed(1)} s: ${Math.round(position / seconds)} records/s`);
  console.log(
    `${(bytes / 2 ** 20).toFixed(0)} MiB: ${(bytes / position).toFixed(0)} bytes a record, ${(bytes / statements).toFixed(0)} a statement`,
  );
  if (process.env.SIZES)
    for (const row of index.sqlite
      .prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 16')
      .all())
      console.log(`  ${row.name}: ${row.bytes}`);

  const mine = 'https://idp.example|user-7';
  const since = START + (statements / 2) * 1000;
  const queries: [string, HistoryQuery][] = [
    ['first page', {}],
    ['first page, own', { principal: mine }],
    ['grep, in every second text', { grep: 'account_id' }],
    ['grep, a table', { grep: 'table_217' }],
    ['grep, a table, own', { grep: 'table_217', principal: mine }],
    ['grep, one literal', { grep: 'ticket-4711' }],
    ['grep, across a literal', { grep: 'where id = 271828' }],
    ['grep, one literal, own', { grep: 'ticket-4711', principal: mine }],
    ['grep, a text that was written once', { grep: `step_${statements - 13}` }],
    ['grep, the oldest', { grep: 'step_7' }],
    ['grep, nowhere', { grep: 'no such text anywhere' }],
    ['grep, nowhere, own', { grep: 'no such text anywhere', principal: mine }],
    ['grep, a keyed value', { grep: '‹email:00001a2b' }],
    ['grep, two characters, nowhere', { grep: 'zz' }],
    ['grep, two characters, own', { grep: '47', principal: mine }],
    ['grep, one character, own', { grep: '7', principal: mine }],
    ['grep, across short numbers', { grep: '= 1' }],
    ['grep, across short numbers, nowhere', { grep: '9,9' }],
    ['grep, a quote, nowhere', { grep: "='" }],
    ['grep, common, own of another database', { grep: 'id', principal: mine, database: 'db3' }],
    ['grep, common, errors', { grep: 'id', errorsOnly: true }],
    ['grep, common, denied, own', { grep: 'id', deniedOnly: true, principal: mine }],
    ['grep, common, one purpose', { grep: 'account_id', purpose: 'ticket 1234' }],
    ['grep, common, masked, own', { grep: 'account_id', maskedOnly: true, principal: mine }],
    ['table', { table: 'table_42' }],
    ['class', { class: 'email' }],
    ['column, own', { column: 'table_40.email', principal: mine }],
    ['denied', { deniedOnly: true }],
    ['denied, own', { deniedOnly: true, principal: mine }],
    ['errors of one database', { errorsOnly: true, database: 'db3' }],
    ['writes', { writesOnly: true }],
    ['purpose', { purpose: 'ticket 1234' }],
    ['by email, a table', { by: 'USER-9@example.com', table: 'table_1' }],
    ['an hour in the middle', { since, until: since + 3_600_000 }],
    ['grep before a time', { until: since, grep: 'ticket-99' }],
  ];
  for (const [name, query] of queries) {
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      found = queryHistory(index.sqlite, { limit: 50, ...query }, 0).entries.length;
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    console.log(
      `${name.padEnd(36)} ${String(found).padStart(3)} found  median ${times[2]!.toFixed(1).padStart(7)} ms  worst ${times[4]!.toFixed(1).padStart(7)} ms`,
    );
  }
  index.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
