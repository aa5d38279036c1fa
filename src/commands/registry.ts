/**
 * The declared list of commands. Names and summaries are static, a command's file is imported when it is used:
 * `dbgate --help` must cost hardly more than starting node. A new command = its file + one line here + its test.
 */
import type { CommandDefinition } from './context.ts';

export interface RegistryEntry {
  readonly name: string;
  /** One line, lower case, no period. */
  readonly summary: string;
  readonly group: CommandGroup;
  load(): Promise<CommandDefinition>;
}

export type CommandGroup = 'Connect' | 'Account' | 'Record' | 'Server' | 'Hidden';

export const COMMANDS: readonly RegistryEntry[] = [];
