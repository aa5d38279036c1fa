import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WitnessSettings } from '../../config/audit-settings.ts';
import type { Witness } from './witness.ts';

const TIMEOUT_MS = 30_000;

/**
 * Commits checkpoints into a git repository and pushes them. The file is `<origin>/checkpoint` in the work tree; only
 * it is committed. The system's git, no shell, and nothing is asked.
 */
export function openGitWitness({ directory, remote }: WitnessSettings & { kind: 'git' }): Witness {
  let pushed: string | undefined;
  return {
    async push(checkpoint) {
      const path = `${checkpoint.origin.replace(/[^A-Za-z0-9._/-]/g, '_').replace(/(^|\/)\.+/g, '$1_')}/checkpoint`;
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), checkpoint.text);
      await git(directory, ['add', '--', path]);
      const changed = await git(directory, ['status', '--porcelain', '--', path]);
      if (changed !== '') {
        const who = ['-c', 'user.name=dbgate', '-c', 'user.email=dbgate@localhost'];
        const message = `${checkpoint.origin}: ${checkpoint.size} records`;
        await git(directory, [...who, 'commit', '--quiet', '-m', message, '--', path]);
      }
      if (remote !== undefined && (changed !== '' || pushed !== checkpoint.text)) {
        await git(directory, ['push', '--quiet', '--', remote, 'HEAD']);
      }
      pushed = checkpoint.text;
      return [];
    },
  };
}

function git(directory: string, args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? 'ssh -oBatchMode=yes',
  };
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      ['-C', directory, ...args],
      { env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        // Of git's words the last says what is wrong; a URL in them may hold a password.
        else reject(new Error(`git ${args.find((arg) => /^[a-z]+$/.test(arg))}: ${lastLine(stderr) || error.message}`));
      },
    );
  });
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').replace(/\/\/[^/@\s]*@/g, '//***@').slice(0, 300);
}
