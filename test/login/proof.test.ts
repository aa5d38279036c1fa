import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { proofAlgorithms } from '../../src/login/dpop-key.ts';
import { prover } from '../../src/login/proof.ts';

describe('a DPoP proof', () => {
  it.each(proofAlgorithms)('%s: another library verifies it', async (alg) => {
    const pair = await generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg, { extractable: true });
    const jwk = { ...(await exportJWK(pair.privateKey)), alg };
    const proof = prover(jwk).prove('POST', 'https://gw.test/v1/x?y=1#z', 'token');
    const publicKey = await exportJWK(pair.publicKey);
    const { payload, protectedHeader } = await jwtVerify(proof, createLocalJWKSet({ keys: [publicKey] }), {
      typ: 'dpop+jwt',
      maxTokenAge: '1 minute',
    });
    expect(payload).toMatchObject({
      htm: 'POST',
      htu: 'https://gw.test/v1/x',
      // SHA-256 of `token`, RFC 9449 §4.2.
      ath: 'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(protectedHeader).toEqual({ alg, typ: 'dpop+jwt', jwk: publicKey });
    expect(prover(jwk).prove('POST', 'https://gw.test/v1/x', 'token')).not.toBe(proof);
  });

  it('is made with no other algorithm', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), alg: 'none' };
    expect(() => prover(jwk).prove('GET', 'https://gw.test/', 'token')).toThrow(/none/);
  });
});
