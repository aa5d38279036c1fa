import type { Key } from 'ink';
import type { ReactNode } from 'react';
import { inkOn, type SizedScreen } from './ink-screen.ts';

export interface FullScreen {
  draw(view: ReactNode): void;
  close(): void;
}

/** What a key is, for views that know no ink. */
export type TypedKey =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind:
        | 'up'
        | 'down'
        | 'left'
        | 'right'
        | 'page-up'
        | 'page-down'
        | 'enter'
        | 'escape'
        | 'backspace'
        | 'interrupt';
    };

/** Draws on stderr and reads keys until closed; only where a person sits at a terminal. */
export async function openFullScreen(
  screen: SizedScreen,
  first: ReactNode,
  onKey: (key: TypedKey) => void,
): Promise<FullScreen> {
  const draw = await inkOn(screen);
  const { KeyScreen } = await import('./key-screen.tsx');
  const pressed = (input: string, key: Key): void => {
    for (const typed of typedKeys(input, key)) onKey(typed);
  };
  const withKeys = (view: ReactNode) => <KeyScreen onKey={pressed}>{view}</KeyScreen>;
  const instance = draw(withKeys(first), 30);
  return {
    draw: (view) => instance.rerender(withKeys(view)),
    close: () => instance.unmount(),
  };
}

/** Keys that come in one read stand in one text: each of its characters is a key. */
export function typedKeys(input: string, key: Partial<Key>): TypedKey[] {
  if (key.ctrl) return input === 'c' || input === 'd' ? [{ kind: 'interrupt' }] : [];
  if (key.upArrow) return [{ kind: 'up' }];
  if (key.downArrow) return [{ kind: 'down' }];
  if (key.leftArrow) return [{ kind: 'left' }];
  if (key.rightArrow) return [{ kind: 'right' }];
  if (key.pageUp) return [{ kind: 'page-up' }];
  if (key.pageDown) return [{ kind: 'page-down' }];
  if (key.return) return [{ kind: 'enter' }];
  if (key.escape) return [{ kind: 'escape' }];
  if (key.backspace || key.delete) return [{ kind: 'backspace' }];
  if (key.meta || key.tab) return [];
  return [...input].filter((text) => !/\p{Cc}/u.test(text)).map((text) => ({ kind: 'text', text }));
}
