import type { Position, StoredRecord } from './event-log.ts';
import type { SharedDatabase } from './postgres-database.ts';

interface Row {
  readonly position: string;
  readonly stream: string;
  readonly stream_seq: string;
  readonly payload: string;
}

interface Range {
  readonly first: Position;
  readonly last: Position;
}

const CHUNK_RECORDS = 500;

/** Reads the shared log: every row that can be seen is durable, and none before it is still to come. */
export class PostgresReader {
  readonly #database: SharedDatabase;
  /** Own positions that count as somebody else's. */
  #asForeign: Range[] = [];

  constructor(database: SharedDatabase) {
    this.#database = database;
  }

  async head(): Promise<Position> {
    const [row] = await this.#database.watcher.query<{ last_position: string }>(
      'head',
      `SELECT last_position FROM ${this.#database.schema}.heads WHERE name = 'log'`,
      [],
    );
    return Number(row!.last_position);
  }

  async *stream(stream: string, fromSeq: number, limit = Number.POSITIVE_INFINITY): AsyncIterable<StoredRecord> {
    for (let from = fromSeq, left = limit; left > 0; ) {
      const chunk = await this.#read('read-stream', 'stream = $1 AND stream_seq >= $2 ORDER BY stream_seq LIMIT $3', [
        stream,
        from,
        Math.min(left, CHUNK_RECORDS),
      ]);
      yield* chunk;
      if (chunk.length < CHUNK_RECORDS) return;
      left -= chunk.length;
      from = chunk.at(-1)!.streamSeq + 1;
    }
  }

  async *all(fromPosition: Position, limit = Number.POSITIVE_INFINITY): AsyncIterable<StoredRecord> {
    for (let from = fromPosition, left = limit; left > 0; ) {
      const chunk = await this.#read('read-all', 'position >= $1 ORDER BY position LIMIT $2', [
        from,
        Math.min(left, CHUNK_RECORDS),
      ]);
      yield* chunk;
      if (chunk.length < CHUNK_RECORDS) return;
      left -= chunk.length;
      from = chunk.at(-1)!.position + 1;
    }
  }

  /** Records of other processes behind `after`, and the log's last position at the same moment. */
  async foreign(after: Position, limit: number): Promise<{ head: Position; records: StoredRecord[] }> {
    const { schema, instance, watcher } = this.#database;
    const rows = await watcher.query<Partial<Row> & { last_position: string }>(
      'foreign',
      `SELECT h.last_position, r.position, r.stream, r.stream_seq, r.payload
       FROM ${schema}.heads h LEFT JOIN LATERAL (
         SELECT * FROM ${schema}.records
         WHERE position > $1 AND (instance <> $2 OR EXISTS (
           SELECT FROM unnest($4::bigint[], $5::bigint[]) AS own (first, last) WHERE position BETWEEN own.first AND own.last))
         ORDER BY position LIMIT $3) r ON true
       WHERE h.name = 'log' ORDER BY r.position`,
      [after, instance, limit, this.#asForeign.map(({ first }) => first), this.#asForeign.map(({ last }) => last)],
    );
    const records = rows.filter((row) => row.position !== null) as unknown as Row[];
    return { head: Number(rows[0]!.last_position), records: records.map(toRecord) };
  }

  /** These are given out as if somebody else had written them. */
  takeForForeign(range: Range): void {
    this.#asForeign.push(range);
  }

  /** Everything up to there was given out. */
  passed(position: Position): void {
    if (this.#asForeign.length > 0) this.#asForeign = this.#asForeign.filter(({ last }) => last > position);
  }

  async #read(name: string, where: string, values: readonly unknown[]): Promise<StoredRecord[]> {
    const { schema, watcher } = this.#database;
    const text = `SELECT position, stream, stream_seq, payload FROM ${schema}.records WHERE ${where}`;
    return (await watcher.query<Row>(name, text, values)).map(toRecord);
  }
}

function toRecord({ position, stream, stream_seq, payload }: Row): StoredRecord {
  return { position: Number(position), stream, streamSeq: Number(stream_seq), payload };
}
