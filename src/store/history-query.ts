/**
 * A page of history out of the index: `HistoryQuery` to SQL, rows to `HistoryEntry`; the newest in the log first.
 * First the newest statements are walked through, which is where most pages end. What is rarer is then looked for from what
 * is rarest in the query: its texts, the sessions that it names, or a flag.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryEntry, HistoryPage, HistoryQuery } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { DECISIONS, FATES, FLAG, SPAN_MS } from './index-schema.ts';
import { containsFolded, fold, joinText, planNeedle } from './text-shape.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
const MAX_NEEDLE_LENGTH = 1000;
const MAX_NAME_LENGTH = 1000;
/** Statements that are walked through before anything is looked up. */
const WALKED = 4000;

/** Registers what `queryHistory` needs of SQL functions, and a table for what it finds on the way. */
export function defineHistoryFunctions(sqlite: DatabaseSync): void {
  // SQLite's LIKE and lower() fold ASCII only.
  sqlite.function('contains_folded', { deterministic: true }, (text, needle) =>
    text !== null && containsFolded(String(text), String(needle)) ? 1 : 0,
  );
  sqlite.function('text_contains', { deterministic: true }, (shape, fillers, needle) =>
    shape !== null && containsFolded(whole(shape, fillers), String(needle)) ? 1 : 0,
  );
  sqlite.exec('CREATE TEMP TABLE IF NOT EXISTS found_text (id INTEGER PRIMARY KEY)');
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
  walked = WALKED,
): HistoryPage {
  const limit = pageSize(query.limit);
  const positions = findPositions(sqlite, query, limit + 1, walked);
  const page = positions.slice(0, limit);
  const last = positions.length > limit ? page.at(-1) : undefined;
  return {
    entries: entriesAt(sqlite, page, startedAt),
    nextCursor: last === undefined ? undefined : encodeCursor(last),
  };
}

export function pageSize(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new DbgateError(ErrorCode.usage, `history limit ${limit}, expected 1 to ${MAX_LIMIT}`);
}

/** Conditions with what they are bound to. */
class Conditions {
  readonly #all: string[] = ['true'];
  readonly values: SQLInputValue[] = [];

  add(condition: string, ...values: readonly SQLInputValue[]): void {
    this.#all.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#all.join(' AND ');
  }
}

function findPositions(sqlite: DatabaseSync, query: HistoryQuery, wanted: number, walked: number): Position[] {
  const range = positionRange(sqlite, query);
  if (range === undefined) return [];
  const rows = new Conditions();
  const principals = principalsOf(sqlite, query);
  if (principals !== undefined) {
    if (principals.length === 0) return [];
    rows.add(`s.principal_id IN (${principals.join(', ')})`);
  }
  if (query.since !== undefined) rows.add('s.at >= ?', Math.ceil(query.since));
  if (query.until !== undefined) rows.add('s.at < ?', Math.ceil(query.until));
  const flags = flagsOf(query);
  for (const flag of flags) rows.add(`s.flags & ${flag}`);
  if (query.session !== undefined) {
    rows.add('s.session_id = (SELECT id FROM session WHERE session = ?)', query.session);
  }
  const sessions = sessionConditions(query);
  if (sessions !== undefined)
    rows.add(`s.session_id IN (SELECT id FROM session WHERE ${sessions.sql})`, ...sessions.values);
  const texts = textConditions(query);
  if (texts !== undefined)
    rows.add(`s.text_id IN (SELECT t.id FROM text t WHERE t.id = s.text_id AND ${texts.sql})`, ...texts.values);

  const find = (from: string, range: Range, bound: readonly SQLInputValue[] = []): Position[] =>
    sqlite
      .prepare(
        `SELECT s.position FROM ${from} WHERE s.position BETWEEN ? AND ? AND ${rows.sql} ORDER BY s.position DESC LIMIT ?`,
      )
      .all(...bound, range.first, range.last, ...rows.values, wanted)
      .map(({ position }) => position as Position);

  if (query.session !== undefined) return find('statement s INDEXED BY statement_by_number', range);
  const floor = sqlite
    .prepare('SELECT position FROM statement WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1 OFFSET ?')
    .get(range.first, range.last, walked)?.position as Position | undefined;
  const near = find('statement s NOT INDEXED', { first: (floor ?? range.first - 1) + 1, last: range.last });
  if (near.length === wanted || floor === undefined) return near;
  const rest = { first: range.first, last: floor };
  wanted -= near.length;
  return [...near, ...findFar()];

  function findFar(): Position[] {
    if (texts !== undefined && findTexts(sqlite, query)) {
      return find('found_text f CROSS JOIN statement s INDEXED BY statement_by_text ON s.text_id = f.id', rest);
    }
    const rare = flags.find((flag) => flag === FLAG.denied || flag === FLAG.error);
    if (rare !== undefined) return find(`statement s INDEXED BY ${indexOfFlag(rare)}`, rest);
    if (sessions !== undefined) {
      // A subquery that stands first: its sessions are what the statements are looked up by.
      const of = `(SELECT id FROM session WHERE ${sessions.sql}) o CROSS JOIN statement s INDEXED BY statement_by_number ON s.session_id = o.id`;
      return find(of, rest, sessions.values);
    }
    if (flags.length > 0) return find(`statement s INDEXED BY ${indexOfFlag(flags[0]!)}`, rest);
    if (principals !== undefined) return find('statement s INDEXED BY statement_by_principal', rest);
    return find('statement s NOT INDEXED', rest);
  }
}

