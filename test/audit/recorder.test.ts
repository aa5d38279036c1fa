import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBacklog } from '../../src/audit/record-backlog.ts';
import { openRecorder } from '../../src/audit/recorder.ts';
import type { EventLog, LogListener } from '../../src/store/event-log.ts';
import { openLog, payloads, temporaryDirectory, until } from '../store/log-fixture.ts';

const NOW = Date.parse('2026-03-04T05:06:07.089Z');
const AT = '2026-03-04T05:06:07.089Z';

const open = {
  issuer: 'https://issuer.test',
  subject: 'u"1',
  email: 'dev@demo.test',
  principalKind: 'user',
  groups: ['dev'],
  actor: undefined,
  authMethods: ['pwd'],
  clientAddress: '127.0.0.1',
  application: 'psql\n',
  via: 'tunnel',
  database: 'shop',
  environment: 'production',
  upstreamUser: 'app',
  purpose: undefined,
} as const;

/** A log whose disk is in the test's hand: enqueue fails while `broken`, `commit` and `fail` decide on the rest. */
function logInHand() {
  const listeners = new Set<LogListener>();
  const hand = {
    broken: false,
    taken: [] as string[],
    durablePosition: 0,
    enqueue(_stream: string, payload: string): number {
      if (hand.broken) throw new Error('audit unavailable');
      return hand.taken.push(payload);
    },
    subscribe(listener: LogListener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    commit(): void {
      hand.durablePosition = hand.taken.length;
      for (const listener of listeners) listener.onDurable(hand.durablePosition);
    },
    fail(): void {
      hand.broken = true;
      const [from, to] = [hand.durablePosition + 1, hand.taken.length];
      for (const listener of listeners) listener.onFailed(from, to, new Error('EIO'));
    },
  };
  return hand;
}

describe('recorder', () => {
  it('records a session in order, with fixed keys, undefined left out', async () => {
    const log = await openLog(temporaryDirectory());
    const recorder = openRecorder(log, { gatewayId: 'gw"1', now: () => NOW });
    const session = recorder.session('s"1');
    expect(session.open(open)).toBe(1);
    expect(
      session.intent({
        protocol: 'simple',
        sqlJson: JSON.stringify("select\n'x\"'"),
        class: 'read',
        decision: 'allow',
        rule: undefined,
        binds: 0,
      }),
    ).toEqual({ n: 1, position: 2 });
    session.outcome(1, { rows: 3, bytes: 99, ms: 1.23456, sqlstate: undefined, masked: 0 });
    const denied = { protocol: 'extended', class: 'ddl', decision: 'deny', rule: 'production.no-drop' } as const;
    expect(session.intent({ ...denied, sqlJson: '"drop table t"', binds: 2 }).n).toBe(2);
    session.outcome(2, { rows: 0, bytes: 0, ms: 0.5, sqlstate: '42501', masked: 0 });
    recorder.connectRefused({
      clientAddress: '::1',
      subject: undefined,
      email: undefined,
      database: 'shop',
      code: 'token_invalid',
      reason: 'expired',
    });
    session.close('client');
    session.close('again');
    await log.flush();
    const expected = [
      { v: 1, kind: 'session.open', at: AT, session: 's"1', gateway: 'gw"1', ...open },
      {
        v: 1,
        kind: 'statement.intent',
        at: AT,
        session: 's"1',
        n: 1,
        protocol: 'simple',
        sql: "select\n'x\"'",
        class: 'read',
        decision: 'allow',
        binds: 0,
      },
      { v: 1, kind: 'statement.outcome', at: AT, session: 's"1', n: 1, rows: 3, bytes: 99, ms: 1.235, masked: 0 },
      {
        v: 1,
        kind: 'statement.intent',
        at: AT,
        session: 's"1',
        n: 2,
        protocol: 'extended',
        sql: 'drop table t',
        class: 'ddl',
        decision: 'deny',
        rule: 'production.no-drop',
        binds: 2,
      },
      {
        v: 1,
        kind: 'statement.outcome',
        at: AT,
        session: 's"1',
        n: 2,
        rows: 0,
        bytes: 0,
        ms: 0.5,
        sqlstate: '42501',
        masked: 0,
      },
      {
        v: 1,
        kind: 'connect.refused',
        at: AT,
        gateway: 'gw"1',
        clientAddress: '::1',
        database: 'shop',
        code: 'token_invalid',
        reason: 'expired',
      },
      { v: 1, kind: 'session.close', at: AT, session: 's"1', reason: 'client', statements: 2, denied: 1 },
    ];
    expect(await payloads(log.readAll())).toEqual(expected.map((record) => JSON.stringify(record)));
  });

  it('builds by hand exactly what JSON.stringify would', () => {
    const hand = logInHand();
    const session = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW }).session('s');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.option(fc.string(), { nil: undefined }),
        fc.nat(),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.option(fc.constantFrom('42501', 'XX000'), { nil: undefined }),
        (sql, rule, count, ms, sqlstate) => {
          const { n } = session.intent({
            protocol: 'extended',
            sqlJson: JSON.stringify(sql),
            class: 'write',
            decision: 'allow',
            rule,
            binds: count,
          });
          const intent = hand.taken.at(-1)!;
          expect(intent).toBe(JSON.stringify(JSON.parse(intent)));
          expect(JSON.parse(intent)).toMatchObject({ n, sql, binds: count, ...(rule === undefined ? {} : { rule }) });
          session.outcome(n, { rows: count, bytes: count, ms, sqlstate, masked: 0 });
          const outcome = hand.taken.at(-1)!;
          expect(outcome).toBe(JSON.stringify(JSON.parse(outcome)));
          expect(outcome).not.toContain('\n');
        },
      ),
    );
  });

  it('gives no number to a statement whose intent is refused', () => {
    const hand = logInHand();
    const session = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW }).session('s');
    const intent = {
      protocol: 'simple',
      sqlJson: '"x"',
      class: 'read',
      decision: 'deny',
      rule: 'r',
      binds: 0,
    } as const;
    hand.broken = true;
    expect(() => session.intent(intent)).toThrow('audit unavailable');
    hand.broken = false;
    expect(session.intent(intent).n).toBe(1);
    session.close('client');
    expect(JSON.parse(hand.taken.at(-1)!)).toMatchObject({ statements: 1, denied: 1 });
  });
});

