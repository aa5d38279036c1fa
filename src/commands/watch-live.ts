import { createElement } from 'react';
import { openFullScreen } from '../views/full-screen.tsx';
import type { HistoryKey } from '../views/history-state.ts';
import { type SizedScreen, screenRows } from '../views/ink-screen.ts';
import { addToWatch, FIRST_WATCH_STATE, pressWatch, type WatchState } from '../views/watch-state.ts';
import { WatchView } from '../views/watch-view.tsx';
import type { CommandContext } from './context.ts';
import { itemOf, type Shown } from './watch.ts';

/** On a terminal; `onQuit` once a person has seen enough. */
export async function openWatch(context: CommandContext, onQuit: () => void): Promise<Shown> {
  const screen = context as SizedScreen;
  let state: WatchState = FIRST_WATCH_STATE;
  const view = () => createElement(WatchView, { state, columns: context.columns, rows: screenRows(screen) });
  const change = (next: WatchState): void => {
    state = next;
    drawn.draw(view());
  };
  const drawn = await openFullScreen(screen, view(), (key) => {
    if (key.kind === 'left' || key.kind === 'right') return;
    const next = pressWatch(state, key as HistoryKey);
    if (next === undefined) onQuit();
    else change(next);
  });
  return {
    show(event) {
      if (event.event === 'ready') change({ ...state, message: '' });
      else if (event.event === 'lost') change({ ...state, lost: state.lost + event.count });
      else change(addToWatch(state, itemOf(event)));
    },
    note: (message) => change({ ...state, message }),
    close: () => drawn.close(),
  };
}
