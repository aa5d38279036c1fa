/**
 * The first packets of a connection, which have a length but no type byte: SSLRequest, GSSENCRequest, CancelRequest,
 * StartupMessage, or the first bytes of a TLS handshake. In: chunks of any split. Out: one packet at a time, and the
 * bytes behind it. It must never hold more than one packet of 10,000 bytes, nor take bytes that came in the clear
 * behind an SSLRequest or GSSENCRequest for ones of the encrypted stream (CVE-2021-23214).
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
import { cstring, endOfString, strictText } from './cstring.ts';
import { int32 } from './message.ts';
import { lengthError, ProtocolError } from './protocol-error.ts';

export const MAX_STARTUP_PACKET_BYTES = 10_000;
/** The newest minor version of protocol 3 that is known; 3.1 was never used. */
export const NEWEST_MINOR_VERSION = 2;

const cancelRequestCode = 80877102;
const sslRequestCode = 80877103;
const gssencRequestCode = 80877104;
const tlsHandshake = 0x16;

export type StartupPacket =
  | { readonly type: 'need_more' }
  | { readonly type: 'ssl_request' }
  | { readonly type: 'gssenc_request' }
  /** `rest` is all that came: it belongs to the TLS handshake. */
  | { readonly type: 'direct_tls'; readonly rest: Buffer }
  | { readonly type: 'cancel_request'; readonly pid: number; readonly secret: Buffer; readonly raw: Buffer }
  | StartupMessage;

export interface StartupMessage {
  readonly type: 'startup';
  readonly major: number;
  /** Above `NEWEST_MINOR_VERSION`, or with options in `protocolOptions`: answer with NegotiateProtocolVersion. */
  readonly minor: number;
  /** Without the `_pq_.` options. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Names of `_pq_.` options. */
  readonly protocolOptions: readonly string[];
  /** The packet as it came. */
  readonly raw: Buffer;
  /** Bytes behind the packet. */
  readonly rest: Buffer;
}

const needMore: StartupPacket = { type: 'need_more' };
const nothing = Buffer.alloc(0);

export class StartupDecoder {
  #held: Buffer = nothing;
  #first = true;
  #sslAsked: boolean;
  #gssencAsked: boolean;

  /** `encrypted`: the bytes come from inside TLS already, where no encryption can be asked for again. */
  constructor(options: { readonly encrypted?: boolean } = {}) {
    this.#sslAsked = this.#gssencAsked = options.encrypted === true;
    this.#first = options.encrypted !== true;
  }

  push(chunk: Buffer): StartupPacket {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (bytes.length === 0) return needMore;
    if (this.#first && bytes[0] === tlsHandshake) {
      this.#held = nothing;
      return { type: 'direct_tls', rest: bytes };
    }
    if (bytes.length < 4) return this.#hold(bytes);
    const length = bytes.readInt32BE(0);
    if (length < 8 || length > MAX_STARTUP_PACKET_BYTES) {
      throw new ProtocolError(
        `invalid startup packet: expected a length of 8 to ${MAX_STARTUP_PACKET_BYTES}, got ${length}`,
      );
    }
    if (bytes.length < length) return this.#hold(bytes);
    this.#held = nothing;
    this.#first = false;
    return this.#decode(bytes.subarray(0, length), bytes.subarray(length));
  }

  #hold(bytes: Buffer): StartupPacket {
    // A copy: a chunk may be a view of memory that its reader uses again.
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : bytes;
    return needMore;
  }

  #decode(packet: Buffer, rest: Buffer): StartupPacket {
    const code = packet.readInt32BE(4);
    switch (code) {
      case sslRequestCode:
        requireBare('SSLRequest', packet, rest, this.#sslAsked);
        this.#sslAsked = true;
        return { type: 'ssl_request' };
      case gssencRequestCode:
        requireBare('GSSENCRequest', packet, rest, this.#gssencAsked);
        this.#gssencAsked = true;
        return { type: 'gssenc_request' };
      case cancelRequestCode: {
        const secretBytes = packet.length - 12;
        if (secretBytes < 4 || secretBytes > 256) throw lengthError('CancelRequest', '16 to 268 bytes', packet.length);
        if (rest.length > 0) throw new ProtocolError(`${rest.length} bytes behind a CancelRequest`);
        const raw = Buffer.from(packet);
        return { type: 'cancel_request', pid: raw.readInt32BE(8), secret: raw.subarray(12), raw };
      }
      default:
        return decodeStartup(Buffer.from(packet), rest);
    }
  }
}

function requireBare(name: string, packet: Buffer, rest: Buffer, repeated: boolean): void {
  if (packet.length !== 8) throw lengthError(name, '8 bytes', packet.length);
  if (rest.length > 0) throw new ProtocolError(`${rest.length} unencrypted bytes behind a ${name}`);
  if (repeated) throw new ProtocolError(`${name} sent again, or where encryption is on already`);
}

function decodeStartup(packet: Buffer, rest: Buffer): StartupMessage {
  const major = packet.readUInt16BE(4);
  const minor = packet.readUInt16BE(6);
  if (major !== 3) {
    throw new ProtocolError(
      `unsupported frontend protocol ${major}.${minor}: expected 3.0 to 3.${NEWEST_MINOR_VERSION}`,
    );
  }
  const parameters = new Map<string, string>();
  const protocolOptions: string[] = [];
  const end = packet.length;
  let at = 8;
  while (at < end && packet[at] !== 0) {
    const nameEnd = endOfString('StartupMessage', packet, at, end);
    const valueEnd = endOfString('StartupMessage', packet, nameEnd + 1, end);
    const name = strictText('StartupMessage', packet, at, nameEnd);
    const value = strictText('StartupMessage', packet, nameEnd + 1, valueEnd);
    if (parameters.has(name) || protocolOptions.includes(name)) {
      throw new ProtocolError('invalid StartupMessage message: a parameter is given twice');
    }
    if (name.startsWith('_pq_.')) protocolOptions.push(name);
    else parameters.set(name, value);
    at = valueEnd + 1;
  }
  if (at !== end - 1) {
    throw new ProtocolError(
      `invalid StartupMessage message: expected the final NUL at byte ${end - 1}, got byte ${at}`,
    );
  }
  if (!parameters.get('user')) throw new ProtocolError('invalid StartupMessage message: expected a user, got none');
  return { type: 'startup', major, minor, parameters, protocolOptions, raw: packet, rest };
}

export function encodeStartup(parameters: ReadonlyMap<string, string>, minor = 0): Buffer {
  const body: Buffer[] = [];
  for (const [name, value] of parameters) body.push(cstring(name), cstring(value));
  return encodePacket(int32((3 << 16) | minor), ...body, Buffer.of(0));
}

export function encodeSslRequest(): Buffer {
  return encodePacket(int32(sslRequestCode));
}

export function encodeGssencRequest(): Buffer {
  return encodePacket(int32(gssencRequestCode));
}

export function encodeCancelRequest(pid: number, secret: Buffer): Buffer {
  return encodePacket(int32(cancelRequestCode), int32(pid), secret);
}

function encodePacket(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
}
