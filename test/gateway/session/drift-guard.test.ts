import { describe, expect, it } from 'vitest';
import type { DefinitionQuestion, SessionSurroundings } from '../../../src/gateway/session/contract.ts';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery as query } from '../../../src/pgwire/query.ts';
import type { StatementFacts } from '../../../src/sql/facts.ts';
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
} from './backend-messages.ts';
import { FakeMasking } from './fake-masking.ts';
import { Script, type ScriptOptions } from './script.ts';

/** `v…` rests on a definition of its own, `plain` on none; `EXECUTE` by itself neither. */
class Definitions implements NonNullable<SessionSurroundings['definitions']> {
  readAtMs = 0;
  reading = 1;
  readonly #questions = new Map<string, DefinitionQuestion>();
  of: (text: string) => string | undefined = () => 'v';

  question(name: string): DefinitionQuestion {
    const key = `${name} ${this.reading}`;
    const known = this.#questions.get(key) ?? { parameters: [[name]], expected: key, mayWait: true };
    this.#questions.set(key, known);
    return known;
  }

  questionOf(statements: readonly StatementFacts[], _computes = true): DefinitionQuestion | undefined {
    const name = this.of(statements.map(({ command }) => command).join(';'));
    return name === undefined ? undefined : this.question(name);
  }
}

interface Scripted {
  readonly s: Script;
  readonly definitions: Definitions;
}

function script(options: ScriptOptions = {}): Scripted {
  const definitions = new Definitions();
  return { definitions, s: new Script({ waitForRecord: false, definitions, ...options }) };
}

const names = (s: Script): unknown[] =>
  s
    .others()
    .map((command) =>
      'questions' in command ? [command.type, ...command.questions.map(({ expected }) => expected)] : command.type,
    );
const bound = [encodeParse('', 'SELECT 1'), encodeBind('', '', []), encodeExecute(''), SYNC];

describe('before a Query leaves', () => {
  it('the server is asked, and nothing of it goes upstream until it has said that all is the same', () => {
    const { s } = script();
    s.client(query('SELECT 1'), query('SELECT 2'));
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    expect(s.toUpstream()).toEqual([]);
    s.checked('same');
    expect(s.toUpstream()).toEqual(['Query SELECT 1']);
    // The next is asked for by itself.
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    expect(s.intents.map(({ sql }) => sql)).toEqual(['SELECT 1']);
  });

  it('what changed has it judged again by what it is now, and asked for that', () => {
    const { s, definitions } = script();
    s.client(query('SELECT 1'));
    names(s);
    definitions.reading++;
    s.checked('changed');
    expect(names(s)).toEqual([['check_definitions', 'v 2']]);
    expect(s.toUpstream()).toEqual([]);
    s.checked('same');
    expect(s.toUpstream()).toEqual(['Query SELECT 1']);
  });

  it('what changed and is denied now is refused as that', () => {
    const { s } = script();
    s.client(query('SELECT 1'));
    s.denies = () => true;
    s.epoch++;
    s.checked('changed');
    // What it is denied for may have changed as well.
    s.checked('same');
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents).toMatchObject([{ decision: 'deny', rule: 'production.no-drop' }]);
  });

  it('what could not be asked is refused', () => {
    const { s } = script();
    s.client(query('SELECT 1')).checked('unknown');
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents).toMatchObject([{ decision: 'deny', rule: 'definitions.unknown' }]);
  });

  it('who changes it faster than it can be read is refused in the end', () => {
    const { s, definitions } = script();
    s.client(query('SELECT 1'));
    for (let i = 0; i < 5; i++) {
      definitions.reading++;
      s.checked('changed');
    }
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents).toMatchObject([{ rule: 'definitions.changed' }]);
  });

  it('what somebody has to approve is asked for before that and again behind it, whatever it is', () => {
    const { s, definitions } = script({ holds: true });
    const computed: boolean[] = [];
    const questionOf = definitions.questionOf.bind(definitions);
    definitions.questionOf = (statements, computes) => {
      computed.push(computes === true);
      return computes ? questionOf(statements) : undefined;
    };
    s.client(query('hold me'));
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    s.checked('same').upstream(
      parseComplete,
      bindComplete,
      row('public', 'public', 'app', 'app'),
      complete('SELECT 1'),
    );
    s.upstream(closeComplete, closeComplete, ready()).toUpstream();
    expect(names(s)).toContain('hold');
    s.holdPlaced().holdDecided({ kind: 'run', request: 'r-1', maxRows: undefined, confirm: false });
    expect(names(s)).toContainEqual(['check_definitions', 'v 1']);
    s.checked('changed');
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents.at(-1)).toMatchObject({ rule: 'definitions.changed' });
    expect(computed).not.toContain(false);
  });

  it('a cancel while it waits ends it', () => {
    const { s } = script();
    s.client(query('SELECT 1')).cancelRequested().checked('same');
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
  });

  it('nothing is asked for what rests on nothing', () => {
    const { s, definitions } = script();
    definitions.of = () => undefined;
    s.client(query('SELECT 1'));
    expect(names(s)).toEqual([]);
    expect(s.toUpstream()).toEqual(['Query SELECT 1']);
  });

  it('EXECUTE is asked for by what was prepared, both at once', () => {
    const { s, definitions } = script();
    definitions.of = (command) => (command === 'PREPARE' ? 'prepared' : 'own');
    s.client(query('prepare p')).checked('same');
    s.upstream(complete('PREPARE'), ready()).client(query('execute p'));
    expect(names(s).at(-1)).toEqual(['check_definitions', 'own 1', 'prepared 1']);
    s.checked('same');
    expect(s.toUpstream().at(-1)).toBe('Query execute p');
  });
});

