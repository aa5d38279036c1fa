/** What `dbgate history` shows on a terminal, and what keys do to it. Pure: keys in, state and a wish out. */

/** Sanitised. */
export interface HistoryItem {
  readonly id: string;
  readonly time: string;
  readonly who: string;
  readonly database: string;
  readonly sql: string;
  readonly rows: string;
  readonly ms: string;
  readonly outcome: string;
}

export interface HistoryState {
  readonly items: readonly HistoryItem[];
  readonly selected: number;
  /** More can be had behind the last item. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly search: string;
  readonly isSearching: boolean;
  /** Lines of the statement that is looked at; undefined: the list. */
  readonly detail: readonly string[] | undefined;
  readonly scroll: number;
  readonly message: string;
  /** Whose is shown matters: others' are. */
  readonly showsPeople: boolean;
}

export type HistoryKey =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'up' | 'down' | 'page-up' | 'page-down' | 'enter' | 'escape' | 'backspace' | 'interrupt' };

export type HistoryEffect =
  | { readonly kind: 'search'; readonly text: string }
  | { readonly kind: 'more' }
  | { readonly kind: 'detail'; readonly id: string }
  | { readonly kind: 'quit' };

export interface Pressed {
  readonly state: HistoryState;
  readonly effect?: HistoryEffect;
}

/** Ask for the next page when so few are left below. */
const NEAR_END = 10;
const PAGE = 10;
const MAX_SEARCH = 200;

export function firstHistoryState(search: string, showsPeople: boolean): HistoryState {
  return {
    items: [],
    selected: 0,
    hasMore: false,
    isLoading: true,
    search,
    isSearching: false,
    detail: undefined,
    scroll: 0,
    message: '',
    showsPeople,
  };
}

export function pressHistory(state: HistoryState, key: HistoryKey): Pressed {
  if (key.kind === 'interrupt') return { state, effect: { kind: 'quit' } };
  if (state.isSearching) return pressInSearch(state, key);
  if (key.kind === 'text' && key.text === 'q') return { state, effect: { kind: 'quit' } };
  return state.detail === undefined ? pressInList(state, key) : pressInDetail(state, state.detail, key);
}

function pressInSearch(state: HistoryState, key: HistoryKey): Pressed {
  const typed = (search: string): Pressed => ({
    state: { ...state, search, isLoading: true },
    effect: { kind: 'search', text: search },
  });
  switch (key.kind) {
    case 'text':
      return typed((state.search + key.text).slice(0, MAX_SEARCH));
    case 'backspace':
      return state.search === '' ? { state } : typed([...state.search].slice(0, -1).join(''));
    case 'enter':
    case 'down':
      return { state: { ...state, isSearching: false } };
    case 'escape': {
      const left = { ...state, isSearching: false, search: '' };
      return state.search === ''
        ? { state: left }
        : { state: { ...left, isLoading: true }, effect: { kind: 'search', text: '' } };
    }
    default:
      return { state };
  }
}

function pressInList(state: HistoryState, key: HistoryKey): Pressed {
  switch (key.kind) {
    case 'text':
      if (key.text === '/') return { state: { ...state, isSearching: true } };
      if (key.text === 'j') return move(state, 1);
      if (key.text === 'k') return move(state, -1);
      if (key.text === ' ') return move(state, PAGE);
      if (key.text === 'g') return move(state, -state.items.length);
      if (key.text === 'G') return move(state, state.items.length);
      return { state };
    case 'down':
      return move(state, 1);
    case 'up':
      return move(state, -1);
    case 'page-down':
      return move(state, PAGE);
    case 'page-up':
      return move(state, -PAGE);
    case 'enter': {
      const item = state.items[state.selected];
      return item === undefined
        ? { state }
        : { state: { ...state, isLoading: true }, effect: { kind: 'detail', id: item.id } };
    }
    case 'escape':
      return state.search === ''
        ? { state }
        : { state: { ...state, search: '', isLoading: true }, effect: { kind: 'search', text: '' } };
    default:
      return { state };
  }
}

function move(state: HistoryState, by: number): Pressed {
  const selected = Math.max(0, Math.min(state.items.length - 1, state.selected + by));
  const moved = { ...state, selected, message: '' };
  const nearEnd = selected >= state.items.length - NEAR_END;
  if (by <= 0 || !nearEnd || !state.hasMore || state.isLoading) return { state: moved };
  return { state: { ...moved, isLoading: true }, effect: { kind: 'more' } };
}

function pressInDetail(state: HistoryState, detail: readonly string[], key: HistoryKey): Pressed {
  const scrolled = (by: number): Pressed => ({
    state: { ...state, scroll: Math.max(0, Math.min(detail.length - 1, state.scroll + by)) },
  });
  switch (key.kind) {
    case 'down':
      return scrolled(1);
    case 'up':
      return scrolled(-1);
    case 'page-down':
      return scrolled(PAGE);
    case 'page-up':
      return scrolled(-PAGE);
    case 'escape':
    case 'backspace':
    case 'enter':
      return { state: { ...state, detail: undefined, scroll: 0 } };
    case 'text':
      if (key.text === 'j') return scrolled(1);
      if (key.text === 'k') return scrolled(-1);
      return key.text === ' ' ? scrolled(PAGE) : { state };
    default:
      return { state };
  }
}

export function historyKeysText({ isSearching, detail, search }: HistoryState): string {
  if (isSearching) return 'type to search   enter keep   esc leave';
  if (detail !== undefined) return '↑↓ scroll   esc back   q quit';
  return `↑↓ move   enter look   / search${search === '' ? '' : '   esc all'}   q quit`;
}
