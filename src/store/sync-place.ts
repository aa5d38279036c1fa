/**
 * Where a sync is done: in libuv's threads, or by the thread that wants it. For the first, two threads are to be woken, which
 * takes as long again as a quick disk does (60 to 100 µs); the second holds up whoever else wants something. So that is for
 * one who is alone, while the disk is quick, and what a disk that stands still may cost is bounded.
 */

/** More syncs in a row than this had a single record that somebody waits for. */
const ALONE_SYNCS = 16;
/** More takes the disk longer than what is usual. */
const MOST_BYTES = 65_536;
/** What syncs usually take while the disk is quick, milliseconds: in a thread, waking included, and in place. */
const QUICK_IN_THREAD_MS = 0.5;
const QUICK_IN_PLACE_MS = 0.3;
/** One in place that takes as long as this is followed by a pause of so many times as much: others wait 1 % of the time at most. */
const SLOW_MS = 5;
const PAUSE_FACTOR = 100;
/** One that is slow counts as this in what is usual. */
const MOST_COUNTED_MS = 2;

export class SyncPlace {
  #alone = 0;
  #usualMs = QUICK_IN_THREAD_MS;
  #isInPlace = false;
  #pausedUntilMs = 0;
  #isCounted = false;

  /**
   * Asked before each sync: whether to do it in place. `waitedFor`: the records that somebody waits for. `bytes`: what was
   * written since the last one. `nowMs`: of a monotonic clock.
   */
  inPlace(waitedFor: number, bytes: number, nowMs: number): boolean {
    // What nobody waits for, or is long, says nothing of who is alone and of what is usual.
    this.#isCounted = waitedFor > 0 && bytes <= MOST_BYTES;
    if (!this.#isCounted) return false;
    this.#alone = waitedFor === 1 ? this.#alone + 1 : 0;
    const before = this.#isInPlace;
    const isQuick = this.#usualMs < (before ? QUICK_IN_PLACE_MS : QUICK_IN_THREAD_MS);
    this.#isInPlace = isQuick && this.#alone > ALONE_SYNCS && nowMs >= this.#pausedUntilMs;
    // What is usual there is not known from here.
    if (this.#isInPlace !== before) this.#usualMs = this.#isInPlace ? 0 : QUICK_IN_THREAD_MS;
    return this.#isInPlace;
  }

  /** Told how long the one took that was asked for last. */
  took(ms: number, nowMs: number): void {
    if (!this.#isCounted) return;
    this.#usualMs += (Math.min(ms, MOST_COUNTED_MS) - this.#usualMs) / 8;
    if (this.#isInPlace && ms >= SLOW_MS) this.#pausedUntilMs = nowMs + ms * PAUSE_FACTOR;
  }
}
