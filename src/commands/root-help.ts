import { CLI_SETTINGS } from '../config/cli-settings.ts';
import { COMMANDS, type CommandGroup } from './registry.ts';

/**
 * `dbgate --help`, written from the registry and the settings table alone: no command file and no commander is
 * loaded for it.
 */
export function rootHelp(columns: number): string {
  const lines = ['Usage: dbgate <command> [options]', ''];
  const groups = new Map<CommandGroup, [string, string][]>();
  for (const { group, name, summary } of COMMANDS) {
    if (group === 'Hidden') continue;
    groups.set(group, [...(groups.get(group) ?? []), [name, summary]]);
  }
  const settings: [string, string][] = CLI_SETTINGS.flatMap(({ flag, env, description }) =>
    flag === undefined ? [] : [[flag, env === undefined ? description : `${description} (${env})`]],
  );
  settings.push(['--version', 'the version of dbgate'], ['-h, --help', 'help for dbgate or one command']);
  const width = Math.max(...[...groups.values()].flat().map(([name]) => name.length));
  for (const [group, rows] of groups)
    lines.push(`${group}:`, ...rows.flatMap((row) => layOut(row, width, columns)), '');
  lines.push('Options for every command:', ...settings.flatMap((row) => layOut(row, 20, columns)), '');
  lines.push(...wrap('More: dbgate <command> --help, docs/cli.md', columns));
  return lines.join('\n');
}

/** `  name  text`, the text wrapped under itself; below the name where the terminal is narrow. */
function layOut([name, text]: [string, string], nameWidth: number, columns: number): string[] {
  const beside = columns - nameWidth - 4 >= 24;
  const indent = ' '.repeat(beside ? nameWidth + 4 : 6);
  const wrapped = wrap(text, columns - indent.length);
  if (!beside) return [`  ${name}`, ...wrapped.map((line) => indent + line)];
  return wrapped.map((line, i) => (i === 0 ? `  ${name.padEnd(nameWidth)}  ${line}` : indent + line));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