interface Range {
  readonly first: Position;
  readonly last: Position;
}

/** Where in the log the times and the cursor lie; undefined: nowhere. */
function positionRange(sqlite: DatabaseSync, { since, until, cursor }: HistoryQuery): Range | undefined {
  let first = 0;
  let last = Number.MAX_SAFE_INTEGER;
  if (since !== undefined || until !== undefined) {
    const [from, to] = [finite(since ?? 0), finite(until ?? Number.MAX_SAFE_INTEGER)];
    const span = sqlite
      .prepare('SELECT min(first) AS first, max(last) AS last FROM span WHERE span BETWEEN ? AND ?')
      .get(Math.floor(from / SPAN_MS), Math.floor(to / SPAN_MS));
    if (typeof span?.first !== 'number' || typeof span.last !== 'number') return undefined;
    first = span.first;
    last = span.last;
  }
  if (cursor !== undefined) last = Math.min(last, decodeCursor(cursor) - 1);
  return last < first ? undefined : { first, last };
}

/** Numbers of those whose statements are meant; undefined: everybody's. */
export function principalsOf(
  sqlite: DatabaseSync,
  { principal, by }: Pick<HistoryQuery, 'principal' | 'by'>,
): number[] | undefined {
  if (principal === undefined && by === undefined) return undefined;
  const ids = new Set<number>();
  if (principal !== undefined) {
    const row = sqlite.prepare('SELECT id FROM principal WHERE key = ?').get(principal);
    if (row !== undefined) ids.add(row.id as number);
  }
  if (by === undefined) return [...ids];
  const named = sqlite
    .prepare(
      `SELECT id FROM principal WHERE key = ?1
       UNION SELECT principal_id FROM session WHERE subject = ?1
       UNION SELECT principal_id FROM session WHERE email = ?1 COLLATE NOCASE`,
    )
    .all(short(by, 'by'))
    .map(({ id }) => id as number);
  return principal === undefined ? named : named.filter((id) => ids.has(id));
}

function flagsOf({ deniedOnly, errorsOnly, maskedOnly, writesOnly }: HistoryQuery): number[] {
  const flags: number[] = [];
  if (deniedOnly === true) flags.push(FLAG.denied);
  if (errorsOnly === true) flags.push(FLAG.error);
  if (maskedOnly === true) flags.push(FLAG.masked);
  if (writesOnly === true) flags.push(FLAG.write);
  return flags;
}

function indexOfFlag(flag: number): string {
  return `statement_${Object.entries(FLAG).find(([, bit]) => bit === flag)![0]}`;
}

function sessionConditions({ database, purpose }: HistoryQuery): Conditions | undefined {
  if (database === undefined && purpose === undefined) return undefined;
  const conditions = new Conditions();
  if (database !== undefined) conditions.add('database = ?', database);
  if (purpose !== undefined) conditions.add('contains_folded(purpose, ?)', fold(short(purpose, 'purpose')));
  return conditions;
}

/** What a text `t` must be and touch. */
function textConditions(query: HistoryQuery): Conditions | undefined {
  const { grep, table, column, class: columnClass } = query;
  const needle = grep === undefined ? '' : fold(grep);
  if (needle === '' && table === undefined && column === undefined && columnClass === undefined) return undefined;
  const conditions = new Conditions();
  if (table !== undefined) {
    const [names, values] = namesLike('name', short(table, 'table'));
    conditions.add(
      `t.facts_id IN (SELECT facts_id FROM facts_relation WHERE relation_id IN (SELECT id FROM relation WHERE ${names}))`,
      ...values,
    );
  }
  if (column !== undefined || columnClass !== undefined) {
    const which = new Conditions();
    if (columnClass !== undefined) which.add('class = ?', columnClass);
    if (column !== undefined) {
      const [names, values] = namesLike('name', short(column, 'column'));
      which.add(names, ...values);
    }
    conditions.add(
      `t.facts_id IN (SELECT facts_id FROM facts_classified WHERE classified_id IN (SELECT id FROM classified WHERE ${which.sql}))`,
      ...which.values,
    );
  }
  if (needle !== '') {
    if (needle.length > MAX_NEEDLE_LENGTH) {
      throw new DbgateError(ErrorCode.usage, `history search text is longer than ${MAX_NEEDLE_LENGTH} characters`);
    }
    conditions.add('text_contains((SELECT shape FROM shape WHERE id = t.shape_id), t.fillers, ?)', needle);
  }
  return conditions;
}

