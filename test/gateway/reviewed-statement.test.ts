/** What whoever decides sees of a held statement's literals and bind values: a real gateway, by each person's own rights. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayEvent } from '../../src/audit/record.ts';
import type { ApprovalRule } from '../../src/config/approval-settings.ts';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../src/pgwire/extended.ts';
import { approvalSettings } from '../support/approvals.ts';
import { type Json, until, withRig } from './gateway-rig.ts';
import { PEOPLE_SQL } from './masked-people.ts';
import { WireClient } from './wire-client.ts';

const {
  rules: [rule],
  ...approvals
} = approvalSettings({ noticeEveryMs: 0 });
const forRosa: ApprovalRule = { ...rule!, id: 'own', to: [{ group: 'reviewers' }], approvers: [{ group: 'admins' }] };

const rig = withRig({
  sql: `${PEOPLE_SQL} CREATE TABLE letters (id int PRIMARY KEY, email text);
    INSERT INTO letters SELECT id, email FROM people; ANALYZE letters;
    CREATE FUNCTION is_one(wanted text, id int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT false'`,
  tune: (settings) => ({
    ...settings,
    grants: [
      ...settings.grants,
      {
        ...{ to: { group: 'mailers' }, database: '*', environment: undefined, access: 'read', create: false },
        masking: { classes: { email: 'none', person_name: 'redact' } },
      },
    ],
    rules: [{ id: 'writes', effect: 'hold', match: { command: ['DELETE', 'UPDATE', 'INSERT'] } }],
    roles: { admins: [], auditors: [{ group: 'auditors' }] },
    approvals: { ...approvals, rules: [{ ...rule!, to: [{ group: 'developers' }] }, forRosa] },
  }),
});

const CANARIES = ['Ottokar Lindwurm3', 'ottokar.lind3@mailhaus.example', '457-55-1003', 'Kettle 3'] as const;
const [NAME, MAIL, SSN, PLAIN] = CANARIES;
const MASKED_MAIL = /‹o[^‹›]*\*[^‹›]*@[^‹›]*\*[^‹›]*\.example›/;

const rosa = () => rig.tokenOf('rosa', ['reviewers']);
const mailer = () => rig.tokenOf('max', ['reviewers', 'mailers']);
const admin = () => rig.tokenOf('ada', ['reviewers', 'admins']);

const post = async (target: string, token: string, body: unknown = {}): Promise<Json> => {
  const type = { 'content-type': 'application/json' };
  const { status, body: answer } = await rig.api('POST', target, token, type, JSON.stringify(body));
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(answer)}`);
  return answer;
};
const list = async (): Promise<Json[]> => (await rig.api('GET', '/v1/requests?pending=1', await rosa())).body.requests;
const see = async (id: string, token: string): Promise<Json> =>
  (await rig.api('GET', `/v1/requests/${id}`, token)).body;
const seen = async (id: string, token: string): Promise<Json> => (await see(id, token)).shown;

async function wire(): Promise<WireClient> {
  const client = new WireClient(await rig.upgrade({ token: await rig.tokenOf('dana') }));
  await client.startup().through('Z');
  return client;
}

/** Its request; nobody reads what the client gets. */
async function held(...messages: Buffer[] | [string]): Promise<{ readonly id: string; readonly client: WireClient }> {
  const client = await wire();
  if (typeof messages[0] === 'string') client.query(messages[0]);
  else client.send(...(messages as Buffer[]));
  await until(async () => (await list()).length === 1);
  return { id: (await list())[0].id, client };
}

const reads = async (id: string): Promise<GatewayEvent[]> =>
  (await rig.records()).filter(
    (one): one is GatewayEvent =>
      one.kind === 'history.read' && one.detail.request === id && one.detail.classes !== undefined,
  );

beforeAll(async () => {
  // Its classes are there when its columns are known.
  const client = await rig.connect(await rig.tokenOf('first'));
  await client.query('SELECT full_name, email, ssn FROM people LIMIT 1');
  await client.query('SELECT email FROM letters LIMIT 1');
  await client.end();
});

afterEach(async () => {
  for (const { id } of await list()) await post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'no' });
});

