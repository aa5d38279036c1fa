/**
 * Dangerous statements against the real gateway, each beside a harmless neighbour. Whether one was stopped is read from
 * the database itself, never from the answer; for those who may only read, not even the neighbours may change anything.
 */
import pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoRole } from '../../src/demo/people.ts';
import { type GatewayFixture, withGateway } from '../support/gateway.ts';
import { SEED_SQL, STATE_SQL, TABLES_SQL } from './seed.ts';

export type SendMode =
  | 'simple'
  | 'multi'
  | 'extended'
  | 'binary'
  | 'named'
  | 'cursor'
  | 'pipeline'
  | 'copy'
  | 'prepare'
  | 'explain'
  | 'explain_ext';

export interface Attempt {
  readonly sql: string | readonly string[];
  /** How the last statement is sent; default simple. */
  readonly send?: SendMode;
  readonly values?: readonly unknown[];
  /** `options` of the StartupMessage. */
  readonly options?: string;
}

export interface RedTeamCase {
  readonly technique: string;
  readonly danger: Attempt | string | readonly string[];
  /** Must run without an error. */
  readonly neighbour: Attempt | string | readonly string[];
  /** What the danger itself may leave behind on its way, e.g. `functions` of its own. */
  readonly leaves?: readonly string[];
  /** A session of `clerk` must outlive it; `$PID` in the text is its process. */
  readonly victim?: boolean;
}

/** What making objects of one's own leaves behind. */
export const MADE: readonly string[] = [
  'relations',
  'columns',
  'types',
  'functions',
  'rules',
  'files',
  'constraints',
  'schemas',
  'operators',
  'defaults',
  'triggers',
];

type State = Readonly<Record<string, string | null>>;

