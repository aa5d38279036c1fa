/** Statements that wait for an approval: a real gateway, a real Postgres, what its client and the reviewer see. */
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StatementIntent, StatementOutcome } from '../../src/audit/record.ts';
import type { RuleSettings } from '../../src/config/gateway-settings.ts';
import { encodeBind, encodeExecute, encodeParse, FLUSH, SYNC } from '../../src/pgwire/extended.ts';
import { decodeDataRow } from '../../src/pgwire/result.ts';
import { approvalSettings } from '../support/approvals.ts';
import { failure, type Json, until, withRig } from './gateway-rig.ts';
import { fieldsOf, WireClient } from './wire-client.ts';

const HELD: readonly RuleSettings[] = [
  { id: 'deletes', effect: 'hold', match: { command: ['DELETE', 'UPDATE', 'TRUNCATE TABLE'] } },
  { id: 'secrets', effect: 'hold', match: { relation: ['vault'] }, approvers: ['reviewers'] },
  { id: 'shut', effect: 'deny', match: { relation: ['locked'] } },
];

const rig = withRig({
  sql: `CREATE TABLE item (id int PRIMARY KEY, name text);
    INSERT INTO item SELECT i, 'n' || i FROM generate_series(1, 10) i;
    CREATE TABLE part (id int PRIMARY KEY, item int REFERENCES item ON DELETE CASCADE);
    CREATE TABLE vault (id int PRIMARY KEY, email text);
    INSERT INTO vault SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 5) i;
    CREATE TABLE locked (id int);
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
    CREATE TRIGGER note BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE SCHEMA other; CREATE TABLE other.item (id int PRIMARY KEY);
    CREATE TABLE pay (id int PRIMARY KEY, v int); CREATE TABLE "Pay Log" (id int);
    CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO "Pay Log" VALUES (NEW.id); RETURN NULL; END';
    CREATE TRIGGER logs AFTER UPDATE ON pay FOR EACH ROW EXECUTE FUNCTION logs();
    CREATE TABLE bill (id int, pay int REFERENCES pay ON DELETE CASCADE);
    CREATE TABLE slice (id int) PARTITION BY RANGE (id);
    CREATE TABLE slice1 PARTITION OF slice FOR VALUES FROM (0) TO (100);
    CREATE VIEW payable AS SELECT * FROM pay;
    CREATE FUNCTION settle(from_id int) RETURNS int LANGUAGE sql AS 'UPDATE pay SET v = 1 WHERE id <= from_id; SELECT 1';
    CREATE TABLE cut (id int PRIMARY KEY); CREATE TABLE cut_ref (id int REFERENCES cut);
    CREATE TABLE cuts (id int) PARTITION BY RANGE (id); CREATE TABLE cuts1 PARTITION OF cuts FOR VALUES FROM (0) TO (9)`,
  tune: (settings) => ({
    ...settings,
    rules: HELD,
    roles: { admins: [{ group: 'admins' }], auditors: [] },
    approvals: approvalSettings({ noticeEveryMs: 0 }),
  }),
});

const dana = () => rig.tokenOf('dana');
// Facts of a held statement are waited for two seconds at most: on a busy machine its tables would not be classified by then.
beforeAll(async () => {
  await rig.api('GET', '/v1/databases/app/classification?wait=1', await dana());
});
const rosa = () => rig.tokenOf('rosa', ['reviewers']);

afterEach(async () => {
  rig.gateway.reload(rig.settings);
  // What a test that failed left behind is not the next one's.
  for (const { id } of await pending()) await deny(id);
});

