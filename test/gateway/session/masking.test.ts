import { describe, expect, it } from 'vitest';
import { encodeErrorResponse } from '../../../src/pgwire/error-response.ts';
import { encodeBind, encodeDescribe, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeMessage, int32 } from '../../../src/pgwire/message.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { encodeRowDescription } from '../../../src/pgwire/result.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  copyData,
  copyDone,
  copyOutResponse,
  error,
  noData,
  parseComplete,
  ready,
  row,
  rowDescription,
  status,
  suspended,
} from './backend-messages.ts';
import { FakeMasking } from './fake-masking.ts';
import { Script, type ScriptOptions } from './script.ts';

const RAW = 'Ada Lovelace';
const raw = row(RAW);

function masked(masking = new FakeMasking(), options: ScriptOptions = {}): Script {
  return new Script({ waitForRecord: false, masking, ...options });
}

/** What a server says to the question for the search_path, and to its Sync. */
function path(name = 'public', status?: 'I' | 'T' | 'E'): Buffer {
  const answers = [parseComplete, bindComplete, row(name), complete('SELECT 1'), closeComplete, closeComplete];
  return Buffer.concat(status === undefined ? answers : [...answers, ready(status)]);
}

/** A session that knows its world. */
function settled(masking = new FakeMasking(), options: ScriptOptions = {}): Script {
  const s = masked(masking, options).client(encodeQuery('pass')).upstream(path('public', 'I'));
  s.upstream(rowDescription, row('1'), complete('SELECT 1'), ready());
  s.toClient();
  s.toUpstream();
  return s;
}

const q = encodeQuery;
const run = (sql: string, portal = '', rows = 0): Buffer[] => [
  encodeParse('', sql),
  encodeBind(portal, '', []),
  encodeExecute(portal, rows),
];
/** Rows of one column of text that is said to be a table's. */
const columnOf = (tableOid: number, attnum: number): Buffer =>
  encodeRowDescription([{ name: 'v', tableOid, attnum, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 }]);

