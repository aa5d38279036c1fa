/**
 * What of the answers is told to the client, and in what order: each message as it comes, or nothing more of the batch but
 * the error that stands for the rest of it; ReadyForQuery with the status that the client was told of. What belongs to a
 * request never leaves before its record is durable, nor what is tried before it is known what came of it.
 */
import { readyForQuery, type TransactionStatus } from '../../pgwire/result.ts';
import type { DenyDecision } from '../../policy/decision.ts';
import type { BackendListener } from './backend.ts';
import type { SessionCore } from './core.ts';
import { AUDIT_LOST, AUDIT_UNAVAILABLE } from './denial.ts';
import type { GatedOutbox } from './gated-outbox.ts';
import type { Request } from './in-flight.ts';
import type { WithheldTrial } from './withheld-trial.ts';

/** The error of what is withheld has been told already. */
const TOLD = Buffer.alloc(0);

export class ToldAnswers {
  /** Messages for the client have been passed since the last ReadyForQuery. */
  midBatch = false;
  /** The error that stands for all that is left of the batch under way. */
  withheld: Buffer | undefined;
  /** What was to be cancelled completed: its transaction did not fail by itself. */
  cutCompleted: DenyDecision | undefined;
  /** The client was told that its transaction failed, and the upstream's has not failed yet. */
  toldFailed = false;
  readonly #core: SessionCore;
  readonly #out: GatedOutbox<TransactionStatus>;
  readonly #waitForRecord: boolean;
  readonly #trial: WithheldTrial;
  readonly #listener: Pick<BackendListener, 'failTransaction'>;

  constructor(core: SessionCore, trial: WithheldTrial, listener: Pick<BackendListener, 'failTransaction'>) {
    this.#core = core;
    this.#out = core.toClient;
    this.#waitForRecord = core.options.waitForRecord;
    this.#trial = trial;
    this.#listener = listener;
  }

  /** What belongs to a request leaves when its record is durable; if that failed, its batch ends in an error. */
  gate(head: Request | undefined): void {
    if (head === undefined || head.position === 0 || !this.#waitForRecord) return;
    if (head.lost)
      this.withheld ??= this.#core.denialResponse(head.denial === undefined ? AUDIT_LOST : AUDIT_UNAVAILABLE);
    else if (head.position > this.#out.gate) this.#out.gate = head.position;
  }

  pass(buffer: Buffer, start: number, end: number): void {
    this.midBatch = true;
    if (this.withheld !== undefined) return;
    if (this.#trial.isOpen) this.#trial.take(buffer, start, end);
    else this.#out.pass(buffer, start, end);
  }

  /** The error of a batch that goes on to be withheld. */
  tellCut(error: Buffer): void {
    this.#out.put(error);
    this.withheld = TOLD;
  }

  endBatch(status: TransactionStatus, buffer: Buffer, start: number, end: number): void {
    this.midBatch = false;
    const error = this.withheld;
    const told = status === 'T' && (error !== undefined || this.toldFailed) ? 'E' : status;
    const cut = this.cutCompleted;
    this.cutCompleted = undefined;
    if (error !== undefined) {
      this.withheld = undefined;
      if (error !== TOLD) this.#out.put(error);
    }
    const { step } = this.#core;
    if (step !== undefined) {
      // One ReadyForQuery ends the whole text.
      if (error !== undefined || this.toldFailed) step.isFailed = true;
      step.isOver = true;
      if (cut !== undefined && status === 'T') this.#listener.failTransaction(cut);
      return;
    }
    if (told === status) this.#out.pass(buffer, start, end);
    else this.#out.put(readyForQuery(told));
    this.#out.mark(told);
    // So that a batch whose record fails can be told from the next.
    if (this.#out.isHeld) this.#out.flush();
    if (cut !== undefined && status === 'T') this.#listener.failTransaction(cut);
  }

  /** No error stands for the rest of the batch any more. */
  forget(): void {
    this.withheld = undefined;
    this.cutCompleted = undefined;
  }

  /** What was withheld of a trial, or an error in its place; ReadyForQuery behind it. */
  release(bytes: Buffer, status: TransactionStatus): void {
    this.#out.put(bytes);
    const ready = readyForQuery(status);
    this.endBatch(status, ready, 0, ready.length);
    this.#out.flush();
  }
}
