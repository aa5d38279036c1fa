/**
 * The gateway's token verifier: the only place where a request from outside becomes a principal.
 * In: the Authorization and DPoP headers, method and path of a request. Out: a Principal, or a DbgateError
 * `login_required` (no token), `token_invalid` (says what is wrong with it) or `upstream_unavailable` (the issuer's keys
 * could not be fetched). It never trusts Host, never echoes a token, and accepts no algorithm, type or binding it does not know.
 */
import { createHash } from 'node:crypto';
import type { JWTPayload, JWTVerifyGetKey, ProtectedHeaderParameters } from 'jose';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { IssuerSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { ClaimError, principalFromClaims } from './claims.ts';
import { checkProof, ProofError, proofWindowMs } from './dpop-proof.ts';
import { createReplayCache, type ReplayCache } from './dpop-replay.ts';
import type { FetchLike } from './issuer-keys.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import type { Principal } from './principal.ts';
import type { Revocations } from './revocation.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

const maxTokenLength = 32_768;
const skewSeconds = 30;
const maxVerifiedTokens = 10_000;
const maxRememberedProofs = 400_000;

export interface VerifierOptions {
  readonly issuers: readonly IssuerSettings[];
  /** What proofs must name; the Host header is never asked. */
  readonly publicUrl: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly fetch?: FetchLike;
  readonly revocations?: Revocations;
  /** Of each request whose token is good; `tokenHash` names the token, and must stay in memory. */
  readonly onAccepted?: (principal: Principal, tokenHash: string) => void;
  /** Used proofs; hand the same one to each verifier of a gateway, or a reload of its configuration forgets them. */
  readonly replay?: ReplayCache;
}

export interface VerifyRequest {
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly method: string;
  /** The request target as it came: a path with its query. */
  readonly url: string;
}

export interface Verifier {
  verify(request: VerifyRequest): Promise<Principal>;
}

interface Issuer {
  readonly settings: IssuerSettings;
  readonly keys: JWTVerifyGetKey;
}

export function createVerifier(options: VerifierOptions): Verifier {
  const issuers = new Map<string, Issuer>();
  for (const settings of options.issuers) {
    if (issuers.has(settings.issuer)) {
      throw new DbgateError(ErrorCode.config, `issuer ${settings.issuer} is configured twice`);
    }
    issuers.set(settings.issuer, { settings, keys: createIssuerKeys(settings, options.fetch) });
  }
  const base = new URL(options.publicUrl);
  const publicBase = base.origin + base.pathname.replace(/\/$/, '');
  const verified = createVerifiedTokens(maxVerifiedTokens);
  const replay = options.replay ?? createProofReplayCache();

  return {
    async verify(request) {
      const { scheme, token } = parseAuthorization(request.authorization);
      const nowMs = options.now();
      const tokenHash = createHash('sha256').update(token).digest('base64url');
      // 1. The token itself: signature and claims, or the memory of having checked them.
      let principal = verified.get(tokenHash, nowMs);
      if (principal === undefined) {
        principal = await verifyToken(token, issuers, nowMs);
        verified.set(tokenHash, principal, nowMs);
      }
      // 2. That whoever sends it may: a bound token needs its proof every time.
      await checkBinding(principal, scheme, {
        proof: request.dpop,
        accessToken: token,
        method: request.method,
        htu: publicBase + pathOf(request.url),
        nowMs,
        replay,
      });
      // 3. That nobody has cut them off meanwhile.
      if (options.revocations?.isRevoked(principal) || options.revocations?.isTokenRevoked(tokenHash, nowMs)) {
        throw invalid('access was revoked', 'ask whoever administers this gateway');
      }
      options.onAccepted?.(principal, tokenHash);
      return principal;
    },
  };
}

/** The memory of used proofs that a verifier needs. */
export function createProofReplayCache(): ReplayCache {
  // An `iat` may be one window in the future and is good for one window after that.
  return createReplayCache({ ttlMs: 2 * proofWindowMs, maxEntries: maxRememberedProofs });
}

/** @see RFC 9110 §11.4, RFC 6750 §2.1, RFC 9449 §7.1 */
function parseAuthorization(header: string | undefined): { scheme: 'bearer' | 'dpop'; token: string } {
  if (header === undefined || header === '') {
    throw new DbgateError(ErrorCode.loginRequired, 'no access token was given', { hint: 'dbgate login' });
  }
  const match = /^(bearer|dpop) +([A-Za-z0-9._~+/-]+=*)$/i.exec(header);
  if (match === null) throw invalid('the Authorization header is neither "Bearer <token>" nor "DPoP <token>"');
  const [, scheme = '', token = ''] = match;
  if (token.length > maxTokenLength) throw invalid(`it is longer than ${maxTokenLength} bytes`);
  return { scheme: scheme.toLowerCase() as 'bearer' | 'dpop', token };
}

async function verifyToken(token: string, issuers: ReadonlyMap<string, Issuer>, nowMs: number): Promise<Principal> {
  const { header, claims } = decode(token);
  if (typeof header.alg !== 'string' || !signatureAlgorithms.has(header.alg)) {
    throw invalid(header.alg === 'none' ? 'it is not signed' : 'its signature algorithm is not allowed');
  }
  const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
  if (issuer === undefined) throw invalid('unknown issuer');
  const { settings } = issuer;
  const payload = await jwtVerify(token, issuer.keys, {
    algorithms: [...signatureAlgorithms],
    issuer: settings.issuer,
    audience: settings.token === 'access' ? settings.audience : settings.clientId,
    clockTolerance: skewSeconds,
    currentDate: new Date(nowMs),
    requiredClaims: ['exp', 'iat', 'sub'],
  }).then(
    (result) => result.payload,
    (error: unknown) => {
      if (error instanceof DbgateError) throw error;
      throw invalid(reasonOf(error), undefined, error);
    },
  );
  if (typeof payload.iat === 'number' && payload.iat > nowMs / 1000 + skewSeconds) throw invalid('not yet valid');
  checkKindOfToken(header, payload, settings);
  try {
    const principal = principalFromClaims(payload, settings, settings.issuer);
    if (settings.dpop === 'required' && principal.jkt === undefined) {
      throw invalid('it is not bound to a key, and this gateway requires DPoP', 'dbgate login');
    }
    return principal;
  } catch (error) {
    if (error instanceof ClaimError) throw invalid(error.message);
    throw error;
  }
}

function decode(token: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch {
    throw invalid('it is not a JSON Web Token');
  }
}

/** Keeps one kind of token from passing as another: ID tokens, logout tokens and database tokens are no access tokens. */
function checkKindOfToken(header: ProtectedHeaderParameters, payload: JWTPayload, settings: IssuerSettings): void {
  const type = typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : undefined;
  if (settings.token === 'access') {
    // RFC 9068 §4.
    if (type !== 'at+jwt') throw invalid('it is not an access token (typ is not at+jwt)');
    return;
  }
  if ((type !== undefined && type !== 'jwt') || payload.events !== undefined) throw invalid('it is not an ID token');
  // OpenID Connect Core §3.1.3.7 steps 4 and 5.
  const { azp } = payload;
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && azp === undefined) throw invalid('wrong audience');
  if (azp !== undefined && azp !== settings.clientId) throw invalid('it was issued to another client');
}

