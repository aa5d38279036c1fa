/** What an agent is told of a refusal, as it reads it with a driver: docs/policy.md, "What agents are told". */
import { describe, expect, it } from 'vitest';
import { approvalSettings } from '../support/approvals.ts';
import { failure, withRig } from './gateway-rig.ts';

const rig = withRig({
  sql: 'CREATE TABLE users (id int primary key)',
  tune: (settings) => ({
    ...settings,
    rules: [
      { id: 'ask-first', match: { command: ['UPDATE'] }, effect: 'hold' as const, message: 'say "why" in a {command}' },
    ],
    grants: [
      ...settings.grants,
      {
        to: { group: 'few' },
        database: '*',
        environment: undefined,
        access: 'read',
        create: false,
        limits: { egress: { rowsPerStatement: 1 } },
      },
    ],
  }),
});

const KEYS = ['dbgate', 'effect', 'rule', 'sqlstate', 'message', 'reason', 'instead', 'position', 'request'];
const agent = async (groups = ['developers']) => rig.connect(await rig.tokenOf('ada', groups, { act: { sub: 'bot' } }));

describe('an agent', () => {
  it('gets the rule, the reason and what to do instead as JSON', async () => {
    const client = await agent();
    const error = await failure(client.query('SELECT 1; DROP TABLE users'));
    const detail = JSON.parse(error.detail!);
    expect(Object.keys(detail)).toEqual(KEYS);
    expect(detail).toMatchObject({
      dbgate: 'denial/1',
      effect: 'deny',
      rule: 'production.no-drop',
      sqlstate: error.code,
      message: error.message,
      reason: expect.not.stringContaining('rule'),
      position: Number(error.position),
      request: null,
    });
    expect(detail.instead).toBe(error.hint);
    // Of the extended protocol too.
    expect(JSON.parse((await failure(client.query('DELETE FROM users WHERE true', []))).detail!)).toMatchObject({
      rule: 'production.no-unbounded-write',
    });
  });

  it('is told what would wait for an approval, and keeps its quotes', async () => {
    const error = await failure((await agent()).query('UPDATE users SET id = 1 WHERE id = 1'));
    expect(JSON.parse(error.detail!)).toMatchObject({
      effect: 'hold',
      rule: 'ask-first',
      message: 'say "why" in a UPDATE',
    });
  });

  it('is told what to ask for, where it may', async () => {
    const [developers] = approvalSettings().rules;
    const rules = [{ ...developers!, to: [{ agent: 'bot' }] }];
    rig.gateway.reload({ ...rig.settings, approvals: approvalSettings({ rules }) });
    const error = await failure((await agent()).query('DROP TABLE users'));
    expect(error.hint).toBe('dbgate request app --access ddl --tables users --for 1h --reason "…"');
    expect(JSON.parse(error.detail!)).toMatchObject({
      instead: error.hint,
      request: { database: 'app', access: 'ddl', unmask: null, tables: ['users'] },
    });
    rig.gateway.reload(rig.settings);
  });

  it('of a limit as well', async () => {
    const client = await agent(['few']);
    const error = await failure(client.query('SELECT generate_series(1, 3)'));
    expect(JSON.parse(error.detail!)).toMatchObject({ rule: 'limits.rows_per_statement', sqlstate: '53400' });
  });

  it('gets PostgreSQL’s own errors as they are', async () => {
    const client = await agent();
    expect((await failure(client.query('SELECT 1 +'))).detail).toBeUndefined();
    expect((await failure(client.query('SELECT nothing'))).detail).toBeUndefined();
  });
});

it('a person gets a sentence', async () => {
  const client = await rig.connect(await rig.tokenOf('ada'));
  expect((await failure(client.query('DROP TABLE users'))).detail).toMatch(/^rule production\.no-drop: /);
});
