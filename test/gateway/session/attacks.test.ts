/** Ways around the judge, tried on a real server: policy refuses to drop or empty what one did not make. */
import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { BACKEND_STREAMED, BACKEND_TYPES, MessageReader } from '../../../src/pgwire/framing.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import type { PolicyContext } from '../../../src/policy/context.ts';
import { decide } from '../../../src/policy/decide.ts';
import { withPostgres } from '../../support/postgres.ts';
import { type Bridge, bridged } from './bridge.ts';
import { describeBackend, describeMessages } from './script.ts';

const server = withPostgres({ major: 15 });

const developer: PolicyContext = {
  database: 'prod-db',
  environment: 'production',
  access: 'write',
  create: true,
  principalKind: 'user',
};

interface Developer {
  readonly bridge: Bridge;
  /** Sends, waits for as many ReadyForQuery, and gives the messages but for ParameterStatus and ReadyForQuery. */
  run(ready: number, ...messages: Buffer[]): Promise<string[]>;
  sql(text: string): Promise<string[]>;
}

async function asDeveloper(): Promise<Developer> {
  const bridge = await bridged(server, {
    around: {
      judge: (analysis) => decide(analysis, developer),
      judgeResolved: (analysis, resolved) => decide(analysis, { ...developer, resolved }),
    },
  });
  let bytes: Buffer[] = [];
  let wanted = 0;
  let done: (() => void) | undefined;
  const seen = (): void => {
    if (--wanted === 0) done?.();
  };
  const reader = new MessageReader(
    { side: 'backend', known: BACKEND_TYPES, streamed: BACKEND_STREAMED, maxWholeBytes: 1 << 24 },
    {
      message(type, buffer, start, end) {
        bytes.push(Buffer.from(buffer.subarray(start, end)));
        if (type === 0x5a) seen();
        return true;
      },
      piece: (_type, buffer, start, end) => void bytes.push(Buffer.from(buffer.subarray(start, end))),
    },
  );
  bridge.onData((chunk) => reader.push(chunk));
  const run = async (ready: number, ...messages: Buffer[]): Promise<string[]> => {
    bytes = [];
    wanted = ready;
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    bridge.send(Buffer.concat(messages));
    await Promise.race([finished, bridge.whenClosed]);
    return describeMessages(Buffer.concat(bytes), describeBackend).filter((m) => !/^(Parameter|Ready)/.test(m));
  };
  return { bridge, run, sql: (text) => run(1, encodeQuery(text)) };
}

/** A superuser that asks no gateway. */
async function admin(...texts: string[]): Promise<string[]> {
  const bridge = await bridged(server);
  let last: string[] = [];
  for (const text of texts) {
    const got = new Promise<Buffer>((resolve) => {
      const parts: Buffer[] = [];
      bridge.onData((chunk) => {
        parts.push(chunk);
        if (Buffer.concat(parts).subarray(-6, -1).equals(Buffer.from('Z\0\0\0\x05'))) resolve(Buffer.concat(parts));
      });
    });
    bridge.send(encodeQuery(text));
    last = describeMessages(await got, describeBackend);
  }
  bridge.close();
  return last;
}

async function setUp(): Promise<void> {
  await admin(
    'drop schema if exists evil cascade; drop table if exists payments; create schema evil; create table payments as select 1 as id',
  );
}

async function intact(): Promise<void> {
  expect(await admin('select count(*) from public.payments')).toContain('DataRow 1');
}

describe('what one made oneself', () => {
  it('is claimed, dropped and emptied, in both protocols', async () => {
    await setUp();
    const { bridge, run, sql } = await asDeveloper();
    expect(await sql('create table mine(id int)')).toEqual(['CommandComplete CREATE TABLE']);
    expect(await sql('insert into mine values (1)')).toEqual(['CommandComplete INSERT 0 1']);
    expect(bridge.created).toMatchObject([{ catalog: 'pg_class', name: 'mine' }]);
    expect(await sql('delete from mine')).toEqual(['CommandComplete DELETE 1']);
    const drop = [encodeParse('', 'drop table mine'), encodeBind('', '', []), encodeExecute(''), SYNC];
    expect(await run(1, ...drop)).toEqual(['ParseComplete', 'BindComplete', 'CommandComplete DROP TABLE']);
    expect(await sql('drop table payments')).toEqual(['ERROR 42501']);
    expect(await sql('delete from payments')).toEqual(['ERROR 42501']);
    expect(await sql('create function f(int) returns int language sql as $$ select $1 $$')).toEqual([
      'CommandComplete CREATE FUNCTION',
    ]);
    expect(await sql('drop function f(int)')).toEqual(['CommandComplete DROP FUNCTION']);
    expect(bridge.created.at(-1)).toMatchObject({ catalog: 'pg_proc' });
    expect(bridge.problems).toEqual([]);
    bridge.close();
    await intact();
  });

  it('in a transaction, and the probes leave it as it was', async () => {
    const { bridge, sql } = await asDeveloper();
    await sql('begin');
    await sql('create table in_tx(id int)');
    expect(await sql('drop table in_tx')).toEqual(['CommandComplete DROP TABLE']);
    expect(await sql('select 1')).toContain('DataRow 1');
    expect(await sql('commit')).toEqual(['CommandComplete COMMIT']);
    bridge.close();
  });
});

