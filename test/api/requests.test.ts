/** Requests over the HTTP API of a real gateway: who sees what, who decides, what streams say, what is refused. */
import https from 'node:https';
import { describe, expect, it } from 'vitest';
import { type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';

const rig = withRig({
  sql: 'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, $$a$$)',
  tune: (settings) => ({
    ...settings,
    roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
    approvals: approvalSettings(),
  }),
});

const dana = () => rig.tokenOf('dana');
const eve = () => rig.tokenOf('eve');
const rosa = () => rig.tokenOf('rosa', ['reviewers']);
const otto = () => rig.tokenOf('otto', ['auditors']);
const ada = () => rig.tokenOf('ada', ['admins']);

const post = async (path: string, token: string, body: unknown = {}) =>
  rig.api('POST', path, token, { 'content-type': 'application/json' }, JSON.stringify(body));

const DDL = { database: 'app', access: 'ddl', duration_ms: 3_600_000, reason: 'INC-1: drop what is left' };

async function ask(token: string, changes: object = {}): Promise<Json> {
  const { status, body } = await post('/v1/requests', token, { ...DDL, ...changes });
  expect(body.error).toBeUndefined();
  expect(status).toBe(201);
  return body;
}

/** The lines of a stream as they come. */
async function openLines(path: string, token: string): Promise<{ lines: Json[]; ended: Promise<void>; close(): void }> {
  const lines: Json[] = [];
  return await new Promise((resolve, reject) => {
    const request = https.request(new URL(path, rig.settings.publicUrl), {
      ca: rig.certificates.ca,
      servername: 'localhost',
      agent: false,
      headers: { authorization: `Bearer ${token}` },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      let rest = '';
      const ended = new Promise<void>((over) => response.once('close', over));
      response.setEncoding('utf8').on('error', () => {});
      response.on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop()!;
        lines.push(...parts.map((part) => JSON.parse(part)));
      });
      const close = () => request.destroy();
      rig.onClose(close);
      resolve({ lines, ended, close });
    });
    request.end();
  });
}

describe('asking', () => {
  it('makes a request that says who decides, until when, and how risky it is', async () => {
    const made = await ask(await dana(), { tables: ['item'], unmask: ['email'], purpose: 'clean-up' });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^r-[0-9a-hjkmnp-tv-z]{8}$/),
      kind: 'elevation',
      status: 'pending',
      database: 'app',
      mine: true,
      may_decide: false,
      by: { subject: 'dana', email: 'dana@example.test' },
      scope: { access: 'ddl', unmask: ['email'], tables: ['item'], duration_ms: 3_600_000 },
      deciders: ['group reviewers'],
      purpose: 'clean-up',
      link: `${rig.settings.publicUrl}/requests/${made.id}`,
      risk: { level: 'high', reasons: expect.arrayContaining(['may change and drop tables', 'shows email']) },
    });
    expect(made.by).not.toHaveProperty('groups');
  });

  it.each([
    ['nothing at all', { access: undefined }, /nothing is asked for/],
    ['a level that there is not', { access: 'root' }, /access is not one of/],
    ['a class that there is not', { unmask: ['emial'] }, /no class "emial"/],
    ['no classes', { unmask: [] }, /unmask/],
    ['a duration of 0', { duration_ms: 0 }, /too short/],
    ['a negative duration', { duration_ms: -1 }, /too short/],
    ['10 years', { duration_ms: 315_360_000_000 }, /too long: 1m to 4h/],
    ['a duration that is no number', { duration_ms: '1h' }, /duration_ms/],
    ['no reason', { reason: '' }, /reason/],
    ['a reason of blanks', { reason: ' \n ' }, /reason/],
    ['a long reason', { reason: 'x'.repeat(2_001) }, /too long/],
    ['a reason of 1 MB', { reason: 'x'.repeat(1 << 20) }, /body has more than/],
    ['no tables', { tables: [] }, /tables/],
    ['a table with a control character', { tables: ['a\u0007'] }, /tables/],
    ['a purpose with a control character', { purpose: 'a\u001b[2J' }, /purpose/],
    ['no database', { database: 7 }, /database/],
  ])('%s is refused as bad input', async (_what, changes, message) => {
    const { status, body } = await post('/v1/requests', await dana(), { ...DDL, ...changes });
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'usage' });
    expect(body.error.message).toMatch(message);
  });

  it('the nearest class is named', async () => {
    const { body } = await post('/v1/requests', await dana(), { ...DDL, unmask: ['emial'] });
    expect(body.error.hint).toBe('did you mean email?');
  });

  it('a body that is no JSON object is refused', async () => {
    for (const sent of ['', '[]', '"x"', '{', '\u0000']) {
      const { status } = await rig.api('POST', '/v1/requests', await dana(), {}, sent);
      expect(status, sent).toBe(400);
    }
  });

  it('control characters of a reason never come back', async () => {
    const made = await ask(await dana(), { reason: 'because\u001b[31m of \u202e INC-2\u0000' });
    expect(made.reason).toBe('because [31m of   INC-2');
    expect(made.reason).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('who may not ask for that is told what they may ask for', async () => {
    const { status, body } = await post('/v1/requests', await dana(), { ...DDL, access: 'admin' });
    expect(status).toBe(403);
    expect(body.error.hint).toMatch(/You may ask for/);
    const unknown = await post('/v1/requests', await dana(), { ...DDL, database: 'nope' });
    const stranger = await post('/v1/requests', await rig.tokenOf('nobody', []), DDL);
    expect([unknown.status, stranger.status]).toEqual([403, 403]);
    expect(unknown.body.error.message.replace('nope', 'app')).toBe(stranger.body.error.message);
  });

  it('a table that there is not is accepted, and shown', async () => {
    const made = await ask(await dana(), { tables: ['no_such_table'] });
    expect(made.scope.tables).toEqual(['no_such_table']);
  });
});

