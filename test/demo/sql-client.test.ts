import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findSqlClient } from '../../src/demo/sql-client.ts';
import { withPostgres } from '../support/postgres.ts';

describe('the client of the story', () => {
  const server = withPostgres();

  function run(command: readonly string[]) {
    const url = new URL(server.superuserUrl);
    const env = {
      PATH: process.env.PATH,
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: url.username,
      PGPASSWORD: url.password,
      PGDATABASE: 'postgres',
      PGSSLMODE: 'disable',
    };
    const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), { env, encoding: 'utf8' });
    return { status, stdout, errors: stderr.split('\n').filter((line) => /^(ERROR|HINT|DETAIL): /.test(line)) };
  }
  const statements = [
    'CREATE TABLE t (id int)',
    'INSERT INTO t VALUES (1), (2)',
    "DO $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'no', HINT = 'ask' ; END $$",
    "SELECT count(*), 'x' FROM t",
    'DROP TABLE t',
  ];

  it.each(['psql', 'pg'])('%s runs each statement and goes on after an error', async (name) => {
    const client = await findSqlClient(name === 'psql' ? process.env.PATH! : '');
    if (name === 'psql' && client.name !== 'psql') return;
    expect(client.name).toBe(name);
    const { status, stdout, errors } = run(client.command(statements));
    // pg knows the first word of a command tag and the count.
    const shown = stdout
      .trim()
      .replace(/ TABLE/g, '')
      .replace('INSERT 0 2', 'INSERT 2');
    expect(shown.split(/ *\n/)).toEqual(['CREATE', 'INSERT 2', '2|x', 'DROP']);
    expect(errors.map((line) => line.replace(/ +/g, ' '))).toEqual(['ERROR: 42501: no', 'HINT: ask']);
    expect(status).toBe(0);
  });

  it.each(['psql', 'pg'])('%s fails when the last statement does', async (name) => {
    const client = await findSqlClient(name === 'psql' ? process.env.PATH! : '');
    expect(run(client.command(['SELECT 1', 'SELECT 1/0'])).status).toBe(1);
  });
});
