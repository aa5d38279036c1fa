/**
 * A connection to the real database, from the first byte to its first ReadyForQuery. In: settings, the startup
 * parameters, a signal. Out: the paused socket and what the server said on the way. It must never trust the length of a
 * message, wait without end, or put the password into an error.
 */
import type net from 'node:net';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { decodeAuthentication } from '../pgwire/authentication.ts';
import { decodeErrorFields, type ErrorFields } from '../pgwire/error-response.ts';
import { ProtocolError } from '../pgwire/protocol-error.ts';
import {
  type BackendKey,
  decodeBackendKeyData,
  decodeParameterStatus,
  decodeReadyForQuery,
  type TransactionStatus,
} from '../pgwire/result.ts';
import { encodeStartup } from '../pgwire/startup.ts';
import { UpstreamAuthentication } from './upstream-authentication.ts';
import { openUpstreamSocket, unavailable, upstreamAddress } from './upstream-socket.ts';

/** Of one message, and of all until ReadyForQuery. */
const maxMessageBytes = 64 * 1024;
const maxStartupBytes = 1024 * 1024;

export interface Upstream {
  /**
   * Paused, without listeners but one that keeps an early 'error' from ending the process: check `destroyed`. What came
   * behind ReadyForQuery is the first that is read of it.
   */
  readonly socket: net.Socket;
  readonly parameterStatus: ReadonlyMap<string, string>;
  /** NoticeResponse messages, verbatim. */
  readonly notices: readonly Buffer[];
  /** Undefined: the server gave none, so nothing of it can be cancelled. */
  readonly backendKey: BackendKey | undefined;
  readonly txStatus: TransactionStatus;
}

/** The upstream's ErrorResponse, as the `cause` of the DbgateError. */
export class UpstreamRefusal extends Error {
  readonly fields: ErrorFields;
  constructor(fields: ErrorFields) {
    super(fields.message);
    this.name = 'UpstreamRefusal';
    this.fields = fields;
  }
}

/** Throws DbgateError `upstream_unavailable` with the server's SQLSTATE, or 08001/08006 where it gave none. */
export async function connectUpstream(
  settings: UpstreamSettings,
  startup: { readonly parameters: ReadonlyMap<string, string> },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Upstream> {
  return withDeadline(settings, options.signal, async (signal) => {
    const socket = await openUpstreamSocket(settings, signal);
    const reader = new StartupReader(settings, socket, signal);
    try {
      const parameters = new Map(startup.parameters).set('user', settings.user).set('database', settings.database);
      socket.write(encodeStartup(parameters));
      return await untilReady(settings, socket, reader);
    } catch (error) {
      reader.detach();
      socket.destroy();
      if (error instanceof ProtocolError) throw unavailable(settings, 'broke the PostgreSQL protocol', error);
      throw error;
    }
  });
}

/** Runs `work` with a signal that the caller's signal and `connectTimeoutMs` end. */
export async function withDeadline<T>(
  settings: UpstreamSettings,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { connectTimeoutMs } = settings;
  const timer = setTimeout(
    () => controller.abort(unavailable(settings, `did not answer within ${connectTimeoutMs} ms`)),
    connectTimeoutMs,
  );
  const onAbort = () =>
    controller.abort(new DbgateError(ErrorCode.cancelled, `connecting to ${upstreamAddress(settings)} was cancelled`));
  outer?.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted === true) onAbort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}

async function untilReady(settings: UpstreamSettings, socket: net.Socket, reader: StartupReader): Promise<Upstream> {
  const authentication = new UpstreamAuthentication(settings, socket);
  const parameterStatus = new Map<string, string>();
  const notices: Buffer[] = [];
  let backendKey: BackendKey | undefined;
  for (;;) {
    const raw = await reader.next();
    const type = String.fromCharCode(raw[0]!);
    if (type === 'R') {
      const answer = await authentication.answer(decodeAuthentication(raw, 5, raw.length));
      if (answer !== undefined) socket.write(answer);
      continue;
    }
    if (type === 'E') throw refusal(settings, decodeErrorFields(raw, 5, raw.length));
    if (type === 'N') {
      notices.push(raw);
      continue;
    }
    if (!authentication.done) throw new ProtocolError(`unexpected message ${printable(type)} before AuthenticationOk`);
    switch (type) {
      case 'S': {
        const { name, value } = decodeParameterStatus(raw, 5, raw.length);
        parameterStatus.set(name, value);
        break;
      }
      case 'K':
        backendKey = decodeBackendKeyData(raw, 5, raw.length);
        break;
      case 'Z':
        reader.detach();
        return { txStatus: decodeReadyForQuery(raw, 5, raw.length), socket, parameterStatus, notices, backendKey };
      default:
        throw new ProtocolError(`unexpected message ${printable(type)} before ReadyForQuery`);
    }
  }
}

/** Reads whole messages of bounded length from a socket that it pauses in between. */
class StartupReader {
  readonly #socket: net.Socket;
  readonly #signal: AbortSignal;
  #held: Buffer = Buffer.alloc(0);
  #received = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#socket.pause();
    this.#wake?.();
  };
  readonly #onError: (error: Error) => void;
  readonly #onClose: () => void;
  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  constructor(settings: UpstreamSettings, socket: net.Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    this.#onError = (error) => this.#fail(lost(settings, error));
    this.#onClose = () => this.#fail(lost(settings));
    socket.on('data', this.#onData).on('error', this.#onError).on('end', this.#onClose).on('close', this.#onClose);
    socket.pause();
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** One message, with its header. */
  async next(): Promise<Buffer> {
    for (;;) {
      const message = this.#take();
      if (message !== undefined) return message;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#received > maxStartupBytes) {
        throw new ProtocolError(`no ReadyForQuery within ${maxStartupBytes} bytes`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
    }
  }

  /** Lets go of the socket; what was read and not taken goes back into it. */
  detach(): void {
    this.#socket.pause();
    this.#socket.on('error', ignore);
    this.#socket.off('data', this.#onData).off('error', this.#onError);
    this.#socket.off('end', this.#onClose).off('close', this.#onClose);
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#held.length > 0 && !this.#socket.readableEnded && !this.#socket.destroyed)
      this.#socket.unshift(this.#held);
  }

  #take(): Buffer | undefined {
    const held = this.#held;
    if (held.length < 5) return undefined;
    const length = held.readInt32BE(1);
    if (length < 4 || length > maxMessageBytes) {
      throw new ProtocolError(
        `invalid message ${printable(String.fromCharCode(held[0]!))}: expected a length of 4 to ${maxMessageBytes}, got ${length}`,
      );
    }
    if (held.length < length + 1) return undefined;
    this.#held = held.subarray(length + 1);
    return held.subarray(0, length + 1);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }
}

function refusal(settings: UpstreamSettings, fields: ErrorFields): DbgateError {
  return new DbgateError(
    ErrorCode.upstreamUnavailable,
    `upstream ${upstreamAddress(settings)} refused the connection: ${fields.message}`,
    { sqlstate: fields.code, cause: new UpstreamRefusal(fields) },
  );
}

function lost(settings: UpstreamSettings, cause?: Error): DbgateError {
  return new DbgateError(
    ErrorCode.upstreamUnavailable,
    `upstream ${upstreamAddress(settings)} closed the connection during start-up`,
    { sqlstate: '08006', cause },
  );
}

function printable(type: string): string {
  return /[\x21-\x7e]/.test(type) ? `'${type}'` : `of byte ${type.charCodeAt(0)}`;
}

function ignore(): void {}
