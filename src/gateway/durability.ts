/** Who waits for which record: told once per group commit what became of it, in order of position. */
import type { EventLog, Position } from '../store/event-log.ts';

export interface DurabilityWaiter {
  durable(position: Position): void;
  auditFailed(from: Position): void;
}

interface Wait {
  waiter: DurabilityWaiter;
  position: Position;
  /** Of a monotonic clock; 0: nobody wants to know. */
  since: number;
}

export class Durability {
  /** Told how long each waited, milliseconds. */
  onWaited: ((ms: number) => void) | undefined;
  /** In order of position: intents are taken one after the other, and waited for at once. */
  #waiting: Wait[] = [];
  #head = 0;
  readonly #unsubscribe: () => void;

  constructor(log: EventLog) {
    this.#unsubscribe = log.subscribe({
      onDurable: (position) => this.#durable(position),
      onFailed: (from) => this.#failed(from),
    });
  }

  wait(waiter: DurabilityWaiter, position: Position): void {
    this.#waiting.push({ waiter, position, since: this.onWaited === undefined ? 0 : performance.now() });
  }

  close(): void {
    this.#unsubscribe();
  }

  #durable(position: Position): void {
    const waiting = this.#waiting;
    let last: DurabilityWaiter | undefined;
    const now = this.onWaited === undefined ? 0 : performance.now();
    while (this.#head < waiting.length && waiting[this.#head]!.position <= position) {
      const { waiter, since } = waiting[this.#head++]!;
      if (since > 0) this.onWaited?.(now - since);
      // A pipeline takes many intents in a row.
      if (waiter !== last) waiter.durable(position);
      last = waiter;
    }
    if (this.#head === waiting.length) {
      waiting.length = 0;
      this.#head = 0;
    } else if (this.#head > 4096) {
      this.#waiting = waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  #failed(from: Position): void {
    const due = new Set<DurabilityWaiter>();
    const kept: Wait[] = [];
    for (const wait of this.#waiting.slice(this.#head)) {
      if (wait.position >= from) due.add(wait.waiter);
      else kept.push(wait);
    }
    this.#waiting = kept;
    this.#head = 0;
    for (const waiter of due) waiter.auditFailed(from);
  }
}
