/**
 * A socket to the upstream, encrypted as its settings ask: TCP or a Unix socket, SSLRequest, TLS. In: settings and a
 * signal that ends it all. Out: a paused socket. It must never read a byte of the protocol beyond the server's one-byte
 * answer, nor go on in the clear where the mode asks for TLS.
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html
 */
import net from 'node:net';
import tls from 'node:tls';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { encodeSslRequest } from '../pgwire/startup.ts';
import { readsThroughBuffer } from '../socket-reads.ts';

const keepAliveDelayMs = 60_000;

/** Where the upstream is, for messages. */
export function upstreamAddress(settings: UpstreamSettings): string {
  return isUnixSocket(settings) ? unixPath(settings) : `${settings.host}:${settings.port}`;
}

export function isUnixSocket(settings: UpstreamSettings): boolean {
  return settings.host.startsWith('/');
}

/** Throws DbgateError `upstream_unavailable`, or the signal's reason. */
export async function openUpstreamSocket(settings: UpstreamSettings, signal: AbortSignal): Promise<net.Socket> {
  const { mode } = settings.tls;
  // As libpq: a Unix socket is not encrypted, whatever the mode.
  if (isUnixSocket(settings) || mode === 'disable') return connect(settings, signal);
  const socket = await connect(settings, signal);
  const answer = await askForTls(settings, socket, signal);
  if (answer === 'N') {
    if (mode === 'prefer') return socket;
    socket.destroy();
    throw unavailable(settings, `does not offer TLS, and tls.mode is ${mode}`);
  }
  try {
    return await startTls(settings, socket, signal);
  } catch (error) {
    if (mode !== 'prefer' || signal.aborted) throw error;
    return connect(settings, signal);
  }
}

export function unavailable(settings: UpstreamSettings, what: string, cause?: unknown, hint?: string): DbgateError {
  return new DbgateError(ErrorCode.upstreamUnavailable, `upstream ${upstreamAddress(settings)} ${what}`, {
    cause,
    sqlstate: '08001',
    ...(hint === undefined ? {} : { hint }),
  });
}

function connect(settings: UpstreamSettings, signal: AbortSignal): Promise<net.Socket> {
  const where = isUnixSocket(settings)
    ? { path: unixPath(settings) }
    : {
        host: settings.host,
        port: settings.port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelayMs,
      };
  const socket = net.connect({ ...where, onread: readsThroughBuffer });
  return settled(settings, socket, signal, (resolve) => {
    socket.once('connect', () => resolve(socket));
  });
}

function askForTls(settings: UpstreamSettings, socket: net.Socket, signal: AbortSignal): Promise<'S' | 'N'> {
  return settled(settings, socket, signal, (resolve, reject) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      const answer = String.fromCharCode(chunk[0]!);
      // Exactly one byte: more would be data in the clear from someone who hopes it is read as encrypted (CVE-2021-23222).
      if (chunk.length === 1 && (answer === 'S' || answer === 'N')) resolve(answer);
      else reject(unavailable(settings, `did not answer SSLRequest with one byte S or N`));
    });
    socket.resume();
    socket.write(encodeSslRequest());
  });
}

function startTls(settings: UpstreamSettings, raw: net.Socket, signal: AbortSignal): Promise<net.Socket> {
  const { mode, ca } = settings.tls;
  // As libpq: `require` with a CA given checks the chain.
  const checksChain = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined);
  const socket = tls.connect({
    socket: raw,
    host: settings.host,
    ...(net.isIP(settings.host) === 0 ? { servername: settings.host } : {}),
    secureContext: secureContextOf(settings),
    rejectUnauthorized: checksChain,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  });
  return settled(settings, socket, signal, (resolve) => {
    socket.once('secureConnect', () => {
      socket.pause();
      resolve(socket);
    });
  });
}

/** Contexts are dear to make (CA parsing) and hold nothing of a connection. */
const secureContexts = new WeakMap<UpstreamSettings, tls.SecureContext>();

function secureContextOf(settings: UpstreamSettings): tls.SecureContext {
  let context = secureContexts.get(settings);
  if (context === undefined) {
    const { ca, cert, key } = settings.tls;
    context = tls.createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' });
    secureContexts.set(settings, context);
  }
  return context;
}

/** One step on a socket: it ends by its own event, an error, the other side's close, or the signal. */
function settled<T>(
  settings: UpstreamSettings,
  socket: net.Socket,
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown) => {
      finish();
      // Late errors of a socket that is given up have nobody to go to.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error) => fail(unavailable(settings, describe(error), error));
    const onClose = () => fail(unavailable(settings, 'closed the connection before it was set up'));
    const onAbort = () => fail(signal.reason);
    const finish = () => {
      socket.off('error', onError).off('close', onClose).off('end', onClose);
      signal.removeEventListener('abort', onAbort);
    };
    socket.on('error', onError).on('close', onClose).on('end', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) return onAbort();
    start((value) => {
      finish();
      resolve(value);
    }, fail);
  });
}

function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'has a certificate for another name';
  if (error instanceof AggregateError) return `cannot be reached: ${code ?? 'no address answered'}`;
  return `cannot be reached: ${error.message}`;
}

function unixPath(settings: UpstreamSettings): string {
  return `${settings.host}/.s.PGSQL.${settings.port}`;
}
