import { constants } from 'node:os';
import { layFlagsOverEnv } from '../config/cli-settings.ts';
import type { CommandContext, CommandOptions } from './context.ts';

/** What of `process` a run needs; a test hands in its own. */
export interface HostProcess {
  /** Node opens it when it is asked for, which loads its file streams: for those who read it. */
  readonly stdin: CommandContext['stdin'];
  readonly stdinIsTerminal: boolean;
  readonly stdout: CommandContext['stdout'] & { readonly columns?: number };
  readonly stderr: CommandContext['stderr'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
}

/** Makes the context of one run: what kind of terminal this is, how to print, and when to stop. */
export function createContext(host: HostProcess, options: CommandOptions, run: RunControl): CommandContext {
  const env = layFlagsOverEnv(host.env, options);
  const json = options.json === true;
  const dumb = env.TERM === 'dumb';
  return {
    get stdin() {
      return host.stdin;
    },
    stdout: host.stdout,
    stderr: host.stderr,
    env,
    json,
    isTerminal: host.stdinIsTerminal && host.stderr.isTTY === true,
    live: host.stderr.isTTY === true && !dumb && !json && !env.CI,
    color: !env.NO_COLOR && !dumb && host.stderr.isTTY === true && host.stdout.isTTY === true,
    unicode: speaksUnicode(env, host.platform),
    columns: terminalColumns(env, host.stdout.columns),
    signal: run.signal,
    interceptSignals: (handler) => run.interceptSignals(handler),
    print: (data, text) => {
      host.stdout.write(`${json ? JSON.stringify(data) : text()}\n`);
    },
    note: (line) => {
      host.stderr.write(`${line}\n`);
    },
  };
}

export function terminalColumns(
  env: Readonly<Record<string, string | undefined>>,
  detected: number | undefined,
): number {
  const given = Number(env.COLUMNS);
  // A pseudo-terminal nobody has sized says 0.
  const columns = Number.isInteger(given) && given > 0 ? given : detected || 80;
  return Math.max(20, columns);
}

/** POSIX order: LC_ALL, LC_CTYPE, LANG; the first that is set and not empty decides. */
function speaksUnicode(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  if (platform === 'win32') return true;
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

export type TerminationSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/**
 * Why a run must stop early. The first signal aborts it so that it can clean up, a second one ends the process;
 * a command that runs a child takes the signals over.
 */
export class RunControl {
  readonly #abort = new AbortController();
  #handler: ((signal: TerminationSignal) => void) | undefined;
  /** The signal that ended the run. */
  endedBy: TerminationSignal | undefined;
  /** Whoever read stdout has gone. */
  brokenPipe = false;
  /** stdout could not be written for another reason, e.g. a full disk. */
  outputError: Error | undefined;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  interceptSignals(handler: (signal: TerminationSignal) => void): () => void {
    this.#handler = handler;
    return () => {
      if (this.#handler === handler) this.#handler = undefined;
    };
  }

  /** Returns false when the process should end at once. */
  onSignal(signal: TerminationSignal): boolean {
    if (this.#handler !== undefined) {
      this.#handler(signal);
      return true;
    }
    if (this.endedBy !== undefined) return false;
    this.endedBy = signal;
    this.#abort.abort(new Error(signal));
    return true;
  }

  onStdoutError(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') this.brokenPipe = true;
    else this.outputError ??= error;
    this.#abort.abort(error);
  }
}

export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
