/** Rules on columns, cascades, triggers and estimated rows, before a real server: what they mean is told by its catalog. */
import { describe, expect, it } from 'vitest';
import type { RuleSettings } from '../../src/config/gateway-settings.ts';
import { approvalSettings } from '../support/approvals.ts';
import { failure, withRig } from './gateway-rig.ts';

const SQL = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.people (id int primary key, name text, boss int);
  CREATE TABLE hr.salaries (
    person int primary key references hr.people on delete cascade, amount numeric, grade text
  );
  INSERT INTO hr.people SELECT i, 'person ' || i, 1 FROM generate_series(1, 20) i;
  INSERT INTO hr.salaries SELECT i, i * 1000, 'g' FROM generate_series(1, 20) i;
  CREATE VIEW hr.pay AS SELECT p.name, s.amount AS pay, s.grade FROM hr.people p JOIN hr.salaries s ON s.person = p.id;
  CREATE TABLE hr.old_salaries (LIKE hr.salaries) ; ALTER TABLE hr.old_salaries INHERIT hr.salaries;
  CREATE FUNCTION hr.total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM hr.salaries';
  CREATE FUNCTION hr.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TABLE hr.watched (id int primary key, note text);
  CREATE TRIGGER noted BEFORE UPDATE ON hr.watched FOR EACH ROW EXECUTE FUNCTION hr.noted();
  CREATE TABLE hr.plain (id int primary key, note text);
  INSERT INTO hr.plain SELECT i, 'x' FROM generate_series(1, 5000) i;
  CREATE TABLE contacts (id int primary key, email text, shoe_size int);
  INSERT INTO contacts SELECT i, 'p' || i || '@example.com', 40 FROM generate_series(1, 50) i;
  CREATE SCHEMA harmless; CREATE TABLE harmless.salaries (person int, amount numeric, grade text);
  ANALYZE;
