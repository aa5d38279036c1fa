import { randomBytes } from 'node:crypto';
import { withPostgres } from '../support/postgres.ts';
import { eventLogContract } from './event-log-contract.ts';
import { DURABLE, newSchema, type Opened, openShared } from './postgres-log-fixture.ts';

const server = withPostgres({ settings: DURABLE });

const opened = new WeakMap<object, Opened & { schema: string }>();
eventLogContract('PostgresLog', {
  async open() {
    const schema = newSchema();
    const one = await openShared(server, { schema });
    opened.set(one.log, { ...one, schema });
    return one.log;
  },
  async reopen(log) {
    const { schema, database } = opened.get(log)!;
    await database.close();
    return (await openShared(server, { schema, gatewayId: `again-${randomBytes(2).toString('hex')}` })).log;
  },
});
