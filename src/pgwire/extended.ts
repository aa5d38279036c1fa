/**
 * The extended query protocol's frontend messages: Parse, Bind, Describe, Execute, Close, Sync, Flush.
 * Decoders get the offsets of a body and check the whole of it; the bytes themselves go on as they came.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { cstring, endOfString, objectName } from './cstring.ts';
import { encodeMessage, int16, int32 } from './message.ts';
import { lengthError, ProtocolError } from './protocol-error.ts';
import type { SqlText } from './query.ts';

export const SYNC: Buffer = encodeMessage('S');
export const FLUSH: Buffer = encodeMessage('H');
export const TERMINATE: Buffer = encodeMessage('X');

export interface Parse extends SqlText {
  readonly name: string;
  /** How many parameter types the client gave. */
  readonly parameterTypes: number;
}

export interface Bind {
  readonly portal: string;
  readonly statement: string;
  readonly parameterCount: number;
  /** 0 text, 1 binary: none is all text, one is for all columns, else one a column. */
  readonly resultFormats: readonly number[];
  /** Byte offsets of the parameters with their formats: what makes this Bind differ from another of its statement. */
  readonly parametersStart: number;
  readonly parametersEnd: number;
}

export interface BindParameter {
  readonly format: number;
  /** A view into the message; null is SQL's NULL. */
  readonly value: Buffer | null;
}

export interface DescribeOrClose {
  /** S: a prepared statement, P: a portal. */
  readonly kind: 'S' | 'P';
  readonly name: string;
}

export interface Execute {
  readonly portal: string;
  /** 0: no limit. */
  readonly maxRows: number;
}

export function decodeParse(buffer: Buffer, start: number, end: number): Parse {
  const nameEnd = endOfString('Parse', buffer, start, end);
  const sqlStart = nameEnd + 1;
  const sqlEnd = endOfString('Parse', buffer, sqlStart, end);
  const parameterTypes = count('Parse', buffer, sqlEnd + 1, end);
  const expected = sqlEnd + 3 + parameterTypes * 4;
  if (expected !== end) throw lengthError('Parse', `${expected - start} bytes`, end - start);
  return { name: objectName('Parse', buffer, start, nameEnd), sqlStart, sqlEnd, parameterTypes };
}

/** OIDs of the parameter types of a Parse that `decodeParse` accepted; 0: the server is to find it out. */
export function decodeParameterTypes(buffer: Buffer, { sqlEnd, parameterTypes }: Parse): number[] {
  const types: number[] = [];
  for (let i = 0; i < parameterTypes; i++) types.push(buffer.readUInt32BE(sqlEnd + 3 + i * 4));
  return types;
}

export function decodeBind(buffer: Buffer, start: number, end: number): Bind {
  const portalEnd = endOfString('Bind', buffer, start, end);
  const statementEnd = endOfString('Bind', buffer, portalEnd + 1, end);
  const parametersStart = statementEnd + 1;
  let at = parametersStart;
  const formats = count('Bind', buffer, at, end);
  at += 2;
  requireFormats(buffer, at, end, formats);
  at += formats * 2;
  const parameterCount = count('Bind', buffer, at, end);
  at += 2;
  if (formats > 1 && formats !== parameterCount) {
    throw new ProtocolError(
      `invalid Bind message: expected ${parameterCount} parameter formats as parameters, got ${formats}`,
    );
  }
  for (let i = 0; i < parameterCount; i++) at = endOfValue('Bind', buffer, at, end);
  const parametersEnd = at;
  const results = count('Bind', buffer, at, end);
  at += 2;
  requireFormats(buffer, at, end, results);
  if (at + results * 2 !== end) throw lengthError('Bind', `${at + results * 2 - start} bytes`, end - start);
  const resultFormats: number[] = [];
  for (; at < end; at += 2) resultFormats.push(buffer.readUInt16BE(at));
  return {
    portal: objectName('Bind', buffer, start, portalEnd),
    statement: objectName('Bind', buffer, portalEnd + 1, statementEnd),
    parameterCount,
    resultFormats,
    parametersStart,
    parametersEnd,
  };
}

/** The parameters of a Bind that `decodeBind` accepted. */
export function decodeBindParameters(buffer: Buffer, start: number, end: number): BindParameter[] {
  const { parametersStart, parametersEnd } = decodeBind(buffer, start, end);
  return decodeParameters(buffer, parametersStart, parametersEnd);
}

