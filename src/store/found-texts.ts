/**
 * The texts that a query may mean, looked up by trigrams and by what they touch. In: a query. Out: the table `found_text`,
 * filled with exactly the texts that hold the needle and touch what is asked for, or word that there are too many to list.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryQuery } from '../audit/record.ts';
import { addHolds, addMayContain, Conditions, isAscii, textConditions } from './history-conditions.ts';
import { type NeedleReading, readingsOf } from './needle-readings.ts';
import { CONTROLS, fold } from './text-shape.ts';

/** A way to texts: rows with their ids, in a column `id`. */
interface Source {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
  /** The same in two parts: those that hold the needle for sure, and those to be looked at. Missing: all are. */
  readonly parts?: { readonly sure: Source; readonly open: Source };
}

/** Lists them in `found_text`; false, with nothing listed, if one has to look at more than `most` texts for that. */
export function listTexts(sqlite: DatabaseSync, query: HistoryQuery, most: number): boolean {
  const touching = textConditions({ ...query, grep: '' });
  if (query.grep === undefined || query.grep === '') {
    return touching !== undefined && listTouching(sqlite, touching, touching, most);
  }
  const needle = fold(query.grep);
  const readings = readingsOf(needle);
  const sources: Source[] = [];
  sqlite.exec('DELETE FROM found_shape; DELETE FROM found_both');
  for (const [i, reading] of readings.entries()) {
    const source = sourceOf(sqlite, i, reading, most);
    // One that is too common spoils it, unless what is touched is rare.
    if (source === undefined) {
      return touching !== undefined && listTouching(sqlite, touching, textConditions(query)!, most);
    }
    sources.push(source);
  }
  sqlite.exec('DELETE FROM found_text');
  for (const [i, source] of sources.entries()) {
    const meant = new Conditions();
    if (touching !== undefined) meant.add(touching.sql, ...touching.values);
    if (source.parts !== undefined) insert(sqlite, source.parts.sure, meant);
    addHolds(meant, needle, [readings[i]!]);
    insert(sqlite, source.parts?.open ?? source, meant);
  }
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

/** Texts that may answer to reading number `i`, by what is rarest of it; undefined: more than `most` do. */
function sourceOf(
  sqlite: DatabaseSync,
  i: number,
  { shape, fillers }: NeedleReading,
  most: number,
): Source | undefined {
  const [inShape, inFillers] = [[...shape].length, [...fillers].length];
  const sources: Source[] = [];
  // Beside trigrams, one or two characters say nothing, and are slow to be listed.
  if (inShape > 0 && (inShape >= TRIGRAM || inFillers < TRIGRAM)) {
    if (listShapes(sqlite, i, shape, inFillers === 0, most)) {
      const texts = (which: string): Source => ({
        sql: `SELECT t.id FROM text t INDEXED BY text_by_shape WHERE t.shape_id IN (SELECT id FROM found_shape WHERE reading = ?${which})`,
        values: [i],
      });
      sources.push({ ...texts(''), parts: { sure: texts(' AND sure'), open: texts(' AND NOT sure') } });
    }
  }
  if (inFillers > 0 && (inFillers >= TRIGRAM || inShape < TRIGRAM)) sources.push(bodiesWith('filler', fillers));
  let best: Source | undefined;
  let fewest = most + 1;
  for (const source of sources) {
    const count = countUpTo(sqlite, source, fewest);
    if (count < fewest) [best, fewest] = [source, count];
  }
  if (best !== undefined || sources.length < 2 || Math.min(inShape, inFillers) < TRIGRAM) return best;
  const [one, other] = sources as [Source, Source];
  const { changes } = sqlite
    .prepare(`INSERT INTO found_both SELECT ?, id FROM (${one.sql} AND +t.id IN (${other.sql})) LIMIT ?`)
    .run(i, ...one.values, ...other.values, fewest);
  return Number(changes) < fewest ? { sql: 'SELECT id FROM found_both WHERE reading = ?', values: [i] } : undefined;
}

/**
 * Shapes are few beside texts, so they are looked at themselves: their trigrams may stand apart. `isAll`: the needle is in
 * no gap. False: they are more than `most`.
 */
function listShapes(sqlite: DatabaseSync, reading: number, shape: string, isAll: boolean, most: number): boolean {
  const bodies = bodiesWith('shape', shape);
  const has = new Conditions();
  addMayContain(has, 'h.shape', shape);
  // A gap is no character of the text.
  const isSure = isAll && isAscii(shape) && !CONTROLS.test(shape);
  const { changes } = sqlite
    .prepare(
      `INSERT INTO found_shape SELECT ?, h.id, ${isSure ? 'instr(lower(h.shape), ?) > 0' : 'false'}
       FROM shape h WHERE h.id IN (${bodies.sql}) AND ${has.sql} LIMIT ?`,
    )
    .run(reading, ...(isSure ? [shape] : []), ...bodies.values, ...has.values, most + 1);
  return Number(changes) <= most;
}

const TRIGRAM = 3;
/** More cost more than they tell: what is found is looked at anyway. */
const MAX_TRIGRAMS = 12;
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
  const last = characters.length - TRIGRAM;
  // Side by side, and then those in between.
  for (const first of [0, 1, 2]) {
    for (let i = first; i <= last && trigrams.size < MAX_TRIGRAMS; i += TRIGRAM) {
      const trigram = characters.slice(i, i + TRIGRAM).join('');
      trigrams.add(`"${trigram.replaceAll('"', '""')}"`);
    }
  }
  const table = `${of}_trigram`;
  return { sql: `SELECT rowid AS id FROM ${table} WHERE ${table} MATCH ?`, values: [[...trigrams].join(' ')] };
}
