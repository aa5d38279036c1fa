import type { IncomingMessage } from 'node:http';
import { DbgateError } from '../errors.ts';

/** The JSON object that a request carries. Throws `usage`: longer than `maxBytes`, or none. */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  const body = await readRawBody(request, maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new DbgateError('usage', 'the body is not JSON in UTF-8');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DbgateError('usage', 'the body is not a JSON object');
}

/** The bytes as they came, which is what a signature is over. Throws `usage`: more than `maxBytes`. */
export async function readRawBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new DbgateError('usage', `the body has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
