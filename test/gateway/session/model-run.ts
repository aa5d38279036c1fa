/**
 * One session between a client, a `ModelServer` and all else that may happen meanwhile: rights that come and go, definitions
 * changed past the gateway, cancels, a log that fails, either side going. `order` says what comes next, and in how small
 * pieces; what must hold whatever it is, `problems` tells.
 */
import type { HoldOutcome } from '../../../src/approvals/contract.ts';
import type { EgressLimits } from '../../../src/config/gateway-settings.ts';
import type { DefinitionQuestion, SessionCommand, SessionSurroundings } from '../../../src/gateway/session/contract.ts';
import { ModelMasking } from './model-masking.ts';
import { batchesOf } from './model-messages.ts';
import { FOREIGN_OID, ModelServer, type Rights, VEILED } from './model-server.ts';
import { describeBackend, describeFrontend, describeMessages, egressOf, Script } from './script.ts';

/** What comes from elsewhere, once, at a step of the run. */
export type Happening =
  | { readonly what: 'cancel' | 'access' | 'elevation' | 'policy' | 'ddl' | 'log_fails' }
  | { readonly what: 'client_end' | 'upstream_end' | 'shutdown' | 'client_gone' };

export interface Run {
  readonly messages: readonly Buffer[];
  readonly order: readonly number[];
  readonly happenings: readonly { readonly at: number; readonly what: Happening['what'] }[];
  readonly traces: boolean;
  readonly analyses: boolean;
  readonly waitsForRecord: boolean;
  readonly flushesRows: boolean;
  readonly limits: EgressLimits;
  /** At the start. */
  readonly elevated: boolean;
}

const RUN = { kind: 'run', request: 'r-1', maxRows: undefined, confirm: false } as const;
/** Tried first, with a limit, or shown and kept or not. */
export const OUTCOMES: readonly HoldOutcome[] = [
  RUN,
  { ...RUN, maxRows: 1 },
  { ...RUN, maxRows: 100 },
  { ...RUN, confirm: true },
];
export const REFUSED: HoldOutcome = { kind: 'refused', request: 'r-1', why: 'denied', message: 'no' };

const MOST_STEPS = 4_000;
/** Outcomes by which nothing of a statement can have lasted. */
const NOT_RUN = 'DG001';

/** A request that is there, and not decided yet. */
interface Placed {
  readonly type: 'placed';
  readonly sql: string;
}

/** Definitions as they were read last, against those of the server. */
class ModelDefinitions implements NonNullable<SessionSurroundings['definitions']> {
  readAtMs = 0;
  /** How often somebody else has changed them. */
  version = 0;
  #read = 0;
  #question: DefinitionQuestion = { parameters: [], expected: '0', mayWait: true };

  questionOf(): DefinitionQuestion {
    return this.#question;
  }

  isSame(questions: readonly DefinitionQuestion[]): boolean {
    return questions.every(({ expected }) => expected === String(this.version));
  }

  readAnew(): void {
    if (this.#read === this.version) return;
    this.#read = this.version;
    this.#question = { parameters: [], expected: String(this.version), mayWait: true };
  }
}

export class ModelRun {
  readonly problems: string[] = [];
  readonly #run: Run;
  readonly #server = new ModelServer();
  readonly #masking = new ModelMasking();
  readonly #definitions = new ModelDefinitions();
  readonly #script: Script;
  readonly #own = new Set<number>();
  #rights: Rights;
  #client: Buffer;
  /** On its way from the server. */
  #answers: Buffer = Buffer.alloc(0);
  readonly #heard: Buffer[] = [];
  /** The end of it. */
  #lately: Buffer = Buffer.alloc(0);
  readonly #waiting: (SessionCommand | Placed)[] = [];
  /** What came and went, for whoever has to find out why. */
  readonly #story: string[] = [];
  readonly #failed: { readonly from: number; readonly to: number }[] = [];
  #checkedActs = 0;
  #approved = 0;
  /** Who ended it. */
  #ended: Happening['what'] | undefined;
  #isUpstreamGone = false;