type Proof = Omit<Parameters<typeof checkProof>[0], 'jkt'>;

async function checkBinding(principal: Principal, scheme: 'bearer' | 'dpop', proof: Proof): Promise<void> {
  if (principal.jkt === undefined) {
    if (scheme === 'dpop') throw invalid('it is not bound to a key, so it cannot be used with the DPoP scheme');
    return;
  }
  // RFC 9449 §7.2: a bound token used as Bearer is a stolen one.
  if (scheme !== 'dpop') throw invalid('it is bound to a key and must be used with the DPoP scheme');
  try {
    await checkProof({ ...proof, jkt: principal.jkt });
  } catch (error) {
    if (error instanceof ProofError) throw invalid(error.message);
    throw error;
  }
}

/** Path without query. A target in absolute form brings an origin of the client's choice, which is dropped. */
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : (URL.parse(target)?.pathname ?? '/');
  return path.replace(/[?#].*$/s, '');
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'wrong audience';
    if (error.claim === 'iss') return 'unknown issuer';
    if (error.claim === 'nbf') return 'not yet valid';
    return `its ${error.claim} is missing or not as it must be`;
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'signature: its key is not one of the issuer';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature does not match';
  return 'signature cannot be checked';
}

function invalid(reason: string, hint = 'dbgate login', cause?: unknown): DbgateError {
  return new DbgateError(ErrorCode.tokenInvalid, `token refused: ${reason}`, { hint, cause });
}
