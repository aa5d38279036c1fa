/**
 * Puts records into the index, inside the caller's transaction, which ends with `flush`. Shared things are given numbers
 * here; which, is remembered for those that come again.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  AuditRecord,
  Body,
  ConnectRefused,
  GatewayEvent,
  ObjectOwned,
  RequestRecord,
  SessionClose,
  SessionOpen,
  StatementIntent,
  StatementOutcome,
} from '../audit/record.ts';
import type { Position } from './event-log.ts';
import { DECISIONS, FATES, FLAG } from './index-schema.ts';
import { StatementRows } from './statement-rows.ts';
import { fillerBody, shapeBody, splitText } from './text-shape.ts';

const CACHED_SESSIONS = 4096;
const CACHED_TEXTS = 4096;
const CACHED_SHARED = 8192;
/** Texts up to this length are remembered as they are, in UTF-16 units. */
const CACHED_TEXT_LENGTH = 4096;

/** Statements of these classes change no data of anybody, whatever else they do. */
const READING = new Set(['read', 'session', 'transaction', 'utility']);

/**
 * A text among those of its key. SQLite would rather take `text_by_shape`, which has two columns of it, and go through all
 * texts of one shape for each new one.
 */
export const FIND_TEXT =
  'SELECT id FROM text INDEXED BY text_by_key WHERE key = ? AND facts_id = ? AND shape_id = ? AND fillers IS ?';

interface SessionKey {
  readonly id: number;
  readonly principalId: number;
}

export class IndexWriter {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #sessions = new Map<string, SessionKey>();
  readonly #words = new Map<string, number>();
  readonly #facts = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  readonly #texts = new Map<string, number>();
  readonly #rows = new StatementRows((sql) => this.#run(sql));

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  /** Numbers given out in a transaction that failed are void. */
  forgetNumbers(): void {
    for (const cache of [this.#sessions, this.#words, this.#facts, this.#shapes, this.#texts]) cache.clear();
    this.#rows.forget();
  }

  /** What was put off until the end of the batch. */
  flush(): void {
    this.#rows.flush();
  }

  index(position: Position, record: AuditRecord, payload: string): void {
    switch (record.kind) {
      case 'session.open':
        this.#open(position, record);
        break;
      case 'session.close':
        this.#close(record);
        break;
      case 'statement.intent':
        this.#intent(position, record);
        break;
      case 'statement.outcome':
        this.#outcome(position, record);
        break;
      case 'object.created':
      case 'object.dropped':
        this.#owned(record);
        break;
      default:
        // Kinds of later versions are shown by those who know them.
        if (typeof (record as { at?: unknown }).at === 'string') this.#event(position, record, payload);
    }
  }

  #run(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#sqlite.prepare(sql)));
    return statement;
  }

  #idOf(sql: string, ...values: SQLInputValue[]): number | undefined {
    return this.#run(sql).get(...values)?.id as number | undefined;
  }

