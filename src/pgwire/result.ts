/**
 * What a backend sends about a result and about itself: RowDescription, DataRow, CommandComplete, ReadyForQuery,
 * ParameterStatus, BackendKeyData, NegotiateProtocolVersion.
 */
import { cstring, endOfString } from './cstring.ts';
import { encodeMessage, int16, int32 } from './message.ts';
import { lengthError, ProtocolError } from './protocol-error.ts';

export interface FieldDescription {
  readonly name: string;
  /** 0: not a column of one table. */
  readonly tableOid: number;
  /** 0: none, or the whole row. */
  readonly attnum: number;
  readonly typeOid: number;
  /** Bytes; negative: of variable length. */
  readonly typeSize: number;
  readonly typeModifier: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

export type TransactionStatus = 'I' | 'T' | 'E';

export interface ParameterStatus {
  readonly name: string;
  readonly value: string;
}

export interface BackendKey {
  readonly pid: number;
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secret: Buffer;
}

export function decodeRowDescription(buffer: Buffer, start: number, end: number): FieldDescription[] {
  if (end - start < 2) throw lengthError('RowDescription', 'at least 2 bytes', end - start);
  const count = buffer.readUInt16BE(start);
  if (start + 2 + count * 19 > end) {
    throw lengthError('RowDescription', `at least ${2 + count * 19} bytes for ${count} fields`, end - start);
  }
  const fields: FieldDescription[] = [];
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    const nameEnd = endOfString('RowDescription', buffer, at, end);
    const name = buffer.toString('utf8', at, nameEnd);
    at = nameEnd + 1;
    if (at + 18 > end) throw lengthError('RowDescription', `${at + 18 - start} bytes at field ${i + 1}`, end - start);
    fields.push({
      name,
      tableOid: buffer.readUInt32BE(at),
      attnum: buffer.readInt16BE(at + 4),
      typeOid: buffer.readUInt32BE(at + 6),
      typeSize: buffer.readInt16BE(at + 10),
      typeModifier: buffer.readInt32BE(at + 12),
      format: buffer.readUInt16BE(at + 16),
    });
    at += 18;
  }
  if (at !== end) throw lengthError('RowDescription', `${at - start} bytes`, end - start);
  return fields;
}

/** CopyInResponse and CopyOutResponse: the overall format, 0 text or 1 binary, and how many columns there are. */
export function decodeCopyResponse(buffer: Buffer, start: number, end: number): { format: number; columns: number } {
  if (end - start < 3) throw lengthError('CopyOutResponse', 'at least 3 bytes', end - start);
  const columns = buffer.readUInt16BE(start + 1);
  if (start + 3 + columns * 2 !== end) throw lengthError('CopyOutResponse', `${3 + columns * 2} bytes`, end - start);
  return { format: buffer.readUInt8(start), columns };
}

export function encodeRowDescription(fields: readonly FieldDescription[]): Buffer {
  const body = [int16(fields.length)];
  for (const field of fields) {
    body.push(cstring(field.name), int32(field.tableOid), int16(field.attnum), int32(field.typeOid));
    body.push(int16(field.typeSize), int32(field.typeModifier), int16(field.format));
  }
  return encodeMessage('T', ...body);
}

/** The values of a row, views into the message; null is SQL's NULL. */
export function decodeDataRow(buffer: Buffer, start: number, end: number): (Buffer | null)[] {
  if (end - start < 2) throw lengthError('DataRow', 'at least 2 bytes', end - start);
  const count = buffer.readUInt16BE(start);
  if (start + 2 + count * 4 > end) {
    throw lengthError('DataRow', `at least ${2 + count * 4} bytes for ${count} values`, end - start);
  }
  const values: (Buffer | null)[] = [];
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) throw lengthError('DataRow', `${at + 4 - start} bytes at value ${i + 1}`, end - start);
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length === -1) {
      values.push(null);
      continue;
    }
    if (length < 0 || at + length > end) {
      throw new ProtocolError(`invalid DataRow message: value ${i + 1} of ${length} bytes, ${end - at} left`);
    }
    values.push(buffer.subarray(at, at + length));
    at += length;
  }
  if (at !== end) throw lengthError('DataRow', `${at - start} bytes`, end - start);
  return values;
}

