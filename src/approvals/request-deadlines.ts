/**
 * Requests that time ends: those that nobody decided, approvals that are over, trials that nobody kept. Time is the
 * gateway's clock, looked at again and again: no timer is trusted, and what was seen to be over stays so.
 */
import type { GatewaySettings } from '../config/gateway-settings.ts';
import type { Entry } from './request-index.ts';
import type { RequestLedger } from './request-ledger.ts';

const TRIED_GRACE_MS = 5_000;

export class RequestDeadlines {
  readonly #ledger: RequestLedger;
  /** Epoch milliseconds. */
  readonly #now: () => number;
  readonly #settings: () => GatewaySettings;
  /** Before it nothing is over. */
  #nextDeadline = 0;
  /** A clock that is set back is looked at anew. */
  #sweptAt = 0;
  #sweeping: Promise<void> | undefined;

  constructor(ledger: RequestLedger, now: () => number, settings: () => GatewaySettings) {
    this.#ledger = ledger;
    this.#now = now;
    this.#settings = settings;
  }

  /** The request is another now, and so may be when it is over. */
  expect(entry: Entry): void {
    this.#nextDeadline = Math.min(this.#nextDeadline, this.#deadlineOf(entry) ?? Number.POSITIVE_INFINITY);
  }

  /** What is over by the clock ends; once seen, a clock that is set back does not bring it back. */
  sweep(): Promise<void> {
    const now = this.#now();
    if (now < this.#sweptAt) this.#nextDeadline = 0;
    this.#sweptAt = now;
    if (now < this.#nextDeadline || this.#ledger.isClosed) return this.#sweeping ?? Promise.resolve();
    this.#sweeping ??= this.#endWhatIsOver().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Resolves when no sweep is under way. */
  async settled(): Promise<void> {
    await this.#sweeping;
  }

  async #endWhatIsOver(): Promise<void> {
    this.#nextDeadline = Number.POSITIVE_INFINITY;
    const over: Entry[] = [];
    for (const entry of this.#ledger.index.open) {
      if (this.isOver(entry)) over.push(entry);
      else this.expect(entry);
    }
    // What cannot be recorded now is over all the same, and looked at again.
    if (over.length > 0) this.#nextDeadline = 0;
    for (const entry of over) {
      await this.#ledger.quietly(entry.state.request.id, (state) => {
        if (!this.isOver(entry)) return undefined;
        const at = Math.max(this.#now(), this.#deadlineOf(entry) ?? 0);
        if (state.status === 'pending') return { type: 'expired', at };
        return state.status === 'approved' ? { type: 'ended', at, reason: 'time' } : undefined;
      });
    }
  }

  /** Is an open request over by time? Once seen, it stays so. */
  isOver(entry: Entry): boolean {
    const deadline = this.#deadlineOf(entry);
    // A request that was approved meanwhile has another end.
    if (deadline === undefined) return false;
    if (entry.overAt === deadline) return true;
    if (this.#now() < deadline) return false;
    entry.overAt = deadline;
    return true;
  }

  /** When an open request is over by time. */
  #deadlineOf({ state: { status, request, validUntil }, triedAt }: Entry): number | undefined {
    if (status === 'approved') return validUntil;
    if (status !== 'pending') return undefined;
    if (triedAt === undefined) return request.expiresAt;
    // The gateway that runs it ends it sooner, if it is there.
    const heldMs = this.#settings().approvals?.holdInTransactionMs ?? 0;
    return Math.min(request.expiresAt, triedAt + heldMs + TRIED_GRACE_MS);
  }
}
