/**
 * A long text without the pieces of it that a parser need not see. In: the text and its pieces, with what stands for each
 * of them. Out: what the parser sees, and the way back from every place in that to the one in the text itself.
 */
import type { Tree } from './tree.ts';

/** A piece of the text, in UTF-16 units; no place that the parser tells lies within it. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly instead: string;
  /** What the tree has for the whole text where for `text` it has `instead`. */
  readonly value?: string;
}

export class CutText {
  /** What the parser sees. */
  readonly text: string;
  readonly #sql: string;
  readonly #cuts: readonly Cut[];
  /** Of each cut: where what stands for it ends in `text`, and how much the text has lost up to there, both in bytes. */
  readonly #ends: readonly number[];
  readonly #gone: readonly number[];
  readonly #units = new Map<number, number>();
  readonly #values = new Map<string, string>();

  /** `cuts`: in order, none within another. */
  constructor(sql: string, cuts: readonly Cut[]) {
    const ends: number[] = [];
    const gone: number[] = [];
    let text = '';
    let from = 0;
    let bytes = 0;
    let lost = 0;
    for (const { start, end, instead, value } of cuts) {
      const seen = sql.slice(from, start) + instead;
      if (value !== undefined) this.#values.set(instead, value);
      text += seen;
      this.#units.set(start, text.length - instead.length);
      bytes += Buffer.byteLength(seen);
      lost += Buffer.byteLength(sql.slice(start, end)) - Buffer.byteLength(instead);
      ends.push(bytes);
      gone.push(lost);
      from = end;
    }
    this.text = text + sql.slice(from);
    this.#sql = sql;
    this.#cuts = cuts;
    this.#ends = ends;
    this.#gone = gone;
  }

  /** A place in `text` → the one in the text itself, both in bytes. */
  whole(offset: number): number {
    return offset + this.#goneBefore(offset, (i) => this.#ends[i]!);
  }

  /** A place in the text itself that is in no cut → the one in `text`, both in bytes. */
  seen(offset: number): number {
    return offset - this.#goneBefore(offset, (i) => this.#ends[i]! + this.#gone[i]!);
  }

  /** Where in `text` what stands for a cut begins, in UTF-16 units; `start`: of the cut. */
  seenUnit(start: number): number {
    return this.#units.get(start)!;
  }

  /** A character of `text` → the one of the text itself; both 1-based, in code points. */
  wholePosition(position: number): number {
    let before = 0;
    let gone = 0;
    let from = 0;
    for (const { start, end, instead } of this.#cuts) {
      before += codePoints(this.#sql.slice(from, start)) + codePoints(instead);
      if (position <= before) break;
      gone += codePoints(this.#sql.slice(start, end)) - codePoints(instead);
      from = end;
    }
    return position + gone;
  }

  /** Without the words that stand for something. */
  told(message: string): string {
    let told = message;
    for (const instead of this.#values.keys()) told = told.replaceAll(instead, '…');
    return told;
  }

  /**
   * Makes of trees that the parser made of `text` those that it makes of the whole text. False: some value has not one
   * place in them (an escaped constant may spell what stands for another), so they are others.
   */
  restore(trees: readonly Tree[]): boolean {
    const missing = new Set(this.#values.keys());
    const open: unknown[] = [...trees];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const fields = node as Record<string | number, unknown>;
      for (const [key, field] of Object.entries(fields)) {
        if (typeof field === 'object' && field !== null) open.push(field);
        else if (typeof field === 'number') {
          if (PLACE.test(key)) fields[key] = this.whole(field);
        } else if (typeof field === 'string') {
          const value = this.#values.get(field);
          if (value === undefined) continue;
          if (!missing.delete(field)) return false;
          fields[key] = value;
        }
      }
    }
    return missing.size === 0;
  }

  /** What is lost up to the last cut whose `place` is not behind `offset`. */
  #goneBefore(offset: number, place: (cut: number) => number): number {
    let low = 0;
    for (let high = this.#ends.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (place(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#gone[low - 1]!;
  }
}

const PLACE = /(?:^|_)location$|_list_(?:start|end)$/;

function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}
