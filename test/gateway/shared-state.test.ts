/** What gateways have in common besides requests, on a real shared log: who is cut off, and who created what. */
import { expect, it } from 'vitest';
import { OBJECTS_STREAM, type OwnedObject, openOwnedObjects } from '../../src/audit/owned-objects.ts';
import { ClassificationStore } from '../../src/gateway/classification-store.ts';
import { type SharedClass, SharedClasses } from '../../src/gateway/shared-classes.ts';
import { SharedRevocations } from '../../src/gateway/shared-revocations.ts';
import { createRevocations, type Revocations, type SubjectRevocation } from '../../src/identity/revocation.ts';
import type { SharedEventLog } from '../../src/store/event-log.ts';
import { CuttingProxy } from '../store/cutting-proxy.ts';
import { cleanUp, openLog, payloads, temporaryDirectory, until } from '../store/log-fixture.ts';
import { DURABLE, newSchema, openShared } from '../store/postgres-log-fixture.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres({ settings: DURABLE });

const leaver = { issuer: 'https://id.test', subject: 'leaver', reason: 'admin' };
const early = { issuer: 'https://id.test', subject: 'early', reason: 'scim', email: 'early@example.test' };

async function revocationsOn(
  log: SharedEventLog,
  dir = temporaryDirectory(),
  kept: readonly SubjectRevocation[] = [],
): Promise<Revocations> {
  const shared = new SharedRevocations(dir, kept, () => {});
  const revocations = createRevocations({ kept, keep: shared.keep });
  await shared.begin(log, revocations);
  cleanUp(() => shared.close());
  return revocations;
}

it('who is cut off by a gateway by itself is cut off by all when it joins, and by those that start later', async () => {
  const schema = newSchema();
  const one = await openShared(server, { schema });
  const two = await openShared(server, { schema });
  const atTwo = await revocationsOn(two.log);
  const cut: string[] = [];
  atTwo.onRevoked(({ subject }) => void cut.push(subject));
  const atOne = await revocationsOn(one.log, temporaryDirectory(), [early]);
  await until(() => atTwo.isRevoked(early));
  expect(atTwo.subjects()).toEqual([early]);
  atOne.revokeSubject(leaver);
  await until(() => atTwo.isRevoked(leaver));
  expect(cut).toEqual(['early', 'leaver']);
  atTwo.restoreSubject(early);
  await until(() => !atOne.isRevoked(early));
  const later = await revocationsOn((await openShared(server, { schema })).log);
  expect(later.subjects()).toEqual([leaver]);
  // One line an event: what is heard is not said again.
  expect((await payloads(one.log.read('revocations'))).length).toBe(3);
});

it('what happened while a gateway was away is applied when it is back, what is no event is not', async () => {
  const schema = newSchema();
  const dir = temporaryDirectory();
  const one = await openShared(server, { schema });
  const two = await openShared(server, { schema });
  const before = await revocationsOn(two.log, dir);
  before.revokeSubject(early);
  const atOne = await revocationsOn(one.log);
  await until(() => atOne.isRevoked(early));
  await two.log.close();
  await two.database.close();
  atOne.restoreSubject(early);
  atOne.revokeSubject(leaver);
  for (const payload of [
    '{',
    'null',
    '"x"',
    '{"kind":"revoked"}',
    '{"kind":"revoked","issuer":1,"subject":"x","reason":"x"}',
  ]) {
    await one.log.append('revocations', [{ payload }]);
  }
  await until(async () => (await payloads(one.log.read('revocations'))).length === 8);
  const back = await revocationsOn((await openShared(server, { schema })).log, dir, before.subjects());
  expect(back.subjects()).toEqual([leaver]);
});

it('who is cut off while the store is away is told when it is back, also by the next process', async () => {
  const schema = newSchema();
  const dir = temporaryDirectory();
  const proxy = await CuttingProxy.before(server.port);
  const one = await openShared(server, { schema, port: proxy.port });
  const two = await openShared(server, { schema });
  const [atOne, atTwo] = [await revocationsOn(one.log, dir), await revocationsOn(two.log)];
  proxy.refusing = true;
  proxy.cut();
  atOne.revokeSubject(leaver);
  expect(atOne.isRevoked(leaver)).toBe(true);
  expect(atTwo.isRevoked(leaver)).toBe(false);
  await one.log.close();
  await one.database.close();
  const next = await openShared(server, { schema });
  await revocationsOn(next.log, dir, atOne.subjects());
  await until(() => atTwo.isRevoked(leaver));
});

const table = (name: string, oid: number): OwnedObject => {
  return { database: 'app', principal: 'https://id.test|dana', catalog: 'pg_class', oid, name };
};

