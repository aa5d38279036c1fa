import type { Key } from 'ink';
import { inkOn, type SizedScreen, screenRows } from './ink-screen.ts';
import { press, type ReviewEffect, type ReviewKey, type ReviewState } from './review-state.ts';

export interface ReviewLive {
  readonly state: ReviewState;
  update(state: ReviewState): void;
  close(): void;
}

/** Draws on stderr and reads keys until closed; only where a person sits at a terminal. */
export async function openReviewView(
  screen: SizedScreen,
  first: ReviewState,
  onEffect: (effect: ReviewEffect) => void,
): Promise<ReviewLive> {
  const draw = await inkOn(screen);
  const { ReviewScreen } = await import('./review-screen.tsx');
  let state = first;
  const onKey = (input: string, key: Key): void => {
    for (const typed of reviewKeys(input, key)) {
      const pressed = press(state, typed);
      state = pressed.state;
      if (pressed.effect !== undefined) onEffect(pressed.effect);
    }
    instance.rerender(view());
  };
  const view = () => (
    <ReviewScreen
      state={state}
      unicode={screen.unicode}
      columns={screen.columns}
      rows={screenRows(screen)}
      onKey={onKey}
    />
  );
  const instance = draw(view(), 30);
  return {
    get state() {
      return state;
    },
    update(next) {
      state = next;
      instance.rerender(view());
    },
    close() {
      instance.unmount();
    },
  };
}

/** What is pasted comes as one text: each of its characters is a key, but line ends, which would send it. */
export function reviewKeys(input: string, key: Partial<Key>): ReviewKey[] {
  if (key.ctrl) return input === 'c' || input === 'd' ? [{ kind: 'interrupt' }] : [];
  if (key.upArrow) return [{ kind: 'up' }];
  if (key.downArrow) return [{ kind: 'down' }];
  // Typed before the terminal was raw, Enter comes as a line feed.
  if (key.return || input === '\n') return [{ kind: 'enter' }];
  if (key.escape) return [{ kind: 'escape' }];
  if (key.backspace || key.delete) return [{ kind: 'backspace' }];
  if (key.meta || key.tab) return [];
  const text = input.replace(/\p{Cc}+/gu, ' ');
  return text === '' ? [] : [{ kind: 'text', text }];
}
