/**
 * A real OpenID provider for the demo and the tests (oidc-provider): device flow, code + PKCE, refresh with rotation,
 * revocation, DPoP, JWT access tokens for the gateway. In: the gateway's URL. Out: the issuer and a way to mint tokens.
 * It asks for no password, so it must only ever listen on loopback, for made-up people.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type Provider from 'oidc-provider';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { confirmPage, donePage, errorPage, personPage, userCodePage } from './identity-pages.ts';
import { createIdentityStore } from './identity-store.ts';
import { DEMO_PEOPLE, type DemoPerson } from './people.ts';

export const DEMO_CLIENT_ID = 'dbgate-cli';
/** Of the gateway's own pages: a public client too, as nothing of the demo is secret. */
export const DEMO_WEB_CLIENT_ID = 'dbgate-web';
export const DEMO_SCOPES = ['openid', 'email', 'profile', 'groups', 'offline_access'] as const;
const SIGNING_ALG = 'ES256';
const PARTS = 'oidc-provider/lib';

export interface IdentityProviderOptions {
  /** The gateway's public URL: the resource that access tokens are for, their `aud`. */
  audience: string;
  /** Life of access tokens from a login; default 1 h. */
  accessTokenTtlSeconds?: number;
  /** Default 10 min. */
  deviceCodeTtlSeconds?: number;
}

export interface IdentityProvider {
  /** `http://127.0.0.1:<port>`, exactly as `iss` carries it. */
  readonly issuer: string;
  /** An access token as a login would bring, signed by the provider's key. */
  mintToken(person: DemoPerson, ttlSeconds: number): Promise<string>;
  close(): Promise<void>;
}

