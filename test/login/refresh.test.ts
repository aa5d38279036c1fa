import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runDeviceFlow } from '../../src/login/device-flow.ts';
import { type GatewayClient, openGatewayClient } from '../../src/login/gateway-client.ts';
import { type HttpClient, openHttpClient } from '../../src/login/http-client.ts';
import { loginFromTokens, openIssuer } from '../../src/login/issuer-client.ts';
import { logOut } from '../../src/login/logout.ts';
import { type Profile, readProfiles, saveProfile } from '../../src/login/profiles.ts';
import type { StoredLogin } from '../../src/login/stored-login.ts';
import { openTokenStore, type TokenStore } from '../../src/login/token-store.ts';
import { type OidcFixture, startOidc, visitAs } from '../support/oidc.ts';
import { type SmallGateway, startSmallGateway } from './small-gateway.ts';

let oidc: OidcFixture;
let gateway: SmallGateway;
let http: HttpClient;
let dir: string;
let env: Record<string, string>;
let profile: Profile;
let store: TokenStore;

beforeAll(async () => {
  oidc = await startOidc();
  gateway = await startSmallGateway(oidc.settings);
  http = await openHttpClient({});
});
afterAll(async () => {
  await http.close();
  await gateway.close();
  await oidc.stop();
});

/** A login as `dbgate login` stores it. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
  env = { DBGATE_CONFIG_DIR: dir, PATH: process.env.PATH ?? '' };
  profile = { name: 'test', gateway: gateway.url, storage: 'file', issuer: oidc.profile };
  store = openTokenStore(env, profile);
  await store.save(await logIn());
  await saveProfile(env, profile);
  oidc.grants.length = 0;
});
afterEach(async () => {
  oidc.fault = undefined;
  await rm(dir, { recursive: true });
});

async function logIn(): Promise<StoredLogin> {
  const issuer = await openIssuer(oidc.profile, http);
  const tokens = await runDeviceFlow({
    issuer,
    signal: new AbortController().signal,
    ...approving(),
  });
  return loginFromTokens(issuer, tokens, Date.now());
}

function approving() {
  let url = '';
  return {
    onPrompt: (prompt: { verification_uri_complete: string | undefined }) => {
      url = prompt.verification_uri_complete as string;
    },
    sleep: async () => void (await visitAs('alice', url)),
  };
}

/** Makes the stored token seem to live for so long. */
async function expireIn(leftMs: number): Promise<StoredLogin> {
  const login = (await store.load()) as StoredLogin;
  const aged = { ...login, expiresAt: Date.now() + leftMs };
  await store.save(aged);
  return aged;
}

