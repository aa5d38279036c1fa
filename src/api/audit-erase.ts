/** `POST /v1/audit/erase`, for administrators: bodies of records are erased, and that they were is recorded. */
import type { ErasureChoice } from '../audit/erasure.ts';
import { DbgateError } from '../errors.ts';
import { principalKey } from '../identity/principal.ts';
import { sendJson } from './http-answer.ts';
import { reasonOf } from './request-bodies.ts';
import { readJsonBody } from './request-body.ts';
import type { ApiOptions, Call } from './router.ts';

const MAX_BODY_BYTES = 16 * 1024;
const MAX_TEXT = 2_000;

export async function eraseRecords({ gateway, erasure }: ApiOptions, call: Call): Promise<void> {
  const { request, response, principal } = call;
  const body = await readJsonBody(request, MAX_BODY_BYTES);
  // An agent has the name of the person it acts for, but not their say.
  if (principal.kind === 'agent' || !gateway.isAdministrator(principal)) {
    throw new DbgateError('denied', 'only an administrator of the gateway erases records', {
      hint: 'see roles.admins in its configuration',
    });
  }
  const reason = reasonOf(body);
  if (reason.trim() === '') throw new DbgateError('usage', 'reason is missing: it stays in the record');
  if (reason.length > MAX_TEXT) throw new DbgateError('usage', `reason is longer than ${MAX_TEXT} characters`);
  const erased = await erasure.erase(choiceOf(body), { reason, by: principalKey(principal) });
  gateway.logLine(`audit: ${erased.records} bodies were erased`);
  sendJson(response, 200, erased);
}

function choiceOf(body: Readonly<Record<string, unknown>>): ErasureChoice {
  const { before, ...names } = body;
  const text = (key: 'subject' | 'session' | 'id'): string | undefined => {
    const value = names[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) return value;
    throw new DbgateError('usage', `${key} is not a text`);
  };
  if (before !== undefined && before !== null && !(typeof before === 'number' && Number.isSafeInteger(before))) {
    throw new DbgateError('usage', 'before is not a time in milliseconds');
  }
  return { subject: text('subject'), session: text('session'), id: text('id'), beforeMs: before ?? undefined };
}
