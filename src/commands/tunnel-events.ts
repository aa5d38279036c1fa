import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayClient } from '../login/gateway-client.ts';
import type * as shape from './answer-shape.ts';
import { tunnelEvent } from './gateway-answers.ts';

export type TunnelStats = Extract<shape.Output<typeof tunnelEvent>, { event: 'stats' }>;

const firstRetryMs = 1000;
const lastRetryMs = 15_000;
/** The gateway sends something every 15 s; a stream that says nothing for longer is dead. */
const silenceMs = 40_000;

/** Hands each change of the tunnel's counts on, and opens the stream again whenever it ends. Never throws. */
export async function followTunnel(
  client: GatewayClient,
  tunnel: string,
  onStats: (stats: TunnelStats) => void,
  signal: AbortSignal,
): Promise<void> {
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const path = `/v1/tunnels/${encodeURIComponent(tunnel)}/events`;
      for await (const line of client.stream(path, { signal: AbortSignal.any([signal, silence.signal]) })) {
        timer.refresh();
        retryMs = firstRetryMs;
        const event = tunnelEvent.safeParse(line);
        // A newer gateway may say more; what is not known is not shown.
        if (event.success && event.data.event === 'stats') onStats(event.data);
      }
    } catch {
      // The listener tells the person that the gateway is lost; counts are all that is missing here.
    } finally {
      clearTimeout(timer);
    }
    await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {});
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  }
}