it('what somebody created is theirs at all gateways, also from before they shared anything', async () => {
  const schema = newSchema();
  const alone = await openLog(temporaryDirectory());
  const now = Date.now;
  const byItself = await openOwnedObjects(alone, { now });
  await byItself.created(table('old', 1));
  await byItself.created(table('gone', 2));
  await byItself.dropped(table('gone', 2));
  const one = await openShared(server, { schema });
  const two = await openShared(server, { schema });
  const atTwo = await openOwnedObjects(await openLog(temporaryDirectory()), { now, shared: two.log });
  await one.log.append(OBJECTS_STREAM, [{ payload: 'no JSON' }, { payload: '{"kind":"object.created","oid":"9"}' }]);
  const atOne = await openOwnedObjects(alone, { now, shared: one.log });
  const isOwn = (objects: typeof atOne, oid: number, who = 'dana') =>
    objects.isOwn('app', `https://id.test|${who}`, 'pg_class', oid);
  await until(() => isOwn(atTwo, 1));
  expect([isOwn(atOne, 1), isOwn(atTwo, 2), isOwn(atTwo, 1, 'eve')]).toEqual([true, false, false]);
  await atTwo.created(table('new', 3));
  await until(() => isOwn(atOne, 3));
  await atOne.dropped(table('old', 1));
  await until(() => !isOwn(atTwo, 1));
  // What was dropped elsewhere does not come back with what this gateway remembers.
  await atTwo.dropped(table('new', 3));
  await until(() => !isOwn(atOne, 3));
  const again = await openOwnedObjects(alone, { now, shared: (await openShared(server, { schema })).log });
  expect([isOwn(again, 1), isOwn(again, 3)]).toEqual([false, false]);
});

it('what was copied while the store is away is said at the end, and told by the next process', async () => {
  const schema = newSchema();
  const proxy = await CuttingProxy.before(server.port);
  const one = await openShared(server, { schema, port: proxy.port, doubtMs: 300 });
  const lines: string[] = [];
  const atOne = await SharedClasses.open(one.log, (line) => void lines.push(line));
  const atTwo = await SharedClasses.open((await openShared(server, { schema })).log, () => {});
  const heard: number[] = [];
  atTwo.listen('app', (told) => void (told.kind === 'carried' && heard.push(told.attnum)));
  const copied = (oid: number, attnum: number): SharedClass => {
    return { kind: 'carried', database: 'app', oid, attnum, class: 'email', from: 'public.people.email' };
  };
  atOne.tell(copied(7, 1));
  await until(() => heard.length === 1);
  proxy.refusing = true;
  proxy.cut();
  atOne.tell(copied(7, 2));
  await one.log.append('x', [{ payload: 'x' }]).catch(() => {});
  await atOne.close();
  // The first too, if its answer was cut off.
  expect(lines).toEqual([expect.stringMatching(/^[12] columns .* are not told/)]);
  await one.log.close();
  await one.database.close();
  const next = await SharedClasses.open((await openShared(server, { schema })).log, () => {});
  const store = new ClassificationStore(temporaryDirectory(), 'app', () => {});
  const inherited = [1, 2].map((attnum) => ({ oid: 7, attnum, class: 'email', from: 'public.people.email' }) as const);
  await store.write({ tables: [], inherited });
  await next.tellKept('app', store);
  await until(() => heard.length === 2);
  // What all know is not told again.
  await next.tellKept('app', store);
  await next.close();
  expect(heard).toEqual([1, 2]);
});

it('of what was copied each column is remembered once, and none of what is gone', async () => {
  const { log } = await openShared(server);
  const classes = await SharedClasses.open(log, () => {});
  const at = Date.now();
  const awaited = { kind: 'awaited' as const, database: 'app', lookup: 'made', known: [], from: 'public.people.name' };
  for (const oid of [7, 8, 9])
    for (const of of ['email', 'free_text'] as const)
      classes.tell({ kind: 'carried', database: 'app', oid, attnum: 1, class: of, from: 'public.people.email' });
  for (const ms of [2, 3_600_001, 1]) classes.tell({ ...awaited, class: 'person_name', at: at - ms });
  classes.forget('app', 8);
  const told: unknown[] = [];
  classes.listen('app', (one) => void told.push(one.kind === 'carried' ? [one.oid, one.class] : one.at - at));
  expect(told).toEqual([[7, 'free_text'], [9, 'free_text'], -2, -1]);
  await classes.close();
});

it('what could not be told to the others is nobody’s', async () => {
  const proxy = await CuttingProxy.before(server.port);
  const one = await openShared(server, { port: proxy.port, doubtMs: 300 });
  const objects = await openOwnedObjects(await openLog(temporaryDirectory()), { now: Date.now, shared: one.log });
  proxy.refusing = true;
  proxy.cut();
  await until(async () => {
    await one.log.append('x', [{ payload: 'x' }]).catch(() => {});
    return one.log.state === 'failed';
  });
  await expect(objects.created(table('t', 5))).rejects.toMatchObject({ code: 'audit_unavailable' });
  expect(objects.isOwned('app', 'pg_class', 5)).toBe(false);
});
