/** Decisions from outside: buttons in Slack and an external decider. Forged, late, replayed and foreign ones do nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, it } from 'vitest';
import { signSlack } from '../../src/approvals/notify/slack-signature.ts';
import type { GatewaySettings } from '../../src/config/gateway-settings.ts';
import { type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';

const SIGNING = 'slack signing secret';
const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`;
/** What receivers on loopback got, by path. */
const received: { path: string; body: Json }[] = [];
let port = 0;

const rule = approvalSettings().rules[0]!;

function tuned(settings: GatewaySettings): GatewaySettings {
  return {
    ...settings,
    approvals: approvalSettings({
      rules: [
        { ...rule, to: [{ group: 'outsiders' }], id: 'outside', approvers: [{ external: 'okta' }] },
        {
          ...rule,
          approvers: [
            { group: 'reviewers' },
            { user: 'rosa@example.test' },
            { user: 'dana@example.test' },
            { user: 'dana' },
          ],
        },
      ],
    }),
    notify: [
      {
        kind: 'slack',
        name: 'chat',
        url: `http://127.0.0.1:${port}/hook`,
        events: ['revoked'],
        signingSecret: SIGNING,
        people: { UROSA: 'rosa@example.test', UDANA: 'dana@example.test', UOTTO: 'otto@example.test', USUB: 'dana' },
      },
      { kind: 'external', name: 'okta', url: `http://127.0.0.1:${port}/okta`, events: undefined, secret: SECRET },
      { kind: 'external', name: 'other', url: `http://127.0.0.1:${port}/other`, events: undefined, secret: SECRET },
    ],
  };
}

const rig = withRig();

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    received.push({ path: request.url!, body: JSON.parse(body) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rig.onClose(() => {
    server.closeAllConnections();
    server.close();
  });
  port = (server.address() as AddressInfo).port;
  rig.gateway.reload(tuned(rig.settings));
});

async function ask(sub = 'dana', groups = ['developers']): Promise<string> {
  const body = { database: 'app', access: 'ddl', duration_ms: 3_600_000, reason: `INC-${Math.random()}` };
  const answer = await rig.api(
    'POST',
    '/v1/requests',
    await rig.tokenOf(sub, groups),
    { 'content-type': 'application/json' },
    JSON.stringify(body),
  );
  expect(answer.body.error).toBeUndefined();
  return answer.body.id;
}

async function stateOf(id: string, sub = 'dana', groups = ['developers']): Promise<Json> {
  return (await rig.api('GET', `/v1/requests/${id}`, await rig.tokenOf(sub, groups))).body;
}

const seconds = () => Math.floor(Date.now() / 1000);

