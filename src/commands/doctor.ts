import { ExitCode } from '../errors.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import type { CheckResult } from './doctor-check.ts';
import { sanitise } from './sanitise.ts';

export const doctorCommand: CommandDefinition = {
  name: 'doctor',
  configure(command) {
    command
      .description(
        'Checks everything that a connection needs, one line each, with a canary query through the real path; with --config, what a gateway needs.',
      )
      .option('--config <file>', "check the server's side of this gateway.yaml instead")
      .option('--db <database>', 'which database to send the canary query to; default: the first');
  },
  async run(context, options) {
    const checks: AsyncIterable<CheckResult> =
      typeof options.config === 'string'
        ? (await import('./doctor-gateway.ts')).gatewayConfigChecks(context, options.config)
        : (await import('./doctor-client.ts')).clientChecks(context, options.db as string | undefined);
    const results: CheckResult[] = [];
    for await (const result of checks) {
      results.push(result);
      if (!context.json) context.print(result, () => line(context, result));
      if (context.signal.aborted) break;
    }
    const failed = results.some(({ status }) => status === 'fail');
    if (context.json) context.print({ ok: !failed, checks: results }, () => '');
    return failed ? ExitCode.failure : ExitCode.ok;
  },
};

const COLORS = { ok: 32, warn: 33, fail: 31, skip: 2 } as const;

function line(context: CommandContext, { name, status, detail, fix }: CheckResult): string {
  const word = status.padEnd(4);
  const mark = context.color ? `\u001b[${COLORS[status]}m${word}\u001b[0m` : word;
  const text = `${mark}  ${sanitise(name)}: ${sanitise(detail, { keepLayout: true }).replaceAll('\n', '\n        ')}`;
  return fix === undefined ? text : `${text}\n      fix: ${sanitise(fix)}`;
}
