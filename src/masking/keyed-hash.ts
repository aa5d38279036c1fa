/**
 * Keyed BLAKE2s-256: what tokens are made of. Same key, tag and bytes give the same words. node:crypto's HMAC costs
 * 2.7 µs and four objects a call; this one costs 0.3 µs for up to 63 bytes and none.
 * @see RFC 7693
 */
// Signed: V8 has no small form for the upper half of unsigned words.
const IV = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);
const SIGMA = Uint8Array.from(
  [
    '0123456789abcdef',
    'ea489fd61c02b753',
    'b8c052fdae367194',
    '7931dcbe265a40f8',
    '905724afe1bc683d',
    '2c6a0b834d75fe19',
    'c51fed4a0763928b',
    'db7ec13950f4862a',
    '6fe9b308c2d714a5',
    'a2847615fb9e3cd0',
  ].flatMap((row) => [...row].map((digit) => Number.parseInt(digit, 16))),
);
const BLOCK_BYTES = 64;
export const KEY_BYTES = 32;

export class KeyedHash {
  /** The last result, 8 words. */
  readonly words = new Uint32Array(8);
  readonly #state = new Int32Array(this.words.buffer);
  /** State after the key's block. */
  readonly #keyed = new Int32Array(8);
  readonly #block = new Int32Array(16);
  /** Little-endian, as processors are that Node runs on; on another, tokens are others and as good. */
  readonly #bytes = new Uint8Array(this.#block.buffer);

  constructor(key: Uint8Array) {
    if (key.length < 16 || key.length > KEY_BYTES) throw new RangeError(`a token key has 16 to ${KEY_BYTES} bytes`);
    const state = this.#state;
    state.set(IV);
    state[0]! ^= 0x01010000 ^ (key.length << 8) ^ 32;
    this.#bytes.set(key);
    this.#compress(BLOCK_BYTES, false);
    this.#keyed.set(state);
  }

  /** Of the byte `tag` and `source[start..end)`. */
  hash(tag: number, source: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    const state = this.#state;
    for (let i = 0; i < 8; i++) state[i] = this.#keyed[i]!;
    bytes[0] = tag;
    let filled = 1;
    let total = BLOCK_BYTES;
    for (let at = start; at < end; at++) {
      if (filled === BLOCK_BYTES) {
        total += BLOCK_BYTES;
        this.#compress(total, false);
        filled = 0;
      }
      bytes[filled++] = source[at]!;
    }
    total += filled;
    while (filled < BLOCK_BYTES) bytes[filled++] = 0;
    this.#compress(total, true);
  }