export function encodeDataRow(values: readonly (Buffer | string | null)[]): Buffer {
  const body = [int16(values.length)];
  for (const value of values) {
    const bytes = value === null ? null : Buffer.from(value as string);
    if (bytes === null) body.push(int32(-1));
    else body.push(int32(bytes.length), bytes);
  }
  return encodeMessage('D', ...body);
}

/** The tag of a CommandComplete, such as `INSERT 0 5`. */
export function commandTag(buffer: Buffer, start: number, end: number): string {
  const nul = endOfString('CommandComplete', buffer, start, end);
  if (nul !== end - 1) throw lengthError('CommandComplete', `${nul + 1 - start} bytes`, end - start);
  return buffer.toString('utf8', start, nul);
}

export function encodeCommandComplete(tag: string): Buffer {
  return encodeMessage('C', cstring(tag));
}

/** The rows that a tag counts; 0 where it counts none. */
export function rowsOfTag(tag: string): number {
  const digits = /^[A-Z][A-Z ]* (?:\d+ )?(\d+)$/.exec(tag)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

const SELECT_TAG = Buffer.from('SELECT ', 'latin1');

/** Is it the CommandComplete of a SELECT, its number of rows written as the server does? Most are: no string is made of it. */
export function isSelectTag(buffer: Buffer, start: number, end: number): boolean {
  const digits = start + SELECT_TAG.length;
  if (end - digits < 2 || buffer[end - 1] !== 0) return false;
  for (let i = 0; i < SELECT_TAG.length; i++) if (buffer[start + i] !== SELECT_TAG[i]) return false;
  for (let at = digits; at < end - 1; at++) if (buffer[at]! < 0x30 || buffer[at]! > 0x39) return false;
  return true;
}

const readyMessages: Record<TransactionStatus, Buffer> = {
  I: encodeMessage('Z', Buffer.from('I')),
  T: encodeMessage('Z', Buffer.from('T')),
  E: encodeMessage('Z', Buffer.from('E')),
};

/** A shared buffer: not to be written to. */
export function readyForQuery(status: TransactionStatus): Buffer {
  return readyMessages[status];
}

export function decodeReadyForQuery(buffer: Buffer, start: number, end: number): TransactionStatus {
  if (end - start !== 1) throw lengthError('ReadyForQuery', '1 byte', end - start);
  const status = String.fromCharCode(buffer[start]!);
  if (status !== 'I' && status !== 'T' && status !== 'E') {
    throw new ProtocolError(`invalid ReadyForQuery message: expected I, T or E, got byte ${buffer[start]}`);
  }
  return status;
}

export function decodeParameterStatus(buffer: Buffer, start: number, end: number): ParameterStatus {
  const nameEnd = endOfString('ParameterStatus', buffer, start, end);
  const valueEnd = endOfString('ParameterStatus', buffer, nameEnd + 1, end);
  if (valueEnd !== end - 1) throw lengthError('ParameterStatus', `${valueEnd + 1 - start} bytes`, end - start);
  return { name: buffer.toString('utf8', start, nameEnd), value: buffer.toString('utf8', nameEnd + 1, valueEnd) };
}

export function encodeParameterStatus(name: string, value: string): Buffer {
  return encodeMessage('S', cstring(name), cstring(value));
}

export function decodeBackendKeyData(buffer: Buffer, start: number, end: number): BackendKey {
  const length = end - start;
  if (length < 8 || length > 260) throw lengthError('BackendKeyData', '8 to 260 bytes', length);
  // A copy outside Node's pool: it is kept for long, and a view would keep 8 KiB.
  const secret = Buffer.alloc(length - 4);
  buffer.copy(secret, 0, start + 4, end);
  return { pid: buffer.readInt32BE(start), secret };
}

export function encodeBackendKeyData(pid: number, secret: Buffer): Buffer {
  return encodeMessage('K', int32(pid), secret);
}

/**
 * Only for a client that asked for a newer minor version or a `_pq_.` option; some drivers fail on it unasked.
 * The manual speaks of the minor version; server and libpq exchange the whole version number.
 */
export function encodeNegotiateProtocolVersion(minor: number, unrecognizedOptions: readonly string[]): Buffer {
  const options = unrecognizedOptions.map(cstring);
  return encodeMessage('v', int32((3 << 16) | minor), int32(options.length), ...options);
}
