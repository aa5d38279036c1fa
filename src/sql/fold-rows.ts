/**
 * Rows of constants in a VALUES list tell an analysis nothing that others before them have not told, but for how many
 * they are: of a long text the parser sees a few of them, and the rest is cut out. What it says of places is put right
 * afterwards. A row is folded only if nothing stands in it but constants, NULL and DEFAULT, and only behind a row that
 * stays.
 */
import {
  CLASSES,
  DASH,
  DIGIT,
  endOfNumber,
  endOfString,
  endOfToken,
  endOfWord,
  isDigit,
  QUOTE,
  WORD,
} from './token-ends.ts';
import { as, child, isTree, items, list, location, type Tree, unwrap } from './tree.ts';

/** Rows that the parser does not see. */
export interface Fold {
  /** The whole text as the parser sees it. */
  readonly text: string;
  /** Where they were cut from it, in UTF-16 units and in bytes. */
  readonly at: number;
  readonly atByte: number;
  /** The first cell of the row before them in it, in bytes. */
  readonly behind: number;
  /** Of the text itself: the rows, with the comma before each, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** How many bytes the text has lost up to here, with these. */
  readonly gone: number;
  readonly rows: number;
  /** Of each literal in them, in order: the cell it is, from 0. */
  readonly cells: Uint16Array;
  /** Of each cell: in how many of them it is neither NULL nor DEFAULT. */
  readonly given: readonly number[];
}

/** Rows with DEFAULT in other cells are rows of another kind: one of each stays. */
const MOST_KINDS = 64;
/** PostgreSQL has no relation with more columns. */
const MOST_CELLS = 1_664;

const folds = new WeakMap<Tree, readonly Fold[]>();

/** Of a SelectStmt: what its VALUES list has more than `valuesLists` holds. */
export function foldsOf(select: Tree): readonly Fold[] {
  return folds.get(select) ?? [];
}

/** How many rows its VALUES list has. */
export function rowCount(select: Tree): number {
  return foldsOf(select).reduce((sum, { rows }) => sum + rows, list(select, 'valuesLists').length);
}

/** Undefined: there is nothing to fold. */
export function foldRows(sql: string): readonly Fold[] | undefined {
  const found = new RowFinder(sql).find();
  if (found.length === 0) return undefined;
  let text = '';
  let from = 0;
  let atByte = 0;
  let gone = 0;
  const places: Pick<Fold, 'at' | 'atByte' | 'behind' | 'gone'>[] = [];
  for (const { start, end, firstCell } of found) {
    const behind = atByte + Buffer.byteLength(sql.slice(from, firstCell));
    const kept = sql.slice(from, start);
    text += kept;
    atByte += Buffer.byteLength(kept);
    gone += Buffer.byteLength(sql.slice(start, end));
    places.push({ at: text.length, atByte, behind, gone });
    from = end;
  }
  text += sql.slice(from);
  return found.map(({ firstCell: _, ...fold }, i) => ({ ...fold, ...places[i]!, text }));
}

/**
 * True: each fold is behind a row of an INSERT, `foldsOf` knows, and the places in `statements`, which the parser made of
 * the text of the folds, are those of the text itself. False: some are something else, and it must be parsed as it is.
 */
export function placeFolds(all: readonly Fold[], statements: readonly Tree[]): boolean {
  const open = new Map(all.map((fold) => [fold.behind, fold]));
  for (const statement of statements) {
    const select = as(child(as(statement, 'InsertStmt') ?? {}, 'selectStmt'), 'SelectStmt');
    if (select === undefined || ['withClause', 'sortClause', 'limitCount'].some((key) => key in select)) continue;
    const own: Fold[] = [];
    for (const row of list(select, 'valuesLists')) {
      const at = location(unwrap(items(row)[0])?.[1]);
      const fold = at === undefined ? undefined : open.get(at);
      if (fold === undefined) continue;
      open.delete(fold.behind);
      own.push(fold);
    }
    if (own.length > 0) folds.set(select, own);
  }
  if (open.size > 0) return false;
  for (const statement of statements) unfoldPlaces(all, statement);
  return true;
}

