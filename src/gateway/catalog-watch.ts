/**
 * Sees that somebody changed the schema past this gateway: the server's own counters of what was written to its
 * catalogs, asked for every second while sessions need to know. They lag by a second or so, and a database in which
 * nothing was created or altered costs nothing more than that question.
 */
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { type Rows, SideConnection } from './side-connection.ts';
import { CATALOGS_WRITTEN_SQL } from './written-tables.ts';

const EVERY_MS = 1_000;
/** Reading the catalog costs more than asking: temporary tables come and go. */
const AT_MOST_EVERY_MS = 5_000;
const TIMEOUT_MS = 5_000;

export class CatalogWatch {
  readonly #connection: SideConnection;
  readonly #noticed: () => void;
  readonly #changed: () => void;
  readonly #asked: (query: (sql: string) => Promise<Rows>) => Promise<void>;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | null | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #owed = false;
  #closed = false;

  /** `noticed`: at once, each time; `changed`: to read the catalog anew, not too often; `asked`: whenever it asks, to ask more. */
  constructor(
    settings: UpstreamSettings,
    {
      noticed,
      changed,
      asked,
    }: { noticed: () => void; changed: () => void; asked: (query: (sql: string) => Promise<Rows>) => Promise<void> },
  ) {
    this.#connection = new SideConnection(settings, TIMEOUT_MS);
    this.#noticed = noticed;
    this.#changed = changed;
    this.#asked = asked;
  }

  /** A session needs to know, until `release`. */
  acquire(): void {
    this.#users++;
    if (this.#timer === undefined) this.#askSoon();
  }

  release(): void {
    this.#users--;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  #askSoon(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#ask(), EVERY_MS).unref();
  }

  async #ask(): Promise<void> {
    if (this.#users <= 0) {
      this.#timer = undefined;
      this.#seen = undefined;
      return;
    }
    try {
      const rows = await this.#connection.query(CATALOGS_WRITTEN_SQL);
      const written = rows[0]?.[0] ?? null;
      // What happened before nobody saw.
      if (this.#seen === undefined) this.#noticed();
      else if (written !== this.#seen) this.#owe();
      this.#seen = written;
      await this.#asked((sql) => this.#connection.query(sql));
    } catch {
      // The snapshot's own reads tell what is wrong with the database; until it answers, what was read may be old.
      this.#owe();
    }
    const nowMs = performance.now();
    if (this.#owed && nowMs - this.#toldAt >= AT_MOST_EVERY_MS) {
      this.#owed = false;
      this.#toldAt = nowMs;
      this.#changed();
    }
    this.#askSoon();
  }

  #owe(): void {
    this.#owed = true;
    this.#noticed();
  }
}
