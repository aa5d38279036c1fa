/** What is erased is gone from every file, and the tree's leaves are what they were. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestEvent } from '../../src/approvals/request.ts';
import { envelopeOf } from '../../src/audit/envelope.ts';
import { Erasure, type ErasureChoice } from '../../src/audit/erasure.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { encodeFacts, openRecorder } from '../../src/audit/recorder.ts';
import { applyRetention } from '../../src/gateway/retention.ts';
import { openHistory } from '../../src/store/history-index.ts';
import { all, cleanUp, openLog, payloads, temporaryDirectory } from '../store/log-fixture.ts';

const facts = encodeFacts({ fingerprint: 'f', command: 'SELECT', class: 'read', relations: [], columns: {} });

async function filled(segmentBytes: number) {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = (): number => (now += 1000);
  const dir = temporaryDirectory();
  const log = await openLog(dir, { segmentBytes, now: clock });
  const recorder = openRecorder(log, { gatewayId: 'gw', now: clock });
  for (const name of ['ada', 'bob']) {
    for (let s = 0; s < 3; s++) {
      const session = recorder.session(`${name}-${s}`);
      session.open({
        ...{
          issuer: 'https://i',
          subject: `sub-${name}`,
          principalKind: 'user',
          actors: [],
          authMethods: [],
          bound: false,
        },
        ...{ via: 'tunnel', database: 'shop', environment: 'production', upstreamUser: 'app', policyVersion: 'p' },
        ...{
          email: `${name}@demo.test`,
          groups: [],
          clientAddress: `client-of-${name}`,
          application: 'psql',
          purpose: undefined,
        },
      });
      for (let i = 0; i < 20; i++) {
        const sql = `select 'text of ${name} ${s} ${i}' from Ünïcode`;
        const { n } = session.intent({
          ...{ protocol: 'simple', facts, decision: 'allow', rule: undefined, binds: 0 },
          ...{ sql, sqlJson: JSON.stringify(sql) },
        });
        session.outcome(n, { rows: 1, bytes: 1, ms: 1, sqlstate: undefined, masked: 0 });
      }
      session.close('client');
      await log.flush();
    }
  }
  recorder.note({
    kind: 'identity.login',
    by: 'https://i|sub-ada',
    database: undefined,
    detail: {},
    body: { email: 'ada@demo.test' },
  });
  await log.flush();
  const history = openHistory(log, { file: join(dir, 'index.sqlite') });
  cleanUp(() => history.close());
  const erasure = new Erasure({ log, recorder, history });
  const erase = (choice: ErasureChoice) => erasure.erase(choice, { reason: 'they asked', by: 'https://i|admin' });
  /** Names of the files in which it stands. */
  const filesWith = (text: string): string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text))
      .map(({ name }) => name);
  return { dir, log, recorder, history, erasure, erase, filesWith };
}

