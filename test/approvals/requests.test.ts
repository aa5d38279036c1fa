import { describe, expect, it } from 'vitest';
import type { Hold, HoldOutcome } from '../../src/approvals/contract.ts';
import { until } from '../store/log-fixture.ts';
import { approvalSettings } from '../support/approvals.ts';
import { ADMIN, AUDITOR, DEV, ELEVATION, holdAsk, ISSUER, principal, RITA, ROSA, STRANGER } from './people.ts';
import { openRig } from './requests-rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('an elevation', () => {
  it('is asked for, approved by somebody else, in force for its time, and over', async () => {
    const { requests, clock, recorded } = await openRig();
    const { request, status } = await requests.ask(DEV, ELEVATION);
    expect([request.id, status]).toEqual([expect.stringMatching(/^r-[0-9a-hjkmnp-tv-z]{8}$/), 'pending']);
    expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    const approved = await requests.approve(request.id, ROSA, 'cli', 'fine', { durationMs: 10 * MINUTE });
    expect(approved).toMatchObject({ status: 'approved', validUntil: clock.now + 10 * MINUTE });
    expect(requests.elevationsOf(DEV, 'app')).toMatchObject([{ request: request.id, access: 'write' }]);
    expect(requests.elevationsOf(principal('dev', { kind: 'agent', actor: 'helper' }), 'app')).toEqual([]);
    expect(requests.elevationsOf(DEV, 'other')).toEqual([]);
    clock.now += 10 * MINUTE;
    expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    await requests.sweep();
    expect(requests.get(request.id, DEV)?.status).toBe('ended');
    expect(recorded).toEqual([`requested ${request.id}`, `approved ${request.id}`, `ended ${request.id}`]);
  });

  it('is not revived by a clock that is set back, even before its end could be written', async () => {
    const { requests, clock, audit } = await openRig();
    const { request } = await requests.ask(DEV, ELEVATION);
    await requests.approve(request.id, ROSA, 'cli', '', {});
    audit.broken = true;
    clock.now += 2 * HOUR;
    await requests.sweep();
    clock.now -= 2 * HOUR;
    expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    audit.broken = false;
    clock.now += 2 * HOUR;
    await requests.sweep();
    expect(requests.get(request.id, DEV)?.status).toBe('ended');
  });

  it('expires undecided, and is decided no more', async () => {
    const { requests, clock } = await openRig();
    const { request } = await requests.ask(DEV, ELEVATION);
    clock.now += HOUR;
    await expect(requests.approve(request.id, ROSA, 'cli', '', {})).rejects.toMatchObject({ code: 'usage' });
    await requests.sweep();
    expect(requests.get(request.id, DEV)?.status).toBe('expired');
  });

  it.each([
    ['the requester', DEV],
    [
      'the same email at another issuer',
      principal('x', { issuer: 'https://b.example.com', email: 'DEV@example.com', groups: ['reviewers'] }),
    ],
    ['an agent for a reviewer', principal('rosa', { kind: 'agent', actor: 'helper', groups: ['reviewers'] })],
    ['a service among the reviewers', principal('ci', { kind: 'service', groups: ['reviewers'] })],
    ['an administrator who is no reviewer', ADMIN],
    ['an auditor', AUDITOR],
  ])('is not decided by %s', async (_, who) => {
    const { requests } = await openRig();
    const dev = { ...DEV, groups: ['developers', 'reviewers'] };
    const { request } = await requests.ask(dev, ELEVATION);
    expect(requests.mayDecide(request.id, who)).toBe(false);
    const by = who === DEV ? dev : who;
    const refused = { code: expect.stringMatching(/^(denied|not_found)$/) };
    await expect(requests.approve(request.id, by, 'cli', '', {})).rejects.toMatchObject(refused);
    await expect(requests.deny(request.id, by, 'cli', '')).rejects.toMatchObject(refused);
    expect(requests.get(request.id, dev)?.status).toBe('pending');
  });

  it('is unknown to whoever has nothing to do with it', async () => {
    const { requests } = await openRig();
    const { request } = await requests.ask(DEV, ELEVATION);
    expect(requests.get(request.id, STRANGER)).toBeUndefined();
    await expect(requests.approve(request.id, STRANGER, 'cli', '', {})).rejects.toMatchObject({ code: 'not_found' });
    await expect(requests.revoke('r-00000000', ADMIN, '')).rejects.toMatchObject({ code: 'not_found' });
    expect(requests.list(STRANGER, {})).toEqual([]);
    expect(requests.list(AUDITOR, {})).toHaveLength(1);
    expect(requests.list(ROSA, { decidableBy: ROSA })).toHaveLength(1);
  });

  it('needs as many different people as its rule says', async () => {
    const { rules } = approvalSettings();
    const { requests } = await openRig({ approvals: approvalSettings({ rules: [{ ...rules[0]!, needs: 2 }] }) });
    const { request } = await requests.ask(DEV, ELEVATION);
    expect((await requests.approve(request.id, ROSA, 'cli', '', { tables: ['a', 'b'] })).status).toBe('pending');
    await expect(requests.approve(request.id, ROSA, 'cli', '', {})).rejects.toMatchObject({ code: 'usage' });
    const other = { ...ROSA, issuer: 'https://b.example.com' };
    await expect(requests.approve(request.id, other, 'cli', '', {})).rejects.toMatchObject({ code: 'usage' });
    const approved = await requests.approve(request.id, RITA, 'cli', '', { tables: ['public.b', 'c'] });
    expect(approved).toMatchObject({ status: 'approved', terms: { tables: ['public.b'] } });
  });

  it.each([
    ['longer', { durationMs: HOUR + 1 }],
    ['another table', { tables: ['users'] }],
    ['another class', { unmask: ['phone'] as const }],
    ['every class', { unmask: 'all' as const }],
    ['what is of statements', { times: 2 }],
  ])('is never approved for more: %s', async (_, terms) => {
    const { requests } = await openRig();
    const { request } = await requests.ask(DEV, { ...ELEVATION, tables: ['orders'], unmask: ['email'] });
    await expect(requests.approve(request.id, ROSA, 'cli', '', terms)).rejects.toMatchObject({ code: 'usage' });
    expect(requests.get(request.id, DEV)?.status).toBe('pending');
  });

  it('tells the second of two deciders who was first', async () => {
    const { requests } = await openRig();
    const { request } = await requests.ask(DEV, ELEVATION);
    const outcomes = await Promise.allSettled([
      requests.approve(request.id, ROSA, 'cli', '', {}),
      requests.deny(request.id, RITA, 'cli', ''),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toContain('was approved by rosa@example.com');
  });

  it('is revoked by the requester, a decider or an administrator, and by nobody else', async () => {
    const { requests } = await openRig();
    for (const who of [DEV, ROSA, ADMIN]) {
      const { request } = await requests.ask(DEV, ELEVATION);
      await requests.approve(request.id, ROSA, 'cli', '', {});
      await expect(requests.revoke(request.id, AUDITOR, '')).rejects.toMatchObject({ code: 'denied' });
      expect((await requests.revoke(request.id, who, 'over')).status).toBe('revoked');
      expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    }
  });

  it.each([
    ['0 ms', { durationMs: 0 }, '1m'],
    ['10 years', { durationMs: 10 * 365 * 24 * HOUR }, '1m to 4h'],
    ['no duration', { durationMs: Number.NaN }, '1m'],
    ['no reason', { reason: ' \u0000\n ' }, 'reason'],
    ['a reason of 2,001 characters', { reason: 'x'.repeat(2001) }, '2000'],
    ['a reason of 1 MB', { reason: 'x'.repeat(1 << 20) }, '2000'],
    ['nothing', { access: undefined }, 'nothing'],
    ['no tables', { tables: [] }, '1 to 100'],
    ['a table that is none', { tables: ['a.b.c'] }, 'not the name'],
    ['a table twice', { tables: ['a', 'public.a'] }, 'twice'],
  ])('is not asked for with %s', async (_, more, says) => {
    const { requests, recorded } = await openRig();
    const asked = requests.ask(DEV, { ...ELEVATION, ...more });
    await expect(asked).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(says) });
    expect(recorded).toEqual([]);
  });

  it('keeps no control characters of a reason', async () => {
    const { requests } = await openRig();
    const { request } = await requests.ask(DEV, { ...ELEVATION, reason: 'a\u001b[31m\u202eb\u0000\r\nc' });
    expect(request.reason).toBe('a [31m b c');
  });

  it.each([
    ['more than a rule gives', { access: 'admin' as const }],
    ['a class that no rule gives', { unmask: ['health'] as const }],
    ['every class', { unmask: 'all' as const }],
    ['break-glass that is not for them', { breakGlass: true }],
    ['a database that is none', { database: 'nowhere' }],
  ])('is not asked for: %s', async (_, more) => {
    const { requests } = await openRig();
    await expect(requests.ask(DEV, { ...ELEVATION, ...more })).rejects.toMatchObject({ code: 'denied' });
  });

  it('is not asked for where there are no approvals', async () => {
    const { requests } = await openRig({ approvals: undefined });
    await expect(requests.ask(DEV, ELEVATION)).rejects.toMatchObject({ code: 'denied' });
    await expect(requests.hold(holdAsk())).rejects.toMatchObject({ code: 'denied' });
  });

  it('waits out its cool-down after a denial', async () => {
    const { rules } = approvalSettings();
    const { requests, clock } = await openRig({
      approvals: approvalSettings({ rules: [{ ...rules[0]!, cooldownMs: HOUR }] }),
    });
    const { request } = await requests.ask(DEV, ELEVATION);
    await requests.deny(request.id, ROSA, 'cli', 'no');
    await expect(requests.ask(DEV, ELEVATION)).rejects.toMatchObject({ code: 'denied' });
    expect((await requests.ask(DEV, { ...ELEVATION, access: 'ddl' })).status).toBe('pending');
    clock.now += HOUR;
    expect((await requests.ask(DEV, ELEVATION)).status).toBe('pending');
  });

  it('is one of at most 50 that wait of one person', async () => {
    const { requests } = await openRig();
    for (let i = 0; i < 50; i++) await requests.ask(DEV, ELEVATION);
    await expect(requests.ask(DEV, ELEVATION)).rejects.toMatchObject({ code: 'denied' });
    const other = principal('dan', { groups: ['developers'] });
    expect((await requests.ask(other, ELEVATION)).status).toBe('pending');
  });

  it('is approved by itself where all conditions hold', async () => {
    const { requests } = await openRig();
    const ann = principal('ann', { groups: ['analysts'] });
    const auto = await requests.ask(ann, ELEVATION);
    expect(auto).toMatchObject({ status: 'approved', approvals: [{ via: 'auto', by: { subject: 'small' } }] });
    expect((await requests.ask(ann, { ...ELEVATION, reason: 'no ticket' })).status).toBe('pending');
    expect((await requests.ask(ann, { ...ELEVATION, durationMs: 2 * HOUR })).status).toBe('pending');
  });

  it('is broken open where that is allowed, and listed until somebody else reviewed it', async () => {
    const { requests, clock } = await openRig();
    const open = await requests.ask(ADMIN, { ...ELEVATION, access: 'admin', breakGlass: true });
    expect(open).toMatchObject({ status: 'approved', approvals: [{ via: 'break-glass' }] });
    clock.now += HOUR;
    await requests.sweep();
    expect(requests.list(AUDITOR, { unreviewed: true })).toHaveLength(1);
    await expect(requests.review(open.request.id, ADMIN, 'mine')).rejects.toMatchObject({ code: 'usage' });
    await requests.review(open.request.id, ROSA, 'seen');
    expect(requests.list(AUDITOR, { unreviewed: true })).toEqual([]);
  });
});

