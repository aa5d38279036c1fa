/**
 * The index of the record: an SQLite file made from segments, for questions that segments answer slowly.
 * In: records in order, each batch with the place behind it, in one transaction. Out: pages of history.
 * It holds nothing that is not in the segments and may be deleted at any time. Runs in the index worker only.
 */
import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { AuditRecord, ObjectOwned, SessionOpen, StatementIntent, StatementOutcome } from '../audit/record.ts';
import type { Position, StoredRecord } from './event-log.ts';
import { type SegmentCursor, START } from './segment-reader.ts';

/** Any change of the tables or of what goes into them: the index is then made anew. */
const SCHEMA_VERSION = 3;

const SCHEMA = `
  CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER, offset INTEGER, position INTEGER) STRICT;
  CREATE TABLE principal (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE session (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, position INTEGER NOT NULL, opened_at INTEGER NOT NULL,
    principal_id INTEGER NOT NULL, principal TEXT NOT NULL, database TEXT NOT NULL, environment TEXT NOT NULL,
    gateway TEXT NOT NULL, application TEXT, purpose TEXT, closed_at INTEGER, reason TEXT
  ) STRICT;
  CREATE TABLE sql_text (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
  CREATE TABLE statement (
    position INTEGER PRIMARY KEY, at INTEGER NOT NULL, principal_id INTEGER NOT NULL, session_id INTEGER NOT NULL,
    n INTEGER NOT NULL, sql_id INTEGER, fingerprint TEXT NOT NULL, command TEXT NOT NULL, class TEXT NOT NULL,
    relations TEXT NOT NULL, columns TEXT NOT NULL, decision TEXT NOT NULL, rule TEXT, approval TEXT,
    rows INTEGER, bytes INTEGER, ms REAL, sqlstate TEXT, masked INTEGER, fate TEXT
  ) STRICT;
  CREATE INDEX statement_by_time ON statement (at);
  CREATE INDEX statement_by_principal ON statement (principal_id, at);
  CREATE INDEX statement_by_number ON statement (session_id, n);
  CREATE TABLE owned_object (
    database TEXT NOT NULL, catalog TEXT NOT NULL, oid INTEGER NOT NULL, principal_id INTEGER NOT NULL,
    name TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (database, catalog, oid)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO place VALUES (1, 0, 0, 0);
`;

export interface IndexDatabase {
  readonly sqlite: DatabaseSync;
  /** The place in the segments up to which everything is indexed. */
  place(): SegmentCursor;
  /** Indexes records that follow `place()`; gives how many had no sense and were left out. */
  apply(records: readonly StoredRecord[], behind: SegmentCursor): number;
  close(): void;
}

/** Opens the index at `path`; one that is missing, damaged, of another schema or ahead of the log is made anew. */
export function openIndexDatabase(path: string, logPosition: Position): IndexDatabase {
  const existing = tryOpen(path, logPosition);
  if (existing !== undefined) return makeIndex(existing);
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  const sqlite = new DatabaseSync(path);
  prepare(sqlite);
  sqlite.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  return makeIndex(sqlite);
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
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA temp_store = 2',
  );
}

/** Texts up to this length are remembered while indexing, this many of them. */
const CACHED_TEXT_LENGTH = 4096;
const CACHED_TEXTS = 2048;
const CACHED_SESSIONS = 4096;

const NOTHING_TOLD = { email: undefined, application: undefined, purpose: undefined };

interface SessionKey {
  readonly id: number;
  readonly principalId: number;
}

