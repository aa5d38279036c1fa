/**
 * What `dbgate review` shows on a terminal, and what a key does to it: list → one request → a yes or no with its reason.
 * In: a state and a key. Out: the next state, and what is to be asked of the gateway. Pure; all texts are sanitised.
 */
export interface ReviewItem {
  readonly id: string;
  readonly who: string;
  readonly database: string;
  readonly asks: string;
  readonly risk: string;
  /** `3m ago` */
  readonly age: string;
}

export interface ReviewDetail {
  readonly id: string;
  readonly rows: readonly (readonly [name: string, text: string])[];
  /** What the person did lately; undefined: not for this viewer. */
  readonly recent: readonly string[] | undefined;
  readonly events: readonly string[];
  readonly mayDecide: boolean;
  /** Break-glass that nobody else has looked at. */
  readonly mayReview: boolean;
  readonly kind: 'elevation' | 'statement';
  /** Executions of its shape that wait with it, itself among them. */
  readonly waiting: number;
}

/** What a yes is narrowed to, as typed. */
export interface ReviewTerms {
  readonly duration: string;
  readonly maxRows: string;
  /** Executions of the same shape; empty: this one alone. */
  readonly times: string;
  readonly tryFirst: boolean;
}

export type ReviewMode = 'list' | 'detail' | 'approve' | 'deny' | 'review' | 'duration' | 'rows' | 'times' | 'busy';

export interface ReviewState {
  readonly mode: ReviewMode;
  readonly items: readonly ReviewItem[];
  readonly selected: number;
  readonly detail: ReviewDetail | undefined;
  /** Lines of the detail above the window. */
  readonly scroll: number;
  readonly input: string;
  readonly terms: ReviewTerms;
  /** The last thing that happened. */
  readonly message: string;
  /** Began with one request: there is no list to go back to. */
  readonly single: boolean;
}

export type ReviewKey =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'up' | 'down' | 'enter' | 'escape' | 'backspace' | 'interrupt' };

export type ReviewEffect =
  | { readonly kind: 'open'; readonly id: string }
  | {
      readonly kind: 'approve' | 'deny' | 'review';
      readonly id: string;
      readonly reason: string;
      readonly terms: ReviewTerms;
    }
  | { readonly kind: 'quit' }
  | { readonly kind: 'interrupt' };

export interface Pressed {
  readonly state: ReviewState;
  readonly effect?: ReviewEffect;
}

export const NO_TERMS: ReviewTerms = { duration: '', maxRows: '', times: '', tryFirst: false };
const MAX_INPUT = 2_000;

export function reviewList(items: readonly ReviewItem[], message = ''): ReviewState {
  return {
    mode: 'list',
    items,
    selected: 0,
    detail: undefined,
    scroll: 0,
    input: '',
    terms: NO_TERMS,
    message,
    single: false,
  };
}

export function withDetail(state: ReviewState, detail: ReviewDetail): ReviewState {
  const isSame = state.detail?.id === detail.id;
  return {
    ...state,
    mode: 'detail',
    detail,
    scroll: isSame ? state.scroll : 0,
    terms: isSame ? state.terms : NO_TERMS,
    input: '',
    message: isSame ? state.message : '',
  };
}

/** The list as it is now: what is selected stays so, by its id. */
export function withItems(state: ReviewState, items: readonly ReviewItem[]): ReviewState {
  const id = state.items[state.selected]?.id;
  const at = items.findIndex((item) => item.id === id);
  return { ...state, items, selected: at >= 0 ? at : Math.max(0, Math.min(state.selected, items.length - 1)) };
}

export function press(state: ReviewState, key: ReviewKey): Pressed {
  if (key.kind === 'interrupt') return { state, effect: { kind: 'interrupt' } };
  switch (state.mode) {
    case 'list':
      return pressInList(state, key);
    case 'detail':
      return pressInDetail(state, key);
    case 'approve':
    case 'deny':
    case 'review':
    case 'duration':
    case 'rows':
    case 'times':
      return pressInInput(state, key, state.mode);
    case 'busy':
      return { state };
    default: {
      const never: never = state.mode;
      return never;
    }
  }
}

