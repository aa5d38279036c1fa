/**
 * Answers held against their plans: `masked-answer.ts` rewrites what fits; here is what becomes of what does not. A
 * RowDescription that was not foreseen waits until its statement is traced in the catalog as it is then; what fits no plan
 * even so is cut, and nothing more of it leaves.
 */
import type { SessionCore } from './core.ts';
import type { CutAnswers } from './cut-answers.ts';
import type { Request } from './in-flight.ts';
import { AnswerMismatch, GOES_ON, MaskedAnswers, mismatchDenial } from './masked-answer.ts';
import type { SessionMasking } from './masking.ts';
import { isPlannedAtBind, type Portal } from './prepared.ts';
import type { ToldAnswers } from './told-answers.ts';

/** The beginning of an answer, and whom it answers. */
interface Begun {
  readonly head: Request;
  readonly message: Buffer;
}

/** What it waits for: its statement to be traced again, for it was not foreseen; or the server to confirm what was. */
type HeldAnswer =
  | (Begun & { readonly until: 'retraced' })
  | (Begun & { readonly until: 'confirmed'; readonly isCopy: boolean });

export class CheckedAnswers {
  readonly #core: SessionCore;
  readonly #masked: MaskedAnswers;
  readonly #told: ToldAnswers;
  readonly #cuts: CutAnswers;
  #held: HeldAnswer | undefined;

  constructor(core: SessionCore, masking: SessionMasking, told: ToldAnswers, cuts: CutAnswers) {
    this.#core = core;
    this.#masked = new MaskedAnswers(masking);
    this.#told = told;
    this.#cuts = cuts;
  }

  wantsWholeRows(head: Request | undefined): boolean {
    return this.#masked.wantsWholeRows(head);
  }

  /** Sends what was rewritten: before anything else is passed, and when a chunk has been read. */
  flush(): void {
    const bytes = this.#masked.take();
    if (bytes !== undefined) this.#told.pass(bytes, 0, bytes.length);
  }

  /** Is the row taken, to be sent as it may be seen, or not at all? Else it goes as it came. */
  isRewritten(head: Request, buffer: Buffer, start: number, end: number): boolean {
    if (head.cut !== undefined) return true;
    try {
      return this.#masked.row(head, buffer, start, end);
    } catch (error) {
      this.#mismatch(head, error);
      return true;
    }
  }

  /** What the client asked of a portal itself. It may know the columns; whether they hold what was planned for shows now. */
  describedFor(portal: Portal, buffer: Buffer, start: number, end: number): void {
    try {
      this.#masked.describedPortal(portal, buffer, start, end);
    } catch {
      portal.hasDrifted = true;
    }
  }

  /** Is this RowDescription not what was planned for? Then it waits until the statement is traced in a fresh catalog. */
  isDrifted(head: Request, buffer: Buffer, start: number, end: number): boolean {
    const portal = head.probe?.portal;
    if (head.cut !== undefined || (head.kind === 'describe' && portal === undefined)) return false;
    try {
      if (portal === undefined) this.#masked.described(head, buffer, start, end);
      else this.#masked.describedPortal(portal, buffer, start, end);
      this.#masked.expectStill(head);
      return this.#isUnconfirmed({ head, isCopy: false }, buffer, start, end);
    } catch (error) {
      const statement = portal?.statement ?? head.statement;
      const plan = (portal?.plans ?? head.plans)?.[portal === undefined ? head.completed : 0];
      if (!(error instanceof AnswerMismatch) || statement === undefined || plan === undefined || plan.isOfAnother) {
        // The first row is where its Execute is cut.
        if (portal === undefined) this.#mismatch(head, error);
        else portal.hasDrifted = true;
        return false;
      }
      this.#held = { until: 'retraced', head, message: Buffer.from(buffer.subarray(start, end)) };
      const { analysis, sql } = statement;
      this.#core.command({ type: 'retrace', statements: analysis.statements, sql });
      return true;
    }
  }

  /** Is the beginning of a COPY to wait until it is known that its definitions are still the same? */
  isUnconfirmedCopy(head: Request, buffer: Buffer, start: number, end: number): boolean {
    return head.cut === undefined && this.#isUnconfirmed({ head, isCopy: true }, buffer, start, end);
  }

