/**
 * Where rows end in a stream of COPY. Each framing keeps the state of a row of which only a part has come, so that no
 * byte is looked at twice.
 * @see https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9
 */
import { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CopyFormat } from '../sql/lineage/lineage.ts';

export interface CopyFraming {
  /**
   * Offset behind the row that is read, or -1: it goes on. `from`: the first byte that was not seen yet; a call after -1
   * goes on in the same row, with its beginning still in the buffer.
   */
  endOfRow(buffer: Buffer, from: number, end: number): number;
  /** Of the row whose end was found last: false for headers and trailers. */
  readonly isData: boolean;
}

const NEWLINE = 0x0a;

export function copyFraming({ format, header, quote, escape: escapeWith }: CopyFormat): CopyFraming {
  switch (format) {
    case 'text':
      return new LineFraming(header, undefined, undefined);
    case 'csv':
      return new LineFraming(header, quote.charCodeAt(0), escapeWith.charCodeAt(0));
    case 'binary':
      return new BinaryFraming();
    default:
      return format satisfies never;
  }
}

/** Text: a newline ends a row, as in values it is escaped. CSV: one that is not within quotes. */
class LineFraming implements CopyFraming {
  isData = true;
  readonly #quote: number | undefined;
  readonly #escape: number | undefined;
  #headerLeft: boolean;
  #quoted = false;
  /** The escape character was the last one, within quotes. */
  #escaped = false;

  constructor(header: boolean, quote: number | undefined, escapeByte: number | undefined) {
    this.#headerLeft = header;
    this.#quote = quote;
    this.#escape = escapeByte;
  }

  endOfRow(buffer: Buffer, from: number, end: number): number {
    const stop = this.#quote === undefined ? buffer.indexOf(NEWLINE, from) : this.#endOfCsv(buffer, from, end);
    if (stop < 0 || stop >= end) return -1;
    this.isData = !this.#headerLeft;
    this.#headerLeft = false;
    return stop + 1;
  }

  #endOfCsv(buffer: Buffer, from: number, end: number): number {
    const quote = this.#quote;
    const escapeByte = this.#escape;
    let quoted = this.#quoted;
    let escaped = this.#escaped;
    let at = from;
    for (; at < end; at++) {
      const byte = buffer[at];
      if (!quoted) {
        if (byte === NEWLINE) break;
        if (byte === quote) quoted = true;
      } else if (escaped && (byte === quote || byte === escapeByte)) escaped = false;
      else {
        escaped = false;
        // With quote = escape a doubled quote leaves and enters again, which is the same.
        if (byte === quote) quoted = false;
        else if (byte === escapeByte) escaped = true;
      }
    }
    this.#quoted = quoted;
    this.#escaped = escaped;
    return at < end ? at : -1;
  }
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const FIXED_HEADER_BYTES = SIGNATURE.length + 8;
const TRAILER = -1;

/** Binary: a header, then rows that say the length of each value, then a trailer. */
class BinaryFraming implements CopyFraming {
  isData = false;
  #headerLeft = true;
  #ended = false;
  /** Bytes of the row at hand up to the value that is read next, and how many values are left; -1: not known yet. */
  #walked = 0;
  #valuesLeft = -1;
  /** Bytes of the row that earlier calls have seen. */
  #seen = 0;

  endOfRow(buffer: Buffer, from: number, end: number): number {
    const start = from - this.#seen;
    const stop = this.#headerLeft ? this.#endOfHeader(buffer, start, end) : this.#endOfTuple(buffer, start, end);
    if (stop < 0) {
      this.#seen = end - start;
      return -1;
    }
    this.#seen = 0;
    return stop;
  }

  #endOfHeader(buffer: Buffer, start: number, end: number): number {
    if (end - start < FIXED_HEADER_BYTES) return -1;
    if (!buffer.subarray(start, start + SIGNATURE.length).equals(SIGNATURE)) throw invalid('another signature');
    // Bits 16 and above change how rows are to be read.
    if (buffer.readUInt32BE(start + SIGNATURE.length) > 0xffff) throw invalid('flags that are not known');
    const stop = start + FIXED_HEADER_BYTES + buffer.readUInt32BE(start + FIXED_HEADER_BYTES - 4);
    if (stop > end) return -1;
    this.#headerLeft = false;
    this.isData = false;
    return stop;
  }

  #endOfTuple(buffer: Buffer, start: number, end: number): number {
    if (this.#ended) throw invalid('more behind its trailer');
    if (this.#valuesLeft < 0) {
      if (end - start < 2) return -1;
      this.#valuesLeft = buffer.readInt16BE(start);
      this.#walked = 2;
      if (this.#valuesLeft < TRAILER) throw invalid('a row of fewer than no columns');
      if (this.#valuesLeft === TRAILER) {
        this.#ended = true;
        this.isData = false;
        return start + 2;
      }
    }
    while (this.#valuesLeft > 0) {
      const at = start + this.#walked;
      if (at + 4 > end) return -1;
      const length = buffer.readInt32BE(at);
      if (length < -1) throw invalid('a value of negative length');
      if (at + 4 + length > end) return -1;
      this.#walked += 4 + Math.max(0, length);
      this.#valuesLeft--;
    }
    this.#valuesLeft = -1;
    this.isData = true;
    return start + this.#walked;
  }
}

function invalid(what: string): DbgateError {
  return new DbgateError(ErrorCode.protocol, `invalid COPY data: ${what}`, { sqlstate: '08P01' });
}
