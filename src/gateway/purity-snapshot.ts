/**
 * What of a database's catalog tells a pure read from others: read on a connection of the gateway's own, kept for all
 * sessions, and read again after DDL and now and then. While there is none, nothing counts as pure: that costs a wait
 * for the disk, never a record.
 */
import { PURITY_CATALOG_SQL, type PurityCatalog, purityCatalogFromRows } from '../catalog/purity-catalog.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { queryOnce } from './side-query.ts';

const REFRESH_MS = 60_000;
const AFTER_DDL_MS = 200;

export class PuritySnapshot {
  /** Changes with every snapshot. */
  current: PurityCatalog | undefined;
  readonly #settings: UpstreamSettings;
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #stale = false;
  #closed = false;

  constructor(settings: UpstreamSettings, log: (line: string) => void) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Reads the first snapshot, if none was read yet. */
  ensure(): Promise<void> {
    if (this.current !== undefined) return Promise.resolve();
    return this.#read();
  }

  /** Something changed the schema: what was pure may not be now. */
  invalidate(): void {
    this.current = undefined;
    this.#stale = true;
    this.#schedule(AFTER_DDL_MS);
  }

  /** It is not kept up to date any more, so it says nothing any more. */
  close(): void {
    this.#closed = true;
    this.current = undefined;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(), ms);
    this.#timer.unref();
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
      this.#schedule(this.#stale ? AFTER_DDL_MS : REFRESH_MS);
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    this.#stale = false;
    try {
      const catalog = purityCatalogFromRows(await queryOnce(this.#settings, PURITY_CATALOG_SQL));
      // DDL that came meanwhile may not be in it.
      if (!this.#stale && !this.#closed) this.current = catalog;
    } catch (error) {
      this.current = undefined;
      this.#log(`catalog of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }
}
