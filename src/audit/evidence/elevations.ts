/**
 * What became of requests, out of their records. Unlike `approvals/state-machine.ts`, which grants nothing on a stream that
 * it does not accept, this tells what can still be told where bodies were erased.
 */
import type { Person, RequestEvent } from '../../approvals/request.ts';
import type { RequestRecord } from '../record.ts';

export interface Elevation {
  readonly request: string;
  readonly kind: 'elevation' | 'statement' | 'erased';
  /** Who asked, named for people; the key where that was erased. */
  readonly who: string;
  readonly key: string;
  readonly database: string;
  /** What was asked for, in words. */
  readonly what: string;
  readonly reason: string | null;
  readonly breakGlass: boolean;
  readonly requestedAt: string;
  readonly approvals: readonly {
    readonly who: string;
    readonly via: string;
    readonly at: string;
    readonly self: boolean;
  }[];
  readonly status: 'pending' | 'approved' | 'denied' | 'cancelled' | 'expired' | 'ended' | 'revoked';
  readonly askedMs: number | null;
  readonly grantedMs: number | null;
  readonly endedAt: string | null;
  /** Statements that ran by it in the period. */
  readonly used: number;
  readonly reviewedBy: string | null;
}

const ENDS = ['denied', 'cancelled', 'expired', 'ended', 'revoked'] as const;

/** `records`: all of one request, the first first. Undefined: its beginning is not among them. */
export function elevationOf(records: readonly RequestRecord[], used: number): Elevation | undefined {
  const first = records[0];
  if (first?.type !== 'requested') return undefined;
  const requested = eventOf(first, 'requested')?.request;
  const key = first.by ?? '';
  const approvals = records
    .filter(({ type }) => type === 'approved')
    .map((record) => {
      const event = eventOf(record, 'approved');
      const via = event?.via ?? 'erased';
      return {
        who: nameOf(event?.by, record.by),
        via,
        at: record.at,
        self: record.by === key && via !== 'break-glass',
      };
    });
  const complete = records.findLast(
    (record) => record.type === 'approved' && eventOf(record, 'approved')?.complete !== false,
  );
  const end = records.findLast(({ type }) => (ENDS as readonly string[]).includes(type));
  const reviewed = records.find(({ type }) => type === 'reviewed');
  const scope = requested?.kind === 'elevation' ? requested.scope : undefined;
  const terms = complete === undefined ? undefined : eventOf(complete, 'approved')?.terms;
  return {
    request: first.request,
    kind: requested?.kind ?? 'erased',
    who: nameOf(requested?.by, first.by),
    key,
    database: first.database,
    what: requested === undefined ? 'erased' : wordsOf(requested),
    reason: requested?.reason ?? null,
    breakGlass: requested?.kind === 'elevation' && requested.breakGlass,
    requestedAt: first.at,
    approvals,
    status: (end?.type as Elevation['status'] | undefined) ?? (complete === undefined ? 'pending' : 'approved'),
    askedMs: scope?.durationMs ?? null,
    grantedMs: complete === undefined ? null : (terms?.durationMs ?? scope?.durationMs ?? null),
    endedAt: end?.at ?? null,
    used,
    reviewedBy: reviewed === undefined ? null : nameOf(eventOf(reviewed, 'reviewed')?.by, reviewed.by),
  };
}

function eventOf<T extends RequestEvent['type']>(
  record: RequestRecord,
  type: T,
): Extract<RequestEvent, { type: T }> | undefined {
  const event = typeof record.body === 'object' ? record.body.event : undefined;
  return event?.type === type ? (event as Extract<RequestEvent, { type: T }>) : undefined;
}

function nameOf(person: Person | undefined, key: string | undefined): string {
  const name = person?.email ?? person?.subject ?? key ?? 'a rule';
  return person?.actor === undefined ? name : `${person.actor} for ${name}`;
}

function wordsOf(requested: Extract<RequestEvent, { type: 'requested' }>['request']): string {
  if (requested.kind === 'statement') return `to run ${requested.statement.command}`;
  const { access, unmask, tables } = requested.scope;
  const parts = [
    ...(access === undefined ? [] : [access]),
    ...(unmask === undefined ? [] : [`unmask ${unmask === 'all' ? 'all classes' : unmask.join(', ')}`]),
    ...(tables === undefined ? [] : [`on ${tables.join(', ')}`]),
  ];
  return parts.join(', ');
}
