import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `bin/dbgate.js` of this installation: above src/demo and above dist alike. */
export function launcherPath(): string {
  for (let dir = import.meta.dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'bin', 'dbgate.js');
    if (existsSync(file)) return file;
    if (dir === path.dirname(dir)) throw new DbgateError(ErrorCode.internal, 'bin/dbgate.js is missing');
  }
}

/** The environment for a dbgate that knows nothing of the user's own logins, psql settings and PG* variables. */
export function cliEnvironment(dir: string, caFile: string): Record<string, string | undefined> {
  const foreign = /^(DBGATE_|PG|PSQL|HOME$|XDG_|CI$|FORCE_COLOR$)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    HOME: path.join(dir, 'home'),
    DBGATE_CONFIG_DIR: path.join(dir, 'cli'),
    DBGATE_CA_FILE: caFile,
    NO_COLOR: '1',
  };
}

export interface CliOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Sees each chunk of stderr with all that came before. */
  onStderr?(soFar: string): void;
}

/** Runs the real CLI as a user's shell would, without a terminal. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcherPath(), ...args], {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
        if (name === 'stderr') options.onStderr?.(output.stderr);
      });
    }
    // SIGTERM first: the CLI passes it on to its own child.
    const stop = () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 3000).unref();
    };
    const timer = setTimeout(stop, options.timeoutMs);
    options.signal.addEventListener('abort', stop, { once: true });
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', stop);
      resolve({ exitCode, ...output });
    });
  });
}
