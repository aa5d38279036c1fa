import { inkOn, type Screen } from './ink-screen.ts';
import type { WaitState } from './wait-state.ts';

export interface WaitLive {
  update(state: WaitState, said?: string): void;
  close(): void;
}

const shownMessages = 3;
const tickMs = 1000;

/** Draws a waiting request on stderr until closed; only where stderr may be redrawn. Nothing of it stays. */
export async function openWaitView(screen: Screen, first: WaitState): Promise<WaitLive> {
  const draw = await inkOn(screen);
  const { WaitView } = await import('./wait-view.tsx');
  const messages: string[] = [];
  let state = first;
  const view = () => (
    <WaitView
      state={state}
      messages={[...messages]}
      now={Date.now()}
      unicode={screen.unicode}
      columns={screen.columns}
    />
  );
  const instance = draw(view(), 10);
  const timer = setInterval(() => instance.rerender(view()), tickMs);
  return {
    update(next, said) {
      state = next;
      if (said !== undefined) {
        messages.push(said);
        if (messages.length > shownMessages) messages.shift();
      }
      instance.rerender(view());
    },
    close() {
      clearInterval(timer);
      instance.unmount();
    },
  };
}
