import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import { type RequestLine, requestStreamLine } from './request-answers.ts';

const firstRetryMs = 500;
const lastRetryMs = 15_000;
/** The gateway sends something every 15 s; a stream that says nothing for longer is dead. */
const silenceMs = 40_000;
/** How long a gateway may be out of reach after the request has expired there. */
const graceMs = 60_000;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Epoch milliseconds at which to give up; undefined: when the request must have expired. */
  readonly deadline: number | undefined;
  readonly onState: (request: RequestLine) => void;
  readonly onLost: (error: Error) => void;
}

/**
 * The request once it is decided. Where the network fails it goes on, with jitter. Throws `wait_timed_out` at the
 * deadline, `gateway_unreachable` when the first contact fails or the request must be over, and what the gateway refuses.
 */
export async function followRequest(
  client: GatewayClient,
  id: string,
  known: RequestLine | undefined,
  options: FollowOptions,
): Promise<RequestLine> {
  let last = known;
  let retryMs = firstRetryMs;
  const timeout = new AbortController();
  const timer =
    options.deadline === undefined ? undefined : setTimeout(() => timeout.abort(), options.deadline - Date.now());
  const over = AbortSignal.any([options.signal, timeout.signal]);
  try {
    for (;;) {
      const silence = new AbortController();
      const silenceTimer = setTimeout(() => silence.abort(), silenceMs);
      try {
        const path = `/v1/requests/${encodeURIComponent(id)}/wait`;
        for await (const line of client.stream(path, { signal: AbortSignal.any([over, silence.signal]) })) {
          silenceTimer.refresh();
          retryMs = firstRetryMs;
          const event = requestStreamLine.safeParse(line);
          // A newer gateway may say more; what is not known is not shown.
          if (!event.success || event.data.event !== 'state') continue;
          last = event.data.request;
          options.onState(last);
          if (last.decided) return last;
        }
      } catch (error) {
        if (!passes(error)) throw error;
        // Nothing was heard yet: rather a wrong address than a lost network.
        if (last === undefined) throw error;
        if (!over.aborted) options.onLost(error as Error);
        if (Date.now() > Date.parse(last.expires_at) + graceMs) throw error;
      } finally {
        clearTimeout(silenceTimer);
      }
      if (!over.aborted) await sleep(retryMs * (0.5 + Math.random()), undefined, { signal: over }).catch(() => {});
      options.signal.throwIfAborted();
      if (timeout.signal.aborted) {
        throw new DbgateError(ErrorCode.waitTimedOut, `${id} is still pending, the time to wait is over`, {
          hint: `dbgate wait ${id}`,
        });
      }
      retryMs = Math.min(retryMs * 2, lastRetryMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The network's failures, and a gateway that cannot answer just now. */
function passes(error: unknown): boolean {
  if (!(error instanceof DbgateError)) return false;
  return error.code === ErrorCode.gatewayUnreachable || error.code === ErrorCode.auditUnavailable;
}
