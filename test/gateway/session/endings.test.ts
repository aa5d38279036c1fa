import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse } from '../../../src/pgwire/extended.ts';
import { encodeMessage } from '../../../src/pgwire/message.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { complete, copyInResponse, error, ready, row, rowDescription } from './backend-messages.ts';
import { Script } from './script.ts';

const query = encodeQuery;
const asyncRecords = { waitForRecord: false };
const big = row('x'.repeat(1000));

describe('the client goes in the middle of CopyData', () => {
  const half = encodeMessage('d', Buffer.alloc(100)).subarray(0, 20);

  it('there is nothing to be said to the server', () => {
    const s = new Script(asyncRecords).client(query('copyin t'), half).clientEnd();
    expect(s.closed).toBe('client');
    expect(s.toUpstream().join()).not.toContain('Terminate');
  });

  it('which waited here: no more when it does no longer', () => {
    const s = new Script({ ...asyncRecords, unseen: () => true }).client(query('copyin t'), half).clientEnd();
    expect(s.closed).toBeUndefined();
    s.analysed('copyin t');
    expect(s.closed).toBe('client');
    expect(s.toUpstream().join()).not.toContain('Terminate');
  });
});

describe('the gateway ends the session', () => {
  it('idle: the client is told why', () => {
    for (const [reason, code] of [
      ['token_expired', '28000'],
      ['revoked', '28000'],
      ['shutdown', '57P01'],
      ['idle', '57P05'],
    ] as const) {
      const s = new Script().end(reason);
      expect(s.toClient()).toEqual([`FATAL ${code}`]);
      expect(s.closed).toBe(reason);
      expect(s.client(query('write 1')).toUpstream()).toEqual([]);
    }
  });

  it('in flight: the statement is cancelled, its outcome is that its end was not seen', () => {
    const s = new Script(asyncRecords).client(query('write 1')).end('token_expired');
    expect(s.others()).toEqual([{ type: 'cancel_upstream' }]);
    expect(s.toClient()).toEqual(['FATAL 28000']);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '08006' }]);
  });

  it('what was held back is never sent, and recorded as not run', () => {
    const s = new Script().client(query('select 1'), query('write 2')).upstream(rowDescription);
    s.end('revoked');
    expect(s.closed).toBeUndefined();
    s.durable();
    expect(s.toUpstream()).toEqual(['Query select 1']);
    expect(s.toClient()).toEqual(['RowDescription', 'FATAL 28000']);
    expect(s.outcomes).toMatchObject([
      { n: 2, sqlstate: 'DG001' },
      { n: 1, sqlstate: '08006' },
    ]);
  });

  it('in the middle of a streamed row: the row is finished first', () => {
    const s = new Script(asyncRecords).client(query('select 1')).upstream(rowDescription, big.subarray(0, 100));
    s.end('token_expired');
    expect(s.closed).toBeUndefined();
    s.upstream(big.subarray(100), row('more'));
    expect(s.toClient().at(-1)).toBe('FATAL 28000');
    expect(s.closed).toBe('token_expired');
  });

  it('while an analysis, a probe or a name is waited for', () => {
    const s = new Script({ ...asyncRecords, unseen: () => true }).client(query('write 1')).end('revoked');
    s.analysed('write 1');
    expect(s.toUpstream()).toEqual([]);
    expect(s.closed).toBe('revoked');
    const t = new Script(asyncRecords).client(query('own t')).end('shutdown');
    expect(t.toClient()).toEqual(['FATAL 57P01']);
    expect(t.intents).toEqual([]);
  });
});

describe('the upstream ends', () => {
  it('idle, and with answers outstanding', () => {
    expect(new Script().upstreamEnd().toClient()).toEqual(['FATAL 08006']);
    const s = new Script(asyncRecords).client(query('write 1')).upstreamEnd();
    expect(s.toClient()).toEqual(['FATAL 08006']);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: '08006' }]);
    expect(s.closed).toBe('upstream_gone');
  });

  it('with FATAL: those words and no others', () => {
    const s = new Script(asyncRecords).client(query('select 1'));
    s.upstream(error('57P01', 'FATAL')).upstreamEnd();
    expect(s.toClient()).toEqual(['FATAL 57P01']);
  });

  it('with words that wait for a record: they are still said', () => {
    const s = new Script().client(query('select 1')).upstream(error('57P01', 'FATAL')).upstreamEnd();
    expect(s.closed).toBeUndefined();
    s.durable();
    expect(s.toClient()).toEqual(['FATAL 57P01']);
    expect(s.closed).toBe('upstream_gone');
  });

  it('mid-row: no ErrorResponse inside a message', () => {
    const s = new Script(asyncRecords).client(query('select 1')).upstream(rowDescription, big.subarray(0, 100));
    s.upstreamEnd();
    expect(s.toClient()).toEqual(['RowDescription', '… 100 bytes of D']);
    expect(s.closed).toBe('upstream_gone');
  });

  it('in the middle of a message that is kept whole', () => {
    const s = new Script(asyncRecords).client(query('select 1')).upstream(rowDescription.subarray(0, 10)).upstreamEnd();
    expect(s.toClient()).toEqual(['FATAL 08006']);
  });
});

describe('the client ends', () => {
  it('half-closed with answers outstanding: they still come', () => {
    const s = new Script().client(query('select 1'), query('write 2')).clientEnd();
    expect(s.toUpstream()).toEqual(['Query select 1']);
    s.durable();
    expect(s.toUpstream()).toEqual(['Query write 2', 'Terminate']);
    s.upstream(complete('SELECT 1'), ready(), complete('INSERT 0 1'), ready()).upstreamEnd();
    expect(s.toClient()).toHaveLength(4);
    expect(s.closed).toBe('client');
  });

  it('in the middle of CopyData: nothing can be said to the server inside it', () => {
    const s = new Script(asyncRecords).client(query('copyin t')).upstream(copyInResponse);
    s.client(encodeMessage('d', Buffer.alloc(100)).subarray(0, 50)).clientEnd();
    expect(s.toUpstream().at(-1)).toBe('… 50 bytes of d');
    expect(s.closed).toBe('client');
  });

  it('in the middle of another message: that one is dropped', () => {
    const s = new Script().client(query('write 1').subarray(0, 8)).clientEnd();
    expect(s.toUpstream()).toEqual(['Terminate']);
  });

  it('gone altogether: at once', () => {
    const s = new Script(asyncRecords).client(query('write 1')).end('client');
    expect(s.closed).toBe('client');
    expect(s.others()).toEqual([]);
  });
});

describe('a peer breaks the protocol', () => {
  it('what came before in the same chunk counts, the FATAL comes behind it', () => {
    const s = new Script(asyncRecords).client(query('select 1'));
    s.upstream(rowDescription, row('1'), Buffer.from('!!!!!'));
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 1', 'FATAL 08P01']);
    const t = new Script(asyncRecords).client(query('write 1'), Buffer.from('!!!!!'));
    expect(t.toUpstream()).toEqual(['Query write 1']);
    expect(t.closed).toBe('protocol');
  });

  it('a portal that is bound has an outcome', () => {
    const s = new Script().client(encodeParse('', 'select 1'), encodeBind('', '', []), Buffer.from('!!!!!'));
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: 'DG001' }]);
    const t = new Script().client(encodeParse('', 'select 1'), encodeBind('', '', []), encodeExecute(''));
    t.end('client');
    expect(t.outcomes).toMatchObject([{ n: 1, sqlstate: '08006' }]);
  });
});
