/**
 * A real OpenID provider (oidc-provider, with its own login and consent pages) on loopback, for tests of login and
 * identity. In front of it a small server that can be told to fail. The person is scripted: it follows forms and
 * redirects with cookies as a browser would.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Configuration } from 'oidc-provider';
import type { IssuerSettings } from '../../src/config/gateway-settings.ts';
import type { IssuerProfile } from '../../src/login/profiles.ts';

export interface OidcOptions {
  audience?: string;
  /** Seconds; default 3600. */
  accessTokenTtl?: number;
  /** Seconds; default 600. */
  deviceCodeTtl?: number;
  /** Seconds between polls that a device is told; default: none is told, so 5. */
  deviceInterval?: number;
  /** Default true. */
  dpop?: boolean;
  /** Proofs must hold a nonce of the provider's (RFC 9449, section 8). */
  dpopNonce?: boolean;
}

/** What to answer instead of the provider; undefined: let it through. */
export type Fault = (request: IncomingMessage) => { status: number; type?: string; body: string } | 'reset' | undefined;

export interface OidcFixture {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly settings: IssuerSettings;
  readonly profile: IssuerProfile;
  /** `grant_type` of each token request that succeeded, in order. */
  readonly grants: string[];
  fault: Fault | undefined;
  /** Signs any claims with the issuer's own key. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** The claims of a proper access token, to change. */
  claims(changes?: JWTPayload): JWTPayload;
  publicJwk(): Promise<Record<string, unknown>>;
  /** Takes the listener away and brings it back on the same port; the provider's memory stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The gateway's pages, where the audience is its URL. */
export const WEB_CLIENT = { id: 'dbgate-web', secret: 'a secret of the pages, for tests only' };

const alg = 'ES256';

export async function startOidc(options: OidcOptions = {}): Promise<OidcFixture> {
  const audience = options.audience ?? 'https://gateway.test';
  const dpop = options.dpop ?? true;
  const clientId = 'dbgate-cli';
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();

  function listen(at: number): Promise<Server> {
    const created = createServer((request, response) => {
      const fault = fixture.fault?.(request);
      if (fault === 'reset') return request.socket.destroy();
      if (fault !== undefined) {
        response.writeHead(fault.status, { 'content-type': fault.type ?? 'text/html' });
        return response.end(fault.body);
      }
      return handle?.(request, response);
    });
    return new Promise((resolve, reject) => {
      created.once('error', reject);
      created.listen(at, '127.0.0.1', () => resolve(created));
    });
  }

  const fixture: OidcFixture = {
    issuer,
    audience,
    clientId,
    settings: {
      issuer,
      audience,
      clientId,
      scopes: ['openid', 'email', 'groups', 'offline_access'],
      token: 'access',
      dpop: dpop ? 'optional' : 'off',
      claims: { email: 'email', name: 'name', groups: 'groups' },
      ca: undefined,
      allowInsecure: true,
    },
    profile: {
      issuer,
      clientId,
      scopes: ['openid', 'email', 'groups', 'offline_access'],
      audience,
      token: 'access',
      dpop: dpop ? 'optional' : 'off',
      device: true,
    },
    grants: [],
    fault: undefined,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
        .sign(privateKey, { crit: { 'urn:unknown': true } }),
    claims: (changes = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return {
        iss: issuer,
        aud: audience,
        sub: 'u-1',
        client_id: clientId,
        iat: now,
        exp: now + 600,
        jti: randomUUID(),
        email: 'dev@example.test',
        name: 'Dev',
        groups: ['developers'],
        ...changes,
      };
    },
    publicJwk: async () => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: async () => {
      server = await listen(port);
    },
  };

  const { default: Provider } = await import('oidc-provider');
  const jwk = { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
  const provider = new Provider(issuer, configuration(options, audience, clientId, dpop, jwk));
  provider.on('grant.success', (ctx) => fixture.grants.push(String(ctx.oidc.params?.grant_type)));
  provider.on('server_error', (_ctx, error) => console.error(error));
  provider.use(async (ctx, next) => {
    await next();
    const body = ctx.body as { device_code?: string; interval?: number } | undefined;
    if (options.deviceInterval !== undefined && body?.device_code) body.interval = options.deviceInterval;
  });
  handle = provider.callback();
  return fixture;
}

function configuration(
  options: OidcOptions,
  audience: string,
  clientId: string,
  dpop: boolean,
  jwk: Record<string, unknown>,
): Configuration {
  const person = (sub: string) => ({ sub, email: `${sub}@example.test`, email_verified: true, groups: ['developers'] });
  return {
    jwks: { keys: [jwk] } as NonNullable<Configuration['jwks']>,
    clients: [
      {
        client_id: clientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/callback'],
        id_token_signed_response_alg: alg,
      },
      {
        client_id: WEB_CLIENT.id,
        client_secret: WEB_CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: [`${audience}/login/callback`],
        id_token_signed_response_alg: alg,
      },
    ],
    clientAuthMethods: ['none', 'client_secret_basic'],
    enabledJWA: { idTokenSigningAlgValues: [alg], dPoPSigningAlgValues: ['ES256'] },
    scopes: ['openid', 'email', 'groups', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    cookies: { keys: ['only for tests'] },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: options.deviceCodeTtl ?? 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => person(sub) }),
    extraTokenClaims: (_ctx, token) => ('accountId' in token && token.accountId ? person(token.accountId) : undefined),
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      dPoP: { enabled: dpop, ...(options.dpopNonce ? { nonceSecret: randomBytes(32), requireNonce: () => true } : {}) },
      revocation: { enabled: true, allowedPolicy: async () => true },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: async (_ctx, resource) => {
          if (resource !== audience) throw new Error(`unknown resource ${resource}`);
          return {
            scope: '',
            audience,
            accessTokenTTL: options.accessTokenTtl ?? 3600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg } },
          };
        },
      },
    },
  };
}

/** Goes through the provider's pages as `login`; `deny` says no at the first page that lets one. */
export async function visitAs(login: string, url: string, choice: 'approve' | 'deny' = 'approve'): Promise<string> {
  const jar = new Map<string, string>();
  const { origin } = new URL(url);
  let next: { url: string; form?: URLSearchParams } = { url };
  let denied = false;
  for (let step = 0; step < 25; step++) {
    const response: Response = await fetch(next.url, {
      method: next.form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(next.form ? { body: next.form } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    const html = await response.text();
    if (location !== null) {
      next = { url: new URL(location, next.url).href };
      continue;
    }
    if (new URL(next.url).origin !== origin) return html;
    const form = formIn(html);
    if (form === undefined || denied) return html;
    const abortLink = /href="([^"]*\/abort)"/.exec(html)?.[1];
    if (choice === 'deny' && html.includes('abort')) {
      denied = true;
      if (abortLink !== undefined) {
        next = { url: new URL(abortLink, next.url).href };
        continue;
      }
      form.fields.set('abort', 'yes');
    } else if (html.includes('name="confirm"')) form.fields.set('confirm', 'yes');
    if (html.includes('name="login"')) {
      form.fields.set('login', login);
      form.fields.set('password', 'any');
    }
    next = { url: new URL(form.action, next.url).href, form: form.fields };
  }
  throw new Error('the pages never came to an end');
}

function formIn(html: string): { action: string; fields: URLSearchParams } | undefined {
  const action = /<form[^>]*\baction="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined) fields.set(name, /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  return { action: action.replaceAll('&amp;', '&'), fields };
}