function pressInList(state: ReviewState, key: ReviewKey): Pressed {
  const last = state.items.length - 1;
  if (key.kind === 'up' || isLetter(key, 'k'))
    return { state: { ...state, selected: Math.max(0, state.selected - 1) } };
  if (key.kind === 'down' || isLetter(key, 'j')) {
    return { state: { ...state, selected: Math.max(0, Math.min(last, state.selected + 1)) } };
  }
  const item = state.items[state.selected];
  if (key.kind === 'enter' && item !== undefined) {
    return { state: { ...state, mode: 'busy' }, effect: { kind: 'open', id: item.id } };
  }
  if (isLetter(key, 'q') || key.kind === 'escape') return { state, effect: { kind: 'quit' } };
  return { state };
}

function pressInDetail(state: ReviewState, key: ReviewKey): Pressed {
  const detail = state.detail!;
  if (key.kind === 'up' || isLetter(key, 'k')) return { state: { ...state, scroll: Math.max(0, state.scroll - 1) } };
  if (key.kind === 'down' || isLetter(key, 'j')) return { state: { ...state, scroll: state.scroll + 1 } };
  if (isLetter(key, 'q')) return { state, effect: { kind: 'quit' } };
  if (key.kind === 'escape') {
    if (state.single) return { state, effect: { kind: 'quit' } };
    return { state: { ...state, mode: 'list', detail: undefined, message: '', terms: NO_TERMS } };
  }
  const ask = (mode: ReviewMode, input = ''): Pressed => ({ state: { ...state, mode, input, message: '' } });
  if (detail.mayReview && isLetter(key, 'v')) return ask('review');
  if (!detail.mayDecide) return { state };
  if (isLetter(key, 'a')) return ask('approve');
  if (isLetter(key, 'd')) return ask('deny');
  if (detail.kind === 'elevation' && isLetter(key, 's')) return ask('duration', state.terms.duration);
  if (detail.kind === 'statement' && isLetter(key, 'm')) return ask('rows', state.terms.maxRows);
  if (detail.kind === 'statement' && isLetter(key, 'n')) {
    return ask('times', state.terms.times || (detail.waiting > 1 ? String(detail.waiting) : ''));
  }
  if (detail.kind === 'statement' && isLetter(key, 't')) {
    return { state: { ...state, terms: { ...state.terms, tryFirst: !state.terms.tryFirst } } };
  }
  return { state };
}

function pressInInput(
  state: ReviewState,
  key: ReviewKey,
  mode: Exclude<ReviewMode, 'list' | 'detail' | 'busy'>,
): Pressed {
  switch (key.kind) {
    case 'escape':
      return { state: { ...state, mode: 'detail', input: '', message: '' } };
    case 'backspace':
      return { state: { ...state, input: [...state.input].slice(0, -1).join('') } };
    case 'text':
      return { state: { ...state, input: `${state.input}${key.text}`.slice(0, MAX_INPUT) } };
    case 'enter':
      break;
    default:
      return { state };
  }
  const input = state.input.trim();
  const back: ReviewState = { ...state, mode: 'detail', input: '', message: '' };
  if (mode === 'duration') return { state: { ...back, terms: { ...state.terms, duration: input } } };
  if (mode === 'rows') return { state: { ...back, terms: { ...state.terms, maxRows: input } } };
  if (mode === 'times') return { state: { ...back, terms: { ...state.terms, times: input } } };
  if (mode === 'deny' && input === '') return { state: { ...state, message: 'say why, for whoever asked' } };
  return {
    state: { ...state, mode: 'busy', message: '' },
    effect: { kind: mode, id: state.detail!.id, reason: input, terms: mode === 'approve' ? state.terms : NO_TERMS },
  };
}

function isLetter(key: ReviewKey, letter: string): boolean {
  return key.kind === 'text' && key.text === letter;
}

/** What the keys do now. */
export function keysText(state: ReviewState): string {
  switch (state.mode) {
    case 'list':
      return state.items.length === 0 ? 'q quits' : 'up, down, Enter opens, q quits';
    case 'detail': {
      const { mayDecide, mayReview, kind } = state.detail!;
      const narrow = kind === 'elevation' ? ['s shorten'] : ['m most rows', 'n how many', 't try first'];
      return [
        ...(mayDecide ? ['a approve', 'd deny', ...narrow] : []),
        ...(mayReview ? ['v reviewed'] : []),
        state.single ? 'q quits' : 'Esc back, q quits',
      ].join(', ');
    }
    case 'busy':
      return 'asking the gateway';
    default:
      return 'Enter sends, Esc goes back';
  }
}
