/** A page of history out of the index: where its statements are (`history-positions.ts`), and rows to `HistoryEntry`. */
import type { DatabaseSync } from 'node:sqlite';
import type { HistoryEntry, HistoryPage, HistoryQuery } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { encodeCursor } from './history-conditions.ts';
import { type Effort, findPositions } from './history-positions.ts';
import { DECISIONS, FATES } from './index-schema.ts';
import { beginningOf, containsFolded, joinText } from './text-shape.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** Registers what `queryHistory` needs of SQL functions, and a table for what it finds on the way. */
export function defineHistoryFunctions(sqlite: DatabaseSync): void {
  // SQLite's LIKE and lower() fold ASCII only.
  sqlite.function('contains_folded', { deterministic: true }, (text, needle) =>
    text !== null && containsFolded(String(text), String(needle)) ? 1 : 0,
  );
  sqlite.function('text_contains', { deterministic: true }, (shape, fillers, needle) =>
    shape !== null && containsFolded(whole(shape, fillers), String(needle)) ? 1 : 0,
  );
  sqlite.exec(`
    CREATE TEMP TABLE IF NOT EXISTS found_text (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE IF NOT EXISTS found_shape (reading INTEGER, id INTEGER, sure INTEGER, PRIMARY KEY (reading, id)) WITHOUT ROWID;
    CREATE TEMP TABLE IF NOT EXISTS found_both (reading INTEGER, id INTEGER, PRIMARY KEY (reading, id)) WITHOUT ROWID`);
}

function whole(shape: unknown, fillers: unknown): string {
  return joinText({ shape: String(shape), fillers: fillers === null ? '' : String(fillers) });
}

/**
 * A session that was opened behind `startedAt`, the log's last position when this process began, lives until its close is
 * recorded; an intent of any other session that has no outcome may have run.
 */
export function queryHistory(
  sqlite: DatabaseSync,
  query: HistoryQuery,
  startedAt: Position,
  effort?: Effort,
): HistoryPage {
  const limit = pageSize(query.limit);
  const positions = findPositions(sqlite, query, limit + 1, effort);
  const page = positions.slice(0, limit);
  const last = positions.length > limit ? page.at(-1) : undefined;
  return {
    entries: entriesAt(sqlite, page, startedAt, query.sqlLimit),
    nextCursor: last === undefined ? undefined : encodeCursor(last),
  };
}

export function pageSize(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new DbgateError(ErrorCode.usage, `history limit ${limit}, expected 1 to ${MAX_LIMIT}`);
}

const ENTRY = `
  SELECT s.position, s.at, s.n, s.decision, s.approval, s.rows, s.us, s.masked, s.fate, s.answered,
         (SELECT word FROM word WHERE id = s.rule_id) AS rule, (SELECT word FROM word WHERE id = s.sqlstate_id) AS sqlstate,
         t.facts_id, t.fillers, h.shape, f.fingerprint, f.command, f.class,
         e.session, e.position AS opened, e.closed_at, e.gateway, e.database, e.environment, e.email, e.subject,
         e.application, e.purpose
  FROM statement s CROSS JOIN session e ON e.id = s.session_id CROSS JOIN text t ON t.id = s.text_id
       CROSS JOIN facts f ON f.id = t.facts_id LEFT JOIN shape h ON h.id = t.shape_id
  WHERE s.position = ?`;

interface Row {
  readonly position: Position;
  readonly at: number;
  readonly n: number;
  readonly decision: number;
  readonly approval: string | null;
  readonly rows: number | null;
  readonly us: number | null;
  readonly masked: number | null;
  readonly fate: number | null;
  readonly answered: number | null;
  readonly rule: string | null;
  readonly sqlstate: string | null;
  readonly facts_id: number;
  readonly fillers: string | null;
  readonly shape: string | null;
  readonly fingerprint: string;
  readonly command: string;
  readonly class: string;
  readonly session: string;
  readonly opened: Position;
  readonly closed_at: number | null;
  readonly gateway: string;
  readonly database: string;
  readonly environment: string;
  readonly email: string | null;
  readonly subject: string;
  readonly application: string | null;
  readonly purpose: string | null;
}

/** The entries of these intents, in that order. `sqlLimit`: UTF-16 units of a text at most. */
type Touched = Pick<HistoryEntry, 'relations' | 'columns' | 'other_columns'>;

export function entriesAt(
  sqlite: DatabaseSync,
  positions: readonly Position[],
  startedAt: Position,
  sqlLimit?: number,
): HistoryEntry[] {
  const one = sqlite.prepare(ENTRY);
  const relations = sqlite.prepare(
    'SELECT name FROM facts_relation JOIN relation ON id = relation_id WHERE facts_id = ? ORDER BY id',
  );
  const columns = sqlite.prepare(
    'SELECT name, class FROM facts_classified JOIN classified ON id = classified_id WHERE facts_id = ? ORDER BY id',
  );
  const others = sqlite.prepare(
    'SELECT name FROM facts_other JOIN other_column ON id = column_id WHERE facts_id = ? ORDER BY id',
  );
  const facts = new Map<number, Touched>();
  const touched = (id: number): Touched => {
    let known = facts.get(id);
    if (known === undefined) {
      known = {
        relations: relations.all(id).map(({ name }) => name as string),
        columns: Object.fromEntries(columns.all(id).map((row) => [row.name, row.class])),
        other_columns: others.all(id).map(({ name }) => name as string),
      };
      facts.set(id, known);
    }
    return known;
  };
  return positions.map((position) => {
    const row = one.get(position) as unknown as Row;
    const decision = DECISIONS[row.decision]!;
    return {
      id: `${row.session}.${row.n}`,
      at: new Date(row.at).toISOString(),
      database: row.database,
      environment: row.environment,
      principal: row.email ?? row.subject,
      session: row.session,
      application: row.application,
      purpose: row.purpose,
      ...textOf(row, sqlLimit),
      fingerprint: row.fingerprint,
      command: row.command,
      class: row.class,
      ...touched(row.facts_id),
      decision,
      rule: row.rule,
      approval: row.approval,
      gateway: row.gateway,
      rows: row.rows,
      ms: row.us === null ? null : row.us / 1000,
      sqlstate: row.sqlstate,
      masked: row.masked,
      state: stateOf(row, decision, startedAt),
    };
  });
}

function textOf({ shape, fillers }: Row, limit: number | undefined): Pick<HistoryEntry, 'sql' | 'sql_cut'> {
  if (shape === null) return { sql: null };
  if (limit === undefined) return { sql: whole(shape, fillers) };
  const { text, isCut } = beginningOf({ shape, fillers: fillers ?? '' }, limit);
  return { sql: text, ...(isCut ? { sql_cut: true } : {}) };
}

function stateOf(row: Row, decision: HistoryEntry['decision'], startedAt: Position): HistoryEntry['state'] {
  if (decision === 'deny') return 'denied';
  const fate = row.fate === null ? undefined : FATES[row.fate];
  if (fate === 'rolled_back') return 'rolled_back';
  if (fate === 'unknown' || fate === 'may_have_run') return 'may_have_run';
  if (fate === 'cut') return 'done';
  if (row.answered !== null) return row.sqlstate === null ? 'done' : 'failed';
  return row.opened > startedAt && row.closed_at === null ? 'running' : 'may_have_run';
}
