/**
 * What is said to whoever asks, decides or looks, and may not or comes too late. Of what does not exist and of what is not
 * theirs to see it is the same. Pure.
 */
import type { ApprovalRule } from '../config/approval-settings.ts';
import { DbgateError } from '../errors.ts';
import { personName } from './person.ts';
import type { Person, RequestState } from './request.ts';

export function nothingToAsk(database: string): DbgateError {
  return new DbgateError(
    'denied',
    `there is nothing that you may ask for on ${JSON.stringify(database.slice(0, 80))}`,
    {
      sqlstate: '42501',
      hint: 'See `dbgate ls` for the databases that you may reach; who may ask for what is in `approvals:` of gateway.yaml.',
    },
  );
}

/** For a hint: the access and classes that these rules open. */
export function whatIsAllowed(rules: readonly ApprovalRule[]): string {
  const access = new Set(rules.flatMap((rule) => rule.access));
  const unmask = rules.flatMap((rule) =>
    rule.unmask === 'all' ? ['unmask'] : rule.unmask.map((one) => `unmask=${one}`),
  );
  const words = [...access, ...new Set(unmask)];
  return words.length === 0 ? 'nothing but approvals of single statements' : words.join(', ');
}

export function notFound(id: string): DbgateError {
  return new DbgateError('not_found', `there is no request ${JSON.stringify(id.slice(0, 40))}`, {
    hint: '`dbgate requests` lists those that you may see.',
  });
}

/** How it was decided, for whoever comes too late. */
export function refusedError(state: RequestState, why: string): DbgateError {
  const { id } = state.request;
  const how = outcomeOf(state);
  return new DbgateError('usage', how === undefined ? `${id}: ${why}` : `${id} ${how}: ${why}`, {
    hint: `\`dbgate requests show ${id}\` says what became of it.`,
  });
}

/** `was approved by ada@example.com`; undefined: it is pending. */
function outcomeOf({ status, approvals, denied, endedBy, request }: RequestState): string | undefined {
  const by = (person: Person | undefined): string => (person === undefined ? '' : ` by ${personName(person)}`);
  switch (status) {
    case 'pending':
      return undefined;
    case 'approved':
    case 'used':
      return `was approved${by(approvals.at(-1)?.by)}`;
    case 'denied':
      return `was denied${by(denied?.by)}`;
    case 'cancelled':
      return `was withdrawn${by(endedBy ?? request.by)}`;
    case 'revoked':
      return `was revoked${by(endedBy)}`;
    case 'expired':
      return 'expired: nobody decided in time';
    case 'ended':
      return 'is over';
    default:
      return status satisfies never;
  }
}
