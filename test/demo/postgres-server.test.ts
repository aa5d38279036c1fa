import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../src/demo/postgres-server.ts';
import { withPostgres } from '../support/postgres.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a PostgreSQL for the demo', () => {
  const server = withPostgres({ settings: { work_mem: '5MB', 'my.note': "it's" } });

  it('serves UTF-8 with SCRAM on loopback, with the settings asked for', async () => {
    const [row] = await query(
      server.superuserUrl,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('work_mem') AS work_mem,
              current_setting('my.note') AS note, current_setting('listen_addresses') AS listen,
              current_setting('server_version_num')::int / 10000 AS major,
              (SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'postgres') AS scram`,
    );
    expect(row).toEqual({
      encoding: 'UTF8',
      work_mem: '5MB',
      note: "it's",
      listen: '127.0.0.1',
      major: server.major,
      scram: true,
    });
  });

  it('asks for the password, also on its socket', async () => {
    const wrong = new URL(server.superuserUrl);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    const local = new pg.Client({ host: server.socketDir, port: server.port, user: 'postgres', password: 'wrong' });
    await expect(local.connect()).rejects.toMatchObject({ code: '28P01' });
  });
});

it('stops, removes its files and frees its port', async () => {
  const server = await startPostgres();
  await server.stop();
  expect(alive(server.pid)).toBe(false);
  expect(existsSync(server.socketDir)).toBe(false);
  await expect(query(server.superuserUrl, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('brings PostgreSQL 18 from its package', async () => {
  const server = await startPostgres({ major: 18 });
  try {
    const [row] = await query(server.superuserUrl, "SELECT lower('ÄÖ') AS lower, version() AS version");
    expect(row).toMatchObject({ lower: 'äö', version: expect.stringContaining('PostgreSQL 18.') });
  } finally {
    await server.stop();
  }
});

it('says so when a major is not at hand', async () => {
  await expect(startPostgres({ major: 14 })).rejects.toThrow(/no PostgreSQL 14 server found/);
});

it('does not outlive a killed parent', async () => {
  const script = `
    import { startPostgres } from ${JSON.stringify(path.resolve('src/demo/postgres-server.ts'))};
    const server = await startPostgres();
    console.log(JSON.stringify({ pid: server.pid, dir: server.socketDir }));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { pid, dir } = JSON.parse(line.toString()) as { pid: number; dir: string };
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (let i = 0; i < 600 && existsSync(dir); i++) await sleep(100);
  expect(existsSync(dir)).toBe(false);
});
