/**
 * The sessions that are open: by tunnel, so that the CLI can show and renew its own; by cancel key, so that a
 * CancelRequest finds its session; by subject, so that a revocation cuts at once.
 */
import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Connection } from './connection.ts';
import type { SessionHolder } from './gateway-state.ts';
import type { Egress } from './session/egress.ts';

export interface SessionEntry {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  readonly holder: SessionHolder;
  readonly tunnel: string | undefined;
  readonly database: string;
  /** Opened as read only upstream. */
  readonly readOnly: boolean;
  /** Nothing was to be masked when it began, so nothing in it can be. */
  readonly unmasked: boolean;
  readonly connection: Connection;
  readonly egress: Egress;
  readonly cancelPid: number;
  readonly cancelSecret: Buffer;
  /** Cancels what the upstream does for this session. */
  cancel(): void;
}

export interface TunnelStats {
  readonly sessions: number;
  readonly statements: number;
  readonly denied: number;
  readonly masked: number;
  readonly errors: number;
}

interface Tunnel {
  readonly owner: string;
  readonly open: Set<SessionEntry>;
  /** Counters of sessions that have ended. */
  ended: Omit<TunnelStats, 'sessions'>;
  lastSeenMs: number;
}

const FORGET_TUNNEL_MS = 3_600_000;
/** Tunnels without a session whose counters are kept; ids come from clients, so there could be any number. */
const MAX_ENDED_TUNNELS = 1_000;

export class SessionRegistry {
  readonly #byPid = new Map<number, SessionEntry>();
  readonly #tunnels = new Map<string, Tunnel>();

  get size(): number {
    return this.#byPid.size;
  }

  /** A cancel key of the gateway's own; the upstream's is never given out. */
  newCancelKey(): { pid: number; secret: Buffer } {
    for (;;) {
      const pid = randomInt(1, 0x7fffffff);
      if (!this.#byPid.has(pid)) return { pid, secret: randomBytes(4) };
    }
  }

  add(entry: SessionEntry): void {
    this.#byPid.set(entry.cancelPid, entry);
    if (entry.tunnel === undefined) return;
    const key = tunnelKey(entry.holder.principal, entry.tunnel);
    let tunnel = this.#tunnels.get(key);
    if (tunnel === undefined) {
      tunnel = { owner: principalKey(entry.holder.principal), open: new Set(), ended: NOTHING_YET, lastSeenMs: 0 };
      this.#tunnels.set(key, tunnel);
    }
    tunnel.open.add(entry);
  }

  remove(entry: SessionEntry): void {
    this.#byPid.delete(entry.cancelPid);
    if (entry.tunnel === undefined) return;
    const tunnel = this.#tunnels.get(tunnelKey(entry.holder.principal, entry.tunnel));
    if (tunnel === undefined || !tunnel.open.delete(entry)) return;
    tunnel.ended = sum(tunnel.ended, entry.connection.counters);
    tunnel.lastSeenMs = Date.now();
    if (this.#tunnels.size > this.#byPid.size + MAX_ENDED_TUNNELS) this.#forgetOldTunnels();
  }

  /** A CancelRequest: a wrong key does nothing, and takes as long as a right one. */
  cancel(pid: number, secret: Buffer): void {
    const entry = this.#byPid.get(pid);
    if (entry === undefined || entry.cancelSecret.length !== secret.length) return;
    if (timingSafeEqual(entry.cancelSecret, secret)) entry.cancel();
  }

  /** Every session of the principal's own tunnel of that id. */
  sessionsOf(principal: Principal, tunnel: string): readonly SessionEntry[] {
    return [...(this.#tunnels.get(tunnelKey(principal, tunnel))?.open ?? [])];
  }

  stats(principal: Principal, tunnelId: string): TunnelStats {
    const tunnel = this.#tunnels.get(tunnelKey(principal, tunnelId));
    if (tunnel === undefined) return { sessions: 0, ...NOTHING_YET };
    let total = tunnel.ended;
    for (const entry of tunnel.open) total = sum(total, entry.connection.counters);
    return { sessions: tunnel.open.size, ...total };
  }

  /** Open sessions of exactly this principal on a database. */
  countOf(principal: Principal, database: string): number {
    const key = tunnelKey(principal, database);
    let count = 0;
    for (const entry of this.#byPid.values()) {
      if (entry.database === database && tunnelKey(entry.holder.principal, database) === key) count++;
    }
    return count;
  }

  cutSubject(subject: Pick<Principal, 'issuer' | 'subject'>): void {
    const key = principalKey(subject);
    for (const entry of [...this.#byPid.values()]) {
      if (principalKey(entry.holder.principal) === key) entry.connection.end('revoked');
    }
  }

  /** Resolves when every client has been told why, or is cut off because it does not read. */
  async endAll(reason: 'shutdown'): Promise<void> {
    const open = [...this.#byPid.values()];
    const told = open.map(({ connection }) => connection.told());
    for (const { connection } of open) connection.end(reason);
    await Promise.all(told);
  }

  *[Symbol.iterator](): Generator<SessionEntry> {
    yield* this.#byPid.values();
  }

  #forgetOldTunnels(): void {
    const ended = [...this.#tunnels].filter(([, tunnel]) => tunnel.open.size === 0);
    ended.sort(([, a], [, b]) => a.lastSeenMs - b.lastSeenMs);
    const before = Date.now() - FORGET_TUNNEL_MS;
    const surplus = ended.length - MAX_ENDED_TUNNELS / 2;
    ended.forEach(([key, tunnel], index) => {
      if (index < surplus || tunnel.lastSeenMs < before) this.#tunnels.delete(key);
    });
  }
}

const NOTHING_YET = { statements: 0, denied: 0, masked: 0, errors: 0 };

function sum<T extends Omit<TunnelStats, 'sessions'>>(
  a: Omit<TunnelStats, 'sessions'>,
  b: T,
): Omit<TunnelStats, 'sessions'> {
  return {
    statements: a.statements + b.statements,
    denied: a.denied + b.denied,
    masked: a.masked + b.masked,
    errors: a.errors + b.errors,
  };
}

/** Ids come from clients: one principal's can't name another's tunnel, nor an agent's that of the person it acts for. */
function tunnelKey(principal: Principal, tunnel: string): string {
  return JSON.stringify([principalKey(principal), principal.kind, principal.actor, tunnel]);
}
