/** Held statements with the drivers that people use: approved, denied, cancelled, gone and run again, cut off. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { WireClient } from '../gateway/wire-client.ts';
import { approvalSettings } from '../support/approvals.ts';
import { run } from '../support/drivers/driver-run.ts';

const JDBC = '/usr/share/java/postgresql.jar';
const support = path.resolve('test/support/drivers');
const classes = mkdtempSync(path.join(tmpdir(), 'dbgate-held-'));

const rig = withRig({
  sql: 'CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 100)',
  tune: (settings) => ({
    ...settings,
    rules: [{ id: 'deletes', effect: 'hold', match: { command: ['DELETE'] } }],
    roles: { admins: [{ group: 'admins' }], auditors: [] },
    approvals: approvalSettings({ noticeEveryMs: 200 }),
  }),
});

afterAll(() => rmSync(classes, { recursive: true, force: true }));

const rosa = () => rig.tokenOf('rosa', ['reviewers']);

/** Of whoever removes the row of that id. */
async function request(id: number, status = 'pending'): Promise<Json> {
  let found: Json;
  await until(async () => {
    const { body } = await rig.api('GET', '/v1/requests', await rosa());
    found = body.requests.find(({ by }: Json) => by.subject === `dev${id}`);
    return found?.status === status;
  });
  return found;
}

async function decide(id: number, verb: 'approve' | 'deny'): Promise<void> {
  const { id: asked } = await request(id);
  const { status } = await rig.api(
    'POST',
    `/v1/requests/${asked}/${verb}`,
    await rosa(),
    { 'content-type': 'application/json' },
    '{"reason":"so be it"}',
  );
  expect(status).toBe(200);
}

/** A statement under way in a program of its own. */
interface Running {
  /** Rows, or the SQLSTATE; where the driver leaves that out, what it says. */
  readonly result: Promise<number | string>;
  cancel(): void;
  vanish(): void;
}

interface Driver {
  readonly name: string;
  missing(): Promise<boolean>;
  /** As a person of its own, so that their requests can be told apart; in one transaction behind what is to run `first`. */
  remove(id: number, first?: string): Promise<Running>;
}

async function environment(id: number): Promise<NodeJS.ProcessEnv> {
  const token = await rig.tokenOf(`dev${id}`);
  const { port } = rig.gateway.postgresAddress!;
  const password = await rig.databaseToken(token);
  const user = `dev${id}@example.test`;
  return {
    PATH: process.env.PATH,
    LC_ALL: 'C.UTF-8',
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: 'app',
    PGSSLMODE: 'require',
    DATABASE_URL: `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/app?sslmode=require`,
  };
}

/** Ends with `{"rows": n}` or `{"state": "…"}` (without an SQLSTATE what was said), or as psql does. */
function program(child: ChildProcess, cancel: () => void): Running {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => void (output += chunk));
  const result = new Promise<number | string>((resolve) =>
    child.once('close', () => {
      const [, json] = /(\{"(?:rows|state)": [^}]*\})/.exec(output) ?? [];
      if (json !== undefined) {
        const { rows, state } = JSON.parse(json) as { rows?: number; state?: string };
        resolve(rows ?? state!);
        return;
      }
      const [, rows] = /^DELETE (\d+)$/m.exec(output) ?? [];
      resolve(rows === undefined ? (/(?:ERROR|FATAL): {2}(\w{5}):/.exec(output)?.[1] ?? output) : Number(rows));
    }),
  );
  return { result, cancel, vanish: () => child.kill('SIGKILL') };
}

async function spawned(command: string, args: readonly string[], id: number, first = ''): Promise<Running> {
  const env = await environment(id);
  const child = spawn(command, [...args, 'DELETE FROM item WHERE id = ?', String(id), first], { env });
  return program(child, () => child.stdin.write('\n'));
}

