// npm run completions: writes the scripts beside this file from the command tree.
import { writeFileSync } from 'node:fs';
import { commandTree } from '../src/commands/command-tree.ts';
import { COMPLETION_FILES, COMPLETION_SHELLS, completionScript } from '../src/commands/completion-scripts.ts';

const tree = await commandTree();
for (const shell of COMPLETION_SHELLS) {
  writeFileSync(new URL(COMPLETION_FILES[shell], import.meta.url), completionScript(shell, tree));
}
