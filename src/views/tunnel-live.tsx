import { inkOn, type Screen } from './ink-screen.ts';
import type { TunnelState } from './tunnel-state.ts';

export interface TunnelLive {
  update(state: TunnelState, said?: string): void;
  close(): void;
}

const shownMessages = 4;

/** Draws the tunnel on stderr until closed; only where stderr may be redrawn. */
export async function openTunnelView(screen: Screen, first: TunnelState): Promise<TunnelLive> {
  const draw = await inkOn(screen);
  const { TunnelView } = await import('./tunnel-view.tsx');
  const messages: string[] = [];
  const view = (state: TunnelState) => (
    <TunnelView state={state} messages={[...messages]} unicode={screen.unicode} columns={screen.columns} />
  );
  const instance = draw(view(first), 10);
  return {
    update(state, said) {
      if (said !== undefined) {
        messages.push(said);
        if (messages.length > shownMessages) messages.shift();
      }
      instance.rerender(view(state));
    },
    close() {
      instance.unmount();
    },
  };
}
