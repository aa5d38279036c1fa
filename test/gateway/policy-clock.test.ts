/** Grants end and rules begin by time alone: the clock is the test's. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GatewaySettings } from '../../src/config/gateway-settings.ts';
import { GatewayState } from '../../src/gateway/gateway-state.ts';
import type { SessionEntry } from '../../src/gateway/session-registry.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { Analysis } from '../../src/sql/facts.ts';

const ADA: Principal = {
  kind: 'user',
  issuer: 'https://login.test',
  subject: 'ada',
  email: 'ada@example.test',
  name: undefined,
  groups: ['dev'],
  actor: undefined,
  expiresAt: Number.MAX_SAFE_INTEGER,
  authMethods: [],
  jkt: undefined,
};
const SELECT: Analysis = {
  statements: [
    {
      command: 'SELECT',
      class: 'read',
      writes: false,
      findings: [],
      targets: [],
      relations: [],
      functions: [],
      operators: [],
      types: [],
      locks: false,
      offset: 0,
      length: 0,
    },
  ],
  error: undefined,
  recordedSql: 'SELECT 1',
  class: 'read',
};

function gatewayWith(more: Pick<GatewaySettings, 'grants' | 'rules'>): GatewayState {
  const app = { name: 'app', environment: 'production', labels: {}, upstream: { user: 'app' } };
  return new GatewayState({
    settings: {
      issuers: [{ issuer: ADA.issuer }],
      databases: new Map([['app', app]]),
      ...more,
    } as unknown as GatewaySettings,
    log: { onDurable: () => {}, onFailure: () => {}, onState: () => {}, subscribe: () => {} },
    recorder: {},
    owned: {},
    revocations: { isRevoked: () => false },
    requests: { subscribe: () => () => {}, elevationsOf: () => [] },
    logLine: () => {},
  } as unknown as ConstructorParameters<typeof GatewayState>[0]);
}

/** A session that only counts why it was ended. */
function openSession(gateway: GatewayState, readOnly: boolean): string[] {
  const ended: string[] = [];
  const connection = { end: (reason: string) => ended.push(reason), counters: {} };
  const holder = { principal: ADA, renewals: 0, purpose: undefined, application: undefined };
  const key = gateway.sessions.newCancelKey();
  gateway.sessions.add({
    id: String(key.pid),
    holder,
    tunnel: undefined,
    database: 'app',
    readOnly,
    connection,
    egress: { limit: () => {} },
    cancelPid: key.pid,
    cancelSecret: key.secret,
    cancel: () => {},
  } as unknown as SessionEntry);
  return ended;
}

const GRANT = {
  to: { group: 'dev' },
  database: 'app',
  environment: undefined,
  access: 'write',
  create: false,
} as const;
// A Wednesday.
const at = (time: string) => new Date(`2026-11-25T${time}Z`);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('time alone', () => {
  it('ends a session whose grant is out of its hours, and no sooner', () => {
    vi.setSystemTime(at('15:50:20'));
    const gateway = gatewayWith({ grants: [{ ...GRANT, hours: ['Mon-Fri 08:00-16:00 UTC'] }] });
    const ended = openSession(gateway, false);
    vi.advanceTimersByTime(9 * 60_000 + 39_000);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(ended).toEqual(['grant_ended']);
    expect(gateway.accessOf(ADA, 'app')).toBeUndefined();
    expect(() => gateway.mustReach(ADA, 'app')).toThrow('access to database "app" is not open now');
    vi.setSystemTime(new Date('2026-11-26T08:00:00Z'));
    expect(gateway.accessOf(ADA, 'app')).toEqual({ access: 'write', create: false });
  });

  it('ends one that falls back to reading, but not one that only read', () => {
    vi.setSystemTime(at('12:00:00'));
    const gateway = gatewayWith({
      grants: [
        { ...GRANT, expiresAt: at('12:30:00').getTime() },
        { ...GRANT, access: 'read' },
      ],
    });
    const writes = openSession(gateway, false);
    const reads = openSession(gateway, true);
    vi.advanceTimersByTime(30 * 60_000 - 1);
    expect([writes, reads]).toEqual([[], []]);
    vi.advanceTimersByTime(2);
    expect([writes, reads]).toEqual([['grant_ended'], []]);
  });

  it('waits for an end that is further off than a timer can count', () => {
    vi.setSystemTime(at('12:00:00'));
    const gateway = gatewayWith({ grants: [{ ...GRANT, expiresAt: Date.now() + 40 * 86_400_000 }] });
    const ended = openSession(gateway, false);
    vi.advanceTimersByTime(40 * 86_400_000 - 1);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(ended).toEqual(['grant_ended']);
  });

  it('brings a rule in force and takes it out again, in a session that is open', () => {
    vi.setSystemTime(at('15:59:00'));
    const gateway = gatewayWith({
      grants: [GRANT],
      rules: [{ id: 'evening', effect: 'deny', match: { hours: ['Wed 16:00-18:00 UTC'] } }],
    });
    const holder = { principal: ADA, renewals: 0, purpose: undefined, application: undefined };
    const scope = gateway.followScope(
      gateway.settings.databases.get('app')!,
      holder,
      gateway.grantFor(ADA, 'app', undefined),
    );
    const says = () => scope().judge(SELECT).effect;
    expect(says()).toBe('allow');
    vi.advanceTimersByTime(61_000);
    expect(says()).toBe('deny');
    vi.advanceTimersByTime(2 * 3_600_000);
    expect(says()).toBe('allow');
  });

  it('counts sessions by person and database', () => {
    vi.setSystemTime(at('12:00:00'));
    const gateway = gatewayWith({ grants: [{ ...GRANT, limits: { maxSessions: 1 } }] });
    const granted = gateway.grantFor(ADA, 'app', undefined);
    gateway.checkSessionCount(ADA, 'app', granted);
    openSession(gateway, false);
    expect(() => gateway.checkSessionCount(ADA, 'app', granted)).toThrow('for one session at once');
    for (const other of [
      { subject: 'bob' },
      { issuer: 'https://other.test' },
      { kind: 'agent', actor: 'bot' },
    ] as const) {
      gateway.checkSessionCount({ ...ADA, ...other }, 'app', granted);
    }
    gateway.checkSessionCount(ADA, 'other', granted);
  });

  it('is not looked at where nothing depends on it', () => {
    gatewayWith({ grants: [GRANT], rules: [{ id: 'x', effect: 'deny', match: { class: ['ddl'] } }] });
    expect(vi.getTimerCount()).toBe(0);
  });
});
