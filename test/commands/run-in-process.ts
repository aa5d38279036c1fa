import type { CommandDefinition } from '../../src/commands/context.ts';
import { errorLines, exitCodeFor } from '../../src/commands/report-error.ts';
import { buildCommand, parseCommandLine } from '../../src/commands/run-command.ts';
import { testContext } from '../login/command-context.ts';

export interface InProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command on streams in memory, with what it throws told as main would. */
export async function runInProcess(
  definition: CommandDefinition,
  argv: readonly string[],
  { stdin, env = {} }: { stdin?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<InProcessResult> {
  const command = buildCommand({ name: definition.name, summary: definition.name }, definition);
  let json = false;
  let streams = testContext(env);
  try {
    const parsed = parseCommandLine(command, argv, 80);
    if (parsed.kind === 'help') return { code: 0, stdout: parsed.text, stderr: '' };
    json = parsed.options.json === true;
    const context = testContext(env, { json });
    streams = context;
    (context.stdin as unknown as NodeJS.WritableStream).end(stdin ?? '');
    const code = (await definition.run(context, parsed.options, parsed.args)) ?? 0;
    return { code, stdout: context.out(), stderr: context.err() };
  } catch (error) {
    return {
      code: exitCodeFor(error),
      stdout: streams.out(),
      stderr: `${streams.err()}${errorLines(error, false).join('\n')}`,
    };
  }
}
