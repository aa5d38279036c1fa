import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import type { ExportedRecord } from '../audit/export/exported-record.ts';
import { severityOf } from '../audit/export/severity.ts';
import { encodeSyslog } from '../audit/export/syslog.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { networkReason } from '../login/http-client.ts';
import type { ExportLine, ExportSink, SinkOptions } from './export-sink.ts';
import { sanitise } from './sanitise.ts';

/** @see https://www.rfc-editor.org/rfc/rfc5425#section-4.1 */
const PORT = 6514;
const CONNECT_MS = 10_000;
const WRITE_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;
/** Receivers take 8 KiB at least by the RFC, and most not much more: a longer statement is cut, and says so. */
const MAX_SQL = 4_000;

/**
 * Syslog over TLS. The receiver's certificate is verified against the system's authorities, or those of
 * `DBGATE_EXPORT_CA_FILE`. The protocol has no word of receipt: what the receiver had not read when its connection broke
 * is sent again as far as this side knows of it, and the rest is lost; over https nothing is.
 */
export async function openSyslogSink(to: string, { context, giveUpAfter }: SinkOptions): Promise<ExportSink> {
  const url = URL.parse(to.replace(/^syslog\+tls:/, 'https:'));
  if (url === null || url.hostname === '' || !/^\/?$/.test(url.pathname) || url.username !== '' || url.search !== '') {
    throw new DbgateError(ErrorCode.usage, `${sanitise(to)} is not syslog+tls://host[:port]`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = /:\d+$/.test(to.replace(/\/$/, '')) ? Number(/:(\d+)\/?$/.exec(to)![1]) : PORT;
  const { env } = context;
  const read = (file: string | undefined) => (file ? readFile(file, 'utf8') : undefined);
  const [ca, cert, key] = await Promise.all([
    read(env.DBGATE_EXPORT_CA_FILE),
    read(env.DBGATE_EXPORT_CERT_FILE),
    read(env.DBGATE_EXPORT_KEY_FILE),
  ]);
  const secure = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  let socket: tls.TLSSocket | undefined;

  function connect(): Promise<tls.TLSSocket> {
    return new Promise((resolve, reject) => {
      const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
      const made = tls.connect({ host, port, ...servername, minVersion: 'TLSv1.2', ...secure });
      const fail = (error: Error): void => {
        made.destroy();
        reject(error);
      };
      made.setTimeout(CONNECT_MS, () => fail(new Error('connection timed out')));
      made.once('error', fail);
      made.once('secureConnect', () => {
        made.setTimeout(0);
        made.off('error', fail);
        made.on('error', () => made.destroy());
        // It says nothing; when it ends, that has to be noticed.
        made.resume();
        made.once('end', () => made.destroy());
        resolve(made);
      });
    });
  }

  function handOver(to: tls.TLSSocket, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('connection was closed by the other side'));
      const timer = setTimeout(() => to.destroy(), WRITE_MS);
      to.once('close', fail);
      to.write(bytes, (error) => {
        clearTimeout(timer);
        to.off('close', fail);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  return {
    shorten,
    async write(lines) {
      const bytes = Buffer.concat(lines.map(messageOf));
      let retryMs = FIRST_RETRY_MS;
      for (let tries = 1; ; tries++) {
        try {
          if (socket === undefined || socket.destroyed) socket = await connect();
          await handOver(socket, bytes);
          return;
        } catch (error) {
          socket?.destroy();
          socket = undefined;
          if (context.signal.aborted) throw error;
          const why = sanitise(`${host}:${port}: ${networkReason(error)}`);
          if (tries >= giveUpAfter || isUntrusted(error)) {
            throw new DbgateError(ErrorCode.exportFailed, `not exported: ${why}`, {
              hint: isUntrusted(error)
                ? 'DBGATE_EXPORT_CA_FILE names the authority of its certificate'
                : 'nothing was skipped: with --cursor the next run goes on here',
            });
          }
          context.note(`${why}; trying again`);
          await sleep(retryMs * (0.5 + Math.random()), undefined, { signal: context.signal });
          retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        }
      }
    },
    async close() {
      const open = socket;
      if (open === undefined || open.destroyed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => open.destroy(), 2_000);
        open.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        open.end();
      });
    },
  };

  function messageOf({ text, one }: ExportLine): Buffer {
    const { at, kind } = one.record;
    return encodeSyslog({ at, kind, text, severity: severityOf(one), host: one.gateway });
  }

  function shorten(one: ExportedRecord): ExportedRecord {
    const short = shortIntent(one.intent);
    const record = one.record.kind === 'statement.intent' ? shortIntent(one.record)! : one.record;
    return short === one.intent && record === one.record ? one : { ...one, record, intent: short };
  }
}

function shortIntent(intent: ExportedRecord['intent']): ExportedRecord['intent'] {
  const body = intent?.body;
  if (intent === undefined || typeof body !== 'object' || body.sql.length <= MAX_SQL) return intent;
  return { ...intent, body: { ...body, sql: `${body.sql.slice(0, MAX_SQL)}… (${body.sql.length} characters)` } };
}

/** No try again makes it another certificate. */
function isUntrusted(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS_CERT/.test(code);
}
