import type { Screen } from './tunnel-live.tsx';
import type { WaitState } from './wait-state.ts';

export interface WaitLive {
  update(state: WaitState, said?: string): void;
  close(): void;
}

const shownMessages = 3;
const tickMs = 1000;

/** Draws a waiting request on stderr until closed; only where stderr may be redrawn. Nothing of it stays. */
export async function openWaitView(screen: Screen, first: WaitState): Promise<WaitLive> {
  // ink's colours know FORCE_COLOR only, and read it when imported.
  if (!screen.color) process.env.FORCE_COLOR = '0';
  const [{ render }, { WaitView }] = await Promise.all([import('ink'), import('./wait-view.tsx')]);
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
  const instance = render(view(), {
    stdout: screen.stderr as NodeJS.WriteStream,
    stderr: screen.stderr as NodeJS.WriteStream,
    stdin: screen.stdin as NodeJS.ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 10,
  });
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
