/** What the gateway records of itself, and of statements whose end an earlier process did not see. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import { encodeFacts, openRecorder } from '../../src/audit/recorder.ts';
import { LifeRecord } from '../../src/gateway/life-record.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { openLog, payloads, temporaryDirectory } from '../store/log-fixture.ts';

const facts = encodeFacts({ fingerprint: 'f', command: 'SELECT', class: 'read', relations: [], columns: {} });
const intent = { protocol: 'simple', facts, rule: undefined, binds: 0, sql: 'x', sqlJson: '"x"' } as const;
const ended = { rows: 1, bytes: 1, ms: 1, sqlstate: undefined, masked: 0 };

async function life(dir: string) {
  const log = await openLog(dir, { segmentBytes: 5_000 });
  const recorder = openRecorder(log, { gatewayId: 'gw', now: Date.now });
  const lines: string[] = [];
  const record = new LifeRecord({ log, recorder, stateDir: dir, logLine: (line) => lines.push(line) });
  const all = async (): Promise<AuditRecord[]> => {
    await log.flush();
    return (await payloads(log.readAll())).map((payload) => JSON.parse(payload) as AuditRecord);
  };
  /** A process that ends here leaves everything as it is. */
  const crash = async (): Promise<void> => {
    await log.flush();
    recorder.close();
    await log.close();
  };
  return { log, recorder, record, lines, all, crash };
}

const marked = (records: readonly AuditRecord[]): string[] =>
  records.flatMap((one) =>
    one.kind === 'statement.outcome' && one.fate === 'may_have_run' ? [`${one.session}.${one.n}`] : [],
  );

describe('what an earlier process left open', () => {
  it('gets an outcome once: what was sent and not answered, in any session, but nothing refused', async () => {
    const dir = temporaryDirectory();
    const first = await life(dir);
    await first.record.started(rules('p1'));
    const [a, b] = [first.recorder.session('a'), first.recorder.session('b')];
    for (let i = 0; i < 40; i++) a.outcome(a.intent({ ...intent, decision: 'allow' }).n, ended);
    a.intent({ ...intent, decision: 'allow' });
    a.intent({ ...intent, decision: 'deny' });
    for (let i = 0; i < 40; i++) b.outcome(b.intent({ ...intent, decision: 'mask' }).n, ended);
    b.intent({ ...intent, decision: 'mask' });
    a.close('client');
    await first.crash();

    const second = await life(dir);
    await second.record.started(rules('p1'));
    // Of the process itself: it goes on.
    second.recorder.session('c').intent({ ...intent, decision: 'allow' });
    await second.record.settled;
    expect(marked(await second.all())).toEqual(['a.41', 'b.41']);
    expect(second.lines).toEqual(['audit: 2 statements may have run when the gateway ended last']);
    await second.crash();

    const third = await life(dir);
    await third.record.started(rules('p1'));
    await third.record.settled;
    expect(marked(await third.all())).toEqual(['a.41', 'b.41', 'c.1']);
    await third.record.stopped();
    await third.crash();

    const fourth = await life(dir);
    await fourth.record.started(rules('p1'));
    await fourth.record.settled;
    expect(marked(await fourth.all())).toEqual(['a.41', 'b.41', 'c.1']);
    expect(fourth.lines).toEqual([]);
    await fourth.crash();
  });

  it('is looked for in the whole record where the file is of no use, and that is said', async () => {
    const dir = temporaryDirectory();
    const first = await life(dir);
    await first.record.started(rules('p1'));
    first.recorder.session('a').intent({ ...intent, decision: 'allow' });
    await first.crash();
    writeFileSync(path.join(dir, 'life.json'), '{"settledTo":"all","policyVersion":"p1"}');
    const second = await life(dir);
    expect(second.lines).toEqual([expect.stringContaining('life.json cannot be used')]);
    await second.record.started(rules('p1'));
    await second.record.settled;
    expect(marked(await second.all())).toEqual(['a.1']);
    await second.crash();
  });
});

const rules = (policy: string) => ({ policy, roles: 'r1', approvals: 'a1' });

describe('what happens to the gateway', () => {
  it('is recorded: starts, stops, policies that are others than before, tokens once', async () => {
    const dir = temporaryDirectory();
    const first = await life(dir);
    await first.record.started(rules('p1'));
    first.record.rulesInForce(rules('p1'));
    first.record.rulesInForce(rules('p2'));
    first.record.rulesInForce({ ...rules('p2'), roles: 'r2', approvals: 'a2' });
    const principal: Principal = {
      kind: 'agent',
      issuer: 'https://i',
      subject: 'u',
      email: 'u@demo.test',
      name: undefined,
      groups: ['dev'],
      actor: 'bot',
      expiresAt: 0,
      authMethods: ['pwd', 'otp'],
      jkt: 'k',
    };
    first.record.accepted(principal, 'token 1');
    first.record.accepted(principal, 'token 1');
    first.record.accepted(principal, 'token 2');
    first.record.classesChanged('shop', []);
    await first.record.stopped();
    const records = await first.all();
    await first.crash();
    const second = await life(dir);
    await second.record.started({ ...rules('p2'), roles: 'r2', approvals: 'a2' });
    expect((await second.all()).slice(records.length).map(({ kind }) => kind)).toEqual(['gateway.started']);
    await second.crash();

    const told = records.map((record) => ('detail' in record ? [record.kind, record.detail] : []));
    expect(told).toEqual([
      ['gateway.started', { version: expect.any(String), node: process.versions.node, policyVersion: 'p1' }],
      ['policy.changed', { version: 'p1', before: null, changed: 'policy', roles: 'r1', approvals: 'a1' }],
      ['policy.changed', { version: 'p2', before: 'p1', changed: 'policy', roles: 'r1', approvals: 'a1' }],
      ['policy.changed', { version: 'p2', before: 'p2', changed: 'roles approvals', roles: 'r2', approvals: 'a2' }],
      ['identity.login', { principalKind: 'agent', methods: 'pwd otp', bound: true }],
      ['identity.login', { principalKind: 'agent', methods: 'pwd otp', bound: true }],
      ['gateway.stopped', {}],
    ]);
    expect(records[4]).toMatchObject({ by: 'https://i|u', body: { email: 'u@demo.test', actor: 'bot' } });
    // Nothing by which a token could be found.
    expect(JSON.stringify(records)).not.toContain('token');
  });
});
