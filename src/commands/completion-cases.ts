/** The parts of a completion script that bash and zsh write alike: `case` on the word before, and on the position. */
import type { TreeCommand, TreeOption, ValueKind } from './command-tree.ts';

export interface ShellCases {
  /** For each option that takes a value. */
  optionCases(options: readonly TreeOption[], indent: string): string;
  /** `offersOptions`: the lines that offer the command's options where the word begins with a dash. */
  commandCase(command: TreeCommand, offersOptions: string): string;
}

/** `offer`: the command that offers such values; empty: there is nothing to offer. */
export function shellCases(offer: (values: ValueKind) => string): ShellCases {
  const optionCases = (options: readonly TreeOption[], indent: string): string =>
    options
      .filter(({ values }) => values !== undefined)
      .map(({ words, values }) => `${indent}${words.join('|')}) ${offer(values!) || ':'}; return ;;`)
      .join('\n');
  return {
    optionCases,
    commandCase(command, offersOptions) {
      const positions = command.args
        .map(({ values }, i) => ({ i, offer: offer(values) }))
        .filter(({ offer: text }) => text !== '')
        .map(({ i, offer: text }) => `        ${i}) ${text} ;;`);
      return `    ${command.name})
      case $previous in
${optionCases(command.options, '        ')}
      esac
${offersOptions}${positions.length === 0 ? '' : `\n      case $position in\n${positions.join('\n')}\n      esac`}
      ;;`;
    },
  };
}
