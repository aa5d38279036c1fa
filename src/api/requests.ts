/**
 * `/v1/requests`: ask, list, look at, decide, withdraw, take back, wait, follow. In: what a caller wants of a request.
 * Out: the request as it is then (`request-json.ts`). Who may see and decide what is said by `Requests` alone; a request
 * that a caller may not see is one that does not exist.
 */
import type { RequestFilter, Requests } from '../approvals/contract.ts';
import { REQUEST_STATUSES, type RequestState, type RequestStatus } from '../approvals/request.ts';
import type { HistoryEntry } from '../audit/record.ts';
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import { type ReviewedStatement, reviewedStatement } from '../gateway/reviewed-statement.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import { openEventStream } from './event-stream.ts';
import { sendJson, sendJsonText } from './http-answer.ts';
import { flagOf, numberOf } from './query-parameters.ts';
import { elevationAsk, reasonOf, termsOf } from './request-bodies.ts';
import { readJsonBody } from './request-body.ts';
import { eventJson, isDecided, requestJson, requestRisk, shownJson, TRYING_MS } from './request-json.ts';
import { requestsText } from './request-texts.ts';
import type { ApiOptions, Call } from './router.ts';

/** A reason of 2,000 characters and 100 tables fit many times over. */
const MAX_BODY_BYTES = 256 * 1024;
const RECENT_STATEMENTS = 10;

export async function askRequest({ gateway }: ApiOptions, { request, response, principal }: Call): Promise<void> {
  const ask = elevationAsk(await readJsonBody(request, MAX_BODY_BYTES));
  const state = await gateway.requests.ask(principal, ask);
  sendJson(response, 201, requestJson(gateway, state, principal));
}

export function listRequests({ gateway }: ApiOptions, { response, principal, url }: Call): void {
  const q = url.searchParams;
  const limit = numberOf(q, 'limit', 1, 1000) ?? 100;
  const status = flagOf(q, 'pending') ? 'pending' : statusOf(q.get('status'));
  const filter: RequestFilter = {
    limit,
    ...(flagOf(q, 'mine') ? { mine: principalKey(principal) } : {}),
    ...(flagOf(q, 'decidable') ? { decidableBy: principal } : {}),
    ...(flagOf(q, 'unreviewed') ? { unreviewed: true } : {}),
    ...(status === undefined ? {} : { status }),
    ...(q.has('database') ? { database: q.get('database')! } : {}),
    ...(q.has('after') ? { after: q.get('after')! } : {}),
  };
  const states = gateway.requests.list(principal, filter);
  const next = states.length < limit ? '' : `,"next":${JSON.stringify(states.at(-1)!.request.id)}`;
  sendJsonText(response, 200, `{"requests":${requestsText(gateway, states, principal)}${next}}`);
}

function statusOf(text: string | null): RequestStatus | undefined {
  if (text === null) return undefined;
  const status = REQUEST_STATUSES.find((candidate) => candidate === text);
  if (status !== undefined) return status;
  throw new DbgateError('usage', `status must be one of ${REQUEST_STATUSES.join(', ')}`);
}

export async function showRequest(api: ApiOptions, { response, principal, name }: Call): Promise<void> {
  const { gateway } = api;
  const state = visible(gateway.requests, name, principal);
  const events = await gateway.requests.events(name);
  const recent = await recentStatements(api, state, principal);
  const shown = await shownStatement(gateway, state, principal);
  sendJson(response, 200, {
    ...requestJson(gateway, state, principal),
    ...(shown === undefined ? {} : { shown: shownJson(shown) }),
    risk: requestRisk(state, earlierRequests(gateway.requests, state)),
    events: events.map(eventJson),
    ...(recent === undefined ? {} : { recent }),
  });
}

/** 0 or 1: whether the person asked for anything before; they see all of their own. */
export function earlierRequests(requests: Requests, { request: { id, by } }: RequestState): number {
  const asker: Principal = { ...by, expiresAt: 0, authMethods: [], jkt: undefined };
  return requests.list(asker, { mine: by.key, after: id, limit: 1 }).length;
}

export type RecentStatement = Pick<
  HistoryEntry,
  'id' | 'at' | 'sql' | 'command' | 'decision' | 'rows' | 'sqlstate' | 'state'
>;

