/** A recorded session while it is played: what keys and time do to it. Pure: the passing of time is handed in. */
import type { HistoryKey } from './history-state.ts';

/** Sanitised. */
export interface ReplayFrame {
  readonly atMs: number;
  readonly kind: 'sent' | 'answered';
  readonly lines: readonly string[];
}

export interface ReplayState {
  readonly title: string;
  readonly frames: readonly ReplayFrame[];
  /** Frames that were shown. */
  readonly shown: number;
  /** In the session's own time, milliseconds. */
  readonly clockMs: number;
  readonly speed: number;
  readonly isPaused: boolean;
  /** Each frame waits for a key. */
  readonly steps: boolean;
}

export type ReplayKey = HistoryKey | { readonly kind: 'left' | 'right' };

const FASTEST = 64;
const SLOWEST = 1 / 8;

export function firstReplayState(
  film: Pick<ReplayState, 'title' | 'frames'>,
  { speed, steps }: { speed: number; steps: boolean },
): ReplayState {
  return { ...film, shown: 0, clockMs: 0, speed, isPaused: steps, steps };
}

export function isOver({ shown, frames }: ReplayState): boolean {
  return shown >= frames.length;
}

/** Real time passes. */
export function pass(state: ReplayState, realMs: number): ReplayState {
  if (state.isPaused || isOver(state)) return state;
  const clockMs = state.clockMs + realMs * state.speed;
  let { shown } = state;
  while (shown < state.frames.length && state.frames[shown]!.atMs <= clockMs) shown++;
  return { ...state, shown, clockMs };
}

/** Undefined: whoever watches has seen enough. */
export function pressReplay(state: ReplayState, key: ReplayKey): ReplayState | undefined {
  switch (key.kind) {
    case 'interrupt':
      return undefined;
    case 'right':
    case 'down':
    case 'enter':
      return forward(state);
    case 'left':
    case 'up':
      return back(state);
    case 'text':
      if (key.text === 'q') return undefined;
      if (key.text === ' ') return state.steps ? forward(state) : { ...state, isPaused: !state.isPaused };
      if (key.text === '+') return { ...state, speed: Math.min(FASTEST, state.speed * 2) };
      if (key.text === '-') return { ...state, speed: Math.max(SLOWEST, state.speed / 2) };
      return state;
    default:
      return state;
  }
}

/** To the next statement, shown with what answers before the one behind it. */
function forward(state: ReplayState): ReplayState {
  if (isOver(state)) return state;
  let shown = state.shown + 1;
  while (shown < state.frames.length && state.frames[shown]!.kind === 'answered') shown++;
  return at(state, shown);
}

function back(state: ReplayState): ReplayState {
  let shown = Math.max(0, state.shown - 1);
  while (shown > 0 && state.frames[shown]!.kind === 'answered') shown--;
  return at(state, shown);
}

function at(state: ReplayState, shown: number): ReplayState {
  return { ...state, shown, clockMs: shown === 0 ? 0 : state.frames[shown - 1]!.atMs };
}

export function replayStatus(state: ReplayState): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const end = state.frames.at(-1)?.atMs ?? 0;
  const how = isOver(state) ? 'end' : state.isPaused ? 'paused' : `×${state.speed}`;
  return `${seconds(Math.min(state.clockMs, end))} of ${seconds(end)} s  ${how}`;
}
