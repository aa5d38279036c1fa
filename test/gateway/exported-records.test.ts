/** Each record once, in order, while segments end, are erased and go away under whoever exports. */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Erasure } from '../../src/audit/erasure.ts';
import type { ExportedRecord } from '../../src/audit/export/exported-record.ts';
import type { IntentFields } from '../../src/audit/record.ts';
import { encodeFacts, openRecorder } from '../../src/audit/recorder.ts';
import { ExportedRecords, type ExportQuery } from '../../src/gateway/exported-records.ts';
import { openHistory } from '../../src/store/history-index.ts';
import { listSegments } from '../../src/store/segment-directory.ts';
import { segmentPath } from '../../src/store/segment-file.ts';
import { cleanUp, openLog, temporaryDirectory } from '../store/log-fixture.ts';

const facts = encodeFacts({ fingerprint: 'f', command: 'SELECT', class: 'read', relations: [], columns: {} });
const BEGIN = Date.parse('2026-01-01T00:00:00Z');

async function opened(segmentBytes = 4096) {
  let now = BEGIN;
  const clock = (): number => (now += 1000);
  const dir = temporaryDirectory();
  const log = await openLog(dir, { segmentBytes, now: clock });
  const recorder = openRecorder(log, { gatewayId: 'gw', now: clock });
  const history = openHistory(log, { file: join(dir, 'index.sqlite') });
  cleanUp(() => history.close());
  const erasure = new Erasure({ log, recorder, history });
  const session = (name: string) => {
    const one = recorder.session(name);
    one.open({
      ...{ issuer: 'https://i', subject: name, principalKind: 'user', actors: [], authMethods: [], bound: false },
      ...{ via: 'tunnel', database: 'shop', environment: 'production', upstreamUser: 'app', policyVersion: 'p' },
      ...{ email: `${name}@demo.test`, groups: [], clientAddress: 'a:1', application: 'psql', purpose: undefined },
    });
    return one;
  };
  const exporting = (query: ExportQuery) =>
    new ExportedRecords({ log, history, gatewayId: 'gw', askerOf: () => undefined }, query);
  return { log, recorder, history, erasure, session, exporting };
}

function intentOf(sql: string): IntentFields {
  return {
    ...{ protocol: 'simple', facts, decision: 'allow', rule: undefined, binds: 0 },
    ...{ sql, sqlJson: JSON.stringify(sql) },
  };
}
const DONE = { rows: 1, bytes: 1, ms: 1, sqlstate: undefined, masked: 0 };

async function rest(records: ExportedRecords): Promise<ExportedRecord[]> {
  const all: ExportedRecord[] = [];
  for await (const batch of records.next()) all.push(...batch.records);
  return all;
}
const positions = (records: readonly ExportedRecord[]) => records.map(({ position }) => position);
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it('gives each record once, in order, while segments are rewritten under it', async () => {
  const { log, erasure, session, exporting } = await opened(1 << 20);
  const records = exporting({ after: 0 });
  await records.begin();
  const got: ExportedRecord[] = [];
  for (let round = 0; round < 8; round++) {
    const one = session(`s${round}`);
    for (let i = 0; i < 15; i++) one.outcome(one.intent(intentOf(`select '${round} ${i}'`)).n, DONE);
    await log.flush();
    got.push(...(await rest(records)));
    if (round % 2 === 0) got.push(...(await rest(records)));
    // Of the segment in the midst of which it stands: what is behind moves to the front.
    for (let i = 0; i < 15; i++) one.outcome(one.intent(intentOf(`select 'late ${round} ${i}'`)).n, DONE);
    if (round % 3 === 0) {
      await log.flush();
      got.push(...(await rest(records)));
      session(`t${round}`);
    }
    await erasure.erase({ session: `s${round}` }, { reason: 'r', by: undefined });
  }
  got.push(...(await rest(records)));
  expect(positions(got)).toEqual(upTo(1, log.syncedPosition));
  expect((await listSegments(log.dir)).length).toBeGreaterThan(3);
});

it('says of a statement what it was and whose, wherever its beginning stands', async () => {
  const { log, session, exporting } = await opened();
  const one = session('ada');
  const { n } = one.intent(intentOf('select 1'));
  await log.flush();
  const after = log.syncedPosition;
  one.outcome(n, DONE);
  one.close('client');
  await log.flush();
  const records = exporting({ after });
  await records.begin();
  const [outcome, close] = await rest(records);
  expect(outcome).toMatchObject({
    record: { kind: 'statement.outcome' },
    intent: { body: { sql: 'select 1' } },
    session: { subject: 'ada' },
  });
  expect(close).toMatchObject({ record: { kind: 'session.close' }, session: { subject: 'ada' } });
});

it('does not tell what was erased while it went on', async () => {
  const { log, erasure, session, exporting } = await opened();
  const one = session('ada');
  const { n } = one.intent(intentOf('select 1'));
  await log.flush();
  const records = exporting({ after: 0 });
  await records.begin();
  await rest(records);
  await erasure.erase({ session: 'ada' }, { reason: 'r', by: undefined });
  await log.flush();
  await rest(records);
  one.outcome(n, DONE);
  await log.flush();
  expect(JSON.stringify(await rest(records))).not.toMatch(/demo\.test|select 1/);
});

it('begins where the time says, and says what there is not any more', async () => {
  const { log, session, exporting } = await opened();
  const one = session('ada');
  for (let i = 0; i < 60; i++) {
    one.outcome(one.intent(intentOf(`select ${i}`)).n, DONE);
    if (i % 5 === 0) await log.flush();
  }
  await log.flush();
  const all = exporting({ after: 0 });
  await all.begin();
  const everything = await rest(all);
  const middle = everything[60]!;
  const since = exporting({ since: Date.parse(middle.record.at) });
  const { after } = await since.begin();
  expect(after).toBeGreaterThan(0);
  expect(positions(await rest(since))).toEqual(upTo(middle.position, log.syncedPosition));
  const until = exporting({ since: BEGIN, until: Date.parse(middle.record.at) });
  await until.begin();
  expect(positions(await rest(until))).toEqual(upTo(1, middle.position));
  const [first] = await listSegments(log.dir);
  unlinkSync(segmentPath(log.dir, first!));
  const gone = exporting({ after: 0 });
  expect((await gone.begin()).first).toBeGreaterThan(1);
  expect(positions(await rest(gone))).toEqual(upTo((await listSegments(log.dir))[0]!, log.syncedPosition));
});
