/**
 * What a request is, folded from its events. Pure: time stands in the events.
 * `next` is the one judge of whether an event may follow: the service asks it before it writes, and a stream that it
 * does not accept grants nothing. No path leads to `approved` without a yes of everybody who is needed, none of them the
 * requester; the two that a rule opens without people (`auto`, `break-glass`) are named in the event.
 */
import { DbgateError } from '../errors.ts';
import { EXTERNAL_ISSUER, personName, RULE_ISSUER, samePerson } from './person.ts';
import type { Person, RequestEvent, Requested, RequestState, RequestStatus, Terms } from './request.ts';
import { narrowTerms } from './terms.ts';

export interface Refusal {
  /** One clause, lower case: why this event may not follow. */
  readonly refused: string;
}

type EventType = RequestEvent['type'];
type From = 'none' | RequestStatus;
/** Where an event may lead, or why it may not happen. */
export type Transition = readonly RequestStatus[] | string;

const DECIDED = 'it is decided already';
const OVER = 'it is over';
const NOT_APPROVED = 'it is not approved';
const PENDING_STAYS = ['pending'] as const;

/** Every status × every event. The conditions beyond it are in `CHECKS`. */
export const TRANSITIONS: Readonly<Record<From, Readonly<Record<EventType, Transition>>>> = {
  none: {
    requested: ['pending'],
    ...all('there is no such request', [
      'approved',
      'denied',
      'cancelled',
      'expired',
      'joined',
      'unattended',
      'used',
      'tried',
      'ended',
      'revoked',
      'reviewed',
    ]),
  },
  pending: {
    requested: 'it exists already',
    // `used`: what was tried is kept.
    approved: ['pending', 'approved', 'used'],
    denied: ['denied'],
    cancelled: ['cancelled'],
    expired: ['expired'],
    joined: PENDING_STAYS,
    unattended: PENDING_STAYS,
    used: NOT_APPROVED,
    tried: NOT_APPROVED,
    ended: NOT_APPROVED,
    revoked: ['revoked'],
    reviewed: 'it is pending: approve or deny it',
  },
  approved: {
    requested: 'it exists already',
    approved: DECIDED,
    denied: DECIDED,
    cancelled: 'it is approved already: revoke it',
    expired: DECIDED,
    joined: DECIDED,
    unattended: ['approved'],
    used: ['approved', 'used'],
    // What was changed is shown, and everybody who is needed is asked again.
    tried: PENDING_STAYS,
    ended: ['ended'],
    revoked: ['revoked'],
    reviewed: ['approved'],
  },
  denied: closed(),
  cancelled: closed(),
  expired: closed(),
  used: closed(),
  ended: closed(['ended']),
  revoked: closed(['revoked']),
};

function all<T extends EventType>(why: string, types: readonly T[]): Record<T, string> {
  return Object.fromEntries(types.map((type) => [type, why])) as Record<T, string>;
}

/** Break-glass is reviewed also when its time is over. */
function closed(reviewed: Transition = OVER): Readonly<Record<EventType, Transition>> {
  const ends = all(OVER, ['joined', 'unattended', 'used', 'tried', 'ended', 'revoked', 'expired', 'cancelled']);
  return { requested: 'it exists already', approved: DECIDED, denied: DECIDED, ...ends, reviewed };
}

/** The state after an event, or why it may not happen. */
export function next(state: RequestState | undefined, event: RequestEvent): RequestState | Refusal {
  const transition = TRANSITIONS[state?.status ?? 'none'][event.type];
  if (typeof transition === 'string') return { refused: transition };
  if (state === undefined) return event.type === 'requested' ? begin(event) : { refused: 'there is no such request' };
  const after = apply(state, event);
  if (!('refused' in after) && !transition.includes(after.status)) {
    throw new DbgateError('internal', `a request went from ${state.status} by ${event.type} to ${after.status}`);
  }
  return after;
}

/** Throws `internal` when the events do not follow one another: such a request grants nothing. */
export function fold(events: readonly RequestEvent[]): RequestState {
  let state: RequestState | undefined;
  for (const event of events) {
    const after = next(state, event);
    if ('refused' in after) {
      throw new DbgateError(
        'internal',
        `event ${(state?.seq ?? 0) + 1} (${event.type}) may not follow: ${after.refused}`,
      );
    }
    state = after;
  }
  if (state === undefined) throw new DbgateError('internal', 'a request without an event');
  return state;
}

