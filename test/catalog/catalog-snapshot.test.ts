import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../src/catalog/catalog-model.ts';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import { CatalogSnapshot } from '../../src/gateway/catalog-snapshot.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();
let client: pg.Client;
let settings: UpstreamSettings;
const open: CatalogSnapshot[] = [];
const logged: string[] = [];

beforeAll(async () => {
  client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  const url = new URL(server.superuserUrl);
  settings = {
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: decodeURIComponent(url.password),
    tls: { mode: 'disable', ca: undefined, cert: undefined, key: undefined },
    connectTimeoutMs: 60_000,
  };
});
afterAll(async () => {
  await client?.end();
});
afterEach(() => {
  for (const snapshot of open.splice(0)) snapshot.close();
  logged.length = 0;
});

function snapshot(changes: Partial<UpstreamSettings> = {}): CatalogSnapshot {
  const one = new CatalogSnapshot({ ...settings, ...changes }, (line) => logged.push(line));
  open.push(one);
  return one;
}

describe('the catalog snapshot', () => {
  it('is there after ensure(), with the rows it was made of', async () => {
    const one = snapshot();
    expect([one.version, one.current, one.rows]).toEqual([0, undefined, []]);
    await one.ensure();
    expect(one.version).toBe(1);
    expect(one.current?.version).toBe(1);
    expect(await one.fresh()).toBe(one.current);
    const again = catalogFromRows(one.rows, 1);
    expect([...again.allRelations]).toEqual([...one.current!.allRelations]);
  });

  it('says nothing once the schema changed, and fresh() has the change', async () => {
    const one = snapshot();
    const before = await one.fresh();
    await client.query('CREATE TABLE made_later (a int)');
    one.invalidate();
    expect(one.current).toBeUndefined();
    const after = await one.fresh();
    expect(before.relation('public', 'made_later')).toBeUndefined();
    expect(after.relation('public', 'made_later')?.columns).toHaveLength(1);
    expect(one.version).toBe(2);
  });

  it('does not take a snapshot that was begun before the change', async () => {
    const one = snapshot();
    const early = one.fresh();
    await client.query('CREATE TABLE made_meanwhile (a int)');
    one.invalidate();
    expect((await early).relation('public', 'made_meanwhile')).toBeDefined();
    expect((await one.fresh()).relation('public', 'made_meanwhile')).toBeDefined();
  });

  it('keeps its version while nothing changes but estimates of the same size', async () => {
    await client.query('CREATE TABLE counted AS SELECT generate_series(1, 1000) AS a; ANALYZE counted');
    const one = snapshot();
    const before = await one.fresh();
    expect(before.relation('public', 'counted')?.estimatedRows).toBe(1000);
    await client.query('INSERT INTO counted SELECT generate_series(1, 20); ANALYZE counted');
    one.invalidate();
    expect(await one.fresh()).toBe(before);
    expect(one.version).toBe(1);
    await client.query('INSERT INTO counted SELECT generate_series(1, 9000); ANALYZE counted');
    one.invalidate();
    expect((await one.fresh()).relation('public', 'counted')?.estimatedRows).toBe(10020);
    expect(one.version).toBe(2);
  });

  it('rejects where it cannot be read, and heals', async () => {
    await client.query("CREATE ROLE later LOGIN PASSWORD 'x' CONNECTION LIMIT 0");
    const one = snapshot({ user: 'later', password: 'x' });
    await one.ensure();
    expect(one.current).toBeUndefined();
    await expect(one.fresh()).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(logged.join()).toContain('the catalog of postgres could not be read');
    await client.query('ALTER ROLE later CONNECTION LIMIT -1');
    expect((await one.fresh()).relation('pg_catalog', 'pg_class')).toBeDefined();
    expect(one.version).toBe(1);
  });

  it('gives nothing any more once it is closed', async () => {
    const one = snapshot();
    await one.ensure();
    one.close();
    expect(one.current).toBeUndefined();
    await expect(one.fresh()).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });

  it('waits for no lock: what one hides is unknown, and asked for again', async () => {
    await client.query(`
      CREATE TABLE busy (a int, b text, c text GENERATED ALWAYS AS (b || 'x') STORED);
      CREATE VIEW over_busy AS SELECT (SELECT max(b) FROM busy) AS m;
      CREATE FUNCTION in_busy() RETURNS SETOF text BEGIN ATOMIC SELECT b FROM busy; END;
      CREATE FUNCTION by_text() RETURNS SETOF text LANGUAGE sql AS 'SELECT b FROM busy';
      CREATE VIEW elsewhere AS SELECT 1 AS one;
    `);
    await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE');
    const one = snapshot();
    const hidden = await one.fresh();
    const told = (catalog: Catalog) => ({
      view: catalog.relation('public', 'over_busy')?.definition?.includes('max(busy.b)'),
      generated: catalog.relation('public', 'busy')?.columns[2]?.generated,
      routine: catalog.routines('public', 'in_busy')[0]?.definition?.includes('SELECT busy.b'),
      text: catalog.routines('public', 'by_text')[0]?.definition?.includes('SELECT b'),
      elsewhere: catalog.relation('public', 'elsewhere')?.definition?.includes('SELECT 1'),
    });
    expect(told(hidden)).toEqual({ view: undefined, generated: '', routine: undefined, text: true, elsewhere: true });
    const [view, busy] = ['over_busy', 'busy'].map((name) => hidden.relation('public', name)!.oid);
    expect(hidden.unreadable).toEqual(new Set([view, busy, hidden.routines('public', 'in_busy')[0]!.oid]));
    await client.query('COMMIT');
    await expect.poll(() => one.current?.unreadable.size).toBe(0);
    expect(told(one.current!)).toEqual({
      view: true,
      generated: "(b || 'x'::text)",
      routine: true,
      text: true,
      elsewhere: true,
    });
  });
});
