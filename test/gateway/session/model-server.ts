/**
 * PostgreSQL as far as a session can get out of step with it: names, transactions and what they take back, rows that come
 * one by one, COPY, its own read-only mode. In: bytes, and when a cancel arrives. Out: bytes, and what ran.
 *
 * It works step by step, so that anything may come between two rows of one answer. Texts are words: see `#run`.
 */
import { encodeErrorResponse } from '../../../src/pgwire/error-response.ts';
import { decodeBindParameters } from '../../../src/pgwire/extended.ts';
import { HEADER_BYTES } from '../../../src/pgwire/framing.ts';
import {
  bindComplete,
  closeComplete,
  complete,
  copyData,
  copyDone,
  copyInResponse,
  copyOutResponse,
  emptyQuery,
  noData,
  parameterDescription,
  parseComplete,
  ready,
  row,
  rowDescription,
  suspended,
} from './backend-messages.ts';
import { describeFrontend } from './script.ts';

/** What may never reach the client, neither half of it. */
export const SECRET = 'SECRET OF ADA LOVELACE';
/** What a lifted mask shows, with `Rights.changes` of the session as it asked without. */
export const VEILED = 'VEILED';
const LIFTED = 'lifted';

/** What the session may do, as it is when it sends a message. */
export interface Rights {
  readonly readOnly: boolean;
  readonly elevated: boolean;
  /** How often `elevated` has changed. */
  readonly changes: number;
}

export const ALL_RIGHTS: Rights = { readOnly: false, elevated: true, changes: 0 };

/** What a transaction takes back. */
interface World {
  readonly path: string;
  readonly schema: number;
  /** default_transaction_read_only */
  readonly readOnly: boolean;
  /** Texts that had an effect. */
  readonly effects: readonly string[];
  /** OIDs of tables by name. */
  readonly tables: ReadonlyMap<string, number>;
}

/** Of the table `foreign`, which is somebody else's. */
export const FOREIGN_OID = 1;

interface ModelPortal {
  readonly text: string;
  readonly value: string | undefined;
  readonly hold: boolean;
  rows: number;
}

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
  readonly rights: Rights;
}

class Failure extends Error {
  readonly told: string;

  constructor(code: string, told = 'as the server says') {
    super(code);
    this.told = told;
  }
}

/** Between two rows; `input`: only a further message resumes it. */
type Pause = 'pause' | 'input';
type Work = Generator<Pause, void, Message | undefined>;

/** What is held is the same when it runs. */
const unheld = (text: string): string => text.replace(/^hold /, '');
const CANCELED = '57014';

/** Shown to who may see it, as it was when it was asked for. */
function lifted({ elevated, changes }: Rights): string {
  return elevated ? LIFTED : `${VEILED}${changes} `;
}

