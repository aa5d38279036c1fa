import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import { databasesAnswer, readAnswer } from './gateway-answers.ts';

/** The database that was named, or the only one that is granted. Throws `usage` with their names where there are several. */
export async function oneDatabase(client: GatewayClient, named: string | undefined, how: string): Promise<string> {
  if (named !== undefined) return named;
  const answer = readAnswer(databasesAnswer, await client.request('GET', '/v1/databases'), 'GET /v1/databases');
  const names = answer.databases.map(({ name }) => name);
  if (names.length === 1) return names[0]!;
  if (names.length === 0) {
    throw new DbgateError(ErrorCode.denied, 'no database is granted to you', {
      hint: 'ask whoever administers the gateway',
    });
  }
  throw new DbgateError(ErrorCode.usage, `which database? granted to you: ${names.join(', ')}`, {
    hint: `dbgate ${how.replace('DB', names[0]!)}`,
  });
}