export function redTeam(family: string, cases: readonly RedTeamCase[]): void {
  describe(family, () => {
    const gateway = withGateway({
      roleAttributes: 'CREATEROLE CREATEDB',
      postgres: { settings: { wal_level: 'logical', max_prepared_transactions: '5', max_connections: '60' } },
    });
    let direct: pg.Client;
    beforeAll(async () => {
      const url = new URL(gateway.server.superuserUrl);
      url.pathname = '/app';
      direct = new pg.Client({ connectionString: url.href });
      direct.on('error', () => {});
      await direct.connect();
      await direct.query(SEED_SQL);
    });

    afterAll(() => direct.end());

    async function state(): Promise<State> {
      await direct.query('RESET ALL');
      const parts = { ...(await direct.query(STATE_SQL)).rows[0] } as Record<string, string | null>;
      const tables = (await direct.query<{ sql: string }>(TABLES_SQL)).rows.map((row) => row.sql);
      for (const row of (await direct.query<{ t: string; h: string }>(tables.join(' UNION ALL '))).rows) {
        parts[row.t] = row.h;
      }
      return parts;
    }

    function changes(before: State, after: State, leaves: readonly string[]): string[] {
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...names].filter((name) => !leaves.includes(name) && String(before[name]) !== String(after[name]));
    }

    /** Sends it as somebody; gives the errors. */
    async function attempt(role: DemoRole, one: Attempt): Promise<Error[]> {
      const client = new pg.Client({
        connectionString: gateway.as(role).url,
        // Only what never comes meets it, however busy the machine is.
        query_timeout: 240_000,
        ...(one.options === undefined ? {} : { options: one.options }),
      });
      client.on('error', () => {});
      const errors: Error[] = [];
      try {
        await client.connect();
        const statements = typeof one.sql === 'string' ? [one.sql] : one.sql;
        for (const [index, sql] of statements.entries()) {
          const mode = index === statements.length - 1 ? (one.send ?? 'simple') : 'simple';
          await send(client, sql, mode, one.values).catch((error: Error) => errors.push(error));
        }
      } catch (error) {
        errors.push(error as Error);
      }
      await client.end().catch(() => {});
      return errors;
    }

    const rows = cases.map((one) => [one.technique, one] as const);

    it.each(rows)('%s', async (_, one) => {
      const victim = one.victim === true ? await clerk(gateway) : undefined;
      const pid = String(victim === undefined ? 0 : (await victim.query('SELECT pg_backend_pid() AS p')).rows[0].p);
      const fill = (given: Attempt): Attempt => ({
        ...given,
        sql:
          typeof given.sql === 'string'
            ? given.sql.replaceAll('$PID', pid)
            : given.sql.map((s) => s.replaceAll('$PID', pid)),
      });
      const danger = fill(asAttempt(one.danger));
      const neighbour = fill(asAttempt(one.neighbour));
      const before = await state();
      const errors = await attempt('developer', danger);
      const reading = await state();
      expect(
        changes(before, reading, one.leaves ?? []),
        `danger ran as developer; errors: ${errors.map((e) => e.message).join('; ')}`,
      ).toEqual([]);
      await attempt('analyst', danger);
      await attempt('analyst', neighbour);
      await attempt('agent', danger);
      expect(changes(reading, await state(), []), 'as analyst or agent').toEqual([]);
      if (victim !== undefined) {
        expect((await victim.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
        await victim.end();
      }
      expect(
        (await attempt('developer', neighbour)).map((e) => e.message),
        'neighbour',
      ).toEqual([]);
    });
  });
}

function asAttempt(given: Attempt | string | readonly string[]): Attempt {
  return typeof given === 'object' && 'sql' in given ? given : { sql: given };
}

async function clerk(gateway: GatewayFixture): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: gateway.server.url('clerk', 'clerk', 'app') });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function send(client: pg.Client, sql: string, mode: SendMode, values: readonly unknown[] = []): Promise<void> {
  const extended: pg.QueryConfig & { queryMode: string } = { text: sql, values: [...values], queryMode: 'extended' };
  switch (mode) {
    case 'simple':
      await client.query(values.length > 0 ? extended : sql);
      return;
    case 'multi':
      await client.query(`SELECT 1; ${sql}; SELECT 2`);
      return;
    case 'extended':
      await client.query(extended);
      return;
    case 'binary':
      await client.query({ ...extended, binary: true } as pg.QueryConfig);
      return;
    case 'named':
      await client.query({ ...extended, name: 'stmt_1' });
      await client.query({ ...extended, name: 'stmt_1' });
      return;
    case 'cursor': {
      const cursor = client.query(new Cursor(sql, [...values]));
      for (let read = await cursor.read(2); read.length > 0; read = await cursor.read(2));
      await cursor.close();
      return;
    }
    case 'pipeline':
      await pipeline(client, ['SELECT 1', sql, 'SELECT 2']);
      return;
    case 'copy':
      await client.query(`COPY (${sql}) TO STDOUT`);
      return;
    case 'prepare':
      await client.query(`PREPARE red AS ${sql}`);
      await client.query('EXECUTE red');
      return;
    case 'explain':
      await client.query(`EXPLAIN ANALYZE ${sql}`);
      return;
    case 'explain_ext':
      await client.query({ ...extended, text: `EXPLAIN (COSTS off, ANALYZE, TIMING off) ${sql}` });
      return;
    default:
      mode satisfies never;
  }
}

/** Parse, Bind and Execute of several statements before one Sync. */
function pipeline(client: pg.Client, statements: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const nothing = (): void => {};
    const query = {
      submit(connection: Record<'parse' | 'bind' | 'execute', (message: object) => void> & { sync(): void }) {
        for (const text of statements) {
          connection.parse({ text, name: '', types: [] });
          connection.bind({ portal: '', statement: '', values: [], binary: false });
          connection.execute({ portal: '', rows: 0 });
        }
        connection.sync();
      },
      // The client forgets its query at the first error.
      handleError: reject,
      handleReadyForQuery: () => resolve(),
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handleCommandComplete: nothing,
      handlePortalSuspended: nothing,
      handleEmptyQuery: nothing,
      handleCopyInResponse: nothing,
      handleCopyData: nothing,
    };
    client.query(query as never);
  });
}