function makeIndex(sqlite: DatabaseSync): IndexDatabase {
  const statements = new Map<string, StatementSync>();
  const run = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = sqlite.prepare(sql)));
    return statement;
  };
  const sessions = new Map<string, SessionKey>();
  const texts = new Map<string, number>();

  const idOf = (sql: string, ...values: SQLInputValue[]): number | undefined =>
    run(sql).get(...values)?.id as number | undefined;
  const insert = (sql: string, ...values: SQLInputValue[]): number => Number(run(sql).run(...values).lastInsertRowid);

  const principalId = (key: string): number =>
    idOf('SELECT id FROM principal WHERE key = ?', key) ?? insert('INSERT INTO principal (key) VALUES (?)', key);

  const openSession = (
    position: Position,
    record: Pick<SessionOpen, 'session' | 'at'> & Partial<SessionOpen>,
  ): void => {
    const { session, at, issuer = '', subject = '', database = '', environment = '', gateway = '', body } = record;
    const { email, application, purpose } = typeof body === 'object' ? body : NOTHING_TOLD;
    const principal = principalId(`${issuer}|${subject}`);
    const shown = email ?? subject;
    run(
      `INSERT INTO session (session, position, opened_at, principal_id, principal, database, environment, gateway, application, purpose)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(
      session,
      position,
      Date.parse(at),
      principal,
      shown,
      database,
      environment,
      gateway,
      application ?? null,
      purpose ?? null,
    );
  };

  const sessionKey = (session: string): SessionKey | undefined => {
    const cached = sessions.get(session);
    if (cached !== undefined) return cached;
    const row = run('SELECT id, principal_id FROM session WHERE session = ?').get(session);
    if (row === undefined) return undefined;
    const key = { id: row.id as number, principalId: row.principal_id as number };
    remember(sessions, CACHED_SESSIONS, session, key);
    return key;
  };

  const textId = (text: string): number => {
    const cached = texts.get(text);
    if (cached !== undefined) return cached;
    const digest = hash('sha256', text, 'buffer').subarray(0, 16);
    const id =
      idOf('SELECT id FROM sql_text WHERE hash = ?', digest) ??
      insert('INSERT INTO sql_text (hash, text) VALUES (?, ?)', digest, text);
    if (text.length <= CACHED_TEXT_LENGTH) remember(texts, CACHED_TEXTS, text, id);
    return id;
  };

  const intent = (position: Position, record: StatementIntent): void => {
    // A session whose opening is damaged still has its statements shown, to those who see everybody's.
    if (sessionKey(record.session) === undefined) openSession(position, { session: record.session, at: record.at });
    const { id, principalId: principal } = sessionKey(record.session)!;
    run(
      `INSERT INTO statement (position, at, principal_id, session_id, n, sql_id, fingerprint, command, class, relations,
                              columns, decision, rule, approval)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      position,
      Date.parse(record.at),
      principal,
      id,
      record.n,
      typeof record.body === 'string' ? null : textId(record.body.sql),
      record.fingerprint,
      record.command,
      record.class,
      JSON.stringify(record.relations),
      JSON.stringify(record.columns),
      record.decision,
      record.rule ?? null,
      record.approval ?? null,
    );
  };

  const outcome = (record: StatementOutcome): void => {
    const key = sessionKey(record.session);
    if (key === undefined) return;
    const { rows, bytes, ms, sqlstate, masked, fate, n } = record;
    run(
      `UPDATE statement SET rows = ?, bytes = ?, ms = ?, sqlstate = ?, masked = ?, fate = ?
       WHERE session_id = ? AND n = ?`,
    ).run(rows, bytes, ms, sqlstate ?? null, masked, fate ?? null, key.id, n);
  };

  const owned = (record: ObjectOwned): void => {
    const { database, catalog, oid, name, at, principal } = record;
    if (record.kind === 'object.dropped') {
      run('DELETE FROM owned_object WHERE database = ? AND catalog = ? AND oid = ?').run(database, catalog, oid);
    } else {
      run('INSERT OR REPLACE INTO owned_object VALUES (?, ?, ?, ?, ?, ?)').run(
        database,
        catalog,
        oid,
        principalId(principal),
        name,
        Date.parse(at),
      );
    }
  };

  const index = (position: Position, record: AuditRecord): void => {
    switch (record.kind) {
      case 'session.open':
        openSession(position, record);
        break;
      case 'session.close':
        run('UPDATE session SET closed_at = ?, reason = ? WHERE session = ?').run(
          Date.parse(record.at),
          record.reason,
          record.session,
        );
        sessions.delete(record.session);
        break;
      case 'statement.intent':
        intent(position, record);
        break;
      case 'statement.outcome':
        outcome(record);
        break;
      case 'object.created':
      case 'object.dropped':
        owned(record);
        break;
      default:
        // Refused connections, requests, what happened to the gateway: they have their own readers.
        break;
    }
  };

  return {
    sqlite,
    place() {
      const row = run('SELECT segment, offset, position FROM place').get();
      return row === undefined ? START : (row as unknown as SegmentCursor);
    },
    apply(records, behind) {
      let senseless = 0;
      sqlite.exec('BEGIN IMMEDIATE');
      try {
        for (const { position, payload } of records) {
          let record: AuditRecord;
          try {
            record = JSON.parse(payload) as AuditRecord;
          } catch {
            senseless++;
            continue;
          }
          index(position, record);
        }
        run('UPDATE place SET segment = ?, offset = ?, position = ?').run(
          behind.segment,
          behind.offset,
          behind.position,
        );
        sqlite.exec('COMMIT');
      } catch (error) {
        // The ids that were given out in it are void.
        sessions.clear();
        texts.clear();
        if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
        throw error;
      }
      return senseless;
    },
    close: () => sqlite.close(),
  };
}

function remember<V>(cache: Map<string, V>, most: number, key: string, value: V): void {
  if (cache.size >= most) cache.delete(cache.keys().next().value as string);
  cache.set(key, value);
}
