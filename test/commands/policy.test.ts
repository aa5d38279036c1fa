import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyCommand } from '../../src/commands/policy.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
let config: string;
const BASE = `public_url: https://db.example.com
state_dir: state
tls: { cert: file:none.pem, key: file:none.pem }
issuers: [{ issuer: https://login.example.com, audience: a, client_id: cli }]
databases:
  prod-db: { upstream: { host: pg, user: dbgate, password: env:NOT_SET } }
  dev-db: { environment: development, upstream: { host: pg, user: dbgate } }
`;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-policy-'));
  config = join(dir, 'gateway.yaml');
  writeFileSync(
    config,
    `${BASE}grants:
  - { to: { group: eng }, database: '*', access: read }
  - { to: { user: ada@example.com }, database: prod-db, access: write, create: true, hours: 'Mon-Fri 08:00-18:00 UTC' }
rules:
  - { id: agents-wait, match: { kind: agent, command: SELECT }, then: hold }
  - { id: no-payroll, name: payroll is not here, match: { relation: hr.payroll }, then: deny }
`,
  );
  mkdirSync(join(dir, 'empty'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const policy = (...argv: string[]) => runInProcess(policyCommand, [...argv, '--config', config]);
const json = async (...argv: string[]) => JSON.parse((await policy(...argv, '--json')).stdout);

describe('policy check', () => {
  it('says that a configuration is valid, without its secrets', async () => {
    const { code, stdout } = await policy('check');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /is valid: 2 databases, 2 grants, 2 rules beside the shipped ones, 1 file; version [0-9a-f]{16}\n$/,
    );
  });
  it('has a version for each meaning, and one for the same', async () => {
    const versionOf = async (text: string) => {
      writeFileSync(join(dir, 'v.yaml'), BASE + text);
      return JSON.parse(
        (await runInProcess(policyCommand, ['check', '--config', join(dir, 'v.yaml'), '--json'])).stdout,
      ).version;
    };
    const a = await versionOf('rules: [{ id: a, match: { class: ddl, writes: true }, then: deny }]\n');
    expect(
      await versionOf('rules:\n  - then: deny\n    match: { writes: true, class: [ddl] } # same\n    id: a\n'),
    ).toBe(a);
    expect(await versionOf('rules: [{ id: a, match: { class: ddl, writes: false }, then: deny }]\n')).not.toBe(a);
    expect(await versionOf('')).not.toBe(a);
  });
  it('names every fault and exits with 2', async () => {
    writeFileSync(
      join(dir, 'bad.yaml'),
      `${BASE}rules:\n  - { id: a, match: { clas: ddl }, then: deny }\n  - { id: b, then: x }\n`,
    );
    const { code, stderr } = await runInProcess(policyCommand, ['check', '--config', join(dir, 'bad.yaml')]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'bad.yaml:9:23: rules[0].match.clas: unknown key "clas", did you mean "class"? (allowed: ',
    );
    expect(stderr).toContain('bad.yaml:10:5: rules[1].match: missing');
    expect(stderr).toContain('bad.yaml:10:14: rules[1].then: unknown word "x"');
  });
  it('wants a file that is there', async () => {
    expect(await runInProcess(policyCommand, ['check', '--config', join(dir, 'none.yaml')])).toMatchObject({ code: 2 });
    expect(await runInProcess(policyCommand, ['chekc'])).toMatchObject({ code: 2 });
  });
});

describe('policy show', () => {
  it('prints grants, rules and the shipped policy, safe for a terminal', async () => {
    const { stdout } = await policy('show');
    expect(stdout).toContain('group eng: read on every database');
    expect(stdout).toContain('user ada@example.com: write and create on prod-db, Mon-Fri 08:00-18:00 UTC');
    expect(stdout).toContain('agents-wait: hold if kind is agent, and command is SELECT');
    expect(stdout).toContain('id: "{tier}.no-drop"');
    expect(stdout).not.toContain('\u001b');
  });
  it('prints what speaks to one principal, database by database', async () => {
    const at = ['--for', 'ada@example.com', '--groups', 'eng', '--at', '2026-11-25T12:00:00Z'];
    const { databases } = await json('show', ...at);
    expect(databases.map(({ database, access, create }: never) => [database, access, create])).toEqual([
      ['prod-db', 'write', true],
      ['dev-db', 'read', false],
    ]);
    const ids = databases[0].shipped.map(({ id }: { id: string }) => id);
    expect(ids).toContain('production.no-drop');
    expect(ids).not.toContain('production.no-create');
    expect(databases[0].rules.map(({ id }: { id: string }) => id)).toEqual(['no-payroll']);
  });
  it('says what is masked, by grant and in all', async () => {
    const file = join(dir, 'masks.yaml');
    writeFileSync(
      file,
      `${BASE}grants:
  - { to: { group: eng }, database: '*', access: read }
  - { to: { group: support }, database: prod-db, access: read, mask: { email: none, other: redact }, predicates: none }
`,
    );
    const show = async (...argv: string[]) =>
      (await runInProcess(policyCommand, ['show', '--config', file, '--for', 'x', '--groups', ...argv])).stdout;
    expect(await show('support')).toContain(
      '  grant: group support: read on prod-db, email not masked, other classes masked (redact), predicates none\n',
    );
    expect(await show('support')).toContain(
      '  masking: sensitive columns masked (redact), email not masked, predicates none\n',
    );
    const both = await show('support,eng');
    expect(both).toContain('  masking: sensitive columns masked (partial), email not masked, predicates lookup\n');
    expect(both).toContain('  masking: nothing is masked\n');
  });
  it('says why there is no access', async () => {
    const { stdout } = await policy('show', '--for', 'ada@example.com', '--at', '2026-11-28T12:00:00Z');
    expect(stdout).toContain('prod-db (production): no access at this time');
    expect(stdout).toContain('dev-db (development): no access\n');
  });
});

describe('policy explain', () => {
  it('tells facts, decision, rule and place', async () => {
    const answer = await json(
      'explain',
      "SELECT '😀';\nWITH d AS (DELETE FROM users RETURNING 1) SELECT f(1) FROM d",
      '--db',
      'prod-db',
    );
    expect(answer).toMatchObject({
      decision: 'deny',
      rule: 'production.no-unbounded-write',
      sqlstate: '42501',
      line: 2,
      column: 24,
      resolved: false,
      unresolved: [],
      statements: [
        { command: 'SELECT', class: 'read' },
        {
          command: 'SELECT',
          class: 'write',
          writes: true,
          nested: ['DELETE'],
          findings: [{ finding: 'delete without where', subject: 'users', line: 2, column: 24 }],
          relations: ['users'],
          functions: ['f'],
        },
      ],
    });
  });
  it('says that names are not resolved, in text', async () => {
    const { code, stdout } = await policy('explain', 'DROP TABLE t', '--db', 'prod-db', '--pg', '14');
    expect(code).toBe(0);
    expect(stdout).toContain('deny on prod-db (production), access write and create\nrule: production.no-drop at 1:1');
    expect(stdout).toContain("it depends on whose these are, taken for others' here: t");
    expect(stdout).toContain('names are not resolved offline');
  });
  it('judges a named principal by their grants', async () => {
    const sql = 'INSERT INTO t VALUES (1)';
    expect(await json('explain', sql, '--db', 'prod-db', '--groups', 'eng')).toMatchObject({
      rule: 'access.read-only',
    });
    expect(await policy('explain', sql, '--db', 'prod-db', '--as', 'bob')).toMatchObject({ code: 5 });
    expect(await json('explain', 'SELECT 1', '--db', 'prod-db', '--kind', 'agent')).toMatchObject({ decision: 'hold' });
  });
  it('reads the statement from stdin, and shows a syntax error as PostgreSQL does', async () => {
    const { stdout } = await runInProcess(policyCommand, ['explain', '-', '--db', 'prod-db', '--config', config], {
      stdin: 'SELECT\n1 FRM x y',
    });
    expect(stdout).toContain('rule: sql.syntax at 2:7');
  });
  it('wants to know which database, if there are several', async () => {
    const { code, stderr } = await policy('explain', 'SELECT 1');
    expect(code).toBe(2);
    expect(stderr).toContain('fix: --db NAME, one of: prod-db, dev-db');
    expect((await policy('explain', 'SELECT 1', '--db', 'prod-bd')).stderr).toContain('did you mean "prod-db"?');
    expect(await policy('explain')).toMatchObject({ code: 2 });
  });
  it('shows nothing that could move the cursor', async () => {
    const { stdout } = await policy('explain', 'SELECT * FROM hr.payroll, "\u001b[2J"', '--db', 'prod-db');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('policy test', () => {
  const run = (text: string, ...argv: string[]) => {
    writeFileSync(join(dir, 'cases.yaml'), text);
    return runInProcess(policyCommand, ['test', join(dir, 'cases.yaml'), ...argv]);
  };
  const CASE = '{ sql: DROP TABLE t, db: prod-db, expect: deny, rule: production.no-drop }';

  it('runs cases against the configuration that the file names', async () => {
    const cases = [
      CASE,
      '{ sql: DROP TABLE t, db: prod-db, objects: own, expect: allow }',
      '{ sql: DROP TABLE t, db: prod-db, objects: own, create: false, expect: deny }',
      '{ sql: DROP TABLE t, db: dev-db, expect: allow }',
      '{ sql: SELECT 1, db: prod-db, kind: agent, expect: hold, rule: agents-wait }',
      '{ sql: SELECT 1, db: prod-db, as: bob, expect: deny, rule: no-grant }',
      "{ sql: INSERT INTO t VALUES (1), db: prod-db, as: ada@example.com, at: '2026-11-25T12:00:00Z', expect: allow }",
    ];
    expect(await run(`config: gateway.yaml\ncases:\n${cases.map((one) => `  - ${one}\n`).join('')}`)).toEqual({
      code: 0,
      stdout: '7 cases, 0 failed\n',
      stderr: '',
    });
  });
  it('names each case that is not as expected, and exits with 1', async () => {
    const text = `config: gateway.yaml\ncases:\n  - ${CASE}\n  - { name: mine, sql: DROP TABLE t, db: prod-db, expect: allow }\n  - { sql: "TRUNCATE\\n t", db: prod-db, expect: deny, rule: x }\n`;
    const { code, stdout } = await run(text);
    expect(code).toBe(1);
    expect(stdout.replaceAll(`${dir}/`, '')).toBe(
      'cases.yaml:4: mine: expected allow, found deny production.no-drop\n' +
        'cases.yaml:5: TRUNCATE t: expected deny x, found deny production.no-truncate\n' +
        '3 cases, 2 failed\n',
    );
  });
  it('refuses a file that is not of cases', async () => {
    const { code, stderr } = await run('cases:\n  - { sql: SELECT 1, expect: alow }\n  - { sq: x }\n');
    expect(code).toBe(2);
    expect(stderr).toMatch(/cases\.yaml:2:\d+: cases\[0\]\.expect: /);
    expect(stderr).toMatch(/cases\.yaml:3:\d+: cases\[1\]/);
    expect((await run('cases: []\n')).code).toBe(2);
  });
});
