import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { parseRequestId } from './request-access.ts';
import { requestAnswer, restoredUser, revokedSession, revokedUser } from './request-answers.ts';
import { outcomeText } from './request-text.ts';
import { sanitise } from './sanitise.ts';

export const revokeCommand: CommandDefinition = {
  name: 'revoke',
  configure(command) {
    command
      .description('Takes back what a request opened, ends a session, or cuts a person off: within a second.')
      .argument('[id]', 'number of the request')
      .option('--session <id>', 'end this session, as "dbgate sessions" shows it: one of yours, or as an administrator')
      .option('--user <name>', 'email or subject: end all they have open and refuse them from now on (administrators)')
      .option('--restore', 'with --user: let them in again')
      .option('--reason <text>', 'why, for the record');
    addFooter(command, ['--user with your own name ends your own sessions and elevations, and lets you come again.']);
  },
  async run(context, options, [id]) {
    const revoke = wanted(options, id);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      await revoke(context, client, (options.reason as string | undefined) ?? '');
    } finally {
      await client.close();
    }
  },
};

type Revoke = (context: CommandContext, client: GatewayClient, reason: string) => Promise<void>;

function wanted({ session, user, restore }: CommandOptions, id: string | undefined): Revoke {
  if ([id, session, user].filter((what) => what !== undefined).length !== 1) {
    throw new DbgateError(ErrorCode.usage, 'say what to revoke: the number of a request, --session or --user');
  }
  if (restore === true && user === undefined) throw new DbgateError(ErrorCode.usage, '--restore is for --user');
  if (typeof session === 'string') return (...rest) => endSession(session, ...rest);
  if (typeof user === 'string') return restore === true ? letIn(user) : cutOff(user);
  const request = parseRequestId(id!);
  return (...rest) => takeBack(request, ...rest);
}

async function takeBack(id: string, context: CommandContext, client: GatewayClient, reason: string): Promise<void> {
  const path = `/v1/requests/${id}/revoke`;
  const request = readAnswer(requestAnswer, await client.request('POST', path, { reason }), `POST ${path}`);
  context.print(request, () => outcomeText(request, Date.now()));
}

async function endSession(id: string, context: CommandContext, client: GatewayClient, reason: string): Promise<void> {
  const path = `/v1/sessions/${encodeURIComponent(id)}/revoke`;
  const ended = readAnswer(revokedSession, await client.request('POST', path, { reason }), `POST ${path}`);
  context.print(ended, () => sanitise(`session ${ended.session} of ${ended.user} on ${ended.database} is ended`));
}

function cutOff(user: string): Revoke {
  return async (context, client, reason) => {
    const path = '/v1/users/revoke';
    const cut = readAnswer(revokedUser, await client.request('POST', path, { user, reason }), `POST ${path}`);
    const ended = `${count(cut.sessions, 'session')} and ${count(cut.elevations, 'elevation')} ended`;
    context.print(cut, () => sanitise(cut.refused ? `${user} is cut off: ${ended}` : `${user}: ${ended}`));
    if (cut.refused && !context.json)
      context.note(sanitise(`dbgate revoke --user ${user} --restore lets them in again`));
  };
}

function letIn(user: string): Revoke {
  return async (context, client, reason) => {
    const path = '/v1/users/restore';
    const restored = readAnswer(restoredUser, await client.request('POST', path, { user, reason }), `POST ${path}`);
    context.print(restored, () => sanitise(`${user} may come again`));
  };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
