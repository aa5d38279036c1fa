/** Client byte sequences for a real server, each alone on a connection of its own; `step` waits for what it names. */
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
} from '../../../src/pgwire/extended.ts';
import { encodeMessage } from '../../../src/pgwire/message.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { copyData, copyDone, copyFail } from './backend-messages.ts';

/** Bytes to send once the given number of messages of that type (over all) has come; undefined: at once. */
export interface Step {
  readonly send: Buffer;
  readonly after?: { readonly type: string; readonly count: number };
  /** Send a CancelRequest instead. */
  readonly cancel?: true;
}

export interface WireScript {
  readonly name: string;
  readonly steps: readonly Step[];
  /** ReadyForQuery messages to be seen before the connection is ended. */
  readonly ready: number;
  /** Backend message types left out of the comparison. */
  readonly ignore?: string;
}

const q = encodeQuery;
const p = (sql: string, name = '', oids: number[] = []): Buffer => encodeParse(name, sql, oids);
const b = (statement = '', portal = '', values: (string | Buffer | null)[] = [], formats: number[] = []): Buffer =>
  encodeBind(portal, statement, values, formats);
const d = (kind: 'S' | 'P', name = ''): Buffer => encodeDescribe(kind, name);
const e = (portal = '', rows = 0): Buffer => encodeExecute(portal, rows);
const c = encodeClose;
const run = (sql: string): Buffer[] => [p(sql), b(), d('P'), e()];
const cat = (...parts: (Buffer | Buffer[])[]): Buffer => Buffer.concat(parts.flat());
const once = (name: string, ready: number, ...parts: (Buffer | Buffer[])[]): WireScript => ({
  name,
  ready,
  steps: [{ send: cat(...parts) }],
});
const afterReady = (count: number, ...parts: (Buffer | Buffer[])[]): Step => ({
  send: cat(...parts),
  after: { type: 'Z', count },
});

const table = q('create temp table t(id int primary key, v text)');
const copyTable = q("create temp table t(id int, v text); insert into t values (1,'a'),(2,null)");

