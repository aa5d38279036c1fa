/**
 * date, timestamp and timestamptz: partial masks keep the year, tokens are keyed dates; infinity stays.
 * Text is always written in the ISO style, which every DateStyle reads.
 */
import { Buffer } from 'node:buffer';
import type { ByteOutput } from '../byte-output.ts';
import type { KeyedHash } from '../keyed-hash.ts';
import { type CellMasker, MASKED, NULLED } from './cell-masker.ts';
import { HashTag, type Mask, type MaskContext } from './context.ts';
import { dateOf, daysOf, daysOfIsoText, yearOfText } from './date-text.ts';

export type DateType = 'date' | 'timestamp' | 'timestamptz';

const FIRST_KEYED_DAY = daysOf(1930, 1, 1);
const KEYED_DAYS = daysOf(2010, 1, 1) - FIRST_KEYED_DAY;
const FIRST_YEAR = -4713;
const FIRST_DAY = daysOf(FIRST_YEAR + 1, 1, 1);
const DAY_MICROSECONDS = 86_400_000_000;
/** Of date_send's and timestamp_send's infinities, the upper word. */
const INFINITE = 0x7fffffff;
const MINUS_INFINITE = -0x80000000;

const scratch = (): Buffer => Buffer.alloc(4);

export function keyedDay(hash: KeyedHash, days: number, bytes = scratch()): number {
  bytes.writeInt32BE(days | 0);
  hash.hash(HashTag.date, bytes, 0, 4);
  return FIRST_KEYED_DAY + (hash.words[0]! % KEYED_DAYS);
}

export function writeKeyedDate(hash: KeyedHash, days: number, out: ByteOutput): void {
  writeDate(keyedDay(hash, days), out);
}

function writeDate(days: number, out: ByteOutput): void {
  const { year, month, day } = dateOf(days);
  out.decimal(year, 4);
  out.byte(0x2d);
  out.decimal(month, 2);
  out.byte(0x2d);
  out.decimal(day, 2);
}

const timeOf: Readonly<Record<DateType, string>> = { date: '', timestamp: ' 00:00:00', timestamptz: ' 00:00:00+00' };

export function dateText(type: DateType, { mode }: Mask, { hash }: MaskContext): CellMasker {
  const time = timeOf[type];
  const bytes = scratch();
  return (source, start, end, out) => {
    if (isInfinity(source, start, end)) {
      out.copy(source, start, end);
      return MASKED;
    }
    const year = yearOfText(source, start, end);
    if (year === 0) return NULLED;
    if (mode === 'token') {
      const days = daysOfIsoText(source, start, end) ?? daysOf(year < 0 ? year + 1 : year, 1, 1);
      writeDate(keyedDay(hash, days, bytes), out);
    } else if (year < FIRST_YEAR) return NULLED;
    else {
      out.decimal(Math.abs(year), 4);
      out.ascii('-01-01');
    }
    out.ascii(time);
    if (year < 0 && mode !== 'token') out.ascii(' BC');
    return MASKED;
  };
}

export function dateBinary(type: DateType, { mode }: Mask, { hash }: MaskContext): CellMasker {
  const width = type === 'date' ? 4 : 8;
  const bytes = scratch();
  return (source, start, end, out) => {
    if (end - start !== width) return NULLED;
    const upper = source.readInt32BE(start);
    if (isInfinite(source, start, width, upper)) {
      out.copy(source, start, end);
      return MASKED;
    }
    const days =
      width === 4 ? upper : Math.floor((upper * 0x100000000 + source.readUInt32BE(start + 4)) / DAY_MICROSECONDS);
    const { year } = dateOf(days);
    const firstOfYear = daysOf(year, 1, 1);
    // Of other years the text tells no day, see `daysOfIsoText`.
    const told = year >= 1 && year <= 9999 ? days : firstOfYear;
    const masked = mode === 'token' ? keyedDay(hash, told, bytes) : firstOfYear;
    // The first day of all is 4714-11-24 BC: its year begins before it.
    if (masked < FIRST_DAY) return NULLED;
    if (width === 4) {
      out.int32(masked);
      return MASKED;
    }
    const micros = masked * DAY_MICROSECONDS;
    out.int32(Math.floor(micros / 0x100000000));
    out.int32(micros - Math.floor(micros / 0x100000000) * 0x100000000);
    return MASKED;
  };
}

function isInfinite(source: Buffer, start: number, width: number, upper: number): boolean {
  if (upper === INFINITE) return width === 4 || source.readUInt32BE(start + 4) === 0xffffffff;
  return upper === MINUS_INFINITE && (width === 4 || source.readUInt32BE(start + 4) === 0);
}

function isInfinity(source: Buffer, start: number, end: number): boolean {
  const at = source[start] === 0x2d ? start + 1 : start;
  return end - at === 8 && source[at] === 0x69 && source[at + 1] === 0x6e && source[at + 2] === 0x66;
}
