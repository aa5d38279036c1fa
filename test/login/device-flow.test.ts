import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DevicePrompt, runDeviceFlow } from '../../src/login/device-flow.ts';
import { type HttpClient, openHttpClient } from '../../src/login/http-client.ts';
import { loginFromTokens, openIssuer } from '../../src/login/issuer-client.ts';
import { type OidcFixture, startOidc, visitAs } from '../support/oidc.ts';

let oidc: OidcFixture;
let http: HttpClient;
beforeAll(async () => {
  oidc = await startOidc();
  http = await openHttpClient({});
});
afterEach(() => {
  oidc.fault = undefined;
});
afterAll(async () => {
  await http.close();
  await oidc.stop();
});

/** Runs the flow with a clock that the waits move on; `at` may act after the nth wait. */
async function run(
  options: { at?: (wait: number, prompt: DevicePrompt) => unknown; signal?: AbortSignal; dpop?: 'off' } = {},
) {
  const issuer = await openIssuer({ ...oidc.profile, ...(options.dpop ? { dpop: options.dpop } : {}) }, http);
  const waits: number[] = [];
  const interruptions: boolean[] = [];
  let now = Date.now();
  let prompt: DevicePrompt | undefined;
  const tokens = runDeviceFlow({
    issuer,
    signal: options.signal ?? new AbortController().signal,
    onPrompt: (shown) => {
      prompt = shown;
    },
    onInterrupted: (error) => interruptions.push(error !== undefined),
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      waits.push(ms);
      if (waits.length > 400) throw new Error('polls for ever');
      await options.at?.(waits.length, prompt as DevicePrompt);
    },
  });
  return { tokens, issuer, waits, interruptions };
}

const approve = (prompt: DevicePrompt) => visitAs('alice', prompt.verification_uri_complete as string);

describe('device flow', () => {
  it('ends with tokens bound to our key once a person has approved on the pages', async () => {
    const { tokens, issuer, waits } = await run({ at: (wait, prompt) => wait === 2 && approve(prompt) });
    const login = loginFromTokens(issuer, await tokens, 0);
    expect(login).toMatchObject({
      tokenType: 'DPoP',
      subject: 'alice',
      email: 'alice@example.test',
    });
    expect(login.expiresAt).toBeGreaterThan(3000_000);
    expect(login.refreshToken).toBeDefined();
    expect(login.dpopKey?.d).toBeDefined();
    expect(waits).toEqual([5000, 5000]);
  });

  it('gives plain bearer tokens where the gateway wants no DPoP', async () => {
    const { tokens, issuer } = await run({ dpop: 'off', at: (_wait, prompt) => approve(prompt) });
    const login = loginFromTokens(issuer, await tokens, 0);
    expect([login.tokenType, login.dpopKey]).toEqual(['Bearer', undefined]);
  });

  it('is over at once when the person says no', async () => {
    const { tokens } = await run({
      at: (_wait, prompt) => visitAs('alice', prompt.verification_uri_complete as string, 'deny'),
    });
    await expect(tokens).rejects.toMatchObject({ code: 'request_denied' });
  });

  it('expires when nobody says anything, by our clock and by the issuer', async () => {
    await expect((await run()).tokens).rejects.toMatchObject({ code: 'expired' });
    const answer = { status: 400, type: 'application/json', body: '{"error":"expired_token"}' };
    const { tokens } = await run({
      at: () => {
        oidc.fault = (request) => (request.url === '/token' ? answer : undefined);
      },
    });
    await expect(tokens).rejects.toMatchObject({ code: 'expired' });
  });

  it('goes slower by 5 s for each slow_down, and stays so through a network error', async () => {
    const slow = { status: 400, type: 'application/json', body: '{"error":"slow_down"}' };
    const { tokens, waits } = await run({
      at: async (wait, prompt) => {
        oidc.fault = (request) =>
          request.url !== '/token' ? undefined : wait <= 2 ? slow : wait === 3 ? 'reset' : undefined;
        if (wait === 4) await approve(prompt);
      },
    });
    await tokens;
    expect(waits).toEqual([5000, 10_000, 15_000, 15_000]);
  });

  it('goes on with the same code through 502, reset connections and a restart of the issuer', async () => {
    const { tokens, interruptions, waits } = await run({
      at: async (wait, prompt) => {
        if (wait === 1)
          oidc.fault = (r) => (r.url === '/token' ? { status: 502, body: '<h1>bad gateway</h1>' } : undefined);
        if (wait === 2) oidc.fault = (r) => (r.url === '/token' ? 'reset' : undefined);
        if (wait === 3) oidc.fault = () => ({ status: 200, type: 'application/json', body: '{"half":' });
        if (wait === 4) {
          oidc.fault = undefined;
          await oidc.stop();
        }
        if (wait === 5) await oidc.start();
        if (wait === 6) await approve(prompt);
      },
    });
    expect((await tokens).claims()?.sub).toBe('alice');
    expect(waits).toHaveLength(6);
    expect(interruptions).toEqual([true, true, true, true, false]);
  });

  it('stops at once when it is aborted', async () => {
    const abort = new AbortController();
    const { tokens, waits } = await run({ signal: abort.signal, at: () => abort.abort(new Error('SIGINT')) });
    await expect(tokens).rejects.toThrow('SIGINT');
    expect(waits).toHaveLength(1);
  });

  it('does not take an ID token that the issuer has not signed', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const { kid } = (await oidc.publicJwk()) as { kid: string };
    const forged = await new SignJWT({ sub: 'admin' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(oidc.issuer)
      .setAudience(oidc.clientId)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    const body = JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: forged });
    const { tokens } = await run({
      at: () => {
        oidc.fault = (request) =>
          request.url === '/token' ? { status: 200, type: 'application/json', body } : undefined;
      },
    });
    await expect(tokens).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('sends nobody to a page that is not https', async () => {
    const body = { device_code: 'd', user_code: 'u', expires_in: 600, verification_uri: 'http://evil.example/device' };
    oidc.fault = (request) =>
      request.url === '/device/auth'
        ? { status: 200, type: 'application/json', body: JSON.stringify(body) }
        : undefined;
    await expect((await run()).tokens).rejects.toMatchObject({ code: 'token_invalid', message: /not https/ });
  });
});
