import { describe, expect, it } from 'vitest';
import type { HoldOutcome } from '../../../src/approvals/contract.ts';
import type { SessionCommand } from '../../../src/gateway/session/contract.ts';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery as query } from '../../../src/pgwire/query.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  error,
  parseComplete,
  ready,
  row,
  rowDescription,
  suspended,
} from './backend-messages.ts';
import { Script, type ScriptOptions } from './script.ts';

/** The session's search_path and role, as the gateway asks for them. */
const scope = [parseComplete, bindComplete, row('pg_catalog\x01public', 'public', 'app', 'app'), complete('SELECT 1')];
const closes = [closeComplete, closeComplete];
const RUN: HoldOutcome = { kind: 'run', request: 'r-1', maxRows: undefined, confirm: false };
const REFUSED: HoldOutcome = { kind: 'refused', request: 'r-1', why: 'denied', message: 'r-1 was denied' };

const script = (options: ScriptOptions = {}) => new Script({ instantlyDurable: true, holds: true, ...options });

/** Up to the question. */
function held(sql = 'hold me', s = script()): Script {
  s.client(query(sql))
    .upstream(...scope, ...closes, ready())
    .toUpstream();
  return s;
}

const own = (message: string) => !/dbgate_probe/.test(message);
const types = (commands: SessionCommand[]) => commands.map(({ type }) => type);
const one = (commands: SessionCommand[], type: SessionCommand['type']) => commands.find((c) => c.type === type);

