/**
 * The gateway's HTTP API (docs/architecture.md). In: a request, and who sent it. Out: JSON, or NDJSON for events.
 * It decides nothing that the gateway does not decide for a session as well.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Notifier } from '../approvals/notify/notifier.ts';
import type { Archive } from '../audit/archive/archive.ts';
import type { Erasure } from '../audit/erasure.ts';
import type { AuditTree } from '../audit/tree/tree.ts';
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { LiveFeed } from '../gateway/live-feed.ts';
import type { DatabaseTokens } from '../identity/database-token.ts';
import { displayName, type Principal } from '../identity/principal.ts';
import type { History } from '../store/history-index.ts';
import { eraseRecords } from './audit-erase.ts';
import { exportAudit } from './audit-export.ts';
import { CALLBACK_PATH, type Callbacks, serveCallback } from './callbacks.ts';
import { classification } from './classification.ts';
import { accessReview, evidence } from './evidence.ts';
import { explain } from './explain.ts';
import { history, historySession, historySessions, reindex, statementOfHistory } from './history.ts';
import { httpErrorOf, SECURITY_HEADERS, sendJson } from './http-answer.ts';
import { METRICS_PATH, type MetricsPage, serveMetrics } from './metrics.ts';
import {
  approveRequest,
  askRequest,
  cancelRequest,
  denyRequest,
  followRequests,
  listRequests,
  reviewRequest,
  revokeRequest,
  showRequest,
  waitForRequest,
} from './requests.ts';
import { elevationsJson, listSessions, restoreUser, revokeSession, revokeUser } from './sessions.ts';
import { proofs, treeFile, treeHealth } from './tree.ts';
import { watch } from './watch.ts';
import type { Web } from './web/web.ts';

export interface ApiOptions {
  readonly gateway: GatewayState;
  readonly history: History;
  readonly erasure: Erasure;
  /** Undefined: the record is here only. */
  readonly archive: Archive | undefined;
  readonly feed: LiveFeed;
  readonly tree: AuditTree;
  readonly databaseTokens: DatabaseTokens;
  readonly notifier: Pick<Notifier, 'pending' | 'dropped'>;
  readonly callbacks: Callbacks;
  readonly web: Web;
  /** Undefined: there is no `/metrics`. */
  readonly metrics: MetricsPage | undefined;
  authenticate(request: IncomingMessage): Promise<Principal>;
  /** Host and port of the native listener, as clients reach it. */
  native(): { host: string; port: number } | undefined;
}

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly url: URL;
  /** What `{name}` stood for. */
  readonly name: string;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** It reads the body itself; all others have it read away. */
  readonly takesBody?: true;
  run(api: ApiOptions, call: Call): Promise<void> | void;
}

const STATS_MS = 250;
const PING_MS = 15_000;

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/v1\/whoami$/, run: whoami },
  { method: 'GET', path: /^\/v1\/databases$/, run: databases },
  { method: 'POST', path: /^\/v1\/databases\/([^/]+)\/token$/, run: databaseToken },
  { method: 'POST', path: /^\/v1\/tunnels\/([^/]+)\/renew$/, run: renewTunnel },
  { method: 'GET', path: /^\/v1\/tunnels\/([^/]+)\/events$/, run: tunnelEvents },
  { method: 'GET', path: /^\/v1\/history$/, run: history },
  { method: 'GET', path: /^\/v1\/proofs\/([^/]+)$/, run: proofs },
  { method: 'GET', path: /^\/v1\/tree\/(.+)$/, run: treeFile },
  { method: 'GET', path: /^\/v1\/history\/sessions$/, run: historySessions },
  { method: 'GET', path: /^\/v1\/history\/sessions\/([^/]+)$/, run: historySession },
  { method: 'GET', path: /^\/v1\/history\/([^/]+\.\d+)$/, run: statementOfHistory },
  { method: 'GET', path: /^\/v1\/watch$/, run: watch },
  { method: 'GET', path: /^\/v1\/evidence$/, run: evidence },
  { method: 'GET', path: /^\/v1\/access-review$/, run: accessReview },
  { method: 'GET', path: /^\/v1\/audit\/export$/, run: exportAudit },
  { method: 'POST', path: /^\/v1\/audit\/reindex$/, run: reindex },
  { method: 'POST', path: /^\/v1\/audit\/erase$/, run: eraseRecords, takesBody: true },
  { method: 'GET', path: /^\/v1\/databases\/([^/]+)\/classification$/, run: classification },
  { method: 'POST', path: /^\/v1\/databases\/([^/]+)\/explain$/, run: explain, takesBody: true },
  { method: 'GET', path: /^\/v1\/requests$/, run: listRequests },
  { method: 'POST', path: /^\/v1\/requests$/, run: askRequest, takesBody: true },
  { method: 'GET', path: /^\/v1\/requests\/events$/, run: followRequests },
  { method: 'GET', path: /^\/v1\/requests\/([^/]+)$/, run: showRequest },
  { method: 'GET', path: /^\/v1\/requests\/([^/]+)\/wait$/, run: waitForRequest },
  { method: 'POST', path: /^\/v1\/requests\/([^/]+)\/approve$/, run: approveRequest, takesBody: true },
  { method: 'POST', path: /^\/v1\/requests\/([^/]+)\/deny$/, run: denyRequest, takesBody: true },
  { method: 'POST', path: /^\/v1\/requests\/([^/]+)\/cancel$/, run: cancelRequest, takesBody: true },
  { method: 'POST', path: /^\/v1\/requests\/([^/]+)\/revoke$/, run: revokeRequest, takesBody: true },
  { method: 'POST', path: /^\/v1\/requests\/([^/]+)\/review$/, run: reviewRequest, takesBody: true },
  { method: 'GET', path: /^\/v1\/sessions$/, run: listSessions },
  { method: 'POST', path: /^\/v1\/sessions\/([^/]+)\/revoke$/, run: revokeSession, takesBody: true },
  { method: 'POST', path: /^\/v1\/users\/revoke$/, run: revokeUser, takesBody: true },
  { method: 'POST', path: /^\/v1\/users\/restore$/, run: restoreUser, takesBody: true },
];

