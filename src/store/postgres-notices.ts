/**
 * What gateways call out to one another, on the PostgreSQL that they share: it matters now or not at all, so it is kept
 * for an hour. In: short texts. Out: those of the others since this process began, in order. Nothing here is durable
 * truth; a notice that could not be given is given when the server is there again, perhaps twice.
 */
import { isServerTrouble } from './postgres-connection.ts';
import type { SharedDatabase } from './postgres-database.ts';
import { SingleFlight } from './single-flight.ts';

export interface NoticeListener {
  onNotice(body: string): void;
  /** Notices were removed before this process had seen them. */
  onMissed(): void;
}

const MAX_AT_ONCE = 500;
const MAX_WAITING = 1_000;
const CLEAN_EVERY_MS = 600_000;

interface Row {
  readonly last_position: string;
  readonly oldest: string | null;
  readonly position: string | null;
  readonly body: string | null;
}

export class PostgresNotices {
  readonly #database: SharedDatabase;
  readonly #listener: NoticeListener;
  readonly #unregister: (() => void)[] = [];
  /** By what makes them the same, in order. */
  readonly #waiting = new Map<string, string>();
  #cursor = 0;
  #giving = false;
  readonly #poll = new SingleFlight(() => this.#look());
  #closed = false;
  #cleanTimer: NodeJS.Timeout | undefined;

  constructor(database: SharedDatabase, listener: NoticeListener) {
    this.#database = database;
    this.#listener = listener;
  }

  async begin(): Promise<void> {
    const { schema, watcher } = this.#database;
    const [row] = await watcher.query<{ last_position: string }>(
      'notices-head',
      `SELECT last_position FROM ${schema}.heads WHERE name = 'notices'`,
      [],
    );
    this.#cursor = Number(row!.last_position);
    this.#unregister.push(
      this.#database.onNews('notices', () => void this.#lookSoon()),
      this.#database.onWriterUp(() => void this.#give()),
    );
    this.#cleanTimer = setInterval(() => this.#clean(), CLEAN_EVERY_MS).unref();
  }

  /** Soon, once for however many calls with the same `key` until then. */
  give(key: string, body: string): void {
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key)) return;
    this.#waiting.set(key, body);
    void this.#give();
  }

  close(): void {
    this.#closed = true;
    this.#poll.stop();
    clearInterval(this.#cleanTimer);
    for (const unregister of this.#unregister.splice(0)) unregister();
  }

  async #give(): Promise<void> {
    if (this.#giving || this.#closed) return;
    this.#giving = true;
    const { schema, instance, writer } = this.#database;
    try {
      for (const [key, body] of this.#waiting) {
        // Before: a call meanwhile is about something newer.
        this.#waiting.delete(key);
        try {
          await writer.query('notice', `SELECT ${schema}.give_notice($1, $2)`, [instance, body]);
        } catch (error) {
          if (!this.#waiting.has(key)) this.#putFirst(key, body);
          throw error;
        }
      }
    } catch (error) {
      if (!isServerTrouble(error)) throw error;
    } finally {
      this.#giving = false;
    }
  }

  #putFirst(key: string, body: string): void {
    const rest = [...this.#waiting];
    this.#waiting.clear();
    for (const [one, text] of [[key, body] as const, ...rest]) this.#waiting.set(one, text);
  }

  async #lookSoon(): Promise<void> {
    try {
      if (!(await this.#poll.run())) return;
    } catch (error) {
      if (!isServerTrouble(error)) throw error;
    }
    // What could not be given for a reason other than the connection's.
    if (this.#waiting.size > 0) void this.#give();
  }

  async #look(): Promise<void> {
    const { schema, instance, watcher } = this.#database;
    const rows = await watcher.query<Row>(
      'notices',
      `SELECT h.last_position, (SELECT min(position) FROM ${schema}.notices) AS oldest, n.position, n.body
       FROM ${schema}.heads h LEFT JOIN LATERAL (
         SELECT position, body FROM ${schema}.notices
         WHERE position > $1 AND instance <> $2 ORDER BY position LIMIT $3) n ON true
       WHERE h.name = 'notices' ORDER BY n.position`,
      [this.#cursor, instance, MAX_AT_ONCE],
    );
    if (this.#closed) return;
    const head = Number(rows[0]!.last_position);
    const oldest = rows[0]!.oldest === null ? head + 1 : Number(rows[0]!.oldest);
    if (oldest > this.#cursor + 1) this.#listener.onMissed();
    const full = rows.length === MAX_AT_ONCE;
    this.#cursor = full ? Number(rows.at(-1)!.position) : Math.max(head, this.#cursor);
    for (const { body } of rows) if (body !== null) this.#listener.onNotice(body);
    if (full) this.#poll.again();
  }

  #clean(): void {
    const { schema, writer } = this.#database;
    const sql = `DELETE FROM ${schema}.notices WHERE written_at < now() - interval '1 hour'`;
    writer.query('', sql, []).catch((error) => {
      if (!isServerTrouble(error)) throw error;
    });
  }
}