  #insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#run(sql).run(...values).lastInsertRowid);
  }

  #word(word: string): number {
    return remembered(this.#words, CACHED_SHARED, word, () => {
      return (
        this.#idOf('SELECT id FROM word WHERE word = ?', word) ??
        this.#insert('INSERT INTO word (word) VALUES (?)', word)
      );
    });
  }

  #principal(key: string): number {
    return (
      this.#idOf('SELECT id FROM principal WHERE key = ?', key) ??
      this.#insert('INSERT INTO principal (key) VALUES (?)', key)
    );
  }

  #open(position: Position, record: SessionOpen): void {
    const body = present(record.body);
    this.#run(
      `INSERT INTO session (session, position, opened_at, principal_id, subject, kind, actors, email, gateway, database,
         environment, policy, application, purpose, client, clock, bound, auth, groups)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(
      record.session,
      position,
      Date.parse(record.at),
      this.#principal(`${record.issuer}|${record.subject}`),
      record.subject,
      record.principalKind,
      listOf(record.actors),
      body?.email ?? null,
      record.gateway,
      record.database,
      record.environment,
      record.policyVersion,
      body?.application ?? null,
      body?.purpose ?? null,
      body?.clientAddress ?? null,
      record.clock ?? null,
      record.bound === undefined ? null : Number(record.bound),
      listOf(record.authMethods),
      // Null: erased, so that nobody takes it for none.
      body === undefined ? null : JSON.stringify(body.groups ?? []),
    );
  }

  /** A session whose opening is damaged still has its statements shown, to those who see everybody's. */
  #openUnknown(position: Position, { session, at }: StatementIntent): SessionKey {
    const values = [session, position, Date.parse(at), this.#principal('|')];
    this.#run(
      `INSERT INTO session (session, position, opened_at, principal_id, subject, kind, gateway, database, environment, policy)
       VALUES (?, ?, ?, ?, '', 'user', '', '', '', '')`,
    ).run(...values);
    return this.#session(session)!;
  }

  #session(session: string): SessionKey | undefined {
    const cached = this.#sessions.get(session);
    if (cached !== undefined) return cached;
    const row = this.#run('SELECT id, principal_id FROM session WHERE session = ?').get(session);
    if (row === undefined) return undefined;
    const key = { id: row.id as number, principalId: row.principal_id as number };
    remember(this.#sessions, CACHED_SESSIONS, session, key);
    return key;
  }

  #close({ session, at, reason, statements, denied }: SessionClose): void {
    this.#run('UPDATE session SET closed_at = ?, reason = ?, statements = ?, denied = ? WHERE session = ?').run(
      Date.parse(at),
      reason,
      statements ?? 0,
      denied ?? 0,
      session,
    );
    this.#sessions.delete(session);
  }

  #intent(position: Position, record: StatementIntent): void {
    const session = this.#session(record.session) ?? this.#openUnknown(position, record);
    const { n, rule, approval, policyVersion, binds, decision } = record;
    let flags = 0;
    if (decision === 'deny') flags |= FLAG.denied | FLAG.error;
    if (decision === 'mask') flags |= FLAG.masked;
    if (!READING.has(record.class)) flags |= FLAG.write;
    this.#rows.add({
      position,
      at: Date.parse(record.at),
      sessionId: session.id,
      n,
      principalId: session.principalId,
      textId: this.#text(record),
      flags,
      decision: DECISIONS.indexOf(decision),
      ruleId: rule === undefined ? null : this.#word(rule),
      approval: approval ?? null,
      policyId: policyVersion === undefined ? null : this.#word(policyVersion),
      binds: binds || null,
      outcome: undefined,
    });
  }

  #outcome(position: Position, record: StatementOutcome): void {
    const session = this.#session(record.session);
    if (session === undefined) return;
    const { n, rows, bytes, ms, sqlstate, masked, fate } = record;
    let flags = 0;
    if (sqlstate !== undefined || fate !== undefined) flags |= FLAG.error;
    if (masked > 0) flags |= FLAG.masked;
    this.#rows.outcome(session.id, n, {
      position,
      rows,
      bytes,
      us: Math.round(ms * 1000),
      sqlstateId: sqlstate === undefined ? null : this.#word(sqlstate),
      masked,
      fate: fate === undefined ? null : FATES.indexOf(fate),
      flags,
    });
  }

  #text(record: StatementIntent): number {
    const facts = this.#factsOf(record);
    const sql = present(record.body)?.sql;
    if (sql === undefined) return this.#newText(facts, sql);
    // Long ones are not kept, but what they are known by: to take one apart takes longer than to hash it.
    const text = sql.length <= CACHED_TEXT_LENGTH ? sql : `${sql.length} ${hash('sha256', sql)}`;
    return remembered(this.#texts, CACHED_TEXTS, `${facts} ${text}`, () => this.#newText(facts, sql));
  }

  #newText(facts: number, sql: string | undefined): number {
    if (sql === undefined) return this.erasedText(facts);
    const { shape, fillers } = splitText(sql);
    const shapeId = this.#shape(shape);
    // Six bytes: a number that JavaScript knows. Texts that share it are told apart below.
    const key = hash('sha256', `${facts} ${shapeId} ${fillers}`, 'buffer').readUIntBE(0, 6);
    const stored = fillers === '' ? null : fillers;
    const found = this.#idOf(FIND_TEXT, key, facts, shapeId, stored);
    if (found !== undefined) return found;
    const id = this.#insert(
      'INSERT INTO text (key, facts_id, shape_id, fillers) VALUES (?, ?, ?, ?)',
      key,
      facts,
      shapeId,
      stored,
    );
    if (stored !== null)
      this.#run('INSERT INTO filler_trigram (rowid, body) VALUES (?, ?)').run(id, fillerBody(stored));
    return id;
  }

  /** The text of a statement of which only the facts are left. */
  erasedText(facts: number): number {
    return (
      this.#idOf('SELECT id FROM text WHERE shape_id = 0 AND facts_id = ?', facts) ??
      this.#insert('INSERT INTO text (key, facts_id, shape_id) VALUES (0, ?, 0)', facts)
    );
  }

  #shape(shape: string): number {
    const make = (): number => {
      const key = hash('sha256', shape, 'buffer').subarray(0, 16);
      const found = this.#idOf('SELECT id FROM shape WHERE key = ?', key);
      if (found !== undefined) return found;
      const id = this.#insert('INSERT INTO shape (key, shape) VALUES (?, ?)', key, shape);
      this.#run('INSERT INTO shape_trigram (rowid, body) VALUES (?, ?)').run(id, shapeBody(shape));
      return id;
    };
    return shape.length <= CACHED_TEXT_LENGTH ? remembered(this.#shapes, CACHED_SHARED, shape, make) : make();
  }

  #factsOf(intent: StatementIntent): number {
    const { fingerprint, command, class: statementClass, relations, columns, otherColumns = [] } = intent;
    const text = JSON.stringify([fingerprint, command, statementClass, relations, columns, otherColumns]);
    return remembered(this.#facts, CACHED_SHARED, text, () => {
      const key = hash('sha256', text, 'buffer').subarray(0, 16);
      const found = this.#idOf('SELECT id FROM facts WHERE key = ?', key);
      if (found !== undefined) return found;
      const id = this.#insert(
        'INSERT INTO facts (key, fingerprint, command, class) VALUES (?, ?, ?, ?)',
        key,
        fingerprint,
        command,
        statementClass,
      );
      for (const name of relations) {
        const relation =
          this.#idOf('SELECT id FROM relation WHERE name = ?', name) ??
          this.#insert('INSERT INTO relation (name) VALUES (?)', name);
        this.#run('INSERT OR IGNORE INTO facts_relation VALUES (?, ?)').run(relation, id);
      }
      for (const [name, columnClass] of Object.entries(columns)) {
        const classified =
          this.#idOf('SELECT id FROM classified WHERE name = ? AND class = ?', name, columnClass) ??
          this.#insert('INSERT INTO classified (name, class) VALUES (?, ?)', name, columnClass);
        this.#run('INSERT OR IGNORE INTO facts_classified VALUES (?, ?)').run(classified, id);
      }
      for (const name of otherColumns) {
        const other =
          this.#idOf('SELECT id FROM other_column WHERE name = ?', name) ??
          this.#insert('INSERT INTO other_column (name) VALUES (?)', name);
        this.#run('INSERT OR IGNORE INTO facts_other VALUES (?, ?)').run(other, id);
      }
      return id;
    });
  }

  #owned(record: ObjectOwned): void {
    const { database, catalog, oid, name, at, principal } = record;
    if (record.kind === 'object.dropped') {
      this.#run('DELETE FROM owned_object WHERE database = ? AND catalog = ? AND oid = ?').run(database, catalog, oid);
      return;
    }
    const owner = this.#principal(principal);
    this.#run('INSERT OR REPLACE INTO owned_object VALUES (?, ?, ?, ?, ?, ?)').run(
      database,
      catalog,
      oid,
      owner,
      name,
      Date.parse(at),
    );
  }

  #event(position: Position, record: ConnectRefused | RequestRecord | GatewayEvent, payload: string): void {
    const by = 'by' in record ? record.by : undefined;
    const { database } = record;
    // What it is about, where that is not who did it: the request, or who was refused.
    const subject = 'request' in record ? record.request : 'subject' in record ? record.subject : undefined;
    this.#run('INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      position,
      Date.parse(record.at),
      this.#word(record.kind),
      by === undefined ? null : this.#principal(by),
      database === undefined ? null : this.#word(database),
      subject ?? null,
      payload,
    );
  }
}

function listOf(words: readonly string[] = []): string | null {
  return words.length === 0 ? null : JSON.stringify(words);
}

/** The body, unless it was erased. */
export function present<T>(body: Body<T> | undefined): (T & { readonly salt: string }) | undefined {
  return typeof body === 'object' ? body : undefined;
}

function remembered<V>(cache: Map<string, V>, most: number, key: string, make: () => V): V {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const value = make();
  remember(cache, most, key, value);
  return value;
}

function remember<V>(cache: Map<string, V>, most: number, key: string, value: V): void {
  if (cache.size >= most) cache.delete(cache.keys().next().value as string);
  cache.set(key, value);
}
