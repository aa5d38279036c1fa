/**
 * The answer of a trial while it is withheld: what is told, and which outcomes are known, waits in a `WithheldAnswer` until
 * `trial.ts` knows whether its effect stays. Without a trial all goes on at once. An outcome is told once, and never as a
 * success before it is one.
 */
import type { BackendListener } from './backend.ts';
import type { Request } from './in-flight.ts';
import type { WithheldAnswer } from './withheld-answer.ts';

export class WithheldTrial {
  readonly #listener: Pick<BackendListener, 'succeeded' | 'ended'>;
  /** A statement is tried: nothing is told until it is known what came of it. */
  #answer: WithheldAnswer | undefined;

  constructor(listener: Pick<BackendListener, 'succeeded' | 'ended'>) {
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.#answer !== undefined;
  }

  open(answer: WithheldAnswer): void {
    this.#answer = answer;
  }

  /** A message for the client, while one is open. */
  take(buffer: Buffer, start: number, end: number): void {
    this.#answer?.take(buffer, start, end);
  }

  /** The `count`th row of an answer came. */
  row(count: number): void {
    this.#answer?.row(count);
  }

  /** Is this the request that is tried? */
  isOf(request: Request): boolean {
    return this.#answer?.request === request;
  }

  /** A statement of it is through; `rows`: as its command tag says. */
  count(rows: number): void {
    if (this.#answer !== undefined) this.#answer.rows += rows;
  }

  /** `isComplete`: no row limit of the client's stopped it. */
  executed(request: Request, isComplete: boolean): void {
    if (this.#answer?.request === request) this.#answer.isComplete = isComplete;
  }

  ended(request: Request): void {
    if (this.#answer !== undefined && request.probe === undefined) this.#answer.ended.push(request);
    else this.#listener.ended(request);
  }

  succeeded(request: Request): void {
    if (this.#answer !== undefined) this.#answer.succeeded.push(request);
    else this.#listener.succeeded(request);
  }

  /** It is known what came of it: with `failed` nothing of it stayed. */
  settle(answer: WithheldAnswer, failed: { readonly sqlstate: string } | undefined): void {
    this.#answer = undefined;
    for (const request of answer.ended) {
      if (failed !== undefined && request.sqlstate === undefined) {
        request.sqlstate = failed.sqlstate;
        request.fate = 'rolled_back';
      }
      this.#listener.ended(request);
    }
    if (failed === undefined) for (const request of answer.succeeded) this.#listener.succeeded(request);
  }

  /** The connection is lost before that was known. */
  lost(sqlstate: string): void {
    for (const request of this.#answer?.ended ?? []) {
      request.sqlstate ??= sqlstate;
      request.fate = this.#answer?.isCommitting === true ? 'unknown' : 'rolled_back';
      this.#listener.ended(request);
    }
    this.#answer = undefined;
  }
}
