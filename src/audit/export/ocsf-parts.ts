/** What OCSF events of several classes are made of. */
import type { SessionOpen } from '../record.ts';
import { addressParts } from './client-address.ts';
import { bodyOfRecord, type ExportedRecord, recordId } from './exported-record.ts';
import { ofKey } from './flat-record.ts';
import { severityOf } from './severity.ts';

export const OCSF_VERSION = '1.3.0';

export type OcsfObject = { readonly [name: string]: unknown };

export interface OcsfEvent extends OcsfObject {
  readonly class_uid: number;
  readonly category_uid: number;
  readonly activity_id: number;
  readonly type_uid: number;
}

export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category: string;
}

export const CLASSES = {
  datastore: { uid: 6005, name: 'Datastore Activity', category: 'Application Activity' },
  authentication: { uid: 3002, name: 'Authentication', category: 'Identity & Access Management' },
  authorizeSession: { uid: 3003, name: 'Authorize Session', category: 'Identity & Access Management' },
  userAccess: { uid: 3005, name: 'User Access Management', category: 'Identity & Access Management' },
  api: { uid: 6003, name: 'API Activity', category: 'Application Activity' },
} as const satisfies Record<string, OcsfClass>;

/** `id` 99 is Other: then `name` says it in words of ours. */
export interface Activity {
  readonly id: number;
  readonly name: string;
}

const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4 } as const;

/** Members of a class that only a profile adds: `host` the actor of Authorize Session and User Access Management. */
export type OcsfProfile = 'security_control' | 'host';

/** What every event has. */
export function eventBase(
  of: OcsfClass,
  activity: Activity,
  one: ExportedRecord,
  version: string,
  profile?: OcsfProfile,
): OcsfEvent {
  const severity = severityOf(one);
  return {
    class_uid: of.uid,
    class_name: of.name,
    category_uid: Math.floor(of.uid / 1000),
    category_name: of.category,
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: of.uid * 100 + activity.id,
    type_name: `${of.name}: ${activity.name}`,
    severity_id: SEVERITY[severity],
    severity: severity.charAt(0).toUpperCase() + severity.slice(1),
    time: Date.parse(one.record.at),
    metadata: {
      version: OCSF_VERSION,
      uid: recordId(one),
      sequence: one.position,
      log_name: one.gateway,
      event_code: one.record.kind,
      original_time: one.record.at,
      product: { name: 'dbgate', vendor_name: 'dbgate', version },
      ...(profile === undefined ? {} : { profiles: [profile] }),
    },
  };
}

export type Outcome = 'success' | 'failure' | 'unknown';

const STATUS = { success: [1, 'Success'], failure: [2, 'Failure'], unknown: [0, 'Unknown'] } as const;

export function statusOf(outcome: Outcome): OcsfObject {
  const [status_id, status] = STATUS[outcome];
  return { status_id, status };
}

/** Undefined parts are left out, and what is empty then. */
export function present(parts: OcsfObject): OcsfObject {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== ''));
}

/** The most that a text of the schema may have (its type string_t), in characters; `unmapped` is no part of the schema. */
export const MAX_TEXT = 65_535;

/** With texts that are too long cut. */
export function fitting(event: OcsfEvent): OcsfEvent {
  const cut = (value: unknown): unknown => {
    if (typeof value === 'string') return value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value;
    if (Array.isArray(value)) return value.map(cut);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === 'unmapped' ? one : cut(one)]));
  };
  return cut(event) as OcsfEvent;
}

/** Members and texts that the schema's own type would take. */
const EMAIL = /^[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$/;

export function emailOf(text: string | undefined): string | undefined {
  return text !== undefined && EMAIL.test(text) ? text : undefined;
}

/** Who a session is of; `session` undefined: its record is gone. */
export function sessionUser(session: SessionOpen | undefined): OcsfObject {
  if (session === undefined) return { name: 'unknown' };
  const body = bodyOfRecord(session.body);
  const service = session.principalKind !== 'user';
  return present({
    uid: session.subject,
    name: body?.email ?? session.subject,
    email_addr: emailOf(body?.email),
    ...(service ? { type_id: 99, type: session.principalKind } : { type_id: 1, type: 'User' }),
    groups: body === undefined || body.groups.length === 0 ? undefined : body.groups.map((name) => ({ name })),
  });
}

export function sessionObject(id: string, session: SessionOpen | undefined): OcsfObject {
  return present({
    uid: id,
    issuer: session?.issuer,
    created_time: session === undefined ? undefined : Date.parse(session.at),
    is_remote: session === undefined ? undefined : true,
  });
}

/** Agents that act for somebody are what invoked it. */
export function sessionActor(id: string, session: SessionOpen | undefined): OcsfObject {
  const body = session && bodyOfRecord(session.body);
  return present({
    user: sessionUser(session),
    session: sessionObject(id, session),
    idp: session && { uid: session.issuer, name: session.issuer },
    invoked_by: session?.actors.length ? session.actors.join(' ') : body?.application,
  });
}

/** By `principalKey`; undefined: the gateway by itself. */
export function userOfKey(key: string | undefined): OcsfObject | undefined {
  if (key === undefined) return undefined;
  const { subject, principal } = ofKey(key);
  return present({ uid: subject, name: principal, email_addr: emailOf(principal) });
}

/** Where somebody came from; it may have been erased, and the class wants one. */
export function sourceEndpoint(address: string | undefined, application?: string | undefined): OcsfObject {
  const { ip, port } = addressParts(address);
  if (ip === undefined) return { name: 'unknown' };
  return present({ ip, port, svc_name: application });
}

export function gatewayEndpoint(gateway: string): OcsfObject {
  return { name: gateway, svc_name: 'dbgate' };
}

export function databaseObject(name: string): OcsfObject {
  return { name, type_id: 1, type: 'Relational' };
}
