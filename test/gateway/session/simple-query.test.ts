import { describe, expect, it } from 'vitest';
import { TERMINATE } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import {
  complete,
  copyBothResponse,
  copyData,
  copyDone,
  copyFail,
  copyInResponse,
  copyOutResponse,
  emptyQuery,
  error,
  functionCall,
  notice,
  notification,
  ready,
  row,
  rowDescription,
  status,
} from './backend-messages.ts';
import { Script } from './script.ts';

const query = encodeQuery;

describe('a pure read', () => {
  it('goes at once; its answer waits for the record', () => {
    const s = new Script().client(query('select 1'));
    expect(s.toUpstream()).toEqual(['Query select 1']);
    s.upstream(rowDescription, row('1'), complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual([]);
    expect(s.intents).toMatchObject([{ sqlJson: '"select 1"', decision: 'allow', protocol: 'simple' }]);
    s.durable();
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 1', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 1, bytes: 7, sqlstate: undefined }]);
  });

  it('keeps the order of answers of which only the first is durable', () => {
    const s = new Script().client(query('select 1'), query('select 2'));
    s.upstream(rowDescription, row('1'), complete('SELECT 1'), ready());
    s.upstream(rowDescription, row('2'), complete('SELECT 1'), ready());
    s.durable(1);
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 1', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
    s.durable(2);
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 2', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
  });

  it('asks to be told of its record even before an answer is there to be held back', () => {
    const s = new Script();
    const commands = s.session.handle({ type: 'client_data', chunk: query('select 1'), nowMs: 1 });
    expect(commands).toContainEqual({ type: 'await_durable', position: 1 });
  });

  it('is none behind DDL of a transaction that is still open: the shared snapshot does not know of it', () => {
    const s = new Script().client(query('begin'), query('alter t'));
    s.durable(2).toUpstream();
    s.upstream(complete('BEGIN'), ready('T'), complete('ALTER TABLE'), ready('T'));
    expect(s.client(query('select 1')).toUpstream()).toEqual([]);
    s.durable(3);
    expect(s.toUpstream()).toEqual(['Query select 1']);
    s.upstream(complete('SELECT 1'), ready('I'));
    expect(s.client(query('select 2')).toUpstream()).toEqual(['Query select 2']);
  });

  it('waits for nothing when records are not waited for', () => {
    const s = new Script({ waitForRecord: false }).client(query('write 1'));
    expect(s.toUpstream()).toEqual(['Query write 1']);
    s.upstream(complete('INSERT 0 1'), ready());
    expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 1 }]);
  });
});

describe('a statement with an effect', () => {
  it('is held until its record is durable, and all behind it', () => {
    const s = new Script().client(query('write 1'), query('select 2'));
    expect(s.toUpstream()).toEqual([]);
    s.durable(1);
    expect(s.toUpstream()).toEqual(['Query write 1', 'Query select 2']);
    s.upstream(complete('INSERT 0 1'), ready(), rowDescription, row('2'), complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ReadyForQuery I']);
    s.durable(2);
    expect(s.toClient()).toHaveLength(4);
  });
});

describe('a denied query', () => {
  for (const [place, state] of [
    ['outside a transaction', 'I'],
    ['inside a transaction', 'E'],
  ] as const) {
    it(`${place}: upstream rejects the substitute, the client reads the denial`, () => {
      const s = new Script().client(query('deny it'));
      expect(s.toUpstream()).toEqual(['Query <rejected>']);
      s.upstream(error('42601'), ready(state));
      expect(s.toClient()).toEqual([]);
      s.durable();
      expect(s.toClient()).toEqual(['ERROR 42501', `ReadyForQuery ${state}`]);
      expect(s.intents).toMatchObject([{ decision: 'deny', rule: 'production.no-drop', sqlJson: '"deny it"' }]);
      expect(s.session.counters).toMatchObject({ statements: 1, denied: 1 });
      expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '42501' }]);
      expect(s.session.isIdle).toBe(true);
    });
  }

  it.each([
    ['RowDescription', [rowDescription]],
    ['DataRow', [row('leak')]],
    ['CommandComplete', [complete('DROP TABLE')]],
    ['CopyData', [copyData('leak')]],
    ['CopyOutResponse', [copyOutResponse]],
    ['EmptyQueryResponse', [emptyQuery]],
    ['ReadyForQuery without an error', [ready()]],
  ])('ends the session when it ran after all: %s', (_name, messages) => {
    const s = new Script({ instantlyDurable: true, waitForRecord: false }).client(query('deny it'));
    s.upstream(...messages);
    expect(s.closed).toBe('protocol');
    expect(s.toClient()).toEqual(['FATAL 08P01']);
  });
});

