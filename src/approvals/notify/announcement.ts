/**
 * What is said of a request, once for all targets: who, what, why, until when, risk and the link. In: a change of a
 * request. Out: plain data, which waits in the outbox and is put into each target's format when it is sent. It holds
 * nothing that the record does not hold in the clear: no bind values, no literals beyond the recorded text.
 */
import { NOTIFY_EVENTS, type NotifyEvent } from '../../config/approval-settings.ts';
import type { Person, RequestEvent, Requested, RequestState } from '../request.ts';
import { lines, oneLine } from './plain-text.ts';

export interface Announcement {
  /** Stable: the same event has the same id, from each gateway and after each restart. */
  readonly id: string;
  readonly event: NotifyEvent;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly request: string;
  /** The one authority, where it is not people; only that target may answer. */
  readonly external: string | undefined;
  /** People may decide it now. */
  readonly decidable: boolean;
  readonly title: string;
  readonly facts: readonly Fact[];
  /** Several lines; undefined: it is no statement. */
  readonly sql: string | undefined;
  /** For programs: `data` of a webhook. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Risk {
  readonly level: string;
  readonly reasons: readonly string[];
}

const MAX_NAME = 200;
const MAX_REASON = 1_000;
const MAX_SQL = 1_500;
const MAX_LISTED = 12;

const EVENTS: ReadonlySet<string> = new Set(NOTIFY_EVENTS);

/** Undefined: nobody is told of this. */
export function announcementOf(
  state: RequestState,
  event: RequestEvent,
  risk: Risk | undefined,
): Announcement | undefined {
  if (!EVENTS.has(event.type)) return undefined;
  const { request } = state;
  const decidable = state.status === 'pending' && request.external === undefined;
  return {
    id: messageId(state),
    event: event.type as NotifyEvent,
    at: event.at,
    request: request.id,
    external: request.external,
    decidable: event.type === 'requested' && decidable,
    title: oneLine(titleOf(state, event), 2 * MAX_NAME),
    facts: factsOf(state, event, risk),
    sql: request.kind === 'statement' ? lines(request.statement.sql, MAX_SQL) : undefined,
    data: dataOf(state, event, risk),
  };
}

/** Of the event that led to this state. */
export function messageId({ request, seq }: RequestState): string {
  return `msg_${request.id}_${seq}`;
}

export function nameOf(person: Pick<Person, 'email' | 'name' | 'subject'>): string {
  return oneLine(person.email ?? person.name ?? person.subject, MAX_NAME);
}

/** `write and unmask=email on shop`; `DELETE on shop`. */
export function whatOf(request: Requested): string {
  if (request.kind === 'statement') return `${request.statement.command} on ${request.database}`;
  const { access, unmask, tables } = request.scope;
  const asked = [
    ...(access === undefined ? [] : [access]),
    ...(unmask === undefined ? [] : [unmask === 'all' ? 'unmask' : `unmask=${unmask.join(',')}`]),
  ].join(' and ');
  return `${asked} on ${request.database}${tables === undefined ? '' : ` (${listed(tables)})`}`;
}

function titleOf(state: RequestState, event: RequestEvent): string {
  const { request } = state;
  const [who, what] = [nameOf(request.by), whatOf(request)];
  const actor = 'by' in event ? nameOf(event.by) : '';
  switch (event.type) {
    case 'requested':
      if (request.kind === 'statement') return `${who} wants to run ${what}`;
      return request.breakGlass ? `BREAK-GLASS: ${who} took ${what}` : `${who} asks for ${what}`;
    case 'approved':
      if (event.via === 'break-glass') return `BREAK-GLASS: ${who} took ${what}`;
      if (event.via === 'auto') return `${who}: ${what} was approved by a rule`;
      if (!event.complete)
        return `${actor} approved ${what} for ${who}: ${state.approvals.length} of ${request.needs} so far`;
      return `${actor} approved ${what} for ${who}`;
    case 'denied':
      return `${actor} denied ${what} to ${who}`;
    case 'cancelled':
      return `${actor} withdrew the request of ${who} for ${what}`;
    case 'expired':
      return `nobody decided in time: ${what} for ${who}`;
    case 'used':
      return `${who} ran what was approved: ${what}`;
    case 'ended':
      return `the time is over: ${what} for ${who}`;
    case 'revoked':
      return `${actor} revoked ${what} of ${who}`;
    case 'reviewed':
      return `${actor} reviewed the break-glass of ${who}: ${what}`;
    default:
      return `${what} for ${who}`;
  }
}

function factsOf(state: RequestState, event: RequestEvent, risk: Risk | undefined): Fact[] {
  const { request } = state;
  const facts: Fact[] = [];
  const fact = (label: string, value: string | undefined, max = MAX_NAME * 2): void => {
    const text = value === undefined ? '' : oneLine(value, max);
    if (text !== '') facts.push({ label, value: text });
  };
  fact('Request', request.id);
  fact('Who', who(request.by));
  fact('What', whatOf(request));
  fact('Environment', request.environment);
  fact('Why', request.reason, MAX_REASON);
  fact('Purpose', request.purpose);
  if (request.kind === 'elevation') fact('For', durationText(state.terms.durationMs ?? request.scope.durationMs));
  else {
    const { findings, relations, cascades, estimatedRows, inTransaction } = request.statement;
    fact('Does', findings.length === 0 ? undefined : listed(findings));
    fact('Tables', relations.length === 0 ? undefined : listed(relations));
    fact('Cascades to', cascades.length === 0 ? undefined : listed(cascades));
    fact('Rows, estimated', estimatedRows === undefined ? undefined : String(Math.round(estimatedRows)));
    fact('In a transaction', inTransaction ? 'yes: its locks are kept while it waits' : undefined);
  }
  if (risk !== undefined) fact('Risk', [risk.level, listed(risk.reasons)].filter(Boolean).join(': '), MAX_REASON);
  if ('reason' in event && event.type !== 'ended') fact('Said', event.reason, MAX_REASON);
  if (state.status === 'pending') {
    fact('Who decides', request.external ?? listed(request.deciders));
    fact('Until', timeText(request.expiresAt));
  } else if (state.status === 'approved' && state.validUntil !== undefined) {
    fact('Until', timeText(state.validUntil));
  }
  return facts;
}

function who(person: Person): string {
  const name = nameOf(person);
  const full = person.name !== undefined && person.name !== name ? `${person.name} (${name})` : name;
  if (person.kind === 'agent') return `agent ${person.actor ?? ''} for ${full}`;
  return person.kind === 'service' ? `service ${full}` : full;
}

function dataOf(state: RequestState, event: RequestEvent, risk: Risk | undefined): Record<string, unknown> {
  const { request } = state;
  const person = ({ issuer, subject, kind, actor, email, name }: Person) => ({
    issuer,
    subject,
    kind,
    actor,
    email,
    name,
  });
  const scope =
    request.kind === 'elevation'
      ? {
          access: request.scope.access,
          unmask: request.scope.unmask,
          tables: request.scope.tables,
          duration_seconds: Math.round(request.scope.durationMs / 1000),
          break_glass: request.breakGlass,
        }
      : {
          command: request.statement.command,
          class: request.statement.class,
          rule: request.statement.rule,
          sql: lines(request.statement.sql, MAX_SQL),
          relations: request.statement.relations,
          columns: request.statement.columns,
          findings: request.statement.findings,
          cascades: request.statement.cascades,
          triggers: request.statement.triggers,
          estimated_rows: request.statement.estimatedRows,
          in_transaction: request.statement.inTransaction,
        };
  return {
    request: request.id,
    kind: request.kind,
    status: state.status,
    by: person(request.by),
    database: request.database,
    environment: request.environment,
    purpose: request.purpose,
    reason: request.reason,
    expires_at: new Date(request.expiresAt).toISOString(),
    needs: request.needs,
    approvals: state.approvals.length,
    deciders: request.deciders,
    external: request.external,
    ...scope,
    ...(state.validUntil === undefined ? {} : { valid_until: new Date(state.validUntil).toISOString() }),
    ...('by' in event ? { actor: person(event.by) } : {}),
    ...('via' in event ? { via: event.via } : {}),
    ...('reason' in event ? { said: event.reason } : {}),
    ...(risk === undefined ? {} : { risk }),
  };
}

/** UTC, to the minute: whoever reads it may be anywhere. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