describe('whoever decides sees', () => {
  const sql = `DELETE FROM people USING products p WHERE email = '${MAIL}' AND full_name = '${NAME}' AND title = '${PLAIN}'`;

  it('without a grant on that database: masks of what is classified, and all else as it is', async () => {
    const { id } = await held(sql);
    const shown = await seen(id, await rosa());
    expect(shown).toMatchObject({ by: 'rights', values: [], clear: [], masked: ['email', 'person_name'] });
    expect(shown.sql).toContain(`title = '${PLAIN}'`);
    expect(shown.sql).toMatch(MASKED_MAIL);
    expect(JSON.stringify(shown)).not.toMatch(/ottokar|Lindwurm|hash/i);
    expect(await reads(id)).toEqual([]);
  });

  it('what their grant shows as it is, the rest as it says; and that is recorded before', async () => {
    const { id } = await held(sql);
    const shown = await seen(id, await mailer());
    expect(shown).toMatchObject({ clear: ['email'], masked: ['person_name'] });
    expect(shown.sql).toContain(`WHERE email = '${MAIL}' AND full_name = '‹[redacted]›' AND title = '${PLAIN}'`);
    expect(await reads(id)).toMatchObject([
      { by: `${rig.oidc.issuer}|max`, database: 'app', detail: { request: id, classes: 'email' } },
    ]);
  });

  it('everything, who sees everything; of what else the request says nothing is another', async () => {
    const { id } = await held(sql);
    const request = await see(id, await admin());
    expect(request.shown).toMatchObject({ sql, masked: [], clear: ['email', 'person_name'] });
    expect(request.statement.sql).toMatch(
      /email = '‹email:[0-9a-f]{12}›' AND full_name = '‹person_name:[0-9a-f]{12}›'/,
    );
    expect((await reads(id)).map(({ by }) => by)).toEqual([`${rig.oidc.issuer}|ada`]);
    // A hash of the whole text would let whoever reads it try guesses of what is masked for them.
    expect(JSON.stringify(await see(id, await rosa()))).not.toMatch(/[0-9a-f]{32}/);
    // Lists, streams and what is told to others are made of this.
    for (const target of ['/v1/requests', '/v1/requests?pending=1']) {
      const { body } = await rig.api('GET', target, await admin());
      expect(JSON.stringify(body)).not.toMatch(/ottokar|Lindwurm/i);
      expect(body.requests.every((one: Json) => one.shown === undefined)).toBe(true);
    }
    const denied = await post(`/v1/requests/${id}/deny`, await admin(), { reason: 'no' });
    expect(JSON.stringify(denied)).not.toMatch(/ottokar|Lindwurm/i);
  });

  it('what an elevation of theirs shows, of its tables only, while it lasts', async () => {
    const ask = { database: 'app', unmask: ['email'], tables: ['letters'], duration_ms: 600_000, reason: 'INC-1' };
    const elevation = await post('/v1/requests', await mailless(), ask);
    await post(`/v1/requests/${elevation.id}/approve`, await rig.tokenOf('ada', ['admins']), { reason: 'ok' });
    const { id } = await held(
      `DELETE FROM letters l USING people p WHERE l.email = '${MAIL}' AND p.email = '${MAIL}' AND l.id = p.id`,
    );
    const { sql: text, clear, masked } = await seen(id, await mailless());
    expect(text).toMatch(new RegExp(`l\\.email = '${MAIL}' AND p\\.email = '${MASKED_MAIL.source}'`));
    expect({ clear, masked }).toEqual({ clear: ['email'], masked: ['email'] });
    await post(`/v1/requests/${elevation.id}/revoke`, await mailless());
    expect((await seen(id, await mailless())).sql).not.toContain(MAIL);
  });
  const mailless = () => rig.tokenOf('rita', ['reviewers', 'analysts']);

  it.each([
    ['an escape string', `full_name = E'Ottokar Lindwur\\x6d3'`],
    ['dollar quotes', `full_name = $q$${NAME}$q$`],
    ['a Unicode string', `full_name = U&'Ottokar Lindwurm\\0033'`],
    ['a cast', `full_name = '${NAME}'::varchar OR full_name = CAST('${NAME}' AS text)`],
    ['IN', `full_name IN ('nobody', '${NAME}')`],
    ['continued on another line', `full_name = 'Ottokar Lind'\n'wurm3'`],
    ['a comment', `full_name = '' /* ${MAIL} ${SSN} */ -- ${MAIL}`],
    ['a value that says what it is, where nothing is classified', `id::text <> '${SSN}' AND id::text <> '${MAIL}'`],
  ])('%s: not unless they may', async (_, condition) => {
    const text = `DELETE FROM people WHERE id = -1 AND (${condition}\n)`;
    const { id } = await held(text);
    const without = await seen(id, await rosa());
    expect(without.by).toBe('rights');
    expect(without.sql).not.toMatch(/Lind|ottokar|wurm|457-55/i);
    expect(without.sql).toMatch(/^DELETE FROM people WHERE id = -1 AND \(/);
    expect((await seen(id, await admin())).sql).toBe(text);
  });

  it('nothing of what is not known, unless they see everything', async () => {
    const text = `DELETE FROM people WHERE id = -1 AND is_one('${NAME}', id)`;
    const { id } = await held(text);
    expect((await seen(id, await mailer())).sql).toMatch(/is_one\('‹\?:[0-9a-f]{12}›', id\)$/);
    expect(await seen(id, await admin())).toMatchObject({ sql: text, clear: ['?'] });
  });
});

describe('bind values', () => {
  const TEXT = 25;
  const bound = (values: readonly (string | Buffer | null)[], types: readonly number[] = []): Buffer[] => [
    encodeParse('', 'UPDATE people SET note = $1, ssn = $2 WHERE email = $3 AND id = $4 AND full_name = $5', types),
    encodeBind('', '', values),
    encodeExecute(''),
    SYNC,
  ];

  it.each([
    ['text', bound([PLAIN, null, MAIL, '-7', `${NAME}'`])],
    [
      'binary',
      bound(
        [Buffer.from(PLAIN), null, Buffer.from(MAIL), int4(-7), Buffer.from(`${NAME}'`)],
        [TEXT, TEXT, TEXT, 23, TEXT],
      ),
    ],
  ])('in %s are shown as literals are', async (_, messages) => {
    const { id } = await held(...messages);
    const [note, ssn, email, number, name] = (await seen(id, await rosa())).values;
    expect({ ssn, number }).toEqual({ ssn: null, number: '-7' });
    expect(note).not.toBe(PLAIN);
    expect(email).toMatch(MASKED_MAIL);
    expect(name).not.toMatch(/Lindwurm/);
    const { values, clear } = await seen(id, await mailer());
    expect(values.slice(2)).toEqual([MAIL, '-7', '‹[redacted]›']);
    expect(clear).toEqual(['email']);
    expect((await seen(id, await admin())).values).toEqual([PLAIN, null, MAIL, '-7', `${NAME}'`]);
  });

  it('in binary of a type that is not known are not guessed at', async () => {
    const { id } = await held(...bound([Buffer.from('x'), null, Buffer.from(MAIL), int4(-7), Buffer.from(NAME)]));
    const [, , email, number, name] = (await seen(id, await mailer())).values;
    expect(number).toBe('\\xfffffff9');
    expect([email, name].join()).not.toMatch(/ottokar|Lind/i);
    expect((await seen(id, await admin())).values[2]).toBe(`\\x${Buffer.from(MAIL).toString('hex')}`);
  });
});

describe('only what is recorded is shown', () => {
  const sql = `DELETE FROM people WHERE id = -1 AND email = '${MAIL}'`;
  const recorded = async (id: string, token: string, why: RegExp): Promise<void> => {
    const request = await see(id, token);
    expect(request.shown).toEqual({
      ...{ by: 'record', why: expect.stringMatching(why), others: [], unseen: 0, clear: [], masked: [] },
    });
    expect(request.statement.sql).toMatch(/email = '‹email:[0-9a-f]{12}›'/);
    expect(JSON.stringify(request)).not.toContain(MAIL);
  };

  it('to whoever may not decide it: who asked, auditors, administrators of the database', async () => {
    const { id } = await held(sql);
    for (const [name, group] of [
      ['dana', 'developers'],
      ['otto', 'auditors'],
      ['adam', 'admins'],
    ] as const) {
      await recorded(id, await rig.tokenOf(name, [group]), /whoever may decide/);
    }
  });

  it('once it is approved, denied, or withdrawn', async () => {
    for (const verb of ['approve', 'deny']) {
      const { id, client } = await held(sql);
      await post(`/v1/requests/${id}/${verb}`, await rosa(), { reason: 'x' });
      await client.through('Z');
      await recorded(id, await admin(), /decided/);
    }
  });

  it('once nobody waits for it, though it may still be decided; and to nobody after a restart', async () => {
    const { id, client } = await held(sql);
    client.stream.destroy();
    await until(async () => (await see(id, await admin())).waiting === 0);
    await recorded(id, await admin(), /nobody waits/);
    await post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'no' });
    const other = await held(sql);
    await rig.restart();
    await until(async () => (await see(other.id, await admin())).waiting === 0);
    await recorded(other.id, await admin(), /nobody waits/);
  });

  it('of one that is too long to be kept', async () => {
    const { id } = await held(
      `DELETE FROM people WHERE id = -1 AND email = '${MAIL}' AND note = '${'x'.repeat(140_000)}'`,
    );
    expect((await seen(id, await admin())).why).toMatch(/too long/);
  });
});

