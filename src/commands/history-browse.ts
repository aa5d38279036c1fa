/** `dbgate history` on a terminal: a list to walk through, a search that answers while one types, one statement in full. */
import type { GatewayClient } from '../login/gateway-client.ts';
import { openFullScreen, type TypedKey } from '../views/full-screen.tsx';
import {
  firstHistoryState,
  type HistoryEffect,
  type HistoryItem,
  type HistoryKey,
  type HistoryState,
  pressHistory,
} from '../views/history-state.ts';
import { type SizedScreen, screenRows } from '../views/ink-screen.ts';
import type { CommandContext } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { historyPage } from './history.ts';
import { type HistoryLine, statementAnswer } from './history-answers.ts';
import { localTime, millis, outcomeWords, sqlLine } from './history-lines.ts';
import { statementLines, textOf } from './history-show.ts';
import { sanitise } from './sanitise.ts';

const PAGE_SIZE = 100;
/** After the last key, before the gateway is asked. */
const PAUSE_MS = 120;

export async function browseHistory(
  context: CommandContext,
  client: GatewayClient,
  query: URLSearchParams,
): Promise<void> {
  // The first page is on its way while the view is loaded.
  const first = historyPage(client, query, PAGE_SIZE);
  first.catch(() => {});
  const { HistoryView } = await import('../views/history-view.tsx');
  const { createElement } = await import('react');
  const screen = context as SizedScreen;
  const { unicode, columns } = context;
  const showsPeople = query.has('by');
  let state = firstHistoryState(query.get('grep') ?? '', showsPeople);
  let cursor: string | undefined;
  /** What is asked for last is shown; what comes later of something earlier is not. */
  let asking = new AbortController();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const view = () => createElement(HistoryView, { state, unicode, columns, rows: screenRows(screen) });
  const change = (changes: Partial<HistoryState>): void => {
    state = { ...state, ...changes };
    drawn.draw(view());
  };
  const load = async (page: ReturnType<typeof historyPage>, before: readonly HistoryItem[], signal: AbortSignal) => {
    try {
      const { entries, next } = await page;
      if (signal.aborted) return;
      cursor = next;
      const selected = before.length === 0 ? 0 : state.selected;
      change({
        items: [...before, ...entries.map(itemOf)],
        selected,
        hasMore: next !== undefined,
        isLoading: false,
        message: '',
      });
    } catch (error) {
      if (!signal.aborted) change({ isLoading: false, message: sanitise((error as Error).message) });
    }
  };
  const start = (): AbortSignal => {
    asking.abort();
    asking = new AbortController();
    return asking.signal;
  };
  const effects = async (effect: HistoryEffect): Promise<void> => {
    switch (effect.kind) {
      case 'quit':
        finish();
        return;
      case 'search': {
        const signal = start();
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        if (signal.aborted) return;
        query.delete('cursor');
        if (effect.text === '') query.delete('grep');
        else query.set('grep', effect.text);
        await load(historyPage(client, query, PAGE_SIZE, signal), [], signal);
        return;
      }
      case 'more': {
        if (cursor === undefined) return;
        const signal = start();
        const more = new URLSearchParams(query);
        more.set('cursor', cursor);
        await load(historyPage(client, more, PAGE_SIZE, signal), state.items, signal);
        return;
      }
      case 'detail': {
        const signal = start();
        try {
          const path = `/v1/history/${encodeURIComponent(effect.id)}`;
          const answer = readAnswer(
            statementAnswer,
            await client.request('GET', path, undefined, { signal }),
            `GET ${path}`,
          );
          const lines = textOf(await statementLines(answer), columns);
          if (!signal.aborted) change({ detail: lines, scroll: 0, isLoading: false, message: '' });
        } catch (error) {
          if (!signal.aborted) change({ isLoading: false, message: sanitise((error as Error).message) });
        }
        return;
      }
      default:
        effect satisfies never;
    }
  };
  const onKey = (key: TypedKey): void => {
    if (key.kind === 'left' || key.kind === 'right') return;
    const pressed = pressHistory(state, key as HistoryKey);
    state = pressed.state;
    drawn.draw(view());
    if (pressed.effect !== undefined) void effects(pressed.effect);
  };
  const drawn = await openFullScreen(screen, view(), onKey);
  const onAbort = (): void => finish();
  context.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await load(first, [], asking.signal);
    await finished;
  } finally {
    context.signal.removeEventListener('abort', onAbort);
    asking.abort();
    drawn.close();
  }
}

function itemOf(entry: HistoryLine): HistoryItem {
  return {
    id: entry.id,
    time: localTime(entry.at, true),
    who: sanitise(entry.principal),
    database: sanitise(entry.database),
    sql: sqlLine(entry),
    rows: entry.rows == null ? '-' : String(entry.rows),
    ms: millis(entry.ms),
    outcome: outcomeWords(entry),
  };
}
