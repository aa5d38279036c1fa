import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/masking/keyed-hash.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const TAG = 7;

/** Python: `hashlib.blake2s(bytes([7]) + bytes(range(n)), key=bytes(range(32)))` */
const VECTORS: readonly (readonly [number, string])[] = [
  [0, 'adae1e32a4ba688c80430bdf81bfaab253fa616dc722fbd2772de2eac52abdf9'],
  [1, 'c6e4caf630b204cc74a0a6cf1ca6f5f9b2c5e96754e1017a414d0e2b1ed1201f'],
  [62, '84ae847c2016e326b4cd3e77128749faf18a8c52468ff3b11c99d5d629086fc4'],
  [63, '870d0b9b041a0b389f06b6022d021506d37ae8fc0b0fb19236f6ea3065d83c40'],
  [64, '45c46352e995ddaf0c6da1bbb32e333a76c043852607d6a0463847583a233bdf'],
  [127, '2371186d4addc30f6c209d149bfd52d91a1ff4eb57ae33914537090adbf22e96'],
  [200, 'a6bc9cf53fe50ccb51b38c9646c8faecdeb12e8893f0a4cf69088a3fbb9d771d'],
];

function digest(hash: KeyedHash, bytes: Uint8Array, start = 0, end = bytes.length): string {
  hash.hash(TAG, bytes, start, end);
  const digest = Buffer.alloc(32);
  hash.words.forEach((word, i) => {
    digest.writeUInt32LE(word, 4 * i);
  });
  return digest.toString('hex');
}

describe('KeyedHash', () => {
  it.each(VECTORS)('is BLAKE2s with a key, for %i bytes', (length, expected) => {
    const hash = new KeyedHash(KEY);
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    expect(digest(hash, bytes)).toBe(expected);
    expect(digest(hash, bytes)).toBe(expected);
  });

  it('takes a part of a buffer', () => {
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => (i < 9 ? 255 : i - 9));
    expect(digest(new KeyedHash(KEY), bytes, 9, 10)).toBe(VECTORS[1]![1]);
  });

  it('is another with another key', () => {
    expect(digest(new KeyedHash(KEY.with(31, 1)), new Uint8Array(0))).not.toBe(VECTORS[0]![1]);
    expect(() => new KeyedHash(new Uint8Array(8))).toThrow(/16 to 32/);
  });
});
