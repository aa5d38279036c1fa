/** What answers a statement that is tried, kept from the client until it is known whether its effect stays. */
import type { Request } from './in-flight.ts';

export const MAX_WITHHELD_BYTES = 1 << 20;
export const MAX_WITHHELD_ROWS = 10_000;

export class WithheldAnswer {
  /** Requests whose outcome waits for the end; the tried one is among them once it was answered. */
  readonly ended: Request[] = [];
  readonly succeeded: Request[] = [];
  /** The one that is tried, once it was sent. */
  request: Request | undefined;
  /** Statements of it are through, and no row limit stopped it. */
  isComplete = false;
  /** Rows that it changed or answered, as its command tags say. */
  rows = 0;
  isTooLong = false;
  /** COMMIT was sent. */
  isCommitting = false;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  take(buffer: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > MAX_WITHHELD_BYTES) this.tooLong();
    if (!this.isTooLong) this.#chunks.push(Buffer.from(buffer.subarray(start, end)));
  }

  row(count: number): void {
    if (count > MAX_WITHHELD_ROWS) this.tooLong();
  }

  tooLong(): void {
    this.isTooLong = true;
    this.#chunks.length = 0;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
