import { createHash, createPrivateKey, type KeyObject, randomUUID, sign, type webcrypto } from 'node:crypto';
import type { JWK } from 'jose';

/** What a DPoP proof is made of: RFC 9449 §4.2 and §7. By node:crypto: jose costs each start of the CLI 10 ms of CPU. */
export interface Prover {
  /** One proof for one request. `url` without query; `ath` binds it to the token. */
  prove(method: string, url: string, accessToken: string): string;
}

/** The key of a login, with its private part. */
export function prover(jwk: JWK): Prover {
  const alg = jwk.alg ?? 'ES256';
  const key = createPrivateKey({ key: jwk as webcrypto.JsonWebKey, format: 'jwk' });
  const header = part({ alg, typ: 'dpop+jwt', jwk: publicPart(jwk) });
  return {
    prove(method, url, accessToken) {
      const payload = part({
        jti: randomUUID(),
        htm: method,
        htu: url.replace(/[?#].*$/s, ''),
        ath: createHash('sha256').update(accessToken).digest('base64url'),
        iat: Math.floor(Date.now() / 1000),
      });
      const signed = `${header}.${payload}`;
      return `${signed}.${signature(alg, key, Buffer.from(signed)).toString('base64url')}`;
    },
  };
}

export function publicPart(jwk: JWK): JWK {
  const { kty, crv, x, y, n, e } = jwk;
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)) as JWK;
}

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
function signature(alg: string, key: KeyObject, data: Buffer): Buffer {
  switch (alg) {
    case 'ES256':
      return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
    case 'Ed25519':
    case 'EdDSA':
      return sign(null, data, key);
    case 'PS256':
      // RSA_PKCS1_PSS_PADDING, with a salt as long as the digest.
      return sign('sha256', data, { key, padding: 6, saltLength: 32 });
    case 'RS256':
      return sign('sha256', data, key);
    default:
      throw new TypeError(`no proofs are made with ${alg}`);
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
