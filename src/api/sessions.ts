/**
 * Open sessions, and cutting off: `GET /v1/sessions`, `POST /v1/sessions/{id}/revoke`, `POST /v1/users/revoke`,
 * `POST /v1/users/restore`. One's own sessions may always be ended; others' by administrators. What cuts off happens
 * first and is recorded then: a broken record keeps nobody in.
 */
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { SessionEntry } from '../gateway/session-registry.ts';
import { displayName, type Principal, principalKey } from '../identity/principal.ts';
import type { History } from '../store/history-index.ts';
import { sendJson } from './http-answer.ts';
import { reasonOf, text } from './request-bodies.ts';
import { readJsonBody } from './request-body.ts';
import { iso } from './request-json.ts';
import type { ApiOptions, Call } from './router.ts';

const MAX_BODY_BYTES = 256 * 1024;
const MAX_REASON_CHARACTERS = 2_000;

type Subject = Pick<Principal, 'issuer' | 'subject'> & { readonly email?: string | undefined };

export function listSessions({ gateway }: ApiOptions, { response, principal }: Call): void {
  const seesAll = gateway.isAuditor(principal);
  const sessions = [...gateway.sessions]
    .filter((entry) => seesAll || isOwn(entry, principal))
    .map((entry) => sessionJson(gateway, entry, principal));
  sendJson(response, 200, { sessions });
}

function sessionJson(gateway: GatewayState, entry: SessionEntry, viewer: Principal): object {
  const { principal: who, purpose, application } = entry.holder;
  const { statements, denied } = entry.connection.counters;
  return {
    id: entry.id,
    user: displayName(who),
    issuer: who.issuer,
    subject: who.subject,
    kind: who.kind,
    actor: who.actor ?? null,
    mine: isOwn(entry, viewer),
    database: entry.database,
    purpose: purpose ?? null,
    application: application ?? null,
    since: iso(entry.openedAt),
    statements,
    denied,
    elevations: elevationsJson(gateway, who, entry.database),
  };
}

/** What is open for somebody on a database beyond their grants, now. */
export function elevationsJson(gateway: GatewayState, who: Principal, database: string): object[] {
  return (gateway.requests?.elevationsOf(who, database) ?? []).map(({ request, access, unmask, tables, until }) => ({
    request,
    access: access ?? null,
    unmask: unmask ?? null,
    tables: tables ?? null,
    until: iso(until),
  }));
}

/** A person's agents act for that person, who may end what they do. */
function isOwn(entry: SessionEntry, principal: Principal): boolean {
  return principal.kind !== 'agent'
    ? principalKey(entry.holder.principal) === principalKey(principal)
    : entry.holder.principal.actor === principal.actor &&
        principalKey(entry.holder.principal) === principalKey(principal);
}

export async function revokeSession({ gateway }: ApiOptions, call: Call): Promise<void> {
  const { request, response, principal, name } = call;
  const reason = shortReason(await readJsonBody(request, MAX_BODY_BYTES));
  const entry = [...gateway.sessions].find(({ id }) => id === name);
  if (entry === undefined || !(isOwn(entry, principal) || gateway.isAdministrator(principal))) {
    throw new DbgateError('not_found', `no session ${JSON.stringify(name.slice(0, 40))} of yours is open`, {
      hint: 'an administrator may end those of others',
    });
  }
  entry.connection.end('revoked');
  note(gateway, principal, entry.database, { session: entry.id, sessions: 1, refused: false }, reason);
  sendJson(response, 200, { session: entry.id, user: displayName(entry.holder.principal), database: entry.database });
}

/** Administrators: the person is refused from now on. Oneself: everything that is open ends, and one may come again. */
export async function revokeUser(api: ApiOptions, call: Call): Promise<void> {
  const { gateway } = api;
  const { request, response, principal } = call;
  const body = await readJsonBody(request, MAX_BODY_BYTES);
  const user = text(body.user, 'user');
  const reason = shortReason(body);
  // An agent has the name of the person it acts for, but not their say.
  if (principal.kind === 'agent') throw new DbgateError('denied', 'an agent ends its own sessions, one by one');
  const isSelf = isNamed(principal, user);
  if (!isSelf && !gateway.isAdministrator(principal)) {
    throw new DbgateError('denied', 'only an administrator of the gateway cuts others off', {
      hint: 'dbgate revoke --session ID ends a session of yours',
    });
  }
  const subjects = isSelf ? [principal] : await peopleNamed(api, principal, user);
  const keys = new Set(subjects.map(principalKey));
  const entries = [...gateway.sessions].filter((entry) => keys.has(principalKey(entry.holder.principal)));
  // 1. Refuse, so that nobody comes back in between. 2. Cut. 3. Take back what was opened for them.
  if (!isSelf) {
    for (const { issuer, subject, email } of subjects) {
      gateway.revocations.revokeSubject({ issuer, subject, email, reason: 'admin' });
    }
  }
  for (const entry of entries) entry.connection.end('revoked');
  note(gateway, principal, undefined, { user, sessions: entries.length, refused: !isSelf }, reason);
  const elevations = await takeBack(gateway, principal, keys, reason);
  sendJson(response, 200, {
    people: subjects.map(({ issuer, subject }) => ({ issuer, subject })),
    sessions: entries.length,
    elevations,
    refused: !isSelf,
  });
}

