/**
 * A statement that was approved on a condition: that it changes so many rows at most, or that its rows are shown before it
 * is kept. It runs in a transaction that does not end before that is known: the client's own, or one of the gateway's
 * around the batch that it is in. Its answer is withheld until then.
 *
 * 1. BEGIN, unless the client has a transaction open; what there is is counted. 2. The statement, and what is behind it in
 * its batch. 3. When ReadyForQuery has come: its rows against the limit; they are shown, and somebody says yes. 4. COMMIT, or ROLLBACK; of a
 * transaction of the client's, nothing, or it is made to fail. 5. The client is told what came of it.
 *
 * It must never leave a transaction of the gateway's own open, nor tell of an effect that was taken back.
 */
import { ProtocolError } from '../../pgwire/protocol-error.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import { failTransaction } from './audit-failure.ts';
import type { Backend } from './backend.ts';
import type { SessionCore } from './core.ts';
import type { ProbeCollector, Request } from './in-flight.ts';
import type { OwnQuestions } from './own-questions.ts';
import type { Changed, TrialEffect } from './trial-effect.ts';
import { ANSWER_TOO_LONG, notCounted, notKept, tooManyRows, uncounted } from './trial-words.ts';
import type { Waiter } from './waiting.ts';
import { WithheldAnswer } from './withheld-answer.ts';

export interface TrialTerms {
  readonly request: string;
  /** Rolled back if it changes more. */
  readonly maxRows: number | undefined;
  /** Its rows are shown before it is kept. */
  readonly confirm: boolean;
  /** Of the rule that held it. */
  readonly rule: string;
}

const NOTHING: Changed = { rows: 0, effects: undefined };
const MAX_ROLLBACKS = 3;

export class Trial {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #questions: OwnQuestions;
  readonly #waiter: Waiter;
  #terms: TrialTerms | undefined;
  #answer: WithheldAnswer | undefined;
  /** The transaction is the gateway's. */
  #isOwn = false;
  /** Undefined: its command tags tell all there is to know. */
  #effect: TrialEffect | undefined;
  #changed: Changed = NOTHING;
  #rollbacks = 0;

  constructor(core: SessionCore, backend: Backend, questions: OwnQuestions, waiter: Waiter) {
    this.#core = core;
    this.#backend = backend;
    this.#questions = questions;
    this.#waiter = waiter;
  }

  /** One is under way: nothing of its batch is told, and nothing may end its transaction. */
  get isOpen(): boolean {
    return this.#answer !== undefined;
  }

