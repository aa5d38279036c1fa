/**
 * What the record tells: `GET /v1/history`, `/v1/history/{id}`, `/v1/history/sessions`, `/v1/history/sessions/{id}`. One's own
 * is everybody's to read; that of others, `by=NAME` or `by=all`, is for auditors and administrators, and each such read is
 * itself in the record before its answer leaves.
 */
import type { HistoryQuery, RecordedExecution, SessionOpen, SessionsQuery } from '../audit/record.ts';
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import { unknownSession, unknownStatement } from '../store/index-lookups.ts';
import { SECURITY_HEADERS, sendJson } from './http-answer.ts';
import { flagOf, numberOf, timeOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';
import { ruleInWords } from './rule-words.ts';

const EVERYBODY = 'all';

export async function history({ gateway, history }: ApiOptions, { response, principal, url }: Call): Promise<void> {
  const q = url.searchParams;
  const whose = whoseRecord(gateway, principal, q.get('by'));
  const query: HistoryQuery = { ...whose.query, ...timesOf(q), limit: numberOf(q, 'limit', 1, 1000) ?? 50 };
  for (const name of ['database', 'grep', 'table', 'column', 'class', 'session', 'purpose', 'cursor'] as const) {
    if (q.has(name)) query[name] = q.get(name)!;
  }
  const sqlLimit = numberOf(q, 'sql_limit', 1, Number.MAX_SAFE_INTEGER);
  if (sqlLimit !== undefined) query.sqlLimit = sqlLimit;
  query.errorsOnly = flagOf(q, 'errors');
  query.deniedOnly = flagOf(q, 'denied');
  query.maskedOnly = flagOf(q, 'masked');
  query.writesOnly = flagOf(q, 'writes');
  const { entries, nextCursor } = await history.query(query);
  if (whose.ofOthers) {
    await recordRead(gateway, principal, query.database, { what: 'history', entries: entries.length }, q);
  }
  sendJson(response, 200, { entries, ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) });
}

export async function historySessions({ gateway, history }: ApiOptions, call: Call): Promise<void> {
  const { response, principal, url } = call;
  const q = url.searchParams;
  const whose = whoseRecord(gateway, principal, q.get('by'));
  const query: SessionsQuery = { ...whose.query, ...timesOf(q), limit: numberOf(q, 'limit', 1, 1000) ?? 50 };
  if (q.has('database')) query.database = q.get('database')!;
  if (q.has('cursor')) query.cursor = q.get('cursor')!;
  query.openOnly = flagOf(q, 'open');
  const { sessions, nextCursor } = await history.sessions(query);
  if (whose.ofOthers) {
    await recordRead(gateway, principal, query.database, { what: 'sessions', entries: sessions.length }, q);
  }
  sendJson(response, 200, { sessions, ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) });
}

/** One statement with all there is to say of it. Somebody else's does not exist for whoever may not read it. */
export async function statementOfHistory({ gateway, history }: ApiOptions, call: Call): Promise<void> {
  const { response, principal, name: id } = call;
  const found = await history.execution(id);
  const own = isOwn(found.opened, principal);
  if (!own && !gateway.isAuditor(principal)) throw unknownStatement(id);
  const database = found.entry.database;
  if (!own) await recordRead(gateway, principal, database, { what: 'statement', entries: 1, statement: id });
  sendJson(response, 200, statementJson(gateway, found));
}

function statementJson(gateway: GatewayState, found: RecordedExecution): object {
  const { entry, opened, intent, outcome } = found;
  const body = typeof intent.body === 'object' ? intent.body : undefined;
  const policyVersion = intent.policyVersion ?? opened?.policyVersion;
  return {
    entry,
    protocol: intent.protocol,
    binds: intent.binds,
    values: body?.values ?? null,
    erased: body === undefined,
    bytes: outcome?.bytes ?? null,
    masked_by: outcome?.maskedBy ?? null,
    fate: outcome?.fate ?? null,
    answered_at: outcome?.at ?? null,
    policy_version: policyVersion ?? null,
    // Of another version the words may have been others: then the name has to do.
    rule_words:
      entry.rule !== null && policyVersion === gateway.policyVersion
        ? (ruleInWords(gateway.settings, entry.rule, entry.environment) ?? null)
        : null,
    session:
      opened === undefined
        ? null
        : {
            ...{ at: opened.at, issuer: opened.issuer, subject: opened.subject, kind: opened.principalKind },
            ...{ actors: opened.actors, via: opened.via, bound: opened.bound, upstream_user: opened.upstreamUser },
            client_address: typeof opened.body === 'object' ? opened.body.clientAddress : null,
          },
    record: { intent: found.intentPosition, outcome: found.outcomePosition ?? null },
  };
}

