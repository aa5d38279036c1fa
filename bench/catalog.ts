/**
 * `node bench/catalog.ts`: how long a catalog snapshot takes and how much heap it holds. In: tables and columns. Out: ms
 * from the query's first byte to the model, ms in a worker that is given the rows, and MB with rows and model alive.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { catalogFromRows } from '../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../src/catalog/catalog-query.ts';
import { ROUTINE_CATALOG_SQL } from '../src/catalog/routine-catalog.ts';
import { startPostgres } from '../src/demo/postgres-server.ts';
import { parseUpstreamUrl } from '../src/demo/upstream-url.ts';
import { Analyser } from '../src/gateway/analyser.ts';
import { RoutineSnapshot } from '../src/gateway/routine-snapshot.ts';
import { queryOnce } from '../src/gateway/side-query.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '5000' },
    columns: { type: 'string', default: '20' },
    runs: { type: 'string', default: '7' },
  },
});
const tables = Number(values.tables);
const columns = Number(values.columns);
const TYPES = ['text', 'integer', 'timestamptz', 'jsonb', 'varchar(40)'];

// Without --expose-gc in the command line.
const { setFlagsFromString } = await import('node:v8');
setFlagsFromString('--expose-gc');
const { runInNewContext } = await import('node:vm');
const collect = runInNewContext('gc') as () => void;

function heapMb(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const server = await startPostgres({ settings: { max_locks_per_transaction: '1024' } });
try {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  for (let i = 0; i < tables; i++) {
    const own = Array.from({ length: columns - 3 }, (_, j) => `field_${i % 40}_${j} ${TYPES[j % TYPES.length]}`);
    const definition = ['id serial PRIMARY KEY', `code_${i} integer UNIQUE`, 'email text NOT NULL', ...own];
    await client.query(`CREATE TABLE table_${i} (${definition.join(', ')})`);
    if (i % 10 === 0) await client.query(`CREATE VIEW view_${i} AS SELECT id, email AS e FROM table_${i} WHERE id > 7`);
    if (i % 50 === 0)
      await client.query(
        `CREATE FUNCTION f_${i}(int) RETURNS text LANGUAGE sql AS 'SELECT email FROM table_${i} WHERE id = $1'`,
      );
  }
  await client.query('ANALYZE');
  await client.end();

  const settings = await parseUpstreamUrl(`${server.superuserUrl}?sslmode=disable`);
  const queried: number[] = [];
  const modelled: number[] = [];
  const before = heapMb();
  let kept: unknown;
  for (let run = 0; run < Number(values.runs); run++) {
    kept = undefined;
    const start = performance.now();
    const rows = await queryOnce(settings, CATALOG_SQL);
    const answered = performance.now();
    const catalog = catalogFromRows(rows, run);
    modelled.push(performance.now() - answered);
    queried.push(answered - start);
    kept = [rows, catalog];
  }
  const held = heapMb() - before;
  const total = queried.map((ms, i) => ms + modelled[i]!);
  console.log(
    `${tables} tables × ${columns} columns, ${tables / 10} views, PostgreSQL ${server.version}, median of ${values.runs}`,
  );
  console.log(
    `query ${median(queried).toFixed(0)} ms, model ${median(modelled).toFixed(0)} ms, together ${median(total).toFixed(0)} ms (least ${Math.min(...total).toFixed(0)} ms, first ${total[0]!.toFixed(0)} ms)`,
  );
  console.log(`rows and model ${held.toFixed(1)} MB of heap`);
  if (kept === undefined) throw new Error('nothing was measured');

  const analyser = await Analyser.start({ major: Number.parseInt(server.version, 10) });
  const asked: number[] = [];
  const read: number[] = [];
  const routines = new RoutineSnapshot(settings, console.error);
  for (let run = 0; run < Number(values.runs); run++) {
    const start = performance.now();
    await queryOnce(settings, ROUTINE_CATALOG_SQL);
    asked.push(performance.now() - start);
    const from = performance.now();
    // From the second on what it shows is known.
    await (run === 0 ? routines.ensure(analyser) : routines.readAnew());
    read.push(performance.now() - from);
  }
  routines.close();
  await analyser.close();
  console.log(
    `routines and views: query ${median(asked).toFixed(0)} ms; with what they do and show ${read[0]!.toFixed(0)} ms for the first time, ${median(read.slice(1)).toFixed(0)} ms from then on`,
  );
} finally {
  await server.stop();
}
