/**
 * What has to be told and was not yet. In: messages with the targets that get them. Out: attempts, again and again until
 * a target has taken it or a day is over. At least once: a message keeps its id, so a receiver can drop doubles. A target
 * that is slow or gone holds up no other; order is nobody's promise.
 */
import { Journal } from './journal.ts';

export interface OutboxMessage {
  readonly id: string;
  /** Epoch milliseconds: when it happened. */
  readonly at: number;
}

export type Attempt =
  | { readonly kind: 'delivered' }
  /** `afterMs`: the target said when to come again. */
  | { readonly kind: 'failed'; readonly why: string; readonly afterMs?: number | undefined }
  /** It never will be: the target is configured no more, or says so. */
  | { readonly kind: 'given-up'; readonly why: string };

export interface OutboxOptions<M extends OutboxMessage> {
  readonly dir: string;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  logLine(line: string): void;
  /** Never rejects. */
  attempt(target: string, message: M): Promise<Attempt>;
  /** Default 1 s. */
  readonly firstRetryMs?: number;
  /** Default 10,000. */
  readonly maxPending?: number;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15 * 60_000;
const GIVE_UP_MS = 24 * 3_600_000;
const MAX_PENDING = 10_000;
/** Attempts at one target at once. */
const AT_ONCE = 4;
const NOTE_INTERVAL_MS = 10_000;

interface Waiting<M> {
  readonly message: M;
  readonly target: string;
  attempts: number;
  timer: NodeJS.Timeout | undefined;
}

interface Lane<M> {
  running: number;
  readonly ready: Waiting<M>[];
}

export class Outbox<M extends OutboxMessage> {
  readonly #options: OutboxOptions<M>;
  readonly #journal: Journal;
  /** By `id target`, oldest first. */
  readonly #waiting = new Map<string, Waiting<M>>();
  readonly #lanes = new Map<string, Lane<M>>();
  #dropped = 0;
  #notedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  private constructor(options: OutboxOptions<M>, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
  }

  /** Takes up what was left by the last run. */
  static async open<M extends OutboxMessage>(options: OutboxOptions<M>): Promise<Outbox<M>> {
    const journal = await Journal.open(options);
    const outbox = new Outbox(options, journal);
    for (const { targets, message } of journal.entries()) {
      for (const target of targets) outbox.#add(target, message as M);
    }
    return outbox;
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Messages that nobody got: too many, too old, or refused for good. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves when it is on stable storage. One of the same id that was put before is left out. */
  async put(message: M, targets: readonly string[]): Promise<void> {
    const { id, at } = message;
    if (this.#closed || this.#journal.has(id)) return;
    // For nobody too: it is not to be told when there is a target some day.
    const durable = this.#journal.put({ id, at, targets, message: targets.length === 0 ? null : message });
    const { maxPending = MAX_PENDING } = this.#options;
    // First durable, then sent: what was sent must not be forgotten, or a restart could send it under another id.
    await durable;
    for (const target of targets) this.#add(target, message);
    while (this.#waiting.size > maxPending) {
      const oldest = this.#waiting.values().next().value!;
      this.#drop(oldest, 'too many are waiting');
    }
  }

  /** It was put before, by this run or one before it. */
  wasPut(id: string, at: number): boolean {
    return this.#journal.has(id) || this.#journal.isOld(at);
  }

  /** Tries everything at once that waits for its time: a target may work again since its settings changed. */
  hurry(): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.timer === undefined) continue;
      clearTimeout(waiting.timer);
      this.#ready(waiting);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    await this.#journal.close();
  }

  #add(target: string, message: M): void {
    const waiting: Waiting<M> = { message, target, attempts: 0, timer: undefined };
    this.#waiting.set(`${message.id} ${target}`, waiting);
    this.#ready(waiting);
  }

  #ready(waiting: Waiting<M>): void {
    waiting.timer = undefined;
    let lane = this.#lanes.get(waiting.target);
    if (lane === undefined) {
      lane = { running: 0, ready: [] };
      this.#lanes.set(waiting.target, lane);
    }
    lane.ready.push(waiting);
    this.#pump(lane);
  }

  #pump(lane: Lane<M>): void {
    while (!this.#closed && lane.running < AT_ONCE) {
      const next = lane.ready.shift();
      if (next === undefined) return;
      // It may have been dropped meanwhile.
      if (this.#waiting.get(`${next.message.id} ${next.target}`) !== next) continue;
      lane.running++;
      void this.#try(next).finally(() => {
        lane.running--;
        this.#pump(lane);
      });
    }
  }

  async #try(waiting: Waiting<M>): Promise<void> {
    const { message, target } = waiting;
    waiting.attempts++;
    const result = await this.#options.attempt(target, message);
    if (this.#closed || this.#waiting.get(`${message.id} ${target}`) !== waiting) return;
    switch (result.kind) {
      case 'delivered':
        this.#forget(waiting);
        return;
      case 'given-up':
        return this.#drop(waiting, result.why);
      case 'failed': {
        const age = this.#options.now() - message.at;
        if (age > GIVE_UP_MS) return this.#drop(waiting, `a day is over: ${result.why}`);
        if (waiting.attempts === 1) {
          this.#options.logLine(`notify ${target}: ${message.id} is not delivered yet: ${result.why}`);
        }
        const delayMs = Math.max(this.#backoffMs(waiting.attempts), Math.min(result.afterMs ?? 0, LAST_RETRY_MS));
        waiting.timer = setTimeout(() => this.#ready(waiting), delayMs);
        waiting.timer.unref();
        return;
      }
      default:
        return result satisfies never;
    }
  }

  /** Doubles each time; half of it is chance, so that a crowd does not come back as one. */
  #backoffMs(attempts: number): number {
    const { firstRetryMs = FIRST_RETRY_MS, random } = this.#options;
    const full = Math.min(firstRetryMs * 2 ** Math.min(attempts - 1, 30), LAST_RETRY_MS);
    return full / 2 + (full / 2) * random();
  }

  #forget({ message, target }: Waiting<M>): void {
    this.#waiting.delete(`${message.id} ${target}`);
    this.#journal.done(message.id, target);
  }

  #drop(waiting: Waiting<M>, why: string): void {
    clearTimeout(waiting.timer);
    this.#forget(waiting);
    this.#dropped++;
    const now = performance.now();
    if (now - this.#notedAt < NOTE_INTERVAL_MS) return;
    this.#notedAt = now;
    const { message, target } = waiting;
    this.#options.logLine(
      `notify ${target}: ${message.id} is DROPPED: ${why}; ${this.#dropped} dropped since the start`,
    );
  }
}
