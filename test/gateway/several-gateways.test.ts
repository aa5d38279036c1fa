/**
 * Two gateways, each a process with its own state directory, behind one public URL, on one shared PostgreSQL: who is
 * elevated, cut off, or owner of what is the same at both, whoever is asked.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { ask as askServer, DURABLE } from '../store/postgres-log-fixture.ts';
import { failure, type Json, Rig, until } from './gateway-rig.ts';

let rig: Rig;
let one: Gateway;
let two: Gateway;

beforeAll(async () => {
  rig = await Rig.open({
    postgres: { settings: DURABLE },
    sql: `CREATE TABLE users (id int primary key, name text);
          INSERT INTO users SELECT i, 'name ' || i FROM generate_series(1, 20) i;
          CREATE TABLE staff (id int primary key, last_name text, salary numeric(9,2));
          INSERT INTO staff SELECT i, 'Xq' || chr(96 + i) || 'vwz', 4000 + i * 7.31 FROM generate_series(1, 20) i`,
  });
  // Its issuer, certificate and Postgres are used; the gateways of these tests are processes.
  await rig.gateway.close();
  await askServer(rig.server.superuserUrl, 'CREATE DATABASE shared');
  one = await Gateway.start('one');
  two = await Gateway.start('two');
  return async () => {
    for (const gateway of [one, two]) await gateway.stop();
    await rig.close();
  };
});

class Gateway {
  readonly name: string;
  readonly port: number;
  readonly lines: string[] = [];
  #child: ChildProcess;

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#child = child;
  }

  static async start(name: string): Promise<Gateway> {
    const dir = path.join(rig.stateDir, name);
    mkdirSync(dir, { recursive: true });
    const { upstream } = rig.settings.databases.get('app')!;
    const port = await freePort();
    const secret = (file: string, text: string): string => {
      writeFileSync(path.join(dir, file), text, { mode: 0o600 });
      return `file:${path.join(dir, file)}`;
    };
    const config = {
      gateway_id: name,
      public_url: rig.settings.publicUrl,
      listen: { https: `127.0.0.1:${port}` },
      tls: { cert: secret('cert.pem', rig.certificates.cert), key: secret('key.pem', rig.certificates.key) },
      state_dir: path.join(dir, 'state'),
      shared: {
        url: secret('shared-url', `${rig.server.superuserUrl.replace(/postgres$/, 'shared')}?sslmode=disable`),
      },
      issuers: [
        { issuer: rig.oidc.issuer, audience: rig.settings.publicUrl, client_id: 'dbgate-cli', allow_insecure: true },
      ],
      databases: {
        app: {
          environment: 'production',
          upstream: {
            ...{ host: '127.0.0.1', port: upstream.port, database: 'app', user: 'app', tls: { mode: 'disable' } },
            password: secret('password', upstream.password!),
          },
        },
      },
      grants: [
        { to: { group: 'developers' }, database: 'app', access: 'write', create: true },
        { to: { group: 'reviewers' }, database: 'app', access: 'read' },
        { to: { group: 'writers' }, database: 'app', access: 'write', mask: 'none' },
        { to: { group: 'admins' }, database: 'app', access: 'admin' },
      ],
      roles: { admins: { group: 'admins' } },
      approvals: {
        rules: [
          {
            id: 'developers',
            to: { group: 'developers' },
            database: 'app',
            access: 'ddl',
            statements: true,
            approvers: [{ group: 'reviewers' }],
          },
        ],
      },
      rules: [
        {
          id: 'hold-deletes-of-one',
          match: { command: 'DELETE', group: 'developers' },
          // biome-ignore lint/suspicious/noThenProperty: a word of the policy language
          then: 'hold',
        },
      ],
    };
    const file = path.join(dir, 'gateway.yaml');
    writeFileSync(file, stringify(config));
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'gateway-child.ts'), file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gateway = new Gateway(name, port, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => gateway.lines.push(...chunk.toString().split('\n')));
    }
    await until(() => {
      if (child.exitCode !== null) throw new Error(`the gateway ended: ${gateway.lines.join('\n')}`);
      return gateway.lines.some((line) => line.includes('listening on https'));
    });
    return gateway;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  connect(token: string): Promise<pg.Client> {
    (rig.gateway as { httpsAddress: object }).httpsAddress = { host: '127.0.0.1', port: this.port };
    return rig.connect(token);
  }

  async post(target: string, token: string, body: object = {}): Promise<{ status: number; body: Json }> {
    const type = { 'content-type': 'application/json' };
    return rig.api('POST', `https://127.0.0.1:${this.port}${target}`, token, type, JSON.stringify(body));
  }

  async get(target: string, token: string): Promise<Json> {
    return (await rig.api('GET', `https://127.0.0.1:${this.port}${target}`, token)).body;
  }
}

const dana = () => rig.tokenOf('dana');
const rosa = () => rig.tokenOf('rosa', ['reviewers']);
const rolf = () => rig.tokenOf('rolf', ['reviewers']);
const ada = () => rig.tokenOf('ada', ['admins']);

const DDL = { database: 'app', access: 'ddl', duration_ms: 3_600_000, reason: 'INC-1' };

const count = async (): Promise<number> => (await rig.direct<{ n: number }>('SELECT count(*)::int n FROM users'))[0]!.n;

describe('a request', () => {
  it('made at one is decided at the other, and opens sessions at both; taken back there, it ends here', async () => {
    const [here, there] = [await one.connect(await dana()), await two.connect(await dana())];
    const alter = 'ALTER TABLE users ADD COLUMN IF NOT EXISTS note text';
    for (const client of [here, there]) expect((await failure(client.query(alter))).code).toBe('42501');

    const { body: made } = await one.post('/v1/requests', await dana(), DDL);
    expect(made.status).toBe('pending');
    await until(async () => (await two.get('/v1/requests?decidable=1', await rosa())).requests.length === 1);
    const { status, body } = await two.post(`/v1/requests/${made.id}/approve`, await rosa(), { reason: 'fine' });
    expect([status, body.status]).toEqual([200, 'approved']);
    await there.query(alter);
    await until(async () => (await one.get(`/v1/requests/${made.id}`, await dana())).status === 'approved');
    await here.query(alter);

    await two.post(`/v1/requests/${made.id}/revoke`, await rosa(), { reason: 'enough' });
    const revokedAt = performance.now();
    await until(async () => (await here.query(alter).catch((error: pg.DatabaseError) => error.code)) === '42501');
    console.log(`revoked at the other: ended here after ${(performance.now() - revokedAt).toFixed(0)} ms`);
    expect((await failure(there.query(alter))).code).toBe('42501');
    for (const client of [here, there]) await client.end();
  });

  it('that two decide at once, one at each, has one decision; the other is told whose', async () => {
    for (let round = 0; round < 5; round++) {
      // Of another person each time: whoever was denied may not ask again at once.
      const asker = await rig.tokenOf(`asker-${round}`);
      const { body: made } = await one.post('/v1/requests', asker, DDL);
      await until(async () => (await two.get(`/v1/requests/${made.id}`, await rolf())).status === 'pending');
      const answers = await Promise.all([
        one.post(`/v1/requests/${made.id}/approve`, await rosa(), { reason: 'yes' }),
        two.post(`/v1/requests/${made.id}/deny`, await rolf(), { reason: 'no' }),
      ]);
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners.length).toBe(1);
      const loser = answers.find(({ status }) => status !== 200)!;
      expect([loser.status, loser.body.error.code]).toEqual([400, 'usage']);
      const decided = winners[0]!.body.status;
      for (const gateway of [one, two]) {
        await until(async () => (await gateway.get(`/v1/requests/${made.id}`, asker)).status === decided);
      }
    }
  });

  it('of a statement that waits at one is approved at the other: it runs, once', async () => {
    const client = await one.connect(await dana());
    const waiting = client.query('DELETE FROM users WHERE id = 7');
    let id = '';
    await until(async () => {
      const { requests } = await two.get('/v1/requests?decidable=1', await rosa());
      id = requests.find(({ kind, status }: Json) => kind === 'statement' && status === 'pending')?.id ?? '';
      return id !== '';
    });
    expect(await count()).toBe(20);
    // The text itself is with the one at which it waits.
    expect((await one.get(`/v1/requests/${id}`, await rosa())).shown).toMatchObject({ by: 'rights' });
    const { shown, statement } = await two.get(`/v1/requests/${id}`, await rosa());
    expect(shown).toMatchObject({ by: 'record', why: expect.stringContaining('another gateway') });
    expect(statement.sql).toMatch(/^DELETE FROM users WHERE id = /);
    await two.post(`/v1/requests/${id}/approve`, await rosa(), { reason: 'that one' });
    expect((await waiting).rowCount).toBe(1);
    expect(await count()).toBe(19);
    await until(async () => (await two.get(`/v1/requests/${id}`, await rosa())).status === 'used');
    await client.end();
  });
});

describe('what somebody created at one', () => {
  it('is theirs at the other too, also when that starts anew', async () => {
    const here = await one.connect(await dana());
    await here.query('CREATE TABLE mine (id int)');
    await here.query('CREATE TABLE mine_too (id int)');
    const there = await two.connect(await dana());
    await until(async () => (await there.query('DROP TABLE IF EXISTS mine').catch(() => undefined)) !== undefined);
    expect(await rig.direct("SELECT to_regclass('mine') AS is")).toEqual([{ is: null }]);
    expect((await failure((await two.connect(await rig.tokenOf('other'))).query('DROP TABLE mine_too'))).code).toBe(
      '42501',
    );
    await two.stop();
    two = await Gateway.start('two');
    await (await two.connect(await dana())).query('DROP TABLE mine_too');
    await here.end();
  });
});

describe('a schema that changes through one', () => {
  it('is judged anew at the other, without waiting for the next look at the catalog', async () => {
    const here = await one.connect(await ada());
    // Nobody decides for these: what is held is refused.
    const there = await two.connect(await rig.tokenOf('wil', ['writers']));
    await here.query("CREATE FUNCTION tidy() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await until(async () => (await there.query('SELECT tidy()').catch(() => undefined)) !== undefined);
    const before = await count();
    await here.query("CREATE OR REPLACE FUNCTION tidy() RETURNS int LANGUAGE sql AS 'DELETE FROM users; SELECT 1'");
    // In a transaction that is taken back, should it run after all; by itself it is noticed after a minute.
    await until(async () => {
      await there.query('BEGIN');
      const code = await there.query('SELECT tidy()').then(
        () => 'ran',
        (error: pg.DatabaseError) => error.code,
      );
      await there.query('ROLLBACK');
      return code === '42501';
    });
    expect(await count()).toBe(before);
    await here.query('DROP FUNCTION tidy()');
    for (const client of [here, there]) await client.end();
  });
});

describe('what is copied from masked columns at one', () => {
  /** Whatever is answered on the way there, none of it is raw. */
  const isMasked = async (gateway: Gateway, table: string): Promise<void> => {
    const client = await gateway.connect(await dana());
    for (let turn = 0; turn < 8; turn++) {
      const { rows } = await client.query(`SELECT * FROM ${table} LIMIT 5`).catch(() => ({ rows: [] }));
      expect(JSON.stringify(rows)).not.toMatch(/Xq.vwz|40\d\d\.\d[1-9]/);
      if (turn > 5) expect(rows).toHaveLength(5);
    }
    await client.end();
  };

  it('is masked at the other, under whatever name, also when that starts anew', async () => {
    const here = await one.connect(await dana());
    await here.query('CREATE TABLE copy_one AS SELECT id, salary AS c1 FROM staff');
    await isMasked(two, 'copy_one');
    // Known by its name, as long as it has that.
    await here.query('CREATE TABLE copy_two (last_name text)');
    await here.query('INSERT INTO copy_two SELECT last_name FROM staff');
    await here.query('ALTER TABLE copy_two RENAME last_name TO c1');
    await isMasked(two, 'copy_two');
    await two.stop('SIGKILL');
    two = await Gateway.start('two');
    for (const table of ['copy_one', 'copy_two']) await isMasked(two, table);
    // Another of that name is nobody’s copy.
    await here.query('DROP TABLE copy_one');
    await here.query("CREATE TABLE copy_one AS SELECT i AS id, 'word ' || i AS c1 FROM generate_series(1, 5) i");
    await here.end();
    const there = await two.connect(await dana());
    await until(async () => (await there.query('SELECT c1 FROM copy_one ORDER BY id')).rows[0]?.c1 === 'word 1');
    await there.end();
  });
});

