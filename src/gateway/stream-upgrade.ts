/**
 * `GET /v1/streams` with Upgrade: one connection on which the CLI opens many streams (`src/streams/`). Each of them is a
 * connection of its own to the HTTPS server, inside the TLS of the one: its request shows a token as any other does. It
 * must never serve a stream for more than what that token is good for.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DbgateError } from '../errors.ts';
import { CarriedStream } from '../streams/carried-stream.ts';
import { Carrier } from '../streams/carrier.ts';
import { DIALLED_WINDOW, SERVED_WINDOW, STREAMS_PROTOCOL } from '../streams/contract.ts';
import { checkUpgradeTo } from './tunnel-upgrade.ts';

/** A connection without streams may wait so long for the next. */
const IDLE_MS = 120_000;

/** Throws the refusal. */
export function checkStreams(request: IncomingMessage): void {
  checkUpgradeTo(STREAMS_PROTOCOL, request);
  if ((request.socket as Duplex) instanceof CarriedStream)
    throw new DbgateError('usage', 'a stream carries no streams');
}

/** `accept`: serves a stream as a connection; false: there are too many. */
export function serveStreams(
  connection: Duplex,
  head: Buffer,
  accept: (stream: CarriedStream) => boolean,
  idleMs = IDLE_MS,
): void {
  connection.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${STREAMS_PROTOCOL}\r\n\r\n`);
  if (head.length > 0) connection.unshift(head);
  let idle: NodeJS.Timeout | undefined;
  const waitForStreams = (): void => {
    clearTimeout(idle);
    if (carrier.size === 0) idle = setTimeout(() => carrier.destroy(), idleMs).unref();
  };
  const carrier = new Carrier(connection, {
    window: SERVED_WINDOW,
    peerWindow: DIALLED_WINDOW,
    accept(stream) {
      clearTimeout(idle);
      stream.once('close', waitForStreams);
      return accept(stream);
    },
    onClosed: () => clearTimeout(idle),
  });
  waitForStreams();
}
