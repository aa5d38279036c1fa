/**
 * The servers that attacks are made on: one PostgreSQL with the seeded database twice, `plain` for itself and `app`
 * behind a gateway. Both can be made anew from a template.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openConnections } from '../../src/demo/connections.ts';
import { startDemo } from '../../src/demo/demo.ts';
import { type PostgresOptions, startPostgres } from '../support/postgres.ts';
import { LeakDetector } from './leak-detector.ts';
import type { Target } from './perform.ts';
import { attackSeed, type Seed } from './seed.ts';

export interface Battlefield {
  readonly seed: Seed;
  readonly detector: LeakDetector;
  readonly plain: Target;
  readonly gateway: Target;
  /** A fresh copy of the seeded database. */
  restore(which: 'plain' | 'gateway'): Promise<void>;
  close(): Promise<void>;
}

const DATABASE = { plain: 'plain', gateway: 'app' } as const;

/** `gateway: false`: only the plain server. */
export async function openBattlefield(options: {
  gateway: boolean;
  major?: PostgresOptions['major'];
}): Promise<Battlefield> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const seed = attackSeed();
    const server = await startPostgres({
      major: options.major ?? 15,
      settings: { wal_level: 'logical', max_connections: '80', jit: 'off', autovacuum: 'off' },
    });
    closers.push(server.stop);
    const password = randomBytes(9).toString('hex');
    await run(server.superuserUrl, [
      `CREATE ROLE app LOGIN PASSWORD '${password}' CREATEROLE`,
      'GRANT pg_monitor, pg_signal_backend TO app',
      `CREATE ROLE leser LOGIN PASSWORD 'leser'`,
      'GRANT pg_read_all_data TO leser',
      `CREATE DATABASE vorlage OWNER app`,
    ]);
    const template = { as: (user: string, secret: string) => server.url(user, secret, 'vorlage') };
    const superuser = (database: string) => {
      const url = new URL(server.superuserUrl);
      url.pathname = `/${database}`;
      return url.href;
    };
    await run(superuser('vorlage'), [seed.superuserSql, 'ALTER SCHEMA public OWNER TO app']);
    await run(template.as('app', password), [seed.sql]);
    const restore = async (which: 'plain' | 'gateway') => {
      const name = DATABASE[which];
      await run(server.superuserUrl, [
        `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
        `CREATE DATABASE ${name} TEMPLATE vorlage OWNER app STRATEGY file_copy`,
      ]);
      const extra = await rows(
        server.superuserUrl,
        `SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'app', 'leser')`,
      );
      for (const role of extra)
        await run(server.superuserUrl, [`DROP ROLE IF EXISTS "${role.replaceAll('"', '""')}"`]).catch(() => {});
    };
    /** A gateway whose database was taken away finds the new one by itself. */
    const ready = async () => {
      const until = Date.now() + 20_000;
      for (;;) {
        const count = await rows(gateway.url, 'SELECT count(*) FROM artikel').catch((error: Error) => error);
        if (Array.isArray(count)) return;
        if (Date.now() > until) throw count;
      }
    };
    await restore('plain');
    const url = (database: string) => server.url('app', password, database);
    const plain: Target = { url: url('plain'), bystanderUrl: url('plain') };
    let gateway = plain;
    if (options.gateway) {
      await restore('gateway');
      const demo = await startDemo({ upstream: `${url('app')}?sslmode=disable` });
      closers.push(demo.close);
      const opened = await openConnections(demo);
      closers.push(opened.close);
      const developer = opened.connections.find(({ role }) => role === 'developer')!;
      gateway = { url: developer.url, bystanderUrl: url('app') };
    }
    return {
      seed,
      detector: new LeakDetector(seed.secrets),
      plain,
      gateway,
      restore: async (which) => {
        await restore(which);
        if (which === 'gateway') await ready();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const sql of statements) await client.query(sql);
  });
}

function rows(url: string, sql: string): Promise<string[]> {
  return withClient(url, async (client) =>
    (await client.query({ text: sql, rowMode: 'array' })).rows.map(([first]) => String(first)),
  );
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
