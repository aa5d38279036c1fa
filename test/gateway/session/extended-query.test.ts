import { describe, expect, it } from 'vitest';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
} from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  copyData,
  copyDone,
  copyInResponse,
  emptyQuery,
  error,
  noData,
  parameterDescription,
  parseComplete,
  ready,
  row,
  rowDescription,
  suspended,
} from './backend-messages.ts';
import { Script } from './script.ts';

const parse = (sql: string, name = ''): Buffer => encodeParse(name, sql);
const bind = (statement = '', portal = ''): Buffer => encodeBind(portal, statement, []);
const execute = (portal = '', rows = 0): Buffer => encodeExecute(portal, rows);
const run = (sql: string): Buffer => Buffer.concat([parse(sql), bind(), execute(), SYNC]);
const ran = (tag: string): Buffer => Buffer.concat([parseComplete, bindComplete, complete(tag), ready()]);
const asyncRecords = { waitForRecord: false };

describe('a pure read', () => {
  it('goes at once, takes its intent at Bind, and its answer waits for it', () => {
    const s = new Script().client(parse('select 1'), encodeDescribe('S', ''), bind(), execute(), SYNC);
    expect(s.toUpstream()).toEqual(['Parse =select 1', 'Describe S ', 'Bind <-', 'Execute ', 'Sync']);
    s.upstream(parseComplete, parameterDescription, rowDescription, bindComplete, row('1'), complete('SELECT 1'));
    // What the statement looks like is no answer of its execution.
    expect(s.toClient()).toEqual(['ParseComplete', 'ParameterDescription', 'RowDescription']);
    s.upstream(ready()).durable();
    expect(s.toClient()).toEqual(['BindComplete', 'DataRow 1', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
    expect(s.intents).toHaveLength(1);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 1, sqlstate: undefined }]);
  });
});

describe('a statement with an effect', () => {
  it('is held at Bind; several batches in flight keep their order', () => {
    const s = new Script().client(run('write 1'), run('select 2'), run('write 3'));
    expect(s.toUpstream()).toEqual(['Parse =write 1']);
    s.durable(1);
    expect(s.toUpstream()).toEqual([
      'Bind <-',
      'Execute ',
      'Sync',
      'Parse =select 2',
      'Bind <-',
      'Execute ',
      'Sync',
      'Parse =write 3',
    ]);
    s.durable(3);
    expect(s.toUpstream()).toEqual(['Bind <-', 'Execute ', 'Sync']);
    s.upstream(ran('INSERT 0 1'), ran('SELECT 0'), ran('INSERT 0 1'));
    expect(s.toClient().filter((m) => m.startsWith('Command'))).toEqual([
      'CommandComplete INSERT 0 1',
      'CommandComplete SELECT 0',
      'CommandComplete INSERT 0 1',
    ]);
    expect(s.outcomes.map((o) => o.n)).toEqual([1, 2, 3]);
    expect(s.session.isIdle).toBe(true);
  });

  it('holds a read of the same batch too, so that both fail when the record does', () => {
    const s = new Script().client(
      parse('write 1'),
      bind(),
      execute(),
      parse('select 2', 'r'),
      bind('r', 'p'),
      execute('p'),
      SYNC,
    );
    expect(s.toUpstream()).toEqual(['Parse =write 1']);
    s.durable(1);
    expect(s.toUpstream()).toEqual(['Bind <-', 'Execute ', 'Parse r=select 2']);
    s.durable(2);
    expect(s.toUpstream()).toEqual(['Bind p<-r', 'Execute p', 'Sync']);
  });
});

