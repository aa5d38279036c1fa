/** A text whose statements are sent one by one is told as PostgreSQL tells it, and no transaction of the gateway's stays. */
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { encodeExecute, encodeParse, SYNC, TERMINATE } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import type { Decision } from '../../../src/policy/decision.ts';
import type { Analysis } from '../../../src/sql/facts.ts';
import { withPostgres } from '../../support/postgres.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  error,
  parseComplete,
  ready,
  row,
  rowDescription,
} from './backend-messages.ts';
import { bridged, direct } from './bridge.ts';
import { comparable, play } from './play.ts';
import { DENIED, Script } from './script.ts';
import type { WireScript } from './wire-scripts.ts';

const server = withPostgres({ major: 15 });
const query = encodeQuery;
const ALONE: Decision = { ...DENIED, alone: true };
const judge = ({ statements }: Analysis): Decision => (statements.length > 1 ? ALONE : { effect: 'allow' });

async function untilSleeping(): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  while ((await client.query(sleeping)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await client.end();
}

const texts = (name: string, ...sql: string[]): WireScript => ({
  name,
  ready: sql.length,
  steps: [{ send: Buffer.concat(sql.map(query)) }],
});

const SCRIPTS: readonly WireScript[] = [
  texts('reads', 'SELECT 1 AS a; SELECT 2 AS b, NULL; SELECT 3 WHERE false'),
  texts('what is made and then used', 'CREATE TEMP TABLE a (x int); INSERT INTO a VALUES (1), (2); TABLE a', 'TABLE a'),
  texts('an error takes back what was before it', 'CREATE TEMP TABLE b (x int); SELECT 1/0; SELECT 1', 'TABLE b'),
  texts('the place of an error', "SELECT 'äöü', 'ß';\n/* ü */ SELECT 1; SELECT nope, 'é'; SELECT 2"),
  texts('a syntax that fails at run time', "SELECT 1; SELECT 'x'::int; SELECT 2"),
  texts('a block of its own', 'BEGIN; CREATE TEMP TABLE c (x int); COMMIT; TABLE c', 'TABLE c'),
  texts('a block that stays open', 'SELECT 1; BEGIN; SELECT 2', 'SELECT 3', 'ROLLBACK'),
  texts('a block that fails', 'BEGIN; SELECT 1/0; SELECT 2', 'SELECT 3', 'ROLLBACK'),
  texts(
    'BEGIN takes what is before it into the block',
    'CREATE TEMP TABLE d (); BEGIN; SELECT 1',
    'ROLLBACK',
    'TABLE d',
  ),
  texts('within a block', 'BEGIN', 'CREATE TEMP TABLE e (); SELECT 1', 'SELECT 2', 'COMMIT', 'TABLE e'),
  texts(
    'an error within a block',
    'BEGIN',
    'SELECT 1; SELECT 1/0',
    'SELECT 2; SELECT 3',
    'ROLLBACK; SELECT 4; SELECT 5',
  ),
  texts('two blocks', 'BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; ROLLBACK; SELECT 3'),
  texts('a savepoint', 'BEGIN; SAVEPOINT s; SELECT 1/0', 'ROLLBACK TO s; SELECT 1; COMMIT'),
  texts(
    'settings',
    "SET search_path = pg_catalog; SHOW search_path; SET LOCAL work_mem = '1MB'; SHOW work_mem",
    'SHOW work_mem',
  ),
  texts('a setting that is taken back', 'SET search_path = pg_catalog; SELECT 1/0', 'SHOW search_path'),
  texts(
    'cursors',
    'DECLARE k CURSOR FOR SELECT g FROM generate_series(1, 5) g; FETCH 2 FROM k; MOVE 1 FROM k; FETCH k',
    'FETCH k',
  ),
  texts('prepared statements', 'PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p', 'EXECUTE p'),
  texts('notices', "DO $$BEGIN RAISE NOTICE 'one'; END$$; DO $$BEGIN RAISE WARNING 'two'; END$$"),
  texts('notifications', "LISTEN l; NOTIFY l, 'x'; SELECT 1", 'UNLISTEN l'),
  texts('copy out', "SELECT 1; COPY (VALUES (1, 'a'), (2, NULL)) TO STDOUT; SELECT 2"),
  texts('what may not be in a transaction', 'SELECT 1; VACUUM', 'SELECT 2'),
  texts('a lock', 'LOCK TABLE pg_description IN ACCESS SHARE MODE; SELECT 1'),
  texts(
    'the same transaction',
    'SELECT 1 WHERE now() IS NULL; CREATE TEMP TABLE f AS SELECT now() AS t; SELECT 1 FROM f WHERE t = now()',
  ),
  texts('one behind the other', 'SELECT 1; SELECT 2', 'SELECT 3; SELECT 4', 'SELECT 5'),
  texts('comments and semicolons', "  ;; SELECT 1 -- a; b\n ; /* c; */ SELECT ';' ; -- end"),
  {
    name: 'behind a pipeline',
    ready: 3,
    steps: [
      {
        send: Buffer.concat([
          encodeParse('s', 'SELECT 1'),
          SYNC,
          query('SELECT 2; SELECT 3'),
          encodeParse('t', 'SELECT nope'),
          encodeExecute('', 0),
          SYNC,
        ]),
      },
    ],
  },
  {
    name: 'a cancel',
    ready: 2,
    steps: [
      { send: query('SELECT 1; SELECT pg_sleep(30); SELECT 2') },
      { send: Buffer.alloc(0), cancel: true },
      { send: query('SELECT 3; SELECT 4'), after: { type: 'Z', count: 1 } },
    ],
  },
];

describe('is told as over a direct connection', () => {
  it.each(SCRIPTS)('$name', async (script) => {
    const straight = await direct(server);
    const expected = await play(straight, script, untilSleeping);
    straight.close();
    const bridge = await bridged(server, { seed: script.name.length * 7919, around: { judge, judgeResolved: judge } });
    try {
      const actual = await play(bridge, script, untilSleeping);
      expect(bridge.problems).toEqual([]);
      expect(comparable(actual)).toEqual(comparable(expected));
      // No text as a whole went to the server.
      for (const text of bridge.recorded)
        expect(text.replaceAll(/\$\$.*?\$\$|'[^']*'|\/\*.*?\*\/|--.*/gs, '')).not.toMatch(/;.*\S/s);
      bridge.send(TERMINATE);
      bridge.close();
      await bridge.whenClosed;
      expect(bridge.problems).toEqual([]);
    } finally {
      bridge.close();
    }
  });
});

describe('one by one', () => {
  const script = (): Script => {
    const s = new Script({ instantlyDurable: true, waitForRecord: false });
    s.alone = (sql) => sql.includes(';');
    return s;
  };

  it('each is judged by itself: what is denied takes back all', () => {
    const s = script().client(query('write 1; deny it; write 2'));
    expect(s.toUpstream()).toEqual(['Query BEGIN']);
    s.upstream(complete('BEGIN'), ready('T'));
    expect(s.toUpstream()).toEqual(['Query write 1']);
    s.upstream(complete('INSERT 0 1'), ready('T'));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready('E'));
    expect(s.toUpstream()).toEqual(['Query ROLLBACK']);
    s.upstream(complete('ROLLBACK'), ready('I'));
    expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ERROR 42501', 'ReadyForQuery I']);
    expect(s.intents.map(({ sqlJson, decision }) => `${decision} ${sqlJson}`)).toEqual([
      'allow "BEGIN"',
      'allow "write 1"',
      'deny "deny it"',
      'allow "ROLLBACK"',
    ]);
  });

  it('waits for each, and takes nothing else before the text is over', () => {
    const s = script().client(query('select 1; select 2'), query('select 3'));
    s.upstream(complete('BEGIN'), ready('T'));
    s.upstream(rowDescription, row('1'), complete('SELECT 1'));
    expect(s.toUpstream()).toEqual(['Query BEGIN', 'Query select 1']);
    s.upstream(ready('T'));
    s.upstream(complete('SELECT 1'), ready('T'));
    s.upstream(complete('COMMIT'), ready('I'));
    expect(s.toUpstream()).toEqual(['Query select 2', 'Query COMMIT', 'Query select 3']);
  });

  it('tells why its COMMIT failed', () => {
    const s = script().client(query('write 1; write 2'));
    for (const tag of ['BEGIN', 'INSERT 0 1', 'INSERT 0 1']) s.upstream(complete(tag), ready('T'));
    s.upstream(error('23503'), ready('I'));
    expect(s.toClient().slice(-2)).toEqual(['ERROR 23503', 'ReadyForQuery I']);
  });

  it.each(['write 2', 'COMMIT'])('leaves no transaction open where the log fails at %s', (at) => {
    const s = script().client(query('write 1; write 2'));
    s.upstream(complete('BEGIN'), ready('T'));
    if (at === 'COMMIT') s.upstream(complete('INSERT 0 1'), ready('T'));
    s.broken = true;
    s.upstream(complete('INSERT 0 1'), ready('T'));
    s.toUpstream();
    s.upstream(error('42601'), ready('E'));
    if (at !== 'COMMIT') s.upstream(error('42601'), ready('E'));
    expect(s.toUpstream().filter((text) => text.startsWith('Parse') || text.startsWith('Query'))).toContainEqual(
      expect.stringContaining('ROLLBACK'),
    );
    expect(s.toClient().filter((text) => text.startsWith('ERROR'))).toEqual(['ERROR 58030']);
  });

  it('has another transaction behind what ends one', () => {
    const s = script().client(query('write 1; commit; write 2'));
    s.upstream(complete('BEGIN'), ready('T'));
    s.upstream(complete('INSERT 0 1'), ready('T'));
    s.upstream(complete('COMMIT'), ready('I'));
    s.upstream(complete('BEGIN'), ready('T'));
    s.upstream(complete('INSERT 0 1'), ready('T'));
    expect(s.toUpstream()).toEqual(
      ['BEGIN', 'write 1', 'commit', 'BEGIN', 'write 2', 'COMMIT'].map((t) => `Query ${t}`),
    );
    s.upstream(complete('COMMIT'), ready('I'));
    expect(s.toClient()).toEqual([
      ...['CommandComplete INSERT 0 1', 'CommandComplete COMMIT', 'CommandComplete INSERT 0 1'],
      'ReadyForQuery I',
    ]);
  });

  it('what is known of one is not known of the next: a yes is for one', () => {
    const s = new Script({ instantlyDurable: true, waitForRecord: false, holds: true });
    s.alone = (sql) => sql.includes(';');
    const scope = [parseComplete, bindComplete, row('public', 'public', 'u', 'u'), complete('SELECT 1'), closeComplete];
    s.client(query('hold 1; hold 2')).upstream(complete('BEGIN'), ready('T'));
    s.upstream(...scope, closeComplete, ready('T'));
    s.holdPlaced().holdDecided({ kind: 'run', request: 'r-1', maxRows: undefined, confirm: false });
    expect(s.toUpstream().at(-1)).toBe('Query hold 1');
    s.upstream(complete('DELETE 1'), ready('T'));
    expect(s.toUpstream()).not.toContain('Query hold 2');
    s.upstream(...scope, closeComplete, ready('T'));
    expect(s.others().filter(({ type }) => type === 'hold')).toHaveLength(2);
    s.holdPlaced('r-2').holdDecided({ kind: 'run', request: 'r-2', maxRows: undefined, confirm: false });
    expect(s.toUpstream().at(-1)).toBe('Query hold 2');
  });

  it('is dropped with its session', () => {
    const s = script().client(query('write 1; write 2'));
    s.upstream(complete('BEGIN'), ready('T'));
    s.end('revoked');
    s.upstream(complete('INSERT 0 1'), ready('T'));
    expect(s.toUpstream()).toEqual(['Query BEGIN', 'Query write 1']);
    expect(s.closed).toBe('revoked');
  });
});
