/** JSON answers of the gateway's API and how an error becomes one. */
import type { ServerResponse } from 'node:http';
import { DbgateError, type ErrorCode } from '../errors.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  login_required: 401,
  token_invalid: 401,
  denied: 403,
  not_found: 404,
  audit_unavailable: 503,
  upstream_unavailable: 503,
};

/** Of every answer: none is kept by a cache, or read as another type than it says. */
export const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Strict-Transport-Security': 'max-age=31536000',
};

export interface HttpError {
  readonly status: number;
  readonly body: { readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string } };
  readonly headers: Record<string, string>;
}

/** What is unexpected is told without its details: they go to the gateway's own log. */
export function httpErrorOf(error: unknown): HttpError {
  const known = error instanceof DbgateError ? error : new DbgateError('internal', 'internal error of the gateway');
  const status = STATUS[known.code] ?? 500;
  return {
    status,
    body: {
      error: { code: known.code, message: known.message, ...(known.hint === undefined ? {} : { hint: known.hint }) },
    },
    headers: status === 401 ? { 'WWW-Authenticate': 'DPoP algs="ES256 EdDSA", Bearer' } : {},
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  sendJsonText(response, status, JSON.stringify(body), headers);
}

/** @param text JSON already. */
export function sendJsonText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...SECURITY_HEADERS,
    ...headers,
  });
  response.end(text);
}
