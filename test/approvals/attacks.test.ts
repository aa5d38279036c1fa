/** What somebody who asks tries in order to get more than was approved: a real gateway, a real Postgres. */
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';

const plain = approvalSettings({ noticeEveryMs: 0 });
const [developers] = plain.rules;

const rig = withRig({
  sql: `CREATE TABLE item (id int PRIMARY KEY, name text);
    INSERT INTO item SELECT i, 'n' || i FROM generate_series(1, 1000) i;
    CREATE TABLE few (id int PRIMARY KEY);
    INSERT INTO few SELECT generate_series(1, 10);
    CREATE TABLE owner (id int PRIMARY KEY);
    INSERT INTO owner SELECT generate_series(1, 10);
    CREATE TABLE owned (id int PRIMARY KEY, owner int REFERENCES owner ON DELETE CASCADE);
    CREATE TABLE person (id int PRIMARY KEY, email text);
    INSERT INTO person SELECT i, 'mail' || i || '@example.com' FROM generate_series(1, 10) i;
    CREATE TABLE news (id int PRIMARY KEY, email text);
    INSERT INTO news SELECT i, 'news' || i || '@example.com' FROM generate_series(1, 10) i;
    CREATE FUNCTION sweep() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM item; RETURN 1; END';
    CREATE FUNCTION empties() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM item; TRUNCATE few; RETURN 1; END';
    CREATE FUNCTION says() RETURNS int LANGUAGE plpgsql AS 'BEGIN EXECUTE format(''DELETE FROM %I'', (SELECT ''few'')); RETURN 1; END';
    ANALYZE;
    CREATE SCHEMA other; CREATE TABLE other.item (id int PRIMARY KEY);
    INSERT INTO other.item SELECT generate_series(1, 10)`,
  tune: (settings) => ({
    ...settings,
    rules: [
      {
        id: 'held',
        effect: 'hold',
        match: { command: ['DELETE', 'UPDATE', 'DO', 'SELECT', 'EXPLAIN', 'TRUNCATE TABLE'] },
      },
    ],
    roles: { admins: [{ group: 'admins' }], auditors: [] },
    approvals: {
      ...plain,
      rules: [
        {
          ...developers!,
          id: 'small',
          to: [{ group: 'small' }],
          auto: {
            access: undefined,
            unmask: undefined,
            maxDurationMs: undefined,
            hours: undefined,
            ticket: undefined,
            findings: undefined,
            maxEstimatedRows: 5,
          },
        },
        { ...developers!, id: 'all', to: undefined, access: ['admin'], unmask: 'all' },
      ],
    },
  }),
});

const rosa = () => rig.tokenOf('rosa', ['reviewers']);

