import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { CommandContext } from './context.ts';

/** The wrapped command did not run; carries the exit code that `env`, `timeout` and shells use for it. */
export class ChildNotRunError extends DbgateError {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options: { hint?: string; cause?: unknown }) {
    super(ErrorCode.internal, message, options);
    this.exitCode = exitCode;
  }
}

/**
 * Runs the command with the terminal's own streams and resolves to its exit code, 128 + n after a signal.
 * SIGTERM and SIGHUP are passed on; SIGINT only where no terminal has sent it to the child already.
 */
export async function runChild(
  context: CommandContext,
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const [file, ...args] = command as [string, ...string[]];
  const onTerminal = [context.stdin, context.stdout, context.stderr].some((stream) => stream.isTTY === true);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...context.env, ...variables } });
    const release = context.interceptSignals((signal) => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      // Of a kill that came too late there is an exit, too.
      if (child.pid !== undefined) return;
      release();
      reject(notRun(file, error));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(signal === null ? (code ?? ExitCode.failure) : 128 + constants.signals[signal]);
    });
  });
}

function notRun(file: string, error: NodeJS.ErrnoException): ChildNotRunError {
  if (error.code === 'ENOENT') {
    return new ChildNotRunError(ExitCode.childNotFound, `command not found: ${file}`, {
      hint: 'check its spelling and PATH',
    });
  }
  const exitCode = error.code === 'EACCES' ? ExitCode.childNotExecutable : ExitCode.childSetupFailed;
  return new ChildNotRunError(exitCode, `cannot run ${file}`, { cause: error });
}