const post = async (path: string, token: string, body: unknown = {}): Promise<Json> => {
  const { status, body: answer } = await rig.api(
    'POST',
    path,
    token,
    { 'content-type': 'application/json' },
    JSON.stringify(body),
  );
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(answer)}`);
  return answer;
};

async function pending(): Promise<Json[]> {
  const { body } = await rig.api('GET', '/v1/requests?pending=1', await rosa());
  return body.requests;
}

/** The only one that waits now. */
async function theRequest(): Promise<Json> {
  await until(async () => (await pending()).length > 0);
  const [request, ...others] = await pending();
  expect(others).toEqual([]);
  return (await rig.api('GET', `/v1/requests/${request.id}`, await rosa())).body;
}

const approve = async (id: string, terms: object = {}) =>
  post(`/v1/requests/${id}/approve`, await rosa(), { reason: 'go', ...terms });
const deny = async (id: string) => post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'not today' });

async function wire(token?: string): Promise<WireClient> {
  const client = new WireClient(await rig.upgrade({ token: token ?? (await dana()) }));
  await client.startup().through('Z');
  return client;
}

interface Notices {
  readonly client: pg.Client;
  readonly notices: string[];
}

async function connected(): Promise<Notices> {
  const client = await rig.connect(await dana());
  const notices: string[] = [];
  client.on('notice', ({ message }) => notices.push(message ?? ''));
  return { client, notices };
}

const count = async (table: string) => Number((await rig.direct(`SELECT count(*) FROM ${table}`))[0]!.count);

const idleInTransaction = () =>
  rig.direct("SELECT query FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND usename = 'app'");

const intents = async (sql: string): Promise<StatementIntent[]> =>
  (await rig.records()).filter(
    (one): one is StatementIntent =>
      one.kind === 'statement.intent' && typeof one.body !== 'string' && one.body.sql.startsWith(sql),
  );

describe('a held statement', () => {
  it('waits, says for whom, and runs once it is approved', async () => {
    const { client, notices } = await connected();
    const running = client.query('DELETE FROM item WHERE id = 1');
    const request = await theRequest();
    expect(request).toMatchObject({
      kind: 'statement',
      by: { subject: 'dana' },
      statement: {
        sql: 'DELETE FROM item WHERE id = 1',
        command: 'DELETE',
        rule: 'deletes',
        relations: ['public.item'],
        cascades: ['public.part'],
        triggers: ['public.item.note'],
        estimated_rows: 1,
        in_transaction: false,
        can_roll_back: true,
      },
    });
    await until(() => notices.length > 0);
    expect(notices[0]).toBe(`waiting for approval: request ${request.id} (group reviewers)`);
    expect(await count('item')).toBe(10);
    await approve(request.id);
    expect((await running).rowCount).toBe(1);
    expect(await count('item')).toBe(9);
    expect(await intents('DELETE FROM item WHERE id = 1')).toMatchObject([{ decision: 'allow', approval: request.id }]);
    // Once: the same again asks again.
    const again = failure(client.query('DELETE FROM item WHERE id = 1'));
    await deny((await theRequest()).id);
    await again;
  });

  it('is refused when it is denied, and the connection lives on', async () => {
    const { client } = await connected();
    const refused = failure(client.query('DELETE FROM item'));
    const { id } = await theRequest();
    await deny(id);
    expect(await refused).toMatchObject({
      code: '42501',
      message: expect.stringContaining('not today'),
      detail: expect.stringContaining(id),
      hint: expect.stringContaining(`dbgate requests show ${id}`),
    });
    expect((await client.query('SELECT count(*)::int FROM item')).rows).toEqual([{ count: 9 }]);
    expect((await intents('DELETE FROM item')).at(-1)).toMatchObject({ decision: 'deny', rule: 'deletes' });
  });

  it('with bind values in the extended protocol: what was bound is what runs', async () => {
    const { client } = await connected();
    const running = client.query('UPDATE item SET name = $2 WHERE id = $1', [2, 'two']);
    const request = await theRequest();
    expect(request.statement).toMatchObject({ binds: 2, command: 'UPDATE', in_transaction: false });
    await approve(request.id);
    expect((await running).rowCount).toBe(1);
    // Other values are another statement.
    const other = failure(client.query('UPDATE item SET name = $2 WHERE id = $1', [3, 'two']));
    await deny((await theRequest()).id);
    await other;
    expect(await rig.direct('SELECT name FROM item WHERE id IN (2, 3) ORDER BY id')).toEqual([
      { name: 'two' },
      { name: 'n3' },
    ]);
  });

  it('keeps no lock on its table while it waits', async () => {
    const { client } = await connected();
    const running = client.query('UPDATE item SET name = $1 WHERE id = 2', ['x']);
    const { id } = await theRequest();
    expect(await rig.direct("SELECT 1 FROM pg_locks WHERE relation = 'item'::regclass")).toEqual([]);
    await approve(id);
    await running;
  });

  it('is withdrawn by a CancelRequest', async () => {
    const { client } = await connected();
    const cancelled = failure(client.query('DELETE FROM item'));
    const { id } = await theRequest();
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const cancel = new WireClient(await rig.upgrade({ token: await dana() }));
    const bytes = Buffer.alloc(16);
    for (const [i, value] of [16, 80877102, processID, secretKey].entries()) bytes.writeInt32BE(value, i * 4);
    cancel.send(bytes);
    expect(await cancelled).toMatchObject({ code: '57014' });
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.status === 'cancelled');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('whose client is gone goes through once when it is run again', async () => {
    const first = await wire();
    first.query('DELETE FROM item WHERE id = 3');
    const { id } = await theRequest();
    first.stream.destroy();
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.waiting === 0);
    await approve(id);
    expect(await count('item')).toBe(9);
    const { client } = await connected();
    expect((await client.query('DELETE FROM item WHERE id = 3')).rowCount).toBe(1);
    expect(await pending()).toEqual([]);
  });

  it('with another search_path is another statement', async () => {
    const first = await wire();
    first.query('DELETE FROM item WHERE id = 4');
    const { id } = await theRequest();
    first.stream.destroy();
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.waiting === 0);
    await approve(id);
    const { client } = await connected();
    await client.query('SET search_path = other');
    const asked = failure(client.query('DELETE FROM item WHERE id = 4'));
    const other = await theRequest();
    expect(other.id).not.toBe(id);
    await deny(other.id);
    await asked;
    await client.query('RESET search_path');
    expect((await client.query('DELETE FROM item WHERE id = 4')).rowCount).toBe(1);
  });

  it('is looked at again when it is approved: what policy denies by then is denied', async () => {
    const { client } = await connected();
    const refused = failure(client.query('DELETE FROM item WHERE id = 5'));
    const { id } = await theRequest();
    const rules = [...HELD, { id: 'no', effect: 'deny' as const, match: { relation: ['item'] } }];
    rig.gateway.reload({ ...rig.settings, rules });
    await approve(id);
    expect(await refused).toMatchObject({ code: '42501', detail: expect.stringContaining('rule no') });
    expect(await rig.direct('SELECT id FROM item WHERE id = 5')).toHaveLength(1);
  });

  it('is denied before anybody is asked when something else speaks against it', async () => {
    const { client } = await connected();
    expect(await failure(client.query('DELETE FROM item; SELECT * FROM locked'))).toMatchObject({
      detail: expect.stringContaining('rule shut'),
    });
    expect(await failure(client.query('PREPARE p AS DELETE FROM item'))).toMatchObject({ code: '42501' });
    expect(await pending()).toEqual([]);
  });

  it('has its answer masked', async () => {
    const { client } = await connected();
    const running = client.query('SELECT email FROM vault WHERE id = 1');
    const request = await theRequest();
    expect(request.statement.columns).toMatchObject({ 'public.vault.email': 'email' });
    await approve(request.id);
    const [row] = (await running).rows;
    expect(row.email).not.toBe('p1@example.com');
  });
});

describe('in a transaction', () => {
  it('waits with its locks, and is told so', async () => {
    const { client } = await connected();
    await client.query('BEGIN');
    await client.query("INSERT INTO item VALUES (50, 'new')");
    const running = client.query('DELETE FROM item WHERE id = 50');
    const request = await theRequest();
    expect(request.statement.in_transaction).toBe(true);
    await approve(request.id);
    expect((await running).rowCount).toBe(1);
    await client.query('COMMIT');
    expect(await rig.direct('SELECT id FROM item WHERE id = 50')).toEqual([]);
  });

  it('a refusal fails it as any error', async () => {
    const { client } = await connected();
    await client.query('BEGIN');
    const refused = failure(client.query('DELETE FROM item'));
    await deny((await theRequest()).id);
    await refused;
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    expect(await failure(client.query('DELETE FROM item'))).toMatchObject({ code: '25P02' });
    expect(await pending()).toEqual([]);
    await client.query('ROLLBACK');
  });

  it('waits no longer than is allowed there, and goes through when it is run again', async () => {
    rig.gateway.reload({ ...rig.settings, approvals: approvalSettings({ holdInTransactionMs: 1_000 }) });
    const { client } = await connected();
    await client.query('BEGIN');
    const refused = failure(client.query('DELETE FROM item WHERE id = 6'));
    const { id } = await theRequest();
    expect(await refused).toMatchObject({ code: '42501', hint: expect.stringContaining('it goes through') });
    await client.query('ROLLBACK');
    await approve(id);
    expect((await client.query('DELETE FROM item WHERE id = 6')).rowCount).toBe(1);
  });
});

describe('in a pipeline', () => {
  it('what came before is answered by the server, what comes behind waits', async () => {
    const client = await wire();
    client.send(
      encodeParse('', 'SELECT 1'),
      encodeBind('', '', []),
      encodeExecute(''),
      encodeParse('', 'DELETE FROM item WHERE id = 7 RETURNING id'),
      encodeBind('', '', []),
      encodeExecute(''),
      encodeParse('', 'SELECT 3'),
      encodeBind('', '', []),
      encodeExecute(''),
      SYNC,
    );
    const request = await theRequest();
    // Its implicit transaction is open, and cannot be the gateway's.
    expect(request.statement).toMatchObject({ in_transaction: true, can_roll_back: false });
    await approve(request.id);
    const messages = await client.through('Z');
    const rows = messages
      .filter(({ type }) => type === 'D')
      .map(({ raw }) => String(decodeDataRow(raw, 5, raw.length)));
    expect(rows).toEqual(['1', '7', '3']);
    expect(messages.map(({ type }) => type).filter((type) => type !== 'N')).toEqual([
      ...'12DC',
      ...'12DC',
      ...'12DC',
      'Z',
    ]);
  });

  it('a second Execute of what was approved once is refused', async () => {
    const client = await wire();
    client.send(encodeParse('', 'DELETE FROM item WHERE id = 8'), encodeBind('', '', []), encodeExecute(''), FLUSH);
    await approve((await theRequest()).id);
    await client.through('C');
    client.send(encodeExecute(''), SYNC);
    expect(await client.error()).toMatchObject({ code: '42501', message: expect.stringContaining('none left') });
    await client.through('Z');
    // Its transaction failed with that.
    expect(await rig.direct('SELECT id FROM item WHERE id = 8')).toHaveLength(1);
  });

  it.each([
    ['Flush', FLUSH],
    ['Sync, in a transaction', SYNC],
  ])(
    'what was approved at its Bind is refused when another rule holds it by its Execute (%s between)',
    async (_, end) => {
      const client = await wire();
      if (end === SYNC) await client.query('BEGIN').through('Z');
      client.send(encodeParse('', 'DELETE FROM item WHERE id = 8'), encodeBind('', '', []), end);
      const { id } = await theRequest();
      await approve(id);
      await client.through('2');
      const other = { id: 'others', effect: 'hold' as const, match: { relation: ['item'] }, approvers: ['nobody'] };
      rig.gateway.reload({ ...rig.settings, rules: [other, ...HELD.slice(1)] });
      client.send(encodeExecute(''), SYNC);
      expect(await client.error()).toMatchObject({
        code: '42501',
        message: expect.stringContaining('for another rule'),
      });
      await client.through('Z');
      client.stream.destroy();
      expect(await rig.direct('SELECT id FROM item WHERE id = 8')).toHaveLength(1);
    },
  );

  it('what was approved at its Bind runs when a reload changes nothing of its rule', async () => {
    const client = await wire();
    client.send(encodeParse('', 'DELETE FROM item WHERE id = 77'), encodeBind('', '', []), FLUSH);
    await approve((await theRequest()).id);
    await client.through('2');
    rig.gateway.reload({ ...rig.settings });
    client.send(encodeExecute(''), SYNC);
    expect((await client.through('Z')).map(({ type }) => type)).toEqual(['C', 'Z']);
  });

  it('a named portal is refused: FETCH could run it again', async () => {
    const client = await wire();
    client.send(encodeParse('', 'SELECT * FROM vault'), encodeBind('p', '', []), encodeExecute('p'), SYNC);
    expect(await client.error()).toMatchObject({ code: '42501', message: expect.stringContaining('named portal') });
    await client.through('Z');
    expect(await pending()).toEqual([]);
  });
});

/** The same by both protocols: `pg` sends a Query without values, and a batch of its own with them. */
describe.each([
  ['simple', (ids: string) => [`DELETE FROM stock WHERE id IN (${ids}) AND 0 = 0`, undefined]],
  ['extended', (ids: string) => [`DELETE FROM stock WHERE id IN (${ids}) AND 0 = $1::int`, [0]]],
] as const)('approved on a condition, %s protocol', (_name, text) => {
  const remove = (client: pg.Client, ids: string) => client.query(...(text(ids) as [string, unknown[] | undefined]));
  const outcomes = async (request: string) => {
    const records = await rig.records();
    const of = records.filter(
      (one): one is StatementIntent => one.kind === 'statement.intent' && one.approval === request,
    );
    return records.filter(
      (one): one is StatementOutcome =>
        one.kind === 'statement.outcome' && of.some(({ session, n }) => session === one.session && n === one.n),
    );
  };

  beforeAll(() => rig.direct('CREATE TABLE IF NOT EXISTS stock (id int PRIMARY KEY)'));
  beforeEach(async () => {
    await rig.direct('TRUNCATE stock');
    await rig.direct('INSERT INTO stock SELECT generate_series(1, 20)');
  });

  it('of no more rows than it changes: it stays', async () => {
    const { client } = await connected();
    const running = remove(client, '1, 2, 3');
    const { id } = await theRequest();
    await approve(id, { max_rows: 3 });
    expect((await running).rowCount).toBe(3);
    expect(await count('stock')).toBe(17);
    expect((await client.query('SELECT count(*)::int AS n FROM stock')).rows).toEqual([{ n: 17 }]);
    expect(await outcomes(id)).toMatchObject([{ rows: 3 }]);
    expect(await idleInTransaction()).toEqual([]);
  });

  it('of fewer: it is rolled back, and both numbers are told', async () => {
    const { client } = await connected();
    const refused = failure(remove(client, '1, 2, 3'));
    const { id } = await theRequest();
    await approve(id, { max_rows: 2 });
    expect(await refused).toMatchObject({
      code: '42501',
      message: 'the statement changed 3 rows, and 2 were approved',
    });
    expect(await count('stock')).toBe(20);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await outcomes(id)).toMatchObject([{ sqlstate: '42501', fate: 'rolled_back' }]);
    expect(await idleInTransaction()).toEqual([]);
  });

  it.each([true, false])('to be shown first, and then kept: %s', async (keep) => {
    const { client } = await connected();
    const running = remove(client, '1, 2').then(
      ({ rowCount }) => rowCount,
      (error: pg.DatabaseError) => error.message,
    );
    const { id } = await theRequest();
    await approve(id, { try: true });
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.tried_rows === 2);
    expect(await count('stock')).toBe(20);
    await (keep ? approve(id) : deny(id));
    expect(await running).toBe(keep ? 2 : 'the statement changed 2 rows, and that was not approved');
    expect(await count('stock')).toBe(keep ? 18 : 20);
    expect(await idleInTransaction()).toEqual([]);
  });

  it('whose client goes while it is shown: nothing of it stays', async () => {
    const { client } = await connected();
    remove(client, '1, 2').catch(() => {});
    const { id } = await theRequest();
    await approve(id, { try: true });
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.tried_rows === 2);
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await until(async () => (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.status === 'cancelled');
    await until(async () => (await idleInTransaction()).length === 0);
    expect(await count('stock')).toBe(20);
  });

  it('in a transaction of the client’s: too many rows fail it', async () => {
    const { client } = await connected();
    await client.query('BEGIN');
    await client.query('INSERT INTO stock VALUES (100)');
    await client.query('SAVEPOINT s');
    const refused = failure(remove(client, '1, 2, 3'));
    await approve((await theRequest()).id, { max_rows: 2 });
    expect(await refused).toMatchObject({ message: 'the statement changed 3 rows, and 2 were approved' });
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK TO s');
    const running = remove(client, '4');
    await approve((await theRequest()).id, { max_rows: 1 });
    expect((await running).rowCount).toBe(1);
    await client.query('COMMIT');
    expect(await count('stock')).toBe(20);
  });

  it('that fails by itself: the error is the server’s', async () => {
    await rig.direct('CREATE TABLE IF NOT EXISTS kept (id int REFERENCES stock DEFERRABLE INITIALLY DEFERRED)');
    await rig.direct('INSERT INTO kept VALUES (5)');
    const { client } = await connected();
    // At COMMIT, which is the gateway's own.
    const refused = failure(remove(client, '5'));
    await approve((await theRequest()).id, { max_rows: 1 });
    expect(await refused).toMatchObject({ code: '23503' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await count('stock')).toBe(20);
    await rig.direct('DROP TABLE kept');
    const zero = failure(client.query('DELETE FROM stock WHERE 1 / (id - id) = 1'));
    await approve((await theRequest()).id, { max_rows: 1 });
    expect(await zero).toMatchObject({ code: '22012' });
    expect(await idleInTransaction()).toEqual([]);
  });
});

/** What its command tag does not tell: by the statistics of its transaction. */
describe.each([
  ['simple', (sql: string) => [sql.replace('$1', '0'), undefined]],
  ['extended', (sql: string) => [sql, [0]]],
] as const)('rows of all tables, %s protocol', (_name, text) => {
  const run = (client: pg.Client, sql: string) => client.query(...(text(sql) as [string, unknown[] | undefined]));
  /** Approved to be tried, and then kept: what whoever decides was shown. */
  const tried = async (sql: string, client?: pg.Client): Promise<Json> => {
    const running = run(client ?? (await connected()).client, sql);
    const { id } = await theRequest();
    await approve(id, { try: true });
    let request: Json;
    await until(
      async () => (request = (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body).tried_rows !== null,
    );
    await approve(id);
    await running;
    return request;
  };
  const refused = async (sql: string, maxRows: number): Promise<string> => {
    const failed = failure(run((await connected()).client, sql));
    await approve((await theRequest()).id, { max_rows: maxRows });
    return (await failed).message;
  };
  const zero = { inserted: 0, updated: 0, deleted: 0, truncated: 0 };

  beforeEach(async () => {
    await rig.direct('TRUNCATE pay, "Pay Log", bill, slice');
    await rig.direct(`INSERT INTO pay SELECT i, 0 FROM generate_series(1, 5) i; INSERT INTO slice SELECT generate_series(1, 3);
      INSERT INTO bill SELECT i, i FROM generate_series(1, 4) i`);
  });

  it('what triggers change is shown, and does not count against a limit', async () => {
    const { client } = await connected();
    // What the session did before is not of it.
    await client.query('INSERT INTO pay VALUES (50, 0), (51, 0)');
    const request = await tried('UPDATE pay SET v = 2 WHERE id <= 3 AND v = $1', client);
    expect(request).toMatchObject({
      tried_rows: 3,
      tried_effects: [
        { ...zero, table: 'public."Pay Log"', inserted: 3 },
        { ...zero, table: 'public.pay', updated: 3 },
      ],
    });
    expect(request.events.at(-1)).toMatchObject({ type: 'tried', rows: 3 });
    const running = run(client, 'UPDATE pay SET v = 3 WHERE id <= 3 AND v > $1');
    await approve((await theRequest()).id, { max_rows: 3 });
    expect((await running).rowCount).toBe(3);
  });

  it('what foreign keys change is shown', async () => {
    const { tried_rows, tried_effects } = await tried('DELETE FROM pay WHERE id <= 2 AND v = $1');
    expect(tried_rows).toBe(2);
    expect(tried_effects.map(({ table, deleted }: Json) => [table, deleted])).toEqual([
      ['public.bill', 2],
      ['public.pay', 2],
    ]);
  });

  const MOVE = 'WITH gone AS (DELETE FROM bill WHERE id <= 3 RETURNING id) INSERT INTO slice SELECT id + $1 FROM gone';

  it('what CTEs change is counted with the rest', async () => {
    expect(await refused(MOVE, 5)).toBe('the statement changed 6 rows, and 5 were approved');
    expect(await count('bill')).toBe(4);
    const { tried_rows, tried_effects } = await tried(MOVE);
    expect(tried_rows).toBe(6);
    expect(tried_effects).toMatchObject([
      { table: 'public.bill', deleted: 3 },
      { table: 'public.slice1', inserted: 3 },
    ]);
    expect(await count('bill')).toBe(1);
  });

  it('what functions change is counted, in all tables', async () => {
    // Its one row is its answer.
    rig.gateway.reload({ ...rig.settings, rules: [{ id: 'calls', effect: 'hold', match: { function: ['settle'] } }] });
    expect(await refused('SELECT settle(2 + $1)', 3)).toBe('the statement changed 4 rows, and 3 were approved');
    expect((await tried('SELECT settle(2 + $1)')).tried_rows).toBe(4);
  });

  it('through a view all counts', async () => {
    const sql = 'WITH x AS (UPDATE payable SET v = 7 WHERE id <= 2 RETURNING 1) SELECT count(*) + $1 FROM x';
    rig.gateway.reload({ ...rig.settings, rules: [{ id: 'v', effect: 'hold', match: { relation: ['payable'] } }] });
    expect(await refused(sql, 3)).toBe('the statement changed 4 rows, and 3 were approved');
  });

  it('nothing of it stays open, whatever came of it', async () => {
    expect(await idleInTransaction()).toEqual([]);
    const { client } = await connected();
    await client.query('BEGIN');
    await client.query('INSERT INTO bill VALUES (3, 1)');
    const failed = failure(run(client, MOVE));
    await approve((await theRequest()).id, { max_rows: 7 });
    expect((await failed).message).toBe('the statement changed 8 rows, and 7 were approved');
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    expect(await count('bill')).toBe(4);
  });
});

describe('TRUNCATE', () => {
  beforeEach(async () => {
    await rig.direct('TRUNCATE cut, cut_ref, cuts');
    await rig.direct(`INSERT INTO cut SELECT generate_series(1, 4); INSERT INTO cut_ref SELECT generate_series(1, 2);
      INSERT INTO cuts SELECT generate_series(1, 3)`);
  });

  it('is counted before it runs, with what it cascades to', async () => {
    const { client } = await connected();
    const running = client.query('TRUNCATE cut CASCADE');
    const { id } = await theRequest();
    await approve(id, { try: true });
    let request: Json;
    await until(
      async () => (request = (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body).tried_rows !== null,
    );
    expect(request).toMatchObject({
      tried_rows: 4,
      tried_effects: [
        { table: 'public.cut', truncated: 4 },
        { table: 'public.cut_ref', truncated: 2 },
      ],
    });
    await deny(id);
    expect(await failure(running)).toMatchObject({ message: expect.stringContaining('4 rows') });
    expect(await count('cut_ref')).toBe(2);
  });

  it('of more rows than approved is rolled back; of as many stays', async () => {
    const { client } = await connected();
    await client.query('BEGIN');
    await client.query('INSERT INTO cuts VALUES (7)');
    const failed = failure(client.query('TRUNCATE cuts'));
    await approve((await theRequest()).id, { max_rows: 3 });
    await failed.then(({ message }) => expect(message).toBe('the statement changed 4 rows, and 3 were approved'));
    await client.query('ROLLBACK');
    const running = client.query('TRUNCATE cuts');
    await approve((await theRequest()).id, { max_rows: 3 });
    await running;
    expect(await count('cuts')).toBe(0);
  });

  it('that cannot be counted is not run, and leaves no transaction open', async () => {
    await rig.direct('ALTER TABLE cut_ref ENABLE ROW LEVEL SECURITY; ALTER TABLE cut_ref FORCE ROW LEVEL SECURITY');
    const { client } = await connected();
    for (const sql of ['TRUNCATE cut_ref', 'TRUNCATE cut CASCADE']) {
      const failed = failure(client.query(sql));
      await approve((await theRequest()).id, { max_rows: 9 });
      expect((await failed).message).toMatch(/the rows of public\.cut_ref cannot be counted/);
      expect(await idleInTransaction()).toEqual([]);
    }
    await rig.direct('ALTER TABLE cut_ref DISABLE ROW LEVEL SECURITY');
    expect(await count('cut')).toBe(4);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

it('without the server’s statistics what only they tell is refused, and the rest goes by its tag', async () => {
  const server = new pg.Client({ connectionString: rig.server.superuserUrl });
  await server.connect();
  await server.query('ALTER DATABASE app SET track_counts = off');
  try {
    const { client } = await connected();
    const failed = failure(client.query('WITH x AS (DELETE FROM part RETURNING 1) DELETE FROM item WHERE id = 999'));
    await approve((await theRequest()).id, { max_rows: 9 });
    expect((await failed).message).toMatch(/track_counts is off/);
    expect(await idleInTransaction()).toEqual([]);
    const running = client.query('DELETE FROM item WHERE id = 999');
    const { id } = await theRequest();
    await approve(id, { try: true });
    let request: Json;
    await until(
      async () => (request = (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body).tried_rows !== null,
    );
    expect(request).toMatchObject({ tried_rows: 0, tried_effects: null });
    await approve(id);
    await running;
  } finally {
    await server.query('ALTER DATABASE app RESET track_counts');
    await server.end();
  }
});

it('the answer of what is tried is bounded', async () => {
  const { client } = await connected();
  await rig.direct('CREATE TABLE many AS SELECT i AS id FROM generate_series(1, 10001) i');
  const refused = failure(client.query('DELETE FROM many RETURNING id'));
  await approve((await theRequest()).id, { max_rows: 100_000 });
  expect(await refused).toMatchObject({ code: '54000' });
  expect(await count('many')).toBe(10_001);
});

it('a batch with others behind what is tried stays or goes as one', async () => {
  const client = await wire();
  const batch = [
    encodeParse('', 'DELETE FROM item WHERE id = 10'),
    encodeBind('', '', []),
    encodeExecute(''),
    encodeParse('', "INSERT INTO item VALUES (60, 'x')"),
    encodeBind('', '', []),
    encodeExecute(''),
  ];
  client.send(...batch, SYNC);
  await approve((await theRequest()).id, { max_rows: 1 });
  expect((await client.through('Z')).map(({ type }) => type).filter((type) => type !== 'N')).toEqual([...'12C12CZ']);
  expect(await rig.direct('SELECT id FROM item WHERE id IN (10, 60)')).toEqual([{ id: 60 }]);
  await rig.direct("DELETE FROM item WHERE id = 60; INSERT INTO item VALUES (10, 'n10')");
  // Flush would wait for what cannot be told yet.
  client.send(...batch, FLUSH, SYNC);
  await approve((await theRequest()).id, { max_rows: 1 });
  expect(await client.error()).toMatchObject({ code: '0A000' });
  expect(String((await client.through('Z')).at(-1)!.raw.at(-1))).toBe(String('I'.charCodeAt(0)));
  // A COMMIT of the client's would end what is not its own.
  client.send(...batch, encodeParse('', 'COMMIT'), encodeBind('', '', []), encodeExecute(''), SYNC);
  await approve((await theRequest()).id, { max_rows: 1 });
  expect(await client.error()).toMatchObject({ code: '0A000' });
  await client.through('Z');
  expect(await rig.direct('SELECT id FROM item WHERE id IN (10, 60)')).toEqual([{ id: 10 }]);
  expect(await idleInTransaction()).toEqual([]);
});

it('ten connections of one tool make one request', async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, connected));
  const running = clients.map(({ client }, i) => client.query(`UPDATE item SET name = 'b' WHERE id = ${100 + i}`));
  await until(async () => (await pending())[0]?.executions === 10);
  const { id } = await theRequest();
  await approve(id, { times: 10 });
  expect((await Promise.all(running)).map(({ rowCount }) => rowCount)).toEqual(Array(10).fill(0));
});

it('notices come again while it waits', async () => {
  rig.gateway.reload({ ...rig.settings, approvals: approvalSettings({ noticeEveryMs: 50 }) });
  const { client, notices } = await connected();
  const refused = failure(client.query('DELETE FROM item'));
  const { id } = await theRequest();
  await until(() => notices.length > 2);
  expect(new Set(notices).size).toBe(1);
  await deny(id);
  await refused;
});

it('a gateway that is started again knows the request, and what was approved meanwhile goes through', async () => {
  const client = await wire();
  client.query('DELETE FROM item WHERE id = 9');
  const { id } = await theRequest();
  await rig.restart();
  await client.end();
  expect((await theRequest()).id).toBe(id);
  await approve(id);
  const again = await connected();
  expect((await again.client.query('DELETE FROM item WHERE id = 9')).rowCount).toBe(1);
  expect(await pending()).toEqual([]);
});

it('somebody who is cut off while his statement waits runs nothing', async () => {
  const client = await wire(await rig.tokenOf('mallory'));
  client.query('DELETE FROM item WHERE id = 10');
  const { id } = await theRequest();
  const { issuer } = rig.oidc.settings;
  rig.gateway.revocations.revokeSubject({ issuer, subject: 'mallory', reason: 'test' });
  const messages = await client.through('E');
  expect(fieldsOf(messages.at(-1)!)).toMatchObject({ code: '28000' });
  await client.end();
  await approve(id).catch(() => {});
  expect(await rig.direct('SELECT id FROM item WHERE id = 10')).toHaveLength(1);
});
