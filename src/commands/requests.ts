import { Argument, Option } from 'commander';
import { REQUEST_STATUSES } from '../approvals/request.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import { durationText } from '../views/time-text.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { parseRequestId } from './request-access.ts';
import { type RequestDetail, type RequestLine, requestDetail, requestsAnswer } from './request-answers.ts';
import { askedFor, detailRows, eventLines, personName, recentLines, statusText } from './request-text.ts';
import { sanitise } from './sanitise.ts';
import { type Column, renderTable } from './text-table.ts';

const MAX_PAGE = 1000;

export const requestsCommand: CommandDefinition = {
  name: 'requests',
  configure(command) {
    command
      .description('Lists requests, the newest first: yours, and those that you may decide. "show" tells all of one.')
      .addArgument(new Argument('[action]', 'what to do').choices(['show']))
      .argument('[id]', 'of `show`: number of the request')
      .option('--mine', 'only your own')
      .option('--pending', 'only those that nobody has decided')
      .addOption(new Option('--status <status>', 'only those that are').choices(REQUEST_STATUSES))
      .option('--unreviewed', 'only break-glass that nobody has looked at')
      .option('--db <database>', 'only of this database')
      .option('--limit <count>', 'at most so many', '50');
  },
  async run(context, options, [action, id]) {
    if (action === 'show') {
      if (id === undefined) throw new DbgateError(ErrorCode.usage, 'the number of the request is missing');
      return await withClient(context, (client) => show(context, client, parseRequestId(id)));
    }
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) {
      throw new DbgateError(ErrorCode.usage, `--limit '${options.limit}' is not a number from 1 to 100000`);
    }
    return await withClient(context, (client) => list(context, client, queryOf(options), limit));
  },
};

async function withClient(context: CommandContext, run: (client: GatewayClient) => Promise<void>): Promise<void> {
  const { openGatewayClient } = await import('../login/gateway-client.ts');
  const client = await openGatewayClient({ env: context.env, signal: context.signal });
  try {
    await run(client);
  } finally {
    await client.close();
  }
}

function queryOf(options: CommandOptions): URLSearchParams {
  const query = new URLSearchParams();
  for (const flag of ['mine', 'pending', 'unreviewed']) if (options[flag] === true) query.set(flag, 'true');
  if (typeof options.status === 'string') query.set('status', options.status);
  if (typeof options.db === 'string') query.set('database', options.db);
  return query;
}

async function list(
  context: CommandContext,
  client: GatewayClient,
  query: URLSearchParams,
  limit: number,
): Promise<void> {
  const requests = await readRequests(client, query, limit);
  if (context.json) {
    // Ten thousand lines in one write.
    context.stdout.cork();
    for (const request of requests) context.print(request, () => '');
    context.stdout.uncork();
  } else if (requests.length === 0) context.note('no request matches');
  else context.print(requests, () => requestTable(context, requests));
}

export async function readRequests(
  client: GatewayClient,
  query: URLSearchParams,
  limit: number,
): Promise<readonly RequestLine[]> {
  const requests: RequestLine[] = [];
  while (requests.length < limit) {
    query.set('limit', String(Math.min(limit - requests.length, MAX_PAGE)));
    const page = readAnswer(requestsAnswer, await client.request('GET', `/v1/requests?${query}`), 'GET /v1/requests');
    requests.push(...page.requests);
    if (page.next === undefined || page.requests.length === 0) break;
    query.set('after', page.next);
  }
  return requests;
}

export function requestTable(context: CommandContext, requests: readonly RequestLine[]): string {
  const now = Date.now();
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  const id: Column<RequestLine> = { title: 'REQUEST', text: (request) => sanitise(request.id) };
  const who: Column<RequestLine> = { title: 'WHO', text: ({ by }) => personName(by), flexible: true };
  const asks: Column<RequestLine> = { title: 'ASKS', text: askedFor, flexible: true };
  const status: Column<RequestLine> = { title: 'STATUS', text: (request) => statusText(request, now) };
  const all: Column<RequestLine>[] = [
    id,
    { title: 'AGE', text: ({ created_at: at }) => durationText(now - Date.parse(at)).split(' ')[0]! },
    who,
    { title: 'DATABASE', text: ({ database }) => sanitise(database) },
    asks,
    { title: 'RISK', text: ({ risk }) => sanitise(risk.level) },
    status,
  ];
  return renderTable(clipped && context.columns < 80 ? [id, who, asks, status] : all, requests, {
    columns: clipped ? context.columns : undefined,
    unicode: context.unicode,
  }).join('\n');
}

export async function readDetail(client: GatewayClient, id: string): Promise<RequestDetail> {
  const path = `/v1/requests/${id}`;
  return readAnswer(requestDetail, await client.request('GET', path), `GET ${path}`);
}

async function show(context: CommandContext, client: GatewayClient, id: string): Promise<void> {
  const request = await readDetail(client, id);
  context.print(request, () => detailText(request, Date.now()));
}

/** All of a request, a fact a line. */
export function detailText(request: RequestDetail, now: number): string {
  const rows = detailRows(request, now);
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, text]) => `${name.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(width)}`)}`);
  const section = (title: string, texts: readonly string[]): void => {
    if (texts.length > 0) lines.push('', title, ...texts.map((text) => `  ${text}`));
  };
  section('what happened', eventLines(request, now));
  if (request.recent !== undefined) {
    const recent = recentLines(request, now);
    section('what this person ran here lately', recent.length > 0 ? recent : ['nothing']);
  }
  return lines.join('\n');
}