/** What a text answers, when it is planned or declared; undefined: no rows. */
export function answerOf(text: string, { path, schema }: Pick<World, 'path' | 'schema'>): string | undefined {
  switch (text) {
    case 'mask':
    case 'maskfail':
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

export class ModelServer {
  /** Statements that need an approval, each time that one was run. */
  ran = 0;
  /** Texts that had an effect, maybe taken back, with what the session was allowed when it sent them. */
  readonly acts: { readonly text: string; readonly rights: Rights; readonly oid?: number }[] = [];
  status: 'I' | 'T' | 'E' = 'I';
  #now: World = {
    path: 'public',
    schema: 0,
    readOnly: false,
    effects: [],
    tables: new Map([['foreign', FOREIGN_OID]]),
  };
  #start: World | undefined;
  /** Of the transaction that is open. */
  #readsOnly = false;
  readonly #savepoints = new Map<string, { readonly world: World; readonly readsOnly: boolean }>();
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, ModelPortal>();
  #skipping = false;
  #rest: Buffer = Buffer.alloc(0);
  readonly #input: Message[] = [];
  #work: { readonly steps: Work; readonly message: Message; wants: Pause } | undefined;
  #cancelled = false;
  #out: Buffer[] = [];
  /** As PostgreSQL does: what is not flushed waits. */
  #flushed = 0;
  #oids = 100;
  /** The client said Terminate. */
  isGone = false;
  /** Rows leave as they come. */
  flushesRows = false;

  /** All at once. */
  take(bytes: Buffer): Buffer {
    this.feed(bytes, ALL_RIGHTS);
    while (this.isBusy) this.step();
    return this.told();
  }

  feed(bytes: Buffer, rights: Rights): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= HEADER_BYTES && this.#rest.length >= 1 + this.#rest.readInt32BE(1)) {
      const end = 1 + this.#rest.readInt32BE(1);
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#input.push({ type: String.fromCharCode(message[0]!), bytes: message, rights });
    }
  }

  /** Is there anything to do? */
  get isBusy(): boolean {
    if (this.isGone) return false;
    return this.#work !== undefined && this.#work.wants === 'pause' ? true : this.#input.length > 0;
  }

  /** The next message, or a little more of the one at hand. */
  step(): void {
    if (this.#work === undefined) {
      const message = this.#input.shift()!;
      this.#cancelled = false;
      this.#work = { message, steps: this.#message(message), wants: 'pause' };
    }
    const { steps, wants } = this.#work;
    const { done, value } = steps.next(wants === 'input' ? this.#input.shift() : undefined);
    if (done === true) this.#work = undefined;
    else this.#work.wants = value;
  }

  /** What was flushed since. */
  told(): Buffer {
    const flushed = this.#out.splice(0, this.#flushed);
    this.#flushed = 0;
    return Buffer.concat(flushed);
  }

  /** A CancelRequest: for what is under way, if anything is. */
  cancel(): void {
    if (this.#work === undefined) return;
    this.#cancelled = true;
    this.#work.wants = 'pause';
  }

  /** As other sessions see it. */
  get committedSchema(): number {
    return this.#start?.schema ?? this.#now.schema;
  }

  /** Effects that no transaction can take back any more. */
  get lasting(): readonly string[] {
    return (this.#start ?? this.#now).effects;
  }

  /** Somebody else changes definitions; false: this session's transaction has, and holds their locks. */
  alterOutside(): boolean {
    if (this.#start !== undefined && this.#start.schema !== this.#now.schema) return false;
    const altered = (world: World): World => ({ ...world, schema: world.schema + 1 });
    this.#now = altered(this.#now);
    if (this.#start !== undefined) this.#start = altered(this.#start);
    for (const [name, saved] of this.#savepoints) this.#savepoints.set(name, { ...saved, world: altered(saved.world) });
    return true;
  }

  #say(...messages: Buffer[]): void {
    this.#out.push(...messages);
  }

  #flush(): void {
    this.#flushed = this.#out.length;
  }

  /** Where a cancel hits. */
  *#pause(): Work {
    yield 'pause';
    this.#checkCancel();
  }

  #checkCancel(): void {
    if (!this.#cancelled) return;
    this.#cancelled = false;
    throw new Failure(CANCELED);
  }

  *#message({ type, bytes, rights }: Message): Work {
    if (type === 'X') {
      this.isGone = true;
      return;
    }
    if (this.#skipping && type !== 'S') return;
    if (type === 'H') this.#flush();
    // What is left of a COPY that failed is nothing to the server.
    if (type === 'H' || type === 'd' || type === 'c' || type === 'f') return;
    const said = describeFrontend(type, bytes, HEADER_BYTES, bytes.length);
    const argument = said.slice(said.indexOf(' ') + 1);
    try {
      switch (type) {
        case 'Q':
          this.#statements.delete('');
          this.#portals.delete('');
          yield* this.#text(argument, rights);
          break;
        case 'S':
          this.#skipping = false;
          break;
        case 'P':
          yield* this.#parse(argument, bytes);
          break;
        case 'B':
          yield* this.#bind(argument, bytes);
          break;
        case 'D':
          this.#describe(argument);
          break;
        case 'E': {
          const [name = '', limit = '0'] = argument.split(' ');
          const portal = this.#portals.get(name);
          if (portal === undefined) throw new Failure('34000');
          this.#mayRun(portal.text);
          if (portal.value === undefined) {
            if (portal.rows === 0) throw new Failure('55000');
            portal.rows = 0;
            yield* this.#run(portal.text, false, rights);
          } else yield* this.#rows(portal, Number(limit), false, rights);
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
      this.#say(encodeErrorResponse({ severity: 'ERROR', code: failure.message, message: failure.told }));
      this.#flush();
      this.#fail();
      if (type !== 'Q') this.#skipping = true;
    }
    if (type === 'Q' || type === 'S') {
      this.#end();
      this.#say(ready(this.status));
      this.#flush();
    }
  }

  *#parse(argument: string, bytes: Buffer): Work {
    const at = argument.indexOf('=');
    // Before an approval is asked for, roles are asked for along with the path.
    const text = bytes.includes('session_user')
      ? '<scope>'
      : bytes.includes('transaction_isolation')
        ? '<world>'
        : argument.slice(at + 1);
    const name = argument.slice(0, at);
    yield* this.#pause();
    if (name !== '' && this.#statements.has(name)) throw new Failure('42P05');
    if (text.includes('rejected')) throw new Failure('42601');
    this.#mayRun(text);
    this.#statements.set(name, text);
    this.#say(parseComplete);
  }

  *#bind(argument: string, bytes: Buffer): Work {
    const [portal = '', statement = ''] = argument.split('<-');
    let text = this.#statements.get(statement);
    if (text === undefined) throw new Failure('26000');
    if (portal !== '' && this.#portals.has(portal)) throw new Failure('42P03');
    this.#mayRun(text);
    this.#begin();
    yield* this.#pause();
    if (text === '<probe>') text += ` ${decodeBindParameters(bytes, HEADER_BYTES, bytes.length)[1]!.value!}`;
    const rows = portal.startsWith('dbgate_') ? 1 : 2;
    this.#portals.set(portal, { text, value: this.#planned(text), hold: false, rows });
    this.#say(bindComplete);
  }

  #describe(argument: string): void {
    const [kind, name = ''] = argument.split(' ');
    const portal = this.#portals.get(name);
    const text = kind === 'P' ? portal?.text : this.#statements.get(name);
    if (text === undefined) throw new Failure('34000');
    const rows = kind === 'P' ? portal!.value : this.#planned(text);
    if (kind === 'S') this.#say(parameterDescription);
    this.#say(rows === undefined || text.startsWith('copy') ? noData : rowDescription);
  }

  /** EXECUTE and FETCH in a portal answer what they answer when they are bound. */
  #planned(text: string): string | undefined {
    if (text === '<path>' || text === '<world>' || text === '<scope>') return this.#now.path;
    if (text.startsWith('<probe>')) return text;
    if (text.startsWith('hold ')) return this.#planned(unheld(text));
    if (text === 'select catalog') return String(this.#now.schema);
    if (text === 'copymask' || text === 'copybreak') return SECRET;
    if (text === 'copybyschema') return answerOf('byschema', this.#now);
    if (text === LIFTED) return text;
    const [word, name = ''] = text.split(' ');
    if (word === 'execute') {
      const prepared = this.#prepared(name);
      return prepared.startsWith('execute') ? undefined : this.#planned(prepared);
    }
    if (word === 'fetch') return this.#portals.get(name)?.value;
    return answerOf(text, this.#now);
  }

  #prepared(name: string): string {
    const text = this.#statements.get(name);
    if (text === undefined) throw new Failure('26000');
    return text;
  }

  *#text(text: string, rights: Rights): Work {
    if (text.includes('rejected')) throw new Failure('42601');
    const statements = text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    if (statements.length === 0) this.#say(emptyQuery);
    for (const one of statements) {
      this.#mayRun(one);
      this.#begin();
      yield* this.#pause();
      yield* this.#run(one, true, rights);
    }
  }

  #mayRun(text: string): void {
    if (this.status === 'E' && !/^(commit|rollback)/i.test(text)) throw new Failure('25P02');
  }

  #begin(): void {
    if (this.#start !== undefined) return;
    this.#start = this.#now;
    this.#readsOnly = this.#now.readOnly;
  }

  #fail(): void {
    if (this.status === 'T') this.status = 'E';
    if (this.status === 'I') this.#back();
  }

  #back(): void {
    if (this.#start !== undefined) this.#now = this.#start;
    this.#over();
  }

  #over(): void {
    this.#start = undefined;
    this.#savepoints.clear();
    for (const [name, { hold }] of this.#portals) if (!hold) this.#portals.delete(name);
  }

  #end(): void {
    if (this.status === 'I') this.#over();
  }

  *#rows(portal: ModelPortal, limit: number, described: boolean, rights: Rights): Work {
    const { text } = portal;
    const word = unheld(text);
    const value = portal.value === LIFTED ? lifted(rights) : portal.value!;
    if (word.startsWith('copy')) {
      this.#say(copyOutResponse);
      yield* this.#pause();
      this.#say(copyData(`${value}\n${value.slice(0, value.length / 2)}`));
      yield* this.#pause();
      if (word === 'copybreak') throw new Failure('22012', `of ${SECRET}`);
      this.#say(copyData(`${value.slice(value.length / 2)}\n`), copyDone, complete('COPY 2'));
      return;
    }
    // The rest of a portal that was suspended is no second execution.
    if (text.startsWith('hold ') && portal.rows === 2) this.ran++;
    if (described) this.#say(rowDescription);
    const count = limit === 0 ? portal.rows : Math.min(limit, portal.rows);
    for (let i = 0; i < count; i++) {
      this.#say(this.#row(text, value));
      if (this.flushesRows) this.#flush();
      portal.rows--;
      yield* this.#pause();
      if (word === 'maskfail') throw new Failure('22012', `of ${SECRET}`);
    }
    this.#say(limit > 0 && count === limit ? suspended : complete(`SELECT ${count}`));
  }

  #row(text: string, value: string): Buffer {
    if (text === '<scope>') return row(value, value, 'u', 'u');
    if (text === '<world>') return row(value, 'read committed');
    if (!text.startsWith('<probe>')) return row(value);
    const rows = [...text.matchAll(/"(?:public\.)?(\w+)"/g)].map(([, name], i) => {
      const oid = this.#now.tables.get(name!)?.toString() ?? null;
      return row(String(i + 1), oid, 'f', 'public.', 'f', null);
    });
    return Buffer.concat(rows);
  }

  #act(text: string, rights: Rights, oid?: number): void {
    if (this.#readsOnly) throw new Failure('25006');
    this.acts.push({ text, rights, ...(oid === undefined ? {} : { oid }) });
    this.#now = { ...this.#now, effects: [...this.#now.effects, text] };
  }

  *#run(wanted: string, simple: boolean, rights: Rights): Work {
    const text = unheld(wanted);
    const answers = this.#planned(text) !== undefined;
    if (text !== wanted && !answers) this.ran++;
    const [word = '', name = '', ...rest] = text.split(' ');
    // The gateway's own are in capitals.
    switch (word.toLowerCase()) {
      case 'begin':
        if (this.status === 'I') this.status = 'T';
        break;
      case 'commit':
        if (this.status === 'E') this.#back();
        else this.#over();
        this.status = 'I';
        break;
      case 'rollback':
        if (name === 'to') {
          const saved = this.#savepoints.get('a');
          if (this.status === 'I' || saved === undefined) throw new Failure('3B001');
          this.#now = saved.world;
          this.#readsOnly = saved.readsOnly;
          this.status = 'T';
          break;
        }
        this.#back();
        this.status = 'I';
        break;
      case 'savepoint':
        if (this.status === 'I') throw new Failure('25P01');
        this.#savepoints.set('a', { world: this.#now, readsOnly: this.#readsOnly });
        break;
      case 'set':
        if (name === 'TRANSACTION') this.#readsOnly = true;
        else if (name === 'default_transaction_read_only') this.#now = { ...this.#now, readOnly: rest[1] === 'on' };
        else this.#now = { ...this.#now, path: rest[0]! };
        break;
      case 'reset':
        this.#now = { ...this.#now, path: 'public', readOnly: false };
        break;
      case 'alter':
        this.#now = { ...this.#now, schema: this.#now.schema + 1 };
        break;
      case 'write':
      case 'call':
        yield* this.#pause();
        this.#act(text, rights);
        break;
      case 'create': {
        const { tables } = this.#now;
        if (tables.has(name)) throw new Failure('42P07');
        this.#act(text, rights);
        this.#now = { ...this.#now, tables: new Map([...tables, [name, ++this.#oids]]) };
        break;
      }
      case 'own': {
        const { tables } = this.#now;
        const oid = tables.get(name);
        if (oid === undefined) throw new Failure('42P01');
        this.#act(text, rights, oid);
        this.#now = { ...this.#now, tables: new Map([...tables].filter(([one]) => one !== name)) };
        break;
      }
      case 'copyin':
        yield* this.#copyIn(text, rights);
        return;
      case 'fail':
        throw new Failure('22012');
      case 'declare': {
        if (this.#portals.has(name)) throw new Failure('42P03');
        const hold = rest[1] === 'hold';
        if (!hold && this.status === 'I') throw new Failure('25P01');
        this.#portals.set(name, { text: rest[0]!, value: this.#planned(rest[0]!), hold, rows: 3 });
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
        const value = portal.value === LIFTED ? lifted(rights) : portal.value;
        if (count === 1) this.#say(row(value));
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
        yield* this.#rows({ text: prepared, value: this.#planned(prepared), hold: false, rows: 2 }, 0, simple, rights);
        return;
      }
      default: {
        const value = this.#planned(text);
        if (value === undefined) break;
        yield* this.#rows({ text: wanted, value, hold: false, rows: 2 }, 0, simple, rights);
        return;
      }
    }
    this.#say(complete(word.toUpperCase()));
  }

  /** Sync and Flush are nothing to it; it ends by CopyDone, CopyFail, or what it cannot read. */
  *#copyIn(text: string, rights: Rights): Work {
    if (this.#readsOnly) throw new Failure('25006');
    this.#say(copyInResponse);
    this.#flush();
    for (let rows = 0; ; ) {
      const message: Message | undefined = yield 'input';
      this.#checkCancel();
      switch (message?.type) {
        case 'S':
        case 'H':
          break;
        case 'd':
          rows++;
          if (message.bytes.includes('bad')) throw new Failure('22P04');
          break;
        case 'c':
          this.#act(text, rights);
          this.#say(complete(`COPY ${rows}`));
          return;
        case 'f':
          throw new Failure(CANCELED);
        case 'X':
          this.isGone = true;
          throw new Failure('08P01');
        default:
          throw new Failure('08P01');
      }
    }
  }
}
