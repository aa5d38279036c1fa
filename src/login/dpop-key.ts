import { createHash, randomUUID, type webcrypto } from 'node:crypto';
import { exportJWK, importJWK, type JWK, SignJWT } from 'jose';

/** Algorithms to bind tokens with, the preferred one first. */
export const proofAlgorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const;

export interface ProofKey {
  readonly alg: string;
  readonly pair: webcrypto.CryptoKeyPair;
  /** With the private part; to be stored with the tokens. */
  readonly jwk: JWK;
  /** One proof for one request. `url` without query; `ath` binds it to the token. */
  prove(method: string, url: string, accessToken: string): Promise<string>;
}

/** Makes a key for one login. */
export async function createProofKey(alg: string): Promise<ProofKey> {
  const { randomDPoPKeyPair } = await import('openid-client');
  const pair = await randomDPoPKeyPair(alg, { extractable: true });
  return proofKey(alg, pair as webcrypto.CryptoKeyPair, { ...(await exportJWK(pair.privateKey)), alg });
}

/** The key of a stored login. */
export async function importProofKey(jwk: JWK): Promise<ProofKey> {
  const alg = jwk.alg ?? 'ES256';
  const privateKey = (await importJWK(jwk, alg)) as CryptoKey;
  const publicKey = (await importJWK(publicPart(jwk), alg, { extractable: true })) as CryptoKey;
  return proofKey(alg, { privateKey, publicKey }, jwk);
}

function proofKey(alg: string, pair: webcrypto.CryptoKeyPair, jwk: JWK): ProofKey {
  const publicJwk = publicPart(jwk);
  return {
    alg,
    pair,
    jwk,
    // RFC 9449 §4.2 and §7.
    prove: (method, url, accessToken) =>
      new SignJWT({
        jti: randomUUID(),
        htm: method,
        htu: url.replace(/[?#].*$/s, ''),
        ath: createHash('sha256').update(accessToken).digest('base64url'),
      })
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk })
        .setIssuedAt()
        .sign(pair.privateKey),
  };
}

function publicPart(jwk: JWK): JWK {
  const { kty, crv, x, y, n, e } = jwk;
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)) as JWK;
}
