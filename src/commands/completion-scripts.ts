/**
 * The completion scripts, made from the command tree by `npm run completions` and kept in `completions/`.
 * They are static text; the only thing they run is `dbgate __complete databases`, and what that prints is data:
 * no eval, no word list that a shell would expand.
 */

import type { TreeCommand } from './command-tree.ts';
import { bashScript } from './completion-bash.ts';
import { fishScript } from './completion-fish.ts';
import { pwshScript } from './completion-pwsh.ts';
import { zshScript } from './completion-zsh.ts';

export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;
export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

export const COMPLETION_FILES: Readonly<Record<CompletionShell, string>> = {
  bash: 'dbgate.bash',
  zsh: '_dbgate',
  fish: 'dbgate.fish',
  pwsh: 'dbgate.ps1',
};

export function completionScript(shell: CompletionShell, tree: readonly TreeCommand[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      return zshScript(tree);
    case 'fish':
      return fishScript(tree);
    case 'pwsh':
      return pwshScript(tree);
    default:
      return shell satisfies never;
  }
}
