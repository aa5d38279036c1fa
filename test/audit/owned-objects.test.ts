import { describe, expect, it } from 'vitest';
import { openOwnedObjects } from '../../src/audit/owned-objects.ts';
import { openLog, payloads, temporaryDirectory } from '../store/log-fixture.ts';

const now = (): number => Date.parse('2026-01-01T00:00:00Z');
const table = { database: 'shop', principal: 'https://i|dev', catalog: 'pg_class', oid: 16400, name: 'public.t' };

describe('owned objects', () => {
  it('belong to who created them, there and nowhere else, also after a restart', async () => {
    const dir = temporaryDirectory();
    const log = await openLog(dir, { segmentBytes: 300 });
    const owned = await openOwnedObjects(log, { now });
    expect(owned.isOwn('shop', table.principal, 'pg_class', 16400)).toBe(false);
    await owned.created(table);
    for (let i = 0; i < 10; i++) await log.append('audit', [{ payload: `{"filler":"${'x'.repeat(100)}"}` }]);
    await owned.created({ ...table, oid: 16401, catalog: 'pg_proc' });
    await owned.created({ ...table, oid: 16402 });
    await owned.dropped({ ...table, oid: 16402 });
    const check = (is: typeof owned.isOwn): void => {
      expect(is('shop', table.principal, 'pg_class', 16400)).toBe(true);
      expect(is('shop', table.principal, 'pg_proc', 16401)).toBe(true);
      expect(is('shop', table.principal, 'pg_class', 16401)).toBe(false);
      expect(is('shop', table.principal, 'pg_class', 16402)).toBe(false);
      expect(is('shop', 'https://i|other', 'pg_class', 16400)).toBe(false);
      expect(is('other', table.principal, 'pg_class', 16400)).toBe(false);
    };
    check(owned.isOwn);
    expect((await payloads(log.read('objects')))[0]).toBe(
      JSON.stringify({ v: 2, kind: 'object.created', at: '2026-01-01T00:00:00.000Z', ...table }),
    );
    await log.close();
    check((await openOwnedObjects(await openLog(dir), { now })).isOwn);
  });

  it('pass to who creates an object with a number that was used before', async () => {
    const owned = await openOwnedObjects(await openLog(temporaryDirectory()), { now });
    await owned.created(table);
    await owned.created({ ...table, principal: 'https://i|other' });
    expect(owned.isOwn('shop', table.principal, 'pg_class', 16400)).toBe(false);
    expect(owned.isOwn('shop', 'https://i|other', 'pg_class', 16400)).toBe(true);
  });

  it('are nobody’s when the creation could not be recorded, and when a drop could not', async () => {
    const log = await openLog(temporaryDirectory());
    const owned = await openOwnedObjects(log, { now });
    await owned.created(table);
    await log.close();
    await expect(owned.created({ ...table, oid: 5 })).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(owned.isOwn('shop', table.principal, 'pg_class', 5)).toBe(false);
    await expect(owned.dropped(table)).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(owned.isOwn('shop', table.principal, 'pg_class', 16400)).toBe(false);
  });
});
