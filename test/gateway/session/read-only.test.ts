import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, FLUSH, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery as query } from '../../../src/pgwire/query.ts';
import { bindComplete, closeComplete, complete, error, parseComplete, ready, row } from './backend-messages.ts';
import { Script } from './script.ts';

const set = complete('SET');
/** The server's answers to settings of the gateway's own. */
const answers = (count: number): Buffer[] =>
  Array.from({ length: count }, () => [parseComplete, bindComplete, set, closeComplete, closeComplete]).flat();

/** The names of the gateway's own statements left out. */
function settings(messages: readonly string[]): string[] {
  return messages.flatMap((message) => {
    const [, sql] = /^Parse dbgate_probe_\d+=(.*)$/.exec(message) ?? [];
    if (sql !== undefined) return [sql];
    return /dbgate_probe/.test(message) ? [] : [message];
  });
}

const RO = ['SET default_transaction_read_only = on', 'SET TRANSACTION READ ONLY'];

function open(readOnly: boolean): Script {
  return new Script({ instantlyDurable: true, readOnly });
}

describe('what the session may do changes', () => {
  it('to reading: the server follows before the next statement goes, and not again', () => {
    const s = open(false).setReadOnly(true);
    expect(s.toUpstream()).toEqual([]);
    s.client(query('select 1'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready());
    expect(s.durable().toUpstream()).toEqual(['Query select 1']);
    expect(s.toClient()).toEqual([]);
    s.upstream(complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual(['CommandComplete SELECT 1', 'ReadyForQuery I']);
    expect(s.client(query('select 2')).durable().toUpstream()).toEqual(['Query select 2']);
  });

  it('before each statement of a text that is sent by the statement, as what is before it may have reset it', () => {
    const s = new Script({ instantlyDurable: true, waitForRecord: false, readOnly: false }).setReadOnly(true);
    s.alone = (sql) => sql.includes(';');
    s.client(query('reset all; reset all; write 2')).upstream(...answers(2), ready());
    s.upstream(complete('BEGIN'), ready('T')).toUpstream();
    s.upstream(complete('RESET'), ready('T'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready('T'));
    expect(s.toUpstream()).toEqual(['Query reset all']);
    s.upstream(complete('RESET'), ready('T'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
  });

  it('while a statement waits for something else: it follows before that goes', () => {
    const s = new Script({ instantlyDurable: true, readOnly: false, unseen: () => true, holds: true });
    s.client(query('hold 1')).setReadOnly(true).analysed('hold 1');
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready());
    // Which path and role it would run with is asked, somebody says yes, and meanwhile it may write again.
    expect(settings(s.toUpstream())).toEqual(['<path>', 'Sync']);
    s.upstream(
      parseComplete,
      bindComplete,
      row('public', 'public', 'u', 'u'),
      set,
      closeComplete,
      closeComplete,
      ready(),
    );
    s.holdPlaced().setReadOnly(false);
    s.holdDecided({ kind: 'run', request: 'r-1', maxRows: undefined, confirm: false });
    expect(settings(s.toUpstream())).toEqual(['SET default_transaction_read_only = off', 'Sync']);
    s.upstream(...answers(1), ready());
    expect(s.durable().toUpstream()).toEqual(['Query hold 1']);
  });

  it('while the server is told of what it was before: it is told again', () => {
    const s = open(false).setReadOnly(true).client(query('call 1'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.setReadOnly(false).upstream(...answers(2), ready());
    expect(settings(s.toUpstream())).toEqual(['SET default_transaction_read_only = off', 'Sync']);
    s.setReadOnly(true).upstream(...answers(1), ready());
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready());
    expect(s.durable().toUpstream()).toEqual(['Query call 1']);
  });

  it('to writing', () => {
    const s = open(true).setReadOnly(false).client(query('write 1'));
    expect(settings(s.toUpstream())).toEqual(['SET default_transaction_read_only = off', 'Sync']);
    expect(
      s
        .upstream(...answers(1), ready())
        .durable()
        .toUpstream(),
    ).toEqual(['Query write 1']);
  });

  it('and back before anything was sent: nothing is', () => {
    const s = open(false).setReadOnly(true).setReadOnly(true).client(query('select 1'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
  });

  it('in a transaction block: that too may only read, and the server is told again when it is over', () => {
    const s = open(false).client(query('begin')).durable();
    s.upstream(complete('BEGIN'), ready('T'));
    s.toUpstream();
    s.setReadOnly(true).client(query('select 1'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    expect(
      s
        .upstream(...answers(2), ready('T'))
        .durable()
        .toUpstream(),
    ).toEqual(['Query select 1']);
    s.upstream(complete('SELECT 1'), ready('T'));
    s.client(query('rollback'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready('T')).durable();
    expect(s.toUpstream()).toEqual(['Query rollback']);
    s.upstream(complete('ROLLBACK'), ready());
    s.client(query('select 2'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    s.upstream(...answers(2), ready())
      .durable()
      .toUpstream();
    s.upstream(complete('SELECT 1'), ready());
    expect(s.client(query('select 3')).durable().toUpstream()).toEqual(['Query select 3']);
  });

  it('in a failed transaction: the server refuses both, and is told again behind it', () => {
    const s = open(false).client(query('begin')).durable();
    s.upstream(complete('BEGIN'), ready('T')).client(query('select x')).durable();
    s.upstream(error('42703'), ready('E')).setReadOnly(true).toUpstream();
    s.client(query('rollback')).toUpstream();
    expect(s.upstream(error('25P02'), ready('E')).durable().toUpstream()).toEqual(['Query rollback']);
    s.upstream(complete('ROLLBACK'), ready()).client(query('select 1'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
  });

  it('a setting that a CancelRequest hit is set again before the statement goes', () => {
    const s = open(false).setReadOnly(true).client(query('select 1'));
    s.toUpstream();
    s.upstream(error('57014'), ready());
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
    expect(
      s
        .upstream(...answers(2), ready())
        .durable()
        .toUpstream(),
    ).toEqual(['Query select 1']);
  });

  it('in the middle of a pipeline: before what is left of it', () => {
    const s = open(false).client(encodeParse('', 'select 1'), FLUSH);
    s.toUpstream();
    s.setReadOnly(true).client(encodeBind('', '', []), encodeExecute(''), SYNC);
    expect(settings(s.toUpstream())).toEqual([...RO, 'Flush']);
    s.upstream(parseComplete, ...answers(2));
    // Known for the message that waited only: its batch may fail.
    expect(s.durable().toUpstream()).toContain('Bind <-');
  });

  it('in a pipeline that the setting fails: the client is told, and the rest is discarded', () => {
    const s = open(false).client(encodeParse('', 'select 1'), FLUSH);
    s.toUpstream();
    s.setReadOnly(true).client(encodeBind('', '', []), encodeExecute(''), SYNC);
    s.toUpstream();
    s.upstream(parseComplete, error('57014'));
    expect(s.toUpstream()).toEqual(['Sync']);
    s.upstream(ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'ERROR 57014', 'ReadyForQuery I']);
  });
});

describe('RESET and DISCARD', () => {
  it('go back to what the session began with, so the server is told again', () => {
    const s = open(false).setReadOnly(true).client(query('select 1'));
    s.upstream(...answers(2), ready()).durable();
    s.upstream(complete('SELECT 1'), ready()).toUpstream();
    expect(s.client(query('reset all')).durable().toUpstream()).toEqual(['Query reset all']);
    s.upstream(set, ready()).client(query('select 2'));
    expect(settings(s.toUpstream())).toEqual([...RO, 'Sync']);
  });

  it('are refused among others: behind them the server could not be told', () => {
    const s = open(false).setReadOnly(true).client(query('reset all; select 2'));
    s.upstream(...answers(2), ready()).toUpstream();
    s.durable().upstream(error('42601'), ready());
    expect(s.toClient()).toEqual(['ERROR 42501', 'ReadyForQuery I']);
  });
});