describe('denials', () => {
  it('a denied Parse in the middle of a pipeline: both sides discard up to Sync', () => {
    const s = new Script(asyncRecords);
    s.client(
      run('select 1'),
      parse('select 2'),
      bind(),
      execute(),
      parse('deny it', 'd'),
      bind('d'),
      execute(),
      SYNC,
      run('select 3'),
    );
    expect(s.toUpstream().filter((m) => m.startsWith('Parse'))).toEqual([
      'Parse =select 1',
      'Parse =select 2',
      'Parse d=<rejected>',
      'Parse =select 3',
    ]);
    s.upstream(
      ran('SELECT 1'),
      parseComplete,
      bindComplete,
      complete('SELECT 1'),
      error('42601'),
      ready(),
      ran('SELECT 1'),
    );
    expect(s.toClient().filter((m) => /^(ERROR|Command|Ready)/.test(m))).toEqual([
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
      'CommandComplete SELECT 1',
      'ERROR 42501',
      'ReadyForQuery I',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
    expect(s.session.isIdle).toBe(true);
  });

  it('a cached statement is judged again when policy changed', () => {
    const s = new Script(asyncRecords).client(parse('select secret', 's'), SYNC).upstream(parseComplete, ready());
    s.client(bind('s'), SYNC).upstream(bindComplete, ready('T'));
    s.denies = (sql) => sql === 'select secret';
    s.epoch++;
    s.toUpstream();
    s.client(execute(), SYNC);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
    s.upstream(error('42601'), ready('E'));
    expect(s.toClient().slice(-2)).toEqual(['ERROR 42501', 'ReadyForQuery E']);
    s.client(bind('s'), SYNC);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
  });

  it('a refused Execute that is answered all the same ends the session', () => {
    for (const answer of [row('leak'), complete('SELECT 1'), parseComplete, suspended]) {
      const s = new Script(asyncRecords).client(parse('select 1', 's'), bind('s'), SYNC);
      s.upstream(parseComplete, bindComplete, ready('T'));
      s.toClient();
      s.denies = () => true;
      s.epoch++;
      s.client(execute(), SYNC).upstream(answer);
      expect(s.closed).toBe('protocol');
      expect(s.toClient()).toEqual(['FATAL 08P01']);
    }
  });
});

describe('names of statements', () => {
  it('a Parse that fails keeps the older statement, and its user waits to know', () => {
    const s = new Script().client(parse('write old', 's'), SYNC).upstream(parseComplete, ready());
    s.toUpstream();
    s.client(parse('select new', 's'), SYNC, bind('s'), execute(), SYNC);
    expect(s.toUpstream()).toEqual(['Parse s=select new', 'Sync']);
    expect(s.paused).toBe(true);
    s.upstream(error('42P05'), ready());
    expect(s.intents).toMatchObject([{ sqlJson: '"write old"' }]);
    expect(s.toUpstream()).toEqual([]);
    s.durable();
    expect(s.toUpstream()).toEqual(['Bind <-s', 'Execute ', 'Sync']);
    expect(s.paused).toBe(false);
  });

  it('a Parse of the same batch is not waited for: had it failed, Bind would be discarded', () => {
    const s = new Script(asyncRecords).client(run('select a'), run('select b'), run('select c'));
    expect(s.intents.map((i) => i.sqlJson)).toEqual(['"select a"', '"select b"', '"select c"']);
    expect(s.paused).toBe(false);
  });

  it('what comes behind a Parse that failed is recorded as what was parsed, not as the older statement of that name', () => {
    const s = new Script(asyncRecords).client(parse('write old'), SYNC).upstream(parseComplete, ready());
    s.client(parse('select new'), FLUSH).upstream(error('42703'));
    s.client(bind(), execute(), SYNC).upstream(ready());
    expect(s.intents).toMatchObject([{ sqlJson: '"select new"' }]);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '42703' }]);
    s.client(bind(), execute(), SYNC);
    expect(s.intents[1]).toMatchObject({ sqlJson: '"write old"' });
  });

  it('what comes behind a Bind that failed is no execution of the older portal', () => {
    const s = new Script(asyncRecords).client(encodeQuery('begin'), parse('write old', 'old'), bind('old'), SYNC);
    s.upstream(complete('BEGIN'), ready('T'), parseComplete, bindComplete, ready('T'));
    s.client(parse('select new', 'new'), bind('new'), FLUSH).upstream(parseComplete, error('22P02'));
    s.client(execute(), SYNC).upstream(ready('E'));
    expect(s.intents.map((i) => i.sqlJson)).toEqual(['"begin"', '"write old"', '"select new"']);
    expect(s.outcomes.at(-1)).toMatchObject({ n: 3, sqlstate: '22P02' });
  });

  it('Close in an earlier batch that is discarded leaves the statement', () => {
    const s = new Script(asyncRecords).client(parse('write old', 's'), SYNC).upstream(parseComplete, ready());
    s.client(bind('none'), encodeClose('S', 's'), SYNC, bind('s'), execute(), SYNC);
    s.upstream(error('26000'), ready());
    expect(s.intents.at(-1)).toMatchObject({ sqlJson: '"write old"' });
    s.upstream(bindComplete, complete('INSERT 0 1'), ready());
    expect(s.closed).toBeUndefined();
    s.client(encodeClose('S', 's'), bind('s'), SYNC);
    s.upstream(closeComplete, error('42601'), ready());
    expect(s.toClient().slice(-3)).toEqual(['CloseComplete', 'ERROR 26000', 'ReadyForQuery I']);
  });

  it('a simple Query that is discarded does not make the gateway forget the unnamed statement', () => {
    const s = new Script(asyncRecords).client(parse('own t'), SYNC).upstream(parseComplete, ready());
    s.client(bind('none'), encodeQuery('select 1'), SYNC).upstream(error('26000'), ready());
    s.toUpstream();
    s.client(bind(), execute(), SYNC);
    // It is known, so policy asks what its names mean.
    expect(s.toUpstream()[0]).toBe('Parse dbgate_probe_1=<probe>');
  });

  it('behind a batch that failed, whose Sync is not answered yet, names are asked for when it is', () => {
    const s = new Script(asyncRecords).client(bind('none'), SYNC).upstream(error('26000'));
    s.toUpstream();
    s.client(encodeQuery('own t'));
    expect(s.toUpstream()).toEqual([]);
    expect(s.upstream(ready()).toUpstream()[0]).toBe('Parse dbgate_probe_1=<probe>');
  });

  it('Bind of unknown statements and Execute of unknown portals are refused, with the words of PostgreSQL', () => {
    const s = new Script(asyncRecords).client(bind('none'), SYNC, execute('c1'), SYNC);
    expect(s.toUpstream()).toEqual([
      'Parse dbgate_refused=<rejected>',
      'Sync',
      'Parse dbgate_refused=<rejected>',
      'Sync',
    ]);
    s.upstream(error('42601'), ready(), error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 26000', 'ReadyForQuery I', 'ERROR 34000', 'ReadyForQuery I']);
    expect(s.intents).toMatchObject([{ decision: 'deny' }, { decision: 'deny' }]);
  });

  it('DEALLOCATE ALL forgets the name that was used last', () => {
    const s = new Script(asyncRecords);
    s.client(parse('select 1', 's'), SYNC).upstream(parseComplete, ready());
    s.client(bind('s'), execute(), SYNC).upstream(bindComplete, complete('SELECT 1'), ready());
    s.client(encodeQuery('deallocate all')).upstream(complete('DEALLOCATE ALL'), ready());
    s.toClient();
    s.toUpstream();
    s.client(bind('s'), SYNC);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 26000', 'ReadyForQuery I']);
  });

  it('DEALLOCATE of one name forgets no other', () => {
    const s = new Script(asyncRecords).client(parse('own t', 's'), parse('select 1', 'x'), SYNC);
    s.upstream(parseComplete, parseComplete, ready());
    s.client(encodeQuery('deallocate x')).upstream(complete('DEALLOCATE'), ready());
    s.toUpstream();
    s.client(bind('s'), execute(), SYNC);
    expect(s.toUpstream()[0]).toBe('Parse dbgate_probe_1=<probe>');
    const t = new Script(asyncRecords).client(parse('select 1', 'x'), SYNC).upstream(parseComplete, ready());
    t.client(encodeQuery('deallocate x')).upstream(complete('DEALLOCATE'), ready());
    t.client(bind('x'), SYNC).upstream(error('42601'), ready());
    expect(t.toClient().slice(-2)).toEqual(['ERROR 26000', 'ReadyForQuery I']);
  });

  it('PREPARE in SQL shadows a name: what is bound is recorded as what it is', () => {
    const s = new Script(asyncRecords).client(parse('select 1', 's'), SYNC).upstream(parseComplete, ready());
    s.client(encodeQuery('deallocate s; prepare s as write 2'), bind('s'), execute(), SYNC);
    expect(s.intents).toHaveLength(1);
    s.upstream(complete('DEALLOCATE'), complete('PREPARE'), ready());
    expect(s.intents.at(-1)).toMatchObject({ sqlJson: '"deallocate s; prepare s as write 2"', protocol: 'extended' });
  });

  it('a text that fails half way has done what it did: DEALLOCATE yes, PREPARE no', () => {
    const s = new Script(asyncRecords).client(parse('select 1', 's'), SYNC).upstream(parseComplete, ready());
    s.client(encodeQuery('deallocate s; prepare s as write 2')).upstream(
      complete('DEALLOCATE'),
      error('42601'),
      ready(),
    );
    s.client(bind('s'), SYNC).upstream(error('42601'), ready());
    expect(s.toClient().slice(-2)).toEqual(['ERROR 26000', 'ReadyForQuery I']);
  });

  it('EXECUTE in SQL of what came by Parse is refused, of what came by PREPARE it is not', () => {
    const s = new Script(asyncRecords).client(parse('own t', 's'), SYNC).upstream(parseComplete, ready());
    s.toUpstream();
    s.client(encodeQuery('execute s'));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready());
    s.client(encodeQuery('prepare q as select 1'), encodeQuery('execute q'));
    expect(s.toUpstream()).toEqual(['Query prepare q as select 1', 'Query execute q']);
    s.upstream(complete('PREPARE'), ready(), complete('SELECT 1'), ready());
    s.client(run('execute s'));
    expect(s.toUpstream()).toEqual(['Parse =execute s', 'Parse dbgate_refused=<rejected>', 'Sync']);
  });

  it('EXECUTE of what was prepared in SQL is judged again when policy changed', () => {
    const s = new Script(asyncRecords).client(encodeQuery('prepare q as select 1'));
    s.upstream(complete('PREPARE'), ready());
    s.denies = (text) => text.startsWith('prepare');
    s.epoch++;
    s.toUpstream();
    s.client(encodeQuery('execute q'));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
  });

  it('EXECUTE pipelined behind a Parse whose fate is not known waits for it', () => {
    const s = new Script(asyncRecords).client(encodeQuery('prepare s as select 1'));
    s.upstream(complete('PREPARE'), ready());
    s.client(parse('own t', 's'), SYNC, encodeQuery('execute s'));
    expect(s.paused).toBe(true);
    s.upstream(error('42P05'), ready());
    expect(s.toUpstream().at(-1)).toBe('Query execute s');
  });

  it('a Sync that the server takes while the gateway believes in COPY does not make a name certain', () => {
    const s = new Script(asyncRecords).client(parse('write old', 's'), SYNC).upstream(parseComplete, ready());
    s.client(parse('copyin t', 'c'), bind('c'), execute(), SYNC).upstream(parseComplete, bindComplete, copyInResponse);
    // The server's error is under way; the client knows nothing of it.
    s.client(copyData('bad\n'), parse('select new', 's'), SYNC, bind('s'), execute(), SYNC);
    expect(s.intents.map((i) => i.sqlJson)).toEqual(['"copyin t"']);
    s.upstream(error('22P02'), ready());
    expect(s.intents.at(-1)).toMatchObject({ sqlJson: '"write old"' });
  });
});

