/** Who gets past the door of each route: all of them, for all kinds of callers. A new route needs a line here. */
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTE_NAMES } from '../../src/api/router.ts';
import { withRig } from '../gateway/gateway-rig.ts';

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
  }),
});

/** Whom a route lets in: those that the others list too. */
type Door = 'anybody' | 'granted' | 'auditors' | 'administrators';

const DOORS: Readonly<Record<string, Door>> = {
  'GET /v1/whoami': 'anybody',
  'GET /v1/databases': 'anybody',
  'POST /v1/databases/*/token': 'granted',
  // Tunnels, records, sessions and requests: one's own, so that there is nothing for others.
  'POST /v1/tunnels/*/renew': 'anybody',
  'GET /v1/tunnels/*/events': 'anybody',
  'GET /v1/history': 'anybody',
  'GET /v1/proofs/*': 'anybody',
  'GET /v1/tree/*': 'auditors',
  'GET /v1/history/sessions': 'anybody',
  'GET /v1/history/sessions/*': 'anybody',
  'GET /v1/history/*': 'anybody',
  'GET /v1/watch': 'anybody',
  'GET /v1/evidence': 'auditors',
  'GET /v1/access-review': 'auditors',
  'GET /v1/audit/export': 'auditors',
  'POST /v1/audit/reindex': 'administrators',
  'POST /v1/audit/erase': 'administrators',
  'GET /v1/databases/*/classification': 'granted',
  'POST /v1/databases/*/explain': 'granted',
  'GET /v1/requests': 'anybody',
  'POST /v1/requests': 'anybody',
  'GET /v1/requests/events': 'anybody',
  'GET /v1/requests/*': 'anybody',
  'GET /v1/requests/*/wait': 'anybody',
  'POST /v1/requests/*/approve': 'anybody',
  'POST /v1/requests/*/deny': 'anybody',
  'POST /v1/requests/*/cancel': 'anybody',
  'POST /v1/requests/*/revoke': 'anybody',
  'POST /v1/requests/*/review': 'anybody',
  'GET /v1/sessions': 'anybody',
  'POST /v1/sessions/*/revoke': 'anybody',
  'POST /v1/users/revoke': 'administrators',
  'POST /v1/users/restore': 'administrators',
};

/** Which doors are open to whom; to none: the token counts for nothing. */
const CALLERS: Readonly<Record<string, { readonly doors: readonly Door[]; token(): Promise<string> }>> = {
  'an expired token': { doors: [], token: () => rig.token({ sub: 'ada', groups: ['admins'], exp: 1_600_000_000 }) },
  'a token for somebody else': {
    doors: [],
    token: () => rig.token({ sub: 'ada', groups: ['admins'], aud: 'https://x.test' }),
  },
  'a token that is signed by nobody': {
    doors: [],
    token: async () =>
      (await rig.tokenOf('ada', ['admins'])).replace(/\.[^.]*$/, `.${Buffer.alloc(64).toString('base64url')}`),
  },
  'the password of the native listener': { doors: [], token: async () => rig.databaseToken(await rig.tokenOf('dana')) },
  'who was cut off': { doors: [], token: () => rig.tokenOf('gone', ['admins']) },
  'a stranger': { doors: ['anybody'], token: () => rig.tokenOf('sid', []) },
  'a developer': { doors: ['anybody', 'granted'], token: () => rig.tokenOf('dana') },
  'an agent of an auditor': {
    doors: ['anybody'],
    token: () => rig.tokenOf('ann', ['auditors'], { act: { sub: 'bot' } }),
  },
  'an agent of an administrator': {
    doors: ['anybody', 'granted'],
    token: () => rig.tokenOf('ada', ['admins'], { act: { sub: 'bot' } }),
  },
  'an auditor': { doors: ['anybody', 'auditors'], token: () => rig.tokenOf('ann', ['auditors']) },
  'an administrator': {
    doors: ['anybody', 'granted', 'auditors', 'administrators'],
    token: () => rig.tokenOf('ada', ['admins']),
  },
};

const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/databases/*/explain': { sql: 'SELECT 1' },
  'POST /v1/users/revoke': { user: 'nobody-that-there-is' },
  'POST /v1/users/restore': { user: 'nobody-that-there-is' },
};

/** Streams never end: the head is enough. */
function head(
  route: string,
  token: string,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }> {
  const [method = '', path = ''] = route.split(' ');
  const target = path
    .replace('databases/*', 'databases/app')
    .replace('tree/*', 'tree/keys')
    .replace('history/*', 'history/x.1');
  return new Promise((resolve, reject) => {
    const request = https.request(
      new URL(target.replaceAll('*', 'nothing'), rig.settings.publicUrl),
      {
        method,
        ca: rig.certificates.ca,
        servername: 'localhost',
        agent: false,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
        response.destroy();
      },
    );
    request.on('error', reject);
    request.end(method === 'POST' ? JSON.stringify(BODIES[route] ?? {}) : undefined);
  });
}

describe('the doors', () => {
  beforeAll(async () => {
    const admin = await rig.tokenOf('ada', ['admins']);
    const gone = JSON.stringify({ user: `${rig.oidc.issuer}|gone`, reason: 'left' });
    const { status } = await rig.api('POST', '/v1/users/revoke', admin, { 'content-type': 'application/json' }, gone);
    expect(status).toBe(200);
  });

  it('are listed here, each of them', () => expect(Object.keys(DOORS).sort()).toEqual([...ROUTE_NAMES].sort()));

  it.each(Object.keys(CALLERS))('%s', async (name) => {
    const { doors, token } = CALLERS[name]!;
    const bearer = await token();
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const [route, door] of Object.entries(DOORS)) {
      const { status, headers } = await head(route, bearer);
      expected[route] = doors.length === 0 ? 'who?' : doors.includes(door) ? 'in' : 'no';
      found[route] = status === 401 ? 'who?' : status === 403 ? 'no' : status < 500 ? 'in' : String(status);
      expect([route, headers['cache-control']]).toEqual([route, 'no-store']);
      expect([route, headers['x-content-type-options']]).toEqual([route, 'nosniff']);
    }
    expect(found).toEqual(expected);
  });
});
