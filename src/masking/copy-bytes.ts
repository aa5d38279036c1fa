/** What the fields of COPY's text and CSV formats are found and compared by: bytes. */
import { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';

export const NEWLINE = 0x0a;

/** What is this far is looked for natively. */
export const NEAR_BYTES = 48;

/**
 * Where three bytes stand next, of one buffer that is read from its start to its end. Each is looked for again only when it
 * has been passed, so that no byte is looked at twice for one of them.
 */
export class NextBytes {
  readonly #bytes: readonly [number, number, number];
  #source: Buffer | undefined;
  #seen = 0;
  #first = -1;
  #second = -1;
  #third = -1;

  constructor(...bytes: [number, number, number]) {
    this.#bytes = bytes;
  }

  /** Another row stands in the same buffer. */
  forget(): void {
    this.#source = undefined;
  }

  /** The first of them at `at` or behind; the buffer's length: there is none. */
  from(source: Buffer, at: number): number {
    if (this.#source !== source || at < this.#seen) {
      this.#source = source;
      this.#first = this.#second = this.#third = -1;
    }
    this.#seen = at;
    if (this.#first < at) this.#first = offsetOf(source, this.#bytes[0], at);
    if (this.#second < at) this.#second = offsetOf(source, this.#bytes[1], at);
    if (this.#third < at) this.#third = offsetOf(source, this.#bytes[2], at);
    return Math.min(this.#first, this.#second, this.#third);
  }
}

function offsetOf(source: Buffer, byte: number, at: number): number {
  const found = source.indexOf(byte, at);
  return found < 0 ? source.length : found;
}

export function equals(source: Buffer, start: number, end: number, text: Buffer): boolean {
  return end - start === text.length && source.compare(text, 0, text.length, start, end) === 0;
}

/** An option of COPY that is one byte. */
export function singleByte(text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length !== 1) throw new DbgateError(ErrorCode.internal, 'COPY with an option that is no single byte');
  return bytes[0]!;
}
