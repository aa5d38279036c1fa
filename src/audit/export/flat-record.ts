import type { ConnectRefused, GatewayEvent, ObjectOwned, RequestRecord, SessionOpen } from '../record.ts';
import { bodyOfRecord, type ExportedRecord, recordId } from './exported-record.ts';

/** A record as one row: what does not belong to it is undefined. */
export interface FlatRecord {
  readonly at: string;
  readonly id: string;
  readonly gateway: string;
  readonly position: number;
  readonly kind: string;
  /** Email where it is known and was not erased, else the subject. */
  readonly principal?: string | undefined;
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly actors?: string | undefined;
  readonly address?: string | undefined;
  readonly application?: string | undefined;
  readonly purpose?: string | undefined;
  readonly database?: string | undefined;
  readonly environment?: string | undefined;
  readonly session?: string | undefined;
  readonly command?: string | undefined;
  readonly class?: string | undefined;
  readonly decision?: string | undefined;
  readonly rule?: string | undefined;
  readonly approval?: string | undefined;
  readonly relations?: string | undefined;
  /** `schema.table.column=class`, blanks between. */
  readonly columns?: string | undefined;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly ms?: number | undefined;
  readonly masked?: number | undefined;
  readonly sqlstate?: string | undefined;
  readonly fate?: string | undefined;
  readonly sql?: string | undefined;
  /** Of what is no statement: what there is to say of it, as JSON. */
  readonly detail?: string | undefined;
}

/** Undefined: a statement's intent, which its outcome says again. */
export function flatRecord(one: ExportedRecord): FlatRecord | undefined {
  const { record, gateway, position, session, intent } = one;
  const base = { at: record.at, id: recordId(one), gateway, position, kind: record.kind };
  switch (record.kind) {
    case 'statement.intent':
      return undefined;
    case 'statement.outcome': {
      const { rows, bytes, ms, masked, sqlstate, fate } = record;
      const told = intent && {
        ...{ command: intent.command, class: intent.class, decision: intent.decision, rule: intent.rule },
        approval: intent.approval,
        relations: intent.relations.join(' '),
        columns: classedColumns(intent.columns),
        sql: bodyOfRecord(intent.body)?.sql,
      };
      return { ...base, ...ofSession(session, record.session), ...told, rows, bytes, ms, masked, sqlstate, fate };
    }
    case 'session.open':
      return { ...base, ...ofSession(record, record.session), detail: JSON.stringify({ via: record.via }) };
    case 'session.close': {
      const { reason, statements, denied } = record;
      return {
        ...base,
        ...ofSession(session, record.session),
        detail: JSON.stringify({ reason, statements, denied }),
      };
    }
    case 'connect.refused':
      return { ...base, ...ofRefusal(record) };
    default:
      return { ...base, ...ofEvent(record) };
  }
}

export function classedColumns(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, of]) => `${name}=${of}`)
    .join(' ');
}

function ofSession(opened: SessionOpen | undefined, session: string): Partial<FlatRecord> {
  if (opened === undefined) return { session };
  const body = bodyOfRecord(opened.body);
  const { issuer, subject, database, environment, actors } = opened;
  return {
    principal: body?.email ?? subject,
    ...{ issuer, subject, session, database, environment },
    actors: actors.length === 0 ? undefined : actors.join(' '),
    address: body?.clientAddress,
    application: body?.application,
    purpose: body?.purpose,
  };
}

function ofRefusal({ subject, database, code, body }: ConnectRefused): Partial<FlatRecord> {
  const known = bodyOfRecord(body);
  return {
    principal: known?.email ?? subject,
    ...{ subject, database },
    address: known?.clientAddress,
    decision: 'deny',
    detail: JSON.stringify({ code, reason: known?.reason }),
  };
}

function ofEvent(record: RequestRecord | GatewayEvent | ObjectOwned): Partial<FlatRecord> {
  if (record.kind === 'request.event') {
    const { by, database, request, type } = record;
    return { ...ofKey(by), database, approval: request, detail: JSON.stringify({ type }) };
  }
  if ('oid' in record) {
    const { principal, database, catalog, oid, name } = record;
    return { ...ofKey(principal), database, relations: name, detail: JSON.stringify({ catalog, oid }) };
  }
  const { by, database, detail } = record;
  return { ...ofKey(by), database, detail: JSON.stringify(detail) };
}

/** `principalKey` is `issuer|subject`; an issuer is a URL and has no bar in it. */
export function ofKey(key: string | undefined): { principal?: string; issuer?: string; subject?: string } {
  if (key === undefined) return {};
  const at = key.indexOf('|');
  const subject = key.slice(at + 1);
  return at < 0 ? { principal: key, subject: key } : { principal: subject, issuer: key.slice(0, at), subject };
}
