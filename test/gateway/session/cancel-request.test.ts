import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery as query } from '../../../src/pgwire/query.ts';
import { bindComplete, closeComplete, complete, error, parseComplete, ready, row } from './backend-messages.ts';
import { Script } from './script.ts';

const CANCEL = [{ type: 'cancel_upstream' }];
/** The server's answers to one setting of the gateway's own. */
const set = [parseComplete, bindComplete, complete('SET'), closeComplete, closeComplete];
const statement = (sql: string, name = '') => [encodeParse(name, sql), encodeBind('', name, []), encodeExecute('', 0)];

describe('a CancelRequest', () => {
  it('goes to what runs', () => {
    const s = new Script().client(query('write 1')).durable();
    expect(s.cancelRequested().others()).toEqual(CANCEL);
  });

  it.each([
    ['a Query', [query('write 1')], 'Query write 1'],
    ['an Execute', [...statement('write 1'), SYNC], 'Execute '],
  ] as const)('for %s that waits for its record follows it', (_name, messages, sent) => {
    const s = new Script().client(...messages);
    expect(s.toUpstream()).not.toContain(sent);
    if (messages.length > 1) s.upstream(parseComplete);
    expect(s.cancelRequested().others()).toEqual([]);
    expect(s.durable().toUpstream()).toContain(sent);
    expect(s.others()).toEqual(CANCEL);
    if (messages.length > 1) s.upstream(bindComplete);
    s.upstream(error('57014'), ready()).client(query('write 2')).durable();
    expect(s.others()).toEqual([]);
  });

  it('for what its record refuses hits nothing else', () => {
    const s = new Script().client(query('write 1')).cancelRequested().auditFailed(1);
    s.upstream(error('42601'), ready()).client(query('write 2')).durable();
    expect(s.others()).toEqual([]);
    expect(s.toUpstream()).toContain('Query write 2');
  });

  it('goes to what runs, not to what waits behind it', () => {
    const s = new Script({ unseen: (sql) => sql === 'write 2' }).client(query('write 1')).durable();
    s.others();
    s.client(query('write 2')).cancelRequested();
    expect(s.others()).toMatchObject([{ type: 'analyse' }, ...CANCEL]);
    s.analysed('write 2').upstream(error('57014'), ready()).durable();
    expect(s.toUpstream()).toContain('Query write 2');
  });

  it('goes to what runs, though more waits for its record', () => {
    const s = new Script().client(query('write 1')).durable().client(query('write 2'));
    expect(s.cancelRequested().others()).toEqual(CANCEL);
    s.durable();
    expect(s.others()).toEqual([]);
  });

  it('refuses what waits for what its names stand for', () => {
    const s = new Script({ instantlyDurable: true }).client(query('own t')).cancelRequested();
    expect(s.others()).toEqual([]);
    s.toUpstream();
    s.upstream(
      parseComplete,
      bindComplete,
      row('1', '7', 'f', null, 'f', null),
      complete('SELECT 1'),
      closeComplete,
      closeComplete,
    );
    expect(s.upstream(ready()).durable().toUpstream()).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
    expect(s.client(query('select 1')).durable().toUpstream()).toEqual(['Query select 1']);
  });

  it('refuses what waits for the server’s read-only mode', () => {
    const s = new Script({ instantlyDurable: true, readOnly: true }).setReadOnly(false);
    s.client(query('write 1')).cancelRequested();
    expect(s.others()).toEqual([]);
    s.toUpstream();
    expect(
      s
        .upstream(...set, ready())
        .durable()
        .toUpstream(),
    ).toEqual(['Query <rejected>']);
    s.upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
    expect(s.client(query('write 2')).durable().toUpstream()).toEqual(['Query write 2']);
  });
});