/** The name itself, or the end of a longer path of names; as it was typed or as Postgres folds it. */
function namesLike(field: string, name: string): [string, SQLInputValue[]] {
  const either = [...new Set([name, name.toLowerCase()])];
  const one = `(${field} = ? OR substr(${field}, -length(?) - 1) = '.' || ?)`;
  return [`(${either.map(() => one).join(' OR ')})`, either.flatMap((each) => [each, each, each])];
}

const IN_SHAPE = '(SELECT rowid FROM shape_trigram WHERE shape_trigram MATCH ?)';
const IN_FILLERS = '(SELECT rowid FROM filler_trigram WHERE filler_trigram MATCH ?)';

/** Fills `found_text` with every text that may be meant; false if the query says too little about texts to look them up. */
function findTexts(sqlite: DatabaseSync, query: HistoryQuery): boolean {
  const touching = textConditions({ ...query, grep: '' });
  const plan = query.grep ? planNeedle(fold(query.grep)) : undefined;
  if (plan === undefined && touching === undefined) return false;
  sqlite.exec('DELETE FROM found_text');
  const add = (conditions: readonly string[], values: readonly SQLInputValue[]): void => {
    const all = [...conditions, ...(touching === undefined ? [] : [touching.sql])].join(' AND ');
    sqlite
      .prepare(`INSERT OR IGNORE INTO found_text SELECT t.id FROM text t WHERE ${all}`)
      .run(...values, ...(touching?.values ?? []));
  };
  if (plan === undefined) {
    add([], []);
    return true;
  }
  if (plan.whole === undefined) {
    const needle = fold(query.grep!);
    add(['contains_folded(t.fillers, ?)'], [needle]);
    add(['t.shape_id IN (SELECT id FROM shape WHERE contains_folded(shape, ?))'], [needle]);
    return true;
  }
  add([`t.id IN ${IN_FILLERS}`], [plan.whole]);
  add([`t.shape_id IN ${IN_SHAPE}`], [plan.whole]);
  for (const parts of plan.across) {
    // Fillers are many and mostly different, so they find the fewest; the plus keeps shapes from being looked up first.
    const inShape = `${parts.some(({ where }) => where === 'filler') ? '+' : ''}t.shape_id IN ${IN_SHAPE}`;
    const inFillers = `t.id IN ${IN_FILLERS}`;
    const either = `(${inShape} OR ${inFillers})`;
    add(
      parts.map(({ where }) => ({ shape: inShape, filler: inFillers, either })[where]),
      parts.flatMap(({ where, query: trigrams }) => (where === 'either' ? [trigrams, trigrams] : [trigrams])),
    );
  }
  return true;
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

/** The entries of these intents, in that order. */
export function entriesAt(sqlite: DatabaseSync, positions: readonly Position[], startedAt: Position): HistoryEntry[] {
  const one = sqlite.prepare(ENTRY);
  const relations = sqlite.prepare(
    'SELECT name FROM facts_relation JOIN relation ON id = relation_id WHERE facts_id = ? ORDER BY id',
  );
  const columns = sqlite.prepare(
    'SELECT name, class FROM facts_classified JOIN classified ON id = classified_id WHERE facts_id = ? ORDER BY id',
  );
  const facts = new Map<number, Pick<HistoryEntry, 'relations' | 'columns'>>();
  const touched = (id: number): Pick<HistoryEntry, 'relations' | 'columns'> => {
    let known = facts.get(id);
    if (known === undefined) {
      known = {
        relations: relations.all(id).map(({ name }) => name as string),
        columns: Object.fromEntries(columns.all(id).map((row) => [row.name, row.class])),
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
      sql: row.shape === null ? null : whole(row.shape, row.fillers),
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

function stateOf(row: Row, decision: HistoryEntry['decision'], startedAt: Position): HistoryEntry['state'] {
  if (decision === 'deny') return 'denied';
  const fate = row.fate === null ? undefined : FATES[row.fate];
  if (fate === 'rolled_back') return 'rolled_back';
  if (fate === 'unknown' || fate === 'may_have_run') return 'may_have_run';
  if (fate === 'cut') return 'done';
  if (row.answered !== null) return row.sqlstate === null ? 'done' : 'failed';
  return row.opened > startedAt && row.closed_at === null ? 'running' : 'may_have_run';
}

/** A cursor names the last entry shown, so rows that come later move nothing. */
export function encodeCursor(position: Position): string {
  return Buffer.from(`p${position}`).toString('base64url');
}

export function decodeCursor(cursor: string): Position {
  const match = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null) throw new DbgateError(ErrorCode.usage, 'history cursor is not one that this gateway made');
  return Number(match[1]);
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new DbgateError(ErrorCode.usage, 'history time is not a number');
  return value;
}

function short(text: string, what: string): string {
  if (text.length <= MAX_NAME_LENGTH) return text;
  throw new DbgateError(ErrorCode.usage, `${what} is longer than ${MAX_NAME_LENGTH} characters`);
}
