/**
 * The fields of one line of COPY's text format: found, unescaped, masked, and escaped again. In one pass over the bytes,
 * which finds the end of the line as well.
 */
import { Buffer } from 'node:buffer';
import type { CopyFormat } from '../sql/lineage/lineage.ts';
import { ByteOutput } from './byte-output.ts';
import { equals, NEAR_BYTES, NEWLINE, NextBytes, singleByte } from './copy-bytes.ts';
import { type CellMasker, MASK_ROOM, NULLED, pass, SAME } from './maskers/cell-masker.ts';
import { planMismatch } from './result-rewriter.ts';

const BACKSLASH = 0x5c;

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

export class TextFields {
  /** How many were masked so far. */
  cells = 0;
  readonly #delimiter: number;
  readonly #next: NextBytes;
  readonly #counts: Uint32Array;
  /** What is written behind a backslash in the place of a byte; 0: it needs none. */
  readonly #letters = new Uint8Array(256);
  readonly #null: Buffer;
  readonly #maskers: readonly CellMasker[];
  readonly #plain = new ByteOutput();
  readonly #masked = new ByteOutput();

  /** `counts`: by column. */
  constructor(format: CopyFormat, maskers: readonly CellMasker[], counts: Uint32Array) {
    this.#delimiter = singleByte(format.delimiter);
    this.#next = new NextBytes(this.#delimiter, BACKSLASH, NEWLINE);
    this.#null = Buffer.from(format.nullText);
    this.#maskers = maskers;
    this.#counts = counts;
    for (const [byte, letter] of letterOfByte) this.#letters[byte] = letter;
    for (const byte of [BACKSLASH, this.#delimiter]) this.#letters[byte] ||= byte;
  }

  /**
   * Writes the line at `source[start]`, its newline included; gives the offset behind it. There must be a newline that ends
   * it, as nothing else is looked for.
   */
  mask(source: Buffer, start: number, out: ByteOutput): number {
    const maskers = this.#maskers;
    const delimiter = this.#delimiter;
    let at = start;
    let column = 0;
    let cells = 0;
    // What is behind `copied` and before the field at hand goes as it came.
    let copied = start;
    // A row of no columns is an empty line.
    if (maskers.length === 0 && source[at] === NEWLINE) column = -1;
    for (;;) {
      const from = at;
      let isEscaped = false;
      for (;;) {
        const near = at + NEAR_BYTES;
        let byte = source[at];
        while (byte !== delimiter && byte !== BACKSLASH && byte !== NEWLINE && at < near) byte = source[++at];
        if (at >= near) {
          at = this.#next.from(source, at);
          byte = source[at];
        }
        if (byte !== BACKSLASH) break;
        isEscaped = true;
        if (source[++at] !== NEWLINE) at++;
      }
      if (column >= maskers.length) throw planMismatch(maskers.length, column + 1);
      if (column >= 0 && maskers[column]! !== pass && this.#isMasked(maskers[column]!, source, from, at)) {
        out.append(source, copied, from);
        const isMasked = this.#field(maskers[column]!, source, from, at, isEscaped, out);
        copied = isMasked ? at : from;
        if (isMasked) {
          this.#counts[column]!++;
          cells++;
        }
      }
      column++;
      if (source[at] === NEWLINE) break;
      at++;
    }
    if (column !== maskers.length) throw planMismatch(maskers.length, column);
    out.append(source, copied, ++at);
    this.cells += cells;
    return at;
  }

  /** Another row stands in the buffer that was read last. */
  forget(): void {
    this.#next.forget();
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