describe('of the extended protocol', () => {
  it('Bind is asked for, and its Execute in the same packet not again', () => {
    const { s } = script();
    s.client(...bound);
    expect(s.toUpstream()).toEqual(['Parse =SELECT 1']);
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    s.checked('same');
    expect(names(s)).toEqual([]);
    expect(s.toUpstream()).toEqual(['Bind <-', 'Execute ', 'Sync']);
  });

  it('an Execute that comes later is asked for again; what changed by then is not run', () => {
    const { s } = script();
    s.client(encodeParse('', 'SELECT 1'), encodeBind('', '', [])).checked('same');
    names(s);
    s.toUpstream();
    s.client(encodeExecute(''), SYNC);
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    s.checked('changed');
    expect(s.toUpstream().join()).not.toContain('Execute');
    expect(s.intents.at(-1)).toMatchObject({ rule: 'definitions.changed' });
  });

  it('what may fetch from a named portal is asked for by what that was bound on, until the transaction ends', () => {
    const { s, definitions } = script();
    s.client(query('begin')).checked('same');
    s.upstream(complete('BEGIN'), ready('T'));
    s.client(encodeParse('', 'SELECT 1'), encodeBind('named', '', []), SYNC).checked('same');
    s.upstream(parseComplete, bindComplete, ready('T'));
    names(s);
    definitions.of = () => undefined;
    s.client(query('call me'));
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    s.checked('changed');
    expect(s.intents.at(-1)).toMatchObject({ sql: 'call me', rule: 'definitions.changed' });
    s.upstream(error('42601'), ready('E'));
    s.client(query('rollback')).upstream(complete('ROLLBACK'), ready());
    s.client(query('call me'));
    expect(names(s)).toEqual([]);
  });
});

describe('a cursor that outlives its transaction', () => {
  it('is asked for by what it was declared by: nobody saw what the server found then', () => {
    const { s, definitions } = script({ masking: new FakeMasking() });
    definitions.of = (command) => (command === 'FETCH' ? undefined : 'v');
    const path = [parseComplete, bindComplete, row('public'), complete('SELECT 1'), closeComplete, closeComplete];
    s.client(query('declare c pass hold'));
    s.upstream(...path, ready()).checked('same');
    s.upstream(complete('DECLARE CURSOR'), ready());
    names(s);
    s.toUpstream();
    s.client(query('fetch c'));
    expect(names(s)).toEqual([['check_definitions', 'v 1']]);
    s.checked('changed');
    expect(s.toUpstream()).toEqual(['Query <rejected>']);
    expect(s.intents.at(-1)).toMatchObject({ sql: 'fetch c', rule: 'definitions.changed' });
  });
});

