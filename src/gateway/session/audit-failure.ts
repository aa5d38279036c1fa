/**
 * The log failed under a running session. What was held back for its record is refused in its own place of the order;
 * what already ran (only ever a pure read) has its result withheld. The connection lives on, and its transaction is
 * as failed as the client was told.
 */
import { SYNC } from '../../pgwire/extended.ts';
import { readyForQuery } from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { Backend } from './backend.ts';
import { NO_PARTS, type SessionCore } from './core.ts';
import { AUDIT_LOST, AUDIT_UNAVAILABLE, REJECTED_EXECUTE, REJECTED_QUERY } from './denial.ts';
import type { Frontend } from './frontend.ts';
import type { ProbeCollector, Request } from './in-flight.ts';

/** `from`: this and later positions will never be durable. */
export function refuseAndWithhold(
  core: SessionCore,
  backend: Backend,
  frontend: Frontend,
  from: number,
  notRun: (request: Request) => void,
): void {
  // 1. What was held back from the upstream never goes there, nor does the rest of a message that began in it.
  const unsent = core.toUpstream.takeFailed(from);
  core.toUpstream.gate = 0;
  if (unsent.length > 0) frontend.skipRestOfStream();
  const marks = unsent.flatMap((segment) => segment.marks);
  const requests = core.inFlight.take(marks);
  // 2. Answers of reads that ran: each batch that was withheld ends in an error, in its place of the order.
  const dropped = core.toClient.takeFailed(from);
  core.toClient.gate = 0;
  let toldFailed = false;
  for (const status of dropped.flatMap((segment) => segment.marks)) {
    const told = status === 'T' ? 'E' : status;
    if (told !== status) toldFailed = true;
    core.toClient.put(Buffer.concat([core.denialResponse(AUDIT_LOST), readyForQuery(told)]));
    core.toClient.mark(told);
    core.toClient.flush();
  }
  if (dropped.at(-1)?.marks.length === 0) backend.withholdBatch(core.denialResponse(AUDIT_LOST));
  if (toldFailed) backend.tellFailed();
  frontend.intentsFailed(from);
  // 3. Answers that are still to come for intents that failed.
  let lost = dropped.length > 0;
  for (const request of core.inFlight) {
    if (request.position < from) continue;
    request.lost = true;
    lost = true;
  }
  // 4. What was told to have failed fails upstream too, before anything else comes there.
  const inBatch = marks[0]?.inBatch ?? core.pipelineOpen;
  const failing = lost && !backend.copyIn;
  if (failing)
    frontend.betweenMessages(() => {
      const { pipelineOpen } = core;
      failWith(core, inBatch, AUDIT_LOST);
      core.pipelineOpen = pipelineOpen;
    });
  refuseUnsent(core, requests, failing && inBatch, notRun);
  if (unsent.length > 0) frontend.sayGoodbyeAgain();
  // 5. What comes from here on is taken by a log that has healed, or refused.
  core.toUpstream.flush();
  core.toClient.flush();
}

/** One error for each batch in place of the requests that were never sent, and its Sync. */
function refuseUnsent(
  core: SessionCore,
  requests: readonly Request[],
  refusedBefore: boolean,
  notRun: (request: Request) => void,
): void {
  const denial = core.denialResponse(AUDIT_UNAVAILABLE);
  const { pipelineOpen } = core;
  let refused = refusedBefore;
  for (const { kind, probe } of requests) {
    if (kind === 'sync') {
      core.toUpstream.put(SYNC);
      core.push('sync', { ...NO_PARTS, probe });
      refused = false;
    } else if (kind === 'query' || kind === 'function') {
      core.toUpstream.put(REJECTED_QUERY);
      core.push(kind, { ...NO_PARTS, denial });
    } else if (!refused && kind !== 'copy_end' && probe === undefined) {
      core.toUpstream.put(REJECTED_EXECUTE);
      core.push('parse', { ...NO_PARTS, denial });
      refused = true;
    }
  }
  core.pipelineOpen = pipelineOpen;
  if (refused && pipelineOpen) core.batchRefused = true;
  core.counters.denied += requests.filter((request) => request.n > 0).length;
  for (const request of requests) if (request.kind !== 'sync') notRun(request);
}

/** A statement that is certain to fail: in the batch that is open, else by itself. */
export function failWith(core: SessionCore, inBatch: boolean, denial: DenyDecision): void {
  if (inBatch) {
    core.toUpstream.put(REJECTED_EXECUTE);
    core.push('parse', { ...NO_PARTS, denial: core.denialResponse(denial) });
    return;
  }
  failTransaction(core, { rows: [], failed: undefined, left: 1 });
}

/** By itself; nobody is told. */
export function failTransaction(core: SessionCore, probe: ProbeCollector): void {
  core.toUpstream.put(REJECTED_QUERY);
  core.push('query', { ...NO_PARTS, probe });
}
