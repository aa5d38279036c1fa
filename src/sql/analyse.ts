/**
 * A query string → everything policy may know of it. In: the text and Postgres' own grammar of the upstream's major.
 * Out: plain data, no parser node. Never judges, never reads a catalog; what it does not know it names: command
 * `UNKNOWN`, finding `procedural_code`, a target without `lookup`.
 */
import { ByteOffsets } from './byte-offsets.ts';
import { commandOf, higherClass } from './commands.ts';
import { constantPlaces } from './constant-places.ts';
import { NO_CTES } from './ctes.ts';
import { Draft } from './draft.ts';
import type { Analysis, AnalysisError, StatementClass, StatementFacts } from './facts.ts';
import { type Grammar, GrammarError, type ParsedStatement, TooComplexError } from './grammar.ts';
import { ALWAYS } from './grounds.ts';
import { freeLiterals } from './literals.ts';
import { bareName } from './names.ts';
import { nestedGrammar } from './nested-texts.ts';
import { isPureFunction } from './pure-functions.ts';
import { mayHoldSecret, redactAllLiterals, redactAt } from './redact.ts';
import { secretPlaces } from './secrets.ts';
import { statementHandler } from './statements.ts';
import { unwrap } from './tree.ts';
import { Walk } from './walk.ts';

export interface AnalysisResult {
  readonly analysis: Analysis;
  /** Byte offsets of literals whose value changes no fact, see `literals.ts`. Empty: none, or the text holds a secret. */
  readonly freeLiterals: readonly number[];
}

/** What a session's thread judges at once is bounded by this. */
const MAX_STATEMENTS = 10_000;

/** No clock says less: for callers that have none. */
const NOT_BEFORE_MS = Date.UTC(2026, 10, 1);

/** Throws only what says that the grammar's instance is broken (a stack overflow, a trap). */
export function analyse(sql: string, grammar: Grammar, nowMs = NOT_BEFORE_MS): Analysis {
  return analyseWithLiterals(sql, grammar, nowMs).analysis;
}

/** `nowMs`: what the clock says; a bound in time narrows by it. */
export function analyseWithLiterals(sql: string, grammar: Grammar, nowMs = NOT_BEFORE_MS): AnalysisResult {
  if (sql.includes('\0')) {
    return failed(sql, {
      kind: 'invalid_encoding',
      message: 'statement contains a NUL',
      sqlstate: '22021',
      cursorPosition: undefined,
    });
  }
  try {
    return analysed(sql, grammar, nowMs);
  } catch (error) {
    // Of the text, or of one within it.
    if (!(error instanceof TooComplexError)) throw error;
    const { message } = error;
    return failed(sql, { kind: 'too_complex', message, sqlstate: '54001', cursorPosition: undefined });
  }
}

function analysed(sql: string, grammar: Grammar, nowMs: number): AnalysisResult {
  let parsed: ParsedStatement[];
  try {
    parsed = grammar.parse(sql);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return failed(sql, {
      kind: 'syntax',
      message: error.message,
      sqlstate: '42601',
      cursorPosition: error.cursorPosition,
    });
  }
  if (parsed.length > MAX_STATEMENTS) {
    const message = `more than ${MAX_STATEMENTS} statements in one query`;
    return failed(sql, { kind: 'too_large', message, sqlstate: '54000', cursorPosition: undefined });
  }
  const bytes = new ByteOffsets(sql);
  const world = { grammar: nestedGrammar(grammar), nowMs };
  const statements = parsed.map((one) => statementFacts(one, world, bytes, parsed.length === 1));
  const recordedSql = mayHoldSecret(sql) ? withoutSecrets(sql, parsed, bytes) : sql;
  const analysis: Analysis = {
    statements,
    error: undefined,
    recordedSql,
    class: statements.reduce<StatementClass>((highest, one) => higherClass(highest, one.class), 'transaction'),
    // Of a text that is recorded as another, the places would be others.
    places: recordedSql === sql ? constantPlaces(sql, parsed) : undefined,
  };
  // Which setting it is, or for how many rows a function is called, may stand in a WHERE: then no literal is free.
  const mayAct = statements.some(({ command, functions }) =>
    functions.some((name) => {
      if (name.startsWith('.')) return false;
      const bare = bareName(name);
      return bare === 'set_config' || (command === 'SELECT' && !isPureFunction(bare));
    }),
  );
  return { analysis, freeLiterals: recordedSql === sql && !mayAct ? freeLiterals(parsed) : [] };
}

/** The analysis of a text that gives no statements. */
export function failedAnalysis(sql: string, error: AnalysisError): Analysis {
  return {
    statements: [],
    error,
    recordedSql: mayHoldSecret(sql) ? redactAllLiterals(sql) : sql,
    class: 'unknown',
  };
}

function failed(sql: string, error: AnalysisError): AnalysisResult {
  return { analysis: failedAnalysis(sql, error), freeLiterals: [] };
}

function statementFacts(
  parsed: ParsedStatement,
  world: { readonly grammar: Grammar; readonly nowMs: number },
  bytes: ByteOffsets,
  only: boolean,
): StatementFacts {
  const draft = new Draft();
  const [type, node] = unwrap(parsed.node) ?? ['', {}];
  const around = {
    ...world,
    handlerOf: statementHandler,
    depth: 0,
    variables: new Set<string>(),
    parameters: new Set<string>(),
    blocks: new Set<string>(),
    variablesFirst: false,
    texts: new Map<string, never>(),
    loose: false,
    loops: ALWAYS,
    deferred: false,
    nestedAt: undefined,
  };
  const walk = new Walk(draft, around, bytes.skipBlank(parsed.offset));
  walk.node(parsed.node, NO_CTES);
  const command = commandOf(type, node);
  draft.raise(command.class);
  return draft.facts(command.name, parsed.offset, only ? 0 : parsed.length);
}

function withoutSecrets(sql: string, parsed: readonly ParsedStatement[], bytes: ByteOffsets): string {
  const offsets: number[] = [];
  for (const statement of parsed) {
    const places = secretPlaces(statement.node);
    if (places.whole) return redactAllLiterals(sql);
    for (const offset of places.offsets) offsets.push(bytes.toCharacters(offset));
  }
  return offsets.length === 0 ? sql : redactAt(sql, offsets);
}
