import type { CommandDefinition } from './context.ts';
import { knownDatabaseNames } from './database-names.ts';

/** What the generated completion scripts call. Reads a cache file; asks no server, runs nothing, says nothing else. */
export const completeCommand: CommandDefinition = {
  name: '__complete',
  configure(command) {
    command.argument('<what>', 'databases');
  },
  async run(context, _options, [what]) {
    if (what !== 'databases') return;
    // Names that a shell could take for something else are not offered, whatever a server called its databases.
    const names = (await knownDatabaseNames(context.env)).filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name));
    if (names.length > 0) context.stdout.write(`${names.join('\n')}\n`);
  },
};
