import type { Configuration, DPoPHandle, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client';
import { takesResource } from '../config/issuer-resource.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { ProofKey } from './dpop-key.ts';
import { createProofKey, importProofKey, proofAlgorithms } from './dpop-key.ts';
import type { HttpClient } from './http-client.ts';
import { networkReason } from './http-client.ts';
import type { IssuerProfile } from './profiles.ts';
import { isLoopback } from './profiles.ts';
import type { StoredLogin } from './stored-login.ts';

const timeoutSeconds = 15;

export type TokenResponse = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** The identity provider as a public client of it sees it: metadata, and the key its tokens get bound to. */
export interface IssuerClient {
  readonly settings: IssuerProfile;
  readonly config: Configuration;
  readonly dpop: DPoPHandle | undefined;
  readonly proofKey: ProofKey | undefined;
  /** Parameters of every authorization request: scope, resource (RFC 8707), consent where offline_access needs it. */
  readonly authorizationParameters: Record<string, string>;
}

/**
 * Discovers the issuer. `login` gives the key of an existing login; without one a key is made where gateway and
 * issuer both want DPoP.
 */
export async function openIssuer(
  settings: IssuerProfile,
  http: HttpClient,
  login?: Pick<StoredLogin, 'dpopKey'>,
): Promise<IssuerClient> {
  const client = await import('openid-client');
  const server = new URL(settings.issuer);
  const execute = [client.enableNonRepudiationChecks];
  if (server.protocol === 'http:' && isLoopback(server.hostname)) execute.push(client.allowInsecureRequests);
  const config = await client
    .discovery(server, settings.clientId, undefined, client.None(), {
      [client.customFetch]: (url, init) => http.fetch(url, init),
      execute,
      timeout: timeoutSeconds,
    })
    .catch((error: unknown) => {
      throw issuerError(settings.issuer, error);
    });
  const proofKey =
    login === undefined
      ? await newProofKey(settings, config.serverMetadata().dpop_signing_alg_values_supported)
      : login.dpopKey && (await importProofKey(login.dpopKey));
  return {
    settings,
    config,
    dpop: proofKey && client.getDPoPHandle(config, proofKey.pair),
    proofKey,
    authorizationParameters: {
      scope: settings.scopes.join(' '),
      ...(takesResource(settings) ? { resource: settings.audience } : {}),
      // OpenID Connect Core §11: offline_access is granted only with consent asked for.
      ...(settings.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    },
  };
}

async function newProofKey(settings: IssuerProfile, supported: string[] | undefined): Promise<ProofKey | undefined> {
  if (settings.dpop === 'off') return undefined;
  const alg = proofAlgorithms.find((name) => supported?.includes(name));
  if (alg !== undefined) return createProofKey(alg);
  if (settings.dpop === 'optional') return undefined;
  throw new DbgateError(ErrorCode.config, `the gateway requires DPoP, which issuer ${settings.issuer} does not offer`, {
    hint: 'tell whoever administers the gateway',
  });
}

/** What to store of a token response, checked against what was asked for. */
export function loginFromTokens(
  issuer: IssuerClient,
  tokens: TokenResponse,
  nowMs: number,
  previous?: StoredLogin,
): StoredLogin {
  const { settings } = issuer;
  // Its signature, issuer, audience and times were checked by openid-client.
  const claims = tokens.claims();
  if (claims === undefined && previous === undefined && settings.scopes.includes('openid')) {
    throw refused(settings.issuer, 'it sent no ID token');
  }
  if (claims !== undefined && previous?.subject !== undefined && claims.sub !== previous.subject) {
    throw refused(settings.issuer, 'it renewed the login for another person');
  }
  const bound = tokens.token_type === 'dpop';
  if (!bound && settings.dpop === 'required') throw refused(settings.issuer, 'it did not bind the token to our key');
  if (bound && issuer.proofKey === undefined)
    throw refused(settings.issuer, 'it bound the token to a key we do not have');
  const token = settings.token === 'access' ? tokens.access_token : tokens.id_token;
  if (token === undefined) throw refused(settings.issuer, 'it sent no ID token');
  const lifetimeSeconds = tokens.expiresIn() ?? 300;
  const usesProof = bound && settings.token === 'access';
  return {
    version: 1,
    issuer: settings.issuer,
    clientId: settings.clientId,
    token,
    tokenType: usesProof ? 'DPoP' : 'Bearer',
    expiresAt: settings.token === 'id' && claims ? claims.exp * 1000 : nowMs + lifetimeSeconds * 1000,
    accessToken: settings.token === 'id' ? tokens.access_token : undefined,
    // RFC 6749 §6: without a new one the old one stays good.
    refreshToken: tokens.refresh_token ?? previous?.refreshToken,
    subject: claims?.sub ?? previous?.subject,
    email: textClaim(claims?.email) ?? previous?.email,
    name: textClaim(claims?.name) ?? previous?.name,
    dpopKey: bound ? issuer.proofKey?.jwk : undefined,
  };
}

function textClaim(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 254) : undefined;
}

function refused(issuer: string, reason: string): DbgateError {
  return new DbgateError(ErrorCode.tokenInvalid, `issuer ${issuer}: ${reason}`, {
    hint: 'tell whoever administers the gateway',
  });
}

/** True for what may pass by itself: the network, a proxy's 502, an issuer that restarts. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, status, cause } = error as { code?: string; status?: number; cause?: unknown };
  if (status !== undefined) return status >= 500 || status === 429 || code === 'OAUTH_RESPONSE_IS_NOT_CONFORM';
  if (cause instanceof Response || Object.prototype.toString.call(cause) === '[object Response]') {
    const answer = (cause as Response).status;
    return answer >= 500 || answer === 429;
  }
  if (code === 'OAUTH_TIMEOUT' || error.name === 'TimeoutError') return true;
  // A half-written answer of something between us and the issuer.
  if (code === 'OAUTH_PARSE_ERROR') return true;
  return error instanceof TypeError && error.message === 'fetch failed' ? true : hasNetworkCode(cause ?? error);
}

function hasNetworkCode(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    const { code } = current as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^(E[A-Z]+|UND_ERR_\w+)$/.test(code) && !code.startsWith('ERR_')) return true;
    current = current.cause;
  }
  return false;
}

/** An issuer's failure as ours: what the protocol says keeps its OAuth error code, the network its reason. */
export function issuerError(issuer: string, error: unknown): DbgateError {
  if (error instanceof DbgateError) return error;
  const { error: oauthCode, error_description: description } = error as {
    error?: unknown;
    error_description?: unknown;
  };
  if (typeof oauthCode === 'string') {
    const detail = typeof description === 'string' && description !== '' ? ` (${description.slice(0, 200)})` : '';
    return new DbgateError(ErrorCode.loginRequired, `issuer ${issuer} refused: ${oauthCode}${detail}`, {
      cause: error,
      hint: 'dbgate login',
    });
  }
  if (isTransient(error)) {
    return new DbgateError(ErrorCode.gatewayUnreachable, `cannot reach the issuer ${issuer}: ${networkReason(error)}`, {
      cause: error,
      hint: 'check your network; a private CA goes into DBGATE_CA_FILE',
    });
  }
  return new DbgateError(
    ErrorCode.tokenInvalid,
    `issuer ${issuer} gave an answer that cannot be trusted: ${networkReason(error)}`,
    {
      cause: error,
      hint: 'tell whoever administers the gateway',
    },
  );
}