describe('when its answer begins', () => {
  /** What the server says to the question for the search_path. */
  const path = [parseComplete, bindComplete, row('public'), complete('SELECT 1'), closeComplete, closeComplete];
  function sent(sql: string): Scripted & { readonly masking: FakeMasking } {
    const masking = new FakeMasking();
    const made = { ...script({ masking, waitForRecord: false }), masking };
    made.s
      .client(query(sql))
      .upstream(...path, ready())
      .checked('same');
    names(made.s);
    made.s.toUpstream();
    return made;
  }

  it('it waits for the server to say so once more, for it may have waited for a lock', () => {
    const { s } = sent('mask');
    s.upstream(rowDescription, row('Ada'), complete('SELECT 1'), ready());
    expect(names(s)).toEqual([['confirm_definitions', 'v 1'], 'pause_upstream']);
    expect(s.toClient()).toEqual([]);
    s.confirmed('same');
    expect(s.toClient().join(' ')).toMatch(/RowDescription.*redacted.*SELECT 1/);
  });

  it.each(['changed', 'unknown'] as const)('nothing of it is told where something is %s', (drift) => {
    const { s } = sent('mask');
    s.upstream(rowDescription, row('Ada'), complete('SELECT 1'), ready()).confirmed(drift);
    const told = s.toClient().join(' ');
    expect(told).not.toMatch(/Ada|redacted|DataRow/);
    expect(told).toMatch(/^ERROR XX000 ReadyForQuery/);
  });

  it.each(['same', 'changed'] as const)(
    'also where it was planned anew meanwhile: %s, for the catalog may be another than the server had',
    (drift) => {
      const made = sent('pass');
      const { s, masking } = made;
      // Another session's DDL.
      masking.clock.change(made, true);
      masking.clock.end(made);
      s.upstream(rowDescription, row('Ada'), complete('SELECT 1'), ready());
      expect(names(s)).toEqual(['retrace', 'pause_upstream']);
      s.retraced();
      expect(names(s)).toEqual([['confirm_definitions', 'v 1']]);
      expect(s.toClient()).toEqual([]);
      s.confirmed(drift);
      expect(s.toClient()).toEqual(
        drift === 'same'
          ? ['RowDescription', 'DataRow Ada', 'CommandComplete SELECT 1', 'ReadyForQuery I']
          : ['ERROR XX000', 'ReadyForQuery I'],
      );
    },
  );

  it('of a COPY that is executed, by what it was bound by', () => {
    const made = script({ masking: new FakeMasking(), waitForRecord: false });
    const { s } = made;
    s.client(encodeParse('', 'copymask'), encodeBind('', '', []), encodeExecute(''), SYNC);
    s.upstream(parseComplete, ...path).checked('same');
    names(s);
    s.upstream(bindComplete, noData, copyOutResponse);
    expect(names(s)).toEqual([['confirm_definitions', 'v 1'], 'pause_upstream']);
    s.confirmed('changed');
    s.upstream(copyData('Ada\n'), copyDone, complete('COPY 1'), ready());
    expect(s.toClient().join(' ')).toMatch(/^ParseComplete BindComplete ERROR XX000 ReadyForQuery/);
  });

  it('the beginning of a COPY too', () => {
    const { s } = sent('copymask');
    s.upstream(copyOutResponse);
    expect(names(s)).toEqual([['confirm_definitions', 'v 1'], 'pause_upstream']);
    expect(s.toClient()).toEqual([]);
    s.confirmed('same');
    expect(s.toClient()).toHaveLength(1);
  });
});
