import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFacts, openRecorder, type SessionOpenFields } from '../../src/audit/recorder.ts';
import { policyCommand } from '../../src/commands/policy.ts';
import { openSegmentLog } from '../../src/store/segment-log.ts';
import { runInProcess } from './run-in-process.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
let dir: string;
let current: string;

const base = (rest: string) => `public_url: https://db.example.com
state_dir: state
tls: { cert: file:none.pem, key: file:none.pem }
issuers: [{ issuer: https://login.example.com, audience: a, client_id: cli }]
databases:
  prod-db: { upstream: { host: pg, user: dbgate, password: env:NOT_SET } }
  dev-db: { environment: development, upstream: { host: pg, user: dbgate } }
${rest}`;
const GRANTS = `grants:
  - { to: { group: eng }, database: '*', access: write, create: true }
  - { to: { agent: bot }, database: prod-db, access: read }
`;

const person = (subject: string, more: Partial<SessionOpenFields> = {}): SessionOpenFields => ({
  issuer: 'https://login.example.com',
  subject,
  email: `${subject}@example.com`,
  principalKind: 'user',
  groups: ['eng'],
  actors: [],
  authMethods: [],
  bound: false,
  clientAddress: '127.0.0.1:1',
  application: 'psql',
  via: 'tunnel',
  database: 'prod-db',
  environment: 'production',
  upstreamUser: 'dbgate',
  purpose: undefined,
  policyVersion: 'v',
  ...more,
});

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-simulate-'));
  current = join(dir, 'gateway.yaml');
  writeFileSync(current, base(GRANTS));
  let now = NOW - 10 * DAY_MS;
  const log = await openSegmentLog({
    dir: join(dir, 'state', 'audit'),
    gatewayId: 'gw',
    segmentBytes: 1 << 20,
    durability: 'sync',
    maxQueuedBytes: 1 << 20,
    now: () => now,
  });
  const recorder = openRecorder(log, { gatewayId: 'gw', now: () => now });
  const ada = recorder.session('s-ada');
  ada.open(person('ada'));
  const add = (session: typeof ada, sql: string, rule?: string): void => {
    const sqlJson = JSON.stringify(sql);
    const facts = encodeFacts({ fingerprint: '', command: '', class: 'read', relations: [], columns: {} });
    session.intent({ protocol: 'simple', facts, sql, sqlJson, decision: rule ? 'deny' : 'allow', rule, binds: 0 });
  };
  add(ada, 'SELECT old FROM orders');
  now = NOW - DAY_MS;
  // The session is older than what is asked for, its statements are not.
  for (let i = 0; i < 3; i++) add(ada, 'SELECT * FROM orders');
  add(ada, 'DELETE FROM orders', 'production.no-unbounded-write');
  add(ada, 'DROP TABLE theirs', 'production.no-drop');
  add(ada, 'DROP TABLE mine');
  add(ada, '<function>', 'protocol.function-call');
  const bob = recorder.session('s-bob');
  bob.open(person('bob'));
  add(bob, 'SELECT * FROM orders');
  const bot = recorder.session('s-bot');
  bot.open(person('ada', { principalKind: 'agent', actors: ['bot'], groups: [] }));
  add(bot, 'SELECT 1');
  const dev = recorder.session('s-dev');
  dev.open(person('ada', { database: 'dev-db', environment: 'development' }));
  add(dev, 'DELETE FROM orders');
  recorder.close();
  await log.flush();
  await log.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function simulate(candidate: string, ...more: string[]) {
  const file = join(dir, 'new.yaml');
  writeFileSync(file, base(candidate));
  const argv = ['simulate', '--config', current, '--with', file, ...more];
  const { code, stdout, stderr } = await runInProcess(policyCommand, [...argv, '--json']);
  return { code, stderr, answer: code === 0 ? JSON.parse(stdout) : undefined, argv };
}
const brief = ({ answer }: Awaited<ReturnType<typeof simulate>>) =>
  // biome-ignore lint/suspicious/noExplicitAny: of JSON
  answer.groups.map((g: any) => [g.change, g.count, g.command, g.database, g.rule]);

