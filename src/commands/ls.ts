import { clockText } from '../views/time-text.ts';
import type { Output } from './answer-shape.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import { rememberDatabaseNames } from './database-names.ts';
import { databasesAnswer, readAnswer } from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { unmaskWord } from './request-text.ts';
import { sanitise } from './sanitise.ts';
import { renderTable } from './text-table.ts';

export const lsCommand: CommandDefinition = {
  name: 'ls',
  configure(command) {
    addFooter(command, ['Access is read, write, ddl or admin; +create: may create objects and drop those.']);
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

type Databases = Output<typeof databasesAnswer>['databases'];
type Database = Databases[number];

function table(context: CommandContext, databases: Databases): string {
  const now = Date.now();
  const isElevated = databases.some(({ elevations = [] }) => elevations.length > 0);
  return renderTable(
    [
      { title: 'DATABASE', text: ({ name }) => sanitise(name), flexible: true },
      { title: 'ENVIRONMENT', text: ({ environment }) => sanitise(environment) },
      { title: 'ACCESS', text: ({ access, create }) => `${sanitise(access)}${create ? ' +create' : ''}` },
      ...(isElevated ? [{ title: 'ELEVATED', text: (database: Database) => elevatedText(database, now) }] : []),
    ],
    databases,
    { columns: context.columns, unicode: context.unicode },
  ).join('\n');
}

/** What requests opened, and until when: `ddl on item until 15:04`. */
function elevatedText({ elevations = [] }: Database, now: number): string {
  const texts = elevations.map(({ access, unmask, tables, until }) => {
    const opens = [...(access === null ? [] : [access]), ...unmaskWord(unmask)].join(' and ');
    return `${opens}${tables === null ? '' : ` on ${tables.join(', ')}`} until ${clockText(until, now)}`;
  });
  return sanitise(texts.join('; '));
}