describe('portals', () => {
  it('a row limit: each Execute is an intent of its own', () => {
    const s = new Script(asyncRecords).client(parse('select 1', 's'), bind('s', 'p'), execute('p', 1), FLUSH);
    s.upstream(parseComplete, bindComplete, row('1'), suspended);
    s.client(execute('p', 1), execute('p', 1), SYNC);
    s.upstream(row('2'), suspended, complete('SELECT 0'), ready());
    expect(s.intents).toHaveLength(3);
    expect(s.outcomes).toMatchObject([
      { n: 1, rows: 1 },
      { n: 2, rows: 1 },
      { n: 3, rows: 0 },
    ]);
    expect(s.toClient().at(-1)).toBe('ReadyForQuery I');
  });

  it('a Bind that fails, or is never executed, has an outcome', () => {
    const s = new Script(asyncRecords).client(run('select 1')).upstream(parseComplete, error('22P02'), ready());
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '22P02' }]);
    s.client(parse('select 2'), bind(), SYNC).upstream(parseComplete, bindComplete, ready());
    expect(s.outcomes).toMatchObject([{ n: 1 }, { n: 2, sqlstate: 'DG001' }]);
    s.client(parse('select 3'), bind(), bind(), execute(), SYNC);
    s.upstream(parseComplete, bindComplete, bindComplete, complete('SELECT 1'), ready());
    expect(s.outcomes.slice(2)).toMatchObject([
      { n: 3, sqlstate: 'DG001' },
      { n: 4, sqlstate: undefined },
    ]);
    s.client(parse('select 5'), bind('', 'p'), encodeClose('P', 'p'), SYNC);
    expect(s.outcomes.at(-1)).toMatchObject({ n: 5, sqlstate: 'DG001' });
  });

  it('what a cursor of SQL could fetch was asked for at Bind', () => {
    const s = new Script(asyncRecords).client(parse('own t', 's'), SYNC).upstream(parseComplete, ready('T'));
    s.toUpstream();
    s.client(bind('s', 'p'), SYNC);
    expect(s.toUpstream()).toEqual([
      'Parse dbgate_probe_1=<probe>',
      'Bind dbgate_probe_1<-dbgate_probe_1',
      'Execute dbgate_probe_1',
      'Close P dbgate_probe_1',
      'Close S dbgate_probe_1',
      'Sync',
    ]);
  });

  it('an empty query, and one without rows', () => {
    const s = new Script(asyncRecords).client(parse(''), bind(), encodeDescribe('P', ''), execute(), SYNC);
    s.upstream(parseComplete, bindComplete, noData, emptyQuery, ready());
    expect(s.toClient().slice(-2)).toEqual(['EmptyQueryResponse', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 0 }]);
  });
});