describe('erasure', () => {
  for (const segmentBytes of [3_000, 1 << 20]) {
    it(`of a person leaves nothing of them in any file, and all leaves as they were (segments of ${segmentBytes})`, async () => {
      const { dir, log, history, erase, filesWith } = await filled(segmentBytes);
      await history.catchUp();
      const before = await all(log.readAll());
      expect(filesWith('text of ada')).not.toEqual([]);
      const { records } = await erase({ subject: 'ada@demo.test' });
      // Three sessions of 20 statements, and one log-in.
      expect(records).toBe(3 * 21 + 1);
      await history.catchUp();
      const after = await all(log.readAll());
      expect(after.slice(0, before.length).map(({ payload }) => envelopeOf(payload))).toEqual(
        before.map(({ payload }) => envelopeOf(payload)),
      );
      const places = ({ position, stream, streamSeq }: (typeof before)[number]): unknown => [
        position,
        stream,
        streamSeq,
      ];
      expect(after.slice(0, before.length).map(places)).toEqual(before.map(places));
      expect(JSON.parse(after.at(-1)!.payload)).toMatchObject({
        kind: 'audit.erased',
        by: 'https://i|admin',
        detail: { records, bySubject: true },
        body: { reason: 'they asked' },
      });
      expect(filesWith('text of ada')).toEqual([]);
      expect(filesWith('client-of-ada')).toEqual([]);
      expect(filesWith('text of bob')).not.toEqual([]);
      const page = await history.query({ limit: 1000 });
      expect(page.entries.filter(({ sql }) => sql === null)).toHaveLength(60);
      // Again: there is nothing left of them but why they were erased.
      expect(await erase({ subject: 'sub-ada' })).toEqual({ records: 0, segments: 0, away: 0 });
      // It goes on, and is read again, by whoever opens it next.
      await log.append('audit', [{ payload: '{"v":2,"kind":"gateway.stopped"}' }]);
      await history.close();
      await log.close();
      const again = await openLog(dir, { segmentBytes });
      expect((await payloads(again.readAll())).slice(0, before.length)).toEqual(
        after.slice(0, before.length).map(({ payload }) => payload),
      );
      expect(again.status().recoveryNotes).toEqual([]);
    });
  }

  it('by an address reaches what says only by its key whose it is', async () => {
    const { log, recorder, erase, filesWith } = await filled(3_000);
    const key = 'https://i|sub-ada';
    const [issuer, subject] = ['https://i', 'sub-ada'];
    const by = { key, issuer, subject, kind: 'user', email: 'Ada@demo.test', name: 'Ada of the story', groups: [] };
    for (const event of [
      { type: 'requested', at: 1, request: { id: 'r-1', by, reason: 'reason of ada' } },
      { type: 'cancelled', at: 2, by, reason: 'second thought of ada' },
      {
        type: 'revoked',
        at: 3,
        by: { ...by, key: 'https://i|sub-bob', email: 'bob@demo.test', name: 'Bob' },
        reason: 'words of bob',
      },
    ] as unknown as RequestEvent[]) {
      const who = event.type === 'revoked' ? 'https://i|sub-bob' : key;
      const { type } = event;
      await recorder.event({ kind: 'request.event', request: 'r-1', type, by: who, database: 'shop', event });
    }
    const read = { kind: 'history.read', by: key, database: undefined, detail: {} } as const;
    await recorder.event({ ...read, body: { query: { grep: 'sought by ada' } } });
    await erase({ subject: 'ada@demo.test' });
    for (const text of ['reason of ada', 'second thought of ada', 'sought by ada', 'text of ada']) {
      expect(filesWith(text), text).toEqual([]);
    }
    expect(filesWith('words of bob')).not.toEqual([]);
    expect(filesWith('text of bob')).not.toEqual([]);
    expect((await payloads(log.readAll())).filter((payload) => payload.includes('Ada'))).toEqual([]);
  });

  it('of a session, of one statement, of what is older', async () => {
    const { log, erase } = await filled(10_000);
    const erased = async (): Promise<string[]> =>
      (await payloads(log.readAll())).flatMap((payload) => {
        const record = JSON.parse(payload) as AuditRecord;
        return 'body' in record && typeof record.body === 'string' && record.kind === 'statement.intent'
          ? [`${record.session}.${record.n}`]
          : [];
      });
    expect(await erase({ id: 'bob-1.7' })).toMatchObject({ records: 1, segments: 1 });
    expect(await erased()).toEqual(['bob-1.7']);
    expect(await erase({ session: 'bob-1' })).toMatchObject({ records: 20 });
    expect((await erased()).every((id) => id.startsWith('bob-1.'))).toBe(true);
    const [first] = await payloads(log.readAll());
    const at = Date.parse((JSON.parse(first!) as { at: string }).at);
    expect(await erase({ beforeMs: at + 1 })).toMatchObject({ records: 1 });
    await expect(erase({})).rejects.toMatchObject({ code: 'usage' });
    expect(await erase({ session: 'nobody' })).toEqual({ records: 0, segments: 0, away: 0 });
  });

  it('makes of a record what is its leaf already', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (key, body) => {
        const payload = `${JSON.stringify({ v: 2, kind: 'x', [key]: key }).slice(
          0,
          -1,
        )},"body":${JSON.stringify({ salt: 'AAAAAAAAAAAAAAAAAAAAAA', ...body })}}`;
        expect(envelopeOf(envelopeOf(payload))).toBe(envelopeOf(payload));
      }),
    );
  });
});

