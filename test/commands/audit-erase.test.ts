import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditCommand } from '../../src/commands/audit.ts';
import { historyCommand } from '../../src/commands/history.ts';
import { withGateway } from '../support/gateway.ts';
import { runInProcess } from './run-in-process.ts';

const WORD = 'zephyr_of_the_erased';
const KEPT = 'zephyr_of_the_kept';
let stateDir = '';
const gateway = withGateway({
  sql: 'CREATE TABLE item (id int PRIMARY KEY, name text)',
  tune: (settings) => {
    stateDir = settings.stateDir;
    return settings;
  },
});

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-erase-'));
  for (const [role, word] of [
    ['developer', WORD],
    ['admin', KEPT],
  ] as const) {
    const client = new pg.Client({ connectionString: gateway.as(role).url });
    await client.connect();
    await client.query(`SELECT count(*) AS ${word} FROM item`);
    await client.query(`SELECT count(*) AS ${word} FROM item WHERE name = $1`, [word]);
    await client.end();
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Role = 'developer' | 'auditor' | 'agent' | 'admin';
const run = (command: typeof auditCommand, role: Role, args: string[]) =>
  runInProcess(command, args, {
    env: { ...gateway.env(role), DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir },
  });
const erase = (role: Role, ...args: string[]) => run(auditCommand, role, ['erase', ...args]);
const texts = async (role: Role) => {
  const { stdout } = await run(historyCommand, role, ['--json', '--limit', '50']);
  return stdout;
};
/** Files below the state directory in which a text stands. */
const filesWith = (text: string): string[] =>
  readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));

describe('dbgate audit erase', () => {
  it.each([
    ['nothing to erase', ['--reason', 'x'], 'say what to erase'],
    ['no reason', ['--subject', 'dev@demo.test'], 'say why'],
    ['an empty reason', ['--subject', 'dev@demo.test', '--reason', ' '], 'say why'],
    ['a time that is none', ['--before', 'soon', '--reason', 'x'], '--before'],
  ])('%s is a usage error', async (_name, args, said) => {
    const { code, stderr } = await erase('admin', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  it.each(['developer', 'auditor', 'agent'] as const)('is not for %s, and nothing goes', async (role) => {
    const { code, stderr } = await erase(role, '--subject', 'dev@demo.test', '--reason', 'not mine to say');
    expect(code).toBe(5);
    expect(stderr).toContain('only an administrator');
    expect(await texts('developer')).toContain(WORD);
  });

  it('of whom there is nothing says so', async () => {
    const { code, stdout } = await erase('admin', '--subject', 'nobody@demo.test', '--reason', 'asked');
    expect([code, stdout]).toEqual([0, 'there was nothing to erase\n']);
  });

  it('takes all that a person said out of history, segments and index, leaves others, and is recorded', async () => {
    expect(filesWith(WORD)).not.toEqual([]);
    const { code, stdout } = await erase('admin', '--subject', 'dev@demo.test', '--reason', 'asked to', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).records).toBeGreaterThan(2);
    expect(await texts('developer')).not.toContain(WORD);
    expect(filesWith(WORD)).toEqual([]);
    expect(await texts('admin')).toContain(KEPT);
    expect(filesWith('asked to')).not.toEqual([]);
    // The proofs hold, and the erasure is counted.
    const verified = await run(auditCommand, 'auditor', ['export', '--format', 'jsonl', '--since', '1h']);
    expect(verified.stdout).toContain('"audit.erased"');
    expect(verified.stdout).not.toContain(WORD);
  });
});