describe('COPY FROM STDIN', () => {
  const started = (): Script =>
    new Script(asyncRecords)
      .client(parse('copyin t'), bind(), execute(), SYNC)
      .upstream(parseComplete, bindComplete, copyInResponse);

  it('with a Sync sent early, which the server ignores, and one behind the data', () => {
    const s = started().client(copyData('1\n'), copyDone, SYNC).upstream(complete('COPY 1'), ready());
    s.client(run('select 1')).upstream(ran('SELECT 1'));
    expect(s.toClient().filter((m) => m.startsWith('Ready'))).toHaveLength(2);
    expect(s.session.isIdle).toBe(true);
    expect(s.closed).toBeUndefined();
  });

  it('an error in the middle: data still sent is ignored, the last Sync is answered', () => {
    const s = started().client(copyData('x\n')).upstream(error('22P02'));
    s.client(copyData('y\n'), copyDone, SYNC).upstream(ready());
    expect(s.toClient().slice(-2)).toEqual(['ERROR 22P02', 'ReadyForQuery I']);
    expect(s.session.isIdle).toBe(true);
  });

  it('an error before the server came to the early Sync, which is answered then', () => {
    const s = started().upstream(error('P0001'), ready());
    expect(s.toClient().slice(-2)).toEqual(['ERROR P0001', 'ReadyForQuery I']);
    expect(s.closed).toBeUndefined();
    s.client(run('select 1')).upstream(ran('SELECT 1'));
    expect(s.closed).toBeUndefined();
    // Only as many as were sent.
    s.upstream(ready());
    expect(s.closed).toBe('protocol');
  });
});

