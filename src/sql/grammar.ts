/** Postgres' own grammar of one server major, as WASM: loaded once, then synchronous. */

import { blankComments, blankCommentsOfBodies } from './blank-comments.ts';
import { countSearched } from './declared-names.ts';
import { countRepeated } from './repeated-rows.ts';
import { placeFolds, type Shortened, shortened } from './shortened.ts';
import { countTerms } from './term-count.ts';
import type { Tree } from './tree.ts';

/** A statement as the parser cuts it: byte range (`length` 0: to the end) and its wrapped node. */
export interface ParsedStatement {
  readonly node: Tree;
  readonly offset: number;
  readonly length: number;
}

export interface Grammar {
  /**
   * Throws `GrammarError` for what Postgres would reject, `TooComplexError` for what is not parsed at all; anything else
   * thrown means that the instance is broken.
   */
  parse(sql: string): ParsedStatement[];
  /** The tree of a CREATE FUNCTION … LANGUAGE plpgsql or DO; `GrammarError` when it cannot be parsed. */
  parseRoutine(sql: string): Tree;
}

/** Postgres' own syntax error. */
export class GrammarError extends Error {
  /** 1-based, in characters. */
  readonly cursorPosition: number | undefined;
  constructor(message: string, cursorPosition: number | undefined) {
    super(message);
    this.name = 'GrammarError';
    this.cursorPosition = cursorPosition;
  }
}

/** A text whose parse and analysis would take longer than anyone should wait for them. */
export class TooComplexError extends Error {
  constructor(what: string, found: number, most: number) {
    const told = found > MOST_TOLD ? `more than ${MOST_TOLD}` : String(found);
    super(`statement has ${told} ${what}, more than ${most} are not analysed`);
    this.name = 'TooComplexError';
  }
}

/** About a second on a core of 2026, parsed twice, analysed and traced. */
const MAX_TERMS = 100_000;
const MAX_CONSTANTS = 200_000;
/** No exact number is worth counting further. */
const MOST_TOLD = 1_000_000;

/** Of a longer text the parser does not see everything. */
const LONG_TEXT = 65_536;

function boundTerms(sql: string, bodies: boolean): void {
  // No term is shorter than a character.
  if (sql.length <= MAX_TERMS) return;
  const { terms, constants } = countTerms(sql, MOST_TOLD, bodies);
  if (terms > MAX_TERMS) throw new TooComplexError('words and operators', terms, MAX_TERMS);
  if (constants > MAX_CONSTANTS) throw new TooComplexError('constants outside of rows', constants, MAX_CONSTANTS);
}

/** Some half a second to parse. */
const MAX_REPEATED = 300_000;
/** Of a shorter text no row with its columns is too much. */
const LONG_ROWS = 1_000;

function boundRepeated(sql: string): void {
  const repeated = sql.length > LONG_ROWS ? countRepeated(sql, MOST_TOLD) : 0;
  if (repeated > MAX_REPEATED)
    throw new TooComplexError('words and constants in SET (…) = (…), each once a column', repeated, MAX_REPEATED);
}

/** Some third of a second. */
const MAX_SEARCHED = 16_000_000;
/** Of a shorter routine no names with its words are too much. */
const LONG_ROUTINE = 8_000;

function boundSearched(routine: string): void {
  const searched = routine.length > LONG_ROUTINE ? countSearched(routine, MAX_SEARCHED) : 0;
  if (searched > MAX_SEARCHED)
    throw new TooComplexError('words times declared names in a routine', searched, MAX_SEARCHED);
}

interface LibPgQuery {
  loadModule(): Promise<void>;
  parseSync(sql: string): unknown;
}
interface LibPgQueryRoutines extends LibPgQuery {
  parsePlPgSQLSync(sql: string): unknown;
}
interface ParseResult {
  readonly stmts?: readonly { readonly stmt?: Tree; readonly stmt_location?: number; readonly stmt_len?: number }[];
}

