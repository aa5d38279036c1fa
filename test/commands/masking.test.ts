/** What users see of masking: classify, explain, history and the live view, on a real gateway and database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withGateway } from '../support/gateway.ts';
import { runCli, startCli } from './run-cli.ts';

const gateway = withGateway({
  sql: `
    CREATE TABLE person (id int PRIMARY KEY, email text, nickname text);
    INSERT INTO person SELECT i, 'p' || i || '@mail' || i % 7 || '.example', 'n' || i FROM generate_series(1, 200) i;
    CREATE TABLE item (id int PRIMARY KEY, label text);
    INSERT INTO item SELECT i, 'red cable ' || i FROM generate_series(1, 200) i;
    CREATE SCHEMA shop;
    CREATE TABLE shop.item_note (id int, phone text);`,
  tune: (settings) => {
    const app = settings.databases.get('app')!;
    const classification = new Map([
      ['public.person.nickname', 'none' as const],
      ['public.person.nikname', 'none' as const],
    ]);
    const second = { ...app, name: 'app2' };
    return {
      ...settings,
      databases: new Map([
        ['app', { ...app, classification }],
        ['app2', second],
      ]),
      grants: [
        ...settings.grants.map((grant) => ({ ...grant, database: 'app' })),
        { to: { group: 'auditors' }, database: 'app2', environment: undefined, access: 'read' as const, create: false },
      ],
    };
  },
});

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-masking-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const envOf = (role: Parameters<typeof gateway.env>[0]) => ({
  ...gateway.env(role),
  DBGATE_CONFIG_DIR: join(dir, 'config'),
  XDG_RUNTIME_DIR: dir,
});
const dbgate = (args: string[], env: Record<string, string> = {}) => runCli(args, { ...envOf('developer'), ...env });

async function direct(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: gateway.directUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe('dbgate classify', () => {
  it('shows the map of the only database, with evidence, before anybody has connected', async () => {
    const { code, stdout, stderr } = await dbgate(['classify', '--wait']);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^TABLE +COLUMN +TYPE +CLASS +SURE +EVIDENCE$/);
    expect(rows).toHaveLength(7);
    expect(rows.find((row) => row.includes(' email '))).toMatch(
      /^public\.person +email +text +email +\d+% {2}name: .*; values: 100% of \d+ are e-mail addresses$/,
    );
    expect(rows.find((row) => row.includes(' label '))).toMatch(/^public\.item +label +text +- +\d+%/);
    expect(stderr).toMatch(/^7 columns, \d sensitive; 3 of 3 tables looked at$/m);
    expect(stderr).toMatch(/^"classification" of app names public\.person\.nikname, and there is no such column$/m);
    expect(stdout).not.toMatch(/p1@|red cable/);
  });

  it('--json: one array, exactly these keys', async () => {
    const { code, stdout } = await dbgate(['classify', 'app', '--json', '--wait']);
    expect(code).toBe(0);
    const columns = JSON.parse(stdout);
    expect(columns).toHaveLength(7);
    for (const column of columns) {
      expect(Object.keys(column)).toEqual([
        'schema',
        'table',
        'column',
        'type',
        'sensitive',
        'class',
        'confidence',
        'evidence',
      ]);
      expect(column.sensitive).toBe(column.class !== null);
    }
    expect(columns).toContainEqual(
      expect.objectContaining({ column: 'nickname', sensitive: false, class: null, evidence: ['configuration: none'] }),
    );
  });

  it('filters by table and by what is sensitive', async () => {
    const names = async (...args: string[]) =>
      JSON.parse((await dbgate(['classify', '--json', '--wait', ...args])).stdout).map(
        ({ table, column }: { table: string; column: string }) => `${table}.${column}`,
      );
    expect(await names('--table', 'item')).toEqual(['item.id', 'item.label']);
    expect(await names('--table', 'item*')).toHaveLength(4);
    expect(await names('--table', 'public.*')).toHaveLength(5);
    expect(await names('--table', 'shop.item_note', '--sensitive')).toEqual(['item_note.phone']);
    expect(await names('--table', 'ite.')).toEqual([]);
    expect(await names('--sensitive')).not.toContain('person.nickname');
    expect((await dbgate(['classify', '--table', 'nope'])).stderr).toMatch(/^no column matches$/m);
  });

  it('--diff: what changed, also past the gateway', async () => {
    expect(await dbgate(['classify', '--diff'])).toMatchObject({ code: 0, stdout: '' });
    expect((await dbgate(['classify', '--diff', '--json'])).stdout).toBe('[]\n');
    await direct('ALTER TABLE item ADD owner_email text, DROP label');
    const { code, stdout } = await dbgate(['classify', '--diff']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +new +public\.item\.owner_email +text +email$/m);
    expect(stdout).toMatch(/ gone +public\.item\.label +text +-$/m);
    expect(JSON.parse((await dbgate(['classify', '--diff', '--json', '--sensitive'])).stdout)).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-/),
        change: 'new',
        schema: 'public',
        table: 'item',
        column: 'owner_email',
        type: 'text',
        class: 'email',
      },
    ]);
    expect((await dbgate(['classify', '--diff', '--since', '2099-01-01'])).stderr).toMatch(/^nothing has changed$/m);
  });

  it('asks which database where there are several, and tells nothing of those of others', async () => {
    const several = await dbgate(['classify'], gateway.env('auditor'));
    expect(several.code).toBe(2);
    expect(several.stderr).toBe('error: which database? granted to you: app, app2\nfix: dbgate classify app\n');
    expect((await dbgate(['classify', 'app2'])).code).toBe(5);
    expect((await dbgate(['classify', '--since', '1h'])).code).toBe(2);
  });
});

describe('dbgate explain', () => {
  it('shows a table of the output columns', async () => {
    const { code, stdout } = await dbgate(['explain', 'SELECT id, email AS mail, lower(email), 1 AS one FROM person']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(
      [
        'it would run, and its answer is masked: app (production), access write and create',
        '',
        'COLUMN  TYPE     SHOWN                     MADE OF',
        'id      integer  as it is                  public.person.id',
        'mail    text     email partial             public.person.email (email)',
        'lower   text     redacted, as it is computed  public.person.email (email)',
        'one     integer  as it is                  constants and counts',
      ].map((line) => expect.stringMatching(new RegExp(`^${line.replace(/[.()]/g, '\\$&').replace(/ {2,}/g, ' +')}$`))),
    );
  });

  it('says why it would be refused, where, and what to do instead; from stdin and from a file too', async () => {
    const sql = "SELECT id\nFROM person\nWHERE email LIKE 'p%'";
    writeFileSync(join(dir, 'query.sql'), sql);
    const { code, stdout } = await dbgate(['explain', '--file', join(dir, 'query.sql')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^it would be refused: app/);
    expect(stdout).toMatch(/^rule: masking\.no-inference at 3:13$/m);
    expect(stdout).toMatch(/^message: public\.person\.email is masked for you .*\(42501\)$/m);
    expect(stdout).toMatch(/^why: the answer would tell/m);
    expect(stdout).toMatch(/^instead: Compare it for equality/m);
    const json = JSON.parse((await dbgate(['explain', '--json', sql])).stdout);
    expect(json.refusal).toMatchObject({ rule: 'masking.no-inference', line: 3, column: 13 });
    expect((await dbgate(['explain', '--file', join(dir, 'none.sql')])).code).toBe(2);
    expect((await dbgate(['explain'])).code).toBe(2);
    expect((await dbgate(['explain', 'SELECT 1', '--file', 'x'])).code).toBe(2);
  });

  it('takes a search_path, and another database', async () => {
    const text = async (...args: string[]) => (await dbgate(['explain', 'SELECT id FROM item_note', ...args])).stdout;
    expect(await text()).toMatch(/relation item_note is not in the catalog/);
    expect(await text('--search-path', 'shop, public')).toMatch(/^id +integer +as it is +shop\.item_note\.id$/m);
    expect((await dbgate(['explain', 'SELECT 1', '--search-path', 'a,,b'])).code).toBe(2);
    expect((await dbgate(['explain', 'SELECT 1', '--db', 'app2'])).code).toBe(5);
    expect(
      (await dbgate(['explain', 'SELECT nickname FROM person', '--db', 'app2'], gateway.env('auditor'))).code,
    ).toBe(0);
  });

  it('what policy denies it says first; an administrator sees everything', async () => {
    expect((await dbgate(['explain', 'DELETE FROM person'], gateway.env('analyst'))).stdout).toMatch(
      /^rule: access\.read-only/m,
    );
    const admin = await dbgate(['explain', 'SELECT email FROM person'], gateway.env('admin'));
    expect(admin.stdout).toMatch(/^your grant shows everything: nothing is masked for you$/m);
    expect(admin.stdout).toMatch(/^email +text +as it is /m);
  });

  it('tells what it writes and inherits', async () => {
    const { stdout } = await dbgate(['explain', 'CREATE TABLE copy AS SELECT email AS e FROM person']);
    expect(stdout).toMatch(/^writes copy\.e from public\.person\.email \(email\), which becomes email$/m);
  });
});

describe('what was masked', () => {
  it('stands in the history, and can be asked for', async () => {
    const client = new pg.Client({ connectionString: gateway.as('developer').url });
    await client.connect();
    expect((await client.query('SELECT email FROM person WHERE id < 4 ORDER BY id')).rows[0].email).toBe(
      'p***@m***.example',
    );
    await client.query('SELECT count(*) FROM person');
    await client.end();
    const json = (await dbgate(['history', '--masked', '--json'])).stdout.trimEnd().split('\n');
    expect(json.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        sql: 'SELECT email FROM person WHERE id < 4 ORDER BY id',
        decision: 'mask',
        rows: 3,
        masked: 3,
      }),
    ]);
    const text = (await dbgate(['history'])).stdout;
    expect(text).toMatch(/^TIME .* ROWS +MASKED +MS +DECISION$/m);
    expect(text).toMatch(/ORDER BY id +3 +3 +[\d.]+ +mask$/m);
    expect(text).toMatch(/SELECT count\(\*\) FROM person +1 +0 +[\d.]+ +allow$/m);
  });

  it('is counted while the tunnel is open', async () => {
    const tunnel = startCli(['connect', 'app', '--port', '0'], envOf('developer'));
    const [url] = await tunnel.until(/^postgres\S+$/m);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('SELECT email, nickname FROM person WHERE id < 6');
    await tunnel.until(/app: 1 sessions, \d+ statements, 0 denied, 5 masked/);
    await client.end();
    tunnel.kill('SIGTERM');
    await tunnel.result;
  });
});