describe('of several executions that wait for one decision', () => {
  const remove = (mail: string, id: number) =>
    [
      encodeParse('', "DELETE FROM people WHERE id = $1 AND email = $2 AND note = 'x'", [23, 25]),
      encodeBind('', '', [String(id), mail]),
      encodeExecute(''),
      SYNC,
    ] as const;
  const others: WireClient[] = [];

  async function joined(id: string, waiting: number, ...messages: Buffer[]): Promise<WireClient> {
    const client = await wire();
    others.push(client);
    client.send(...messages);
    await until(async () => (await see(id, await rosa())).waiting === waiting);
    return client;
  }

  it('each is seen by the same rights, until it is decided', async () => {
    const { id, client } = await held(...remove('ottokar.lind3@mailhaus.example', -1));
    await joined(id, 2, ...remove('second@mailhaus.example', -2));
    await joined(id, 3, ...remove('second@mailhaus.example', -2));
    await joined(id, 4, ...remove(`third${'x'.repeat(140_000)}@mailhaus.example`, -3));
    const whole = await seen(id, await admin());
    expect(whole).toMatchObject({
      ...{ by: 'rights', values: ['-1', MAIL], clear: ['email', 'free_text'], unseen: 0 },
      others: [
        { values: ['-2', 'second@mailhaus.example'], waiting: 2 },
        { values: ['-3', expect.stringMatching(/^thirdx/)], waiting: 1 },
      ],
    });
    expect(whole.others.map(({ sql }: Json) => sql)).toEqual([whole.sql, whole.sql]);
    expect((await reads(id)).length).toBe(1);
    const masked = await seen(id, await rosa());
    expect(masked).toMatchObject({
      clear: [],
      masked: ['email', 'free_text'],
      others: [{ waiting: 2 }, { waiting: 1 }],
    });
    expect(JSON.stringify(masked)).not.toMatch(/ottokar|second@|thirdx/);
    await post(`/v1/requests/${id}/approve`, await rosa(), { times: 2 });
    await client.through('Z');
    await until(async () => (await see(id, await admin())).status === 'used');
    expect((await seen(id, await admin())).others).toEqual([]);
  });

  it('those that wait are seen when the first is gone, and how many are not', async () => {
    const { id, client } = await held(...remove(MAIL, -1));
    await joined(id, 2, ...remove('second@mailhaus.example', -2));
    await joined(id, 3, ...remove('y'.repeat(300_000), -3));
    client.stream.destroy();
    await until(async () => (await see(id, await admin())).waiting === 2);
    expect(await seen(id, await admin())).toMatchObject({
      ...{
        by: 'record',
        why: expect.stringMatching(/who asked first is gone/),
        clear: ['email', 'free_text'],
        unseen: 1,
      },
      others: [{ values: ['-2', 'second@mailhaus.example'], waiting: 1 }],
    });
  });

  afterEach(() => {
    for (const client of others.splice(0)) client.stream.destroy();
  });
});

