/** A real server with the schema of the cases, its catalog, and what it says of a statement's columns. */
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Catalog, World } from '../../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../../src/catalog/catalog-query.ts';
import { type Grammar, loadGrammar } from '../../../src/sql/grammar.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { SCHEMA_SQL } from './schema.ts';

export interface Described {
  readonly name: string;
  readonly type: number;
  readonly origin: string;
}

export interface TestWorld {
  grammar: Grammar;
  catalog: Catalog;
  /** What the catalog was made of. */
  rows: readonly (readonly (string | null)[])[];
  world(...path: readonly string[]): World;
  /** Parse and Describe, nothing is run; undefined: the server rejects it. */
  describe(sql: string): Promise<readonly Described[] | undefined>;
}

/** There from `beforeAll` on. */
export function withTestWorld(): TestWorld {
  const it = {} as TestWorld;
  let server: PostgresServer | undefined;
  let client: pg.Client | undefined;
  beforeAll(async () => {
    server = await startPostgres();
    client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    await client.query(SCHEMA_SQL);
    const config = {
      text: CATALOG_SQL,
      rowMode: 'array' as const,
      types: { getTypeParser: () => (text: string) => text },
    };
    const { rows } = await client.query(config as never);
    const own = client;
    it.grammar = await loadGrammar(17);
    it.rows = rows as never;
    it.catalog = catalogFromRows(it.rows, 1);
    it.world = (...path) => ({ catalog: it.catalog, searchPath: path.length === 0 ? ['pg_catalog', 'public'] : path });
    it.describe = (sql) => new Promise((resolve) => void own.query(new Describe(sql, resolve) as never));
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });
  return it;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
  readonly tableID: number;
  readonly columnID: number;
}

/** A query of node-postgres that ends at Describe. */
class Describe {
  readonly #sql: string;
  readonly #done: (fields: readonly Described[] | undefined) => void;
  #fields: readonly Described[] = [];

  constructor(sql: string, done: (fields: readonly Described[] | undefined) => void) {
    this.#sql = sql;
    this.#done = done;
  }
  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Record<'parse' | 'describe' | 'sync', (message?: unknown) => void>;
    wire.parse({ name: '', text: this.#sql, types: [] });
    wire.describe({ type: 'S', name: '' });
    wire.sync();
  }
  handleRowDescription(message: { readonly fields: readonly Field[] }): void {
    this.#fields = message.fields.map((field) => ({
      name: field.name,
      type: field.dataTypeID,
      origin: field.tableID === 0 ? '-' : `${field.tableID}.${field.columnID}`,
    }));
  }
  handleError(): void {
    this.#done(undefined);
  }
  handleReadyForQuery(): void {
    this.#done(this.#fields);
  }
  handleParseComplete(): void {}
  handleNoData(): void {}
}
