/** What callbacks need that come without a token: a bound on how many, a memory of those that were taken, a record. */
import type { GatewayState } from '../gateway/gateway-state.ts';

const WINDOW_MS = 60_000;
const PER_ADDRESS = 120;
const PER_WINDOW = 1_200;
const MAX_ADDRESSES = 10_000;
const RECORDED_PER_WINDOW = 60;
const MAX_REMEMBERED = 100_000;

export class CallbackGuard {
  readonly #gateway: GatewayState;
  readonly #now: () => number;
  #windowEndsAt = Number.NEGATIVE_INFINITY;
  #all = 0;
  #recorded = 0;
  #unrecorded = 0;
  readonly #byAddress = new Map<string, number>();
  /** When it may be forgotten, by id: longer than a signature is good for. */
  readonly #taken = new Map<string, number>();

  constructor(gateway: GatewayState, now: () => number) {
    this.#gateway = gateway;
    this.#now = now;
  }

  /** False: too many came lately, from this address or from all. */
  admits(address: string): boolean {
    this.#roll();
    const own = (this.#byAddress.get(address) ?? 0) + 1;
    if (own > PER_ADDRESS || ++this.#all > PER_WINDOW) return false;
    if (this.#byAddress.size < MAX_ADDRESSES) this.#byAddress.set(address, own);
    return true;
  }

  /** False: it was taken before, or there is no room to remember it, so it must be refused too. */
  take(id: string, forMs: number): boolean {
    const now = this.#now();
    for (const [old, until] of this.#taken) {
      if (until > now) break;
      this.#taken.delete(old);
    }
    if (this.#taken.has(id) || this.#taken.size >= MAX_REMEMBERED) return false;
    this.#taken.set(id, now + forMs);
    return true;
  }

  /** It could not be acted upon, through no fault of its own: it may come again. */
  giveBack(id: string): void {
    this.#taken.delete(id);
  }

  /** One by one while they are few; beyond that their number. */
  refused(target: string, why: string, address: string, request?: string): void {
    this.#roll();
    if (this.#recorded >= RECORDED_PER_WINDOW) {
      this.#unrecorded++;
      return;
    }
    this.#recorded++;
    this.#note({ target: target.slice(0, 64), why }, { address, ...(request === undefined ? {} : { request }) });
  }

  #roll(): void {
    const now = performance.now();
    if (now < this.#windowEndsAt) return;
    this.#windowEndsAt = now + WINDOW_MS;
    this.#all = 0;
    this.#recorded = 0;
    this.#byAddress.clear();
    if (this.#unrecorded > 0) this.#note({ why: 'more than are recorded one by one', callbacks: this.#unrecorded }, {});
    this.#unrecorded = 0;
  }

  #note(detail: Record<string, string | number>, body: Record<string, string>): void {
    this.#gateway.recorder.note({ kind: 'callback.refused', by: undefined, database: undefined, detail, body });
  }
}
