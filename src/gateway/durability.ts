/** Who waits for which log position: told once per group commit, in order. */
import type { EventLog, Position } from '../store/event-log.ts';

export interface DurabilityWaiter {
  durable(position: Position): void;
  auditFailed(from: Position): void;
}

export class Durability {
  /** In order of position: intents are taken in order, whoever takes them. */
  #waiting: { waiter: DurabilityWaiter; position: Position }[] = [];
  readonly #unsubscribe: () => void;

  constructor(log: EventLog) {
    this.#unsubscribe = log.subscribe({
      onDurable: (position) => this.#durable(position),
      onFailed: (from) => this.#failed(from),
    });
  }

  wait(waiter: DurabilityWaiter, position: Position): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.waiter === waiter && last.position === position) return;
    this.#waiting.push({ waiter, position });
  }

  forget(waiter: DurabilityWaiter): void {
    this.#waiting = this.#waiting.filter((entry) => entry.waiter !== waiter);
  }

  close(): void {
    this.#unsubscribe();
  }

  #durable(position: Position): void {
    const waiting = this.#waiting;
    let kept = 0;
    const due: DurabilityWaiter[] = [];
    for (const entry of waiting) {
      if (entry.position <= position) due.push(entry.waiter);
      else waiting[kept++] = entry;
    }
    waiting.length = kept;
    for (const waiter of due) waiter.durable(position);
  }

  #failed(from: Position): void {
    const due = new Set<DurabilityWaiter>();
    this.#waiting = this.#waiting.filter((entry) => {
      if (entry.position < from) return true;
      due.add(entry.waiter);
      return false;
    });
    for (const waiter of due) waiter.auditFailed(from);
  }
}
