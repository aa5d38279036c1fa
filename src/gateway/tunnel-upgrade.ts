/** `GET /v1/databases/{name}/connect` with Upgrade: from a verified request to a session on the raw stream. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeSoon } from '../close-soon.ts';
import { DbgateError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import { StartupDecoder } from '../pgwire/startup.ts';
import { readFirstPacket } from './first-packet.ts';
import type { GatewayState } from './gateway-state.ts';
import { refuseConnection, startSession } from './session-start.ts';

export const UPGRADE_PROTOCOL = 'postgresql';
/** A spare connection of the CLI's may wait for its client. */
const SPARE_TIMEOUT_MS = 120_000;
const MAX_PURPOSE = 500;

/** Throws the refusal of what is no request to switch to that protocol. */
export function checkUpgradeTo(protocol: string, request: IncomingMessage): void {
  if (request.method !== 'GET') throw new DbgateError('usage', 'this route takes GET');
  if (request.headers.upgrade?.toLowerCase() !== protocol)
    throw new DbgateError('usage', `Upgrade must be ${protocol}`);
  // What came behind a body would be read as protocol here, and perhaps as part of the body by a proxy before us.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) {
    throw new DbgateError('usage', 'a request with Upgrade has no body');
  }
}

/** Checks what can be checked before 101; throws the refusal. */
export function checkUpgrade(
  gateway: GatewayState,
  request: IncomingMessage,
  principal: Principal,
  database: string,
): void {
  checkUpgradeTo(UPGRADE_PROTOCOL, request);
  gateway.grantFor(principal, database, purposeOf(request));
  tunnelOf(request);
}

export async function serveTunnel(
  gateway: GatewayState,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  principal: Principal,
  database: string,
): Promise<void> {
  const clientAddress = `${request.socket.remoteAddress ?? '?'}:${request.socket.remotePort ?? 0}`;
  client.on('error', () => client.destroy());
  client.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE_PROTOCOL}\r\n\r\n`);
  try {
    if (head.length > 0) client.unshift(head);
    const packet = await readFirstPacket(client, new StartupDecoder({ encrypted: true }), SPARE_TIMEOUT_MS);
    if (packet.type === 'cancel_request') {
      gateway.sessions.cancel(packet.pid, packet.secret);
      closeSoon(client);
      return;
    }
    if (packet.type !== 'startup')
      throw new DbgateError('protocol', `unexpected ${packet.type} in a tunnel`, { sqlstate: '08P01' });
    await startSession(gateway, {
      client,
      startup: packet,
      principal,
      database,
      via: 'tunnel',
      tunnel: tunnelOf(request),
      purpose: purposeOf(request),
      clientAddress,
    });
  } catch (error) {
    // A spare connection that was never used is no refusal.
    if (error instanceof DbgateError && (error.code === 'cancelled' || error.code === 'wait_timed_out')) {
      client.destroy();
      return;
    }
    refuseConnection(gateway, { client, clientAddress, principal, database }, error);
  }
}

function tunnelOf(request: IncomingMessage): string | undefined {
  const tunnel = singleHeader(request, 'dbgate-tunnel');
  if (tunnel === undefined) return undefined;
  if (!/^[\w-]{1,64}$/.test(tunnel)) throw new DbgateError('usage', 'Dbgate-Tunnel is not an id');
  return tunnel;
}

function purposeOf(request: IncomingMessage): string | undefined {
  const raw = singleHeader(request, 'dbgate-purpose');
  if (raw === undefined || raw === '') return undefined;
  let purpose: string;
  try {
    purpose = decodeURIComponent(raw);
  } catch {
    throw new DbgateError('usage', 'Dbgate-Purpose is not percent-encoded UTF-8');
  }
  if (purpose.length > MAX_PURPOSE)
    throw new DbgateError('usage', `the purpose is longer than ${MAX_PURPOSE} characters`);
  // It is read by people, in lists of one line each.
  if (/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(purpose))
    throw new DbgateError('usage', 'the purpose has control characters');
  return purpose;
}

/** Which of two headers counts is not for each party on the way to decide for itself. */
export function singleHeader(request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name];
  if (values === undefined) return undefined;
  if (values.length > 1) throw new DbgateError('usage', `more than one ${name} header`);
  return values[0];
}