describe('a held statement', () => {
  it('runs once when it is approved, and its use is recorded before', async () => {
    const { requests, recorded } = await openRig();
    const hold = await requests.hold(holdAsk());
    expect(hold.link).toBe(`https://db.example.com/requests/${hold.request}`);
    await requests.approve(hold.request, ROSA, 'cli', '', { maxRows: 10 });
    expect(await hold.outcome).toEqual({ kind: 'run', request: hold.request, maxRows: 10, confirm: false });
    expect(recorded.at(-1)).toBe(`used ${hold.request}`);
    const again = await requests.hold(holdAsk());
    expect(again.request).not.toBe(hold.request);
  });

  it('is refused when it is denied', async () => {
    const { requests } = await openRig();
    const hold = await requests.hold(holdAsk());
    await requests.deny(hold.request, ROSA, 'cli', 'not on a Friday');
    expect(await hold.outcome).toMatchObject({
      kind: 'refused',
      why: 'denied',
      message: expect.stringContaining('Friday'),
    });
  });

  it('is withdrawn by a CancelRequest, if nobody else waits', async () => {
    const { requests } = await openRig();
    const [one, two] = [await requests.hold(holdAsk()), await requests.hold(holdAsk({ session: 'session-2' }))];
    expect(two.request).toBe(one.request);
    one.cancel();
    expect(await one.outcome).toMatchObject({ why: 'cancelled' });
    await until(() => requests.get(one.request, DEV)!.waiting.length === 1);
    expect(requests.get(one.request, DEV)?.status).toBe('pending');
    two.cancel();
    await until(() => requests.get(one.request, DEV)!.status === 'cancelled');
  });

  it('is over once nothing more is to come of it', async () => {
    const { requests } = await openRig();
    const isOver = (hold: Hold) => Promise.race([hold.over.then(() => true), Promise.resolve().then(() => false)]);
    const each = async (name: string) => await requests.hold(holdAsk({ hash: name, shape: name }));
    const ends: Readonly<Record<string, (hold: Hold) => unknown>> = {
      cancelled: (hold) => hold.cancel(),
      abandoned: (hold) => hold.abandon(),
      denied: ({ request }) => requests.deny(request, ROSA, 'cli', 'no'),
      run: ({ request }) => requests.approve(request, ROSA, 'cli', '', {}),
    };
    for (const [name, end] of Object.entries(ends)) {
      const hold = await each(name);
      expect([name, await isOver(hold)]).toEqual([name, false]);
      await end(hold);
      await hold.over;
    }
    const tried = await each('tried');
    await requests.approve(tried.request, ROSA, 'cli', '', { tryFirst: true });
    expect(await tried.outcome).toMatchObject({ kind: 'run', confirm: true });
    const kept = tried.tried(3);
    await until(() => requests.get(tried.request, DEV)!.triedRows === 3);
    expect(await isOver(tried)).toBe(false);
    await requests.approve(tried.request, ROSA, 'cli', '', {});
    expect(await kept).toBe(true);
    await tried.over;
  });

  it('runs when it is sent again, if its client went away before the approval', async () => {
    const { requests, clock } = await openRig();
    const gone = await requests.hold(holdAsk());
    gone.abandon();
    await until(() => requests.get(gone.request, DEV)!.waiting.length === 0);
    await requests.approve(gone.request, ROSA, 'cli', '', {});
    const other = await requests.hold(holdAsk({ hash: 'h2', session: 'session-2' }));
    expect(other.request).not.toBe(gone.request);
    clock.now += HOUR - 1;
    const back = await requests.hold(holdAsk({ session: 'session-3' }));
    expect([back.request, (await back.outcome).kind]).toEqual([gone.request, 'run']);
  });

  it('does not run any more when the time of its approval is over', async () => {
    const { requests, clock } = await openRig();
    const gone = await requests.hold(holdAsk());
    gone.abandon();
    await requests.approve(gone.request, ROSA, 'cli', '', {});
    clock.now += HOUR;
    expect((await requests.hold(holdAsk())).request).not.toBe(gone.request);
  });

  it('is one request for a batch, of which as many run as were approved', async () => {
    const { requests } = await openRig();
    const holds = await Promise.all(
      [1, 2, 3, 4].map((i) => requests.hold(holdAsk({ hash: `h${i}`, session: `session-${i}` }))),
    );
    expect(new Set(holds.map(({ request }) => request)).size).toBe(1);
    const state = requests.get(holds[0]!.request, DEV)!;
    expect([state.hashes.length, state.waiting.length]).toEqual([4, 4]);
    await requests.approve(state.request.id, ROSA, 'cli', '', { times: 3 });
    const outcomes = await Promise.all(holds.map(({ outcome }) => outcome));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['run', 'run', 'run', 'refused']);
    expect(requests.get(state.request.id, DEV)).toMatchObject({ status: 'used', used: 3 });
  });

  it('waits no longer than it may, and its request stays', async () => {
    const { requests, clock } = await openRig();
    const hold = await requests.hold(holdAsk({ inTransaction: true }));
    const patient = await requests.hold(holdAsk({ session: 'session-2' }));
    clock.now += MINUTE;
    await requests.sweep();
    expect(await hold.outcome).toMatchObject({ why: 'expired' });
    expect(requests.get(hold.request, DEV)?.status).toBe('pending');
    await requests.approve(hold.request, ROSA, 'cli', '', {});
    expect((await patient.outcome).kind).toBe('run');
  });

  it('is tried: its rows are shown, and it is kept or rolled back', async () => {
    const { requests, clock } = await openRig();
    const rounds: [(id: string) => Promise<unknown>, boolean][] = [
      [(id) => requests.approve(id, ROSA, 'cli', '', {}), true],
      [(id) => requests.deny(id, ROSA, 'cli', ''), false],
      [(id) => requests.revoke(id, ADMIN, ''), false],
      [
        () => {
          clock.now += MINUTE;
          return requests.sweep();
        },
        false,
      ],
    ];
    for (const [i, [decide, kept]] of rounds.entries()) {
      const hold = await requests.hold(holdAsk({ hash: `t${i}`, shape: `t${i}` }));
      await requests.approve(hold.request, ROSA, 'cli', '', { tryFirst: true });
      expect(await hold.outcome).toMatchObject({ kind: 'run', confirm: true });
      const keep = hold.tried(7);
      await until(() => requests.get(hold.request, DEV)!.triedRows === 7);
      // The first yes once more, as a second press of its button sends it, is none to the rows.
      await expect(requests.approve(hold.request, ROSA, 'cli', '', { tryFirst: true })).rejects.toThrow(
        'look at the rows',
      );
      await decide(hold.request);
      expect(await keep).toBe(kept);
    }
  });

  it('goes to the approvers of the rule that holds it', async () => {
    const { requests } = await openRig({
      rules: [{ id: 'hold-deletes', match: {}, effect: 'hold', approvers: ['group:dba', 'user:rita@example.com'] }],
    });
    const hold = await requests.hold({ ...holdAsk(), approvers: ['group:dba', 'user:rita@example.com'] });
    expect(requests.mayDecide(hold.request, ROSA)).toBe(false);
    await requests.approve(hold.request, RITA, 'cli', '', {});
    expect((await hold.outcome).kind).toBe('run');
  });
});