/** A place in the text that the parser saw → the one in the text itself, both in bytes. */
export function unfoldedByte(all: readonly Fold[], offset: number): number {
  return offset + goneBefore(all, offset, ({ atByte }) => atByte);
}

/** A place in the text itself that is in no fold → the one in the text that the parser saw, both in bytes. */
export function foldedByte(all: readonly Fold[], offset: number): number {
  return offset - goneBefore(all, offset, ({ atByte, gone }) => atByte + gone);
}

/** What is gone up to the last fold whose `place` is not behind `offset`. */
function goneBefore(all: readonly Fold[], offset: number, place: (fold: Fold) => number): number {
  let low = 0;
  for (let high = all.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (place(all[middle]!) <= offset) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : all[low - 1]!.gone;
}

const PLACE = /(?:^|_)location$|_list_(?:start|end)$/;

function unfoldPlaces(all: readonly Fold[], tree: Tree): void {
  const open: Tree[] = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'number') {
        if (PLACE.test(key)) (node as Record<string, unknown>)[key] = unfoldedByte(all, value);
      } else if (Array.isArray(value)) {
        for (const item of value) if (isTree(item)) open.push(item);
      } else if (isTree(value)) open.push(value);
    }
  }
}

/** A character of the text that the parser saw → the one of the text itself; both 1-based, in code points. */
export function unfoldedPosition(sql: string, all: readonly Fold[], position: number): number {
  let before = 0;
  let gone = 0;
  let from = 0;
  for (const { start, end } of all) {
    before += codePoints(sql.slice(from, start));
    if (position <= before) break;
    gone += codePoints(sql.slice(start, end));
    from = end;
  }
  return position + gone;
}

function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}

type Found = Omit<Fold, 'text' | 'at' | 'atByte' | 'behind' | 'gone'> & { readonly firstCell: number };

/** What a row is made of: a letter for each cell. */
interface Pattern {
  readonly letters: string;
  /** Rows of one kind have DEFAULT in the same cells. */
  readonly kind: string;
  /** The cells that are literals. */
  readonly literals: readonly number[];
}

const LITERAL = 'l';
const DEFAULT = 'd';
const LETTERS: Readonly<Record<string, string>> = { null: 'n', true: 'b', false: 'b', default: DEFAULT };

/** A row that could be folded, in UTF-16 units. */
interface Row {
  readonly end: number;
  readonly firstCell: number;
  readonly pattern: Pattern;
}

class RowFinder {
  readonly #sql: string;
  readonly #found: Found[] = [];
  readonly #patterns = new Map<string, Pattern>();
  /** Of the cell read last. */
  #letter = LITERAL;

  constructor(sql: string) {
    this.#sql = sql;
  }

  find(): readonly Found[] {
    const sql = this.#sql;
    for (let i = 0; i !== -1 && i < sql.length; ) {
      const end = endOfToken(sql, i, sql.length);
      i = end - i === 6 && sql.slice(i, end).toLowerCase() === 'values' ? this.#list(end) : end;
    }
    return this.#found;
  }

  /** Behind VALUES; gives where it stopped to read. */
  #list(from: number): number {
    const rows: Row[] = [];
    for (let next = this.#blank(from); ; ) {
      const row = this.#row(next);
      // Rows of different lengths are an error, which is PostgreSQL's to find.
      if (row === undefined || row.pattern.letters.length !== (rows[0] ?? row).pattern.letters.length) break;
      rows.push(row);
      const comma = this.#blank(row.end);
      if (this.#sql.charCodeAt(comma) !== COMMA) break;
      next = this.#blank(comma + 1);
    }
    this.#fold(rows);
    return rows.at(-1)?.end ?? from;
  }

