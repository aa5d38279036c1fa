/** `Mon-Fri 08:00-18:00 Europe/Berlin`: when something holds, in the wall-clock time of a place. */

const DAYS: readonly (string | undefined)[] = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTES_OF_DAY = 24 * 60;
const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

export const HOURS_EXPECTS =
  'days, from-to and a time zone, such as `Mon-Fri 08:00-18:00 Europe/Berlin`, `Sat,Sun 10:00-14:00 UTC`, `daily 22:00-06:00 UTC`';

export interface Hours {
  /** As it was written. */
  readonly text: string;
  isOpen(nowMs: number): boolean;
  /** Epoch milliseconds, later than `nowMs` and at most a quarter of an hour: nothing changes before. */
  nextCheckMs(nowMs: number): number;
}

const FORM = /^(?<days>[A-Za-z,-]+)\s+(?<from>\d{2}:\d{2})-(?<to>\d{2}:\d{2})\s+(?<zone>\S+)$/;

/** Undefined: not hours. A window that ends before it begins goes past midnight and belongs to the day it begins on. */
export function parseHours(text: string): Hours | undefined {
  const { days, from, to, zone } = FORM.exec(text.trim())?.groups ?? {};
  if (days === undefined || from === undefined || to === undefined || zone === undefined) return undefined;
  const on = daysOf(days);
  const start = minutesOf(from);
  const end = minutesOf(to);
  const clock = wallClock(zone);
  if (on === undefined || start === undefined || end === undefined || clock === undefined) return undefined;
  if (start === end || start === MINUTES_OF_DAY) return undefined;
  return {
    text: text.trim(),
    isOpen(nowMs) {
      const { day, minute } = clock(nowMs);
      if (start < end) return on.has(day) && minute >= start && minute < end;
      return (on.has(day) && minute >= start) || (on.has((day + 6) % 7) && minute < end);
    },
    nextCheckMs(nowMs) {
      const { minute } = clock(nowMs);
      const intoMinute = nowMs % MINUTE_MS;
      const until = (at: number): number =>
        ((at - minute + MINUTES_OF_DAY) % MINUTES_OF_DAY || MINUTES_OF_DAY) * MINUTE_MS;
      // A clock change moves the boundary; those happen on a quarter of an hour, so it is looked at again then.
      const quarter = QUARTER_MS - (nowMs % QUARTER_MS);
      return nowMs + Math.min(until(start) - intoMinute, until(end % MINUTES_OF_DAY) - intoMinute, quarter);
    },
  };
}

function daysOf(text: string): ReadonlySet<number> | undefined {
  if (text === 'daily') return new Set(DAYS.keys());
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last = first, more] = part.split('-').map((name) => DAYS.indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0 || more !== undefined) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

function minutesOf(text: string): number | undefined {
  const [hours = 99, minutes = 99] = text.split(':').map(Number);
  const total = hours * 60 + minutes;
  return minutes < 60 && total <= MINUTES_OF_DAY ? total : undefined;
}

/** Undefined: there is no such time zone. */
function wallClock(timeZone: string): ((nowMs: number) => { day: number; minute: number }) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return undefined;
  }
  return (nowMs) => {
    const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
    return {
      day: DAYS.indexOf(parts.get('weekday')),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    };
  };
}
