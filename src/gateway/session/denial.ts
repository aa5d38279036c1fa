/**
 * How a refusal reaches the client without disturbing anything else: in place of the refused message, one that the
 * server is certain to reject is sent upstream, and the server's ErrorResponse is replaced by the gateway's on its
 * way back. Order, transaction state, implicit transactions and the discarding up to Sync are then PostgreSQL's own.
 */

import type { Principal } from '../../identity/principal.ts';
import { encodeErrorResponse } from '../../pgwire/error-response.ts';
import { encodeParse } from '../../pgwire/extended.ts';
import { encodeQuery } from '../../pgwire/query.ts';
import type { DenyDecision, Matched } from '../../policy/decision.ts';

/** A syntax error at the first token in every version of the grammar; it also shows in the server's log. */
const REJECTED_SQL = 'dbgate refused a statement here';

/** Stands for a Query or FunctionCall; answered with ErrorResponse and ReadyForQuery. */
export const REJECTED_QUERY = encodeQuery(REJECTED_SQL);

/** Stands for a Parse of the same name: like any failing Parse it releases the unnamed statement and no other. */
export function rejectedParse(name: string): Buffer {
  return encodeParse(name, REJECTED_SQL);
}

/** Stands for a Bind or Execute: fails without touching any name of the client's. */
export const REJECTED_EXECUTE = encodeParse('dbgate_refused', REJECTED_SQL);

/** `kind`: of the principal; an agent gets the detail as JSON. */
export function denialResponse(decision: DenyDecision, kind: Principal['kind']): Buffer {
  const detail = kind === 'agent' ? agentDetail(decision) : decision.detail;
  return encodeErrorResponse({
    severity: 'ERROR',
    code: decision.sqlstate,
    message: decision.message,
    ...(detail === '' ? {} : { detail }),
    ...(decision.hint === '' ? {} : { hint: decision.hint }),
    ...(decision.position === undefined ? {} : { position: String(decision.position) }),
  });
}

/**
 * The detail for agents (docs/policy.md, "What agents are told"): one line of JSON, whose keys may grow and never change.
 * What looks exactly like PostgreSQL's own error has none.
 */
function agentDetail(denied: DenyDecision): string {
  const { detail, rule, held, message, hint, sqlstate, position, request, ask, matched } = denied;
  if (detail === '') return '';
  const prefix = `rule ${rule}: `;
  return JSON.stringify({
    dbgate: 'denial/1',
    effect: held === true ? 'hold' : 'deny',
    rule,
    sqlstate,
    message,
    reason: detail.startsWith(prefix) ? detail.slice(prefix.length) : detail,
    instead: hint === '' ? null : hint,
    position: position ?? null,
    request: request === undefined ? (ask === undefined ? null : askObject(ask)) : { id: request },
    ...(matched === undefined ? {} : { matched: matchedObject(matched) }),
  });
}

function matchedObject({ columns, cascades, triggers, estimatedRows, unknown }: Matched): object {
  return {
    columns: columns ?? null,
    cascades: cascades ?? null,
    triggers: triggers ?? null,
    estimated_rows: estimatedRows ?? null,
    unknown: unknown ?? [],
  };
}

/** Every key, so that a program need not ask which are there. */
function askObject({ database, access, unmask, tables }: NonNullable<DenyDecision['ask']>): object {
  return { database, access: access ?? null, unmask: unmask ?? null, tables: tables ?? null };
}

/** For what completed before it could be cancelled for a limit. */
export function completedDenial(denial: DenyDecision): DenyDecision {
  const detail = `rule ${denial.rule}: what came before the limit was delivered, the rest is withheld; the statement itself had completed, and outside a transaction block what it changed is kept`;
  return { ...denial, detail };
}

/** The log can't be written, so the statement was not run. */
export const AUDIT_UNAVAILABLE: DenyDecision = {
  effect: 'deny',
  sqlstate: '58030',
  rule: 'audit.unavailable',
  message: 'audit unavailable, statement not run',
  detail: 'The gateway runs nothing that it cannot record, and its log cannot be written at the moment.',
  hint: 'Try again shortly; the gateway recovers by itself when its log can be written. Operators: see `dbgate doctor`.',
  position: undefined,
};

/** What had run when the log failed: its answer is withheld. */
export const AUDIT_LOST: DenyDecision = {
  ...AUDIT_UNAVAILABLE,
  message: 'audit unavailable, result withheld',
  detail: 'The statement only read, and the record of it could not be written, so its result was not given out.',
};

/** As PostgreSQL says it. */
export const CANCELLED: DenyDecision = {
  effect: 'deny',
  sqlstate: '57014',
  rule: 'protocol.cancelled',
  message: 'canceling statement due to user request',
  detail: '',
  hint: '',
  position: undefined,
};

/** What is written back as it was read. */
export function maskGiven(columnClass: string): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule: 'masking.mask-written',
    message: `a mask would be written in place of a value (${columnClass})`,
    detail: 'rule masking.mask-written: it was read masked, and the value that is there would be lost',
    hint: 'Write only the columns that have changed.',
    position: undefined,
  };
}

export const FUNCTION_CALL_REFUSED: DenyDecision = {
  effect: 'deny',
  sqlstate: '0A000',
  rule: 'protocol.function-call',
  message: 'the FunctionCall message is not allowed',
  detail: 'rule protocol.function-call: it runs a function without SQL that policy could read',
  hint: 'Call the function with SELECT.',
  position: undefined,
};

export const EXECUTE_OF_PARSED: DenyDecision = {
  effect: 'deny',
  sqlstate: '0A000',
  rule: 'protocol.execute-by-name',
  message: 'EXECUTE of a statement that was prepared by the protocol is not supported',
  detail: 'rule protocol.execute-by-name: what it runs is judged and recorded when the protocol binds it',
  hint: 'Run it as it was prepared, or prepare it with PREPARE.',
  position: undefined,
};

export const EXECUTE_UNFORESEEN: DenyDecision = {
  effect: 'deny',
  sqlstate: '0A000',
  rule: 'protocol.execute-by-name',
  message: 'EXECUTE is not supported for a statement of which a rule asks more than its text tells',
  detail:
    'rule protocol.execute-by-name: which columns it comes to, and how many rows, may have changed since it was prepared',
  hint: 'Send the statement itself, or have the protocol prepare it.',
  position: undefined,
};

export const TOO_MANY_PREPARED: DenyDecision = {
  effect: 'deny',
  sqlstate: '53200',
  rule: 'protocol.too-many-prepared',
  message: 'too much text in prepared statements of this session',
  detail: 'rule protocol.too-many-prepared: the gateway keeps the text of each until it is closed',
  hint: 'Close prepared statements that are not used any more.',
  position: undefined,
};

/** As PostgreSQL says it: what the gateway does not know was not judged, so the server must not find it either. */
export function noSuchStatement(name: string): DenyDecision {
  const message =
    name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`;
  return unknownName('26000', message, 'protocol.no-such-statement');
}

export function noSuchPortal(name: string): DenyDecision {
  return unknownName('34000', `portal "${name}" does not exist`, 'protocol.no-such-portal');
}

function unknownName(sqlstate: string, message: string, rule: string): DenyDecision {
  return { effect: 'deny', sqlstate, rule, message, detail: '', hint: '', position: undefined };
}
