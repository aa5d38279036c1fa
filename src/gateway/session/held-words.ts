/** What the client of a held statement is told, and what of a text can be tried in a transaction. */
import type { HoldOutcome } from '../../approvals/contract.ts';
import type { Principal } from '../../identity/principal.ts';
import { encodeNoticeResponse } from '../../pgwire/error-response.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { NOT_IN_BLOCK } from '../../sql/block-commands.ts';
import type { Analysis } from '../../sql/facts.ts';

export interface PlacedRequest {
  readonly request: string;
  readonly link: string;
  /** Names for people: `group dba`. */
  readonly deciders: readonly string[];
}

/** SQLSTATE of the notices, so that a program can tell them from others. */
export const HELD_NOTICE = 'DG003';

export function heldNotice(
  { rule, message }: DenyDecision,
  { request, link, deciders }: PlacedRequest,
  kind: Principal['kind'],
): Buffer {
  const who = deciders.length === 0 ? 'an approver' : deciders.join(', ');
  const detail =
    kind === 'agent'
      ? JSON.stringify({ dbgate: 'held/1', request, rule, message, deciders, link })
      : `rule ${rule}: ${message}`;
  return encodeNoticeResponse({
    severity: 'NOTICE',
    code: HELD_NOTICE,
    message: `waiting for approval: request ${request} (${who})`,
    detail,
    hint: `Approve it at ${link} or with \`dbgate review ${request}\`. Cancelling the statement withdraws it.`,
  });
}

/** It was decided, and not with a yes; or nobody decided in time. */
export function refusedBy(
  { rule, message }: DenyDecision,
  { request, why, message: said }: Extract<HoldOutcome, { kind: 'refused' }>,
): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule,
    message: said,
    detail: `rule ${rule}: ${message} (request ${request})`,
    hint: HINTS[why](request),
    position: undefined,
    request,
  };
}

const HINTS: Readonly<Record<Extract<HoldOutcome, { kind: 'refused' }>['why'], (request: string) => string>> = {
  denied: (request) => `See \`dbgate requests show ${request}\` for who decided and why.`,
  cancelled: () => 'Run it again to ask anew.',
  expired: (request) =>
    `Run it again when it is approved: it goes through. \`dbgate wait ${request}\` waits for that; see \`dbgate requests show ${request}\`.`,
  revoked: (request) => `See \`dbgate requests show ${request}\` for who took it back and why.`,
};

/** Nobody may ask for it, or asking failed. */
export function refusedToHold(held: DenyDecision, message: string, sqlstate: string, hint: string): DenyDecision {
  const { rule } = held;
  return {
    effect: 'deny',
    sqlstate,
    rule,
    message: `${held.message}: ${message}`,
    detail: `rule ${rule}: it was not run`,
    hint,
    position: held.position,
  };
}

export const SCOPE_UNKNOWN: DenyDecision = {
  effect: 'deny',
  sqlstate: '55000',
  rule: 'approvals.session-unknown',
  message:
    'the statement needs an approval, and the search_path and role that it would run with could not be found out',
  detail: 'rule approvals.session-unknown: what is approved is what runs, in the session as it is',
  hint: 'Try again; a statement_timeout that is very short may be the reason.',
  position: undefined,
};

/** As PostgreSQL says it: nobody is asked to approve what cannot run. */
export const FAILED_TRANSACTION: DenyDecision = {
  effect: 'deny',
  sqlstate: '25P02',
  rule: 'approvals.failed-transaction',
  message: 'current transaction is aborted, commands ignored until end of transaction block',
  detail: '',
  hint: '',
  position: undefined,
};

const cannotWait = (message: string, hint: string): ((held: DenyDecision) => DenyDecision) => {
  return (held) => ({
    effect: 'deny',
    sqlstate: '42501',
    rule: held.rule,
    message: `${held.message}, and ${message}`,
    detail: `rule ${held.rule}: one approval is for one execution of exactly what was approved`,
    hint,
    position: held.position,
  });
};

/** PREPARE and DECLARE CURSOR run nothing yet; EXECUTE and FETCH show a name only, and run it as often as they come. */
export const heldToRunLater = cannotWait(
  'PREPARE, EXECUTE and DECLARE CURSOR cannot wait for one',
  'Send the statement itself, or prepare it by the protocol: then it waits when it is run.',
);

export const heldNamedPortal = cannotWait(
  'a named portal cannot wait for one, as FETCH could run it again',
  'Use the unnamed portal: in most drivers, run it without a fetch size or server-side cursor.',
);

/** Its portal was bound, or has run, without one. */
export const heldPortal = cannotWait('this portal has none left', 'Bind it again: then it waits for an approval.');

/** What was approved at its Bind was another rule's. */
export const heldByAnother = cannotWait(
  'this portal was approved for another rule',
  'Bind it again: then it waits for an approval.',
);

/** Approved on a condition that cannot be watched here. */
export function cannotTry({ rule }: DenyDecision, request: string): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule,
    message: 'the statement was approved with a limit of rows, and cannot be tried where it stands',
    detail: `rule ${rule}: it was not run (request ${request})`,
    hint: 'Send it by itself, outside a pipeline with other statements; it asks again.',
    position: undefined,
    request,
  };
}

/** Approved on a condition that needs its rows; `why`: a clause. */
export function cannotCount(held: DenyDecision, request: string, why: string): DenyDecision {
  return { ...cannotTry(held, request), message: `the statement was approved with a limit of rows, and ${why}` };
}

/** A statement is tried in the same batch. */
export function notAlone(rule: string): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule,
    message: 'it needs an approval of its own, and cannot wait for it behind a statement that is tried',
    detail: `rule ${rule}: what is tried in one batch is rolled back with it`,
    hint: 'Send the statements one by one.',
    position: undefined,
  };
}

const NEVER_TRIED: ReadonlySet<string> = new Set([...NOT_IN_BLOCK, 'CALL', 'DO', 'COPY', 'UNKNOWN']);

/**
 * Can it run in a transaction of the gateway's own, so that its effect is counted before it is kept? What may end that
 * transaction, or may not run in one, cannot; COPY is a conversation with the client.
 */
export function canRollBack({ statements, class: kind }: Analysis): boolean {
  if (kind === 'unknown' || statements.length === 0) return false;
  return statements.every(({ command, class: one, targets }) => {
    if (one === 'transaction' || NEVER_TRIED.has(command)) return false;
    // CREATE INDEX CONCURRENTLY and the like are not told apart.
    return !/^(?:CREATE|DROP) INDEX$/.test(command) && targets.every(({ label }) => label !== 'index');
  });
}
