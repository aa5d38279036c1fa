import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  type ClusterTemplate,
  type PostgresOptions,
  type PostgresServer,
  startPostgres as startOne,
} from '../../src/demo/postgres-server.ts';

export type { PostgresOptions, PostgresServer } from '../../src/demo/postgres-server.ts';

/** A server of its own, on a copy of the one cluster that initdb makes in a run of the tests. */
export function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = process.env.DBGATE_TEST_CLUSTERS;
  return startOne(folder === undefined ? options : { template: clustersIn(folder), ...options });
}

function clustersIn(folder: string): ClusterTemplate {
  return async (version, make) => {
    const there = path.join(folder, version);
    const secret = path.join(there, 'superuser');
    if (!existsSync(secret)) {
      const aside = await mkdtemp(`${there}-`);
      const password = randomBytes(18).toString('base64url');
      await make(aside, password);
      await writeFile(path.join(aside, 'superuser'), password, { mode: 0o600 });
      // Another file's was first: that one.
      await rename(aside, there).catch(() => rm(aside, { recursive: true, force: true }));
    }
    return { data: path.join(there, 'data'), superuserPassword: await readFile(secret, 'utf8') };
  };
}

/**
 * A real PostgreSQL for the tests of a file or describe block: started before them, stopped after them.
 * The result's fields are there from `beforeAll` on: `const server = withPostgres(); … server.superuserUrl`.
 */
export function withPostgres(options: PostgresOptions = {}): PostgresServer {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    server = await startPostgres(options);
  });
  afterAll(async () => {
    await server?.stop();
  });
  return new Proxy({} as PostgresServer, {
    get(_target, name) {
      if (!server) throw new Error('the PostgreSQL of withPostgres() is there from beforeAll on');
      return Reflect.get(server, name);
    },
  });
}
