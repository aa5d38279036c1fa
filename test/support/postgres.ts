import { afterAll, beforeAll } from 'vitest';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../src/demo/postgres-server.ts';

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