function begin({ at, request }: Extract<RequestEvent, { type: 'requested' }>): RequestState | Refusal {
  if (!Number.isInteger(request.needs) || request.needs < 1) return { refused: 'somebody has to say yes' };
  if (request.expiresAt <= at) return { refused: 'it would expire before it began' };
  const statement = request.kind === 'statement' ? request.statement : undefined;
  return {
    request,
    status: 'pending',
    createdAt: at,
    seq: 1,
    approvals: [],
    terms: askedTerms(request),
    decidedAt: undefined,
    denied: undefined,
    validUntil: undefined,
    hashes: statement === undefined ? [] : [statement.hash],
    waiting: statement === undefined ? [] : [statement.session],
    used: 0,
    triedRows: undefined,
    endedBy: undefined,
    endReason: undefined,
    reviewedBy: undefined,
  };
}

/** What was asked for, as terms: the widest that an approval can give. */
export function askedTerms(request: Requested): Terms {
  if (request.kind === 'statement') return {};
  const { durationMs, tables, unmask } = request.scope;
  return { durationMs, tables, unmask };
}

function apply(state: RequestState, event: RequestEvent): RequestState | Refusal {
  const seq = state.seq + 1;
  const { request } = state;
  switch (event.type) {
    case 'requested':
      return { refused: 'it exists already' };
    case 'approved':
      return approve(state, event);
    case 'denied': {
      const why = mayNotDecide(state, event.by, event.via);
      if (why !== undefined) return { refused: why };
      return { ...over(state, 'denied', event.by, event.reason), decidedAt: event.at, denied: event };
    }
    case 'cancelled':
      // Only who asked takes it back; others deny or revoke.
      if (event.by.key !== request.by.key) return { refused: `only ${personName(request.by)} may withdraw it` };
      return over(state, 'cancelled', event.by, event.reason);
    case 'expired':
      // What is tried keeps a transaction open: its time is shorter, and the gateway's that runs it.
      if (event.at < request.expiresAt && state.triedRows === undefined) return { refused: 'its time is not over' };
      return over(state, 'expired', undefined, 'nobody decided in time');
    case 'joined': {
      if (request.kind !== 'statement') return { refused: 'only statements are joined' };
      if (state.triedRows !== undefined) return { refused: 'it is being tried' };
      if (event.at >= request.expiresAt) return { refused: 'its time is over' };
      const hashes = state.hashes.includes(event.hash) ? state.hashes : [...state.hashes, event.hash];
      return { ...state, seq, hashes, waiting: [...without(state.waiting, event.session), event.session] };
    }
    case 'unattended':
      if (!state.waiting.includes(event.session)) return { refused: 'that session does not wait for it' };
      return { ...state, seq, waiting: without(state.waiting, event.session) };
    case 'used':
      return use(state, event);
    case 'tried':
      if (state.terms.tryFirst !== true || state.triedRows !== undefined || state.used !== 1) {
        return { refused: 'it was not approved to be tried' };
      }
      if (!Number.isInteger(event.rows) || event.rows < 0) return { refused: 'that is no number of rows' };
      return {
        ...{ ...state, seq, status: 'pending', approvals: [], decidedAt: undefined },
        ...{ triedRows: event.rows, ...(event.effects === undefined ? {} : { triedEffects: event.effects }) },
      };
    case 'ended':
      if (event.at < (state.validUntil ?? 0)) return { refused: 'its time is not over' };
      return over(state, 'ended', undefined, 'its time is over');
    case 'revoked':
      return over(state, 'revoked', event.by, event.reason);
    case 'reviewed':
      if (request.kind !== 'elevation' || !request.breakGlass) return { refused: 'only break-glass is reviewed' };
      if (state.approvals.length === 0) return { refused: 'nothing was opened by it' };
      if (state.reviewedBy !== undefined) return { refused: `${personName(state.reviewedBy)} reviewed it already` };
      if (!isHuman(event.by)) return { refused: 'only a person reviews' };
      if (samePerson(event.by, request.by)) return { refused: 'nobody reviews their own' };
      return { ...state, seq, reviewedBy: event.by };
    default:
      return event satisfies never;
  }
}