  constructor(run: Run) {
    this.#run = run;
    this.#rights = { readOnly: false, elevated: run.elevated, changes: 0 };
    this.#masking.isElevated = run.elevated;
    this.#client = Buffer.concat(run.messages);
    this.#tell('sends', this.#client, describeFrontend);
    this.#server.flushesRows = run.flushesRows;
    if (run.traces) this.#masking.untraced = () => true;
    this.#script = new Script({
      waitForRecord: run.waitsForRecord,
      masking: this.#masking,
      definitions: this.#definitions,
      holds: true,
      egress: egressOf(run.limits),
      isOwn: (oid) => this.#own.has(oid),
      ...(run.analyses ? { unseen: (sql: string) => sql.length % 2 === 0 } : {}),
    });
    this.#script.denies = (sql) =>
      (this.#rights.readOnly && /\b(?:write|own|create|copyin|alter)\b/.test(sql)) ||
      (!this.#rights.elevated && /\bneed\b/.test(sql));
  }

  /** What does not hold; empty: all does. */
  play(): readonly string[] {
    const happenings = [...this.#run.happenings].sort((a, b) => a.at - b.at);
    for (let step = 0; this.#script.closed === undefined; step++) {
      this.#settle();
      if (happenings[0] !== undefined && (happenings[0].at <= step || this.#choices(0).length === 0)) {
        this.#happen(happenings.shift()!.what);
        continue;
      }
      const { order } = this.#run;
      const pick = order[step % order.length]! + Math.floor(step / order.length);
      const choices = this.#choices(pick);
      if (choices.length === 0) break;
      if (step > MOST_STEPS) {
        this.problems.push('it does not come to an end');
        break;
      }
      choices[(pick >> 3) % choices.length]!();
      this.#checkActs();
    }
    this.#settle();
    this.#checkEnd();
    if (this.problems.length > 0) this.problems.push(...this.#story.slice(-400));
    return this.problems;
  }

  /** Bytes of the session go on; its commands are taken. */
  #settle(): void {
    for (const bytes of this.#script.clientBytes.splice(0)) {
      this.#heard.push(bytes);
      // Who has been elevated since may see it.
      this.#lately = Buffer.concat([this.#lately.subarray(-VEILED.length - 4), bytes]);
      if (!this.#rights.elevated && this.#lately.includes(`${VEILED}${this.#rights.changes} `))
        this.problems.push('what is not lifted was told');
      this.#tell('   <', bytes, describeBackend);
    }
    for (const bytes of this.#script.upstreamBytes.splice(0)) {
      this.#server.feed(bytes, this.#rights);
      this.#tell('  >>', bytes, describeFrontend);
    }
    for (const command of this.#script.others()) {
      switch (command.type) {
        case 'internal_error':
          this.problems.push(String(command.error.stack));
          break;
        case 'schema_changed':
          this.#readCatalog();
          break;
        case 'objects_created':
          for (const { oid } of command.objects) this.#own.add(oid);
          break;
        case 'pause_upstream':
        case 'resume_upstream':
          break;
        case 'end_hold': {
          const at = this.#waiting.findIndex(({ type }) => /^(?:hold|placed|hold_tried)$/.test(type));
          if (at >= 0) this.#waiting.splice(at, 1);
          break;
        }
        default:
          this.#waiting.push(command);
      }
    }
  }

  #tell(who: string, bytes: Buffer, describe: typeof describeBackend): void {
    if (bytes.length === 0) return;
    this.#story.push(`${who} ${describeMessages(bytes, describe).join(', ')}`);
  }

  #readCatalog(): void {
    this.#masking.shared = this.#server.committedSchema;
    this.#masking.sharedVersion++;
    this.#masking.traced.clear();
  }

  #choices(pick: number): (() => void)[] {
    const script = this.#script;
    const size = 1 + (pick % 37) * (pick % 3 === 0 ? 1 : 11);
    const choices: (() => void)[] = [];
    if (this.#client.length > 0 && !script.paused)
      choices.push(() => {
        const chunk = this.#client.subarray(0, size);
        this.#client = this.#client.subarray(size);
        this.#story.push(`> ${size} bytes`);
        script.client(chunk);
      });
    if (this.#server.isBusy && !this.#isUpstreamGone)
      choices.push(() => {
        this.#server.step();
        const said = this.#server.told();
        this.#tell('     |', said, describeBackend);
        this.#answers = Buffer.concat([this.#answers, said]);
      });
    if (this.#answers.length > 0)
      choices.push(() => {
        const chunk = this.#answers.subarray(0, size);
        this.#answers = this.#answers.subarray(size);
        this.#story.push(`    << ${size} bytes`);
        script.upstream(chunk);
      });
    else if (this.#server.isGone && !this.#isUpstreamGone)
      choices.push(() => {
        this.#isUpstreamGone = true;
        script.upstreamEnd();
      });
    if (this.#waiting.length > 0) choices.push(() => this.#answer(this.#waiting.shift()!, pick));
    if (script.position > script.durableTo)
      choices.push(() => script.durable(script.durableTo + 1 + (pick % (script.position - script.durableTo))));
    return choices;
  }

  #answer(command: SessionCommand | Placed, pick: number): void {
    const script = this.#script;
    this.#story.push(`answers ${command.type}`);
    switch (command.type) {
      case 'analyse':
        script.analysed(command.sql);
        break;
      case 'trace':
        this.#masking.traced.add(command.sql);
        script.traced();
        break;
      case 'retrace':
        this.#masking.shared = this.#server.committedSchema;
        this.#masking.traced.add(command.sql);
        script.retraced();
        break;
      case 'check_definitions':
        script.checked(this.#drift(command.questions, pick));
        break;
      case 'confirm_definitions':
        script.confirmed(this.#drift(command.questions, pick));
        break;
      case 'cancel_upstream':
        this.#server.cancel();
        break;
      case 'cancel_statement':
        this.#server.cancel();
        script.statementCancelled();
        break;
      case 'hold':
        if (pick % 5 === 0) {
          script.handle({ type: 'hold_failed', message: 'no', sqlstate: '42501', hint: '', nowMs: 0 });
        } else {
          script.holdPlaced();
          this.#waiting.push({ type: 'placed', sql: command.question.sql });
        }
        break;
      case 'placed':
        this.#decide(command.sql, pick);
        break;
      case 'hold_tried':
        script.holdKept(pick % 2 === 0);
        break;
      case 'close':
        break;
      default:
        this.problems.push(`nobody answers ${command.type}`);
    }
  }

  #decide(sql: string, pick: number): void {
    const isApproved = pick % 3 > 0;
    if (isApproved) this.#approved += sql.split('hold ').length - 1;
    this.#script.holdDecided(isApproved ? OUTCOMES[(pick >> 2) % OUTCOMES.length]! : REFUSED);
  }

  #drift(questions: readonly DefinitionQuestion[], pick: number): 'same' | 'changed' | 'unknown' {
    if (this.#definitions.isSame(questions)) return 'same';
    if (pick % 13 === 0) return 'unknown';
    this.#definitions.readAnew();
    this.#readCatalog();
    return 'changed';
  }

  #happen(what: Happening['what']): void {
    const script = this.#script;
    this.#story.push(`happens ${what}`);
    // What was judged and waits for its record is as it was judged.
    const isHeld = script.position > script.durableTo;
    switch (what) {
      case 'cancel':
        script.cancelRequested();
        break;
      case 'access':
        if (isHeld) break;
        this.#rights = { ...this.#rights, readOnly: !this.#rights.readOnly };
        script.epoch++;
        script.setReadOnly(this.#rights.readOnly);
        break;
      case 'elevation':
        if (isHeld) break;
        this.#rights = { ...this.#rights, elevated: !this.#rights.elevated, changes: this.#rights.changes + 1 };
        this.#masking.isElevated = this.#rights.elevated;
        this.#masking.traced.clear();
        script.epoch++;
        break;
      case 'policy':
        script.epoch++;
        break;
      case 'ddl':
        if (this.#server.alterOutside()) this.#definitions.version++;
        break;
      case 'log_fails':
        if (!this.#run.waitsForRecord || !isHeld) break;
        this.#failed.push({ from: script.durableTo + 1, to: script.position });
        script.durableTo = script.position;
        script.auditFailed(this.#failed.at(-1)!.from);
        break;
      case 'client_end':
        this.#client = Buffer.alloc(0);
        this.#ended ??= what;
        script.clientEnd();
        break;
      case 'client_gone':
        this.#client = Buffer.alloc(0);
        this.#ended ??= what;
        script.end('client');
        break;
      case 'upstream_end':
        this.#ended ??= what;
        this.#isUpstreamGone = true;
        this.#answers = Buffer.alloc(0);
        script.upstreamEnd();
        break;
      case 'shutdown':
        this.#ended ??= what;
        script.end('shutdown');
        break;
      default:
        what satisfies never;
    }
  }

  /** What the server has done since. */
  #checkActs(): void {
    const { acts } = this.#server;
    for (; this.#checkedActs < acts.length; this.#checkedActs++) {
      const { text, rights, oid } = acts[this.#checkedActs]!;
      if (rights.readOnly) this.problems.push(`${text} had an effect in a session that may only read`);
      if (text.includes('need') && !rights.elevated) this.problems.push(`${text} ran behind its elevation`);
      if (oid === FOREIGN_OID) this.problems.push(`${text} was somebody else's`);
      const runs = acts.slice(0, this.#checkedActs + 1).filter((one) => one.text === text).length;
      const { intents } = this.#script;
      const intended = intents.filter((one) => one.decision !== 'deny' && this.#isDurable(one.position));
      const count = intended.reduce((sum, { sql }) => sum + timesIn(sql, text), 0);
      if (runs > count) this.problems.push(`${text} ran ${runs} times with ${count} durable intents`);
    }
  }

  #isDurable(position: number): boolean {
    if (!this.#run.waitsForRecord) return true;
    return (
      position <= this.#script.durableTo && !this.#failed.some(({ from, to }) => position >= from && position <= to)
    );
  }

  #checkEnd(): void {
    const { intents, outcomes, session } = this.#script;
    const told = Buffer.concat(this.#heard);
    for (const part of ['SECRET', 'LOVELACE']) if (told.includes(part)) this.problems.push(`${part} was told`);
    const said = describeMessages(told, describeBackend);
    const ready = said.filter((one) => one.startsWith('ReadyForQuery'));
    if (this.#ended === undefined) {
      const asked = batchesOf(this.#run.messages);
      if (this.#script.closed !== undefined) this.problems.push(`closed: ${this.#script.closed}`);
      if (ready.length !== asked) this.problems.push(`${ready.length} of ${asked} batches were answered`);
      if (!session.isIdle) this.problems.push('it waits for nothing');
      const status = ready.at(-1)?.at(-1) ?? 'I';
      if (status !== this.#server.status) this.problems.push(`told ${status}, upstream ${this.#server.status}`);
      this.#script.end('shutdown');
    } else if (this.#script.closed === undefined) this.problems.push(`it goes on behind ${this.#ended}`);
    for (const { n, sql } of intents) {
      const count = outcomes.filter((one) => one.n === n).length;
      if (count !== 1) this.problems.push(`${count} outcomes of ${sql}`);
    }
    if (this.#server.ran > this.#approved)
      this.problems.push(`${this.#server.ran} ran, ${this.#approved} were approved`);
    this.#checkLimits(said);
    this.#checkLasting();
  }

  #checkLimits(said: readonly string[]): void {
    const { rowsPerHour = Number.POSITIVE_INFINITY, rowsPerStatement = Number.POSITIVE_INFINITY } = this.#run.limits;
    let all = 0;
    let one = 0;
    for (const message of said) {
      const isRow = message.startsWith('DataRow') || message.startsWith('CopyData');
      all += isRow ? 1 : 0;
      one = isRow ? one + 1 : 0;
      if (one > rowsPerStatement) this.problems.push('a statement told more rows than it may');
    }
    if (all > rowsPerHour) this.problems.push(`${all} rows were told, and ${rowsPerHour} may be`);
  }

  /** What lasts was not told, nor recorded, as what was not run or rolled back. */
  #checkLasting(): void {
    const { intents, outcomes } = this.#script;
    for (const text of new Set(this.#server.lasting)) {
      const possible = intents.filter(({ decision, sql, n }) => {
        const outcome = outcomes.find((one) => one.n === n);
        return (
          decision !== 'deny' &&
          timesIn(sql, text) > 0 &&
          outcome?.sqlstate !== NOT_RUN &&
          outcome?.fate !== 'rolled_back'
        );
      });
      if (possible.length === 0) this.problems.push(`${text} lasts, and its record says otherwise`);
    }
  }
}

function timesIn(sql: string, text: string): number {
  return sql.split(';').filter((part) => part.trim().replace(/^hold /, '') === text).length;
}
