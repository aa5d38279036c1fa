import type { JWTVerifyGetKey } from 'jose';
import { createRemoteJWKSet, customFetch, errors } from 'jose';
import * as oauth from 'oauth4webapi';
import type { IssuerSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';

export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>;

const requestTimeoutMs = 5_000;
/** An unknown `kid` makes the keys be fetched again at most this often. */
const cooldownMs = 30_000;

/**
 * The public signing keys of one issuer: its metadata is discovered at first use, its JWK Set cached and fetched again
 * when a token names a key that is not in it. Failures to fetch throw `upstream_unavailable`: they say nothing of the token.
 */
export function createIssuerKeys(settings: IssuerSettings, fetchOption?: FetchLike): JWTVerifyGetKey {
  assertTransport(new URL(settings.issuer), settings);
  const fetch = fetchOption ?? createIssuerFetch(settings);
  let discovered: Promise<JWTVerifyGetKey> | undefined;

  async function discover(): Promise<JWTVerifyGetKey> {
    const issuer = new URL(settings.issuer);
    const response = await oauth.discoveryRequest(issuer, {
      algorithm: 'oidc',
      [oauth.customFetch]: (url, init) => fetch(url, init as unknown as RequestInit),
      [oauth.allowInsecureRequests]: settings.allowInsecure,
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    // Compares the `issuer` of the document with ours: mix-up of issuers ends here.
    const metadata = await oauth.processDiscoveryResponse(issuer, response);
    if (!metadata.jwks_uri) throw new Error('its metadata names no jwks_uri');
    const jwksUri = new URL(metadata.jwks_uri);
    assertTransport(jwksUri, settings);
    return createRemoteJWKSet(jwksUri, {
      timeoutDuration: requestTimeoutMs,
      cooldownDuration: cooldownMs,
      [customFetch]: (url, init) => fetch(url, init),
    });
  }

  return async (header, token) => {
    try {
      discovered ??= discover();
      return await (await discovered)(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      discovered = undefined;
      throw new DbgateError(
        ErrorCode.upstreamUnavailable,
        `cannot get the signing keys of issuer ${settings.issuer}: ${reasonOf(error)}`,
        { cause: error, hint: 'try again; if it lasts, the gateway cannot reach its identity provider' },
      );
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWSInvalid
  );
}

/** https:, or http: to a loopback host when the settings allow that (demo, tests). */
function assertTransport(url: URL, settings: IssuerSettings): void {
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && settings.allowInsecure && isLoopbackHost(url.hostname)) return;
  throw new DbgateError(ErrorCode.config, `issuer ${settings.issuer}: ${url.origin} is not https`, {
    hint: 'use an https: issuer; http: is only for loopback with allow_insecure',
  });
}

/** `127.0.0.0/8`, `::1` and `localhost`, as `URL.hostname` writes them. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function createIssuerFetch(settings: IssuerSettings): FetchLike {
  const { ca } = settings;
  if (ca === undefined) return (url, init) => globalThis.fetch(url, init);
  let withCa: Promise<FetchLike> | undefined;
  async function load(): Promise<FetchLike> {
    const { Agent, fetch } = await import('undici');
    const dispatcher = new Agent({ connect: { ca: ca as string } });
    // undici's own Response and RequestInit differ from the DOM library's in types only.
    return (url, init) => fetch(url, { ...(init as object), dispatcher }) as unknown as Promise<Response>;
  }
  return async (url, init) => (await (withCa ??= load()))(url, init);
}

/** The innermost cause's message: undici's own is only `fetch failed`. */
function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (current instanceof AggregateError && current.errors.length > 0) return reasonOf(current.errors[0]);
  return current instanceof Error ? current.message : String(current);
}
