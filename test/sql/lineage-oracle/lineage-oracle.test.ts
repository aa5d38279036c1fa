/**
 * Lineage against PostgreSQL itself. DBGATE_ORACLE_STATEMENTS says how many statements (default: 2,000, in CI 10,000),
 * of which every 250 share a random schema. What is found is printed with the command that repeats it.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Grammar, loadGrammar } from '../../../src/sql/grammar.ts';
import type { StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import { createLineageMemo, traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withPostgres } from '../../support/postgres.ts';
import { ORACLE_SERVER, type OracleFinding, runOracle, type Trace } from './oracle.ts';
import { printFigures, printFindings } from './report.ts';

const EACH = 250;
const wanted = Number(process.env.DBGATE_ORACLE_STATEMENTS ?? 2_000);

describe('lineage and the server', () => {
  const server = withPostgres({ major: 15, settings: ORACLE_SERVER });
  let client: pg.Client;
  let grammar: Grammar;
  beforeAll(async () => {
    grammar = await loadGrammar(15);
    client = new pg.Client({ connectionString: server.superuserUrl, types: { getTypeParser: () => String } as never });
    await client.connect();
  });
  afterAll(() => client?.end());

  const memo = createLineageMemo();
  const trace: Trace = (sql, world) => traceLineage(sql, grammar, world, { memo });

  it('agree on what every output column depends on', { timeout: 1_200_000 }, async () => {
    const seeds = Array.from({ length: Math.ceil(wanted / EACH) }, (_, i) => 1 + i);
    const { findings, figures } = await runOracle(client, { seeds, statements: Math.min(EACH, wanted), trace });
    console.log(printFigures(figures));
    expect(printFindings(findings)).toBe('');
    expect(figures.statements).toBeGreaterThanOrEqual(wanted);
    expect(figures.unknownColumns / figures.outputColumns).toBeLessThan(0.02);
  });

  /** The oracle itself: a lineage in which something is missing is found out. */
  const broken: Readonly<
    Record<OracleFinding['rule'], ((statement: StatementLineage) => StatementLineage) | undefined>
  > = {
    control: (statement) => ({ ...statement, uses: [] }),
    data: (statement) => ({
      ...statement,
      uses: [
        ...statement.uses,
        ...(statement.columns ?? []).flatMap(({ sources }) =>
          sources.map((source) => ({ source, use: 'predicate' as const, subject: undefined, offset: undefined })),
        ),
      ],
      columns: statement.columns?.map((column) => ({ ...column, sources: [] })),
    }),
    copy: (statement) => ({
      ...statement,
      columns: statement.columns?.map((column) => ({ ...column, shape: { kind: 'copy' } })),
    }),
    description: (statement) => ({
      ...statement,
      columns: statement.columns?.map((column) => ({ ...column, origin: { relation: 1259, attnum: 1 } })),
    }),
    // What is compared freely counts as told in any case.
    fallible: (statement) => ({
      ...statement,
      uses: statement.uses.filter(({ use }) => use !== 'fallible' && use !== 'predicate'),
    }),
    write: (statement) => ({ ...statement, writes: [] }),
    columns: (statement) => ({ ...statement, columns: statement.columns?.slice(1) }),
    throws: undefined,
    literals: undefined,
  };
  it.each(Object.entries(broken))('a broken lineage is found out: %s', { timeout: 300_000 }, async (rule, breaks) => {
    const wrong: Trace = (sql, world) => {
      const lineage = trace(sql, world);
      if (rule === 'throws') throw new Error('broken');
      if (!breaks) return { ...lineage, readsLiterals: false };
      return { ...lineage, statements: lineage.statements.map(breaks) };
    };
    // What fails for some values and not for others is rare.
    const seeds = rule === 'fallible' ? [7001, 7002, 7003, 7004, 7005, 7006] : [7001, 7002];
    const until = rule as OracleFinding['rule'];
    const { findings } = await runOracle(client, { seeds, statements: 120, trace: wrong, until });
    expect(findings.map((finding) => finding.rule)).toContain(rule);
  });
});
