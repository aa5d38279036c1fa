/**
 * `GET /v1/watch`: what is being run, as server-sent events, for as long as the caller's token is good. Auditors and
 * administrators see everybody's, others their own. Who reads too slowly loses events and is told how many; no more than
 * MAX_UNREAD_BYTES wait for anybody.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import type { LiveEvent } from '../gateway/live-feed.ts';
import { type LiveFilter, passes } from '../gateway/live-filter.ts';
import { fold } from '../store/text-shape.ts';
import { recordRead, whoseRecord } from './history.ts';
import { SECURITY_HEADERS } from './http-answer.ts';
import { flagOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';

const TICK_MS = 1_000;
const PING_TICKS = 15;
const MAX_UNREAD_BYTES = 1 << 20;

export async function watch({ gateway, feed }: ApiOptions, { response, principal, url }: Call): Promise<void> {
  const q = url.searchParams;
  const seesAll = gateway.isAuditor(principal);
  // Whoever may see everybody's does so unless they name somebody.
  const whose = whoseRecord(gateway, principal, q.get('by') ?? (seesAll ? 'all' : null));
  const filter: LiveFilter = { ...whose.query, ...filterOf(q) };
  if (whose.ofOthers) await recordRead(gateway, principal, filter.database, { what: 'watch' }, q);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    ...SECURITY_HEADERS,
  });
  let lost = 0;
  let quietTicks = 0;
  const write = (name: string, data: object): void => {
    quietTicks = 0;
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const tell = (event: LiveEvent): void => {
    if (!passes(event, filter)) return;
    if (response.writableLength > MAX_UNREAD_BYTES) {
      lost++;
      return;
    }
    if (lost > 0) {
      write('lost', { event: 'lost', count: lost });
      lost = 0;
    }
    write(event.event, dataOf(event));
  };
  const end = feed.watch(tell);
  write('ready', { event: 'ready', gateway: gateway.settings.gatewayId });
  const timer = setInterval(() => {
    const mayNot = whose.ofOthers && !gateway.isAuditor(principal);
    if (mayNot || Date.now() >= principal.expiresAt || gateway.revocations.isRevoked(principal)) response.end();
    else if (++quietTicks >= PING_TICKS && !response.writableNeedDrain) {
      quietTicks = 0;
      response.write(': ping\n\n');
    }
  }, TICK_MS);
  // Not the request's own 'close': that comes as soon as its body was read.
  response.once('close', () => {
    clearInterval(timer);
    end();
  });
}

function filterOf(q: URLSearchParams): LiveFilter {
  const text = (name: string): string | undefined => q.get(name) ?? undefined;
  const grep = text('grep');
  return {
    database: text('database'),
    class: text('class'),
    table: text('table'),
    session: text('session'),
    grep: grep === undefined ? undefined : fold(grep),
    errorsOnly: flagOf(q, 'errors'),
    deniedOnly: flagOf(q, 'denied'),
    maskedOnly: flagOf(q, 'masked'),
    writesOnly: flagOf(q, 'writes'),
  };
}

function dataOf(event: LiveEvent): object {
  switch (event.event) {
    case 'statement':
      return { event: 'statement', entry: event.entry };
    case 'session': {
      const { principalKey: _, ...of } = event.of;
      const { kind, at, session } = event.record;
      const reason = event.record.kind === 'session.close' ? event.record.reason : null;
      return { event: 'session', change: kind === 'session.open' ? 'open' : 'close', at, session, reason, ...of };
    }
    case 'event': {
      const { v: _, ...record } = event.record;
      return { event: 'event', record };
    }
    default:
      return event satisfies never;
  }
}
