import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { proxySettings } from '../config/proxy.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request and the reading of its answer. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface HttpClient {
  /** Follows no redirect. */
  request(url: URL | string, options: HttpRequest): Promise<HttpAnswer>;
  /** undici's `fetch`, as openid-client and jose want it. */
  fetch(url: string, init?: object): Promise<Response>;
  /** PEM of a private CA to trust beside those that node trusts anyway; undefined: those alone. */
  readonly ca: string | undefined;
  close(): Promise<void>;
}

/**
 * HTTP of the developer's side: private CA and proxies from the settings, the same for gateway and issuer. undici does
 * `fetch` and what goes through a proxy, and is loaded for these only: that alone takes 60 ms of CPU, of which a
 * question to the gateway by `node:https` takes 12, and most starts of the CLI are one question.
 */
export async function openHttpClient(env: Env, caFile: string | undefined = env.DBGATE_CA_FILE): Promise<HttpClient> {
  const ca = caFile ? await readCertificates(caFile) : undefined;
  const proxies = proxySettings(env);
  const isProxied = proxies.httpProxy !== '' || proxies.httpsProxy !== '';
  let requester: import('./node-request.ts').NodeRequester | undefined;
  let opened: Promise<Dispatcher> | undefined;

  async function openDispatcher(): Promise<Dispatcher> {
    const [{ EnvHttpProxyAgent }, { getCACertificates }] = await Promise.all([import('undici'), import('node:tls')]);
    const tls = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
    return new EnvHttpProxyAgent({ ...proxies, connect: { ...tls, timeout: 10_000 }, requestTls: tls, proxyTls: tls });
  }
  function dispatcher(): Promise<Dispatcher> {
    opened ??= openDispatcher();
    return opened;
  }

  return {
    ca,
    async request(url, options) {
      if (!isProxied) {
        const { NodeRequester } = await import('./node-request.ts');
        requester ??= new NodeRequester(ca);
        return requester.request(new URL(url), options);
      }
      const { request } = await import('undici');
      const { method = 'GET', ...rest } = options;
      const { statusCode, headers, body } = await request(url, {
        ...rest,
        method: method as Dispatcher.HttpMethod,
        dispatcher: await dispatcher(),
        // Streams are watched by those who read them.
        bodyTimeout: 0,
      });
      return { status: statusCode, headers, body };
    },
    async fetch(url, init) {
      const { fetch } = await import('undici');
      // undici's own Response differs from the DOM library's in types only.
      return (await fetch(url, { ...init, dispatcher: await dispatcher() })) as unknown as Response;
    },
    async close() {
      requester?.close();
      await (await opened)?.destroy();
    },
  };
}

/** The file's certificates. */
async function readCertificates(path: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (error) {
    throw new DbgateError(ErrorCode.config, `cannot read the CA file ${path}`, {
      cause: error,
      hint: 'check --ca-file or DBGATE_CA_FILE',
    });
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new DbgateError(ErrorCode.config, `${path} has no PEM certificate`, {
      hint: 'check --ca-file or DBGATE_CA_FILE',
    });
  }
  return pem;
}

/** The innermost cause, in words; undici's own message is only `fetch failed`. */
export function networkReason(error: unknown): string {
  let current = error;
  for (let depth = 0; depth < 8; depth++) {
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else if (current instanceof Error && current.cause instanceof Error) current = current.cause;
    else break;
  }
  if (!(current instanceof Error)) return String(current);
  const { code } = current as NodeJS.ErrnoException;
  switch (code) {
    case 'ECONNREFUSED':
      return `connection refused${endpointOf(current)}`;
    case 'ENOTFOUND':
      return `host not found: ${(current as { hostname?: string }).hostname ?? ''}`;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection was closed by the other side';
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'connection timed out';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'no answer in time';
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `its certificate is not from a trusted CA (${code})`;
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    default:
      return current.message || code || current.name;
  }
}

/** A body as text; throws when it is longer than `limit` bytes. */
export async function readBounded(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new Error(`the answer is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The network's failure on the way to the gateway, with the real reason. */
export function unreachable(gateway: string, error: unknown): DbgateError {
  const hint = isUntrustedCertificate(error)
    ? 'set DBGATE_CA_FILE (--ca-file) to the PEM file of its CA'
    : 'check the URL, your network and HTTPS_PROXY';
  return new DbgateError(ErrorCode.gatewayUnreachable, `cannot reach the gateway ${gateway}: ${networkReason(error)}`, {
    cause: error,
    hint,
  });
}

/** True for a certificate that only a private CA would make valid. */
function isUntrustedCertificate(error: unknown): boolean {
  return networkReason(error).startsWith('its certificate is not from a trusted CA');
}

function endpointOf(error: Error): string {
  const { address, port } = error as { address?: string; port?: number };
  return address === undefined ? '' : ` by ${address.includes(':') ? `[${address}]` : address}:${port}`;
}