describe('who is cut off at one', () => {
  it('loses sessions at the other, stays out over its restart, and is let in at both again', async () => {
    const leaver = () => rig.tokenOf('leaver');
    const there = await two.connect(await leaver());
    const { body } = await one.post('/v1/users/revoke', await ada(), {
      user: `${rig.oidc.issuer}|leaver`,
      reason: 'left',
    });
    expect(body.refused).toBe(true);
    await until(async () => (await there.query('SELECT 1').catch(() => undefined)) === undefined);
    await two.stop('SIGKILL');
    two = await Gateway.start('two');
    for (const gateway of [one, two]) await expect(gateway.connect(await leaver())).rejects.toThrow('refused');
    await two.post('/v1/users/restore', await ada(), { user: `${rig.oidc.issuer}|leaver`, reason: 'came back' });
    await until(async () => (await one.connect(await leaver()).catch(() => undefined)) !== undefined);
  });
});

describe('a gateway that cannot reach what it shares', () => {
  it('serves what needs no decision, refuses what does, and goes on by itself', async () => {
    const client = await one.connect(await dana());
    await askServer(rig.server.superuserUrl, 'ALTER DATABASE shared WITH ALLOW_CONNECTIONS false');
    await askServer(
      rig.server.superuserUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared'",
    );
    await until(async () => (await one.post('/v1/requests', await dana(), DDL)).status === 503);
    expect(await one.get('/healthz', '')).toMatchObject({ status: 'ok', shared: 'failed' });
    expect((await client.query('SELECT count(*) FROM users')).rows.length).toBe(1);
    await askServer(rig.server.superuserUrl, 'ALTER DATABASE shared WITH ALLOW_CONNECTIONS true');
    await until(async () => (await one.post('/v1/requests', await dana(), DDL)).status === 201);
    await client.end();
  });

  it('tells what was copied meanwhile once it starts again', async () => {
    const allow = (be: boolean) =>
      askServer(rig.server.superuserUrl, `ALTER DATABASE shared WITH ALLOW_CONNECTIONS ${be}`);
    await allow(false);
    await askServer(
      rig.server.superuserUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared'",
    );
    await until(async () => (await one.post('/v1/requests', await dana(), DDL)).status === 503);
    const client = await one.connect(await dana());
    await client.query('CREATE TABLE copy_away AS SELECT id, last_name AS c1 FROM staff');
    await until(async () => /^X\*|^X\.|redacted/.test((await client.query('SELECT c1 FROM copy_away')).rows[0]?.c1));
    await client.end();
    await one.stop();
    expect(one.lines.some((line) => line.includes('are not told to the other gateways'))).toBe(true);
    await allow(true);
    one = await Gateway.start('one');
    const there = await two.connect(await dana());
    await until(async () => !/Xq.vwz/.test(JSON.stringify((await there.query('SELECT c1 FROM copy_away')).rows)));
    await there.end();
  });
});
