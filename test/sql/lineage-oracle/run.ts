/**
 * The oracle outside of the tests: `node test/sql/lineage-oracle/run.ts --seeds 1-40 --statements 250 [--only 17] [--major 15]`.
 * Prints findings and figures; its exit code says whether there are findings.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../src/demo/postgres-server.ts';
import { loadGrammar } from '../../../src/sql/grammar.ts';
import { traceLineage } from '../../../src/sql/lineage/trace.ts';
import { ORACLE_SERVER, runOracle } from './oracle.ts';
import { printFigures, printFindings } from './report.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-8' },
    statements: { type: 'string', default: '250' },
    only: { type: 'string' },
    major: { type: 'string', default: '15' },
  },
});
const [from, to] = values.seeds.split('-').map(Number);
const seeds = Array.from({ length: (to ?? from!) - from! + 1 }, (_, i) => from! + i);
const major = Number(values.major) as 15 | 16 | 17 | 18;
const server = await startPostgres({ major, settings: ORACLE_SERVER });
const client = new pg.Client({
  connectionString: server.superuserUrl,
  types: { getTypeParser: () => String } as never,
});
await client.connect();
try {
  const grammar = await loadGrammar(major);
  const { findings, figures } = await runOracle(client, {
    seeds,
    statements: Number(values.statements),
    trace: (sql, world) => traceLineage(sql, grammar, world),
    ...(values.only === undefined ? {} : { only: Number(values.only) }),
  });
  console.log(printFindings(findings));
  console.log(printFigures(figures));
  process.exitCode = findings.length > 0 ? 1 : 0;
} finally {
  await client.end();
  await server.stop();
}
