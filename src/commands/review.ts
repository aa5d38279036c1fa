import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { collect } from './request.ts';
import { parseClasses, parseDuration, parseRequestId, parseTables } from './request-access.ts';
import { type RequestLine, requestAnswer } from './request-answers.ts';
import { outcomeText } from './request-text.ts';
import { detailText, readDetail, readRequests, requestTable } from './requests.ts';

export const reviewCommand: CommandDefinition = {
  name: 'review',
  configure(command) {
    command
      .description(
        'Lists what you may decide, shows who asks, why, and what it opens, and says yes or no. On a terminal: with keys.',
      )
      .argument('[id]', 'number of the request')
      .option('--approve', 'say yes')
      .option('--deny', 'say no')
      .option('--reviewed', 'of break-glass: you have looked at it afterwards')
      .option('--reason <text>', 'why, for whoever asked and for the record')
      .option('--for <duration>', 'with --approve: for at most so long')
      .option('--tables <list>', 'with --approve: only these tables, with commas between', collect)
      .option('--unmask <list>', 'with --approve: only these classes, with commas between', collect)
      .option('--max-rows <number>', 'with --approve, of a statement: rolled back if it changes more rows')
      .option('--times <number>', 'with --approve, of a statement: how many executions of the same shape')
      .option(
        '--try',
        'with --approve, of a statement: run it, show the rows it changes, and ask again before they are kept',
      )
      .option('--watch', 'stay, and tell of each new request');
    addFooter(command, ['Exits with 5 if it is not yours to decide: nobody decides what they asked for themselves.']);
  },
  async run(context, options, [text]) {
    const decision = decisionOf(options);
    const id = text === undefined ? undefined : parseRequestId(text);
    if (decision !== undefined && id === undefined) {
      throw new DbgateError(ErrorCode.usage, 'the number of the request is missing', { hint: 'dbgate review' });
    }
    if (options.watch === true && id !== undefined) {
      throw new DbgateError(ErrorCode.usage, '--watch is for all requests, not for one', { hint: `dbgate wait ${id}` });
    }
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      if (decision !== undefined) return await decide(context, client, id!, decision);
      if (options.watch === true) {
        const { watchRequests } = await import('./review-watch.ts');
        return await watchRequests(context, client);
      }
      if (context.live && context.isTerminal) {
        const { reviewLive } = await import('./review-live.ts');
        return await reviewLive(context, client, id);
      }
      return id === undefined ? await list(context, client) : await show(context, client, id);
    } finally {
      await client.close();
    }
  },
};

export interface ReviewDecision {
  readonly verb: 'approve' | 'deny' | 'review';
  readonly body: Readonly<Record<string, unknown>>;
}

const NARROWING = ['for', 'tables', 'unmask', 'maxRows', 'times', 'try'];

function decisionOf(options: CommandOptions): ReviewDecision | undefined {
  const verbs = (['approve', 'deny', 'reviewed'] as const).filter((verb) => options[verb] === true);
  if (verbs.length > 1) {
    throw new DbgateError(ErrorCode.usage, `${verbs.map((verb) => `--${verb}`).join(' and ')} exclude each other`);
  }
  const [verb] = verbs;
  const narrowing = NARROWING.filter((name) => options[name] !== undefined);
  if (narrowing.length > 0 && verb !== 'approve') {
    throw new DbgateError(
      ErrorCode.usage,
      '--for, --tables, --unmask, --max-rows, --times and --try are for --approve',
    );
  }
  if (verb === undefined) {
    if (options.reason === undefined) return undefined;
    throw new DbgateError(ErrorCode.usage, '--reason is for --approve, --deny or --reviewed');
  }
  const reason = (options.reason as string | undefined) ?? '';
  if (verb === 'deny' && reason.trim() === '') {
    throw new DbgateError(ErrorCode.usage, '--deny needs a --reason', { hint: 'say why, for whoever asked' });
  }
  if (verb === 'reviewed') return { verb: 'review', body: { reason } };
  if (verb === 'deny') return { verb, body: { reason } };
  const { for: duration, tables, unmask, maxRows, times } = options;
  return {
    verb,
    body: {
      reason,
      duration_ms: duration === undefined ? undefined : parseDuration(duration as string, '--for'),
      tables: tables === undefined ? undefined : parseTables(tables as string[]),
      unmask: unmask === undefined ? undefined : parseClasses(unmask as string[]),
      max_rows: maxRows === undefined ? undefined : parseCount(maxRows as string, '--max-rows', 0),
      times: times === undefined ? undefined : parseCount(times as string, '--times', 1),
      try: options.try === true ? true : undefined,
    },
  };
}

export function parseCount(text: string, flag: string, min: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= min) return value;
  throw new DbgateError(ErrorCode.usage, `${flag} '${text}' is not a number from ${min} on`);
}

export async function sendDecision(
  client: GatewayClient,
  id: string,
  { verb, body }: ReviewDecision,
): Promise<RequestLine> {
  const path = `/v1/requests/${id}/${verb}`;
  return readAnswer(requestAnswer, await client.request('POST', path, body), `POST ${path}`);
}

async function decide(
  context: CommandContext,
  client: GatewayClient,
  id: string,
  decision: ReviewDecision,
): Promise<number> {
  const request = await sendDecision(client, id, decision);
  context.print(request, () => decidedText(request, decision.verb));
  return ExitCode.ok;
}

/** For whoever decided. */
export function decidedText(request: RequestLine, verb: ReviewDecision['verb']): string {
  if (verb === 'review') return `${request.id} is reviewed`;
  if (verb === 'approve' && request.status === 'pending') {
    const missing = request.needs - request.approvals.length;
    return `${request.id}: your yes counts, ${missing} more ${missing === 1 ? 'is' : 'are'} needed`;
  }
  return outcomeText(request, Date.now());
}

/** What this caller may decide, and break-glass that waits to be looked at. */
export async function readDecidable(client: GatewayClient, limit: number): Promise<readonly RequestLine[]> {
  const [decidable, unreviewed] = await Promise.all([
    readRequests(client, new URLSearchParams({ decidable: 'true', pending: 'true' }), limit),
    readRequests(client, new URLSearchParams({ unreviewed: 'true' }), limit),
  ]);
  const ids = new Set(decidable.map(({ id }) => id));
  return [...decidable, ...unreviewed.filter((request) => !request.mine && !ids.has(request.id))];
}

const LIST_LIMIT = 1000;

async function list(context: CommandContext, client: GatewayClient): Promise<number> {
  const requests = await readDecidable(client, LIST_LIMIT);
  if (context.json) for (const request of requests) context.print(request, () => '');
  else if (requests.length === 0) context.note('nothing waits for you');
  else context.print(requests, () => requestTable(context, requests));
  return ExitCode.ok;
}

async function show(context: CommandContext, client: GatewayClient, id: string): Promise<number> {
  const request = await readDetail(client, id);
  context.print(request, () => detailText(request, Date.now()));
  if (request.may_decide && !context.json) {
    context.note(`dbgate review ${id} --approve, or --deny --reason "…"`);
  }
  return ExitCode.ok;
}
