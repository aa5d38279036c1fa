import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/masking/keyed-hash.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const TAG = 7;

/** Python: `hashlib.sha256(key + bytes([7]) + bytes(i & 255 for i in range(n)) + key)` with `key = bytes(range(32))` */
const VECTORS: readonly (readonly [number, string])[] = [
  [0, 'c63fc9910b8d1c90881280b157883c3e343ba6cb06be01d66f55130d9289a756'],
  [1, 'ac42b5e06d9eaaad73047447d26e28c8e2f84fa1f19a6f1033e08a8b07162b73'],
  [62, '7d391505b8eb0e06c7aa6a4879377ead1361e84fc6104e1ea1827edbd996d800'],
  [63, '5eaa34a1f5ede04fe2e8b1ad338526ef437a4efb2c3c680a7afb48e90580ee53'],
  [64, '69798f54e20fc112a1ecd7540fc58613c2fc5b56985b1bb3cf8115bf753d3e40'],
  [127, 'ad6b13de3449e5f00658e6d4519c8ad603e12444134fc837d3578ab5d9bd2adf'],
  [200, 'd45d53daf688ace1246fe705198fd19eb81c334366363ed755a306030042189b'],
  [1024, 'd215316af6a9d1f459993b879f8cb476ae1d9261e136b0f7e86c50968bcb7be1'],
  [1025, '0e0862f2c8528facd159a89fbe10a1927cefa73e12f3c0a0f7d38432823cf071'],
  [5000, '6cd9167845ea31bf9a5c3eaf1a3073942ac8ee48253d4e775cd516e770318723'],
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
  it.each(VECTORS)('is SHA-256 with a key around it, for %i bytes', (length, expected) => {
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
