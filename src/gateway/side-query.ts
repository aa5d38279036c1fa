/** One query on a connection of the gateway's own, never on a client's: for catalog snapshots and checks. */
import { closeSoon } from '../close-soon.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { decodeErrorFields } from '../pgwire/error-response.ts';
import { TERMINATE } from '../pgwire/extended.ts';
import { BACKEND_TYPES, HEADER_BYTES, MessageReader } from '../pgwire/framing.ts';
import { encodeQuery } from '../pgwire/query.ts';
import { decodeDataRow } from '../pgwire/result.ts';
import { connectUpstream } from './upstream.ts';

const NONE: ReadonlySet<number> = new Set();
const MAX_MESSAGE_BYTES = 64 << 20;
const MAX_ANSWER_BYTES = 256 << 20;
const DEADLINE_MS = 30_000;

/**
 * Rows as text, NULL as null; only reads. `searchPath`: as SET takes it; undefined: `pg_catalog`; null: the role's own.
 * Throws DbgateError `upstream_unavailable`.
 */
export async function queryOnce(
  settings: UpstreamSettings,
  sql: string,
  searchPath: string | null = 'pg_catalog',
  deadlineMs = DEADLINE_MS,
): Promise<(string | null)[][]> {
  const parameters = new Map([
    ['application_name', 'dbgate'],
    ['client_encoding', 'UTF8'],
    ...(searchPath === null ? [] : [['search_path', searchPath] as const]),
    ['default_transaction_read_only', 'on'],
    // Whatever the role's own is: a text means what it was read as.
    ['standard_conforming_strings', 'on'],
    ['statement_timeout', String(deadlineMs)],
    // Catalog queries are long and their estimates high: compiling one takes longer than running it.
    ['jit', 'off'],
  ]);
  const { socket } = await connectUpstream(settings, { parameters });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const rows: (string | null)[][] = [];
      let failure: DbgateError | undefined;
      const fail = (message: string): void =>
        reject(new DbgateError('upstream_unavailable', message, { sqlstate: '08006' }));
      const reader = new MessageReader(
        { side: 'backend', known: BACKEND_TYPES, streamed: NONE, maxWholeBytes: MAX_MESSAGE_BYTES },
        {
          message(type, buffer, start, end) {
            const body = start + HEADER_BYTES;
            if (type === 0x44) rows.push(decodeDataRow(buffer, body, end).map((v) => v?.toString('utf8') ?? null));
            else if (type === 0x45) {
              const fields = decodeErrorFields(buffer, body, end);
              failure = new DbgateError('upstream_unavailable', fields.message, { sqlstate: fields.code });
            } else if (type === 0x5a) {
              if (failure === undefined) resolve(rows);
              else reject(failure);
            }
            return true;
          },
          piece: () => {},
        },
      );
      // Of the whole answer: a server that goes on and on is no server of ours.
      timer = setTimeout(() => fail('the database did not answer in time'), deadlineMs);
      let received = 0;
      socket.on('data', (chunk: Buffer) => {
        try {
          received += chunk.length;
          if (received > MAX_ANSWER_BYTES) return fail(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
          reader.push(chunk);
        } catch (error) {
          reject(error);
        }
      });
      socket.on('error', (error) => fail(error.message));
      socket.on('close', () => fail('the database closed the connection'));
      socket.write(encodeQuery(sql));
      socket.resume();
    });
  } finally {
    clearTimeout(timer);
    socket
      .removeAllListeners('data')
      .removeAllListeners('close')
      .removeAllListeners('error')
      .on('error', () => {});
    closeSoon(socket, { lastWord: TERMINATE });
  }
}
