/** Asymmetric signatures only: `none` proves nothing, and HS* would take a public key for a shared secret. */
export const signatureAlgorithms: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);
