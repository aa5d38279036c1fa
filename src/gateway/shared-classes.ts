/**
 * Classes that data took along at one gateway hold at all that share a log: a stream of columns that got them, and of
 * relations that are being made and will. In: what is copied here. Out: the same, for the databases there. What could not be
 * written yet is in memory, and written when the log is there again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import { DbgateError } from '../errors.ts';
import type { SharedEventLog } from '../store/event-log.ts';

const STREAM = 'classes';
const RETRY_MS = 500;
const MAX_UNSENT = 100_000;

const what = { class: z.enum(COLUMN_CLASSES), from: z.string(), computed: z.boolean().optional() };
const change = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('carried'), database: z.string(), oid: z.int(), attnum: z.int(), ...what }),
  z.object({
    kind: z.literal('awaited'),
    database: z.string(),
    /** Epoch milliseconds. */
    at: z.number(),
    lookup: z.string(),
    /** Where it comes into being, if that is known and the lookup does not say it. */
    schema: z.string().optional(),
    /** Missing: all of them. */
    column: z.string().optional(),
    /** OIDs that were there before under that name. */
    known: z.array(z.int()),
    ...what,
  }),
]);
export type SharedClass = z.output<typeof change>;

export class SharedClasses {
  readonly #log: SharedEventLog;
  readonly #logLine: (line: string) => void;
  readonly #heard: SharedClass[] = [];
  readonly #listeners = new Map<string, (one: SharedClass) => void>();
  #unsent: SharedClass[] = [];
  #sending = false;
  #closed = false;
  #unregister: () => void = () => {};

  private constructor(log: SharedEventLog, logLine: (line: string) => void) {
    this.#log = log;
    this.#logLine = logLine;
  }

  /** Throws `audit_unavailable`. */
  static async open(log: SharedEventLog, logLine: (line: string) => void): Promise<SharedClasses> {
    const classes = new SharedClasses(log, logLine);
    for await (const { payload } of log.read(STREAM)) classes.#hear(payload);
    classes.#unregister = log.onForeign(({ stream, payload }) => {
      if (stream === STREAM) classes.#hear(payload);
    });
    return classes;
  }

  /** Told all that was told of it until now, and what others tell from now on. */
  listen(database: string, listener: (one: SharedClass) => void): void {
    this.#listeners.set(database, listener);
    for (const one of this.#heard) if (one.database === database) listener(one);
  }

  tell(one: SharedClass): void {
    if (this.#unsent.length >= MAX_UNSENT) {
      this.#logLine(
        `other gateways are not told what was copied into ${one.database}: too much waits for the shared log`,
      );
      return;
    }
    this.#heard.push(one);
    this.#unsent.push(one);
    void this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#unregister();
  }

  #hear(payload: string): void {
    const one = read(payload);
    if (one === undefined) return;
    this.#heard.push(one);
    this.#listeners.get(one.database)?.(one);
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#unsent.length > 0 && !this.#closed) {
      const batch = this.#unsent;
      this.#unsent = [];
      try {
        await this.#log.append(
          STREAM,
          batch.map((one) => ({ payload: JSON.stringify(one) })),
        );
      } catch (error) {
        if (!(error instanceof DbgateError)) throw error;
        this.#unsent = [...batch, ...this.#unsent];
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    this.#sending = false;
  }
}

/** Undefined: it is nothing that this version knows. */
function read(payload: string): SharedClass | undefined {
  try {
    return change.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}
