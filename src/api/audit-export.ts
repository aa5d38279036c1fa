/**
 * `GET /v1/audit/export`, for auditors and administrators: the record as NDJSON, each record with what it is of, in the
 * order of the log. `position` is the cursor: asked for again with `after`, it goes on behind it, without loss or doubles.
 * That somebody exports, and what, is on the record before anything leaves.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError } from '../errors.ts';
import { ExportedRecords } from '../gateway/exported-records.ts';
import { principalKey } from '../identity/principal.ts';
import { SECURITY_HEADERS } from './http-answer.ts';
import { writeLine } from './ndjson-line.ts';
import { flagOf, numberOf, timeOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';

const POLL_MS = 200;
const QUIET_POLLS = 50;
/** What the caller says of its own destination. */
const MAX_TO = 300;

export async function exportAudit({ gateway, history }: ApiOptions, call: Call): Promise<void> {
  const { response, principal, url } = call;
  if (!gateway.isAuditor(principal)) {
    throw new DbgateError('denied', 'the record is exported by auditors and administrators of the gateway only', {
      hint: 'see roles.auditors in its configuration; dbgate history has your own',
    });
  }
  const q = url.searchParams;
  const query = {
    after: numberOf(q, 'after', 0, Number.MAX_SAFE_INTEGER),
    since: timeOf(q, 'since'),
    until: timeOf(q, 'until'),
    database: q.get('database') ?? undefined,
  };
  if (query.after === undefined && query.since === undefined) {
    throw new DbgateError('usage', 'say where to begin: `since` or `after`');
  }
  const follow = flagOf(q, 'follow');
  await gateway.recorder.event({
    kind: 'audit.exported',
    by: principalKey(principal),
    database: query.database,
    detail: {
      follow,
      ...(query.after === undefined ? {} : { after: query.after }),
      ...(query.since === undefined ? {} : { since: new Date(query.since).toISOString() }),
      ...(query.until === undefined ? {} : { until: new Date(query.until).toISOString() }),
    },
    body: { format: q.get('format')?.slice(0, 32), to: q.get('to')?.slice(0, MAX_TO) },
  });
  const records = new ExportedRecords(
    {
      ...{ log: gateway.log, history, gatewayId: gateway.settings.gatewayId },
      askerOf: (request) => gateway.requests.get(request, principal)?.request.by.key,
    },
    query,
  );
  const { after, first } = await records.begin();
  response.writeHead(200, {
    'Content-Type': 'application/x-ndjson',
    ...SECURITY_HEADERS,
  });
  const say = (line: object): Promise<void> => writeLine(response, line);
  const mayStill = (): boolean => gateway.isAuditor(principal) && Date.now() < principal.expiresAt;
  // Asked for what is not there any more: whoever goes on from a cursor must know of the gap.
  const missing = query.after !== undefined && after + 1 < first ? { missing_to: first - 1 } : {};
  await say({ event: 'begin', gateway: gateway.settings.gatewayId, position: after, ...missing });
  // What was written before it was asked is given, whatever the group commit is at.
  await gateway.log.flush();
  let position = after;
  let quiet = 0;
  while (!response.destroyed) {
    for await (const batch of records.next()) {
      for (const damage of batch.damage) await say({ event: 'damage', ...damage });
      for (const one of batch.records) await say({ event: 'record', ...one });
      position = batch.position;
      // What a filter left out need not be looked at again.
      await say({ event: 'at', position });
      quiet = 0;
      if (response.destroyed || !mayStill()) break;
    }
    if (!mayStill()) {
      response.end(`${JSON.stringify({ event: 'end', position, reason: 'token' })}\n`);
      return;
    }
    if (!follow || (query.until !== undefined && Date.now() > query.until && !records.isBehind)) {
      response.end(`${JSON.stringify({ event: 'end', position, reason: 'done' })}\n`);
      return;
    }
    while (!response.destroyed && !records.isBehind && mayStill()) {
      await sleep(POLL_MS);
      if (query.until !== undefined && Date.now() > query.until) break;
      if (++quiet >= QUIET_POLLS) {
        quiet = 0;
        await say({ event: 'at', position });
      }
    }
  }
}
