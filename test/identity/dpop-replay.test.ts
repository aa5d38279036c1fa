import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplayCache } from '../../src/identity/dpop-replay.ts';

describe('replay cache', () => {
  it('takes an id once until it expires', () => {
    const cache = createReplayCache({ ttlMs: 100, maxEntries: 10 });
    expect(cache.add('a', 0)).toBe(true);
    expect(cache.add('a', 99)).toBe(false);
    expect(cache.add('a', 100)).toBe(true);
  });

  it('refuses when it is full of ids that still matter, and takes new ones when they do not', () => {
    const cache = createReplayCache({ ttlMs: 100, maxEntries: 2 });
    expect([cache.add('a', 0), cache.add('b', 50), cache.add('c', 60)]).toEqual([true, true, false]);
    expect([cache.add('c', 100), cache.add('b', 101)]).toEqual([true, false]);
    expect(cache.size).toBe(2);
  });

  it('never takes one id twice within its time to live, and never grows over its bound', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 40 }))), (steps) => {
        const cache = createReplayCache({ ttlMs: 100, maxEntries: 8 });
        const taken = new Map<number, number>();
        let now = 0;
        for (const [id, wait] of steps) {
          now += wait;
          if (cache.add(String(id), now)) {
            const before = taken.get(id);
            expect(before === undefined || now - before >= 100).toBe(true);
            taken.set(id, now);
          }
          expect(cache.size).toBeLessThanOrEqual(8);
        }
      }),
    );
  });
});
