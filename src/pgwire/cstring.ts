/** NUL-terminated strings as the PostgreSQL protocol carries them. */
import { ProtocolError } from './protocol-error.ts';

/** NAMEDATALEN - 1. The server's hash tables of statements and portals see no more of a name than this. */
const maxNameBytes = 63;

/** The offset of the NUL that ends the string at `start`; it lies before `end`. */
export function endOfString(message: string, buffer: Buffer, start: number, end: number): number {
  // Most names are empty or short: the call into native code costs more than the loop.
  const near = Math.min(end, start + 24);
  for (let at = start; at < near; at++) if (buffer[at] === 0) return at;
  const nul = near < end ? buffer.indexOf(0, near) : -1;
  if (nul < 0 || nul >= end) {
    throw new ProtocolError(
      `invalid ${message} message: string without its final NUL in ${Math.max(0, end - start)} bytes`,
    );
  }
  return nul;
}

/**
 * UTF-8 to a string, refused where it is not valid: two different byte strings never become one string.
 */
export function strictText(message: string, buffer: Buffer, start: number, end: number): string {
  if (start === end) return '';
  const text = buffer.toString('utf8', start, end);
  if (text.includes('\ufffd') && Buffer.compare(Buffer.from(text), buffer.subarray(start, end)) !== 0) {
    throw new ProtocolError(`invalid ${message} message: text is not valid UTF-8`);
  }
  return text;
}

/**
 * The name of a statement or portal as the server keys it: its first 63 bytes. Two longer names that differ only behind
 * them are one name to the server, so they have to be one name here.
 */
export function objectName(message: string, buffer: Buffer, start: number, end: number): string {
  return strictText(message, buffer, start, Math.min(end, start + maxNameBytes));
}

/** The bytes of a string and its NUL. */
export function cstring(text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`);
  if (bytes.indexOf(0) !== bytes.length - 1) throw new ProtocolError('a string for the wire contains a NUL');
  return bytes;
}
