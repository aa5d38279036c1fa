/**
 * What tokens are made of: SHA-256 over key, tag, bytes and key again, so that nobody without the key can go on from a
 * digest. Same key, tag and bytes give the same words.
 */
import { hash } from 'node:crypto';

export const KEY_BYTES = 32;
/** Most values: the buffer is kept. */
const SHORT_BYTES = 1024;

export class KeyedHash {
  /** The last result, 8 words. */
  readonly words = new Uint32Array(8);
  readonly #digest = Buffer.from(this.words.buffer);
  readonly #key: Uint8Array;
  readonly #short: Buffer;

  constructor(key: Uint8Array) {
    if (key.length < 16 || key.length > KEY_BYTES) throw new RangeError(`a token key has 16 to ${KEY_BYTES} bytes`);
    this.#key = key;
    this.#short = this.#text(SHORT_BYTES);
  }

  /** Of the byte `tag` and `source[start..end)`. */
  hash(tag: number, source: Uint8Array, start: number, end: number): void {
    const key = this.#key;
    const length = end - start;
    const text = length > SHORT_BYTES ? this.#text(length) : this.#short;
    let at = key.length;
    text[at++] = tag;
    for (let i = start; i < end; i++) text[at++] = source[i]!;
    for (let i = 0; i < key.length; i++) text[at++] = key[i]!;
    this.#digest.write(hash('sha256', text.subarray(0, at), 'latin1'), 'latin1');
  }

  #text(bytes: number): Buffer {
    const text = Buffer.alloc(bytes + 1 + 2 * this.#key.length);
    text.set(this.#key);
    return text;
  }
}
