/**
 * One statement that waits for an approval, on the gateway's side of its session: asks for it, reminds the client while it
 * waits, and gives up when it has waited too long. In: the question, and that nobody waits any more. Out: the session's
 * events, at most one decision; nothing once it was ended.
 */
import type { Hold, HoldOutcome } from '../approvals/contract.ts';
import type { TableEffect } from '../approvals/request.ts';
import { DbgateError } from '../errors.ts';
import type { HoldQuestion, SessionEvent } from './session/contract.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never;
export type HoldEvent = Untimed<
  Extract<SessionEvent, { type: 'hold_placed' | 'hold_failed' | 'hold_reminder' | 'hold_decided' | 'hold_kept' }>
>;

export interface PlacedHold {
  readonly hold: Hold;
  /** Names for people of whoever may decide. */
  readonly deciders: readonly string[];
}

export interface HoldTimes {
  /** How long it may wait, milliseconds; in a transaction, whose locks are kept meanwhile. */
  readonly holdMs: number;
  readonly holdInTransactionMs: number;
  /** Between reminders; 0: none. */
  readonly noticeEveryMs: number;
}

export interface HoldParts {
  /** Rejects with DbgateError when nobody may be asked. */
  place(question: HoldQuestion): Promise<PlacedHold>;
  times(): HoldTimes;
}

/** Approvals end a wait by their own clock; should they fail to, it ends so much later. */
const GRACE_MS = 5_000;

export class HeldStatement {
  readonly #tell: (event: HoldEvent) => void;
  #hold: Hold | undefined;
  /** Nothing more is told, but of what is tried. */
  #isOver = false;
  /** How, when it was ended from here. */
  #ended: 'cancel' | 'abandon' | undefined;
  #reminder: NodeJS.Timeout | undefined;
  readonly #deadline: NodeJS.Timeout;

  constructor(parts: HoldParts, question: HoldQuestion, tell: (event: HoldEvent) => void) {
    this.#tell = tell;
    const { holdMs, holdInTransactionMs } = parts.times();
    const waitMs = question.inTransaction ? Math.min(holdMs, holdInTransactionMs) : holdMs;
    this.#deadline = setTimeout(() => this.#tooLong(), waitMs + GRACE_MS).unref();
    parts.place(question).then(
      (placed) => this.#placed(placed, parts.times().noticeEveryMs),
      (error: unknown) => this.#failed(error),
    );
  }

  #placed({ hold, deciders }: PlacedHold, noticeEveryMs: number): void {
    if (this.#isOver) {
      endHold(hold, this.#ended ?? 'abandon');
      return;
    }
    this.#hold = hold;
    this.#tell({ type: 'hold_placed', request: hold.request, link: hold.link, deciders });
    if (noticeEveryMs > 0) {
      this.#reminder = setInterval(() => this.#tell({ type: 'hold_reminder' }), noticeEveryMs).unref();
    }
    void hold.outcome.then((outcome) => {
      if (this.#isOver) return;
      this.#stop();
      // What is tried goes on; all else is done with.
      if (outcome.kind === 'refused' || !outcome.confirm) this.#hold = undefined;
      this.#tell({ type: 'hold_decided', outcome });
    });
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#stop();
    const known = error instanceof DbgateError ? error : undefined;
    this.#tell({
      type: 'hold_failed',
      message: known?.message ?? 'it could not be asked for',
      sqlstate: known?.sqlstate ?? (known?.code === 'audit_unavailable' ? '58030' : '42501'),
      hint: known?.hint ?? 'Try again shortly.',
    });
  }

  #tooLong(): void {
    const request = this.#hold?.request;
    if (request === undefined) {
      this.#failed(new DbgateError('wait_timed_out', 'it could not be asked for in time'));
      return;
    }
    this.end('abandon');
    const message = `nobody decided ${request} in time`;
    this.#tell({ type: 'hold_decided', outcome: { kind: 'refused', request, why: 'expired', message } });
  }

  /** Of one that is tried: the rows that it changed. */
  tried(rows: number, effects: readonly TableEffect[] | undefined): void {
    const hold = this.#hold;
    if (hold === undefined) return;
    const tell = (keep: boolean): void => {
      if (this.#hold !== hold) return;
      this.#hold = undefined;
      this.#tell({ type: 'hold_kept', keep });
    };
    hold.tried(rows, effects).then(tell, () => tell(false));
  }

  /** Nobody waits any more; what was tried is not kept. */
  end(how: 'cancel' | 'abandon'): void {
    const hold = this.#hold;
    this.#hold = undefined;
    this.#ended ??= how;
    this.#stop();
    if (hold !== undefined) endHold(hold, how);
  }

  #stop(): void {
    this.#isOver = true;
    clearInterval(this.#reminder);
    clearTimeout(this.#deadline);
  }
}

function endHold(hold: Hold, how: 'cancel' | 'abandon'): void {
  if (how === 'cancel') hold.cancel();
  else hold.abandon();
}

/** As `hold`, but what its names stand for has to be the same still when it may run. */
export function whileItMeans(hold: Hold, isSame: () => Promise<boolean>): Hold {
  const outcome = hold.outcome.then(async (decided): Promise<HoldOutcome> => {
    if (decided.kind === 'refused' || (await isSame())) return decided;
    hold.abandon();
    const { request } = decided;
    const message = `${request} was approved, and a view, function or trigger of the statement was changed while it waited`;
    return { kind: 'refused', request, why: 'cancelled', message };
  });
  return {
    request: hold.request,
    link: hold.link,
    outcome,
    over: hold.over,
    tried: (rows, effects) => hold.tried(rows, effects),
    cancel: () => hold.cancel(),
    abandon: () => hold.abandon(),
  };
}
