import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBrowserFlow } from '../../src/login/browser-flow.ts';
import { type HttpClient, openHttpClient } from '../../src/login/http-client.ts';
import { loginFromTokens, openIssuer } from '../../src/login/issuer-client.ts';
import { browserCommand } from '../../src/login/open-browser.ts';
import { type OidcFixture, startOidc, visitAs } from '../support/oidc.ts';

let oidc: OidcFixture;
let http: HttpClient;
beforeAll(async () => {
  oidc = await startOidc();
  http = await openHttpClient({});
});
afterAll(async () => {
  await http.close();
  await oidc.stop();
});

async function run(visit: (url: URL) => Promise<unknown>, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const issuer = await openIssuer(oidc.profile, http);
  let visited: Promise<unknown> | undefined;
  const tokens = runBrowserFlow({
    issuer,
    signal: options.signal ?? new AbortController().signal,
    ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
    onUrl: (url) => {
      visited = visit(new URL(url));
    },
  });
  return { issuer, tokens, visited: () => visited };
}

/** The person's browser, told to stop before it follows the redirect to us: where it would have gone. */
async function redirectFor(url: URL): Promise<URL> {
  const callback = new URL(url.searchParams.get('redirect_uri') as string);
  callback.searchParams.set('state', url.searchParams.get('state') as string);
  return callback;
}

describe('browser flow', () => {
  it('PKCE S256 on a loopback port, a page at the end, tokens bound to our key', async () => {
    let asked: URL | undefined;
    const { issuer, tokens, visited } = await run((url) => {
      asked = url;
      return visitAs('bob', url.href);
    });
    const login = loginFromTokens(issuer, await tokens, 0);
    expect(login).toMatchObject({ subject: 'bob', tokenType: 'DPoP' });
    expect(await visited()).toContain('You are logged in.');
    const parameters = Object.fromEntries((asked as URL).searchParams);
    expect(parameters).toMatchObject({ code_challenge_method: 'S256', resource: oidc.audience, prompt: 'consent' });
    expect(parameters.redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(Object.keys(parameters)).toEqual(expect.arrayContaining(['nonce', 'state', 'dpop_jkt', 'code_challenge']));
    await expect(fetch(parameters.redirect_uri as string)).rejects.toThrow();
  });

  it('a denial is request_denied', async () => {
    const { tokens, visited } = await run((url) => visitAs('bob', url.href, 'deny'));
    await expect(tokens).rejects.toMatchObject({ code: 'request_denied' });
    expect(await visited()).toContain('did not work');
  });

  it('a callback with another state, path, method or Host neither ends nor takes the login', async () => {
    const { tokens } = await run(async (url) => {
      const callback = await redirectFor(url);
      const wrong = new URL(callback);
      wrong.searchParams.set('state', 'guess');
      wrong.searchParams.set('code', 'stolen');
      expect((await fetch(wrong)).status).toBe(400);
      expect((await fetch(new URL('/other', callback))).status).toBe(404);
      expect((await fetch(callback, { method: 'POST' })).status).toBe(404);
      const { request } = await import('undici');
      const rebound = await request(callback, { headers: { host: 'evil.test' } });
      expect(rebound.statusCode).toBe(404);
      await visitAs('bob', url.href);
    });
    expect((await tokens).claims()?.sub).toBe('bob');
  });

  it('others on this machine who connect and say nothing keep no browser out', async () => {
    const crowd: net.Socket[] = [];
    const { tokens } = await run(async (url) => {
      const { port } = await redirectFor(url);
      for (let i = 0; i < 100; i++) {
        crowd.push(net.connect(Number(port), '127.0.0.1').on('error', () => {}));
        await once(crowd[i]!, 'connect');
      }
      await visitAs('bob', url.href);
    });
    expect((await tokens).claims()?.sub).toBe('bob');
    for (const socket of crowd) socket.destroy();
  });

  it('an answer that names another issuer is refused (RFC 9207)', async () => {
    const { tokens } = await run(async (url) => {
      const callback = await redirectFor(url);
      callback.searchParams.set('code', 'c');
      callback.searchParams.set('iss', 'https://evil.test');
      await fetch(callback);
    });
    await expect(tokens).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('an answer without the issuer is refused where the issuer promises to send it', async () => {
    const { tokens } = await run(async (url) => {
      const callback = await redirectFor(url);
      callback.searchParams.set('code', 'c');
      await fetch(callback);
    });
    await expect(tokens).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('nobody in time is expired, an abort ends it', async () => {
    await expect((await run(async () => {}, { timeoutMs: 20 })).tokens).rejects.toMatchObject({ code: 'expired' });
    const abort = new AbortController();
    const { tokens } = await run(async () => abort.abort(new Error('SIGINT')), { signal: abort.signal });
    await expect(tokens).rejects.toThrow('SIGINT');
  });
});

describe('the program that opens a page', () => {
  it('gets the URL as one argument, without a shell', () => {
    const url = 'https://idp.test/device?user_code=A&x=$(id)';
    expect(browserCommand(url, 'linux')).toEqual(['xdg-open', url]);
    expect(browserCommand(url, 'darwin')).toEqual(['open', url]);
    expect(browserCommand(url, 'win32')).toEqual(['rundll32', 'url.dll,FileProtocolHandler', url]);
  });

  it('is never given anything but a web page', () => {
    expect(() => browserCommand('file:///etc/passwd', 'linux')).toThrow();
    expect(() => browserCommand('--help', 'linux')).toThrow();
  });
});
