import type { Principal } from './principal.ts';

/** A signature is looked at again after so long, so that a key which its issuer withdrew does not live on here. */
const maxAgeMs = 10 * 60_000;

interface Entry {
  readonly principal: Principal;
  readonly validUntil: number;
}

/** Tokens whose signature and claims have been verified, by SHA-256 of the token; never the tokens themselves. */
export interface VerifiedTokens {
  get(tokenHash: string, nowMs: number): Principal | undefined;
  set(tokenHash: string, principal: Principal, nowMs: number): void;
  delete(tokenHash: string): void;
}

/** Bounded: the token used longest ago is forgotten first. */
export function createVerifiedTokens(maxEntries: number): VerifiedTokens {
  const entries = new Map<string, Entry>();
  return {
    get(tokenHash, nowMs) {
      const entry = entries.get(tokenHash);
      if (entry === undefined) return undefined;
      entries.delete(tokenHash);
      if (entry.validUntil <= nowMs) return undefined;
      entries.set(tokenHash, entry);
      return entry.principal;
    },
    set(tokenHash, principal, nowMs) {
      entries.delete(tokenHash);
      entries.set(tokenHash, { principal, validUntil: Math.min(principal.expiresAt, nowMs + maxAgeMs) });
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value as string);
    },
    delete(tokenHash) {
      entries.delete(tokenHash);
    },
  };
}