describe('policy simulate', () => {
  it('says nothing of the same policy', async () => {
    const same = await simulate(GRANTS);
    expect(same.answer).toMatchObject({ statements: 10, skipped: 1, changed: 0, groups: [] });
    expect(same.answer.current).toBe(same.answer.candidate);
  });

  it('finds what is newly denied, held and allowed, grouped', async () => {
    const found = await simulate(`${GRANTS}rules:
  - { id: no-orders, match: { relation: orders, command: SELECT, tier: production }, then: deny }
  - { id: dev-deletes, match: { command: DELETE, tier: development }, then: hold }
  - { id: deletes, match: { finding: delete without where, tier: production }, then: allow }
`);
    expect(brief(found)).toEqual([
      ['newly_denied', 4, 'SELECT', 'prod-db', 'no-orders'],
      ['newly_held', 1, 'DELETE', 'dev-db', 'dev-deletes'],
      ['newly_allowed', 1, 'DELETE', 'prod-db', 'production.no-unbounded-write'],
    ]);
    expect(found.answer).toMatchObject({ changed: 6 });
    expect(found.answer.groups[0]).toMatchObject({
      principals: ['ada@example.com', 'bob@example.com'],
      principal_count: 2,
      examples: [{ id: 's-ada.2', sql: 'SELECT * FROM orders' }],
    });
  });

  it('keeps to whose the objects were when it was decided', async () => {
    const found = await simulate(`${GRANTS}rules:
  - { id: drops, match: { finding: drops }, then: allow }
`);
    expect(brief(found)).toEqual([['newly_allowed', 1, 'DROP TABLE', 'prod-db', 'production.no-drop']]);
    expect(found.answer.groups[0].examples[0].sql).toBe('DROP TABLE theirs');
    const uncreated = await simulate(GRANTS.replace(', create: true', ''));
    expect(brief(uncreated)).toEqual([['newly_denied', 1, 'DROP TABLE', 'prod-db', 'production.no-drop']]);
    expect(uncreated.answer.groups[0].examples[0].sql).toBe('DROP TABLE mine');
  });

  it('counts a grant that is gone as a denial', async () => {
    const found = await simulate(GRANTS.replace(/.*bot.*\n/, ''));
    expect(brief(found)).toEqual([['newly_denied', 1, 'SELECT', 'prod-db', 'no-grant']]);
    expect(found.answer.groups[0].principals).toEqual(['bot']);
  });

  it('judges at the time of then', async () => {
    const day = new Date(NOW - DAY_MS).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
    const rule = (when: string) =>
      `${GRANTS}rules:\n  - { id: day, match: { kind: agent, hours: ${when} 00:00-24:00 UTC }, then: deny }\n`;
    expect(brief(await simulate(rule(day)))).toEqual([['newly_denied', 1, 'SELECT', 'prod-db', 'day']]);
    const other = new Date(NOW + DAY_MS).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
    expect(brief(await simulate(rule(other)))).toEqual([]);
  });

  it('goes as far back, and to the database, as it is told', async () => {
    expect((await simulate(GRANTS, '--since', '30d')).answer.statements).toBe(11);
    expect((await simulate(GRANTS, '--since', '1h')).answer.statements).toBe(0);
    expect((await simulate(GRANTS, '--db', 'dev-db')).answer.statements).toBe(1);
  });

  it('tells people', async () => {
    const file = join(dir, 'people.yaml');
    writeFileSync(file, base(`${GRANTS}rules: [{ id: r, match: { command: SELECT }, then: deny }]\n`));
    const { stdout } = await runInProcess(policyCommand, ['simulate', '--config', current, '--with', file]);
    expect(stdout).toContain(
      'newly denied: 5 × SELECT on prod-db, rule r\n  by ada@example.com, bob@example.com, bot\n',
    );
    expect(stdout).toMatch(/10 statements since .*, 5 would be decided otherwise\n$/);
  });

  it('wants a candidate, and a record', async () => {
    expect(await runInProcess(policyCommand, ['simulate', '--config', current])).toMatchObject({ code: 2 });
    const { code, stderr } = await simulate(GRANTS, '--record', join(dir, 'none'));
    expect(code).toBe(2);
    expect(stderr).toContain('--record DIR');
  });
});