describe('a simple Query', () => {
  it('of several statements takes the plan of each by its place, empty ones left out', () => {
    const s = settled().client(q('pass; mask;; pass'));
    s.upstream(rowDescription, row('a'), complete('SELECT 1'));
    s.upstream(rowDescription, raw, raw, complete('SELECT 2'));
    s.upstream(rowDescription, row('b'), complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual([
      'RowDescription',
      'DataRow a',
      'CommandComplete SELECT 1',
      'RowDescription',
      'DataRow [redacted]',
      'DataRow [redacted]',
      'CommandComplete SELECT 2',
      'RowDescription',
      'DataRow b',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
    expect(s.intents.at(-1)).toMatchObject({ decision: 'mask' });
    expect(s.outcomes.at(-1)).toMatchObject({ rows: 4, masked: 2 });
    expect(s.session.counters.masked).toBe(2);
  });

  it('that fails in the middle leaves nothing of its rewriter to the next', () => {
    const s = settled().client(q('mask; mask'), q('pass'));
    s.upstream(rowDescription, raw, complete('SELECT 1'), rowDescription, raw, error('22012'), ready());
    s.upstream(rowDescription, row('a'), complete('SELECT 1'), ready());
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual([
      'DataRow [redacted]',
      'DataRow [redacted]',
      'DataRow a',
    ]);
    expect(s.outcomes.slice(-2)).toMatchObject([{ masked: 2, sqlstate: '22012' }, { masked: 0 }]);
  });

  it('of which one statement is refused does not run', () => {
    const s = settled().client(q('pass; refuse'));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 42501', 'ReadyForQuery I']);
    expect(s.intents.at(-1)).toMatchObject({ decision: 'deny', rule: 'masking.not-traced' });
  });

  it('of which nothing is known is redacted as a whole', () => {
    const s = settled().client(q('blind'));
    const two = encodeRowDescription(
      ['a', 'b'].map((name) => ({
        name,
        tableOid: 0,
        attnum: 0,
        typeOid: 25,
        typeSize: -1,
        typeModifier: -1,
        format: 0,
      })),
    );
    s.upstream(two, row(RAW, null), complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted],[redacted]');
  });

  it('has its budget of lookups, asked once', () => {
    const masking = new FakeMasking();
    masking.lookupsLeft = 1;
    const s = settled(masking).client(q('lookup'));
    s.upstream(rowDescription, row('a'), complete('SELECT 1'), ready());
    expect(masking.lookupsLeft).toBe(0);
    s.client(q('lookup')).upstream(error('42601'), ready());
    expect(s.toClient().slice(-2)).toEqual(['ERROR 53400', 'ReadyForQuery I']);
  });

  it('whose names have to be asked for is counted once too', () => {
    const masking = new FakeMasking();
    masking.lookupsLeft = 1;
    const s = settled(masking).client(q('lookup; create t'));
    expect(s.toUpstream()[0]).toBe('Parse dbgate_probe_2=<probe>');
    s.upstream(parseComplete, bindComplete, row('1', null, 'f', 'public.', 'f', null), complete('SELECT 1'));
    s.upstream(closeComplete, closeComplete, ready());
    expect(s.toUpstream()).toEqual(['Query lookup; create t']);
  });
});

describe('rows that come in parts', () => {
  const answers = (): Buffer => Buffer.concat([rowDescription, raw, raw, complete('SELECT 2'), ready()]);
  const expected = [
    'RowDescription',
    'DataRow [redacted]',
    'DataRow [redacted]',
    'CommandComplete SELECT 2',
    'ReadyForQuery I',
  ];

  it('of a Query are masked whole, wherever a chunk ends', () => {
    const bytes = answers();
    for (let at = 1; at < bytes.length; at++) {
      const s = settled().client(q('mask')).upstream(bytes.subarray(0, at)).upstream(bytes.subarray(at));
      expect(s.toClient()).toEqual(expected);
    }
  });

  it('of an Execute are masked whole, wherever a chunk ends', () => {
    const bytes = Buffer.concat([
      parseComplete,
      bindComplete,
      rowDescription,
      raw,
      suspended,
      raw,
      complete('SELECT 2'),
      ready(),
    ]);
    for (let at = 1; at < bytes.length; at++) {
      const s = settled().client(...run('mask', '', 1), encodeExecute(''), SYNC);
      s.upstream(bytes.subarray(0, at)).upstream(bytes.subarray(at));
      expect(s.toClient()).toEqual([
        'ParseComplete',
        'BindComplete',
        'DataRow [redacted]',
        'PortalSuspended',
        'DataRow [redacted]',
        'CommandComplete SELECT 2',
        'ReadyForQuery I',
      ]);
      expect(s.outcomes.reduce((sum, one) => sum + one.masked, 0)).toBe(2);
    }
  });

  it('of an Execute are masked when each byte comes alone', () => {
    const s = settled().client(...run('mask'), SYNC);
    for (const byte of Buffer.concat([parseComplete, bindComplete, answers()])) s.upstream(Buffer.of(byte));
    expect(s.toClient().slice(2)).toEqual(expected.slice(1));
  });

  it('of COPY are masked, wherever a chunk ends and wherever CopyData ends', () => {
    const bytes = Buffer.concat([
      copyOutResponse,
      copyData('Ada Love'),
      copyData(`lace\n${RAW}\nA`),
      copyData('da Lovelace\n'),
      copyDone,
      complete('COPY 3'),
      ready(),
    ]);
    for (let at = 1; at < bytes.length; at++) {
      const s = settled().client(q('copymask')).upstream(bytes.subarray(0, at)).upstream(bytes.subarray(at));
      expect(s.toClient()).toEqual([
        'CopyOutResponse',
        ...Array(3).fill('CopyData [redacted]\n'),
        'CopyDone',
        'CommandComplete COPY 3',
        'ReadyForQuery I',
      ]);
    }
  });

  it('that pass go on as they come', () => {
    const s = settled().client(q('pass'));
    const large = row('x'.repeat(1000));
    s.upstream(rowDescription, large.subarray(0, 500));
    expect(s.clientBytes.reduce((sum, { length }) => sum + length, 0)).toBe(rowDescription.length + 500);
    s.upstream(large.subarray(500), complete('SELECT 1'), ready());
    expect(s.toClient()).toHaveLength(4);
  });

  it('of the gateway’s own question are understood, wherever a chunk ends', () => {
    const bytes = path('public', 'I');
    for (let at = 1; at < bytes.length; at++) {
      const masking = new FakeMasking();
      const s = masked(masking).client(q('mask')).upstream(bytes.subarray(0, at)).upstream(bytes.subarray(at));
      expect(masking.adopted).toEqual(['public']);
      expect(s.toUpstream().at(-1)).toBe('Query mask');
      expect(s.toClient()).toEqual([]);
    }
  });
});

describe('Parse, Bind and Execute', () => {
  it('are described by the gateway, who keeps the answer to itself', () => {
    const s = settled().client(...run('mask'), SYNC);
    expect(s.toUpstream()).toEqual(['Parse =mask', 'Bind <-', 'Describe P ', 'Execute ', 'Sync']);
    s.upstream(parseComplete, bindComplete, rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual([
      'ParseComplete',
      'BindComplete',
      'DataRow [redacted]',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
  });

  it('with the client’s own Describe give it its own answer', () => {
    const s = settled().client(
      encodeParse('', 'mask'),
      encodeBind('', '', []),
      encodeDescribe('P', ''),
      encodeExecute(''),
      SYNC,
    );
    s.upstream(parseComplete, bindComplete, rowDescription, rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[2]).toBe('RowDescription');
    expect(s.toClient()).toEqual([]);
  });

  it('that pass are not described', () => {
    const s = settled().client(...run('pass'), SYNC);
    expect(s.toUpstream()).toEqual(['Parse =pass', 'Bind <-', 'Execute ', 'Sync']);
  });

  it('whose statement has no rows are in order', () => {
    const s = settled().client(...run('mask'), SYNC);
    s.upstream(parseComplete, bindComplete, noData, complete('UPDATE 1'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete', 'CommandComplete UPDATE 1', 'ReadyForQuery I']);
  });

  it('whose Bind fails leave nothing behind', () => {
    const s = settled()
      .client(...run('mask'), SYNC)
      .upstream(parseComplete, error('22P02'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 22P02', 'ReadyForQuery I']);
    expect(s.outcomes.at(-1)).toMatchObject({ sqlstate: '22P02' });
    expect(s.session.isIdle).toBe(true);
  });

  it('are described portal by portal in a pipeline', () => {
    const s = settled().client(
      encodeParse('s', 'mask'),
      encodeBind('a', 's', []),
      encodeBind('b', 's', []),
      encodeExecute('a'),
      encodeExecute('b'),
      SYNC,
    );
    expect(s.toUpstream()).toEqual([
      'Parse s=mask',
      'Bind a<-s',
      'Describe P a',
      'Bind b<-s',
      'Describe P b',
      'Execute a',
      'Execute b',
      'Sync',
    ]);
    s.upstream(parseComplete, bindComplete, rowDescription, bindComplete, rowDescription);
    s.upstream(raw, complete('SELECT 1'), raw, complete('SELECT 1'), ready());
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual(['DataRow [redacted]', 'DataRow [redacted]']);
  });

  it('of a portal that is overwritten in flight keep each its own plan', () => {
    const s = settled().client(
      ...run('mask'),
      encodeParse('p', 'pass'),
      encodeBind('', 'p', []),
      encodeExecute(''),
      SYNC,
    );
    s.upstream(parseComplete, bindComplete, rowDescription, raw, complete('SELECT 1'));
    s.upstream(parseComplete, bindComplete, row('a'), complete('SELECT 1'), ready());
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual(['DataRow [redacted]', 'DataRow a']);
  });

  it('may come in binary', () => {
    const s = settled().client(encodeParse('', 'mask'), encodeBind('', '', [], []), encodeExecute(''), SYNC);
    const integer = encodeRowDescription([
      { name: 'v', tableOid: 0, attnum: 0, typeOid: 23, typeSize: 4, typeModifier: -1, format: 1 },
    ]);
    s.upstream(parseComplete, bindComplete, integer, row('\0\0\0\x2a'), complete('SELECT 1'), ready());
    // A redacted number is NULL.
    expect(s.toClient()[2]).toBe('DataRow NULL');
  });
});

describe('cursors', () => {
  const begun = (masking = new FakeMasking()): Script => {
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.toClient();
    s.toUpstream();
    return s;
  };
  const fetched = (s: Script, name = 'c'): string => {
    s.toClient();
    s.client(q(`fetch ${name}`)).upstream(rowDescription, raw, complete('FETCH 1'), ready('T'));
    return s.toClient()[1]!;
  };
  const did = (s: Script, sql: string, tag: string, status: 'I' | 'T' | 'E' = 'T'): Script =>
    s.client(q(sql)).upstream(complete(tag), ready(status));

  it('answer by the plan of their DECLARE', () => {
    expect(fetched(did(begun(), 'declare c mask', 'DECLARE CURSOR'))).toBe('DataRow [redacted]');
    expect(fetched(did(begun(), 'declare c pass', 'DECLARE CURSOR'))).toBe(`DataRow ${RAW}`);
  });

  it('that are not known are redacted', () => {
    expect(fetched(begun(), 'unknown')).toBe('DataRow [redacted]');
  });

  it('that could not be declared leave the older of that name', () => {
    const s = did(begun(), 'declare c mask', 'DECLARE CURSOR').client(q('declare c pass'));
    s.upstream(error('42P03'), ready('E'));
    expect(fetched(s)).toBe('DataRow [redacted]');
  });

  it('are known in the very text that declares them', () => {
    const s = begun().client(q('declare c mask; fetch c; declare d pass; fetch d'));
    s.upstream(complete('DECLARE CURSOR'), rowDescription, raw, complete('FETCH 1'));
    s.upstream(complete('DECLARE CURSOR'), rowDescription, row('a'), complete('FETCH 1'), ready('T'));
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual(['DataRow [redacted]', 'DataRow a']);
  });

  it('wait until it is known which of two a name stands for', () => {
    const s = did(begun(), 'declare c pass', 'DECLARE CURSOR');
    s.client(q('declare c mask'), q('fetch c'));
    s.toUpstream();
    expect(s.paused).toBe(true);
    s.upstream(complete('DECLARE CURSOR'), ready('T'));
    expect(s.toUpstream()).toEqual(['Query fetch c']);
    s.toClient();
    s.upstream(rowDescription, raw, complete('FETCH 1'), ready('T'));
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('WITH HOLD live on behind their transaction', () => {
    const s = did(did(begun(), 'declare c mask', 'DECLARE CURSOR'), 'commit', 'COMMIT', 'I');
    expect(fetched(s)).toBe('DataRow [redacted]');
  });

  it('of the protocol are fetched by name', () => {
    const s = begun().client(encodeParse('', 'mask'), encodeBind('c', '', []), SYNC);
    s.upstream(parseComplete, bindComplete, rowDescription, ready('T'));
    expect(fetched(s)).toBe('DataRow [redacted]');
  });

  it('that were closed give their name to a portal', () => {
    const s = did(did(begun(), 'declare c pass', 'DECLARE CURSOR'), 'close c', 'CLOSE CURSOR');
    s.client(encodeParse('', 'mask'), encodeBind('c', '', []), SYNC);
    s.upstream(parseComplete, bindComplete, rowDescription, ready('T'));
    expect(fetched(s)).toBe('DataRow [redacted]');
  });

  it('of which a portal in flight may have the name are waited for', () => {
    const s = did(did(begun(), 'declare c pass', 'DECLARE CURSOR'), 'close c', 'CLOSE CURSOR');
    s.client(encodeParse('', 'mask'), encodeBind('c', '', []), SYNC, q('fetch c'));
    s.upstream(parseComplete, bindComplete, rowDescription, ready('T'));
    s.toClient();
    s.upstream(rowDescription, raw, complete('FETCH 1'), ready('T'));
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('that were closed are not known any more', () => {
    const s = did(did(begun(), 'declare c pass', 'DECLARE CURSOR'), 'close c', 'CLOSE CURSOR');
    // A function of somebody's may have opened another by that name.
    expect(fetched(s)).toBe('DataRow [redacted]');
  });
});

describe('a name that may be that of a cursor', () => {
  it('is not executed as the portal that SQL closed', () => {
    const s = settled().client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(encodeParse('', 'pass'), encodeBind('c', '', []), SYNC).upstream(parseComplete, bindComplete, ready('T'));
    s.client(q('close c')).upstream(complete('CLOSE CURSOR'), ready('T'));
    s.client(q('declare c mask')).upstream(complete('DECLARE CURSOR'), ready('T'));
    s.toUpstream();
    s.client(encodeExecute('c'), SYNC);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
  });

  it('is not executed as the portal whose Bind failed', () => {
    const s = settled().client(q('declare c mask hold')).upstream(complete('DECLARE CURSOR'), ready());
    s.client(encodeParse('', 'pass'), encodeBind('c', '', []), SYNC, encodeExecute('c'), SYNC);
    s.toUpstream();
    s.upstream(parseComplete, error('42P03'), ready());
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
  });

  it('is not fetched from as the cursor that could not be declared', () => {
    const s = settled().client(q('declare c mask hold')).upstream(complete('DECLARE CURSOR'), ready());
    s.client(q('declare c pass hold'), q('fetch c')).upstream(error('42P03'), ready());
    s.toClient();
    s.upstream(rowDescription, raw, complete('FETCH 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });
});

describe('PREPARE and EXECUTE in SQL', () => {
  it('run what was prepared first, when the second of a name fails', () => {
    const s = settled().client(q('prepare s mask')).upstream(complete('PREPARE'), ready());
    s.client(q('prepare s pass'), q('execute s')).upstream(error('42P05'), ready());
    s.toClient();
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('of several in a text run the one that came so far', () => {
    const s = settled().client(q('prepare s mask; fail; deallocate s; prepare s pass'));
    s.upstream(complete('PREPARE'), error('22012'), ready()).client(q('execute s'));
    s.toClient();
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('bound by the protocol answer by their own plan, not by that of the text’s first statement', () => {
    const s = settled().client(q('pass; prepare s mask')).upstream(rowDescription, complete('SELECT 0'));
    s.upstream(complete('PREPARE'), ready()).client(encodeBind('', 's', []), encodeExecute(''), SYNC);
    s.toClient();
    s.upstream(bindComplete, rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('answer by the plan of what was prepared', () => {
    const s = settled().client(q('prepare s mask')).upstream(complete('PREPARE'), ready());
    s.toClient();
    s.client(q('execute s')).upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('of what is not known are redacted', () => {
    const s = settled().client(q('execute s')).upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('are planned in the world in which they run', () => {
    const masking = new FakeMasking();
    masking.special = (text, world) => {
      if (!text.startsWith('prepare')) return undefined;
      const plans = new FakeMasking().plans([], `prepare s ${world === 'other' ? 'mask' : 'pass'}`);
      return plans![0];
    };
    const s = settled(masking).client(q('prepare s select')).upstream(complete('PREPARE'), ready());
    s.client(q('set search_path')).upstream(complete('SET'), ready());
    s.client(q('execute s')).upstream(path('other', 'I'));
    s.toClient();
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });
});

describe('what names mean', () => {
  const questions = (s: Script): number => s.toUpstream().filter((m) => m.includes('<path>')).length;

  it('is asked for once, by a session that changes nothing of it', () => {
    const masking = new FakeMasking();
    const s = masked(masking).client(q('mask')).upstream(path('public', 'I'));
    let asked = questions(s);
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready());
    for (const sql of ['pass', 'write', 'begin', 'mask', 'write', 'savepoint a', 'rollback to a', 'commit', 'mask']) {
      s.client(q(sql)).upstream(complete('OK'), ready(/^(begin|write|sav|rollback)/.test(sql) ? 'T' : 'I'));
      asked += questions(s);
    }
    for (let i = 0; i < 3; i++) {
      s.client(...run('mask'), SYNC).upstream(
        parseComplete,
        bindComplete,
        rowDescription,
        complete('SELECT 0'),
        ready(),
      );
      asked += questions(s);
    }
    expect(asked).toBe(1);
    expect(masking.adopted).toEqual(['public']);
  });

  it('is not asked for by what reads nothing', () => {
    const s = masked().client(q('begin')).upstream(complete('BEGIN'), ready('T')).client(q('commit'));
    expect(questions(s)).toBe(0);
  });

  it.each([
    ['SET', ['set search_path'], 1],
    ['code', ['code'], 1],
    ['SET and its end of the transaction', ['begin', 'set search_path', 'mask', 'commit'], 2],
    ['SET and a savepoint', ['begin', 'savepoint a', 'set search_path', 'mask', 'rollback to a'], 2],
    ['DDL', ['alter t'], 1],
  ])('is asked for again after %s', (_what, statements, times) => {
    const s = settled();
    let asked = 0;
    let status: 'I' | 'T' = 'I';
    for (const sql of [...statements, 'mask']) {
      s.client(q(sql));
      status = sql === 'begin' ? 'T' : sql === 'commit' ? 'I' : status;
      const sent = s.toUpstream();
      if (sent.some((m) => m.includes('<path>'))) {
        asked++;
        s.upstream(path('public', status));
        if (sent.some((m) => m.includes('select catalog'))) throw new Error('the catalog was asked for');
        s.toUpstream();
      }
      s.upstream(complete('OK'), ready(status));
    }
    expect(asked).toBe(times);
  });

  it('is read in the session itself while its transaction has changed the schema', () => {
    const masking = new FakeMasking();
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(q('alter t'));
    s.toUpstream();
    s.upstream(complete('ALTER TABLE'), ready('T')).client(q('mask'));
    expect(s.toUpstream().filter((m) => m.startsWith('Parse'))).toEqual([
      expect.stringContaining('<path>'),
      expect.stringContaining('select catalog'),
    ]);
    s.upstream(path(), path('catalog row'), ready('T'));
    expect(masking.adopted.at(-1)).toBe('public own');
    expect(s.toUpstream()).toEqual(['Query mask']);
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready('T'));
    s.client(q('commit')).upstream(complete('COMMIT'), ready('I'));
    expect(s.others()).toContainEqual({ type: 'schema_changed' });
    masking.sharedVersion++;
    s.toUpstream();
    s.client(q('mask'));
    expect(s.toUpstream().filter((m) => m.startsWith('Parse'))).toEqual([expect.stringContaining('<path>')]);
    s.upstream(path('public', 'I'));
    expect(masking.adopted.at(-1)).toBe('public');
  });

  it('is asked for again when the catalog that sessions share is another', () => {
    const masking = new FakeMasking();
    const s = settled(masking);
    masking.sharedVersion++;
    expect(questions(s.client(q('mask')))).toBe(1);
  });

  it('is asked for in the order of a pipeline', () => {
    const s = settled().client(...run('set search_path'), ...run('mask'), SYNC);
    expect(s.toUpstream()).toEqual([
      'Parse =set search_path',
      'Bind <-',
      'Execute ',
      'Parse =mask',
      'Parse dbgate_probe_2=<path>',
      'Bind dbgate_probe_2<-dbgate_probe_2',
      'Execute dbgate_probe_2',
      'Close P dbgate_probe_2',
      'Close S dbgate_probe_2',
      'Flush',
    ]);
    s.upstream(parseComplete, bindComplete, complete('SET'), parseComplete, path('other'));
    expect(s.toUpstream()).toEqual(['Bind <-', 'Describe P ', 'Execute ', 'Sync']);
  });

  it('that was not asked for in the end, behind an error of the pipeline, holds nothing up', () => {
    const s = settled().client(...run('set search_path'), ...run('mask'), SYNC);
    s.toUpstream();
    s.upstream(parseComplete, bindComplete, error('42501'));
    expect(s.toUpstream().slice(-1)).toEqual(['Sync']);
    s.upstream(ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete', 'ERROR 42501', 'ReadyForQuery I']);
    expect(s.session.isIdle).toBe(true);
  });

  it('in a failed transaction is not asked for: the server refuses the statement', () => {
    const masking = new FakeMasking();
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(q('pass')).upstream(error('22012'), ready('E'));
    masking.sharedVersion++;
    s.toUpstream();
    s.toClient();
    expect(s.client(q('mask')).toUpstream()).toEqual(['Query mask']);
    s.upstream(error('25P02'), ready('E'));
    expect(s.toClient()).toEqual(['ERROR 25P02', 'ReadyForQuery E']);
  });

  it('is not guessed for what comes behind the ROLLBACK of a failed transaction in one text', () => {
    const masking = new FakeMasking();
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(q('pass')).upstream(error('22012'), ready('E'));
    masking.sharedVersion++;
    s.toUpstream();
    s.toClient();
    s.client(q('rollback; mask')).upstream(error('25P02'), ready('E'));
    expect(s.toUpstream().at(-1)).toBe('Query <rejected>');
    s.upstream(error('42601'), ready('E'));
    expect(s.toClient()).toEqual(['ERROR 55000', 'ReadyForQuery E']);
  });

  it('is asked for again for what comes behind SET, or behind the ROLLBACK of one, in one text', () => {
    const r = settled().client(q('set search_path other; mask'));
    r.upstream(complete('BEGIN'), ready('T'));
    expect(r.toUpstream()).toEqual(['Query BEGIN', 'Query set search_path other']);
    r.upstream(complete('SET'), ready('T'));
    expect(r.toUpstream()[0]).toMatch(/^Parse/);
    r.upstream(path('other', 'T'));
    expect(r.toUpstream()).toEqual(['Query mask']);
    const s = settled().client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(q('set search_path other')).upstream(complete('SET'), ready('T'));
    s.toUpstream();
    s.client(q('rollback; pass')).upstream(path('other', 'T'));
    expect(s.toUpstream().at(-1)).toBe('Query rollback');
    const t = settled().client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    t.toUpstream();
    expect(t.client(q('rollback; pass')).toUpstream()).toEqual(['Query rollback; pass']);
  });

  it('that fails in the middle of a batch is told, and the rest of the batch is not run', () => {
    const s = masked().client(...run('mask'), SYNC);
    s.toUpstream();
    s.upstream(parseComplete, error('57014'));
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 55000']);
    expect(s.toUpstream()).toEqual(['Sync']);
    s.upstream(ready());
    expect(s.toClient()).toEqual(['ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '55000' }]);
    expect(s.session.isIdle).toBe(true);
  });

  it('that cannot be found out refuses the statement, and is asked for again by the next', () => {
    const s = masked().client(q('mask')).upstream(error('57014'), ready());
    expect(s.toUpstream().at(-1)).toBe('Query <rejected>');
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 55000', 'ReadyForQuery I']);
    s.client(q('mask')).upstream(path('public', 'I')).upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('of a log that failed meanwhile is not guessed', () => {
    const masking = new FakeMasking();
    const s = masked(masking, { waitForRecord: true }).client(q('write set')).upstream(path('public', 'I'));
    s.toUpstream();
    // The write waits for its record, and the question behind it.
    masking.sharedVersion++;
    s.client(q('mask'));
    expect(s.toUpstream()).toEqual([]);
    s.auditFailed(1);
    s.toUpstream();
    s.upstream(error('42601'), ready(), ready(), error('42601'), ready());
    expect(s.toClient().filter((m) => m.startsWith('ERROR'))).toEqual(['ERROR 58030']);
    expect(s.durable().toClient()).toEqual(['ERROR 55000', 'ReadyForQuery I']);
  });
});

describe('tracing', () => {
  it('comes before the statement', () => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => sql === 'mask';
    const s = settled(masking).client(q('mask'), q('pass'));
    expect(s.others()).toMatchObject([{ type: 'trace', sql: 'mask' }]);
    expect(s.toUpstream()).toEqual([]);
    expect(s.paused).toBe(true);
    masking.traced.add('mask');
    expect(s.traced().toUpstream()).toEqual(['Query mask', 'Query pass']);
    expect(s.paused).toBe(false);
  });

  it('is asked for again when the schema changed while it went on', () => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => sql === 'mask';
    const s = settled(masking).client(q('mask'));
    masking.sharedVersion++;
    s.traced();
    expect(s.toUpstream().some((m) => m.includes('<path>'))).toBe(true);
  });

  it.each(['traced', 'world'] as const)('that goes on (%s) does not outlive the session', (what) => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => what === 'traced' && sql === 'mask';
    const s = (what === 'traced' ? settled(masking) : masked(masking)).client(q('mask'));
    s.end('revoked');
    expect(s.closed).toBe('revoked');
    s.traced();
    expect(s.toUpstream().filter((m) => m.startsWith('Query'))).toEqual([]);
  });

  it('that goes on when the client says goodbye is waited for', () => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => sql === 'mask';
    const s = settled(masking).client(q('mask')).clientEnd();
    masking.traced.add('mask');
    expect(s.traced().toUpstream()).toEqual(['Query mask', 'Terminate']);
  });

  it('that goes on when the server is gone ends with it', () => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => sql === 'mask';
    const s = settled(masking).client(q('mask')).upstreamEnd();
    expect(s.closed).toBe('upstream_gone');
    s.traced();
  });
});

describe('what comes besides rows', () => {
  const notified = (channel: string, payload: string): Buffer =>
    encodeMessage('A', int32(7), Buffer.from(`${channel}\0${payload}\0`));
  const heard = (s: Script): string => Buffer.concat(s.clientBytes.splice(0)).toString('latin1');

  it('of notifications loses what can be told from a value alone', () => {
    const s = settled().upstream(notified('orders', 'ada@lovelace.example, 4111 1111 1111 1111'));
    const told = heard(s);
    expect(told).not.toContain('lovelace');
    expect(told).not.toContain('1111 1111');
    expect(told.length).toBe(1 + Buffer.from(told, 'latin1').readInt32BE(1));
    expect(told.slice(5, 16)).toBe('\0\0\0\x07orders\0');
  });

  it('of notifications is byte for byte what came where there is nothing', () => {
    const message = notified('orders', '{"id":42,"status":"shipped"}');
    expect(heard(settled().upstream(message))).toBe(message.toString('latin1'));
    const clear = new Script({ waitForRecord: false });
    expect(heard(clear.upstream(notified('c', 'ada@lovelace.example')))).toContain('lovelace');
  });

  it('of settings loses it too', () => {
    const s = settled().upstream(status('application_name', 'ada@lovelace.example'), status('TimeZone', 'UTC'));
    expect(heard(s)).toMatch(/^S(?!.*lovelace).*TimeZone\0UTC\0$/s);
  });

  it('of messages is told by the plan of its statement', () => {
    const said = (code: string, severity = 'ERROR'): Buffer =>
      encodeErrorResponse({ severity, code, message: `key (${RAW}) exists, ada@lovelace.example` });
    const hears = (sql: string, code: string): string => heard(settled().client(q(sql)).upstream(said(code), ready()));
    expect(hears('pass', '23505')).toContain(RAW);
    expect(hears('pass', '23505')).not.toContain('lovelace');
    expect(hears('mask', '23505')).not.toContain('Ada');
    expect(hears('blind', '23505')).not.toContain('Ada');
    // One that comes by itself, and that of an implicit COMMIT behind the last statement.
    const notice = Buffer.from(said('00000', 'WARNING'));
    notice[0] = 'N'.charCodeAt(0);
    expect(heard(settled().upstream(notice))).not.toContain('lovelace');
    const s = settled().client(q('write')).upstream(complete('INSERT 0 1'), said('23503'), ready());
    expect(heard(s)).not.toContain('Ada');
  });

  it('ends the session if it cannot be scrubbed', () => {
    const masking = new FakeMasking();
    const fails = (): string => {
      throw new Error('cannot');
    };
    (masking as { context: unknown }).context = { ...masking.context, scan: fails };
    const s = settled(masking).client(q('pass'));
    s.upstream(encodeErrorResponse({ severity: 'ERROR', code: '22012', message: 'ada@lovelace.example' }), ready());
    expect(heard(s)).not.toContain('lovelace');
    expect(s.closed).toBe('protocol');
    expect(s.outcomes).toHaveLength(s.intents.length);
  });

  it('is the cancel that hit the gateway’s own Describe: the client hears of it', () => {
    const s = settled()
      .client(...run('mask'), SYNC)
      .upstream(parseComplete, bindComplete, error('57014'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete', 'ERROR 57014', 'ReadyForQuery I']);
  });
});

describe('a cancel of what is held', () => {
  it('refuses a Query whose trace goes on', () => {
    const masking = new FakeMasking();
    masking.untraced = (sql) => sql === 'mask';
    const s = settled(masking).client(q('mask')).cancelRequested();
    expect(s.others().map(({ type }) => type)).toEqual(['trace']);
    masking.traced.add('mask');
    expect(s.traced().toUpstream()).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
    // The next is not hit.
    expect(s.client(q('mask')).toUpstream()).toEqual(['Query mask']);
  });

  it('refuses a Bind that waits for what names mean', () => {
    const s = masked().client(...run('mask'), SYNC);
    s.toUpstream();
    s.cancelRequested();
    s.upstream(parseComplete, path());
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 57014', 'ReadyForQuery I']);
  });

  it.each(['Query', 'Parse'] as const)('refuses a %s whose text is analysed', (kind) => {
    const s = settled(undefined, { unseen: (sql) => sql === 'mask' });
    s.client(...(kind === 'Query' ? [q('mask')] : [...run('mask'), SYNC])).cancelRequested();
    s.analysed('mask').upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
    expect(s.session.isIdle).toBe(true);
  });

  it('reaches the server when nothing is held', () => {
    const s = settled().client(q('mask')).cancelRequested();
    expect(s.others()).toEqual([{ type: 'cancel_upstream' }]);
  });

  it('whose session ends meanwhile holds nothing up', () => {
    const masking = new FakeMasking();
    masking.untraced = () => true;
    const s = settled().client(q('begin'));
    s.cancelRequested().upstreamEnd();
    expect(s.closed).toBeDefined();
  });
});

describe('an answer that is not what was planned for', () => {
  const foreseen = (masking = new FakeMasking()): FakeMasking => {
    const [pass, mask] = masking.plans([], 'pass; mask')!;
    let fresh = false;
    masking.special = (text) => {
      if (text !== 'drift') return undefined;
      return fresh ? mask : { ...pass!, result: { ...pass!.result!, origins: [{ relation: 7, attnum: 1 }] } };
    };
    Object.assign(masking, { refresh: () => (fresh = true) });
    masking.masked = (relation) => relation === 8;
    return masking;
  };
  const refresh = (masking: FakeMasking): void => (masking as unknown as { refresh(): void }).refresh();

  it('waits, is planned anew, and then goes on by the new plan', () => {
    const masking = foreseen();
    const s = settled(masking).client(q('drift')).upstream(columnOf(8, 1), raw);
    expect(s.toClient()).toEqual([]);
    expect(s.others()).toMatchObject([{ type: 'retrace', sql: 'drift' }, { type: 'pause_upstream' }]);
    s.upstream(raw, complete('SELECT 2'), ready());
    expect(s.toClient()).toEqual([]);
    refresh(masking);
    s.retraced();
    expect(s.toClient()).toEqual([
      'RowDescription',
      'DataRow [redacted]',
      'DataRow [redacted]',
      'CommandComplete SELECT 2',
      'ReadyForQuery I',
    ]);
    expect(s.others()).toEqual([{ type: 'resume_upstream' }]);
    expect(s.outcomes.at(-1)).toMatchObject({ masked: 2 });
  });

  it('is withheld if it still is not', () => {
    const masking = foreseen();
    const s = settled(masking).client(q('drift')).upstream(columnOf(8, 1), raw).retraced();
    expect(s.toClient()).toEqual([]);
    expect(s.others()).toContainEqual({ type: 'cancel_statement' });
    s.upstream(raw, error('57014'), ready());
    expect(s.toClient()).toEqual(['ERROR XX000', 'ReadyForQuery I']);
    s.statementCancelled();
    expect(s.outcomes.at(-1)).toMatchObject({ sqlstate: 'XX000' });
    s.client(q('mask')).upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).toBe('DataRow [redacted]');
  });

  it('is withheld if the new plan refuses it', () => {
    const masking = foreseen();
    const s = settled(masking).client(q('drift')).upstream(columnOf(8, 1), raw);
    masking.special = () => new FakeMasking().plans([], 'refuse')![0];
    s.retraced().upstream(complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual(['ERROR XX000', 'ReadyForQuery I']);
  });

  it('of a portal is planned anew before its first row', () => {
    const masking = foreseen();
    const [pass] = masking.plans([], 'pass')!;
    const drifted = { ...pass!, result: { ...pass!.result!, passes: false, origins: [{ relation: 7, attnum: 1 }] } };
    const before = masking.special;
    let fresh = false;
    masking.special = (text, world) => (text === 'drift' && !fresh ? drifted : before(text, world));
    const s = settled(masking).client(...run('drift'), SYNC);
    s.upstream(parseComplete, bindComplete, columnOf(8, 1), raw, complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete']);
    fresh = true;
    refresh(masking);
    s.retraced();
    expect(s.toClient()).toEqual(['DataRow [redacted]', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
  });

  it('of a portal that cannot be planned fails the batch, upstream too', () => {
    const masking = foreseen();
    const [pass] = masking.plans([], 'pass')!;
    masking.special = (text) =>
      text === 'drift'
        ? { ...pass!, result: { ...pass!.result!, passes: false, origins: [{ relation: 7, attnum: 1 }] } }
        : undefined;
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(...run('drift'), SYNC);
    s.toClient();
    s.toUpstream();
    s.upstream(parseComplete, bindComplete, columnOf(8, 1), raw, complete('INSERT 0 1'), ready('T')).retraced();
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete', 'ERROR XX000', 'ReadyForQuery E']);
    // The server's transaction is to be as failed as the client was told.
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.outcomes.at(-1)).toMatchObject({ sqlstate: 'XX000' });
  });

  it('goes no further when the session ends while it waits', () => {
    const s = settled(foreseen()).client(q('drift')).upstream(columnOf(8, 1), raw);
    s.end('revoked');
    expect(s.closed).toBe('revoked');
    s.retraced();
    expect(s.toClient()).toEqual(['FATAL 28000']);
    expect(s.outcomes.at(-1)).toMatchObject({ sqlstate: '08006' });
  });

  it('goes no further when the server is gone while it waits', () => {
    const s = settled(foreseen()).client(q('drift')).upstream(columnOf(8, 1), raw).upstreamEnd();
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual([]);
    expect(s.closed).toBe('upstream_gone');
  });

  it('in the second statement of a text does not change what was planned for a cursor', () => {
    const masking = foreseen();
    const s = settled(masking).client(q('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(q('declare c mask')).upstream(complete('DECLARE CURSOR'), ready('T'));
    s.client(q('drift; fetch c; mask')).upstream(columnOf(8, 1));
    refresh(masking);
    s.retraced();
    s.toClient();
    s.upstream(complete('SELECT 0'), rowDescription, raw, complete('FETCH 1'));
    s.upstream(rowDescription, raw, complete('SELECT 1'), ready('T'));
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toEqual(['DataRow [redacted]', 'DataRow [redacted]']);
  });

  it('is withheld when rows come that were not described', () => {
    const s = settled().client(q('mask')).upstream(raw, error('57014'), ready());
    expect(s.toClient()).toEqual(['ERROR XX000', 'ReadyForQuery I']);
  });

  it('is withheld when a row has another number of columns', () => {
    const s = settled().client(q('mask')).upstream(rowDescription, raw, row(RAW, RAW), raw, error('57014'), ready());
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow [redacted]', 'ERROR XX000', 'ReadyForQuery I']);
  });

  it('is withheld when COPY comes where rows were planned', () => {
    const s = settled()
      .client(q('mask'))
      .upstream(copyOutResponse, copyData(`${RAW}\n`), error('57014'), ready());
    expect(s.toClient()).toEqual(['ERROR XX000', 'ReadyForQuery I']);
  });

  it('is withheld when there are more statements in the answer than in the text', () => {
    const s = settled().client(q('mask')).upstream(rowDescription, complete('SELECT 0'), rowDescription, raw);
    s.upstream(complete('SELECT 1'), ready());
    expect(s.toClient().filter((m) => m.includes(RAW))).toEqual([]);
  });

  it('is withheld when a masker throws, at whichever row', () => {
    const masking = new FakeMasking();
    let left = 2;
    const [mask] = masking.plans([], 'mask')!;
    masking.special = (text) =>
      text === 'fails' ? { ...mask!, result: { ...mask!.result!, columns: [{ do: 'scan' }] } } : undefined;
    (masking as { context: unknown }).context = {
      ...masking.context,
      scan: (text: string) => {
        if (left-- === 0) throw new Error(`cannot: ${text}`);
        return 'scanned';
      },
    };
    const s = settled(masking).client(q('fails'));
    const mail = row('ada@lovelace.example');
    s.upstream(rowDescription, mail, mail, mail, mail, error('57014'), ready());
    expect(s.toClient()).toEqual([
      'RowDescription',
      'DataRow scanned',
      'DataRow scanned',
      'ERROR XX000',
      'ReadyForQuery I',
    ]);
  });

  it('of a type that is not known is redacted', () => {
    const masking = new FakeMasking();
    masking.types = () => undefined;
    const s = settled(masking).client(q('mask')).upstream(rowDescription, raw, complete('SELECT 1'), ready());
    expect(s.toClient()[1]).not.toContain(RAW);
  });
});