async function withClient<T>(work: (client: GatewayClient) => Promise<T>): Promise<T> {
  const client = await openGatewayClient({ env });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const whoami = (client: GatewayClient) => client.request('GET', '/v1/whoami');

describe('refresh', () => {
  it('is not needed while the token has more than a minute to live', async () => {
    await expireIn(90_000);
    expect(await withClient(whoami)).toMatchObject({ subject: 'alice', groups: ['developers'] });
    expect(oidc.grants).toEqual([]);
  });

  it('happens within the last minute, keeps the key, and stores the rotated token', async () => {
    const before = await expireIn(59_000);
    await withClient(async (client) => {
      await whoami(client);
      await whoami(client);
    });
    const after = (await store.load()) as StoredLogin;
    expect(oidc.grants).toEqual(['refresh_token']);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(after.dpopKey).toEqual(before.dpopKey);
    expect(after).toMatchObject({ tokenType: 'DPoP', subject: 'alice' });
    expect(gateway.seen.at(-1)?.jkt).toBeDefined();
  });

  it('of many requests at once in one process is one refresh', async () => {
    await expireIn(-1000);
    await withClient((client) => Promise.all(Array.from({ length: 8 }, () => whoami(client))));
    expect(oidc.grants).toEqual(['refresh_token']);
  });

  it('of several processes at once is one refresh, and all of them work', async () => {
    await expireIn(-1000);
    const go = join(dir, 'go');
    const children = Array.from({ length: 4 }, () => child(go));
    await Promise.all(children.map((each) => each.ready));
    await writeFile(go, '');
    const results = await Promise.all(children.map((each) => each.done));
    expect(results.map(({ code, errors }) => [code, errors])).toEqual(results.map(() => [0, '']));
    expect(oidc.grants).toEqual(['refresh_token']);
    const tokens = new Set(results.map(({ last }) => (JSON.parse(last) as { token: string }).token));
    expect(tokens.size).toBe(1);
    // The login is still good for the next refresh: no token was used twice.
    await expireIn(-1000);
    await withClient(whoami);
    expect(oidc.grants).toEqual(['refresh_token', 'refresh_token']);
  });

  it('that the issuer refuses is login_required with the command to type', async () => {
    await expireIn(-1000);
    const login = (await store.load()) as StoredLogin;
    await store.save({ ...login, refreshToken: 'spent' });
    await expect(withClient(whoami)).rejects.toMatchObject({
      code: 'login_required',
      hint: `dbgate login ${gateway.url}`,
    });
  });

  it('with the issuer down uses the token while it lives, then says what is unreachable', async () => {
    oidc.fault = () => ({ status: 503, body: 'down' });
    const { token } = await expireIn(30_000);
    const { authorization } = await withClient((client) => client.authorizationHeaders('GET', '/x'));
    expect(authorization).toBe(`DPoP ${token}`);
    await expireIn(-1000);
    await expect(withClient(whoami)).rejects.toMatchObject({ code: 'gateway_unreachable', message: /issuer/ });
  });

  it('that brings somebody else’s tokens is not taken', async () => {
    const before = await expireIn(-1000);
    const other = { sub: 'mallory', aud: oidc.clientId };
    const body = JSON.stringify({
      access_token: await oidc.sign(oidc.claims({ sub: 'mallory' })),
      id_token: await oidc.sign(oidc.claims(other), { typ: 'JWT' }),
      token_type: 'DPoP',
      expires_in: 3600,
    });
    oidc.fault = ({ url }) => (url === '/token' ? { status: 200, type: 'application/json', body } : undefined);
    await expect(withClient(whoami)).rejects.toMatchObject({ code: 'token_invalid', message: /another person/ });
    expect(await store.load()).toEqual(before);
  });

  it('without a login says where to log in', async () => {
    await store.remove();
    await expect(withClient(whoami)).rejects.toMatchObject({ code: 'login_required' });
  });
});

describe('logout', () => {
  it('revokes at the issuer and forgets', async () => {
    const login = (await store.load()) as StoredLogin;
    expect(await logOut(env, profile, http)).toMatchObject({ revoked: true, reason: undefined });
    expect(await store.load()).toBeUndefined();
    expect((await readProfiles(env)).all).toEqual([]);
    await store.save({ ...login, expiresAt: 0 });
    await saveProfile(env, profile);
    await expect(withClient(whoami)).rejects.toMatchObject({ code: 'login_required', message: /refused to renew/ });
  });

  it('forgets with the issuer down, too, and says so', async () => {
    oidc.fault = () => 'reset';
    const result = await logOut(env, profile, http);
    expect(result).toMatchObject({ revoked: false, reason: /cannot reach the issuer/ });
    expect(result.tokenExpiresAt).toBeGreaterThan(Date.now());
    expect(await store.load()).toBeUndefined();
    expect((await readProfiles(env)).all).toEqual([]);
  });
});

interface Child {
  readonly ready: Promise<void>;
  readonly done: Promise<{ code: number | null; last: string; errors: string }>;
}

function child(go: string): Child {
  const script = new URL('./refresh-child.ts', import.meta.url).pathname;
  const process_ = spawn(process.execPath, [script, go], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  process_.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ready = new Promise<void>((resolve) => {
    process_.stdout.on('data', (chunk) => {
      out += String(chunk);
      resolve();
    });
  });
  const done = new Promise<{ code: number | null; last: string; errors: string }>((resolve) => {
    process_.once('close', (code) => resolve({ code, last: out.trim().split('\n').at(-1) ?? '', errors }));
  });
  return { ready, done };
}
