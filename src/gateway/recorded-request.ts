/**
 * An event of a request as the record has it: as in the request's own stream, but for the hashes of held statements. These
 * are of the text with its values, so whoever reads a record could try guesses; keyed they still tell which are the same.
 */
import { createHmac } from 'node:crypto';
import type { RequestEvent } from '../approvals/request.ts';

/** In a stream hashes are hexadecimal, 64 digits. */
const KEPT_DIGITS = 32;

export function recordedRequest(event: RequestEvent, key: () => Buffer): RequestEvent {
  const keyed = (hash: string): string => createHmac('sha256', key()).update(hash).digest('hex').slice(0, KEPT_DIGITS);
  switch (event.type) {
    case 'joined':
    case 'used':
      return { ...event, hash: keyed(event.hash) };
    case 'requested': {
      const { request } = event;
      if (request.kind !== 'statement') return event;
      const { hash, shape } = request.statement;
      return {
        ...event,
        request: { ...request, statement: { ...request.statement, hash: keyed(hash), shape: keyed(shape) } },
      };
    }
    default:
      return event;
  }
}
