import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { escapeHtml, userCodePage } from '../../src/demo/identity-pages.ts';
import {
  DEMO_CLIENT_ID,
  DEMO_SCOPES,
  type IdentityProvider,
  startIdentityProvider,
} from '../../src/demo/identity-provider.ts';
import { DEMO_PEOPLE } from '../../src/demo/people.ts';
import { approveLogin, refuseLogin } from '../../src/demo/scripted-person.ts';

const audience = 'https://localhost:7443';
const printed: unknown[][] = [];
let provider: IdentityProvider;
let config: client.Configuration;

beforeAll(async () => {
  console.warn = (...words) => void printed.push(words);
  console.info = (...words) => void printed.push(words);
  provider = await startIdentityProvider({ audience });
  config = await client.discovery(new URL(provider.issuer), DEMO_CLIENT_ID, undefined, client.None(), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
});
afterAll(() => provider.close());

const verify = async (token: string) =>
  (
    await jwtVerify(token, createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)), {
      issuer: provider.issuer,
      audience,
      typ: 'at+jwt',
    })
  ).payload;

async function deviceLogin(email: string, extra: Record<string, string> = {}, dpop?: client.DPoPHandle) {
  const started = await client.initiateDeviceAuthorization(config, { scope: DEMO_SCOPES.join(' '), ...extra });
  await approveLogin(started.verification_uri_complete!, email);
  return client.pollDeviceAuthorizationGrant(
    config,
    { ...started, interval: 0.1 },
    undefined,
    dpop ? { DPoP: dpop } : undefined,
  );
}

describe('the demo identity provider', () => {
  it('logs every demo person in by device code, with claims in access and ID token', async () => {
    for (const person of DEMO_PEOPLE) {
      const tokens = await deviceLogin(person.email, { resource: audience });
      const claims = await verify(tokens.access_token);
      expect(claims).toMatchObject({
        sub: person.subject,
        email: person.email,
        name: person.name,
        groups: [person.group],
        client_id: DEMO_CLIENT_ID,
      });
      expect(claims.act).toEqual(person.actor && { sub: person.actor });
      expect(claims.exp! - claims.iat!).toBe(3600);
      expect(tokens.claims()).toMatchObject({ sub: person.subject, email: person.email, groups: [person.group] });
    }
  });

  it('gives the gateway as audience also to a client that asks for no resource', async () => {
    const tokens = await deviceLogin('dev@demo.test');
    expect((await verify(tokens.access_token)).sub).toBe('demo-dev');
  });

  it('lets the client poll each second', async () => {
    expect(await client.initiateDeviceAuthorization(config, { scope: 'openid' })).toMatchObject({ interval: 1 });
  });

  it('refuses another resource', async () => {
    await expect(
      client.initiateDeviceAuthorization(config, { scope: 'openid', resource: 'https://evil.test' }),
    ).rejects.toMatchObject({ error: 'invalid_target' });
  });

  it('rotates refresh tokens, and revokes all when an old one comes back', async () => {
    const first = await deviceLogin('dev@demo.test');
    const second = await client.refreshTokenGrant(config, first.refresh_token!);
    expect((await verify(second.access_token)).groups).toEqual(['developers']);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    await expect(client.refreshTokenGrant(config, first.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(client.refreshTokenGrant(config, second.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('revokes', async () => {
    const tokens = await deviceLogin('dev@demo.test');
    await client.tokenRevocation(config, tokens.refresh_token!);
    await expect(client.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('binds tokens to a key when the client proves one', async () => {
    const keys = await client.randomDPoPKeyPair('ES256');
    const tokens = await deviceLogin('dev@demo.test', {}, client.getDPoPHandle(config, keys));
    expect(tokens.token_type).toBe('dpop');
    expect((await verify(tokens.access_token)).cnf).toEqual({ jkt: expect.any(String) });
  });

  it('logs in by code and PKCE on any loopback port', async () => {
    const verifier = client.randomPKCECodeVerifier();
    const redirect = 'http://127.0.0.1:65001/callback';
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      scope: DEMO_SCOPES.join(' '),
      prompt: 'consent',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 's',
    });
    // The scripted person stops at the border of the provider: the redirect to us is what we want to see.
    const location = vi.spyOn(Headers.prototype, 'get');
    await expect(approveLogin(url.href, 'analyst@demo.test')).rejects.toThrow('left the provider');
    const callback = location.mock.results.map((r) => String(r.value)).find((value) => value.startsWith(redirect))!;
    location.mockRestore();
    const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
      pkceCodeVerifier: verifier,
      expectedState: 's',
    });
    expect((await verify(tokens.access_token)).email).toBe('analyst@demo.test');
    expect(tokens.refresh_token).toBeDefined();
  });

  it('tells the client when the person refuses', async () => {
    const started = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    await refuseLogin(started.verification_uri_complete!);
    const poll = client.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.1 });
    await expect(poll).rejects.toMatchObject({ error: 'access_denied' });
  });

  it('knows nobody but its people', async () => {
    const started = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    await expect(approveLogin(started.verification_uri_complete!, 'eve@evil.test')).rejects.toThrow('answered 400');
  });

  it('mints tokens that verify like those of a login', async () => {
    const agent = DEMO_PEOPLE.find(({ role }) => role === 'agent')!;
    const claims = await verify(await provider.mintToken(agent, 8 * 3600));
    expect(claims).toMatchObject({ sub: agent.subject, act: { sub: 'demo-agent' }, client_id: DEMO_CLIENT_ID });
    expect(claims.exp! - claims.iat!).toBe(8 * 3600);
  });

  it('shows a wrong code back only escaped, and as an error', async () => {
    const response = await fetch(
      `${provider.issuer}/device?user_code=${encodeURIComponent('<script>alert(1)</script>')}`,
    );
    expect(await response.text()).not.toContain('<script>alert(1)');
    expect(userCodePage('', '<b>')).not.toContain('<b>');
    expect(escapeHtml(`<a href='"&`)).toBe('&#60;a href=&#39;&#34;&#38;');
  });

  it('answers an unknown login page with an error page', async () => {
    const response = await fetch(`${provider.issuer}/interaction/nope`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('That did not work');
  });

  it('prints nothing itself', () => {
    expect(printed).toEqual([]);
  });
});
