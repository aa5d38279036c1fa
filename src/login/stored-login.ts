import type { JWK } from 'jose';

/** The tokens of one login; secret as a whole. */
export interface StoredLogin {
  readonly version: 1;
  readonly issuer: string;
  readonly clientId: string;
  /** What is presented to the gateway: an access token, or the ID token where the issuer has no JWT access tokens. */
  readonly token: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly subject?: string | undefined;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** The private key that the tokens are bound to. */
  readonly dpopKey?: JWK | undefined;
}

export function encodeLogin(login: StoredLogin): string {
  return JSON.stringify(login);
}

/** Undefined for anything that is not one. By hand: a schema library would cost each start of the CLI. */
export function decodeLogin(text: string): StoredLogin | undefined {
  let value: Record<string, unknown>;
  try {
    value = (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { version, issuer, clientId, token, tokenType, expiresAt, dpopKey } = value;
  const required = [issuer, clientId, token].every((each) => typeof each === 'string');
  const { accessToken, refreshToken, subject, email, name } = value;
  const optional = [accessToken, refreshToken, subject, email, name].every(
    (each) => each === undefined || typeof each === 'string',
  );
  const valid =
    version === 1 &&
    required &&
    optional &&
    typeof expiresAt === 'number' &&
    (tokenType === 'Bearer' || tokenType === 'DPoP') &&
    (dpopKey === undefined ? tokenType === 'Bearer' : typeof dpopKey === 'object' && dpopKey !== null);
  return valid ? (value as unknown as StoredLogin) : undefined;
}
