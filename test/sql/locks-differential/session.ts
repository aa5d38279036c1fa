/** A session on a real server in which a file of the regression SQL runs, statement by statement, and its locks are seen. */
import { once } from 'node:events';
import pg from 'pg';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../../src/catalog/catalog-query.ts';
import { STRUCTURE_SQL, Structure } from './structure.ts';

type Rows = readonly (readonly (string | null)[])[];

/** Without a look at pg_class: a function's call locks no relation. */
const LOCKS_SQL = `SELECT l.relation::pg_catalog.int8::pg_catalog.text, l.mode FROM pg_catalog.pg_lock_status() l
  WHERE l.locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text
    AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
    AND (l.database OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR l.database OPERATOR(pg_catalog.=) '%'::pg_catalog.oid)`;

export interface Ran {
  /** Of relations that were not locked so before. */
  readonly locked: ReadonlySet<number>;
  /** `schema.name` as EXPLAIN says; empty for what it does not explain. */
  readonly explained: readonly string[];
}

export class WatchedSession {
  readonly #client: pg.Client;
  #database = '';
  #status = 'I';
  #isReady = true;
  #version = 0;

  constructor(url: string) {
    this.#client = new pg.Client({ connectionString: url });
    this.#client.on('error', () => {});
  }

  async open(): Promise<void> {
    await this.#client.connect();
    const connection = (this.#client as unknown as { connection: NodeJS.EventEmitter }).connection;
    connection.on('readyForQuery', ({ status }: { status: string }) => {
      this.#status = status;
      this.#isReady = true;
      this.#client.emit('dbgate-ready');
    });
    const [row] = await this.#rows('SELECT oid::text FROM pg_database WHERE datname = current_database()');
    this.#database = row![0]!;
    await this.#client.query("SET statement_timeout = '5s'; SET jit = off; SET client_min_messages = error");
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** ReadyForQuery's transaction status: idle, in a transaction, in one that failed. */
  get status(): string {
    return this.#status;
  }

  async #rows(sql: string): Promise<Rows> {
    const config = { text: sql, rowMode: 'array' as const, types: { getTypeParser: () => (text: string) => text } };
    const answer = (await this.#client.query(config as never)) as unknown as { rows: Rows } | { rows: Rows }[];
    return Array.isArray(answer) ? answer.flatMap(({ rows }) => rows ?? []) : answer.rows;
  }

  /** Without a trace in the transaction: its locks go with the savepoint. */
  async #aside(sql: string): Promise<Rows> {
    if (this.#status === 'I') return this.#rows(sql);
    await this.#client.query('SAVEPOINT dbgate_aside');
    try {
      return await this.#rows(sql);
    } finally {
      await this.#client.query('ROLLBACK TO dbgate_aside; RELEASE dbgate_aside');
    }
  }

  async structure(): Promise<Structure> {
    return new Structure(await this.#aside(STRUCTURE_SQL));
  }

  async catalog(): Promise<Catalog> {
    return catalogFromRows(await this.#aside(CATALOG_SQL), ++this.#version);
  }

  async searchPath(): Promise<readonly string[]> {
    const [row] = await this.#rows('SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(true))');
    return JSON.parse(row![0]!) as string[];
  }

  async begin(): Promise<void> {
    await this.#client.query('BEGIN');
  }

  async end(): Promise<void> {
    // A deferred constraint may have the last word.
    if (this.#status !== 'I') await this.plainly(this.#status === 'T' ? 'COMMIT' : 'ROLLBACK');
  }

  /** SQLSTATE of what failed; undefined: it ran. */
  async plainly(sql: string): Promise<string | undefined> {
    this.#isReady = false;
    try {
      await this.#client.query({ text: sql, rowMode: 'array' } as never);
      return undefined;
    } catch (error) {
      // An error is told before the transaction's status is.
      if (!this.#isReady) await once(this.#client, 'dbgate-ready');
      return (error as { code?: string }).code ?? 'unknown';
    }
  }

  async #locks(): Promise<Set<string>> {
    const rows = await this.#rows(LOCKS_SQL.replace('%', this.#database));
    return new Set(rows.map(([relation, mode]) => `${relation} ${mode}`));
  }

  /** In an open transaction. A string is the SQLSTATE of what failed. */
  async watch(sql: string, canBeExplained: boolean): Promise<Ran | string> {
    const explained = canBeExplained ? await this.#explain(sql) : [];
    const before = await this.#locks();
    const failed = await this.plainly(sql);
    if (failed !== undefined) return failed;
    const locked = new Set<number>();
    for (const lock of await this.#locks()) if (!before.has(lock)) locked.add(Number.parseInt(lock, 10));
    return { locked, explained };
  }

  async #explain(sql: string): Promise<string[]> {
    let rows: Rows;
    try {
      rows = await this.#aside(`EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ${sql}`);
    } catch {
      return [];
    }
    const names = new Set<string>();
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const { 'Relation Name': name, Schema: schema } = node as Record<string, string | undefined>;
      if (name !== undefined) names.add(JSON.stringify([schema, name]));
      for (const inner of Object.values(node)) visit(inner);
    };
    for (const [plan] of rows) visit(JSON.parse(plan!));
    return [...names];
  }
}
