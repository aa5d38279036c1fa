/**
 * What of a database's catalog tells a pure read from others: read on a connection of the gateway's own, kept for all
 * sessions, and read again after DDL and now and then. While there is none, nothing counts as pure: that costs a wait
 * for the disk, never a record.
 */
import { PURITY_CATALOG_SQL, type PurityCatalog, purityCatalogFromRows } from '../catalog/purity-catalog.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { queryOnce } from './side-query.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';

export class PuritySnapshot {
  /** Changes with every snapshot. */
  current: PurityCatalog | undefined;
  readonly #settings: UpstreamSettings;
  readonly #log: (line: string) => void;
  readonly #schedule = new SnapshotSchedule(() => this.#readNow());

  constructor(settings: UpstreamSettings, log: (line: string) => void) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Reads the first snapshot, if none was read yet. */
  ensure(): Promise<void> {
    if (this.current !== undefined) return Promise.resolve();
    return this.#schedule.read();
  }

  /** Something changed the schema: what was pure may not be now. */
  invalidate(): void {
    this.current = undefined;
    this.#schedule.invalidate();
  }

  /** As it is from now on; until then nothing is pure. Never rejects: what cannot be read is none. */
  async readAnew(): Promise<void> {
    this.current = undefined;
    await this.#schedule.readAnew();
  }

  /** It is not kept up to date any more, so it says nothing any more. */
  close(): void {
    this.current = undefined;
    this.#schedule.close();
  }

  async #readNow(): Promise<void> {
    try {
      const catalog = purityCatalogFromRows(await queryOnce(this.#settings, PURITY_CATALOG_SQL));
      // DDL that came meanwhile may not be in it.
      if (!this.#schedule.hasChangedSinceBegun && !this.#schedule.isClosed) this.current = catalog;
    } catch (error) {
      this.current = undefined;
      this.#log(`catalog of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }
}
