/** Plays a session on a terminal, at its own pace. */
import { openFullScreen } from '../views/full-screen.tsx';
import { type SizedScreen, screenRows } from '../views/ink-screen.ts';
import { firstReplayState, isOver, pass, pressReplay, type ReplayState } from '../views/replay-state.ts';
import type { CommandContext } from './context.ts';
import type { Film } from './replay-frames.ts';

const TICK_MS = 50;

/** Resolves when it was seen to the end, or left. */
export async function playSession(
  context: CommandContext,
  film: Film,
  options: { readonly speed: number; readonly steps: boolean },
): Promise<void> {
  const [{ ReplayView }, { createElement }] = await Promise.all([import('../views/replay-view.tsx'), import('react')]);
  const screen = context as SizedScreen;
  const { unicode, columns } = context;
  let state: ReplayState = firstReplayState(film, options);
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const view = () => createElement(ReplayView, { state, unicode, columns, rows: screenRows(screen) });
  const drawn = await openFullScreen(screen, view(), (key) => {
    const next = pressReplay(state, key);
    if (next === undefined) return finish();
    state = next;
    drawn.draw(view());
  });
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    state = pass(state, now - last);
    last = now;
    drawn.draw(view());
    // Whoever steps through it may want to go back; a film that was only watched is over.
    if (isOver(state) && !options.steps && !state.isPaused) finish();
  }, TICK_MS);
  const onAbort = (): void => finish();
  context.signal.addEventListener('abort', onAbort, { once: true });
  await finished;
  context.signal.removeEventListener('abort', onAbort);
  clearInterval(timer);
  drawn.close();
}
