import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HoldOutcome } from '../../../src/approvals/contract.ts';
import type { SessionCommand } from '../../../src/gateway/session/contract.ts';
import type { StatementPlan } from '../../../src/masking/make-plan.ts';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
} from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import type { StatementFacts } from '../../../src/sql/facts.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  copyData,
  copyDone,
  copyOutResponse,
  emptyQuery,
  error,
  noData,
  parameterDescription,
  parseComplete,
  ready,
  row,
  rowDescription,
  suspended,
} from './backend-messages.ts';
import { FakeMasking } from './fake-masking.ts';
import { describeFrontend, Script } from './script.ts';

const SECRET = 'SECRET OF ADA LOVELACE';
/** For long runs of the property: how many sequences, and from which seed. */
const RUNS = Number(process.env.DBGATE_PROPERTY_RUNS ?? 1500);
const SEED = process.env.DBGATE_PROPERTY_SEED;

interface World {
  readonly path: string;
  readonly schema: number;
}

/** What a text answers, when it is planned or declared; undefined: no rows. */
function answerOf(text: string, { path, schema }: World): string | undefined {
  switch (text) {
    case 'mask':
      return SECRET;
    case 'pass':
    case 'code':
      return 'open';
    case 'byworld':
      return path === 'other' ? SECRET : 'open';
    case 'byschema':
      return schema % 2 === 1 ? SECRET : 'open';
    default:
      return undefined;
  }
}

interface ModelPortal {
  readonly text: string;
  readonly value: string | undefined;
  readonly hold: boolean;
  rows: number;
}

class Failure extends Error {}

/** What is held is the same when it runs. */
const unheld = (text: string): string => text.replace(/^hold /, '');

/** PostgreSQL, as far as names, transactions and what they take back go. Sees bytes only. */
class ModelServer {
  schema = 0;
  /** Statements that need an approval, each time that one was run. */
  ran = 0;
  #path = 'public';
  #status: 'I' | 'T' | 'E' = 'I';
  #start: World | undefined;
  readonly #savepoints = new Map<string, World>();
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, ModelPortal>();
  #skipping = false;
  #rest: Buffer = Buffer.alloc(0);
  #out: Buffer[] = [];
  /** As PostgreSQL does: what is not flushed waits. */
  #flushed = 0;

