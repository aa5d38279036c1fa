/**
 * The developer's end of the tunnel: a listener for PostgreSQL clients on this machine, each joined to a stream of its
 * own to the gateway. In: where to listen, the tunnel's password, how to dial. Out: where it listens, events, close().
 * It must never be usable by the machine's other users without the password, and stays when the gateway goes.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { DbgateError, ErrorCode } from '../errors.ts';
import { LateWrites } from '../late-writes.ts';
import { scramKeys } from '../pgwire/scram.ts';
import { acceptThroughBuffer } from '../socket-reads.ts';
import { boundYoungGeneration } from '../young-generation.ts';
import { GatewayLink } from './gateway-link.ts';
import { serveLocalConnection } from './local-connection.ts';
import { prepareSocketPath, restrictSocket } from './socket-path.ts';

export interface LocalListenerEvents {
  /** A client was joined to the gateway. */
  readonly connectionOpened?: (open: number) => void;
  readonly connectionClosed?: (open: number) => void;
  /** A client was turned away: wrong password, bad protocol, the gateway's refusal, no gateway. */
  readonly refused?: (error: DbgateError) => void;
  readonly gatewayLost?: (error: DbgateError) => void;
  readonly gatewayRegained?: () => void;
}

export interface LocalListenerOptions {
  /** TCP on 127.0.0.1 (0: any free port), or a Unix socket. */
  readonly listen: { readonly port: number } | { readonly socketPath: string };
  /** Asked of every client; `trust` only on a Unix socket, whose mode 0600 then is the guard. */
  readonly password: string | { readonly trust: true };
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  /** Streams dialled ahead; default 1. */
  readonly spare?: number | undefined;
  /** How long a new client waits for a lost gateway; default 5,000. */
  readonly redialForMs?: number | undefined;
  /** Until a client has proved the password; default 60,000. */
  readonly startupTimeoutMs?: number | undefined;
  readonly events?: LocalListenerEvents | undefined;
}

export interface LocalListener {
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** Clients joined to the gateway. */
  readonly openConnections: number;
  /** Stops listening; every client gets a FATAL 57P01 and is closed. */
  close(): Promise<void>;
}

/**
 * Clients that have not shown the password yet. Any user of the machine can connect to a TCP port: above this the one that
 * waited longest goes, since whoever has the password shows it at once.
 */
const maxUnproved = 64;

/** Of a random password: more iterations would only cost each client time. */
const iterations = 4096;

export async function openLocalListener(options: LocalListenerOptions): Promise<LocalListener> {
  boundYoungGeneration();
  const { listen, password, events = {} } = options;
  if (typeof password !== 'string' && !('socketPath' in listen)) {
    throw new DbgateError(ErrorCode.usage, 'a tunnel without a password listens on a Unix socket only');
  }
  const verifier = typeof password === 'string' ? scramKeys(password, randomBytes(16), iterations) : undefined;
  const link = new GatewayLink({
    dial: options.dial,
    spare: options.spare ?? 1,
    redialForMs: options.redialForMs ?? 5000,
    onLost: (error) => events.gatewayLost?.(error),
    onRegained: () => events.gatewayRegained?.(),
  });
  const clients = new Map<net.Socket, (message: string) => void>();
  const unproved = new Set<net.Socket>();
  const lateWrites = new LateWrites();
  let open = 0;

  const server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const client = acceptThroughBuffer(accepted);
    const end = serveLocalConnection({
      client,
      link,
      lateWrites,
      verifier,
      startupTimeoutMs: options.startupTimeoutMs ?? 60_000,
      onProved: () => unproved.delete(client),
      onOpened: () => events.connectionOpened?.(++open),
      onClosed: () => events.connectionClosed?.(--open),
      onRefused: (error) => events.refused?.(error),
    });
    clients.set(client, end);
    unproved.add(client);
    if (unproved.size > maxUnproved)
      for (const oldest of unproved) {
        unproved.delete(oldest);
        oldest.destroy();
        break;
      }
    client.once('close', () => {
      clients.delete(client);
      unproved.delete(client);
    });
  });
  const address = await listenOn(server, listen);
  link.fill();

  return {
    address,
    get openConnections() {
      return open;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      link.close();
      for (const end of clients.values()) end('the tunnel was closed');
      await closed;
    },
  };
}

async function listenOn(server: net.Server, listen: LocalListenerOptions['listen']): Promise<LocalListener['address']> {
  if ('socketPath' in listen) await prepareSocketPath(listen.socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, listen)));
    server.listen(
      'socketPath' in listen ? { path: listen.socketPath } : { host: '127.0.0.1', port: listen.port },
      resolve,
    );
  });
  // Of a single accept (EMFILE): the listener goes on.
  server.on('error', () => {});
  if ('socketPath' in listen) {
    await restrictSocket(listen.socketPath);
    return { socketPath: listen.socketPath };
  }
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

function listenError(error: NodeJS.ErrnoException, listen: LocalListenerOptions['listen']): DbgateError {
  const where = 'socketPath' in listen ? listen.socketPath : `127.0.0.1:${listen.port}`;
  const hint = 'socketPath' in listen ? 'choose another path with --socket' : 'choose another port with --port';
  return new DbgateError(ErrorCode.usage, `cannot listen on ${where}: ${error.code ?? error.message}`, {
    cause: error,
    hint,
  });
}
