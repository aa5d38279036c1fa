/**
 * What stands in the record for a value that must not: its class and a keyed hash. The same value has the same hash,
 * whatever its class, so whoever knows a value can look for it through the gateway, and nobody else can.
 */
import { KeyedHash } from '../masking/keyed-hash.ts';
import type { ValueWords } from './recorded-text.ts';

const TAG = 0x4c;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export class LiteralHash implements ValueWords {
  readonly #hash: KeyedHash;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(1024);

  constructor(key: Uint8Array) {
    this.#hash = new KeyedHash(key);
  }

  /** The record is the same for everybody. */
  hides(): boolean {
    return true;
  }

  scanned(label: string, value: string): string {
    return this.token(label, value);
  }

  /** `‹email:3f9a0c…›`, 12 hexadecimal digits; class `?`: not known which. */
  token(label: string, value: string): string {
    return `‹${label}:${this.#digits(this.#bytes, this.#encode(value))}›`;
  }

  tokenOfBytes(label: string, value: Uint8Array): string {
    return `‹${label}:${this.#digits(value, value.length)}›`;
  }

  /** UTF-8; gives its length. */
  #encode(value: string): number {
    if (value.length * 3 > this.#bytes.length) this.#bytes = new Uint8Array(value.length * 3);
    const bytes = this.#bytes;
    if (value.length > 64) return this.#encoder.encodeInto(value, bytes).written;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return this.#encoder.encodeInto(value, bytes).written;
      bytes[i] = code;
    }
    return value.length;
  }

  #digits(bytes: Uint8Array, end: number): string {
    const { words } = this.#hash;
    this.#hash.hash(TAG, bytes, 0, end);
    const [a, b] = [words[0]!, words[1]!];
    return (
      HEX[a >>> 24]! +
      HEX[(a >>> 16) & 255]! +
      HEX[(a >>> 8) & 255]! +
      HEX[a & 255]! +
      HEX[b >>> 24]! +
      HEX[(b >>> 16) & 255]!
    );
  }
}
