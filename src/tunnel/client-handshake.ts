/**
 * The start-up of one client of the local listener, without a socket: bytes in; bytes to answer and the outcome out. It
 * asks for the tunnel's password by SCRAM-SHA-256 and leaves AuthenticationOk to the gateway. It must never let a client
 * through that has not proved the password, nor hold more than one bounded message.
 */
import {
  decodeSASLInitialResponse,
  encodeAuthenticationSASL,
  encodeAuthenticationSASLContinue,
  encodeAuthenticationSASLFinal,
} from '../pgwire/authentication.ts';
import { encodeErrorResponse } from '../pgwire/error-response.ts';
import { negotiate } from '../pgwire/negotiation.ts';
import { ProtocolError } from '../pgwire/protocol-error.ts';
import { SCRAM_SHA_256, type ScramServerFirst, type ScramVerifier, serverFinal, serverFirst } from '../pgwire/scram.ts';
import { StartupDecoder, type StartupMessage } from '../pgwire/startup.ts';

const maxPasswordMessageBytes = 4096;
const nothing = Buffer.alloc(0);

export type HandshakeStep =
  | { readonly type: 'need_more'; readonly reply: Buffer }
  /** Send the reply, then close. */
  | { readonly type: 'refused'; readonly reply: Buffer; readonly reason: string }
  | { readonly type: 'cancel_request'; readonly raw: Buffer }
  /** The client may go on to the gateway: with its StartupMessage (as it came, unless a version was negotiated), and what came behind. */
  | { readonly type: 'ready'; readonly reply: Buffer; readonly startup: StartupMessage; readonly rest: Buffer };

export interface HandshakeOptions {
  /** Undefined: no password is asked for. */
  readonly verifier: ScramVerifier | undefined;
  readonly serverNonce: string;
}

export class ClientHandshake {
  readonly #options: HandshakeOptions;
  readonly #decoder = new StartupDecoder();
  #startup: StartupMessage | undefined;
  #first: ScramServerFirst | undefined;
  #held: Buffer = nothing;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): HandshakeStep {
    try {
      return this.#startup === undefined ? this.#pushStartup(chunk) : this.#pushPassword(chunk, this.#startup);
    } catch (error) {
      if (error instanceof ProtocolError) return refused('08P01', error.message);
      throw error;
    }
  }

  #pushStartup(chunk: Buffer): HandshakeStep {
    const packet = this.#decoder.push(chunk);
    switch (packet.type) {
      case 'need_more':
        return { type: 'need_more', reply: nothing };
      case 'ssl_request':
      case 'gssenc_request':
        // The way to here does not leave the machine; the gateway is reached by TLS.
        return { type: 'need_more', reply: Buffer.from('N') };
      case 'direct_tls':
        return { type: 'refused', reply: nothing, reason: 'direct TLS is not offered on the local listener' };
      case 'cancel_request':
        return { type: 'cancel_request', raw: packet.raw };
      case 'startup':
        if (this.#options.verifier === undefined) {
          return { type: 'ready', reply: nothing, startup: packet, rest: packet.rest };
        }
        if (packet.rest.length > 0) throw new ProtocolError(`${packet.rest.length} bytes behind a StartupMessage`);
        return this.#askPassword(packet);
      default:
        return packet satisfies never;
    }
  }

  #askPassword(packet: StartupMessage): HandshakeStep {
    const { told, startup } = negotiate(packet);
    this.#startup = startup;
    return { type: 'need_more', reply: Buffer.concat([told, encodeAuthenticationSASL([SCRAM_SHA_256])]) };
  }

  #pushPassword(chunk: Buffer, startup: StartupMessage): HandshakeStep {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (bytes[0] !== 0x70) throw new ProtocolError(`expected a password message, got byte ${bytes[0]}`);
    if (bytes.length < 5) return this.#hold(bytes);
    const length = bytes.readInt32BE(1);
    if (length < 4 || length > maxPasswordMessageBytes) {
      throw new ProtocolError(
        `invalid password message: expected a length of 4 to ${maxPasswordMessageBytes}, got ${length}`,
      );
    }
    if (bytes.length < length + 1) return this.#hold(bytes);
    this.#held = nothing;
    const rest = bytes.subarray(length + 1);
    const verifier = this.#options.verifier!;
    if (this.#first === undefined) {
      if (rest.length > 0) throw new ProtocolError(`${rest.length} bytes behind a SASLInitialResponse`);
      const { mechanism, data } = decodeSASLInitialResponse(bytes, 5, length + 1);
      if (mechanism !== SCRAM_SHA_256)
        throw new ProtocolError('the client chose a SASL mechanism that was not offered');
      this.#first = serverFirst(data, this.#options.serverNonce, verifier);
      return { type: 'need_more', reply: encodeAuthenticationSASLContinue(this.#first.message) };
    }
    const final = serverFinal(this.#first, bytes.subarray(5, length + 1), verifier);
    if (final === undefined) {
      const hint = "use the password of this tunnel, which 'dbgate connect' shows in its URL";
      return refused('28P01', `password authentication failed for user "${startup.parameters.get('user')}"`, hint);
    }
    return { type: 'ready', reply: encodeAuthenticationSASLFinal(final), startup, rest };
  }

  #hold(bytes: Buffer): HandshakeStep {
    this.#held = Buffer.from(bytes);
    return { type: 'need_more', reply: nothing };
  }
}

function refused(code: string, message: string, hint?: string): HandshakeStep {
  return { type: 'refused', reply: encodeErrorResponse({ severity: 'FATAL', code, message, hint }), reason: message };
}