describe('a Query that is held', () => {
  it('is asked for with the session’s search_path and role, and nothing of it goes upstream', () => {
    const s = script().client(query('hold me'));
    expect(s.toUpstream().filter(own)).toEqual(['Sync']);
    s.upstream(...scope, ...closes, ready());
    expect(one(s.others(), 'hold')).toMatchObject({
      question: {
        sql: 'hold me',
        searchPath: 'public',
        schemas: ['pg_catalog', 'public'],
        role: 'app',
        user: 'app',
        rule: 'holds',
        values: undefined,
        inTransaction: false,
        canRollBack: true,
      },
    });
    expect(s.toUpstream()).toEqual([]);
    expect(s.toClient()).toEqual([]);
    expect(s.intents).toEqual([]);
  });

  it('tells its client at once, and again; then the very bytes run, once, with the request on the record', () => {
    const s = held();
    s.holdPlaced().handle({ type: 'hold_reminder', nowMs: 9 });
    expect(s.toClient()).toEqual(['NOTICE DG003', 'NOTICE DG003']);
    s.holdDecided(RUN).durable();
    expect(s.toUpstream()).toEqual(['Query hold me']);
    expect(s.intents).toMatchObject([{ decision: 'allow', approval: 'r-1' }]);
    s.upstream(complete('DELETE 1'), ready());
    expect(s.toClient()).toEqual(['CommandComplete DELETE 1', 'ReadyForQuery I']);
    s.others();
    s.client(query('hold me')).upstream(...scope, ...closes, ready());
    expect(types(s.others())).toEqual(['hold']);
  });

  it('is refused in its place when it is not approved', () => {
    const s = held().holdPlaced();
    s.client(query('select 2')).holdDecided(REFUSED);
    expect(s.toUpstream()).toEqual(['Query <rejected>', 'Query select 2']);
    s.durable().upstream(error('42601'), ready(), complete('SELECT 1'), ready());
    expect(s.toClient()).toEqual([
      'NOTICE DG003',
      'ERROR 42501',
      'ReadyForQuery I',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
    expect(s.intents).toMatchObject([{ decision: 'deny', rule: 'holds' }, { decision: 'allow' }]);
  });

  it('and could not be asked for is refused', () => {
    const s = held().handle({ type: 'hold_failed', message: 'nobody', sqlstate: '58030', hint: '', nowMs: 9 });
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.durable().upstream(error('42601'), ready()).toClient()).toEqual(['ERROR 58030', 'ReadyForQuery I']);
  });

  it('is withdrawn by a CancelRequest, before it was asked for too', () => {
    const s = held().holdPlaced().cancelRequested();
    expect(one(s.others(), 'end_hold')).toEqual({ type: 'end_hold', how: 'cancel' });
    s.toClient();
    expect(s.durable().upstream(error('42601'), ready()).toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
    // What comes for it later is nobody's.
    expect(s.holdDecided(RUN).toUpstream()).toEqual(['Query <rejected>']);
    const early = script().client(query('hold me')).cancelRequested();
    early.upstream(...scope, ...closes, ready());
    expect(early.others()).toEqual([]);
    expect(early.durable().upstream(error('42601'), ready()).toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
  });

  it.each(['client_end', 'upstream_end', 'end'] as const)('is given up at %s', (how) => {
    const s = held().holdPlaced();
    if (how === 'client_end') s.clientEnd();
    else if (how === 'upstream_end') s.upstreamEnd();
    else s.end('revoked');
    expect(one(s.others(), 'end_hold')).toEqual({ type: 'end_hold', how: 'abandon' });
    expect(s.closed).toBe({ client_end: 'client', upstream_end: 'upstream_gone', end: 'revoked' }[how]);
    expect(s.intents).toEqual([]);
  });

  it('its client is read on, so that its going is seen, up to a bound', () => {
    const s = held().holdPlaced();
    expect(s.paused).toBe(false);
    for (let i = 0; i < 16; i++) s.client(Buffer.alloc(64 << 10, query('select 1')));
    expect(s.paused).toBe(true);
  });

  it('is judged again when it is approved', () => {
    const s = held().holdPlaced();
    s.denies = () => true;
    s.epoch++;
    s.holdDecided(RUN);
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents).toMatchObject([{ decision: 'deny', rule: 'production.no-drop' }]);
    // The approval that it had is not the next one's.
    s.denies = () => false;
    s.epoch++;
    s.others();
    s.upstream(error('42601'), ready())
      .client(query('hold me'))
      .upstream(...scope, ...closes, ready());
    expect(types(s.others())).toEqual(['hold']);
    expect(s.toUpstream().filter(own)).toEqual(['Sync']);
  });

  it('what else is denied is denied at once, and without approvals so is what is held', () => {
    expect(script().client(query('hold me; deny x')).toUpstream()).toEqual(['Query <rejected>']);
    expect(new Script().client(query('hold me')).toUpstream()).toEqual(['Query <rejected>']);
    expect(script().client(query('prepare p as x; hold me')).toUpstream()).toEqual(['Query <rejected>']);
  });

  it('names are looked up before anybody is asked, and again when it is approved', () => {
    const s = script().client(query('own t; hold me'));
    const answer = (...ids: (string | null)[]) => [
      parseComplete,
      bindComplete,
      ...ids.map((oid, i) => row(String(i + 1), oid, 'f', '', 'f', null)),
      complete('SELECT 1'),
      ...closes,
      ready(),
    ];
    expect(s.toUpstream().filter((m) => m.includes('<probe>'))).toHaveLength(1);
    expect(s.upstream(...answer(null)).others()).toEqual([]);
    s.upstream(...scope, ...closes, ready());
    expect(types(s.others())).toEqual(['hold']);
    s.toUpstream();
    s.holdPlaced().holdDecided(RUN);
    expect(s.toUpstream().filter((m) => m.includes('<probe>'))).toHaveLength(1);
    // Somebody else's by now.
    s.upstream(...answer('77'));
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
  });
});

describe('a Bind that is held', () => {
  const batch = [encodeParse('', 'hold me'), encodeBind('', '', ['1']), encodeExecute(''), SYNC];

  it('its batch ends for the server while it waits, and goes on with the very bytes', () => {
    const s = script().client(...batch);
    expect(s.toUpstream().filter(own)).toEqual(['Parse =hold me', 'Flush']);
    s.upstream(parseComplete, ...scope, ...closes);
    expect(s.toUpstream()).toEqual(['Sync']);
    expect(one(s.others(), 'hold')).toMatchObject({
      question: {
        binds: 1,
        inTransaction: false,
        canRollBack: true,
        values: Buffer.from('\0\x01\0\0\0\x01\0\0\0\x011', 'latin1'),
      },
    });
    s.upstream(ready()).holdPlaced().holdDecided(RUN).durable();
    expect(s.toClient()).toEqual(['ParseComplete', 'NOTICE DG003']);
    expect(s.toUpstream()).toEqual(['Bind <-', 'Execute ', 'Sync']);
    s.upstream(bindComplete, complete('DELETE 1'), ready());
    expect(s.toClient()).toEqual(['BindComplete', 'CommandComplete DELETE 1', 'ReadyForQuery I']);
    expect(s.intents).toMatchObject([{ approval: 'r-1' }]);
  });

  it('behind what has run the batch stays open', () => {
    const s = script().client(encodeParse('', 'select 1'), encodeBind('', '', []), encodeExecute(''), ...batch);
    s.upstream(parseComplete, bindComplete, complete('SELECT 1'), parseComplete, ...scope, ...closes);
    expect(s.toUpstream().filter((message) => message === 'Sync')).toEqual([]);
    expect(one(s.others(), 'hold')).toMatchObject({ question: { inTransaction: true, canRollBack: false } });
    // A limit of rows cannot be watched there.
    s.holdDecided({ ...RUN, maxRows: 1 });
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
  });

  it('refused, it fails its batch and no other', () => {
    const s = script().client(...batch, encodeParse('', 'select 2'), SYNC);
    s.upstream(parseComplete, ...scope, ...closes, ready());
    s.toUpstream();
    s.holdPlaced().holdDecided(REFUSED).durable();
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync', 'Parse =select 2', 'Sync']);
    s.upstream(error('42601'), ready(), parseComplete, ready());
    expect(s.toClient().slice(2)).toEqual(['ERROR 42501', 'ReadyForQuery I', 'ParseComplete', 'ReadyForQuery I']);
  });

  it('one execution, however many Executes fetch its rows; a further one is refused', () => {
    const s = script().client(encodeParse('', 'hold me'), encodeBind('', '', []), encodeExecute('', 1));
    s.upstream(parseComplete, ...scope, ...closes, ready());
    s.holdPlaced().holdDecided(RUN).durable().toUpstream();
    // It is not known yet whether the first is through.
    expect(s.client(encodeExecute('', 1)).toUpstream()).toEqual(['Flush']);
    s.upstream(bindComplete, row('1'), suspended);
    expect(s.durable().toUpstream()).toEqual(['Execute  1']);
    s.upstream(row('2'), complete('SELECT 1')).client(encodeExecute('', 1), SYNC);
    expect(s.toUpstream()).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
    expect(s.intents).toMatchObject([{ approval: 'r-1' }, { approval: 'r-1' }, { decision: 'deny', rule: 'holds' }]);
  });

  it('Executes of it that come together are answered without a Flush of the client', () => {
    const s = script().client(
      encodeParse('', 'hold me'),
      encodeBind('', '', []),
      encodeExecute('', 1),
      encodeExecute('', 1),
      SYNC,
    );
    s.upstream(parseComplete, ...scope, ...closes, ready())
      .holdPlaced()
      .holdDecided(RUN)
      .durable();
    expect(s.toUpstream().slice(-3)).toEqual(['Bind <-', 'Execute  1', 'Flush']);
    s.upstream(bindComplete, row('1'), suspended).durable();
    expect(s.toUpstream()).toEqual(['Execute  1', 'Sync']);
  });

  it('another Bind of the statement asks again; a named portal does not even', () => {
    const s = script().client(...batch);
    s.upstream(parseComplete, ...scope, ...closes, ready())
      .holdPlaced()
      .holdDecided(RUN)
      .durable();
    s.upstream(bindComplete, complete('DELETE 1'), ready()).others();
    s.client(encodeBind('', '', ['1']), encodeExecute(''), SYNC).upstream(...scope, ...closes, ready());
    expect(types(s.others())).toContain('hold');
    const named = script().client(encodeParse('', 'hold me'), encodeBind('p', '', []), SYNC);
    expect(named.toUpstream()).toEqual(['Parse =hold me', 'Parse dbgate_refused=<rejected>', 'Sync']);
  });
});

describe('what is tried', () => {
  const begun = [parseComplete, bindComplete, complete('BEGIN'), ...closes, ready('T')];
  const ended = (tag: string) => [parseComplete, bindComplete, complete(tag), ...closes, ready('I')];
  const tried = (terms: Partial<Extract<HoldOutcome, { kind: 'run' }>>) => {
    const s = held().holdDecided({ ...RUN, ...terms });
    expect(s.toUpstream().some((message) => message.endsWith('=BEGIN'))).toBe(true);
    s.upstream(...begun).durable();
    expect(s.toUpstream()).toEqual(['Query hold me']);
    return s;
  };

  it('tells nothing before COMMIT is answered', () => {
    const s = tried({ maxRows: 2 }).client(query('select 2'));
    s.upstream(rowDescription, row('1'), complete('DELETE 2'), ready('T'));
    expect(s.toUpstream().some((message) => message.endsWith('=COMMIT'))).toBe(true);
    expect(s.toClient()).toEqual([]);
    expect(s.outcomes).toEqual([]);
    s.upstream(...ended('COMMIT'));
    expect(s.toClient()).toEqual(['RowDescription', 'DataRow 1', 'CommandComplete DELETE 2', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ n: 1, sqlstate: undefined }]);
    expect(s.durable().toUpstream()).toEqual(['Query select 2']);
  });

  it('of more rows is rolled back', () => {
    const s = tried({ maxRows: 2 }).upstream(complete('DELETE 3'), ready('T'));
    expect(s.toUpstream().some((message) => message.endsWith('=ROLLBACK'))).toBe(true);
    s.upstream(...ended('ROLLBACK'));
    expect(s.toClient()).toEqual(['ERROR 42501', 'ReadyForQuery I']);
    expect(s.outcomes).toMatchObject([{ sqlstate: '42501', fate: 'rolled_back' }]);
  });

  it('counts all statements of its text', () => {
    const s = tried({ maxRows: 4 }).upstream(complete('DELETE 3'), complete('UPDATE 2'), ready('T'));
    expect(s.toUpstream().some((message) => message.endsWith('=ROLLBACK'))).toBe(true);
  });

  it.each([true, false])('is shown, and kept: %s', (keep) => {
    const s = tried({ confirm: true }).upstream(complete('DELETE 3'), ready('T'));
    expect(one(s.others(), 'hold_tried')).toEqual({ type: 'hold_tried', rows: 3 });
    expect(s.toUpstream()).toEqual([]);
    s.holdKept(keep);
    expect(s.toUpstream().some((message) => message.endsWith(keep ? '=COMMIT' : '=ROLLBACK'))).toBe(true);
  });

  it('is rolled back when it is cancelled while it is shown', () => {
    const s = tried({ confirm: true }).upstream(complete('DELETE 3'), ready('T')).cancelRequested();
    expect(one(s.others(), 'end_hold')).toEqual({ type: 'end_hold', how: 'cancel' });
    expect(s.toUpstream().some((message) => message.endsWith('=ROLLBACK'))).toBe(true);
    expect(s.upstream(...ended('ROLLBACK')).toClient()).toEqual(['ERROR 57014', 'ReadyForQuery I']);
  });

  it('fails with the server’s error; one of COMMIT too', () => {
    const s = tried({ maxRows: 2 }).upstream(error('22012'), ready('E'));
    expect(s.toUpstream().some((message) => message.endsWith('=ROLLBACK'))).toBe(true);
    expect(s.upstream(...ended('ROLLBACK')).toClient()).toEqual(['ERROR 22012', 'ReadyForQuery I']);
    const deferred = tried({ maxRows: 2 }).upstream(complete('DELETE 1'), ready('T'));
    deferred.upstream(parseComplete, bindComplete, error('23503'), ready('I'));
    expect(deferred.toClient()).toEqual(['ERROR 23503', 'ReadyForQuery I']);
    expect(deferred.outcomes).toMatchObject([{ sqlstate: '23503', fate: 'rolled_back' }]);
  });

  it('a transaction of the gateway’s own that cannot be ended ends the session', () => {
    const s = tried({ maxRows: 2 }).upstream(complete('DELETE 3'), ready('T'));
    for (let i = 0; i < 3; i++) s.upstream(parseComplete, bindComplete, error('57014'), ready('T'));
    expect(s.closed).toBe('protocol');
  });

  it('refused by policy behind its BEGIN: that is rolled back', () => {
    const s = held().holdDecided({ ...RUN, maxRows: 2 });
    s.denies = () => true;
    s.epoch++;
    s.toUpstream();
    s.upstream(...begun);
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    s.client(query('select 2')).durable().upstream(error('42601'), ready('E'));
    expect(s.toUpstream().some((message) => message.endsWith('=ROLLBACK'))).toBe(true);
    s.denies = () => false;
    expect(s.upstream(...ended('ROLLBACK')).toClient()).toEqual(['ERROR 42501', 'ReadyForQuery I']);
  });

  it('the connection is lost before, or while it is committed: what is known of it is told', () => {
    const s = tried({ maxRows: 2 }).upstream(complete('DELETE 1'), ready('T')).upstreamEnd();
    expect(s.outcomes).toMatchObject([{ sqlstate: '08006', fate: 'unknown' }]);
    const over = tried({ confirm: true }).upstream(complete('DELETE 1'), ready('T')).upstreamEnd();
    expect(over.outcomes).toMatchObject([{ sqlstate: '08006', fate: 'rolled_back' }]);
  });
});
