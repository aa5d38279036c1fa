import type { Dispatcher } from 'undici';
import type { Attempt } from './outbox.ts';

export const POST_TIMEOUT_MS = 10_000;
/** Of an answer, no more is read: it only says whether it was taken. */
export const MAX_ANSWER_BYTES = 64 << 10;
const MAX_SHOWN = 200;

/**
 * One POST of JSON to an URL that the operator configured. A redirect is a failure: it would lead where nobody
 * configured. `410 Gone` ends it (Standard Webhooks); everything else but 2xx is tried again.
 */
export async function postJson(
  dispatcher: Dispatcher,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Attempt> {
  const { request } = await import('undici');
  const signal = AbortSignal.timeout(POST_TIMEOUT_MS);
  try {
    const answer = await request(url, {
      method: 'POST',
      dispatcher,
      signal,
      headersTimeout: POST_TIMEOUT_MS,
      bodyTimeout: POST_TIMEOUT_MS,
      headers: { 'content-type': 'application/json', 'user-agent': 'dbgate', ...headers },
      body,
    });
    const { statusCode } = answer;
    // Whether it was taken is said by the status; the rest only has to be out of the way.
    const text = await readSome(answer.body).catch(() => '');
    if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
    const why = `it answered ${statusCode}${text === '' ? '' : ` ${JSON.stringify(text.slice(0, MAX_SHOWN))}`}`;
    if (statusCode === 410) return { kind: 'given-up', why };
    return { kind: 'failed', why, afterMs: retryAfterMs(answer.headers['retry-after']) };
  } catch (error) {
    return { kind: 'failed', why: signal.aborted ? `no answer in ${POST_TIMEOUT_MS / 1000} s` : reasonOf(error) };
  }
}

async function readSome(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop destroys the body, and its connection with it.
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER_BYTES);
}

/** RFC 9110 §10.2.3, in seconds; a date is not worth trusting another clock. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

/** The network's own word: a URL may be a secret, and stands in no message. */
export function reasonOf(error: unknown): string {
  let current: unknown = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    const { code } = current as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    current = current.cause;
  }
  return error instanceof Error ? error.name : 'it failed';
}
