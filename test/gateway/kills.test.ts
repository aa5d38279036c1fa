/**
 * A gateway that is killed at random moments while 20 sessions write, and started again: no row without an intent on disk,
 * no row that was acknowledged without its intent. After every other kill the power fails too: what was not synced is gone.
 * DBGATE_KILLS says how often (default 30, in CI 200); `npm run kills`: a thousand times.
 */
import { existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { beforeAll, expect, it } from 'vitest';
import { readSegments, type SegmentCursor, START } from '../../src/store/segment-reader.ts';
import { insertMark, intentsOf, spawnGateway } from './gateway-process.ts';
import { type AuditRecord, Rig, readRecords, until } from './gateway-rig.ts';

const KILLS = Number(process.env.DBGATE_KILLS ?? 30);
const WRITERS = 20;
/** The parser's code is not compiled a second time to be fast: that takes longer than it serves a round. */
const FLAGS = ['--import', path.join(import.meta.dirname, 'power-cut.ts'), '--liftoff-only'];
/** Of so many rounds one is killed before it serves anybody, and one has a single writer, for whom syncs are done in place. */
const EARLY = 8;

let rig: Rig;
let upstream: pg.Client;
beforeAll(async () => {
  rig = await Rig.open({
    sql: 'CREATE TABLE marks (id text primary key)',
    // Of thousands of connections: passwords are not what is tested here, and take 0.2 s of CPU a kill.
    postgres: { hba: 'host all all 127.0.0.1/32 trust' },
  });
  await rig.gateway.close();
  upstream = new pg.Client({ connectionString: rig.directUrl });
  await upstream.connect();
  return async () => {
    await upstream.end();
    await rig.close();
  };
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Cuts each segment to what was synced. */
function failPower(notes: string): void {
  const ends = new Map<string, number>();
  for (const [, end, name] of readFileSync(notes, 'utf8').matchAll(/^(\d+) (.+)$/gm)) ends.set(name!, Number(end));
  for (const [name, end] of ends) if (existsSync(name)) truncateSync(name, end);
}

it(`has an intent on disk for every row that is in Postgres, ${KILLS} times`, { timeout: KILLS * 60_000 }, async () => {
  const stateDir = path.join(rig.stateDir, 'killed');
  const auditDir = path.join(stateDir, 'audit');
  const token = await rig.token({ exp: Math.floor(Date.now() / 1000) + 86_400 });
  const spawn = (notes: string) =>
    spawnGateway(rig, {
      stateDir,
      segmentSize: '1MiB',
      flags: FLAGS,
      env: { NODE_COMPILE_CACHE: path.join(rig.stateDir, 'compiled'), DBGATE_TEST_SYNCED: notes },
    });
  // Compiled code is kept by a process that ends in good order: this one, for all that will not.
  const first = await spawn(path.join(rig.stateDir, 'synced-first'));
  await first.listens();
  const visitor = await rig.connect(token);
  await visitor.query(insertMark('0'));
  await visitor.end();
  first.child.kill('SIGTERM');
  await first.exited;
  const starts: number[] = [];
  let rows = 0;
  let cursor: SegmentCursor = START;
  for (let round = 0; round < KILLS; round++) {
    const notes = path.join(rig.stateDir, `synced-${round}`);
    const startedAt = performance.now();
    const gateway = await spawn(notes);
    const told = new Set<string>();
    const isEarly = round % EARLY === EARLY - 1;
    try {
      if (isEarly) await pause(Math.random() * 500);
      else {
        await gateway.listens();
        starts.push(performance.now() - startedAt);
        const isAlone = round % EARLY === 3;
        const working = Array.from({ length: isAlone ? 1 : WRITERS }, async (_, writer) => {
          const client = await rig.connect(token);
          for (let i = 0; ; i++) {
            const id = `${round}-${writer}-${i}`;
            await client.query(insertMark(id));
            told.add(id);
          }
        });
        let failed: { readonly reason: unknown } | undefined;
        for (const work of working) work.catch((reason: unknown) => (failed ??= { reason }));
        // From the first rows, when others still connect, to when all of them write.
        const wanted = (isAlone ? 2 * WRITERS : 1) + Math.random() * 4 * WRITERS;
        await until(() => {
          // Before the kill none may fail: the others would wait for its rows for ever.
          if (failed !== undefined) throw failed.reason;
          return told.size >= wanted;
        });
        await pause(Math.random() * 20);
        await gateway.kill();
        await Promise.allSettled(working);
      }
    } finally {
      await gateway.kill();
    }
    // What was under way upstream ends before it is counted.
    const busy = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '%dev@%'";
    await until(async () => (await upstream.query(busy)).rows.length === 0);
    if (round % 2 === 1 && existsSync(notes)) failPower(notes);
    rmSync(notes, { force: true });
    const written = await upstream.query<{ id: string }>('SELECT id FROM marks WHERE id LIKE $1', [`${round}-%`]);
    const records: AuditRecord[] = [];
    // Where it left off: what is older was seen, and is seen again at the end.
    if (existsSync(auditDir)) {
      const to = Number.MAX_SAFE_INTEGER;
      for await (const chunk of readSegments(auditDir, { from: cursor, to, onDamage: () => {} })) {
        for (const { payload } of chunk.records) records.push(JSON.parse(payload) as AuditRecord);
        cursor = chunk.cursor;
      }
    }
    const intents = intentsOf(records);
    expect(written.rows.filter(({ id }) => !intents.has(id))).toEqual([]);
    expect([...told].filter((id) => !intents.has(id))).toEqual([]);
    rows += written.rows.length;
  }
  expect(rows).toBeGreaterThan(KILLS);
  // Whatever was open each time has an end when it is started once more, and nothing that was there is gone.
  const last = await spawnGateway(rig, { stateDir });
  await last.listens();
  let records: AuditRecord[] = [];
  await until(async () => {
    records = await readRecords(auditDir);
    const open = new Set<string>();
    for (const one of records) {
      if (one.kind === 'statement.intent' && one.decision !== 'deny') open.add(`${one.session}.${one.n}`);
      if (one.kind === 'statement.outcome') open.delete(`${one.session}.${one.n}`);
    }
    return open.size === 0;
  });
  await last.kill();
  const intents = intentsOf(records);
  const all = await upstream.query<{ id: string }>('SELECT id FROM marks');
  expect(all.rows.filter(({ id }) => !intents.has(id))).toEqual([]);
  starts.sort((a, b) => a - b);
  const [median, slowest] = [starts[starts.length >> 1]!, starts.at(-1)!].map(Math.round);
  console.log(`${KILLS} kills, ${rows} rows; the process listens after ${median} ms (median), ${slowest} ms (slowest)`);
});
