import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SyncPlace } from '../../src/store/sync-place.ts';

/** One sync after the other, each with one record that is waited for; how many of them were done in place. */
function syncs(place: SyncPlace, count: number, ms: number, from = 0, waitedFor = 1, bytes = 1_000): number {
  let inPlace = 0;
  for (let i = 0; i < count; i++) {
    if (place.inPlace(waitedFor, bytes, from + i)) inPlace++;
    place.took(ms, from + i + ms);
  }
  return inPlace;
}

it('syncs in place for one who is alone, while the disk is quick', () => {
  const place = new SyncPlace();
  expect(syncs(place, 16, 0.1)).toBe(0);
  expect(syncs(place, 100, 0.1)).toBe(100);
});

it('goes to a thread as soon as two wait, and for some time after', () => {
  const place = new SyncPlace();
  syncs(place, 50, 0.1);
  expect(place.inPlace(2, 1_000, 100)).toBe(false);
  expect(syncs(place, 16, 0.1, 100)).toBe(0);
  expect(syncs(place, 10, 0.1, 200)).toBe(10);
  expect(syncs(place, 100, 0.1, 300, 2)).toBe(0);
});

it('does nothing in place that nobody waits for, and goes on with the next that somebody does', () => {
  const place = new SyncPlace();
  syncs(place, 50, 0.1);
  for (let i = 0; i < 10; i++) {
    expect(syncs(place, 1, 900, 100, 0)).toBe(0);
    expect(syncs(place, 1, 0.1, 100, 1)).toBe(1);
  }
});

it('does nothing in place that is long', () => {
  const place = new SyncPlace();
  syncs(place, 50, 0.1);
  expect(syncs(place, 1, 100, 100, 1, 10_000_000)).toBe(0);
  expect(syncs(place, 10, 0.1, 200)).toBe(10);
});

it('stays with a thread where the disk is not quick, and goes back to it when it is no more', () => {
  expect(syncs(new SyncPlace(), 1000, 0.6)).toBe(0);
  const place = new SyncPlace();
  syncs(place, 50, 0.1);
  expect(syncs(place, 1000, 0.6, 100)).toBeLessThan(10);
});

it('of any time, at most a hundredth is spent in syncs in place that were slow, and one of them', () => {
  const quick = fc.double({ min: 0.05, max: 0.2, noNaN: true });
  const slow = fc.integer({ min: 1, max: 900 });
  const durations = fc.array(fc.oneof({ arbitrary: quick, weight: 40 }, { arbitrary: slow, weight: 1 }), {
    minLength: 200,
    maxLength: 600,
    size: 'max',
  });
  let slowInPlace = 0;
  fc.assert(
    fc.property(durations, (all) => {
      const place = new SyncPlace();
      let now = 0;
      let pausedUntil = 0;
      for (const ms of all) {
        const inPlace = place.inPlace(1, 1_000, now);
        if (inPlace) expect(now).toBeGreaterThanOrEqual(pausedUntil);
        now += ms;
        place.took(ms, now);
        if (inPlace && ms >= 5) {
          pausedUntil = now + 100 * ms;
          slowInPlace++;
        }
        now += 0.5;
      }
    }),
  );
  expect(slowInPlace).toBeGreaterThan(0);
});
