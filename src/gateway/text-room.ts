/**
 * The texts of one column of a sample after another's. Most are ASCII: they are cut out of one string, in which they lie side
 * by side, as they are read; among the other columns' each would have to be fetched from memory again. One that is there
 * already is the same string again: whoever looks for distinct ones has not to read them all.
 */
import type { ColumnSample } from '../classify/classes.ts';

export interface ReceivedRow {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Sampling a column is worth no more text than this. */
const MAX_CHARACTERS = 128 * 1024;

export class TextRoom {
  /** Four bytes each; a text begins with one of them. */
  readonly #words: Int32Array<ArrayBuffer>;
  /** Of the ASCII texts that are there, each once: where it begins, in words, and how many bytes it has. */
  readonly #begins: Int32Array;
  readonly #lengths: Int32Array;
  /** By hash: one more than its place among them; 0: free. */
  readonly #slots: Int32Array;
  /** Of each value: its place among them, or one less than minus the place among the others. */
  readonly #places: Int32Array;

  /** For columns of so many values, none of which has more bytes. */
  constructor(values: number, longest: number) {
    this.#words = new Int32Array(((MAX_CHARACTERS + longest) >> 2) + values + 1);
    this.#begins = new Int32Array(values);
    this.#lengths = new Int32Array(values);
    this.#places = new Int32Array(values);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(values * 2 + 2)));
  }

  /** `starts`: where each row has its value, behind its length; 0: it has none. */
  textsOf(rows: readonly ReceivedRow[], starts: Int32Array): ColumnSample {
    const words = this.#words;
    const places = this.#places;
    const others: string[] = [];
    let used = 0;
    let count = 0;
    let values = 0;
    let characters = 0;
    let arePlain = true;
    this.#slots.fill(0);
    for (let at = 0; at < rows.length && characters <= MAX_CHARACTERS; at++) {
      const start = starts[at]!;
      if (start === 0) continue;
      const { bytes, view } = rows[at]!;
      const length = view.getInt32(start - 4);
      const hash = copyAscii(view, start, length, words, used);
      if (hash === NOT_ASCII) {
        const text = bytes.toString('utf8', start, start + length);
        characters += text.length;
        arePlain = false;
        others.push(text);
        places[values++] = -others.length;
        continue;
      }
      characters += length;
      arePlain &&= length > 0 && !isBlank(view.getUint8(start)) && !isBlank(view.getUint8(start + length - 1));
      const place = this.#placeOf(hash, used, length, count);
      places[values++] = place;
      if (place < count) continue;
      count++;
      used += (length + 3) >> 2;
    }
    const all = Buffer.from(words.buffer, 0, used * 4).toString('latin1');
    const distinct: string[] = [];
    for (let i = 0; i < count; i++) {
      const begin = this.#begins[i]! * 4;
      distinct.push(all.slice(begin, begin + this.#lengths[i]!));
    }
    // Where none repeats, they are in the order of the rows.
    if (arePlain && count === values) return { values: distinct, distinct };
    const texts: string[] = [];
    for (let i = 0; i < values; i++) texts.push(places[i]! < 0 ? others[-1 - places[i]!]! : distinct[places[i]!]!);
    return arePlain ? { values: texts, distinct, places: places.slice(0, values) } : { values: texts };
  }

  close(): void {
    // At once: V8 looks for such memory when there are 64 MB of it.
    this.#words.buffer.transfer(0);
  }

  /** Of what was copied to `begin`; `next` when it was not there before. */
  #placeOf(hash: number, begin: number, length: number, next: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = slots[slot]! - 1;
      if (this.#lengths[place] === length && areSame(this.#words, this.#begins[place]!, begin, (length + 3) >> 2))
        return place;
    }
    slots[slot] = next + 1;
    this.#begins[next] = begin;
    this.#lengths[next] = length;
    return next;
  }
}

function areSame(words: Int32Array, one: number, other: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (words[one + i] !== words[other + i]) return false;
  return true;
}

const HIGH_BITS = 0x80808080 | 0;
const NOT_ASCII = -1;
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/** Four bytes at a time, behind the last ones zeros. Returns a hash of them, or NOT_ASCII. */
function copyAscii(from: DataView, start: number, length: number, to: Int32Array, at: number): number {
  const whole = length >> 2;
  let hash = length;
  let all = 0;
  for (let i = 0; i < whole; i++) {
    const four = from.getInt32(start + i * 4, IS_LITTLE_ENDIAN);
    to[at + i] = four;
    all |= four;
    hash = (Math.imul(hash, 31) + four) | 0;
  }
  if (length > whole * 4) {
    let four = 0;
    for (let i = whole * 4; i < length; i++)
      four |= from.getUint8(start + i) << (IS_LITTLE_ENDIAN ? i * 8 : 24 - i * 8);
    to[at + whole] = four;
    all |= four;
    hash = (Math.imul(hash, 31) + four) | 0;
  }
  // A character may have changed nothing but high bits.
  return (all & HIGH_BITS) !== 0 ? NOT_ASCII : Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 8;
}

/** What `trim` takes off of ASCII. */
function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
