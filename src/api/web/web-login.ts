/**
 * The page's login: authorization code with PKCE at the configured issuer. In: the issuer's answer. Out: a principal,
 * made by the verifier of tokens and no other way, so groups, audience and revocation count as they do for the CLI.
 * What a login under way needs is in a cookie that only this process can open: strangers fill no memory here.
 * @see RFC 6749 §4.1, RFC 7636, RFC 9207, OpenID Connect Core §3.1
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Configuration } from 'openid-client';
import type { GatewaySettings, IssuerSettings, WebSettings } from '../../config/gateway-settings.ts';
import { takesResource } from '../../config/issuer-resource.ts';
import { proxySettings } from '../../config/proxy.ts';
import { DbgateError } from '../../errors.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Revocations } from '../../identity/revocation.ts';
import { createVerifier } from '../../identity/verifier.ts';

export const LOGIN_MS = 10 * 60_000;
const TIMEOUT_SECONDS = 10;

interface Under {
  readonly state: string;
  readonly nonce: string;
  readonly pkce: string;
  /** A path of ours. */
  readonly to: string;
  readonly until: number;
}

export interface WebLoginOptions {
  readonly settings: GatewaySettings;
  readonly web: WebSettings;
  readonly revocations: Revocations;
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class WebLogin {
  readonly #options: WebLoginOptions;
  readonly #issuer: IssuerSettings;
  readonly #key = randomBytes(32);
  #config: Promise<Configuration> | undefined;

  /** Throws `config`: the issuer is none of the gateway's. */
  constructor(options: WebLoginOptions) {
    this.#options = options;
    const issuer = options.settings.issuers.find((one) => one.issuer === options.web.issuer);
    if (issuer === undefined)
      throw new DbgateError('config', `web.issuer ${options.web.issuer} is none of the issuers`);
    this.#issuer = issuer;
  }

  get #redirectUri(): string {
    return `${this.#options.settings.publicUrl}/login/callback`;
  }

  /** Where to log in, and what the browser keeps meanwhile. Throws `upstream_unavailable`. */
  async begin(to: string): Promise<{ readonly url: string; readonly cookie: string }> {
    const client = await import('openid-client');
    const config = await this.#configuration();
    const under: Under = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      pkce: client.randomPKCECodeVerifier(),
      to,
      until: this.#options.now() + LOGIN_MS,
    };
    const scope = this.#issuer.scopes.filter((one) => one !== 'offline_access').join(' ');
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectUri,
      scope,
      state: under.state,
      nonce: under.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(under.pkce),
      code_challenge_method: 'S256',
      ...this.#resource(),
    });
    return { url: url.href, cookie: this.#seal(under) };
  }

  /** Throws `login_required`: it belongs to no login of this browser; `denied`, `token_invalid`, `upstream_unavailable`. */
  async finish(
    query: string,
    cookie: string | undefined,
  ): Promise<{ readonly principal: Principal; readonly to: string }> {
    const under = cookie === undefined ? undefined : this.#open(cookie);
    if (under === undefined || under.until < this.#options.now()) {
      throw new DbgateError('login_required', 'this login is over, or began in another browser');
    }
    const client = await import('openid-client');
    const config = await this.#configuration();
    const tokens = await client
      .authorizationCodeGrant(
        config,
        new URL(`${this.#redirectUri}${query}`),
        { pkceCodeVerifier: under.pkce, expectedState: under.state, expectedNonce: under.nonce, idTokenExpected: true },
        this.#resource(),
      )
      .catch((error: unknown) => {
        throw loginError(error);
      });
    const token = this.#issuer.token === 'access' ? tokens.access_token : tokens.id_token;
    if (token === undefined) throw new DbgateError('token_invalid', 'the issuer sent no ID token');
    const { settings, web, revocations, now } = this.#options;
    // As the CLI's tokens, but for another client; it is not bound to a key, as it never leaves this process.
    const issuers = [{ ...this.#issuer, clientId: web.clientId, dpop: 'off' as const }];
    const verifier = createVerifier({ issuers, publicUrl: settings.publicUrl, now, revocations });
    const principal = await verifier.verify({
      authorization: `Bearer ${token}`,
      dpop: undefined,
      method: 'GET',
      url: '/login/callback',
    });
    return { principal, to: under.to };
  }

  #resource(): Record<string, string> {
    return takesResource(this.#issuer) ? { resource: this.#issuer.audience } : {};
  }

  #configuration(): Promise<Configuration> {
    this.#config ??= this.#discover().catch((error: unknown) => {
      this.#config = undefined;
      throw loginError(error);
    });
    return this.#config;
  }

  async #discover(): Promise<Configuration> {
    const client = await import('openid-client');
    const { EnvHttpProxyAgent, fetch } = await import('undici');
    const { web, env } = this.#options;
    const ca = this.#issuer.ca === undefined ? {} : { ca: this.#issuer.ca };
    const dispatcher = new EnvHttpProxyAgent({ ...proxySettings(env), connect: ca, requestTls: ca });
    const send = (url: string, init?: object) => fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>;
    const server = new URL(this.#issuer.issuer);
    const insecure = server.protocol === 'http:' && this.#issuer.allowInsecure;
    const found = await client.discovery(server, web.clientId, undefined, client.None(), {
      [client.customFetch]: send,
      execute: insecure ? [client.allowInsecureRequests] : [],
      timeout: TIMEOUT_SECONDS,
    });
    const metadata = found.serverMetadata();
    const config = new client.Configuration(metadata, web.clientId, undefined, this.#authentication(client, metadata));
    config[client.customFetch] = send;
    config.timeout = TIMEOUT_SECONDS;
    if (insecure) client.allowInsecureRequests(config);
    client.enableNonRepudiationChecks(config);
    return config;
  }

  #authentication(
    client: typeof import('openid-client'),
    { token_endpoint_auth_methods_supported: methods }: { readonly token_endpoint_auth_methods_supported?: string[] },
  ) {
    const secret = this.#options.web.clientSecret;
    if (secret === undefined) return client.None();
    // OpenID Connect Discovery §3: without the list it is client_secret_basic.
    const basic = methods === undefined || methods.includes('client_secret_basic');
    return basic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
  }

  #seal(under: Under): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(under)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  #open(cookie: string): Under | undefined {
    const bytes = Buffer.from(cookie, 'base64url');
    if (bytes.length < 28) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(12, 28));
      const opened = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
      return JSON.parse(opened.toString()) as Under;
    } catch {
      return undefined;
    }
  }
}

/** Nothing of the issuer's words but its error code: the page shows it. */
function loginError(error: unknown): DbgateError {
  if (error instanceof DbgateError) return error;
  const { error: code } = error as { error?: unknown };
  if (typeof code === 'string') {
    const known = /^[a-z_]{1,40}$/.test(code) ? code : 'unknown error';
    return new DbgateError('denied', `the identity provider refused the login: ${known}`, { cause: error });
  }
  return new DbgateError('upstream_unavailable', 'the identity provider gave no answer that can be used', {
    cause: error,
  });
}
