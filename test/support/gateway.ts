import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { GatewaySettings } from '../../src/config/gateway-settings.ts';
import { type DemoConnection, type DemoConnections, openConnections } from '../../src/demo/connections.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { DemoRole } from '../../src/demo/people.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';

export interface GatewayFixtureOptions {
  /** The real database behind it. */
  postgres?: PostgresOptions;
  /** Run as the gateway's upstream role, which owns database `app`. */
  sql?: string;
  /** Attributes of that role, e.g. `CREATEROLE`; default none. */
  roleAttributes?: string;
  /** Parameters of the upstream URL; default `sslmode=disable`. */
  upstreamParameters?: string;
  tune?: (settings: GatewaySettings) => GatewaySettings;
}

export interface GatewayFixture {
  readonly demo: Demo;
  readonly server: PostgresServer;
  /** The upstream role's own URL, past the gateway. */
  readonly directUrl: string;
  /** URLs and token of one demo principal, for database `app`. */
  as(role: DemoRole): DemoConnection;
  /** For the CLI: gateway, CA and token of one demo principal. */
  env(role: DemoRole): Record<string, string>;
}

/** A real Postgres with an OpenID provider and a gateway before it, for the tests of a file or describe block. */
export function withGateway(options: GatewayFixtureOptions = {}): GatewayFixture {
  let fixture: GatewayFixture | undefined;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const server = await startPostgres(options.postgres);
    closers.push(server.stop);
    const password = randomBytes(12).toString('hex');
    await runSql(server.superuserUrl, [
      `CREATE ROLE app LOGIN PASSWORD '${password}' ${options.roleAttributes ?? ''}`,
      'CREATE DATABASE app OWNER app',
    ]);
    const directUrl = server.url('app', password, 'app');
    if (options.sql) await runSql(directUrl, [options.sql]);
    const upstream = `${directUrl}?${options.upstreamParameters ?? 'sslmode=disable'}`;
    const demo = await startDemo({ upstream, ...(options.tune ? { tune: options.tune } : {}) });
    closers.push(demo.close);
    const opened: DemoConnections = await openConnections(demo);
    closers.push(opened.close);
    const as = (role: DemoRole) => opened.connections.find((connection) => connection.role === role)!;
    const env = (role: DemoRole) => ({
      DBGATE_GATEWAY: demo.gateway.url,
      DBGATE_CA_FILE: demo.caFile,
      DBGATE_TOKEN: as(role).token,
    });
    fixture = { demo, server, directUrl, as, env };
  });
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return new Proxy({} as GatewayFixture, {
    get(_target, name) {
      if (!fixture) throw new Error('the gateway of withGateway() is there from beforeAll on');
      return Reflect.get(fixture, name);
    },
  });
}

async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}
