/**
 * Sends custom evidence to Vanta or Drata. What may pass (no answer, 408, 429, 5xx) is tried again, slower each time; both
 * APIs take the same rows twice without harm. A redirect is not followed: the token would go along.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrataPayload, VantaPayload } from '../audit/evidence/custom-evidence.ts';
import { isLoopbackHost } from '../config/secret-reference.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { networkReason, openHttpClient, readBounded } from '../login/http-client.ts';
import type { CommandContext } from './context.ts';
import { sanitise } from './sanitise.ts';

export const RECEIVERS = ['vanta', 'drata'] as const;
export type Receiver = (typeof RECEIVERS)[number];

const BASE: Readonly<Record<Receiver, string>> = {
  vanta: 'https://api.vanta.com',
  drata: 'https://public-api.drata.com/public',
};

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;
const TIMEOUT_MS = 30_000;
const TRIES = 6;
const MAX_ANSWER_BYTES = 64 * 1024;

interface Target {
  readonly base: URL;
  readonly token: string;
}

/** Vanta's name of the custom resource; the payload's file says a placeholder where none is set. */
export function vantaResource(env: CommandContext['env']): string {
  return env.DBGATE_VANTA_RESOURCE ?? 'RESOURCE_ID';
}

/** Throws `usage` before anything is asked of the gateway. */
export function checkPush(env: CommandContext['env'], receiver: Receiver): void {
  targetOf(env, receiver);
  if (receiver === 'vanta') required(env, 'DBGATE_VANTA_RESOURCE');
  else drataPath(env);
}

/** Gives how many rows were taken. */
export async function push(
  context: CommandContext,
  receiver: Receiver,
  payloads: { readonly vanta: VantaPayload; readonly drata: DrataPayload },
): Promise<number> {
  const target = targetOf(context.env, receiver);
  const client = await openHttpClient(context.env, context.env.DBGATE_PUSH_CA_FILE || undefined);
  try {
    if (receiver === 'vanta') {
      await send(context, client, target, 'PUT', 'v1/resources/custom_resource', payloads.vanta);
      return payloads.vanta.resources.length;
    }
    for (const record of payloads.drata) await send(context, client, target, 'POST', drataPath(context.env), record);
    return payloads.drata.length;
  } finally {
    await client.close();
  }
}

function drataPath(env: CommandContext['env']): string {
  const number = (name: string): string => {
    const text = required(env, name);
    if (!/^\d{1,15}$/.test(text)) throw new DbgateError(ErrorCode.usage, `${name} is not a number`);
    return text;
  };
  return `custom-connections/${number('DBGATE_DRATA_CONNECTION')}/resources/${number('DBGATE_DRATA_RESOURCE')}/records`;
}

function targetOf(env: CommandContext['env'], receiver: Receiver): Target {
  const name = receiver.toUpperCase();
  const given = env[`DBGATE_${name}_URL`] || BASE[receiver];
  const base = URL.parse(given.endsWith('/') ? given : `${given}/`);
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopbackHost(base.hostname));
  if (base === null || !isSafe || base.username !== '' || base.password !== '') {
    throw new DbgateError(ErrorCode.usage, `DBGATE_${name}_URL is not an https URL without a password`);
  }
  return { base, token: required(env, `DBGATE_${name}_TOKEN`) };
}

function required(env: CommandContext['env'], name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new DbgateError(ErrorCode.usage, `${name} is not set`, { hint: 'see docs/evidence.md' });
}

async function send(
  context: CommandContext,
  client: Awaited<ReturnType<typeof openHttpClient>>,
  { base, token }: Target,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let why: string;
    let waitMs = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS);
    try {
      const answer = await client.request(new URL(path, base), {
        method,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
        signal: AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const { status, headers } = answer;
      // What it says may repeat what was sent: only the status is shown.
      await readBounded(answer.body, MAX_ANSWER_BYTES).catch(() => undefined);
      if (status >= 200 && status < 300) return;
      why = `${base.host} answered ${status}`;
      if (status !== 408 && status !== 429 && status < 500) throw refused(why);
      const after = Number(headers['retry-after']);
      if (Number.isFinite(after) && after > 0) waitMs = Math.min(after * 1000, LAST_RETRY_MS);
    } catch (error) {
      if (error instanceof DbgateError || context.signal.aborted) throw error;
      why = `${base.host}: ${networkReason(error)}`;
    }
    if (attempt === TRIES) throw refused(`${why}, ${TRIES} times`);
    context.note(`${sanitise(why)}; trying again in ${Math.ceil(waitMs / 1000)} s`);
    await sleep(waitMs, undefined, { signal: context.signal });
  }
}

function refused(why: string): DbgateError {
  return new DbgateError(ErrorCode.exportFailed, `the evidence was not taken: ${why}`, {
    hint: 'the files are written all the same; see docs/evidence.md',
  });
}