describe('what happened while the log is broken', () => {
  const outcome = { rows: 0, bytes: 0, ms: 0, sqlstate: undefined, masked: 0 };
  const numbers = (taken: readonly string[]): unknown[] =>
    taken.map((payload) => (JSON.parse(payload) as { n: number }).n);

  it('is kept in order and handed over when it heals, with what failed on its way', async () => {
    const hand = logInHand();
    const recorder = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW });
    const session = recorder.session('s');
    session.outcome(1, outcome);
    hand.commit();
    session.outcome(2, outcome);
    session.outcome(3, outcome);
    hand.fail();
    session.outcome(4, outcome);
    session.close('upstream');
    expect(recorder.pending).toBe(4);
    hand.taken.length = 1;
    hand.broken = false;
    // Nobody may overtake what waits.
    session.outcome(5, outcome);
    await until(() => recorder.pending === 0);
    expect(numbers(hand.taken)).toEqual([1, 2, 3, 4, undefined, 5]);
    expect(recorder.dropped).toBe(0);
  });

  it('is handed over again when the log breaks in between', async () => {
    const hand = logInHand();
    const recorder = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW });
    const session = recorder.session('s');
    for (let round = 0; round < 3; round++) {
      session.outcome(round, outcome);
      hand.fail();
      hand.taken.length = 0;
      hand.broken = false;
      await until(() => recorder.pending === 0);
    }
    expect(numbers(hand.taken)).toEqual([0, 1, 2]);
  });

  it('is bounded, and what does not fit is counted', () => {
    const hand = logInHand();
    const backlog = openBacklog(hand as unknown as EventLog, 'audit', { maxRecords: 3, maxLength: 1000 });
    hand.broken = true;
    for (let i = 0; i < 5; i++) backlog.record(`{"n":${i}}`);
    expect([backlog.pending, backlog.dropped]).toEqual([3, 2]);
    const long = openBacklog(hand as unknown as EventLog, 'audit', { maxRecords: 3, maxLength: 10 });
    long.record('x'.repeat(11));
    expect([long.pending, long.dropped]).toEqual([0, 1]);
    backlog.close();
    expect([backlog.pending, backlog.dropped]).toEqual([0, 5]);
  });
});
