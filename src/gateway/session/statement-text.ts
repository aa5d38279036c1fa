/** SQL text of a message in the session's pinned encoding; what is not valid in it is a named outcome, not a guess. */
import { isUtf8 } from 'node:buffer';
import type { Analysis } from '../../sql/facts.ts';

/** The text, or undefined when the bytes are not valid in the encoding. */
export function decodeText(
  buffer: Buffer,
  start: number,
  end: number,
  encoding: 'utf8' | 'latin1',
): string | undefined {
  if (encoding === 'latin1') return buffer.toString('latin1', start, end);
  const text = buffer.toString('utf8', start, end);
  // U+FFFD may stand for invalid bytes or for itself.
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
}

export const INVALID_ENCODING: Analysis = {
  statements: [],
  error: {
    kind: 'invalid_encoding',
    message: 'invalid byte sequence for encoding "UTF8"',
    sqlstate: '22021',
    cursorPosition: undefined,
  },
  recordedSql: '<bytes that are not valid UTF-8>',
  class: 'unknown',
};
