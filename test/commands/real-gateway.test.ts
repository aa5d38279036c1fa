import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../../src/demo/certificates.ts';
import { withGateway } from '../support/gateway.ts';
import { runCli } from './run-cli.ts';

const gateway = withGateway({
  sql: 'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, $$a$$), (2, $$b$$)',
});

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-commands-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const dbgate = (args: string[], env: Record<string, string> = {}) =>
  runCli(args, { ...gateway.env('developer'), DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir, ...env });

const lines = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('with a real gateway', () => {
  it('ls: a table, JSON, and names for completion', async () => {
    const text = await dbgate(['ls']);
    expect(text.code).toBe(0);
    expect(text.stdout).toBe('DATABASE  ENVIRONMENT  ACCESS\napp       production   write +create\n');
    const json = await dbgate(['ls', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({
      databases: [expect.objectContaining({ name: 'app', environment: 'production', access: 'write', create: true })],
    });
    expect((await dbgate(['__complete', 'databases'])).stdout).toBe('app\n');
    expect((await dbgate(['ls'], gateway.env('analyst'))).stdout).toMatch(/^app +production +read$/m);
  });

  it('token: stands alone on stdout, and opens the native listener', async () => {
    const { code, stdout } = await dbgate(['token', 'app']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w.-]{40,}\n$/);
    const full = JSON.parse((await dbgate(['token', 'app', '--json'])).stdout);
    expect(full).toMatchObject({ database: 'app', expires_in: expect.any(Number), token: expect.any(String) });
    const url = (await dbgate(['token', 'app', '--url'])).stdout.trim();
    const client = new pg.Client({ connectionString: url.replace('sslmode=require', 'sslmode=no-verify') });
    await client.connect();
    expect((await client.query('SELECT count(*)::int AS n FROM item')).rows).toEqual([{ n: 2 }]);
    await client.end();
    expect(await dbgate(['token', 'other'])).toMatchObject({ code: 5, stdout: '' });
  });

  it('history: own statements, the newest first, filtered, paged, one line each', async () => {
    const client = new pg.Client({ connectionString: gateway.as('developer').url });
    await client.connect();
    for (let i = 0; i < 12; i++) await client.query(`SELECT ${i} AS number_${i}`);
    await client.query("SELECT '\u001b[31m', name\n  FROM   item -- two lines");
    await expect(client.query('SELECT * FROM no_such_table')).rejects.toThrow(/does not exist/);
    await expect(client.query('DROP TABLE item')).rejects.toThrow();
    await client.end();

    const json = lines((await dbgate(['history', '--json', '--limit', '3'])).stdout);
    expect(json.map(({ sql }) => sql)).toEqual([
      'DROP TABLE item',
      'SELECT * FROM no_such_table',
      expect.stringContaining('two lines'),
    ]);
    expect(json[0]).toMatchObject({ decision: 'deny', database: 'app' });
    expect(json[1]).toMatchObject({ sqlstate: '42P01' });
    expect(lines((await dbgate(['history', '--json', '--denied'])).stdout)).toHaveLength(1);
    expect(lines((await dbgate(['history', '--json', '--grep', 'number_7', '--since', '1h'])).stdout)).toHaveLength(1);
    expect((await dbgate(['history', '--until', '2020-01-01'])).stdout).toBe('');
    expect(
      lines((await dbgate(['history', '--json', '--db', 'app', '--errors'])).stdout).map(({ sql }) => sql),
    ).toContain('SELECT * FROM no_such_table');

    const first = await dbgate(['history', '--limit', '4']);
    const cursor = /^there is more: dbgate history --limit 4 --cursor (\S+)$/m.exec(first.stderr)![1]!;
    const second = lines((await dbgate(['history', '--json', '--limit', '2', '--cursor', cursor])).stdout);
    expect(second.map(({ sql }) => sql)).toEqual(['SELECT 10 AS number_10', 'SELECT 9 AS number_9']);

    const [head, ...rows] = first.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^TIME +DATABASE +SQL +ROWS +MS +DECISION$/);
    expect(rows[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +app +DROP TABLE item .* deny production\./);
    expect(rows[1]).toMatch(/mask, error 42P01$/);
    expect(rows[2]).toContain("SELECT '\\x1b[31m', name FROM item -- two lines");
    expect(first.stdout).not.toContain('\u001b');
    for (const line of (await dbgate(['history'], { COLUMNS: '60' })).stdout.split('\n'))
      expect(line.length).toBeLessThanOrEqual(60);
  });

  it('history: of a long statement a table shows the beginning, JSON and CSV all', async () => {
    const sql = `SELECT '${'ü'.repeat(391)}😀 and more'`;
    const client = new pg.Client({ connectionString: gateway.as('developer').url });
    await client.connect();
    await client.query(sql);
    await client.end();
    const [, row] = (await dbgate(['history', '--limit', '1'])).stdout.split('\n');
    expect(row).toContain(` ${sql.slice(0, 399)}... `);
    expect(lines((await dbgate(['history', '--limit', '1', '--json'])).stdout)).toEqual([
      expect.objectContaining({ sql }),
    ]);
    expect((await dbgate(['history', '--limit', '1', '--csv'])).stdout).toContain(sql);
  });

  it('history is one’s own', async () => {
    expect((await dbgate(['history', '--json'], gateway.env('auditor'))).stdout).toBe('');
  });

  it('connect -- command: the real path, and what policy says', async () => {
    const script = `
      const pg = require(${JSON.stringify(new URL('../../node_modules/pg/lib/index.js', import.meta.url).pathname)});
      const client = new pg.Client(process.env.DATABASE_URL);
      client.connect().then(() => client.query('SELECT count(*)::int AS n FROM item')).then(({ rows }) => {
        console.log(rows[0].n);
        return client.query('DROP TABLE item');
      }).catch((error) => console.log(error.code)).then(() => client.end());`;
    const { code, stdout } = await dbgate(['connect', 'app', '--', process.execPath, '-e', script]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2\n42501\n' });
    const refused = await dbgate(['connect', 'nope']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/^error: .*nope[\s\S]*^fix: /m);
  });

  it('doctor: every check passes, the canary goes the whole way', async () => {
    const { code, stdout } = await dbgate(['doctor', '--json']);
    const { ok, checks } = JSON.parse(stdout);
    expect(checks.filter(({ status }: { status: string }) => status === 'fail')).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks).toContainEqual({
      name: 'canary query on app',
      status: 'ok',
      detail: expect.stringMatching(/^SELECT 1 in \d+ ms/),
    });
    const text = await dbgate(['doctor']);
    expect(text.stdout).toMatch(/^ok {4}canary query on app: /m);
  });

  it('doctor: names what is wrong, with a fix, and exits 1', async () => {
    const unreachable = await dbgate(['doctor'], { DBGATE_GATEWAY: 'https://127.0.0.1:1' });
    expect(unreachable.code).toBe(1);
    expect(unreachable.stdout).toMatch(/^fail {2}gateway: .*\n {6}fix: /m);
    const badToken = await dbgate(['doctor'], { DBGATE_TOKEN: 'nonsense' });
    expect(badToken.code).toBe(1);
    expect(badToken.stdout).toMatch(/^fail {2}login: .*\n {6}fix: /m);
    const noDatabase = await dbgate(['doctor', '--db', 'nope']);
    expect(noDatabase.stdout).toMatch(/^fail {2}canary query on nope: /m);
  });

  it('doctor --config: the server’s side', async () => {
    const { cert, key } = await makeCertificates();
    writeFileSync(join(dir, 'cert.pem'), cert);
    writeFileSync(join(dir, 'key.pem'), key);
    const upstream = (url: string) => `upstream: { url: env:${url}, tls: { mode: disable }, connect_timeout: 5s }`;
    writeFileSync(
      join(dir, 'gateway.yaml'),
      `public_url: https://localhost:8443
state_dir: state
tls: { cert: file:cert.pem, key: file:key.pem }
issuers:
  - { issuer: ${gateway.demo.identity.issuer}, audience: a, client_id: c, allow_insecure: true }
databases:
  good: { ${upstream('GOOD')} }
  bad: { ${upstream('BAD')} }
`,
    );
    const env = { GOOD: gateway.directUrl, BAD: gateway.directUrl.replace(/:[^:@]+@/, ':wrong@') };
    const { code, stdout, stderr } = await dbgate(['doctor', '--config', join(dir, 'gateway.yaml')], env);
    expect(stderr).toBe('');
    expect(code).toBe(1);
    for (const line of [
      /^ok {4}configuration: /m,
      /^ok {4}certificate: for localhost, until /m,
      /^ok {4}issuer http:\/\/127\.0\.0\.1:\d+\S*: answers$/m,
      /^ok {4}database good: PostgreSQL 1\d/m,
      /^fail {2}database bad: .*password authentication failed/m,
      /^(ok|warn) {2,4}state folder: .*\/state, which the gateway makes in .*, fdatasync takes [\d.]+ ms$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
    // One that is made here would be of whoever asked.
    expect(existsSync(join(dir, 'state'))).toBe(false);
    expect(stdout).not.toContain('wrong');
    const check = await dbgate(['gateway', '--check', '--config', join(dir, 'gateway.yaml')], env);
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is valid: 2 databases, 1 issuer, 0 grants'),
    });
  });
});
