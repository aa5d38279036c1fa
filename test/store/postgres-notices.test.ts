import { expect, it } from 'vitest';
import { ConnectionLost } from '../../src/store/postgres-connection.ts';
import type { SharedDatabase } from '../../src/store/postgres-database.ts';
import { PostgresNotices } from '../../src/store/postgres-notices.ts';
import { until } from './log-fixture.ts';

/** Two that could not be given changed places. */
it('notices that could not be given keep their order', async () => {
  const tried: string[] = [];
  const given: string[] = [];
  let isLost = true;
  let up: (() => void) | undefined;
  const writer = {
    query: async (_name: string, _sql: string, [, body]: [number, string]) => {
      tried.push(body);
      if (isLost) throw new ConnectionLost(false);
      given.push(body);
      return [];
    },
  };
  const database = {
    ...{ schema: 's', instance: 1, writer, watcher: { query: async () => [{ last_position: '0' }] } },
    onNews: () => () => {},
    onWriterUp: (told: () => void) => {
      up = told;
      return () => {};
    },
  };
  const listener = { onNotice: () => {}, onMissed: () => {} };
  const notices = new PostgresNotices(database as unknown as SharedDatabase, listener);
  await notices.begin();
  notices.give('a', 'a1');
  notices.give('b', 'b1');
  await until(() => tried.length === 1);
  await new Promise((resolve) => setImmediate(resolve));
  isLost = false;
  up!();
  await until(() => given.length === 2);
  notices.close();
  expect(given).toEqual(['a1', 'b1']);
});
