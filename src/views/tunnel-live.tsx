import type { Readable, Writable } from 'node:stream';
import type { TunnelState } from './tunnel-state.ts';

/** Where and how to draw; a command's context is one. */
export interface Screen {
  readonly stdin: Readable;
  readonly stderr: Writable;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly columns: number;
}

export interface TunnelLive {
  update(state: TunnelState, said?: string): void;
  close(): void;
}

const shownMessages = 4;

/** Draws the tunnel on stderr until closed; only where stderr may be redrawn. */
export async function openTunnelView(screen: Screen, first: TunnelState): Promise<TunnelLive> {
  // ink's colours know FORCE_COLOR only, and read it when imported.
  if (!screen.color) process.env.FORCE_COLOR = '0';
  const [{ render }, { TunnelView }] = await Promise.all([import('ink'), import('./tunnel-view.tsx')]);
  const messages: string[] = [];
  const view = (state: TunnelState) => (
    <TunnelView state={state} messages={[...messages]} unicode={screen.unicode} columns={screen.columns} />
  );
  const instance = render(view(first), {
    stdout: screen.stderr as NodeJS.WriteStream,
    stderr: screen.stderr as NodeJS.WriteStream,
    stdin: screen.stdin as NodeJS.ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 10,
  });
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
