/**
 * Open Cybersecurity Schema Framework, version 1.3.0: what later versions can read too. Statements are Datastore
 * Activity (6005), logins and refusals Authentication (3002), sessions Authorize Session (3003), approvals that open or
 * end something User Access Management (3005), everything else API Activity (6003).
 * @see https://schema.ocsf.io/1.3.0/
 */
import type { ExportedRecord, ExportFormat } from './exported-record.ts';
import { apiActivity, authentication, sessionAuthorized, userAccess } from './ocsf-acts.ts';
import { fitting, type OcsfEvent } from './ocsf-parts.ts';
import { datastoreActivity } from './ocsf-statement.ts';
import { visibleJson } from './visible-text.ts';

/** `version`: of dbgate, the product that tells. */
export function ocsfFormat(version: string): ExportFormat {
  return {
    name: 'ocsf',
    contentType: 'application/x-ndjson',
    encode(one) {
      const event = ocsfEvent(one, version);
      return event === undefined ? undefined : visibleJson(fitting(event));
    },
  };
}

/** Undefined: a statement's intent, which the event of its outcome says again. */
export function ocsfEvent(one: ExportedRecord, version: string): OcsfEvent | undefined {
  const { record } = one;
  switch (record.kind) {
    case 'statement.intent':
      return undefined;
    case 'statement.outcome':
      return datastoreActivity(one, record, version);
    case 'session.open':
      return sessionAuthorized(one, record, version);
    case 'session.close':
    case 'connect.refused':
    case 'identity.login':
      return authentication(one, record, version);
    case 'identity.revoked':
      return userAccess(one, record, version);
    case 'request.event': {
      const opens = record.type === 'approved' || record.type === 'ended' || record.type === 'revoked';
      return opens ? userAccess(one, record, version) : apiActivity(one, record, version);
    }
    default:
      return apiActivity(one, record, version);
  }
}
