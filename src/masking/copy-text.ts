/** The fields of one line of COPY's text and CSV formats: found, unescaped, masked, and escaped again. */
import { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CopyFormat } from '../sql/lineage/lineage.ts';
import { ByteOutput } from './byte-output.ts';
import { type CellMasker, MASK_ROOM, NULLED, pass, SAME } from './maskers/cell-masker.ts';
import { planMismatch } from './result-rewriter.ts';

const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** `\.` alone in a line ends data for older readers. */
const END_OF_DATA = Buffer.from('\\.');

/** Letters of the text format's escapes, and what they stand for. */
const escapes: readonly (readonly [string, number])[] = [
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
];
const byteOfLetter = new Map(escapes.map(([letter, byte]) => [letter.charCodeAt(0), byte]));
const letterOfByte = new Map(escapes.map(([letter, byte]) => [byte, letter.charCodeAt(0)]));

function equals(source: Buffer, start: number, end: number, text: Buffer): boolean {
  return end - start === text.length && source.compare(text, 0, text.length, start, end) === 0;
}

export class TextFields {
  readonly #delimiter: number;
  readonly #null: Buffer;
  readonly #maskers: readonly CellMasker[];
  readonly #plain = new ByteOutput();
  readonly #masked = new ByteOutput();

  constructor(format: CopyFormat, maskers: readonly CellMasker[]) {
    this.#delimiter = singleByte(format.delimiter);
    this.#null = Buffer.from(format.nullText);
    this.#maskers = maskers;
  }

  /** Writes the line at `source[start..end)`, its newline included; gives how many cells were masked. */
  mask(source: Buffer, start: number, end: number, out: ByteOutput): number {
    const maskers = this.#maskers;
    const stop = end - 1;
    let at = start;
    let column = 0;
    let cells = 0;
    // A row of no columns is an empty line.
    if (maskers.length === 0 && at === stop) column = -1;
    for (;;) {
      const from = at;
      let isEscaped = false;
      for (; at < stop && source[at] !== this.#delimiter; at++) {
        if (source[at] !== BACKSLASH) continue;
        isEscaped = true;
        at++;
      }
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      if (column >= 0 && this.#field(maskers[column]!, source, from, Math.min(at, stop), isEscaped, out)) cells++;
      column++;
      if (at >= stop) break;
      out.append(source, at, ++at);
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.reserve(end - stop);
    out.byte(NEWLINE);
    return cells;
  }

  #field(masker: CellMasker, source: Buffer, from: number, to: number, isEscaped: boolean, out: ByteOutput): boolean {
    if (masker === pass || equals(source, from, to, this.#null)) {
      out.append(source, from, to);
      return false;
    }
    let plain = source;
    let start = from;
    let end = to;
    if (isEscaped) {
      this.#unescape(source, from, to);
      plain = this.#plain.bytes;
      start = 0;
      end = this.#plain.length;
    }
    const masked = this.#masked;
    masked.clear();
    masked.reserve(end - start + MASK_ROOM);
    const result = masker(plain, start, end, masked);
    if (result === SAME) out.append(source, from, to);
    else if (result === NULLED) out.append(this.#null);
    else this.#escape(masked, out);
    return result !== SAME;
  }

  #unescape(source: Buffer, from: number, to: number): void {
    const plain = this.#plain;
    plain.clear();
    plain.reserve(to - from);
    for (let at = from; at < to; at++) {
      const byte = source[at]!;
      if (byte !== BACKSLASH || at + 1 === to) plain.byte(byte);
      else {
        const next = source[++at]!;
        // The delimiter may be one of the letters.
        plain.byte(next === this.#delimiter ? next : (byteOfLetter.get(next) ?? next));
      }
    }
  }

  #escape(masked: ByteOutput, out: ByteOutput): void {
    out.reserve(2 * masked.length);
    for (let at = 0; at < masked.length; at++) {
      const byte = masked.bytes[at]!;
      const letter = byte < 14 ? letterOfByte.get(byte) : undefined;
      if (letter !== undefined || byte === BACKSLASH || byte === this.#delimiter) out.byte(BACKSLASH);
      out.byte(letter ?? byte);
    }
  }
}

export class CsvFields {
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escapeByte: number;
  readonly #null: Buffer;
  readonly #maskers: readonly CellMasker[];
  readonly #plain = new ByteOutput();
  readonly #masked = new ByteOutput();

  constructor(format: CopyFormat, maskers: readonly CellMasker[]) {
    this.#delimiter = singleByte(format.delimiter);
    this.#quote = singleByte(format.quote);
    this.#escapeByte = singleByte(format.escape);
    this.#null = Buffer.from(format.nullText);
    this.#maskers = maskers;
  }

  mask(source: Buffer, start: number, end: number, out: ByteOutput): number {
    const maskers = this.#maskers;
    const stop = end - 1;
    let at = start;
    let column = 0;
    let cells = 0;
    if (maskers.length === 0 && at === stop) column = -1;
    for (;;) {
      const from = at;
      const isQuoted = at < stop && source[at] === this.#quote;
      if (isQuoted) at = this.#readQuoted(source, at, stop);
      else while (at < stop && source[at] !== this.#delimiter) at++;
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      if (column >= 0 && this.#field(maskers[column]!, source, from, at, isQuoted, out)) cells++;
      column++;
      if (at >= stop) break;
      // Behind a closing quote nothing but the delimiter is written.
      if (source[at] !== this.#delimiter) throw planMismatch(maskers.length, column);
      out.append(source, at, ++at);
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.reserve(1);
    out.byte(NEWLINE);
    return cells;
  }

  /** Into `#plain`; gives the offset behind the closing quote. */
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
    throw new DbgateError(ErrorCode.protocol, 'invalid COPY data: a quote is not closed', { sqlstate: '08P01' });
  }

  #field(masker: CellMasker, source: Buffer, from: number, to: number, isQuoted: boolean, out: ByteOutput): boolean {
    if (masker === pass || (!isQuoted && equals(source, from, to, this.#null))) {
      out.append(source, from, to);
      return false;
    }
    const masked = this.#masked;
    const [plain, start, end] = isQuoted ? [this.#plain.bytes, 0, this.#plain.length] : [source, from, to];
    masked.clear();
    masked.reserve(end - start + MASK_ROOM);
    const result = masker(plain, start, end, masked);
    if (result === SAME) out.append(source, from, to);
    else if (result === NULLED) out.append(this.#null);
    else this.#write(masked, isQuoted || this.#needsQuotes(masked), out);
    return result !== SAME;
  }

  #needsQuotes({ bytes, length }: ByteOutput): boolean {
    if (equals(bytes, 0, length, this.#null)) return true;
    if (this.#maskers.length === 1 && equals(bytes, 0, length, END_OF_DATA)) return true;
    for (let at = 0; at < length; at++) {
      const byte = bytes[at];
      if (byte === this.#delimiter || byte === this.#quote || byte === NEWLINE || byte === RETURN) return true;
    }
    return false;
  }

  #write({ bytes, length }: ByteOutput, quoted: boolean, out: ByteOutput): void {
    out.reserve(2 * length + 2);
    if (quoted) out.byte(this.#quote);
    for (let at = 0; at < length; at++) {
      const byte = bytes[at]!;
      if (quoted && (byte === this.#quote || byte === this.#escapeByte)) out.byte(this.#escapeByte);
      out.byte(byte);
    }
    if (quoted) out.byte(this.#quote);
  }
}

function singleByte(text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length !== 1) throw new DbgateError(ErrorCode.internal, 'COPY with an option that is no single byte');
  return bytes[0]!;
}
