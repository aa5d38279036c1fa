/**
 * Classes that data took along at one gateway hold at all that share a log: a stream of columns that got them, and of
 * relations that are being made and will. In: what is copied here. Out: the same, for the databases there. What could not be
 * written yet is in memory, and written when the log is there again, or when this gateway starts again, out of what it keeps
 * of its databases.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import { DbgateError } from '../errors.ts';
import type { SharedEventLog } from '../store/event-log.ts';
import type { ClassificationStore } from './classification-store.ts';

const STREAM = 'classes';
const RETRY_MS = 500;
const MAX_UNSENT = 100_000;
/** At the end, for what is on its way. */
const LAST_MS = 2_000;
/** What was awaited longer ago has come, or nothing came of it. */
export const AWAITED_MS = 3_600_000;

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
type Carried = Extract<SharedClass, { kind: 'carried' }>;
type AwaitedElsewhere = Extract<SharedClass, { kind: 'awaited' }>;

export class SharedClasses {
  readonly #log: SharedEventLog;
  readonly #logLine: (line: string) => void;
  /** By database, OID and column. */
  readonly #carried = new Map<string, Map<number, Map<number, Carried>>>();
  /** The oldest first. */
  #awaited: AwaitedElsewhere[] = [];
  readonly #listeners = new Map<string, (one: SharedClass) => void>();
  #unsent: SharedClass[] = [];
  #sending: Promise<void> | undefined;
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
    for (const columns of this.#carried.get(database)?.values() ?? [])
      for (const one of columns.values()) listener(one);
    for (const one of this.#awaited) if (one.database === database) listener(one);
  }

  tell(one: SharedClass): void {
    if (this.#unsent.length >= MAX_UNSENT) {
      this.#logLine(
        `other gateways are not told what was copied into ${one.database}: too much waits for the shared log`,
      );
      return;
    }
    this.#note(one);
    this.#unsent.push(one);
    this.#sending ??= this.#send();
  }

  /** What is kept here of a database: what of it was never written, as the log was away till the end, is told now. */
  async tellKept(database: string, store: Pick<ClassificationStore, 'read'>): Promise<void> {
    const kept = (await store.read())?.inherited ?? [];
    for (const { oid, attnum, class: columnClass, from, computed } of kept) {
      const told = this.#carried.get(database)?.get(oid)?.get(attnum);
      if (told?.class === columnClass && (told.computed ?? false) === (computed ?? false)) continue;
      const how = computed === undefined ? {} : { computed };
      this.tell({ kind: 'carried', database, oid, attnum, class: columnClass, from, ...how });
    }
  }

  /** The relation is gone. */
  forget(database: string, oid: number): void {
    this.#carried.get(database)?.delete(oid);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unregister();
    if (this.#unsent.length === 0) return;
    const enough = new AbortController();
    await Promise.race([this.#sending, sleep(LAST_MS, undefined, enough).catch(() => {})]);
    enough.abort();
    if (this.#unsent.length === 0) return;
    this.#logLine(
      `${this.#unsent.length} columns with copies of masked values are not told to the other gateways before this one starts again: the shared log is away`,
    );
  }

  #note(one: SharedClass): void {
    if (one.kind === 'awaited') {
      const since = Date.now() - AWAITED_MS;
      if (this.#awaited[0] !== undefined && this.#awaited[0].at < since)
        this.#awaited = this.#awaited.filter(({ at }) => at >= since);
      if (one.at >= since) this.#awaited.push(one);
      return;
    }
    const ofDatabase = getOr(this.#carried, one.database, () => new Map<number, Map<number, Carried>>());
    getOr(ofDatabase, one.oid, () => new Map<number, Carried>()).set(one.attnum, one);
  }

  #hear(payload: string): void {
    const one = read(payload);
    if (one === undefined) return;
    this.#note(one);
    this.#listeners.get(one.database)?.(one);
  }

  async #send(): Promise<void> {
    while (this.#unsent.length > 0) {
      const batch = this.#unsent.slice();
      try {
        await this.#log.append(
          STREAM,
          batch.map((one) => ({ payload: JSON.stringify(one) })),
        );
        this.#unsent.splice(0, batch.length);
      } catch (error) {
        if (!(error instanceof DbgateError)) throw error;
        if (this.#closed) break;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    this.#sending = undefined;
  }
}

function getOr<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Undefined: it is nothing that this version knows. */
function read(payload: string): SharedClass | undefined {
  try {
    return change.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}
