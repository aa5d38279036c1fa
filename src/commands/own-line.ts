import type { CommandContext } from './context.ts';

/** Behind Ctrl-C: the terminal has shown `^C` where the cursor was, so what is said next begins on a line of its own. */
export function beginOwnLine({ live, signal, stderr }: Pick<CommandContext, 'live' | 'signal' | 'stderr'>): void {
  if (live && signal.aborted && (signal.reason as Error).message === 'SIGINT') stderr.write('\n');
}
