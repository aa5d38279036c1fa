/**
 * Decisions that come from outside: a button in Slack, a decider of another system. In: a signed request, without a
 * token. Out: what `Requests` says to it. The signature says that the sender knows the secret, and no more: who may
 * decide is said by `Requests`, as for everybody else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { nameOf, whatOf } from '../approvals/notify/announcement.ts';
import { type Notifier, requestLink, type Target } from '../approvals/notify/notifier.ts';
import { APPROVE_ACTION, DENY_ACTION, slackText } from '../approvals/notify/slack-message.ts';
import { verifySlack } from '../approvals/notify/slack-signature.ts';
import { TOLERANCE_MS, verifyWebhook } from '../approvals/notify/standard-webhooks.ts';
import { externalDecider, slackPerson } from '../approvals/person.ts';
import type { RequestState, Terms } from '../approvals/request.ts';
import type { SlackTarget, WebhookTarget } from '../config/approval-settings.ts';
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { CallbackGuard } from './callback-guard.ts';
import { sendJson } from './http-answer.ts';
import { termsOf } from './request-bodies.ts';
import { readRawBody } from './request-body.ts';

export const CALLBACK_PATH = /^\/v1\/callbacks\/(slack|external)\/([A-Za-z0-9][A-Za-z0-9._-]{0,62})$/;

export interface Callbacks {
  readonly gateway: GatewayState;
  readonly guard: CallbackGuard;
  readonly notifier: Notifier;
  readonly now: () => number;
}

const MAX_BODY_BYTES = 64 << 10;
/** A signature is good for so long, before and after. */
const REMEMBER_MS = 2 * TOLERANCE_MS + 60_000;

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly name: string;
  readonly address: string;
}

export async function serveCallback(
  callbacks: Callbacks,
  request: IncomingMessage,
  response: ServerResponse,
  [, kind, name = '']: RegExpExecArray,
): Promise<void> {
  const address = request.socket.remoteAddress ?? '?';
  const call: Call = { request, response, name, address };
  if (!callbacks.guard.admits(address)) {
    callbacks.guard.refused(name, 'too many', address);
    request.resume();
    const error = { code: 'denied', message: 'too many callbacks' };
    return sendJson(response, 429, { error }, { 'Retry-After': '60' });
  }
  return kind === 'slack' ? slackCallback(callbacks, call) : externalCallback(callbacks, call);
}

function targetOf(callbacks: Callbacks, call: Call, kind: 'slack'): SlackTarget;
function targetOf(callbacks: Callbacks, call: Call, kind: 'external'): WebhookTarget;
function targetOf(callbacks: Callbacks, call: Call, kind: string): Target {
  const target = callbacks.gateway.settings.notify?.find((one) => one.name === call.name);
  if (target?.kind === kind) return target;
  throw refuse(callbacks, call, 'unknown target', new DbgateError('not_found', 'there is no such callback'));
}

function refuse({ guard }: Callbacks, { name, address }: Call, why: string, error: DbgateError, request?: string) {
  guard.refused(name, why, address, request);
  return error;
}

const unsigned = (why: string) => new DbgateError('denied', `the callback is refused: ${why}`);

// From outside to the gateway: what is not named is not looked at.

const slackPayload = z.object({
  type: z.string(),
  user: z.object({ id: z.string().max(64) }),
  response_url: z.string().max(2048).optional(),
  actions: z.array(z.object({ action_id: z.string().max(255), value: z.string().max(64).optional() })).max(8),
});

