import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportFormat } from '../audit/export/exported-record.ts';
import { VERSION } from '../config/version.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { AuditAction } from './audit.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import { type ExportedEvent, exportEvent } from './export-answers.ts';
import { type ExportCursor, openExportCursor } from './export-cursor.ts';
import { type ExportLine, type ExportSink, openExportSink } from './export-sink.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';

/** Statements may be as long as the gateway lets them be, and JSON makes them longer. */
const MAX_LINE_BYTES = 256 << 20;
const MAX_BATCH = 500;
const MAX_BATCH_CHARACTERS = 1 << 20;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** Without --follow it gives up then; a timer that has it run tries again. */
const MAX_RETRIES = 6;
/** The gateway says something every 10 s; a stream that says nothing for longer is dead. */
const SILENCE_MS = 40_000;

/** `dbgate audit export`: the record in a format of others, to where others want it; nothing twice, nothing left out. */
export const auditExportAction: AuditAction = {
  name: 'export',
  summary: 'export the record as OCSF, CSV, CEF or JSON lines, and go on as it grows (auditors)',
  configure(command) {
    command
      .option('--format <format>', 'of `export`: ocsf, jsonl, csv or cef', 'ocsf')
      .option('--since <time>', 'of `export`: from when on, such as 1h, 7d or 2026-01-31')
      .option('--until <time>', 'of `export`: until when')
      .option('--db <database>', 'of `export`: only what is of this database')
      .option('--follow', 'of `export`: go on with what comes, until interrupted')
      .option('--to <target>', 'of `export`: a file, `-` for stdout, https://... or syslog+tls://host[:port]', '-')
      .option('--cursor <file>', 'of `export`: remembers how far it came, and goes on from there next time');
  },
  async run(context, options) {
    const { EXPORT_FORMATS } = await import('../audit/export/formats.ts');
    const format = EXPORT_FORMATS[options.format as string]?.(VERSION);
    if (format === undefined) {
      throw new DbgateError(ErrorCode.usage, `--format '${sanitise(String(options.format))}' is none of them`, {
        hint: `one of ${Object.keys(EXPORT_FORMATS).join(', ')}`,
      });
    }
    const to = options.to as string;
    if (context.json && to === '-' && !['ocsf', 'jsonl'].includes(format.name)) {
      throw new DbgateError(ErrorCode.usage, `--json and --format ${format.name} cannot both be on stdout`, {
        hint: 'leave out --json, or export to a file with --to',
      });
    }
    const cursor = await openExportCursor(options.cursor as string | undefined);
    const query = queryOf(options, cursor);
    query.set('format', format.name);
    query.set('to', to.slice(0, 300));
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const sink = await openExportSink(to, {
        ...{ context, format, goesOn: cursor.position !== undefined },
        giveUpAfter: options.follow === true ? Number.POSITIVE_INFINITY : MAX_RETRIES,
      });
      try {
        const run = new ExportRun(context, client, format, sink, cursor, query);
        await run.whole(options.follow === true);
        if (to === '-') return;
        const { records, position } = run;
        context.print({ records, position }, () => `${records} lines exported, up to position ${position}`);
      } finally {
        await sink.close();
      }
    } finally {
      await client.close();
    }
  },
};

function queryOf(options: CommandOptions, cursor: ExportCursor): URLSearchParams {
  const query = new URLSearchParams();
  const now = Date.now();
  for (const name of ['since', 'until'] as const) {
    if (options[name] === undefined) continue;
    query.set(name, new Date(parsePointInTime(options[name] as string, `--${name}`, now)).toISOString());
  }
  if (cursor.position === undefined && !query.has('since')) {
    throw new DbgateError(ErrorCode.usage, 'say from when on: --since', { hint: 'such as --since 24h' });
  }
  if (options.db !== undefined) query.set('database', options.db as string);
  if (options.follow === true) query.set('follow', 'true');
  return query;
}