  take(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 5 && this.#rest.length >= 1 + this.#rest.readInt32BE(1)) {
      const end = 1 + this.#rest.readInt32BE(1);
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#message(String.fromCharCode(message[0]!), message);
    }
    const flushed = this.#out.splice(0, this.#flushed);
    this.#flushed = 0;
    return Buffer.concat(flushed);
  }

  /** As other sessions see it. */
  get committedSchema(): number {
    return this.#start?.schema ?? this.schema;
  }

  get #world(): World {
    return { path: this.#path, schema: this.schema };
  }

  #say(...messages: Buffer[]): void {
    this.#out.push(...messages);
  }

  #message(type: string, message: Buffer): void {
    if (this.#skipping && type !== 'S') return;
    if (type === 'H') this.#flushed = this.#out.length;
    if (type === 'H' || type === 'X') return;
    const said = describeFrontend(type, message, 5, message.length);
    const argument = said.slice(said.indexOf(' ') + 1);
    try {
      switch (type) {
        case 'Q':
          this.#statements.delete('');
          this.#portals.delete('');
          this.#text(argument);
          break;
        case 'S':
          this.#skipping = false;
          break;
        case 'P': {
          const at = argument.indexOf('=');
          // Before an approval is asked for, roles are asked for along with the path.
          const text = message.includes('session_user') ? '<scope>' : argument.slice(at + 1);
          const name = argument.slice(0, at);
          if (name !== '' && this.#statements.has(name)) throw new Failure('42P05');
          if (text.includes('rejected')) throw new Failure('42601');
          this.#mayRun(text);
          this.#statements.set(name, text);
          this.#say(parseComplete);
          break;
        }
        case 'B': {
          const [portal = '', statement = ''] = argument.split('<-');
          const text = this.#statements.get(statement);
          if (text === undefined) throw new Failure('26000');
          if (portal !== '' && this.#portals.has(portal)) throw new Failure('42P03');
          this.#mayRun(text);
          this.#begin();
          const rows = portal.startsWith('dbgate_') ? 1 : 2;
          this.#portals.set(portal, { text, value: this.#planned(text), hold: false, rows });
          this.#say(bindComplete);
          break;
        }
        case 'D': {
          const [kind, name = ''] = argument.split(' ');
          const portal = this.#portals.get(name);
          const text = kind === 'P' ? portal?.text : this.#statements.get(name);
          if (text === undefined) throw new Failure('34000');
          const rows = kind === 'P' ? portal!.value : this.#planned(text);
          if (kind === 'S') this.#say(parameterDescription);
          this.#say(rows === undefined || text === 'copymask' ? noData : rowDescription);
          break;
        }
        case 'E': {
          const [name = '', limit = '0'] = argument.split(' ');
          const portal = this.#portals.get(name);
          if (portal === undefined) throw new Failure('34000');
          this.#mayRun(portal.text);
          if (portal.value === undefined) this.#run(portal.text, false);
          else this.#rows(portal, Number(limit), false);
          break;
        }
        case 'C': {
          const [kind, name = ''] = argument.split(' ');
          if (kind === 'S') this.#statements.delete(name);
          else this.#portals.delete(name);
          this.#say(closeComplete);
          break;
        }
        default:
          throw new Error(`the model does not know ${type}`);
      }
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      this.#say(error(failure.message));
      this.#flushed = this.#out.length;
      this.#fail();
      if (type !== 'Q') this.#skipping = true;
    }
    if (type === 'Q' || type === 'S') {
      this.#end();
      this.#say(ready(this.#status));
      this.#flushed = this.#out.length;
    }
  }

  /** EXECUTE and FETCH in a portal answer what they answer when they are bound. */
  #planned(text: string): string | undefined {
    if (text.includes('current_schemas') || text === '<path>' || text === '<scope>') return this.#path;
    if (text.startsWith('hold ')) return this.#planned(unheld(text));
    if (text === 'select catalog') return String(this.schema);
    if (text === 'copymask') return SECRET;
    const [word, name = ''] = text.split(' ');
    if (word === 'execute') return answerOf(this.#prepared(name), this.#world);
    if (word === 'fetch') return this.#portals.get(name)?.value;
    return answerOf(text, this.#world);
  }

  #prepared(name: string): string {
    const text = this.#statements.get(name);
    if (text === undefined) throw new Failure('26000');
    return text;
  }

  #text(text: string): void {
    if (text.includes('rejected')) throw new Failure('42601');
    const parts = text.split(';').map((part) => part.trim());
    const statements = parts.filter((part) => part !== '');
    if (statements.length === 0) this.#say(emptyQuery);
    for (const one of statements) {
      this.#mayRun(one);
      this.#begin();
      this.#run(one, true);
    }
  }

  #mayRun(text: string): void {
    if (this.#status === 'E' && !/^(commit|rollback)/i.test(text)) throw new Failure('25P02');
  }

  #begin(): void {
    this.#start ??= this.#world;
  }

  #fail(): void {
    if (this.#status === 'T') this.#status = 'E';
    if (this.#status === 'I') this.#back();
  }

  #back(): void {
    if (this.#start !== undefined) {
      this.#path = this.#start.path;
      this.schema = this.#start.schema;
    }
    this.#over();
  }

  #over(): void {
    this.#start = undefined;
    this.#savepoints.clear();
    for (const [name, { hold }] of this.#portals) if (!hold) this.#portals.delete(name);
  }

  #end(): void {
    if (this.#status === 'I') this.#over();
  }

  #rows(portal: ModelPortal, limit: number, described: boolean): void {
    if (portal.text === 'copymask') {
      this.#say(copyOutResponse, copyData(`${SECRET}\n${SECRET.slice(0, 9)}`), copyData(`${SECRET.slice(9)}\n`));
      this.#say(copyDone, complete('COPY 2'));
      return;
    }
    // The rest of a portal that was suspended is no second execution.
    if (portal.text.startsWith('hold ') && portal.rows === 2) this.ran++;
    if (described) this.#say(rowDescription);
    const count = limit === 0 ? portal.rows : Math.min(limit, portal.rows);
    const isScope = portal.text === '<scope>';
    for (let i = 0; i < count; i++)
      this.#say(isScope ? row(portal.value!, portal.value!, 'u', 'u') : row(portal.value!));
    portal.rows -= count;
    this.#say(limit > 0 && count === limit ? suspended : complete(`SELECT ${count}`));
  }

  #run(wanted: string, simple: boolean): void {
    const text = unheld(wanted);
    const answers = this.#planned(text) !== undefined;
    if (text !== wanted && !answers) this.ran++;
    const [word = '', name = '', ...rest] = text.split(' ');
    // The gateway's own are in capitals.
    switch (word.toLowerCase()) {
      case 'begin':
        if (this.#status === 'I') this.#status = 'T';
        break;
      case 'commit':
        if (this.#status === 'E') this.#back();
        else this.#over();
        this.#status = 'I';
        break;
      case 'rollback':
        if (name === 'to') {
          const saved = this.#savepoints.get('a');
          if (this.#status === 'I' || saved === undefined) throw new Failure('3B001');
          this.#path = saved.path;
          this.schema = saved.schema;
          this.#status = 'T';
          break;
        }
        this.#back();
        this.#status = 'I';
        break;
      case 'savepoint':
        if (this.#status === 'I') throw new Failure('25P01');
        this.#savepoints.set('a', this.#world);
        break;
      case 'set':
        this.#path = rest[0]!;
        break;
      case 'alter':
        this.schema++;
        break;
      case 'fail':
        throw new Failure('22012');
      case 'declare': {
        if (this.#portals.has(name)) throw new Failure('42P03');
        const hold = rest[1] === 'hold';
        if (!hold && this.#status === 'I') throw new Failure('25P01');
        this.#portals.set(name, { text: rest[0]!, value: answerOf(rest[0]!, this.#world), hold, rows: 3 });
        break;
      }
      case 'close':
        if (!this.#portals.delete(name)) throw new Failure('34000');
        break;
      case 'fetch': {
        const portal = this.#portals.get(name);
        if (portal?.value === undefined) throw new Failure('34000');
        const count = Math.min(1, portal.rows);
        if (simple) this.#say(rowDescription);
        if (count === 1) this.#say(row(portal.value));
        portal.rows -= count;
        this.#say(complete(`FETCH ${count}`));
        return;
      }
      case 'prepare':
        if (this.#statements.has(name)) throw new Failure('42P05');
        this.#statements.set(name, rest[0]!);
        break;
      case 'deallocate':
        if (!this.#statements.delete(name)) throw new Failure('26000');
        break;
      case 'execute': {
        const prepared = this.#prepared(name);
        const value = answerOf(prepared, this.#world);
        this.#rows({ text: prepared, value, hold: false, rows: 2 }, 0, simple);
        return;
      }
      default: {
        const value = this.#planned(text);
        if (value === undefined) break;
        this.#rows({ text: wanted, value, hold: false, rows: 2 }, 0, simple);
        return;
      }
    }
    this.#say(complete(word.toUpperCase()));
  }
}

/** Plans that hold in the adopted world. */
class ModelMasking extends FakeMasking {
  shared = 0;
  #path = 'public';
  #schema: number | undefined;

  override isNeeded(statements: readonly StatementFacts[]): boolean {
    return super.isNeeded(statements);
  }

  override plans(statements: readonly StatementFacts[], sql: string): readonly StatementPlan[] | undefined {
    const world = { path: this.#path, schema: this.#schema ?? this.shared };
    const text = sql
      .replace(/\bhold /g, '')
      .replace(/\bby(?:world|schema)\b/g, (word) => (answerOf(word, world) === SECRET ? 'mask' : 'pass'));
    if (this.untraced(sql) && !this.traced.has(sql)) return undefined;
    this.traced.add(text);
    let changed = false;
    // As the tracer does it.
    return super.plans(statements, text)!.map((plan, i) => {
      const before = changed;
      const [word = ''] = text
        .split(';')
        .filter((part) => part.trim() !== '')
        [i]!.trim()
        .split(' ');
      changed ||= word === 'set' || word === 'alter';
      const reads = !/^(?:set|begin|commit|rollback|savepoint|close|fetch)$/.test(word);
      return before && reads ? { ...plan, result: undefined } : plan;
    });
  }

  override adopt(searchPath: readonly string[], rows: readonly (readonly (string | null)[])[] | undefined): void {
    this.#path = searchPath[0] ?? '';
    this.#schema = rows === undefined ? undefined : Number(rows[0]![0]);
  }
}

const texts = fc.constantFrom(
  'mask',
  'pass',
  'byworld',
  'byschema',
  'set search_path other',
  'set search_path public',
  'alter t',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to a',
  'fail',
  'declare c mask',
  'declare c pass',
  'declare c byworld',
  'declare c mask hold',
  'declare c pass hold',
  'declare d byschema hold',
  'close c',
  'fetch c',
  'fetch d',
  'prepare s mask',
  'prepare s byworld',
  'prepare s pass',
  'execute s',
  'deallocate s',
  'copymask',
  '',
);
const heldTexts = fc.constantFrom(
  'hold mask',
  'hold pass',
  'hold byworld',
  'hold byschema',
  'hold alter t',
  'hold fail',
);
const statementName = fc.constantFrom('', 'p', 's');
const portalName = fc.constantFrom('', 'c', 'd');
const messagesOf = (texts: fc.Arbitrary<string>) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(texts, { minLength: 1, maxLength: 3 }).map((all) => [encodeQuery(all.join('; '))]),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(texts, statementName, portalName, fc.nat(2), fc.boolean(), fc.boolean())
        .map(([text, statement, portal, limit, described, syncs]) => [
          encodeParse(statement, text),
          encodeBind(portal, statement, []),
          ...(described ? [encodeDescribe('P', portal)] : []),
          encodeExecute(portal, limit),
          syncs ? SYNC : FLUSH,
        ]),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(statementName, portalName)
        .map(([statement, portal]) => [encodeBind(portal, statement, []), encodeExecute(portal, 1), SYNC]),
    },
    { weight: 2, arbitrary: portalName.map((portal) => [encodeExecute(portal, 1)]) },
    { weight: 1, arbitrary: portalName.map((portal) => [encodeClose('P', portal)]) },
    { weight: 1, arbitrary: statementName.map((statement) => [encodeClose('S', statement)]) },
    { weight: 2, arbitrary: fc.constant([SYNC]) },
  );

/** A Query behind an error of a batch that is open would be discarded, and never answered. */
function inBatches(messages: readonly Buffer[]): Buffer[] {
  const ends = (one: Buffer | undefined): boolean => one === undefined || one[0] === 0x51 || one[0] === 0x53;
  return messages.flatMap((one, i) => (one[0] === 0x51 && !ends(messages[i - 1]) ? [SYNC, one] : [one]));
}

interface Told {
  readonly all: Buffer;
  readonly script: Script;
  readonly asked: number;
  /** Of statements that need an approval: how many got one, how many ran. */
  readonly approved: number;
  readonly ran: number;
}

const RUN = { kind: 'run', request: 'r-1', maxRows: undefined, confirm: false } as const;
/** Tried first, with a limit, or shown and kept or not. */
const OUTCOMES: readonly HoldOutcome[] = [
  RUN,
  { ...RUN, maxRows: 1 },
  { ...RUN, maxRows: 100 },
  { ...RUN, confirm: true },
];
const REFUSED: HoldOutcome = { kind: 'refused', request: 'r-1', why: 'denied', message: 'no' };

/** Everything the client hears, the parts of both sides' bytes and the worker's answers coming in the order of `order`. */
function play(messages: readonly Buffer[], order: readonly number[], traces: boolean): Told {
  const server = new ModelServer();
  const masking = new ModelMasking();
  if (traces) masking.untraced = () => true;
  const script = new Script({ waitForRecord: false, masking, holds: true });
  let approved = 0;
  const asked = messages.filter((one) => one[0] === 0x51 || one[0] === 0x53).length;
  let client = Buffer.concat(messages);
  let answers: Buffer = Buffer.alloc(0);
  const heard: Buffer[] = [];
  const waiting: SessionCommand[] = [];
  for (let step = 0; ; step++) {
    heard.push(...script.clientBytes.splice(0));
    answers = Buffer.concat([answers, server.take(Buffer.concat(script.upstreamBytes.splice(0)))]);
    for (const command of script.others()) {
      if (
        command.type === 'hold' ||
        command.type === 'hold_tried' ||
        /^(?:re)?trace$|^cancel_statement$/.test(command.type)
      )
        waiting.push(command);
      if (command.type === 'schema_changed') {
        masking.shared = server.committedSchema;
        masking.sharedVersion++;
        masking.traced.clear();
      }
    }
    if (client.length === 0 && answers.length === 0 && waiting.length === 0) break;
    if (step > 20_000)
      throw new Error(
        `it does not come to an end: ${client.length} ${answers.length} ${JSON.stringify(waiting)} ${script.paused} ${script.session.isIdle}`,
      );
    const pick = order[step % order.length]! + Math.floor(step / order.length);
    const size = 1 + (pick % 37) * (pick % 3 === 0 ? 1 : 11);
    const turn = (pick >> 2) % 3;
    if (turn === 0 && client.length > 0 && !script.paused) {
      script.client(client.subarray(0, size));
      client = client.subarray(size);
    } else if (turn === 1 && waiting.length > 0) {
      const command = waiting.shift()!;
      if (command.type === 'trace' || command.type === 'retrace') masking.traced.add(command.sql);
      if (command.type === 'trace') script.traced();
      else if (command.type === 'retrace') script.retraced();
      else if (command.type === 'cancel_statement') script.statementCancelled();
      else if (command.type === 'hold_tried') script.holdKept(pick % 2 === 0);
      else if (command.type === 'hold') {
        const isApproved = (pick >> 4) % 3 > 0;
        if (isApproved) approved += command.question.sql.split('hold ').length - 1;
        script.holdPlaced().holdDecided(isApproved ? OUTCOMES[(pick >> 6) % OUTCOMES.length]! : REFUSED);
      }
    } else if (turn === 2 && answers.length > 0) {
      script.upstream(answers.subarray(0, size));
      answers = answers.subarray(size);
    }
    if (script.closed !== undefined) break;
  }
  return { all: Buffer.concat(heard), script, asked, approved, ran: server.ran };
}

describe('whatever a client sends, and however the bytes come', () => {
  const orders = fc.array(fc.nat(1000), { minLength: 8, maxLength: 24 });
  const parameters = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

  function holds(messages: readonly Buffer[], order: readonly number[], traces: boolean): void {
    const { all, script, asked, approved, ran } = play(messages, order, traces);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    expect(all.includes(Buffer.from('LOVELACE'))).toBe(false);
    expect(script.closed).toBeUndefined();
    script.clientBytes = [all];
    expect(script.toClient().filter((m) => m.startsWith('ReadyForQuery'))).toHaveLength(asked);
    expect(script.session.isIdle).toBe(true);
    // Every intent has its outcome.
    expect(new Set(script.outcomes.map(({ n }) => n)).size).toBe(script.intents.length);
    expect(script.outcomes).toHaveLength(script.intents.length);
    expect(ran).toBeLessThanOrEqual(approved);
  }

  it('nothing that is masked is told, and every batch is answered', { timeout: 5_000 + RUNS * 20 }, () => {
    const groups = fc.array(messagesOf(texts), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(groups, orders, fc.boolean(), (all, order, traces) =>
        holds(inBatches([...all.flat(), SYNC]), order, traces),
      ),
      parameters,
    );
  });

  it('the same where statements wait for an approval, and none runs without one', {
    timeout: 5_000 + RUNS * 20,
  }, () => {
    const some = fc.oneof({ weight: 2, arbitrary: texts }, { weight: 1, arbitrary: heldTexts });
    const groups = fc.array(messagesOf(some), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(groups, orders, fc.boolean(), (all, order, traces) =>
        holds(inBatches([...all.flat(), SYNC]), order, traces),
      ),
      parameters,
    );
  });

  it('DDL behind an answer that was withheld counts as DDL', () => {
    const messages = [encodeQuery('copymask; alter t'), encodeClose('S', ''), SYNC, encodeQuery('byschema'), SYNC];
    const { all } = play(messages, [0, 0, 0, 0, 0, 80, 0, 0], true);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
  });

  it('a SET of the next batch is not forgotten when the one before it ends', () => {
    const run = (portal: string, text: string) => [
      encodeParse('', text),
      encodeBind(portal, '', []),
      encodeExecute(portal, 0),
    ];
    const messages = [
      ...[...run('', 'set search_path other'), SYNC],
      ...[...run('c', 'set search_path public'), FLUSH],
      // The portal is there already: the SET is taken back.
      ...[...run('c', 'mask'), FLUSH, SYNC],
      ...[encodeQuery('byworld'), SYNC],
    ];
    const { all } = play(messages, [0, 0, 0, 232, 0, 0, 0, 0], false);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
  });

  it('a path that was asked for within a batch is not that behind its Sync: the batch may have failed', () => {
    const run = (text: string) => [encodeParse('', text), encodeBind('', '', []), encodeExecute('', 0), FLUSH];
    const messages = [
      encodeQuery('set search_path other; commit'),
      ...[...run('set search_path public'), ...run('fail'), SYNC],
      ...[encodeQuery('byworld'), SYNC],
    ];
    for (let pick = 0; pick < 1000; pick += 9) {
      const { all } = play(messages, [63, 0, 0, pick, 0, 0, 162, 297], false);
      expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    }
  });

  it('an error of the batch before does not make a cursor unknown, nor a portal that was not bound known', () => {
    const messages = [
      ...[encodeBind('', '', []), encodeExecute('', 1), SYNC],
      ...[encodeParse('', 'declare c mask hold'), encodeBind('', '', []), encodeExecute('', 0), SYNC],
      ...[encodeParse('', 'close c'), encodeBind('c', '', []), encodeExecute('c', 0), SYNC],
      ...[encodeExecute('c', 1), SYNC],
    ];
    for (let pick = 0; pick < 1000; pick += 9) {
      const { all } = play(messages, [pick, 0, 0, 0, 0, 0, 603, 0, 0], false);
      expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    }
  });

  it('what is not masked is told as it is', () => {
    const { all } = play([encodeQuery('pass; byworld; byschema')], [0, 4, 8], false);
    expect(all.toString('latin1').match(/open/g)).toHaveLength(6);
  });
});
