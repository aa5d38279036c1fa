/**
 * One client of the local listener, from its first byte to its last: handshake, a stream to the gateway, the pipe. It
 * must never replay anything but the StartupMessage, and that only before the gateway has said a word.
 */
import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { closeSoon } from '../close-soon.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { LateWrites } from '../late-writes.ts';
import { type ErrorFields, encodeErrorResponse } from '../pgwire/error-response.ts';
import type { ScramVerifier } from '../pgwire/scram.ts';
import { ClientHandshake } from './client-handshake.ts';
import type { GatewayLink } from './gateway-link.ts';
import { GRACE_MS, type Pipe, pipeBoth } from './pipe.ts';
import { SILENCE_MS } from './upgrade-client.ts';

export interface LocalConnectionOptions {
  readonly client: net.Socket;
  readonly link: GatewayLink;
  readonly lateWrites: LateWrites;
  readonly verifier: ScramVerifier | undefined;
  readonly startupTimeoutMs: number;
  /** The client has shown the password. */
  readonly onProved: () => void;
  readonly onOpened: () => void;
  /** Once, only after `onOpened`. */
  readonly onClosed: () => void;
  readonly onRefused: (error: DbgateError) => void;
}

const lost = { severity: 'FATAL', code: '08006', message: 'connection to the gateway was lost' };

/** @returns ends the connection with a FATAL of this message. */
export function serveLocalConnection(options: LocalConnectionOptions): (message: string) => void {
  const { client, link } = options;
  let handshake: ClientHandshake | undefined = new ClientHandshake({
    verifier: options.verifier,
    serverNonce: randomBytes(18).toString('base64'),
  });
  const gone = new AbortController();
  let pipe: Pipe | undefined;
  let gateway: Duplex | undefined;
  let open = false;

  const startupTimer = setTimeout(() => client.destroy(), options.startupTimeoutMs);
  startupTimer.unref();
  const onFirstBytes = (chunk: Buffer): void => {
    const step = handshake?.push(chunk);
    switch (step?.type) {
      case undefined:
        return;
      case 'need_more':
        if (step.reply.length > 0) client.write(step.reply);
        return;
      case 'refused':
        stopReading();
        options.onRefused(new DbgateError(ErrorCode.protocol, step.reason));
        if (step.reply.length > 0) client.write(step.reply);
        closeSoon(client, { graceMs: GRACE_MS });
        return;
      case 'cancel_request':
        stopReading();
        // It is all that this connection says: its end must not take the request with it.
        client.off('end', onEarlyEnd);
        void forwardCancel(step.raw);
        return;
      case 'ready':
        stopReading();
        options.onProved();
        if (step.reply.length > 0) client.write(step.reply);
        void start(step.startup.raw, step.rest, false);
        return;
      default:
        step satisfies never;
    }
  };
  const onEarlyEnd = (): void => void client.destroy();
  const stopReading = (): void => {
    clearTimeout(startupTimer);
    client.pause();
    client.off('data', onFirstBytes);
    // Its buffers are not kept for as long as the session lives.
    handshake = undefined;
  };

  async function start(startup: Buffer, rest: Buffer, fresh: boolean): Promise<void> {
    try {
      const { stream, wasSpare } = await link.take(gone.signal, fresh);
      gateway = stream;
      if (wasSpare && rest.length === 0) {
        if (!(await answers(stream, startup))) {
          if (!gone.signal.aborted) await start(startup, rest, true);
          return;
        }
      } else {
        stream.write(rest.length === 0 ? startup : Buffer.concat([startup, rest]));
      }
      if (gone.signal.aborted) {
        closeSoon(stream, { graceMs: GRACE_MS });
        return;
      }
      client.off('end', onEarlyEnd);
      open = true;
      options.onOpened();
      pipe = pipeBoth(client, stream, options.lateWrites, (end) => {
        if (end === 'closed') return;
        link.broken(new DbgateError(ErrorCode.gatewayUnreachable, lost.message, { sqlstate: lost.code }));
        sayLast(lost);
      });
    } catch (error) {
      if (gone.signal.aborted || client.writableEnded) return;
      const refusal =
        error instanceof DbgateError
          ? error
          : new DbgateError(ErrorCode.internal, 'the tunnel failed', { cause: error });
      options.onRefused(refusal);
      const { message, hint } = refusal;
      client.write(encodeErrorResponse({ severity: 'FATAL', code: sqlstateOf(refusal), message, hint }));
      closeSoon(client, { graceMs: GRACE_MS });
    }
  }

  /** Sends the StartupMessage on a stream dialled ahead; false if that turns out dead before the gateway says a word. */
  function answers(stream: Duplex, startup: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (alive: boolean): void => {
        clearTimeout(timer);
        stream.pause();
        stream.off('data', onData).off('end', onDead).off('close', onDead);
        client.off('close', onDead);
        if (!alive) stream.destroy();
        resolve(alive);
      };
      const onData = (chunk: Buffer): void => {
        settle(true);
        stream.unshift(chunk);
      };
      const onDead = (): void => settle(false);
      // Nobody knows whether it is dead, and a session that is opened twice harms nobody.
      const onSilence = (): void => {
        settle(false);
        link.broken(new DbgateError(ErrorCode.gatewayUnreachable, lost.message, { sqlstate: lost.code }));
      };
      const timer = setTimeout(onSilence, SILENCE_MS);
      stream.on('data', onData).on('end', onDead).on('close', onDead);
      client.on('close', onDead);
      stream.write(startup);
      stream.resume();
    });
  }

  async function forwardCancel(raw: Buffer): Promise<void> {
    try {
      const { stream } = await link.take(new AbortController().signal);
      stream.on('error', () => {}).once('close', () => client.destroy());
      stream.resume();
      stream.end(raw);
    } catch {
      // Nothing can be said on a connection that cancels.
      client.destroy();
    }
  }

  /** Inside a message nothing can be said: the bytes would be taken for its rest. */
  function sayLast(fields: ErrorFields, graceMs = GRACE_MS): void {
    if (pipe?.isBetweenMessages === false) {
      client.destroy();
      return;
    }
    client.write(encodeErrorResponse(fields));
    closeSoon(client, { graceMs });
  }

  client.on('error', () => {});
  client.on('data', onFirstBytes);
  client.on('end', onEarlyEnd);
  client.once('close', () => {
    clearTimeout(startupTimer);
    gone.abort();
    if (open) options.onClosed();
  });

  return (message) => {
    pipe?.detach();
    if (gateway !== undefined) closeSoon(gateway, { graceMs: 500 });
    if (client.destroyed || client.writableEnded) return;
    if (open) sayLast({ severity: 'FATAL', code: '57P01', message }, 500);
    else closeSoon(client, { graceMs: 500 });
  };
}

function sqlstateOf(error: DbgateError): string {
  switch (error.code) {
    case ErrorCode.loginRequired:
    case ErrorCode.tokenInvalid:
    case ErrorCode.denied:
    case ErrorCode.requestDenied:
    case ErrorCode.expired:
      return error.sqlstate ?? '28000';
    case ErrorCode.notFound:
      return error.sqlstate ?? '3D000';
    case ErrorCode.gatewayUnreachable:
      return error.sqlstate ?? '08001';
    default:
      return error.sqlstate ?? '08006';
  }
}
