import { describe, expect, it } from 'vitest';
import type { GrantLimits, GrantSettings } from '../../src/config/gateway-settings.ts';
import { compileGrants, fixedSettingsOf, grantOf, nextGrantChange } from '../../src/policy/grants.ts';

const NOON = Date.parse('2026-11-25T12:00:00Z');
const SHOP = { name: 'shop', environment: 'production', labels: { team: 'payments', region: 'eu' } };
const ADA = {
  kind: 'user' as const,
  subject: 'u-1',
  email: 'ada@example.com',
  groups: ['engineering'],
  actor: undefined,
};

const grant = (more: Partial<GrantSettings> = {}): GrantSettings => ({
  to: { group: 'engineering' },
  database: 'shop',
  environment: undefined,
  access: 'read',
  create: false,
  ...more,
});
const ask = (
  grants: GrantSettings[],
  more: { who?: Partial<typeof ADA> | object; purpose?: string | null; nowMs?: number } = {},
) => {
  const purpose = more.purpose === undefined ? undefined : more.purpose;
  return grantOf({ ...ADA, ...more.who } as typeof ADA, SHOP, compileGrants(grants), {
    nowMs: more.nowMs ?? NOON,
    purpose,
  });
};
const accessOf = (...args: Parameters<typeof ask>) => {
  const outcome = ask(...args);
  return outcome.granted ? outcome.access : outcome.reason;
};

describe('who and what', () => {
  it.each<[string, Partial<GrantSettings>, string]>([
    ['its group', {}, 'read'],
    ['another group', { to: { group: 'sales' } }, 'none'],
    ['one of a list', { to: [{ group: 'sales' }, { user: 'ada@example.com' }] }, 'read'],
    ['none of a list', { to: [{ group: 'sales' }, { user: 'bob' }] }, 'none'],
    ['a service of that name', { to: { service: 'u-1' } }, 'none'],
    ['the subject', { to: { user: 'u-1' } }, 'read'],
    ['every database', { database: '*' }, 'read'],
    ['another database', { database: 'other' }, 'none'],
    ['its environment', { database: undefined, environment: 'production' }, 'read'],
    ['another environment', { database: undefined, environment: 'staging' }, 'none'],
    ['its labels', { database: undefined, labels: { team: 'payments', region: 'eu' } }, 'read'],
    ['one label that is another', { database: undefined, labels: { team: 'payments', region: 'us' } }, 'none'],
    ['a label it has not', { database: undefined, labels: { toString: 'x' } }, 'none'],
    ['labels and environment', { database: undefined, environment: 'staging', labels: { team: 'payments' } }, 'none'],
    ['nothing', { database: undefined }, 'none'],
  ])('%s', (_, more, expected) => {
    expect(accessOf([grant(more)])).toBe(expected);
  });
});

describe('when and what for', () => {
  const HOURS = { hours: ['Mon-Fri 08:00-18:00 UTC'] };
  it.each<[string, Partial<GrantSettings>, number, string | null | undefined, string]>([
    ['inside its hours', HOURS, NOON, undefined, 'read'],
    ['outside', HOURS, Date.parse('2026-11-25T18:00:00Z'), undefined, 'hours'],
    ['one of several hours', { hours: ['Sat 00:00-24:00 UTC', ...HOURS.hours] }, NOON, undefined, 'read'],
    ['before its end', { expiresAt: NOON + 1 }, NOON, undefined, 'read'],
    ['at its end', { expiresAt: NOON }, NOON, undefined, 'expired'],
    ['with a purpose', { purposeRequired: true }, NOON, 'ticket', 'read'],
    ['without', { purposeRequired: true }, NOON, undefined, 'purpose'],
    ['with a blank one', { purposeRequired: true }, NOON, '  ', 'purpose'],
    ['not asked yet', { purposeRequired: true }, NOON, null, 'read'],
    [
      'ended, and out of hours',
      { expiresAt: NOON, ...HOURS },
      Date.parse('2026-11-28T12:00:00Z'),
      undefined,
      'expired',
    ],
  ])('%s', (_, more, nowMs, purpose, expected) => {
    expect(accessOf([grant(more)], { nowMs, purpose: purpose as string | null })).toBe(expected);
  });

  it('counts those only that hold', () => {
    const grants = [grant(), grant({ access: 'admin', create: true, expiresAt: NOON })];
    expect(ask(grants)).toMatchObject({ access: 'read', create: false });
    expect(ask(grants, { nowMs: NOON - 1 })).toMatchObject({ access: 'admin', create: true });
  });

  it('knows when to look again', () => {
    expect(nextGrantChange(compileGrants([grant()]), NOON)).toBeUndefined();
    expect(nextGrantChange(compileGrants([grant({ expiresAt: NOON - 1 })]), NOON)).toBeUndefined();
    expect(nextGrantChange(compileGrants([grant({ expiresAt: NOON + 5 }), grant({ expiresAt: NOON + 3 })]), NOON)).toBe(
      NOON + 3,
    );
    const beforeSix = Date.parse('2026-11-25T17:58:00Z');
    expect(nextGrantChange(compileGrants([grant(HOURS)]), beforeSix)).toBe(Date.parse('2026-11-25T18:00:00Z'));
  });
});