/** One export, through as many connections as it takes. */
class ExportRun {
  records = 0;
  position = 0;
  readonly #context: CommandContext;
  readonly #client: GatewayClient;
  readonly #format: ExportFormat;
  readonly #sink: ExportSink;
  readonly #cursor: ExportCursor;
  readonly #query: URLSearchParams;
  #batch: ExportLine[] = [];
  #characters = 0;
  /** The last position received: what is behind it is asked for again. */
  #received: number | undefined;
  /** The gateway has answered. */
  #hasBegun = false;

  constructor(
    context: CommandContext,
    client: GatewayClient,
    format: ExportFormat,
    sink: ExportSink,
    cursor: ExportCursor,
    query: URLSearchParams,
  ) {
    this.#context = context;
    this.#client = client;
    this.#format = format;
    this.#sink = sink;
    this.#cursor = cursor;
    this.#query = query;
    this.#received = cursor.position;
    this.position = cursor.position ?? 0;
  }

  /** Until everything is exported, or the signal. The first contact must work; what is lost later is tried again. */
  async whole(follow: boolean): Promise<void> {
    const { signal } = this.#context;
    let retryMs = FIRST_RETRY_MS;
    let tries = 0;
    while (!signal.aborted) {
      const before = this.#received;
      try {
        if (await this.#stream()) return;
      } catch (error) {
        const passes = error instanceof DbgateError && error.code === ErrorCode.gatewayUnreachable;
        if (!passes || !this.#hasBegun) throw error;
        if (!follow && tries >= MAX_RETRIES) throw error;
        this.#context.note(sanitise(`lost: ${error.message}; going on behind position ${this.#received}`));
      }
      if (this.#received !== undefined && this.#received !== before) {
        retryMs = FIRST_RETRY_MS;
        tries = 0;
      }
      tries++;
      if (signal.aborted) break;
      await sleep(retryMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
    await this.#flush();
  }

  /** One connection; true: everything was said. */
  async #stream(): Promise<boolean> {
    const query = new URLSearchParams(this.#query);
    if (this.#received !== undefined) query.set('after', String(this.#received));
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const options = { signal: silence.signal, maxLineBytes: MAX_LINE_BYTES };
      for await (const line of this.#client.stream(`/v1/audit/export?${query}`, options)) {
        timer.refresh();
        const said = exportEvent.safeParse(line);
        // A newer gateway may say more.
        if (!said.success) continue;
        const event = said.data;
        switch (event.event) {
          case 'begin':
            this.#hasBegun = true;
            this.#received ??= event.position;
            await this.#cursor.checkGateway(event.gateway);
            if (event.missing_to !== undefined) {
              this.#context.note(`records up to position ${event.missing_to} are not kept any more and are missing`);
            }
            break;
          case 'record':
            await this.#take(event);
            break;
          case 'damage':
            this.#context.note(
              sanitise(
                `segment ${event.segment} is damaged at byte ${event.offset}: ${event.reason}; see dbgate verify`,
              ),
            );
            break;
          case 'at':
            await this.#flush(event.position);
            timer.refresh();
            break;
          case 'end':
            await this.#flush(event.position);
            if (event.reason === 'done') return true;
            return false;
          default:
            return event satisfies never;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    return false;
  }

  async #take({ event: _, ...one }: Extract<ExportedEvent, { event: 'record' }>): Promise<void> {
    this.#received = one.position;
    const line = this.#sink.shorten === undefined ? one : this.#sink.shorten(one);
    const text = this.#format.encode(line);
    if (text === undefined) return;
    this.#batch.push({ text, one });
    this.#characters += text.length;
    if (this.#batch.length >= MAX_BATCH || this.#characters >= MAX_BATCH_CHARACTERS) await this.#flush();
  }

  /** What was received is with others, or it throws; `looked`: nothing that is wanted stands before it. */
  async #flush(looked?: number): Promise<void> {
    const batch = this.#batch;
    if (batch.length > 0) {
      this.#batch = [];
      this.#characters = 0;
      await this.#sink.write(batch, randomUUID());
      this.records += batch.length;
    }
    if (looked !== undefined) this.#received = looked;
    if (this.#received === undefined) return;
    this.position = this.#received;
    await this.#cursor.keep(this.#received);
  }
}
