import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { type HistoryLine, historyAnswer, readAnswer } from './gateway-answers.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';
import { type Column, renderTable } from './text-table.ts';

/** The API's largest page. */
const MAX_PAGE = 1000;
const DEFAULT_LIMIT = 50;

export const historyCommand: CommandDefinition = {
  name: 'history',
  configure(command) {
    command
      .description('Lists your own statements as the gateway recorded them, the newest first.')
      .option('--db <database>', 'only of this database')
      .option('--since <time>', 'not older than: 1h, 7d, 2026-11-21, 2026-11-21T14:00:00Z')
      .option('--until <time>', 'not younger than')
      .option('--grep <text>', 'only statements that contain this text')
      .option('--errors', 'only statements that ended with an error')
      .option('--denied', 'only statements that policy denied')
      .option('--masked', 'only statements in whose answer something was masked')
      .option('--limit <count>', 'at most so many', String(DEFAULT_LIMIT))
      .option('--cursor <cursor>', 'go on where an earlier call ended');
  },
  async run(context, options) {
    const limit = parseLimit(options.limit as string);
    const query = historyQuery(options, Date.now());
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const shown: HistoryLine[] = [];
      let next: string | undefined;
      for await (const page of pages(client, query, limit)) {
        next = page.next;
        // NDJSON goes out page by page; a table needs all rows for its widths.
        if (context.json) for (const entry of page.entries) context.print(entry, () => '');
        else shown.push(...page.entries);
        if (context.signal.aborted) return;
      }
      if (!context.json && shown.length > 0) context.print(shown, () => table(context, shown));
      if (!context.json && shown.length === 0) context.note('no statement matches');
      if (next !== undefined) context.note(`there is more: dbgate history --cursor ${sanitise(next)}`);
    } finally {
      await client.close();
    }
  },
};

function historyQuery(options: CommandOptions, now: number): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, value: unknown) => {
    if (typeof value === 'string' && value !== '') query.set(name, value);
  };
  set('database', options.db);
  for (const bound of ['since', 'until'] as const) {
    const text = options[bound];
    if (typeof text === 'string') set(bound, new Date(parsePointInTime(text, `--${bound}`, now)).toISOString());
  }
  set('grep', options.grep);
  if (options.errors === true) query.set('errors', 'true');
  if (options.denied === true) query.set('denied', 'true');
  if (options.masked === true) query.set('masked', 'true');
  set('cursor', options.cursor);
  return query;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000_000) return limit;
  throw new DbgateError(ErrorCode.usage, `--limit '${text}' is not a number from 1 to 1000000`);
}

interface Page {
  readonly entries: readonly HistoryLine[];
  /** Where to go on; undefined: nothing is left. */
  readonly next: string | undefined;
}

async function* pages(client: GatewayClient, query: URLSearchParams, limit: number): AsyncIterable<Page> {
  let remaining = limit;
  while (remaining > 0) {
    query.set('limit', String(Math.min(remaining, MAX_PAGE)));
    const answer = readAnswer(historyAnswer, await client.request('GET', `/v1/history?${query}`), 'GET /v1/history');
    const entries = answer.entries.slice(0, remaining);
    remaining -= entries.length;
    const next = answer.next_cursor ?? undefined;
    yield { entries, next };
    if (next === undefined) return;
    query.set('cursor', next);
  }
}

function table(context: CommandContext, entries: readonly HistoryLine[]): string {
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  const narrow = clipped && context.columns < 80;
  return renderTable(
    [
      { title: 'TIME', text: ({ at }) => localTime(at, narrow) },
      { title: 'DATABASE', text: ({ database }) => sanitise(database) },
      { title: 'SQL', text: ({ sql }) => sanitise(sql.trim().replace(/\s+/g, ' ')), flexible: true },
      { title: 'ROWS', text: ({ rows }) => (rows == null ? '-' : String(rows)), align: 'right' },
      ...(entries.some(({ masked }) => masked) ? [MASKED] : []),
      { title: 'MS', text: ({ ms }) => (ms == null ? '-' : ms.toFixed(ms < 10 ? 1 : 0)), align: 'right' },
      { title: 'DECISION', text: outcome },
    ],
    entries,
    { columns: clipped ? context.columns : undefined, unicode: context.unicode },
  ).join('\n');
}

/** Cells, where any were. */
const MASKED: Column<HistoryLine> = {
  title: 'MASKED',
  text: ({ masked }) => (masked == null ? '-' : String(masked)),
  align: 'right',
};

/** What policy said, and how it ended where that is not plain success. */
function outcome({ decision, rule, sqlstate, state }: HistoryLine): string {
  if (decision === 'deny') return sanitise(rule ? `deny ${rule}` : 'deny');
  if (state === 'rolled_back') return sanitise(`${decision}, rolled back${sqlstate ? `, error ${sqlstate}` : ''}`);
  if (state === 'may_have_run') return sanitise(`${decision}, may have run`);
  if (sqlstate) return sanitise(`${decision}, error ${sqlstate}`);
  if (state === 'running') return `${sanitise(decision)}, running`;
  return sanitise(decision);
}

function localTime(iso: string, short: boolean): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return sanitise(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return short ? `${day} ${clock}` : `${time.getFullYear()}-${day} ${clock}:${two(time.getSeconds())}`;
}
