import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { IssuerClient, TokenResponse } from './issuer-client.ts';
import { issuerError } from './issuer-client.ts';

export interface BrowserFlowOptions {
  readonly issuer: IssuerClient;
  readonly signal: AbortSignal;
  /** Opens, or shows, the page to log in at. */
  onUrl(url: string): void;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 5 * 60_000;

/**
 * Authorization code flow with PKCE, the answer comes to a port of 127.0.0.1 that is open for this login only.
 * Throws `request_denied`, `expired`, or the signal's reason on abort.
 * @see RFC 8252 §7.3, RFC 7636 (S256), RFC 9207 (`iss`, checked where the issuer says that it sends it)
 */
export async function runBrowserFlow(options: BrowserFlowOptions): Promise<TokenResponse> {
  const { issuer, signal } = options;
  const client = await import('openid-client');
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const wantsIdToken = issuer.settings.scopes.includes('openid');
  const listener = await listenForCallback(expectedState);
  try {
    const parameters: Record<string, string> = {
      ...issuer.authorizationParameters,
      redirect_uri: listener.redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
    };
    if (wantsIdToken) parameters.nonce = expectedNonce;
    if (issuer.dpop) parameters.dpop_jkt = await issuer.dpop.calculateThumbprint();
    options.onUrl(client.buildAuthorizationUrl(issuer.config, parameters).href);

    const callback = await listener.wait(signal, options.timeoutMs ?? defaultTimeoutMs);
    try {
      const tokens = await client.authorizationCodeGrant(
        issuer.config,
        callback.url,
        {
          pkceCodeVerifier,
          expectedState,
          ...(wantsIdToken ? { expectedNonce, idTokenExpected: true } : {}),
        },
        // RFC 8707 §2.2: for the token, too.
        resourceOf(issuer),
        issuer.dpop ? { DPoP: issuer.dpop } : {},
      );
      callback.answer('You are logged in.', 'Close this page and go back to the terminal.');
      return tokens;
    } catch (error) {
      callback.answer('The login did not work.', 'The terminal says why.');
      if ((error as { error?: unknown }).error === 'access_denied') {
        throw new DbgateError(ErrorCode.requestDenied, 'the login was denied in the browser', {
          cause: error,
          hint: 'dbgate login --browser',
        });
      }
      throw issuerError(issuer.settings.issuer, error);
    }
  } finally {
    await listener.close();
  }
}

function resourceOf(issuer: IssuerClient): Record<string, string> {
  const { resource } = issuer.authorizationParameters;
  return resource === undefined ? {} : { resource };
}

interface Callback {
  readonly url: URL;
  answer(title: string, text: string): void;
}

interface CallbackListener {
  readonly redirectUri: string;
  wait(signal: AbortSignal, timeoutMs: number): Promise<Callback>;
  close(): Promise<void>;
}

const path = '/callback';
const maxSilent = 16;

/** Takes the first request that carries our `state`; any other page on this machine can send anything else here. */
async function listenForCallback(state: string): Promise<CallbackListener> {
  const { promise, resolve, reject } = Promise.withResolvers<Callback>();
  promise.catch(() => {});
  let taken = false;
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', origin);
    const isCallback = request.method === 'GET' && url?.pathname === path && request.headers.host === host;
    if (!isCallback || url.searchParams.get('state') !== state) {
      return page(
        response,
        isCallback ? 400 : 404,
        'Nothing here.',
        'This page belongs to no login that is under way.',
      );
    }
    if (taken) return page(response, 400, 'This login is over.', 'Close this page.');
    taken = true;
    resolve({ url, answer: (title, text) => page(response, 200, title, text) });
  });
  cutSilent(server);
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  return {
    redirectUri: origin + path,
    async wait(signal, timeoutMs) {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      const timer = setTimeout(() => {
        reject(
          new DbgateError(ErrorCode.expired, 'nobody finished the login in the browser', {
            hint: 'dbgate login --browser; or dbgate login, which needs no browser on this machine',
          }),
        );
      }, timeoutMs);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      }
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        // The answer page is small; whoever has not taken it after a second does not want it.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}

/** Whoever on this machine connects and says nothing keeps no browser out: the one that has waited longest goes. */
function cutSilent(server: Server): void {
  const silent = new Set<Socket>();
  server.on('request', ({ socket }) => silent.delete(socket));
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    if (silent.size > maxSilent) for (const oldest of silent) return void oldest.destroy();
  });
}

/** Nothing of the request is in the page, and the code does not leave it by a Referer. */
function page(response: ServerResponse<IncomingMessage>, status: number, title: string, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>dbgate</title>` +
      `<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28em;padding:0 1em;color-scheme:light dark}</style>` +
      `<h1>${title}</h1><p>${text}</p></html>`,
  );
}
