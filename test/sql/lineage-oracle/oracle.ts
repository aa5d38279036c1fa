/**
 * Runs the differential oracle: random schemas, random statements, findings. In: a connection to a server that may be
 * written to, seeds, a tracer. Out: findings with their seed and text, and figures of coverage and of over-tainting.
 */
import type pg from 'pg';
import type { Catalog, World } from '../../../src/catalog/catalog.ts';
import { type CatalogRows, catalogFromRows } from '../../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../../src/catalog/catalog-query.ts';
import type { ColumnRef, Lineage } from '../../../src/sql/lineage/lineage.ts';
import { buildSchema } from './build.ts';
import { basesOf, Differential, type Finding } from './differential.ts';
import { comparable, withOtherLiterals } from './literals.ts';
import { OverTaint } from './over-taint.ts';
import { Queries } from './queries.ts';
import { seeded } from './random.ts';
import type { Schema } from './schema.ts';

export type Trace = (sql: string, world: World) => Lineage;

export interface OracleOptions {
  /** Each makes a schema. */
  readonly seeds: readonly number[];
  /** Statements that run, for each schema. */
  readonly statements: number;
  readonly trace: Trace;
  /** Only this statement of the only seed, by number. */
  readonly only?: number;
  /** The search ends with a finding of this rule. */
  readonly until?: Finding['rule'];
}

export interface OracleFinding extends Finding {
  readonly seed: number;
  readonly number: number;
  readonly sql: string;
}

export interface OracleFigures {
  statements: number;
  /** Refused by the server, or too slow: they count for nothing. */
  invalid: number;
  /** Executions by the server in all. */
  runs: number;
  traceMs: number;
  ms: number;
  outputColumns: number;
  unknownColumns: number;
  unknownStatements: number;
  /** Why, by frequency. */
  readonly reasons: Map<string, number>;
  readonly overTaint: OverTaint;
}

/** Settings of the server under which the oracle runs. */
export const ORACLE_SERVER = {
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  synchronous_commit: 'off',
  autovacuum: 'off',
};

const INVALID = /^(42|0A|57|54|53|XX|2201|428|22P06|21000|23)/;

export async function runOracle(
  client: pg.Client,
  options: OracleOptions,
): Promise<{ findings: OracleFinding[]; figures: OracleFigures }> {
  const began = performance.now();
  const findings: OracleFinding[] = [];
  const figures: OracleFigures = {
    statements: 0,
    invalid: 0,
    runs: 0,
    traceMs: 0,
    ms: 0,
    outputColumns: 0,
    unknownColumns: 0,
    unknownStatements: 0,
    reasons: new Map(),
    overTaint: new OverTaint(),
  };
  for (const seed of options.seeds) {
    const name = `oracle_${seed}`;
    const schema = await buildSchema(client, name, seed);
    const catalog = await readCatalog(client, seed);
    const world: World = { catalog, searchPath: ['pg_catalog', name] };
    const bases = basesOf(schema, catalog, matviewSources(schema, catalog, world, options.trace));
    const differential = new Differential(client, schema, bases, catalog, seeded(seed + 1));
    const sensitive = bases.filter((_, i) => i % 4 === seed % 4);
    let ran = 0;
    const isFound = (): boolean => findings.some(({ rule }) => rule === options.until);
    for (let number = 0; ran < options.statements && !isFound(); number++) {
      const statement = new Queries(seeded(seed * 100_003 + number), schema).statement();
      if (options.only !== undefined && number !== options.only) {
        if (number > options.only) break;
        continue;
      }
      const { sql } = statement;
      const first = await differential.first(sql, statement.writes);
      if (first.error !== undefined) {
        figures.invalid++;
        // A statement that fails on its data must be traced all the same.
        if (!INVALID.test(first.error)) guarded(() => options.trace(sql, world));
        continue;
      }
      ran++;
      figures.statements++;
      const started = performance.now();
      const traced = guarded(() => options.trace(sql, world));
      figures.traceMs += performance.now() - started;
      const report = (finding: Finding) => findings.push({ ...finding, seed, number, sql });
      if (traced instanceof Error) {
        report({ rule: 'throws', says: traced.stack?.split('\n').slice(0, 4).join(' ') ?? traced.message });
        continue;
      }
      const [lineage] = traced.statements;
      if (!lineage) {
        report({ rule: 'throws', says: 'no statement' });
        continue;
      }
      count(figures, lineage);
      const variant = traced.readsLiterals ? undefined : withOtherLiterals(sql, seeded(number));
      if (variant !== undefined) {
        const other = guarded(() => options.trace(variant, world));
        const [one, two] = [comparable(traced), other instanceof Error ? undefined : comparable(other)];
        if (one !== undefined && two !== undefined && one !== two)
          report({ rule: 'literals', says: `another lineage for ${variant}` });
      }
      for (const finding of await differential.check(statement, first, lineage)) report(finding);
      if (number % 5 === 0) await figures.overTaint.measure(differential, sensitive, sql, first, lineage);
    }
    figures.runs += differential.runs;
    await client.query(`DROP SCHEMA ${name} CASCADE`);
    if (isFound()) break;
  }
  figures.ms = performance.now() - began;
  return { findings, figures };
}

function guarded<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function count(figures: OracleFigures, lineage: Lineage['statements'][number]): void {
  if (lineage.unknown.length > 0) figures.unknownStatements++;
  const reasons = new Set(lineage.unknown);
  for (const column of lineage.columns ?? []) {
    figures.outputColumns++;
    if (column.unknown.length > 0 || lineage.unknown.length > 0) figures.unknownColumns++;
    for (const reason of column.unknown) reasons.add(reason);
  }
  for (const reason of reasons) figures.reasons.set(reason, (figures.reasons.get(reason) ?? 0) + 1);
}

export async function readCatalog(client: pg.Client, version: number): Promise<Catalog> {
  // As text, as the gateway reads it.
  const types = { getTypeParser: () => (value: string) => value };
  const { rows } = await client.query({ text: CATALOG_SQL, rowMode: 'array', types } as never);
  return catalogFromRows(rows as unknown as CatalogRows, version);
}

/** What each column of a materialised view is made of, and what steers all of them. */
function matviewSources(
  schema: Schema,
  catalog: Catalog,
  world: World,
  trace: Trace,
): Map<string, readonly ColumnRef[]> {
  const sources = new Map<string, readonly ColumnRef[]>();
  for (const { name, is } of schema.relations) {
    const relation = is === 'matview' ? catalog.relation(schema.name, name) : undefined;
    if (!relation) continue;
    const traced = guarded(() => trace(relation.definition ?? '', world));
    const all = traced instanceof Error ? undefined : traced.statements[0];
    for (const [i, column] of relation.columns.entries()) {
      const flow = all?.columns?.[i];
      const unknown = !all || !flow || flow.unknown.length > 0 || all.unknown.length > 0;
      // Of an untraced one everything is taken to be a source: its own tracing is judged as a query.
      const every = () =>
        [...catalog.allRelations].flatMap(({ oid, columns }) =>
          columns.map(({ attnum }) => ({ relation: oid, attnum })),
        );
      sources.set(
        `${relation.oid}.${column.attnum}`,
        unknown ? every() : [...flow.sources, ...all.uses.map(({ source }) => source)],
      );
    }
  }
  return sources;
}
