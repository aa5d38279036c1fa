import type { CommandContext } from '../commands/context.ts';
import { sanitise } from '../commands/sanitise.ts';
import type { TunnelState } from '../commands/tunnel-state.ts';

export interface TunnelLive {
  update(state: TunnelState, said?: string): void;
  close(): void;
}

const shownMessages = 4;

/** Draws the tunnel on stderr until closed; only for `context.live`. */
export async function openTunnelView(context: CommandContext, first: TunnelState): Promise<TunnelLive> {
  // ink's colours know FORCE_COLOR only, and read it when imported.
  if (!context.color) process.env.FORCE_COLOR = '0';
  const [{ render }, { TunnelView }] = await Promise.all([import('ink'), import('./tunnel-view.tsx')]);
  const messages: string[] = [];
  const view = (state: TunnelState) => (
    <TunnelView
      state={{
        ...state,
        database: sanitise(state.database),
        environment: sanitise(state.environment),
        access: sanitise(state.access),
        address: sanitise(state.address),
      }}
      messages={[...messages]}
      unicode={context.unicode}
      columns={context.columns}
    />
  );
  const instance = render(view(first), {
    stdout: context.stderr as NodeJS.WriteStream,
    stderr: context.stderr as NodeJS.WriteStream,
    stdin: context.stdin as NodeJS.ReadStream,
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