describe('retention', () => {
  it('removes whole old segments from the oldest on, but none that the gateway is made of, and says how large the tree was', async () => {
    const { dir, log, recorder, erasure } = await filled(3_000);
    await log.append('objects', [{ payload: '{"v":2,"kind":"object.created"}' }]);
    const records = await all(log.readAll());
    const objects = records.at(-1)!.position;
    for (let i = 0; i < 50; i++) await log.append('audit', [{ payload: `{"filler":"${'x'.repeat(200)}"}` }]);
    const parts = { dir, erasure, recorder, logLine: () => undefined };
    const times = records.map(({ payload }) => Date.parse((JSON.parse(payload) as { at?: string }).at ?? ''));
    const third = times[Math.floor(records.length / 3)]!;
    await applyRetention({ ...parts, now: () => third + 1000, settings: { bodiesMs: undefined, recordsMs: 1000 } });
    const left = await all(log.readAll());
    const gone = left[0]!.position - 1;
    expect(gone).toBeGreaterThan(10);
    expect(Date.parse((JSON.parse(records[gone - 1]!.payload) as { at: string }).at)).toBeLessThan(third);
    expect(JSON.parse(left.at(-1)!.payload)).toMatchObject({
      kind: 'audit.retired',
      detail: { treeSize: gone, lastPosition: gone },
    });
    // However old: what stands before who owns what goes, that itself does not.
    await applyRetention({ ...parts, now: () => 4e12, settings: { bodiesMs: undefined, recordsMs: 1000 } });
    const last = await all(log.readAll());
    expect(last[0]!.position).toBeGreaterThan(gone + 1);
    expect(last.some(({ position }) => position === objects)).toBe(true);
    await log.close();
    const again = await openLog(dir);
    expect((await all(again.readAll())).map(({ position }) => position)).toEqual(last.map(({ position }) => position));
  });

  it('erases bodies of statements that touch a class sooner than others', async () => {
    const { dir, log, recorder, erasure } = await filled(3_000);
    const session = recorder.session('health');
    const ofClass = encodeFacts({
      ...{ fingerprint: 'h', command: 'SELECT', class: 'read', relations: ['public.visits'] },
      columns: { 'public.visits.note': 'health' },
    });
    for (const one of [ofClass, facts]) {
      session.intent({
        ...{ protocol: 'simple', facts: one, decision: 'allow', rule: undefined, binds: 0 },
        ...{ sql: 'select 1', sqlJson: '"select 1"' },
      });
    }
    await log.flush();
    const parts = { dir, erasure, recorder, logLine: () => undefined };
    const settings = { bodiesMs: undefined, classesMs: { health: 1000 }, recordsMs: undefined };
    await applyRetention({ ...parts, now: () => 4e12, settings });
    const erased = (await payloads(log.readAll()))
      .map((payload) => JSON.parse(payload) as AuditRecord)
      .filter((record) => 'body' in record && typeof record.body === 'string');
    expect(erased.map((record) => record.kind === 'statement.intent' && record.columns)).toEqual([
      { 'public.visits.note': 'health' },
    ]);
  });

  it('erases bodies that are old enough', async () => {
    const { dir, log, recorder, erasure } = await filled(3_000);
    const at = Date.parse('2026-01-01T00:01:00Z');
    const parts = { dir, erasure, recorder, logLine: () => undefined };
    await applyRetention({ ...parts, now: () => at + 5000, settings: { bodiesMs: 5000, recordsMs: undefined } });
    const young = (record: AuditRecord): boolean => Date.parse(record.at) >= at;
    const bodies = (await payloads(log.readAll()))
      .map((payload) => JSON.parse(payload) as AuditRecord)
      .filter((record) => 'body' in record);
    expect(bodies.some((record) => !young(record))).toBe(true);
    for (const record of bodies)
      expect('body' in record && typeof record.body).toBe(young(record) ? 'object' : 'string');
  });
});
