import { CLI_SETTINGS, flagWord } from '../config/cli-settings.ts';
import { COMMANDS } from './registry.ts';
import { buildCommand, EVERY_COMMAND } from './run-command.ts';

/** The commands as data: completions and `docs/cli.md` are made from this. */
export interface TreeCommand {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly description: string;
  readonly usage: string;
  readonly args: readonly TreeArgument[];
  /** Its own first, then those of every command. */
  readonly options: readonly TreeOption[];
}

export interface TreeArgument {
  readonly name: string;
  readonly description: string;
  readonly values: ValueKind;
}

export interface TreeOption {
  readonly flags: string;
  /** `--limit`, `-h`: what can be typed. */
  readonly words: readonly string[];
  readonly description: string;
  readonly default: string | undefined;
  readonly global: boolean;
  /** Of every command or not, this one says itself what it is for: `history --purpose`. */
  readonly own: boolean;
  /** Undefined: it takes no value. */
  readonly values: ValueKind | undefined;
}

/** Where the possible values come from. */
export type ValueKind =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'databases' }
  | { readonly kind: 'files' }
  | { readonly kind: 'command' }
  | { readonly kind: 'any' };

/** Loads every command's file; the hidden ones are left out. */
export async function commandTree(): Promise<TreeCommand[]> {
  const globals = new Set(CLI_SETTINGS.flatMap(({ flag }) => (flag === undefined ? [] : [flagWord(flag)])));
  const tree: TreeCommand[] = [];
  for (const entry of COMMANDS.filter(({ group }) => group !== 'Hidden')) {
    const command = buildCommand(entry, await entry.load());
    const options = command.options
      .filter(({ hidden }) => !hidden)
      .map((option): TreeOption => {
        const words = [option.short, option.long].filter((word) => word !== undefined);
        const takesValue = option.required || option.optional;
        return {
          flags: option.flags,
          words,
          description: option.description,
          default: typeof option.defaultValue === 'string' ? option.defaultValue : undefined,
          global: words.some((word) => globals.has(word)),
          own: option.helpGroupHeading !== EVERY_COMMAND,
          values: takesValue ? valueKind(placeholder(option.flags), option.argChoices) : undefined,
        };
      });
    tree.push({
      name: entry.name,
      summary: entry.summary,
      group: entry.group,
      description: command.description(),
      usage: `${command.name()} ${command.usage()}`,
      args: command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
        values: valueKind(argument.name(), argument.argChoices),
      })),
      options: [...options.filter(({ global }) => !global), ...options.filter(({ global }) => global)],
    });
  }
  return tree;
}

/** `--db <database>` → `database`. */
function placeholder(flags: string): string {
  return /[<[]([^\]>]+)[\]>]/.exec(flags)?.[1]?.replace('...', '') ?? '';
}

function valueKind(name: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return { kind: 'choices', choices };
  if (name === 'database') return { kind: 'databases' };
  if (name === 'command') return { kind: 'command' };
  return ['file', 'path', 'dir'].includes(name) ? { kind: 'files' } : { kind: 'any' };
}

/** Option words whose value is the next word; `--socket[=path]` takes it only behind `=`. */
export function valuedWords(tree: readonly TreeCommand[]): string[] {
  const options = tree
    .flatMap((command) => command.options)
    .filter(({ values, flags }) => values && !flags.includes('['));
  return [...new Set(options.flatMap(({ words }) => words))];
}

/** The options of every command. */
export function globalOptions(tree: readonly TreeCommand[]): readonly TreeOption[] {
  return tree[0]?.options.filter(({ global }) => global) ?? [];
}
