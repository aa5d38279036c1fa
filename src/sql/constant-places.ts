/**
 * Where the constants of a text go: for each literal and each bind parameter, the columns that its value may meet by
 * being compared with, computed with, or written into them. In: parse trees and the text. Out: plain data, the same for
 * every text of one shape. Names are the text's own; what they stand for is for the reader of this to say.
 *
 * It must never say `nothing` of a constant that may meet a column: a kind of statement, call or place that is not known
 * is `anything` or `hidden`.
 */
import { ConstantWalk, type Place } from './constant-walk.ts';
import type { ConstantPlace, ConstantPlaces, FoldedLiterals } from './facts.ts';
import type { ParsedStatement } from './grammar.ts';
import { LiteralTokens } from './literal-tokens.ts';
import { COMMENT, DOLLAR, NUMBER } from './token.ts';
import { unwrap } from './tree.ts';

/** Undefined: the text is not read as the parser read it, so nothing is known of its literals. */
export function constantPlaces(text: string, statements: readonly ParsedStatement[]): ConstantPlaces | undefined {
  const walk = new ConstantWalk();
  for (const { node } of statements) walk.statement(node, false);
  // Rows that the parser did not see are not looked through either.
  const cut = walk.folds[0]?.fold.cut;
  const sql = cut?.text ?? text;
  const tokens = new LiteralTokens();
  tokens.scan(sql);
  if (tokens.isBroken) return undefined;
  const byStart = new Map<number, Place>();
  const onlyData = statements.every(({ node }) => DATA.test(unwrap(node)?.[0] ?? ''));
  const constants = [...walk.constants].map(([offset, place]) => [cut?.seen(offset) ?? offset, place] as const);
  const at = charactersAt(
    sql,
    constants.map(([offset]) => offset),
  );
  for (const [offset, place] of constants) byStart.set(startOf(sql, at.get(offset) ?? sql.length), place);
  const literals: (ConstantPlace | 'body')[] = [];
  for (let i = 0; i < tokens.count; i++) {
    const [start, kind] = [tokens.starts[i]!, tokens.kinds[i]!];
    if (kind === COMMENT) continue;
    const place = byStart.get(start);
    if (place !== undefined) {
      literals.push(walk.placeOf(place));
      byStart.delete(start);
    } else if (kind === NUMBER && !onlyData) {
      // The grammar's own numbers (FETCH 100, FILLFACTOR = 70): no value of a column.
      literals.push('nothing');
    } else
      literals.push(kind === DOLLAR && walk.hasBody ? 'body' : tokens.ends[i]! - start <= 3 ? 'nothing' : 'hidden');
  }
  // A constant that stands where no literal does: a keyword (EXTRACT's field), or the two are read differently.
  for (const start of byStart.keys()) if (!/[A-Za-z"]/.test(sql[start] ?? '')) return undefined;
  return {
    literals,
    folded: foldedLiterals(walk, tokens),
    parameters: walk.parameters.map((place) => (place === undefined ? 'nothing' : walk.placeOf(place))),
    columns: [...walk.named.values()].slice(0, MAX_COLUMNS),
    star: walk.star,
  };
}

function foldedLiterals(walk: ConstantWalk, tokens: LiteralTokens): FoldedLiterals[] {
  let token = 0;
  let before = 0;
  return walk.folds.map(({ fold, cells }) => {
    for (; token < tokens.count && tokens.starts[token]! < fold.at; token++) {
      if (tokens.kinds[token] !== COMMENT) before++;
    }
    return { before, cells: fold.cells, places: cells.map((place) => walk.placeOf(place)) };
  });
}

/** Of each literal in the text, `map` of its place. */
export function ofLiterals<T>({ literals, folded }: ConstantPlaces, map: (place: ConstantPlace | 'body') => T): T[] {
  if (folded.length === 0) return literals.map(map);
  const out: T[] = [];
  let from = 0;
  for (const { before, cells, places } of folded) {
    for (; from < before; from++) out.push(map(literals[from]!));
    const ofCells = places.map(map);
    for (const cell of cells) out.push(ofCells[cell]!);
  }
  for (; from < literals.length; from++) out.push(map(literals[from]!));
  return out;
}

/** How many literals the text has, if `map` gives the same for all of them; undefined: it does not, or no row is folded. */
export function literalsThatAre<T>(
  same: T,
  { literals, folded }: ConstantPlaces,
  map: (place: ConstantPlace | 'body') => T,
): number | undefined {
  if (folded.length === 0) return undefined;
  const isSame = (place: ConstantPlace | 'body'): boolean => map(place) === same;
  if (!literals.every(isSame) || !folded.every(({ places }) => places.every(isSame))) return undefined;
  return folded.reduce((count, { cells }) => count + cells.length, literals.length);
}

const DATA = /^(Select|Insert|Update|Delete|Merge)Stmt$/;
const MAX_COLUMNS = 1_000;

/** UTF-16 units before each of these byte offsets, in one pass: a text may have very many constants. */
function charactersAt(sql: string, offsets: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  const sorted = [...offsets].sort((a, b) => a - b);
  let next = 0;
  let bytes = 0;
  for (let i = 0; i < sql.length && next < sorted.length; i++) {
    while (next < sorted.length && sorted[next]! <= bytes) found.set(sorted[next++]!, i);
    const code = sql.charCodeAt(i);
    // Each half of a surrogate pair counts for two of its four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  return found;
}

/** The parser folds a sign into the constant and keeps the sign's place. */
function startOf(sql: string, at: number): number {
  const sign = sql[at];
  if (sign !== '-' && sign !== '+') return at;
  const blank = /(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*/y;
  blank.lastIndex = at + 1;
  return at + 1 + (blank.exec(sql)?.[0].length ?? 0);
}