const post = async (path: string, token: string, body: unknown = {}): Promise<Json> => {
  const sent = JSON.stringify(body);
  const { status, body: answer } = await rig.api('POST', path, token, { 'content-type': 'application/json' }, sent);
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(answer)}`);
  return answer;
};
const pending = async (): Promise<Json[]> =>
  (await rig.api('GET', '/v1/requests?pending=1', await rosa())).body.requests;
const approve = async (id: string, terms: object = {}) =>
  post(`/v1/requests/${id}/approve`, await rosa(), { reason: 'go', ...terms });
const deny = async (id: string) => post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'no' });
const rowsOf = async (table: string): Promise<number> =>
  Number((await rig.direct(`SELECT count(*) FROM ${table}`))[0]!.count);

afterEach(async () => {
  rig.gateway.reload(rig.settings);
  for (const { id } of await pending()) await deny(id);
});

async function theRequest(): Promise<Json> {
  await until(async () => (await pending()).length > 0);
  return (await pending())[0];
}

/** It waits, and is denied: nothing that was approved before let it run. */
async function isAsked(running: Promise<unknown>): Promise<void> {
  const refused = failure(running);
  await Promise.race([theRequest(), refused]);
  for (const { id } of await pending()) await deny(id);
  expect((await refused).code).toBe('42501');
}

describe('executions of one shape, of which many are approved', () => {
  async function approvedTimes(client: pg.Client, sql: string): Promise<void> {
    const first = client.query(sql);
    await approve((await theRequest()).id, { times: 5 });
    await first;
  }

  it('are of the same tables: not with another search_path', async () => {
    const client = await rig.connect(await rig.tokenOf('dana'));
    await approvedTimes(client, 'DELETE FROM item WHERE id = 1');
    await client.query('DELETE FROM item WHERE id = 2');
    await client.query('SET search_path = other');
    await isAsked(client.query('DELETE FROM item WHERE id = 3'));
    expect(await rowsOf('other.item')).toBe(10);
  });

  it('are of the same code: not another body of DO, not another name in a literal', async () => {
    const client = await rig.connect(await rig.tokenOf('adm', ['admins']));
    await approvedTimes(client, 'DO $$BEGIN PERFORM 1; END$$');
    await isAsked(client.query('DO $$BEGIN DELETE FROM few; END$$'));
    expect(await rowsOf('few')).toBe(10);
    await approvedTimes(client, "SELECT query_to_xml('SELECT 1', true, true, '')");
    await isAsked(client.query("SELECT query_to_xml('DELETE FROM few RETURNING 1', true, true, '')"));
    expect(await rowsOf('few')).toBe(10);
  });

  it('are of the same rule', async () => {
    const client = await rig.connect(await rig.tokenOf('dora'));
    await approvedTimes(client, 'DELETE FROM item WHERE id = 11');
    const match = { command: ['DELETE'] };
    rig.gateway.reload({ ...rig.settings, rules: [{ id: 'strict', effect: 'hold', match, approvers: ['owners'] }] });
    const running = failure(client.query('DELETE FROM item WHERE id = 12'));
    const owner = await rig.tokenOf('olaf', ['owners']);
    let asked: Json[] = [];
    await until(async () => {
      asked = (await rig.api('GET', '/v1/requests?pending=1', owner)).body.requests;
      return asked.length > 0;
    });
    await post(`/v1/requests/${asked[0].id}/deny`, owner, { reason: 'no' });
    expect((await running).code).toBe('42501');
  });
});

describe('approved for so many rows at most', () => {
  const told = async (sql: string): Promise<{ readonly failed: Promise<Error>; readonly request: Json }> => {
    const client = await rig.connect(await rig.tokenOf('adm', ['admins']));
    return { failed: failure(client.query(sql)), request: await theRequest() };
  };

  it.each([
    ['WITH gone AS (DELETE FROM item RETURNING 1) SELECT count(*) FROM gone'],
    ['WITH gone AS (DELETE FROM item) DELETE FROM few WHERE id = 2'],
    ['SELECT sweep()'],
    ['TRUNCATE few'],
  ])('%s: what its tag does not count is counted', async (sql) => {
    const before = [await rowsOf('item'), await rowsOf('few')];
    const { failed, request } = await told(sql);
    expect(request.statement.can_roll_back).toBe(true);
    await approve(request.id, { max_rows: 1 });
    expect((await failed).message).toMatch(/^the statement changed \d+ rows, and 1 were approved$/);
    expect([await rowsOf('item'), await rowsOf('few')]).toEqual(before);
  });

  it.each([
    ['EXPLAIN ANALYZE DELETE FROM item'],
    ['SELECT empties()'],
    ['SELECT says()'],
    ['WITH gone AS (DELETE FROM item RETURNING 1) SELECT says() FROM gone'],
  ])('%s: what nothing counts cannot be approved so, nor tried', async (sql) => {
    const before = [await rowsOf('item'), await rowsOf('few')];
    const { failed, request } = await told(sql);
    expect(request.statement.can_roll_back).toBe(false);
    for (const terms of [{ max_rows: 5 }, { try: true }]) {
      await expect(approve(request.id, terms)).rejects.toThrow('counted');
    }
    await deny(request.id);
    await failed;
    expect([await rowsOf('item'), await rowsOf('few')]).toEqual(before);
  });
});

describe('approved by itself, for few rows', () => {
  it.each([
    ['WITH gone AS (DELETE FROM item RETURNING 1) DELETE FROM few WHERE id = 1'],
    ['WITH gone AS (DELETE FROM item RETURNING 1) SELECT 1'],
    ['DELETE FROM owner WHERE id = 1'],
  ])('is not %s', async (sql) => {
    const client = await rig.connect(await rig.tokenOf('sam', ['developers', 'small']));
    await client.query('DELETE FROM few WHERE id = 10');
    await isAsked(client.query(sql));
  });
});

describe('unmask for some tables', () => {
  it('shows no copies that who asked put there', async () => {
    rig.gateway.reload({ ...rig.settings, rules: [] });
    const token = await rig.tokenOf('uma');
    const uma = await rig.connect(token);
    const first = async (sql: string) => (await uma.query(sql)).rows[0].email;
    await uma.query('CREATE TABLE public.early AS SELECT id, email FROM person');
    await uma.query('CREATE TABLE public.typed (id int, email text)');
    await uma.query('INSERT INTO typed SELECT id, email FROM person');
    const asked = { database: 'app', duration_ms: 3_600_000, reason: 'INC-1', unmask: ['email'] };
    const { id } = await post('/v1/requests', token, { ...asked, tables: ['news', 'early', 'late', 'typed'] });
    await approve(id);
    expect(await first('SELECT email FROM news ORDER BY id LIMIT 1')).toBe('news1@example.com');
    await uma.query('CREATE TABLE public.late AS SELECT id, email FROM person');
    expect((await failure(uma.query('INSERT INTO news SELECT id + 100, email FROM person'))).code).toBe('42501');
    for (const table of ['early', 'late', 'typed']) {
      expect(await first(`SELECT email FROM ${table} ORDER BY id LIMIT 1`), table).not.toContain('mail1@');
    }
    await uma.query('BEGIN');
    await uma.query('DECLARE c CURSOR FOR SELECT email FROM late ORDER BY id');
    expect(await first('FETCH 1 FROM c')).not.toContain('mail1@');
    await uma.query('ROLLBACK');
  });
});

describe('a name that stands for another thing when the statement runs', () => {
  const gone = 'a view, function or trigger of the statement was changed';
  beforeEach(() => {
    rig.gateway.reload({ ...rig.settings, rules: [{ id: 'held', effect: 'hold', match: { command: ['DELETE'] } }] });
  });

  it('is not what was approved: a view of a view, replaced while the statement waited', async () => {
    const token = await rig.tokenOf('vera');
    const [client, other] = [await rig.connect(token), await rig.connect(token)];
    await other.query('CREATE VIEW public.inner_view AS SELECT id FROM few');
    await other.query('CREATE VIEW public.outer_view AS SELECT id FROM inner_view');
    const refused = failure(client.query('DELETE FROM outer_view WHERE id = 3'));
    const { id } = await theRequest();
    await other.query('CREATE OR REPLACE VIEW public.inner_view AS SELECT id FROM item');
    await approve(id);
    expect((await refused).message).toContain(gone);
    expect(await rowsOf('item WHERE id = 3')).toBe(1);
    // What stands still runs.
    const running = client.query('DELETE FROM outer_view WHERE id = 3');
    await approve((await theRequest()).id);
    expect((await running).rowCount).toBe(1);
  });

  it('asks again when it is sent again: a view, a temporary table', async () => {
    const token = await rig.tokenOf('vic');
    const client = await rig.connect(token);
    await client.query('CREATE VIEW public.again AS SELECT id FROM few');
    for (const [sql, change] of [
      ['DELETE FROM again WHERE id = 4', 'CREATE OR REPLACE VIEW public.again AS SELECT id FROM item'],
      ['DELETE FROM few WHERE id IN (TABLE mine)', 'INSERT INTO mine SELECT generate_series(1, 10)'],
    ] as const) {
      const leaving = await rig.connect(token);
      if (sql.includes('mine')) await leaving.query('CREATE TEMP TABLE mine (id int)');
      leaving.on('error', () => {});
      const abandoned = leaving.query(sql).catch(() => {});
      const { id } = await theRequest();
      await leaving.end();
      await abandoned;
      await approve(id);
      if (sql.includes('mine')) await client.query('CREATE TEMP TABLE mine (id int)');
      await client.query(change);
      await isAsked(client.query(sql));
    }
  });
});
