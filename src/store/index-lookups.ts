/** What the index knows beside history: sessions, transcripts, single statements, events. Runs in the index worker. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  EventsPage,
  EventsQuery,
  HistoryQuery,
  RecordedExecution,
  SessionLine,
  SessionOpen,
  SessionsPage,
  SessionsQuery,
  StatementIntent,
  StatementOutcome,
  Transcript,
  TranscriptStep,
} from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { decodeCursor, encodeCursor, principalsOf } from './history-conditions.ts';
import { entriesAt, pageSize } from './history-query.ts';
import type { RecordLookup } from './record-lookup.ts';

const SESSION = `
  SELECT id, session, position, opened_at, closed_at, reason, subject, kind, actors, email, gateway, database, environment,
         policy, application, purpose, client, statements, denied FROM session`;

interface SessionRow {
  readonly id: number;
  readonly session: string;
  readonly position: Position;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly reason: string | null;
  readonly subject: string;
  readonly kind: SessionLine['kind'];
  readonly actors: string | null;
  readonly email: string | null;
  readonly gateway: string;
  readonly database: string;
  readonly environment: string;
  readonly policy: string;
  readonly application: string | null;
  readonly purpose: string | null;
  readonly client: string | null;
  readonly statements: number;
  readonly denied: number;
}

/** Newest first. `startedAt`: the log's last position when this process began. */
export function querySessions(sqlite: DatabaseSync, query: SessionsQuery, startedAt: Position): SessionsPage {
  const limit = pageSize(query.limit);
  const { sql, values } = filters(sqlite, query, 'opened_at', 'principal_id');
  if (query.session !== undefined) {
    sql.push('session = ?');
    values.push(query.session);
  }
  if (query.database !== undefined) {
    sql.push('database = ?');
    values.push(query.database);
  }
  if (query.openOnly === true) {
    sql.push('closed_at IS NULL AND position > ?');
    values.push(startedAt);
  }
  const rows = sqlite
    .prepare(`${SESSION} WHERE ${sql.join(' AND ')} ORDER BY position DESC LIMIT ?`)
    .all(...values, limit + 1) as unknown as SessionRow[];
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    sessions: page.map((row) => lineOf(sqlite, row, startedAt)),
    nextCursor: last && encodeCursor(last.position),
  };
}

/** The newest first. */
export function queryEvents(sqlite: DatabaseSync, query: EventsQuery): EventsPage {
  const limit = pageSize(query.limit);
  const { sql, values } = filters(sqlite, query, 'at', 'by_id');
  const word = '(SELECT id FROM word WHERE word = ?)';
  if (query.kinds !== undefined) {
    sql.push(`kind_id IN (${query.kinds.map(() => word).join(', ')})`);
    values.push(...query.kinds);
  }
  if (query.database !== undefined) {
    sql.push(`database_id = ${word}`);
    values.push(query.database);
  }
  if (query.subject !== undefined) {
    sql.push('subject = ?');
    values.push(query.subject);
  }
  const rows = sqlite
    .prepare(`SELECT position, payload FROM event WHERE ${sql.join(' AND ')} ORDER BY position DESC LIMIT ?`)
    .all(...values, limit + 1);
  const page = rows.slice(0, limit).map(({ position, payload }) => ({
    position: position as Position,
    record: JSON.parse(payload as string),
  }));
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { events: page, nextCursor: last && encodeCursor(last.position) };
}

/** Throws `not_found`. */
export async function findExecution(
  sqlite: DatabaseSync,
  records: RecordLookup,
  id: string,
  startedAt: Position,
): Promise<RecordedExecution> {
  const [, session = '', n = ''] = /^(.+)\.(\d{1,15})$/.exec(id) ?? [];
  const row = sqlite
    .prepare(
      `SELECT s.position, s.position + s.answered AS answer, e.position AS opening
       FROM session e CROSS JOIN statement s ON s.session_id = e.id WHERE e.session = ? AND s.n = ?`,
    )
    .get(session, Number(n)) as { position: Position; answer: Position | null; opening: Position } | undefined;
  if (row === undefined) throw unknownStatement(id);
  const wanted = [row.opening, row.position, ...(row.answer === null ? [] : [row.answer])];
  const found = await records.read(wanted);
  const intent = found.get(row.position) as StatementIntent | undefined;
  if (intent === undefined) {
    throw new DbgateError(ErrorCode.notFound, `the record of statement ${id} is not in the segments any more`, {
      hint: 'it was retired, or it is only in the archive: dbgate audit restore, on the machine of the gateway, brings it back from there',
    });
  }
  const opened = found.get(row.opening);
  return {
    entry: entriesAt(sqlite, [row.position], startedAt)[0]!,
    opened: opened?.kind === 'session.open' ? opened : undefined,
    openPosition: row.opening,
    intent,
    intentPosition: row.position,
    outcome: row.answer === null ? undefined : (found.get(row.answer) as StatementOutcome | undefined),
    outcomePosition: row.answer ?? undefined,
  };
}