/** Lets somebody in again who was cut off. */
export async function restoreUser(api: ApiOptions, { request, response, principal }: Call): Promise<void> {
  const { gateway } = api;
  const body = await readJsonBody(request, MAX_BODY_BYTES);
  const user = text(body.user, 'user');
  const reason = shortReason(body);
  if (!gateway.isAdministrator(principal)) {
    throw new DbgateError('denied', 'only an administrator of the gateway lets somebody in again');
  }
  const subjects = (await peopleNamed(api, principal, user)).filter((one) => gateway.revocations.isRevoked(one));
  if (subjects.length === 0) throw new DbgateError('not_found', `${JSON.stringify(user.slice(0, 80))} is not cut off`);
  for (const one of subjects) gateway.revocations.restoreSubject(one);
  note(gateway, principal, undefined, { user, restored: subjects.length }, reason);
  sendJson(response, 200, { people: subjects.map(({ issuer, subject }) => ({ issuer, subject })) });
}

/** Revokes the elevations in force of these people; returns how many. */
async function takeBack(
  gateway: GatewayState,
  by: Principal,
  keys: ReadonlySet<string>,
  reason: string,
): Promise<number> {
  const ids = [...keys].flatMap((mine) =>
    gateway.requests.list(by, { mine, status: 'approved', limit: 1000 }).map(({ request }) => request.id),
  );
  for (const id of ids) await gateway.requests.revoke(id, by, reason || 'access was revoked');
  return ids.length;
}

/** By email or subject, or exactly as `issuer|subject`; all identities that fit. Throws `not_found`. */
async function peopleNamed({ gateway, history }: ApiOptions, viewer: Principal, user: string): Promise<Subject[]> {
  const found = new Map<string, Subject>();
  const add = (one: Subject | undefined): void => void (one && found.set(principalKey(one), one));
  add(subjectOfKey(gateway, user));
  for (const { holder } of gateway.sessions) if (isNamed(holder.principal, user)) add(holder.principal);
  for (const { request } of gateway.requests.list(viewer, { limit: 1000 })) {
    if (isNamed(request.by, user)) add(request.by);
  }
  for (const one of gateway.revocations.subjects()) if (isNamed(one, user)) add(one);
  for (const one of await loginsNamed(gateway, history, user)) add(one);
  if (found.size > 0) return [...found.values()].map(({ issuer, subject }) => ({ issuer, subject }));
  throw new DbgateError('not_found', `nobody named ${JSON.stringify(user.slice(0, 80))} is known to this gateway`, {
    hint: `say exactly who: "${gateway.settings.issuers[0]?.issuer ?? 'ISSUER'}|SUBJECT", as the record has it`,
  });
}

/** Who logged in by that name, as far as the record says: all who ever had a session, and the last 1,000 log-ins. */
async function loginsNamed(gateway: GatewayState, history: History, user: string): Promise<Subject[]> {
  const kinds = ['identity.login'];
  try {
    const [named, latest] = await Promise.all([
      history.events({ kinds, by: user, limit: 1000 }),
      history.events({ kinds, limit: 1000 }),
    ]);
    const keys = [
      ...named.events.map(({ record }) => record),
      ...latest.events.flatMap(({ record }) => {
        const email =
          'body' in record && typeof record.body === 'object' && 'email' in record.body && record.body.email;
        return typeof email === 'string' && email.toLowerCase() === user.toLowerCase() ? [record] : [];
      }),
    ].map((record) => ('by' in record ? record.by : undefined));
    return [...new Set(keys)].flatMap((key) => (key === undefined ? [] : (subjectOfKey(gateway, key) ?? [])));
  } catch (error) {
    // A record that cannot be read keeps nobody in who is known otherwise.
    gateway.logLine(`looking for ${JSON.stringify(user.slice(0, 80))} in the record: ${(error as Error).message}`);
    return [];
  }
}

/** Of `issuer|subject` of an issuer that is configured. */
function subjectOfKey({ settings }: GatewayState, key: string): Subject | undefined {
  const issuer = settings.issuers.find((one) => key.startsWith(`${one.issuer}|`))?.issuer;
  return issuer === undefined ? undefined : { issuer, subject: key.slice(issuer.length + 1) };
}

function isNamed(who: Subject, name: string): boolean {
  return who.subject === name || principalKey(who) === name || who.email?.toLowerCase() === name.toLowerCase();
}

function shortReason(body: Record<string, unknown>): string {
  const reason = reasonOf(body);
  if (reason.length <= MAX_REASON_CHARACTERS) return reason;
  throw new DbgateError('usage', `reason has ${reason.length} characters, at most ${MAX_REASON_CHARACTERS} are taken`);
}

function note(
  gateway: GatewayState,
  by: Principal,
  database: string | undefined,
  what: Readonly<Record<string, string | number | boolean>>,
  reason: string,
): void {
  const { user, ...detail } = what;
  gateway.recorder.note({
    kind: 'identity.revoked',
    by: principalKey(by),
    database,
    detail,
    body: { by: displayName(by), reason, ...(user === undefined ? {} : { user }) },
  });
}
