/**
 * Which statements a history query means: their positions, the newest in the log first. First the newest statements are
 * walked through, which is where most pages end. What is rarer is then looked for from what is rarest in the query: a flag,
 * the sessions or the person that it names, or its texts. All ways find the same; they differ in what they cost.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryQuery } from '../audit/record.ts';
import type { Position } from './event-log.ts';
import { countUpTo, listTexts } from './found-texts.ts';
import {
  Conditions,
  flagsOf,
  indexOfFlag,
  positionRange,
  principalsOf,
  sessionConditions,
  textConditions,
} from './history-conditions.ts';
import { FLAG } from './index-schema.ts';

/** How much is looked at in one way before another is tried: numbers of statements, and of texts. */
export interface Effort {
  /** The newest of all. */
  readonly walked: number;
  /** The newest of the person, or with the flag. */
  readonly walkedThere: number;
  /** So few are looked at one by one. */
  readonly few: number;
  /** So many texts are listed, before it is walked on for what they have in common. */
  readonly texts: number;
  /** So many statements with one of them. */
  readonly statements: number;
}

const EFFORT: Effort = { walked: 4000, walkedThere: 1000, few: 4000, texts: 50_000, statements: 20_000 };

/** A way to statements `s`. */
interface Way {
  readonly from: string;
  /** What `from` is bound to. */
  readonly values: readonly SQLInputValue[];
  readonly where: string;
  /** Its statements come in the order of their positions, so the newest can be had alone. */
  readonly ordered: boolean;
}

const NO_LIMIT = 1e12;
/** So many times as far one walks where what was found promises a full page: through all, and there. */
const WALK_ON = { all: 7, there: 3 };

const ALL: Way = { from: 'statement s NOT INDEXED', where: 'true', values: [], ordered: true };
const LISTED: Way = {
  from: 'found_text f CROSS JOIN statement s INDEXED BY statement_by_text',
  where: 's.text_id = f.id',
  values: [],
  ordered: false,
};

export function findPositions(
  sqlite: DatabaseSync,
  query: HistoryQuery,
  wanted: number,
  effort: Effort = EFFORT,
): Position[] {
  const range = positionRange(sqlite, query);
  const principals = principalsOf(sqlite, query);
  if (range === undefined || principals?.length === 0) return [];
  const texts = textConditions(query);
  const statements = statementConditions(query, principals);
  const found: Position[] = [];
  // What is not looked at yet.
  let rest = range;
  let isListed = false;

  /** Takes what it finds from `first` on; true: the page is full, or there is no more. */
  const take = (way: Way, first: Position): boolean => {
    const conditions = [way.where, statements.sql];
    const values = [...statements.values];
    if (isListed && way !== LISTED) conditions.push('s.text_id IN (SELECT id FROM found_text)');
    else if (texts !== undefined && way !== LISTED) {
      conditions.push(`s.text_id IN (SELECT t.id FROM text t WHERE t.id = s.text_id AND ${texts.sql})`);
      values.push(...texts.values);
    }
    const rows = sqlite
      .prepare(
        `SELECT s.position FROM ${way.from} WHERE s.position BETWEEN ? AND ? AND ${conditions.join(' AND ')}
         ORDER BY s.position DESC LIMIT ?`,
      )
      .all(...way.values, first, rest.last, ...values, wanted - found.length);
    found.push(...rows.map(({ position }) => position as Position));
    rest = { ...rest, last: first - 1 };
    return found.length === wanted || rest.last < rest.first;
  };
  /** Looks at the newest `many`, and on as long as what was found promises a full page soon; true as above. */
  const walk = (way: Way, many: number): boolean => {
    for (let more = many, left = many * (way === ALL ? WALK_ON.all : WALK_ON.there); ; ) {
      const before = found.length;
      if (walkOnce(way, more)) return true;
      if (found.length === before) return false;
      left -= more;
      more = Math.ceil((wanted - found.length) * (more / (found.length - before)));
      if (more > left) return false;
    }
  };
  const walkOnce = (way: Way, many: number): boolean => {
    const floor = sqlite
      .prepare(
        `SELECT s.position FROM ${way.from} WHERE s.position BETWEEN ? AND ? AND ${way.where}
         ORDER BY s.position DESC LIMIT 1 OFFSET ?`,
      )
      .get(...way.values, rest.first, rest.last, many)?.position as Position | undefined;
    return take(way, floor === undefined ? rest.first : floor + 1);
  };
  const all = (way: Way): Position[] => {
    take(way, rest.first);
    return found;
  };
  const count = (way: Way, most: number): number => {
    const sql = `SELECT 1 FROM ${way.from} WHERE s.position BETWEEN ? AND ? AND ${way.where}`;
    return countUpTo(sqlite, { sql, values: [...way.values, rest.first, rest.last] }, most);
  };

  if (query.session !== undefined) {
    return all({ ...ALL, from: 'statement s INDEXED BY statement_by_number', ordered: false });
  }
  if (walk(ALL, effort.walked)) return found;
  const ways = waysOf(query, principals);
  let fewest = effort.few + 1;
  let rarest: Way | undefined;
  for (const way of ways) {
    const many = count(way, fewest);
    if (many < fewest) [rarest, fewest] = [way, many];
  }
  if (rarest !== undefined) return all(rarest);
  if (texts === undefined) return all(ways[0] ?? ALL);
  const ordered = ways.find((way) => way.ordered) ?? ALL;
  if (ordered !== ALL && walk(ordered, effort.walkedThere)) return found;
  // Where all in the way are fewer than the texts, they are looked at sooner.
  const most = ordered === ALL ? effort.texts : count(ordered, effort.texts);
  isListed = listTexts(sqlite, query, most);
  if (!isListed && most < effort.texts) return all(ordered);
  if (isListed && count(LISTED, effort.statements + 1) <= effort.statements) return all(LISTED);
  // Common texts: few of the statements in the way are looked at in vain, unless all that is meant is long ago.
  if (walk(ordered, 5 * effort.walked)) return found;
  return all(ordered === ALL && (isListed || listTexts(sqlite, query, NO_LIMIT)) ? LISTED : ordered);
}