export function unknownStatement(id: string): DbgateError {
  return new DbgateError(ErrorCode.notFound, `there is no statement ${JSON.stringify(id)} in the record`, {
    hint: 'dbgate history --json shows the id of each',
  });
}

export function unknownSession(session: string): DbgateError {
  return new DbgateError(ErrorCode.notFound, `there is no session ${JSON.stringify(session)} in the record`, {
    hint: 'dbgate sessions',
  });
}

/** At most `limit` statements whose number is above `after`. Throws `not_found`. */
export async function readTranscript(
  sqlite: DatabaseSync,
  records: RecordLookup,
  { session, after, limit }: { session: string; after: number; limit: number },
  startedAt: Position,
): Promise<Transcript> {
  const row = sqlite.prepare(`${SESSION} WHERE session = ?`).get(session) as SessionRow | undefined;
  if (row === undefined) throw unknownSession(session);
  const found = sqlite
    .prepare('SELECT position, n FROM statement WHERE session_id = ? AND n > ? ORDER BY n LIMIT ?')
    .all(row.id, after, pageSize(limit) + 1) as unknown as { position: Position; n: number }[];
  const page = found.slice(0, limit);
  const positions = page.map(({ position }) => position);
  const read = await records.read([row.position, ...positions]);
  const entries = entriesAt(sqlite, positions, startedAt);
  const opened = read.get(row.position);
  const steps = entries.map((entry, i): TranscriptStep => {
    const intent = read.get(positions[i]!) as StatementIntent | undefined;
    const body = typeof intent?.body === 'object' ? intent.body : undefined;
    return {
      n: page[i]!.n,
      entry,
      values: body?.values,
      binds: intent?.binds ?? 0,
      protocol: intent?.protocol ?? 'simple',
      policyVersion: intent?.policyVersion ?? row.policy,
    };
  });
  return {
    session: lineOf(sqlite, row, startedAt),
    opened: opened?.kind === 'session.open' ? (opened satisfies SessionOpen) : undefined,
    steps,
    next: found.length > limit ? page.at(-1)!.n : undefined,
  };
}

function filters(
  sqlite: DatabaseSync,
  query: Pick<HistoryQuery, 'principal' | 'by' | 'since' | 'until' | 'cursor'>,
  time: string,
  who: string,
): { sql: string[]; values: SQLInputValue[] } {
  const sql = ['true'];
  const values: SQLInputValue[] = [];
  const principals = principalsOf(sqlite, query);
  if (principals !== undefined) sql.push(`${who} IN (${principals.join(', ')})`);
  for (const [bound, operator] of [
    ['since', '>='],
    ['until', '<'],
  ] as const) {
    const at = query[bound];
    if (at === undefined) continue;
    if (!Number.isFinite(at)) throw new DbgateError(ErrorCode.usage, 'history time is not a number');
    sql.push(`${time} ${operator} ?`);
    values.push(Math.ceil(at));
  }
  if (query.cursor !== undefined) {
    sql.push('position < ?');
    values.push(decodeCursor(query.cursor));
  }
  return { sql, values };
}

function lineOf(sqlite: DatabaseSync, row: SessionRow, startedAt: Position): SessionLine {
  // The close says it; until then the statements themselves do.
  const counted =
    row.closed_at !== null
      ? row
      : (sqlite
          .prepare(
            'SELECT count(*) AS statements, ifnull(sum(flags & 1), 0) AS denied FROM statement WHERE session_id = ?',
          )
          .get(row.id) as unknown as { statements: number; denied: number });
  return {
    session: row.session,
    at: new Date(row.opened_at).toISOString(),
    closedAt: row.closed_at === null ? null : new Date(row.closed_at).toISOString(),
    state: row.closed_at !== null ? 'closed' : row.position > startedAt ? 'open' : 'lost',
    reason: row.reason,
    principal: row.email ?? row.subject,
    kind: row.kind,
    actors: row.actors === null ? [] : (JSON.parse(row.actors) as string[]),
    gateway: row.gateway,
    database: row.database,
    environment: row.environment,
    application: row.application,
    purpose: row.purpose,
    clientAddress: row.client,
    statements: counted.statements,
    denied: counted.denied,
  };
}