describe('who sends too much waits', () => {
  it('or is refused: prepared statements that are never closed', () => {
    const s = new Script({ ...asyncRecords, maxMessageBytes: 1 << 26 });
    const text = `select ${'x'.repeat(1 << 25)}`;
    s.client(parse(text, 'a'), parse(text, 'b'), SYNC).upstream(parseComplete, parseComplete, ready());
    s.client(parse('select 1', 'c'), SYNC).upstream(error('42601'), ready());
    expect(s.toClient().slice(-2)).toEqual(['ERROR 53200', 'ReadyForQuery I']);
    s.client(encodeClose('S', 'a'), SYNC).upstream(closeComplete, ready());
    s.client(parse('select 1', 'c'), SYNC).upstream(parseComplete, ready());
    expect(s.toClient().slice(-2)).toEqual(['ParseComplete', 'ReadyForQuery I']);
  });

  it('a client whose statements wait for the log', () => {
    const s = new Script({ maxMessageBytes: 1 << 22 }).client(encodeQuery(`write ${'x'.repeat(1 << 21)}`));
    expect(s.paused).toBe(true);
    s.durable();
    expect(s.paused).toBe(false);
  });

  it('a client with very many requests in flight', () => {
    const s = new Script(asyncRecords).client(...Array.from({ length: 10_001 }, () => SYNC));
    expect(s.paused).toBe(true);
    s.upstream(ready());
    expect(s.paused).toBe(false);
  });

  it('an upstream whose answers wait for the log', () => {
    const s = new Script().client(encodeQuery('select 1'));
    const commands = s.session.handle({
      type: 'upstream_data',
      chunk: Buffer.concat([rowDescription, row('x'.repeat(1 << 21))]),
      nowMs: 1,
    });
    expect(commands).toContainEqual({ type: 'pause_upstream' });
    expect(s.session.handle({ type: 'durable', position: 1, nowMs: 1 })).toContainEqual({ type: 'resume_upstream' });
  });
});
