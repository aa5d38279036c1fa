/**
 * What it costs to classify a database whose tables all have full samples. In: tables and rows of each. Out: seconds of CPU
 * here and of the clock, and the longest that this thread did nothing else. The columns are what business schemas have:
 * keys, days, amounts, states, names, addresses, telephones, notes, documents, tokens.
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

/** Names as schemas have them in even tables; in odd ones they say nothing. */
const COLUMNS: readonly (readonly [name: string, type: string, value: string])[] = [
  ['id', 'serial PRIMARY KEY', ''],
  ['account_id', 'integer', 'i % 97'],
  ['reference', 'text', `'ORD-' || lpad((i * 7919 % 1000003)::text, 8, '0')`],
  ['status', 'text', `(ARRAY['open', 'paid', 'shipped', 'returned'])[1 + i % 4]`],
  ['created_at', 'timestamptz', `timestamptz '2024-01-01' + i * interval '37 minutes'`],
  ['amount', 'numeric(12,2)', '(i * 7907 % 100003) / 100.0'],
  ['customer_name', 'text', `initcap(given[1 + i % 8]) || ' ' || initcap(family[1 + i * 5 % 7])`],
  ['email', 'text', `given[1 + i % 8] || '.' || family[1 + i * 5 % 7] || i || '@example.org'`],
  ['phone', 'text', `'+4930' || (1000000 + i * 7919 % 8999999)`],
  ['street', 'text', `'Example Street ' || i % 240 || ', ' || (10000 + i % 80000) || ' Berlin'`],
  ['title', 'text', `'Blue widget of size ' || i % 60 || ' with ' || i % 7 || ' handles'`],
  [
    'note',
    'text',
    `repeat('The parcel was handed to a neighbour, who will bring it over on day ' || i % 28 || '. ', 3)`,
  ],
  ['checksum', 'text', `md5(i::text || n::text)`],
  ['external_uuid', 'uuid', `md5(n || '.' || i)::uuid`],
  ['attributes', 'jsonb', `jsonb_build_object('colour', 'blue', 'size', i % 60, 'by', given[1 + i % 8])`],
  ['token', 'text', `translate(encode(sha256((n || '/' || i)::bytea), 'base64'), '=+/', 'aXz')`],
  ['ip', 'inet', `('91.12.' || i % 250 || '.' || i * 7 % 250)::inet`],
  ['version', 'text', `'v' || i % 9 || '.' || i % 17 || '.' || i % 5`],
];

export interface ClassifyingCost {
  readonly tables: number;
  readonly columns: number;
  readonly sensitive: number;
  readonly cpuSeconds: number;
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
    for (let n = 0; n < tables; n++) {
      const name = (at: number) => (n % 2 === 0 ? COLUMNS[at]![0] : `c${at}`);
      await client.query(
        `CREATE TABLE ${n % 2 === 0 ? 'orders' : 't'}_${n} (${COLUMNS.map(([, type], at) => `${name(at)} ${type}`).join(', ')})`,
      );
      const filled = COLUMNS.slice(1);
      await client.query(
        `INSERT INTO ${n % 2 === 0 ? 'orders' : 't'}_${n} (${filled.map((_, at) => name(at + 1)).join(', ')})
         SELECT ${filled.map(([, , value]) => value).join(', ')}
         FROM (SELECT i, ${n} AS n, ARRAY['anna','peter','maria','john','laura','paul','emma','karl'] AS given,
           ARRAY['schmidt','miller','rossi','garcia','nowak','dubois','larsen'] AS family
           FROM generate_series(1, ${rows}) AS i) AS source`,
      );
    }
    await client.query('ANALYZE');
    await client.end();

    const settings = await parseUpstreamUrl(`${server.superuserUrl}?sslmode=disable`);
    const catalog = catalogFromRows(await queryOnce(settings, CATALOG_SQL), 1);
    const classifier = new Classifier({ settings, database: 'bench', stateDir, log: (line) => console.error(line) });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.cpuUsage();
    const start = performance.now();
    classifier.update(catalog);
    await classifier.whenDone();
    const seconds = (performance.now() - start) / 1_000;
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    const { done } = classifier.status();
    const sensitive = classifier.columns().filter(({ classification }) => classification?.class !== undefined).length;
    await classifier.close();
    return {
      tables: done,
      columns: COLUMNS.length,
      sensitive,
      cpuSeconds: (user + system) / 1e6,
      seconds,
      longestMs: delay.max / 1e6,
    };
  } finally {
    await server.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}
