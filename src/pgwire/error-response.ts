/**
 * ErrorResponse and NoticeResponse.
 * @see https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
import { endOfString } from './cstring.ts';
import { HEADER_BYTES } from './framing.ts';
import { encodeMessage } from './message.ts';
import { ProtocolError } from './protocol-error.ts';

export interface ErrorFields {
  /** V, never localised: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO, LOG. */
  readonly severity: string;
  /** S, where it differs from `severity`. */
  readonly localizedSeverity?: string | undefined;
  /** C: the SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** P: counts characters of the query, from 1. */
  readonly position?: string | undefined;
  readonly internalPosition?: string | undefined;
  readonly internalQuery?: string | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: string | undefined;
  readonly routine?: string | undefined;
}

const POSITION = 'P'.charCodeAt(0);

const letters: ReadonlyMap<string, keyof ErrorFields> = new Map([
  ['S', 'localizedSeverity'],
  ['V', 'severity'],
  ['C', 'code'],
  ['M', 'message'],
  ['D', 'detail'],
  ['H', 'hint'],
  ['P', 'position'],
  ['p', 'internalPosition'],
  ['q', 'internalQuery'],
  ['W', 'where'],
  ['s', 'schema'],
  ['t', 'table'],
  ['c', 'column'],
  ['d', 'dataType'],
  ['n', 'constraint'],
  ['F', 'file'],
  ['L', 'line'],
  ['R', 'routine'],
]);

export function encodeErrorResponse(fields: ErrorFields): Buffer {
  return encodeMessage('E', encodeFields(fields));
}

export function encodeNoticeResponse(fields: ErrorFields): Buffer {
  return encodeMessage('N', encodeFields(fields));
}

/** Fields of an unknown letter are left out, as the manual asks of frontends. */
export function decodeErrorFields(buffer: Buffer, start: number, end: number): ErrorFields {
  const fields: { -readonly [Key in keyof ErrorFields]?: string } = {};
  let at = start;
  for (;;) {
    if (at >= end) throw new ProtocolError(`invalid ErrorResponse message: no final NUL in ${end - start} bytes`);
    const letter = buffer[at]!;
    if (letter === 0) break;
    const textEnd = endOfString('ErrorResponse', buffer, at + 1, end);
    const name = letters.get(String.fromCharCode(letter));
    if (name !== undefined) fields[name] = buffer.toString('utf8', at + 1, textEnd);
    at = textEnd + 1;
  }
  if (at !== end - 1) {
    throw new ProtocolError(`invalid ErrorResponse message: expected ${at + 1 - start} bytes, got ${end - start}`);
  }
  const { severity = fields.localizedSeverity ?? 'ERROR', code = 'XX000', message = '', ...others } = fields;
  if (others.localizedSeverity === severity) delete others.localizedSeverity;
  return { severity, code, message, ...others };
}

/** A whole ErrorResponse or NoticeResponse, its `P`, if it has one, so many characters further on; all else as it is. */
export function movePosition(message: Buffer, characters: number): Buffer {
  let at = HEADER_BYTES;
  while (at < message.length && message[at] !== 0) {
    const textEnd = endOfString('ErrorResponse', message, at + 1, message.length);
    if (message[at] === POSITION) {
      const position = Number(message.toString('latin1', at + 1, textEnd));
      if (!Number.isSafeInteger(position)) return message;
      const body = [
        message.subarray(HEADER_BYTES, at + 1),
        Buffer.from(String(position + characters)),
        message.subarray(textEnd),
      ];
      return encodeMessage(String.fromCharCode(message[0]!), Buffer.concat(body));
    }
    at = textEnd + 1;
  }
  return message;
}

function encodeFields(fields: ErrorFields): Buffer {
  let body = '';
  for (const [letter, name] of letters) {
    const value = letter === 'S' ? (fields.localizedSeverity ?? fields.severity) : fields[name];
    // A NUL inside would end the field early and start another.
    if (value !== undefined) body += `${letter}${value.replaceAll('\0', '')}\0`;
  }
  return Buffer.from(`${body}\0`);
}