  #fold(rows: readonly Row[]): void {
    const kinds = new Set<string>();
    let from = 0;
    rows.forEach(({ pattern }, i) => {
      if (kinds.has(pattern.kind)) return;
      if (from < i) this.#add(rows, from, i);
      if (kinds.size < MOST_KINDS) kinds.add(pattern.kind);
      from = i + 1;
    });
    if (from < rows.length) this.#add(rows, from, rows.length);
  }

  #add(rows: readonly Row[], from: number, to: number): void {
    const behind = rows[from - 1]!;
    const given = new Array<number>(behind.pattern.letters.length).fill(0);
    const counts = new Map<Pattern, number>();
    for (let i = from; i < to; i++) counts.set(rows[i]!.pattern, (counts.get(rows[i]!.pattern) ?? 0) + 1);
    let literals = 0;
    for (const [pattern, count] of counts) {
      literals += pattern.literals.length * count;
      given.forEach((before, i) => {
        if ('lb'.includes(pattern.letters[i]!)) given[i] = before + count;
      });
    }
    const cells = new Uint16Array(literals);
    let next = 0;
    for (let i = from; i < to; i++) for (const cell of rows[i]!.pattern.literals) cells[next++] = cell;
    const place = { start: behind.end, end: rows[to - 1]!.end, firstCell: behind.firstCell };
    this.#found.push({ ...place, rows: to - from, cells, given });
  }

  /** Undefined: no row, or one with something else in it. */
  #row(start: number): Row | undefined {
    const sql = this.#sql;
    if (sql.charCodeAt(start) !== 40) return undefined;
    const firstCell = this.#blank(start + 1);
    let letters = '';
    for (let at = firstCell; letters.length < MOST_CELLS; ) {
      const end = this.#cell(at);
      if (end === -1) return undefined;
      letters += this.#letter;
      at = this.#blank(end);
      const code = sql.charCodeAt(at);
      if (code === 41) return { end: at + 1, firstCell, pattern: this.#pattern(letters) };
      if (code !== COMMA) return undefined;
      at = this.#blank(at + 1);
    }
    return undefined;
  }

  #pattern(letters: string): Pattern {
    let pattern = this.#patterns.get(letters);
    if (pattern === undefined) {
      const kind = letters.replaceAll(/[^d]/g, '-');
      const literals = [...letters].flatMap((letter, i) => (letter === LITERAL ? [i] : []));
      this.#patterns.set(letters, (pattern = { letters, kind, literals }));
    }
    return pattern;
  }

  /** The end of a number, a string, NULL, TRUE, FALSE or DEFAULT; -1: something else begins here. */
  #cell(at: number): number {
    const sql = this.#sql;
    const to = sql.length;
    const code = sql.charCodeAt(at);
    this.#letter = LITERAL;
    switch (code < 128 ? CLASSES[code]! : WORD) {
      case DIGIT:
        return endOfNumber(sql, at, to);
      case DASH:
        return isDigit(sql.charCodeAt(at + 1)) ? endOfNumber(sql, at + 1, to) : -1;
      case QUOTE:
        return endOfString(sql, at, to, false);
      case WORD: {
        if ((code | 32) === 101 && sql.charCodeAt(at + 1) === 39) return endOfString(sql, at + 1, to, true);
        const end = endOfWord(sql, at, to);
        const letter = end - at > 7 ? undefined : LETTERS[sql.slice(at, end).toLowerCase()];
        this.#letter = letter ?? LITERAL;
        return letter === undefined ? -1 : end;
      }
      default:
        return -1;
    }
  }

  /** Behind white space; a comment is none. */
  #blank(at: number): number {
    let i = at;
    for (;;) {
      const code = this.#sql.charCodeAt(i);
      const isBlank = code === 32 || (code >= 9 && code <= 13);
      if (!isBlank) return i;
      i++;
    }
  }
}

const COMMA = 44;
