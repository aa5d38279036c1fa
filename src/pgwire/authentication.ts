/**
 * Authentication requests of a backend, and the frontend's answers, which all have the type byte 'p'.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { cstring, endOfString, strictText } from './cstring.ts';
import { encodeMessage, int32 } from './message.ts';
import { lengthError, ProtocolError } from './protocol-error.ts';

export type Authentication =
  | { readonly type: 'ok' }
  | { readonly type: 'cleartext' }
  | { readonly type: 'md5'; readonly salt: Buffer }
  | { readonly type: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly type: 'sasl_continue'; readonly data: Buffer }
  | { readonly type: 'sasl_final'; readonly data: Buffer }
  /** GSSAPI, SSPI, Kerberos, or one that is not known. */
  | { readonly type: 'other'; readonly method: number };

export interface SaslInitialResponse {
  readonly mechanism: string;
  readonly data: Buffer;
}

/** The body of an 'R' message. */
export function decodeAuthentication(buffer: Buffer, start: number, end: number): Authentication {
  if (end - start < 4) throw lengthError('Authentication', 'at least 4 bytes', end - start);
  const method = buffer.readInt32BE(start);
  const at = start + 4;
  switch (method) {
    case 0:
    case 3:
      if (at !== end) throw lengthError('Authentication', '4 bytes', end - start);
      return { type: method === 0 ? 'ok' : 'cleartext' };
    case 5:
      if (end - at !== 4) throw lengthError('AuthenticationMD5Password', '8 bytes', end - start);
      return { type: 'md5', salt: Buffer.from(buffer.subarray(at, end)) };
    case 10:
      return { type: 'sasl', mechanisms: decodeMechanisms(buffer, at, end) };
    case 11:
      return { type: 'sasl_continue', data: Buffer.from(buffer.subarray(at, end)) };
    case 12:
      return { type: 'sasl_final', data: Buffer.from(buffer.subarray(at, end)) };
    default:
      return { type: 'other', method };
  }
}

export function encodeAuthenticationOk(): Buffer {
  return encodeMessage('R', int32(0));
}

export function encodeAuthenticationCleartextPassword(): Buffer {
  return encodeMessage('R', int32(3));
}

export function encodeAuthenticationMD5Password(salt: Buffer): Buffer {
  return encodeMessage('R', int32(5), salt);
}

export function encodeAuthenticationSASL(mechanisms: readonly string[]): Buffer {
  return encodeMessage('R', int32(10), ...mechanisms.map(cstring), Buffer.of(0));
}

export function encodeAuthenticationSASLContinue(data: Buffer): Buffer {
  return encodeMessage('R', int32(11), data);
}

export function encodeAuthenticationSASLFinal(data: Buffer): Buffer {
  return encodeMessage('R', int32(12), data);
}

export function encodePasswordMessage(password: string): Buffer {
  return encodeMessage('p', cstring(password));
}

export function decodePasswordMessage(buffer: Buffer, start: number, end: number): string {
  const nul = endOfString('PasswordMessage', buffer, start, end);
  if (nul !== end - 1) throw lengthError('PasswordMessage', `${nul + 1 - start} bytes`, end - start);
  return strictText('PasswordMessage', buffer, start, nul);
}

export function encodeSASLInitialResponse(mechanism: string, data: Buffer): Buffer {
  return encodeMessage('p', cstring(mechanism), int32(data.length), data);
}

export function decodeSASLInitialResponse(buffer: Buffer, start: number, end: number): SaslInitialResponse {
  const mechanismEnd = endOfString('SASLInitialResponse', buffer, start, end);
  const at = mechanismEnd + 1;
  if (at + 4 > end) throw lengthError('SASLInitialResponse', `at least ${at + 4 - start} bytes`, end - start);
  const length = buffer.readInt32BE(at);
  // -1: no initial response; the mechanisms that PostgreSQL knows all have one.
  if (length < 0 || at + 4 + length !== end) {
    throw new ProtocolError(`invalid SASLInitialResponse message: data of ${length} bytes, ${end - at - 4} left`);
  }
  return {
    mechanism: strictText('SASLInitialResponse', buffer, start, mechanismEnd),
    data: Buffer.from(buffer.subarray(at + 4, end)),
  };
}

export function encodeSASLResponse(data: Buffer): Buffer {
  return encodeMessage('p', data);
}

function decodeMechanisms(buffer: Buffer, start: number, end: number): string[] {
  const mechanisms: string[] = [];
  let at = start;
  while (at < end && buffer[at] !== 0) {
    const nameEnd = endOfString('AuthenticationSASL', buffer, at, end);
    mechanisms.push(buffer.toString('latin1', at, nameEnd));
    at = nameEnd + 1;
  }
  if (at !== end - 1) throw lengthError('AuthenticationSASL', `${at + 1 - start + 4} bytes`, end - start + 4);
  return mechanisms;
}
