import type { JWK } from 'jose';
import { z } from 'zod';

const schema = z.object({
  version: z.literal(1),
  issuer: z.string(),
  clientId: z.string(),
  /** What is presented to the gateway: an access token, or the ID token where the issuer has no JWT access tokens. */
  token: z.string(),
  tokenType: z.enum(['Bearer', 'DPoP']),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
  accessToken: z.string().optional(),
  refreshToken: z.string().optional(),
  subject: z.string().optional(),
  email: z.string().optional(),
  name: z.string().optional(),
  /** The private key that the tokens are bound to. */
  dpopKey: z.record(z.string(), z.unknown()).optional(),
});

/** The tokens of one login; secret as a whole. */
export type StoredLogin = Omit<z.infer<typeof schema>, 'dpopKey'> & { readonly dpopKey?: JWK | undefined };

export function encodeLogin(login: StoredLogin): string {
  return JSON.stringify(login);
}

/** Undefined for anything that is not one. */
export function decodeLogin(text: string): StoredLogin | undefined {
  try {
    return schema.parse(JSON.parse(text)) as StoredLogin;
  } catch {
    return undefined;
  }
}
