import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import { durationText } from '../views/time-text.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { checkReason, parseAccess, parseDuration, parseTables } from './request-access.ts';
import { type RequestLine, requestAnswer } from './request-answers.ts';
import { decidersText, outcomeText, statusExitCode } from './request-text.ts';
import { sanitise } from './sanitise.ts';

/** As options that may be given more than once. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export const requestCommand: CommandDefinition = {
  name: 'request',
  configure(command) {
    command
      .description('Asks for more than you may, for a while: somebody else says yes or no.')
      .argument('<database>', 'name as "dbgate ls" shows it')
      .requiredOption(
        '--access <what>',
        'read, write, ddl, admin or unmask[=class,...]; repeatable, or with commas: write,unmask=email',
        collect,
      )
      .requiredOption('--reason <text>', 'why, for whoever decides')
      .option('--for <duration>', 'for how long, from the approval on', '1h')
      .option('--tables <list>', 'only for these tables, with commas between; default: all', collect)
      .option('--purpose <text>', 'what it is for, as it is recorded')
      .option('--wait', 'wait for the decision')
      .option('--timeout <duration>', 'with --wait: for at most so long')
      .option('--break-glass', 'take it now, where policy lets you: it is told to everybody and reviewed afterwards');
    addFooter(command, [
      'Prints the number of the request. Exits with 0 if it is approved, 6 if it is denied, 7 if it expired or was cancelled, 8 if nobody has decided yet, 124 if --timeout was over before, 5 if nobody may ask for that.',
    ]);
  },
  async run(context, options, [database]) {
    if (options.timeout !== undefined && options.wait !== true) {
      throw new DbgateError(ErrorCode.usage, '--timeout is for --wait');
    }
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout as string, '--timeout');
    const ask = askOf(database!, options);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const path = '/v1/requests';
      const made = readAnswer(requestAnswer, await client.request('POST', path, ask), `POST ${path}`);
      if (options.wait !== true) {
        context.print(made, () => made.id);
        return say(context, made);
      }
      if (!context.json) context.print(made, () => made.id);
      const { waitUntilDecided } = await import('./request-wait.ts');
      return await waitUntilDecided(context, client, made.id, made, timeoutMs);
    } finally {
      await client.close();
    }
  },
};

function askOf(database: string, options: CommandOptions): object {
  const { access, unmask } = parseAccess(options.access as string[]);
  return {
    database,
    access,
    unmask,
    tables: options.tables === undefined ? undefined : parseTables(options.tables as string[]),
    duration_ms: parseDuration(options.for as string, '--for'),
    reason: checkReason(options.reason as string),
    purpose: options.purpose,
    break_glass: options.breakGlass === true,
  };
}

function say(context: CommandContext, request: RequestLine): number {
  if (context.json) return statusExitCode(request.status);
  const now = Date.now();
  const tables = request.scope?.tables;
  if (tables) context.note(sanitise(`only for ${tables.join(', ')}`));
  if (request.status !== 'pending') {
    context.note(outcomeText(request, now));
    if (request.break_glass)
      context.note('it is told to whoever reviews, and stays listed until somebody has looked at it');
    return statusExitCode(request.status);
  }
  const left = durationText(Date.parse(request.expires_at) - now);
  context.note(`pending: ${decidersText(request)} decides, within ${left}`);
  context.note(`wait for it: dbgate wait ${request.id}`);
  context.note(sanitise(`they decide with "dbgate review ${request.id}", or at ${request.link}`));
  return ExitCode.pending;
}