/** Starts it on any free port of 127.0.0.1. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  // The issuer is part of the configuration: first the port, then the provider.
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => handle!(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair(SIGNING_ALG, { extractable: true });
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: SIGNING_ALG };
  // The package's entry warns on each Node release that is not LTS yet; its parts do not.
  const { Provider, errors } = {
    ...((await import(`${PARTS}/provider.js`)) as Pick<typeof import('oidc-provider'), 'Provider'>),
    errors: (await import(`${PARTS}/helpers/errors.js`)) as typeof import('oidc-provider')['errors'],
  };
  const provider = new Provider(issuer, configuration(options, jwk, errors.InvalidTarget));
  // An error is told to the client; the provider's own print of it would only disturb the demo's screen.
  provider.on('server_error', () => {});
  provider.use(async (ctx, next) => {
    await next();
    const { body } = ctx as { body?: { device_code?: string; interval?: number } };
    // RFC 8628, section 3.2; the default of 5 s is for providers with more than one user.
    if (typeof body?.device_code === 'string') body.interval = 1;
  });
  const callback = provider.callback();
  handle = (request, response) => {
    const interaction = /^\/interaction\/[\w-]{1,64}$/.test(request.url ?? '');
    if (!interaction) return void callback(request, response);
    interact(provider, request, response).catch((error: unknown) => {
      response.statusCode = 400;
      send(response, errorPage(error instanceof Error ? error.message : 'the login could not go on'));
    });
  };
  return {
    issuer,
    mintToken: (person, ttlSeconds) =>
      new SignJWT({ ...claimsOf(person), client_id: DEMO_CLIENT_ID, scope: '', jti: randomUUID() })
        .setProtectedHeader({ alg: SIGNING_ALG, typ: 'at+jwt', kid })
        .setIssuer(issuer)
        .setAudience(options.audience)
        .setSubject(person.subject)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds}s`)
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function claimsOf(person: DemoPerson): Record<string, unknown> {
  return {
    email: person.email,
    name: person.name,
    groups: [person.group],
    ...(person.actor === undefined ? {} : { act: { sub: person.actor } }),
  };
}

const bySubject = (subject: string | undefined) => DEMO_PEOPLE.find((person) => person.subject === subject);

function configuration(
  options: IdentityProviderOptions,
  jwk: Record<string, unknown>,
  InvalidTarget: new () => Error,
): Configuration {
  const resourceServer = {
    scope: '',
    audience: options.audience,
    accessTokenTTL: options.accessTokenTtlSeconds ?? 3600,
    accessTokenFormat: 'jwt' as const,
    jwt: { sign: { alg: SIGNING_ALG } as const },
  };
  return {
    adapter: createIdentityStore(),
    jwks: { keys: [jwk] } as NonNullable<Configuration['jwks']>,
    clients: [
      {
        client_id: DEMO_CLIENT_ID,
        client_name: 'dbgate',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        // A loopback redirect may have any port (RFC 8252, section 7.3).
        redirect_uris: ['http://127.0.0.1/callback', 'http://127.0.0.1/', 'http://localhost/callback'],
        id_token_signed_response_alg: SIGNING_ALG,
      },
      {
        client_id: DEMO_WEB_CLIENT_ID,
        client_name: 'dbgate in the browser',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: [`${options.audience}/login/callback`],
        id_token_signed_response_alg: SIGNING_ALG,
      },
    ],
    clientAuthMethods: ['none'],
    enabledJWA: { idTokenSigningAlgValues: [SIGNING_ALG], dPoPSigningAlgValues: ['ES256', 'EdDSA'] },
    scopes: [...DEMO_SCOPES],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'], groups: ['groups'] },
    // The ID token carries the claims itself, as most providers do it.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'dbgate_demo_session', interaction: 'dbgate_demo_interaction', resume: 'dbgate_demo_resume' },
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: options.deviceCodeTtlSeconds ?? 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_ctx, subject) {
      const person = bySubject(subject);
      return person && { accountId: subject, claims: async () => ({ sub: subject, ...claimsOf(person) }) };
    },
    extraTokenClaims(_ctx, token) {
      const person = 'accountId' in token ? bySubject(token.accountId) : undefined;
      return person && claimsOf(person);
    },
    renderError(ctx, out) {
      html(ctx, errorPage(out.error_description ?? out.error));
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        async userCodeInputSource(ctx, form, _out, error) {
          html(ctx, userCodePage(form, problemWith(error)));
        },
        async userCodeConfirmSource(ctx, form, client, _deviceInfo, userCode) {
          html(ctx, confirmPage(form, client.clientName ?? client.clientId, userCode));
        },
        async successSource(ctx) {
          html(ctx, donePage());
        },
      },
      dPoP: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => options.audience,
        useGrantedResource: () => true,
        async getResourceServerInfo(_ctx, resource) {
          if (resource === options.audience) return resourceServer;
          throw new InvalidTarget();
        },
      },
    },
  };
}

function problemWith(error: Error | undefined): string | undefined {
  if (!error) return undefined;
  if (error.name === 'AbortedError') return 'The login was refused. You may close this page.';
  return 'That code is wrong, expired or used: look at your terminal.';
}

/** No script of a page may run, except the provider's own (which sets no header of its own for its form post). */
function html(ctx: KoaContextWithOIDC, body: string): void {
  ctx.type = 'html';
  ctx.set(pageHeaders);
  ctx.body = body;
}

const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

function send(response: ServerResponse, body: string): void {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
  response.end(body);
}

/** The page to pick a person, and what follows from it: login and consent in one step. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  const clientId = String(details.params.client_id);
  if (request.method === 'GET') {
    const client = await provider.Client.find(clientId);
    return send(response, personPage(request.url!, client?.clientName ?? clientId));
  }
  if (request.method !== 'POST') throw new Error('method not allowed');
  const form = new URLSearchParams(await readBody(request));
  if (form.has('abort')) {
    const refusal = { error: 'access_denied', error_description: 'the person refused' };
    return provider.interactionFinished(request, response, refusal);
  }
  const person = DEMO_PEOPLE.find(({ email }) => email === form.get('person'));
  if (!person) throw new Error('there is no such person in this demo');
  const grant = new provider.Grant({ accountId: person.subject, clientId });
  grant.addOIDCScope(DEMO_SCOPES.join(' '));
  const grantId = await grant.save();
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: person.subject }, consent: { grantId } },
    { mergeWithLastSubmission: false },
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > 4096) throw new Error('the form is too large');
  }
  return body;
}
