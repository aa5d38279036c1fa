/**
 * The pages behind the links in notices and messages. In: a browser's request. Out: HTML that runs no script. A link
 * decides nothing: GET only shows, and a decision is a POST of whoever is logged in, with the page's own token, judged by
 * `Requests` as one from the command line is.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewaySettings } from '../../config/gateway-settings.ts';
import { parseDurationMs } from '../../config/units.ts';
import { DbgateError } from '../../errors.ts';
import type { GatewayState } from '../../gateway/gateway-state.ts';
import { displayName } from '../../identity/principal.ts';
import type { History } from '../../store/history-index.ts';
import { httpErrorOf } from '../http-answer.ts';
import { termsOf } from '../request-bodies.ts';
import { readRawBody } from '../request-body.ts';
import { requestRisk } from '../request-json.ts';
import { earlierRequests, recentStatements, shownStatement } from '../requests.ts';
import { cookieOf, LOGIN_COOKIE, SESSION_COOKIE, setCookie } from './cookies.ts';
import { html } from './html.ts';
import { page, redirect, sendPage, sendStyle, type Visitor } from './layout.ts';
import { requestBody, titleOf } from './request-page.ts';
import { pendingBody } from './requests-page.ts';
import { LOGIN_MS, WebLogin } from './web-login.ts';
import { isCsrfOf, type WebSession, WebSessions } from './web-sessions.ts';

export interface WebOptions {
  readonly gateway: GatewayState;
  readonly history: History;
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whoever is behind this socket has logged in. */
  proved(socket: Socket): void;
}

const MAX_FORM_BYTES = 32 << 10;
const MAX_LISTED = 200;
const REQUEST_PATH = /^\/requests\/(r-[0-9a-z]{8})(?:\/(approve|deny))?$/;
const PATHS = /^\/(requests(\/.*)?|login(\/callback)?|logout|web\.css)$/;

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

export class Web {
  readonly #options: WebOptions;
  readonly #sessions: WebSessions;
  #login: { readonly of: GatewaySettings; readonly login: WebLogin | undefined } | undefined;

  constructor(options: WebOptions) {
    this.#options = options;
    this.#sessions = new WebSessions(options.gateway.revocations, options.now);
  }

