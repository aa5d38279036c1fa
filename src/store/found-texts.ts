/**
 * The texts that a query may mean, looked up by trigrams and by what they touch. In: a query. Out: the table `found_text`,
 * filled with exactly the texts that hold the needle and touch what is asked for, or word that there are too many to list.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryQuery } from '../audit/record.ts';
import { type Conditions, textConditions } from './history-conditions.ts';
import { type NeedleReading, readingsOf } from './needle-readings.ts';
import { fold } from './text-shape.ts';

/** A way to texts: rows with their ids, in a column `id`. */
interface Source {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Lists them in `found_text`; false, with nothing listed, if one has to look at more than `most` texts for that. */
export function listTexts(sqlite: DatabaseSync, query: HistoryQuery, most: number): boolean {
  const meant = textConditions(query);
  const touching = textConditions({ ...query, grep: '' });
  if (meant === undefined) return false;
  const sources: Source[] = [];
  if (query.grep) {
    for (const reading of readingsOf(fold(query.grep))) {
      const source = sourceOf(sqlite, reading, most);
      // One that is too common spoils it, unless what is touched is rare.
      if (source === undefined) return touching !== undefined && listTouching(sqlite, touching, meant, most);
      sources.push(source);
    }
  } else return listTouching(sqlite, touching!, meant, most);
  sqlite.exec('DELETE FROM found_text');
  for (const source of sources) insert(sqlite, source, meant);
  return true;
}

function listTouching(sqlite: DatabaseSync, touching: Conditions, meant: Conditions, most: number): boolean {
  const source = { sql: `SELECT t.id FROM text t WHERE ${touching.sql}`, values: touching.values };
  if (countUpTo(sqlite, source, most + 1) > most) return false;
  sqlite.exec('DELETE FROM found_text');
  insert(sqlite, source, meant);
  return true;
}

function insert(sqlite: DatabaseSync, { sql, values }: Source, meant: Conditions): void {
  sqlite
    .prepare(`INSERT OR IGNORE INTO found_text SELECT t.id FROM text t WHERE t.id IN (${sql}) AND ${meant.sql}`)
    .run(...values, ...meant.values);
}

export function countUpTo(sqlite: DatabaseSync, { sql, values }: Source, most: number): number {
  const row = sqlite.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM (${sql}) LIMIT ?)`).get(...values, most);
  return row!.n as number;
}

/** Texts that may answer to a reading, by what is rarest of it; undefined: more than `most` do. */
function sourceOf(sqlite: DatabaseSync, { shape, fillers }: NeedleReading, most: number): Source | undefined {
  const [inShape, inFillers] = [[...shape].length, [...fillers].length];
  const sources: Source[] = [];
  // Beside trigrams, one or two characters say nothing, and are slow to be listed.
  if (inShape > 0 && (inShape >= TRIGRAM || inFillers < TRIGRAM)) {
    const { sql, values } = bodiesWith('shape', shape);
    const texts = `SELECT t.id FROM text t INDEXED BY text_by_shape WHERE t.shape_id IN (${sql})`;
    sources.push({ sql: texts, values });
  }
  if (inFillers > 0 && (inFillers >= TRIGRAM || inShape < TRIGRAM)) sources.push(bodiesWith('filler', fillers));
  let best: Source | undefined;
  let fewest = most + 1;
  for (const source of sources) {
    const count = countUpTo(sqlite, source, fewest);
    if (count < fewest) [best, fewest] = [source, count];
  }
  if (best !== undefined || Math.min(inShape, inFillers) < TRIGRAM) return best;
  const [one, other] = sources as [Source, Source];
  const both = { sql: `${one.sql} AND +t.id IN (${other.sql})`, values: [...one.values, ...other.values] };
  return countUpTo(sqlite, both, fewest) < fewest ? both : undefined;
}

const TRIGRAM = 3;
/** More say nothing new: what is found is looked at anyway. */
const MAX_TRIGRAMS = 40;
/** Behind every other in the order of bytes. */
const LAST_CHARACTER = '\u{10ffff}';

/** Those that may contain it: by all of its trigrams, or as the beginning of one. */
function bodiesWith(of: 'shape' | 'filler', text: string): Source {
  const characters = [...text];
  if (characters.length < TRIGRAM) {
    const last = text + LAST_CHARACTER.repeat(TRIGRAM - characters.length);
    return { sql: `SELECT doc AS id FROM ${of}_letters WHERE term >= ? AND term <= ?`, values: [text, last] };
  }
  const trigrams = new Set<string>();
  for (let i = 0; i + TRIGRAM <= characters.length && trigrams.size < MAX_TRIGRAMS; i++) {
    const trigram = characters.slice(i, i + TRIGRAM).join('');
    trigrams.add(`"${trigram.replaceAll('"', '""')}"`);
  }
  const table = `${of}_trigram`;
  return { sql: `SELECT rowid AS id FROM ${table} WHERE ${table} MATCH ?`, values: [[...trigrams].join(' ')] };
}