  #compress(total: number, last: boolean): void {
    const h = this.#state;
    const m = this.#block;
    let v0 = h[0]!;
    let v1 = h[1]!;
    let v2 = h[2]!;
    let v3 = h[3]!;
    let v4 = h[4]!;
    let v5 = h[5]!;
    let v6 = h[6]!;
    let v7 = h[7]!;
    let v8 = IV[0]!;
    let v9 = IV[1]!;
    let v10 = IV[2]!;
    let v11 = IV[3]!;
    let v12 = IV[4]! ^ (total | 0);
    let v13 = IV[5]! ^ Math.floor(total / 0x100000000);
    let v14 = last ? ~IV[6]! : IV[6]!;
    let v15 = IV[7]!;
    for (let s = 0; s < 160; s += 16) {
      v0 = (v0 + v4 + m[SIGMA[s]!]!) | 0;
      v12 ^= v0;
      v12 = (v12 >>> 16) | (v12 << 16);
      v8 = (v8 + v12) | 0;
      v4 ^= v8;
      v4 = (v4 >>> 12) | (v4 << 20);
      v0 = (v0 + v4 + m[SIGMA[s + 1]!]!) | 0;
      v12 ^= v0;
      v12 = (v12 >>> 8) | (v12 << 24);
      v8 = (v8 + v12) | 0;
      v4 ^= v8;
      v4 = (v4 >>> 7) | (v4 << 25);
      v1 = (v1 + v5 + m[SIGMA[s + 2]!]!) | 0;
      v13 ^= v1;
      v13 = (v13 >>> 16) | (v13 << 16);
      v9 = (v9 + v13) | 0;
      v5 ^= v9;
      v5 = (v5 >>> 12) | (v5 << 20);
      v1 = (v1 + v5 + m[SIGMA[s + 3]!]!) | 0;
      v13 ^= v1;
      v13 = (v13 >>> 8) | (v13 << 24);
      v9 = (v9 + v13) | 0;
      v5 ^= v9;
      v5 = (v5 >>> 7) | (v5 << 25);
      v2 = (v2 + v6 + m[SIGMA[s + 4]!]!) | 0;
      v14 ^= v2;
      v14 = (v14 >>> 16) | (v14 << 16);
      v10 = (v10 + v14) | 0;
      v6 ^= v10;
      v6 = (v6 >>> 12) | (v6 << 20);
      v2 = (v2 + v6 + m[SIGMA[s + 5]!]!) | 0;
      v14 ^= v2;
      v14 = (v14 >>> 8) | (v14 << 24);
      v10 = (v10 + v14) | 0;
      v6 ^= v10;
      v6 = (v6 >>> 7) | (v6 << 25);
      v3 = (v3 + v7 + m[SIGMA[s + 6]!]!) | 0;
      v15 ^= v3;
      v15 = (v15 >>> 16) | (v15 << 16);
      v11 = (v11 + v15) | 0;
      v7 ^= v11;
      v7 = (v7 >>> 12) | (v7 << 20);
      v3 = (v3 + v7 + m[SIGMA[s + 7]!]!) | 0;
      v15 ^= v3;
      v15 = (v15 >>> 8) | (v15 << 24);
      v11 = (v11 + v15) | 0;
      v7 ^= v11;
      v7 = (v7 >>> 7) | (v7 << 25);
      v0 = (v0 + v5 + m[SIGMA[s + 8]!]!) | 0;
      v15 ^= v0;
      v15 = (v15 >>> 16) | (v15 << 16);
      v10 = (v10 + v15) | 0;
      v5 ^= v10;
      v5 = (v5 >>> 12) | (v5 << 20);
      v0 = (v0 + v5 + m[SIGMA[s + 9]!]!) | 0;
      v15 ^= v0;
      v15 = (v15 >>> 8) | (v15 << 24);
      v10 = (v10 + v15) | 0;
      v5 ^= v10;
      v5 = (v5 >>> 7) | (v5 << 25);
      v1 = (v1 + v6 + m[SIGMA[s + 10]!]!) | 0;
      v12 ^= v1;
      v12 = (v12 >>> 16) | (v12 << 16);
      v11 = (v11 + v12) | 0;
      v6 ^= v11;
      v6 = (v6 >>> 12) | (v6 << 20);
      v1 = (v1 + v6 + m[SIGMA[s + 11]!]!) | 0;
      v12 ^= v1;
      v12 = (v12 >>> 8) | (v12 << 24);
      v11 = (v11 + v12) | 0;
      v6 ^= v11;
      v6 = (v6 >>> 7) | (v6 << 25);
      v2 = (v2 + v7 + m[SIGMA[s + 12]!]!) | 0;
      v13 ^= v2;
      v13 = (v13 >>> 16) | (v13 << 16);
      v8 = (v8 + v13) | 0;
      v7 ^= v8;
      v7 = (v7 >>> 12) | (v7 << 20);
      v2 = (v2 + v7 + m[SIGMA[s + 13]!]!) | 0;
      v13 ^= v2;
      v13 = (v13 >>> 8) | (v13 << 24);
      v8 = (v8 + v13) | 0;
      v7 ^= v8;
      v7 = (v7 >>> 7) | (v7 << 25);
      v3 = (v3 + v4 + m[SIGMA[s + 14]!]!) | 0;
      v14 ^= v3;
      v14 = (v14 >>> 16) | (v14 << 16);
      v9 = (v9 + v14) | 0;
      v4 ^= v9;
      v4 = (v4 >>> 12) | (v4 << 20);
      v3 = (v3 + v4 + m[SIGMA[s + 15]!]!) | 0;
      v14 ^= v3;
      v14 = (v14 >>> 8) | (v14 << 24);
      v9 = (v9 + v14) | 0;
      v4 ^= v9;
      v4 = (v4 >>> 7) | (v4 << 25);
    }
    h[0]! ^= v0 ^ v8;
    h[1]! ^= v1 ^ v9;
    h[2]! ^= v2 ^ v10;
    h[3]! ^= v3 ^ v11;
    h[4]! ^= v4 ^ v12;
    h[5]! ^= v5 ^ v13;
    h[6]! ^= v6 ^ v14;
    h[7]! ^= v7 ^ v15;
  }
}
