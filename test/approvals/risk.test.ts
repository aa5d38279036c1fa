import { describe, expect, it } from 'vitest';
import type {
  ElevationRequested,
  ElevationScope,
  StatementRequested,
  StatementScope,
} from '../../src/approvals/request.ts';
import { riskOf, usualHours } from '../../src/approvals/risk.ts';

const NOON_ON_MONDAY = Date.UTC(2026, 10, 23, 12);
const usual = usualHours('UTC');
const context = { askedAt: NOON_ON_MONDAY, usualHours: usual, earlier: 3 };

const asked = {
  id: 'r-00000001',
  by: {
    key: 'i|dana',
    issuer: 'i',
    subject: 'dana',
    kind: 'user',
    actor: undefined,
    email: undefined,
    name: undefined,
    groups: [],
  },
  database: 'app',
  environment: 'staging',
  purpose: undefined,
  application: undefined,
  reason: 'x',
  expiresAt: 0,
  policy: 'p',
  deciders: [],
  needs: 1,
  external: undefined,
} as const;

function elevation(scope: Partial<ElevationScope>, changes: Partial<ElevationRequested> = {}): ElevationRequested {
  const all = { access: undefined, unmask: undefined, tables: undefined, durationMs: 3_600_000, ...scope };
  return { ...asked, kind: 'elevation', scope: all, breakGlass: false, ...changes };
}

function statement(changes: Partial<StatementScope>, environment = 'production'): StatementRequested {
  return {
    ...asked,
    environment,
    kind: 'statement',
    statement: {
      hash: '',
      shape: '',
      sql: 'UPDATE item SET n = 1',
      command: 'UPDATE',
      class: 'write',
      rule: 'r',
      reason: '',
      relations: [],
      findings: [],
      columns: {},
      cascades: [],
      triggers: [],
      estimatedRows: 1,
      binds: 0,
      session: 's',
      inTransaction: false,
      canRollBack: true,
      ...changes,
    },
  };
}

describe('risk', () => {
  it.each([
    ['reading', elevation({ access: 'read' }), 'low', []],
    ['writing one table in staging', elevation({ access: 'write', tables: ['a'] }), 'low', ['may change data']],
    [
      'writing in production',
      elevation({ access: 'write' }, { environment: 'production' }),
      'medium',
      ['may change data', 'in production', 'all tables'],
    ],
    [
      'a word that is no known environment',
      elevation({ access: 'write' }, { environment: 'live' }),
      'medium',
      ['in live'],
    ],
    [
      'ddl in production',
      elevation({ access: 'ddl' }, { environment: 'production' }),
      'high',
      ['may change and drop tables'],
    ],
    ['emails of one table', elevation({ unmask: ['email'], tables: ['a'] }), 'low', ['shows email']],
    ['cards', elevation({ unmask: ['payment_card', 'email'] }), 'high', ['shows payment_card', 'shows email']],
    ['everything', elevation({ unmask: 'all' }), 'high', ['every class of personal data is shown']],
    [
      'two days',
      elevation({ access: 'write', tables: ['a'], durationMs: 172_800_000 }),
      'medium',
      ['for longer than a day'],
    ],
    [
      'break-glass',
      elevation({ access: 'ddl', tables: ['a'] }, { breakGlass: true }),
      'high',
      ['break-glass: nobody was asked'],
    ],
    ['a small update in staging', statement({}, 'staging'), 'low', ['is a statement of class write']],
    ['a small update in production', statement({}), 'low', ['in production']],
    ['one without an estimate', statement({ estimatedRows: undefined }), 'medium', ['how many rows is not known']],
    ['many rows', statement({ estimatedRows: 250_000 }), 'high', ['about 250000 rows']],
    ['a finding', statement({ findings: ['deletes all rows'] }), 'medium', ['deletes all rows']],
    [
      'cascades',
      statement({ cascades: ['a', 'b'], triggers: ['a.t'] }),
      'high',
      ['cascades to 2 tables', 'fires 1 trigger'],
    ],
    ['classes', statement({ columns: { 'a.b': 'health', 'a.c': 'email' } }), 'medium', ['touches health']],
    ['locks', statement({ inTransaction: true }), 'medium', ['in an open transaction, whose locks are held meanwhile']],
  ] as const)('%s', (_what, request, level, reasons) => {
    const risk = riskOf(request, context);
    expect(risk).toMatchObject({ level, reasons: expect.arrayContaining([...reasons]) });
    expect(reasons.length > 0 || risk.reasons.length === 0).toBe(true);
  });

  it('who asks and when', () => {
    const request = elevation({ access: 'write', tables: ['a'] });
    const night = Date.UTC(2026, 10, 23, 3);
    expect(riskOf(request, { ...context, askedAt: night }).reasons).toContain('outside of usual hours');
    expect(riskOf(request, { ...context, earlier: 0 }).reasons).toContain('first request of this person');
    expect(riskOf(request, { ...context, earlier: undefined }).reasons).toEqual(['may change data']);
    const agent = { ...request, by: { ...request.by, kind: 'agent' as const } };
    expect(riskOf(agent, context)).toEqual({ level: 'medium', reasons: ['may change data', 'asked by an agent'] });
  });

  it('a time zone that there is not is UTC', () => {
    expect(usualHours('Nowhere/Land').isOpen(NOON_ON_MONDAY)).toBe(true);
    expect(usualHours('Asia/Tokyo').isOpen(NOON_ON_MONDAY)).toBe(false);
  });
});
