/** Runs a task one at a time: who asks while it runs has it run once more. */
export class SingleFlight {
  readonly #task: () => Promise<void>;
  #running = false;
  #again = false;
  #stopped = false;

  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  /** Another run behind the one under way. */
  again(): void {
    this.#again = true;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** False: it runs already, and will again. Throws what the task throws. */
  async run(): Promise<boolean> {
    this.#again = true;
    if (this.#running) return false;
    this.#running = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#task();
      }
    } finally {
      this.#running = false;
    }
    return true;
  }
}
