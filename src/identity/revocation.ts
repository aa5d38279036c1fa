import type { Principal } from './principal.ts';
import { principalKey } from './principal.ts';

export interface SubjectRevocation {
  readonly issuer: string;
  readonly subject: string;
  /** Where it is known: for whoever is known by that alone (a button in Slack). */
  readonly email?: string | undefined;
  /** For the record and the person: `admin`, `scim`, `logout`, … */
  readonly reason: string;
}

/**
 * The one place that every cut-off goes through: an admin's command, SCIM, back-channel logout.
 * Who is revoked is refused at the next check, and listeners cut the sessions that are open.
 */
export interface Revocations {
  /** Refuses the subject from now on, however new its token, until `restoreSubject`. */
  revokeSubject(revocation: SubjectRevocation): void;
  restoreSubject(subject: Pick<Principal, 'issuer' | 'subject'>): void;
  /** Refuses one token, by SHA-256 (base64url), until it would have ended anyway. */
  revokeToken(tokenHash: string, expiresAt: number): void;
  isRevoked(principal: Pick<Principal, 'issuer' | 'subject'>): boolean;
  /** Who is refused now. */
  subjects(): readonly SubjectRevocation[];
  isTokenRevoked(tokenHash: string, nowMs: number): boolean;
  /** Called for each revoked subject, at once; returns the function that unregisters. */
  onRevoked(listener: (revocation: SubjectRevocation) => void): () => void;
}

export interface RevocationOptions {
  /** Who was refused before this process began. */
  readonly kept?: readonly SubjectRevocation[];
  /** Keeps what is refused from now on; called at each change, before anybody hears of it. */
  keep?(subjects: readonly SubjectRevocation[]): void;
}

export function createRevocations({ kept = [], keep }: RevocationOptions = {}): Revocations {
  const subjects = new Map(kept.map((revocation) => [principalKey(revocation), revocation]));
  const tokens = new Map<string, number>();
  const listeners = new Set<(revocation: SubjectRevocation) => void>();
  return {
    revokeSubject(revocation) {
      // Refuse first, then cut: a session that redials in between finds the door closed.
      subjects.set(principalKey(revocation), revocation);
      keep?.([...subjects.values()]);
      for (const listener of [...listeners]) listener(revocation);
    },
    restoreSubject(subject) {
      if (subjects.delete(principalKey(subject))) keep?.([...subjects.values()]);
    },
    revokeToken(tokenHash, expiresAt) {
      tokens.set(tokenHash, expiresAt);
    },
    isRevoked(principal) {
      return subjects.has(principalKey(principal));
    },
    subjects() {
      return [...subjects.values()];
    },
    isTokenRevoked(tokenHash, nowMs) {
      const expiresAt = tokens.get(tokenHash);
      if (expiresAt === undefined) return false;
      // The skew that the verifier grants to an expired token is granted here too.
      if (expiresAt + 60_000 < nowMs) tokens.delete(tokenHash);
      return true;
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
