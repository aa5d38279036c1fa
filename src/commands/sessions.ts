import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { type SessionLine, sessionsAnswer } from './history-answers.ts';
import { filterParameters, moreOf, printLines } from './history-filters.ts';
import { localTime } from './history-lines.ts';
import { sanitise } from './sanitise.ts';
import { renderTable } from './text-table.ts';

const DEFAULT_LIMIT = 50;
const MAX_PAGE = 1000;

export const sessionsCommand: CommandDefinition = {
  name: 'sessions',
  configure(command) {
    command
      .description(
        'Lists sessions as the gateway recorded them, the newest first. `dbgate replay` shows what was done in one.',
      )
      .option('--db <database>', 'only of this database')
      .option('--since <time>', 'begun not before: 1h, 7d, 2026-11-21, 2026-11-21T14:00:00Z')
      .option('--until <time>', 'begun before')
      .option('--by <name>', 'of others, if you may: an email or subject, `all` for everybody; this is recorded')
      .option('--open', 'only those that are open now')
      .option('--limit <count>', 'at most so many', String(DEFAULT_LIMIT))
      .option('--cursor <cursor>', 'go on where an earlier call ended');
  },
  async run(context, options) {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new DbgateError(ErrorCode.usage, `--limit '${options.limit}' is not a number from 1 to ${MAX_PAGE}`);
    }
    const query = filterParameters(options, Date.now());
    query.set('limit', String(limit));
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const answer = await client.request('GET', `/v1/history/sessions?${query}`);
      const { sessions, next_cursor: next } = readAnswer(sessionsAnswer, answer, 'GET /v1/history/sessions');
      if (context.json) printLines(context, sessions, next);
      else if (sessions.length === 0) context.note('no session matches');
      else context.print(sessions, () => table(context, sessions));
      if (next) context.note(`there is more: ${moreOf('sessions', options, DEFAULT_LIMIT, next)}`);
    } finally {
      await client.close();
    }
  },
};

function table(context: CommandContext, sessions: readonly SessionLine[]): string {
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  return renderTable(
    [
      { title: 'SESSION', text: ({ session }) => sanitise(session) },
      { title: 'BEGAN', text: ({ at }) => localTime(at) },
      { title: 'LASTED', text: lasted },
      { title: 'WHO', text: whoOf },
      { title: 'DATABASE', text: ({ database }) => sanitise(database) },
      { title: 'STATEMENTS', text: ({ statements }) => String(statements), align: 'right' },
      { title: 'DENIED', text: ({ denied }) => String(denied), align: 'right' },
      { title: 'PURPOSE', text: ({ purpose }) => sanitise(purpose ?? ''), flexible: true },
    ],
    sessions,
    { columns: clipped ? context.columns : undefined, unicode: context.unicode },
  ).join('\n');
}

function whoOf({ principal, actors }: SessionLine): string {
  return sanitise([principal, ...actors.map((actor) => `by ${actor}`)].join(' '));
}

function lasted({ at, closedAt, state }: SessionLine): string {
  if (closedAt === null) return sanitise(state);
  return durationText(Date.parse(closedAt) - Date.parse(at));
}

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