  /** Asks for a transaction of the gateway's own, unless the client has one open, and what is to be known before. */
  begin(effect: TrialEffect | undefined): ProbeCollector | undefined {
    const texts = [...(this.#backend.status === 'I' ? ['BEGIN'] : []), ...(effect?.questionsBefore ?? [])];
    return texts.length === 0 ? undefined : this.#questions.queries(texts);
  }

  /** From now on all of the batch is withheld. `isOwn`: BEGIN has been answered. */
  open(terms: TrialTerms, isOwn: boolean, effect: TrialEffect | undefined): void {
    this.#terms = terms;
    this.#effect = effect;
    this.#isOwn = isOwn;
    this.#rollbacks = 0;
    this.#answer = new WithheldAnswer();
    this.#backend.withhold(this.#answer);
  }

  /** It was sent; of a portal: its Execute. */
  sent(request: Request): void {
    if (this.#answer !== undefined) this.#answer.request ??= request;
  }

  /** Has what ends its batch been sent? Then nothing more of the client's is taken until it is over. */
  awaitsEnd(): boolean {
    if (this.#answer === undefined || this.#core.pipelineOpen) return false;
    this.#waiter.wait({ for: 'trial' });
    return true;
  }

  /** ReadyForQuery came. */
  answered(): void {
    const { request, isComplete, isTooLong, rows } = this.#answer!;
    if (this.#backend.status === 'E' || request === undefined || request.sqlstate !== undefined) {
      // It failed by itself, or something behind it: the client is told as it was.
      this.#forgetHold();
      if (this.#isOwn) this.#rollBack(undefined);
      else this.#tell(undefined);
    } else if (request.cut !== undefined) this.#reject(request.cut);
    else if (isTooLong) this.#reject(ANSWER_TOO_LONG);
    else if (!isComplete) this.#reject(notCounted(this.#terms!));
    else if (this.#effect === undefined) this.#weigh({ rows, effects: undefined });
    else {
      const collector = this.#questions.queries(this.#effect.questionsAfter);
      this.#waiter.wait({ for: 'trial_effect', collector });
    }
  }

  /** The server has said what it changed. */
  counted({ failed, rows }: ProbeCollector): void {
    const changed = failed === undefined ? this.#effect!.changed(rows, this.#answer!.rows) : undefined;
    if (changed === undefined) this.#reject(uncounted(this.#terms!));
    else this.#weigh(changed);
  }

  #weigh(changed: Changed): void {
    const { maxRows, confirm } = this.#terms!;
    const { rows, effects } = changed;
    this.#changed = changed;
    if (maxRows !== undefined && rows > maxRows) this.#reject(tooManyRows(this.#terms!, rows, maxRows));
    else if (confirm) {
      this.#waiter.wait({ for: 'confirmation' });
      this.#core.command({ type: 'hold_tried', rows, ...(effects === undefined ? {} : { effects }) });
    } else this.#keep();
  }

  /** Whoever decides has seen the rows. */
  confirmed(keep: boolean): void {
    if (this.#waiter.now.for !== 'confirmation') return;
    if (keep) this.#keep();
    else this.#reject(notKept(this.#terms!, this.#changed.rows));
  }

  /** CancelRequest while the rows are looked at; false: they are not. */
  cancel(denied: DenyDecision): boolean {
    if (this.#waiter.now.for !== 'confirmation') return false;
    this.#core.command({ type: 'end_hold', how: 'cancel' });
    this.#reject(denied);
    return true;
  }

  #keep(): void {
    if (!this.#isOwn) this.#tell(undefined);
    else this.#await('COMMIT', undefined);
  }

  #reject(denied: DenyDecision): void {
    this.#forgetHold();
    if (this.#isOwn) {
      this.#rollBack(denied);
      return;
    }
    this.#await('fail', denied);
  }

  #rollBack(denied: DenyDecision | undefined): void {
    if (++this.#rollbacks > MAX_ROLLBACKS)
      throw new ProtocolError('a statement that was tried could not be rolled back');
    this.#await('ROLLBACK', denied);
  }

  #await(how: 'COMMIT' | 'ROLLBACK' | 'fail', denied: DenyDecision | undefined): void {
    const collector: ProbeCollector =
      how === 'fail' ? { rows: [], failed: undefined, left: 1 } : this.#questions.queries([how]);
    if (how === 'fail') {
      failTransaction(this.#core, collector);
      this.#core.toUpstream.flush();
    }
    this.#answer!.isCommitting = how === 'COMMIT';
    this.#waiter.wait({ for: 'trial_end', how, denied, collector });
  }

  /** What ends the transaction was answered. */
  ended(
    how: 'COMMIT' | 'ROLLBACK' | 'fail',
    denied: DenyDecision | undefined,
    { failed, error }: ProbeCollector,
  ): void {
    if (how !== 'fail' && this.#backend.status !== 'I') this.#rollBack(denied);
    // A deferred constraint: it is told as the server said it.
    else if (how === 'COMMIT' && failed !== undefined) this.#tell({ sqlstate: failed, error: error! });
    else if (denied === undefined) this.#tell(undefined);
    else this.#tell({ sqlstate: denied.sqlstate, error: this.#core.denialResponse(denied) });
  }

  /** `failed`: in place of its answer. */
  #tell(failed: { readonly sqlstate: string; readonly error: Buffer } | undefined): void {
    const answer = this.#answer!;
    this.#answer = undefined;
    this.#terms = undefined;
    this.#effect = undefined;
    this.#isOwn = false;
    this.#backend.release(answer, failed);
    this.#waiter.passOver();
  }

  /** Nobody has to look at it any more. */
  #forgetHold(): void {
    if (this.#terms?.confirm === true) this.#core.command({ type: 'end_hold', how: 'abandon' });
  }
}