`;

const PAY: RuleSettings = { id: 'pay', match: { column: ['hr.salaries.amount'] }, effect: 'deny' };

const rig = withRig({
  sql: SQL,
  tune: (settings) => ({
    ...settings,
    grants: settings.grants.map((grant) => ({
      ...grant,
      masking: { mask: 'none' as const, predicates: 'free' as const },
    })),
  }),
});

type Client = Awaited<ReturnType<typeof rig.connect>>;

async function withRules(rules: readonly RuleSettings[], groups = ['admins'], more: object = {}): Promise<Client> {
  rig.gateway.reload({ ...rig.settings, rules, ...more });
  return await rig.connect(await rig.tokenOf('ada', groups));
}

/** The rule that refused it, or `passes`. */
async function fate(client: Client, sql: string, values?: unknown[]): Promise<string> {
  const error = await client.query(sql, values as never).then(
    () => undefined,
    (caught: { detail?: string; message: string }) => caught,
  );
  return error === undefined ? 'passes' : (/^rule (\S+):/.exec(error.detail ?? '')?.[1] ?? error.message);
}

describe('column', () => {
  it('meets what is read, steers or is written, for those too who see everything', async () => {
    const client = await withRules([PAY]);
    const met = [
      'SELECT amount FROM hr.salaries',
      'SELECT * FROM hr.salaries',
      'SELECT s FROM hr.salaries s',
      'SELECT person FROM hr.salaries WHERE amount > 3000',
      'SELECT person FROM hr.salaries ORDER BY amount',
      'SELECT pay FROM hr.pay',
      'SELECT hr.total()',
      'UPDATE hr.salaries SET amount = 1 WHERE person = 1',
      "UPDATE hr.salaries SET grade = 'a' WHERE amount = 1",
      'INSERT INTO hr.salaries (person, amount) VALUES (99, 1)',
      'INSERT INTO hr.salaries VALUES (99, 1)',
      'DELETE FROM hr.salaries WHERE person = 1',
      'DELETE FROM hr.people WHERE id = 1',
      'COPY hr.salaries TO STDOUT',
      'TRUNCATE hr.salaries',
      'DROP TABLE hr.salaries',
      'CREATE TABLE copied AS SELECT amount FROM hr.salaries',
      'CREATE TEMP VIEW v AS SELECT amount FROM hr.salaries',
      'PREPARE p AS SELECT amount FROM hr.salaries',
      'SELECT amount FROM hr.old_salaries',
      'WITH x AS (SELECT amount a FROM hr.salaries) SELECT a FROM x',
      'SELECT 1; SELECT amount FROM hr.salaries',
      'SET search_path = hr; SELECT amount FROM salaries',
      "DO 'BEGIN UPDATE hr.salaries SET amount = 1; END'",
    ];
    const passing = [
      'SELECT 1',
      'SELECT person, grade FROM hr.salaries',
      'SELECT name, grade FROM hr.pay',
      'SELECT count(*) FROM hr.salaries',
      "UPDATE hr.salaries SET grade = 'b' WHERE person = 1",
      "INSERT INTO hr.people (id, name) VALUES (100, 'new')",
      "UPDATE hr.people SET name = 'n' WHERE id = 100",
      'SELECT amount FROM harmless.salaries',
      'BEGIN',
      'COMMIT',
      'CREATE TABLE other (id int)',
      'DROP TABLE other',
      'SHOW search_path',
    ];
    for (const sql of met) expect.soft(`${sql}: ${await fate(client, sql)}`).toBe(`${sql}: pay`);
    for (const sql of passing) expect.soft(`${sql}: ${await fate(client, sql)}`).toBe(`${sql}: passes`);
    // Of the extended protocol too, when it is bound.
    expect(await fate(client, 'SELECT amount FROM hr.salaries WHERE person = $1', [1])).toBe('pay');
    expect(await fate(client, 'SELECT grade FROM hr.salaries WHERE person = $1', [1])).toBe('passes');
  });

  it('goes by what the session’s names mean now', async () => {
    const client = await withRules([PAY]);
    await client.query('SET search_path = harmless');
    expect(await fate(client, 'SELECT amount FROM salaries')).toBe('passes');
    // Behind what changes that in the same text.
    for (const changing of ['SET search_path = hr', "SELECT set_config('search_path', 'hr', false)"]) {
      expect(await fate(client, `${changing}; SELECT amount FROM salaries`)).toBe('pay');
    }
    expect(await fate(client, 'BEGIN; SELECT amount FROM salaries; COMMIT')).toBe('passes');
    const named = { name: 'n', text: 'SELECT amount FROM salaries' };
    await client.query(named);
    await client.query('PREPARE p AS SELECT amount FROM salaries');
    await client.query('SET search_path = hr');
    expect(await fate(client, 'SELECT amount FROM salaries')).toBe('pay');
    expect((await failure(client.query(named))).detail).toContain('rule pay');
    // What it runs is looked up anew.
    expect(await fate(client, 'EXECUTE p')).toBe('pay');
    expect(await fate(client, 'EXPLAIN ANALYZE EXECUTE p')).toBe('pay');
    expect(await fate(client, 'CREATE TEMP TABLE kept AS EXECUTE p')).toBe('pay');
    await client.query('SET search_path = harmless');
    expect(await fate(client, 'EXECUTE p')).toBe('passes');
    expect(await fate(client, 'EXECUTE p', [])).toBe('passes');
    const executes = { name: 'e', text: 'EXECUTE p' };
    await client.query(executes);
    // What comes before it in its text may change that, and so may what came before PREPARE.
    for (const changing of ['SET search_path = hr', "SELECT set_config('search_path', 'hr', false)", 'SELECT 1']) {
      expect(await fate(client, `${changing}; EXECUTE p`)).toMatch(/^(?:pay|protocol\.execute-by-name)$/);
    }
    await client.query('SET search_path = hr');
    expect((await failure(client.query(executes))).detail).toContain('rule pay');
    // Another of that name.
    await client.query('DEALLOCATE p');
    await client.query('PREPARE p(int) AS SELECT grade FROM salaries WHERE person = $1');
    expect(await fate(client, 'EXECUTE p(1)')).toBe('passes');
    // Its own schema change, which nobody else sees.
    await client.query('BEGIN');
    await client.query('CREATE VIEW harmless.mine AS SELECT grade AS x FROM hr.salaries');
    expect(await fate(client, 'SELECT x FROM harmless.mine')).toBe('passes');
    await client.query('SET LOCAL search_path = harmless');
    expect(await fate(client, 'SELECT amount FROM salaries')).toBe('passes');
    await client.query('SET LOCAL search_path = hr');
    expect(await fate(client, 'SELECT amount FROM salaries')).toBe('pay');
    await client.query('ROLLBACK');
    await client.query('RESET search_path');
    expect(await fate(client, 'SELECT x FROM harmless.mine')).toBe('pay');
  });

  it('says what it met, to agents as data', async () => {
    rig.gateway.reload({ ...rig.settings, rules: [PAY] });
    const client = await rig.connect(await rig.tokenOf('ada', ['developers'], { act: { sub: 'bot' } }));
    const error = await failure(client.query('SELECT pay FROM hr.pay'));
    expect(error.message).toBe('SELECT on production is not allowed: "hr.salaries.amount"');
    expect(JSON.parse(error.detail!)).toMatchObject({
      rule: 'pay',
      reason: expect.stringContaining('it reads or writes hr.salaries.amount'),
      matched: {
        columns: ['hr.salaries.amount', 'hr.old_salaries.amount'],
        cascades: null,
        triggers: null,
        estimated_rows: null,
        unknown: [],
      },
    });
  });

  it('takes what cannot be told for met', async () => {
    const client = await withRules([PAY]);
    await rig.direct(
      `CREATE FUNCTION hr.blind(t text) RETURNS int LANGUAGE plpgsql AS 'DECLARE n int; BEGIN EXECUTE ''SELECT 1 FROM '' || t INTO n; RETURN n; END'`,
    );
    expect(await fate(client, "SELECT hr.blind('x')")).toBe('pay');
    // A name that is not there.
    expect(await fate(client, 'SELECT a FROM nowhere')).toBe('pay');
  });

  it('of a class', async () => {
    const client = await withRules([{ id: 'mail', match: { 'column class': ['email'] }, effect: 'deny' }]);
    expect(await fate(client, 'SELECT email FROM contacts')).toBe('mail');
    expect(await fate(client, 'SELECT shoe_size FROM contacts')).toBe('passes');
  });

  it('works with masking, and when policy changes while the session is open', async () => {
    rig.gateway.reload({
      ...rig.settings,
      rules: [],
      grants: rig.settings.grants.map(({ masking, ...grant }) => grant),
    });
    const client = await rig.connect(await rig.tokenOf('ada'));
    const query = { name: 'q', text: 'SELECT amount FROM hr.salaries WHERE person = 1' };
    await client.query(query);
    rig.gateway.reload({
      ...rig.settings,
      rules: [PAY],
      grants: rig.settings.grants.map(({ masking, ...grant }) => grant),
    });
    expect((await failure(client.query(query))).detail).toContain('rule pay');
    expect(await fate(client, 'SELECT grade FROM hr.salaries')).toBe('passes');
  });
});

describe('cascades and triggers', () => {
  it('are found in the catalog', async () => {
    const client = await withRules([
      { id: 'cascading', match: { cascades: true }, effect: 'deny' },
      { id: 'firing', match: { triggers: true }, effect: 'deny' },
    ]);
    expect(await fate(client, 'DELETE FROM hr.people WHERE id = 3')).toBe('cascading');
    expect(await fate(client, "UPDATE hr.people SET name = 'm' WHERE id = 3")).toBe('passes');
    expect(await fate(client, "UPDATE hr.watched SET note = 'm' WHERE id = 3")).toBe('firing');
    expect(await fate(client, "INSERT INTO hr.watched VALUES (3, 'm')")).toBe('passes');
    expect(await fate(client, 'DELETE FROM hr.plain WHERE id = 3')).toBe('passes');
    expect(await fate(client, 'SELECT * FROM hr.watched')).toBe('passes');
  });

  it('hold: what is approved runs', async () => {
    const approvals = approvalSettings();
    const client = await withRules([{ id: 'ask', match: { cascades: true }, effect: 'hold' }], ['developers'], {
      approvals,
    });
    const running = client.query('DELETE FROM hr.people WHERE id = 4');
    running.catch(() => {});
    const token = await rig.tokenOf('dora', ['reviewers']);
    let request: { id: string } | undefined;
    while (request === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { body } = await rig.api('GET', '/v1/requests?pending=1', token);
      request = body.requests?.find((one: { status: string }) => one.status === 'pending');
    }
    const body = JSON.stringify({ reason: 'ok' });
    const answer = await rig.api(
      'POST',
      `/v1/requests/${request.id}/approve`,
      token,
      { 'content-type': 'application/json' },
      body,
    );
    expect(answer.status).toBeLessThan(300);
    expect((await running).rowCount).toBe(1);
  });
});

describe('estimated rows', () => {
  it('are the planner’s; where it has none, the rule speaks', async () => {
    const client = await withRules([{ id: 'many', match: { 'estimated rows': ['over 1000'] }, effect: 'deny' }]);
    expect(await fate(client, 'SELECT * FROM hr.plain')).toBe('many');
    expect(await fate(client, 'SELECT * FROM hr.plain WHERE id = 7')).toBe('passes');
    expect(await fate(client, 'SELECT * FROM hr.plain WHERE id = $1', [7])).toBe('passes');
    expect(await fate(client, 'SELECT * FROM hr.plain WHERE id > $1', [7])).toBe('many');
    expect(await fate(client, "UPDATE hr.plain SET note = 'y' WHERE id > 2")).toBe('many');
    expect(await fate(client, 'COPY hr.plain TO STDOUT')).toBe('many');
    expect(await fate(client, 'SELECT 1')).toBe('passes');
    expect(await fate(client, 'SET work_mem = 64000')).toBe('passes');
  });
});

it('no statement pays where no rule asks', async () => {
  const client = await withRules([{ id: 'x', match: { relation: ['hr.salaries'] }, effect: 'deny' }]);
  const asked = async (): Promise<number> =>
    Number(
      (
        await rig.direct<{ n: string }>(
          `SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%xact_id_if_assigned%' AND query NOT LIKE '%pg_stat_activity%'`,
        )
      )[0]!.n,
    );
  const before = await asked();
  expect(await fate(client, 'SELECT name FROM hr.people')).toBe('passes');
  expect(await asked()).toBe(before);
});
