/** Signatures of webhooks in both directions. @see https://github.com/standard-webhooks/standard-webhooks, spec 1.0.0 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a signed time may be from ours, either way. */
export const TOLERANCE_MS = 5 * 60_000;
/** Several stand in a row while a secret is replaced. */
const MAX_SIGNATURES = 8;

/** `webhook-signature` of a message. `secret`: `whsec_…`; `timestamp`: epoch seconds. */
export function signWebhook(secret: string, id: string, timestamp: number, body: string | Buffer): string {
  return `v1,${hmac(secret, id, String(timestamp), body).toString('base64')}`;
}

export type Verified =
  | { readonly ok: true; readonly id: string; readonly timestampMs: number }
  | { readonly ok: false; readonly why: 'unsigned' | 'late' | 'forged' };

/** Whether these headers sign this body with this secret, now. */
export function verifyWebhook(
  secret: string,
  headers: { readonly id: unknown; readonly timestamp: unknown; readonly signature: unknown },
  body: Buffer,
  nowMs: number,
): Verified {
  const { id, timestamp, signature } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return { ok: false, why: 'unsigned' };
  }
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return { ok: false, why: 'unsigned' };
  const expected = hmac(secret, id, timestamp, body);
  const signed = signature
    .split(' ', MAX_SIGNATURES)
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
  // All are compared, in constant time each: which of them fits is nobody's to learn.
  const fits = signed.map((one) => one.length === expected.length && timingSafeEqual(one, expected));
  if (!fits.includes(true)) return { ok: false, why: 'forged' };
  const timestampMs = Number(timestamp) * 1000;
  if (Math.abs(nowMs - timestampMs) > TOLERANCE_MS) return { ok: false, why: 'late' };
  return { ok: true, id, timestampMs };
}

function hmac(secret: string, id: string, timestamp: string, body: string | Buffer): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}
