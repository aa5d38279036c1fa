/** Who is logged in on the page. In memory: after a restart people log in again. Cookies are kept as hashes. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../../identity/principal.ts';
import type { Revocations } from '../../identity/revocation.ts';

export interface WebSession {
  readonly principal: Principal;
  /** In each form; a page of another site does not know it. */
  readonly csrf: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export const SESSION_MS = 30 * 60_000;
const MAX_SESSIONS = 10_000;

export class WebSessions {
  readonly #sessions = new Map<string, WebSession>();
  readonly #now: () => number;
  readonly #revocations: Pick<Revocations, 'isRevoked'>;

  constructor(revocations: Pick<Revocations, 'isRevoked'>, now: () => number) {
    this.#revocations = revocations;
    this.#now = now;
  }

  /** The cookie's value. It ends with the token that made it, at the latest after half an hour. */
  open(principal: Principal): { readonly id: string; readonly expiresAt: number } {
    const id = randomBytes(32).toString('base64url');
    const expiresAt = Math.min(this.#now() + SESSION_MS, principal.expiresAt);
    this.#sessions.set(keyOf(id), { principal, csrf: randomBytes(32).toString('base64url'), expiresAt });
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    return { id, expiresAt };
  }

  /** Undefined: there is none, it is over, or access was revoked. */
  get(id: string | undefined): WebSession | undefined {
    if (id === undefined) return undefined;
    const session = this.#sessions.get(keyOf(id));
    if (session === undefined) return undefined;
    if (session.expiresAt > this.#now() && !this.#revocations.isRevoked(session.principal)) return session;
    this.close(id);
    return undefined;
  }

  close(id: string): void {
    this.#sessions.delete(keyOf(id));
  }
}

export function isCsrfOf(session: WebSession, given: string | null): boolean {
  const [a, b] = [Buffer.from(session.csrf), Buffer.from(given ?? '')];
  return a.length === b.length && timingSafeEqual(a, b);
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