describe('the record', () => {
  it('broken: nothing is decided', async () => {
    const { requests, audit } = await openRig();
    const { request } = await requests.ask(DEV, ELEVATION);
    audit.broken = true;
    const refused = { code: 'audit_unavailable', sqlstate: '58030' };
    await expect(requests.ask(DEV, ELEVATION)).rejects.toMatchObject(refused);
    await expect(requests.hold(holdAsk())).rejects.toMatchObject(refused);
    await expect(requests.approve(request.id, ROSA, 'cli', '', {})).rejects.toMatchObject(refused);
    expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    expect(requests.get(request.id, DEV)?.status).toBe('pending');
  });

  it('breaking at the very moment: what is stored has no effect before it is recorded', async () => {
    const rig = await openRig();
    const { requests, audit, log } = rig;
    const { request } = await requests.ask(DEV, ELEVATION);
    const append = log.append.bind(log);
    log.append = async (...args) => {
      const result = await append(...args);
      audit.broken = true;
      return result;
    };
    const approved = requests.approve(request.id, ROSA, 'cli', '', {});
    await expect(approved).rejects.toMatchObject({ code: 'audit_unavailable' });
    log.append = append;
    expect(requests.elevationsOf(DEV, 'app')).toEqual([]);
    audit.broken = false;
    await until(() => requests.elevationsOf(DEV, 'app').length === 1);
    expect(rig.recorded.at(-1)).toBe(`approved ${request.id}`);
  });

  it('has what a process that ended in between had stored, when the next begins', async () => {
    const rig = await openRig();
    const { requests, audit, log } = rig;
    const { request } = await requests.ask(DEV, ELEVATION);
    const append = log.append.bind(log);
    log.append = async (...args) => {
      const result = await append(...args);
      audit.broken = true;
      return result;
    };
    await expect(requests.approve(request.id, ROSA, 'cli', '', {})).rejects.toThrow();
    log.append = append;
    const next = await rig.restart();
    expect(next.recorded).toContain(`approved ${request.id}`);
    expect(next.requests.elevationsOf(DEV, 'app')).toHaveLength(1);
    const third = await next.restart();
    expect(third.recorded).toEqual([]);
  });
});