/** What the requester ran last on that database, for whoever decides; undefined: not for this viewer. */
export async function recentStatements(
  { gateway, history }: Pick<ApiOptions, 'gateway' | 'history'>,
  { request, status }: RequestState,
  viewer: Principal,
): Promise<readonly RecentStatement[] | undefined> {
  if (status !== 'pending' || !gateway.requests.mayDecide(request.id, viewer)) return undefined;
  const { entries } = await history.query({
    principal: request.by.key,
    database: request.database,
    limit: RECENT_STATEMENTS,
  });
  // Others' statements are read: that is on the record before it is seen.
  await gateway.recorder.event({
    kind: 'history.read',
    by: principalKey(viewer),
    database: request.database,
    detail: { request: request.id, statements: entries.length },
  });
  return entries.map(({ id, at, sql, command, decision, rows, sqlstate, state }) => {
    return { id, at, sql, command, decision, rows, sqlstate, state };
  });
}

/** A statement as this viewer may see it, that they may see the request at all has been checked; undefined: it is none. */
export async function shownStatement(
  gateway: GatewayState,
  state: RequestState,
  viewer: Principal,
): Promise<ReviewedStatement | undefined> {
  const shown = await reviewedStatement(gateway, state, viewer);
  if (shown === undefined || shown.clear.length === 0) return shown;
  // Values of others are read in the clear: that is on the record before they are seen.
  await gateway.recorder.event({
    kind: 'history.read',
    by: principalKey(viewer),
    database: state.request.database,
    detail: { request: state.request.id, classes: shown.clear.join(', ') },
  });
  return shown;
}

export async function approveRequest(api: ApiOptions, call: Call): Promise<void> {
  await decide(api, call, (requests, body) =>
    requests.approve(call.name, call.principal, 'cli', reasonOf(body), termsOf(body)),
  );
}

export async function denyRequest(api: ApiOptions, call: Call): Promise<void> {
  await decide(api, call, (requests, body) => requests.deny(call.name, call.principal, 'cli', reasonOf(body)));
}

export async function cancelRequest(api: ApiOptions, call: Call): Promise<void> {
  await decide(api, call, (requests, body) => requests.cancel(call.name, call.principal, reasonOf(body)));
}

export async function revokeRequest(api: ApiOptions, call: Call): Promise<void> {
  await decide(api, call, (requests, body) => requests.revoke(call.name, call.principal, reasonOf(body)));
}

export async function reviewRequest(api: ApiOptions, call: Call): Promise<void> {
  await decide(api, call, (requests, body) => requests.review(call.name, call.principal, reasonOf(body)));
}

async function decide(
  { gateway }: ApiOptions,
  { request, response, principal, name }: Call,
  change: (requests: Requests, body: Record<string, unknown>) => Promise<RequestState>,
): Promise<void> {
  visible(gateway.requests, name, principal);
  const body = await readJsonBody(request, MAX_BODY_BYTES);
  const state = await change(gateway.requests, body);
  sendJson(response, 200, requestJson(gateway, state, principal));
}

/** NDJSON: the request as it is, again at each change, and the end once it is decided. */
export function waitForRequest({ gateway }: ApiOptions, call: Call): void {
  const { principal, name } = call;
  const first = visible(gateway.requests, name, principal);
  let later: NodeJS.Timeout | undefined;
  const stream = openEventStream(gateway, call, () => {
    clearTimeout(later);
    unsubscribe();
  });
  const tell = (state: RequestState): void => {
    stream.send({ event: 'state', request: requestJson(gateway, state, principal) });
    clearTimeout(later);
    if (isDecided(state, Date.now())) stream.end();
    else if (state.status !== 'pending') later = setTimeout(() => tell(state), TRYING_MS);
  };
  const unsubscribe = gateway.requests.subscribe((state) => {
    if (state.request.id === name && !stream.isOver) tell(state);
  });
  tell(first);
}

/** NDJSON: each change of each request that the caller may see, from now on. */
export function followRequests({ gateway }: ApiOptions, call: Call): void {
  const { principal } = call;
  const stream = openEventStream(gateway, call, () => unsubscribe());
  const unsubscribe = gateway.requests.subscribe((state, event) => {
    if (gateway.requests.get(state.request.id, principal) === undefined) return;
    stream.send({ event: 'change', type: event.type, request: requestJson(gateway, state, principal) });
  });
  stream.send({ event: 'ready' });
}

/** Throws `not_found`, in the same words for a request that is not there and one that is nobody's business. */
function visible(requests: Requests, id: string, viewer: Principal): RequestState {
  const state = requests.get(id, viewer);
  if (state !== undefined) return state;
  throw new DbgateError('not_found', `there is no request ${JSON.stringify(id.slice(0, 40))} that you may see`, {
    hint: 'dbgate requests',
  });
}