describe('masking', () => {
  const maskingOf = (grants: GrantSettings[], environment = 'production') => {
    const outcome = grantOf(ADA, { ...SHOP, environment }, compileGrants(grants), { nowMs: NOON, purpose: undefined });
    if (!outcome.granted) throw new Error('not granted');
    const { mask, classes, predicates } = outcome.masking;
    return { mask, classes: Object.fromEntries(classes), predicates };
  };

  it.each<[string, Partial<GrantSettings>, string, string, string]>([
    ['read in production', {}, 'production', 'partial', 'lookup'],
    ['ddl in production', { access: 'ddl' }, 'production', 'partial', 'lookup'],
    ['admin in production', { access: 'admin' }, 'production', 'none', 'free'],
    ['staging', {}, 'staging', 'partial', 'lookup'],
    ['development', {}, 'development', 'none', 'free'],
    ['another word', {}, 'playground', 'partial', 'lookup'],
    ['admin that is masked', { access: 'admin', masking: { mask: 'token' } }, 'production', 'token', 'free'],
    ['development that is masked', { masking: { mask: 'null', predicates: 'none' } }, 'development', 'null', 'none'],
    ['predicates alone', { masking: { predicates: 'none' } }, 'production', 'partial', 'none'],
  ])('without a word or with one: %s', (_name, more, environment, mask, predicates) => {
    const grants = [grant({ ...more, database: '*' })];
    expect(maskingOf(grants, environment)).toEqual({ mask, classes: {}, predicates });
  });

  it('is the mildest of several grants, class by class, whatever access they give', () => {
    const strict = grant({
      masking: { mask: 'redact', classes: { email: 'null', phone: 'token' }, predicates: 'none' },
    });
    const other = grant({ access: 'write', masking: { mask: 'token', classes: { email: 'redact', photo: 'none' } } });
    expect(maskingOf([strict, other])).toEqual({
      mask: 'token',
      classes: { email: 'redact', phone: 'token', photo: 'none' },
      predicates: 'lookup',
    });
    // What one names and the other shows with all the rest is shown.
    expect(maskingOf([strict, grant({ masking: { mask: 'none' } })])).toMatchObject({
      mask: 'none',
      classes: { email: 'none', phone: 'none' },
    });
    expect(maskingOf([strict])).toMatchObject({ mask: 'redact', predicates: 'none' });
  });

  it('of a grant that does not hold now counts for nothing', () => {
    const over = grant({ masking: { mask: 'none' }, expiresAt: NOON - 1 });
    const purposeful = grant({ masking: { mask: 'none' }, purposeRequired: true });
    expect(maskingOf([grant(), over, purposeful])).toMatchObject({ mask: 'partial' });
  });
});

describe('limits', () => {
  const limits = (...of: (GrantLimits | undefined)[]) => {
    const outcome = ask(of.map((one) => grant({ access: 'write', limits: one })));
    return outcome.granted ? outcome.limits : undefined;
  };
  it('are the mildest of those that give the access', () => {
    expect(limits({ statementTimeoutMs: 5, maxSessions: 1 }, { statementTimeoutMs: 9, maxSessions: 2 })).toMatchObject({
      statementTimeoutMs: 9,
      maxSessions: 2,
    });
    expect(limits({ statementTimeoutMs: 5 }, undefined)).toMatchObject({ statementTimeoutMs: undefined });
    expect(limits({ settings: ['a', 'b'] }, { settings: ['b', 'c'] })).toMatchObject({ settings: ['b'] });
    expect(limits({ settings: ['a'] }, {})).toMatchObject({ settings: [] });
  });
  it('are not lifted by a grant that gives less', () => {
    const outcome = ask([grant(), grant({ access: 'write', limits: { statementTimeoutMs: 5 } })]);
    expect(outcome).toMatchObject({ access: 'write', limits: { statementTimeoutMs: 5 } });
  });
  it('fix what they set', () => {
    expect(fixedSettingsOf({})).toBeUndefined();
    expect(fixedSettingsOf({ statementTimeoutMs: 1, lockTimeoutMs: 1, settings: ['work_mem'] })).toEqual(
      new Set(['work_mem', 'statement_timeout', 'lock_timeout']),
    );
  });
});
