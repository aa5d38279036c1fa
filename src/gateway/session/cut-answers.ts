/**
 * Answers that are cut: they go beyond a limit of the grant (`egress.ts`), or do not fit their plan (`checked-answers.ts`).
 * Nothing more of the batch leaves, the statement is cancelled unless another batch is under way behind it, and the error
 * told when it is known how it ended; what it did before it could be cancelled fails with its transaction, or is told for
 * what it is.
 */
import type { DenyDecision } from '../../policy/decision.ts';
import type { BackendListener } from './backend.ts';
import type { SessionCore } from './core.ts';
import { completedDenial } from './denial.ts';
import type { AnswerSize, Egress } from './egress.ts';
import type { Request } from './in-flight.ts';
import type { ToldAnswers } from './told-answers.ts';

export class CutAnswers {
  readonly #core: SessionCore;
  readonly #egress: Egress;
  readonly #told: ToldAnswers;
  readonly #listener: Pick<BackendListener, 'failTransaction'>;
  readonly #flush: () => void;
  /** What has left for the request that is answered, where that is limited and no portal's. */
  #sent: AnswerSize = { rows: 0, bytes: 0 };
  #sentOf: Request | undefined;

  /** `flush`: what was within the limit, or fit its plan, may still be on its way through the masks. */
  constructor(
    core: SessionCore,
    told: ToldAnswers,
    listener: Pick<BackendListener, 'failTransaction'>,
    flush: () => void,
  ) {
    this.#core = core;
    this.#egress = core.options.egress;
    this.#told = told;
    this.#listener = listener;
    this.#flush = flush;
  }

  /**
   * Does what comes now go beyond a limit, or behind what did? Then all that is left of the batch is withheld, the
   * statement cancelled, and the error told when it is known how it ended.
   */
  isCut(head: Request | undefined, rows: number, bytes: number): boolean {
    if (head?.probe !== undefined || this.#told.withheld !== undefined) return head?.cut !== undefined;
    const sent = this.#sentTo(head);
    const exceeded = this.#egress.take(sent, rows, bytes);
    if (exceeded === undefined) {
      sent.rows += rows;
      sent.bytes += bytes;
      return false;
    }
    // What no statement of the client's stands for (NOTIFY) is dropped by itself.
    if (head === undefined || (head.kind !== 'query' && head.kind !== 'execute')) return true;
    this.cut(head, this.#egress.denial(exceeded));
    return true;
  }

  /** Nothing more of the answer leaves. */
  cut(head: Request, denial: DenyDecision): void {
    this.#flush();
    head.cut = denial;
    this.#told.withheld = this.#core.denialResponse(denial);
    head.sqlstate = denial.sqlstate;
    // The server may be at the next batch by now, which nothing is wrong with: this one runs to its end, unseen.
    if (this.#core.inFlight.hasNextBatch) return;
    this.#core.cancelling = true;
    this.#core.command({ type: 'cancel_statement' });
  }

  /** It completed before it could be cancelled. */
  completed(head: Request, denial: DenyDecision): void {
    if (!head.pure) head.fate = 'cut';
    if (head.kind === 'execute' && this.#core.inFlight.batchIsOpen) {
      // No Sync follows by itself, and none has come yet: what it did fails with the batch.
      this.#told.tellCut(this.#core.denialResponse(denial));
      this.#listener.failTransaction(denial);
      return;
    }
    this.#told.cutCompleted = denial;
    if (!head.pure) this.#told.withheld = this.#core.denialResponse(completedDenial(denial));
    if (head.kind === 'execute') this.#told.tellCut(this.#told.withheld!);
  }

  /** An error can carry as much data as a row. */
  passError(head: Request | undefined, buffer: Buffer, start: number, end: number): void {
    const exceeded =
      this.#told.withheld === undefined ? this.#egress.take(this.#sentTo(head), 0, end - start) : undefined;
    if (exceeded === undefined) {
      this.#told.pass(buffer, start, end);
      return;
    }
    const denial = this.#egress.denial(exceeded);
    if (head !== undefined) head.sqlstate = denial.sqlstate;
    const bytes = this.#core.denialResponse(denial);
    this.#told.pass(bytes, 0, bytes.length);
  }

  /** What the client has had of the answer; of a portal it goes on with each Execute. */
  #sentTo(head: Request | undefined): AnswerSize {
    const portal = head?.kind === 'execute' ? head.portal : undefined;
    if (portal !== undefined) return (portal.sent ??= { rows: 0, bytes: 0 });
    if (this.#sentOf !== head) {
      this.#sentOf = head;
      this.#sent = { rows: 0, bytes: 0 };
    }
    return this.#sent;
  }
}
