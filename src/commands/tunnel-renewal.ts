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

export interface RenewalTiming {
  /** How long before the end; less than the margin at which the token source refreshes (60 s), so that it presents a new token. */
  readonly leadMs: number;
  readonly retryMs: number;
  /** How often to look whether the person has logged in again. */
  readonly expiredRetryMs: number;
}

const TIMING: RenewalTiming = { leadMs: 45_000, retryMs: 5000, expiredRetryMs: 15_000 };
const shortestPauseMs = 250;
/** setTimeout takes 31 bits. */
const longestPauseMs = 2_000_000_000;

/** Runs until the signal aborts. */
export async function keepRenewed(
  client: GatewayClient,
  tunnel: string,
  firstExpiresAt: number,
  events: RenewalEvents,
  signal: AbortSignal,
  { leadMs, retryMs, expiredRetryMs }: RenewalTiming = TIMING,
): Promise<void> {
  let expiresAt = firstExpiresAt;
  let warned = false;
  let expired = false;
  while (!signal.aborted) {
    const now = Date.now();
    let pause = expiresAt - leadMs - now;
    if (warned) pause = Math.min(retryMs, expiresAt - now);
    if (expired) pause = expiredRetryMs;
    pause = Math.min(Math.max(pause, shortestPauseMs), longestPauseMs);
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
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
