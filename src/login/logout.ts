import type { Env } from './config-dir.ts';
import { withFileLock } from './file-lock.ts';
import type { HttpClient } from './http-client.ts';
import { issuerError, openIssuer } from './issuer-client.ts';
import type { Profile } from './profiles.ts';
import { removeProfile } from './profiles.ts';
import type { StoredLogin } from './stored-login.ts';
import { openTokenStore } from './token-store.ts';

export interface LogoutResult {
  /** The issuer took the tokens back. */
  readonly revoked: boolean;
  /** Why it did not. */
  readonly reason: string | undefined;
  /** Until when the token that could not be taken back would still work; epoch milliseconds. */
  readonly tokenExpiresAt: number | undefined;
}

/** Revokes at the issuer (RFC 7009) and forgets. It forgets even when the issuer or the keychain cannot be reached. */
export async function logOut(env: Env, profile: Profile, http: HttpClient): Promise<LogoutResult> {
  const store = openTokenStore(env, profile);
  return withFileLock(store.path, async () => {
    let login: StoredLogin | undefined;
    let reason: string | undefined;
    try {
      login = await store.load();
      if (login === undefined) reason = 'no tokens were stored';
      else await revoke(profile, http, login);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    // The profile goes even if the keychain keeps its key: without the file that key opens nothing.
    await store.remove().catch((error: unknown) => {
      reason ??= error instanceof Error ? error.message : String(error);
    });
    await removeProfile(env, profile.name);
    return { revoked: reason === undefined, reason, tokenExpiresAt: login?.expiresAt };
  });
}

async function revoke(profile: Profile, http: HttpClient, login: StoredLogin): Promise<void> {
  try {
    const issuer = await openIssuer(profile.issuer, http, login);
    if (issuer.config.serverMetadata().revocation_endpoint === undefined) {
      throw new Error('the issuer offers no revocation');
    }
    const { tokenRevocation } = await import('openid-client');
    // The refresh token first: it is what lives long.
    if (login.refreshToken !== undefined) {
      await tokenRevocation(issuer.config, login.refreshToken, { token_type_hint: 'refresh_token' });
    }
    const accessToken = login.accessToken ?? login.token;
    await tokenRevocation(issuer.config, accessToken, { token_type_hint: 'access_token' }).catch((error: unknown) => {
      // Many issuers cannot revoke a JWT access token (RFC 7009 §2.2.1); it ends by itself.
      const { error: code } = error as { error?: unknown };
      if (code !== 'unsupported_token_type' || login.refreshToken === undefined) throw error;
    });
  } catch (error) {
    throw error instanceof Error && error.message.startsWith('the issuer offers')
      ? error
      : issuerError(login.issuer, error);
  }
}
