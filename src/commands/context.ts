/**
 * What a command gets handed and what it is. A command never touches `process`: streams, environment, signal and
 * the way to print come in by `CommandContext`, so a test runs the real command in-process.
 *
 * Rules for every command: data goes to `print` (stdout), everything else to `note` (stderr); it throws
 * `DbgateError` and never exits; it asks nothing unless `isTerminal`; text that came from a server passes `sanitise`.
 */
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

export interface CommandContext {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /**
   * The process environment with the global flags laid over it: `--gateway URL` is `DBGATE_GATEWAY`, `--profile` is
   * `DBGATE_PROFILE`, and so on for every row of `config/cli-settings.ts`. Read settings from here only.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--json`: stdout carries JSON only, one object or NDJSON. */
  readonly json: boolean;
  /** stdin and stderr are both a terminal: a person may be asked something. */
  readonly isTerminal: boolean;
  /** stderr may be redrawn (a terminal, not `TERM=dumb`, not CI, not `--json`): ink views may be used. */
  readonly live: boolean;
  /** ANSI colour is welcome on stderr and stdout. */
  readonly color: boolean;
  /** The locale can show more than ASCII. */
  readonly unicode: boolean;
  /** Width to lay text out for; at least 20. */
  readonly columns: number;
  /** Aborted by SIGINT, SIGTERM or SIGHUP; the command cleans up and returns (or throws), main sets the exit code. */
  readonly signal: AbortSignal;
  /**
   * Takes SIGINT, SIGTERM and SIGHUP over (a command that runs a child passes them on): while the handler is there,
   * nothing is aborted. Returns the function that gives them back.
   */
  interceptSignals(handler: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void): () => void;
  /** One result on stdout: `data` as one line of JSON with `--json`, else `text()` and a newline. */
  print(data: unknown, text: () => string): void;
  /** One line for people, on stderr. */
  note(line: string): void;
}

/** Parsed options by commander's camelCase names. */
export type CommandOptions = Readonly<Record<string, unknown>>;

/**
 * One verb, one file `commands/<name>.ts`, exported as `<name>Command`. Its summary and group stand in `registry.ts`,
 * so that `dbgate --help` loads no command file.
 */
export interface CommandDefinition {
  readonly name: string;
  /** Adds arguments, options and longer help to the commander command; no I/O. Global options are added by main. */
  configure(command: Command): void;
  /** Resolves to the exit code; nothing is 0. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing
  run(context: CommandContext, options: CommandOptions, args: readonly string[]): Promise<number | void>;
}