describe('a list', () => {
  it('says of each request what that itself says, to everybody who looks, and again when it has changed', async () => {
    const viewers = await Promise.all([dana(), rosa(), otto()]);
    const { id } = await ask(viewers[0]!, { reason: 'INC-7: "quoted" \\ and ü' });
    const compare = async (): Promise<Json[]> =>
      await Promise.all(
        viewers.map(async (token) => {
          // Twice: the second time its text is known.
          await rig.api('GET', '/v1/requests?limit=5', token);
          const list = (await rig.api('GET', '/v1/requests?limit=5', token)).body.requests as Json[];
          const { body } = await rig.api('GET', `/v1/requests/${id}`, token);
          const { events: _events, recent: _recent, shown: _shown, risk, ...whole } = body;
          const listed = list.find((one) => one.id === id)!;
          expect(listed).toEqual({ ...whole, risk: listed.risk });
          expect(listed.risk).toMatchObject({ level: (risk as Json).level });
          return listed;
        }),
      );
    expect((await compare()).map(({ mine, may_decide }) => [mine, may_decide])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]);
    await post(`/v1/requests/${id}/deny`, viewers[1]!, { reason: 'no' });
    for (const listed of await compare()) expect(listed).toMatchObject({ status: 'denied', may_decide: false });
  });
});

describe('seeing', () => {
  it('a request is seen by who asked, who decides, auditors and administrators, and is not there for others', async () => {
    const { id } = await ask(await dana());
    for (const token of [await dana(), await rosa(), await otto(), await ada()]) {
      expect((await rig.api('GET', `/v1/requests/${id}`, token)).status).toBe(200);
    }
    const hidden = await rig.api('GET', `/v1/requests/${id}`, await eve());
    const missing = await rig.api('GET', '/v1/requests/r-00000000', await eve());
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    expect(hidden.body.error.message.replace(id, 'X')).toBe(missing.body.error.message.replace('r-00000000', 'X'));
    for (const verb of ['approve', 'deny', 'cancel', 'revoke', 'review']) {
      const { status, body } = await post(`/v1/requests/${id}/${verb}`, await eve(), { reason: 'mine now' });
      expect({ status, code: body.error.code }, verb).toEqual({ status: 404, code: 'not_found' });
    }
    expect((await rig.api('GET', `/v1/requests/${id}/wait`, await eve())).status).toBe(404);
    expect((await rig.api('GET', '/v1/requests', await eve())).body.requests).toEqual([]);
  });

  it('a first request is said to be one', async () => {
    const token = await rig.tokenOf('fran');
    const first = await ask(token);
    const second = await ask(token);
    const reasons = async ({ id }: Json) =>
      (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.risk.reasons;
    expect(await reasons(first)).toContain('first request of this person');
    expect(await reasons(second)).not.toContain('first request of this person');
  });

  it('lists are filtered and paged', async () => {
    const token = await rig.tokenOf('lara');
    const ids = [];
    for (let i = 0; i < 5; i++) ids.unshift((await ask(token, { reason: `number ${i}` })).id);
    await post(`/v1/requests/${ids[0]}/cancel`, token);
    const list = async (query: string, by = token) => {
      const { status, body } = await rig.api('GET', `/v1/requests?${query}`, by);
      expect(status, query).toBe(200);
      return body.requests.map(({ id }: Json) => id);
    };
    expect(await list('')).toEqual(ids);
    expect(await list('pending=1')).toEqual(ids.slice(1));
    expect(await list('status=cancelled')).toEqual(ids.slice(0, 1));
    expect(await list('database=other')).toEqual([]);
    expect(await list('decidable=1')).toEqual([]);
    expect(await list('decidable=1', await rosa())).toEqual(expect.arrayContaining(ids.slice(1)));
    expect(await list('mine=1', await rosa())).toEqual([]);
    const first = (await rig.api('GET', '/v1/requests?limit=2', token)).body;
    expect(first.requests.map(({ id }: Json) => id)).toEqual(ids.slice(0, 2));
    expect(await list(`limit=3&after=${first.next}`)).toEqual(ids.slice(2));
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'status=open']) {
      expect((await rig.api('GET', `/v1/requests?${query}`, token)).status, query).toBe(400);
    }
  });

  it('what the person ran lately is for whoever decides', async () => {
    const client = await rig.connect(await dana());
    await client.query('SELECT count(*) FROM item');
    const { id } = await ask(await dana());
    let recent: Json[] = [];
    await until(async () => {
      recent = (await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.recent;
      return recent.length > 0;
    });
    expect(recent[0]).toMatchObject({ sql: 'SELECT count(*) FROM item', decision: expect.any(String) });
    expect((await rig.api('GET', `/v1/requests/${id}`, await dana())).body.recent).toBeUndefined();
    const read = (await rig.records()).filter((record) => record.kind === 'history.read');
    expect(read.at(-1)).toMatchObject({ by: `${rig.oidc.issuer}|rosa`, detail: { request: id } });
  });
});

