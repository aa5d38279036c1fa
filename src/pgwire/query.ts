/** Query: the simple protocol's one message. */
import { cstring } from './cstring.ts';
import { encodeMessage } from './message.ts';
import { ProtocolError } from './protocol-error.ts';

/** Byte offsets of the SQL text, without its NUL. */
export interface SqlText {
  readonly sqlStart: number;
  readonly sqlEnd: number;
}

export function decodeQuery(buffer: Buffer, start: number, end: number): SqlText {
  if (end <= start) throw new ProtocolError('invalid Query message: expected a NUL-terminated text, got 0 bytes');
  const nul = buffer.indexOf(0, start);
  if (nul < 0 || nul >= end) {
    throw new ProtocolError(`invalid Query message: text of ${end - start} bytes without its final NUL`);
  }
  if (nul !== end - 1) {
    throw new ProtocolError(
      `invalid Query message: expected the NUL at byte ${end - 1 - start}, got one at ${nul - start}`,
    );
  }
  return { sqlStart: start, sqlEnd: nul };
}

export function encodeQuery(sql: string): Buffer {
  return encodeMessage('Q', cstring(sql));
}
