/**
 * The CLI's way to the gateway's HTTP API (docs/architecture.md).
 * In: a method and a path. Out: parsed JSON, or a DbgateError: the gateway's own, or `gateway_unreachable` with the real
 * reason. It adds the token and, where that is bound, a fresh DPoP proof; it never follows a redirect with them, never
 * sends them in the clear, and never prints them.
 */
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Env } from './config-dir.ts';
import { type HttpAnswer, openHttpClient, readBounded, unreachable } from './http-client.ts';
import type { Profile } from './profiles.ts';
import { parseGatewayUrl, readProfiles, selectProfile } from './profiles.ts';
import type { StoredLogin } from './stored-login.ts';
import type { TokenSource } from './token-source.ts';
import { loginSource, tokenSource } from './token-source.ts';

const requestTimeoutMs = 30_000;
const maxAnswerBytes = 16 * 1024 * 1024;
const maxLineBytes = 1024 * 1024;

export interface GatewayClientOptions {
  readonly env: Env;
  /** Ends everything under way. */
  readonly signal?: AbortSignal;
  /** A login that was just made and is not stored yet; nothing else is looked at then. */
  readonly newLogin?: { readonly profile: Profile; readonly login: StoredLogin };
}

export interface GatewayRequestOptions {
  readonly signal?: AbortSignal;
}

export interface GatewayStreamOptions extends GatewayRequestOptions {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST';
  /** Server-sent events: the data of each, instead of each line. */
  readonly events?: true;
  /** Default: 1 MiB. */
  readonly maxLineBytes?: number;
}

export interface AuthorizationHeaders {
  readonly authorization: string;
  readonly dpop?: string;
}

export interface GatewayClient {
  /** `https://host[:port][/path]`, no trailing slash. */
  readonly gateway: string;
  /** The stored login in use; undefined with a token from the environment and no profile for this gateway. */
  readonly profile: Profile | undefined;
  /** PEM of a private CA, for the tunnel's own TLS; undefined: the system's alone. */
  readonly ca: string | undefined;
  readonly tokenKind: TokenSource['kind'];
  /** `path` starts with `/`. Resolves to the parsed answer. */
  request(method: string, path: string, body?: unknown, options?: GatewayRequestOptions): Promise<unknown>;
  /** For one request that the caller sends itself (the tunnel's Upgrade); `url` is a path, or a URL below `gateway`. */
  authorizationHeaders(method: string, url: string | URL): Promise<AuthorizationHeaders>;
  /** The lines of an NDJSON answer, until it ends or the signal aborts. */
  stream(path: string, options?: GatewayStreamOptions): AsyncIterable<unknown>;
  /** The error that the gateway meant by a refusal with this status and body. */
  errorFrom(status: number, body: string): DbgateError;
  close(): Promise<void>;
}

