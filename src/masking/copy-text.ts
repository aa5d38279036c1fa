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
  /** What is written behind a backslash in the place of a byte; 0: it needs none. */
  readonly #letters = new Uint8Array(256);
  readonly #null: Buffer;
  readonly #maskers: readonly CellMasker[];
  readonly #plain = new ByteOutput();
  readonly #masked = new ByteOutput();

  constructor(format: CopyFormat, maskers: readonly CellMasker[]) {
    this.#delimiter = singleByte(format.delimiter);
    this.#null = Buffer.from(format.nullText);
    this.#maskers = maskers;
    for (const [byte, letter] of letterOfByte) this.#letters[byte] = letter;
    for (const byte of [BACKSLASH, this.#delimiter]) this.#letters[byte] ||= byte;
  }

  /** Writes the line at `source[start..end)`, its newline included; gives how many cells were masked. */
  mask(source: Buffer, start: number, end: number, out: ByteOutput): number {
    const maskers = this.#maskers;
    const delimiter = this.#delimiter;
    const stop = end - 1;
    let at = start;
    let column = 0;
    let cells = 0;
    // What is behind `copied` and before the field at hand goes as it came.
    let copied = start;
    // A row of no columns is an empty line.
    if (maskers.length === 0 && at === stop) column = -1;
    for (;;) {
      const from = at;
      let isEscaped = false;
      for (; at < stop; at++) {
        const byte = source[at]!;
        if (byte === delimiter) break;
        if (byte !== BACKSLASH) continue;
        isEscaped = true;
        at++;
      }
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      const to = Math.min(at, stop);
      if (column >= 0 && maskers[column]! !== pass && this.#isMasked(maskers[column]!, source, from, to)) {
        out.append(source, copied, from);
        const isMasked = this.#field(maskers[column]!, source, from, to, isEscaped, out);
        copied = isMasked ? to : from;
        if (isMasked) cells++;
      }
      column++;
      if (at >= stop) break;
      at++;
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.append(source, copied, end);
    return cells;
  }

  #isMasked(masker: CellMasker, source: Buffer, from: number, to: number): boolean {
    return masker.masksNull === true || !equals(source, from, to, this.#null);
  }

  /** False: nothing was written, the field goes as it came. */
  #field(masker: CellMasker, source: Buffer, from: number, to: number, isEscaped: boolean, out: ByteOutput): boolean {
    let plain = source;
    let start = from;
    let end = to;
    if (isEscaped) {
      this.#unescape(source, from, to);
      plain = this.#plain.bytes;
      start = 0;
      end = this.#plain.length;
    }
    const first = out.length;
    out.reserve(end - start + MASK_ROOM);
    const result = masker(plain, start, end, out);
    if (result === SAME) out.length = first;
    else if (result === NULLED) out.append(this.#null);
    else this.#escape(first, out);
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

  /** What was written from `first` on. */
  #escape(first: number, out: ByteOutput): void {
    const letters = this.#letters;
    const { bytes, length } = out;
    let at = first;
    while (at < length && letters[bytes[at]!] === 0) at++;
    if (at === length) return;
    const masked = this.#masked;
    masked.clear();
    masked.append(bytes, at, length);
    out.length = at;
    out.reserve(2 * masked.length);
    for (let i = 0; i < masked.length; i++) {
      const byte = masked.bytes[i]!;
      const letter = letters[byte]!;
      if (letter !== 0) out.byte(BACKSLASH);
      out.byte(letter === 0 ? byte : letter);
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
    const delimiter = this.#delimiter;
    const stop = end - 1;
    let at = start;
    let column = 0;
    let cells = 0;
    // What is behind `copied` and before the field at hand goes as it came.
    let copied = start;
    if (maskers.length === 0 && at === stop) column = -1;
    for (;;) {
      const from = at;
      const isQuoted = at < stop && source[at] === this.#quote;
      if (isQuoted) at = this.#readQuoted(source, at, stop);
      else while (at < stop && source[at] !== delimiter) at++;
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      const isNull = !isQuoted && equals(source, from, at, this.#null);
      if (column >= 0 && maskers[column]! !== pass && (!isNull || maskers[column]!.masksNull === true)) {
        out.append(source, copied, from);
        const isMasked = this.#field(maskers[column]!, source, from, at, isQuoted, out);
        copied = isMasked ? at : from;
        if (isMasked) cells++;
      }
      column++;
      if (at >= stop) break;
      // Behind a closing quote nothing but the delimiter is written.
      if (source[at] !== delimiter) throw planMismatch(maskers.length, column);
      at++;
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.append(source, copied, end);
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

function singleByte(text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length !== 1) throw new DbgateError(ErrorCode.internal, 'COPY with an option that is no single byte');
  return bytes[0]!;
}
