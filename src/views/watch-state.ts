/** What `dbgate watch` shows on a terminal. Pure: events and keys in, state out. */
import type { HistoryKey } from './history-state.ts';

/** Sanitised. The same id again is the same statement, further on. */
export interface WatchItem {
  readonly id: string;
  readonly time: string;
  readonly who: string;
  readonly database: string;
  readonly outcome: string;
  /** Of the columns that it touched. */
  readonly classes: string;
  readonly text: string;
}

export interface WatchState {
  readonly items: readonly WatchItem[];
  readonly isPaused: boolean;
  /** Came while it was paused. */
  readonly held: readonly WatchItem[];
  readonly seen: number;
  readonly lost: number;
  readonly message: string;
}

const KEPT = 500;

export const FIRST_WATCH_STATE: WatchState = { items: [], isPaused: false, held: [], seen: 0, lost: 0, message: '' };

export function addToWatch(state: WatchState, item: WatchItem): WatchState {
  const known = state.items.findLastIndex(({ id }) => id === item.id);
  if (known >= 0) return { ...state, items: state.items.with(known, item) };
  const heldAt = state.held.findLastIndex(({ id }) => id === item.id);
  if (heldAt >= 0) return { ...state, held: state.held.with(heldAt, item) };
  const seen = state.seen + 1;
  if (state.isPaused) return { ...state, seen, held: [...state.held, item].slice(-KEPT) };
  return { ...state, seen, items: [...state.items, item].slice(-KEPT) };
}

/** Undefined: whoever watches has seen enough. */
export function pressWatch(state: WatchState, key: HistoryKey): WatchState | undefined {
  if (key.kind === 'interrupt' || (key.kind === 'text' && key.text === 'q')) return undefined;
  if (key.kind !== 'text' || key.text !== ' ') return state;
  if (!state.isPaused) return { ...state, isPaused: true };
  return { ...state, isPaused: false, items: [...state.items, ...state.held].slice(-KEPT), held: [] };
}
