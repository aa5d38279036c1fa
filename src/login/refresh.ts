import { DbgateError, ErrorCode } from '../errors.ts';
import { withFileLock } from './file-lock.ts';
import type { IssuerClient } from './issuer-client.ts';
import type { StoredLogin } from './stored-login.ts';
import type { TokenStore } from './token-store.ts';

/** A token is renewed when it has less than this to live. */
export const refreshMarginMs = 60_000;

export interface RefreshOptions {
  readonly store: TokenStore;
  readonly openIssuer: (login: StoredLogin) => Promise<IssuerClient>;
  /** For messages and the hint. */
  readonly gateway: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * A login whose token lives for another minute at least, renewed if need be.
 * With rotation a refresh token is good once, and using it again ends the whole login at many issuers: so processes take
 * turns, and whoever comes second finds the new tokens in the store. Throws `login_required` when it cannot be renewed.
 */
export async function freshLogin(options: RefreshOptions): Promise<StoredLogin> {
  const { store, now, gateway } = options;
  const stored = await store.load();
  if (stored === undefined) throw notLoggedIn(gateway);
  if (isFresh(stored, now())) return stored;
  if (stored.refreshToken === undefined) {
    if (stored.expiresAt > now()) return stored;
    throw loginEnded(gateway, 'it cannot be renewed');
  }
  return withFileLock(store.path, async () => {
    // 1. Read again: another process may have renewed it while this one waited.
    const current = await store.load();
    if (current === undefined) throw notLoggedIn(gateway);
    if (isFresh(current, now())) return current;
    if (current.refreshToken === undefined) throw loginEnded(gateway, 'it cannot be renewed');
    // 2. Renew, 3. store before anything uses it: the old refresh token is spent.
    const renewed = await renew(options, current, current.refreshToken);
    if (renewed === undefined) return current;
    await store.save(renewed);
    return renewed;
  });
}

/** Undefined when the issuer is out of reach but the token at hand still lives. */
async function renew(
  options: RefreshOptions,
  current: StoredLogin,
  refreshToken: string,
): Promise<StoredLogin | undefined> {
  const { now, gateway } = options;
  // Only here: hardly any start of the CLI has something to renew.
  const { issuerError, isTransient, loginFromTokens } = await import('./issuer-client.ts');
  try {
    const issuer = await options.openIssuer(current);
    const { refreshTokenGrant } = await import('openid-client');
    const { resource } = issuer.authorizationParameters;
    const parameters: Record<string, string> = resource === undefined ? {} : { resource };
    const tokens = await refreshTokenGrant(issuer.config, refreshToken, parameters, {
      ...(issuer.dpop ? { DPoP: issuer.dpop } : {}),
    });
    return loginFromTokens(issuer, tokens, now(), current);
  } catch (error) {
    const unreachable =
      isTransient(error) || (error instanceof DbgateError && error.code === ErrorCode.gatewayUnreachable);
    if (unreachable && current.expiresAt > now()) return undefined;
    if ((error as { error?: unknown }).error === 'invalid_grant') {
      throw loginEnded(gateway, 'the identity provider refused to renew it', error);
    }
    throw issuerError(current.issuer, error);
  }
}

function isFresh(login: StoredLogin, nowMs: number): boolean {
  return login.expiresAt - nowMs > refreshMarginMs;
}

export function notLoggedIn(gateway: string): DbgateError {
  return new DbgateError(ErrorCode.loginRequired, `not logged in to ${gateway}`, { hint: `dbgate login ${gateway}` });
}

function loginEnded(gateway: string, reason: string, cause?: unknown): DbgateError {
  return new DbgateError(ErrorCode.loginRequired, `the login to ${gateway} has ended: ${reason}`, {
    hint: `dbgate login ${gateway}`,
    cause,
  });
}
