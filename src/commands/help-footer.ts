import type { Command } from 'commander';

/** A paragraph, or a name and what is said of it. */
export type FooterLine = string | readonly [name: string, text: string];

/** What stands under a command's options, folded as the rest of its help is. */
export function addFooter(command: Command, lines: readonly FooterLine[]): Command {
  return command.addHelpText('after', ({ command: built }) => {
    const help = built.createHelp();
    const columns = built.configureOutput().getOutHelpWidth?.() ?? 80;
    help.prepareContext({ helpWidth: columns });
    const names = lines.map((line) => (typeof line === 'string' ? 0 : help.displayWidth(line[0])));
    const width = Math.max(...names);
    const folded = lines.map((line) =>
      typeof line === 'string' ? help.boxWrap(line, columns) : help.formatItem(line[0], width, line[1], help),
    );
    return `\n${folded.join('\n')}`;
  });
}