/** A session with its statements, the first first; `after`: the number behind which to go on. */
export async function historySession({ gateway, history }: ApiOptions, call: Call): Promise<void> {
  const { response, principal, url, name: session } = call;
  const q = url.searchParams;
  const after = numberOf(q, 'after', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const limit = numberOf(q, 'limit', 1, 1000) ?? 200;
  const transcript = await history.transcript({ session, after, limit });
  const { opened } = transcript;
  const own = isOwn(opened, principal);
  if (!own && !gateway.isAuditor(principal)) throw unknownSession(session);
  if (!own) {
    const { database } = transcript.session;
    await recordRead(gateway, principal, database, { what: 'session', entries: transcript.steps.length, session });
  }
  const groups = typeof opened?.body === 'object' ? opened.body.groups : [];
  const email = typeof opened?.body === 'object' ? opened.body.email : undefined;
  sendJson(response, 200, {
    session: transcript.session,
    own,
    // Whoever simulates a policy must know who would be judged.
    judged_as:
      opened === undefined
        ? null
        : { subject: opened.subject, email: email ?? null, kind: opened.principalKind, actors: opened.actors, groups },
    steps: transcript.steps,
    ...(transcript.next === undefined ? {} : { next_after: transcript.next }),
  });
}

/** `POST /v1/audit/reindex`, for administrators: NDJSON, `progress` lines and at last `end`. */
export async function reindex({ gateway, history }: ApiOptions, { response, principal }: Call): Promise<void> {
  if (!gateway.isAdministrator(principal)) {
    throw new DbgateError('denied', 'the index is made anew by administrators of the gateway only', {
      hint: 'see roles.admins in its configuration',
    });
  }
  gateway.recorder.note({ kind: 'audit.reindexed', by: principalKey(principal), database: undefined, detail: {} });
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', ...SECURITY_HEADERS });
  const records = await history.reindex((done, total) => {
    if (!response.writableNeedDrain) response.write(`${JSON.stringify({ event: 'progress', done, total })}\n`);
  });
  response.end(`${JSON.stringify({ event: 'end', records })}\n`);
}

export interface Whose {
  readonly query: Pick<HistoryQuery, 'principal' | 'by'>;
  readonly ofOthers: boolean;
}

/** Throws `denied`. `by`: undefined or null: one's own; `all`; or a principal's key, subject or email. */
export function whoseRecord(gateway: GatewayState, principal: Principal, by: string | null): Whose {
  const key = principalKey(principal);
  const names = [key, principal.subject, principal.email?.toLowerCase()];
  if (by === null || names.includes(by) || names.includes(by.toLowerCase())) {
    return { query: { principal: key }, ofOthers: false };
  }
  if (!gateway.isAuditor(principal)) {
    throw new DbgateError('denied', 'the record of others is for auditors and administrators of the gateway', {
      hint: 'leave out --by for your own',
    });
  }
  return { query: by === EVERYBODY ? {} : { by }, ofOthers: true };
}

/** Durable before anything of the answer leaves; throws `audit_unavailable`, and then nothing leaves. */
export async function recordRead(
  gateway: GatewayState,
  principal: Principal,
  database: string | undefined,
  detail: Readonly<Record<string, string | number>>,
  query?: URLSearchParams,
): Promise<void> {
  // What was looked for may be about people: it goes where it can be erased.
  const asked = query === undefined ? {} : { query: Object.fromEntries(query) };
  await gateway.recorder.event({ kind: 'history.read', by: principalKey(principal), database, detail, body: asked });
}

function isOwn(opened: SessionOpen | undefined, principal: Principal): boolean {
  return opened !== undefined && principalKey(opened) === principalKey(principal);
}

function timesOf(q: URLSearchParams): Pick<HistoryQuery, 'since' | 'until'> {
  const since = timeOf(q, 'since');
  const until = timeOf(q, 'until');
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}