describe('deciding', () => {
  it('approved by somebody who may, narrower than asked; it holds in an open session, until it is revoked', async () => {
    const client = await rig.connect(await dana());
    await client.query('CREATE TABLE IF NOT EXISTS mine (id int)');
    await rig.direct('CREATE TABLE theirs (id int)');
    const drop = () => client.query('ALTER TABLE theirs ADD COLUMN more int');
    await expect(drop()).rejects.toMatchObject({ code: '42501' });
    const { id } = await ask(await dana());
    const approved = await post(`/v1/requests/${id}/approve`, await rosa(), { reason: 'fine', duration_ms: 600_000 });
    expect(approved.body).toMatchObject({
      status: 'approved',
      approvals: [{ by: { subject: 'rosa' }, via: 'cli', reason: 'fine' }],
      terms: { duration_ms: 600_000 },
    });
    await expect(drop()).resolves.toMatchObject({ command: 'ALTER' });
    const { databases } = (await rig.api('GET', '/v1/databases', await dana())).body;
    expect(databases[0].elevations).toEqual([
      { request: id, access: 'ddl', unmask: null, tables: null, until: approved.body.valid_until },
    ]);
    const revoked = await post(`/v1/requests/${id}/revoke`, await rosa(), { reason: 'enough' });
    expect(revoked.body).toMatchObject({ status: 'revoked', ended_by: { subject: 'rosa' }, end_reason: 'enough' });
    await expect(client.query('ALTER TABLE theirs ADD COLUMN again int')).rejects.toMatchObject({ code: '42501' });
    expect((await rig.api('GET', '/v1/databases', await dana())).body.databases[0].elevations).toBeUndefined();
    await client.end();
  });

  it('never by who asked, nor by who may not; the second decision is told of the first', async () => {
    const asker = await rig.tokenOf('rick', ['developers', 'reviewers']);
    const { id } = await ask(asker);
    const own = await post(`/v1/requests/${id}/approve`, asker);
    expect({ status: own.status, code: own.body.error.code }).toEqual({ status: 403, code: 'denied' });
    expect((await post(`/v1/requests/${id}/deny`, await otto(), { reason: 'no' })).status).toBe(403);
    expect((await post(`/v1/requests/${id}/cancel`, await rosa(), {})).status).toBe(403);
    expect((await post(`/v1/requests/${id}/deny`, await rosa(), { reason: 'not today' })).body).toMatchObject({
      status: 'denied',
      denied: { by: { subject: 'rosa' }, reason: 'not today' },
    });
    const late = await post(`/v1/requests/${id}/approve`, await rig.tokenOf('rita', ['reviewers']));
    expect(late.status).toBe(400);
    expect(late.body.error.message).toMatch(/was denied by rosa@example\.test/);
  });

  it.each([
    ['longer than asked', { duration_ms: 7_200_000 }],
    ['other tables', { tables: ['users'] }],
    ['more classes', { unmask: 'all' }],
    ['rows, which are of statements', { max_rows: 1 }],
    ['a duration that is no number', { duration_ms: 'x' }],
    ['try as a word', { try: 'yes' }],
  ])('terms that are refused: %s', async (_what, terms) => {
    const { id } = await ask(await rig.tokenOf('tina'), { tables: ['item'] });
    const { status, body } = await post(`/v1/requests/${id}/approve`, await rosa(), terms);
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'usage' });
    expect((await rig.api('GET', `/v1/requests/${id}`, await rosa())).body.status).toBe('pending');
    await post(`/v1/requests/${id}/cancel`, await rig.tokenOf('tina'));
  });

  it('break-glass: at once, loud, listed until somebody else has looked at it', async () => {
    const made = await ask(await ada(), { break_glass: true, access: 'ddl' });
    expect(made).toMatchObject({ status: 'approved', break_glass: true, approvals: [{ via: 'break-glass' }] });
    const unreviewed = async () =>
      (await rig.api('GET', '/v1/requests?unreviewed=1', await rosa())).body.requests.map(({ id }: Json) => id);
    expect(await unreviewed()).toContain(made.id);
    const own = await post(`/v1/requests/${made.id}/review`, await ada(), { reason: 'all good' });
    expect(own.status).toBeGreaterThanOrEqual(400);
    expect((await post(`/v1/requests/${made.id}/review`, await rosa(), { reason: 'seen' })).body).toMatchObject({
      reviewed_by: { subject: 'rosa' },
    });
    expect(await unreviewed()).not.toContain(made.id);
    await post(`/v1/requests/${made.id}/revoke`, await ada());
  });
});

