import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { replayCommand } from '../../src/commands/replay.ts';
import { readRecords } from '../gateway/gateway-rig.ts';
import { testContext } from '../login/command-context.ts';
import { withGateway } from '../support/gateway.ts';
import { onTerminal, SCRIPT } from './on-terminal.ts';
import { startCli } from './run-cli.ts';
import { type InProcessResult, runInProcess } from './run-in-process.ts';

let stateDir = '';
const gateway = withGateway({
  sql: `CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'a'), (2, 'b');
        CREATE TABLE person (id int PRIMARY KEY, email text); INSERT INTO person VALUES (1, 'ann@demo.test'), (2, 'bob@demo.test')`,
  tune: (settings) => {
    stateDir = settings.stateDir;
    return settings;
  },
});

let dir: string;
let session: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-record-'));
  const client = new pg.Client({ connectionString: gateway.as('developer').url });
  await client.connect();
  await client.query('SELECT name FROM item WHERE id = $1', [1]);
  await client.query("UPDATE item SET name = 'it''s; -- not over' WHERE id = 2");
  await client.query('SELECT email FROM person');
  await client.query('SELECT * FROM no_such_table').catch(() => {});
  await client.query('DROP TABLE item').catch(() => {});
  await client.query('SELECT 1 /* */ AS "\u001b[31mred"');
  await client.query('SELECT count(*) FROM person WHERE email = $1', ['ann@demo.test']);
  await client.end();
  const listed = lines((await dbgate(['sessions', '--json'])).stdout);
  session = listed[0].session;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The real command on streams in memory: a process for each would take most of the test's time. */
async function dbgate(args: string[], env: Record<string, string> = {}): Promise<InProcessResult> {
  const home = { DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir };
  const entry = COMMANDS.find(({ name }) => name === args[0])!;
  return runInProcess(await entry.load(), args.slice(1), { env: { ...gateway.env('developer'), ...home, ...env } });
}

