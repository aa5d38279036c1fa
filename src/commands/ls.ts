import type { CommandContext, CommandDefinition } from './context.ts';
import { rememberDatabaseNames } from './database-names.ts';
import { databasesAnswer, readAnswer } from './gateway-answers.ts';
import { sanitise } from './sanitise.ts';
import { renderTable } from './text-table.ts';

export const lsCommand: CommandDefinition = {
  name: 'ls',
  configure(command) {
    command.addHelpText('after', '\nAccess is read, write, ddl or admin; +create: may create objects and drop those.');
  },
  async run(context) {
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const { databases } = readAnswer(
        databasesAnswer,
        await client.request('GET', '/v1/databases'),
        'GET /v1/databases',
      );
      await rememberDatabaseNames(
        context.env,
        databases.map(({ name }) => name),
      );
      if (databases.length === 0) context.note('no database is granted to you; ask whoever administers the gateway');
      if (context.json || databases.length > 0) context.print({ databases }, () => table(context, databases));
    } finally {
      await client.close();
    }
  },
};

type Databases = ReturnType<typeof databasesAnswer.parse>['databases'];

function table(context: CommandContext, databases: Databases): string {
  return renderTable(
    [
      { title: 'DATABASE', text: ({ name }) => sanitise(name), flexible: true },
      { title: 'ENVIRONMENT', text: ({ environment }) => sanitise(environment) },
      { title: 'ACCESS', text: ({ access, create }) => `${sanitise(access)}${create ? ' +create' : ''}` },
    ],
    databases,
    { columns: context.columns, unicode: context.unicode },
  ).join('\n');
}
