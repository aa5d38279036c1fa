/**
 * The entry: finds the command, runs it, maps what it throws to an exit code. The only file that reads `process`
 * for the CLI and the only one that exits. It imports nothing heavy: `dbgate --help` costs hardly more than node.
 */
import { isatty } from 'node:tty';
import {
  createContext,
  type HostProcess,
  RunControl,
  signalExitCode,
  terminalColumns,
} from './commands/process-context.ts';
import { COMMANDS, type RegistryEntry } from './commands/registry.ts';
import { errorLines, errorObject, exitCodeFor } from './commands/report-error.ts';
import { rootHelp } from './commands/root-help.ts';
import { CLI_SETTINGS, flagWord, takesValue } from './config/cli-settings.ts';
import { DbgateError, ErrorCode, ExitCode } from './errors.ts';

async function main(argv: readonly string[]): Promise<number> {
  const control = new RunControl();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!control.onSignal(signal)) process.exit(signalExitCode(signal));
    });
  }
  process.stdout.on('error', (error) => control.onStdoutError(error));
  // Nothing can be said to anybody on a broken stderr; the work goes on.
  process.stderr.on('error', () => {});

  let exitCode: number;
  try {
    exitCode = await dispatch(argv, control);
  } catch (error) {
    exitCode = exitCodeFor(error);
    // Ctrl-C and a reader that has gone need no explanation; a program that asked for JSON gets its object.
    const quiet = control.brokenPipe || (control.endedBy !== undefined && !wantsJson(argv));
    if (!quiet) reportFailure(error, argv);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  if (control.endedBy !== undefined) return signalExitCode(control.endedBy);
  if (control.outputError !== undefined) {
    process.stderr.write(`error: cannot write to stdout\ncause: ${control.outputError.message}\n`);
    return ExitCode.failure;
  }
  return control.brokenPipe ? ExitCode.readerGone : exitCode;
}

async function dispatch(argv: readonly string[], control: RunControl): Promise<number> {
  const { name, rest } = splitCommandLine(argv);
  const columns = terminalColumns(process.env, process.stdout.columns);
  if (name === undefined || (name === 'help' && firstWord(rest) === undefined)) {
    if (rest.includes('--version') || rest.includes('-V')) {
      const { VERSION } = await import('./config/version.ts');
      process.stdout.write(rest.includes('--json') ? `${JSON.stringify({ version: VERSION })}\n` : `${VERSION}\n`);
      return ExitCode.ok;
    }
    const unknown = rest.find(
      (word) => word.startsWith('-') && !isGlobalWord(word) && !['-h', '--help'].includes(word),
    );
    if (unknown !== undefined && name === undefined) {
      throw new DbgateError(ErrorCode.usage, `unknown option '${unknown}'`, { hint: 'dbgate --help' });
    }
    process.stdout.write(`${rootHelp(columns)}\n`);
    return ExitCode.ok;
  }
  const wanted = name === 'help' ? firstWord(rest)! : name;
  const entry = COMMANDS.find((candidate) => candidate.name === wanted);
  if (entry === undefined) throw await unknownCommand(wanted);
  return runEntry(entry, name === 'help' ? ['--help'] : rest, columns, control);
}

async function runEntry(
  entry: RegistryEntry,
  argv: readonly string[],
  columns: number,
  control: RunControl,
): Promise<number> {
  const [definition, { buildCommand, parseCommandLine }] = await Promise.all([
    entry.load(),
    import('./commands/run-command.ts'),
  ]);
  const parsed = parseCommandLine(buildCommand(entry, definition), argv, columns);
  if (parsed.kind === 'help') {
    process.stdout.write(`${parsed.text}\n`);
    return ExitCode.ok;
  }
  const context = createContext(hostProcess(), parsed.options, control);
  return (await definition.run(context, parsed.options, parsed.args)) ?? ExitCode.ok;
}

function hostProcess(): HostProcess {
  let isOpen = false;
  return {
    get stdin() {
      if (!isOpen) process.stdin.on('error', () => {});
      isOpen = true;
      return process.stdin;
    },
    stdinIsTerminal: isatty(0),
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    platform: process.platform,
  };
}

/** The verb is the first word that is neither an option nor a global option's value; what stood before goes behind. */
function splitCommandLine(argv: readonly string[]): { name: string | undefined; rest: readonly string[] } {
  const valued = new Set(CLI_SETTINGS.flatMap(({ flag }) => (flag && takesValue(flag) ? [flagWord(flag)] : [])));
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') break;
    if (valued.has(word)) i++;
    else if (!word.startsWith('-')) return { name: word, rest: [...argv.slice(0, i), ...argv.slice(i + 1)] };
  }
  return { name: undefined, rest: argv };
}

function firstWord(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith('-'));
}

function isGlobalWord(word: string): boolean {
  return CLI_SETTINGS.some(
    ({ flag }) => flag !== undefined && (flagWord(flag) === word || word.startsWith(`${flagWord(flag)}=`)),
  );
}

async function unknownCommand(name: string): Promise<DbgateError> {
  const { nearest } = await import('./config/nearest.ts');
  const near = nearest(
    name,
    COMMANDS.filter(({ group }) => group !== 'Hidden').map((entry) => entry.name),
  );
  return new DbgateError(ErrorCode.usage, `unknown command '${name}'`, {
    hint: near === undefined ? 'dbgate --help' : `did you mean "dbgate ${near}"?`,
  });
}

function reportFailure(error: unknown, argv: readonly string[]): void {
  if (wantsJson(argv)) process.stdout.write(`${JSON.stringify(errorObject(error))}\n`);
  else process.stderr.write(`${errorLines(error, Boolean(process.env.DBGATE_DEBUG)).join('\n')}\n`);
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Resolves once everything written so far has left, or cannot. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
}

// Not by exitCode alone: a keep-alive connection must not hold the shell's prompt back.
process.exit(await main(process.argv.slice(2)));
