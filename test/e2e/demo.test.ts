import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/demo/cli-process.ts';
import { startDemo } from '../../src/demo/demo.ts';
import { playStory } from '../../src/demo/story.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

const TIMEOUT_MS = 300_000;
const launcher = path.resolve('bin/dbgate.js');
let tmp: string;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  tmp = await mkdtemp(path.join(os.tmpdir(), 'dbgate-e2e-'));
  // Postgres runs as another user when this is root.
  await chmod(tmp, 0o711);
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  await rm(tmp, { recursive: true, force: true });
});

function environment(extra: Record<string, string> = {}): Record<string, string | undefined> {
  const { DBGATE_GATEWAY: _, ...env } = process.env;
  // Node's own cache of compiled code would be in TMPDIR.
  const cache = { NODE_DISABLE_COMPILE_CACHE: '1' };
  return { ...env, ...cache, TMPDIR: tmp, LC_ALL: 'C.UTF-8', HOME: path.join(tmp, 'no-home'), ...extra };
}

function dbgate(args: readonly string[], env = environment()) {
  return runCli(args, { env, cwd: tmp, timeoutMs: TIMEOUT_MS, signal: new AbortController().signal });
}

/** Processes with an argument under the test's own temporary folder: servers, and shells that watch them. */
async function processesIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    const command = /^\d+$/.test(pid) && (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
    if (command !== false && command.includes(dir)) found.push(command.replaceAll('\0', ' '));
  }
  return found;
}

async function expectNothingLeft(): Promise<void> {
  for (let i = 0; i < 600 && (await processesIn(tmp)).length > 0; i++) await sleep(100);
  expect(await processesIn(tmp)).toEqual([]);
  expect(await readdir(tmp)).toEqual([]);
}

interface Ready {
  event: string;
  gateway: string;
  issuer: string;
  ca: string;
  connections: { principal: string; role: string; database: string; url: string; nativeUrl: string; token: string }[];
}

