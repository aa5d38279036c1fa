/**
 * Rows of constants in a VALUES list tell an analysis nothing that others before them have not told, but for how many
 * they are: of a long text the parser sees a few of them. Nor does it need to see what stands in a long constant or
 * comment. A row is folded only if nothing stands in it but constants, NULL and DEFAULT, and only behind a row that stays.
 */
import { type Cut, CutText } from './cut-text.ts';
import { stringValue } from './string-value.ts';
import { COMMENT, DOLLAR, ESCAPE, STRING, Token } from './token.ts';
import { CLASSES, DASH, DIGIT, endOfNumber, endOfString, endOfWord, isDigit, QUOTE, WORD } from './token-ends.ts';
import { as, child, items, list, location, type Tree, unwrap } from './tree.ts';

/** Rows that the parser does not see. */
export interface Fold {
  /** Where they were cut from what it sees, in UTF-16 units. */
  readonly at: number;
  readonly cut: CutText;
  /** The first cell of the row before them, in bytes of the whole text. */
  readonly behind: number;
  readonly rows: number;
  /** Of each literal in them, in order: the cell it is, from 0. */
  readonly cells: Uint16Array;
  /** Of each cell: in how many of them it is neither NULL nor DEFAULT. */
  readonly given: readonly number[];
}

export interface Shortened {
  readonly cut: CutText;
  readonly folds: readonly Fold[];
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

/** Undefined: the parser must see all of it. */
export function shortened(sql: string): Shortened | undefined {
  const { rows, long } = new Finder(sql).find();
  if (rows.length + long.length === 0) return undefined;
  const cuts = [...rows.map(({ start, end }) => ({ start, end, instead: '' })), ...outside(rows, long)];
  cuts.sort((a, b) => a.start - b.start);
  const cut = new CutText(sql, cuts);
  const folds: Fold[] = [];
  let from = 0;
  let behind = 0;
  for (const { start, firstCell, ...fold } of rows) {
    behind += Buffer.byteLength(sql.slice(from, firstCell));
    from = firstCell;
    folds.push({ ...fold, at: cut.seenUnit(start), behind, cut });
  }
  return { cut, folds };
}

/** Those that are in no row that is cut out itself. */
function outside(rows: readonly Found[], long: readonly Cut[]): Cut[] {
  let next = 0;
  return long.filter(({ start }) => {
    while (next < rows.length && rows[next]!.end <= start) next++;
    return next === rows.length || start < rows[next]!.start;
  });
}

/** True: each fold is behind a row of an INSERT, and `foldsOf` knows. */
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
  return open.size === 0;
}

/** A constant or comment of which more stands in the text is cut, in UTF-16 units. */
const LONG_VALUE = 1_024;
const STAND_INS = ['dbgate', 'dbgate-1', 'dbgate-2', 'dbgate-3'] as const;

interface Found extends Omit<Fold, 'at' | 'behind' | 'cut'> {
  /** The rows, with the comma before each, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Of the row before them. */
  readonly firstCell: number;
}

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

class Finder {
  readonly #sql: string;
  readonly #rows: Found[] = [];
  readonly #long: Cut[] = [];
  /** Stands nowhere in the text. Undefined: all of them do, and no value is cut. */
  readonly #standIn: string | undefined;
  readonly #patterns = new Map<string, Pattern>();
  /** Of the cell read last. */
  #letter = LITERAL;

  constructor(sql: string) {
    this.#sql = sql;
    this.#standIn = STAND_INS.find((one) => !sql.includes(one));
  }

  find(): { readonly rows: readonly Found[]; readonly long: readonly Cut[] } {
    const sql = this.#sql;
    const token = new Token();
    for (let i = 0; i !== -1 && i < sql.length; ) {
      const end = token.read(sql, i, sql.length);
      if (end - i > LONG_VALUE) this.#takeLong(i, end, token.kind);
      i = end - i === 6 && sql.slice(i, end).toLowerCase() === 'values' ? this.#list(end) : end;
    }
    return { rows: this.#rows, long: this.#long };
  }

  #takeLong(start: number, end: number, kind: number): void {
    const sql = this.#sql;
    if (kind === COMMENT) {
      this.#long.push({ start: start + 2, end: sql.charCodeAt(start) === 45 ? end : end - 2, instead: '' });
    } else if (kind === STRING || kind === ESCAPE) {
      const quote = kind === STRING ? start : start + 1;
      const { value, isCoded } = stringValue(sql, quote, end, kind === ESCAPE);
      if (!isCoded) this.#takeValue(quote + 1, end - 1, value);
    } else if (kind === DOLLAR) {
      const tag = sql.indexOf('$', start + 1) + 1 - start;
      this.#takeValue(start + tag, end - tag, sql.slice(start + tag, end - tag));
    }
  }

  #takeValue(start: number, end: number, value: string): void {
    if (this.#standIn === undefined) return;
    this.#long.push({ start, end, instead: `${this.#standIn}:${this.#long.length}:`, value });
  }

  /** Behind VALUES; gives where it stopped to read. */
  #list(from: number): number {
    const rows: Row[] = [];
    for (let next = this.#blank(from); ; ) {
      const before = this.#long.length;
      const row = this.#row(next);
      // Rows of different lengths are an error, which is PostgreSQL's to find.
      if (row === undefined || row.pattern.letters.length !== (rows[0] ?? row).pattern.letters.length) {
        // It is read again, token by token.
        this.#long.length = before;
        break;
      }
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
    this.#rows.push({ ...place, rows: to - from, cells, given });
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
      case QUOTE: {
        const end = endOfString(sql, at, to, false);
        if (end - at > LONG_VALUE) this.#takeLong(at, end, STRING);
        return end;
      }
      case WORD: {
        if ((code | 32) === 101 && sql.charCodeAt(at + 1) === 39) {
          const end = endOfString(sql, at + 1, to, true);
          if (end - at > LONG_VALUE) this.#takeLong(at, end, ESCAPE);
          return end;
        }
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
