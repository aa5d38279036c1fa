/** Reading dates from text as PostgreSQL prints them in any DateStyle. */
import type { Buffer } from 'node:buffer';

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/**
 * The year in a text: its first run of four or more digits that is no fraction of a second. 0: none; negative: BC.
 * In every DateStyle that is the year.
 */
export function yearOfText(source: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (!isDigit(source[at]!)) continue;
    let year = 0;
    const first = at;
    while (at < end && isDigit(source[at]!)) year = Math.min(year * 10 + source[at++]! - 48, 1e7);
    if (at - first < 4 || at - first > 7 || isFraction(source, start, first)) continue;
    const isBc = end - start > 3 && source[end - 2] === 0x42 && source[end - 1] === 0x43;
    return isBc ? -year : year;
  }
  return 0;
}

/** Behind `12:34:56.` */
function isFraction(source: Buffer, start: number, at: number): boolean {
  return at - start >= 4 && source[at - 1] === 0x2e && source[at - 4] === 0x3a;
}

/** Days since 2000-01-01 of `YYYY-MM-DD…`; undefined: another form. */
export function daysOfIsoText(source: Buffer, start: number, end: number): number | undefined {
  if (end - start < 10 || source[start + 4] !== 0x2d || source[start + 7] !== 0x2d) return undefined;
  let number = 0;
  for (let at = start; at < start + 10; at++) {
    if (at === start + 4 || at === start + 7) continue;
    const byte = source[at]!;
    if (!isDigit(byte)) return undefined;
    number = number * 10 + byte - 48;
  }
  if (source[end - 1] === 0x43) return undefined;
  return daysOf(Math.floor(number / 10000), Math.floor(number / 100) % 100, number % 100);
}

/** Days since 2000-01-01 in the proleptic Gregorian calendar; year 0 is 1 BC. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 730425;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function dateOf(days: number): CivilDate {
  const z = days + 730425;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