describe('streams', () => {
  it('wait tells each state and ends with the decision', async () => {
    const token = await dana();
    const { id } = await ask(token);
    const stream = await openLines(`/v1/requests/${id}/wait`, token);
    await until(() => stream.lines.length > 0);
    await post(`/v1/requests/${id}/approve`, await rosa());
    await stream.ended;
    expect(stream.lines.map(({ event, request }) => [event, request?.status])).toEqual([
      ['state', 'pending'],
      ['state', 'approved'],
    ]);
    const again = await rig.api('GET', `/v1/requests/${id}/wait`, token);
    expect(again.body).toMatchObject([{ event: 'state', request: { id, status: 'approved' } }]);
    await post(`/v1/requests/${id}/revoke`, token);
  });

  it('events tell each viewer of what they may see, and nothing else', async () => {
    const [forRosa, forEve] = await Promise.all([
      openLines('/v1/requests/events', await rosa()),
      openLines('/v1/requests/events', await eve()),
    ]);
    await until(() => forRosa.lines.length > 0 && forEve.lines.length > 0);
    const { id } = await ask(await dana());
    await post(`/v1/requests/${id}/cancel`, await dana(), { reason: 'no more' });
    const { id: eves } = await ask(await eve());
    await until(() => forEve.lines.length >= 2 && forRosa.lines.length >= 4);
    expect(forRosa.lines.slice(0, 3).map(({ event, type, request }) => [event, type, request?.id])).toEqual([
      ['ready', undefined, undefined],
      ['change', 'requested', id],
      ['change', 'cancelled', id],
    ]);
    expect(forEve.lines.map(({ type, request }) => [type, request?.id])).toEqual([
      [undefined, undefined],
      ['requested', eves],
    ]);
    forRosa.close();
    forEve.close();
  });
});

