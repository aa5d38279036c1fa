/** Remembers which proofs were used, until they would be refused for their age anyway. */
export interface ReplayCache {
  /** False if `id` was seen before, or there is no room to remember it (then it must be refused too). */
  add(id: string, nowMs: number): boolean;
  readonly size: number;
}

/**
 * A bounded set whose entries expire `ttlMs` after they were added. When it is full of entries that still matter it
 * refuses new ones: forgetting one would let it be replayed.
 */
export function createReplayCache(options: { ttlMs: number; maxEntries: number }): ReplayCache {
  // Insertion order is expiry order, as the time to live is the same for all.
  const expiries = new Map<string, number>();

  function sweep(nowMs: number): void {
    for (const [id, expiresAt] of expiries) {
      if (expiresAt > nowMs) return;
      expiries.delete(id);
    }
  }

  return {
    add(id, nowMs) {
      sweep(nowMs);
      if (expiries.has(id) || expiries.size >= options.maxEntries) return false;
      expiries.set(id, nowMs + options.ttlMs);
      return true;
    },
    get size() {
      return expiries.size;
    },
  };
}
