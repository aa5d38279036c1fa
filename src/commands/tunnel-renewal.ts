/**
 * Keeps a tunnel's sessions alive beyond the token they began with: shortly before that ends it presents a fresh one on
 * the control channel. It says once when it cannot, goes on trying, and says when it can again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import { readAnswer, renewAnswer, whoamiAnswer } from './gateway-answers.ts';

export interface RenewalEvents {
  /** Sessions now live until then, epoch milliseconds. */
  renewed(expiresAt: number, wasExpired: boolean): void;
  /** The token will end, or has ended, and no better one is to be had. */
  failing(message: string, expired: boolean): void;
}

/** Less than the margin at which the token source refreshes (60 s), so that it presents a new one. */
const leadMs = 45_000;
const retryMs = 5000;
/** How often to look whether the person has logged in again. */
const expiredRetryMs = 15_000;

/** Runs until the signal aborts. */
export async function keepRenewed(
  client: GatewayClient,
  tunnel: string,
  firstExpiresAt: number,
  events: RenewalEvents,
  signal: AbortSignal,
): Promise<void> {
  let expiresAt = firstExpiresAt;
  let warned = false;
  let expired = false;
  while (!signal.aborted) {
    const untilRenewal = warned || expired ? 0 : expiresAt - leadMs - Date.now();
    const pause = Math.max(untilRenewal, expired ? expiredRetryMs : warned ? retryMs : 0);
    // setTimeout takes 31 bits; a longer wait just looks again.
    await sleep(Math.min(Math.max(pause, 250), 2_000_000_000), undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    if (Date.now() < expiresAt - leadMs) continue;
    try {
      const next = await renew(client, tunnel, signal);
      if (next > expiresAt && next > Date.now()) {
        events.renewed(next, expired);
        expiresAt = next;
        warned = expired = false;
        continue;
      }
      if (!warned && !expired) events.failing(`the session ends soon: ${remedy(client)}`, false);
      warned = true;
    } catch (error) {
      if (signal.aborted) return;
      if (!warned && !expired) events.failing(`the session cannot be renewed: ${reason(error)}`, false);
      warned = true;
    }
    if (!expired && Date.now() >= expiresAt) {
      expired = true;
      events.failing(`session expired: ${remedy(client)}`, true);
    }
  }
}

/** Epoch milliseconds until which the tunnel's sessions live now. */
async function renew(client: GatewayClient, tunnel: string, signal: AbortSignal): Promise<number> {
  const path = `/v1/tunnels/${encodeURIComponent(tunnel)}/renew`;
  try {
    const answer = readAnswer(renewAnswer, await client.request('POST', path, {}, { signal }), `POST ${path}`);
    return Date.parse(answer.expires_at);
  } catch (error) {
    if (!(error instanceof DbgateError && error.code === ErrorCode.notFound)) throw error;
    // No session is open: nothing to renew, but new ones will present the token that the source has by now.
    const answer = await client.request('GET', '/v1/whoami', undefined, { signal });
    return Date.parse(readAnswer(whoamiAnswer, answer, 'GET /v1/whoami').expires_at);
  }
}

function remedy({ tokenKind, gateway }: GatewayClient): string {
  return tokenKind === 'login' ? `run dbgate login ${gateway}` : `put a fresh token into ${tokenKind}`;
}

function reason(error: unknown): string {
  if (!(error instanceof DbgateError)) return String(error);
  return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
}
