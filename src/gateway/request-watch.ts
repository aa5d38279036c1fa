/**
 * Ends what takes too long in a thread, one request at a time. In: which request is at hand and what CPU time it has used.
 * By CPU time: on a busy machine a request may have had little of the time that passed by the clock.
 */
export interface RequestWatchParts {
  /** CPU time for one request; where it is not told, and several times as much in any case, time by the clock. */
  readonly deadlineMs: number;
  /** The id of the request at hand; 0: none. */
  at(): number;
  /** CPU time that the request at hand has used, in ms; Infinity: not told. */
  usedMs(): Promise<number>;
  giveUp(id: number): void;
}

/** By the clock, a request has at most so many deadlines. */
const MOST_TURNS = 6;
/** Of a deadline by the clock: who used so much of it was not kept waiting. */
const USED = 0.8;

export class RequestWatch {
  readonly #parts: RequestWatchParts;
  #timer: NodeJS.Timeout | undefined;
  #watched = 0;
  /** The same request has been at hand for so many turns of the timer. */
  #turns = 0;

  constructor(parts: RequestWatchParts) {
    this.#parts = parts;
  }

  /** From now on, if it does not yet. */
  start(): void {
    if (this.#timer === undefined) this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#turns = 0;
  }

  /** A request at hand for a whole turn has had between one and two deadlines by the clock. */
  #arm(): void {
    this.#watched = this.#parts.at();
    this.#timer = setTimeout(() => this.#look(), this.#parts.deadlineMs);
    this.#timer.unref();
  }

  #look(): void {
    const { deadlineMs, at, usedMs, giveUp } = this.#parts;
    const id = at();
    this.#turns = id !== 0 && id === this.#watched ? this.#turns + 1 : 0;
    if (this.#turns >= MOST_TURNS) {
      this.stop();
      giveUp(id);
      return;
    }
    this.#arm();
    if (this.#turns === 0) return;
    const timer = this.#timer;
    void usedMs().then((ms) => {
      if (timer !== this.#timer || id !== at() || ms < deadlineMs * USED) return;
      this.stop();
      giveUp(id);
    });
  }
}
