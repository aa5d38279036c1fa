import { describe, expect, it } from 'vitest';
import type { EgressLimits } from '../../../src/config/gateway-settings.ts';
import { Egress, type EgressUsage } from '../../../src/gateway/session/egress.ts';
import { encodeBind, encodeExecute, encodeParse, FLUSH, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import {
  bindComplete,
  complete,
  copyData,
  copyOutResponse,
  error,
  notice,
  parseComplete,
  ready,
  row,
  rowDescription,
  suspended,
} from './backend-messages.ts';
import { egressOf, Script } from './script.ts';

const limited = (limits: EgressLimits): Script => new Script({ waitForRecord: false, egress: egressOf(limits) });
const rows = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => row(`${i}`));
const cancelled = (s: Script): Script => s.handle({ type: 'statement_cancelled', nowMs: 99 });

describe('an answer that goes beyond a limit', () => {
  it('is cut there, the statement cancelled, and the error told when it has ended', () => {
    const s = limited({ rowsPerStatement: 2 }).client(encodeQuery('select many'));
    s.upstream(rowDescription, ...rows(5));
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 0', 'DataRow 1']);
    expect(s.others()).toEqual([{ type: 'cancel_statement' }]);
    s.upstream(...rows(3), error('57014'), ready());
    expect(s.toClient()).toEqual(['ERROR 53400', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 2, sqlstate: '53400' }]);
    expect(s.outcomes[0]!.fate).toBeUndefined();
    expect(s.session.isIdle).toBe(true);
  });

  it('is whole when it has just as much', () => {
    const s = limited({ rowsPerStatement: 5, bytesPerStatement: 5 * 7 }).client(encodeQuery('select some'));
    s.upstream(rowDescription, ...rows(5), complete('SELECT 5'), ready());
    expect(s.toClient().slice(-2)).toEqual(['CommandComplete SELECT 5', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ rows: 5, bytes: 35, sqlstate: undefined }]);
  });

  it('is cut at the byte that is too many', () => {
    const s = limited({ bytesPerStatement: 5 * 7 - 1 }).client(encodeQuery('select some'));
    s.upstream(rowDescription, ...rows(5), error('57014'), ready());
    expect(s.toClient().filter((m) => m.startsWith('DataRow'))).toHaveLength(4);
  });

  it('holds what the client sends next until the cancel cannot hit it', () => {
    const s = limited({ rowsPerStatement: 1 })
      .client(encodeQuery('select many'))
      .upstream(...rows(2));
    s.toUpstream();
    s.upstream(error('57014'), ready()).client(encodeQuery('select next'));
    expect(s.toUpstream()).toEqual([]);
    expect(cancelled(s).toUpstream()).toEqual(['Query select next']);
    s.upstream(...rows(1), complete('SELECT 1'), ready());
    expect(s.outcomes).toMatchObject([{ sqlstate: '53400' }, { rows: 1, sqlstate: undefined }]);
  });

  it('is not cancelled where the next batch is under way, which the cancel could hit', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'select many'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.client(encodeParse('', 'select next'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(parseComplete, bindComplete, ...rows(3), complete('SELECT 3'), ready());
    expect(s.others()).toEqual([]);
    expect(s.toClient().slice(2)).toEqual(['DataRow 0', 'ERROR 53400', 'ReadyForQuery I']);
    s.upstream(parseComplete, bindComplete, ...rows(1), complete('SELECT 1'), ready());
    expect(s.toClient().slice(2)).toEqual(['DataRow 0', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ sqlstate: '53400' }, { rows: 1, sqlstate: undefined }]);
  });

  it('is cancelled in front of others of its batch, which fail with it', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'select many'), encodeBind('', '', []), encodeExecute(''));
    s.client(encodeParse('', 'select next'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(parseComplete, bindComplete, ...rows(3));
    expect(s.others()).toEqual([{ type: 'cancel_statement' }]);
  });

  it('is told before Sync to who only flushes', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'select many'), encodeBind('', '', []), encodeExecute(''), FLUSH);
    s.upstream(parseComplete, bindComplete, ...rows(2), error('57014'));
    expect(s.toClient().slice(2)).toEqual(['DataRow 0', 'ERROR 53400']);
    cancelled(s).client(SYNC).upstream(ready());
    expect(s.toClient()).toEqual(['ReadyForQuery I']);
  });

  it('of COPY is cut as rows are', () => {
    const s = limited({ rowsPerStatement: 1 }).client(encodeQuery('select copied'));
    s.upstream(copyOutResponse, copyData('1\n'), copyData('2\n'), error('57014'), ready());
    expect(s.toClient()).toEqual(['CopyOutResponse', 'CopyData 1\n', 'ERROR 53400', 'ReadyForQuery I']);
  });

  it('never lets a part of one large message through', () => {
    const s = limited({ bytesPerStatement: 2 << 20 }).client(encodeQuery('select large'));
    const large = row('x'.repeat(3 << 20));
    s.upstream(rowDescription, large.subarray(0, 100)).upstream(large.subarray(100), error('57014'), ready());
    expect(s.toClient()).toEqual(['RowDescription', 'ERROR 53400', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ rows: 0, bytes: 0 }]);
  });

  it('counts notices and errors, which can carry as much', () => {
    const s = limited({ bytesPerStatement: 100 }).client(encodeQuery('select told'));
    s.upstream(notice, notice, notice, error('57014'), ready());
    expect(s.toClient()).toEqual(['NOTICE 00000', 'NOTICE 00000', 'ERROR 53400', 'ReadyForQuery I']);
    const t = limited({ bytesPerStatement: 20 }).client(encodeQuery('select told')).upstream(error('P0001'), ready());
    expect(t.toClient()).toEqual(['ERROR 53400', 'ReadyForQuery I']);
    expect(t.others()).toEqual([]);
    expect(t.outcomes).toMatchObject([{ sqlstate: '53400' }]);
  });

  it('of a portal goes on with each Execute of it', () => {
    const s = limited({ rowsPerStatement: 3 });
    s.client(encodeQuery('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(
      encodeParse('', 'select many'),
      encodeBind('p', '', []),
      encodeExecute('p', 2),
      encodeExecute('p', 2),
      SYNC,
    );
    s.toClient();
    s.upstream(parseComplete, bindComplete, ...rows(2), suspended, ...rows(2), error('57014'), ready('E'));
    expect(s.toClient().slice(2)).toEqual([
      'DataRow 0',
      'DataRow 1',
      'PortalSuspended',
      'DataRow 0',
      'ERROR 53400',
      'ReadyForQuery E',
    ]);
  });
});

