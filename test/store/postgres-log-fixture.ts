import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import type { PostgresServer } from '../../src/demo/postgres-server.ts';
import {
  openSharedDatabase,
  type SharedDatabase,
  type SharedDatabaseOptions,
} from '../../src/store/postgres-database.ts';
import { openPostgresLog, type PostgresLog, type PostgresLogOptions } from '../../src/store/postgres-log.ts';
import { cleanUp } from './log-fixture.ts';

/** A server that may be trusted with records; tests do not cut the power. */
export const DURABLE = { fsync: 'on', synchronous_commit: 'on' };

export function settingsOf(url: string): UpstreamSettings {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    tls: { mode: 'disable', ca: undefined, cert: undefined, key: undefined },
    connectTimeoutMs: 5_000,
  };
}

export const newSchema = (): string => `s_${randomBytes(6).toString('hex')}`;

export interface Opened {
  readonly database: SharedDatabase;
  readonly log: PostgresLog;
}

/** Closed after the test. */
export async function openShared(
  server: Pick<PostgresServer, 'superuserUrl'>,
  options: Partial<SharedDatabaseOptions> & PostgresLogOptions = {},
): Promise<Opened> {
  const database = await openSharedDatabase({
    settings: settingsOf(server.superuserUrl),
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
