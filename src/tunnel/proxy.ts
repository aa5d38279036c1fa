import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { DbgateError, ErrorCode } from '../errors.ts';

/** The proxy for an https URL by HTTPS_PROXY and NO_PROXY, in either case. Loopback is never proxied. */
export function proxyFromEnv(target: URL, env: NodeJS.ProcessEnv): string | undefined {
  const proxy = env.https_proxy || env.HTTPS_PROXY || env.all_proxy || env.ALL_PROXY;
  if (!proxy || isLoopback(target.hostname)) return undefined;
  const port = target.port || '443';
  const direct = (env.no_proxy || env.NO_PROXY || '').toLowerCase().split(/[\s,]+/);
  return direct.some((entry) => covers(entry, target.hostname, port)) ? undefined : proxy;
}

/**
 * Opens a tunnel through an HTTP or HTTPS proxy by CONNECT; the socket is half-open capable and nothing was read from it.
 * Throws DbgateError `gateway_unreachable`.
 */
export function connectThroughProxy(proxy: string, target: URL, signal: AbortSignal): Promise<net.Socket> {
  const url = parseProxy(proxy);
  const authority = `${target.hostname}:${target.port || '443'}`;
  const headers: Record<string, string> = { host: authority };
  if (url.username !== '') {
    const userinfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['proxy-authorization'] = `Basic ${Buffer.from(userinfo).toString('base64')}`;
  }
  return new Promise((resolve, reject) => {
    // `allowHalfOpen` reaches net.connect, though the types of http do not know it.
    const options: https.RequestOptions & { allowHalfOpen: boolean } = {
      method: 'CONNECT',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      path: authority,
      headers,
      agent: false,
      allowHalfOpen: true,
    };
    const request = (url.protocol === 'https:' ? https : http).request(options);
    const onAbort = () => request.destroy(signal.reason);
    signal.addEventListener('abort', onAbort);
    const fail = (what: string, cause?: unknown) =>
      reject(new DbgateError(ErrorCode.gatewayUnreachable, `proxy ${url.host} ${what}`, { cause, sqlstate: '08001' }));
    request.once('connect', (response, socket: net.Socket, head: Buffer) => {
      signal.removeEventListener('abort', onAbort);
      if (response.statusCode !== 200) {
        socket.destroy();
        return fail(`refused to connect to ${authority}: HTTP status ${response.statusCode}`);
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      fail(`does not support CONNECT: HTTP status ${response.statusCode}`);
    });
    request.once('error', (error) => fail(`cannot be reached: ${error.message}`, error));
    request.end();
  });
}

function parseProxy(proxy: string): URL {
  // The proxy's text can hold a password: it is in no message.
  const url = URL.canParse(proxy)
    ? new URL(proxy)
    : URL.canParse(`http://${proxy}`)
      ? new URL(`http://${proxy}`)
      : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new DbgateError(ErrorCode.config, 'the proxy is not an http: or https: URL', {
      hint: 'set HTTPS_PROXY to http://host:port',
      sqlstate: '08001',
    });
  }
  return url;
}

function covers(entry: string, hostname: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const match = /^(.*?)(?::(\d+))?$/.exec(entry);
  if (match?.[2] !== undefined && match[2] !== port) return false;
  const name = (match?.[1] ?? '').replace(/^\*?\./, '');
  return hostname === name || hostname.endsWith(`.${name}`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (net.isIPv4(hostname) && hostname.startsWith('127.'));
}
