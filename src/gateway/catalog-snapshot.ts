/**
 * The catalog of one database, for all sessions and for the threads that trace: read on a connection of the gateway's
 * own, again after DDL and now and then. What was read before DDL says nothing after it: `current` is undefined until
 * there is a newer one, and who needs one waits for `fresh()`.
 */
import { createHash } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.ts';
import { type CatalogRows, catalogFromRows } from '../catalog/catalog-model.ts';
import { CATALOG_SQL } from '../catalog/catalog-query.ts';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { queryOnce } from './side-query.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';

/** Texts that a lock hid are asked for again. */
const UNREADABLE_MS = 2_000;

export class CatalogSnapshot {
  /** Of the last one that was read; another whenever names, types or texts in it are others. 0: none was. */
  version = 0;
  /** What it was made of, for threads that make their own of it. */
  rows: CatalogRows = [];
  /** When it was read last, epoch milliseconds; undefined: it was not. */
  readAt: number | undefined;
  readonly #settings: UpstreamSettings;
  readonly #log: (line: string) => void;
  readonly #schedule = new SnapshotSchedule(() => this.#readNow());
  #catalog: Catalog | undefined;
  #holds = false;
  #fingerprint = '';
  #failure: unknown;
  #retry: NodeJS.Timeout | undefined;

  constructor(settings: UpstreamSettings, log: (line: string) => void) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Undefined: none was read yet, or something changed the schema since, or it could not be read. */
  get current(): Catalog | undefined {
    return this.#holds && !this.#schedule.isStale ? this.#catalog : undefined;
  }

  /** Reads the first snapshot, if none was read yet. Never rejects. */
  async ensure(): Promise<void> {
    if (this.version === 0) await this.#schedule.read();
  }

  /** One that was begun after the last `invalidate()`. Throws DbgateError `upstream_unavailable`. */
  async fresh(): Promise<Catalog> {
    for (;;) {
      const { current } = this;
      if (current !== undefined) return current;
      if (this.#schedule.isClosed) throw unreadable(this.#settings.database, undefined);
      await this.#schedule.read();
      // Schema changes that came meanwhile are no failure.
      if (!this.#holds && !this.#schedule.isStale) throw unreadable(this.#settings.database, this.#failure);
    }
  }

  /** Something may have changed the schema: reads it again, and what was read holds meanwhile. Never rejects. */
  async refresh(): Promise<void> {
    await this.#schedule.read();
  }

  /** Something changed the schema. */
  invalidate(): void {
    this.#schedule.invalidate();
  }

  close(): void {
    this.#schedule.close();
    clearTimeout(this.#retry);
    this.#holds = false;
  }

  async #readNow(): Promise<void> {
    try {
      const rows = await queryOnce(this.#settings, CATALOG_SQL);
      if (this.#schedule.isClosed) return;
      const fingerprint = fingerprintOf(rows);
      if (fingerprint !== this.#fingerprint) {
        this.#catalog = catalogFromRows(rows, this.version + 1);
        this.version++;
        this.rows = rows;
        this.#fingerprint = fingerprint;
      }
      this.#holds = true;
      this.readAt = Date.now();
      this.#failure = undefined;
      this.#retryUnreadable();
    } catch (error) {
      this.#holds = false;
      this.#failure = error;
      this.#log(`the catalog of ${this.#settings.database} could not be read: ${(error as Error).message}`);
    }
  }

  #retryUnreadable(): void {
    clearTimeout(this.#retry);
    if (this.#catalog?.unreadable.size === 0) return;
    this.#retry = setTimeout(() => void this.#schedule.read(), UNREADABLE_MS);
    this.#retry.unref();
  }
}

/** Every VACUUM and ANALYZE changes estimates; only their size matters. */
function fingerprintOf(rows: CatalogRows): string {
  const texts = rows.map(([what, payload, estimate]) => `${what} ${magnitude(estimate)} ${payload}`).sort();
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('base64');
}

function magnitude(estimate: string | null | undefined): number {
  const rows = Number(estimate ?? 0);
  return rows > 0 ? Math.round(Math.log2(rows)) : -1;
}

function unreadable(database: string, cause: unknown): DbgateError {
  return new DbgateError('upstream_unavailable', `the catalog of ${database} could not be read`, {
    sqlstate: '08006',
    hint: 'Without it nobody can tell what a statement reads. Try again, or ask who runs the gateway.',
    cause,
  });
}
