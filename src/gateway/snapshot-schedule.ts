/**
 * When what is known of a database is read again: once at a time, some time after DDL, and now and then. It knows
 * nothing of what is read.
 */

const REFRESH_MS = 60_000;
const AFTER_DDL_MS = 200;

export class SnapshotSchedule {
  readonly #readNow: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #changes = 0;
  /** How many of the changes the read that was begun last sees, and what was read last has seen. */
  #begunAt = 0;
  #seen = 0;
  #closed = false;

  /** `readNow` never rejects. */
  constructor(readNow: () => Promise<void>) {
    this.#readNow = readNow;
  }

  /** Something changed the schema since what was read last was begun, be it that a newer read is under way. */
  get isStale(): boolean {
    return this.#seen < this.#changes;
  }

  /** And since the last read was begun. */
  get hasChangedSinceBegun(): boolean {
    return this.#begunAt < this.#changes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Reads now, or waits for the read that is under way. */
  read(): Promise<void> {
    this.#reading ??= this.#begin().finally(() => {
      this.#reading = undefined;
      this.#readAgainIn(this.isStale ? AFTER_DDL_MS : REFRESH_MS);
    });
    return this.#reading;
  }

  /** One that is begun from now on. */
  async readAnew(): Promise<void> {
    this.#changes++;
    const changes = this.#changes;
    while (this.#seen < changes && !this.#closed) await this.read();
  }

  invalidate(): void {
    this.#changes++;
    this.#readAgainIn(AFTER_DDL_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #begin(): Promise<void> {
    this.#begunAt = this.#changes;
    await this.#readNow();
    this.#seen = this.#begunAt;
  }

  #readAgainIn(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.read(), ms);
    this.#timer.unref();
  }
}
