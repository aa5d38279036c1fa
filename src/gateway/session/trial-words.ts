/** What the client of a statement that was tried is told when its effect did not stay. */
import type { DenyDecision } from '../../policy/decision.ts';
import type { TrialTerms } from './trial.ts';
import { MAX_WITHHELD_ROWS } from './withheld-answer.ts';

type Named = Pick<TrialTerms, 'request' | 'rule'>;

function rolledBack({ request, rule }: Named, message: string, hint: string): DenyDecision {
  return {
    effect: 'deny',
    sqlstate: '42501',
    rule,
    message,
    detail: `rule ${rule}: it was rolled back (request ${request})`,
    hint,
    position: undefined,
    request,
  };
}

export function tooManyRows(terms: Named, rows: number, maxRows: number): DenyDecision {
  const message = `the statement changed ${rows} rows, and ${maxRows} were approved`;
  return rolledBack(terms, message, 'Narrow it, or run it again to ask for more.');
}

export function notKept(terms: Named, rows: number): DenyDecision {
  const { request } = terms;
  const message = `the statement changed ${rows} rows, and that was not approved`;
  return rolledBack(terms, message, `See \`dbgate requests show ${request}\` for who decided and why.`);
}

/** A row limit stopped it. */
export function notCounted(terms: Named): DenyDecision {
  const message = 'the rows of a statement that is fetched in parts cannot be counted before it is kept';
  return rolledBack(terms, message, 'Run it without a fetch size, and it asks again.');
}

/** The server did not say. */
export function uncounted(terms: Named): DenyDecision {
  return rolledBack(terms, 'the rows that the statement changed could not be counted', 'Run it again to ask anew.');
}

export const ANSWER_TOO_LONG: DenyDecision = {
  effect: 'deny',
  sqlstate: '54000',
  rule: 'approvals.answer-too-long',
  message: `the answer of a statement that is tried has more than ${MAX_WITHHELD_ROWS} rows or 1 MB`,
  detail:
    'rule approvals.answer-too-long: it is withheld until it is known whether its effect stays; it was rolled back',
  hint: 'Run it without RETURNING, or ask for it without a limit of rows.',
  position: undefined,
};

const IN_TRIAL = {
  effect: 'deny',
  sqlstate: '0A000',
  rule: 'approvals.tried-batch',
  detail: 'rule approvals.tried-batch: its answers are withheld, and its transaction kept open, until Sync',
  position: undefined,
} as const;

/** Whoever flushes waits for an answer that cannot come yet. */
export const TRIED_BEFORE_SYNC: DenyDecision = {
  ...IN_TRIAL,
  message: 'Flush cannot follow a statement that is tried',
  hint: 'End its batch with Sync.',
};

export const TRIED_IN_BLOCK: DenyDecision = {
  ...IN_TRIAL,
  message: 'the statement cannot stand in one batch with a statement that is tried',
  hint: 'Send it in a batch of its own.',
};
