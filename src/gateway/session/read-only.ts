/**
 * The server's own read-only mode follows what the session may do: policy refuses the writes that it sees, the server
 * those that it does not (in functions). In: what the session may do now, and the statements that could change the mode
 * behind its back. Out: settings of the gateway's own, sent and answered before the next statement goes.
 *
 * A setting made inside a transaction block goes when that is rolled back: only one that was made outside is final.
 */
import type { DenyDecision } from '../../policy/decision.ts';
import type { StatementFacts } from '../../sql/facts.ts';
import type { Backend } from './backend.ts';
import { NOT_RUN, type SessionCore } from './core.ts';
import { CANCELLED } from './denial.ts';
import type { ProbeCollector } from './in-flight.ts';
import type { OwnQuestions } from './own-questions.ts';
import type { PreparedStatement } from './prepared.ts';
import { type ClientMessage, keep, type Waiter, type Waiting } from './waiting.ts';

const SETTING = 'default_transaction_read_only';
/** in_failed_sql_transaction */
const IN_FAILED_TRANSACTION = '25P02';

export class ReadOnlyMode {
  readonly #core: SessionCore;
  readonly #backend: Backend;
  readonly #questions: OwnQuestions;
  readonly #waiter: Waiter;
  /** What RESET goes back to. */
  readonly #atStart: boolean;
  #wanted: boolean;
  /** What the server is told while it is asked for. */
  #asked: boolean;
  /** The server's mode is known to be as wanted, whatever becomes of the open transaction. */
  #isSure = true;
  /** It is as wanted for the message at hand. */
  #isSetForNow = false;

  constructor(core: SessionCore, backend: Backend, questions: OwnQuestions, waiter: Waiter) {
    this.#core = core;
    this.#backend = backend;
    this.#questions = questions;
    this.#waiter = waiter;
    this.#atStart = core.options.readOnly === true;
    this.#wanted = this.#asked = this.#atStart;
  }

  /** From the next statement on. */
  set(readOnly: boolean): void {
    if (readOnly === this.#wanted) return;
    this.#wanted = readOnly;
    this.#isSure = false;
    this.#isSetForNow = false;
  }

  /** Another message comes: in an open transaction the server is told again for it. */
  forget(): void {
    this.#isSetForNow = false;
  }

  /** True: the server has to be told first, and the message waits. Of one that waited for anything else: asked again then. */
  mustFollow(message: ClientMessage): boolean {
    if (this.#isSure || this.#isSetForNow) return false;
    // What the server discards has no mode.
    if (this.#backend.discards) return false;
    this.#asked = this.#wanted;
    const value = this.#asked ? 'on' : 'off';
    const texts = [`SET ${SETTING} = ${value}`];
    if (this.#asked) texts.push('SET TRANSACTION READ ONLY');
    this.#waiter.wait({ for: 'mode', message: keep(message), collector: this.#questions.queries(texts) });
    return true;
  }

  /** The server has answered. */
  told({ message, collector }: Extract<Waiting, { for: 'mode' }>): void {
    const { failed } = collector;
    if (failed === undefined && this.#asked !== this.#wanted) this.#isSetForNow = false;
    else if (failed === undefined) {
      // In a pipeline its implicit transaction goes on, and may fail.
      this.#isSure = this.#backend.status === 'I' && !this.#core.pipelineOpen;
      this.#isSetForNow = !this.#isSure;
    } else if (this.#isFailedWithBatch(collector)) {
      this.#waiter.passOver();
      return;
    } else if (failed === IN_FAILED_TRANSACTION || failed === NOT_RUN) this.#isSetForNow = true;
    this.#waiter.again(message);
  }

  /** It was cancelled in the middle of a batch: the server discards the rest of that, so the client has to be told. */
  #isFailedWithBatch({ failed }: ProbeCollector): boolean {
    if (failed === NOT_RUN || !this.#backend.skipping || !this.#core.pipelineOpen) return false;
    this.#backend.failedByProbe(this.#core.denialResponse({ ...CANCELLED, sqlstate: failed! }));
    this.#core.batchRefused = true;
    return true;
  }

  /** A statement goes upstream: does the server forget what it was told? */
  sending({ analysis }: PreparedStatement): void {
    if (this.#wanted !== this.#atStart && analysis.statements.some(resets)) this.#isSure = false;
  }

  /** Behind such a statement in the same text nothing could be told to the server. */
  refusal({ analysis }: PreparedStatement): DenyDecision | undefined {
    if (!this.#wanted || this.#atStart || analysis.statements.length < 2) return undefined;
    return analysis.statements.some(resets) ? RESET_AMONG_OTHERS : undefined;
  }
}

/** RESET, DISCARD ALL and SET … TO DEFAULT go back to what the session began with. */
function resets({ command, settings, class: kind }: StatementFacts): boolean {
  if (settings?.some((name) => name === SETTING || name === '*') === true) return true;
  const toDefault = command === 'SET' && kind === 'session' && settings === undefined;
  return toDefault || command === 'RESET' || command === 'DISCARD';
}

const RESET_AMONG_OTHERS: DenyDecision = {
  effect: 'deny',
  sqlstate: '42501',
  rule: 'access.read-only',
  message: 'RESET and DISCARD are not allowed among other statements: access is read-only',
  detail: 'rule access.read-only: the session began with more access than it has now',
  hint: 'Send it as a query of its own.',
  position: undefined,
};
