/**
 * What it costs to classify a database whose tables all have full samples. In: tables and rows of each. Out: seconds of CPU
 * of this process and of its main thread, of the clock, and the longest that the main thread did nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import pg from 'pg';
import { catalogFromRows } from '../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../src/catalog/catalog-query.ts';
import { startPostgres } from '../src/demo/postgres-server.ts';
import { parseUpstreamUrl } from '../src/demo/upstream-url.ts';
import { Classifier } from '../src/gateway/classifier.ts';
import { queryOnce } from '../src/gateway/side-query.ts';
import { TableJudge } from '../src/gateway/table-judge.ts';
import { COLUMNS, makeTable } from './business-tables.ts';

export interface ClassifyingCost {
  readonly tables: number;
  readonly columns: number;
  readonly sensitive: number;
  readonly cpuSeconds: number;
  /** Of them in the thread that would serve sessions. */
  readonly mainSeconds: number;
  readonly seconds: number;
  /** Others in this process had to wait so long at most. */
  readonly longestMs: number;
}

export async function classifyingCost(tables: number, rows: number): Promise<ClassifyingCost> {
  const server = await startPostgres({ settings: { max_locks_per_transaction: '1024', fsync: 'off' } });
  const stateDir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-bench-classify-'));
  try {
    const client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    for (let n = 0; n < tables; n++) await makeTable(client, n, rows);
    await client.query('ANALYZE');
    await client.end();

    const settings = await parseUpstreamUrl(`${server.superuserUrl}?sslmode=disable`);
    const catalog = catalogFromRows(await queryOnce(settings, CATALOG_SQL), 1);
    const judge = new TableJudge();
    const log = (line: string): void => console.error(line);
    const classifier = new Classifier({ settings, database: 'bench', stateDir, judge, log });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.cpuUsage();
    const main = process.threadCpuUsage();
    const start = performance.now();
    classifier.update(catalog);
    await classifier.whenDone();
    const seconds = (performance.now() - start) / 1_000;
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    const ofMain = process.threadCpuUsage(main);
    const { done } = classifier.status();
    const sensitive = classifier.columns().filter(({ classification }) => classification?.class !== undefined).length;
    await classifier.close();
    await judge.close();
    return {
      tables: done,
      columns: COLUMNS.length,
      sensitive,
      cpuSeconds: (user + system) / 1e6,
      mainSeconds: (ofMain.user + ofMain.system) / 1e6,
      seconds,
      longestMs: delay.max / 1e6,
    };
  } finally {
    await server.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}
