import { Argument } from 'commander';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { type HistoryLine, historyAnswer } from './history-answers.ts';
import { csvEntry, csvHeader } from './history-csv.ts';
import { filterParameters, moreOf, printLines, statementFilters } from './history-filters.ts';
import { historyTable } from './history-lines.ts';

/** The API's largest page. */
const MAX_PAGE = 1000;
const DEFAULT_LIMIT = 50;
/** What a table shows of a statement, in UTF-16 units, however wide it is; `--json` and `--csv` have all of it. */
const SHOWN_SQL = 400;

export const historyCommand: CommandDefinition = {
  name: 'history',
  configure(command) {
    statementFilters(
      command
        .description(
          'Lists statements as the gateway recorded them, the newest first: your own, or those of others with --by. On a terminal it can be browsed and searched.',
        )
        .addArgument(new Argument('[action]', 'all there is to say of one statement').choices(['show']))
        .argument('[id]', 'of `show`: the id of a statement')
        .option('--db <database>', 'only of this database')
        .option('--since <time>', 'not older than: 1h, 7d, 2026-11-21, 2026-11-21T14:00:00Z')
        .option('--until <time>', 'not younger than'),
    )
      .option('--column <column>', 'only statements that touched this column: name, table.name or schema.table.name')
      .option('--purpose <text>', 'only of sessions whose purpose contains this text')
      .option('--by <name>', 'of others, if you may: an email or subject, `all` for everybody; this is recorded')
      .option('--limit <count>', 'at most so many', String(DEFAULT_LIMIT))
      .option('--cursor <cursor>', 'go on where an earlier call ended')
      .option('--csv', 'as CSV')
      .option('--plain', 'a table, on a terminal too');
  },
  async run(context, options, [action, id]) {
    if (action === 'show') {
      if (id === undefined) {
        throw new DbgateError(ErrorCode.usage, 'which statement?', {
          hint: 'dbgate history show ID; --json shows ids',
        });
      }
      const { showStatement } = await import('./history-show.ts');
      return showStatement(context, id);
    }
    if (options.csv === true && context.json) throw new DbgateError(ErrorCode.usage, 'give one of --json and --csv');
    const limit = parseLimit(options.limit as string);
    const query = filterParameters(options, Date.now());
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      if (wantsBrowser(context, options)) {
        const { browseHistory } = await import('./history-browse.ts');
        return await browseHistory(context, client, query);
      }
      const next = await list(context, client, query, { limit, csv: options.csv === true });
      if (next !== undefined) context.note(`there is more: ${moreOf('history', options, DEFAULT_LIMIT, next)}`);
    } finally {
      await client.close();
    }
  },
};

function wantsBrowser(context: CommandContext, { csv, plain, cursor }: CommandOptions): boolean {
  const isTerminal = context.isTerminal && context.live && context.stdout.isTTY === true;
  return isTerminal && csv !== true && plain !== true && cursor === undefined;
}

/** Where to go on; undefined: nothing is left. */
async function list(
  context: CommandContext,
  client: GatewayClient,
  query: URLSearchParams,
  { limit, csv }: { limit: number; csv: boolean },
): Promise<string | undefined> {
  const isTable = !(csv || context.json);
  if (isTable) query.set('sql_limit', String(SHOWN_SQL));
  const shown: HistoryLine[] = [];
  let next: string | undefined;
  let first = true;
  let printed = 0;
  for await (const page of pages(client, query, limit)) {
    next = page.next;
    // CSV and NDJSON go out page by page; a table needs all rows for its widths.
    if (csv) {
      context.stdout.write((first ? csvHeader() : '') + page.entries.map(csvEntry).join(''));
    } else if (context.json)
      printLines(context, page.entries, printed + page.entries.length < limit ? undefined : next);
    else shown.push(...page.entries);
    first = false;
    printed += page.entries.length;
    if (context.signal.aborted) return undefined;
  }
  if (isTable) {
    if (shown.length > 0) context.print(shown, () => historyTable(context, shown, query.has('by')));
    else context.note('no statement matches');
  }
  return next;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000_000) return limit;
  throw new DbgateError(ErrorCode.usage, `--limit '${text}' is not a number from 1 to 1000000`);
}

export interface Page {
  readonly entries: readonly HistoryLine[];
  /** Where to go on; undefined: nothing is left. */
  readonly next: string | undefined;
}

export async function historyPage(
  client: GatewayClient,
  query: URLSearchParams,
  limit: number,
  signal?: AbortSignal,
): Promise<Page> {
  const asked = new URLSearchParams(query);
  asked.set('limit', String(limit));
  const answer = await client.request('GET', `/v1/history?${asked}`, undefined, signal === undefined ? {} : { signal });
  const { entries, next_cursor: next } = readAnswer(historyAnswer, answer, 'GET /v1/history');
  return { entries: entries.slice(0, limit), next: next ?? undefined };
}

async function* pages(client: GatewayClient, query: URLSearchParams, limit: number): AsyncIterable<Page> {
  let remaining = limit;
  while (remaining > 0) {
    const page = await historyPage(client, query, Math.min(remaining, MAX_PAGE));
    remaining -= page.entries.length;
    yield page;
    if (page.next === undefined) return;
    query.set('cursor', page.next);
  }
}
