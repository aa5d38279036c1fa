import type { Duplex } from 'node:stream';
import { closeSoon } from '../close-soon.ts';
import { LateWriter, type LateWrites } from '../late-writes.ts';
import { takeReads } from '../socket-reads.ts';
import { MessageBoundary } from './message-boundary.ts';

/** Why a pipe ended: `closed` in order, or the gateway's stream broke off under a client that was not done. */
export type PipeEnd = 'closed' | 'gateway_lost';

export interface Pipe {
  /** Ends the pipe without calling `onEnd`; the streams are left as they are. */
  detach(): void;
  /** Can the client be told something now, or would it stand inside a message? */
  readonly isBetweenMessages: boolean;
}

const terminate = 0x58;

/** How long either side may take to read what is left and close. */
export const GRACE_MS = 2_000;

/**
 * Carries bytes between a client and the gateway until both directions have ended, each with backpressure and half-close.
 * `onEnd` is called once: at `gateway_lost` the client is still open for a last message, else both are being closed.
 */
export function pipeBoth(client: Duplex, gateway: Duplex, lateWrites: LateWrites, onEnd: (end: PipeEnd) => void): Pipe {
  const boundary = new MessageBoundary();
  const toGateway = new LateWriter(gateway, lateWrites, () => client.pause());
  const toClient = new LateWriter(client, lateWrites, () => gateway.pause());
  let clientDone = false;
  let gatewayDone = false;

  const fromClient = (chunk: Buffer): void => {
    clientDone = isTerminate(chunk);
    toGateway.write(chunk);
  };
  const fromGateway = (chunk: Buffer): void => {
    boundary.push(chunk);
    toClient.write(chunk);
  };
  const gatewayDrained = (): void => void client.resume();
  const clientDrained = (): void => void gateway.resume();
  const clientEnded = (): void => {
    clientDone = true;
    toGateway.flush();
    if (gatewayDone) finish('closed');
    else gateway.end();
  };
  const gatewayEnded = (): void => {
    gatewayDone = true;
    toClient.flush();
    // Without Terminate from the client or a word from the gateway, this is no end of a session; inside a message the
    // gateway has cut the session on purpose, since nothing could be said.
    if (!clientDone && !boundary.endedInError && boundary.isBetweenMessages) finish('gateway_lost');
    else if (client.readableEnded) finish('closed');
    else client.end();
  };
  const clientClosed = (): void => finish('closed');
  const gatewayClosed = (): void =>
    finish(gatewayDone || clientDone || boundary.endedInError ? 'closed' : 'gateway_lost');

  const detach = (): void => {
    toGateway.flush();
    toClient.flush();
    stopClient();
    stopGateway();
    client.off('drain', clientDrained).off('end', clientEnded).off('close', clientClosed);
    gateway.off('drain', gatewayDrained).off('end', gatewayEnded).off('close', gatewayClosed);
  };
  function finish(end: PipeEnd): void {
    detach();
    closeSoon(gateway, { graceMs: GRACE_MS });
    if (end === 'closed') closeSoon(client, { graceMs: GRACE_MS });
    onEnd(end);
  }

  const stopClient = takeReads(client, fromClient);
  const stopGateway = takeReads(gateway, fromGateway);
  // 'close' follows an error, and says enough.
  client.on('error', ignore).on('drain', clientDrained).on('end', clientEnded);
  gateway.on('error', ignore).on('drain', gatewayDrained).on('end', gatewayEnded);
  client.on('close', clientClosed);
  gateway.on('close', gatewayClosed);
  client.resume();
  gateway.resume();
  return {
    detach,
    get isBetweenMessages() {
      return boundary.isBetweenMessages;
    },
  };
}

function ignore(): void {}

/** The client's last word is Terminate; it comes in a chunk's last 5 bytes. */
function isTerminate(chunk: Buffer): boolean {
  const at = chunk.length - 5;
  return at >= 0 && chunk[at] === terminate && chunk.readInt32BE(at + 1) === 4;
}
