import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestEvent } from '../../src/approvals/request.ts';
import { bodyOf, envelopeOf } from '../../src/audit/envelope.ts';
import { openBacklog } from '../../src/audit/record-backlog.ts';
import { encodeFacts, isoClock, millis, openRecorder } from '../../src/audit/recorder.ts';
import type { EventLog, LogListener } from '../../src/store/event-log.ts';
import { openLog, payloads, temporaryDirectory, until } from '../store/log-fixture.ts';

const NOW = Date.parse('2026-03-04T05:06:07.089Z');
const AT = '2026-03-04T05:06:07.089Z';

const who = {
  email: 'dev@demo.test',
  groups: ['dev'],
  clientAddress: '127.0.0.1',
  application: 'psql\n',
  purpose: undefined,
};
const open = {
  issuer: 'https://issuer.test',
  subject: 'u"1',
  principalKind: 'user',
  actors: [],
  authMethods: ['pwd'],
  bound: true,
  via: 'tunnel',
  database: 'shop',
  environment: 'production',
  upstreamUser: 'app',
} as const;

const told = {
  fingerprint: '0123456789abcdef',
  command: 'SELECT',
  class: 'read',
  relations: ['public."t"'],
  columns: { 'public.t.mail': 'email' },
} as const;
const facts = encodeFacts(told);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

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

/** The record without what is random in it. */
function unsalted(payload: string): unknown {
  const { body, ...record } = JSON.parse(payload) as { body?: { salt: string } };
  if (body === undefined) return record;
  const { salt, ...rest } = body;
  expect(salt).toMatch(/^[\w-]{22}$/);
  return { ...record, body: rest };
}

