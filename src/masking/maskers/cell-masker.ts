/** What masks one value: of one type, in one format, for one class and mode. */
import type { Buffer } from 'node:buffer';
import type { ByteOutput } from '../byte-output.ts';

/** Nothing was written: the value becomes NULL. */
export const NULLED = 0;
/** A masked value was written. */
export const MASKED = 1;
/** The value was written as it is: nothing in it had to be masked. */
export const SAME = 2;
export type CellResult = typeof NULLED | typeof MASKED | typeof SAME;

/** Bytes that a masker may write beyond the length of its source without reserving them. */
export const MASK_ROOM = 64;

/**
 * Masks `source[start..end)`, a value that is not NULL, into `out`, where room for its length and MASK_ROOM has been
 * reserved. A result of NULLED must leave `out.length` as it was.
 */
export interface CellMasker {
  (source: Buffer, start: number, end: number, out: ByteOutput): CellResult;
  /** It masks NULL as well, given no bytes; inside of other values NULL stays NULL, and counts as masked. */
  readonly masksNull?: true;
}

export const toNull: CellMasker = () => NULLED;

/** NULL, which counts as masked where it was so before. */
export const alwaysNull: CellMasker = Object.assign((): CellResult => NULLED, { masksNull: true as const });

export const pass: CellMasker = (source, start, end, out) => {
  out.copy(source, start, end);
  return SAME;
};

/** Always these ASCII characters, at most MASK_ROOM, for NULL and what is empty too. */
export function always(text: string): CellMasker {
  const masker = (_source: Buffer, _start: number, _end: number, out: ByteOutput): CellResult => {
    out.ascii(text);
    return MASKED;
  };
  return Object.assign(masker, { masksNull: true as const });
}

/** These ASCII characters, at most MASK_ROOM; what is empty stays empty. */
export function constant(text: string): CellMasker {
  return (_source, start, end, out) => {
    if (end > start) out.ascii(text);
    return MASKED;
  };
}
