/**
 * The log failed under a running session. What was held back for its record is refused in its own place of the order;
 * what already ran (only ever a pure read) has its result withheld. The connection lives on, and its transaction is
 * as failed as the client was told.
 */
import { SYNC } from '../../pgwire/extended.ts';
import { readyForQuery, type TransactionStatus } from '../../pgwire/result.ts';
import type { Backend } from './backend.ts';
import type { SessionCore } from './core.ts';
import { AUDIT_LOST, AUDIT_UNAVAILABLE, denialResponse, REJECTED_EXECUTE, REJECTED_QUERY } from './denial.ts';
import type { Request } from './in-flight.ts';

/** `from`: this and later positions will never be durable. */
export function refuseAndWithhold(
  core: SessionCore,
  backend: Backend,
  from: number,
  notRun: (request: Request) => void,
): void {
  // 1. What was held back from the upstream never goes there.
  const unsent = core.toUpstream.takeFailed(from).flatMap((segment) => segment.marks);
  core.toUpstream.gate = 0;
  if (unsent.length > 0) refuseUnsent(core, core.inFlight.takeNewest(unsent.length), notRun);
  // 2. Answers of reads that ran: each batch that was withheld ends in an error.
  const dropped = core.toClient.takeFailed(from);
  const withheld = dropped.flatMap((segment) => segment.marks);
  for (const status of withheld) core.command({ type: 'send_client', bytes: lostBatch(status) });
  // 3. Answers that are still to come for intents that failed.
  let last: Request | undefined;
  for (const request of core.inFlight) if (request.position >= from) last = request;
  if (last !== undefined) backend.withholdThrough(last, denialResponse(AUDIT_LOST));
  else if (backend.midBatch && dropped.at(-1)?.marks.length === 0) backend.withholdBatch(denialResponse(AUDIT_LOST));
  else if (withheld.at(-1) === 'T' && core.inFlight.size === 0) abortTransaction(core);
  // 4. What comes from here on is taken by a log that has healed, or refused.
  core.toClient.gate = 0;
  core.toUpstream.flush();
  core.toClient.flush();
}

function lostBatch(status: TransactionStatus): Buffer {
  return Buffer.concat([denialResponse(AUDIT_LOST), readyForQuery(status === 'T' ? 'E' : status)]);
}

/** One error for each batch in place of the requests that were never sent, and its Sync. */
function refuseUnsent(core: SessionCore, requests: readonly Request[], notRun: (request: Request) => void): void {
  const denial = denialResponse(AUDIT_UNAVAILABLE);
  let refused = false;
  for (const { kind, probe } of requests) {
    if (kind === 'sync') {
      core.toUpstream.put(SYNC);
      core.push('sync', { probe });
      refused = false;
    } else if (kind === 'query' || kind === 'function') {
      core.toUpstream.put(REJECTED_QUERY);
      core.push(kind, { denial });
    } else if (!refused && kind !== 'copy_end' && probe === undefined) {
      core.toUpstream.put(REJECTED_EXECUTE);
      core.push('parse', { denial });
      refused = true;
    }
  }
  core.counters.denied += requests.filter((request) => request.n > 0).length;
  for (const request of requests) if (request.kind !== 'sync') notRun(request);
}

/** The client was told that its transaction failed: make it so upstream, by a statement that is certain to fail. */
export function abortTransaction(core: SessionCore): void {
  core.toUpstream.put(REJECTED_QUERY);
  core.push('query', { probe: { rows: [], failed: undefined, left: 1 } });
  core.toUpstream.flush();
}
