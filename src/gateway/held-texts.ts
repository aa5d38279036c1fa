/**
 * Statements that wait at this gateway, as they came: text and bind values, in memory only, for whoever decides to see what
 * they may see of them. In: what a session wants to have approved, under its request. Out: the same, until it is over;
 * why there is none. Nothing of it is ever written.
 */
import type { Hold } from '../approvals/contract.ts';
import type { HoldQuestion } from './session/contract.ts';

export type HeldText = Pick<HoldQuestion, 'analysis' | 'sql' | 'types' | 'values'>;

/** Of one statement, text and values. */
export const MAX_TEXT_BYTES = 256 << 10;
/** Of all of them. */
const MAX_BYTES = 16 << 20;

interface Kept {
  /** Undefined: there was no room for it. */
  readonly text: HeldText | undefined;
  readonly bytes: number;
  /** How many wait with it, text and values alike. */
  holds: number;
}

export class HeldTexts {
  readonly #maxBytes: number;
  readonly #texts = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Kept until the hold is over: denied, withdrawn, abandoned, told to run; of what is tried, until that is kept or not.
   * Of several that wait for one decision it is given the first only, and what is exactly like it.
   */
  keep(hold: Hold, text: HeldText): Hold {
    const { request } = hold;
    const kept = this.#texts.get(request) ?? this.#take(text);
    kept.holds++;
    this.#texts.set(request, kept);
    let isOver = false;
    const drop = (): void => {
      if (isOver) return;
      isOver = true;
      if (--kept.holds > 0) return;
      this.#texts.delete(request);
      this.#bytes -= kept.bytes;
    };
    void hold.outcome.then((outcome) => {
      if (outcome.kind === 'refused' || !outcome.confirm) drop();
    });
    return {
      request,
      link: hold.link,
      outcome: hold.outcome,
      tried: (rows, effects) => hold.tried(rows, effects).finally(drop),
      cancel: () => {
        drop();
        hold.cancel();
      },
      abandon: () => {
        drop();
        hold.abandon();
      },
    };
  }

  #take({ analysis, sql, types, values }: HeldText): Kept {
    // UTF-16 units count for two.
    const bytes = sql.length * 2 + (values?.length ?? 0);
    if (bytes > MAX_TEXT_BYTES || this.#bytes + bytes > this.#maxBytes) return { text: undefined, bytes: 0, holds: 0 };
    this.#bytes += bytes;
    return { text: { analysis, sql, types, values }, bytes, holds: 0 };
  }

  /** `too_long`: it waits here, and is too long to be kept, or there are too many. Undefined: it does not wait here. */
  of(request: string): HeldText | 'too_long' | undefined {
    const kept = this.#texts.get(request);
    return kept && (kept.text ?? 'too_long');
  }

  /** Of all that are kept. */
  get bytes(): number {
    return this.#bytes;
  }
}
