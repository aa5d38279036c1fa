/** The request commands, in this process, against a rig's gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancelCommand } from '../../src/commands/cancel.ts';
import type { CommandDefinition } from '../../src/commands/context.ts';
import { lsCommand } from '../../src/commands/ls.ts';
import { errorLines, errorObject, exitCodeFor } from '../../src/commands/report-error.ts';
import { requestCommand } from '../../src/commands/request.ts';
import { requestsCommand } from '../../src/commands/requests.ts';
import { reviewCommand } from '../../src/commands/review.ts';
import { revokeCommand } from '../../src/commands/revoke.ts';
import { buildCommand, parseCommandLine } from '../../src/commands/run-command.ts';
import { waitCommand } from '../../src/commands/wait.ts';
import type { Rig } from '../gateway/gateway-rig.ts';
import { type TestContext, testContext } from '../login/command-context.ts';

const COMMANDS: Readonly<Record<string, CommandDefinition>> = {
  request: requestCommand,
  wait: waitCommand,
  requests: requestsCommand,
  cancel: cancelCommand,
  review: reviewCommand,
  revoke: revokeCommand,
  ls: lsCommand,
};

export interface RunningCommand {
  readonly context: TestContext;
  readonly result: Promise<{ code: number; stdout: string; stderr: string }>;
}

export interface Commands {
  /** As somebody of these groups; `argv` as typed behind `dbgate`. */
  start(who: string, argv: readonly string[], env?: Record<string, string>): Promise<RunningCommand>;
  run(who: string, argv: readonly string[], env?: Record<string, string>): RunningCommand['result'];
  close(): void;
}

/** `who` is `name` of developers, or `name:group,group`. */
export function commandsOf(rig: Rig): Commands {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-requests-'));
  const start: Commands['start'] = async (who, [name, ...argv], env = {}) => {
    const [person, groups = 'developers'] = who.split(':');
    writeFileSync(join(dir, 'ca.pem'), rig.certificates.ca);
    const definition = COMMANDS[name!]!;
    const command = buildCommand({ name: definition.name, summary: definition.name }, definition);
    const json = argv.includes('--json');
    const columns = Number(env.COLUMNS ?? 80);
    const context = Object.assign(
      testContext(
        {
          DBGATE_GATEWAY: rig.settings.publicUrl,
          DBGATE_CA_FILE: join(dir, 'ca.pem'),
          DBGATE_TOKEN: await rig.tokenOf(person!, groups.split(',').filter(Boolean)),
          DBGATE_CONFIG_DIR: join(dir, 'config'),
          ...env,
        },
        { json },
      ),
      { columns },
    );
    return { context, result: finish(command, definition, argv, context) };
  };
  return {
    start,
    run: async (...args) => (await start(...args)).result,
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** What main makes of it. */
async function finish(
  command: ReturnType<typeof buildCommand>,
  definition: CommandDefinition,
  argv: readonly string[],
  context: TestContext,
): RunningCommand['result'] {
  let code: number;
  try {
    const parsed = parseCommandLine(command, argv, 80);
    if (parsed.kind === 'help') return { code: 0, stdout: parsed.text, stderr: '' };
    code = (await definition.run(context, parsed.options, parsed.args)) ?? 0;
  } catch (error) {
    code = exitCodeFor(error);
    if (context.json) context.print(errorObject(error), () => '');
    else context.note(errorLines(error, false).join('\n'));
  }
  await new Promise((resolve) => setImmediate(resolve));
  return { code, stdout: context.out(), stderr: context.err() };
}