const drivers: readonly Driver[] = [
  {
    name: 'psql',
    missing: async () => (await run('psql', ['--version'], { PATH: process.env.PATH })).exitCode !== 0,
    async remove(id, first) {
      const sql = `DELETE FROM item WHERE id = ${id}`;
      const commands = (first === undefined ? [sql] : ['BEGIN', first, sql, 'COMMIT']).flatMap((text) => ['-c', text]);
      const args = ['-X', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', ...commands];
      const child = spawn('psql', args, { env: await environment(id) });
      return program(child, () => child.kill('SIGINT'));
    },
  },
  {
    name: 'pg',
    missing: async () => false,
    async remove(id, first) {
      const token = await rig.tokenOf(`dev${id}`);
      const client = await rig.connect(token);
      client.on('error', () => {});
      if (first !== undefined) await client.query(`BEGIN; ${first}`);
      const running = client.query('DELETE FROM item WHERE id = $1', [id]);
      return {
        result: running.then(
          ({ rowCount }) => rowCount!,
          (error: pg.DatabaseError) => error.code ?? error.message,
        ),
        cancel: () => void cancelOf(client, token),
        vanish: () =>
          (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy(),
      };
    },
  },
  {
    name: 'psycopg',
    missing: async () =>
      (await run('/usr/bin/python3', ['-c', 'import psycopg'], { PATH: process.env.PATH })).exitCode !== 0,
    remove: (id, first) => spawned('/usr/bin/python3', [path.join(support, 'held_psycopg.py')], id, first),
  },
  {
    name: 'pgJDBC',
    missing: async () =>
      !existsSync(JDBC) || (await run('javac', ['--version'], { PATH: process.env.PATH })).exitCode !== 0,
    remove: (id, first) =>
      spawned('java', ['-XX:TieredStopAtLevel=1', '-cp', `${JDBC}:${classes}`, 'HeldJdbc'], id, first),
  },
];

/** `pg` has no cancel of its own. */
async function cancelOf(client: pg.Client, token: string): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const bytes = Buffer.alloc(16);
  for (const [i, value] of [16, 80877102, processID, secretKey].entries()) bytes.writeInt32BE(value, i * 4);
  new WireClient(await rig.upgrade({ token })).send(bytes);
}

beforeAll(async () => {
  if (await drivers.at(-1)!.missing()) return;
  const compiled = await run('javac', ['-encoding', 'UTF-8', '-d', classes, path.join(support, 'HeldJdbc.java')], {
    PATH: process.env.PATH,
  });
  expect(compiled).toMatchObject({ exitCode: 0 });
}, 600_000);

const isThere = async (id: number) => (await rig.direct(`SELECT 1 FROM item WHERE id = ${id}`)).length === 1;

describe.each(drivers.map((driver, i) => ({ driver, first: 1 + i * 10, name: driver.name })))(
  '$name',
  ({ driver, first }) => {
    it('approved: the rows; denied, cancelled: the error; gone: it goes through when it is run again', async ({
      skip,
    }) => {
      if (await driver.missing()) skip();
      const [approved, denied, cancelled, gone] = await Promise.all([0, 1, 2, 3].map((i) => driver.remove(first + i)));
      await Promise.all([0, 1, 2, 3].map((i) => request(first + i)));
      await Promise.all([decide(first, 'approve'), decide(first + 1, 'deny')]);
      cancelled!.cancel();
      gone!.vanish();
      expect(await approved!.result).toBe(1);
      expect(await denied!.result).toBe('42501');
      expect(await cancelled!.result).toBe('57014');
      await request(first + 2, 'cancelled');
      await until(async () => (await request(first + 3)).waiting === 0);
      await decide(first + 3, 'approve');
      expect(await (await driver.remove(first + 3)).result).toBe(1);
      expect(await Promise.all([0, 1, 2, 3].map((i) => isThere(first + i)))).toEqual([false, true, true, false]);
    }, 600_000);
  },
);

/** Those that this machine has. */
async function present(): Promise<readonly { readonly driver: Driver; readonly id: number }[]> {
  const found = await Promise.all(
    drivers.map(async (driver, i) => ({ driver, id: i, missing: await driver.missing() })),
  );
  return found.filter(({ missing }) => !missing);
}

/** Transactions that have written. */
const inWriting = async () =>
  (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE datname = 'app' AND backend_xid IS NOT NULL")).length;

describe('with every driver', () => {
  it('whoever is cut off in the middle of a transaction is told so, and has changed nothing', async () => {
    const held = await Promise.all(
      (await present()).map(async ({ driver, id: i }) => {
        const id = 50 + i;
        return { id, running: await driver.remove(id, `INSERT INTO item VALUES (${1000 + id})`) };
      }),
    );
    const { issuer } = rig.oidc.settings;
    for (const { id } of held) expect((await request(id)).statement).toMatchObject({ in_transaction: true });
    let writing = held.length;
    expect(await inWriting()).toBe(writing);
    for (const { id, running } of held) {
      rig.gateway.revocations.revokeSubject({ issuer, subject: `dev${id}`, reason: 'test' });
      expect(String(await running.result)).toMatch(/^28000$|: access was revoked\n/);
      writing--;
      await until(async () => (await inWriting()) === writing);
    }
    expect(await rig.direct('SELECT id FROM item WHERE id > 1000')).toEqual([]);
    for (const { id } of held) expect([id, await isThere(id)]).toEqual([id, true]);
  }, 600_000);

  it('a gateway that is started again knows what was held, and lets it through when it was approved', async () => {
    const held = await Promise.all(
      (await present()).map(async ({ driver, id: i }) => ({
        driver,
        id: 60 + i,
        running: await driver.remove(60 + i),
      })),
    );
    for (const { id } of held) await request(id);
    await rig.restart();
    for (const { running } of held)
      expect(String(await running.result)).toMatch(/^57P01$|: the gateway is shutting down\n/);
    for (const { id } of held) {
      expect(await isThere(id)).toBe(true);
      await decide(id, 'approve');
    }
    const again = await Promise.all(held.map(async ({ driver, id }) => (await driver.remove(id)).result));
    expect(again).toEqual(held.map(() => 1));
    for (const { id } of held) expect([id, await isThere(id)]).toEqual([id, false]);
  }, 600_000);
});
