/** A page of history out of the index: `HistoryQuery` to SQL, rows to `HistoryEntry`. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryEntry, HistoryPage, HistoryQuery } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
const MAX_GREP_LENGTH = 1000;

/** Registers what `queryHistory` needs of SQL functions. */
export function defineHistoryFunctions(sqlite: DatabaseSync): void {
  // SQLite's LIKE and lower() fold ASCII only.
  sqlite.function('contains_folded', { deterministic: true }, (text, needle) =>
    String(text).toLowerCase().includes(String(needle)) ? 1 : 0,
  );
}

/**
 * Newest first. A session that was opened behind `startedAt`, the log's last position when this process began, lives
 * until its close is recorded; an intent of any other session that has no outcome may have run.
 */
export function queryHistory(sqlite: DatabaseSync, query: HistoryQuery, startedAt: Position): HistoryPage {
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new DbgateError(ErrorCode.usage, `history limit ${limit}, expected 1 to ${MAX_LIMIT}`);
  }
  const conditions: string[] = ['true'];
  const values: SQLInputValue[] = [];
  const where = (condition: string, ...bound: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (query.principal !== undefined) {
    where('s.principal_id = (SELECT id FROM principal WHERE key = ?)', query.principal);
  }
  if (query.database !== undefined) where('e.database = ?', query.database);
  if (query.since !== undefined) where('s.at >= ?', Math.ceil(finite(query.since)));
  if (query.until !== undefined) where('s.at < ?', Math.ceil(finite(query.until)));
  if (query.errorsOnly === true) where("(s.sqlstate IS NOT NULL OR s.fate IS NOT NULL OR s.decision = 'deny')");
  if (query.deniedOnly === true) where("s.decision = 'deny'");
  if (query.maskedOnly === true) where("(s.decision = 'mask' OR s.masked > 0)");
  if (query.grep !== undefined && query.grep !== '') {
    if (query.grep.length > MAX_GREP_LENGTH) {
      throw new DbgateError(ErrorCode.usage, `history search text is longer than ${MAX_GREP_LENGTH} characters`);
    }
    if (/^[\x01-\x7f]*$/.test(query.grep)) {
      where("t.text LIKE ? ESCAPE '\\'", `%${query.grep.replace(/[\\%_]/g, '\\$&')}%`);
    } else where('contains_folded(t.text, ?)', query.grep.toLowerCase());
  }
  if (query.cursor !== undefined) {
    const { at, position } = decodeCursor(query.cursor);
    where('s.at <= ? AND (s.at < ? OR s.position < ?)', at, at, position);
  }
  const rows = sqlite
    .prepare(
      `SELECT s.position, s.at, s.n, s.fingerprint, s.command, s.class, s.relations, s.columns, s.decision, s.rule,
              s.approval, s.rows, s.ms, s.sqlstate, s.masked, t.text AS sql, e.gateway, e.session, e.database, e.environment, e.principal, e.application, e.purpose,
              CASE WHEN s.decision = 'deny' THEN 'denied'
                   WHEN s.fate = 'rolled_back' THEN 'rolled_back'
                   WHEN s.fate = 'unknown' THEN 'may_have_run'
                   WHEN s.fate = 'cut' THEN 'done'
                   WHEN s.rows IS NOT NULL THEN CASE WHEN s.sqlstate IS NULL THEN 'done' ELSE 'failed' END
                   WHEN e.position > ? AND e.closed_at IS NULL THEN 'running'
                   ELSE 'may_have_run' END AS state
       FROM statement s CROSS JOIN session e ON e.id = s.session_id LEFT JOIN sql_text t ON t.id = s.sql_id
       WHERE ${conditions.join(' AND ')}
       ORDER BY s.at DESC, s.position DESC LIMIT ?`,
    )
    .all(startedAt, ...values, limit + 1) as unknown as Row[];
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { entries: page.map(entryOf), nextCursor: last && encodeCursor(last.at, last.position) };
}

type Row = Omit<HistoryEntry, 'id' | 'at' | 'relations' | 'columns'> & {
  readonly position: Position;
  readonly at: number;
  readonly n: number;
  readonly relations: string;
  readonly columns: string;
};

function entryOf({ position: _, at, n, ...row }: Row): HistoryEntry {
  return {
    id: `${row.session}.${n}`,
    at: new Date(at).toISOString(),
    database: row.database,
    environment: row.environment,
    principal: row.principal,
    session: row.session,
    application: row.application,
    purpose: row.purpose,
    sql: row.sql,
    fingerprint: row.fingerprint,
    command: row.command,
    class: row.class,
    relations: JSON.parse(row.relations) as string[],
    columns: JSON.parse(row.columns) as HistoryEntry['columns'],
    decision: row.decision,
    rule: row.rule,
    approval: row.approval,
    gateway: row.gateway,
    rows: row.rows,
    ms: row.ms,
    sqlstate: row.sqlstate,
    masked: row.masked,
    state: row.state,
  };
}

/** A cursor names the last entry shown, so rows that come later move nothing. */
function encodeCursor(at: number, position: Position): string {
  return Buffer.from(`${at}.${position}`).toString('base64url');
}

function decodeCursor(cursor: string): { at: number; position: Position } {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null) throw new DbgateError(ErrorCode.usage, 'history cursor is not one that this gateway made');
  return { at: Number(match[1]), position: Number(match[2]) };
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new DbgateError(ErrorCode.usage, 'history time is not a number');
  return value;
}