describe('what others made', () => {
  it('is not claimed by a CREATE that moves the search_path', async () => {
    await setUp();
    const { bridge, sql } = await asDeveloper();
    await sql('set search_path = evil');
    await sql("create table payments as select set_config('search_path', 'public', false)");
    await sql('set search_path = public');
    expect(bridge.created).toHaveLength(1);
    expect(await sql('drop table payments')).toEqual(['ERROR 42501']);
    bridge.close();
    await intact();
  });

  it('is not dropped by a statement whose name meant something else when it was parsed', async () => {
    await setUp();
    const { bridge, run, sql } = await asDeveloper();
    await sql('set search_path = evil');
    await sql('create table payments(id int)');
    await sql('begin');
    await sql('set search_path = public');
    const bound = await run(1, encodeParse('s', 'delete from payments'), encodeBind('p', 's', []), SYNC);
    expect(bound).toEqual(['ParseComplete', 'ERROR 42501']);
    await sql('rollback');
    await sql('set search_path = evil');
    expect(await run(1, encodeBind('', 's', []), encodeExecute(''), SYNC)).toContain('CommandComplete DELETE 0');
    bridge.close();
    await intact();
  });

  it('is not reached by EXECUTE or FETCH of what the protocol made', async () => {
    await setUp();
    const { bridge, run, sql } = await asDeveloper();
    await run(1, encodeParse('s', 'delete from payments returning id'), encodeParse('d', 'drop table payments'), SYNC);
    expect(await sql('execute s')).toEqual(['ERROR 0A000']);
    expect(await sql('execute d')).toEqual(['ERROR 0A000']);
    expect(await sql('explain analyze execute s')).toEqual(['ERROR 0A000']);
    await sql('begin');
    expect(await run(1, encodeBind('p', 's', []), SYNC)).toEqual(['ERROR 42501']);
    expect(await sql('fetch all from p')).toEqual(['ERROR 25P02']);
    await sql('rollback');
    bridge.close();
    await intact();
  });

  it('is not reached by names that the gateway might forget', async () => {
    await setUp();
    const { bridge, run, sql } = await asDeveloper();
    const use = [encodeBind('', 's', []), encodeExecute(''), SYNC];
    await run(1, encodeParse('s', 'drop table payments'), SYNC);
    await sql('prepare x as select 1');
    await sql('deallocate x');
    expect(await run(1, ...use)).toEqual(['ERROR 42501']);
    await run(1, encodeParse('', 'drop table payments'), SYNC);
    expect(await run(1, encodeBind('', 'none', []), encodeQuery('select 1'), SYNC)).toEqual(['ERROR 26000']);
    expect(await run(1, encodeBind('', '', []), encodeExecute(''), SYNC)).toContain('ERROR 42501');
    // A Parse that fails, behind one that does not.
    expect(await run(2, encodeParse('s', 'select 1'), SYNC, ...use)).toEqual(['ERROR 42P05', 'ERROR 42501']);
    bridge.close();
    await intact();
  });

  it('what shadows a name is recorded as what it is', async () => {
    const { bridge, run } = await asDeveloper();
    await run(1, encodeParse('s', 'select 1'), SYNC);
    const answers = await run(
      2,
      encodeQuery("deallocate s; prepare s as select 'shadow'"),
      encodeBind('', 's', []),
      encodeExecute(''),
      SYNC,
    );
    expect(answers).toContain('DataRow shadow');
    expect(bridge.recorded.at(-1)).toContain('shadow');
    bridge.close();
  });

  it('is not reached by an operator that stands in for the probe’s own', async () => {
    await setUp();
    await admin(
      "create or replace function evil.eq(text, text) returns bool language plpgsql as $$ begin perform set_config('search_path', 'evil', false); return true; end $$",
      'create operator evil.= (function = evil.eq, leftarg = text, rightarg = text)',
      'create table evil.payments(id int)',
    );
    const { bridge, sql } = await asDeveloper();
    await sql('set search_path = evil, public, pg_catalog');
    expect(await sql('drop table public.payments')).toEqual(['ERROR 42501']);
    expect(await sql('show search_path')).toContain('DataRow evil, public, pg_catalog');
    bridge.close();
    await intact();
  });
});