/** `GET /v1/whoami`, with `*` for what a path names. */
export const ROUTE_NAMES: readonly string[] = ROUTES.map(
  ({ method, path }) => `${method} ${path.source.replace(/\([^)]*\)/g, '*').replace(/[\^$\\]/g, '')}`,
);

export const CONNECT_PATH = /^\/v1\/databases\/([^/]+)\/connect$/;

export async function serveApi(api: ApiOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = requestUrl(request);
    if (isOpen(url) && request.method === 'GET') {
      request.resume();
      return url.pathname === '/healthz' ? health(api, response) : discovery(api, response);
    }
    if (url.pathname === METRICS_PATH && request.method === 'GET') {
      request.resume();
      return serveMetrics(api.metrics, request, response);
    }
    const callback = request.method === 'POST' ? CALLBACK_PATH.exec(url.pathname) : null;
    if (callback !== null) return await serveCallback(api.callbacks, request, response, callback);
    if (api.web.serves(url)) return await api.web.serve(request, response, url);
    if (CONNECT_PATH.test(url.pathname)) {
      throw new DbgateError('usage', 'this route is reached with Upgrade: postgresql', {
        hint: 'Use `dbgate connect`.',
      });
    }
    const there = ROUTES.map((route) => ({ route, found: route.path.exec(url.pathname) })).filter(
      ({ found }) => found !== null,
    );
    if (there.length === 0) throw new DbgateError('not_found', `there is no ${url.pathname}`);
    const match = there.find(({ route }) => route.method === request.method);
    if (match === undefined) {
      const methods = there.map(({ route }) => route.method).join(' and ');
      throw new DbgateError('usage', `${url.pathname} takes ${methods}`);
    }
    const principal = await api.authenticate(request);
    if (match.route.takesBody === undefined) request.resume();
    await match.route.run(api, { request, response, principal, url, name: decoded(match.found![1] ?? '') });
  } catch (error) {
    if (!(error instanceof DbgateError))
      api.gateway.logLine(`${request.method} ${request.url}: ${(error as Error).stack}`);
    // What still comes of a body is read away.
    request.resume();
    if (response.headersSent) response.destroy();
    else {
      const { status, body, headers } = httpErrorOf(error);
      sendJson(response, status, body, headers);
    }
  }
}

/** Without a token. */
function isOpen({ pathname }: URL): boolean {
  return pathname === '/healthz' || pathname === '/.well-known/dbgate';
}

/** The path and query that were asked for; an absolute URL's host is never looked at. */
export function requestUrl(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? '/', 'https://gateway.invalid');
  if (url === null) throw new DbgateError('usage', 'the request target is not a path');
  return url;
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DbgateError('usage', 'the path is not percent-encoded UTF-8');
  }
}

