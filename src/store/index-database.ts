/**
 * The index of the record: an SQLite file made from segments, for questions that segments answer slowly.
 * In: records in order, each batch with the place behind it, in one transaction. Out: the database to ask.
 * It holds nothing that is not in the segments and may be deleted at any time. Runs in the index worker only, or in
 * `dbgate audit reindex` where no gateway runs.
 */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AuditRecord } from '../audit/record.ts';
import type { Position, StoredRecord } from './event-log.ts';
import { SCHEMA, SCHEMA_VERSION } from './index-schema.ts';
import { IndexWriter } from './index-writer.ts';
import { type SegmentCursor, START } from './segment-reader.ts';

export interface IndexDatabase {
  readonly sqlite: DatabaseSync;
  readonly writer: IndexWriter;
  /** The place in the segments up to which everything is indexed. */
  place(): SegmentCursor;
  /** Indexes records that follow `place()`; gives how many had no sense and were left out. */
  apply(records: readonly StoredRecord[], behind: SegmentCursor): number;
  close(): void;
}

/** Opens the index at `path`; one that is missing, damaged, of another schema or ahead of the log is made anew. */
export function openIndexDatabase(path: string, logPosition: Position): IndexDatabase {
  makePrivate(path);
  const existing = tryOpen(path, logPosition);
  if (existing !== undefined) return makeIndex(existing);
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  makePrivate(path);
  const sqlite = new DatabaseSync(path);
  prepare(sqlite);
  sqlite.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  return makeIndex(sqlite);
}

/** As the segments are, whatever the umask; SQLite gives the files beside it the same mode. */
function makePrivate(path: string): void {
  if (path === ':memory:') return;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function tryOpen(path: string, logPosition: Position): DatabaseSync | undefined {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    prepare(sqlite);
    const version = sqlite.prepare('PRAGMA user_version').get()?.user_version;
    const position = version === SCHEMA_VERSION && sqlite.prepare('SELECT position FROM place').get()?.position;
    if (typeof position === 'number' && position <= logPosition) return sqlite;
  } catch {
    // Not a database, or one that is broken: it is made anew.
  }
  sqlite?.close();
  return undefined;
}

function prepare(sqlite: DatabaseSync): void {
  sqlite.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = 2',
  );
}

const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;

/** It is the record that has no sense; one such must not stop the index. What the database itself fails with does. */
function isOfTheRecord(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code === undefined || [SQLITE_CONSTRAINT, SQLITE_MISMATCH].includes(code & 0xff);
}

/** Places that are nearer to one another than this are not worth a row. */
const CHUNK_BYTES = 128 * 1024;

function makeIndex(sqlite: DatabaseSync): IndexDatabase {
  const writer = new IndexWriter(sqlite);
  const readPlace = sqlite.prepare('SELECT segment, offset, position FROM place');
  const setPlace = sqlite.prepare('UPDATE place SET segment = ?, offset = ?, position = ?');
  const lastChunk = sqlite.prepare('SELECT segment, offset FROM chunk ORDER BY position DESC LIMIT 1');
  const addChunk = sqlite.prepare('INSERT OR IGNORE INTO chunk (segment, offset, position) VALUES (?, ?, ?)');

  const place = (): SegmentCursor => (readPlace.get() as unknown as SegmentCursor | undefined) ?? START;

  const noteChunk = ({ segment, offset, position }: SegmentCursor): void => {
    const last = lastChunk.get() as { segment: number; offset: number } | undefined;
    const near = last !== undefined && last.segment === segment && offset - last.offset < CHUNK_BYTES;
    if (!near) addChunk.run(segment, offset, position);
  };

  return {
    sqlite,
    writer,
    place,
    apply(records, behind) {
      let senseless = 0;
      sqlite.exec('BEGIN IMMEDIATE');
      try {
        noteChunk(place());
        for (const { position, payload } of records) {
          try {
            writer.index(position, JSON.parse(payload) as AuditRecord, payload);
          } catch (error) {
            if (!isOfTheRecord(error)) throw error;
            senseless++;
          }
        }
        writer.flush();
        setPlace.run(behind.segment, behind.offset, behind.position);
        sqlite.exec('COMMIT');
      } catch (error) {
        writer.forgetNumbers();
        if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
        throw error;
      }
      return senseless;
    },
    close: () => sqlite.close(),
  };
}
