import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { bindComplete, closeComplete, complete, error, notice, parseComplete, ready, row } from './backend-messages.ts';
import { Script } from './script.ts';

const PROBE = ['Parse probe', 'Bind probe', 'Execute probe', 'Close P probe', 'Close S probe'];
const probes = (messages: string[]): string[] =>
  messages.map((m) => m.replace(/dbgate_probe_\d+.*/, 'probe')).map((m) => m.replace('= <probe>', ''));
/** The server's answer for names that stand for these OIDs. */
const probed = (...oids: (number | null)[]): Buffer =>
  Buffer.concat([
    parseComplete,
    bindComplete,
    ...oids.map((oid, i) => row(String(i + 1), oid === null ? null : String(oid), 'f', 'public.')),
    complete(`SELECT ${oids.length}`),
    closeComplete,
    closeComplete,
  ]);
const mine = { waitForRecord: false, isOwn: (oid: number) => oid === 100 };
const run = (sql: string): Buffer =>
  Buffer.concat([encodeParse('', sql), encodeBind('', '', []), encodeExecute(''), SYNC]);

describe('in the simple protocol', () => {
  it('one’s own is dropped; the probe’s answers never reach the client', () => {
    const s = new Script(mine).client(encodeQuery('own t'), encodeQuery('select 2'));
    expect(probes(s.toUpstream())).toEqual([...PROBE, 'Sync']);
    expect(s.paused).toBe(true);
    expect(s.intents).toEqual([]);
    s.upstream(notice, probed(100), ready());
    expect(s.toUpstream()).toEqual(['Query own t', 'Query select 2']);
    expect(s.toClient()).toEqual([]);
    s.upstream(complete('DROP TABLE'), ready(), complete('SELECT 1'), ready());
    expect(s.toClient()).toHaveLength(4);
    expect(s.paused).toBe(false);
    expect(s.session.isIdle).toBe(true);
  });

  it('somebody else’s is not', () => {
    const s = new Script(mine).client(encodeQuery('own t')).upstream(probed(7), ready('T'));
    expect(s.toUpstream().at(-1)).toBe('Query <rejected>');
    s.upstream(error('42601'), ready('E'));
    expect(s.toClient()).toEqual(['ERROR 42501', 'ReadyForQuery E']);
  });

  it('a probe that fails proves nothing', () => {
    const s = new Script(mine).client(encodeQuery('own t')).upstream(error('42601'), ready('E'));
    expect(s.toUpstream().at(-1)).toBe('Query <rejected>');
    s.upstream(error('42601'), ready('E'));
    expect(s.toClient()).toEqual(['ERROR 42501', 'ReadyForQuery E']);
  });

  it('a probe that answers what was not asked ends the session', () => {
    for (const rows of [[], [row('2', '100', 'f', '')], [row('1', '100', 'f', ''), row('1', '100', 'f', '')]]) {
      const s = new Script(mine).client(encodeQuery('own t'));
      s.upstream(parseComplete, bindComplete, ...rows, complete('SELECT 1'), closeComplete, closeComplete, ready());
      expect(s.closed).toBe('protocol');
      expect(s.toUpstream()).not.toContain('Query own t');
    }
  });

  it('in a failed transaction the server refuses by itself: nothing is asked', () => {
    const s = new Script(mine).client(encodeQuery('select 1')).upstream(error('22012'), ready('E'));
    s.toUpstream();
    s.client(encodeQuery('create t'));
    expect(s.toUpstream()).toEqual(['Query create t']);
  });
});

describe('in a pipeline', () => {
  it('asks with Flush, at Bind and at Execute', () => {
    const s = new Script(mine).client(run('own t'));
    expect(probes(s.toUpstream())).toEqual(['Parse =own t', ...PROBE, 'Flush']);
    s.upstream(parseComplete, probed(100));
    expect(probes(s.toUpstream())).toEqual(['Bind <-', ...PROBE, 'Flush']);
    s.upstream(bindComplete, probed(100));
    expect(s.toUpstream()).toEqual(['Execute ', 'Sync']);
    s.upstream(complete('DROP TABLE'), ready());
    expect(s.toClient()).toEqual(['ParseComplete', 'BindComplete', 'CommandComplete DROP TABLE', 'ReadyForQuery I']);
    expect(s.intents).toHaveLength(1);
  });

  it('behind an error of the same pipeline the probe is never answered, and nothing waits for it', () => {
    const s = new Script(mine);
    s.client(encodeParse('x', 'select bad'), encodeParse('', 'own t'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(error('42P01'));
    // What the server discards anyway goes on, refused.
    expect(s.toUpstream().slice(-2)).toEqual(['Parse dbgate_refused=<rejected>', 'Sync']);
    s.upstream(ready());
    expect(s.toClient()).toEqual(['ERROR 42P01', 'ReadyForQuery I']);
    expect(s.session.isIdle).toBe(true);
    expect(s.paused).toBe(false);
  });
});

describe('creation', () => {
  it('is claimed afterwards, under the schema it was to be made in', () => {
    const s = new Script(mine).client(encodeQuery('create t'), encodeQuery('select 2'));
    s.upstream(probed(null), ready());
    expect(s.toUpstream().at(-1)).toBe('Query create t');
    s.upstream(complete('CREATE TABLE'), ready());
    const lookups = Buffer.concat(s.upstreamBytes).toString('latin1');
    expect(lookups).toContain('{"public.t"}');
    expect(probes(s.toUpstream())).toEqual([...PROBE, 'Sync']);
    expect(s.others()).toEqual([{ type: 'schema_changed' }]);
    s.upstream(probed(200), ready());
    expect(s.others()).toEqual([{ type: 'objects_created', objects: [{ catalog: 'pg_class', oid: 200, name: 't' }] }]);
    expect(s.toUpstream()).toEqual(['Query select 2']);
    expect(s.toClient()).toEqual(['CommandComplete CREATE TABLE', 'ReadyForQuery I']);
  });

  it('of what was there before claims nothing', () => {
    const s = new Script(mine).client(encodeQuery('create t')).upstream(probed(7), ready());
    s.toUpstream();
    s.upstream(complete('CREATE TABLE'), ready());
    expect(s.toUpstream()).toEqual([]);
    expect(s.others()).toEqual([{ type: 'schema_changed' }]);
  });

  it('that fails claims nothing and goes on', () => {
    const s = new Script(mine).client(encodeQuery('create t'), encodeQuery('select 2'));
    s.upstream(probed(null), ready(), error('42P07'), ready());
    expect(s.toUpstream().at(-1)).toBe('Query select 2');
    expect(s.others()).toEqual([]);
    expect(s.paused).toBe(false);
  });

  it('in a pipeline, and one that is discarded', () => {
    const s = new Script(mine).client(run('create t'));
    s.upstream(parseComplete, bindComplete, probed(null));
    expect(s.toUpstream().slice(-2)).toEqual(['Execute ', 'Flush']);
    s.upstream(complete('CREATE TABLE'));
    s.upstream(probed(300));
    expect(s.others()).toContainEqual({
      type: 'objects_created',
      objects: [{ catalog: 'pg_class', oid: 300, name: 't' }],
    });
    expect(s.toUpstream().at(-1)).toBe('Sync');
    s.upstream(ready());
    const t = new Script(mine).client(encodeParse('', 'create t'), encodeBind('', '', []), encodeExecute(''), SYNC);
    t.upstream(parseComplete, error('22P02'));
    expect(t.toUpstream().at(-1)).toBe('Sync');
    expect(t.upstream(ready()).session.isIdle).toBe(true);
  });
});
