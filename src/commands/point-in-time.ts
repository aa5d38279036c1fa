import { parseDurationMs } from '../config/units.ts';
import { DbgateError, ErrorCode } from '../errors.ts';

const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** `now`, `1h`, `7d` (so long ago) or ISO 8601 (local time unless it says a zone) → epoch milliseconds. */
export function parsePointInTime(text: string, flag: string, now: number): number {
  if (text === 'now') return now;
  const ago = parseDurationMs(text);
  if (ago !== undefined) return now - ago;
  // A date alone is UTC to Date.parse; a person means the day's start here.
  const time = ISO.test(text)
    ? Date.parse(text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T'))
    : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new DbgateError(ErrorCode.usage, `${flag} '${text}' is not a point in time`, {
    hint: 'such as now, 30m, 1h, 7d, 2026-11-21 or 2026-11-21T14:00:00Z',
  });
}
