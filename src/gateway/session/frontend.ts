/**
 * The client's side of a session. In: its messages, one at a time. Out: its statements, which `client-statements.ts`
 * decides on, and all else as it came. While a message waits for something (`waiting.ts`) no further one is taken.
 */
import { decodeDescribe, TERMINATE } from '../../pgwire/extended.ts';
import {
  FRONTEND_STREAMED,
  FRONTEND_TYPES,
  HEADER_BYTES,
  MessageReader,
  type MessageSink,
} from '../../pgwire/framing.ts';
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import type { Foresight } from '../../policy/foresight.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import { BIND, ClientStatements, QUERY } from './client-statements.ts';
import type { NamedObject } from './contract.ts';
import { NO_PARTS, type SessionCore } from './core.ts';
import { FUNCTION_CALL_REFUSED, REJECTED_EXECUTE, REJECTED_QUERY } from './denial.ts';
import { DriftGuard } from './drift-guard.ts';
import { ForesightSteps } from './foresight-steps.ts';
import { Holding, MAX_WHILE_HELD_BYTES } from './holding.ts';
import type { ProbeCollector, Request, RequestKind } from './in-flight.ts';
import { MaskingSteps, type StepParts } from './masking-steps.ts';
import { NamesProbe } from './names-probe.ts';
import { OneByOne } from './one-by-one.ts';
import { OwnQuestions } from './own-questions.ts';
import { type Portal, UNSETTLED } from './prepared.ts';
import { ReadOnlyMode } from './read-only.ts';
import { Trial } from './trial.ts';
import { TRIED_BEFORE_SYNC } from './trial-words.ts';
import { type ClientMessage, keep, Waiter } from './waiting.ts';

const ch = (letter: string): number => letter.charCodeAt(0);
const PARSE = ch('P');
const DESCRIBE = ch('D');
const EXECUTE = ch('E');
const SYNC = ch('S');
const FLUSH_TYPE = ch('H');
const CLOSE = ch('C');
const FUNCTION_CALL = ch('F');
const COPY_DATA = ch('d');
const COPY_DONE = ch('c');
const COPY_FAIL = ch('f');
const TERMINATE_TYPE = ch('X');

export class Frontend implements MessageSink {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #reader: MessageReader;
  readonly #waiter: Waiter;
  readonly #steps: MaskingSteps;
  readonly #names: NamesProbe;
  readonly #foresight: ForesightSteps;
  readonly #drift: DriftGuard;
  readonly #mode: ReadOnlyMode;
  readonly holding: Holding;
  readonly trial: Trial;
  readonly #oneByOne: OneByOne;
  readonly #statements: ClientStatements;
  #done = false;
  #saidGoodbye = false;
  /** Nothing more is taken: the client said Terminate, or the session ends. */
  #stopped = false;
  /** The beginning of the message that streams was dropped, so the rest of it must be. */
  #skipStream = false;
  readonly #behindStream: (() => void)[] = [];