function health({ gateway, notifier, tree, archive }: ApiOptions, response: ServerResponse): void {
  const healthy = gateway.log.state === 'healthy' && gateway.recorder.dropped === 0;
  sendJson(response, healthy ? 200 : 503, {
    status: healthy ? 'ok' : 'degraded',
    audit: gateway.log.state,
    // No reason to send people elsewhere: the others share the same store, and what needs no decision goes on.
    ...(gateway.sharedLog === undefined ? {} : { shared: gateway.sharedLog.state }),
    outcomes_pending: gateway.recorder.pending,
    outcomes_dropped: gateway.recorder.dropped,
    notifications_pending: notifier.pending,
    notifications_dropped: notifier.dropped,
    tree: treeHealth(tree),
    // Why is in the gateway's own log: it may name places that are nobody else's business.
    ...(archive === undefined ? {} : { archive: archiveHealth(archive) }),
    sessions: gateway.sessions.size,
  });
}

function archiveHealth({ status }: Archive): object {
  const { state, segments, at, lost } = status;
  return { state, segments, at: at ?? null, lost: lost.length };
}

function discovery({ gateway, native }: ApiOptions, response: ServerResponse): void {
  const { gatewayId, publicUrl, issuers } = gateway.settings;
  sendJson(response, 200, {
    version: 1,
    gateway: gatewayId,
    public_url: publicUrl,
    issuers: issuers.map((issuer) => ({
      issuer: issuer.issuer,
      client_id: issuer.clientId,
      scopes: issuer.scopes,
      audience: issuer.audience,
      token: issuer.token,
      dpop: issuer.dpop,
      device: true,
    })),
    ...(native() === undefined ? {} : { native: native() }),
  });
}

function whoami(_api: ApiOptions, { response, principal }: Call): void {
  const { issuer, subject, email, name, groups, kind, actor, expiresAt } = principal;
  sendJson(response, 200, {
    issuer,
    subject,
    email,
    name,
    groups,
    kind,
    actor,
    expires_at: new Date(expiresAt).toISOString(),
  });
}

function databases({ gateway }: ApiOptions, { response, principal }: Call): void {
  const reachable = [];
  for (const database of gateway.settings.databases.values()) {
    const access = gateway.accessOf(principal, database.name);
    if (access === undefined) continue;
    const { name, environment, labels } = database;
    const elevations = elevationsJson(gateway, principal, name);
    reachable.push({ name, environment, ...access, labels, ...(elevations.length > 0 ? { elevations } : {}) });
  }
  sendJson(response, 200, { databases: reachable });
}

async function databaseToken(api: ApiOptions, { response, principal, name }: Call): Promise<void> {
  const { gateway } = api;
  gateway.mustReach(principal, name);
  const native = api.native();
  if (native === undefined) {
    throw new DbgateError('not_found', 'this gateway has no Postgres listener', {
      hint: `Use \`dbgate connect ${name}\`.`,
    });
  }
  const ttlMs = gateway.settings.limits.databaseTokenTtlMs;
  const minted = await api.databaseTokens.mint(principal, name, ttlMs);
  sendJson(response, 200, {
    token: minted.token,
    expires_in: Math.floor((minted.expiresAt - Date.now()) / 1000),
    user: displayName(principal),
    ...native,
    database: name,
  });
}

function renewTunnel({ gateway }: ApiOptions, { response, principal, name }: Call): void {
  for (const entry of gateway.sessions.sessionsOf(principal, name)) gateway.renew(entry, principal);
  sendJson(response, 200, { expires_at: new Date(principal.expiresAt).toISOString() });
}

function tunnelEvents({ gateway }: ApiOptions, { response, principal, name }: Call): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', ...SECURITY_HEADERS });
  let last = '';
  let quietMs = 0;
  const tick = (): void => {
    const line = JSON.stringify({ event: 'stats', ...gateway.sessions.stats(principal, name) });
    quietMs += STATS_MS;
    // A client that does not read gets the next state when it does.
    if (response.writableNeedDrain) return;
    if (line !== last) {
      last = line;
      quietMs = 0;
      response.write(`${line}\n`);
    } else if (quietMs >= PING_MS) {
      quietMs = 0;
      response.write('{"event":"ping"}\n');
    }
    // The stream lives no longer than the token it was opened with; the CLI opens it again with a fresh one.
    if (Date.now() >= principal.expiresAt || gateway.revocations.isRevoked(principal)) {
      stop();
      response.end();
    }
  };
  const timer = setInterval(tick, STATS_MS);
  const stop = (): void => clearInterval(timer);
  // Not the request's own 'close': that comes as soon as its body was read.
  response.once('close', stop);
  tick();
}
