import type { Key } from 'ink';
import { press, type ReviewEffect, type ReviewKey, type ReviewState } from './review-state.ts';
import type { Screen } from './tunnel-live.tsx';

export interface ReviewLive {
  readonly state: ReviewState;
  update(state: ReviewState): void;
  close(): void;
}

const fallbackRows = 24;

/** Draws on stderr and reads keys until closed; only where a person sits at a terminal. */
export async function openReviewView(
  screen: Screen & { readonly stderr: { readonly rows?: number } },
  first: ReviewState,
  onEffect: (effect: ReviewEffect) => void,
): Promise<ReviewLive> {
  // ink's colours know FORCE_COLOR only, and read it when imported.
  if (!screen.color) process.env.FORCE_COLOR = '0';
  const [{ render }, { ReviewScreen }] = await Promise.all([import('ink'), import('./review-screen.tsx')]);
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
      rows={terminalRows(screen)}
      onKey={onKey}
    />
  );
  const instance = render(view(), {
    stdout: screen.stderr as NodeJS.WriteStream,
    stderr: screen.stderr as NodeJS.WriteStream,
    stdin: screen.stdin as NodeJS.ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 30,
  });
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

function terminalRows({ stderr }: { readonly stderr: { readonly rows?: number } }): number {
  return stderr.rows !== undefined && stderr.rows > 0 ? stderr.rows : fallbackRows;
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