/** `dbgate demo` that stays; its first line of stdout, and how to see the rest. */
async function serve(args: readonly string[]) {
  const child = spawn(process.execPath, [launcher, 'demo', ...args], { env: environment(), cwd: tmp });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk) => {
    output.stderr += String(chunk);
  });
  child.stdout.on('data', (chunk) => {
    output.stdout += String(chunk);
  });
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'exit');
  const line = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  if (!line) throw new Error(`it ended early: ${output.stderr}`);
  return { child, output, exited, ready: JSON.parse(String(line[0])) as Ready };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const { host, port, username, password, pathname } = new URL(url);
  const client = new pg.Client({
    host: host.split(':')[0]!,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    ssl: url.includes('sslmode=require') ? { rejectUnauthorized: false } : false,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('dbgate demo --script', () => {
  it(
    'plays the whole story with the real CLI and leaves nothing behind',
    async () => {
      const { exitCode, stdout, stderr } = await dbgate(['demo']);
      expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
      const steps = stdout.split('\n').filter((line) => line.startsWith('✓ '));
      expect(steps).toHaveLength(17);
      expect(stdout).toMatch(/✓ dbgate login https:\S+ → code [A-Z]{4}-[A-Z]{4}, approved .* by dev@demo\.test/);
      expect(stdout).toMatch(/DROP TABLE payments.* → denied[^\n]*\n {4}ERROR: 42501: /);
      expect(stdout).toMatch(/\n {4}HINT: dbgate request prod-db --access ddl --tables payments /);
      expect(stdout).toMatch(
        /✓ dbgate request .* → (r-\w+), pending: [\s\S]*\1 is approved[\s\S]*→ DROP TABLE\n[\s\S]*\1 is revoked/,
      );
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    'does so in ASCII and with the pg driver where there is neither Unicode nor psql; keeps what it is told to keep',
    async () => {
      const env = environment({ LC_ALL: 'C', PATH: '/nonexistent' });
      const { exitCode, stdout, stderr } = await dbgate(['demo', '--script', '--keep', 'kept'], env);
      expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
      expect(stdout.match(/^ok /gm)).toHaveLength(17);
      expect(await readdir(tmp)).toEqual(['kept']);
      expect(await readdir(path.join(tmp, 'kept'))).toEqual(expect.arrayContaining(['postgres', 'state', 'tls']));
      for (let i = 0; i < 600 && (await processesIn(tmp)).length > 0; i++) await sleep(100);
      expect(await processesIn(tmp)).toEqual([]);
      const again = await dbgate(['demo', '--script', '--keep', 'kept'], env);
      expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not empty') });
    },
    TIMEOUT_MS,
  );
});

it(
  'fails at the step that does not show what it should, and says what it showed',
  async () => {
    const steps: string[] = [];
    const demo = await startDemo({
      tune: (settings) => ({ ...settings, grants: settings.grants.map((grant) => ({ ...grant, access: 'admin' })) }),
    });
    try {
      const story = playStory(demo, new AbortController().signal, ({ did }) => steps.push(did), [
        'login',
        'deniedDrop',
      ]);
      await expect(story).rejects.toThrow(/should have shown exit code 0, but showed:.*DROP TABLE/s);
    } finally {
      await demo.close();
    }
    expect(steps).toHaveLength(2);
  },
  TIMEOUT_MS,
);

describe('dbgate demo --upstream', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    // Not the major of the story's server, where there are two.
    server = await startPostgres({ major: 18, superuserPassword: 'p@ss/w:rd' });
    await query(server.superuserUrl, 'CREATE TABLE stones AS SELECT generate_series(1, 7) AS id');
  });
  afterAll(() => server?.stop());

  it(
    'serves every principal through the tunnel and the native listener until SIGTERM',
    async () => {
      const { child, ready, output, exited } = await serve(['--upstream', server.superuserUrl, '--json']);
      expect(ready).toMatchObject({
        event: 'ready',
        gateway: expect.stringMatching(/^https:/),
        issuer: expect.stringMatching(/^http:/),
      });
      expect(ready.connections.map(({ principal, role, database }) => [principal, role, database])).toEqual(
        ['developer', 'analyst', 'agent', 'reviewer', 'admin', 'auditor'].map((role) => [
          `${role === 'developer' ? 'dev' : role}@demo.test`,
          role,
          'postgres',
        ]),
      );
      for (const { url, nativeUrl } of ready.connections) {
        for (const way of [url, nativeUrl]) {
          expect(await query(way, 'SELECT count(*)::int AS n FROM stones')).toEqual([{ n: 7 }]);
        }
      }
      const [developer, analyst] = ready.connections;
      await expect(query(developer!.url, 'DROP TABLE stones')).rejects.toMatchObject({ code: '42501' });
      await expect(query(analyst!.url, 'INSERT INTO stones VALUES (8)')).rejects.toMatchObject({ code: '42501' });
      const env = environment({
        DBGATE_GATEWAY: ready.gateway,
        DBGATE_CA_FILE: ready.ca,
        DBGATE_TOKEN: analyst!.token,
      });
      const whoami = await dbgate(['whoami', '--json'], env);
      expect(JSON.parse(whoami.stdout)).toMatchObject({ email: 'analyst@demo.test' });
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      expect(output.stdout.trim().split('\n')).toHaveLength(1);
      await expect(query(developer!.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it('takes the name it is given', async () => {
    const args = ['--upstream', server.superuserUrl, '--database', 'prod-db', '--json'];
    const { child, ready, exited } = await serve(args);
    expect(await query(ready.connections[0]!.url, 'SELECT current_database() AS name')).toEqual([{ name: 'postgres' }]);
    expect(ready.connections[0]).toMatchObject({ database: 'prod-db', url: expect.stringMatching(/\/prod-db$/) });
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    await expectNothingLeft();
  });

  it('says why it cannot start, shows no password, and leaves nothing', async () => {
    const wrong = server.superuserUrl.replace(encodeURIComponent('p@ss/w:rd'), 'geheim');
    const refused = await dbgate(['demo', '--upstream', wrong, '--json']);
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'upstream_unavailable' } });
    const gone = await dbgate(['demo', '--upstream', 'postgres://u:geheim@127.0.0.1:1/d']);
    expect(gone).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/^error: .*127\.0\.0\.1:1/m) });
    expect(refused.stdout + refused.stderr + gone.stderr).not.toContain('geheim');
    await expectNothingLeft();
  });
});

it.each(['SIGINT', 'SIGTERM'] as const)('removes everything when %s comes during the start', async (signal) => {
  const child = spawn(process.execPath, [launcher, 'demo', '--script'], { env: environment(), cwd: tmp });
  running.add(child);
  for (let i = 0; i < 1200 && (await readdir(tmp)).length === 0; i++) await sleep(50);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
  await expectNothingLeft();
});

it('removes everything even when it is killed', async () => {
  const { child, exited } = await serve(['--json']);
  expect(await processesIn(tmp)).not.toEqual([]);
  child.kill('SIGKILL');
  await exited;
  await expectNothingLeft();
});
