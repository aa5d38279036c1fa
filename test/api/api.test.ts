/** The HTTP API with real tokens: who gets what, and what a request cannot make it do. */
import { describe, expect, it } from 'vitest';
import { until, withRig } from '../gateway/gateway-rig.ts';

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    databases: new Map([
      ...settings.databases,
      ['secret-db', { ...settings.databases.get('app')!, name: 'secret-db', environment: 'staging' }],
    ]),
    grants: [
      { to: { group: 'developers' }, database: 'app', environment: undefined, access: 'write', create: true },
      { to: { group: 'admins' }, database: '*', environment: undefined, access: 'admin', create: true },
    ],
  }),
});

const ROUTES = [
  ['GET', '/v1/whoami'],
  ['GET', '/v1/databases'],
  ['POST', '/v1/databases/app/token'],
  ['POST', '/v1/tunnels/t/renew'],
  ['GET', '/v1/tunnels/t/events'],
  ['GET', '/v1/history'],
  ['GET', '/v1/databases/app/classification'],
  ['POST', '/v1/databases/app/explain'],
  ['GET', '/v1/requests'],
  ['POST', '/v1/requests'],
  ['GET', '/v1/requests/events'],
  ['GET', '/v1/requests/r-00000000'],
  ['GET', '/v1/requests/r-00000000/wait'],
  ['POST', '/v1/requests/r-00000000/approve'],
  ['POST', '/v1/requests/r-00000000/deny'],
  ['POST', '/v1/requests/r-00000000/cancel'],
  ['POST', '/v1/requests/r-00000000/revoke'],
  ['POST', '/v1/requests/r-00000000/review'],
  ['GET', '/v1/sessions'],
  ['POST', '/v1/sessions/x/revoke'],
  ['POST', '/v1/users/revoke'],
  ['POST', '/v1/users/restore'],
] as const;

describe('without a token', () => {
  it.each(ROUTES)('%s %s is refused', async (method, path) => {
    const { status, headers, body } = await rig.api(method, path);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/DPoP.*Bearer/);
    expect(body.error).toMatchObject({ code: 'login_required', hint: 'dbgate login' });
  });

  it('discovery and health tell nothing but what a login needs', async () => {
    const { body } = await rig.api('GET', '/.well-known/dbgate');
    expect(Object.keys(body).sort()).toEqual(['gateway', 'issuers', 'native', 'public_url', 'version']);
    expect(JSON.stringify(body)).not.toMatch(/app|secret-db|developers/);
    expect((await rig.api('GET', '/healthz')).body).toMatchObject({ status: 'ok', audit: 'healthy' });
  });

  it('the public URL is the configured one, whatever Host says', async () => {
    const { body } = await rig.api('GET', '/.well-known/dbgate', undefined, {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
    });
    expect(body.public_url).toBe(rig.settings.publicUrl);
    expect(JSON.stringify(body)).not.toContain('evil');
  });
});

describe('with a token', () => {
  it('whoami says who, databases only what is granted', async () => {
    const token = await rig.tokenOf('dana');
    expect((await rig.api('GET', '/v1/whoami', token)).body).toMatchObject({
      subject: 'dana',
      email: 'dana@example.test',
      groups: ['developers'],
      kind: 'user',
    });
    expect((await rig.api('GET', '/v1/databases', token)).body.databases.map((d: { name: string }) => d.name)).toEqual([
      'app',
    ]);
    const admin = await rig.tokenOf('ada', ['admins']);
    expect((await rig.api('GET', '/v1/databases', admin)).body.databases).toHaveLength(2);
    expect((await rig.api('GET', '/v1/databases', await rig.tokenOf('nobody', []))).body.databases).toEqual([]);
  });

  it('a database token for a database that is not granted, in the words of one that does not exist', async () => {
    const token = await rig.tokenOf('dana');
    const hidden = await rig.api('POST', '/v1/databases/secret-db/token', token);
    const missing = await rig.api('POST', '/v1/databases/no-such-db/token', token);
    expect([hidden.status, missing.status]).toEqual([403, 403]);
    expect(hidden.body.error.message.replace('secret-db', 'X')).toBe(
      missing.body.error.message.replace('no-such-db', 'X'),
    );
  });

  it('history is the caller’s own, also when the query asks for another’s', async () => {
    const client = await rig.connect(await rig.tokenOf('dana'));
    await client.query("SELECT 'dana was here'");
    await client.end();
    await until(async () => (await rig.api('GET', '/v1/history', await rig.tokenOf('dana'))).body.entries.length > 0);
    const other = await rig.tokenOf('eve');
    for (const query of [
      '',
      '?principal=dana',
      `?principal=${encodeURIComponent(`${rig.oidc.issuer}|dana`)}`,
      '?grep=dana',
      '?database=app',
    ]) {
      expect((await rig.api('GET', `/v1/history${query}`, other)).body.entries, query).toEqual([]);
    }
    // A cursor of another's page is no way to it either.
    const { body } = await rig.api('GET', '/v1/history?limit=1', await rig.tokenOf('dana'));
    if (body.next_cursor !== undefined) {
      const page = await rig.api('GET', `/v1/history?cursor=${encodeURIComponent(body.next_cursor)}`, other);
      expect(page.status === 400 || page.body.entries.length === 0).toBe(true);
    }
  });

  it.each([
    ['GET', '/v1/history?limit=0', 400],
    ['GET', '/v1/history?limit=1e9', 400],
    ['GET', '/v1/history?since=yesterday', 400],
    ['GET', '/v1/history?grep=%25%27%3B--%22%00%5C', 200],
    ['GET', '/v1/history?cursor=%00', 400],
    ['GET', '/v1/history?cursor=../../etc/passwd', 400],
    ['GET', '/v1/databases/app/token', 400],
    ['GET', '/v1/databases/app/connect', 400],
    ['POST', '/v1/databases/%ff/token', 400],
    ['GET', '/v1/nothing', 404],
    ['GET', '/v1/../v1/nothing', 404],
    ['DELETE', '/v1/whoami', 400],
    ['POST', '/v1/databases/app/classification', 400],
    ['GET', '/v1/databases/app/classification?since=yesterday', 400],
    ['GET', '/v1/databases/secret-db/classification', 403],
    ['GET', '/v1/databases/no-such-db/classification', 403],
    ['GET', '/v1/databases/app/explain', 400],
    ['POST', '/v1/databases/app/explain', 400],
  ])('%s %s answers %i in JSON, and nothing of the inside', async (method, path, status) => {
    const answer = await rig.api(method, path, await rig.token());
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:\d|sqlite/i);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  it('a renewal of a tunnel that is nobody’s answers as any other, and makes nothing', async () => {
    const { status, body } = await rig.api('POST', '/v1/tunnels/no-such-tunnel/renew', await rig.token());
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['expires_at']);
  });
});
