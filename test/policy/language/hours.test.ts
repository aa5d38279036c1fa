import { describe, expect, it } from 'vitest';
import { parseHours } from '../../../src/policy/language/hours.ts';

const open = (text: string, iso: string) => parseHours(text)!.isOpen(Date.parse(iso));

describe('hours', () => {
  it.each([
    // 2026-11-25 is a Wednesday; Berlin is UTC+1 in winter, UTC+2 in summer.
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-11-25T07:00:00Z', true],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-11-25T06:59:59Z', false],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-11-25T16:59:59Z', true],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-11-25T17:00:00Z', false],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-07-01T06:00:00Z', true],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-07-01T16:00:00Z', false],
    ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-11-28T12:00:00Z', false],
    ['Sat,Sun 10:00-14:00 UTC', '2026-11-28T10:00:00Z', true],
    ['Sat,Sun 10:00-14:00 UTC', '2026-11-27T10:00:00Z', false],
    ['Sat-Mon 10:00-14:00 UTC', '2026-11-30T10:00:00Z', true],
    ['Sat-Mon 10:00-14:00 UTC', '2026-12-01T10:00:00Z', false],
    ['daily 00:00-24:00 UTC', '2026-11-25T23:59:59Z', true],
    // Past midnight it belongs to the day it began on.
    ['Fri 22:00-06:00 UTC', '2026-11-28T05:59:00Z', true],
    ['Fri 22:00-06:00 UTC', '2026-11-27T05:59:00Z', false],
    ['Fri 22:00-06:00 UTC', '2026-11-27T22:00:00Z', true],
    ['Fri 22:00-06:00 UTC', '2026-11-28T22:00:00Z', false],
  ])('%s at %s: %s', (text, at, expected) => {
    expect(open(text, at)).toBe(expected);
  });

  it.each([
    '',
    'Mon 08:00-18:00',
    'Mon 8:00-18:00 UTC',
    'Mon 08:00-25:00 UTC',
    'Mon 08:60-18:00 UTC',
    'Mon 08:00-08:00 UTC',
    'Mon 24:00-08:00 UTC',
    'Mo 08:00-18:00 UTC',
    'Mon-Tue-Wed 08:00-18:00 UTC',
    'Mon, 08:00-18:00 UTC',
    'Mon 08:00-18:00 Europe/Nowhere',
    'always',
  ])('is not %j', (text) => {
    expect(parseHours(text)).toBeUndefined();
  });

  it('never changes between a look and the next, clocks being set or not', () => {
    const step = 60_000;
    for (const [text, from] of [
      ['Mon-Fri 08:00-18:00 Europe/Berlin', '2026-03-27T00:00:30Z'],
      ['Sun 02:30-03:30 Europe/Berlin', '2026-03-29T00:00:10Z'],
      ['Sun 02:30-03:30 Europe/Berlin', '2026-10-24T22:00:00Z'],
      ['daily 22:00-06:00 Australia/Lord_Howe', '2026-04-04T00:00:00Z'],
    ] as const) {
      const hours = parseHours(text)!;
      const start = Date.parse(from);
      let next = start;
      let expected = hours.isOpen(start);
      for (let now = start; now < start + 3 * 86_400_000; now += step) {
        while (next <= now) {
          expected = hours.isOpen(next);
          const after = hours.nextCheckMs(next);
          expect(after).toBeGreaterThan(next);
          next = after;
        }
        if (hours.isOpen(now) !== expected) expect.fail(`${text} at ${new Date(now).toISOString()}`);
      }
    }
  });
});
