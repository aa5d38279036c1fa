/**
 * One raw stream to the gateway: HTTPS, a request with `Upgrade: postgresql`, 101. In: the gateway's URL, a path, fresh
 * headers (token, DPoP proof). Out: the stream, or a DbgateError with the gateway's own code and hint. It must never go
 * on without TLS, nor show the headers.
 */
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { DbgateError, ErrorCode } from '../errors.ts';
import { privateAuthority } from '../private-authority.ts';
import type { CarriedStream } from '../streams/carried-stream.ts';
import { connectThroughProxy, proxyFromEnv } from './proxy.ts';
import type { SharedConnection } from './shared-connection.ts';

export interface DialOptions {
  /** https only. */
  readonly gatewayUrl: string;
  /** For example `/v1/databases/prod-db/connect`. */
  readonly path: string;
  /** What the gateway is to switch to; default `postgresql`. */
  readonly protocol?: string | undefined;
  /** A connection that this stream may share with others. */
  readonly shared?: SharedConnection | undefined;
  /** Asked for at each dial: a DPoP proof serves once. */
  readonly headers: () => Promise<Record<string, string>>;
  /** PEM of a private authority, trusted beside the system's; undefined: these alone. */
  readonly ca?: string | undefined;
  /** undefined: as HTTPS_PROXY and NO_PROXY say. */
  readonly proxy?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Until 101; default 15,000. */
  readonly timeoutMs?: number | undefined;
}

/** A connection that says nothing for so long may be dead without a sign, as when a network was changed. */
export const SILENCE_MS = 5_000;
const maxRefusalBytes = 64 * 1024;
const keepAliveDelayMs = 30_000;

/**
 * TLS sessions by `host:port`, so that the next dial resumes one; each only where the same authorities are trusted. Not
 * node's agent: it has each socket keep its request, the headers and all options for as long as it lives.
 */
const sessions = new WeakMap<object, Map<string, Buffer>>();
const SYSTEM_AUTHORITIES = {};

