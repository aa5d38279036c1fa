/** An issuer that takes proofs with a nonce of its own only (RFC 9449 §8), as Okta does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runBrowserFlow } from '../../src/login/browser-flow.ts';
import { runDeviceFlow } from '../../src/login/device-flow.ts';
import { type HttpClient, openHttpClient } from '../../src/login/http-client.ts';
import { loginFromTokens, openIssuer } from '../../src/login/issuer-client.ts';
import { freshLogin } from '../../src/login/refresh.ts';
import { openTokenStore } from '../../src/login/token-store.ts';
import { type OidcFixture, startOidc, visitAs } from '../support/oidc.ts';

let oidc: OidcFixture;
let http: HttpClient;
let asked = 0;
const { signal } = new AbortController();
beforeAll(async () => {
  oidc = await startOidc({ dpopNonce: true });
  http = await openHttpClient({});
  oidc.fault = ({ url }) => {
    if (url === '/token') asked++;
    return undefined;
  };
});
afterAll(async () => {
  await http.close();
  await oidc.stop();
});

it('a device logs in, and its login is renewed by another process', async () => {
  const issuer = await openIssuer(oidc.profile, http);
  let url = '';
  const tokens = await runDeviceFlow({
    issuer,
    signal,
    onPrompt: (prompt) => {
      url = prompt.verification_uri_complete!;
    },
    sleep: async () => void (await visitAs('alice', url)),
  });
  const login = loginFromTokens(issuer, tokens, Date.now());
  expect(login).toMatchObject({ tokenType: 'DPoP', subject: 'alice' });
  const dir = await mkdtemp(join(tmpdir(), 'dbgate-test-'));
  const profile = { name: 'test', gateway: 'https://gateway.test', storage: 'file', issuer: oidc.profile } as const;
  const store = openTokenStore({ DBGATE_CONFIG_DIR: dir }, profile);
  await store.save({ ...login, expiresAt: 0 });
  const renewed = await freshLogin({
    store,
    openIssuer: (stored) => openIssuer(oidc.profile, http, stored),
    gateway: profile.gateway,
    now: Date.now,
  });
  expect(renewed).toMatchObject({ tokenType: 'DPoP', subject: 'alice' });
  expect(renewed.token).not.toBe(login.token);
  expect(oidc.grants).toEqual(['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']);
  // The first of each was sent back for the nonce, a second time by whoever did not know it yet.
  expect(asked).toBe(4);
  await rm(dir, { recursive: true });
});

it('a browser logs in', async () => {
  const issuer = await openIssuer(oidc.profile, http);
  const tokens = await runBrowserFlow({ issuer, signal, onUrl: (url) => void visitAs('bob', url) });
  expect(loginFromTokens(issuer, tokens, Date.now())).toMatchObject({ tokenType: 'DPoP', subject: 'bob' });
});
