/**
 * The fields of one line of COPY's CSV format: found, taken out of their quotes, masked, and quoted again where need be. In
 * one pass over the bytes, which finds the end of the line as well.
 */
import { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CopyFormat } from '../sql/lineage/lineage.ts';
import { ByteOutput } from './byte-output.ts';
import { equals, NEAR_BYTES, NEWLINE, NextBytes, singleByte } from './copy-bytes.ts';
import { type CellMasker, MASK_ROOM, NULLED, pass, SAME } from './maskers/cell-masker.ts';
import { planMismatch } from './result-rewriter.ts';

const RETURN = 0x0d;
/** `\.` alone in a line ends data for older readers. */
const END_OF_DATA = Buffer.from('\\.');

export class CsvFields {
  /** How many were masked so far. */
  cells = 0;
  readonly #delimiter: number;
  readonly #next: NextBytes;
  readonly #counts: Uint32Array;
  /** Columns of the line at hand that were masked, to be counted at its end. */
  readonly #touched: Uint8Array;
  readonly #quote: number;
  readonly #escapeByte: number;
  readonly #null: Buffer;
  readonly #maskers: readonly CellMasker[];
  readonly #plain = new ByteOutput();
  readonly #masked = new ByteOutput();

  /** `counts`: by column. */
  constructor(format: CopyFormat, maskers: readonly CellMasker[], counts: Uint32Array) {
    this.#delimiter = singleByte(format.delimiter);
    this.#counts = counts;
    this.#touched = new Uint8Array(maskers.length);
    this.#quote = singleByte(format.quote);
    this.#escapeByte = singleByte(format.escape);
    this.#next = new NextBytes(this.#delimiter, this.#quote, NEWLINE);
    this.#null = Buffer.from(format.nullText);
    this.#maskers = maskers;
  }

  /**
   * Writes the line at `source[start]`, its newline included; gives the offset behind it. `source[end - 1]` must be a
   * newline. `isWhole`: it ends the line, as was found out before; else the first one outside of quotes does, and -1 is
   * given where that cannot be told here: then what was written is to be taken back.
   */
  mask(source: Buffer, start: number, end: number, out: ByteOutput, isWhole: boolean): number {
    const maskers = this.#maskers;
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    const touched = this.#touched;
    const stop = end - 1;
    let at = start;
    let column = 0;
    // What is behind `copied` and before the field at hand goes as it came.
    let copied = start;
    if (maskers.length === 0 && source[at] === NEWLINE) column = -1;
    for (;;) {
      const from = at;
      const isQuoted = at < stop && source[at] === this.#quote;
      if (isQuoted) {
        at = this.#readQuoted(source, at, stop);
        if (at < 0 && isWhole) throw notClosed();
        if (at < 0) return -1;
      } else {
        for (;;) {
          const near = at + NEAR_BYTES;
          let byte = source[at];
          while (byte !== delimiter && byte !== quote && byte !== NEWLINE && at < near) byte = source[++at];
          if (at >= near) {
            at = this.#next.from(source, at);
            byte = source[at];
          }
          if (at >= stop || byte === delimiter || (!isWhole && byte === NEWLINE)) break;
          if (!isWhole) return -1;
          at++;
        }
      }
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      if (column >= 0) {
        touched[column] = 0;
        const masker = maskers[column]!;
        const isNull = !isQuoted && equals(source, from, at, this.#null);
        if (masker !== pass && (!isNull || masker.masksNull === true)) {
          out.append(source, copied, from);
          const isMasked = this.#field(masker, source, from, at, isQuoted, out);
          copied = isMasked ? at : from;
          if (isMasked) touched[column] = 1;
        }
      }
      column++;
      if (isWhole ? at >= stop : source[at] === NEWLINE) break;
      // Behind a closing quote nothing but the delimiter is written.
      if (source[at] !== delimiter && !isWhole) return -1;
      if (source[at] !== delimiter) throw planMismatch(maskers.length, column);
      at++;
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.append(source, copied, ++at);
    for (let i = 0; i < column; i++) {
      this.#counts[i]! += touched[i]!;
      this.cells += touched[i]!;
    }
    return at;
  }

  /** Another row stands in the buffer that was read last. */
  forget(): void {
    this.#next.forget();
  }

  /** Into `#plain`; gives the offset behind the closing quote, -1: there is none. */
  #readQuoted(source: Buffer, from: number, stop: number): number {
    const plain = this.#plain;
    plain.clear();
    plain.reserve(stop - from);
    for (let at = from + 1; at < stop; at++) {
      const byte = source[at]!;
      const next = at + 1 < stop ? source[at + 1]! : -1;
      if (byte === this.#escapeByte && (next === this.#quote || next === this.#escapeByte)) {
        plain.byte(next);
        at++;
      } else if (byte === this.#quote) return at + 1;
      else plain.byte(byte);
    }
    return -1;
  }

  /** False: nothing was written, the field goes as it came. */
  #field(masker: CellMasker, source: Buffer, from: number, to: number, isQuoted: boolean, out: ByteOutput): boolean {
    const plain = isQuoted ? this.#plain.bytes : source;
    const start = isQuoted ? 0 : from;
    const end = isQuoted ? this.#plain.length : to;
    const first = out.length;
    out.reserve(end - start + MASK_ROOM);
    const result = masker(plain, start, end, out);
    if (result === SAME) out.length = first;
    else if (result === NULLED) out.append(this.#null);
    else {
      // FORCE_QUOTE quotes all but NULL, which must not show here.
      const isForced = isQuoted && masker.masksNull !== true;
      if (isForced || this.#needsQuotes(out.bytes, first, out.length)) this.#putInQuotes(first, out);
    }
    return result !== SAME;
  }

  #needsQuotes(bytes: Buffer, start: number, end: number): boolean {
    if (equals(bytes, start, end, this.#null)) return true;
    if (this.#maskers.length === 1 && equals(bytes, start, end, END_OF_DATA)) return true;
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (byte === delimiter || byte === quote || byte === NEWLINE || byte === RETURN) return true;
    }
    return false;
  }

  /** What was written from `first` on. */
  #putInQuotes(first: number, out: ByteOutput): void {
    const masked = this.#masked;
    masked.clear();
    masked.append(out.bytes, first, out.length);
    out.length = first;
    out.reserve(2 * masked.length + 2);
    out.byte(this.#quote);
    for (let at = 0; at < masked.length; at++) {
      const byte = masked.bytes[at]!;
      if (byte === this.#quote || byte === this.#escapeByte) out.byte(this.#escapeByte);
      out.byte(byte);
    }
    out.byte(this.#quote);
  }
}

function notClosed(): DbgateError {
  return new DbgateError(ErrorCode.protocol, 'invalid COPY data: a quote is not closed', { sqlstate: '08P01' });
}