export const WIRE_SCRIPTS: readonly WireScript[] = [
  // simple
  once('select', 1, q("select 1, 'zwei', null")),
  once('empty', 1, q('')),
  once('only a comment', 1, q('-- nothing')),
  once('several statements', 1, q('select 1; select 2; select 3')),
  once('error in the middle of several', 1, q('select 1; select 1/0; select 3')),
  once('syntax error', 1, q('selec 1')),
  once('unknown table', 1, q('select * from nothing_here')),
  once('simple queries pipelined', 3, q('select 1'), q('select 1/0'), q('select 3')),
  once('transaction', 4, q('begin'), q('select 1'), q('select 2'), q('commit')),
  once('failed transaction', 5, q('begin'), q('select 1/0'), q('select 2'), q('commit'), q('select 3')),
  once('savepoints', 6, q('begin'), q('savepoint a'), q('select 1/0'), q('rollback to a'), q('select 2'), q('commit')),
  once(
    'insert, update, delete',
    4,
    table,
    q("insert into t values (1,'x'),(2,'y')"),
    q("update t set v='z'"),
    q('delete from t'),
  ),
  once('notice', 1, q("do $$ begin raise notice 'heard'; raise warning 'seen'; end $$")),
  once('show and set', 3, q("set time zone 'UTC'"), q('show time zone'), q("set application_name = 'other'")),
  once(
    'cursor',
    6,
    q('begin'),
    q('declare c cursor for select generate_series(1,5)'),
    q('fetch 2 from c'),
    q('move 1 from c'),
    q('fetch all from c'),
    q('commit'),
  ),
  once(
    'prepare and execute',
    4,
    q('prepare s(int) as select $1 + 1'),
    q('execute s(1)'),
    q('deallocate s'),
    q('execute s(1)'),
  ),
  once('listen and notify', 3, q('listen ch'), q("notify ch, 'hello'"), q('select 1')),
  once('explain', 1, q('explain (costs off) select 1')),
  once('discard all', 2, q('discard all'), q('select 1')),
  // extended
  once('extended select', 1, run('select 1'), SYNC),
  once('extended with parameters', 1, p('select $1::int + $2::int'), b('', '', ['2', '3']), d('P'), e(), SYNC),
  once(
    'extended binary',
    1,
    p('select $1::int4, $2::text'),
    b('', '', [Buffer.from([0, 0, 0, 7]), 'x'], [1]),
    d('P'),
    e(),
    SYNC,
  ),
  once('describe only', 1, p('select $1::int as a, $2::text as b', 's'), d('S', 's'), SYNC),
  once(
    'named statement used twice',
    3,
    p('select $1::int', 's'),
    SYNC,
    b('s', '', ['1']),
    e(),
    SYNC,
    b('s', '', ['2']),
    e(),
    SYNC,
  ),
  once('empty extended', 1, p(''), b(), d('P'), e(), SYNC),
  once('no data', 2, table, run("insert into t values (1,'x')"), SYNC),
  once('only Sync', 3, SYNC, SYNC, SYNC),
  once('bad parameter', 1, p('select $1::int'), b('', '', ['x']), e(), SYNC),
  once('wrong number of parameters', 1, p('select $1::int'), b(), e(), SYNC),
  once('syntax error in Parse', 1, p('selec 1'), b(), e(), SYNC),
  once('two statements in one Parse', 1, p('select 1; select 2'), b(), e(), SYNC),
  once('close of nothing', 1, c('S', 'x'), c('P', 'y'), SYNC),
  once('parse, close, parse again', 1, p('select 1', 's'), c('S', 's'), p('select 2', 's'), b('s'), e(), SYNC),
  once('duplicate name', 3, p('select 1', 's'), SYNC, p('select 2', 's'), SYNC, b('s'), e(), SYNC),
  once('flush between', 1, p('select 1'), FLUSH, b(), FLUSH, d('P'), e(), FLUSH, SYNC),
  once('query between extended messages', 2, p('select 1', 's'), q('select 2'), b('s'), e(), SYNC),
  // pipelines
  once('three batches', 3, run('select 1'), SYNC, run('select 2'), SYNC, run('select 3'), SYNC),
  once(
    'an error in the middle batch',
    3,
    run('select 1'),
    SYNC,
    run('select 1/0'),
    run('select 2'),
    SYNC,
    run('select 3'),
    SYNC,
  ),
  once('one batch of many', 1, run('select 1'), run('select 2'), run('select 3'), SYNC),
  once(
    'implicit transaction rolled back',
    3,
    table,
    run("insert into t values (1,'x')"),
    run('select 1/0'),
    SYNC,
    run('select count(*) from t'),
    SYNC,
  ),
  once(
    'explicit transaction in a pipeline',
    2,
    run('begin'),
    run('select 1'),
    run('select 1/0'),
    run('select 2'),
    SYNC,
    run('rollback'),
    SYNC,
  ),
  once(
    '100 statements',
    100,
    Array.from({ length: 100 }, (_, i) => cat(run(`select ${i}`), SYNC)),
  ),
  once(
    'deferred constraint fails at Sync',
    3,
    q('create temp table a(id int primary key)'),
    q('create temp table f(id int references a deferrable initially deferred)'),
    run('insert into f values (1)'),
    SYNC,
  ),
  once('error, then Query discarded', 1, p('selec'), q('select 1'), SYNC),
  // portals
  once('row limit', 1, p('select generate_series(1,5)'), b('', 'p'), e('p', 2), e('p', 2), e('p', 2), SYNC),
  once(
    'two portals at once',
    3,
    q('begin'),
    p('select generate_series(1,4)', 's'),
    b('s', 'p1'),
    b('s', 'p2'),
    e('p1', 2),
    e('p2', 3),
    e('p1', 1),
    SYNC,
    q('commit'),
  ),
  once(
    'a portal over several batches',
    4,
    q('begin'),
    p('select generate_series(1,4)', 's'),
    b('s', 'p'),
    e('p', 2),
    SYNC,
    e('p', 2),
    SYNC,
    q('commit'),
  ),
  once('close of a portal', 1, p('select generate_series(1,4)', 's'), b('s', 'p'), e('p', 2), c('P', 'p'), SYNC),
  once(
    'update with a row limit',
    3,
    table,
    q("insert into t values (1,'x'),(2,'y')"),
    p('update t set v = v returning id'),
    b(),
    e('', 1),
    e('', 1),
    SYNC,
  ),
  once(
    'fetch of a bound portal',
    4,
    q('begin'),
    p('select generate_series(1,3)', 's'),
    b('s', 'pp'),
    SYNC,
    q('fetch all from pp'),
    q('commit'),
  ),
  // COPY
  once('copy out', 2, copyTable, q('copy t to stdout')),
  once('copy out, extended', 2, copyTable, run('copy t to stdout'), SYNC),
  once('copy out, binary', 2, copyTable, q('copy t to stdout (format binary)')),
  once('copy out fails half way', 1, q('copy (select 1/(3-i) from generate_series(1,5) i) to stdout')),
  {
    name: 'copy in',
    ready: 3,
    steps: [
      { send: cat(copyTable, q('copy t from stdin')) },
      { send: cat(copyData('7\tx\n8\ty\n'), copyDone), after: { type: 'G', count: 1 } },
      afterReady(2, q('select * from t')),
    ],
  },
  once(
    'copy in, all at once',
    3,
    copyTable,
    q('copy t from stdin'),
    copyData('7\tx\n'),
    copyDone,
    q('select * from t'),
  ),
  once(
    'copy in, cut in odd places',
    3,
    copyTable,
    q('copy t from stdin'),
    copyData('7\t'),
    copyData('x\n8'),
    copyData('\ty\n'),
    copyDone,
    q('select * from t'),
  ),
  once(
    'copy in fails by CopyFail',
    3,
    copyTable,
    q('copy t from stdin'),
    copyData('7\tx\n'),
    copyFail,
    q('select * from t'),
  ),
  once(
    'copy in of bad data',
    3,
    copyTable,
    q('copy t from stdin'),
    copyData('x\ty\n'),
    copyData('8\ty\n'),
    copyDone,
    q('select * from t'),
  ),
  {
    name: 'copy in of bad data, client stops at the error',
    ready: 3,
    steps: [
      { send: cat(copyTable, q('copy t from stdin'), copyData('x\ty\n'), copyDone) },
      afterReady(2, q('select 1')),
    ],
  },
  once('copy in of a missing table', 2, q('copy nothing_here from stdin'), copyData('1\n'), copyDone, q('select 1')),
  once(
    'copy in, extended',
    3,
    copyTable,
    run('copy t from stdin'),
    copyData('7\tx\n'),
    copyDone,
    SYNC,
    run('select * from t'),
    SYNC,
  ),
  {
    name: 'copy in, extended, as libpq: an early Sync',
    ready: 3,
    steps: [
      { send: cat(copyTable, run('copy t from stdin'), SYNC) },
      { send: cat(copyData('7\tx\n'), copyDone, SYNC), after: { type: 'G', count: 1 } },
      afterReady(2, q('select * from t')),
    ],
  },
  {
    name: 'copy in, extended, bad data with an early Sync',
    ready: 3,
    steps: [
      { send: cat(copyTable, run('copy t from stdin'), SYNC) },
      { send: cat(copyData('x\n'), copyDone, SYNC), after: { type: 'G', count: 1 } },
      afterReady(2, q('select * from t')),
    ],
  },
  {
    name: 'copy in, extended, fails before the early Sync',
    ready: 5,
    steps: [
      {
        send: cat(
          q('create temp table t(id int)'),
          q("create function pg_temp.boom() returns trigger language plpgsql as $$ begin raise 'boom'; end $$"),
          q('create trigger boom before insert on t for each statement execute function pg_temp.boom()'),
          run('copy t from stdin'),
          SYNC,
        ),
      },
      afterReady(4, q('select 1')),
    ],
  },
  once(
    'copy in, extended, CopyFail',
    3,
    copyTable,
    run('copy t from stdin'),
    copyData('7\tx\n'),
    copyFail,
    SYNC,
    run('select * from t'),
    SYNC,
  ),
  once(
    'copy in, then more in the same batch',
    2,
    copyTable,
    run('copy t from stdin'),
    copyData('7\tx\n'),
    copyDone,
    run('select * from t'),
    SYNC,
  ),
  once(
    'copy in of a missing table, extended, data sent all the same',
    2,
    run('copy nothing_here from stdin'),
    copyData('1\n'),
    copyDone,
    SYNC,
    q('select 1'),
  ),
  once(
    'two copies in one query',
    3,
    copyTable,
    q('copy t from stdin; copy t from stdin'),
    copyData('7\tx\n'),
    copyDone,
    copyData('8\ty\n'),
    copyDone,
    q('select * from t'),
  ),
  once('copy data without COPY', 1, copyData('stray\n'), copyDone, copyFail, q('select 1')),
  once('copy among other statements', 2, copyTable, q('select 1; copy t to stdout; select 2')),
  // large
  once('a row of 5 MB', 1, q("select repeat('x', 5000000), 1")),
  once('60,000 rows', 1, q('select i, md5(i::text) from generate_series(1,60000) i')),
  once(
    '60,000 rows, extended, binary',
    1,
    p('select i, i::text from generate_series(1,60000) i'),
    b('', '', [], [1]),
    d('P'),
    e(),
    SYNC,
  ),
  once(
    '2 MB of COPY data',
    3,
    copyTable,
    q('copy t from stdin'),
    encodeMessage('d', Buffer.from('5\tabcdefgh\n'.repeat(200_000))),
    copyDone,
    q('select count(*) from t'),
  ),
  // cancel
  {
    name: 'cancel',
    ready: 2,
    steps: [{ send: q('select pg_sleep(30)') }, { send: Buffer.alloc(0), cancel: true }, afterReady(1, q('select 1'))],
  },
];
