import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext } from './context.ts';
import { type RequestLine, requestStreamLine } from './request-answers.ts';
import { askedFor, personName, statusText } from './request-text.ts';
import { readDecidable } from './review.ts';
import { sanitise } from './sanitise.ts';

const firstRetryMs = 500;
const lastRetryMs = 15_000;
/** The gateway sends something every 15 s; a stream that says nothing for longer is dead. */
const silenceMs = 40_000;
const listLimit = 1000;

/** A line for each request that waits for the caller, and for each change of one that they may see, until a signal. */
export async function watchRequests(context: CommandContext, client: GatewayClient): Promise<number> {
  /** Request → its `seq` that was told last. */
  const told = new Map<string, number>();
  const tell = (request: RequestLine, type: string): void => {
    if ((told.get(request.id) ?? 0) >= request.seq) return;
    told.set(request.id, request.seq);
    context.print({ event: 'change', type, request }, () => line(request, type));
  };
  let retryMs = firstRetryMs;
  let isLost = false;
  let isFirst = true;
  while (!context.signal.aborted) {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const signal = AbortSignal.any([context.signal, silence.signal]);
      for await (const received of client.stream('/v1/requests/events', { signal })) {
        timer.refresh();
        retryMs = firstRetryMs;
        const event = requestStreamLine.safeParse(received);
        if (!event.success) continue;
        if (event.data.event === 'change') tell(event.data.request, event.data.type);
        // The stream first, the list then: nothing falls in between.
        if (event.data.event !== 'ready') continue;
        if (isLost) context.note('the gateway answers again');
        isLost = false;
        const waiting = await readDecidable(client, listLimit);
        for (const request of [...waiting].reverse()) tell(request, 'requested');
        if (isFirst && !context.json) context.note(`${waiting.length} waiting for you; Ctrl-C ends this`);
        isFirst = false;
      }
    } catch (error) {
      const passes = error instanceof DbgateError && error.code === ErrorCode.gatewayUnreachable;
      if (!passes || isFirst) throw error;
      if (!isLost) context.note(sanitise(`the gateway is lost: ${error.message}`));
      isLost = true;
    } finally {
      clearTimeout(timer);
    }
    await sleep(retryMs * (0.5 + Math.random()), undefined, { signal: context.signal }).catch(() => {});
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  }
  return ExitCode.ok;
}

function line(request: RequestLine, type: string): string {
  const { id, database, by, risk, reason } = request;
  if (type === 'requested') {
    return sanitise(
      `${id}  ${personName(by)} asks for ${askedFor(request)} on ${database}, risk ${risk.level}: ${reason}`,
    );
  }
  return sanitise(`${id}  ${statusText(request, Date.now())}: ${personName(by)}, ${askedFor(request)} on ${database}`);
}