/** @see https://docs.slack.dev/interactivity/handling-user-interaction */
async function slackCallback(callbacks: Callbacks, call: Call): Promise<void> {
  const { guard, gateway, notifier, now } = callbacks;
  const target = targetOf(callbacks, call, 'slack');
  // Without its secret nothing can be verified.
  if (target.signingSecret === undefined) {
    throw refuse(callbacks, call, 'no signing secret', new DbgateError('not_found', 'there is no such callback'));
  }
  const { headers } = call.request;
  const body = await readRawBody(call.request, MAX_BODY_BYTES);
  const signature = headers['x-slack-signature'];
  const verdict = verifySlack(
    target.signingSecret,
    { timestamp: headers['x-slack-request-timestamp'], signature },
    body,
    now(),
  );
  if (verdict !== 'ok') throw refuse(callbacks, call, verdict, unsigned(verdict));
  const replayKey = `slack ${target.name} ${String(signature)}`;
  if (!guard.take(replayKey, REMEMBER_MS)) throw refuse(callbacks, call, 'replayed', unsigned('replayed'));
  const payload = parseSlack(body);
  if (payload === undefined) throw refuse(callbacks, call, 'malformed', unsigned('malformed'));
  const action = payload.actions.find(({ action_id: id }) => id === APPROVE_ACTION || id === DENY_ACTION);
  // Other buttons, such as the link, are told to us as well.
  if (payload.type !== 'block_actions' || action?.value === undefined) return sendJson(call.response, 200, {});
  const decision = action.action_id === APPROVE_ACTION ? 'approve' : 'deny';
  const said = await decideInSlack(callbacks, call, target, payload.user.id, action.value, decision).catch(
    (error: unknown) => {
      // What failed here may be pressed again.
      if (!(error instanceof DbgateError) || error.code === 'audit_unavailable') guard.giveBack(replayKey);
      throw error;
    },
  );
  const message = said.done
    ? { replace_original: true, text: slackText(said.text, 2_000) }
    : { response_type: 'ephemeral', replace_original: false, text: said.text };
  // Slack wants its 200 within 3 seconds, and takes words at the response_url only.
  sendJson(call.response, 200, message);
  if (payload.response_url !== undefined) {
    await notifier
      .answerSlack(target.name, payload.response_url, message)
      .catch((error: Error) => gateway.logLine(`notify ${target.name}: ${error.message}`));
  }
}

function parseSlack(body: Buffer): z.output<typeof slackPayload> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const payload = slackPayload.safeParse(JSON.parse(new URLSearchParams(text).get('payload') ?? ''));
    return payload.success ? payload.data : undefined;
  } catch {
    return undefined;
  }
}

async function decideInSlack(
  callbacks: Callbacks,
  call: Call,
  target: SlackTarget,
  user: string,
  id: string,
  decision: 'approve' | 'deny',
): Promise<{ readonly done: boolean; readonly text: string }> {
  const { gateway } = callbacks;
  const link = requestLink(gateway.settings.publicUrl, id);
  const logIn = (why: string) => {
    refuse(callbacks, call, why, unsigned(why), id);
    // The id comes back as it was sent, percent-encoded.
    return { done: false, text: `You cannot decide this here: log in at <${link}|the request's page>.` };
  };
  const mapped = Object.hasOwn(target.people, user) ? target.people[user] : undefined;
  if (mapped === undefined) return logIn('nobody that is known');
  if (isCutOff(gateway, mapped)) return logIn('access was revoked');
  const person = slackPerson(target.name, mapped);
  const { requests } = gateway;
  const state = requests.mayDecide(id, person) ? requests.get(id, person) : undefined;
  if (state === undefined || state.request.external !== undefined) return logIn('not theirs to decide');
  // What a button said once must not answer the second question, whether the rows are to be kept.
  if (state.triedRows !== undefined) return logIn('it was tried, and its rows have to be looked at');
  try {
    const after =
      decision === 'approve'
        ? await requests.approve(id, person, 'slack', 'approved in Slack', {})
        : await requests.deny(id, person, 'slack', 'denied in Slack');
    return { done: after.status !== 'pending', text: outcomeText(after, mapped) };
  } catch (error) {
    // Somebody was faster, or it is over.
    if (error instanceof DbgateError && (error.code === 'usage' || error.code === 'denied')) {
      refuse(callbacks, call, error.code, error, id);
      return { done: false, text: slackText(error.message, 500) };
    }
    throw error;
  }
}

