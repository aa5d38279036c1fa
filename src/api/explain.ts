/** `POST /v1/databases/{name}/explain`: what would happen to a text of the caller's, without running it. */
import { DbgateError } from '../errors.ts';
import { explainText } from '../gateway/explain.ts';
import { notGranted } from '../gateway/policy-in-force.ts';
import { sendJson } from './http-answer.ts';
import { readJsonBody } from './request-body.ts';
import type { ApiOptions, Call } from './router.ts';

/** JSON may write a character in six. */
const JSON_GROWTH = 6;
const MORE_BYTES = 64 * 1024;
const MAX_SCHEMAS = 100;

export async function explain({ gateway }: ApiOptions, { request, response, principal, name }: Call): Promise<void> {
  const maxBytes = gateway.settings.limits.maxStatementBytes * JSON_GROWTH + MORE_BYTES;
  const { sql, search_path: searchPath, purpose } = await readJsonBody(request, maxBytes);
  if (typeof sql !== 'string') throw new DbgateError('usage', 'sql is not a text');
  if (sql.includes('\0')) throw new DbgateError('usage', 'sql holds a NUL character');
  if (purpose !== undefined && typeof purpose !== 'string') throw new DbgateError('usage', 'purpose is not a text');
  if (searchPath !== undefined && !isNames(searchPath)) {
    throw new DbgateError('usage', `search_path is not a list of at most ${MAX_SCHEMAS} names of schemas`);
  }
  const database = gateway.settings.databases.get(name);
  if (database === undefined) throw notGranted(name, { granted: false, reason: 'none' });
  const { scope, access, create } = gateway.scopeFor(principal, database, purpose);
  const runtime = gateway.database(name)!;
  sendJson(response, 200, await explainText(runtime, { sql, searchPath, scope, granted: { access, create } }));
}

function isNames(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_SCHEMAS) return false;
  return value.every((name) => typeof name === 'string' && /^[^\0]{1,63}$/u.test(name));
}
