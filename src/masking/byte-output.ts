/** A buffer that grows, filled by maskers and given away as a whole: one allocation a chunk, none a row. */
import { Buffer } from 'node:buffer';
import { ownMemory } from '../spent-memory.ts';

const NOTHING = Buffer.alloc(0);
const LEAST_BYTES = 1024;
/** Below this a loop beats the call into memcpy. */
const LOOP_BYTES = 40;
const POWERS_OF_TEN = Float64Array.from({ length: 17 }, (_, i) => 10 ** i);

export class ByteOutput {
  bytes: Buffer = NOTHING;
  /** What is filled. */
  length = 0;
  #next = LEAST_BYTES;

  /** Makes room for `more` bytes behind `length`. */
  reserve(more: number): void {
    const need = this.length + more;
    if (need <= this.bytes.length) return;
    const room = ownMemory(Math.max(need, this.length === 0 ? this.#next : 2 * this.bytes.length));
    this.bytes.copy(room, 0, 0, this.length);
    this.bytes = room;
  }

  /** Room must have been reserved. */
  copy(source: Buffer, start: number, end: number): void {
    const bytes = this.bytes;
    let at = this.length;
    this.length = at + end - start;
    if (end - start >= LOOP_BYTES) source.copy(bytes, at, start, end);
    else while (start < end) bytes[at++] = source[start++]!;
  }

  /** Reserves for itself. */
  append(source: Buffer, start = 0, end = source.length): void {
    this.reserve(end - start);
    this.copy(source, start, end);
  }

  /** A short text of ASCII; room must have been reserved. */
  ascii(text: string): void {
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  int32(value: number): void {
    this.int32At(this.length, value);
    this.length += 4;
  }

  int32At(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  /** A whole number from 0 to 2^53 in decimal; room must have been reserved. */
  decimal(value: number, leastDigits = 1): void {
    let digits = leastDigits;
    for (let reach = POWERS_OF_TEN[leastDigits]!; value >= reach; reach *= 10) digits++;
    const bytes = this.bytes;
    const first = this.length;
    let at = first + digits - 1;
    let left = value;
    for (; left > 0x7fffffff; at--) {
      const rest = Math.floor(left / 10);
      bytes[at] = 48 + left - rest * 10;
      left = rest;
    }
    // Of integers of 32 bits a division is a multiplication.
    for (let small = left | 0; at >= first; at--) {
      const rest = (small / 10) | 0;
      bytes[at] = 48 + small - rest * 10;
      small = rest;
    }
    this.length = first + digits;
  }

  /** Lower case, most significant first. */
  hex(word: number, digits = 8): void {
    const bytes = this.bytes;
    let at = this.length;
    for (let shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
      const nibble = (word >>> shift) & 15;
      bytes[at++] = nibble < 10 ? 48 + nibble : 87 + nibble;
    }
    this.length = at;
  }

  /** For reuse as scratch: the buffer stays, its contents are forgotten. */
  clear(): void {
    this.length = 0;
  }

  /** What was written, for good: the next bytes go into another buffer. */
  take(): Buffer {
    if (this.length === 0) return NOTHING;
    const taken = this.bytes.subarray(0, this.length);
    this.#next = Math.max(LEAST_BYTES, Math.ceil(this.length * 1.125));
    this.bytes = NOTHING;
    this.length = 0;
    return taken;
  }
}
