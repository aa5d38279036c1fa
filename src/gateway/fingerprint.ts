import { hash } from 'node:crypto';
import type { LiteralPlaces } from '../sql/facts.ts';
import { COMMENT } from '../sql/token.ts';

/** SHA-256 of the text with `?` for each literal, without comments, blanks folded; its first 16 hexadecimal digits. */
export function fingerprintOf(sql: string, tokens: LiteralPlaces): string {
  return hash('sha256', foldedBytes(sql, tokens) ?? foldedText(sql, tokens)).slice(0, 16);
}

const SPACE = 32;
const SEMICOLON = 59;
const QUESTION_MARK = 63;

/** Undefined: something in it is beyond ASCII. */
function foldedBytes(sql: string, { count, starts, ends, kinds }: LiteralPlaces): Uint8Array | undefined {
  const out = Buffer.allocUnsafe(sql.length + count);
  let length = 0;
  let from = 0;
  for (let i = 0; i <= count; i++) {
    const to = i < count ? starts[i]! : sql.length;
    for (let at = from; at < to; at++) {
      const code = sql.charCodeAt(at);
      if (code >= 128) return undefined;
      if (code > SPACE || (code !== SPACE && (code < 9 || code > 13))) out[length++] = code;
      else if (length > 0 && out[length - 1] !== SPACE) out[length++] = SPACE;
    }
    if (i === count) break;
    if (kinds[i] !== COMMENT) out[length++] = QUESTION_MARK;
    else if (length > 0 && out[length - 1] !== SPACE) out[length++] = SPACE;
    from = ends[i]!;
  }
  while (length > 0 && (out[length - 1] === SPACE || out[length - 1] === SEMICOLON)) length--;
  return out.subarray(0, length);
}

function foldedText(sql: string, tokens: LiteralPlaces): string {
  let folded = '';
  let from = 0;
  for (let i = 0; i < tokens.count; i++) {
    folded += `${sql.slice(from, tokens.starts[i])}${tokens.kinds[i] === COMMENT ? ' ' : '?'}`;
    from = tokens.ends[i]!;
  }
  folded += sql.slice(from);
  return folded
    .replace(/\s+/g, ' ')
    .replace(/[\s;]+$/, '')
    .trim();
}
