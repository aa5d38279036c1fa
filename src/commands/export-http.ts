import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackHost } from '../config/secret-reference.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { networkReason, openHttpClient, readBounded } from '../login/http-client.ts';
import type { ExportSink, SinkOptions } from './export-sink.ts';
import { sanitise } from './sanitise.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Batches by POST. What may pass (no answer, 408, 429, 5xx) is tried again with the same `Idempotency-Key`; a receiver
 * that got one and could not say so gets it twice, and knows its records by their ids. A redirect is not followed: the
 * record would go where nobody said.
 */
export async function openHttpSink(to: string, { context, format, giveUpAfter }: SinkOptions): Promise<ExportSink> {
  const url = URL.parse(to);
  if (url === null || (url.protocol === 'http:' && !isLoopbackHost(url.hostname))) {
    throw new DbgateError(ErrorCode.usage, `cannot export to ${sanitise(to)}`, {
      hint: 'the record goes over https only (http on loopback)',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new DbgateError(ErrorCode.usage, 'a user or password does not stand in --to', {
      hint: 'DBGATE_EXPORT_AUTHORIZATION is sent as the Authorization header',
    });
  }
  const authorization = context.env.DBGATE_EXPORT_AUTHORIZATION;
  const client = await openHttpClient(context.env, context.env.DBGATE_EXPORT_CA_FILE || undefined);

  /** Undefined: it was taken; else why not, and whether it may be another time. */
  async function send(
    body: string,
    batchId: string,
  ): Promise<undefined | { why: string; passes: boolean; waitMs?: number }> {
    try {
      const answer = await client.request(url as URL, {
        method: 'POST',
        headers: {
          'content-type': format.contentType,
          'idempotency-key': batchId,
          ...(authorization === undefined ? {} : { authorization }),
        },
        body,
        signal: AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const { status, headers } = answer;
      await readBounded(answer.body, MAX_ANSWER_BYTES).catch(() => undefined);
      if (status >= 200 && status < 300) return undefined;
      const passes = status === 408 || status === 429 || status >= 500;
      const after = Number(headers['retry-after']);
      return {
        why: `${(url as URL).host} answered ${status}`,
        passes,
        ...(Number.isFinite(after) && after > 0 ? { waitMs: Math.min(after * 1000, LAST_RETRY_MS) } : {}),
      };
    } catch (error) {
      if (context.signal.aborted) throw error;
      return { why: `${(url as URL).host}: ${networkReason(error)}`, passes: true };
    }
  }

  return {
    async write(lines, batchId) {
      // Each batch can be read alone, so each has the header.
      const head = format.header === undefined ? [] : [format.header];
      const body = `${[...head, ...lines.map((line) => line.text)].join('\n')}\n`;
      let retryMs = FIRST_RETRY_MS;
      for (let tries = 1; ; tries++) {
        const failed = await send(body, batchId);
        if (failed === undefined) return;
        if (!failed.passes || tries >= giveUpAfter) {
          throw new DbgateError(ErrorCode.exportFailed, sanitise(`not exported: ${failed.why}`), {
            hint: 'nothing was skipped: with --cursor the next run goes on here',
          });
        }
        context.note(sanitise(`${failed.why}; trying again`));
        await sleep(failed.waitMs ?? retryMs * (0.5 + Math.random()), undefined, { signal: context.signal });
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    },
    close: () => client.close(),
  };
}
