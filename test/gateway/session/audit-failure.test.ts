import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeMessage } from '../../../src/pgwire/message.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { bindComplete, complete, error, parseComplete, ready, row, rowDescription } from './backend-messages.ts';
import { describeFrontend, describeMessages, Script } from './script.ts';

const query = encodeQuery;
const run = (sql: string, ...more: Buffer[]): Buffer =>
  Buffer.concat([encodeParse('', sql), encodeBind('', '', []), encodeExecute(''), ...more]);
const answer = (value: string): Buffer => Buffer.concat([rowDescription, row(value), complete('SELECT 1')]);
/** The statement by which the upstream's transaction is made to fail. */
const aborted = (status: 'I' | 'E' = 'I'): Buffer => Buffer.concat([error('42601'), ready(status)]);

/** The next statement after the log has healed. */
function worksAgain(s: Script): void {
  s.toUpstream();
  s.toClient();
  s.client(query('write last'));
  expect(s.toUpstream()).toEqual([]);
  s.durable();
  expect(s.toUpstream()).toEqual(['Query write last']);
  s.upstream(complete('INSERT 0 1'), ready());
  expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ReadyForQuery I']);
  expect(s.session.isIdle).toBe(true);
  expect(s.closed).toBeUndefined();
}

describe('a log that takes nothing', () => {
  it('refuses in place, simple and extended, and tells no lie about what ran', () => {
    const s = new Script();
    s.broken = true;
    s.client(query('select 1'), run('write 2', SYNC));
    expect(s.toUpstream()).toEqual(['Query <rejected>', 'Parse =write 2', 'Parse dbgate_refused=<rejected>', 'Sync']);
    s.upstream(error('42601'), ready(), parseComplete, error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I', 'ParseComplete', 'ERROR 58030', 'ReadyForQuery I']);
    s.broken = false;
    worksAgain(s);
  });
});

describe('in the middle of a message of the client’s', () => {
  /** Its contents would be a message that nobody judged. */
  const inside = Buffer.concat([Buffer.alloc(60), query('drop everything')]);
  const data = encodeMessage('d', inside);

  it('what makes the transaction fail goes behind it', () => {
    const s = new Script().client(query('select 1'), data.subarray(0, 40));
    s.upstream(answer('Ada'), ready()).auditFailed(1);
    const [select, ...sent] = [Buffer.concat(s.upstreamBytes.splice(0))];
    expect(select!.equals(Buffer.concat([query('select 1'), data.subarray(0, 40)]))).toBe(true);
    expect(sent).toEqual([]);
    s.client(data.subarray(40));
    const rest = Buffer.concat(s.upstreamBytes.splice(0));
    expect(rest.subarray(0, data.length - 40).equals(data.subarray(40))).toBe(true);
    expect(describeMessages(rest.subarray(data.length - 40), describeFrontend)).toEqual(['Query <rejected>']);
    s.upstream(aborted());
    worksAgain(s);
  });

  it('nothing of it goes where the server discards it whatever it is', () => {
    const s = new Script({ waitForRecord: false });
    s.client(run('deny 1'), data.subarray(0, 40));
    expect(s.toUpstream()).toEqual(['Parse =<rejected>']);
    s.client(data.subarray(40), SYNC);
    expect(s.toUpstream()).toEqual(['Sync']);
  });
});

describe('a client that has gone', () => {
  it('is told of to the server, though that was held back behind what failed', () => {
    const s = new Script().client(query('write 1')).clientEnd();
    expect(s.toUpstream()).toEqual([]);
    s.auditFailed(1);
    expect(s.toUpstream()).toEqual(['Query <rejected>', 'Terminate']);
    s.upstream(error('42601'), ready()).upstreamEnd();
    expect(s.closed).toBe('client');
  });
});

// It was told as a log that takes nothing.
describe('a fault of the gateway while it records', () => {
  it.each([
    ['simple', query('select 1'), []],
    ['extended', run('select 1', SYNC), ['Parse =select 1']],
    ['refused', query('deny 1'), []],
  ] as const)('ends the session, and nothing ran: %s', (_how, message, sent) => {
    const s = new Script();
    s.faulty = true;
    s.client(message, query('select 2'));
    expect(s.toUpstream()).toEqual(sent);
    expect(s.toClient()).toEqual(['FATAL XX000']);
    expect(s.others()).toMatchObject([{ type: 'internal_error', error: { message: 'a fault' } }]);
    expect(s.closed).toBe('protocol');
    expect(s.intents).toEqual([]);
    expect(s.outcomes).toEqual([]);
  });
});

describe('a held effect', () => {
  it('is refused in its place: simple', () => {
    const s = new Script().client(query('write 1'), query('write 2')).auditFailed(1);
    expect(s.toUpstream()).toEqual(['Query <rejected>', 'Query <rejected>']);
    s.upstream(aborted(), aborted());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I', 'ERROR 58030', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([
      { n: 1, sqlstate: 'DG001' },
      { n: 2, sqlstate: 'DG001' },
    ]);
    worksAgain(s);
  });

  it('is refused in its place: several batches, one of them open', () => {
    const s = new Script().client(run('write 1', SYNC), run('write 2'));
    expect(s.toUpstream()).toEqual(['Parse =write 1']);
    s.auditFailed(1);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync', 'Parse dbgate_refused=<rejected>']);
    s.client(run('write 3', SYNC));
    expect(s.toUpstream()).toEqual(['Sync']);
    s.upstream(parseComplete, error('42601'), ready(), error('42601'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 58030', 'ReadyForQuery I', 'ERROR 58030', 'ReadyForQuery I']);
    expect(s.outcomes.map((o) => o.sqlstate)).toEqual(['DG001', 'DG001']);
    worksAgain(s);
  });

  it('keeps what was durable before it', () => {
    const s = new Script().client(query('write 1'), query('write 2')).auditFailed(2);
    expect(s.toUpstream()).toEqual([]);
    s.durable(1);
    expect(s.toUpstream()).toEqual(['Query write 1', 'Query <rejected>']);
    s.upstream(complete('INSERT 0 1'), ready(), aborted());
    expect(s.toClient()).toEqual(['CommandComplete INSERT 0 1', 'ReadyForQuery I', 'ERROR 58030', 'ReadyForQuery I']);
    worksAgain(s);
  });

  it('of COPY: the rest of data that had begun to stream is not read as messages', () => {
    const evil = encodeMessage('d', Buffer.concat([query('write evil'), query('write evil')]));
    const s = new Script().client(query('copyin t'), evil.subarray(0, 5)).auditFailed(1);
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.client(evil.subarray(5, 20)).client(evil.subarray(20));
    expect(s.toUpstream()).toEqual([]);
    s.upstream(aborted());
    worksAgain(s);
  });
});

describe('a pure read', () => {
  it('in flight: its answer is withheld, and upstream nothing is left of the transaction', () => {
    const s = new Script().client(query('select 1')).auditFailed(1);
    s.upstream(answer('secret'), ready(), aborted());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 1 }]);
    worksAgain(s);
  });

  it('completed but held', () => {
    const s = new Script().client(query('select 1')).upstream(answer('secret'), ready()).auditFailed(1);
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
    s.upstream(aborted());
    worksAgain(s);
  });

  it('half held, half to come', () => {
    const s = new Script().client(query('select 1')).upstream(rowDescription, row('secret')).auditFailed(1);
    s.upstream(row('secret'), complete('SELECT 2'), ready());
    s.upstream(aborted());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
    worksAgain(s);
  });

  it('in the middle of a streamed row', () => {
    const big = row('secret'.repeat(1000));
    const s = new Script().client(query('select 1')).upstream(rowDescription, big.subarray(0, 100)).auditFailed(1);
    s.upstream(big.subarray(100), complete('SELECT 1'), ready(), aborted());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
    worksAgain(s);
  });

  it('a streamed row of an earlier, durable read is finished', () => {
    const big = row('x'.repeat(1000));
    const s = new Script().client(query('select 1')).durable().client(query('select 2'));
    s.upstream(rowDescription, big.subarray(0, 100)).auditFailed(2);
    s.upstream(big.subarray(100), complete('SELECT 1'), ready(), answer('secret'), ready(), aborted());
    expect(s.toClient()).toEqual([
      'RowDescription',
      `DataRow ${'x'.repeat(40)}`,
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
      'ERROR 58030',
      'ReadyForQuery I',
    ]);
    worksAgain(s);
  });

  it('in a transaction: the client is told that it failed, and it has', () => {
    const s = new Script().client(query('select 1')).upstream(answer('secret'), ready('T')).auditFailed(1);
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery E']);
    expect(s.toUpstream()).toEqual(['Query select 1', 'Query <rejected>']);
    s.client(query('rollback'));
    s.upstream(aborted('E')).durable();
    expect(s.toUpstream()).toEqual(['Query rollback']);
    s.upstream(complete('ROLLBACK'), ready());
    expect(s.toClient()).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery I']);
    worksAgain(s);
  });

  it('what was pipelined behind it in a transaction does not run in one that the client believes failed', () => {
    const s = new Script().client(query('select 1'), query('write 2')).auditFailed(1);
    expect(s.toUpstream()).toEqual(['Query select 1', 'Query <rejected>', 'Query <rejected>']);
    s.upstream(answer('secret'), ready('T'), aborted('E'), aborted('E'));
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery E', 'ERROR 58030', 'ReadyForQuery E']);
  });

  it('in a batch that is open: the rest of it is discarded on both sides', () => {
    const s = new Script().client(run('select 1')).auditFailed(1);
    expect(s.toUpstream().at(-1)).toBe('Parse dbgate_refused=<rejected>');
    s.client(run('write 2', SYNC));
    expect(s.toUpstream()).toEqual(['Sync']);
    s.upstream(parseComplete, bindComplete, row('secret'), complete('SELECT 1'), error('42601'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 58030', 'ReadyForQuery I']);
    worksAgain(s);
  });

  it('several batches in flight, each ends in an error of its own', () => {
    const s = new Script().client(run('select 1', SYNC), run('select 2', SYNC), run('select 3', SYNC)).durable(1);
    s.upstream(parseComplete, bindComplete, complete('SELECT 1'), ready());
    s.upstream(parseComplete, bindComplete, complete('SELECT 1')).auditFailed(2);
    s.upstream(ready(), parseComplete, bindComplete, complete('SELECT 1'), ready(), aborted());
    expect(s.toClient()).toEqual([
      'ParseComplete',
      'BindComplete',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
      'ParseComplete',
      'ERROR 58030',
      'ReadyForQuery I',
      'ParseComplete',
      'ERROR 58030',
      'ReadyForQuery I',
    ]);
    worksAgain(s);
  });

  it('stays withheld when later records are durable', () => {
    const s = new Script().client(query('select 1')).auditFailed(1).client(query('select 2')).durable(2);
    s.upstream(answer('secret'), ready(), aborted(), answer('open'), ready());
    expect(s.toClient()).toEqual([
      'ERROR 58030',
      'ReadyForQuery I',
      'RowDescription',
      'DataRow open',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
  });
});

describe('a portal whose intent failed', () => {
  it('takes a new one for its Execute', () => {
    const s = new Script().client(encodeParse('', 'select 1'), encodeBind('p', '', []), SYNC).upstream(parseComplete);
    s.upstream(bindComplete, ready('T')).auditFailed(1);
    s.upstream(aborted('E'));
    s.client(encodeExecute('p'), SYNC);
    expect(s.intents).toHaveLength(2);
    s.upstream(row('1'), complete('SELECT 1'), ready('T'));
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 58030', 'ReadyForQuery E']);
    s.durable(2);
    expect(s.toClient()).toEqual(['DataRow 1', 'CommandComplete SELECT 1', 'ReadyForQuery T']);
  });
});

describe('requests that an error discarded before they were sent', () => {
  it('are not taken for others that were not sent', () => {
    const s = new Script().client(encodeParse('x', 'select bad'), run('write 1', SYNC), SYNC);
    s.upstream(error('42601')).auditFailed(1);
    s.upstream(ready(), ready());
    expect(s.toClient()).toEqual(['ERROR 42601', 'ReadyForQuery I', 'ReadyForQuery I']);
    worksAgain(s);
  });
});

describe('a denial whose record failed', () => {
  it('is told as what it is: not run', () => {
    const s = new Script().client(query('deny it')).auditFailed(1);
    s.upstream(aborted(), aborted());
    expect(s.toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
    worksAgain(s);
  });
});
