import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
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
  copyOutResponse,
  error,
  noData,
  notice,
  parameterDescription,
  parseComplete,
  ready,
  row,
  rowDescription,
  status,
} from './backend-messages.ts';
import { describeBackend, describeFrontend, describeMessages, Script, type ScriptOptions } from './script.ts';

/** A server that answers messages as PostgreSQL would, as far as the scripts' statements go; it sees only bytes. */
class ModelServer {
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;
  #copying = false;
  #status: 'I' | 'T' | 'E' = 'I';
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  /** Texts that ran, in order. */
  readonly ran: string[] = [];
  /** Statements' texts sent to it, in the order in which they came. */
  readonly log: string[] = [];

  take(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const answers: Buffer[] = [];
    while (this.#rest.length >= 5 && this.#rest.length >= 1 + this.#rest.readInt32BE(1)) {
      const end = 1 + this.#rest.readInt32BE(1);
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      answers.push(this.#answer(String.fromCharCode(message[0]!), message));
    }
    return Buffer.concat(answers);
  }

  #answer(type: string, message: Buffer): Buffer {
    const nothing = Buffer.alloc(0);
    const text = describeFrontend(type, message, 5, message.length);
    if (type === 'S') {
      if (this.#copying) return nothing;
      this.#skipping = false;
      if (this.#status !== 'T') this.#portals.clear();
      return ready(this.#status);
    }
    if (this.#skipping) return nothing;
    if (this.#copying) {
      if (type === 'd') return nothing;
      this.#copying = false;
      return Buffer.concat([type === 'c' ? complete('COPY 1') : error('57014'), ready(this.#status)]);
    }
    const [word = '', name = ''] = text.split(/[ =]/);
    const argument = text.slice(text.indexOf(type === 'P' ? '=' : ' ') + 1);
    switch (word) {
      case 'Query': {
        this.#statements.delete('');
        this.#portals.delete('');
        const answer = this.#run(argument, true);
        return this.#copying ? answer : Buffer.concat([answer, ready(this.#status)]);
      }
      case 'Parse':
        if (name === '') this.#statements.delete('');
        if (argument === '<rejected>' || argument.startsWith('fail parse')) return this.#fail('42601');
        if (name !== '' && this.#statements.has(name)) return this.#fail('42P05');
        this.#statements.set(name, argument);
        return parseComplete;
      case 'Bind': {
        const [portal = '', statement = ''] = argument.split('<-');
        const sql = this.#statements.get(statement);
        if (sql === undefined) return this.#fail('26000');
        if (this.#status === 'E') return this.#fail('25P02');
        this.#portals.set(portal, sql);
        return bindComplete;
      }
      case 'Execute': {
        const sql = this.#portals.get(argument.split(' ')[0]!);
        return sql === undefined ? this.#fail('34000') : this.#run(sql, false);
      }
      case 'Describe':
        if (argument.startsWith('P')) return this.#portals.has(argument.slice(2)) ? noData : this.#fail('34000');
        return this.#statements.has(argument.slice(2))
          ? Buffer.concat([parameterDescription, noData])
          : this.#fail('26000');
      case 'Close':
        (argument.startsWith('P') ? this.#portals : this.#statements).delete(argument.slice(2));
        return closeComplete;
      default:
        return nothing;
    }
  }

  #fail(code: string): Buffer {
    this.#skipping = true;
    if (this.#status === 'T') this.#status = 'E';
    return error(code);
  }

  #run(sql: string, simple: boolean): Buffer {
    const failed = (code: string): Buffer => {
      if (this.#status === 'T') this.#status = 'E';
      if (!simple) this.#skipping = true;
      return error(code);
    };
    if (sql === '<rejected>' || sql === '<probe>') return failed('42601');
    if (this.#status === 'E' && !/^(commit|rollback)/.test(sql)) return failed('25P02');
    if (sql.startsWith('fail')) return failed('22012');
    this.ran.push(sql);
    if (sql === 'begin') this.#status = 'T';
    if (sql === 'commit' || sql === 'rollback') this.#status = 'I';
    if (sql.startsWith('copyin') && simple) {
      this.#copying = true;
      return copyInResponse;
    }
    if (sql.startsWith('select out'))
      return Buffer.concat([copyOutResponse, copyData('x\n'), copyDone, complete('COPY 1')]);
    const answer = sql.startsWith('select') ? [...(simple ? [rowDescription] : []), row(sql), row(sql)] : [];
    return Buffer.concat([notice, ...answer, complete('SELECT 2')]);
  }
}

const kind = fc.constantFrom(
  'select',
  'select',
  'write',
  'write',
  'select out',
  'deny',
  'fail run',
  'fail parse',
  'begin',
  'commit',
  'rollback',
);
/** Texts differ, so that what ran and what was seen can be told apart. */
const sql = fc.tuple(kind, fc.nat(1000)).map(([word, n]) => (/^(select|write)$/.test(word) ? `${word} ${n}` : word));
const name = fc.constantFrom('', 's', 's', 't');
const extended = fc.oneof(
  fc.tuple(name, sql).map(([n, text]) => encodeParse(n, text)),
  fc.tuple(name, name).map(([portal, n]) => encodeBind(portal, n, [])),
  fc.tuple(fc.constantFrom('S' as const, 'P' as const), name).map(([kind, n]) => encodeDescribe(kind, n)),
  name.map((portal) => encodeExecute(portal)),
  fc.tuple(fc.constantFrom('S' as const, 'P' as const), name).map(([kind, n]) => encodeClose(kind, n)),
  fc
    .tuple(name, sql)
    .map(([n, text]) => Buffer.concat([encodeParse(n, text), encodeBind('', n, []), encodeExecute('')])),
);
/** Units that end in a Sync, or are a Query: each is owed one ReadyForQuery. */
const unit = fc.oneof(
  sql.map((text) => ({ bytes: encodeQuery(text) })),
  fc.constant({ bytes: Buffer.concat([encodeQuery('copyin t'), copyData('1\n'), copyDone]) }),
  fc.array(extended, { maxLength: 6 }).map((messages) => ({ bytes: Buffer.concat([...messages, SYNC]) })),
);
const units = fc.array(unit, { minLength: 1, maxLength: 8 });

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...at, bytes.length]) {
    if (to > from) pieces.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
  }
  return pieces;
}

/** What a run came to: all that was said to both sides, and the record. */
function result(s: Script): unknown {
  const { clientBytes, upstreamBytes, intents, outcomes, closed } = s;
  return {
    client: Buffer.concat(clientBytes).toString('latin1'),
    upstream: Buffer.concat(upstreamBytes).toString('latin1'),
    intents,
    outcomes: outcomes.map(({ ms: _ms, ...outcome }) => outcome),
    closed,
  };
}

describe('any split of the bytes', () => {
  const recorded: [string, ScriptOptions, Buffer, Buffer][] = [
    [
      'simple, COPY, an error',
      { waitForRecord: false },
      Buffer.concat([encodeQuery('select 1'), encodeQuery('copyin t'), copyData('1\n'), copyDone, encodeQuery('fail')]),
      Buffer.concat([
        rowDescription,
        row('x'.repeat(50)),
        complete('SELECT 1'),
        ready(),
        copyInResponse,
        complete('COPY 1'),
        ready(),
        error('22012'),
        ready(),
      ]),
    ],
    [
      'a pipeline with a denial',
      { waitForRecord: false },
      Buffer.concat([
        encodeParse('a', 'select 1'),
        encodeBind('', 'a', []),
        encodeExecute(''),
        SYNC,
        encodeParse('', 'deny it'),
        encodeBind('', '', []),
        SYNC,
        encodeQuery('select 2'),
      ]),
      Buffer.concat([
        parseComplete,
        bindComplete,
        row('1'),
        complete('SELECT 1'),
        status('TimeZone', 'UTC'),
        status('application_name', 'psql (dev@demo.test)'),
        ready(),
        error('42601'),
        ready(),
        rowDescription,
        row('2'),
        notice,
        complete('SELECT 1'),
        ready(),
      ]),
    ],
    [
      'a violation of the upstream’s at the end',
      { waitForRecord: false },
      Buffer.concat([encodeQuery('select 1'), encodeQuery('write 1')]),
      Buffer.concat([
        rowDescription,
        row('1'),
        complete('SELECT 1'),
        ready(),
        row('unasked'),
        complete('INSERT 0 1'),
        complete('X'),
        ready(),
        ready(),
      ]),
    ],
    [
      'a violation of the client’s at the end',
      { waitForRecord: false },
      Buffer.concat([encodeQuery('select 1'), encodeParse('', 'write 1'), Buffer.from('Bgarbage')]),
      Buffer.alloc(0),
    ],
  ];

  it.each(recorded)('%s', (_name, options, clientBytes, upstreamBytes) => {
    const play = (clientPieces: Buffer[], upstreamPieces: Buffer[]): unknown => {
      const s = new Script(options);
      for (const piece of clientPieces) s.client(piece);
      for (const piece of upstreamPieces) s.upstream(piece);
      return result(s);
    };
    const whole = play([clientBytes], [upstreamBytes]);
    const single = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));
    expect(play(single(clientBytes), single(upstreamBytes))).toEqual(whole);
    for (let at = 0; at <= clientBytes.length; at++) {
      expect(play(cut(clientBytes, [at]), [upstreamBytes])).toEqual(whole);
    }
    for (let at = 0; at <= upstreamBytes.length; at++) {
      expect(play([clientBytes], cut(upstreamBytes, [at]))).toEqual(whole);
    }
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.array(fc.nat()), (a, b) => {
        expect(play(cut(clientBytes, a), cut(upstreamBytes, b))).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });
});

/** Drives a session against the model server, with events in an order that `choose` picks. */
function drive(
  s: Script,
  clientPieces: Buffer[],
  choose: () => number,
  failures: boolean,
  server = new ModelServer(),
): { server: ModelServer; violations: string[] } {
  const violations: string[] = [];
  const toUpstream: Buffer[] = [];
  const toGateway: Buffer[] = [];
  let failedFrom = Number.POSITIVE_INFINITY;
  let failedTo = 0;
  const record = (n: number): boolean => {
    const { position } = s.intents[n]!;
    return position <= s.durableTo && !(position >= failedFrom && position <= failedTo);
  };
  for (let step = 0; step < 2000; step++) {
    const options: (() => void)[] = [];
    if (clientPieces.length > 0 && !s.paused) options.push(() => s.client(clientPieces.shift()!));
    if (toUpstream.length > 0) {
      options.push(() => {
        const ranBefore = server.ran.length;
        const answer = server.take(toUpstream.shift()!);
        for (const text of server.ran.slice(ranBefore)) {
          if (!text.startsWith('write') && !text.startsWith('copyin')) continue;
          // Every run of a text with an effect has an intent of its own that is durable by now.
          const durable = s.intents.filter((intent, i) => intent.sqlJson === JSON.stringify(text) && record(i)).length;
          const runs = server.ran.filter((other) => other === text).length;
          if (runs > durable) violations.push(`${text} ran ${runs} times with ${durable} durable intents`);
        }
        if (answer.length > 0) toGateway.push(...cut(answer, [choose(), choose()]));
      });
    }
    if (toGateway.length > 0) options.push(() => s.upstream(toGateway.shift()!));
    if (s.position > s.durableTo) {
      options.push(() => s.durable(s.durableTo + 1 + (choose() % (s.position - s.durableTo))));
      if (failures) {
        options.push(() => {
          failedFrom = s.durableTo + 1;
          failedTo = s.position;
          s.durableTo = s.position;
          s.auditFailed(failedFrom);
          failures = false;
        });
      }
    }
    if (options.length === 0) break;
    const sentToClient = s.clientBytes.length;
    options[choose() % options.length]!();
    toUpstream.push(...s.upstreamBytes.splice(0));
    // Rows carry the text they answer: no row may be seen before an intent of that text is durable.
    for (const message of describeMessages(Buffer.concat(s.clientBytes.slice(sentToClient)), describeBackend)) {
      const text = message.startsWith('DataRow ') ? message.slice(8) : undefined;
      if (text === undefined) continue;
      const any = s.intents.some((intent, i) => intent.sqlJson === JSON.stringify(text) && record(i));
      if (!any) violations.push(`a row of ${text} was seen before its record`);
    }
  }
  return { server, violations };
}

/** A stream of choices that fast-check can shrink. */
function chooser(choices: readonly number[]): () => number {
  let i = 0;
  return () => choices[i++ % choices.length]! + i;
}

const choices = fc.array(fc.nat(1000), { minLength: 5, maxLength: 60 });

describe('any interleaving', () => {
  it('each Query and Sync gets one ReadyForQuery; effects and answers wait for their records', () => {
    fc.assert(
      fc.property(units, fc.array(fc.nat()), choices, fc.boolean(), (list, cuts, picks, analyses) => {
        const s = new Script({ unseen: analyses ? (text) => text === 'write 2' : () => false });
        const handle = s.handle.bind(s);
        s.handle = (event) => {
          handle(event);
          for (const command of s.others()) if (command.type === 'analyse') s.analysed(command.sql);
          return s;
        };
        const { violations } = drive(s, cut(Buffer.concat(list.map((u) => u.bytes)), cuts), chooser(picks), false);
        expect(violations).toEqual([]);
        expect(s.closed).toBeUndefined();
        expect(s.session.isIdle).toBe(true);
        const said = s.toClient();
        expect(said.filter((m) => m.startsWith('Ready'))).toHaveLength(list.length);
        expect(said.join()).not.toContain('deny');
        // Whatever the interleaving, each intent has one outcome (those still bound have none yet).
        const ended = s.outcomes.map((o) => o.n);
        expect(new Set(ended).size).toBe(ended.length);
        s.end('shutdown');
        expect([...s.outcomes.map((o) => o.n)].sort((a, b) => a - b)).toEqual(s.intents.map((i) => i.n));
      }),
      { numRuns: 6000 },
    );
  });

  it('the same with a log that fails once in the middle', () => {
    fc.assert(
      fc.property(units, fc.array(fc.nat()), choices, (list, cuts, picks) => {
        const s = new Script();
        const { violations, server } = drive(
          s,
          cut(Buffer.concat(list.map((u) => u.bytes)), cuts),
          chooser(picks),
          true,
        );
        expect(violations).toEqual([]);
        expect(s.closed).toBeUndefined();
        expect(s.session.isIdle).toBe(true);
        expect(s.toClient().filter((m) => m.startsWith('Ready'))).toHaveLength(list.length);
        // The next transaction works as if nothing had been.
        const pieces = [encodeQuery('rollback'), encodeQuery('begin'), encodeQuery('write last')];
        drive(s, pieces, chooser(picks), false, server);
        expect(s.toClient()).toEqual([
          'NOTICE 00000',
          'CommandComplete SELECT 2',
          'ReadyForQuery I',
          'NOTICE 00000',
          'CommandComplete SELECT 2',
          'ReadyForQuery T',
          'NOTICE 00000',
          'CommandComplete SELECT 2',
          'ReadyForQuery T',
        ]);
        s.end('shutdown');
        expect([...s.outcomes.map((o) => o.n)].sort((a, b) => a - b)).toEqual(s.intents.map((i) => i.n));
      }),
      { numRuns: 6000 },
    );
  });

  it('what the server ran is what was recorded, name by name', () => {
    fc.assert(
      fc.property(units, fc.array(fc.nat()), choices, (list, cuts, picks) => {
        const s = new Script();
        const { server } = drive(s, cut(Buffer.concat(list.map((u) => u.bytes)), cuts), chooser(picks), false);
        s.end('shutdown');
        const successes = s.outcomes
          // What was rolled back behind its answer ran too.
          .filter((o) => o.sqlstate === undefined || o.fate !== undefined)
          .sort((a, b) => a.n - b.n)
          .map((o) => JSON.parse(s.intents[o.n - 1]!.sqlJson) as string);
        // Portals may run in another order than they were bound in.
        expect([...successes].sort()).toEqual([...server.ran].sort());
      }),
      { numRuns: 6000 },
    );
  });
});

describe('garbage', () => {
  const clean = fc.constantFrom(
    encodeQuery('select 1'),
    encodeQuery('own t'),
    encodeParse('', 'write 1'),
    encodeBind('', '', []),
    encodeExecute(''),
    SYNC,
    copyData('x'),
    copyDone,
  );
  const answers = fc.constantFrom(
    rowDescription,
    row('1'),
    complete('SELECT 1'),
    ready('I'),
    ready('T'),
    ready('E'),
    error('42601'),
    error('57P01', 'FATAL'),
    parseComplete,
    bindComplete,
    closeComplete,
    copyInResponse,
    copyDone,
    notice,
  );
  const junk = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));
  const event = fc.oneof(
    fc.record({ side: fc.constant('client' as const), bytes: fc.oneof({ weight: 4, arbitrary: clean }, junk) }),
    fc.record({ side: fc.constant('upstream' as const), bytes: fc.oneof({ weight: 6, arbitrary: answers }, junk) }),
    fc.record({
      side: fc.constantFrom(
        'durable' as const,
        'failed' as const,
        'clientEnd' as const,
        'upstreamEnd' as const,
        'end' as const,
      ),
      bytes: fc.constant(Buffer.alloc(0)),
    }),
  );

  it('never throws out of handle(), is no internal error, and nothing is sent behind the end', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const s = new Script({ unseen: (text) => text === 'select 1' });
        for (const { side, bytes } of events) {
          if (side === 'client') s.client(bytes);
          else if (side === 'upstream') s.upstream(bytes);
          else if (side === 'durable') s.durable();
          else if (side === 'failed') s.auditFailed(s.durableTo + 1);
          else if (side === 'clientEnd') s.clientEnd();
          else if (side === 'upstreamEnd') s.upstreamEnd();
          else s.end('idle');
          for (const command of s.others()) {
            if (command.type === 'analyse') s.analysed(command.sql);
            if (command.type === 'internal_error') throw command.error;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