describe('sessions', () => {
  it('one sees one’s own, auditors and administrators all', async () => {
    const client = await rig.connect(await rig.tokenOf('sam'), { headers: { 'dbgate-purpose': 'a%20look' } });
    await client.query('SELECT 1');
    const of = async (token: string) => (await rig.api('GET', '/v1/sessions', token)).body.sessions;
    const [session] = await of(await rig.tokenOf('sam'));
    expect(session).toMatchObject({
      user: 'sam@example.test',
      database: 'app',
      purpose: 'a look',
      mine: true,
      elevations: [],
      since: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(session.statements).toBeGreaterThan(0);
    for (const token of [await otto(), await ada()]) {
      expect((await of(token)).map(({ id }: Json) => id)).toContain(session.id);
    }
    expect((await of(await eve())).map(({ id }: Json) => id)).not.toContain(session.id);
    await client.end();
  });

  it('are ended by their owner and by administrators, not by others, while a statement runs too', async () => {
    for (const [who, status] of [
      [await eve(), 404],
      [await otto(), 404],
      [await rig.tokenOf('sid'), 200],
      [await ada(), 200],
    ] as const) {
      const client = await rig.connect(await rig.tokenOf('sid'));
      const [{ id }] = (await rig.api('GET', '/v1/sessions', await rig.tokenOf('sid'))).body.sessions;
      const sleeping = client.query('SELECT pg_sleep(30)').then(
        () => 'done',
        () => 'cut',
      );
      const answer = await post(`/v1/sessions/${id}/revoke`, who, { reason: 'enough' });
      expect(answer.status).toBe(status);
      if (status === 200) expect(await sleeping).toBe('cut');
      else await post(`/v1/sessions/${id}/revoke`, await rig.tokenOf('sid'));
      await sleeping;
      await until(
        async () => (await rig.api('GET', '/v1/sessions', await rig.tokenOf('sid'))).body.sessions.length === 0,
      );
    }
    // Whoever is cut off is so at once, and the record follows.
    await expect
      .poll(async () => (await rig.records()).filter((record) => record.kind === 'identity.revoked').at(-1))
      .toMatchObject({ by: `${rig.oidc.issuer}|ada`, database: 'app' });
  });

  it('a person is cut off by an administrator: sessions, elevations, tokens; over a restart; until restored', async () => {
    const tom = await rig.tokenOf('tom');
    const { id } = await ask(tom);
    await post(`/v1/requests/${id}/approve`, await rosa());
    const client = await rig.connect(tom);
    expect((await post('/v1/users/revoke', await eve(), { user: 'tom' })).status).toBe(403);
    expect((await post('/v1/users/revoke', await ada(), { user: 'tom@nowhere.test' })).status).toBe(404);
    const cut = await post('/v1/users/revoke', await ada(), { user: 'TOM@example.test', reason: 'left us' });
    expect(cut.body).toEqual({
      people: [{ issuer: rig.oidc.issuer, subject: 'tom' }],
      sessions: 1,
      elevations: 1,
      refused: true,
    });
    await expect(client.query('SELECT 1')).rejects.toThrow();
    expect((await rig.api('GET', '/v1/whoami', tom)).status).toBe(401);
    await rig.restart();
    expect((await rig.api('GET', '/v1/whoami', tom)).status).toBe(401);
    expect((await post('/v1/users/restore', await eve(), { user: 'tom' })).status).toBe(403);
    expect((await post('/v1/users/restore', await ada(), { user: 'tom' })).status).toBe(200);
    expect((await rig.api('GET', '/v1/whoami', tom)).status).toBe(200);
    expect((await rig.api('GET', `/v1/requests/${id}`, tom)).body.status).toBe('revoked');
  });

  it('a person is found by what the record says of who logged in', async () => {
    await rig.api('GET', '/v1/whoami', await rig.tokenOf('wim'));
    const admin = await ada();
    const cut = () => post('/v1/users/revoke', admin, { user: 'wim@example.test' });
    let answer = await cut();
    await until(async () => {
      if (answer.status !== 200) answer = await cut();
      return answer.status === 200;
    });
    expect(answer.body).toMatchObject({ people: [{ subject: 'wim' }], sessions: 0, refused: true });
    expect((await rig.api('GET', '/v1/whoami', await rig.tokenOf('wim'))).status).toBe(401);
    const exactly = { user: `${rig.oidc.issuer}|wim` };
    expect((await post('/v1/users/restore', admin, exactly)).status).toBe(200);
    expect((await post('/v1/users/restore', admin, exactly)).status).toBe(404);
  });

  it('an agent ends its own sessions, not those of the person it acts for; the person ends both', async () => {
    const person = await rig.tokenOf('vera');
    const agent = await rig.tokenOf('vera', ['developers'], { act: { sub: 'bot' } });
    const sessions = async () => (await rig.api('GET', '/v1/sessions', person)).body.sessions as Json[];
    const own = await rig.connect(person);
    const [{ id }] = await sessions();
    expect((await rig.api('GET', '/v1/sessions', agent)).body.sessions).toEqual([]);
    expect((await post(`/v1/sessions/${id}/revoke`, agent)).status).toBe(404);
    expect((await post('/v1/users/revoke', agent, { user: 'vera' })).status).toBe(403);
    await own.query('SELECT 1');
    await own.end();
  });

  it('one’s own name ends what one has open, and lets one come again', async () => {
    const token = await rig.tokenOf('una');
    const client = await rig.connect(token);
    expect((await post('/v1/users/revoke', token, { user: 'una@example.test' })).body).toMatchObject({
      sessions: 1,
      refused: false,
    });
    await expect(client.query('SELECT 1')).rejects.toThrow();
    await expect(rig.connect(token).then((again) => again.end())).resolves.toBeUndefined();
  });
});
