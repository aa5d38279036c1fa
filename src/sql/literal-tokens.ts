/**
 * The literals and comments of a text, found as PostgreSQL's scanner finds them (standard_conforming_strings on). In: any
 * text, also one that does not parse. Out: places, in order, in one pass. What is not closed runs to the end.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

import type { LiteralPlaces } from './facts.ts';
import { stringValue } from './string-value.ts';
import { COMMENT, DOLLAR, ESCAPE, NUMBER, Token } from './token.ts';
import { isSign } from './token-ends.ts';

/** Reused from text to text. */
export class LiteralTokens implements LiteralPlaces {
  count = 0;
  literals = 0;
  starts = new Uint32Array(64);
  ends = new Uint32Array(64);
  kinds = new Uint8Array(64);
  readonly #token = new Token();
  /** Not closed, or a character that no token begins with: what is found is a guess. */
  isBroken = false;

  scan(sql: string, from = 0, to = sql.length): void {
    this.count = 0;
    this.literals = 0;
    this.isBroken = false;
    const token = this.#token;
    for (let i = from; i < to; ) {
      if (isSign(sql.charCodeAt(i))) {
        i++;
        continue;
      }
      let end = token.read(sql, i, to);
      if (end === -1) {
        this.isBroken = true;
        end = to;
      }
      if (token.kind <= COMMENT) this.#add(i, end, token.kind);
      i = end;
    }
  }

  #add(start: number, end: number, kind: number): void {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count++;
    if (kind !== COMMENT) this.literals++;
  }

  #grow(): void {
    const { starts, ends, kinds } = this;
    this.starts = new Uint32Array(this.count * 2);
    this.ends = new Uint32Array(this.count * 2);
    this.kinds = new Uint8Array(this.count * 2);
    this.starts.set(starts);
    this.ends.set(ends);
    this.kinds.set(kinds);
  }
}

/** What a literal stands for: two spellings of a value are one. */
export function literalValue(sql: string, start: number, end: number, kind: number): string {
  switch (kind) {
    case NUMBER:
      return sql.slice(start, end);
    case DOLLAR: {
      const tag = sql.indexOf('$', start + 1) + 1 - start;
      return sql.slice(start + tag, Math.max(start + tag, end - tag));
    }
    default:
      return stringValue(sql, sql.indexOf("'", start), end, kind === ESCAPE).value;
  }
}
