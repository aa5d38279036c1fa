import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOf } from '../../src/gateway/held-facts.ts';

const part = fc.option(fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('', 'a', 'ab', 'b')), { nil: undefined });

it('no two lists of parts have one hash, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (one, other) => {
      const same = one.length === other.length && one.every((text, i) => text === other[i]);
      expect(hashOf(one) === hashOf(other)).toBe(same);
    }),
    { numRuns: 500 },
  );
  expect(hashOf(['a', 'b'])).not.toBe(hashOf(['ab', '']));
  expect(hashOf([''])).not.toBe(hashOf([undefined]));
  expect(hashOf(['ab'])).toBe(hashOf([Buffer.from('ab')]));
});