describe('the analysis', () => {
  it('is waited for, with more messages behind in the same chunk', () => {
    const s = new Script({ unseen: (sql) => sql === 'select new' });
    s.client(query('select 1'), query('select new'), query('select 2'));
    expect(s.toUpstream()).toEqual(['Query select 1']);
    expect(s.others()).toEqual([{ type: 'analyse', sql: 'select new' }]);
    expect(s.paused).toBe(true);
    s.client(query('select 3'));
    expect(s.toUpstream()).toEqual([]);
    s.analysed('select new');
    expect(s.toUpstream()).toEqual(['Query select new', 'Query select 2', 'Query select 3']);
    expect(s.paused).toBe(false);
  });

  it('comes after the client half-closed: the statement still runs, then Terminate', () => {
    const s = new Script({ unseen: () => true }).client(query('select new'));
    s.clientEnd();
    expect(s.toUpstream()).toEqual([]);
    s.analysed('select new');
    expect(s.toUpstream()).toEqual(['Query select new', 'Terminate']);
  });

  it('that nobody asked for ends the session', () => {
    const s = new Script();
    s.analysed('select 1');
    expect(s.closed).toBe('protocol');
    expect(s.others()).toMatchObject([{ type: 'internal_error' }]);
  });

  it('refuses bytes that are not UTF-8', () => {
    const s = new Script().client(Buffer.concat([Buffer.from('Q\0\0\0\x06'), Buffer.of(0xff, 0)]));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.durable().upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 22021', 'ReadyForQuery I']);
  });
});

describe('answers of every kind', () => {
  it('an empty query, a query of several statements, an error in the middle', () => {
    const s = new Script({ waitForRecord: false }).client(query(''), query('select 1; write 2; select 3'));
    s.upstream(emptyQuery, ready());
    s.upstream(rowDescription, row('1'), complete('SELECT 1'), error('22012'), ready());
    expect(s.toClient()).toEqual([
      'EmptyQueryResponse',
      'ReadyForQuery I',
      'RowDescription',
      'DataRow 1',
      'CommandComplete SELECT 1',
      'ERROR 22012',
      'ReadyForQuery I',
    ]);
    expect(s.outcomes).toMatchObject([{ n: 1 }, { n: 2, sqlstate: '22012' }]);
    expect(s.session.counters.errors).toBe(1);
  });

  it('notices, notifications and ParameterStatus at any time, application_name as the client gave it', () => {
    const s = new Script();
    s.upstream(notice, notification, status('TimeZone', 'UTC'), status('application_name', 'psql (dev@demo.test)'));
    expect(s.toClient()).toEqual([
      'NOTICE 00000',
      'NotificationResponse',
      'ParameterStatus TimeZone=UTC',
      'ParameterStatus application_name=psql',
    ]);
    s.upstream(status('client_encoding', 'UTF8'));
    expect(s.closed).toBeUndefined();
  });

  it('a pinned setting that changed ends the session', () => {
    const s = new Script().upstream(status('standard_conforming_strings', 'off'));
    expect(s.closed).toBe('protocol');
    expect(s.toClient()).toEqual(['FATAL 08P01']);
    expect(s.client(query('select 1')).toUpstream()).toEqual([]);
  });

  it('FunctionCall is refused', () => {
    const s = new Script().client(functionCall);
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.durable().upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 0A000', 'ReadyForQuery I']);
    expect(s.intents).toMatchObject([{ protocol: 'function', decision: 'deny' }]);
  });
});

