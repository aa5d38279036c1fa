import type { webcrypto } from 'node:crypto';
import type { JWK } from 'jose';
import { type Prover, prover, publicPart } from './proof.ts';

/** Algorithms to bind tokens with, the preferred one first. */
export const proofAlgorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const;

export interface ProofKey extends Prover {
  readonly alg: string;
  readonly pair: webcrypto.CryptoKeyPair;
  /** With the private part; to be stored with the tokens. */
  readonly jwk: JWK;
}

/** Makes a key for one login. */
export async function createProofKey(alg: string): Promise<ProofKey> {
  const [{ randomDPoPKeyPair }, { exportJWK }] = await Promise.all([import('openid-client'), import('jose')]);
  const pair = await randomDPoPKeyPair(alg, { extractable: true });
  return proofKey(alg, pair as webcrypto.CryptoKeyPair, { ...(await exportJWK(pair.privateKey)), alg });
}

/** The key of a stored login. */
export async function importProofKey(jwk: JWK): Promise<ProofKey> {
  const { importJWK } = await import('jose');
  const alg = jwk.alg ?? 'ES256';
  const privateKey = (await importJWK(jwk, alg)) as CryptoKey;
  const publicKey = (await importJWK(publicPart(jwk), alg, { extractable: true })) as CryptoKey;
  return proofKey(alg, { privateKey, publicKey }, jwk);
}

function proofKey(alg: string, pair: webcrypto.CryptoKeyPair, jwk: JWK): ProofKey {
  return { alg, pair, jwk, ...prover(jwk) };
}
