/**
 * Statements that wait at this gateway, as they came: text and bind values, in memory only, for whoever decides to see what
 * they may see of them. In: what a session wants to have approved, under its request and the hash that makes it this
 * execution and no other. Out: the same, until it is over; that there was no room for it. Nothing of it is ever written.
 */
import type { Hold } from '../approvals/contract.ts';
import type { HoldQuestion } from './session/contract.ts';

export type HeldText = Pick<HoldQuestion, 'analysis' | 'sql' | 'types' | 'values'>;

/** One execution, or several with the same text and values. */
export interface HeldExecution {
  readonly hash: string;
  /** Undefined: it is too long to be kept, or too many wait. */
  readonly text: HeldText | undefined;
  /** How many wait with it. */
  readonly holds: number;
}

interface Kept extends HeldExecution {
  readonly bytes: number;
  holds: number;
}

/** Of one execution, text and values. */
export const MAX_TEXT_BYTES = 256 << 10;
/** Of all of them. */
const MAX_BYTES = 16 << 20;

export class HeldTexts {
  readonly #maxBytes: number;
  /** By request and hash, in the order in which they came. */
  readonly #texts = new Map<string, Map<string, Kept>>();
  #bytes = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Kept until the hold is over. */
  keep({ request, over }: Pick<Hold, 'request' | 'over'>, hash: string, text: HeldText): void {
    const executions = this.#texts.get(request) ?? new Map<string, Kept>();
    this.#texts.set(request, executions);
    const kept = executions.get(hash) ?? this.#take(hash, text);
    executions.set(hash, kept);
    kept.holds++;
    void over.then(() => {
      if (--kept.holds > 0) return;
      executions.delete(hash);
      if (executions.size === 0) this.#texts.delete(request);
      this.#bytes -= kept.bytes;
    });
  }

  #take(hash: string, { analysis, sql, types, values }: HeldText): Kept {
    // UTF-16 units count for two.
    const bytes = sql.length * 2 + (values?.length ?? 0);
    if (bytes > MAX_TEXT_BYTES || this.#bytes + bytes > this.#maxBytes) {
      return { hash, text: undefined, bytes: 0, holds: 0 };
    }
    this.#bytes += bytes;
    return { hash, text: { analysis, sql, types, values }, bytes, holds: 0 };
  }

  /** Those that wait here, the first that came first. */
  of(request: string): readonly HeldExecution[] {
    return [...(this.#texts.get(request)?.values() ?? [])];
  }

  /** Of all that are kept. */
  get bytes(): number {
    return this.#bytes;
  }
}