/** All that is not about texts. */
function statementConditions(query: HistoryQuery, principals: readonly number[] | undefined): Conditions {
  const rows = new Conditions();
  if (principals !== undefined) rows.add(`s.principal_id IN (${principals.join(', ')})`);
  if (query.since !== undefined) rows.add('s.at >= ?', Math.ceil(query.since));
  if (query.until !== undefined) rows.add('s.at < ?', Math.ceil(query.until));
  for (const flag of flagsOf(query)) rows.add(`s.flags & ${flag}`);
  if (query.session !== undefined) {
    rows.add('s.session_id = (SELECT id FROM session WHERE session = ?)', query.session);
  }
  const sessions = sessionConditions(query);
  if (sessions !== undefined) {
    rows.add(`s.session_id IN (SELECT id FROM session WHERE ${sessions.sql})`, ...sessions.values);
  }
  return rows;
}

/** Indexes that lead to what is meant, those first that mostly lead to the fewest. */
function waysOf(query: HistoryQuery, principals: readonly number[] | undefined): Way[] {
  const flags = flagsOf(query).map((flag): [number, Way] => [
    flag,
    {
      from: `statement s INDEXED BY ${indexOfFlag(flag)}`,
      where: `s.flags & ${flag}`,
      values: [],
      ordered: true,
    },
  ]);
  const isRare = (flag: number): boolean => flag === FLAG.denied || flag === FLAG.error;
  const ways = flags.filter(([flag]) => isRare(flag)).map(([, way]) => way);
  const sessions = sessionConditions(query);
  if (sessions !== undefined) {
    if (principals !== undefined) sessions.add(`principal_id IN (${principals.join(', ')})`);
    ways.push({
      // A subquery that stands first: its sessions are what the statements are looked up by.
      from: `(SELECT id FROM session WHERE ${sessions.sql}) o CROSS JOIN statement s INDEXED BY statement_by_number`,
      where: 's.session_id = o.id',
      values: sessions.values,
      ordered: false,
    });
  }
  if (principals !== undefined) {
    const [only, ...others] = principals;
    ways.push({
      from: 'statement s INDEXED BY statement_by_principal',
      where: others.length === 0 ? `s.principal_id = ${only}` : `s.principal_id IN (${principals.join(', ')})`,
      values: [],
      ordered: others.length === 0,
    });
  }
  ways.push(...flags.filter(([flag]) => !isRare(flag)).map(([, way]) => way));
  return ways;
}