  serves({ pathname }: URL): boolean {
    return PATHS.test(pathname);
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      await this.#route({ request, response, url });
    } catch (error) {
      if (!(error instanceof DbgateError)) {
        this.#options.gateway.logLine(`${request.method} ${url.pathname}: ${(error as Error).stack}`);
      }
      request.resume();
      if (response.headersSent) response.destroy();
      else this.#fail(response, error, this.#sessionOf(request));
    }
  }

  async #route(visit: Visit): Promise<void> {
    const { request, response, url } = visit;
    const { method } = request;
    const { pathname } = url;
    if (method === 'POST') return this.#post(visit);
    request.resume();
    if (method !== 'GET' && method !== 'HEAD') throw new DbgateError('usage', `${pathname} takes GET and POST`);
    if (pathname === '/web.css') return sendStyle(response);
    const id = REQUEST_PATH.exec(pathname);
    const login = this.#loginNow();
    if (login === undefined) return withoutLogin(response, id?.[1]);
    if (pathname === '/login') return this.#begin(visit, login, ownPath(url.searchParams.get('to')));
    if (pathname === '/login/callback') return this.#finish(visit, login);
    const session = this.#sessionOf(request);
    if (pathname !== '/requests' && (id === null || id[2] !== undefined)) throw notFound();
    if (session === undefined) return this.#begin(visit, login, pathname);
    this.#options.proved(request.socket);
    if (id !== null) return this.#show(response, session, id[1]!);
    const { principal } = session;
    const states = this.#options.gateway.requests.list(principal, {
      decidableBy: principal,
      status: 'pending',
      limit: MAX_LISTED,
    });
    sendPage(response, 200, page('Waits for you', pendingBody(states, MAX_LISTED), visitorOf(session)));
  }

  async #begin({ response }: Visit, login: WebLogin, to: string): Promise<void> {
    const { url, cookie } = await login.begin(to);
    redirect(response, url, { 'Set-Cookie': setCookie(LOGIN_COOKIE, cookie, LOGIN_MS) });
  }

  async #finish({ request, response, url }: Visit, login: WebLogin): Promise<void> {
    const { principal, to } = await login.finish(url.search, cookieOf(request, LOGIN_COOKIE));
    if (this.#options.gateway.revocations.isRevoked(principal)) throw new DbgateError('denied', 'access was revoked');
    this.#options.proved(request.socket);
    const old = cookieOf(request, SESSION_COOKIE);
    if (old !== undefined) this.#sessions.close(old);
    const { id, expiresAt } = this.#sessions.open(principal);
    redirect(response, to, {
      'Set-Cookie': [
        setCookie(SESSION_COOKIE, id, Math.max(0, expiresAt - this.#options.now())),
        setCookie(LOGIN_COOKIE, '', 0),
      ],
    });
  }

  async #show(response: ServerResponse, session: WebSession, id: string, problem?: DbgateError): Promise<void> {
    const { requests } = this.#options.gateway;
    const { principal } = session;
    const state = requests.get(id, principal);
    if (state === undefined) throw notFound();
    const mayDecide = state.status === 'pending' && requests.mayDecide(id, principal);
    const recent = await recentStatements(this.#options, state, principal);
    const events = await requests.events(id);
    const shown = await shownStatement(this.#options.gateway, state, principal);
    const { csrf } = session;
    const risk = requestRisk(state, earlierRequests(requests, state));
    const view = { state, shown, events, risk, recent, mayDecide, csrf, problem: problem?.message };
    const status = problem === undefined ? 200 : httpErrorOf(problem).status;
    sendPage(response, status, page(titleOf(state), requestBody(view), visitorOf(session)));
  }

  // 1. Whose browser it is. 2. That the form is ours. 3. What it says. 4. Whether that person may: `Requests` says so.
  async #post({ request, response, url }: Visit): Promise<void> {
    const { gateway } = this.#options;
    const found = REQUEST_PATH.exec(url.pathname);
    if (url.pathname !== '/logout' && found?.[2] === undefined) throw notFound();
    if (this.#loginNow() === undefined) throw notFound();
    const session = this.#sessionOf(request);
    if (session === undefined) throw new DbgateError('login_required', 'you are not logged in, or not any more');
    const form = await readForm(request);
    if (!isSameOrigin(request, gateway.settings.publicUrl) || !isCsrfOf(session, form.get('csrf'))) {
      throw new DbgateError('denied', 'this form is not from this page: open the request again');
    }
    this.#options.proved(request.socket);
    if (url.pathname === '/logout') return this.#logout(request, response);
    const id = found![1]!;
    // What a visitor may not see does not exist.
    const state = gateway.requests.get(id, session.principal);
    if (state === undefined) throw notFound();
    // Who saw the first question does not answer the second.
    if (found![2] === 'approve' && (form.get('tried') ?? '') !== String(state.triedRows ?? '')) {
      const changed = new DbgateError('usage', 'it is another question now: look at it again');
      return this.#show(response, session, id, changed);
    }
    const reason = form.get('reason') ?? '';
    try {
      if (found![2] === 'approve') {
        await gateway.requests.approve(id, session.principal, 'web', reason, termsOf(termsIn(form)));
      } else await gateway.requests.deny(id, session.principal, 'web', reason);
    } catch (error) {
      if (error instanceof DbgateError) return this.#show(response, session, id, error);
      throw error;
    }
    redirect(response, `/requests/${id}`);
  }

  #logout(request: IncomingMessage, response: ServerResponse): void {
    const id = cookieOf(request, SESSION_COOKIE);
    if (id !== undefined) this.#sessions.close(id);
    const body = html`<p><a href="/requests">Log in again</a></p>`;
    sendPage(response, 200, page('You are logged out', body), { 'Set-Cookie': setCookie(SESSION_COOKIE, '', 0) });
  }

  #sessionOf(request: IncomingMessage): WebSession | undefined {
    const session = this.#sessions.get(cookieOf(request, SESSION_COOKIE));
    const { web, issuers } = this.#options.gateway.settings;
    // A reload may have taken the page, or the issuer, away.
    const known = web?.issuer === session?.principal.issuer && issuers.some(({ issuer }) => issuer === web?.issuer);
    return known ? session : undefined;
  }

  /** Anew after each reload; undefined: there is no page. */
  #loginNow(): WebLogin | undefined {
    const { gateway, now, env } = this.#options;
    const { settings, revocations } = gateway;
    if (this.#login?.of !== settings) {
      const { web } = settings;
      const login = web === undefined ? undefined : new WebLogin({ settings, web, revocations, now, env });
      this.#login = { of: settings, login };
    }
    return this.#login!.login;
  }

  #fail(response: ServerResponse, error: unknown, session: WebSession | undefined): void {
    const { status, body } = httpErrorOf(error);
    const again = session === undefined && this.#options.gateway.settings.web !== undefined && status !== 404;
    const content = html`<p class="error">${body.error.message}</p>${again ? html`<p><a href="/requests">Log in</a></p>` : undefined}`;
    sendPage(response, status, page('That did not work', content, session && visitorOf(session)));
  }
}

