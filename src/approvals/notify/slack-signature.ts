/** What Slack signs its requests with. @see https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { TOLERANCE_MS } from './standard-webhooks.ts';

/** `X-Slack-Signature`; `timestamp`: `X-Slack-Request-Timestamp`, epoch seconds. */
export function signSlack(signingSecret: string, timestamp: string, body: string | Buffer): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}

export function verifySlack(
  signingSecret: string,
  headers: { readonly timestamp: unknown; readonly signature: unknown },
  body: Buffer,
  nowMs: number,
): 'ok' | 'unsigned' | 'late' | 'forged' {
  const { timestamp, signature } = headers;
  if (typeof timestamp !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(timestamp)) {
    return 'unsigned';
  }
  const expected = Buffer.from(signSlack(signingSecret, timestamp, body));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
  return Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS ? 'late' : 'ok';
}