/** Resolves gateway (`DBGATE_GATEWAY`, else the profile's), CA, proxies and token; connects to nothing yet. */
export async function openGatewayClient({ env, signal, newLogin }: GatewayClientOptions): Promise<GatewayClient> {
  // A job that brings everything in its environment must not depend on what a home folder happens to hold.
  const selfContained = env.DBGATE_GATEWAY && (env.DBGATE_TOKEN || env.DBGATE_TOKEN_FILE) && !env.DBGATE_PROFILE;
  const stored = selfContained || newLogin ? undefined : selectProfile(await readProfiles(env), env);
  const profile = newLogin?.profile ?? stored;
  if (!env.DBGATE_GATEWAY && profile === undefined) {
    throw new DbgateError(ErrorCode.loginRequired, 'no gateway is set and no login is stored', {
      hint: 'dbgate login https://<gateway>, or set DBGATE_GATEWAY',
    });
  }
  const gateway = env.DBGATE_GATEWAY && !newLogin ? parseGatewayUrl(env.DBGATE_GATEWAY) : (profile as Profile).gateway;
  if (profile !== undefined && profile.gateway !== gateway) {
    throw new DbgateError(ErrorCode.usage, `profile '${profile.name}' is for ${profile.gateway}, not for ${gateway}`, {
      hint: 'give either --profile or --gateway',
    });
  }
  const http = await openHttpClient(env, env.DBGATE_CA_FILE || profile?.caFile);
  const tokens = newLogin ? loginSource(newLogin.login) : tokenSource(env, gateway, profile, http);

  async function authorizationHeaders(method: string, url: string | URL): Promise<AuthorizationHeaders> {
    const { token, proofKey } = await tokens.get();
    if (proofKey === undefined) return { authorization: `Bearer ${token}` };
    const target = typeof url === 'string' && url.startsWith('/') ? gateway + url : String(url);
    if (!target.startsWith(`${gateway}/`)) throw new TypeError('a proof is only made for the gateway itself');
    return { authorization: `DPoP ${token}`, dpop: proofKey.prove(method, target, token) };
  }

  async function send(
    method: string,
    path: string,
    body: unknown,
    timeoutMs: number | undefined,
    options: GatewayRequestOptions,
  ): Promise<HttpAnswer> {
    const headers = await authorizationHeaders(method, path);
    const signals = [signal, options.signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    return http.request(gateway + path, {
      method,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any(signals.filter((each) => each !== undefined)),
    });
  }

  function failure(error: unknown): Error {
    if (error instanceof DbgateError) return error;
    if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: error });
    return unreachable(gateway, error);
  }

  function errorFrom(status: number, body: string): DbgateError {
    return gatewayError(gateway, status, body, tokens.kind);
  }

  return {
    gateway,
    profile,
    ca: http.ca,
    tokenKind: tokens.kind,
    authorizationHeaders,
    errorFrom,
    async request(method, path, body, options = {}) {
      let status: number;
      let text: string;
      try {
        const response = await send(method, path, body, requestTimeoutMs, options);
        status = response.status;
        text = await readBounded(response.body, maxAnswerBytes);
      } catch (error) {
        throw failure(error);
      }
      if (status < 200 || status > 299) throw errorFrom(status, text);
      if (text === '') return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw notJson(gateway, status, error);
      }
    },
    async *stream(path, options = {}) {
      try {
        const response = await send(options.method ?? 'GET', path, undefined, undefined, options);
        if (response.status !== 200) throw errorFrom(response.status, await readBounded(response.body, maxAnswerBytes));
        for await (const line of linesOf(response.body, options.maxLineBytes ?? maxLineBytes)) {
          if (options.events === undefined) yield JSON.parse(line) as unknown;
          else if (line.startsWith(DATA)) yield JSON.parse(line.slice(DATA.length)) as unknown;
        }
      } catch (error) {
        if (signal?.aborted || options.signal?.aborted) return;
        throw failure(error);
      }
    },
    close: () => http.close(),
  };
}

/** Of a server-sent event; the gateway writes each on one line. */
const DATA = 'data: ';

async function* linesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (line !== '') yield line;
    }
    if (rest.length > maxBytes) throw new Error(`a line of the answer is longer than ${maxBytes} bytes`);
  }
}

/** What the gateway says of a token that is no good. */
const LOG_IN = 'dbgate login';
const knownCodes = new Set<string>(Object.values(ErrorCode));

function gatewayError(gateway: string, status: number, body: string, tokenKind: TokenSource['kind']): DbgateError {
  const wire = parseError(body);
  if (wire === undefined) {
    if (status >= 500) {
      return new DbgateError(ErrorCode.gatewayUnreachable, `the gateway ${gateway} answered ${status}`, {
        hint: 'something between you and the gateway may be down; try again',
      });
    }
    return notJson(gateway, status);
  }
  const code = wire.code !== undefined && knownCodes.has(wire.code) ? (wire.code as ErrorCode) : codeOfStatus(status);
  // A log-in would not change what is in the environment; other advice holds for it too.
  const isToLogIn = status === 401 && tokenKind !== 'login' && (wire.hint === undefined || wire.hint === LOG_IN);
  const hint = isToLogIn ? `put a token that is valid into ${tokenKind}` : wire.hint;
  return new DbgateError(code, wire.message, hint === undefined ? {} : { hint });
}

function parseError(body: string): { code: string | undefined; message: string; hint: string | undefined } | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown; hint?: unknown } };
    if (typeof error?.message !== 'string') return undefined;
    return {
      code: typeof error.code === 'string' ? error.code : undefined,
      message: error.message,
      hint: typeof error.hint === 'string' ? error.hint : undefined,
    };
  } catch {
    return undefined;
  }
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 400) return ErrorCode.usage;
  if (status === 401) return ErrorCode.tokenInvalid;
  if (status === 403) return ErrorCode.denied;
  if (status === 404) return ErrorCode.notFound;
  return status >= 500 ? ErrorCode.gatewayUnreachable : ErrorCode.internal;
}

function notJson(gateway: string, status: number, cause?: unknown): DbgateError {
  return new DbgateError(ErrorCode.gatewayUnreachable, `${gateway} answered ${status} and not like a dbgate gateway`, {
    hint: 'check the URL, and whether a proxy or login page stands in between',
    cause,
  });
}