const lines = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('dbgate history', () => {
  const found = async (...args: string[]) =>
    lines((await dbgate(['history', '--json', ...args])).stdout).map(({ sql }) => sql);

  it('is narrowed by table, column, class, writes and session', async () => {
    expect(await found('--table', 'item', '--writes')).toEqual([
      'DROP TABLE item',
      expect.stringMatching(/^UPDATE item/),
    ]);
    expect(await found('--class', 'email')).toHaveLength(2);
    expect(await found('--column', 'person.email')).toHaveLength(2);
    expect(await found('--session', session)).toHaveLength(7);
    expect(await found('--session', session, '--denied')).toEqual(['DROP TABLE item']);
    expect(await found('--grep', "it''s", '--table', 'public.item')).toHaveLength(1);
  });

  it('shows everything of one statement, and why', async () => {
    const [denied] = lines((await dbgate(['history', '--json', '--denied'])).stdout);
    const { code, stdout } = await dbgate(['history', 'show', denied.id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sql +DROP TABLE item$/m);
    expect(stdout).toMatch(/^why +rule production\.\S+: .+/m);
    expect(stdout).toMatch(/^proof +\S+/m);
    const [bound] = lines((await dbgate(['history', '--json', '--class', 'email'])).stdout);
    const shown = (await dbgate(['history', 'show', bound.id])).stdout;
    expect(shown).toMatch(/^columns +public\.person\.email: email$/m);
    expect(shown).not.toContain('ann@demo.test');
    expect(shown).toMatch(/^\$1 +‹email:[0-9a-f]+/m);
    expect(await dbgate(['history', 'show', `${session}.999`])).toMatchObject({ code: 1, stdout: '' });
    expect(await dbgate(['history', 'show', '17'])).toMatchObject({
      code: 2,
      stderr: 'error: "17" is no id of a statement\nfix: dbgate history --json shows ids',
    });
  });

  it('says how to go on, with what was asked for at first', async () => {
    const first = await dbgate(['history', '--session', session, '--grep', 'SELECT', '--since', '1d', '--limit', '2']);
    const [, more] = /^there is more: (.+)$/m.exec(first.stderr)!;
    expect(more).toMatch(
      new RegExp(`^dbgate history --limit 2 --session ${session} --grep SELECT --since 1d --cursor \\S+$`),
    );
    const lines = (await dbgate([...more!.split(' ').slice(1, -2), '--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).next_cursor)).toEqual([undefined, more!.split(' ').at(-1)]);
    const second = await dbgate(more!.split(' ').slice(1));
    expect(second.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(second.stdout).not.toMatch(/UPDATE|DROP/);
    const quoted = await dbgate(['history', '--grep', 'FROM person', '--limit', '1']);
    expect(quoted.stderr).toContain("--limit 1 --grep 'FROM person' --cursor");
    const sessions = await dbgate(['sessions', '--limit', '1', '--db', 'app']);
    if (sessions.stderr !== '') expect(sessions.stderr).toContain('dbgate sessions --limit 1 --db app --cursor');
  });

  it('is either JSON or CSV', async () => {
    expect(await dbgate(['history', '--json', '--csv'])).toMatchObject({
      code: 2,
      stderr: 'error: give one of --json and --csv',
    });
  });

  it.skipIf(!existsSync(SCRIPT))(
    'folds a statement that is wider than the terminal: all of it can be read',
    async () => {
      const LONG = 'a_rather_long_name';
      const client = new pg.Client({ connectionString: gateway.as('developer').url });
      await client.connect();
      await client.query(`SELECT ${Array.from({ length: 8 }, (_, i) => `1 AS ${LONG}_${i}`).join(', ')}`);
      await client.end();
      const home = { HOME: dir, DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir };
      const screen = onTerminal(
        `history --grep ${LONG}_0`,
        { ...gateway.env('developer'), ...home },
        { columns: 50, rows: 60 },
      );
      try {
        await screen.until(/1 row/);
        screen.type('\r');
        await screen.until(new RegExp(`${LONG}_0[\\s\\S]*${LONG}_7[\\s\\S]*decision +allow`));
        screen.type('q');
        await screen.ended;
      } finally {
        screen.kill();
      }
    },
  );

  it('writes CSV that a spreadsheet reads and does not run', async () => {
    const { stdout } = await dbgate(['history', '--csv', '--limit', '3']);
    const [head, ...rest] = stdout.trimEnd().split('\r\n');
    expect(head).toMatch(/^id,at,gateway,database,/);
    expect(rest).toHaveLength(3);
    for (const line of rest) expect(line.split(',').length).toBeGreaterThan(20);
  });

  it('gives others’ to auditors only, who are recorded before the answer', async () => {
    const refused = await dbgate(['history', '--by', 'all']);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    const email = lines((await dbgate(['whoami', '--json'])).stdout)[0].email;
    expect(lines((await dbgate(['history', '--json', '--by', email.toUpperCase()])).stdout)).not.toEqual([]);
    const seen = await dbgate(['history', '--json', '--by', email, '--grep', 'no_such'], gateway.env('auditor'));
    expect(lines(seen.stdout)).toHaveLength(1);
    const [denied] = lines((await dbgate(['history', '--json', '--denied'])).stdout);
    expect((await dbgate(['history', 'show', denied.id], gateway.env('analyst'))).code).toBe(1);
    expect((await dbgate(['replay', session, '--json'], gateway.env('analyst'))).code).toBe(1);
    expect((await dbgate(['history', 'show', denied.id, '--json'], gateway.env('auditor'))).code).toBe(0);
    const reads = (await readRecords(join(stateDir, 'audit'))).filter(({ kind }) => kind === 'history.read');
    const what = reads.map((one) => (one as unknown as { detail: { what?: string } }).detail.what);
    // Asking for a proof is a read as well, and recorded by its own route.
    expect(what.filter((one) => one !== undefined)).toEqual(['history', 'statement']);
    expect(JSON.stringify({ ...reads[0], body: undefined })).not.toContain(email);
  });
});

describe('dbgate sessions and replay', () => {
  it('lists what was, in a table', async () => {
    const { stdout } = await dbgate(['sessions']);
    expect(stdout.split('\n')[0]).toMatch(/^SESSION +BEGAN +LASTED +WHO +DATABASE +STATEMENTS +DENIED/);
    expect(stdout).toContain(session);
    expect((await dbgate(['sessions', '--open'])).stdout).toBe('');
  });

  it('tells a session from its beginning, at once where there is no terminal', async () => {
    const { code, stdout } = await dbgate(['replay', session]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/app 1> SELECT name FROM item WHERE id = \$1\n +-- \$1 = 1\n1: 1 row, /);
    expect(stdout).toMatch(/5: .*deny production\./);
    expect(stdout).toContain('\\x1b[31mred');
    expect(stdout).not.toContain('\u001b');
    expect(lines((await dbgate(['replay', session, '--json'])).stdout).map(({ n }) => n)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(await dbgate(['replay', 'no-such-session'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('exports SQL that does the same again, and nothing else', async () => {
    const file = join(dir, 'out.sql');
    expect((await dbgate(['replay', session, '--export', file])).stdout).toBe(`${file}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const script = readFileSync(file, 'utf8');
    expect(script).toContain("PREPARE dbgate_1 AS\nSELECT name FROM item WHERE id = $1\n;\nEXECUTE dbgate_1('1');");
    expect(script).toMatch(/^--.*keyed hashes only/m);
    for (const never of ['DROP TABLE item', 'SELECT \\* FROM no_such_table']) {
      expect(script).toMatch(new RegExp(`^--   ${never}`, 'm'));
    }
    const direct = new pg.Client({ connectionString: gateway.directUrl });
    await direct.connect();
    await direct.query("UPDATE item SET name = 'b' WHERE id = 2");
    await direct.query(script);
    expect((await direct.query('SELECT name FROM item ORDER BY id')).rows).toEqual([
      { name: 'a' },
      { name: "it's; -- not over" },
    ]);
    await direct.end();
    expect((await dbgate(['replay', session, '--export', file])).code).toBe(2);
  });

  it('exports a film for asciinema', async () => {
    const file = join(dir, 'out.cast');
    await dbgate(['replay', session, '--export', file, '--idle-limit', '1s']);
    const [head, ...events] = lines(readFileSync(file, 'utf8'));
    expect(head).toMatchObject({ version: 2, width: 100, height: 30 });
    let last = 0;
    for (const [at, kind, text] of events) {
      expect(kind).toBe('o');
      expect(at).toBeGreaterThanOrEqual(last);
      expect(at - last).toBeLessThanOrEqual(1);
      expect(text).toMatch(/^[^\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]*\r\n$/);
      last = at;
    }
    expect(events).toHaveLength(14);
  });

  it('judges it by the policy of today, and by a file, and runs nothing', async () => {
    const before = (await readRecords(join(stateDir, 'audit'))).filter(
      ({ kind }) => kind === 'statement.intent',
    ).length;
    const now = lines((await dbgate(['replay', session, '--under-policy', 'current', '--json'])).stdout);
    // A refusal that goes by who made the table: a session asks its server.
    const depending = now.filter(({ today }) => (today as { decision: string }).decision === 'depends');
    expect(depending).toMatchObject([
      { same: null, was: { decision: 'deny' }, today: { why: expect.stringMatching(/^on who made /) } },
    ]);
    expect(now.filter(({ same }) => same !== true)).toEqual(depending);
    const config = join(dir, 'new.yaml');
    writeFileSync(
      config,
      `public_url: https://localhost:8443
state_dir: state
tls: { cert: file:cert.pem, key: file:key.pem }
issuers:
  - { issuer: https://i.example, audience: a, client_id: c }
databases:
  app: { environment: production, upstream: { url: env:NO } }
grants:
  - { to: { group: developers }, database: app, access: write }
rules:
  - { id: no-items, match: { relation: item }, then: deny }
`,
    );
    const later = await dbgate(['replay', session, '--under-policy', config, '--json']);
    expect(later.stderr).not.toContain('error:');
    const changed = lines(later.stdout).filter(({ same }) => !same);
    expect(changed.map(({ sql }) => sql)).toEqual([
      expect.stringContaining('SELECT name'),
      expect.stringContaining('UPDATE item'),
    ]);
    const after = (await readRecords(join(stateDir, 'audit'))).filter(({ kind }) => kind === 'statement.intent').length;
    expect(after).toBe(before);
  });

  it('runs reads again in a transaction that cannot write, and nothing else without a person', async () => {
    const { code, stdout, stderr } = await dbgate(['replay', session, '--execute', '--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const again = lines(stdout);
    expect(again.map(({ n, result }) => [n, result])).toEqual([
      [1, 'same'],
      [2, 'skipped'],
      [3, 'same'],
      [4, 'skipped'],
      [5, 'skipped'],
      [6, 'same'],
      [7, 'skipped'],
    ]);
    expect(again[1].why).toContain('nobody is there');
    expect(again[6].why).toContain('keyed hashes');
    expect(again[2].rows).toEqual({ was: 2, now: 2 });
    const recorded = lines((await dbgate(['history', '--json', '--purpose', `replay of ${session}`])).stdout);
    expect(recorded.map(({ sql }) => sql).reverse()[0]).toBe('BEGIN TRANSACTION READ ONLY');
    expect((await dbgate(['replay', session, '--execute'], gateway.env('auditor'))).code).toBe(5);
  });
});

describe('dbgate replay --execute at a terminal', () => {
  const atTerminal = async (typed: string) => {
    const direct = new pg.Client({ connectionString: gateway.directUrl });
    await direct.connect();
    await direct.query("UPDATE item SET name = 'before' WHERE id = 2");
    const env = { ...gateway.env('developer'), DBGATE_CONFIG_DIR: join(dir, 'config'), XDG_RUNTIME_DIR: dir };
    const context = testContext(env, { json: true, isTerminal: true });
    (context.stdin as unknown as NodeJS.WritableStream).end(typed);
    await replayCommand.run(context, { execute: true, json: true, speed: '1', idleLimit: '2s' }, [session]);
    const { rows } = await direct.query('SELECT name FROM item WHERE id = 2');
    await direct.end();
    const write = lines(context.out()).find(({ n }) => n === 2);
    return { name: rows[0].name as string, result: write.result as string, err: context.err() };
  };

  it('asks before each write, shows it, and takes only a yes for a yes', async () => {
    const yes = await atTerminal('y\n');
    expect(yes).toMatchObject({ name: "it's; -- not over", result: 'same' });
    expect(yes.err).toContain('run it again? [y/N/q]');
    expect(yes.err).toMatch(/UPDATE item\s+SET name = 'it''s; -- not over'|UPDATE item SET name/);
    for (const typed of ['n\n', '\n', 'q\n', '']) {
      expect(await atTerminal(typed)).toMatchObject({ name: 'before', result: 'skipped' });
    }
  });
});

describe('dbgate watch and audit reindex', () => {
  it('tells what is run as it is run', async () => {
    const watching = startCli(['watch', '--json', '--by', 'all', '--grep', 'watched'], {
      ...gateway.env('auditor'),
      DBGATE_CONFIG_DIR: join(dir, 'config'),
    });
    const own = startCli(['watch', '--plain', '--denied'], {
      ...gateway.env('developer'),
      DBGATE_CONFIG_DIR: join(dir, 'config'),
    });
    try {
      const records = async () => (await readRecords(join(stateDir, 'audit'))).map((one) => JSON.stringify(one));
      while (!(await records()).some((one) => one.includes('"what":"watch"')))
        await new Promise((r) => setTimeout(r, 20));
      const client = new pg.Client({ connectionString: gateway.as('developer').url });
      await client.connect();
      // The streams are open some time after it was recorded that they are.
      let seen = false;
      const denied = own.until(/deny production\.\S+ .*DROP TABLE item/);
      const first = Promise.all([watching.until(/watched_0/), denied]).then(() => (seen = true));
      while (!seen) {
        await client.query('SELECT 1 AS watched_0');
        await client.query('DROP TABLE item').catch(() => {});
        await new Promise((r) => setTimeout(r, 50));
      }
      await first;
      await client.query('SELECT 2 AS watched_1');
      await watching.until(/"rows":1[^\n]*watched_1|watched_1[^\n]*"rows":1/);
      await client.end();
    } finally {
      watching.kill('SIGTERM');
      own.kill('SIGTERM');
    }
    const { stdout } = await watching.result;
    await own.result;
    const states = lines(stdout)
      .filter(({ entry }) => entry.sql === 'SELECT 2 AS watched_1')
      .map(({ entry }) => entry.state);
    expect(states).toEqual(['running', 'done']);
    expect(stdout).not.toContain('DROP TABLE');
  });

  it('makes the index anew, by the running gateway and without one', async () => {
    expect((await dbgate(['audit', 'reindex', '--online'])).code).toBe(5);
    const online = await dbgate(['audit', 'reindex', '--online', '--json'], gateway.env('admin'));
    expect(online.stderr).toBe('');
    expect(JSON.parse(online.stdout).records).toBeGreaterThan(10);
    const acts = (await readRecords(join(stateDir, 'audit'))).filter(({ kind }) => kind === 'audit.reindexed');
    expect(acts).toMatchObject([{ by: expect.stringContaining('demo-admin') }]);
    expect(lines((await dbgate(['history', '--json', '--session', session])).stdout)).toHaveLength(7);
    expect(existsSync(join(stateDir, 'index.sqlite'))).toBe(true);
  });
});
