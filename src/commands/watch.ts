import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { WatchItem } from '../views/watch-state.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import { type WatchEvent, watchEvent } from './history-answers.ts';
import { filterParameters, statementFilters } from './history-filters.ts';
import { millis, outcomeWords, rowsText, sqlLine } from './history-lines.ts';
import { sanitise } from './sanitise.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** The gateway sends something every 15 s; a stream that says nothing for longer is dead. */
const SILENCE_MS = 40_000;

export const watchCommand: CommandDefinition = {
  name: 'watch',
  configure(command) {
    statementFilters(
      command
        .description(
          'Shows what is being run now: your own statements, or those of everybody if you are an auditor of the gateway, which is recorded.',
        )
        .option('--db <database>', 'only of this database')
        .option('--by <name>', 'only of this person: an email or subject; `all` for everybody'),
    )
      .option('--profiles <list>', 'of several gateways: names of stored logins, with commas between')
      .option('--plain', 'a line for each, on a terminal too');
  },
  async run(context, options) {
    const query = filterParameters(options, Date.now());
    const profiles = (options.profiles as string | undefined)
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const envs = profiles?.map((name) => ({ ...context.env, DBGATE_PROFILE: name, DBGATE_GATEWAY: undefined })) ?? [
      context.env,
    ];
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const clients: GatewayClient[] = [];
    try {
      for (const env of envs) clients.push(await openGatewayClient({ env, signal }));
      const isTerminal = context.isTerminal && context.live && context.stdout.isTTY === true;
      const shown: Shown =
        isTerminal && options.plain !== true
          ? await (await import('./watch-live.ts')).openWatch(context, () => stop.abort())
          : inLines(context);
      try {
        await Promise.all(clients.map((client) => follow(client, query, shown, signal)));
      } finally {
        shown.close();
      }
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  },
};

export interface Shown {
  show(event: WatchEvent): void;
  note(line: string): void;
  close(): void;
}

function inLines(context: CommandContext): Shown {
  return {
    show(event) {
      if (event.event === 'ready') return;
      context.print(event, () => plainLine(event));
    },
    note: (line) => context.note(line),
    close: () => {},
  };
}

/** Until the signal; the first contact must work, what is lost later is tried again. */
async function follow(client: GatewayClient, query: URLSearchParams, shown: Shown, signal: AbortSignal): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  let isFirst = true;
  let isLost = false;
  while (!signal.aborted) {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const until = AbortSignal.any([signal, silence.signal]);
      for await (const received of client.stream(`/v1/watch?${query}`, { signal: until, events: true })) {
        timer.refresh();
        retryMs = FIRST_RETRY_MS;
        const event = watchEvent.safeParse(received);
        // A newer gateway may say more; what is not known is not shown.
        if (!event.success) continue;
        if (isLost)
          shown.note(`${sanitise(client.gateway)} answers again; what was run meanwhile is in dbgate history`);
        [isFirst, isLost] = [false, false];
        shown.show(event.data);
      }
    } catch (error) {
      const passes = error instanceof DbgateError && error.code === ErrorCode.gatewayUnreachable;
      if (!passes || isFirst) throw error;
      if (!isLost) shown.note(sanitise(`lost: ${error.message}`));
      isLost = true;
    } finally {
      clearTimeout(timer);
    }
    await sleep(retryMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}

export function plainLine(event: Exclude<WatchEvent, { event: 'ready' }>): string {
  if (event.event === 'lost') return `${event.count} lost: they came faster than they were read`;
  const { time, who, database, outcome, classes, text } = itemOf(event);
  return [time, who, database, outcome, classes === '' ? '' : `[${classes}]`, text].filter(Boolean).join('  ');
}

/** What stands in a line of it; safe for a terminal. */
export function itemOf(event: Exclude<WatchEvent, { event: 'ready' | 'lost' }>): WatchItem {
  switch (event.event) {
    case 'statement': {
      const { entry } = event;
      const rows = entry.rows == null ? '' : ` (${rowsText(entry.rows)}, ${millis(entry.ms)} ms)`;
      return {
        id: entry.id,
        time: clock(entry.at),
        who: sanitise(entry.principal),
        database: sanitise(entry.database),
        outcome: outcomeWords(entry),
        classes: sanitise([...new Set(Object.values(entry.columns))].join(', ')),
        text: `${sqlLine(entry)}${rows}`,
      };
    }
    case 'session': {
      const about = [event.application, event.purpose].filter(Boolean).join(', ');
      const how = event.change === 'open' ? 'session opened' : `session closed (${event.reason ?? ''})`;
      return {
        ...{ id: `${event.session} ${event.change}`, time: clock(event.at), who: sanitise(event.principal) },
        ...{ database: sanitise(event.database), outcome: how, classes: '', text: sanitise(about) },
      };
    }
    case 'event': {
      const { kind, at, by, database } = event.record;
      const what = [event.record.type, event.record.request].filter((one) => typeof one === 'string').join(' ');
      return {
        ...{ id: `${at} ${kind} ${what} ${by}`, time: clock(at), who: sanitise(by?.split('|').at(-1) ?? 'gateway') },
        ...{ database: sanitise(database ?? ''), outcome: sanitise(kind), classes: '', text: sanitise(what) },
      };
    }
    default:
      return event satisfies never;
  }
}

function clock(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? sanitise(iso) : time.toTimeString().slice(0, 8);
}
