/**
 * Texts → lineages, off the main thread, for all databases of one server major: two threads, so that short texts never
 * wait behind long ones. A catalog is said once and used by its key. A text that breaks its thread, or takes too long, has
 * no lineage; the others that waited go to a new thread.
 */
import { DbgateError } from '../errors.ts';
import type { Lineage } from '../sql/lineage/lineage.ts';
import { ParserLane } from './parser-lane.ts';
import type { CatalogRows, TraceRequest, TraceResult } from './tracer-worker.ts';

const DEADLINE_MS = 5_000;
/** A shorter one takes some 30 ms of CPU, unless its parts double one another. */
const LONG_TEXT = 16 * 1024;
/** Its catalogs go with the thread. */
const LONG_IDLE_MS = 15_000;

type TracerLane = ParserLane<TraceRequest, TraceResult, CatalogRows>;

export class Tracer {
  readonly #short: TracerLane;
  readonly #long: TracerLane;
  readonly #catalogs = new Map<number, CatalogRows>();
  /** Catalogs that the second thread was told of: those of which it had a text. */
  readonly #longKnows = new Set<number>();
  #nextKey = 1;

  constructor(major: number) {
    const lane = { worker: 'tracer-worker' as const, major, deadlineMs: DEADLINE_MS };
    this.#short = new ParserLane({ ...lane, idleMs: 0 });
    this.#long = new ParserLane({ ...lane, idleMs: LONG_IDLE_MS });
  }

  /** The key of the catalog for `trace`, until it is forgotten. */
  remember(rows: CatalogRows): number {
    const key = this.#nextKey++;
    this.#catalogs.set(key, rows);
    this.#short.remember(key, rows);
    return key;
  }

  forget(key: number): void {
    this.#catalogs.delete(key);
    this.#short.forget(key);
    if (this.#longKnows.delete(key)) this.#long.forget(key);
  }

  #laneFor({ sql, catalog }: TraceRequest): TracerLane {
    if (sql.length <= LONG_TEXT) return this.#short;
    const rows = this.#catalogs.get(catalog);
    if (rows !== undefined && !this.#longKnows.has(catalog)) {
      this.#longKnows.add(catalog);
      this.#long.remember(catalog, rows);
    }
    return this.#long;
  }

  /** Undefined: it cannot be traced. Throws DbgateError when the thread broke over it or took too long. */
  async trace(request: TraceRequest): Promise<Lineage | undefined> {
    const outcome = await this.#laneFor(request).submit(request);
    if (outcome.kind === 'done') return outcome.result.lineage;
    const { kind, message, sqlstate } = outcome.error;
    // Deep or large ones break every thread.
    if (kind === 'too_deep' || kind === 'too_large') return undefined;
    throw new DbgateError('internal', message, { sqlstate });
  }

  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()]);
  }
}