function notFound(): DbgateError {
  return new DbgateError('not_found', 'there is nothing here that you may see');
}

/** Says nothing of the request, not even whether there is one. */
function withoutLogin(response: ServerResponse, id: string | undefined): void {
  const command = id === undefined ? 'dbgate review' : `dbgate review ${id}`;
  const body = html`<p>Look at it, and decide, on a terminal:</p><pre>${command}</pre>`;
  sendPage(response, 200, page('A request', body));
}

function visitorOf({ principal, csrf }: WebSession): Visitor {
  return { name: displayName(principal), csrf };
}

/** Where to go after the login: a page of ours, whatever the query says. */
function ownPath(to: string | null): string {
  const found = REQUEST_PATH.exec(to ?? '');
  return found !== null && found[2] === undefined ? found[0] : '/requests';
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) throw new DbgateError('usage', 'this is no form');
  const body = await readRawBody(request, MAX_FORM_BYTES);
  return new URLSearchParams(body.toString('utf8'));
}

/** Browsers say where a form comes from; one that says nothing still needs the page's token. */
function isSameOrigin({ headers }: IncomingMessage, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return headers.origin === undefined || headers.origin === publicUrl;
}

/** What was typed, as the API's body; an empty field says nothing. */
function termsIn(form: URLSearchParams): Record<string, unknown> {
  const typed = (name: string): string | undefined => form.get(name)?.trim() || undefined;
  const number = (name: string): number | undefined => {
    const text = typed(name);
    return text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  };
  const list = (name: string): string[] | undefined =>
    typed(name)
      ?.split(',')
      .map((one) => one.trim())
      .filter(Boolean);
  const duration = typed('duration');
  const durationMs = duration === undefined ? undefined : parseDurationMs(duration);
  if (duration !== undefined && durationMs === undefined) {
    throw new DbgateError('usage', `${JSON.stringify(duration.slice(0, 40))} is no duration, such as 30m`);
  }
  const unmask = list('unmask');
  return {
    duration_ms: durationMs,
    tables: list('tables'),
    unmask: unmask?.length === 1 && unmask[0] === 'all' ? 'all' : unmask,
    max_rows: number('max_rows'),
    times: number('times'),
    try: typed('try') === undefined ? undefined : true,
  };
}