describe('recorder', () => {
  it('records a session in order, with fixed keys, undefined left out', async () => {
    const log = await openLog(temporaryDirectory());
    const recorder = openRecorder(log, { gatewayId: 'gw"1', now: () => NOW, clockState: () => 'synchronised' });
    const session = recorder.session('s"1');
    let policyVersion = 'p1';
    expect(session.open({ ...open, ...who, policyVersion: () => policyVersion })).toBe(1);
    const sql = "select\n'x\"'";
    const common = { protocol: 'simple', facts, rule: undefined, binds: 0 } as const;
    expect(session.intent({ ...common, sql, sqlJson: JSON.stringify(sql), decision: 'allow' })).toEqual({
      n: 1,
      position: 2,
    });
    session.outcome(1, { rows: 3, bytes: 99, ms: 1.23456, sqlstate: undefined, masked: 2, maskedBy: { email: 2 } });
    policyVersion = 'p2';
    const denied = {
      protocol: 'extended',
      facts,
      decision: 'deny',
      rule: 'production.no-drop',
      approval: 'r1',
    } as const;
    const dropped = { ...denied, sql: 'drop table t', sqlJson: '"drop table t"', binds: 2, valuesJson: '["1",null]' };
    expect(session.intent(dropped).n).toBe(2);
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
    const stored = await payloads(log.readAll());
    const { salt, hash } = (JSON.parse(stored[1]!) as { body: { salt: string; hash: string } }).body;
    expect(hash).toBe(sha256(sql + salt));
    const refused = (JSON.parse(stored[3]!) as { body: { salt: string; hash: string } }).body;
    expect(refused.hash).toBe(sha256(`drop table t${refused.salt}`));
    const v = 2;
    const gateway = 'gw"1';
    const run = { v, kind: 'statement.intent', at: AT, session: 's"1' };
    const ended = { v, kind: 'statement.outcome', at: AT, session: 's"1' };
    const expected = [
      {
        v,
        kind: 'session.open',
        at: AT,
        session: 's"1',
        gateway,
        clock: 'synchronised',
        ...open,
        policyVersion: 'p1',
        body: who,
      },
      { ...run, n: 1, protocol: 'simple', ...told, decision: 'allow', binds: 0, body: { sql, hash } },
      { ...ended, n: 1, rows: 3, bytes: 99, ms: 1.235, masked: 2, maskedBy: { email: 2 } },
      {
        ...run,
        n: 2,
        protocol: 'extended',
        ...told,
        decision: 'deny',
        rule: 'production.no-drop',
        approval: 'r1',
        policyVersion: 'p2',
        binds: 2,
        body: { sql: 'drop table t', hash: refused.hash, values: ['1', null] },
      },
      { ...ended, n: 2, rows: 0, bytes: 0, ms: 0.5, sqlstate: '42501', masked: 0 },
      {
        v,
        kind: 'connect.refused',
        at: AT,
        gateway,
        database: 'shop',
        code: 'token_invalid',
        body: { clientAddress: '::1', reason: 'expired' },
      },
      { v, kind: 'session.close', at: AT, session: 's"1', reason: 'client', statements: 2, denied: 1 },
    ];
    expect(stored.map((payload) => JSON.stringify(unsalted(payload)))).toEqual(
      expected.map((record) => JSON.stringify(record)),
    );
  });

  it('records events of requests and of the gateway, durable or as they come', async () => {
    const log = await openLog(temporaryDirectory());
    const recorder = openRecorder(log, { gatewayId: 'gw', now: () => NOW });
    const event = { type: 'cancelled', at: AT, by: 'i|dev' } as unknown as RequestEvent;
    const position = await recorder.event({
      kind: 'request.event',
      request: 'r1',
      type: event.type,
      by: 'i|dev',
      database: 'shop',
      event,
    });
    expect(log.durablePosition).toBeGreaterThanOrEqual(position);
    recorder.note({ kind: 'policy.changed', by: undefined, database: undefined, detail: { version: 'p2' } });
    await recorder.event({
      kind: 'history.read',
      by: 'i|a',
      database: 'x',
      detail: {},
      body: { query: { grep: 'é' } },
    });
    await log.flush();
    const stored = await payloads(log.readAll());
    expect(stored.map(unsalted)).toEqual([
      {
        v: 2,
        kind: 'request.event',
        at: AT,
        gateway: 'gw',
        request: 'r1',
        type: 'cancelled',
        by: 'i|dev',
        database: 'shop',
        body: { event },
      },
      { v: 2, kind: 'policy.changed', at: AT, gateway: 'gw', detail: { version: 'p2' }, body: {} },
      {
        v: 2,
        kind: 'history.read',
        at: AT,
        gateway: 'gw',
        by: 'i|a',
        database: 'x',
        detail: {},
        body: { query: { grep: 'é' } },
      },
    ]);
    for (const payload of stored) expect(bodyOf(payload)).toBe(JSON.stringify((JSON.parse(payload) as Bodied).body));
    await log.close();
    await expect(
      recorder.event({ kind: 'history.read', by: undefined, database: undefined, detail: {} }),
    ).rejects.toMatchObject({ code: 'audit_unavailable' });
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
        fc.option(fc.array(fc.option(fc.string())), { nil: undefined }),
        (sql, rule, count, ms, sqlstate, values) => {
          const { n } = session.intent({
            protocol: 'extended',
            facts,
            sql,
            sqlJson: JSON.stringify(sql),
            decision: 'allow',
            rule,
            binds: count,
            valuesJson: values && JSON.stringify(values),
          });
          const intent = hand.taken.at(-1)!;
          expect(intent).toBe(JSON.stringify(JSON.parse(intent)));
          const { body, ...record } = JSON.parse(intent) as Record<string, unknown>;
          expect(record).toMatchObject({ n, ...told, binds: count, ...(rule === undefined ? {} : { rule }) });
          expect(body).toMatchObject({ sql, ...(values === undefined ? {} : { values }) });
          // Erased, it is the same leaf.
          const envelope = envelopeOf(intent);
          expect(envelopeOf(envelope)).toBe(envelope);
          expect(JSON.parse(envelope)).toEqual({ ...record, body: expect.stringMatching(/^sha256:/) });
          session.outcome(n, { rows: count, bytes: count, ms, sqlstate, masked: 0 });
          const outcome = hand.taken.at(-1)!;
          expect(outcome).toBe(JSON.stringify(JSON.parse(outcome)));
          expect(JSON.parse(outcome)).toMatchObject({ ms: Math.round(ms * 1000) / 1000 });
          expect(outcome).not.toContain('\n');
        },
      ),
    );
  });

  it('says milliseconds to the microsecond, as JSON does', () => {
    for (const micros of [0, 1, 10, 99, 100, 101, 110, 999, 1000, 1001, 1010, 1100, 123_456, 999_999_999_999]) {
      expect(millis(micros / 1000)).toBe(String(micros / 1000));
    }
    expect([0.0004, 0.0006, -0.001, 1e12, Number.NaN, Number.POSITIVE_INFINITY].map(millis)).toEqual([
      '0',
      '0.001',
      '-0.001',
      '1000000000000',
      '0',
      '0',
    ]);
  });

  it('hashes a long text once, and each of its records with its own salt', () => {
    const hand = logInHand();
    const session = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW }).session('s');
    const texts = ['a'.repeat(10_000), 'ü'.repeat(10_000)];
    for (const sql of [texts[0]!, texts[0]!, texts[1]!, texts[0]!]) {
      session.intent({ protocol: 'simple', facts, sql, sqlJson: '""', decision: 'allow', rule: undefined, binds: 0 });
      const { salt, hash } = (JSON.parse(hand.taken.at(-1)!) as { body: { salt: string; hash: string } }).body;
      expect(hash).toBe(sha256(sql + salt));
    }
  });

  it('gives no number to a statement whose intent is refused', () => {
    const hand = logInHand();
    const session = openRecorder(hand as unknown as EventLog, { gatewayId: 'gw', now: () => NOW }).session('s');
    const intent = {
      protocol: 'simple',
      facts,
      sql: 'x',
      sqlJson: '"x"',
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

interface Bodied {
  readonly body: unknown;
}

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

it('the clock says what Date says, whichever way it goes', () => {
  const near = fc.integer({ min: -2_100, max: 2_100 });
  fc.assert(
    fc.property(fc.integer({ min: -5_000, max: 253_402_300_799_999 }), fc.array(near), (start, steps) => {
      let now = start;
      const clock = isoClock(() => now);
      for (const step of [0, ...steps]) {
        now = Math.min(now + step, 253_402_300_799_999);
        expect(clock()).toBe(new Date(now).toISOString());
      }
    }),
  );
  expect(isoClock(() => NOW + 0.7)()).toBe(AT);
});
