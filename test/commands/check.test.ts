import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { readScript } from '../../src/commands/sql-script.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-check-'));
  writeFileSync(
    join(dir, 'gateway.yaml'),
    `public_url: https://db.example.com
state_dir: state
tls: { cert: file:none.pem, key: file:none.pem }
issuers: [{ issuer: https://login.example.com, audience: a, client_id: cli }]
databases: { prod-db: { upstream: { host: pg, user: dbgate } } }
`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (sql: string, ...argv: string[]) => {
  writeFileSync(join(dir, 'a.sql'), sql);
  return runInProcess(checkCommand, [join(dir, 'a.sql'), '--config', join(dir, 'gateway.yaml'), ...argv]);
};
/** What is not allowed: line, column, rule. */
async function refused(sql: string, ...argv: string[]): Promise<string[]> {
  const { stdout } = await run(sql, '--json', ...argv);
  const [{ statements }] = JSON.parse(stdout).files;
  return statements
    .filter(({ decision }: { decision: string }) => decision !== 'allow')
    .map(({ line, column, rule }: never) => `${line}:${column} ${rule}`);
}

describe('dbgate check', () => {
  it.each<[string, string, string[]]>([
    ['nothing to refuse', 'SELECT 1;\n', []],
    ['an empty file', '-- nothing\n', []],
    [
      'each statement by itself',
      'DROP TABLE a;\nSELECT 1;\n  TRUNCATE b;',
      ['1:1 production.no-drop', '3:12 production.no-truncate'],
    ],
    ['columns in characters', "SELECT '😀é'; DELETE FROM t;", ['1:26 production.no-unbounded-write']],
    [
      'what the file creates is its own',
      'CREATE TABLE n (a int);\nALTER TABLE n ADD b int;\nDROP TABLE n;\nDROP TABLE m;',
      ['4:1 production.no-drop'],
    ],
    [
      'rows of others that its own views show',
      'CREATE VIEW v AS SELECT *, 1 AS one FROM t;\nDELETE FROM v WHERE one = 1;\nDELETE FROM v;\nDELETE FROM v WHERE id = 1;\nDROP VIEW v;',
      ['2:13 production.no-unbounded-write', '3:13 production.no-unbounded-write'],
    ],
    ['what it creates only later is not', 'DROP TABLE n;\nCREATE TABLE n (a int);', ['1:1 production.no-drop']],
    [
      'a syntax error in its place, and the rest',
      'SELECT 1;\nSELECT FRM x y;\nDROP TABLE a;',
      ['2:14 sql.syntax', '3:1 production.no-drop'],
    ],
    [
      'semicolons in functions',
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;\nDROP TABLE a;',
      ['2:1 production.no-drop'],
    ],
    ['a byte order mark', '\ufeffSELECT 1;DROP TABLE a;', ['1:10 production.no-drop']],
    ['meta-commands', "\\set x 'a;b'\n\\c other ; DROP TABLE z\nDROP TABLE a;\n", ['3:1 production.no-drop']],
    ['a backslash in a string', "SELECT '\\c', E'\\'\\\\', $$\n\\c x\n$$;\nDROP TABLE a;", ['4:1 production.no-drop']],
    ['data of COPY', 'COPY a FROM stdin;\n1\t;DROP TABLE x\n\\.\nDROP TABLE a;', ['4:1 production.no-drop']],
    ['COPY without data in the file', 'COPY a FROM stdin;\nDROP TABLE a;', ['2:1 production.no-drop']],
    ['statements that \\g ends', 'SELECT 1 \\gexec\nDROP TABLE a \\g\n', ['2:1 production.no-drop']],
    [
      'variables as unknown values',
      "DELETE FROM a WHERE id = :id AND b = :'b' AND c = 1::text;\nDELETE FROM a WHERE :x;",
      ['2:13 production.no-unbounded-write'],
    ],
    [
      'comments that hide nothing',
      '/* \\c /* ; */ DROP */ DROP TABLE a; -- ; DROP TABLE b',
      ['1:23 production.no-drop'],
    ],
  ])('%s', async (_, sql, expected) => {
    expect(await refused(sql)).toEqual(expected);
  });

  it('takes more statements than a query may hold', async () => {
    expect(await refused(`${'SELECT 1;\n'.repeat(10_001)}DROP TABLE a;`)).toEqual(['10002:1 production.no-drop']);
  });

  it('takes more words than a query may have, and no statement of as many', async () => {
    const insert = 'INSERT INTO public.a (b, c, d) VALUES (1, 2, 3);\n';
    expect(await refused(`${insert.repeat(9_000)}DROP TABLE a;`)).toEqual(['9001:1 production.no-drop']);
    expect(await refused(`SELECT ${'a, '.repeat(100_000)}b; DROP TABLE a`)).toEqual([
      '1:1 sql.not-analysed',
      expect.stringMatching(/^1:\d+ production\.no-drop$/),
    ]);
  });

  it('exits with 5 if something is refused, with 0 if nothing is', async () => {
    expect((await run('SELECT 1')).code).toBe(0);
    expect((await run('DROP TABLE t')).code).toBe(5);
    expect((await run('DROP TABLE t', '--access', 'ddl')).code).toBe(0);
    expect((await run('DROP TABLE t', '--as', 'nobody')).code).toBe(5);
    expect((await run('SELECT 1', '--format', 'x')).code).toBe(2);
  });

  it('names what it did not check', async () => {
    const { stdout } = await run('\\i other.sql\nCOPY a FROM stdin;\n1\n\\.\nSELECT :x;');
    expect(stdout.replaceAll(`${dir}/`, '')).toBe(
      'a.sql:1:1: not checked: \\i other.sql\n' +
        'a.sql:2:19: not checked: data of COPY\n' +
        'a.sql: variables taken for unknown values: x\n' +
        '2 statements, 0 refused on prod-db with access write and create\n',
    );
  });

  it('writes annotations for GitHub, with what could end one taken out', async () => {
    const { stdout } = await run('DROP TABLE "a\n::error::b%";', '--format', 'github');
    const [first, second] = stdout.split('\n');
    expect(first).toMatch(/^::error file=.*a\.sql,line=1,col=1,title=production\.no-drop::DROP TABLE .*%0A.*b%25/);
    expect(second).toMatch(/^1 statement, 1 refused/);
  });

  it('writes SARIF', async () => {
    const report = JSON.parse((await run('\\c x\nDROP TABLE a;\nDROP TABLE b;', '--format', 'sarif')).stdout);
    expect(report.version).toBe('2.1.0');
    const [{ tool, results, invocations }] = report.runs;
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['production.no-drop']);
    expect(
      results.map(
        (one: never) =>
          (one as { locations: { physicalLocation: { region: object } }[] }).locations[0]!.physicalLocation.region,
      ),
    ).toEqual([
      { startLine: 2, startColumn: 1 },
      { startLine: 3, startColumn: 1 },
    ]);
    expect(invocations[0].toolExecutionNotifications).toHaveLength(1);
  });

  it('reads stdin, and refuses what it cannot read', async () => {
    const config = ['--config', join(dir, 'gateway.yaml')];
    const { code, stdout } = await runInProcess(checkCommand, ['-', ...config], { stdin: 'DROP TABLE a' });
    expect(code).toBe(5);
    expect(stdout).toContain('stdin:1:1: deny: ');
    expect(await runInProcess(checkCommand, [join(dir, 'none.sql'), ...config])).toMatchObject({ code: 2 });
  });
});

it('a script keeps every character in its place', () => {
  const text = "\\c x\r\nSELECT :a, :'b', :\"c\", a[1:2], b::int, '\\d' \\gx\nCOPY t FROM STDIN;\n1\n\\.\n";
  const { sql } = readScript(text);
  expect(sql).toHaveLength(text.length);
  expect([...sql.matchAll(/\n/g)].map(({ index }) => index)).toEqual(
    [...text.matchAll(/\n/g)].map(({ index }) => index),
  );
  expect(sql).toContain('SELECT $1, $1  ,  "c", a[1:2], b::int, \'\\d\' ;');
});

it.each([
  ['a comment inside a comment', '/* /* */\n\\c x\n*/ SELECT 1;'],
  ['a quote doubled in a string with escapes', "SELECT E'a''\\'\n\\c x\n';"],
  ['a dollar quote with a tag', 'SELECT $a$ $$ \n\\c x\n$a$;'],
  ['a quoted name', 'SELECT 1 AS "\n\\c x\n";'],
])('no meta-command stands in %s', (_, text) => {
  expect(readScript(text)).toMatchObject({ sql: text, skipped: [], cuts: [text.length] });
});
