import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose';
import type { ReplayCache } from './dpop-replay.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';

/** A proof's `iat` may be this far from the gateway's clock, either way. */
export const proofWindowMs = 120_000;
const maxProofLength = 8_192;

/** Thrown for a proof that does not hold; the message may be shown. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
}

export interface ProofCheck {
  readonly proof: string | undefined;
  readonly accessToken: string;
  /** `cnf.jkt` of the token. */
  readonly jkt: string;
  readonly method: string;
  /** The absolute URL as the gateway knows itself, never from the Host header. */
  readonly htu: string;
  readonly nowMs: number;
  readonly replay: ReplayCache;
}

/**
 * Checks a DPoP proof.
 * @see RFC 9449 §4.3; the numbers are the order in which it must happen here
 */
export async function checkProof(check: ProofCheck): Promise<void> {
  if (check.proof === undefined || check.proof === '') throw new ProofError('DPoP proof missing');
  if (check.proof.length > maxProofLength) throw new ProofError('DPoP proof too long');
  // 1. Signed by the key in its own header, by an asymmetric algorithm.
  const { payload, protectedHeader } = await jwtVerify(check.proof, EmbeddedJWK, {
    algorithms: [...signatureAlgorithms],
    typ: 'dpop+jwt',
    currentDate: new Date(check.nowMs),
  }).catch((error: unknown) => {
    throw new ProofError(`DPoP proof refused: ${reasonOf(error)}`);
  });
  // 2. By the very key that the token is bound to.
  if ((await calculateJwkThumbprint(protectedHeader.jwk as object)) !== check.jkt) {
    throw new ProofError('DPoP proof is signed by another key than the token is bound to');
  }
  // 3. For this request and this token.
  if (payload.htm !== check.method) throw new ProofError('DPoP proof is for another method');
  if (typeof payload.htu !== 'string' || normaliseUrl(payload.htu) !== normaliseUrl(check.htu)) {
    throw new ProofError(`DPoP proof is for another URL than ${normaliseUrl(check.htu) ?? check.htu}`);
  }
  const ath = createHash('sha256').update(check.accessToken).digest('base64url');
  if (payload.ath !== ath) throw new ProofError('DPoP proof is for another token');
  // 4. Made just now.
  if (typeof payload.iat !== 'number' || Math.abs(payload.iat * 1000 - check.nowMs) > proofWindowMs) {
    throw new ProofError('DPoP proof is not of this time: check the clock of the client');
  }
  // 5. Used once. Last, so that only who holds the key can fill the cache.
  const { jti } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw new ProofError('DPoP proof has no usable jti');
  const id = createHash('sha256').update(`${check.jkt} ${jti}`).digest('base64url');
  if (!check.replay.add(id, check.nowMs)) throw new ProofError('DPoP proof was used before');
}

/** Without query and fragment (RFC 9449 §4.3 step 9), in the normal form of URLs. */
function normaliseUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  url.search = '';
  url.hash = '';
  return url.href;
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is not as it must be`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature does not match';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'signature algorithm not allowed';
  return 'not a well-formed proof';
}