describe('COPY', () => {
  it('FROM STDIN, the end sent after CopyInResponse', () => {
    const s = new Script({ waitForRecord: false }).client(query('copyin t')).upstream(copyInResponse);
    s.client(copyData('1\n'), copyData('2\n'), copyDone);
    expect(s.toUpstream()).toEqual(['Query copyin t', 'CopyData 1\n', 'CopyData 2\n', 'CopyDone']);
    s.upstream(complete('COPY 2'), ready());
    expect(s.toClient()).toEqual(['CopyInResponse', 'CommandComplete COPY 2', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ rows: 2 }]);
  });

  it('FROM STDIN with everything sent before CopyInResponse, and a query behind', () => {
    const s = new Script({ waitForRecord: false });
    s.client(query('copyin t'), copyData('1\n'), copyDone, query('select 2'));
    s.upstream(copyInResponse, complete('COPY 1'), ready());
    s.upstream(rowDescription, row('2'), complete('SELECT 1'), ready());
    expect(s.closed).toBeUndefined();
    expect(s.toClient()).toHaveLength(7);
    expect(s.session.isIdle).toBe(true);
  });

  it('CopyFail, and an error in the middle of the data', () => {
    const s = new Script({ waitForRecord: false }).client(query('copyin t')).upstream(copyInResponse);
    s.client(copyData('1\n'), copyFail).upstream(error('57014'), ready());
    s.client(query('copyin t')).upstream(copyInResponse).client(copyData('x\n'));
    s.upstream(error('22P02'), ready()).client(copyData('more'), copyDone, query('select 1'));
    s.upstream(rowDescription, row('1'), complete('SELECT 1'), ready());
    expect(s.closed).toBeUndefined();
    expect(s.outcomes.map((o) => o.sqlstate)).toEqual(['57014', '22P02', undefined]);
    expect(s.session.isIdle).toBe(true);
  });

  it('TO STDOUT, with rows and bytes counted', () => {
    const s = new Script({ instantlyDurable: true }).client(query('select copy')).durable();
    s.upstream(copyOutResponse, copyData('12345\n'), copyData('6\n'), copyDone, complete('COPY 2'), ready());
    expect(s.toClient()).toHaveLength(6);
    expect(s.outcomes).toMatchObject([{ rows: 2, bytes: 8 }]);
  });

  it('replication is a protocol violation', () => {
    const s = new Script({ waitForRecord: false }).client(query('select 1')).upstream(copyBothResponse);
    expect(s.closed).toBe('protocol');
  });
});

describe('Terminate', () => {
  it('goes upstream behind what came before; what comes behind it is not read', () => {
    const s = new Script().client(query('write 1'), TERMINATE, query('write 2'), Buffer.from('garbage'));
    s.client(query('write 3'));
    s.durable();
    expect(s.toUpstream()).toEqual(['Query write 1', 'Terminate']);
    expect(s.intents).toHaveLength(1);
    s.upstream(complete('INSERT 0 1'), ready()).upstreamEnd();
    expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ReadyForQuery I']);
    expect(s.closed).toBe('client');
  });
});

describe('peers that lie', () => {
  it.each([
    ['unknown type', Buffer.from('!\0\0\0\x04')],
    ['length below 4', Buffer.from('Q\0\0\0\x03')],
    ['negative length', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])],
    ['huge length', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])],
    ['a password message', Buffer.from('p\0\0\0\x05x')],
    ['a Query with a NUL inside', Buffer.from('Q\0\0\0\x09a\0b\0\0')],
  ])('client: %s', (_name, bytes) => {
    const s = new Script().client(bytes);
    expect(s.closed).toBe('protocol');
    expect(s.toUpstream()).toEqual([]);
    expect(s.toClient()).toEqual(['FATAL 08P01']);
  });

  it.each([
    ['unknown type', Buffer.from('!\0\0\0\x04')],
    ['length below 4', Buffer.from('Z\0\0\0\x03')],
    ['negative length', Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff])],
    ['huge length', Buffer.from([0x54, 0x7f, 0xff, 0xff, 0xff])],
    ['an answer to nothing', row('1')],
    ['ReadyForQuery to nothing', ready()],
    ['an authentication request', Buffer.from('R\0\0\0\x08\0\0\0\x03')],
    ['a new BackendKeyData', Buffer.from('K\0\0\0\x0c12345678')],
    ['a broken ReadyForQuery', Buffer.from('Z\0\0\0\x05X')],
  ])('upstream: %s', (_name, bytes) => {
    const s = new Script().upstream(bytes);
    expect(s.closed).toBe('protocol');
    expect(s.toClient()).toEqual(['FATAL 08P01']);
  });
});
