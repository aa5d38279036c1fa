/**
 * The Postgres listener for clients without the CLI: TLS only (by SSLRequest, or at once with ALPN `postgresql`), the
 * password is a database token of the gateway, the database is named as at the gateway.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { closeSoon } from '../close-soon.ts';
import { DbgateError } from '../errors.ts';
import { displayName, type Principal } from '../identity/principal.ts';
import { decodePasswordMessage, encodeAuthenticationCleartextPassword } from '../pgwire/authentication.ts';
import { HEADER_BYTES, MessageReader } from '../pgwire/framing.ts';
import { negotiate } from '../pgwire/negotiation.ts';
import { StartupDecoder } from '../pgwire/startup.ts';
import { readFirstPacket, readWith } from './first-packet.ts';
import type { GatewayState } from './gateway-state.ts';
import { refuseConnection, startSession } from './session-start.ts';

const REFUSE_ENCRYPTION = Buffer.from('N');
const ACCEPT_TLS = Buffer.from('S');
const PASSWORD = 0x70;
const MAX_PASSWORD_BYTES = 16_384;
const NONE: ReadonlySet<number> = new Set();

export interface NativeListenerOptions {
  readonly gateway: GatewayState;
  /** Read for each connection, so that a renewed certificate counts at once. */
  secureContext(): tls.SecureContext;
  verifyDatabaseToken(token: string, database: string): Promise<Principal>;
  /** False: there are too many, and the socket is gone. */
  admit(socket: net.Socket): boolean;
  /** The client behind the socket has shown a valid token. */
  proved(socket: net.Socket): void;
}

const KEEP_ALIVE_MS = 60_000;

export function createNativeListener(options: NativeListenerOptions): net.Server {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  return net.createServer({ allowHalfOpen: true, noDelay: true, ...keepAlive }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (!options.admit(socket)) return;
    void serve(options, socket);
  });
}

async function serve(options: NativeListenerOptions, socket: net.Socket): Promise<void> {
  const { gateway } = options;
  const clientAddress = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
  const timeoutMs = gateway.settings.limits.startupTimeoutMs;
  let client: Duplex = socket;
  try {
    const decoder = new StartupDecoder();
    for (;;) {
      const packet = await readFirstPacket(client, decoder, timeoutMs);
      switch (packet.type) {
        case 'gssenc_request':
          socket.write(REFUSE_ENCRYPTION);
          continue;
        case 'cancel_request':
          // In the clear as libpq of old sends it: the key alone decides.
          gateway.sessions.cancel(packet.pid, packet.secret);
          closeSoon(socket);
          return;
        case 'startup':
          throw new DbgateError('denied', 'TLS is required on this listener', {
            sqlstate: '28000',
            hint: 'Connect with sslmode=require (or verify-full with the gateway’s CA).',
          });
        case 'ssl_request':
          socket.write(ACCEPT_TLS);
          break;
        case 'direct_tls':
          socket.unshift(packet.rest);
          break;
        default: {
          const never: never = packet;
          throw never;
        }
      }
      const secure = await handshake(socket, options.secureContext(), timeoutMs, packet.type === 'direct_tls');
      client = secure;
      break;
    }
    await serveEncrypted(options, socket, client, clientAddress, timeoutMs);
  } catch (error) {
    refuseConnection(gateway, { client, clientAddress }, error);
  }
}

async function serveEncrypted(
  options: NativeListenerOptions,
  socket: net.Socket,
  client: Duplex,
  clientAddress: string,
  timeoutMs: number,
): Promise<void> {
  const { gateway } = options;
  const packet = await readFirstPacket(client, new StartupDecoder({ encrypted: true }), timeoutMs);
  if (packet.type === 'cancel_request') {
    gateway.sessions.cancel(packet.pid, packet.secret);
    closeSoon(client);
    return;
  }
  if (packet.type !== 'startup')
    throw new DbgateError('protocol', `unexpected ${packet.type} inside TLS`, { sqlstate: '08P01' });
  const user = packet.parameters.get('user')!;
  const database = packet.parameters.get('database') ?? user;
  if (packet.rest.length > 0) throw new DbgateError('protocol', 'data before authentication', { sqlstate: '08P01' });
  const { told, startup } = negotiate(packet);
  client.write(Buffer.concat([told, encodeAuthenticationCleartextPassword()]));
  const password = await readPassword(client, timeoutMs);
  let principal: Principal;
  try {
    principal = await options.verifyDatabaseToken(password, database);
  } catch (error) {
    throw new DbgateError('token_invalid', `authentication failed for database ${JSON.stringify(database)}`, {
      sqlstate: '28P01',
      hint: `The password is a short-lived token: run \`dbgate token ${database}\`.`,
      cause: error,
    });
  }
  if (user !== displayName(principal) && user !== principal.subject) {
    throw new DbgateError('denied', `the token is not for user ${JSON.stringify(user)}`, {
      sqlstate: '28000',
      hint: `Connect as ${displayName(principal)}.`,
    });
  }
  options.proved(socket);
  await startSession(gateway, {
    client,
    startup,
    principal,
    database,
    via: 'native',
    tunnel: undefined,
    purpose: undefined,
    clientAddress,
  });
}

function handshake(
  socket: net.Socket,
  secureContext: tls.SecureContext,
  timeoutMs: number,
  direct: boolean,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext,
      allowHalfOpen: true,
      ...(direct ? { ALPNProtocols: ['postgresql'] } : {}),
    } as tls.TLSSocketOptions);
    const onClose = (): void => fail('the client went away');
    const fail = (message: string): void => {
      clearTimeout(timer);
      secure.destroy();
      reject(new DbgateError('protocol', message, { sqlstate: '08P01' }));
    };
    const timer = setTimeout(() => fail('no TLS handshake in time'), timeoutMs);
    secure.on('error', (error: Error) => fail(`TLS: ${error.message}`));
    secure.once('close', onClose);
    secure.once('secure', () => {
      // Direct TLS without ALPN could be another protocol's handshake, replayed here (ALPACA).
      if (direct && secure.alpnProtocol !== 'postgresql') return fail('direct TLS needs ALPN "postgresql"');
      clearTimeout(timer);
      secure.off('close', onClose);
      resolve(secure);
    });
  });
}

function readPassword(client: Duplex, timeoutMs: number): Promise<string> {
  let password: string | undefined;
  const reader = new MessageReader(
    { side: 'frontend', known: new Set([PASSWORD]), streamed: NONE, maxWholeBytes: MAX_PASSWORD_BYTES },
    {
      message(_type, buffer, start, end) {
        if (password !== undefined)
          throw new DbgateError('protocol', 'data behind the password', { sqlstate: '08P01' });
        password = decodePasswordMessage(buffer, start + HEADER_BYTES, end);
        return true;
      },
      piece: () => {},
    },
  );
  return readWith(client, timeoutMs, (chunk) => {
    reader.push(chunk);
    if (password !== undefined && !reader.atBoundary)
      throw new DbgateError('protocol', 'data behind the password', { sqlstate: '08P01' });
    return password;
  });
}
