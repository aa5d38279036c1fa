/** What is no statement: logins, sessions, what was opened to whom, and acts of people and of the gateway itself. */
import type { ConnectRefused, GatewayEvent, ObjectOwned, RequestRecord, SessionClose, SessionOpen } from '../record.ts';
import { bodyOfRecord, type ExportedRecord } from './exported-record.ts';
import {
  type Activity,
  CLASSES,
  databaseObject,
  emailOf,
  eventBase,
  gatewayEndpoint,
  type OcsfEvent,
  type OcsfObject,
  present,
  sessionActor,
  sessionObject,
  sessionUser,
  sourceEndpoint,
  statusOf,
  userOfKey,
} from './ocsf-parts.ts';

const LOGON: Activity = { id: 1, name: 'Logon' };
const LOGOFF: Activity = { id: 2, name: 'Logoff' };
const OPENID = { auth_protocol_id: 4, auth_protocol: 'OpenID' };
const NOBODY: OcsfObject = { name: 'unknown' };

export function sessionAuthorized(one: ExportedRecord, record: SessionOpen, version: string): OcsfEvent {
  const body = bodyOfRecord(record.body);
  const user = sessionUser(record);
  return {
    ...eventBase(CLASSES.authorizeSession, { id: 1, name: 'Assign Privileges' }, one, version, 'host'),
    ...present({
      ...statusOf('success'),
      user,
      session: sessionObject(record.session, record),
      actor: sessionActor(record.session, record),
      privileges: [`connect to ${record.database}`],
      src_endpoint: sourceEndpoint(body?.clientAddress, body?.application),
      dst_endpoint: gatewayEndpoint(one.gateway),
      unmapped: present({
        database: record.database,
        environment: record.environment,
        upstream_user: record.upstreamUser,
        via: record.via,
        actors: record.actors.length > 0 ? record.actors : undefined,
        auth_methods: record.authMethods.length > 0 ? record.authMethods : undefined,
        token_bound: record.bound,
        clock: record.clock,
        policy_version: record.policyVersion,
        purpose: body?.purpose,
      }),
    }),
  };
}

export function authentication(
  one: ExportedRecord,
  record: SessionClose | ConnectRefused | GatewayEvent,
  version: string,
): OcsfEvent {
  const service = { name: 'dbgate', uid: one.gateway };
  switch (record.kind) {
    case 'session.close':
      return {
        ...eventBase(CLASSES.authentication, LOGOFF, one, version),
        ...present({
          ...statusOf('success'),
          status_detail: record.reason,
          user: sessionUser(one.session),
          session: sessionObject(record.session, one.session),
          service,
          unmapped: present({
            database: one.session?.database,
            statements: record.statements,
            denied: record.denied,
          }),
        }),
      };
    case 'connect.refused': {
      const body = bodyOfRecord(record.body);
      const name = body?.email ?? record.subject;
      return {
        ...eventBase(CLASSES.authentication, LOGON, one, version),
        ...present({
          ...statusOf('failure'),
          status_code: record.code,
          status_detail: body?.reason,
          user: name === undefined ? NOBODY : present({ uid: record.subject, name, email_addr: emailOf(body?.email) }),
          src_endpoint: sourceEndpoint(body?.clientAddress),
          service,
          unmapped: present({ database: record.database }),
        }),
      };
    }
    default:
      return {
        ...eventBase(CLASSES.authentication, LOGON, one, version),
        ...present({ ...statusOf('success'), ...OPENID, user: userOfKey(record.by) ?? NOBODY, service }),
        unmapped: unmappedOf(record),
      };
  }
}

/** Something was opened to somebody, or ended: an approval, its end, a revocation. */
export function userAccess(one: ExportedRecord, record: RequestRecord | GatewayEvent, version: string): OcsfEvent {
  const opens = record.kind === 'request.event' && record.type === 'approved';
  const activity = opens ? { id: 1, name: 'Assign Privileges' } : { id: 2, name: 'Revoke Privileges' };
  const who = record.kind === 'request.event' ? undefined : revokedUser(record);
  return {
    ...eventBase(CLASSES.userAccess, activity, one, version, 'host'),
    ...present({
      ...statusOf('success'),
      actor: actorOf(record.by),
      user: who ?? userOfKey(one.asker) ?? NOBODY,
      privileges: [
        record.kind === 'request.event' ? `request ${record.request} on ${record.database}` : 'access by this gateway',
      ],
      src_endpoint: gatewayEndpoint(one.gateway),
    }),
    unmapped: unmappedOf(record),
  };
}

function revokedUser(record: GatewayEvent): OcsfObject | undefined {
  const { subject } = record.detail;
  const body = bodyOfRecord(record.body) as { subject?: unknown } | undefined;
  const name = typeof subject === 'string' ? subject : body?.subject;
  return typeof name === 'string' ? { uid: name, name } : undefined;
}

/** CRUD by what the kind says happened. */
const ACTS: Readonly<Record<string, Activity>> = {
  'request.event requested': { id: 1, name: 'Create' },
  'object.created': { id: 1, name: 'Create' },
  'object.dropped': { id: 4, name: 'Delete' },
  'history.read': { id: 2, name: 'Read' },
  'audit.exported': { id: 2, name: 'Read' },
  'audit.erased': { id: 4, name: 'Delete' },
  'audit.retired': { id: 4, name: 'Delete' },
  'policy.changed': { id: 3, name: 'Update' },
  'classification.changed': { id: 3, name: 'Update' },
  'audit.key_rotated': { id: 3, name: 'Update' },
  'audit.reindexed': { id: 3, name: 'Update' },
};

export function apiActivity(
  one: ExportedRecord,
  record: RequestRecord | GatewayEvent | ObjectOwned,
  version: string,
): OcsfEvent {
  const operation = record.kind === 'request.event' ? `request.${record.type}` : record.kind;
  const key = record.kind === 'request.event' ? `${record.kind} ${record.type}` : record.kind;
  const act =
    ACTS[key] ?? (record.kind === 'request.event' ? { id: 3, name: 'Update' } : { id: 99, name: record.kind });
  const by = 'principal' in record ? record.principal : record.by;
  return {
    ...eventBase(CLASSES.api, act, one, version),
    ...present({
      ...statusOf(record.kind === 'callback.refused' ? 'failure' : 'success'),
      actor: actorOf(by),
      api: present({
        operation,
        service: { name: 'dbgate', uid: one.gateway },
        request: record.kind === 'request.event' ? { uid: record.request } : undefined,
      }),
      src_endpoint: gatewayEndpoint(one.gateway),
      resources: record.database === undefined ? undefined : [{ ...databaseResource(record.database) }],
    }),
    unmapped: unmappedOf(record),
  };
}

function databaseResource(database: string): OcsfObject {
  return { name: database, type: databaseObject(database).type };
}

function actorOf(key: string | undefined): OcsfObject {
  const user = userOfKey(key);
  return user === undefined ? { invoked_by: 'dbgate', user: { name: 'dbgate', type_id: 3, type: 'System' } } : { user };
}

/** What there is to say of it, without what may have been erased. */
function unmappedOf(record: RequestRecord | GatewayEvent | ObjectOwned): OcsfObject {
  switch (record.kind) {
    case 'request.event':
      return { request: record.request, type: record.type, database: record.database };
    case 'object.created':
    case 'object.dropped': {
      const { database, catalog, oid, name } = record;
      return { database, catalog, oid, name };
    }
    default:
      return present({ kind: record.kind, database: record.database, ...record.detail });
  }
}