describe('after a restart', () => {
  it('everything is as before: what waits, what is in force, what may run', async () => {
    const rig = await openRig();
    const { requests, clock } = rig;
    const pending = (await requests.ask(DEV, ELEVATION)).request.id;
    const inForce = (await requests.ask(DEV, ELEVATION)).request.id;
    await requests.approve(inForce, ROSA, 'cli', '', {});
    const held = await requests.hold(holdAsk());
    const approved = await requests.hold(holdAsk({ hash: 'a', shape: 'a' }));
    approved.abandon();
    await requests.approve(approved.request, ROSA, 'cli', '', {});
    const over = (await requests.ask(DEV, ELEVATION)).request.id;
    await requests.revoke(over, DEV, '');

    const next = await rig.restart();
    clock.now += MINUTE;
    expect(next.requests.list(DEV, {}).map(({ request, status }) => [request.id, status])).toEqual(
      requests.list(DEV, {}).map(({ request, status }) => [request.id, status]),
    );
    expect(next.requests.get(pending, DEV)?.status).toBe('pending');
    expect(next.requests.elevationsOf(DEV, 'app')).toMatchObject([{ request: inForce }]);
    // Its session died with the process; the request waits on.
    expect(next.requests.get(held.request, DEV)).toMatchObject({ status: 'pending', waiting: [] });
    const again = await next.requests.hold(holdAsk({ hash: 'a', shape: 'a' }));
    expect((await again.outcome).kind).toBe('run');
    expect(next.requests.get(over, DEV)?.status).toBe('revoked');
  });

  it('what ended by time while nobody looked has ended', async () => {
    const rig = await openRig();
    const { request } = await rig.requests.ask(DEV, ELEVATION);
    await rig.requests.approve(request.id, ROSA, 'cli', '', {});
    await rig.requests.close();
    rig.clock.now += 2 * HOUR;
    const next = await rig.restart();
    expect(next.requests.get(request.id, DEV)?.status).toBe('ended');
  });
});

