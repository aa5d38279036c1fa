/** Limits of rows and bytes with a real server: what leaves, what is cancelled, and what a restart remembers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import { describe, expect, it } from 'vitest';
import type { EgressLimits, GatewaySettings } from '../../src/config/gateway-settings.ts';
import { failure, until, withRig } from './gateway-rig.ts';

const grantOf = (group: string, egress: EgressLimits, access: 'read' | 'write' = 'write') => ({
  to: { group },
  database: '*',
  environment: undefined,
  access,
  create: false,
  limits: { egress },
});

const rig = withRig({
  sql: `CREATE TABLE numbers (n int primary key);
        INSERT INTO numbers SELECT generate_series(1, 200000);
        CREATE TABLE tiny (n int primary key);
        CREATE TABLE people (n int primary key, email text);
        INSERT INTO people SELECT n, 'person' || n || '@example.com' FROM numbers WHERE n <= 1000`,
  tune: (settings): GatewaySettings => ({
    ...settings,
    grants: [
      ...settings.grants,
      grantOf('ten', { rowsPerStatement: 10 }),
      grantOf('kilo', { bytesPerStatement: 1000 }),
      grantOf('hourly', { rowsPerHour: 30, rowsPerDay: 1000 }),
    ],
  }),
});

const connect = async (sub: string, group: string, config?: pg.ClientConfig) =>
  rig.connect(await rig.tokenOf(sub, [group]), config === undefined ? {} : { config });

describe('an answer with too much', () => {
  it('is cut off at the limit, cancelled upstream, and the session lives on', async () => {
    const client = await connect('ten-simple', 'ten');
    const seen: unknown[] = [];
    const query = new pg.Query('SELECT n FROM numbers ORDER BY n');
    query.on('row', (row) => seen.push(row));
    const error = await failure(new Promise((_, reject) => void client.query(query).on('error', reject)));
    expect(error).toMatchObject({ code: '53400', severity: 'ERROR' });
    expect(error.detail).toContain('rule limits.rows_per_statement');
    expect(error.hint).toContain('LIMIT');
    expect(seen).toHaveLength(10);
    // Right behind it: no late cancel hits it.
    for (let i = 0; i < 20; i++) expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect((await client.query('SELECT n FROM numbers ORDER BY n LIMIT 10')).rowCount).toBe(10);
    await client.end();
    const record = (await rig.api('GET', '/v1/history?errors=true', await rig.tokenOf('ten-simple', ['ten']))).body;
    expect(record.entries).toMatchObject([{ rows: 10, sqlstate: '53400' }]);
  });

  it('has all that was within the limit where its rows are rewritten', async () => {
    const client = await connect('ten-masked', 'ten');
    const seen: unknown[] = [];
    const query = new pg.Query('SELECT n, email FROM people ORDER BY n');
    query.on('row', (row) => seen.push(row));
    await failure(new Promise((_, reject) => void client.query(query).on('error', reject)));
    expect(seen).toHaveLength(10);
  });

  it('of the extended protocol, by a portal in pieces, and by COPY', async () => {
    const client = await connect('ten-extended', 'ten');
    expect(await failure(client.query('SELECT n FROM numbers WHERE n > $1', [0]))).toMatchObject({ code: '53400' });
    const cursor = client.query(new Cursor('SELECT n FROM numbers WHERE n > $1', [0]));
    expect(await cursor.read(6)).toHaveLength(6);
    expect(await failure(cursor.read(6))).toMatchObject({ code: '53400' });
    const copy = client.query(copyTo('COPY numbers TO STDOUT'));
    expect(await failure(text(copy))).toMatchObject({ code: '53400' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('fails its transaction, as any error does', async () => {
    const client = await connect('ten-transaction', 'ten');
    // Whether the cancel comes in time or not: few rows and many.
    for (const most of [11, 200_000]) {
      await client.query('BEGIN');
      await client.query('INSERT INTO tiny VALUES (1)');
      expect(await failure(client.query(`SELECT n FROM numbers WHERE n <= ${most}`))).toMatchObject({ code: '53400' });
      expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
      await client.query('ROLLBACK');
    }
    expect(await rig.direct('SELECT * FROM tiny')).toEqual([]);
  });

  it('counts bytes of notices and errors too', async () => {
    const client = await connect('kilo', 'kilo');
    const long = `DO $$ BEGIN RAISE NOTICE '%', repeat('x', 2000); END $$`;
    const notices: unknown[] = [];
    client.on('notice', (notice) => notices.push(notice));
    expect(await failure(client.query(long))).toMatchObject({ code: '53400' });
    expect(notices).toEqual([]);
    const raised = await failure(client.query(long.replace('NOTICE', 'EXCEPTION')));
    expect(raised).toMatchObject({ code: '53400' });
    expect(raised.message).not.toContain('xxx');
    expect(await failure(client.query("SELECT repeat('x', 2000)"))).toMatchObject({ code: '53400' });
    expect((await client.query("SELECT repeat('x', 900)")).rowCount).toBe(1);
  });

  it('says that a statement was completed when it was', async () => {
    const client = await connect('ten-returning', 'ten');
    const sql = 'INSERT INTO tiny SELECT generate_series(1, 11) RETURNING n';
    const error = await failure(client.query(sql));
    expect(error.code).toBe('53400');
    const kept = (await rig.direct('SELECT * FROM tiny')).length;
    // Either way the client knows.
    expect([error.detail?.includes('had completed'), kept]).toEqual(kept === 0 ? [false, 0] : [true, 11]);
    await rig.direct('TRUNCATE tiny');
  });
});

describe('the budget of an hour', () => {
  it('is one for all sessions of a principal, another’s is another, and a restart gives no new one', async () => {
    const [one, other] = [await connect('hourly', 'hourly'), await connect('hourly', 'hourly')];
    await one.query('SELECT n FROM numbers WHERE n <= 20');
    await other.query('SELECT n FROM numbers WHERE n <= 9');
    const error = await failure(one.query('SELECT n FROM numbers WHERE n <= 2'));
    expect(error).toMatchObject({ code: '53400' });
    expect(error.detail).toContain('limits.rows_per_hour');
    expect(error.hint).toContain('more is free later');
    // Nothing is left now, and what has no rows still goes.
    expect(await failure(other.query('SELECT 1'))).toMatchObject({ code: '53400' });
    await other.query('SET work_mem = 4096');
    const somebody = await connect('somebody', 'hourly');
    expect((await somebody.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);

    await rig.restart();
    const again = await connect('hourly', 'hourly');
    expect(await failure(again.query('SELECT 1'))).toMatchObject({ code: '53400' });
    expect((await (await connect('somebody', 'hourly')).query('SELECT 1')).rowCount).toBe(1);
  });

  it('is on disk while the gateway runs, for its owner’s eyes only', async () => {
    const file = path.join(rig.settings.stateDir, 'egress.json');
    await (await connect('persistent', 'hourly')).query('SELECT 1');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('persistent'));
  });

  it('follows the grant of a session that is open', async () => {
    const client = await connect('followed', 'hourly');
    await client.query('SELECT n FROM numbers WHERE n <= 30');
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '53400' });
    rig.gateway.reload({
      ...rig.settings,
      grants: rig.settings.grants.map((grant) =>
        'group' in grant.to && grant.to.group === 'hourly' ? grantOf('hourly', { rowsPerHour: 31 }) : grant,
      ),
    });
    await client.query('SELECT 1');
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '53400' });
    rig.gateway.reload(rig.settings);
  });

  it('begins anew, and says so, when its file is damaged', async () => {
    await rig.gateway.close();
    writeFileSync(path.join(rig.settings.stateDir, 'egress.json'), '{');
    await rig.restart();
    expect(rig.logs.at(-1) !== undefined && rig.logs.some((line) => line.includes('egress budgets begin anew'))).toBe(
      true,
    );
    expect((await (await connect('hourly', 'hourly')).query('SELECT 1')).rowCount).toBe(1);
  });
});