/** Of `buffer[parametersStart..parametersEnd)` as `decodeBind` said. */
export function decodeParameters(buffer: Buffer, start: number, end: number): BindParameter[] {
  let at = start;
  const formats = buffer.readUInt16BE(at);
  const formatsAt = at + 2;
  at = formatsAt + formats * 2;
  const parameters: BindParameter[] = [];
  const parameterCount = buffer.readUInt16BE(at);
  at += 2;
  for (let i = 0; i < parameterCount; i++) {
    const format = formats === 0 ? 0 : buffer.readUInt16BE(formatsAt + (formats === 1 ? 0 : i * 2));
    const next = endOfValue('Bind', buffer, at, end);
    parameters.push({ format, value: buffer.readInt32BE(at) < 0 ? null : buffer.subarray(at + 4, next) });
    at = next;
  }
  return parameters;
}

export function decodeDescribe(buffer: Buffer, start: number, end: number): DescribeOrClose {
  return statementOrPortal('Describe', buffer, start, end);
}

export function decodeClose(buffer: Buffer, start: number, end: number): DescribeOrClose {
  return statementOrPortal('Close', buffer, start, end);
}

export function decodeExecute(buffer: Buffer, start: number, end: number): Execute {
  const portalEnd = endOfString('Execute', buffer, start, end);
  if (portalEnd + 5 !== end) throw lengthError('Execute', `${portalEnd + 5 - start} bytes`, end - start);
  return { portal: objectName('Execute', buffer, start, portalEnd), maxRows: buffer.readInt32BE(portalEnd + 1) };
}

export function encodeParse(name: string, sql: string, oids: readonly number[] = []): Buffer {
  return encodeMessage('P', cstring(name), cstring(sql), int16(oids.length), ...oids.map(int32));
}

/** Strings are sent as text, buffers as binary. */
export function encodeBind(
  portal: string,
  statement: string,
  parameters: readonly (Buffer | string | null)[],
  resultFormats: readonly number[] = [],
): Buffer {
  const body = [cstring(portal), cstring(statement), int16(parameters.length)];
  for (const parameter of parameters) body.push(int16(Buffer.isBuffer(parameter) ? 1 : 0));
  body.push(int16(parameters.length));
  for (const parameter of parameters) {
    if (parameter === null) {
      body.push(int32(-1));
      continue;
    }
    const bytes = Buffer.from(parameter as string);
    body.push(int32(bytes.length), bytes);
  }
  return encodeMessage('B', ...body, int16(resultFormats.length), ...resultFormats.map(int16));
}

export function encodeDescribe(kind: 'S' | 'P', name: string): Buffer {
  return encodeMessage('D', Buffer.from(kind), cstring(name));
}

export function encodeClose(kind: 'S' | 'P', name: string): Buffer {
  return encodeMessage('C', Buffer.from(kind), cstring(name));
}

export function encodeExecute(portal: string, maxRows = 0): Buffer {
  return encodeMessage('E', cstring(portal), int32(maxRows));
}

function count(message: string, buffer: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw new ProtocolError(`invalid ${message} message: expected a count of 2 bytes, got ${end - at}`);
  return buffer.readUInt16BE(at);
}

function requireFormats(buffer: Buffer, at: number, end: number, formats: number): void {
  if (at + formats * 2 > end) {
    throw new ProtocolError(`invalid Bind message: expected ${formats} format codes, got ${end - at} bytes`);
  }
  for (let i = 0; i < formats; i++) {
    const format = buffer.readUInt16BE(at + i * 2);
    if (format > 1) throw new ProtocolError(`invalid Bind message: expected format code 0 or 1, got ${format}`);
  }
}

/** The offset behind a value of an int32 length, -1 for NULL. */
function endOfValue(message: string, buffer: Buffer, at: number, end: number): number {
  if (at + 4 > end)
    throw new ProtocolError(`invalid ${message} message: expected a length of 4 bytes, got ${end - at}`);
  const length = buffer.readInt32BE(at);
  if (length === -1) return at + 4;
  if (length < 0 || at + 4 + length > end) {
    throw new ProtocolError(`invalid ${message} message: value of ${length} bytes, ${end - at - 4} left`);
  }
  return at + 4 + length;
}

function statementOrPortal(message: string, buffer: Buffer, start: number, end: number): DescribeOrClose {
  if (end - start < 2) throw lengthError(message, 'at least 2 bytes', end - start);
  const kind = buffer[start];
  if (kind !== 0x53 && kind !== 0x50) {
    throw new ProtocolError(`invalid ${message} message: expected S or P, got byte ${kind}`);
  }
  const nameEnd = endOfString(message, buffer, start + 1, end);
  if (nameEnd !== end - 1) throw lengthError(message, `${nameEnd + 1 - start} bytes`, end - start);
  return { kind: kind === 0x53 ? 'S' : 'P', name: objectName(message, buffer, start + 1, nameEnd) };
}