/** A half-open capable socket behind the 101. Throws DbgateError: the gateway's refusal, or `gateway_unreachable`. */
export async function dialUpgrade(options: DialOptions): Promise<Duplex> {
  const url = new URL(options.path, options.gatewayUrl);
  if (url.protocol !== 'https:') {
    throw new DbgateError(ErrorCode.usage, `the gateway's URL must begin with https:, got ${url.protocol}`);
  }
  const { protocol = 'postgresql' } = options;
  const headers = await options.headers();
  const timeoutMs = options.timeoutMs ?? 15_000;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(unreachable(url, `did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onAbort = () =>
    controller.abort(new DbgateError(ErrorCode.cancelled, `connecting to ${url.origin} was cancelled`));
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted === true) onAbort();
  const { signal } = controller;
  try {
    signal.throwIfAborted();
    for (let isFirst = true; ; isFirst = false) {
      const carried = await carriedBy(options.shared, signal);
      if (carried === undefined) break;
      const patience = isFirst ? AbortSignal.any([signal, AbortSignal.timeout(SILENCE_MS)]) : signal;
      try {
        return await upgrade(url, isFirst ? headers : await options.headers(), protocol, () => carried, patience);
      } catch (error) {
        if (reasonOf(error, signal).code === ErrorCode.gatewayUnreachable) options.shared!.distrust(carried);
        if (signal.aborted || !patience.aborted) throw error;
      }
    }
    const proxy = options.proxy ?? proxyFromEnv(url, process.env);
    const authority = options.ca === undefined ? undefined : privateAuthority(options.ca);
    for (;;) {
      const through = proxy === undefined ? undefined : await connectThroughProxy(proxy, url, signal);
      const context = authority?.secureContext;
      try {
        return await upgrade(url, headers, protocol, () => connectTls(url, context, through), signal);
      } catch (error) {
        through?.destroy();
        // Refused while TLS was set up: the headers have not left.
        if (context === undefined || !authority?.widen(context, (error as Error).cause)) throw error;
      }
    }
  } catch (error) {
    throw reasonOf(error, signal);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Others may wait for the same connection: it is dialled on when this one has no time for it any more. */
function carriedBy(shared: SharedConnection | undefined, signal: AbortSignal): Promise<CarriedStream | undefined> {
  if (shared === undefined) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    shared.stream().then((stream) => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) stream?.destroy();
      resolve(stream);
    }, reject);
  });
}

function reasonOf(error: unknown, signal: AbortSignal): DbgateError {
  return (signal.aborted ? signal.reason : error) as DbgateError;
}

function upgrade(
  url: URL,
  headers: Record<string, string>,
  protocol: string,
  connect: () => Duplex,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      method: 'GET',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || 443,
      path: url.pathname + url.search,
      headers: { ...headers, connection: 'Upgrade', upgrade: protocol },
      createConnection: connect,
    });
    // Not the option `signal`: it would outlive the request, and end the stream.
    const onAbort = () => request.destroy(signal.reason);
    signal.addEventListener('abort', onAbort);
    request.once('close', () => signal.removeEventListener('abort', onAbort));
    request.once('upgrade', (response, socket: Duplex, head: Buffer) => {
      signal.removeEventListener('abort', onAbort);
      if (response.headers.upgrade?.toLowerCase() !== protocol) {
        socket.destroy();
        return reject(unreachable(url, `switched to another protocol than ${protocol}`));
      }
      if (socket instanceof net.Socket) socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs);
      // Whoever takes the stream adds a listener of their own; until then an error must not end the process.
      socket.on('error', ignore);
      if (head.length > 0) socket.unshift(head);
      // Not within the event: Node loses what came behind the 101 if the stream is ended there.
      setImmediate(() => resolve(socket));
    });
    request.once('response', (response) => {
      readRefusal(response).then(
        (body) => reject(refusalOf(url, response.statusCode ?? 0, body)),
        (error: Error) => reject(unreachable(url, `broke off its refusal: ${error.message}`, error)),
      );
    });
    request.once('error', (error) => {
      reject(unreachable(url, describe(error), error, hintFor(error)));
    });
    request.end();
  });
}

/** What it leaves on the socket must hold nothing of the request. */
function connectTls(
  url: URL,
  secureContext: tls.SecureContext | undefined,
  through: net.Socket | undefined,
): net.Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || 443);
  const key = `${host}:${port}`;
  const trusted = secureContext ?? SYSTEM_AUTHORITIES;
  let known = sessions.get(trusted);
  if (known === undefined) sessions.set(trusted, (known = new Map()));
  const session = known.get(key);
  const socket = tls.connect({
    host,
    port,
    // A name of the certificate is asked for, and no address is one.
    servername: net.isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    allowHalfOpen: true,
    secureContext,
    ...(session === undefined ? {} : { session }),
    ...(through === undefined ? {} : { socket: through }),
  } as tls.ConnectionOptions);
  keepSessions(socket, known, key);
  return socket;
}

function keepSessions(socket: tls.TLSSocket, known: Map<string, Buffer>, key: string): void {
  socket.on('session', (session) => known.set(key, session));
  socket.once('close', (hadError) => {
    if (hadError) known.delete(key);
  });
}

function ignore(): void {}

async function readRefusal(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxRefusalBytes) break;
    chunks.push(chunk);
  }
  response.destroy();
  return Buffer.concat(chunks).toString('utf8');
}

const codes: ReadonlySet<string> = new Set(Object.values(ErrorCode));

/** The gateway's `{"error":{"code","message","hint"?}}`; what else answers (a load balancer) is known by its status. */
function refusalOf(url: URL, status: number, body: string): DbgateError {
  let error: { code?: unknown; message?: unknown; hint?: unknown } | undefined;
  try {
    error = (JSON.parse(body) as { error?: typeof error } | null)?.error;
  } catch {
    // Not the gateway's JSON.
  }
  if (typeof error?.code === 'string' && codes.has(error.code) && typeof error.message === 'string') {
    return new DbgateError(error.code as ErrorCode, oneLine(error.message), {
      ...(typeof error.hint === 'string' ? { hint: oneLine(error.hint) } : {}),
    });
  }
  if (status === 401) {
    return new DbgateError(ErrorCode.tokenInvalid, `${url.origin} refused the token`, {
      hint: `dbgate login ${url.origin}`,
    });
  }
  if (status === 403) return new DbgateError(ErrorCode.denied, `${url.origin} refused access (HTTP status 403)`);
  if (status === 404) return new DbgateError(ErrorCode.notFound, `${url.origin} has no ${url.pathname}`);
  return unreachable(url, `answered with HTTP status ${status} instead of 101`);
}

/** From the network: no control characters, of bounded length. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').slice(0, 1000);
}

function unreachable(url: URL, what: string, cause?: unknown, hint?: string): DbgateError {
  return new DbgateError(ErrorCode.gatewayUnreachable, `gateway ${url.origin} ${what}`, {
    cause,
    sqlstate: '08001',
    ...(hint === undefined ? {} : { hint }),
  });
}

function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return `cannot be reached: ${error.message || code || 'no address answered'}`;
}

function hintFor(error: Error): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/SELF_SIGNED|UNABLE_TO|CERT_|DEPTH_ZERO/.test(code))
    return "give the authority of the gateway's certificate with --ca-file or DBGATE_CA_FILE";
  return undefined;
}