describe('a statement that completes before it can be cancelled', () => {
  it('is told to have failed, and its transaction fails upstream before anything else comes there', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeQuery('begin')).upstream(complete('BEGIN'), ready('T')).client(encodeQuery('select many'));
    s.toClient();
    s.toUpstream();
    s.upstream(rowDescription, ...rows(2), complete('SELECT 2'), ready('T'));
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 0', 'ERROR 53400', 'ReadyForQuery E']);
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.client(encodeQuery('rollback'));
    cancelled(s).upstream(error('42601'), ready('E'), complete('ROLLBACK'), ready());
    expect(s.toClient()).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery I']);
  });

  it('and its batch is open: all of that fails, and the client need not ask to hear of it', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'write returning'), encodeBind('', '', []), encodeExecute(''), FLUSH);
    s.toUpstream();
    s.upstream(parseComplete, bindComplete, ...rows(2), complete('INSERT 0 2'));
    expect(s.toClient().slice(2)).toEqual(['DataRow 0', 'ERROR 53400']);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>']);
    cancelled(s).client(encodeParse('', 'write another'), SYNC);
    expect(s.toUpstream()).toEqual(['Sync']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '53400', fate: 'rolled_back' }]);
    s.client(encodeQuery('select next')).upstream(row('1'), complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual(['DataRow 1', 'CommandComplete SELECT 1', 'ReadyForQuery I']);
  });

  it('and changed something: the record says that it was only cut', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'write returning'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(parseComplete, bindComplete, ...rows(2), complete('INSERT 0 2'), ready());
    expect(s.toClient().slice(2)).toEqual(['DataRow 0', 'ERROR 53400', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ rows: 1, sqlstate: '53400', fate: 'cut' }]);
  });

  it('and its Sync fails: it was rolled back', () => {
    const s = limited({ rowsPerStatement: 1 });
    s.client(encodeParse('', 'write returning'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(parseComplete, bindComplete, ...rows(2), complete('INSERT 0 2'), error('23503'), ready());
    expect(s.outcomes).toMatchObject([{ sqlstate: '53400', fate: 'rolled_back' }]);
  });
});

describe('budgets of hours and days', () => {
  const usageOf = (): EgressUsage & { passed: number } => {
    const usage = {
      rows: 0,
      bytes: 0,
      /** What left so long ago that it counts no more. */
      passed: 0,
      recent: () => ({ rowsHour: usage.rows - usage.passed, bytesHour: 0, rowsDay: usage.rows, bytesDay: 0 }),
    };
    return usage;
  };
  const nothing = { rows: 0, bytes: 0 };

  it('are shared by sessions', () => {
    const usage = usageOf();
    const one = new Egress(usage, { rowsPerHour: 3 });
    const other = new Egress(usage, { rowsPerHour: 3 });
    expect(one.take(nothing, 1, 10)).toBeUndefined();
    expect(other.take(nothing, 1, 10)).toBeUndefined();
    expect(one.take(nothing, 1, 10)).toBeUndefined();
    expect(other.take(nothing, 1, 10)).toBe('rowsPerHour');
    expect(one.take(nothing, 1, 10)).toBe('rowsPerHour');
    // What did not leave does not count.
    expect(usage.rows).toBe(3);
  });

  it('become free again with time', () => {
    const usage = usageOf();
    const egress = new Egress(usage, { rowsPerHour: 1, rowsPerDay: 2 });
    expect(egress.take(nothing, 1, 0)).toBeUndefined();
    expect(egress.take(nothing, 1, 0)).toBe('rowsPerHour');
    usage.passed = 1;
    expect(egress.take(nothing, 1, 0)).toBeUndefined();
    usage.passed = 2;
    expect(egress.take(nothing, 1, 0)).toBe('rowsPerDay');
  });

  it('follow the grant', () => {
    const egress = new Egress(usageOf(), { rowsPerHour: 1 });
    egress.take(nothing, 1, 0);
    egress.limit({ rowsPerHour: 2 });
    expect(egress.take(nothing, 1, 0)).toBeUndefined();
    expect(egress.take(nothing, 1, 0)).toBe('rowsPerHour');
    egress.limit(undefined);
    expect(egress.limited).toBe(false);
  });

  it('say the rule, and what to do', () => {
    expect(new Egress(usageOf(), { bytesPerDay: 5 }).denial('bytesPerDay')).toMatchObject({
      sqlstate: '53400',
      rule: 'limits.bytes_per_day',
      message: 'the answer goes beyond the 5 bytes in 24 hours that your grant allows',
      hint: expect.stringContaining('LIMIT'),
    });
  });
});
