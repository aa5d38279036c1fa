import type { CommandContext } from './context.ts';

const BAR_WIDTH = 30;

/** On stderr, where a terminal can be redrawn; nothing elsewhere. */
export function progressBar(context: CommandContext): { show(done: number, total: number): void; end(): void } {
  let last = '';
  return {
    show(done, total) {
      if (!context.live || total === 0) return;
      const share = Math.min(1, done / total);
      const full = Math.round(share * BAR_WIDTH);
      const [on, off] = context.unicode ? ['█', '░'] : ['#', '.'];
      const text = `\r${on.repeat(full)}${off.repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)}%`;
      if (text !== last) context.stderr.write(text);
      last = text;
    },
    end() {
      if (last !== '') context.stderr.write('\n');
      last = '';
    },
  };
}
