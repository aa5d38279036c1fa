import { readFile } from 'node:fs/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';
import type { HttpClient } from './http-client.ts';
import type { Profile } from './profiles.ts';
import type { Prover } from './proof.ts';
import { freshLogin, notLoggedIn, refreshMarginMs } from './refresh.ts';
import type { StoredLogin } from './stored-login.ts';

export interface PresentedToken {
  readonly token: string;
  /** Set when the token is bound: a proof goes with every use. */
  readonly proofKey: Prover | undefined;
}

/** Where tokens for the gateway come from; asked before each request. */
export interface TokenSource {
  /** For messages: `DBGATE_TOKEN`, `DBGATE_TOKEN_FILE` or `login`. */
  readonly kind: 'DBGATE_TOKEN' | 'DBGATE_TOKEN_FILE' | 'login';
  get(): Promise<PresentedToken>;
}

/** `DBGATE_TOKEN`, else `DBGATE_TOKEN_FILE` (read anew each time, so it may be replaced), else the stored login. */
export function tokenSource(
  env: Env,
  gateway: string,
  profile: Profile | undefined,
  http: HttpClient,
  now: () => number = Date.now,
): TokenSource {
  if (env.DBGATE_TOKEN) {
    const token = checkToken(env.DBGATE_TOKEN, 'DBGATE_TOKEN');
    return { kind: 'DBGATE_TOKEN', get: async () => ({ token, proofKey: undefined }) };
  }
  const path = env.DBGATE_TOKEN_FILE;
  if (path) {
    return {
      kind: 'DBGATE_TOKEN_FILE',
      get: async () => {
        const text = await readFile(path, 'utf8').catch((error: unknown) => {
          throw new DbgateError(ErrorCode.loginRequired, `cannot read the token file ${path}`, {
            cause: error,
            hint: 'check --token-file or DBGATE_TOKEN_FILE',
          });
        });
        return { token: checkToken(text, `the token file ${path}`), proofKey: undefined };
      },
    };
  }
  return { kind: 'login', get: storedLoginSource(env, gateway, profile, http, now) };
}

/** One login as it is, never renewed. */
export function loginSource(login: StoredLogin): TokenSource {
  return { kind: 'login', get: () => presented(login) };
}

async function presented(login: StoredLogin): Promise<PresentedToken> {
  if (login.tokenType !== 'DPoP') return { token: login.token, proofKey: undefined };
  const { prover } = await import('./proof.ts');
  return { token: login.token, proofKey: login.dpopKey && prover(login.dpopKey) };
}

function storedLoginSource(
  env: Env,
  gateway: string,
  profile: Profile | undefined,
  http: HttpClient,
  now: () => number,
): () => Promise<PresentedToken> {
  let current: { token: PresentedToken; expiresAt: number } | undefined;
  let pending: Promise<PresentedToken> | undefined;

  async function load(): Promise<PresentedToken> {
    if (profile === undefined) throw notLoggedIn(gateway);
    const { openTokenStore } = await import('./token-store.ts');
    const login = await freshLogin({
      store: openTokenStore(env, profile),
      openIssuer: async (stored) => (await import('./issuer-client.ts')).openIssuer(profile.issuer, http, stored),
      gateway,
      now,
    });
    const token = await presented(login);
    current = { token, expiresAt: login.expiresAt };
    return token;
  }

  return async () => {
    if (current !== undefined && current.expiresAt - now() > refreshMarginMs) return current.token;
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

function checkToken(text: string, from: string): string {
  const token = text.trim();
  // RFC 6750 §2.1; anything else would break out of the header.
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return token;
  throw new DbgateError(ErrorCode.loginRequired, token === '' ? `${from} is empty` : `${from} holds no access token`, {
    hint: 'put one access token into it, and nothing else',
  });
}
