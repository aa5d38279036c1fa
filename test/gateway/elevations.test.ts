/** Elevations in open sessions: a real gateway, a real Postgres; what somebody approved begins and ends while one works. */
import type pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { StatementIntent } from '../../src/audit/record.ts';
import type { ApprovalSettings } from '../../src/config/approval-settings.ts';
import { encodeBind, encodeExecute, encodeParse, FLUSH, SYNC } from '../../src/pgwire/extended.ts';
import { approvalSettings } from '../support/approvals.ts';
import { failure, type Json, until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const [developers] = approvalSettings().rules;
const APPROVALS: ApprovalSettings = approvalSettings({
  rules: [{ ...developers!, to: undefined, access: ['admin'], unmask: 'all', database: '*' }],
});

const rig = withRig({
  sql: `CREATE TABLE item (id int PRIMARY KEY, name text);
    INSERT INTO item SELECT i, 'n' || i FROM generate_series(1, 5) i;
    CREATE TABLE part (id int PRIMARY KEY);
    INSERT INTO part SELECT generate_series(1, 5);
    CREATE TABLE person (id int PRIMARY KEY, email text, phone text);
    INSERT INTO person VALUES (1, 'ada@example.com', '+49 30 901820'), (2, 'bob@example.com', '+49 30 901821');
    CREATE TABLE contact (id int PRIMARY KEY, email text);
    INSERT INTO contact VALUES (1, 'cleo@example.com'), (2, 'dan@example.com');
    CREATE FUNCTION sweep() RETURNS int LANGUAGE sql AS 'DELETE FROM part WHERE id = 5 RETURNING 1';
    CREATE SCHEMA other; CREATE TABLE other.item (id int PRIMARY KEY); INSERT INTO other.item VALUES (1)`,
  tune: (settings) => ({
    ...settings,
    roles: { admins: [{ group: 'admins' }], auditors: [] },
    approvals: APPROVALS,
  }),
});

const dana = () => rig.tokenOf('dana');
const ann = () => rig.tokenOf('ann', ['analysts']);
const zoe = () => rig.tokenOf('zoe', ['nobody-knows']);

const post = async (path: string, token: string, body: unknown = {}): Promise<Json> => {
  const sent = JSON.stringify(body);
  const { status, body: answer } = await rig.api('POST', path, token, { 'content-type': 'application/json' }, sent);
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(answer)}`);
  return answer;
};

async function ask(token: string, more: object): Promise<string> {
  const { id } = await post('/v1/requests', token, {
    database: 'app',
    duration_ms: 3_600_000,
    reason: 'INC-1',
    ...more,
  });
  return id;
}

const decider = () => rig.tokenOf('rosa', ['reviewers']);
const open: [string, string][] = [];

/** Asked for and approved. */
async function elevated(token: string, more: object): Promise<string> {
  const id = await ask(token, more);
  await post(`/v1/requests/${id}/approve`, await decider(), { reason: 'go' });
  open.push([id, token]);
  return id;
}

const revoke = (id: string, token: string) => post(`/v1/requests/${id}/revoke`, token, { reason: 'over' });

afterEach(async () => {
  for (const [id, token] of open.splice(0)) await revoke(id, token).catch(() => {});
});

const code = async (client: pg.Client, sql: string): Promise<string | undefined> => {
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    return (error as pg.DatabaseError).code;
  }
};

/** `sql`: of the statement, up to its first literal; whether that is shown depends on what its column is known to hold. */
async function approvalsOf(sql: string): Promise<(string | undefined)[]> {
  const records = await rig.records();
  return records
    .filter((one): one is StatementIntent => one.kind === 'statement.intent')
    .filter(({ body, decision }) => typeof body !== 'string' && body.sql.startsWith(sql) && decision !== 'deny')
    .map(({ approval }) => approval);
}

describe('access', () => {
  it('opens in a session that may only read, and is gone when it is revoked', async () => {
    const token = await ann();
    const client = await rig.connect(token);
    const sql = "UPDATE item SET name = 'x' WHERE id = 1";
    expect(await code(client, sql)).toBe('42501');
    const id = await elevated(token, { access: 'write' });
    expect(await code(client, sql)).toBeUndefined();
    await client.query('SELECT count(*) FROM item');
    await revoke(id, token);
    expect(await code(client, sql)).toBe('42501');
    expect((await client.query('SHOW default_transaction_read_only')).rows[0].default_transaction_read_only).toBe('on');
    expect(await approvalsOf('UPDATE item SET name')).toEqual([id]);
    expect(await approvalsOf('SELECT count(*) FROM item')).toEqual([undefined]);
  });

  it('counts from its approval for its time, also in statements that were prepared before', async () => {
    const token = await dana();
    const client = await rig.connect(token);
    const drop = { name: 'd', text: 'CREATE INDEX IF NOT EXISTS i ON item (name)' };
    const id = await elevated(token, { access: 'ddl', duration_ms: 60_000 });
    await client.query(drop);
    await revoke(id, token);
    expect((await failure(client.query(drop))).code).toBe('42501');
  });

  it('holds in a session that began with it, which lives on without it', async () => {
    const token = await ann();
    const id = await elevated(token, { access: 'write' });
    const client = await rig.connect(token);
    expect(await code(client, 'INSERT INTO part VALUES (10)')).toBeUndefined();
    await revoke(id, token);
    expect(await code(client, 'INSERT INTO part VALUES (11)')).toBe('42501');
    expect((await client.query('SELECT count(*) FROM part')).rows).toHaveLength(1);
    expect((await client.query('SHOW transaction_read_only')).rows[0].transaction_read_only).toBe('on');
  });

  it('revoked in mid-transaction: what comes after is refused, the transaction lives', async () => {
    const token = await ann();
    const id = await elevated(token, { access: 'write' });
    const client = await rig.connect(token);
    await client.query('BEGIN');
    await client.query('INSERT INTO part VALUES (20)');
    await revoke(id, token);
    expect(await code(client, 'INSERT INTO part VALUES (21)')).toBe('42501');
    await client.query('ROLLBACK');
    expect((await client.query('SELECT id FROM part WHERE id >= 20')).rows).toEqual([]);
  });

  it('is nobody else’s: not the agent’s of the same person, not another’s', async () => {
    await elevated(await ann(), { access: 'write' });
    for (const token of [
      await rig.tokenOf('ann', ['analysts'], { act: { sub: 'helper' } }),
      await rig.tokenOf('bea', ['analysts']),
    ]) {
      const client = await rig.connect(token);
      expect(await code(client, 'DELETE FROM part WHERE id = 1')).toBe('42501');
    }
  });

  it('gives a grant to whom a rule lets ask without one, for as long as it lasts', async () => {
    const token = await zoe();
    rig.gateway.reload({
      ...rig.settings,
      approvals: { ...APPROVALS, rules: [{ ...APPROVALS.rules[0]!, to: [{ group: 'nobody-knows' }] }] },
    });
    expect((await rig.refusal({ token })).status).toBe(403);
    const id = await elevated(token, { access: 'write' });
    const client = await rig.connect(token);
    const ended = new Promise((resolve) => client.once('end', resolve));
    expect(await code(client, 'DELETE FROM public.part WHERE id = 4')).toBeUndefined();
    expect(await approvalsOf('DELETE FROM public.part WHERE')).toEqual([id]);
    await revoke(id, token);
    await ended;
    rig.gateway.reload(rig.settings);
    expect((await rig.refusal({ token })).status).toBe(403);
  });

  it('leaves nothing behind: no other role, no statement prepared for later', async () => {
    const token = await dana();
    await elevated(token, { access: 'admin' });
    const client = await rig.connect(token);
    expect(await code(client, 'SET ROLE postgres')).toBe('42501');
    expect(await code(client, 'PREPARE p AS DELETE FROM part')).toBe('42501');
    expect(await code(client, 'DROP TABLE other.item')).toBeUndefined();
    await client.query('CREATE TABLE other.item (id int PRIMARY KEY); INSERT INTO other.item VALUES (1)');
  });
});

describe('for some tables', () => {
  it('counts for these alone', async () => {
    const token = await ann();
    const client = await rig.connect(token);
    const id = await elevated(token, { access: 'write', tables: ['item'] });
    const allowed = [
      "UPDATE public.item SET name = 'y' WHERE id = 2",
      "INSERT INTO public.item SELECT 100, 'z' FROM part WHERE id = 1",
      'SELECT * FROM item WHERE id = 1 FOR UPDATE',
      'DELETE FROM item WHERE id = 100',
      'BEGIN READ WRITE; COMMIT',
    ];
    for (const sql of allowed) expect([sql, await code(client, sql)]).toEqual([sql, undefined]);
    expect(await approvalsOf('UPDATE public.item SET name')).toEqual([id]);
    const refused = [
      'DELETE FROM part WHERE id = 1',
      'DELETE FROM other.item WHERE id = 1',
      'WITH d AS (DELETE FROM part WHERE id = 1 RETURNING id) UPDATE item SET name = id::text FROM d WHERE item.id = 1',
      'SELECT sweep()',
      'UPDATE item SET name = sweep()::text WHERE id = 1',
      'SELECT * FROM item, part FOR UPDATE',
      'SET search_path = other; DELETE FROM item WHERE id = 1',
      'DO $$BEGIN DELETE FROM item WHERE id = 1; END$$',
      'INSERT INTO item (id) VALUES (setval(null, 1))',
      'TRUNCATE item CASCADE',
    ];
    for (const sql of refused) expect([sql, await code(client, sql)]).toEqual([sql, '42501']);
    await client.query('SET search_path = other');
    expect(await code(client, 'DELETE FROM item WHERE id = 1')).toBe('42501');
    expect((await failure(client.query('DELETE FROM item WHERE id = 1'))).hint).toContain(`${id} is for statements`);
    expect(await rig.direct('SELECT count(*)::int n FROM other.item')).toEqual([{ n: 1 }]);
  });

  it('creates what it names in full', async () => {
    const token = await ann();
    const client = await rig.connect(token);
    await elevated(token, { access: 'ddl', tables: ['made'] });
    expect(await code(client, 'CREATE TABLE also_made (id int)')).toBe('42501');
    expect(await code(client, 'CREATE TABLE public.made (id int)')).toBeUndefined();
    expect(await code(client, 'CREATE INDEX ON made (id)')).toBeUndefined();
    expect(await code(client, 'ALTER TABLE made ADD REFERENCES item')).not.toBeUndefined();
    expect(await code(client, 'DROP TABLE made')).toBeUndefined();
  });
});

describe('unmask', () => {
  const emails = async (client: pg.Client, table = 'person') =>
    (await client.query(`SELECT email FROM ${table} ORDER BY id`)).rows.map((row) => row.email as string);
  const isShown = (values: string[]) => values.every((value) => value.endsWith('@example.com') && !value.includes('*'));

  it('shows the classes that it names, in a session that was masked, and masks them again', async () => {
    const token = await ann();
    const client = await rig.connect(token);
    await until(async () => !isShown(await emails(client)));
    const masked = await emails(client);
    const id = await elevated(token, { unmask: ['email'] });
    expect(await emails(client)).toEqual(['ada@example.com', 'bob@example.com']);
    const { rows } = await client.query('SELECT phone FROM person WHERE id = 1');
    expect(rows[0].phone).not.toBe('+49 30 901820');
    await revoke(id, token);
    expect(await emails(client)).toEqual(masked);
    expect(await approvalsOf('SELECT email FROM person ORDER BY id')).toContain(id);
  });

  it('is what a refusal says to ask for', async () => {
    const client = await rig.connect(await ann());
    const { hint } = await failure(client.query("SELECT id FROM person WHERE email LIKE 'a%'"));
    expect(hint).toBe(
      'Compare it for equality with a value that you know, or dbgate request app --access unmask=email --for 1h --reason "…"',
    );
  });

  it('shows everything, and a session that began with it is masked again', async () => {
    const token = await ann();
    const id = await elevated(token, { unmask: 'all' });
    const client = await rig.connect(token);
    expect((await client.query('SELECT email, phone FROM person WHERE id = 1')).rows).toEqual([
      { email: 'ada@example.com', phone: '+49 30 901820' },
    ]);
    await revoke(id, token);
    await until(async () => !isShown(await emails(client)));
  });

  it('is over for a cursor and a portal that were opened with it', async () => {
    const token = await ann();
    const id = await elevated(token, { unmask: ['email'] });
    const client = await rig.connect(token);
    await client.query('BEGIN; DECLARE c CURSOR FOR SELECT email FROM person ORDER BY id');
    expect((await client.query('FETCH 1 FROM c')).rows).toEqual([{ email: 'ada@example.com' }]);
    const wire = new WireClient(await rig.upgrade({ token }));
    await wire.startup().through('Z');
    wire.send(encodeParse('', 'SELECT email FROM person ORDER BY id'), encodeBind('', '', []));
    wire.send(encodeExecute('', 1), FLUSH);
    expect((await wire.through('s')).map(({ type }) => type)).toEqual(['1', '2', 'D', 's']);
    await revoke(id, token);
    expect((await failure(client.query('FETCH 1 FROM c'))).message).toContain('more was shown');
    wire.send(encodeExecute('', 1), SYNC);
    expect((await wire.through('Z')).map(({ type }) => type)).toEqual(['E', 'Z']);
  });

  it('shows the columns of some tables', async () => {
    const token = await ann();
    const client = await rig.connect(token);
    await elevated(token, { unmask: ['email'], tables: ['person'] });
    expect(await emails(client)).toEqual(['ada@example.com', 'bob@example.com']);
    expect(isShown(await emails(client, 'contact'))).toBe(false);
    const { rows } = await client.query(
      'SELECT p.email p, c.email c, p.email || c.email both FROM person p JOIN contact c USING (id) WHERE id = 1',
    );
    expect(rows[0].p).toBe('ada@example.com');
    expect(rows[0].c).not.toBe('cleo@example.com');
    expect(rows[0].both).not.toContain('cleo');
  });
});

it('cancels what runs when its elevation ends, where that is configured', async () => {
  rig.gateway.reload({ ...rig.settings, approvals: { ...APPROVALS, atEnd: 'cancel' } });
  const token = await ann();
  const client = await rig.connect(token);
  const id = await elevated(token, { access: 'write' });
  const running = client.query('UPDATE item SET name = pg_sleep(30)::text WHERE id = 3');
  await until(
    async () => (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'UPDATE item%'")).length > 0,
  );
  const cancelled = failure(running);
  await revoke(id, token);
  expect((await cancelled).code).toBe('57014');
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  rig.gateway.reload(rig.settings);
});

it('is as before after a restart', async () => {
  const token = await ann();
  const id = await elevated(token, { access: 'write' });
  await rig.restart();
  const client = await rig.connect(token);
  expect(await code(client, "UPDATE item SET name = 'again' WHERE id = 1")).toBeUndefined();
  await revoke(id, token);
  expect(await code(client, "UPDATE item SET name = 'again' WHERE id = 1")).toBe('42501');
});
