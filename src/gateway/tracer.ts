/**
 * Texts → lineages, off the main thread, for all databases of one server major. A catalog is said once and used by its
 * key. A text that breaks the thread, or takes too long, has no lineage; the others that waited go to a new thread.
 */
import { DbgateError } from '../errors.ts';
import type { Lineage } from '../sql/lineage/lineage.ts';
import { ParserLane } from './parser-lane.ts';
import type { CatalogRows, TraceRequest, TraceResult } from './tracer-worker.ts';

const DEADLINE_MS = 5_000;

export class Tracer {
  readonly #lane: ParserLane<TraceRequest, TraceResult, CatalogRows>;
  #nextKey = 1;

  constructor(major: number) {
    this.#lane = new ParserLane({ worker: 'tracer-worker', major, deadlineMs: DEADLINE_MS, idleMs: 0 });
  }

  /** The key of the catalog for `trace`, until it is forgotten. */
  remember(rows: CatalogRows): number {
    const key = this.#nextKey++;
    this.#lane.remember(key, rows);
    return key;
  }

  forget(key: number): void {
    this.#lane.forget(key);
  }

  /** Undefined: it cannot be traced. Throws DbgateError when the thread broke over it or took too long. */
  async trace(request: TraceRequest): Promise<Lineage | undefined> {
    const outcome = await this.#lane.submit(request);
    if (outcome.kind === 'done') return outcome.result.lineage;
    const { kind, message, sqlstate } = outcome.error;
    // Deep or large ones break every thread.
    if (kind === 'too_deep' || kind === 'too_large') return undefined;
    throw new DbgateError('internal', message, { sqlstate });
  }

  close(): Promise<void> {
    return this.#lane.close();
  }
}
