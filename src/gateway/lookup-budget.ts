/** How often each principal compared a masked column with a value of its own within the last hour or so. */
const HOUR_MS = 3_600_000;
export const MAX_LOOKUPS = 1_000;

export class LookupBudget {
  readonly #used = new Map<string, { startedMs: number; count: number }>();

  /** False: no more for now. */
  take(principal: string, count: number, nowMs: number): boolean {
    const used = this.#usedBy(principal, nowMs);
    if (used.count + count > MAX_LOOKUPS) return false;
    used.count += count;
    return true;
  }

  /** What had been done before it could be counted. */
  owe(principal: string, count: number, nowMs: number): void {
    this.#usedBy(principal, nowMs).count += count;
  }

  #usedBy(principal: string, nowMs: number): { startedMs: number; count: number } {
    let used = this.#used.get(principal);
    if (used === undefined || nowMs - used.startedMs >= HOUR_MS) {
      used = { startedMs: nowMs, count: 0 };
      this.#used.set(principal, used);
    }
    return used;
  }
}
