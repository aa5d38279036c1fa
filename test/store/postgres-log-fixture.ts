import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PostgresServer } from '../../src/demo/postgres-server.ts';
import {
  openSharedDatabase,
  type SharedDatabase,
  type SharedDatabaseOptions,
} from '../../src/store/postgres-database.ts';
import { openPostgresLog, type PostgresLog, type PostgresLogOptions } from '../../src/store/postgres-log.ts';
import { cleanUp } from './log-fixture.ts';
import { settingsOf } from './postgres-settings.ts';

/** A server that may be trusted with records; tests do not cut the power. */
export const DURABLE = { fsync: 'on', synchronous_commit: 'on' };

export const newSchema = (): string => `s_${randomBytes(6).toString('hex')}`;

export interface Opened {
  readonly database: SharedDatabase;
  readonly log: PostgresLog;
}

/** Closed after the test. */
export async function openShared(
  server: Pick<PostgresServer, 'superuserUrl'>,
  { port, ...options }: Partial<SharedDatabaseOptions> & PostgresLogOptions & { readonly port?: number } = {},
): Promise<Opened> {
  const database = await openSharedDatabase({
    settings: { ...settingsOf(server.superuserUrl), ...(port === undefined ? {} : { port }) },
    gatewayId: `gw-${randomBytes(4).toString('hex')}`,
    schema: newSchema(),
    ...options,
  });
  cleanUp(() => database.close());
  const log = await openPostgresLog(database, options);
  cleanUp(() => log.close());
  return { database, log };
}

export async function ask<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
