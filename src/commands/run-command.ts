import { Command, CommanderError, Option } from 'commander';
import { CLI_SETTINGS, optionName } from '../config/cli-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandDefinition, CommandOptions } from './context.ts';
import { helpLayout } from './help-layout.ts';
import type { RegistryEntry } from './registry.ts';

export const EVERY_COMMAND = 'Options for every command:';

/** The commander command of one verb, with the global options; `completions/` and `docs/cli.md` are made from it too. */
export function buildCommand(entry: Pick<RegistryEntry, 'name' | 'summary'>, definition: CommandDefinition): Command {
  const command = new Command(`dbgate ${entry.name}`);
  command.summary(entry.summary).description(`${entry.summary[0]!.toUpperCase()}${entry.summary.slice(1)}.`);
  definition.configure(command);
  for (const { flag, env, description } of CLI_SETTINGS) {
    if (flag === undefined || command.options.some((option) => option.attributeName() === optionName(flag))) continue;
    command.addOption(
      new Option(flag, env === undefined ? description : `${description} (${env})`).helpGroup(EVERY_COMMAND),
    );
  }
  return command
    .addHelpOption(new Option('-h, --help', 'this help').helpGroup(EVERY_COMMAND))
    .allowExcessArguments(false);
}

/** What a command line asks for: help text to print, or a run with options and arguments. */
export type ParsedCommand =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'run'; readonly options: CommandOptions; readonly args: readonly string[] };

/** Throws `DbgateError` `usage` for anything commander refuses. */
export function parseCommandLine(command: Command, argv: readonly string[], columns: number): ParsedCommand {
  let text = '';
  command
    .exitOverride()
    .configureHelp(helpLayout(columns))
    .configureOutput({
      writeOut: (chunk) => {
        text += chunk;
      },
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  try {
    command.action(() => {});
    command.parse(bindOptionalValues(command, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'help', text: text.trimEnd() };
    throw new DbgateError(
      ErrorCode.usage,
      error.message
        .replace(/^error: /, '')
        .replace(/\s*\n/g, ' ')
        .replace(/\.$/, ''),
      {
        hint: `${command.name()} --help`,
      },
    );
  }
  const empty = command.registeredArguments.find(({ required }, i) => required && command.args[i] === '');
  // A variable of a script that is not set: it would be a part of an address.
  if (empty !== undefined) {
    throw new DbgateError(ErrorCode.usage, `argument '${empty.name()}' is empty`, { hint: `${command.name()} --help` });
  }
  return { kind: 'run', options: command.opts(), args: command.args };
}

/** As getopt_long: the value of `--socket[=path]` stands behind `=` only, a next word is an argument. */
function bindOptionalValues(command: Command, argv: readonly string[]): string[] {
  const optional = new Set(command.options.filter((option) => option.optional).map((option) => option.long));
  const end = argv.indexOf('--');
  return argv.map((word, i) => (optional.has(word) && (end === -1 || i < end) ? `${word}=` : word));
}