describe('two services over one log', () => {
  it('let one decider win, and tell the other who did', async () => {
    const a = await openRig({ gatewayId: 'a' });
    const b = await openRig({ gatewayId: 'b', log: a.log, clock: a.clock });
    const { request } = await a.requests.ask(DEV, ELEVATION);
    await b.requests.refresh(request.id);
    const outcomes = await Promise.allSettled([
      a.requests.approve(request.id, ROSA, 'cli', '', {}),
      b.requests.deny(request.id, RITA, 'cli', 'no'),
    ]);
    const lost = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(lost).toHaveLength(1);
    expect(lost[0]!.reason.message).toMatch(/was (approved by rosa|denied by rita)@example\.com/);
    await a.requests.refresh(request.id);
    await b.requests.refresh(request.id);
    expect(a.requests.get(request.id, DEV)).toEqual(b.requests.get(request.id, DEV));
    expect(a.recorded.length + b.recorded.length).toBe(2);
  });

  it('use an approval once', async () => {
    const a = await openRig({ gatewayId: 'a' });
    const b = await openRig({ gatewayId: 'b', log: a.log, clock: a.clock });
    const held = await a.requests.hold(holdAsk());
    held.abandon();
    await a.requests.approve(held.request, ROSA, 'cli', '', {});
    await b.requests.refresh(held.request);
    const [one, two] = await Promise.all([
      a.requests.hold(holdAsk({ session: 'session-a' })),
      b.requests.hold(holdAsk({ session: 'session-b' })),
    ]);
    const ran = await Promise.race([one.outcome, two.outcome]);
    expect(ran.kind).toBe('run');
    const first: (HoldOutcome | 'waits')[] = await Promise.all(
      [one, two].map(({ outcome }) =>
        Promise.race([outcome, new Promise<'waits'>((r) => setTimeout(r, 100, 'waits'))]),
      ),
    );
    expect(first.filter((outcome) => outcome !== 'waits' && outcome.kind === 'run')).toHaveLength(1);
    expect(first.filter((outcome) => outcome === 'waits')).toHaveLength(1);
  });
});

it('leaves out an event that may not follow', async () => {
  const rig = await openRig();
  const { request } = await rig.requests.ask(DEV, ELEVATION);
  const { issuer, subject, kind, actor, email, name, groups } = DEV;
  const by = { key: `${ISSUER}|dev`, issuer, subject, kind, actor, email, name, groups };
  const forged = { type: 'approved', at: rig.clock.now, by, via: 'cli', reason: '', terms: {}, complete: true };
  await rig.log.append(`request/${request.id}`, [{ payload: JSON.stringify({ gateway: 'gw', event: forged }) }]);
  const next = await rig.restart();
  expect(next.requests.get(request.id, DEV)?.status).toBe('pending');
  expect(next.lines.join()).toContain('nobody decides their own request');
  await next.requests.approve(request.id, ROSA, 'cli', '', {});
  expect(next.requests.elevationsOf(DEV, 'app')).toHaveLength(1);
});
