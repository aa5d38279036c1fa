/** The tokens of json, one after another, of any text: whether they make a document is for who reads them. Pure. */

export type JsonToken =
  /** `start` to `end` with its quotes; `isKey`: a colon follows, which is read too. */
  | { readonly kind: 'string'; readonly start: number; readonly end: number; readonly isKey: boolean }
  | { readonly kind: 'number'; readonly start: number; readonly end: number }
  | { readonly kind: 'literal' }
  | { readonly kind: 'mark'; readonly mark: '{' | '}' | '[' | ']' | ',' };

const LITERAL: JsonToken = { kind: 'literal' };
const MARKS: ReadonlyMap<number, JsonToken> = new Map(
  (['{', '}', '[', ']', ','] as const).map((mark) => [mark.charCodeAt(0), { kind: 'mark', mark }]),
);
const [QUOTE, BACKSLASH, COLON, MINUS, PLUS, DOT, SPACE] = [34, 92, 58, 45, 43, 46, 32] as const;
const BLANK = /\s/;

export class JsonLexer {
  readonly #text: string;
  readonly #hasEscapes: boolean;
  /** Behind the token that was read last. */
  at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#hasEscapes = text.includes('\\');
  }

  /** Undefined: what follows is no token, and `at` stays. */
  next(): JsonToken | undefined {
    const start = this.#behindBlanks(this.at);
    const code = this.#text.charCodeAt(start);
    if (code === QUOTE) return this.#string(start);
    if (code === MINUS || isDigit(code)) return this.#number(start);
    const mark = MARKS.get(code);
    if (mark !== undefined) {
      this.at = start + 1;
      return mark;
    }
    for (const literal of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(literal, start)) continue;
      this.at = start + literal.length;
      return LITERAL;
    }
    return undefined;
  }

  #string(start: number): JsonToken | undefined {
    const end = this.#endOfString(start + 1);
    if (end === undefined) return undefined;
    const colon = this.#behindBlanks(end);
    const isKey = this.#text.charCodeAt(colon) === COLON;
    this.at = isKey ? colon + 1 : end;
    return { kind: 'string', start, end, isKey };
  }

  #endOfString(from: number): number | undefined {
    if (!this.#hasEscapes) {
      const quote = this.#text.indexOf('"', from);
      return quote === -1 ? undefined : quote + 1;
    }
    for (let i = from; i < this.#text.length; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === QUOTE) return i + 1;
      if (code === BACKSLASH) i++;
    }
    return undefined;
  }

  #number(start: number): JsonToken | undefined {
    const text = this.#text;
    const whole = text.charCodeAt(start) === MINUS ? start + 1 : start;
    let end = this.#behindDigits(whole);
    if (end === whole) return undefined;
    if (text.charCodeAt(end) === DOT) {
      const behind = this.#behindDigits(end + 1);
      if (behind > end + 1) end = behind;
    }
    if ((text.charCodeAt(end) | 32) === 101) {
      const sign = text.charCodeAt(end + 1);
      const power = sign === MINUS || sign === PLUS ? end + 2 : end + 1;
      const behind = this.#behindDigits(power);
      if (behind > power) end = behind;
    }
    this.at = end;
    return { kind: 'number', start, end };
  }

  #behindDigits(from: number): number {
    let i = from;
    while (isDigit(this.#text.charCodeAt(i))) i++;
    return i;
  }

  #behindBlanks(from: number): number {
    let i = from;
    for (;;) {
      const code = this.#text.charCodeAt(i);
      if (code > SPACE && code < 128) return i;
      if (code !== SPACE && !BLANK.test(this.#text.charAt(i))) return i;
      i++;
    }
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
