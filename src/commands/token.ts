import { connectionUrl } from './connection-variables.ts';
import type { CommandDefinition } from './context.ts';
import { databaseTokenAnswer, readAnswer } from './gateway-answers.ts';
import { sanitise } from './sanitise.ts';

export const tokenCommand: CommandDefinition = {
  name: 'token',
  configure(command) {
    command
      .description(
        `Prints a short-lived token: the password for the gateway's own Postgres listener, for programs that cannot use "dbgate connect".`,
      )
      .argument('<database>', 'name as "dbgate ls" shows it')
      .option('--url', 'print the whole connection URL instead');
  },
  async run(context, options, [database]) {
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const path = `/v1/databases/${encodeURIComponent(database!)}/token`;
      const answer = readAnswer(databaseTokenAnswer, await client.request('POST', path), `POST ${path}`);
      const url = connectionUrl({ ...answer, password: answer.token }, 'require');
      context.print({ ...answer, url }, () => sanitise(options.url === true ? url : answer.token));
      if (!context.json) context.note(`valid for ${answer.expires_in} seconds`);
    } finally {
      await client.close();
    }
  },
};