export const GRAMMAR_MAJORS = [15, 16, 17, 18] as const;
export type GrammarMajor = (typeof GRAMMAR_MAJORS)[number];

/** The grammar for a server: 14 and older are read by 15's, newer than 18 by 18's. */
export function grammarMajorFor(serverMajor: number): GrammarMajor {
  if (serverMajor <= 15) return 15;
  if (serverMajor >= 18) return 18;
  return serverMajor === 16 ? 16 : 17;
}

async function importGrammar(major: GrammarMajor): Promise<LibPgQuery> {
  switch (major) {
    case 15:
      return (await import('pg-query-15')) as LibPgQuery;
    case 16:
      return (await import('pg-query-16')) as LibPgQuery;
    case 17:
      return (await import('pg-query-17')) as LibPgQuery;
    case 18:
      return (await import('pg-query-18')) as LibPgQuery;
    default:
      return major satisfies never;
  }
}

/** Loads the grammar of a server's major; PL/pgSQL is always read by 18's, the only build that has it. */
export async function loadGrammar(serverMajor: number): Promise<Grammar> {
  const sqlGrammar = await importGrammar(grammarMajorFor(serverMajor));
  const routineGrammar = (await import('pg-query-18')) as unknown as LibPgQueryRoutines;
  await sqlGrammar.loadModule();
  await routineGrammar.loadModule();
  const parseText = (sql: string): ParsedStatement[] => {
    boundTerms(sql, false);
    boundRepeated(sql);
    return statementsOf(run(() => sqlGrammar.parseSync(blankComments(sql))) as ParseResult);
  };
  return {
    parse(sql) {
      // The library refuses what is blank to JavaScript; to PostgreSQL only these six are white space.
      if (/^[ \t\n\r\f\v]*$/.test(sql)) return [];
      if (sql.trim() === '') throw new GrammarError(`syntax error at or near "${sql}"`, 1);
      const short = sql.length > LONG_TEXT ? shortened(sql) : undefined;
      return (short && parseShortened(short, parseText)) ?? parseText(sql);
    },
    parseRoutine(sql) {
      boundTerms(sql, true);
      boundSearched(sql);
      try {
        return routineGrammar.parsePlPgSQLSync(blankCommentsOfBodies(sql)) as Tree;
      } catch (error) {
        // This entry point throws a plain Error with Postgres' message; a broken instance throws a subclass.
        if (error instanceof Error && error.constructor === Error) throw new GrammarError(error.message, undefined);
        throw error;
      }
    },
  };
}

/** Undefined: what was cut from it is none of what may be. */
function parseShortened(
  { cut, folds }: Shortened,
  parse: (text: string) => ParsedStatement[],
): ParsedStatement[] | undefined {
  try {
    const statements = parse(cut.text);
    const nodes = statements.map(({ node }) => node);
    if (!cut.restore(nodes) || !placeFolds(folds, nodes)) return undefined;
    return statements.map(({ node, offset, length }) => {
      const start = cut.whole(offset);
      return { node, offset: start, length: length === 0 ? 0 : cut.whole(offset + length) - start };
    });
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const { message, cursorPosition } = error;
    throw new GrammarError(cut.told(message), cursorPosition && cut.wholePosition(cursorPosition));
  }
}

function statementsOf(result: ParseResult): ParsedStatement[] {
  const statements: ParsedStatement[] = [];
  for (const raw of result.stmts ?? []) {
    if (raw.stmt === undefined) throw new Error('parse result without a statement');
    statements.push({ node: raw.stmt, offset: raw.stmt_location ?? 0, length: raw.stmt_len ?? 0 });
  }
  return statements;
}

function run(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') {
      const details = (error as { sqlDetails?: { cursorPosition?: number; message?: string } }).sqlDetails;
      const position = details?.cursorPosition;
      throw new GrammarError(error.message, position === undefined ? undefined : position + 1);
    }
    throw error;
  }
}
