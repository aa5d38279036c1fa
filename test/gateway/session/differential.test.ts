/**
 * A session between a client and a real PostgreSQL that allows everything must not be noticeable: for each script of
 * client bytes the bytes from the server are those of a direct connection.
 */
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { TERMINATE } from '../../../src/pgwire/extended.ts';
import { withPostgres } from '../../support/postgres.ts';
import { bridged, direct } from './bridge.ts';
import { comparable, play } from './play.ts';
import { WIRE_SCRIPTS } from './wire-scripts.ts';

const server = withPostgres({ major: 15 });

/** Until the server is at the statement: a cancel that comes before does nothing. */
async function untilSleeping(): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  while ((await client.query(sleeping)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await client.end();
}

describe('as over a direct connection', () => {
  it('has scripts enough', () => {
    expect(WIRE_SCRIPTS.length).toBeGreaterThan(60);
    expect(new Set(WIRE_SCRIPTS.map((s) => s.name)).size).toBe(WIRE_SCRIPTS.length);
  });

  it.each(WIRE_SCRIPTS)('$name', async (script) => {
    const straight = await direct(server);
    const expected = await play(straight, script, untilSleeping);
    straight.close();
    const bridge = await bridged(server, { seed: script.name.length * 7919 });
    try {
      const actual = await play(bridge, script, untilSleeping);
      expect(bridge.problems).toEqual([]);
      expect(comparable(actual)).toEqual(comparable(expected));
      bridge.send(TERMINATE);
      bridge.close();
      await bridge.whenClosed;
      expect(bridge.problems).toEqual([]);
    } finally {
      bridge.close();
    }
  });
});
