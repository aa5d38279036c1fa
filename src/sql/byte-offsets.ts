/** The parser counts UTF-8 bytes, strings count UTF-16 units, and ErrorResponse counts characters. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Positions in one text, converted when asked for. */
export class ByteOffsets {
  readonly #sql: string;
  readonly #ascii: boolean;
  #bytes: Uint8Array | undefined;

  constructor(sql: string) {
    this.#sql = sql;
    this.#ascii = isAscii(sql);
  }

  /** UTF-16 units before a byte offset: an index into the string. */
  toCharacters(byteOffset: number): number {
    if (this.#ascii) return byteOffset;
    this.#bytes ??= encoder.encode(this.#sql);
    return decoder.decode(this.#bytes.subarray(0, byteOffset)).length;
  }

  /** The byte offset of the first token at or behind `byteOffset`: past white space and comments. */
  skipBlank(byteOffset: number): number {
    const from = this.toCharacters(byteOffset);
    const length = endOfBlank(this.#sql, from) - from;
    if (length === 0 || this.#ascii) return byteOffset + length;
    return byteOffset + encoder.encode(this.#sql.slice(from, from + length)).length;
  }
}

/** Comments may hold comments. */
function endOfBlank(sql: string, from: number): number {
  const blank = /(?:\s|--[^\n\r]*)*/y;
  const mark = /\/\*|\*\//g;
  for (let at = from; ; ) {
    blank.lastIndex = at;
    at += blank.exec(sql)?.[0].length ?? 0;
    if (!sql.startsWith('/*', at)) return at;
    let depth = 0;
    mark.lastIndex = at;
    do {
      const found = mark.exec(sql);
      if (found === null) return at;
      depth += found[0] === '/*' ? 1 : -1;
    } while (depth > 0);
    at = mark.lastIndex;
  }
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** The 1-based character position of a byte offset, for ErrorResponse `P`. */
export function characterPosition(sql: string, byteOffset: number): number {
  if (isAscii(sql)) return Math.min(byteOffset, sql.length) + 1;
  const before = decoder.decode(encoder.encode(sql).subarray(0, byteOffset));
  let count = 0;
  for (const _ of before) count++;
  return count + 1;
}
