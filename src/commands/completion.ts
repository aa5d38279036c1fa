import { readFile } from 'node:fs/promises';
import { Argument } from 'commander';
import { DbgateError, ErrorCode } from '../errors.ts';
import { COMPLETION_FILES, COMPLETION_SHELLS, type CompletionShell } from './completion-scripts.ts';
import type { CommandDefinition } from './context.ts';

export const completionCommand: CommandDefinition = {
  name: 'completion',
  configure(command) {
    command
      .description('Prints the completion script of a shell.')
      .addArgument(new Argument('<shell>', 'which shell').choices(COMPLETION_SHELLS))
      .addHelpText(
        'after',
        `
Install:
  bash  dbgate completion bash > ~/.local/share/bash-completion/completions/dbgate
  zsh   dbgate completion zsh > "\${fpath[1]}/_dbgate"
  fish  dbgate completion fish > ~/.config/fish/completions/dbgate.fish
  pwsh  dbgate completion pwsh | Out-String | Invoke-Expression     in $PROFILE`,
      );
  },
  async run(context, _options, [shell]) {
    const name = COMPLETION_FILES[shell as CompletionShell];
    const script = await readShipped(name);
    context.print({ shell, script }, () => script.trimEnd());
  },
};

/** From dist/ and from src/commands/ alike. */
async function readShipped(name: string): Promise<string> {
  for (const up of ['../completions/', '../../completions/']) {
    const text = await readFile(new URL(up + name, import.meta.url), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new DbgateError(ErrorCode.internal, `completions/${name} is missing from this installation`, {
    hint: 'install dbgate again',
  });
}
