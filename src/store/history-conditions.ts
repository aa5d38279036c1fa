/** What a history query asks of statements, sessions and texts, as SQL over the tables of `index-schema.ts`. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryQuery } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { Position } from './event-log.ts';
import { FLAG, SPAN_MS } from './index-schema.ts';
import { type NeedleReading, readingsOf } from './needle-readings.ts';
import { fold, NEXT } from './text-shape.ts';

const MAX_NEEDLE_LENGTH = 1000;
const MAX_NAME_LENGTH = 1000;

/** Conditions with what they are bound to. */
export class Conditions {
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

export interface Range {
  readonly first: Position;
  readonly last: Position;
}

/** Where in the log the times and the cursor lie; undefined: nowhere. */
export function positionRange(sqlite: DatabaseSync, { since, until, cursor }: HistoryQuery): Range | undefined {
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

export function flagsOf({ deniedOnly, errorsOnly, maskedOnly, writesOnly }: HistoryQuery): number[] {
  const flags: number[] = [];
  if (deniedOnly === true) flags.push(FLAG.denied);
  if (errorsOnly === true) flags.push(FLAG.error);
  if (maskedOnly === true) flags.push(FLAG.masked);
  if (writesOnly === true) flags.push(FLAG.write);
  return flags;
}

/** The partial index of a flag's statements. */
export function indexOfFlag(flag: number): string {
  return `statement_${Object.entries(FLAG).find(([, bit]) => bit === flag)![0]}`;
}

/** What a session must be; undefined: any. */
export function sessionConditions({ database, purpose }: HistoryQuery): Conditions | undefined {
  if (database === undefined && purpose === undefined) return undefined;
  const conditions = new Conditions();
  if (database !== undefined) conditions.add('database = ?', database);
  if (purpose !== undefined) conditions.add('contains_folded(purpose, ?)', fold(short(purpose, 'purpose')));
  return conditions;
}

/** What a text `t` must be and touch; undefined: anything. */
export function textConditions(query: HistoryQuery): Conditions | undefined {
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
    const classified = `SELECT facts_id FROM facts_classified WHERE classified_id IN (SELECT id FROM classified WHERE ${which.sql})`;
    if (columnClass !== undefined) conditions.add(`t.facts_id IN (${classified})`, ...which.values);
    else {
      const others = `SELECT facts_id FROM facts_other WHERE column_id IN (SELECT id FROM other_column WHERE ${which.sql})`;
      conditions.add(`t.facts_id IN (${classified} UNION ALL ${others})`, ...which.values, ...which.values);
    }
  }
  if (needle !== '') {
    if (needle.length > MAX_NEEDLE_LENGTH) {
      throw new DbgateError(ErrorCode.usage, `history search text is longer than ${MAX_NEEDLE_LENGTH} characters`);
    }
    addHolds(conditions, needle, readingsOf(needle));
  }
  return conditions;
}

/** Text `t` holds the needle, which answers to one of these readings. */
export function addHolds(conditions: Conditions, needle: string, readings: readonly NeedleReading[]): void {
  const may = mayHold(readings);
  // All of it in one filler: SQLite's own answer is sure where it is yes.
  if (isAscii(needle) && readings.every(({ fillers }) => fillers === needle)) {
    conditions.add(
      `(instr(lower(t.fillers), ?) OR ${may.sql} AND (SELECT text_contains(h.shape, t.fillers, ?) FROM shape h WHERE h.id = t.shape_id))`,
      needle,
      ...may.values,
      needle,
    );
    return;
  }
  conditions.add(
    `(SELECT CASE WHEN ${may.sql} THEN text_contains(h.shape, t.fillers, ?) END FROM shape h WHERE h.id = t.shape_id)`,
    ...may.values,
    needle,
  );
}

/** What SQLite can tell by itself, so that few texts are put together to be searched. */
function mayHold(readings: readonly NeedleReading[]): Conditions {
  const either = readings.map(({ shape, fillers }) => {
    const one = new Conditions();
    if (shape !== '') addMayContain(one, 'h.shape', shape);
    // Of a text's fillers the first and the last have no neighbour.
    const within = fillers.replace(EDGES, '');
    if (within !== '') addMayContain(one, 't.fillers', within);
    return one;
  });
  const all = new Conditions();
  all.add(`(${either.map(({ sql }) => `(${sql})`).join(' OR ')})`, ...either.flatMap(({ values }) => values));
  return all;
}

const EDGES = new RegExp(`^${NEXT}|${NEXT}$`, 'g');

/** SQLite's lower() folds ASCII only. */
export function addMayContain(conditions: Conditions, column: string, folded: string): void {
  if (!isAscii(folded)) return;
  const folding = [...FOLDED_TO_ASCII].map((letter) => `instr(${column}, '${letter}')`);
  conditions.add(`(${[`instr(lower(${column}), ?)`, ...folding].join(' OR ')})`, folded);
}

/** Such a text is in another, folded, if SQLite's lower() has it there. */
export function isAscii(folded: string): boolean {
  return ASCII.test(folded);
}

const ASCII = /^[\u0001-\u007f]+$/;
/** All letters beyond ASCII whose folded form has ASCII in it: the sign of kelvin, and I with a dot. */
export const FOLDED_TO_ASCII = '\u212a\u0130';

/** The name itself, or the end of a longer path of names; as it was typed or as Postgres folds it. */
function namesLike(field: string, name: string): [string, SQLInputValue[]] {
  const either = [...new Set([name, name.toLowerCase()])];
  const one = `(${field} = ? OR substr(${field}, -length(?) - 1) = '.' || ?)`;
  return [`(${either.map(() => one).join(' OR ')})`, either.flatMap((each) => [each, each, each])];
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