/** By what is known of who was cut off: their email where it was said, else their subject. */
function isCutOff(gateway: GatewayState, mapped: string): boolean {
  const name = mapped.toLowerCase();
  return gateway.revocations
    .subjects()
    .some(({ subject, email }) => subject.toLowerCase() === name || email?.toLowerCase() === name);
}

function outcomeText({ request, status, approvals }: RequestState, mapped: string): string {
  const what = `${whatOf(request)} for ${nameOf(request.by)}`;
  if (status === 'pending') return `${approvals.length} of ${request.needs} approvals: ${what}`;
  return `${status === 'denied' ? 'Denied' : 'Approved'} by ${mapped}: ${what}`;
}

const externalDecision = z.strictObject({
  request: z.string().regex(/^r-[0-9a-z]{8}$/),
  decision: z.enum(['approve', 'deny']),
  reason: z.string().max(2_000).default(''),
  terms: z.record(z.string(), z.unknown()).optional(),
});

/** The one authority for requests whose rule says so; it can decide no others. */
async function externalCallback(callbacks: Callbacks, call: Call): Promise<void> {
  const { gateway, guard, now } = callbacks;
  const target = targetOf(callbacks, call, 'external');
  const { headers } = call.request;
  const body = await readRawBody(call.request, MAX_BODY_BYTES);
  const signed = verifyWebhook(
    target.secret,
    { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'] },
    body,
    now(),
  );
  if (!signed.ok) throw refuse(callbacks, call, signed.why, unsigned(signed.why));
  const replayKey = `external ${target.name} ${signed.id}`;
  if (!guard.take(replayKey, REMEMBER_MS)) {
    refuse(callbacks, call, 'replayed', unsigned('replayed'));
    const error = { code: 'usage', message: `message ${JSON.stringify(signed.id)} was taken already` };
    return sendJson(call.response, 409, { error });
  }
  const decision = parseDecision(body);
  if (decision === undefined) {
    const error = new DbgateError(
      'usage',
      'the body is not {"request","decision":"approve"|"deny","reason"?,"terms"?}',
    );
    throw refuse(callbacks, call, 'malformed', error);
  }
  const { request: id, reason } = decision;
  const by = externalDecider(target.name);
  const { requests } = gateway;
  if (!requests.mayDecide(id, by)) {
    const error = new DbgateError('not_found', `there is no request ${id} that is yours to decide`);
    throw refuse(callbacks, call, 'unknown request', error, id);
  }
  try {
    const after =
      decision.decision === 'approve'
        ? await requests.approve(id, by, 'external', reason, externalTerms(decision.terms))
        : await requests.deny(id, by, 'external', reason);
    sendJson(call.response, 200, { request: id, status: after.status });
  } catch (error) {
    if (error instanceof DbgateError && error.code !== 'audit_unavailable') {
      throw refuse(callbacks, call, error.code, error, id);
    }
    // The sender may send the same again: that it failed was ours.
    guard.giveBack(replayKey);
    throw error;
  }
}

function parseDecision(body: Buffer): z.output<typeof externalDecision> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const decision = externalDecision.safeParse(JSON.parse(text));
    return decision.success ? decision.data : undefined;
  } catch {
    return undefined;
  }
}

const TERMS: ReadonlySet<string> = new Set(['duration_ms', 'tables', 'unmask', 'max_rows', 'times']);

/** Without `try`: it would ask a second question, which a message that was sent before could answer. */
function externalTerms(terms: Readonly<Record<string, unknown>> = {}): Terms {
  const unknown = Object.keys(terms).find((key) => !TERMS.has(key));
  if (unknown !== undefined) {
    throw new DbgateError(
      'usage',
      `terms has ${JSON.stringify(unknown.slice(0, 40))}; known are ${[...TERMS].join(', ')}`,
    );
  }
  return termsOf(terms);
}