  constructor(core: SessionCore, backend: Backend) {
    this.#core = core;
    this.#backend = backend;
    const questions = new OwnQuestions(core);
    this.#waiter = new Waiter(core, {
      again: ({ type, buffer, start, end }) => this.#take(type, buffer, start, end),
      withNames: (held) => !this.#mode.mustFollow(held.message) && this.#statements.withNames(held),
      goOn: () => this.#goOn(),
    });
    this.#steps = new MaskingSteps(core, backend, questions, this.#waiter);
    const parts: StepParts = { core, backend, questions, waiter: this.#waiter, steps: this.#steps };
    this.#names = new NamesProbe(parts);
    this.#foresight = new ForesightSteps(parts);
    this.#drift = new DriftGuard(parts);
    this.#mode = new ReadOnlyMode(core, backend, questions, this.#waiter);
    this.trial = new Trial(core, backend, questions, this.#waiter);
    this.holding = new Holding(core, backend, {
      questions,
      waiter: this.#waiter,
      steps: this.#steps,
      trial: this.trial,
    });
    this.#oneByOne = new OneByOne(
      { core, backend, questions, waiter: this.#waiter },
      {
        take: ({ type, buffer, start, end }) => this.message(type, buffer, start, end),
        goOn: () => this.#goOn(),
      },
    );
    this.#statements = new ClientStatements(core, backend, {
      oneByOne: this.#oneByOne,
      waiter: this.#waiter,
      steps: this.#steps,
      names: this.#names,
      foresight: this.#foresight,
      drift: this.#drift,
      mode: this.#mode,
      holding: this.holding,
      trial: this.trial,
    });
    this.#reader = new MessageReader(
      {
        side: 'frontend',
        known: FRONTEND_TYPES,
        streamed: FRONTEND_STREAMED,
        maxWholeBytes: core.options.maxMessageBytes,
      },
      this,
    );
  }

  get isWaiting(): boolean {
    return this.#waiter.isWaiting;
  }

  /** Who waits for an approval is read on for a while: only so is it noticed when he goes. */
  get takesNoMore(): boolean {
    return this.isWaiting && !(this.holding.isHeld && this.#reader.backlogBytes < MAX_WHILE_HELD_BYTES);
  }

  /** The client sends nothing more. */
  get isDone(): boolean {
    return this.#done;
  }

  /** It went in the middle of a message whose first bytes have gone on: there is nothing that could be said to the server. */
  get isCutOff(): boolean {
    return this.#done && this.#reader.inStream;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#reader.push(chunk);
    this.#core.toUpstream.flush();
  }

  piece(_type: number, buffer: Buffer, start: number, end: number, first: boolean, last: boolean): void {
    // As a whole message would be.
    if (first && this.#core.batchRefused) this.#skipStream = true;
    if (!this.#skipStream) this.#core.toUpstream.pass(buffer, start, end);
    if (!last) return;
    this.#skipStream = false;
    for (const act of this.#behindStream.splice(0)) act();
  }

  /**
   * Sends something of the gateway's own by itself: now, or behind the message whose first bytes have gone on. Inside of that
   * it would be taken for its contents, and the rest of those, which are the client's, for messages that nobody judged.
   */
  betweenMessages(send: () => void): void {
    if (this.#reader.inStream && !this.#skipStream) this.#behindStream.push(send);
    else send();
  }

  /** Were the rest of a message passed on without its header, the server would read its contents as messages. */
  skipRestOfStream(): void {
    this.#skipStream = this.#reader.inStream;
  }

  /** One that nothing is known of yet; true: the one behind it may come. */
  message(type: number, buffer: Buffer, start: number, end: number): boolean {
    this.holding.forget();
    this.#mode.forget();
    return this.#take(type, buffer, start, end) && !this.trial.awaitsEnd();
  }

  #take(type: number, buffer: Buffer, start: number, end: number): boolean {
    if (this.#stopped) return false;
    if (this.#core.cancelling) {
      this.#waiter.wait({ for: 'cancelled', message: keep({ type, buffer, start, end }) });
      return false;
    }
    // The server discards it: nothing of it is to be judged or recorded.
    if (this.#core.batchRefused && type !== SYNC && type !== TERMINATE_TYPE) return true;
    if (type === COPY_DATA || type === FLUSH_TYPE) {
      if (type === FLUSH_TYPE && this.trial.isOpen)
        this.#core.refuse('execute', REJECTED_EXECUTE, TRIED_BEFORE_SYNC, undefined);
      else this.#core.toUpstream.pass(buffer, start, end);
      return true;
    }
    const message: ClientMessage = { type, buffer, start, end };
    if (isStatement(type) && this.#mode.mustFollow(message)) return false;
    switch (type) {
      case QUERY:
        return this.#statements.query(message);
      case PARSE:
        return this.#statements.parse(message);
      case BIND:
        return this.#statements.bind(message);
      case EXECUTE:
        return this.#statements.execute(message);
      case DESCRIBE:
        return this.#describe(message);
      case CLOSE:
        return this.#statements.close(message);
      case SYNC:
        return this.#sync(message);
      case COPY_DONE:
      case COPY_FAIL:
        if (!this.#backend.copyIn && this.#core.inFlight.size > 0) return this.#forward('copy_end', message);
        this.#backend.copyIn = false;
        return this.#passOn(message);
      case FUNCTION_CALL:
        this.#core.refuse('function', REJECTED_QUERY, FUNCTION_CALL_REFUSED, undefined);
        return true;
      case TERMINATE_TYPE:
        this.end();
        this.#stopped = true;
        return false;
      default:
        throw new ProtocolError(`unexpected frontend message '${String.fromCharCode(type)}'`);
    }
  }

  #sync(message: ClientMessage): boolean {
    // The server ignores Sync while COPY FROM STDIN runs; if that has failed already, it does not.
    if (this.#backend.copyIn) {
      this.#backend.syncInCopy();
      this.#core.batch++;
      return this.#passOn(message);
    }
    if (this.#backend.status !== 'T') this.#steps.planning.masking?.goesOn();
    this.#forward('sync', message);
    this.#steps.batchEnds();
    this.#core.endBatch();
    return true;
  }

  /** The client sends nothing more: the server is told so behind all that came before, and ends the connection. */
  end(): void {
    this.#done = true;
    if (this.#saidGoodbye || this.#stopped || this.isWaiting || this.#reader.backlogBytes > 0) return;
    if (this.isCutOff) return;
    this.#saidGoodbye = true;
    this.#core.toUpstream.put(TERMINATE);
    this.#core.toUpstream.flush();
  }

  /** What was said to the server was held back behind a record that failed: nobody else tells it that the client is gone. */
  sayGoodbyeAgain(): void {
    if (this.#saidGoodbye) this.#core.toUpstream.put(TERMINATE);
  }

  #describe(message: ClientMessage): boolean {
    const { buffer, start, end } = message;
    const { names, batch } = this.#core;
    const { kind, name } = decodeDescribe(buffer, start + HEADER_BYTES, end);
    const request = this.#core.send('describe', buffer, start, end, NO_PARTS);
    const portal = kind === 'P' ? names.portal(name, batch) : undefined;
    if (portal !== undefined && portal !== UNSETTLED && portal.origins === 'needed') {
      portal.origins = 'asked';
      request.describes = portal;
    }
    return true;
  }

  #forward(kind: RequestKind, { buffer, start, end }: ClientMessage): boolean {
    this.#core.send(kind, buffer, start, end, NO_PARTS);
    return true;
  }

  #passOn({ buffer, start, end }: ClientMessage): boolean {
    this.#core.toUpstream.pass(buffer, start, end);
    return true;
  }

  // ── what the waiting is for ────────────────────────────────────────────────────────────────────────────────────

  #goOn(): void {
    this.#waiter.end();
    if (this.trial.awaitsEnd()) return;
    if (this.#oneByOne.isOpen) {
      this.#oneByOne.taken();
      return;
    }
    this.#reader.resume();
    this.#core.toUpstream.flush();
    if (this.#done) this.end();
  }

  analysed(analysis: Analysis): void {
    const { now } = this.#waiter;
    if (now.for !== 'analysis') throw new Error('an analysis came that was not asked for');
    const { message, sql } = now;
    this.#waiter.end();
    const isOver =
      this.#waiter.isCancelled(message, undefined) ||
      (!this.#mode.mustFollow(message) && this.#statements.analysed(message, sql, analysis));
    if (isOver) this.#goOn();
  }

  traced(): void {
    const { now } = this.#waiter;
    if (now.for !== 'trace') throw new Error('a trace came that was not asked for');
    this.#waiter.resume(now.held);
  }

  definitionsChecked(drift: 'same' | 'changed' | 'unknown'): void {
    const { now } = this.#waiter;
    if (now.for !== 'definitions') throw new Error('definitions came that were not asked for');
    this.#drift.checked(now, drift);
  }

  madeChecked(objects: readonly NamedObject[]): void {
    if (this.#waiter.now.for !== 'made_check') throw new Error('objects came that were not asked for');
    this.#names.madeChecked(objects);
  }

  foreseen(found: readonly Foresight[]): void {
    this.#foresight.foreseen(found);
  }

  /** The answer to a question of the gateway's own is there. */
  probed(collector: ProbeCollector): void {
    const { now } = this.#waiter;
    if (!('collector' in now) || now.collector !== collector) return;
    if (now.for === 'world') this.#steps.worldProbed(now);
    else if (now.for === 'names') this.#names.probed(now);
    else if (now.for === 'foresight_scope') this.#foresight.probed(now);
    else if (now.for === 'created_names') this.#names.createdProbed(now);
    else if (now.for === 'made') this.#names.madeProbed(now);
    else if (now.for === 'scope') this.holding.scopeProbed(now);
    else if (now.for === 'trial_begin') this.holding.begun(now);
    else if (now.for === 'trial_undo') this.holding.undone(now);
    else if (now.for === 'trial_effect') this.trial.counted(now.collector);
    else if (now.for === 'step_undo') this.#oneByOne.undone();
    else if (now.for === 'trial_end') this.trial.ended(now.how, now.denied, now.collector);
    else this.#mode.told(now);
  }

  retry(): void {
    this.#waiter.retry();
    this.#oneByOne.retry();
  }

  cancelled(): void {
    this.#waiter.cancelled();
  }

  /** The message that waits is cancelled here; false: there is none. */
  cancelWaiting(): boolean {
    return this.#waiter.cancel();
  }

  /** What the session may do has changed. */
  setReadOnly(readOnly: boolean): void {
    this.#mode.set(readOnly);
  }

  /** Answered, or never run. */
  ended(request: Request): void {
    this.#steps.ended(request);
  }

  succeeded(request: Request): void {
    this.#names.succeeded(request);
  }

  failed(request: Request): void {
    this.#names.failed(request);
  }

  // ── endings ────────────────────────────────────────────────────────────────────────────────────────────────────

  neverExecuted(portal: Portal, sqlstate: string): void {
    this.#statements.neverExecuted(portal, sqlstate);
  }

  intentsFailed(from: number): void {
    this.#statements.intentsFailed(from);
  }

  transactionEnded(): void {
    this.#steps.transactionEnded(this.#core.inFlight.size === 0);
    this.#statements.transactionEnded();
    this.#drift.transactionEnded();
  }

  /** The session ends: no further message is taken, and what was bound will not be executed. */
  stop(): void {
    this.#stopped = true;
    this.holding.stop();
    this.#oneByOne.stop();
    this.#waiter.end();
    this.#statements.stop();
  }
}

/** Of those that the server may look up names, or run something, for. */
function isStatement(type: number): boolean {
  return type === QUERY || type === PARSE || type === BIND || type === EXECUTE;
}
