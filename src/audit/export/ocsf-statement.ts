import type { StatementOutcome } from '../record.ts';
import { bodyOfRecord, type ExportedRecord } from './exported-record.ts';
import {
  type Activity,
  CLASSES,
  databaseObject,
  eventBase,
  gatewayEndpoint,
  MAX_TEXT,
  type OcsfEvent,
  type Outcome,
  present,
  sessionActor,
  sourceEndpoint,
  statusOf,
} from './ocsf-parts.ts';

const QUERY: Activity = { id: 4, name: 'Query' };

/** By the command's first word; what is none of them is Other, in its own words. */
const ACTIVITIES: Readonly<Record<string, Activity>> = {
  SELECT: QUERY,
  WITH: QUERY,
  TABLE: QUERY,
  VALUES: QUERY,
  FETCH: { id: 1, name: 'Read' },
  INSERT: { id: 5, name: 'Write' },
  UPDATE: { id: 2, name: 'Update' },
  MERGE: { id: 2, name: 'Update' },
  ALTER: { id: 2, name: 'Update' },
  CREATE: { id: 6, name: 'Create' },
  DELETE: { id: 7, name: 'Delete' },
  TRUNCATE: { id: 7, name: 'Delete' },
  DROP: { id: 7, name: 'Delete' },
};

/** A statement, at its end. */
export function datastoreActivity(one: ExportedRecord, outcome: StatementOutcome, version: string): OcsfEvent {
  const { session, intent } = one;
  const command = intent?.command ?? 'UNKNOWN';
  const activity = ACTIVITIES[command.split(/[ ;]/)[0]!] ?? { id: 99, name: command };
  const body = session && bodyOfRecord(session.body);
  const sql = intent && bodyOfRecord(intent.body)?.sql;
  const denied = intent?.decision === 'deny';
  const [table] = intent?.relations ?? [];
  return {
    ...eventBase(CLASSES.datastore, activity, one, version, 'security_control'),
    ...present({
      ...statusOf(outcomeOf(outcome)),
      status_code: outcome.sqlstate,
      status_detail: outcome.fate ?? (denied ? intent.rule : undefined),
      duration: Math.round(outcome.ms),
      actor: sessionActor(outcome.session, session),
      src_endpoint: sourceEndpoint(body?.clientAddress, body?.application),
      dst_endpoint: gatewayEndpoint(one.gateway),
      database: databaseObject(session?.database ?? 'unknown'),
      table: table === undefined ? undefined : { name: table },
      type_id: 1,
      type: 'Database',
      query_info: sql === undefined ? undefined : { query_string: sql, uid: intent?.fingerprint, bytes: outcome.bytes },
      action_id: denied ? 2 : 1,
      action: denied ? 'Denied' : 'Allowed',
      disposition_id: denied ? 2 : 1,
      disposition: denied ? 'Blocked' : 'Allowed',
      unmapped: present({
        class: intent?.class,
        command: intent?.command,
        decision: intent?.decision,
        rule: intent?.rule,
        approval: intent?.approval,
        policy_version: intent?.policyVersion ?? session?.policyVersion,
        relations: intent?.relations.length ? intent.relations : undefined,
        classified_columns: intent && Object.keys(intent.columns).length > 0 ? intent.columns : undefined,
        binds: intent?.binds,
        // Of a text that is cut.
        sql_characters: sql !== undefined && sql.length > MAX_TEXT ? sql.length : undefined,
        rows: outcome.rows,
        masked: outcome.masked,
        masked_by: outcome.maskedBy,
        fate: outcome.fate,
        environment: session?.environment,
        upstream_user: session?.upstreamUser,
        purpose: body?.purpose,
      }),
    }),
  };
}

function outcomeOf({ fate, sqlstate }: StatementOutcome): Outcome {
  if (fate === 'unknown' || fate === 'may_have_run') return 'unknown';
  return fate !== 'rolled_back' && (sqlstate === undefined || fate === 'cut') ? 'success' : 'failure';
}