  /** The server has looked its names up by now, maybe behind the lock of somebody who changed them. */
  #isUnconfirmed(
    { head, isCopy }: { readonly head: Request; readonly isCopy: boolean },
    buffer: Buffer,
    start: number,
    end: number,
  ): boolean {
    // Of an Execute what its portal was bound by: COPY looks its names up then.
    const { questions: all } = head.probe?.portal ?? head.portal ?? head;
    const questions = all?.filter(({ mayWait }) => mayWait) ?? [];
    if (questions.length === 0) return false;
    this.#held = { until: 'confirmed', head, message: Buffer.from(buffer.subarray(start, end)), isCopy };
    this.#core.command({ type: 'confirm_definitions', questions });
    return true;
  }

  /** The message that waited, to be passed on or withheld now. */
  confirmed(drift: 'same' | 'changed' | 'unknown'): Begun {
    const held = this.#held;
    if (held?.until !== 'confirmed') throw new Error('definitions were confirmed that were not asked for');
    this.#held = undefined;
    const { head, message } = held;
    const portal = head.probe?.portal;
    if (drift !== 'same' && portal !== undefined) portal.hasDrifted = true;
    else if (portal !== undefined && isPlannedAtBind(portal)) portal.isFixed = true;
    else if (drift !== 'same') this.#mismatch(head, new AnswerMismatch(GOES_ON));
    else if (held.isCopy) this.copyOut(head, message, 0, message.length, true);
    return held;
  }

  /** The answer at hand waits for a `retraced` or `definitions_confirmed` event. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /**
   * The message that waited, to be passed on or withheld now; `masking`: in the catalog as it is now. Undefined: it waits on,
   * until it is known that this is what the server found, too.
   */
  retraced(masking: SessionMasking): Begun | undefined {
    const held = this.#held;
    if (held?.until !== 'retraced') throw new Error('a statement was traced again that was not asked for');
    this.#held = undefined;
    const { head, message } = held;
    const portal = head.probe?.portal;
    const statement = (portal?.statement ?? head.statement)!;
    const at = portal === undefined ? head.completed : 0;
    try {
      const fresh = masking.plans(statement.analysis.statements, statement.sql);
      if (fresh === undefined) throw new AnswerMismatch(GOES_ON);
      this.#masked.lookAgain(head);
      if (portal !== undefined) portal.moment = head.moment;
      // Of a cursor or prepared statement it cannot be made of this text.
      const plans = (portal?.plans ?? head.plans)!.map((old, i) => (i < at || old.isOfAnother ? old : fresh[i]!));
      const refuse = plans.slice(at).find((plan) => plan.refuse !== undefined)?.refuse;
      if (refuse !== undefined) throw new AnswerMismatch(refuse.message);
      if (portal === undefined) {
        head.plans = plans;
        this.#masked.described(head, message, 0, message.length);
      } else {
        portal.plans = plans;
        this.#masked.describedPortal(portal, message, 0, message.length);
      }
      if (this.#isUnconfirmed({ head, isCopy: false }, message, 0, message.length)) return undefined;
    } catch (error) {
      if (portal === undefined) this.#mismatch(head, error);
      else portal.hasDrifted = true;
    }
    return { head, message };
  }

  /** `isConfirmed`: what the server found is what was planned for. */
  copyOut(head: Request, buffer: Buffer, start: number, end: number, isConfirmed = false): void {
    this.#begin(head, () => this.#masked.copyOut(head, buffer, start, end, isConfirmed));
  }

  copyDone(head: Request): void {
    this.#begin(head, () => this.#masked.copyDone(head));
  }

  /** A statement of the request is through, or has failed. */
  completed(head: Request): void {
    this.#masked.completed(head);
  }

  /** ErrorResponse or NoticeResponse as it may be told; `head`: what it belongs to. */
  message(head: Request | undefined, buffer: Buffer, start: number, end: number): Buffer | undefined {
    return this.#masked.message(head, buffer, start, end);
  }

  /** NotificationResponse and ParameterStatus; undefined: it may go as it came. */
  texts(buffer: Buffer, start: number, end: number): Buffer | undefined {
    return this.#masked.texts(buffer, start, end);
  }

  /** Something of an answer begins or ends; what does not fit its plan ends the statement. */
  #begin(head: Request, what: () => void): void {
    if (head.cut !== undefined) return;
    try {
      what();
    } catch (error) {
      this.#mismatch(head, error);
    }
  }

  /** What cannot be masked is not told: nothing more of the answer leaves. */
  #mismatch(head: Request, error: unknown): void {
    this.#cuts.cut(head, mismatchDenial(error));
  }
}
