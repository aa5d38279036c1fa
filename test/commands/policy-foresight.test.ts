/** Rules that look further than the text, where there is no catalog: said to be open, unless a case says what it is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { policyCommand } from '../../src/commands/policy.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
let config: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-foresight-'));
  config = join(dir, 'gateway.yaml');
  writeFileSync(
    config,
    `public_url: https://db.example.com
state_dir: state
tls: { cert: file:none.pem, key: file:none.pem }
issuers: [{ issuer: https://login.example.com, audience: a, client_id: cli }]
databases:
  prod-db: { upstream: { host: pg, user: dbgate, password: env:NOT_SET } }
grants:
  - { to: { group: eng }, database: '*', access: write }
rules:
  - { id: pay, match: { column: hr.salaries.amount }, then: deny }
  - { id: mail, match: { column class: email, kind: agent }, then: hold }
  - { id: many, match: { estimated rows: over 1000, command: UPDATE }, then: hold }
`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('policy explain says what cannot be told, and what it would be', async () => {
  const argv = ['explain', 'SELECT amount FROM hr.salaries', '--db', 'prod-db', '--groups', 'eng', '--config', config];
  const { stdout } = await runInProcess(policyCommand, [...argv, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    decision: 'allow',
    cannot_be_told: ['columns'],
    otherwise: { decision: 'deny', rule: 'pay' },
  });
  expect((await runInProcess(policyCommand, argv)).stdout).toContain(
    'cannot be told here, as it takes a catalog: the columns that it reads or writes: deny by pay if they are met',
  );
  argv[1] = 'SELECT 1';
  expect((await runInProcess(policyCommand, argv)).stdout).not.toContain('cannot be told');
});

it('dbgate check says it in every format, and refuses nothing for it', async () => {
  const file = join(dir, 'a.sql');
  writeFileSync(file, 'SELECT 1;\nUPDATE t SET a = 1 WHERE id = 2;\n');
  const check = (...argv: string[]) =>
    runInProcess(checkCommand, [file, '--db', 'prod-db', '--config', config, ...argv]);
  const text = await check();
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/a\.sql:2:1: UPDATE: cannot be told here.*estimated rows/);
  expect((await check('--format', 'github')).stdout).toContain('::notice file=');
  expect((await check('--format', 'sarif')).stdout).toContain('cannot be told here');
});

it('policy test takes what a case gives, and fails where it gives nothing', async () => {
  const cases = join(dir, 'cases.yaml');
  writeFileSync(
    cases,
    `cases:
  - { sql: SELECT amount FROM s, db: prod-db, columns: [hr.salaries.amount], expect: deny, rule: pay }
  - { sql: SELECT person FROM s, db: prod-db, columns: [hr.salaries.person], expect: allow }
  - { sql: SELECT x FROM s, db: prod-db, kind: agent, columns: { hr.people.x: email }, expect: hold, rule: mail }
  - { sql: SELECT x FROM s, db: prod-db, kind: agent, columns: { hr.people.x: null }, expect: allow }
  - { sql: UPDATE t SET a = 1 WHERE id = 2, db: prod-db, columns: [s.t.a], estimated_rows: 5000, expect: hold, rule: many }
  - { sql: UPDATE t SET a = 1 WHERE id = 2, db: prod-db, columns: [s.t.a], estimated_rows: 5, expect: allow }
`,
  );
  const run = () => runInProcess(policyCommand, ['test', cases, '--config', config]);
  expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('6 cases, 0 failed') });
  writeFileSync(cases, 'cases:\n  - { sql: SELECT a FROM s, db: prod-db, expect: allow }\n');
  expect(await run()).toMatchObject({ code: 1, stdout: expect.stringContaining('found cannot be told here') });
});