type Approved = Extract<RequestEvent, { type: 'approved' }>;

function approve(state: RequestState, event: Approved): RequestState | Refusal {
  const { request } = state;
  const why = mayNotDecide(state, event.by, event.via);
  if (why !== undefined) return { refused: why };
  if (event.at >= request.expiresAt) return { refused: 'its time is over' };
  if (state.approvals.some(({ by }) => samePerson(by, event.by))) {
    return { refused: `${personName(event.by)} said yes already` };
  }
  const needed = peopleDecide(event.via) ? request.needs : 1;
  const approvals = [...state.approvals, event];
  const complete = approvals.length >= needed;
  if (event.complete !== complete) return { refused: `${approvals.length} of ${needed} said yes` };
  const terms = narrowTerms(request, state.terms, event.terms, state.triedRows !== undefined);
  if ('refused' in terms) return terms;
  const seq = state.seq + 1;
  if (!complete) return { ...state, seq, approvals, terms };
  if (state.triedRows !== undefined) {
    if (terms.maxRows !== undefined && state.triedRows > terms.maxRows) {
      return { refused: `it changed ${state.triedRows} rows, more than ${terms.maxRows}` };
    }
    return { ...over({ ...state, terms }, 'used', undefined, undefined), approvals, decidedAt: event.at };
  }
  if (terms.durationMs === undefined) return { refused: 'an approval says how long it holds' };
  const validUntil = event.at + terms.durationMs;
  return { ...state, seq, status: 'approved', approvals, terms, decidedAt: event.at, validUntil };
}

function use(state: RequestState, event: Extract<RequestEvent, { type: 'used' }>): RequestState | Refusal {
  if (state.request.kind !== 'statement') return { refused: 'only statements are used' };
  const times = state.terms.times ?? 1;
  if (state.used >= times) return { refused: 'it ran as often as it may' };
  if (event.n !== state.used + 1) return { refused: `the next use is number ${state.used + 1}` };
  if (event.at >= (state.validUntil ?? 0)) return { refused: 'its time is over' };
  if (times === 1 && event.hash !== state.hashes[0]) return { refused: 'another statement was approved' };
  const after = { ...state, seq: state.seq + 1, used: event.n, waiting: without(state.waiting, event.session) };
  // What is tried is used up only when its rows were seen.
  if (event.n < times || state.terms.tryFirst === true) return after;
  return { ...after, status: 'used', waiting: [] };
}

/** Why this person may not say yes or no to it, whatever the rules of `approvals:` say. */
export function mayNotDecide({ request }: RequestState, by: Person, via: string): string | undefined {
  if ((via === 'auto') !== (by.issuer === RULE_ISSUER)) return 'only a rule decides by itself';
  if ((via === 'external') !== (by.issuer === EXTERNAL_ISSUER)) return 'only a decider outside decides so';
  if (via === 'auto') return undefined;
  if (via === 'break-glass') {
    const own = request.kind === 'elevation' && request.breakGlass && by.key === request.by.key;
    return own ? undefined : 'it was not asked for as break-glass';
  }
  if (samePerson(by, request.by)) return 'nobody decides their own request';
  if (via === 'external') return request.external === by.subject ? undefined : 'another authority decides it';
  if (request.external !== undefined) return `${request.external} decides it`;
  return isHuman(by) ? undefined : 'only a person decides';
}

function peopleDecide(via: string): boolean {
  return via !== 'auto' && via !== 'break-glass' && via !== 'external';
}

function isHuman({ kind, actor }: Person): boolean {
  return kind === 'user' && actor === undefined;
}

function over(
  state: RequestState,
  status: RequestStatus,
  endedBy: Person | undefined,
  endReason: string | undefined,
): RequestState {
  return { ...state, seq: state.seq + 1, status, waiting: [], endedBy, endReason };
}

function without(sessions: readonly string[], session: string): readonly string[] {
  return sessions.filter((one) => one !== session);
}