describe('Slack', () => {
  const press = (user: string, request: string, action = 'dbgate.approve') =>
    new URLSearchParams({
      payload: JSON.stringify({
        type: 'block_actions',
        user: { id: user, username: 'rosa' },
        response_url: `http://127.0.0.1:${port}/response`,
        actions: [{ action_id: action, value: request }],
      }),
    }).toString();

  function send(body: string, changes: { timestamp?: string; signature?: string } = {}, name = 'chat') {
    const timestamp = changes.timestamp ?? String(seconds());
    const signature = changes.signature ?? signSlack(SIGNING, timestamp, body);
    return rig.api(
      'POST',
      `/v1/callbacks/slack/${name}`,
      undefined,
      {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': signature,
      },
      body,
    );
  }

  it('a button of somebody who may decide decides, and the message says so', async () => {
    const id = await ask();
    const answer = await send(press('UROSA', id));
    expect(answer).toMatchObject({ status: 200, body: { replace_original: true } });
    expect(await stateOf(id)).toMatchObject({
      status: 'approved',
      approvals: [{ via: 'slack', by: { issuer: 'slack:chat', email: 'rosa@example.test' } }],
    });
    await until(() => received.some(({ path }) => path === '/response'));
    expect(received.find(({ path }) => path === '/response')!.body.text).toContain('Approved by rosa@example.test');
    const denied = await ask();
    await send(press('UROSA', denied, 'dbgate.deny'));
    expect((await stateOf(denied)).status).toBe('denied');
  });

  it.each([
    ['a member who is nobody here', 'UEVE'],
    ['a member named like a property of every object', 'constructor'],
    ['somebody who may not decide', 'UOTTO'],
    ['the requester, by email', 'UDANA'],
    ['the requester, by subject', 'USUB'],
  ])('%s gets a link to log in, and nothing changes', async (_name, user) => {
    const id = await ask();
    const { status, body } = await send(press(user, id));
    expect(status).toBe(200);
    expect(body).toMatchObject({ response_type: 'ephemeral' });
    expect(body.text).toContain(`${rig.settings.publicUrl}/requests/${id}`);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it.each([
    ['a forged signature', { signature: `v0=${'0'.repeat(64)}` }],
    ['a late one', { timestamp: String(seconds() - 400) }],
    ['one of the future', { timestamp: String(seconds() + 400) }],
    ['none', { signature: '' }],
  ])('%s is refused and recorded', async (_name, changes) => {
    const id = await ask();
    expect((await send(press('UROSA', id), changes)).status).toBe(403);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('the same once more is refused', async () => {
    const id = await ask();
    const body = press('UROSA', id);
    const timestamp = String(seconds());
    expect((await send(body, { timestamp })).status).toBe(200);
    expect((await send(body, { timestamp })).status).toBe(403);
  });

  it('a body that was changed, one without a payload, one that is too long, another target', async () => {
    const id = await ask();
    const timestamp = String(seconds());
    const signature = signSlack(SIGNING, timestamp, press('UROSA', id));
    expect((await send(press('UROSA', await ask()), { timestamp, signature })).status).toBe(403);
    expect((await send('payload=%7B')).status).toBe(403);
    expect((await send('x='.padEnd(70_000, 'x'))).status).toBe(400);
    expect((await send(press('UROSA', id), {}, 'okta')).status).toBe(404);
    expect((await send(press('UROSA', id), {}, 'nobody')).status).toBe(404);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('an id of no request, and one decided already: the answer tells nothing more', async () => {
    expect((await send(press('UROSA', 'r-00000000'))).body.response_type).toBe('ephemeral');
    const id = await ask();
    await send(press('UROSA', id));
    const again = await send(press('UROSA', id, 'dbgate.deny'));
    expect(again.body.response_type).toBe('ephemeral');
    expect((await stateOf(id)).status).toBe('approved');
  });

  it('who was cut off decides nothing by a button either', async () => {
    const { issuer } = rig.oidc;
    rig.gateway.revocations.revokeSubject({ issuer, subject: 'u', email: 'Rosa@example.test', reason: 'admin' });
    const id = await ask();
    await send(press('UROSA', id));
    rig.gateway.revocations.restoreSubject({ issuer, subject: 'u' });
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('words go to the host of the target only', async () => {
    const elsewhere: string[] = [];
    const server = createServer((request, response) => {
      elsewhere.push(request.url!);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const id = await ask();
    const evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}/evil`;
    const body = press('UROSA', id).replace(
      encodeURIComponent(`http://127.0.0.1:${port}/response`),
      encodeURIComponent(evil),
    );
    expect((await send(body)).status).toBe(200);
    expect((await stateOf(id)).status).toBe('approved');
    expect(elsewhere).toEqual([]);
    server.close();
  });
});

describe('an external decider', () => {
  let n = 0;
  function send(
    decision: unknown,
    changes: { id?: string; at?: Date; body?: string; secret?: string } = {},
    name = 'okta',
  ) {
    const { id = `msg_${++n}`, at = new Date(), secret = SECRET } = changes;
    const body = JSON.stringify(decision);
    return rig.api(
      'POST',
      `/v1/callbacks/external/${name}`,
      undefined,
      {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      },
      changes.body ?? body,
    );
  }
  const askOutside = () => ask('olga', ['developers', 'outsiders']);
  const outside = (id: string) => stateOf(id, 'olga', ['developers', 'outsiders']);

  it('is asked, and its word is taken, with narrower terms', async () => {
    const id = await askOutside();
    await until(() => received.some(({ path, body }) => path === '/okta' && body.data.request === id));
    const answer = await send({ request: id, decision: 'approve', reason: 'CHG-1', terms: { duration_ms: 600_000 } });
    expect(answer).toMatchObject({ status: 200, body: { request: id, status: 'approved' } });
    expect(await outside(id)).toMatchObject({
      status: 'approved',
      terms: { duration_ms: 600_000 },
      approvals: [{ via: 'external', reason: 'CHG-1' }],
    });
    const denied = await askOutside();
    expect((await send({ request: denied, decision: 'deny' })).body.status).toBe('denied');
  });

  it('is the one authority: people cannot decide its requests, nor it theirs, nor another its own', async () => {
    const id = await askOutside();
    const rosa = await rig.tokenOf('rosa', ['reviewers']);
    const json = { 'content-type': 'application/json' };
    const byPerson = await rig.api('POST', `/v1/requests/${id}/approve`, rosa, json, '{"reason":"x"}');
    expect([403, 404]).toContain(byPerson.status);
    expect((await send({ request: id, decision: 'approve' }, {}, 'other')).status).toBe(404);
    const theirs = await ask();
    expect((await send({ request: theirs, decision: 'approve' })).status).toBe(404);
    expect((await outside(id)).status).toBe('pending');
    expect((await stateOf(theirs)).status).toBe('pending');
  });

  it.each([
    ['forged', { secret: `whsec_${'A'.repeat(40)}` }, 403],
    ['late', { at: new Date(Date.now() - 301_000) }, 403],
    ['of the future', { at: new Date(Date.now() + 900_000) }, 403],
    ['changed on the way', { body: '{"request":"r-00000000","decision":"approve"}' }, 403],
  ])('one that is %s is refused', async (_name, changes, status) => {
    const id = await askOutside();
    expect((await send({ request: id, decision: 'approve' }, changes)).status).toBe(status);
    expect((await outside(id)).status).toBe('pending');
  });

  it('the same message twice is refused the second time', async () => {
    const id = await askOutside();
    expect((await send({ request: id, decision: 'approve' }, { id: 'msg_once' })).status).toBe(200);
    expect((await send({ request: id, decision: 'approve' }, { id: 'msg_once' })).status).toBe(409);
  });

  it.each([
    [{ request: 'r-00000000', decision: 'approve' }, 404],
    [{ request: '../../etc', decision: 'approve' }, 400],
    [{ decision: 'approve' }, 400],
    [{ request: 'r-00000000', decision: 'maybe' }, 400],
    [[], 400],
  ])('%j is refused', async (decision, status) => {
    expect((await send(decision)).status).toBe(status);
  });

  it('wider terms, or such as ask a second question, are refused', async () => {
    const id = await askOutside();
    for (const terms of [{ duration_ms: 36_000_000 }, { try: true }, { access: 'admin' }]) {
      expect((await send({ request: id, decision: 'approve', terms })).status).toBe(400);
    }
    expect((await outside(id)).status).toBe('pending');
  });
});

it('what was refused is on the record, without a secret', async () => {
  await until(async () => (await rig.records()).some(({ kind }) => kind === 'callback.refused'));
  const refused = (await rig.records()).filter(({ kind }) => kind === 'callback.refused') as Json[];
  const whys = new Set(refused.map(({ detail }) => detail.why));
  for (const why of ['forged', 'late', 'replayed', 'malformed', 'unknown target', 'unknown request']) {
    expect(whys).toContain(why);
  }
  expect(JSON.stringify(refused)).not.toContain(SIGNING);
});

it('a flood is bounded, on the wire and on the record', async () => {
  const statuses = await Promise.all(
    Array.from(
      { length: 150 },
      async () => (await rig.api('POST', '/v1/callbacks/slack/chat', undefined, {}, 'x')).status,
    ),
  );
  expect(statuses).toContain(429);
  const before = (await rig.records()).filter(({ kind }) => kind === 'callback.refused').length;
  expect(before).toBeLessThanOrEqual(130);
});
