/**
 * A CancelRequest of the client's goes to what it would have hit at PostgreSQL itself: the statement that runs, or else the
 * one that the gateway has not let go yet. Sent to a server that has nothing to do it would be lost, and the statement
 * behind it would run to its end.
 */
import type { SessionCore } from './core.ts';
import type { Frontend } from './frontend.ts';
import type { Request } from './in-flight.ts';

export class CancelRequests {
  readonly #core: SessionCore;
  readonly #frontend: Frontend;
  /** What it is for waits for its record: the cancel follows it. */
  #follows = false;

  constructor(core: SessionCore, frontend: Frontend) {
    this.#core = core;
    this.#frontend = frontend;
  }

  requested(): void {
    if (this.#frontend.holding.cancel()) return;
    if (!this.#runsUpstream() && (this.#frontend.cancelWaiting() || this.#waitsForRecord())) return;
    this.#core.command({ type: 'cancel_upstream' });
  }

  #waitsForRecord(): boolean {
    this.#follows = this.#core.toUpstream.firstHeld !== undefined;
    return this.#follows;
  }

  /** What was held back for its record has gone, or never will. */
  released(): void {
    if (!this.#follows || this.#core.toUpstream.firstHeld !== undefined) return;
    this.#follows = false;
    if (this.#runsUpstream()) this.#core.command({ type: 'cancel_upstream' });
  }

  #runsUpstream(): boolean {
    const { inFlight, toUpstream } = this.#core;
    const unsent = toUpstream.firstHeld;
    for (const request of inFlight) {
      if (request === unsent) return false;
      if (runs(request)) return true;
    }
    return false;
  }
}

/** A statement of the client's; one that was refused fails by itself. */
function runs({ kind, probe, denial }: Request): boolean {
  return probe === undefined && denial === undefined && (kind === 'query' || kind === 'execute');
}