it('what is tried is shown until it is kept or not', async () => {
  const { id, client } = await held(`DELETE FROM people WHERE id = -1 AND email = '${MAIL}'`);
  await post(`/v1/requests/${id}/approve`, await rosa(), { try: true });
  await until(async () => (await see(id, await admin())).tried_rows === 0);
  expect((await seen(id, await admin())).sql).toContain(MAIL);
  await post(`/v1/requests/${id}/approve`, await rosa());
  await client.through('Z');
  expect((await seen(id, await admin())).by).toBe('record');
});

it('what is recorded of it has no hash that a guess could be tried on, and tells which executions are the same', async () => {
  const { id, client } = await held(`DELETE FROM people WHERE id = -6 AND ssn = '${SSN}'`);
  await post(`/v1/requests/${id}/approve`, await rosa(), {});
  await client.through('Z');
  const events = (await rig.records()).flatMap((one) =>
    one.kind === 'request.event' && one.request === id ? [(one.body as Json).event] : [],
  );
  const [requested, used] = ['requested', 'used'].map((type) => events.find((event: Json) => event.type === type));
  const { hash, shape } = requested.request.statement;
  expect([hash, shape]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(used.hash).toBe(hash);
  // In the request's own stream it is the whole one, by which approvals hold.
  const streams = readdirSync(path.join(rig.settings.stateDir, 'requests'), { recursive: true, withFileTypes: true });
  const kept = streams
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('');
  const whole = [...kept.matchAll(/"(?:hash|shape)":"([0-9a-f]{64})"/g)].map(([, found]) => found!);
  expect(whole.length).toBeGreaterThan(2);
  const recorded = JSON.stringify(await rig.records());
  for (const one of whole) expect(recorded).not.toContain(one.slice(0, 32));
});

it('none of it is written anywhere', async () => {
  const { id, client } = await held(`INSERT INTO people VALUES (-5, '${NAME}', '${MAIL}', '${SSN}')`);
  expect((await seen(id, await admin())).sql).toContain(NAME);
  await post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'no' });
  await client.through('Z');
  await rig.restart();
  let files = 0;
  for (const entry of readdirSync(rig.settings.stateDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files++;
    const content = readFileSync(path.join(entry.parentPath, entry.name));
    for (const canary of [NAME, MAIL, SSN]) expect(content.includes(canary), `${canary} in ${entry.name}`).toBe(false);
  }
  expect(files).toBeGreaterThan(3);
  expect(rig.logs.join('\n')).not.toMatch(/ottokar|Lindwurm/i);
});

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
